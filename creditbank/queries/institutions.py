"""Institutions and accounts found by their short names."""

from __future__ import annotations

from uuid import UUID

from creditbank.records.institutions import Institution
from creditbank.records.people import Account
from creditbank.records.scope import acting_for


def institution_named(code: str) -> Institution | None:
    """The institution with a code."""
    with acting_for(purpose="look-up") as scope:
        return scope.rows(Institution).filter(code=code).first()  # type: ignore[no-any-return]


def account_named(sign_in: str) -> UUID | None:
    """The account of a sign-in name."""
    with acting_for(purpose="look-up") as scope:
        found = scope.rows(Account).filter(sign_in=sign_in.strip().lower()).first()
        return found.id if found else None


def all_institutions() -> list[Institution]:
    """Every institution, the centre first."""
    with acting_for(purpose="look-up") as scope:
        return sorted(scope.rows(Institution), key=lambda place: (place.kind != Institution.Kind.CENTRE, place.code))
