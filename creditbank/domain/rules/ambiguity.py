"""Transfer agreements that answer one question differently, found by a sweep over each question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter


@dataclass(frozen=True, slots=True)
class Agreement:
    """What one row promises, all in whole numbers.

    ``question`` stands for sending institution, course and receiving institution; ``answer`` for what it becomes. It
    holds for grades from ``low`` to ``high`` in hundredths and days from ``since`` to ``until``, the ends belonging to
    them.
    """

    question: int
    low: int
    high: int
    since: int
    until: int
    answer: int


def ambiguous_pairs(agreements: Sequence[Agreement]) -> Iterator[tuple[int, int]]:
    """The places of all pairs that hold for one question, grade and day, and answer differently; the lesser first."""
    by_question: dict[int, list[int]] = {}
    for place, one in enumerate(agreements):
        by_question.setdefault(one.question, []).append(place)
    low_of = attrgetter("low")
    for places in by_question.values():
        open_now: list[int] = []
        for place in sorted(places, key=lambda at: low_of(agreements[at])):
            one = agreements[place]
            open_now = [other for other in open_now if agreements[other].high >= one.low]
            for other in open_now:
                if differs(one, agreements[other]):
                    yield min(place, other), max(place, other)
            open_now.append(place)


def differs(one: Agreement, other: Agreement) -> bool:
    """Whether two agreements about one question both hold on some day for some grade, and answer differently."""
    return (
        one.answer != other.answer
        and one.low <= other.high
        and other.low <= one.high
        and one.since <= other.until
        and other.since <= one.until
    )
