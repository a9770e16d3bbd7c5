"""A programme as plain values: requirements, what each accepts, its minima and its limits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from creditbank.domain.values import Hundredths, Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from decimal import Decimal

    from creditbank.domain.programmes.plan import Plan


NO_CREDIT = Hundredths(0)
NO_TEXT = Text("")
COURSE_CREDITS = Hundredths(300)
"""What one missing course weighs where a programme does not say otherwise."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which credit is accepted: every stated condition must hold; an empty one accepts everything.

    Values inside one condition are alternatives (``fields`` of two fields accepts either). ``besides`` holds
    exceptions: credit that any of them accepts is not accepted here.
    """

    fields: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    levels: frozenset[int] = frozenset()
    level_at_least: int | None = None
    codes: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    grade_at_least: Decimal | None = None
    earned_from: date | None = None
    earned_until: date | None = None
    besides: tuple[Filter, ...] = ()


ANYTHING = Filter()
"""The filter that accepts every credit."""


class Kind(StrEnum):
    """The kinds of requirement; the last two are the leaves that credit is counted in."""

    ALL = "all"
    ANY = "any"
    N_OF = "n_of"
    CREDITS_FROM = "credits_from"
    COURSES_FROM = "courses_from"


LEAVES = frozenset({Kind.CREDITS_FROM, Kind.COURSES_FROM})
"""The kinds that count credit themselves."""


@dataclass(frozen=True, slots=True)
class Part:
    """A condition on what a requirement counts: of which at least, or at most, so much is of a kind.

    Amounts are hundredths. A part never takes credit for itself: it looks at what is counted underneath its
    requirement, so the same credit may serve several parts.
    """

    id: str
    title: Text
    accepts: Filter
    minimum: Hundredths | None = None
    maximum: Hundredths | None = None


@dataclass(frozen=True, slots=True)
class Requirement:
    """One node of the tree.

    ``minimum`` is credit in hundredths (``credits_from``), ``n`` a number of courses (``courses_from``) or of
    children (``n_of``). ``shared`` (only on ``all``, from the top down) lets each child look at all the
    credit: what one child counts, the others may count again.
    """

    id: str
    title: Text
    kind: Kind
    accepts: Filter = ANYTHING
    minimum: Hundredths = NO_CREDIT
    n: int = 0
    parts: tuple[Part, ...] = ()
    children: tuple[Requirement, ...] = ()
    shared: bool = False

    def walk(self) -> Iterator[Requirement]:
        """This requirement and all underneath, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()

    def leaves(self) -> Iterator[Requirement]:
        """The requirements underneath that count credit, in reading order."""
        return (node for node in self.walk() if node.kind in LEAVES)


@dataclass(frozen=True, slots=True)
class Programme:
    """What one award asks for.

    ``course_credits`` (hundredths) is what one missing course weighs when shortages of credits and of courses
    are compared. ``repeats`` tells whether two credits with the same code may both count. ``plan`` is what is
    taught when; an audit looks at the requirement alone.
    """

    code: str
    title: Text
    requirement: Requirement
    note: Text = NO_TEXT
    course_credits: Hundredths = COURSE_CREDITS
    repeats: bool = False
    plan: Plan | None = None
