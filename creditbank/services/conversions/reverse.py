"""Reverse one conversion at the office's desk: a second person, a reason, all sides at once."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from creditbank.domain.access import Actor, Thing, may
from creditbank.domain.conversions.application import Act, State
from creditbank.domain.explanation import Refusal
from creditbank.domain.recognition import REVERSAL_REASONS
from creditbank.queries.conversions import ConversionView, read_conversion
from creditbank.records.conversions import ConversionApplication
from creditbank.records.people import Enrolment
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.conversions.history import move_application
from creditbank.services.ledger.post import PostedConversion
from creditbank.services.ledger.undo import ConversionReversal, reverse_conversions
from creditbank.services.opening_lots import mark_taken_back
from creditbank.services.operations import note_operation, tell_learner

PERMISSION = "recognition.reverse"


def fetch_conversion(*, scope: Scope, actor: Actor, learner_id: UUID, conversion_id: UUID) -> ConversionView:
    """A conversion that the actor may reverse: one of the learners of their desk, and not their own.

    Raises:
        NotVisible: there is none for this actor.
    """
    enrolment = scope.rows(Enrolment).filter(learner_id=learner_id, institution_id=scope.institution).first()
    thing = Thing(learner_id, scope.institution, enrolment.college_id if enrolment else None)
    found = read_conversion(scope, learner_id, conversion_id) if may(actor, PERMISSION, thing) else None
    if found is None:
        raise NotVisible
    return found


def _mark_reversed(
    scope: Scope, learner_id: UUID, conversion_id: UUID, *, reason: str, actor: UUID, at: datetime
) -> None:
    """The application behind a conversion says that it was reversed, where there is one."""
    rows = scope.rows(ConversionApplication).filter(learner_id=learner_id, conversion_id=conversion_id)
    application = rows.select_for_update().first()
    if application is not None:
        move_application(
            scope=scope, application=application, act=Act.REVERSE, target=State.REVERSED, actor=actor, at=at,
            reason=reason,
        )  # fmt: skip


def reverse_conversion(
    *,
    scope: Scope,
    actor: Actor,
    learner_id: UUID,
    conversion_id: UUID,
    reason: str,
    at: datetime,
    on: date,
    request_id: str = "",
) -> PostedConversion | Refusal:
    """Reverse a conversion as a whole, by somebody who did not post it; the learner is told why.

    ``on`` is the day from which the reversal counts. Sent again, it answers what was posted and writes nothing.

    Raises:
        NotVisible: there is no such conversion for this actor.
    """
    found = fetch_conversion(scope=scope, actor=actor, learner_id=learner_id, conversion_id=conversion_id)
    assert scope.institution is not None
    if actor.person is None or actor.person == found.actor_id:
        return Refusal.because("reversal.second_person")
    if reason not in REVERSAL_REASONS:
        return Refusal.because("reversal.reason_needed")
    done = reverse_conversions(
        scope=scope,
        reversals=[ConversionReversal(learner_id, conversion_id, f"conversion.reverse:{conversion_id}")],
        reason=f"conversion.{reason}",
        actor=actor.person,
        effective_on=on,
        at=at,
    )
    if isinstance(done, Refusal):
        return done
    if not done[0].repeated:
        _mark_reversed(scope, learner_id, conversion_id, reason=reason, actor=actor.person, at=at)
        mark_taken_back(scope, [(learner_id, side.lot_id) for side in found.made])
        tell_learner(
            scope=scope,
            learner=learner_id,
            institution=scope.institution,
            code="conversion.reversed",
            facts={"title": "、".join(side.title.zh for side in found.made), "reason": reason},
            at=at,
        )
        note_operation(
            scope=scope, actor=actor.person, action="conversion.reverse", outcome="done", at=at,
            object_kind="conversion", object_id=conversion_id, request_id=request_id,
        )  # fmt: skip
    return done[0]
