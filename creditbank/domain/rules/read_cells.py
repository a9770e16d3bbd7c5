"""Reads what facts are declared and what cells say of them; everything wrong is named with its path."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from creditbank.domain.rules.model import Accept, Cell, Choice, Condition, Fact, FactType, Interval, OneOf
from creditbank.domain.rules.places import Place, Problem, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_FACTS = 64

NUMERIC = (FactType.INTEGER, FactType.NUMBER)
_LISTED = (FactType.ENUM, FactType.BOOLEAN)


def no_doubles(place: Place, names: list[str]) -> None:
    """Refuse a list in which a name stands twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            place.fail(f"{name} is used twice")
        seen.add(name)


def read_choice(place: Place) -> Choice:
    """A code with what people call it: ``{code, zh, en}``."""
    place.object(("code", "zh", "en"))
    return Choice(place.named("code").code(), Place({k: place.value[k] for k in ("zh", "en")}, place.path).both())


def read_facts(place: Place) -> tuple[Fact, ...]:
    """The declared facts; each may be asked depending on facts declared before it."""
    before: dict[str, Fact] = {}

    def read(item: Place) -> Fact:
        fact = _fact(item, before)
        if fact.name in before:
            item.named("name").fail(f"the fact {fact.name} is declared twice")
        before[fact.name] = fact
        return fact

    facts = place.each(read, MOST_FACTS)
    if not facts:
        place.fail("a rule set needs at least one fact")
    return facts


def _fact(place: Place, before: Mapping[str, Fact]) -> Fact:
    place.object(("name", "type", "label"), ("values", "ordered", "optional", "when", "range", "help"))
    kind = FactType(place.named("type").one_of(tuple(FactType)))
    choices = place.named("values").each(read_choice)
    if (kind is FactType.ENUM) != bool(choices):
        place.fail("an enum, and only an enum, lists its values")
    no_doubles(place.named("values"), [choice.code for choice in choices])
    ordered = place.named("ordered").flag()
    if ordered and kind is not FactType.ENUM:
        place.named("ordered").fail("only an enum can be ordered; numbers and dates are so by themselves")
    fact = Fact(
        name=place.named("name").name(),
        type=kind,
        label=place.named("label").both(),
        choices=choices,
        ordered=ordered,
        optional=place.named("optional").flag(),
        when=Cells(before).condition(place.named("when")),
        help=place.named("help").both() if place.given("help") else None,
    )
    for test in fact.when:
        if before[test.fact].type not in _LISTED:
            place.named("when").fail("whether a fact is asked can depend on enum and boolean facts only")
    if not place.given("range"):
        return fact
    if kind not in (*NUMERIC, FactType.DATE):
        place.named("range").fail("only numbers and dates have a range")
    return replace(fact, range=_interval(place.named("range"), fact))


def _interval(place: Place, fact: Fact) -> Interval:
    """``{from, above, to, below}`` or a single value; ``above`` and ``below`` leave the end out."""

    def end(at: Place) -> Decimal | date:
        if fact.type is FactType.DATE:
            return at.day()
        number = at.number()
        if fact.type is FactType.INTEGER and number != int(number):
            at.fail(f"{fact.name} is a whole number, and so are the ends of its intervals")
        return number

    if not isinstance(place.value, dict):
        alone = end(place)
        return Interval(alone, alone)
    place.object((), ("from", "above", "to", "below"))
    if place.given("from") and place.given("above"):
        place.fail("`from` and `above` exclude each other")
    if place.given("to") and place.given("below"):
        place.fail("`to` and `below` exclude each other")
    if not place.value:
        place.fail('an interval needs an end; for no restriction write "any"')
    ends = {name: end(at) for name, at in place.names()}
    open_ends = {name for name in ("above", "below") if name in ends}
    if fact.type is not FactType.NUMBER:
        # Whole numbers and days have neighbours, so an open end is the next closed one and equal content
        # keeps an equal hash.
        ends |= {name: _next(place, ends[name], 1 if name == "above" else -1) for name in open_ends}
        open_ends = set()
    low, high = ends.get("from", ends.get("above")), ends.get("to", ends.get("below"))
    interval = Interval(low, high, "above" in open_ends, "below" in open_ends)
    if interval.low is not None and interval.high is not None:
        open_end = interval.low_open or interval.high_open
        if interval.low > interval.high or (interval.low == interval.high and open_end):  # type: ignore[operator]
            place.fail("this interval is empty")
    return interval


def _next(place: Place, end: Decimal | date, step: int) -> Decimal | date:
    try:
        return end + timedelta(days=step) if isinstance(end, date) else end + step
    except OverflowError:
        place.fail("this interval is empty")


@dataclass(frozen=True, slots=True)
class Cells:
    """Reads conditions over declared facts."""

    facts: Mapping[str, Fact]

    def fact(self, place: Place, types: tuple[FactType, ...] = tuple(FactType)) -> Fact:
        """A fact by its name, of one of the types wanted."""
        found = self.facts.get(place.value) if isinstance(place.value, str) else None
        if found is None:
            place.fail(f"no such fact is declared before this; declared are {', '.join(self.facts) or 'none'}")
        if found.type not in types:
            place.fail(f"a fact of type {' or '.join(types)} is needed here, {found.name} is {found.type}")
        return found

    def condition(self, place: Place, columns: tuple[str, ...] | None = None) -> Condition:
        """Cells by fact, in the order the facts are declared; absent is no restriction."""
        if place.value is None:
            return ()
        tests: dict[str, Cell] = {}
        problems: list[Problem] = []
        for name, cell in place.names():
            try:
                fact = self.fact(Place(name, cell.path))
                if columns is not None and name not in columns:
                    cell.fail(f"{name} is not a column of this table; its columns are {', '.join(columns)}")
                accept = self.cell(cell, fact)
            except UnreadableError as unreadable:
                problems.extend(unreadable.problems)
            else:
                if accept is not None:
                    tests[name] = Cell(name, accept)
        if problems:
            raise UnreadableError(tuple(problems))
        return tuple(tests[name] for name in self.facts if name in tests)

    def cell(self, place: Place, fact: Fact) -> Accept | None:
        """What a cell accepts; ``any`` is no restriction."""
        if place.value is None or place.value == "any":
            return None
        if fact.type is FactType.BOOLEAN:
            return OneOf((place.flag(),))
        if fact.type in (*NUMERIC, FactType.DATE):
            return _interval(place, fact)
        if fact.type is FactType.TEXT:
            place.fail(f"{fact.name} is free text and cannot decide; use a fact of type code")
        if fact.type is FactType.CODE:
            return OneOf(tuple(sorted(set(self._listed(place)))))
        scale = [choice.code for choice in fact.choices]
        if isinstance(place.value, dict):
            return self._stretch(place, fact, scale)
        wanted = self._listed(place)
        for code in wanted:
            if code not in scale:
                place.fail(f"{code} is none of the values of {fact.name}: {', '.join(scale)}")
        return OneOf(tuple(code for code in scale if code in wanted))

    @staticmethod
    def _listed(place: Place) -> list[str]:
        if isinstance(place.value, list):
            codes = [item.code() for item in place.items()]
            if not codes:
                place.fail('this list is empty; for no restriction write "any"')
            return codes
        return [place.code()]

    @staticmethod
    def _stretch(place: Place, fact: Fact, scale: list[str]) -> OneOf:
        """A stretch of an ordered scale: ``{from: provincial}``; both ends belong to it."""
        if not fact.ordered:
            place.fail(f"{fact.name} is not ordered, so its values are listed one by one")
        place.object((), ("from", "to"))
        low = scale.index(place.named("from").one_of(tuple(scale))) if place.given("from") else 0
        high = scale.index(place.named("to").one_of(tuple(scale))) if place.given("to") else len(scale) - 1
        if low > high:
            place.fail("this stretch is empty: `from` lies above `to`")
        return OneOf(tuple(scale[low : high + 1]))
