"""The values of an audit: credits, allocations, the problem that is searched and its proof."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from creditbank.domain.values import Hundredths


@dataclass(frozen=True, slots=True)
class Credit:
    """One lot of credit as an audit sees it; it counts whole or not at all.

    ``code`` is the course or outcome code (empty where there is none), ``source`` the awarding body or kind
    of source, ``expires_on`` the last day on which it may still be used.
    """

    id: str
    hundredths: Hundredths
    category: str = ""
    level: int | None = None
    field: str = ""
    code: str = ""
    source: str = ""
    grade: Decimal | None = None
    earned_on: date | None = None
    expires_on: date | None = None


Allocation = frozenset[tuple[str, str]]
"""Pairs of credit id and requirement id: what is counted where."""

NOTHING: Allocation = frozenset()


@dataclass(frozen=True, slots=True, order=True)
class Option:
    """One place a lot may count: what it gives to which needs and takes from which limits.

    ``leaf`` is the index of the requirement among the leaves, ``gives`` and ``takes`` pairs of index and
    amount.
    """

    leaf: int
    gives: tuple[tuple[int, int], ...]
    takes: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Goal:
    """What has to be reached: all of ``needs``, and of the ``goals`` underneath the ``n`` that come nearest.

    ``additive`` says that everything underneath is mandatory, so that the shortage is a plain sum;
    ``mandatory`` holds the needs that no choice can avoid.
    """

    n: int
    needs: tuple[int, ...]
    goals: tuple[Goal, ...] = ()
    additive: bool = field(init=False)
    mandatory: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        every = self.n == len(self.goals)
        object.__setattr__(self, "additive", every and all(goal.additive for goal in self.goals))
        below = [goal.mandatory for goal in self.goals] if every else []
        object.__setattr__(self, "mandatory", frozenset(self.needs).union(*below))

    def shortage(self, left: Sequence[int]) -> int:
        """The least total that is still missing when ``left[i]`` is missing from need ``i``."""
        if self.additive:
            return sum(left[need] for need in self.mandatory)
        total = sum(left[need] for need in self.needs)
        below = [goal.shortage(left) for goal in self.goals]
        if self.n < len(below):
            below.sort()
            del below[self.n :]
        return total + sum(below)


@dataclass(frozen=True, slots=True)
class Problem:
    """An allocation problem as plain numbers: each lot takes one of its options or none.

    ``needs`` and ``limits`` are amounts (hundredths; a course weighs what the programme says). The answer
    sought is the least ``goal.shortage``, with no limit exceeded.
    """

    needs: tuple[int, ...]
    limits: tuple[int, ...]
    lots: tuple[tuple[Option, ...], ...]
    goal: Goal


@dataclass(frozen=True, slots=True)
class Solution:
    """What a solver found: per lot the index of the option taken or None, and its word on optimality.

    ``bound`` is the least shortage the solver has not excluded; ``optimal`` says that it equals ``shortage``.
    """

    status: str
    optimal: bool
    shortage: int
    bound: int
    chosen: tuple[int | None, ...]


Solve = Callable[[Problem], Solution]
"""A solver for what the search leaves open; ``gateways/solver.py`` has one."""


class Proof(StrEnum):
    """How it is known that no allocation does better."""

    BOUND = "bound"
    SEARCH = "search"
    SOLVER = "solver"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Cut:
    """A set of needs for which even everything that could count is too little.

    ``needs`` are indexes, ``needed`` what they ask for together, ``available`` the most that could ever be
    counted in them, ``limits`` the limits that make it so small.
    """

    needs: tuple[int, ...]
    needed: int
    available: int
    limits: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The outcome of a search: the best allocation known, and why none is better.

    ``bound`` equals ``shortage`` unless the proof is OPEN; ``states`` counts the states the search looked
    at and ``status`` is the solver's word where it was asked. ``cuts`` explain the bound where it alone is
    the proof.
    """

    chosen: tuple[int | None, ...]
    shortage: int
    bound: int
    proof: Proof
    states: int = 0
    status: str = ""
    cuts: tuple[Cut, ...] = ()
