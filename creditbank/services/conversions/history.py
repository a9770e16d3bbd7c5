"""Move an application along its life and write the step down; end what is held for it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Max

from creditbank.domain.conversions.application import Act, State
from creditbank.domain.explanation import Refusal
from creditbank.domain.ledger import Hold, Release
from creditbank.domain.values import Hundredths
from creditbank.records.conversions import ConversionApplication, ConversionEvent, ConversionUse
from creditbank.records.scope import Scope
from creditbank.services.ledger.hold import hold_credit, release_holds
from creditbank.services.operations import note_operation


def move_application(
    *,
    scope: Scope,
    application: ConversionApplication,
    act: Act,
    target: State,
    actor: UUID | None,
    at: datetime,
    reason: str = "",
    note: str = "",
    request_id: str = "",
    **changes: Any,
) -> ConversionApplication:
    """Store the state and what changed with it, one line of history and one of the operation log."""
    changes |= {"state": target.value, "version": application.version + 1} | ({"reason": reason} if reason else {})
    rows = scope.rows(ConversionApplication).filter(
        learner_id=application.learner_id,
        application_id=application.application_id,
        version=application.version,
    )
    if rows.update(**changes) != 1:
        # The row was locked when it was read, so only a defect brings us here.
        raise RuntimeError("an application changed under its lock; nothing was stored")
    for name, value in changes.items():
        setattr(application, name, value)
    note_step(
        scope=scope, application=application, act=act, actor=actor, at=at, reason=reason, note=note,
        request_id=request_id,
    )  # fmt: skip
    return application


def note_step(
    *,
    scope: Scope,
    application: ConversionApplication,
    act: Act,
    actor: UUID | None,
    at: datetime,
    reason: str = "",
    note: str = "",
    request_id: str = "",
) -> None:
    """Write one step of an application's history and one line of the operation log."""
    own = {"learner_id": application.learner_id, "application_id": application.application_id}
    last = scope.rows(ConversionEvent).filter(**own).aggregate(last=Max("sequence"))["last"] or 0
    scope.rows(ConversionEvent).create(
        **own,
        sequence=last + 1,
        institution_id=application.institution_id,
        kind=act.value,
        state=application.state,
        actor_id=actor,
        reason=reason,
        note=note,
        recorded_at=at,
    )
    note_operation(
        scope=scope, actor=actor, action=f"conversion.{act.value}", outcome="done", at=at,
        object_kind="application", object_id=application.application_id, request_id=request_id,
    )  # fmt: skip


def release_credit(
    scope: Scope, application: ConversionApplication, *, reason: str, actor: UUID, at: datetime, on: date
) -> None:
    """End every hold of an application; what was held is available again."""
    uses = scope.rows(ConversionUse).filter(
        learner_id=application.learner_id, application_id=application.application_id
    )
    released = release_holds(
        scope=scope,
        releases=[
            Release(application.learner_id, f"application.release:{hold}", hold, on)
            for hold in uses.order_by("lot_id").values_list("hold_id", flat=True)
        ],
        reason=reason,
        actor=actor,
        at=at,
    )
    if isinstance(released, Refusal):
        # Holds end with their application alone, whose row is locked.
        raise TypeError(f"a hold of an open application cannot end: {released.explanation[0].code}")


def hold_again(
    scope: Scope, application: ConversionApplication, *, key: str, actor: UUID, at: datetime, on: date
) -> Refusal | None:
    """Hold anew what an application would use, under keys that begin with ``key``; refused where it was used since."""
    own = {"learner_id": application.learner_id, "application_id": application.application_id}
    uses = list(scope.rows(ConversionUse).filter(**own).order_by("lot_id"))
    posted = hold_credit(
        scope=scope,
        holds=[
            Hold(use.learner_id, f"{key}:{use.lot_id}", use.lot_id, Hundredths(use.amount), on) for use in uses
        ],
        reason="conversion.appealed",
        actor=actor,
        at=at,
    )  # fmt: skip
    if isinstance(posted, Refusal):
        return posted
    for use, hold in zip(uses, posted, strict=True):
        scope.rows(ConversionUse).filter(**own, lot_id=use.lot_id).update(hold_id=hold.posting_id)
    return None
