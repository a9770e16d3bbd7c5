"""The office's side of a conversion: take, decide, and post what is decided as one conversion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.access import Actor, Thing, may
from creditbank.domain.conversions.application import MOST_GRADE, Act, State, decide
from creditbank.domain.explanation import Refusal, to_data
from creditbank.domain.ledger import Conversion, Deposit, Use
from creditbank.domain.recognition import final_on
from creditbank.domain.rules.model import Ruling
from creditbank.domain.values import Hundredths
from creditbank.queries.conversion_options import Option, ask_again, asks_grade, regulation_at
from creditbank.queries.rule_context import period_of
from creditbank.records.conversions import ConversionApplication, ConversionUse
from creditbank.records.institutions import Institution
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.conversions.history import move_application, release_credit
from creditbank.services.ledger.convert import post_conversions
from creditbank.services.operations import note_operation, tell_learner
from creditbank.services.recognition.history import lock_learners

PERMISSION = "conversion.review"


@dataclass(frozen=True, slots=True)
class ApplicationKey:
    """Names one application: a learner and one of theirs."""

    learner_id: UUID
    application_id: UUID


@dataclass(frozen=True, slots=True)
class Recorded:
    """The grade a reviewer records where the rules leave it to a person; None for none at all."""

    grade: str | None


def fetch_application(
    *, scope: Scope, actor: Actor, permission: str, key: ApplicationKey, lock: bool = False
) -> ConversionApplication:
    """An application, when the actor may do this to it.

    Raises:
        NotVisible: there is none for this actor.
    """
    rows = scope.rows(ConversionApplication).filter(learner_id=key.learner_id, application_id=key.application_id)
    found = (rows.select_for_update() if lock else rows).first()
    if found is None or not may(actor, permission, Thing(found.learner_id, found.institution_id, found.college_id)):
        raise NotVisible
    return found  # type: ignore[no-any-return]


def take_application(
    *, scope: Scope, actor: Actor, key: ApplicationKey, at: datetime, request_id: str = ""
) -> ConversionApplication | Refusal:
    """Begin the review of an application.

    Raises:
        NotVisible: there is no such application for this actor.
    """
    application = fetch_application(scope=scope, actor=actor, permission=PERMISSION, key=key, lock=True)
    target = _decided(application, actor, Act.TAKE)
    if isinstance(target, Refusal):
        return target
    return move_application(
        scope=scope, application=application, act=Act.TAKE, target=target, actor=actor.person, at=at,
        request_id=request_id,
    )  # fmt: skip


def refuse_application(
    *,
    scope: Scope,
    actor: Actor,
    key: ApplicationKey,
    reason: str,
    at: datetime,
    on: date,
    note: str = "",
    request_id: str = "",
) -> ConversionApplication | Refusal:
    """Decide not to convert, with a reason the learner reads; what was held is available again.

    Raises:
        NotVisible: there is no such application for this actor.
    """
    application = fetch_application(scope=scope, actor=actor, permission=PERMISSION, key=key, lock=True)
    target = _decided(application, actor, Act.REFUSE, reason)
    if isinstance(target, Refusal):
        return target
    assert actor.person is not None
    release_credit(scope, application, reason="conversion.refused", actor=actor.person, at=at, on=on)
    _tell(scope, application, "conversion.refused", at, reason=reason)
    return move_application(
        scope=scope, application=application, act=Act.REFUSE, target=target, actor=actor.person, at=at, reason=reason,
        note=note, request_id=request_id, decided_at=at, decided_by=actor.person,
    )  # fmt: skip


def approve_application(
    *,
    scope: Scope,
    actor: Actor,
    key: ApplicationKey,
    seen: str,
    at: datetime,
    on: date,
    recorded: Recorded | None = None,
    request_id: str = "",
) -> ConversionApplication | Refusal:
    """Decide to convert and, when the publicity period has no days, post it in the same transaction.

    The rules of the day of the application are asked again, of what is held for it and with what is known now; where
    they answer otherwise than the reviewer saw (``seen``), nothing is decided.

    Raises:
        NotVisible: there is no such application for this actor.
    """
    lock_learners(scope, {key.learner_id})
    application = fetch_application(scope=scope, actor=actor, permission=PERMISSION, key=key, lock=True)
    target = _decided(application, actor, Act.APPROVE)
    now = None if isinstance(target, Refusal) else ask_again(scope, application)
    refusal = target if isinstance(target, Refusal) else _refused(now, seen, recorded)
    if refusal is not None:
        note_operation(
            scope=scope, actor=actor.person, action="conversion.approve", outcome=refusal.explanation[0].code, at=at,
            object_kind="application", object_id=application.application_id, request_id=request_id,
        )  # fmt: skip
        return refusal
    assert isinstance(target, State)
    assert now is not None
    changes: dict[str, Any] = {"verdict": now.one.ruling.value, "proposal": to_data(now.one.explanation)}
    changes["grade"] = recorded.grade if recorded is not None and asks_grade(now) else now.one.grade
    institution = scope.rows(Institution).get(pk=application.institution_id)
    due = final_on(on, institution.publicity_days)
    move_application(
        scope=scope, application=application, act=Act.APPROVE, target=target, actor=actor.person, at=at,
        request_id=request_id, decided_at=at, decided_by=actor.person, final_on=due, **changes,
    )  # fmt: skip
    if due <= on:
        _post(scope, application, at=at, on=on)
    return application


def finalise_conversions(*, scope: Scope, at: datetime, on: date, limit: int = 200) -> int:
    """Post the approved applications of the scope's institution whose publicity has passed; tells how many."""
    due = scope.rows(ConversionApplication).filter(
        institution_id=scope.institution, state=State.APPROVED.value, final_on__lte=on
    )
    waiting = due.select_for_update(skip_locked=True).order_by("learner_id", "application_id")[:limit]
    for application in waiting:
        _post(scope, application, at=at, on=on)
    return len(waiting)


def _decided(application: ConversionApplication, actor: Actor, act: Act, reason: str = "") -> State | Refusal:
    return decide(
        act=act, state=State(application.state), learner=application.learner_id, actor=actor.person, reason=reason
    )


def _refused(now: Option | None, seen: str, recorded: Recorded | None) -> Refusal | None:
    if now is None or now.one.ruling is Ruling.REFUSE:
        reasons = () if now is None else now.one.explanation
        return Refusal((*Refusal.because("application.not_possible").explanation, *reasons))
    if now.seen != seen:
        return Refusal.because("application.proposal_changed")
    if asks_grade(now) and (recorded is None or len(recorded.grade or "") > MOST_GRADE):
        return Refusal.because("application.grade_needed")
    return None


def _post(scope: Scope, application: ConversionApplication, *, at: datetime, on: date) -> None:
    """End the holds and convert what was held, in one transaction; nobody can use it in between."""
    decided_by = application.decided_by
    assert decided_by is not None
    own = {"learner_id": application.learner_id, "application_id": application.application_id}
    uses = scope.rows(ConversionUse).filter(**own).order_by("lot_id")
    release_credit(scope, application, reason="conversion.decided", actor=decided_by, at=at, on=on)
    posted = post_conversions(
        scope=scope,
        conversions=[
            Conversion(
                learner_id=application.learner_id,
                key=f"application:{application.application_id}",
                used=tuple(Use(use.lot_id, Hundredths(use.amount)) for use in uses),
                made=_deposits(scope, application, on),
                effective_on=on,
            )
        ],
        reason="conversion.approved",
        actor=decided_by,
        at=at,
    )
    if isinstance(posted, Refusal):
        raise TypeError(f"a decided conversion cannot be posted: {posted.explanation[0].code}")
    _tell(scope, application, "conversion.posted", at, credit=application.credit)
    move_application(
        scope=scope, application=application, act=Act.POST, target=State.POSTED, actor=None, at=at,
        conversion_id=posted[0].conversion_id,
    )  # fmt: skip


def _deposits(scope: Scope, application: ConversionApplication, on: date) -> tuple[Deposit, ...]:
    period = period_of(scope, application.institution_id, on)
    made: Sequence[dict[str, Any]] = application.made
    rules = regulation_at(scope, application.rule_version_id, application.composed_of).compiled.rules
    return tuple(
        Deposit(
            learner_id=application.learner_id,
            key="",
            amount=Hundredths(one["credit"]),
            outcome_type="course",
            title=one["title"],
            title_en=one["title_en"],
            code=one["code"] if one["kind"] == "course" else "",
            category=one["category"] or one["code"],
            unit=rules.unit,
            grade=application.grade,
            earned_on=on,
            effective_on=on,
            term=period.term,
            academic_year=period.academic_year,
            source_kind="conversion",
            source_id=application.application_id,
            rule_version_id=application.rule_version_id,
            rule_row=application.row,
        )
        for one in made
    )


def _tell(scope: Scope, application: ConversionApplication, code: str, at: datetime, **facts: Any) -> None:
    tell_learner(
        scope=scope,
        learner=application.learner_id,
        institution=application.institution_id,
        code=code,
        facts={"title": application.title, "application": str(application.application_id), **facts},
        at=at,
    )
