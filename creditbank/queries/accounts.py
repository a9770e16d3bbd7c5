"""What an account signs in with, as its owner sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from creditbank.domain.accounts import Address
from creditbank.gateways.identities import Identities
from creditbank.records.accounts import Contact, Factor
from creditbank.records.scope import Scope

SECOND = (Factor.Kind.TOTP, Factor.Kind.PASSKEY)
"""The kinds that ask for a second step at signing in; recovery codes only stand in for them."""


@dataclass(frozen=True, slots=True)
class FactorLine:
    """One second step of an account."""

    id: UUID
    kind: str
    name: str
    created_at: datetime
    used_at: datetime | None


def contacts_of(scope: Scope, identities: Identities, account: UUID) -> list[Address]:
    """Every address at which an account's owner is told of a change, the oldest first."""
    rows = Contact.objects.using(scope.using).filter(account_id=account).order_by("confirmed_at")
    return [Address(row.kind, identities.unsealed(bytes(row.sealed))) for row in rows]


def factors_of(scope: Scope, account: UUID) -> list[FactorLine]:
    """Authenticators and passkeys of the scope's person, the oldest first."""
    rows = scope.rows(Factor).filter(account_id=account, kind__in=SECOND).order_by("created_at")
    return [FactorLine(row.id, row.kind, row.name, row.created_at, row.used_at) for row in rows]


def count_recovery(scope: Scope, account: UUID) -> int:
    """How many recovery codes are left."""
    return scope.rows(Factor).filter(account_id=account, kind=Factor.Kind.RECOVERY).count()  # type: ignore[no-any-return]


def needs_factor(scope: Scope, account: UUID) -> bool:
    """Whether the password alone does not open this account."""
    return scope.rows(Factor).filter(account_id=account, kind__in=SECOND).exists()  # type: ignore[no-any-return]


def passkeys_of(scope: Scope, account: UUID) -> list[bytes]:
    """The kept public parts of the passkeys of the scope's person."""
    rows = scope.rows(Factor).filter(account_id=account, kind=Factor.Kind.PASSKEY)
    return [bytes(row) for row in rows.values_list("secret", flat=True)]
