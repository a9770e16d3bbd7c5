"""One fact's values, cut into the stretches that no condition of a rule set tells apart."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby, pairwise

from creditbank.domain.rules.model import Accept, Fact, FactType, Interval, OneOf, Value

_Cut = tuple[Decimal | date, int]
"""A place between values: before a value (0) or just after it (1)."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Values that no condition tells apart.

    ``value`` stands for all of them, ``None`` for no answer. ``accept`` is the cell that accepts exactly these;
    ``None`` where no cell does: no answer, and all codes that no condition names.
    """

    value: Value | None
    accept: Accept | None


class Axis:
    """All stretches of one fact; a set of them is a number whose bits are their places.

    ``given`` is the set of all answers, ``absent`` that of no answer (0 where the fact is always answered).
    """

    __slots__ = ("_ceiling", "_cuts", "_floor", "_places", "absent", "fact", "given", "stretches")

    def __init__(self, fact: Fact, accepts: Iterable[Accept]) -> None:
        """Cut a fact's values by the cells that conditions on it have."""
        self.fact = fact
        self._places: dict[Value, int] = {}
        self._cuts: list[_Cut] = []
        self._floor, self._ceiling = self._ends(fact.range) if fact.range else (None, None)
        given = self._stretched(accepts) if _is_measured(fact) else self._listed(accepts)
        self.given = (1 << len(given)) - 1
        self.absent = 1 << len(given) if fact.optional or fact.when else 0
        self.stretches: tuple[Stretch, ...] = (*given, Stretch(None, None)) if self.absent else given

    def mask(self, accept: Accept) -> int:
        """The stretches that a cell accepts; the cell must be one of those the axis was made with."""
        if isinstance(accept, OneOf):
            return sum(1 << self._places[value] for value in accept.values)
        low, high = self._ends(accept)
        first, last = 0, len(self._cuts) + 1
        if low is not None and (self._floor is None or low > self._floor):
            first = bisect_left(self._cuts, low) + 1
        if high is not None and (self._ceiling is None or high < self._ceiling):
            last = 0 if self._floor is not None and high <= self._floor else bisect_left(self._cuts, high) + 1
        return (1 << last) - (1 << first) if last > first else 0

    def cells(self, mask: int) -> tuple[Accept, ...] | None:
        """Cells that together accept exactly these stretches; ``None`` where no cells do.

        One cell lists values of an enum or codes; numbers and dates need one for each run of neighbours.
        """
        places = [place for place in range(len(self.stretches)) if mask >> place & 1]
        accepts = [accept for place in places if (accept := self.stretches[place].accept) is not None]
        if len(accepts) < len(places):
            return None
        if not _is_measured(self.fact):
            return (OneOf(tuple(value for accept in accepts if isinstance(accept, OneOf) for value in accept.values)),)
        runs = groupby(enumerate(places), lambda pair: pair[1] - pair[0])
        return tuple(self._joined([place for _, place in run]) for _, run in runs)

    def _listed(self, accepts: Iterable[Accept]) -> tuple[Stretch, ...]:
        values: Sequence[str | bool]
        if self.fact.type is FactType.ENUM:
            values = [choice.code for choice in self.fact.choices]
        elif self.fact.type is FactType.BOOLEAN:
            values = [True, False]
        else:
            values = sorted({str(value) for accept in accepts if isinstance(accept, OneOf) for value in accept.values})
        self._places = {value: place for place, value in enumerate(values)}
        listed = tuple(Stretch(value, OneOf((value,))) for value in values)
        if self.fact.type in (FactType.ENUM, FactType.BOOLEAN):
            return listed
        return (*listed, Stretch(_another({str(value) for value in values}), None))

    def _stretched(self, accepts: Iterable[Accept]) -> tuple[Stretch, ...]:
        cuts = {end for accept in accepts if isinstance(accept, Interval) for end in self._ends(accept) if end}
        floor, ceiling = self._floor, self._ceiling
        self._cuts = sorted(
            cut for cut in cuts if (floor is None or cut > floor) and (ceiling is None or cut < ceiling)
        )
        return tuple(self._between(low, high) for low, high in pairwise((floor, *self._cuts, ceiling)))

    def _ends(self, interval: Interval) -> tuple[_Cut | None, _Cut | None]:
        """The cuts where an interval begins and ends; days and whole numbers have neighbours, so one form is enough."""
        low = None if interval.low is None else (interval.low, int(interval.low_open))
        if interval.high is None:
            return low, None
        if self.fact.type is FactType.NUMBER:
            return low, (interval.high, int(not interval.high_open))
        return low, ((_day_after(interval.high), 0) if isinstance(interval.high, date) else (interval.high + 1, 0))

    def _between(self, low: _Cut | None, high: _Cut | None) -> Stretch:
        if self.fact.type is FactType.NUMBER:
            interval = Interval(
                low[0] if low else None,
                high[0] if high else None,
                bool(low and low[1]),
                bool(high and not high[1]),
            )
        else:
            interval = Interval(low[0] if low else None, _before(high[0]) if high else None)
        return Stretch(self._inside(interval), interval)

    def _inside(self, interval: Interval) -> Value:
        """A value in the middle of nowhere in particular, but inside; the ends themselves where they belong to it."""
        low, high = interval.low, interval.high
        if isinstance(low, date) or isinstance(high, date) or self.fact.type is FactType.DATE:
            found = low if low is not None else high if high is not None else date(2000, 1, 1)
            assert isinstance(found, date)
            return found
        value: Decimal
        if low is not None and not interval.low_open:
            value = low
        elif high is not None and not interval.high_open:
            value = high
        elif low is not None and high is not None:
            value = (low + high) / 2
        elif low is not None:
            value = low + 1
        else:
            value = high - 1 if high is not None else Decimal(0)
        return int(value) if self.fact.type is FactType.INTEGER else value

    def _joined(self, places: list[int]) -> Interval:
        first, last = self.stretches[places[0]].accept, self.stretches[places[-1]].accept
        assert isinstance(first, Interval)
        assert isinstance(last, Interval)
        return Interval(first.low, last.high, first.low_open, last.high_open)


def _is_measured(fact: Fact) -> bool:
    return fact.type in (FactType.INTEGER, FactType.NUMBER, FactType.DATE)


def _another(codes: set[str]) -> str:
    """A code that is none of these."""
    place = 0
    while (code := f"other-{place}" if place else "other") in codes:
        place += 1
    return code


def _day_after(day: date) -> date:
    return day if day == date.max else day + timedelta(days=1)


def _before(end: Decimal | date) -> Decimal | date:
    return end - timedelta(days=1) if isinstance(end, date) else end - 1
