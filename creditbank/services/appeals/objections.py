"""Objections: raised by anybody, replied to by the learner, answered by the office."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.access import Actor, Thing, may
from creditbank.domain.appeals.objection import MOST_ANSWER, Act, State, decide, goes_on_until, may_raise
from creditbank.domain.conversions import application as conversion
from creditbank.domain.explanation import Refusal
from creditbank.domain.letters import CaseKind
from creditbank.domain.recognition import Act as ClaimAct
from creditbank.domain.recognition import State as ClaimState
from creditbank.domain.recognition import decide as decide_claim
from creditbank.gateways import clock
from creditbank.gateways.clock import new_id
from creditbank.records.appeals import Objection, ObjectionSource
from creditbank.records.conversions import ConversionApplication, ConversionEvent
from creditbank.records.institutions import Institution
from creditbank.records.recognition import Claim, ClaimEvent
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.accounts.limits import count_attempt, key_of
from creditbank.services.conversions.history import move_application
from creditbank.services.operations import note_operation, tell_learner
from creditbank.services.recognition.history import move_claim

MOST_AT_ONCE = 5
"""Objections that are taken from one person or one network address within a quarter of an hour."""
ANSWER = "objection.answer"


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says against an entry, and who they are: an account, or a name and where to reach them."""

    words: str
    person: UUID | None = None
    name: str = ""
    contact: str = ""
    address: str = ""
    """The network address that it came from; kept by nobody."""


def raise_objection(
    *, scope: Scope, kind: CaseKind, case_id: UUID, said: Said, seal: Callable[[str], bytes], at: datetime, on: date,
    request_id: str = "",
) -> Objection | Refusal:  # fmt: skip
    """Object to an entry on public notice; it does not become final until the objection is answered.

    Args:
        scope: acts for the institution whose entry it is.
        kind: a claim or an application.
        case_id: which one.
        said: the objection and who raises it.
        seal: makes the envelope of a name and contact.
        at: the moment.
        on: the same day in the institution's zone.
        request_id: the request that asked.

    Raises:
        NotVisible: the institution has no such case.
    """
    refusal = may_raise(said=said.words, signed_in=said.person is not None, name=said.name, contact=said.contact)
    if refusal is not None:
        return refusal
    until = count_attempt(scope, key_of("objection", str(said.person or said.address)), MOST_AT_ONCE, at)
    if until is not None:
        return Refusal.because("objection.too_often", minutes=int((until - at).total_seconds()) // 60 + 1)
    case = _case(scope, kind, case_id)
    if isinstance(target := _public(case), Refusal):
        return target
    if target:
        # Who raised it is in no history that the learner can read.
        _move(scope, case, "object", actor=None, at=at, request_id=request_id)
    objection: Objection = scope.rows(Objection).create(
        learner_id=case.learner_id,
        objection_id=new_id(),
        institution_id=case.institution_id,
        college_id=case.college_id,
        case_kind=kind.value,
        case_id=case_id,
        number=case.number,
        title=case.title,
        title_en=case.title_en,
        state=State.OPEN.value,
        said=said.words.strip(),
        raised_at=at,
        raised_on=on,
    )
    who = json.dumps({"name": said.name.strip(), "contact": said.contact.strip()}, ensure_ascii=False)
    scope.rows(ObjectionSource).create(
        institution_id=case.institution_id,
        objection_id=objection.objection_id,
        person_id=said.person,
        sealed=None if said.person else seal(who),
    )
    _tell(scope, objection, "objection.raised", at)
    _note(scope, objection, "objection.raise", said.person, at, request_id)
    return objection


def reply_to_objection(
    *, scope: Scope, actor: Actor, objection_id: UUID, reply: str, at: datetime, request_id: str = ""
) -> Objection | Refusal:
    """What the learner concerned says to an objection, once, while it is open.

    Raises:
        NotVisible: there is no such objection against the actor.
    """
    rows = scope.rows(Objection).filter(
        learner_id=actor.person, objection_id=objection_id, institution_id=scope.institution
    )  # fmt: skip
    objection: Objection | None = rows.select_for_update().first()
    if objection is None or actor.person is None:
        raise NotVisible
    if objection.state != State.OPEN or objection.replied_at is not None:
        return Refusal.because("objection.replied_before")
    if not 0 < len(reply.strip()) <= MOST_ANSWER:
        return Refusal.because("objection.answer_needed")
    _change(scope, objection, reply=reply.strip(), replied_at=at)
    _note(scope, objection, "objection.reply", actor.person, at, request_id)
    return objection


def answer_objection(
    *, scope: Scope, actor: Actor, learner_id: UUID, objection_id: UUID, accept: bool, answer: str, at: datetime,
    on: date, request_id: str = "",
) -> Objection | Refusal:  # fmt: skip
    """Answer an objection: where it is right the case is reviewed anew, where it is not public notice goes on.

    Never by who decided the case, nor by who raised the objection. Public notice goes on with the days that were left
    when the first objection stopped it, once the last one is answered.

    Raises:
        NotVisible: there is no such objection for this actor.
    """
    rows = scope.rows(Objection).filter(learner_id=learner_id, objection_id=objection_id)
    found = rows.first()
    if found is None or not may(actor, ANSWER, Thing(found.learner_id, found.institution_id, found.college_id)):
        raise NotVisible
    # The case first, as everything else locks it, so that two answers wait for each other.
    case = _case(scope, CaseKind(found.case_kind), found.case_id)
    objection: Objection = rows.select_for_update().get()
    act = Act.ACCEPT if accept else Act.DISMISS
    involved = _concerned(scope, objection, case)
    target = decide(
        act=act, state=State(objection.state), learner=learner_id, actor=actor.person, involved=involved, answer=answer
    )
    if isinstance(target, Refusal):
        return target
    others = scope.rows(Objection).filter(learner_id=learner_id, case_id=objection.case_id, state=State.OPEN.value)
    others = others.exclude(objection_id=objection_id)
    if accept:
        moved = _move(scope, case, "reopen", actor=actor.person, at=at, request_id=request_id, final_on=None)
        for other in list(others):
            _change(scope, other, state=State.OVERTAKEN.value, answered_at=at)
    elif not others.exists():
        final = goes_on_until(final_on=case.final_on or on, stopped_on=_stopped_on(scope, case, on), on=on)
        moved = _move(scope, case, "resume", actor=actor.person, at=at, request_id=request_id, final_on=final)
    else:
        moved = case
    if isinstance(moved, Refusal):
        return moved
    _change(scope, objection, state=target.value, answer=answer.strip(), answered_by=actor.person, answered_at=at)
    final_on = "" if accept or moved.final_on is None or others.exists() else moved.final_on.isoformat()
    _tell(scope, objection, f"objection.{target.value}", at, final_on=final_on)
    _note(scope, objection, f"objection.{act.value}", actor.person, at, request_id)
    return objection


def _case(scope: Scope, kind: CaseKind, case_id: UUID) -> Claim | ConversionApplication:
    """The case of the scope's institution, its row locked."""
    found: Claim | ConversionApplication | None
    if kind is CaseKind.CLAIM:
        found = scope.rows(Claim).filter(institution_id=scope.institution, claim_id=case_id).select_for_update().first()
    else:
        rows = scope.rows(ConversionApplication).filter(institution_id=scope.institution, application_id=case_id)
        found = rows.select_for_update().first()
    if found is None:
        raise NotVisible
    return found


def _public(case: Claim | ConversionApplication) -> bool | Refusal:
    """Whether the case is still to be stopped, no where it stands still already; refused where it is not public."""
    if case.state in (ClaimState.OBJECTED, conversion.State.OBJECTED):
        return False
    public = ClaimState.RECOGNISED if isinstance(case, Claim) else conversion.State.APPROVED
    return True if case.state == public else Refusal.because("objection.not_public")


def _move(
    scope: Scope, case: Claim | ConversionApplication, act: str, *, actor: UUID | None, at: datetime, request_id: str,
    **changes: Any,
) -> Claim | ConversionApplication | Refusal:  # fmt: skip
    more: dict[str, Any] = {"actor": actor, "at": at, "request_id": request_id, **changes}
    if isinstance(case, Claim):
        to = decide_claim(
            act=ClaimAct(act), state=ClaimState(case.state), learner=case.learner_id, actor=actor,
            decided_by=case.decided_by,
        )  # fmt: skip
        return to if isinstance(to, Refusal) else move_claim(scope=scope, claim=case, act=ClaimAct(act), target=to,
                                                             **more)  # fmt: skip
    target = conversion.decide(
        act=conversion.Act(act), state=conversion.State(case.state), learner=case.learner_id, actor=actor,
        decided_by=case.decided_by,
    )  # fmt: skip
    if isinstance(target, Refusal):
        return target
    return move_application(scope=scope, application=case, act=conversion.Act(act), target=target, **more)


def _concerned(scope: Scope, objection: Objection, case: Claim | ConversionApplication) -> frozenset[UUID]:
    """Who decided the case, and who raised this objection or another one of it."""
    raised = scope.rows(Objection).filter(learner_id=objection.learner_id, case_id=objection.case_id)
    sources = scope.rows(ObjectionSource).filter(objection_id__in=list(raised.values_list("objection_id", flat=True)))
    people = {case.decided_by, *sources.values_list("person_id", flat=True)}
    return frozenset(person for person in people if person is not None)


def _stopped_on(scope: Scope, case: Claim | ConversionApplication, on: date) -> date:
    """The day on which the objection came that stopped public notice."""
    if isinstance(case, Claim):
        events = scope.rows(ClaimEvent).filter(learner_id=case.learner_id, claim_id=case.claim_id, kind="object")
    else:
        own = {"learner_id": case.learner_id, "application_id": case.application_id}
        events = scope.rows(ConversionEvent).filter(**own, kind="object")
    moment = events.order_by("-sequence").values_list("recorded_at", flat=True).first()
    zone = scope.rows(Institution).values_list("zone", flat=True).get(pk=case.institution_id)
    return clock.day_in(moment, zone) if moment is not None else on


def _change(scope: Scope, objection: Objection, **changes: Any) -> None:
    scope.rows(Objection).filter(
        learner_id=objection.learner_id, objection_id=objection.objection_id
    ).update(**changes)  # fmt: skip
    for name, value in changes.items():
        setattr(objection, name, value)


def _tell(scope: Scope, objection: Objection, code: str, at: datetime, **facts: Any) -> None:
    tell_learner(
        scope=scope,
        learner=objection.learner_id,
        institution=objection.institution_id,
        code=code,
        facts={"title": objection.title, "objection": str(objection.objection_id), **facts},
        at=at,
    )


def _note(scope: Scope, objection: Objection, action: str, actor: UUID | None, at: datetime, request_id: str) -> None:
    note_operation(
        scope=scope, actor=actor, action=action, outcome="done", at=at, object_kind="objection",
        object_id=objection.objection_id, request_id=request_id,
    )  # fmt: skip
