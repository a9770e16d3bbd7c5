"""The life of an objection: raised during public notice, answered before anything is final."""

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
    "objection.wrong_state": "This objection is {state} now, so it cannot be {act}. Nothing was changed.",
    "objection.own_case": "An objection to your own case is answered by the office. Nothing was changed.",
    "objection.involved": "You decided the case or raised the objection, so somebody else answers it. Nothing was"
    " changed.",
    "objection.not_public": "This is not on public notice any more. Nothing was sent; an objection can be raised only"
    " until the day it becomes final.",
    "objection.said_needed": "Say in at least {least} letters what is wrong. Nothing was sent.",
    "objection.said_too_long": "Say it in at most {most} letters, these are {letters}. Nothing was sent.",
    "objection.contact_needed": "Give your name and where we can reach you; only the office sees it. Nothing was sent.",
    "objection.too_often": "Too many objections came from here. Nothing was sent; try again in {minutes} minutes.",
    "objection.answer_needed": "Say why: whoever asks is told. Nothing was changed.",
    "objection.replied_before": "You have answered this objection before. Nothing was changed.",
}

LEAST_SAID = 10
MOST_SAID = 1000
MOST_NAME = 40
MOST_CONTACT = 100
MOST_ANSWER = 1000


class State(StrEnum):
    """Where an objection stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"
    OVERTAKEN = "overtaken"


class Act(StrEnum):
    """What can be done with an objection."""

    RAISE = "raise"
    ACCEPT = "accept"
    DISMISS = "dismiss"
    OVERTAKE = "overtake"


STATE_NAMES: Mapping[State, Text] = {
    State.OPEN: Text("待答复", "open"),
    State.ACCEPTED: Text("成立", "accepted"),
    State.DISMISSED: Text("不成立", "dismissed"),
    State.OVERTAKEN: Text("已随案件重新审核", "overtaken by a new review"),
}

ACT_NAMES: Mapping[Act, Text] = {
    Act.RAISE: Text("提出异议", "raised"),
    Act.ACCEPT: Text("认定异议成立", "accepted"),
    Act.DISMISS: Text("驳回异议", "dismissed"),
    Act.OVERTAKE: Text("随案件重新审核", "overtaken"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One arrow of the life cycle; ``origins`` is empty for the act that begins it."""

    origins: frozenset[State]
    target: State
    who: Who
    reason_needed: bool = False


_OPEN = frozenset({State.OPEN})

STEPS: Mapping[Act, Step] = {
    Act.RAISE: Step(frozenset(), State.OPEN, Who.ANYBODY),
    Act.ACCEPT: Step(_OPEN, State.ACCEPTED, Who.REVIEWER, reason_needed=True),
    Act.DISMISS: Step(_OPEN, State.DISMISSED, Who.REVIEWER, reason_needed=True),
    Act.OVERTAKE: Step(_OPEN, State.OVERTAKEN, Who.BANK),
}
"""The whole life cycle; drawn in the reference documentation."""


def decide(
    *, act: Act, state: State, learner: UUID, actor: UUID | None, involved: frozenset[UUID] = frozenset(),
    answer: str = "",
) -> State | Refusal:  # fmt: skip
    """The state an act leads to, or why not; ``involved`` decided the case or raised the objection."""
    step = STEPS[act]
    if state not in step.origins:
        return Refusal.because("objection.wrong_state", state=STATE_NAMES[state], act=ACT_NAMES[act])
    if step.who is Who.REVIEWER:
        if actor == learner:
            return Refusal.because("objection.own_case")
        if actor in involved:
            return Refusal.because("objection.involved")
    if step.reason_needed and not 0 < len(answer.strip()) <= MOST_ANSWER:
        return Refusal.because("objection.answer_needed")
    return step.target


def may_raise(*, said: str, signed_in: bool, name: str, contact: str) -> Refusal | None:
    """Why an objection is not taken, or nothing."""
    letters = len(said.strip())
    if letters < LEAST_SAID:
        return Refusal.because("objection.said_needed", least=LEAST_SAID)
    if letters > MOST_SAID:
        return Refusal.because("objection.said_too_long", most=MOST_SAID, letters=letters)
    given = 0 < len(name.strip()) <= MOST_NAME and 0 < len(contact.strip()) <= MOST_CONTACT
    if not signed_in and not given:
        return Refusal.because("objection.contact_needed")
    return None


def goes_on_until(*, final_on: date, stopped_on: date, on: date) -> date:
    """The day on which public notice ends that stood still: the days that were left are still owed."""
    return on + max(final_on - stopped_on, timedelta(0))
