"""Conditions as boxes: whether two of them can meet."""

from __future__ import annotations

from creditbank.domain.rules.model import Accept, Condition, Interval, OneOf


def conditions_meet(one: Condition, other: Condition) -> bool:
    """Whether one outcome could fulfil both conditions; exact, as facts are independent."""
    cells = {test.fact: test.accept for test in one}
    return all(test.fact not in cells or _meet(cells[test.fact], test.accept) for test in other)


def _meet(one: Accept, other: Accept) -> bool:
    if isinstance(one, OneOf) and isinstance(other, OneOf):
        return not set(one.values).isdisjoint(other.values)
    if isinstance(one, Interval) and isinstance(other, Interval):
        return not (_before(one, other) or _before(other, one))
    return False


def _before(one: Interval, other: Interval) -> bool:
    """Whether one interval ends before the other begins."""
    if one.high is None or other.low is None:
        return False
    touching = one.high == other.low and (one.high_open or other.low_open)
    return touching or one.high < other.low  # type: ignore[operator]
