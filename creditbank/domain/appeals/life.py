"""The life of an appeal: which act leads where, by whom, and until when it can be filed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from creditbank.domain.explanation import Refusal
from creditbank.domain.recognition import Who
from creditbank.domain.values import Text

MESSAGES = {
    "appeal.wrong_state": "This appeal is {state} now, so it cannot be {act}. Nothing was changed; open it again to"
    " see where it stands.",
    "appeal.own_case": "Nobody hears their own appeal. Nothing was changed; a colleague can take it.",
    "appeal.involved": "You took part in the decision that is appealed against. Nothing was changed; a colleague who"
    " did not can do it.",
    "appeal.reason_needed": "Choose a reason first: the learner is told why. Nothing was changed.",
    "appeal.not_open": "Against this decision no appeal can be filed. Nothing was changed.",
    "appeal.too_late": "The time for an appeal against this decision ended on {until}. Nothing was filed.",
    "appeal.filed_before": "Against this decision an appeal was filed before: {number}. It is heard once.",
    "appeal.grounds_needed": "Say in at least {least} letters why you ask for another decision. Nothing was filed.",
    "appeal.grounds_too_long": "Say it in at most {most} letters, these are {letters}. Nothing was filed.",
    "appeal.credit_used": "The credit that it would use is no longer available. Nothing was filed; apply anew with"
    " what you have now.",
    "appeal.days_out_of_range": "The time for an appeal is {least} to {most} working days, not {days}. Nothing was"
    " changed.",
}

LEAST_GROUNDS = 10
MOST_GROUNDS = 2000
"""How many letters the grounds of an appeal have."""
DAYS = 10
"""Working days in which an appeal can be filed, where the institution says nothing else."""
FEWEST_DAYS, MOST_DAYS = 3, 90
"""What an institution may set."""
_WORKING = 5


class State(StrEnum):
    """Where an appeal stands."""

    FILED = "filed"
    HEARD = "heard"
    UPHELD = "upheld"
    AMENDED = "amended"
    GRANTED = "granted"
    INADMISSIBLE = "inadmissible"
    WITHDRAWN = "withdrawn"


class Act(StrEnum):
    """What can be done with an appeal."""

    FILE = "file"
    WITHDRAW = "withdraw"
    SEAT = "seat"
    REJECT = "reject"
    UPHOLD = "uphold"
    AMEND = "amend"
    GRANT = "grant"


STATE_NAMES: Mapping[State, Text] = {
    State.FILED: Text("已提出", "filed"),
    State.HEARD: Text("复核中", "before the panel"),
    State.UPHELD: Text("维持原决定", "decided: the decision stands"),
    State.AMENDED: Text("变更决定", "decided: granted in part"),
    State.GRANTED: Text("申诉成立", "decided: granted"),
    State.INADMISSIBLE: Text("不予受理", "not admitted"),
    State.WITHDRAWN: Text("已撤回", "withdrawn"),
}

ACT_NAMES: Mapping[Act, Text] = {
    Act.FILE: Text("提出申诉", "filed"),
    Act.WITHDRAW: Text("撤回", "withdrawn"),
    Act.SEAT: Text("组成复核小组", "put before a panel"),
    Act.REJECT: Text("不予受理", "refused a hearing"),
    Act.UPHOLD: Text("维持原决定", "decided"),
    Act.AMEND: Text("变更决定", "decided"),
    Act.GRANT: Text("支持申诉", "decided"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One arrow of the life cycle; ``origins`` is empty for the act that begins it."""

    origins: frozenset[State]
    target: State
    who: Who
    reason_needed: bool = False


_HEARD = frozenset({State.HEARD})
OPEN = frozenset({State.FILED, State.HEARD})
"""The states in which the decision appealed against is not the last word."""

STEPS: Mapping[Act, Step] = {
    Act.FILE: Step(frozenset(), State.FILED, Who.LEARNER),
    Act.WITHDRAW: Step(OPEN, State.WITHDRAWN, Who.LEARNER),
    Act.SEAT: Step(frozenset({State.FILED}), State.HEARD, Who.REGISTRAR),
    Act.REJECT: Step(frozenset({State.FILED}), State.INADMISSIBLE, Who.REGISTRAR, reason_needed=True),
    Act.UPHOLD: Step(_HEARD, State.UPHELD, Who.PANEL),
    Act.AMEND: Step(_HEARD, State.AMENDED, Who.PANEL),
    Act.GRANT: Step(_HEARD, State.GRANTED, Who.PANEL),
}
"""The whole life cycle; drawn in the reference documentation."""

REJECTION_REASONS = ("no_grounds", "other_matter", "other_way")


def decide(
    *, act: Act, state: State, learner: UUID, actor: UUID | None, involved: frozenset[UUID] = frozenset(),
    reason: str = "",
) -> State | Refusal:  # fmt: skip
    """The state an act leads to, or why it may not be done now; ``involved`` took part in the decision before."""
    step = STEPS[act]
    if state not in step.origins:
        return Refusal.because("appeal.wrong_state", state=STATE_NAMES[state], act=ACT_NAMES[act])
    if step.who in (Who.REGISTRAR, Who.PANEL):
        if actor == learner:
            return Refusal.because("appeal.own_case")
        if actor in involved:
            return Refusal.because("appeal.involved")
    if step.reason_needed and reason not in REJECTION_REASONS:
        return Refusal.because("appeal.reason_needed")
    return step.target


def may_file(*, until: date | None, on: date, filed: str, grounds: str) -> Refusal | None:
    """Why an appeal cannot be filed on a day, or nothing.

    Args:
        until: the last day that the letter names; nothing where no appeal is open.
        on: the day it is filed.
        filed: the number of the appeal filed before against the same decision; empty for none.
        grounds: what the learner says.
    """
    if filed:
        return Refusal.because("appeal.filed_before", number=filed)
    if until is None:
        return Refusal.because("appeal.not_open")
    if on > until:
        return Refusal.because("appeal.too_late", until=until.isoformat())
    said = len(grounds.strip())
    if said < LEAST_GROUNDS:
        return Refusal.because("appeal.grounds_needed", least=LEAST_GROUNDS)
    if said > MOST_GROUNDS:
        return Refusal.because("appeal.grounds_too_long", most=MOST_GROUNDS, letters=said)
    return None


def working_days_after(day: date, days: int) -> date:
    """The day that is so many working days after another one, Monday to Friday; the day itself is not counted.

    Public holidays are not known here: a day too many is never to the learner's loss, and the letter names the date.
    """
    while days > 0:
        day += timedelta(days=1)
        days -= day.weekday() < _WORKING
    return day


def read_days(days: int) -> int | Refusal:
    """The working days that an institution gives for an appeal, or why not so many."""
    if not FEWEST_DAYS <= days <= MOST_DAYS:
        return Refusal.because("appeal.days_out_of_range", least=FEWEST_DAYS, most=MOST_DAYS, days=days)
    return days
