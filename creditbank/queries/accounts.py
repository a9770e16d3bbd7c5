"""What an account signs in with, as its owner sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from creditbank.domain.access import Actor
from creditbank.domain.accounts import Address
from creditbank.domain.values import Text
from creditbank.gateways.identities import Identities
from creditbank.records.accounts import Contact, ExternalIdentity, Factor
from creditbank.records.institutions import Institution
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


def connected(scope: Scope, account: UUID) -> frozenset[str]:
    """The codes of the providers at which an account signs in."""
    rows = ExternalIdentity.objects.using(scope.using).filter(account_id=account)
    return frozenset(rows.values_list("provider", flat=True))


@dataclass(frozen=True, slots=True)
class CohortLine:
    """How far the learners of one cohort have come: all, those with an account, those with a code in hand."""

    cohort: int | None
    learners: int
    bound: int
    waiting: int


_COHORTS = """
SELECT enrolment.cohort, count(*), count(account.id), count(code.student_number) FILTER (WHERE account.id IS NULL)
FROM enrolment
LEFT JOIN account ON account.id = enrolment.learner_id AND account.is_active
LEFT JOIN binding_code AS code ON code.institution_id = enrolment.institution_id
  AND code.student_number = enrolment.student_number AND code.used_at IS NULL AND code.expires_at > %(at)s
WHERE enrolment.institution_id = %(place)s AND (%(college)s::uuid IS NULL OR enrolment.college_id = %(college)s)
GROUP BY enrolment.cohort ORDER BY enrolment.cohort DESC NULLS LAST
"""


def cohorts_of(scope: Scope, actor: Actor, *, at: datetime) -> list[CohortLine]:
    """The cohorts of the scope's institution that the actor reaches, the youngest first."""
    values = {"place": scope.institution, "college": actor.college, "at": at}
    return [CohortLine(*row) for row in scope.fetch(_COHORTS, values)]


def schools(scope: Scope) -> list[tuple[str, Text]]:
    """Every institution whose numbers can be bound: its code and its name, in the order of the names."""
    rows = scope.rows(Institution).filter(kind=Institution.Kind.INSTITUTION).order_by("name")
    return [(row.code, Text(row.name, row.name_en)) for row in rows]
