"""The office hears an appeal: a panel of people who had no part, their votes, the decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.access import Actor, Thing, may
from creditbank.domain.appeals import panel
from creditbank.domain.appeals.life import Act, State, decide
from creditbank.domain.conversions.application import MOST_GRADE
from creditbank.domain.explanation import Refusal
from creditbank.domain.letters import Kind
from creditbank.domain.values import Hundredths
from creditbank.queries.appeals import involved_in, office_of
from creditbank.records.appeals import Appeal, PanelMember
from creditbank.records.institutions import Institution
from creditbank.records.recognition import Claim
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.appeals.history import fetch_case, move_appeal, stand_case, tell_of_appeal
from creditbank.services.conversions.review import grant_application
from creditbank.services.letters import Told, case_of_application, case_of_claim, write_letter
from creditbank.services.operations import note_operation
from creditbank.services.recognition.history import lock_learners
from creditbank.services.recognition.review import MOST_CREDIT, Judgement, grant_claim

CONDUCT = "appeal.conduct"
VOTE = "appeal.vote"


@dataclass(frozen=True, slots=True)
class AppealKey:
    """Names one appeal: a learner and one of theirs."""

    learner_id: UUID
    appeal_id: UUID


@dataclass(frozen=True, slots=True)
class Ballot:
    """What a member says: hundredths to grant, nothing to let the decision stand; why; category or grade with it."""

    credit: Hundredths
    reason: str
    category: str = ""
    grade: str = ""


def fetch_appeal(*, scope: Scope, actor: Actor, permission: str, key: AppealKey, lock: bool = False) -> Appeal:
    """An appeal, when the actor may do this to it.

    Raises:
        NotVisible: there is none for this actor.
    """
    rows = scope.rows(Appeal).filter(learner_id=key.learner_id, appeal_id=key.appeal_id)
    found = (rows.select_for_update() if lock else rows).first()
    if found is None or not may(actor, permission, Thing(found.learner_id, found.institution_id, found.college_id)):
        raise NotVisible
    return found  # type: ignore[no-any-return]


def seat_panel(
    *, scope: Scope, actor: Actor, key: AppealKey, people: Sequence[UUID], at: datetime, on: date, request_id: str = ""
) -> Appeal | Refusal:
    """Admit an appeal and name who hears it: nobody who took part before.

    Raises:
        NotVisible: there is no such appeal for this actor.
    """
    appeal = fetch_appeal(scope=scope, actor=actor, permission=CONDUCT, key=key, lock=True)
    involved = _involved(scope, appeal)
    target = _decided(appeal, actor, Act.SEAT, involved)
    if isinstance(target, Refusal):
        return target
    size = scope.rows(Institution).get(pk=appeal.institution_id).appeal_panel
    refusal = _unfit(scope, appeal, people, size, involved, on)
    if refusal is not None:
        return refusal
    scope.rows(PanelMember).bulk_create(
        [
            PanelMember(
                institution_id=appeal.institution_id, appeal_id=appeal.appeal_id, person_id=person,
                learner_id=appeal.learner_id, named_at=at,
            )
            for person in people
        ]
    )  # fmt: skip
    moved = move_appeal(
        scope=scope, appeal=appeal, act=Act.SEAT, target=target, actor=actor.person, at=at, request_id=request_id,
        seats=size, seated_by=actor.person, seated_at=at,
    )  # fmt: skip
    tell_of_appeal(scope, moved, at=at)
    return moved


def reject_appeal(
    *, scope: Scope, actor: Actor, key: AppealKey, reason: str, at: datetime, on: date, note: str = "",
    request_id: str = "",
) -> Appeal | Refusal:  # fmt: skip
    """Do not admit an appeal, with a reason that stands in its letter; the decision stands.

    Raises:
        NotVisible: there is no such appeal for this actor.
    """
    appeal = fetch_appeal(scope=scope, actor=actor, permission=CONDUCT, key=key, lock=True)
    target = _decided(appeal, actor, Act.REJECT, _involved(scope, appeal), reason)
    if isinstance(target, Refusal):
        return target
    assert actor.person is not None
    _stands(scope, appeal, Told(Kind.APPEAL_INADMISSIBLE, (note,), appeal.number, reason=reason), actor.person, at, on,
            request_id)  # fmt: skip
    moved = move_appeal(
        scope=scope, appeal=appeal, act=Act.REJECT, target=target, actor=actor.person, at=at, request_id=request_id,
        reason=reason, decided_at=at,
    )  # fmt: skip
    tell_of_appeal(scope, moved, at=at)
    return moved


def step_aside(*, scope: Scope, actor: Actor, key: AppealKey, at: datetime, request_id: str = "") -> Appeal | Refusal:
    """Leave a panel before voting, because of a relation that the bank cannot know of; the seat is empty then.

    Raises:
        NotVisible: there is no such appeal for this actor.
    """
    appeal = fetch_appeal(scope=scope, actor=actor, permission=VOTE, key=key, lock=True)
    member = _member(scope, appeal, actor)
    if isinstance(member, Refusal):
        return member
    _seats(scope, appeal).filter(person_id=actor.person).update(stepped_aside=True)
    _note(scope, appeal, "appeal.step_aside", actor.person, at, request_id)
    return appeal


def fill_seat(
    *, scope: Scope, actor: Actor, key: AppealKey, person: UUID, at: datetime, on: date, request_id: str = ""
) -> Appeal | Refusal:
    """Name somebody for the seat that a member left.

    Raises:
        NotVisible: there is no such appeal for this actor.
    """
    appeal = fetch_appeal(scope=scope, actor=actor, permission=CONDUCT, key=key, lock=True)
    involved = _involved(scope, appeal)
    if isinstance(refusal := _decided(appeal, actor, Act.UPHOLD, involved), Refusal):
        return refusal
    seats = list(_seats(scope, appeal))
    left = [seat.person_id for seat in seats if not seat.stepped_aside]
    if len(left) == appeal.seats or person in {seat.person_id for seat in seats}:
        return Refusal.because("appeal.panel_twice")
    unfit = _unfit(scope, appeal, [*left, person], len(left) + 1, involved, on)
    if unfit is not None:
        return unfit
    scope.rows(PanelMember).create(
        institution_id=appeal.institution_id, appeal_id=appeal.appeal_id, person_id=person,
        learner_id=appeal.learner_id, named_at=at,
    )  # fmt: skip
    _note(scope, appeal, "appeal.fill_seat", actor.person, at, request_id)
    return appeal


def cast_vote(
    *, scope: Scope, actor: Actor, key: AppealKey, ballot: Ballot, at: datetime, on: date, request_id: str = ""
) -> Appeal | Refusal:
    """Vote once; with the last vote of the panel the appeal is decided, and a new decision stands beside the old one.

    Raises:
        NotVisible: there is no such appeal for this actor.
    """
    # In the order in which everything else takes them: the learner, then the rows.
    lock_learners(scope, {key.learner_id})
    appeal = fetch_appeal(scope=scope, actor=actor, permission=VOTE, key=key, lock=True)
    refusal = _vote_refused(scope, appeal, actor, ballot)
    if refusal is not None:
        return refusal
    _seats(scope, appeal).filter(person_id=actor.person).update(
        credit=ballot.credit, category=ballot.category, grade=ballot.grade, reason=ballot.reason.strip(), voted_at=at
    )
    _note(scope, appeal, "appeal.vote", actor.person, at, request_id)
    seats = list(_seats(scope, appeal).order_by("voted_at", "person_id"))
    sitting = [seat for seat in seats if not seat.stepped_aside]
    # A seat that somebody left is filled before anything is decided.
    if len(sitting) < appeal.seats or any(seat.voted_at is None for seat in sitting):
        return appeal
    return _settle(scope, appeal, sitting, actor, at, on, request_id)


def _vote_refused(scope: Scope, appeal: Appeal, actor: Actor, ballot: Ballot) -> Refusal | None:
    answer = _decided(appeal, actor, Act.UPHOLD, _involved(scope, appeal))
    if isinstance(answer, Refusal):
        return answer
    member = _member(scope, appeal, actor)
    if isinstance(member, Refusal):
        return member
    most = MOST_CREDIT if appeal.case_kind == "claim" else appeal.asked
    unfit = panel.check_vote(credit=ballot.credit, before=appeal.before, most=most, reason=ballot.reason)
    if unfit is None and len(ballot.grade) > MOST_GRADE:
        return Refusal.because("appeal.vote_reason_needed")
    return unfit


def _settle(
    scope: Scope, appeal: Appeal, seats: Sequence[PanelMember], actor: Actor, at: datetime, on: date, request_id: str
) -> Appeal | Refusal:
    assert actor.person is not None
    outcome = panel.settle(
        [
            panel.Vote(seat.person_id, Hundredths(seat.credit or 0), seat.reason, seat.category, seat.grade)
            for seat in seats
        ],
        before=Hundredths(appeal.before),
        asked=Hundredths(appeal.asked),
    )
    target = _decided(appeal, actor, outcome.act, frozenset())
    if isinstance(target, Refusal):
        return target
    told = Told(Kind(f"appeal_{target.value}"), outcome.reasons, appeal.number, Hundredths(appeal.asked))
    if outcome.act is Act.UPHOLD:
        _stands(scope, appeal, told, actor.person, at, on, request_id)
    else:
        granted = _grant(scope, appeal, outcome, told, actor, at, on, request_id)
        if isinstance(granted, Refusal):
            return granted
    moved = move_appeal(
        scope=scope, appeal=appeal, act=outcome.act, target=target, actor=actor.person, at=at, request_id=request_id,
        decided_at=at, granted=outcome.credit,
    )  # fmt: skip
    tell_of_appeal(scope, moved, at=at, credit=outcome.credit)
    return moved


def _grant(
    scope: Scope, appeal: Appeal, outcome: panel.Outcome, told: Told, actor: Actor, at: datetime, on: date,
    request_id: str,
) -> object:  # fmt: skip
    case = fetch_case(scope, appeal.case_kind, appeal.learner_id, appeal.case_id)
    if isinstance(case, Claim):
        judgement = Judgement(outcome.credit, outcome.category or case.category)
        return grant_claim(
            scope=scope, claim=case, actor=actor, judgement=judgement, told=told, at=at, on=on, request_id=request_id
        )
    return grant_application(
        scope=scope, application=case, actor=actor, grade=outcome.grade, told=told, at=at, on=on, request_id=request_id
    )


def _stands(scope: Scope, appeal: Appeal, told: Told, actor: UUID, at: datetime, on: date, request_id: str) -> None:
    case = stand_case(scope, appeal, actor=actor, at=at, on=on, request_id=request_id)
    about = case_of_claim(scope, case) if isinstance(case, Claim) else case_of_application(case)
    write_letter(scope=scope, case=about, told=told, actor=actor, at=at, request_id=request_id)


def _decided(appeal: Appeal, actor: Actor, act: Act, involved: frozenset[UUID], reason: str = "") -> State | Refusal:
    return decide(
        act=act, state=State(appeal.state), learner=appeal.learner_id, actor=actor.person, involved=involved,
        reason=reason,
    )  # fmt: skip


def _involved(scope: Scope, appeal: Appeal) -> frozenset[UUID]:
    return involved_in(scope, appeal.case_kind, appeal.learner_id, appeal.case_id)


def _unfit(
    scope: Scope, appeal: Appeal, people: Sequence[UUID], size: int, involved: frozenset[UUID], on: date
) -> Refusal | None:
    office = office_of(scope, appeal.college_id, on=on)
    return panel.check_panel(
        people=people,
        size=size,
        office={one.person_id for one in office},
        involved=involved,
        learner=appeal.learner_id,
        names={one.person_id: one.name.zh for one in office},
    )


def _member(scope: Scope, appeal: Appeal, actor: Actor) -> PanelMember | Refusal:
    member = _seats(scope, appeal).filter(person_id=actor.person).first()
    if member is None:
        return Refusal.because("appeal.no_member")
    if member.stepped_aside:
        return Refusal.because("appeal.stepped_aside")
    if member.voted_at is not None:
        return Refusal.because("appeal.voted_before")
    return member  # type: ignore[no-any-return]


def _seats(scope: Scope, appeal: Appeal) -> Any:
    return scope.rows(PanelMember).filter(institution_id=appeal.institution_id, appeal_id=appeal.appeal_id)


def _note(scope: Scope, appeal: Appeal, action: str, actor: UUID | None, at: datetime, request_id: str) -> None:
    note_operation(
        scope=scope, actor=actor, action=action, outcome="done", at=at, object_kind="appeal",
        object_id=appeal.appeal_id, request_id=request_id,
    )  # fmt: skip
