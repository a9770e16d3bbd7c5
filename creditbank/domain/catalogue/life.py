"""The life of a version of a catalogue item: states, acts, who may do them, and why not."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from creditbank.domain.explanation import Refusal
from creditbank.domain.values import Text

MESSAGES: dict[str, str] = {
    "catalogue.not_from": "This version is {state}; that cannot be done with it now. Nothing was changed.",
    "catalogue.own_version": "Somebody else approves it: you wrote or submitted what it says. Nothing was changed.",
    "catalogue.reason_needed": "Say why; it is kept with the history. Nothing was changed.",
    "catalogue.still_public": "It is published for objections until {until}. It can enter into force from {next} on.",
    "catalogue.objections_open": "{count} objections are not answered yet. Answer each one, or send the version back.",
    "catalogue.no_objection_open": "There is no objection to answer. Nothing was changed.",
    "catalogue.not_found": "There is no such version. Nothing was changed.",
    "catalogue.nothing_new": "This is what the last version says already. Change the item first.",
    "catalogue.under_way": "Version {number} is on its way already. Bring it into force or send it back first.",
}
"""Why an act is refused."""


class State(StrEnum):
    """Where a version stands; ``draft`` is what was typed and is no version yet."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    PUBLICITY = "publicity"
    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class Act(StrEnum):
    """What happens to a version."""

    SUBMIT = "submit"
    RETURN = "return"
    APPROVE = "approve"
    OBJECT = "object"
    ANSWER = "answer"
    ENACT = "enact"
    SUPERSEDE = "supersede"
    WITHDRAW = "withdraw"


class Who(StrEnum):
    """Who may do an act."""

    OFFICE = "office"
    ANOTHER = "another"
    """Somebody of the office who neither wrote nor submitted what the version says."""
    BANK = "bank"
    """The bank itself, as what another act brings with it."""


NAMES = {
    State.DRAFT: Text("草稿", "a draft"),
    State.SUBMITTED: Text("已提交", "submitted"),
    State.RETURNED: Text("已退回", "sent back"),
    State.PUBLICITY: Text("公示中", "published for objections"),
    State.IN_FORCE: Text("已生效", "in force"),
    State.SUPERSEDED: Text("已被新版本取代", "superseded"),
    State.WITHDRAWN: Text("已停用", "withdrawn from use"),
}
"""What a state is called in a sentence."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One line of the table: from which state an act leads where, who may do it, whether it needs words."""

    act: Act
    origin: State
    target: State
    who: Who
    words: bool = False


TRANSITIONS: tuple[Transition, ...] = (
    Transition(Act.SUBMIT, State.DRAFT, State.SUBMITTED, Who.OFFICE),
    Transition(Act.RETURN, State.SUBMITTED, State.RETURNED, Who.OFFICE, words=True),
    Transition(Act.APPROVE, State.SUBMITTED, State.PUBLICITY, Who.ANOTHER),
    Transition(Act.OBJECT, State.PUBLICITY, State.PUBLICITY, Who.OFFICE, words=True),
    Transition(Act.ANSWER, State.PUBLICITY, State.PUBLICITY, Who.OFFICE, words=True),
    Transition(Act.RETURN, State.PUBLICITY, State.RETURNED, Who.OFFICE, words=True),
    Transition(Act.ENACT, State.PUBLICITY, State.IN_FORCE, Who.OFFICE),
    Transition(Act.SUPERSEDE, State.IN_FORCE, State.SUPERSEDED, Who.BANK),
    Transition(Act.WITHDRAW, State.IN_FORCE, State.WITHDRAWN, Who.OFFICE, words=True),
)
"""Every way a version can go; there is no other."""

OPEN = frozenset({State.SUBMITTED, State.PUBLICITY})
"""States of a version that is on its way: of an item there is at most one."""

PUBLIC = frozenset({State.PUBLICITY, State.IN_FORCE})
"""States in which everybody reads a version."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a version decides: its state, who wrote and submitted it, its publicity and its objections."""

    state: State
    authors: frozenset[UUID] = frozenset()
    public_until: date | None = None
    objections: int = 0
    """How many are not answered."""


def transition_of(act: Act, state: State) -> Transition | None:
    """The line of the table for an act in a state."""
    return next((line for line in TRANSITIONS if line.act is act and line.origin is state), None)


def acts_in(standing: Standing, actor: UUID) -> tuple[Act, ...]:
    """What somebody of the office could do with a version now, in the order of the table."""
    return tuple(
        line.act
        for line in TRANSITIONS
        if line.origin is standing.state
        and line.who is not Who.BANK
        and not (line.who is Who.ANOTHER and actor in standing.authors)
        and not (line.act is Act.ANSWER and not standing.objections)
    )


def decide(act: Act, standing: Standing, *, actor: UUID | None, on: date, words: str = "") -> State | Refusal:
    """Where an act leads, or why it does not happen.

    Args:
        act: what is to happen.
        standing: the version as it is.
        actor: who wants it; none where the bank itself acts.
        on: the day at the institution.
        words: the reason, objection or answer.
    """
    line = transition_of(act, standing.state)
    if line is None or (line.who is Who.BANK) != (actor is None):
        return Refusal.because("catalogue.not_from", state=NAMES[standing.state])
    if line.who is Who.ANOTHER and actor in standing.authors:
        return Refusal.because("catalogue.own_version")
    if line.words and not words.strip():
        return Refusal.because("catalogue.reason_needed")
    if act is Act.ANSWER and not standing.objections:
        return Refusal.because("catalogue.no_objection_open")
    if act is Act.ENACT:
        until = standing.public_until
        if until is not None and on <= until:
            after = (until + timedelta(days=1)).isoformat()
            return Refusal.because("catalogue.still_public", until=until.isoformat(), next=after)
        if standing.objections:
            return Refusal.because("catalogue.objections_open", count=standing.objections)
    return line.target


def public_until(on: date, days: int) -> date | None:
    """The last day of a publicity that begins on a day; nothing where an institution has none."""
    return on + timedelta(days=days) if days > 0 else None


def open_objections(acts: Collection[Act]) -> int:
    """How many objections of a version's acts are not answered: each answer answers one."""
    return max(0, sum(act is Act.OBJECT for act in acts) - sum(act is Act.ANSWER for act in acts))
