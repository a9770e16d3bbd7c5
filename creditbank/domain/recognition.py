"""The life of a recognition claim: which act leads from which state to which, and by whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from creditbank.domain.explanation import Refusal
from creditbank.domain.values import Text

MESSAGES = {
    "recognition.title_needed": "Say in a few words what you achieved. The draft is kept.",
    "recognition.file_not_taken": "{name} is neither a PDF, a PNG nor a JPEG of at most 12 MB. It was not kept;"
    " the draft and its other files are.",
    "recognition.too_many_files": "A case holds at most ten files. This one was not kept; the others are.",
    "recognition.wrong_state": "This case is {state} now, so it cannot be {act}. Nothing was changed; open it again"
    " to see where it stands.",
    "recognition.own_case": "Nobody decides their own case. Nothing was changed; a colleague can take it.",
    "recognition.decided_before": "You decided this case before, so somebody else decides it now. Nothing was changed.",
    "recognition.second_person": "The deposit of a case is reversed by somebody who did not decide it."
    " Nothing was changed.",
    "recognition.reason_needed": "Choose a reason first: the learner is told why. Nothing was changed.",
    "recognition.evidence_needed": "This type of outcome needs at least one file as evidence. The draft is kept.",
    "recognition.facts_missing": "Some answers are missing or do not fit. The draft is kept.",
    "recognition.no_rule": "No rule for this type of outcome is in force on {day}. The draft is kept.",
    "recognition.proposal_changed": "Since this case was read the proposal changed from {before} to {after} credits."
    " Nothing was decided; read it again.",
    "recognition.not_recommended": "The rules do not propose recognition of this case, so it is not approved in a"
    " batch. Open it and decide it by itself.",
    "recognition.amount_needed": "The rules leave the amount to you: enter how many credits to recognise."
    " Nothing was decided.",
    "recognition.amount_out_of_range": "Between 0.01 and 60 credits can be recognised in one case, not {amount}."
    " Nothing was decided.",
}


class State(StrEnum):
    """Where a claim stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    UNDER_REVIEW = "under_review"
    SUPPLEMENT_REQUESTED = "supplement_requested"
    SCHEDULED = "scheduled"
    RECOGNISED = "recognised"
    OBJECTED = "objected"
    DEPOSITED = "deposited"
    REFUSED = "refused"
    APPEALED = "appealed"
    WITHDRAWN = "withdrawn"
    REVERSED = "reversed"


class Act(StrEnum):
    """What can be done with a claim."""

    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    TAKE = "take"
    REQUEST_SUPPLEMENT = "request_supplement"
    SCHEDULE = "schedule"
    UNDO = "undo"
    APPROVE = "approve"
    REFUSE = "refuse"
    OBJECT = "object"
    RESUME = "resume"
    REOPEN = "reopen"
    APPEAL = "appeal"
    STAND = "stand"
    GRANT = "grant"
    DEPOSIT = "deposit"
    REVERSE = "reverse"


STATE_NAMES: Mapping[State, Text] = {
    State.DRAFT: Text("草稿", "a draft"),
    State.SUBMITTED: Text("已提交", "submitted"),
    State.UNDER_REVIEW: Text("审核中", "under review"),
    State.SUPPLEMENT_REQUESTED: Text("待补充材料", "waiting for more material"),
    State.SCHEDULED: Text("待执行", "scheduled"),
    State.RECOGNISED: Text("已认定", "recognised"),
    State.OBJECTED: Text("异议处理中", "under objection"),
    State.DEPOSITED: Text("已存入", "deposited"),
    State.REFUSED: Text("不予认定", "refused"),
    State.APPEALED: Text("申诉中", "under appeal"),
    State.WITHDRAWN: Text("已撤回", "withdrawn"),
    State.REVERSED: Text("已冲正", "reversed"),
}

ACT_NAMES: Mapping[Act, Text] = {
    Act.SUBMIT: Text("提交", "submitted"),
    Act.WITHDRAW: Text("撤回", "withdrawn"),
    Act.TAKE: Text("领取", "taken"),
    Act.REQUEST_SUPPLEMENT: Text("退回补充材料", "sent back for more material"),
    Act.SCHEDULE: Text("列入批量通过", "set aside for approval"),
    Act.UNDO: Text("撤销操作", "undone"),
    Act.APPROVE: Text("通过", "approved"),
    Act.REFUSE: Text("不予认定", "refused"),
    Act.OBJECT: Text("提出异议", "objected to"),
    Act.RESUME: Text("继续公示", "put on public notice again"),
    Act.REOPEN: Text("重新审核", "put under review again"),
    Act.APPEAL: Text("申诉", "appealed"),
    Act.STAND: Text("维持原决定", "left as decided"),
    Act.GRANT: Text("经申诉认定", "recognised on appeal"),
    Act.DEPOSIT: Text("存入", "deposited"),
    Act.REVERSE: Text("冲正", "reversed"),
}


class Who(StrEnum):
    """Who performs an act."""

    LEARNER = "learner"
    REVIEWER = "reviewer"
    REGISTRAR = "registrar"
    PANEL = "panel"
    ANYBODY = "anybody"
    BANK = "bank"


@dataclass(frozen=True, slots=True)
class Step:
    """One arrow of the life cycle."""

    origins: frozenset[State]
    target: State
    who: Who
    reason_needed: bool = False


_OPEN = frozenset({State.SUBMITTED, State.UNDER_REVIEW})

STEPS: Mapping[Act, Step] = {
    Act.SUBMIT: Step(frozenset({State.DRAFT, State.SUPPLEMENT_REQUESTED}), State.SUBMITTED, Who.LEARNER),
    Act.WITHDRAW: Step(
        frozenset({State.DRAFT, State.SUBMITTED, State.UNDER_REVIEW, State.SUPPLEMENT_REQUESTED}),
        State.WITHDRAWN,
        Who.LEARNER,
    ),
    Act.TAKE: Step(frozenset({State.SUBMITTED}), State.UNDER_REVIEW, Who.REVIEWER),
    Act.REQUEST_SUPPLEMENT: Step(_OPEN, State.SUPPLEMENT_REQUESTED, Who.REVIEWER, reason_needed=True),
    Act.SCHEDULE: Step(_OPEN, State.SCHEDULED, Who.REVIEWER),
    Act.UNDO: Step(frozenset({State.SCHEDULED}), State.UNDER_REVIEW, Who.REVIEWER),
    Act.APPROVE: Step(_OPEN | {State.SCHEDULED}, State.RECOGNISED, Who.REVIEWER),
    Act.REFUSE: Step(_OPEN, State.REFUSED, Who.REVIEWER, reason_needed=True),
    Act.OBJECT: Step(frozenset({State.RECOGNISED}), State.OBJECTED, Who.ANYBODY),
    Act.RESUME: Step(frozenset({State.OBJECTED}), State.RECOGNISED, Who.REVIEWER),
    Act.REOPEN: Step(frozenset({State.OBJECTED}), State.UNDER_REVIEW, Who.REVIEWER),
    Act.APPEAL: Step(frozenset({State.REFUSED}), State.APPEALED, Who.LEARNER),
    Act.STAND: Step(frozenset({State.APPEALED}), State.REFUSED, Who.BANK),
    Act.GRANT: Step(frozenset({State.APPEALED}), State.RECOGNISED, Who.PANEL),
    Act.DEPOSIT: Step(frozenset({State.RECOGNISED}), State.DEPOSITED, Who.BANK),
    Act.REVERSE: Step(frozenset({State.DEPOSITED}), State.REVERSED, Who.REGISTRAR, reason_needed=True),
}
"""The whole life cycle; drawn in the reference documentation."""

DECIDING = frozenset({Act.SCHEDULE, Act.APPROVE, Act.REFUSE, Act.RESUME, Act.REOPEN, Act.GRANT})
"""What nobody does to a case that they decided before: it came back because of an objection or an appeal."""

REFUSAL_REASONS = (
    "not_in_catalogue",
    "evidence_insufficient",
    "already_recognised",
    "outside_period",
    "below_minimum",
)
SUPPLEMENT_REASONS = ("evidence_missing", "evidence_unreadable", "certificate_number_missing", "facts_differ")
REVERSAL_REASONS = ("recognised_by_mistake", "evidence_invalid", "duplicate")

PUBLIC_REASONS = frozenset(REFUSAL_REASONS + SUPPLEMENT_REASONS + REVERSAL_REASONS)


def decide(
    *,
    act: Act,
    state: State,
    learner: UUID,
    actor: UUID | None,
    decided_by: UUID | None = None,
    reason: str = "",
) -> State | Refusal:
    """The state an act leads to, or why it may not be done now."""
    step = STEPS[act]
    if state not in step.origins:
        return Refusal.because("recognition.wrong_state", state=STATE_NAMES[state], act=ACT_NAMES[act])
    if step.who in (Who.REVIEWER, Who.REGISTRAR, Who.PANEL) and actor == learner:
        return Refusal.because("recognition.own_case")
    if act in DECIDING and actor is not None and actor == decided_by:
        return Refusal.because("recognition.decided_before")
    if act is Act.REVERSE and actor == decided_by:
        return Refusal.because("recognition.second_person")
    if step.reason_needed and reason not in PUBLIC_REASONS:
        return Refusal.because("recognition.reason_needed")
    return step.target


def acts_from(state: State, who: Who) -> tuple[Act, ...]:
    """What somebody can do with a claim in this state, in the order of the life cycle."""
    return tuple(act for act, step in STEPS.items() if state in step.origins and step.who is who)


def final_on(decided_on: date, publicity_days: int) -> date:
    """The day a decision becomes final: the day itself when the publicity period has no days."""
    return decided_on + timedelta(days=publicity_days)
