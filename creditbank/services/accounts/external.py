"""Accounts that sign in at a provider: found, connected, or opened for a number it vouches for."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from creditbank.domain.accounts import Provider, Vouched
from creditbank.gateways.clock import new_id
from creditbank.gateways.identities import Identities
from creditbank.records.accounts import ExternalIdentity
from creditbank.records.people import Account, Enrolment, LearnerNumber
from creditbank.records.scope import Scope
from creditbank.services.accounts.bindings import settle
from creditbank.services.accounts.limits import note_attempt
from creditbank.services.people import open_account


def account_vouched_for(
    *,
    scope: Scope,
    identities: Identities,
    provider: Provider,
    vouched: Vouched,
    at: datetime,
    request_id: str = "",
) -> Account | None:
    """The account of somebody who signed in at a provider; opened when their school's number has none yet.

    A number opens an account and never enters one: a school vouches for its own records, and whoever signs in
    already may have credit at other schools, which is not the school's to open.

    Args:
        scope: acts for the school whose numbers the provider vouches for, or for nobody.
        identities: the keys of the bank.
        provider: where they signed in.
        vouched: what it says of them.
        at: now.
        request_id: of the request.
    """
    known = ExternalIdentity.objects.using(scope.using).filter(**_whose(identities, provider, vouched))
    found = known.select_related("account").first()
    account = found.account if found is not None else _opened(scope, provider, vouched, at)
    if account is None or not account.is_active:
        note_attempt(scope, None, "refused", at, request_id, action="account.external_sign_in")
        return None
    if found is None:
        connect(
            scope=scope, identities=identities, provider=provider, vouched=vouched, account=account, at=at,
            request_id=request_id,
        )  # fmt: skip
    note_attempt(scope, account.id, "done", at, request_id, action="account.external_sign_in")
    return account


def connect(
    *,
    scope: Scope,
    identities: Identities,
    provider: Provider,
    vouched: Vouched,
    account: Account,
    at: datetime,
    request_id: str = "",
) -> bool:
    """Let an account sign in at a provider; False where that sign-in, or the account there, has another partner."""
    whose = _whose(identities, provider, vouched)
    kept = ExternalIdentity.objects.using(scope.using)
    if kept.filter(**whose, account_id=account.id).exists():
        return True
    try:
        with transaction.atomic(using=scope.using):
            kept.create(id=new_id(), account_id=account.id, linked_at=at, **whose)
    except IntegrityError:
        note_attempt(scope, account.id, "refused", at, request_id, action="account.connect")
        return False
    note_attempt(scope, account.id, "done", at, request_id, action="account.connect")
    return True


def bind_vouched(*, scope: Scope, provider: Provider, vouched: Vouched, account: Account, at: datetime) -> Account:
    """Let the number that a school vouches for come to the account, where nothing of worth would be joined.

    Returns:
        The account to be signed in with from now on; the same one unless it became the school's.
    """
    if not (provider.school and vouched.number and scope.institution):
        return account
    numbers = scope.rows(LearnerNumber).filter(institution_id=scope.institution, student_number=vouched.number)
    learner = numbers.select_for_update().values_list("learner_id", flat=True).first()
    if learner is None:
        return account
    bound = settle(scope=scope, account=account, number=vouched.number, learner=learner, at=at)
    return bound.account or account


def disconnect(*, scope: Scope, account: Account, provider: str, at: datetime, request_id: str = "") -> bool:
    """End an account's sign-in at a provider."""
    rows = ExternalIdentity.objects.using(scope.using).filter(account_id=account.id, provider=provider)
    gone = bool(rows.delete()[0])
    note_attempt(scope, account.id, "done" if gone else "refused", at, request_id, action="account.disconnect")
    return gone


def _opened(scope: Scope, provider: Provider, vouched: Vouched, at: datetime) -> Account | None:
    if not (provider.school and vouched.number and scope.institution):
        return None
    numbers = scope.rows(LearnerNumber).filter(institution_id=scope.institution, student_number=vouched.number)
    learner: UUID | None = numbers.values_list("learner_id", flat=True).first()
    if learner is None or Account.objects.using(scope.using).filter(id=learner).exists():
        return None
    enrolment = scope.rows(Enrolment).filter(institution_id=scope.institution, learner_id=learner).first()
    name = enrolment.name if enrolment is not None else ""
    try:
        with transaction.atomic(using=scope.using):
            return open_account(
                scope=scope, sign_in=f"person-{learner.hex}", name=name, password=None, at=at, account_id=learner
            )
    except (IntegrityError, ValueError):
        return None


def _whose(identities: Identities, provider: Provider, vouched: Vouched) -> dict[str, object]:
    return {"provider": provider.code, "subject_index": identities.index(f"sign-in:{provider.code}:{vouched.subject}")}
