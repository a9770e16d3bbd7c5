"""Open accounts, enrol learners and give roles."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.contrib.auth.hashers import make_password

from creditbank.domain.access import Role
from creditbank.gateways.clock import new_id
from creditbank.records.people import Account, Enrolment, LearnerNumber, Membership
from creditbank.records.scope import Scope


def open_account(
    *,
    scope: Scope,
    sign_in: str,
    name: str,
    password: str | None,
    at: datetime,
    name_en: str = "",
    account_id: UUID | None = None,
) -> Account:
    """An account that can sign in; without a password it cannot until one is set.

    Raises:
        ValueError: the sign-in name is taken or empty.
    """
    word = sign_in.strip().lower()
    if not word or Account.objects.using(scope.using).filter(sign_in=word).exists():
        raise ValueError(f"the sign-in name {sign_in!r} is empty or taken")
    made: Account = Account.objects.using(scope.using).create(
        id=account_id or new_id(),
        sign_in=word,
        name=name,
        name_en=name_en,
        password=make_password(password),
        created_at=at,
    )
    return made


def enrol_learner(
    *,
    scope: Scope,
    learner_id: UUID,
    student_number: str,
    name: str,
    at: datetime,
    name_en: str = "",
    name_sort: str = "",
    cohort: int | None = None,
    programme_code: str = "",
    college: UUID | None = None,
) -> Enrolment:
    """Make a person known to the scope's institution under a student number; their lifelong account opens with it.

    Raises:
        ValueError: the scope acts for no institution, or the number belongs to somebody else there.
    """
    if scope.institution is None:
        raise ValueError("only an institution enrols")
    number = student_number.strip()
    known = scope.rows(LearnerNumber).filter(institution_id=scope.institution, student_number=number).first()
    if known is not None and known.learner_id != learner_id:
        raise ValueError(f"student number {number} belongs to somebody else")
    if known is None:
        scope.rows(LearnerNumber).create(institution_id=scope.institution, student_number=number, learner_id=learner_id)
    # Another institution may have opened the lifelong account; its row is not ours to see.
    scope.fetch(
        "WITH opened AS (INSERT INTO learner (learner_id, institution_id, opened_at) VALUES (%s, %s, %s)"
        " ON CONFLICT DO NOTHING) SELECT 1",
        [learner_id, scope.institution, at],
    )
    enrolment = scope.rows(Enrolment).filter(learner_id=learner_id, institution_id=scope.institution).first()
    if enrolment is not None:
        return enrolment  # type: ignore[no-any-return]
    return scope.rows(Enrolment).create(  # type: ignore[no-any-return]
        learner_id=learner_id,
        institution_id=scope.institution,
        college_id=college,
        student_number=number,
        name=name,
        name_en=name_en,
        name_sort=name_sort,
        cohort=cohort,
        programme_code=programme_code,
    )


def give_role(*, scope: Scope, account: UUID, role: Role, since: date, college: UUID | None = None) -> Membership:
    """Give an account a role in the scope's institution or in one of its colleges; a repeat changes nothing.

    Raises:
        ValueError: the scope acts for no institution.
    """
    if scope.institution is None:
        raise ValueError("a role is held in an institution")
    held = {"account_id": account, "institution_id": scope.institution, "college_id": college, "role": role.value}
    rows = scope.rows(Membership)
    return rows.filter(**held).first() or rows.create(id=new_id(), since=since, **held)  # type: ignore[no-any-return]
