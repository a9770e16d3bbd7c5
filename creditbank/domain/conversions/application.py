"""The life of a conversion application: which act leads from which state to which, and by whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from creditbank.domain.canonical import content_hash
from creditbank.domain.conversions.model import Possibility
from creditbank.domain.explanation import Refusal
from creditbank.domain.recognition import Who
from creditbank.domain.values import Text

MESSAGES = {
    "application.wrong_state": "This application is {state} now, so it cannot be {act}. Nothing was changed; open it"
    " again to see where it stands.",
    "application.own_case": "Nobody decides their own application. Nothing was changed; a colleague can take it.",
    "application.decided_before": "You decided this application before, so somebody else decides it now. Nothing was"
    " changed.",
    "application.second_person": "A conversion is reversed by somebody who did not decide it. Nothing was changed.",
    "application.reason_needed": "Choose a reason first: the learner is told why. Nothing was changed.",
    "application.changed": "Since this page was opened what your credit can become has changed. Nothing was held; look"
    " at it again.",
    "application.proposal_changed": "Since this application was read its rules answer otherwise. Nothing was decided;"
    " read it again.",
    "application.not_possible": "By the rules of today this conversion is not possible. Nothing was changed.",
    "application.open_before": "Application {number} for the same is still open. Withdraw it first, or wait for its"
    " decision; nothing was held.",
    "application.no_rules": "No rules for this conversion are in force on {day}. Nothing was held.",
    "application.uses_nothing": "This rule takes credit and gives none back, or takes none: that is settled at the"
    " academic office. Nothing was held.",
    "application.grade_needed": "The rules leave the grade to you: enter the grade to record, or choose to record none."
    " Nothing was decided.",
}

MOST_GRADE = 12
"""How long a grade that a person enters may be."""


class State(StrEnum):
    """Where an application stands."""

    SUBMITTED = "submitted"
    UNDER_REVIEW = "under_review"
    APPROVED = "approved"
    OBJECTED = "objected"
    POSTED = "posted"
    REFUSED = "refused"
    APPEALED = "appealed"
    WITHDRAWN = "withdrawn"
    REVERSED = "reversed"


class Act(StrEnum):
    """What can be done with an application."""

    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    TAKE = "take"
    APPROVE = "approve"
    REFUSE = "refuse"
    OBJECT = "object"
    RESUME = "resume"
    REOPEN = "reopen"
    APPEAL = "appeal"
    STAND = "stand"
    GRANT = "grant"
    POST = "post"
    REVERSE = "reverse"


STATE_NAMES: Mapping[State, Text] = {
    State.SUBMITTED: Text("已提交", "submitted"),
    State.UNDER_REVIEW: Text("审核中", "under review"),
    State.APPROVED: Text("已批准", "approved"),
    State.OBJECTED: Text("异议处理中", "under objection"),
    State.POSTED: Text("已置换", "posted"),
    State.REFUSED: Text("不予置换", "refused"),
    State.APPEALED: Text("申诉中", "under appeal"),
    State.WITHDRAWN: Text("已撤回", "withdrawn"),
    State.REVERSED: Text("已冲正", "reversed"),
}

ACT_NAMES: Mapping[Act, Text] = {
    Act.SUBMIT: Text("提交", "submitted"),
    Act.WITHDRAW: Text("撤回", "withdrawn"),
    Act.TAKE: Text("领取", "taken"),
    Act.APPROVE: Text("批准", "approved"),
    Act.REFUSE: Text("不予置换", "refused"),
    Act.OBJECT: Text("提出异议", "objected to"),
    Act.RESUME: Text("继续公示", "put on public notice again"),
    Act.REOPEN: Text("重新审核", "put under review again"),
    Act.APPEAL: Text("申诉", "appealed"),
    Act.STAND: Text("维持原决定", "left as decided"),
    Act.GRANT: Text("经申诉批准", "approved on appeal"),
    Act.POST: Text("置换", "posted"),
    Act.REVERSE: Text("冲正", "reversed"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One arrow of the life cycle; ``origins`` is empty for the act that begins it."""

    origins: frozenset[State]
    target: State
    who: Who
    reason_needed: bool = False


_WAITING = frozenset({State.SUBMITTED, State.UNDER_REVIEW})

OPEN = _WAITING | {State.APPROVED, State.OBJECTED, State.APPEALED}
"""The states in which credit is held for an application, and in no other."""

STEPS: Mapping[Act, Step] = {
    Act.SUBMIT: Step(frozenset(), State.SUBMITTED, Who.LEARNER),
    Act.WITHDRAW: Step(_WAITING, State.WITHDRAWN, Who.LEARNER),
    Act.TAKE: Step(frozenset({State.SUBMITTED}), State.UNDER_REVIEW, Who.REVIEWER),
    Act.APPROVE: Step(_WAITING, State.APPROVED, Who.REVIEWER),
    Act.REFUSE: Step(_WAITING, State.REFUSED, Who.REVIEWER, reason_needed=True),
    Act.OBJECT: Step(frozenset({State.APPROVED}), State.OBJECTED, Who.ANYBODY),
    Act.RESUME: Step(frozenset({State.OBJECTED}), State.APPROVED, Who.REVIEWER),
    Act.REOPEN: Step(frozenset({State.OBJECTED}), State.UNDER_REVIEW, Who.REVIEWER),
    Act.APPEAL: Step(frozenset({State.REFUSED}), State.APPEALED, Who.LEARNER),
    Act.STAND: Step(frozenset({State.APPEALED}), State.REFUSED, Who.BANK),
    Act.GRANT: Step(frozenset({State.APPEALED}), State.APPROVED, Who.PANEL),
    Act.POST: Step(frozenset({State.APPROVED}), State.POSTED, Who.BANK),
    Act.REVERSE: Step(frozenset({State.POSTED}), State.REVERSED, Who.REGISTRAR, reason_needed=True),
}
"""The whole life cycle; drawn in the reference documentation."""

DECIDING = frozenset({Act.APPROVE, Act.REFUSE, Act.RESUME, Act.REOPEN, Act.GRANT})
"""What nobody does to an application that they decided before: it came back by an objection or an appeal."""

REFUSAL_REASONS = (
    "not_equivalent",
    "course_required",
    "course_in_progress",
    "limit_reached",
    "evidence_insufficient",
    "credit_in_doubt",
)


def decide(
    *,
    act: Act,
    state: State,
    learner: UUID,
    actor: UUID | None,
    decided_by: UUID | None = None,
    reason: str = "",
    reasons: Sequence[str] = REFUSAL_REASONS,
) -> State | Refusal:
    """The state an act leads to, or why it may not be done now; ``reasons`` are those the act may give."""
    step = STEPS[act]
    if state not in step.origins:
        return Refusal.because("application.wrong_state", state=STATE_NAMES[state], act=ACT_NAMES[act])
    if step.who in (Who.REVIEWER, Who.REGISTRAR, Who.PANEL) and actor == learner:
        return Refusal.because("application.own_case")
    if act in DECIDING and actor is not None and actor == decided_by:
        return Refusal.because("application.decided_before")
    if act is Act.REVERSE and actor == decided_by:
        return Refusal.because("application.second_person")
    if step.reason_needed and reason not in reasons:
        return Refusal.because("application.reason_needed")
    return step.target


def acts_from(state: State, who: Who) -> tuple[Act, ...]:
    """What somebody can do with an application in this state, in the order of the life cycle."""
    return tuple(act for act, step in STEPS.items() if state in step.origins and step.who is who)


def fingerprint(version_id: UUID, one: Possibility) -> str:
    """What a person saw of a possibility: equal only where version, uses, what is made and grade are the same."""
    said: dict[str, Any] = {
        "version": str(version_id),
        "row": one.row,
        "ruling": one.ruling.value,
        "targets": [str(target) for target in one.targets],
        "uses": sorted([use.item, use.credit] for use in one.uses if use.credit),
        "made": [[str(made.target), made.credit, made.category] for made in one.made],
        "grade": one.grade,
    }
    return content_hash(said)
