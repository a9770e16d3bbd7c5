"""A panel that hears an appeal: who may sit, how it votes, and what its votes come to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from creditbank.domain.appeals.life import Act
from creditbank.domain.explanation import Refusal
from creditbank.domain.values import Amount, Hundredths

MESSAGES = {
    "appeal.panel_size": "A panel here has {size} members, and one more than half decide. These are {count}. Nothing"
    " was changed.",
    "appeal.panel_sizes": "A panel has an odd number of members, three at least, or one deputy decides alone: 1, 3, 5,"
    " 7 or 9, not {size}. Nothing was changed.",
    "appeal.panel_twice": "A member sits once on a panel. Nothing was changed.",
    "appeal.panel_unfit": "{name} took part in the decision, raised it or is the learner, so cannot sit on the panel."
    " Nothing was changed.",
    "appeal.panel_stranger": "Somebody named is not of this office. Nothing was changed.",
    "appeal.no_member": "You do not sit on this panel. Nothing was changed.",
    "appeal.voted_before": "You voted before; a vote stands. Nothing was changed.",
    "appeal.stepped_aside": "You stepped aside from this panel. Nothing was changed.",
    "appeal.vote_reason_needed": "Say in a sentence why: the reasons of the majority stand in the letter. Nothing was"
    " changed.",
    "appeal.vote_out_of_range": "Between {least} and {most} credits can be voted for. Nothing was changed.",
}

SIZES = (1, 3, 5, 7, 9)
SIZE = 3
"""Members of a panel where the institution says nothing else; one is a deputy who decides alone."""
MOST_REASON = 1000


@dataclass(frozen=True, slots=True)
class Vote:
    """How one member voted: hundredths to grant, what stands already for no more; category and grade with it."""

    person: UUID
    credit: Hundredths
    reason: str
    category: str = ""
    grade: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a panel decided, with the reasons of those who carried it."""

    act: Act
    credit: Hundredths
    category: str
    grade: str
    reasons: tuple[str, ...]


def read_size(size: int) -> int | Refusal:
    """How many members a panel of an institution has, or why not so many."""
    return size if size in SIZES else Refusal.because("appeal.panel_sizes", size=size)


def check_panel(
    *,
    people: Sequence[UUID],
    size: int,
    office: Collection[UUID],
    involved: Collection[UUID],
    learner: UUID,
    names: dict[UUID, str],
) -> Refusal | None:
    """Why these people cannot be the panel, or nothing.

    Args:
        people: who is named.
        size: how many members a panel of the institution has.
        office: everybody who works at the office.
        involved: whoever took part in the decision, in the objection or is related.
        learner: whose appeal it is.
        names: of people, for the refusal.
    """
    if len(people) != size:
        return Refusal.because("appeal.panel_size", size=size, count=len(people))
    if len(set(people)) != len(people):
        return Refusal.because("appeal.panel_twice")
    for person in people:
        if person == learner or person in involved:
            return Refusal.because("appeal.panel_unfit", name=names.get(person, "—"))
        if person not in office:
            return Refusal.because("appeal.panel_stranger")
    return None


def check_vote(*, credit: int, before: int, most: int, reason: str) -> Refusal | None:
    """Why a vote does not count, or nothing; a panel never takes away what was granted."""
    if not before <= credit <= most:
        return Refusal.because("appeal.vote_out_of_range", least=Amount(before), most=Amount(most))
    if not 0 < len(reason.strip()) <= MOST_REASON:
        return Refusal.because("appeal.vote_reason_needed")
    return None


def settle(votes: Sequence[Vote], *, before: Hundredths, asked: Hundredths) -> Outcome:
    """What all votes of a panel come to: the greatest amount that more than half of it would grant at least.

    Args:
        votes: one of each member, an odd number.
        before: what stands without the appeal, in hundredths.
        asked: what the learner asks for.

    Raises:
        ValueError: the number of votes is even.
    """
    if len(votes) % 2 == 0:
        raise ValueError(f"a panel has an odd number of votes, not {len(votes)}")
    middle = sorted(votes, key=lambda vote: vote.credit)[len(votes) // 2]
    credit = middle.credit
    if credit <= before:
        act, carried = Act.UPHOLD, [vote for vote in votes if vote.credit <= before]
    else:
        act = Act.GRANT if credit >= asked else Act.AMEND
        carried = [vote for vote in votes if vote.credit >= credit]
    chosen = next(vote for vote in votes if vote.credit == credit)
    return Outcome(act, credit, chosen.category, chosen.grade, tuple(vote.reason.strip() for vote in carried))
