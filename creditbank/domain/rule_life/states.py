"""The steps of a rule version's life: from which state to which, by whom, on what condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from creditbank.domain.explanation import Explanation, Line, Refusal, Verdict
from creditbank.domain.values import Text

MESSAGES = {
    "rule_life.wrong_state": "This version is “{state}” now, so the step “{act}” is not open. Nothing was changed; open"
    " it again to see where it stands.",
    "rule_life.own_draft": "Nobody decides on a draft they wrote. Nothing was changed; a colleague can do it.",
    "rule_life.signed_before": "You agreed to this draft already. A second colleague who did not write it agrees next.",
    "rule_life.two_reviews": "Two people who did not write the draft agree to it before it is approved; {count} did so"
    " far. Nothing was changed.",
    "rule_life.reason_needed": "Say why first: it stands in the record of this version. Nothing was changed.",
    "rule_life.meeting_needed": "Enter the number of the minutes of the meeting that approved it. Nothing was changed.",
    "rule_life.not_ready": "The draft is not ready for this step. It is kept as it is:",
    "rule_life.publicity_short": "Publicity lasts at least {least} days here, not {days}. Nothing was changed.",
    "rule_life.publicity_runs": "Publicity runs until {until}. Nothing was changed; a day is set after that.",
    "rule_life.objections_open": "Objections not answered yet: {count}. Nothing was changed; answer them first.",
    "rule_life.no_objection": "There is no open objection number {number}. Nothing was changed.",
    "rule_life.from_past": "A version takes effect from {today} on, not from {day}: what was decided before stays"
    " decided. Nothing was changed.",
    "rule_life.until_before": "The last day, {until}, is before the first, {day}. Nothing was changed.",
    "rule_life.collides": "Version {number} already decides some of the same claims. Nothing was changed:"
    " narrow what this version applies to, or end the other one first.",
    "rule_life.overlay_unfit": "Some of this overlay does not hold with the rules that are inherited on {day}."
    " Nothing was changed: name a day on which it does, or begin a draft on the version that is in force then.",
    "rule_life.asked_before": "Somebody has asked for this already: a second person confirms it, or it is let go.",
    "rule_life.not_asked": "Nobody is asking for this now: it was done or let go meanwhile. Nothing was changed.",
    "rule_life.second_person": "You asked for it, so somebody else confirms it. Nothing was changed.",
    "rule_life.stays_unknown": "A transitional clause names version {number}, which this rule set does not have in"
    " force. Nothing was changed.",
}

MOST_DAYS = 365
REVIEWS = 2
"""How many people other than its authors agree to a draft before it is approved."""


class State(StrEnum):
    """Where a version stands; ``EFFECTIVE`` and ``SUPERSEDED`` follow from the days of one that is scheduled."""

    DRAFT = "draft"
    TESTED = "tested"
    IN_REVIEW = "in_review"
    DISCARDED = "discarded"
    APPROVED = "approved"
    PUBLICITY = "publicity"
    SCHEDULED = "scheduled"
    EFFECTIVE = "effective"
    SUPERSEDED = "superseded"
    SUSPENDED = "suspended"
    ABOLISHED = "abolished"


class Act(StrEnum):
    """What can be done with a version."""

    SAVE = "save"
    DISCARD = "discard"
    TEST = "test"
    SUBMIT = "submit"
    RECALL = "recall"
    SEND_BACK = "send_back"
    SIGN = "sign"
    APPROVE = "approve"
    ANNOUNCE = "announce"
    OBJECT = "object"
    ANSWER = "answer"
    SCHEDULE = "schedule"
    ASK = "ask"
    DROP = "drop"
    SUSPEND = "suspend"
    RESUME = "resume"
    ABOLISH = "abolish"
    TAKE_IN = "take_in"


STATE_NAMES: Mapping[State, Text] = {
    State.DRAFT: Text("草稿", "draft"),
    State.TESTED: Text("已测试", "tested"),
    State.IN_REVIEW: Text("审核中", "in review"),
    State.DISCARDED: Text("已放弃", "discarded"),
    State.APPROVED: Text("已批准", "approved"),
    State.PUBLICITY: Text("公示中", "in publicity"),
    State.SCHEDULED: Text("待生效", "scheduled"),
    State.EFFECTIVE: Text("生效中", "in force"),
    State.SUPERSEDED: Text("已被替代", "superseded"),
    State.SUSPENDED: Text("已暂停", "suspended"),
    State.ABOLISHED: Text("已废止", "abolished"),
}

ACT_NAMES: Mapping[Act, Text] = {
    Act.SAVE: Text("保存", "save"),
    Act.DISCARD: Text("放弃草稿", "discard"),
    Act.TEST: Text("测试", "test"),
    Act.SUBMIT: Text("送审", "send for review"),
    Act.RECALL: Text("撤回送审", "recall"),
    Act.SEND_BACK: Text("退回修改", "send back"),
    Act.SIGN: Text("审核同意", "agree"),
    Act.APPROVE: Text("批准", "approve"),
    Act.ANNOUNCE: Text("公示", "put up for publicity"),
    Act.OBJECT: Text("登记异议", "note an objection"),
    Act.ANSWER: Text("答复异议", "answer an objection"),
    Act.SCHEDULE: Text("排定生效日", "set the day"),
    Act.ASK: Text("提出", "ask for"),
    Act.DROP: Text("撤销提出", "let the request go"),
    Act.SUSPEND: Text("暂停", "suspend"),
    Act.RESUME: Text("恢复", "resume"),
    Act.ABOLISH: Text("废止", "abolish"),
    Act.TAKE_IN: Text("建库时导入", "take in at setup"),
}

EDIT, APPROVE = "rules.edit", "rules.approve"


@dataclass(frozen=True, slots=True)
class Step:
    """One arrow of the life; without a ``target`` the state stays.

    ``permission`` is who may, and empty for the bank itself; ``others`` means: nobody who wrote the draft; ``second``
    means: somebody else than who asked for it; ``ready`` means: its cases are green and lint has nothing against it.
    """

    origins: frozenset[State]
    target: State | None
    permission: str
    others: bool = False
    second: bool = False
    reason_needed: bool = False
    ready: bool = False


_WRITING = frozenset({State.DRAFT, State.TESTED})
_REVIEW, _SHOWN = frozenset({State.IN_REVIEW}), frozenset({State.PUBLICITY})
_DECIDED = frozenset({State.APPROVED, State.PUBLICITY, State.SCHEDULED, State.SUSPENDED})

STEPS: Mapping[Act, Step] = {
    Act.SAVE: Step(_WRITING, State.DRAFT, EDIT),
    Act.DISCARD: Step(_WRITING, State.DISCARDED, EDIT),
    Act.TEST: Step(frozenset({State.DRAFT}), State.TESTED, EDIT, ready=True),
    Act.SUBMIT: Step(frozenset({State.TESTED}), State.IN_REVIEW, EDIT, ready=True),
    Act.RECALL: Step(_REVIEW, State.DRAFT, EDIT),
    Act.SEND_BACK: Step(_REVIEW, State.DRAFT, APPROVE, others=True, reason_needed=True),
    Act.SIGN: Step(_REVIEW, None, APPROVE, others=True),
    Act.APPROVE: Step(_REVIEW, State.APPROVED, APPROVE, others=True, ready=True),
    Act.ANNOUNCE: Step(frozenset({State.APPROVED}), State.PUBLICITY, APPROVE),
    Act.OBJECT: Step(_SHOWN, None, EDIT, reason_needed=True),
    Act.ANSWER: Step(_SHOWN, None, APPROVE, reason_needed=True),
    Act.SCHEDULE: Step(_SHOWN, State.SCHEDULED, APPROVE),
    Act.ASK: Step(_DECIDED, None, APPROVE, reason_needed=True),
    Act.DROP: Step(_DECIDED, None, APPROVE),
    Act.SUSPEND: Step(frozenset({State.SCHEDULED}), State.SUSPENDED, APPROVE, second=True),
    Act.RESUME: Step(frozenset({State.SUSPENDED}), State.SCHEDULED, APPROVE, second=True),
    Act.ABOLISH: Step(_DECIDED, State.ABOLISHED, APPROVE, second=True),
    Act.TAKE_IN: Step(frozenset(), State.SCHEDULED, ""),
}
"""The whole life; drawn in the reference documentation."""

BY_TWO = tuple(act for act, step in STEPS.items() if step.second)
"""What one person asks for, with a reason, and another one confirms."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks for and a second person confirms; ``day`` is from when, where it has a day."""

    act: Act
    by: UUID
    reason: str
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """Where a version stands, with what its next steps depend on.

    ``authors`` saved the draft at least once; ``signed`` agreed to it as it stands; ``objections`` are the numbers of
    those that nobody answered yet; ``publicity_until`` is the first day on which a day can be set.
    """

    state: State
    authors: frozenset[UUID] = frozenset()
    signed: tuple[UUID, ...] = ()
    asked: Asked | None = None
    objections: tuple[int, ...] = ()
    publicity_until: date | None = None


def decide(
    act: Act, life: Life, *, by: UUID, on: date, reason: str = "", wanted: Act | None = None, red: Explanation = ()
) -> State | Refusal:
    """The state a step leads to, or why it is not taken.

    Args:
        act: which step.
        life: where the version stands.
        by: who takes it; whether their role allows it was asked before.
        on: the present day of the institution.
        reason: in their own words, or the number of the minutes where they approve.
        wanted: what is asked for by ``Act.ASK``.
        red: what speaks against the content: cases that fail, findings of lint, problems of the document.
    """
    step = STEPS[act]
    if life.state not in step.origins:
        return _wrong_state(life.state, act)
    if step.others and by in life.authors:
        return Refusal.because("rule_life.own_draft")
    if act is Act.SIGN and by in life.signed:
        return Refusal.because("rule_life.signed_before")
    if act is Act.APPROVE:
        signed = set(life.signed) - life.authors
        if len(signed) < REVIEWS:
            return Refusal.because("rule_life.two_reviews", count=len(signed))
        if not reason.strip():
            return Refusal.because("rule_life.meeting_needed")
    if step.reason_needed and not reason.strip():
        return Refusal.because("rule_life.reason_needed")
    refusal = _asked(act, step, life, by, wanted) or _publicity(act, life, on)
    if refusal is not None:
        return refusal
    if step.ready and red:
        return Refusal((Line("rule_life.not_ready", Verdict.NO), *red))
    return step.target or life.state


def _asked(act: Act, step: Step, life: Life, by: UUID, wanted: Act | None) -> Refusal | None:
    """Whether two people stand behind what only two decide."""
    if act is Act.ASK:
        if wanted not in BY_TWO or life.state not in STEPS[wanted].origins:
            return _wrong_state(life.state, wanted or act)
        return Refusal.because("rule_life.asked_before") if life.asked else None
    if (step.second or act is Act.DROP) and (life.asked is None or (step.second and life.asked.act is not act)):
        return Refusal.because("rule_life.not_asked")
    if step.second and life.asked is not None and life.asked.by == by:
        return Refusal.because("rule_life.second_person")
    return None


def _publicity(act: Act, life: Life, on: date) -> Refusal | None:
    if act is not Act.SCHEDULE:
        return None
    if life.publicity_until is not None and on < life.publicity_until:
        return Refusal.because("rule_life.publicity_runs", until=life.publicity_until.isoformat())
    if life.objections:
        return Refusal.because("rule_life.objections_open", count=len(life.objections))
    return None


def _wrong_state(state: State, act: Act) -> Refusal:
    return Refusal.because("rule_life.wrong_state", state=STATE_NAMES[state], act=ACT_NAMES[act])


def publicity_ends(on: date, days: int, *, least: int) -> date | Refusal:
    """The first day after a publicity of so many days that begins today."""
    if not least <= days <= MOST_DAYS:
        return Refusal.because("rule_life.publicity_short", least=least, days=days)
    return on + timedelta(days=days)


def standing(state: State, effective_from: date | None, effective_until: date | None, on: date) -> State:
    """Where a version stands on a day: one that is scheduled is in force or superseded by its days alone."""
    begun = effective_from is not None and effective_from <= on
    over = effective_until is not None and effective_until < on
    if state is State.SCHEDULED and begun:
        return State.SUPERSEDED if over else State.EFFECTIVE
    if state is State.ABOLISHED and begun and effective_until is not None and not over:
        return State.EFFECTIVE
    return state
