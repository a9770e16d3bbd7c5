"""Outcomes that rules cannot tell apart: numbers and days by the stretch between two ends of cells."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from creditbank.domain.rules.model import Condition, Fact, FactType, Interval, RuleSet, Value

_Cut = tuple[Decimal | date, int]
"""An end with its side: 0 lies before its own value, 1 after it."""


def stretches(rules: RuleSet, conditions: Iterable[Condition], counted: set[str]) -> dict[str, Callable[[Any], Any]]:
    """For each number and day that only cells look at, which stretch a value lies in.

    ``counted`` are facts whose very value matters, because an amount is reckoned from it.
    """
    ends: dict[str, set[_Cut]] = {}
    for condition in conditions:
        for cell in condition:
            if isinstance(cell.accept, Interval):
                found = ends.setdefault(cell.fact, set())
                if cell.accept.low is not None:
                    found.add((cell.accept.low, int(cell.accept.low_open)))
                if cell.accept.high is not None:
                    found.add((cell.accept.high, int(not cell.accept.high_open)))
    measured = (FactType.INTEGER, FactType.NUMBER, FactType.DATE)
    return {
        fact.name: _classifier(sorted(ends.get(fact.name, ())), fact)
        for fact in rules.facts
        if fact.type in measured and fact.name not in counted
    }


def _classifier(cuts: list[_Cut], fact: Fact) -> Callable[[Any], Any]:
    """The number of the stretch a value lies in; no value is a stretch of its own."""
    if fact.type is FactType.INTEGER:
        # Whole numbers have neighbours, so each cut is the first number behind it.
        whole = [int(end) + side if isinstance(end, Decimal) and end == int(end) else _above(end) for end, side in cuts]

        def of_whole(value: int | None) -> int | None:
            return None if value is None else bisect_right(whole, value)

        return of_whole

    def of_any(value: Value | None) -> int | None:
        # A value lies behind a cut before itself and in front of a cut after itself.
        return None if value is None else bisect_right(cuts, (value, 0))

    return of_any


def _above(end: Decimal | date) -> int:
    assert isinstance(end, Decimal)
    return int(end.to_integral_value(rounding="ROUND_CEILING"))
