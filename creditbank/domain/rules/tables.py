"""Decision tables as boxes: whether conditions can meet, and which rows of a table overlap."""

from __future__ import annotations

from dataclasses import dataclass

from creditbank.domain.rules.model import Accept, Condition, Hit, Interval, OneOf, Row, Table


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two rows of a ``unique`` table that some outcome would fit both of."""

    table: str
    first: str
    second: str


def overlaps(table: Table) -> tuple[Overlap, ...]:
    """Every pair of rows of a ``unique`` table whose boxes meet; quadratic in the rows."""
    if table.hit is not Hit.UNIQUE:
        return ()
    found = []
    rows = table.rows
    for index, row in enumerate(rows):
        found += [Overlap(table.code, row.id, other.id) for other in rows[index + 1 :] if rows_meet(row, other)]
    return tuple(found)


def rows_meet(row: Row, other: Row) -> bool:
    """Whether one outcome could fit both rows."""
    return conditions_meet(row.when, other.when)


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
