"""The learner's side of an appeal: file it against the decision of a letter, and withdraw it."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from creditbank.domain.access import Actor
from creditbank.domain.appeals.life import Act, State, decide, may_file
from creditbank.domain.conversions import application as conversion
from creditbank.domain.explanation import Refusal
from creditbank.domain.letters import CaseKind
from creditbank.domain.recognition import Act as ClaimAct
from creditbank.domain.recognition import State as ClaimState
from creditbank.domain.recognition import decide as decide_claim
from creditbank.gateways.clock import new_id
from creditbank.records.appeals import Appeal, Letter
from creditbank.records.conversions import ConversionApplication
from creditbank.records.recognition import Claim
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.appeals.history import move_appeal, note_appeal, stand_case
from creditbank.services.conversions.history import hold_again, move_application
from creditbank.services.letters import root_of
from creditbank.services.recognition.history import lock_learners, move_claim


def file_appeal(
    *, scope: Scope, actor: Actor, letter_id: UUID, grounds: str, at: datetime, on: date, request_id: str = ""
) -> Appeal | Refusal:
    """Appeal against the decision that a letter tells; sent twice, it is filed once.

    What a refused conversion would have used is held again, so that the appeal can be won.

    Args:
        scope: acts for the learner and the institution that wrote the letter.
        actor: the learner.
        letter_id: the letter, or one that corrects it.
        grounds: why, in the learner's words.
        at: the moment.
        on: the same day in the institution's zone.
        request_id: the request that asked.

    Raises:
        NotVisible: there is no such letter of this learner.
    """
    learner = actor.person
    letter = scope.rows(Letter).filter(learner_id=learner, letter_id=letter_id).first()
    if learner is None or letter is None or letter.institution_id != scope.institution:
        raise NotVisible
    lock_learners(scope, {learner})
    root = root_of(scope, letter)
    before = scope.rows(Appeal).filter(learner_id=learner, letter_id=root.letter_id).first()
    if before is not None and before.grounds == grounds.strip():
        return before  # type: ignore[no-any-return]
    refusal = may_file(
        until=letter.appeal_until, on=on, filed=before.number if before is not None else "", grounds=grounds
    )
    if refusal is not None:
        return refusal
    appeal_id = new_id()
    case = _appeal_case(scope, letter, appeal_id, learner, at, on, request_id)
    if isinstance(case, Refusal):
        return case
    appeal: Appeal = scope.rows(Appeal).create(
        learner_id=learner,
        appeal_id=appeal_id,
        institution_id=letter.institution_id,
        college_id=letter.college_id,
        case_kind=letter.case_kind,
        case_id=letter.case_id,
        letter_id=root.letter_id,
        number=f"{on:%Y%m%d}-{appeal_id.hex[-6:].upper()}",
        state=State.FILED.value,
        title=case.title,
        title_en=case.title_en,
        asked=case.credit,
        grounds=grounds.strip(),
        filed_at=at,
    )
    note_appeal(scope, appeal, Act.FILE, actor=learner, at=at, request_id=request_id)
    return appeal


def withdraw_appeal(
    *, scope: Scope, actor: Actor, appeal_id: UUID, at: datetime, on: date, request_id: str = ""
) -> Appeal | Refusal:
    """Take an appeal back before it is decided; the decision stands, and it cannot be filed again.

    Raises:
        NotVisible: there is no such appeal of this learner.
    """
    rows = scope.rows(Appeal).filter(learner_id=actor.person, appeal_id=appeal_id, institution_id=scope.institution)
    appeal = rows.select_for_update().first()
    if appeal is None or actor.person is None:
        raise NotVisible
    target = decide(act=Act.WITHDRAW, state=State(appeal.state), learner=appeal.learner_id, actor=actor.person)
    if isinstance(target, Refusal):
        return target
    stand_case(scope, appeal, actor=actor.person, at=at, on=on, request_id=request_id)
    return move_appeal(
        scope=scope, appeal=appeal, act=Act.WITHDRAW, target=target, actor=actor.person, at=at, request_id=request_id,
        decided_at=at,
    )  # fmt: skip


def _appeal_case(
    scope: Scope, letter: Letter, appeal_id: UUID, learner: UUID, at: datetime, on: date, request_id: str
) -> Claim | ConversionApplication | Refusal:
    """Put the case under appeal, or why its state does not allow that."""
    if letter.case_kind == CaseKind.CLAIM:
        claim: Claim = scope.rows(Claim).select_for_update().get(learner_id=learner, claim_id=letter.case_id)
        to = decide_claim(act=ClaimAct.APPEAL, state=ClaimState(claim.state), learner=learner, actor=learner)
        if isinstance(to, Refusal):
            return to
        return move_claim(
            scope=scope, claim=claim, act=ClaimAct.APPEAL, target=to, actor=learner, at=at, request_id=request_id
        )
    rows = scope.rows(ConversionApplication).select_for_update()
    application: ConversionApplication = rows.get(learner_id=learner, application_id=letter.case_id)
    target = conversion.decide(
        act=conversion.Act.APPEAL, state=conversion.State(application.state), learner=learner, actor=learner
    )
    if isinstance(target, Refusal):
        return target
    again = scope.rows(ConversionApplication).filter(
        learner_id=learner, institution_id=application.institution_id, target=application.target,
        state__in=[state.value for state in conversion.OPEN],
    )  # fmt: skip
    if (other := again.first()) is not None:
        return Refusal.because("application.open_before", number=other.number)
    refusal = hold_again(scope, application, key=f"appeal:{appeal_id}", actor=learner, at=at, on=on)
    if refusal is not None:
        return Refusal((*Refusal.because("appeal.credit_used").explanation, *refusal.explanation))
    return move_application(
        scope=scope, application=application, act=conversion.Act.APPEAL, target=target, actor=learner, at=at,
        request_id=request_id,
    )  # fmt: skip
