"""Move an appeal along its life, write it down, and let a decision stand that is not changed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.appeals.life import Act, State
from creditbank.domain.conversions import application as conversion
from creditbank.domain.explanation import Refusal
from creditbank.domain.letters import CaseKind
from creditbank.domain.recognition import Act as ClaimAct
from creditbank.domain.recognition import State as ClaimState
from creditbank.domain.recognition import decide as decide_claim
from creditbank.records.appeals import Appeal
from creditbank.records.conversions import ConversionApplication
from creditbank.records.recognition import Claim
from creditbank.records.scope import Scope
from creditbank.services.conversions.history import move_application, release_credit
from creditbank.services.operations import note_operation, tell_learner
from creditbank.services.recognition.history import move_claim


def move_appeal(
    *,
    scope: Scope,
    appeal: Appeal,
    act: Act,
    target: State,
    actor: UUID | None,
    at: datetime,
    request_id: str = "",
    **changes: Any,
) -> Appeal:
    """Store the state and what changed with it, and one line of the operation log."""
    changes |= {"state": target.value, "version": appeal.version + 1}
    rows = scope.rows(Appeal).filter(
        learner_id=appeal.learner_id, appeal_id=appeal.appeal_id, version=appeal.version
    )  # fmt: skip
    if rows.update(**changes) != 1:
        # The row was locked when it was read, so only a defect brings us here.
        raise RuntimeError("an appeal changed under its lock; nothing was stored")
    for name, value in changes.items():
        setattr(appeal, name, value)
    note_appeal(scope, appeal, act, actor=actor, at=at, request_id=request_id)
    return appeal


def note_appeal(
    scope: Scope, appeal: Appeal, act: Act, *, actor: UUID | None, at: datetime, request_id: str = ""
) -> None:
    """Write one line of the operation log."""
    note_operation(
        scope=scope, actor=actor, action=f"appeal.{act.value}", outcome="done", at=at, object_kind="appeal",
        object_id=appeal.appeal_id, request_id=request_id,
    )  # fmt: skip


def tell_of_appeal(scope: Scope, appeal: Appeal, *, at: datetime, **facts: Any) -> None:
    """Tell the learner where their appeal stands now."""
    tell_learner(
        scope=scope,
        learner=appeal.learner_id,
        institution=appeal.institution_id,
        code=f"appeal.{appeal.state}",
        facts={"title": appeal.title, "letter": str(appeal.letter_id), **facts},
        at=at,
    )


def fetch_case(scope: Scope, kind: str, learner: UUID, case: UUID) -> Claim | ConversionApplication:
    """The claim or application that an appeal or objection is about, its row locked."""
    if kind == CaseKind.CLAIM:
        return scope.rows(Claim).select_for_update().get(learner_id=learner, claim_id=case)  # type: ignore[no-any-return]
    rows = scope.rows(ConversionApplication).select_for_update()
    return rows.get(learner_id=learner, application_id=case)  # type: ignore[no-any-return]


def stand_case(
    scope: Scope, appeal: Appeal, *, actor: UUID, at: datetime, on: date, request_id: str = ""
) -> Claim | ConversionApplication:
    """Let the decision stand that was appealed against; what was held for a conversion is available again."""
    case = fetch_case(scope, appeal.case_kind, appeal.learner_id, appeal.case_id)
    if isinstance(case, Claim):
        to = decide_claim(act=ClaimAct.STAND, state=ClaimState(case.state), learner=case.learner_id, actor=None)
        if isinstance(to, Refusal):
            raise TypeError(f"a case under appeal cannot stand: {to.explanation[0].code}")
        return move_claim(
            scope=scope, claim=case, act=ClaimAct.STAND, target=to, actor=actor, at=at, request_id=request_id
        )
    target = conversion.decide(
        act=conversion.Act.STAND, state=conversion.State(case.state), learner=case.learner_id, actor=None
    )
    if isinstance(target, Refusal):
        raise TypeError(f"an application under appeal cannot stand: {target.explanation[0].code}")
    release_credit(scope, case, reason="conversion.stands", actor=actor, at=at, on=on)
    return move_application(
        scope=scope, application=case, act=conversion.Act.STAND, target=target, actor=actor, at=at,
        request_id=request_id,
    )  # fmt: skip
