"""Reads a rule set from plain data; everything wrong is named with its path."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from creditbank.domain.rules.model import (
    Accept,
    Add,
    Cap,
    Cell,
    Choice,
    Choose,
    Condition,
    Expires,
    Fact,
    FactType,
    FromFact,
    Give,
    Hit,
    Interval,
    Lower,
    Multiply,
    OneOf,
    RoundAt,
    Rounding,
    Row,
    RuleSet,
    Ruling,
    Scope,
    Step,
    Table,
    Validity,
    Within,
)
from creditbank.domain.rules.places import Place, Problem, UnreadableError
from creditbank.domain.rules.tables import conditions_meet

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = "creditbank.rules/1"
KIND = "recognition"

MOST_FACTS = 64
MOST_TABLES = 64
MOST_ROWS = 10_000
MOST_STEPS = 100

_NUMERIC = (FactType.INTEGER, FactType.NUMBER)
_LISTED = (FactType.ENUM, FactType.BOOLEAN)
_STEP_KINDS = ("lower", "add", "multiply")


def read_rule_set(data: Mapping[str, Any]) -> RuleSet:
    """The rule set that plain data describe (the shape is ``creditbank schema rules``).

    Raises:
        UnreadableError: with every problem found, each with its path; unknown keys are refused.
    """
    place = Place(data).object(
        ("schema", "code", "kind", "name", "source", "unit", "rounding", "categories", "facts", "tables"),
        ("adjust", "choose", "cap", "validity"),
    )
    if place.named("schema").value != SCHEMA:
        place.named("schema").fail(f"expected {SCHEMA}")
    if place.named("kind").value != KIND:
        place.named("kind").fail(f"expected {KIND}; rules for conversion are kept apart and are not read here")
    categories = place.named("categories").each(_choice)
    _no_doubles(place.named("categories"), [category.code for category in categories])
    facts = _facts(place.named("facts"))
    reader = _Reader({fact.name: fact for fact in facts}, tuple(category.code for category in categories))
    problems: list[Problem] = []
    parts: dict[str, tuple[Any, ...]] = {}
    for name, read in (
        ("tables", reader.table),
        ("adjust", reader.step),
        ("choose", reader.choose),
        ("cap", reader.cap),
        ("validity", reader.validity),
    ):
        try:
            parts[name] = place.named(name).each(read, MOST_TABLES if name == "tables" else MOST_STEPS)
        except UnreadableError as unreadable:
            problems.extend(unreadable.problems)
    if problems:
        raise UnreadableError(tuple(problems))
    _whole(place, parts)
    return RuleSet(
        code=place.named("code").code(),
        kind=KIND,
        name=place.named("name").both(),
        source=place.named("source").both(),
        unit=place.named("unit").code(),
        rounding=_rounding(place.named("rounding")),
        categories=categories,
        facts=facts,
        tables=parts["tables"],
        adjust=parts["adjust"],
        choose=parts["choose"],
        cap=parts["cap"],
        validity=parts["validity"],
    )


def _whole(place: Place, parts: Mapping[str, tuple[Any, ...]]) -> None:
    """What concerns several parts at once: doubles, the order of steps, tables that exclude each other."""
    tables: tuple[Table, ...] = parts["tables"]
    if not tables:
        place.named("tables").fail("a rule set needs at least one table")
    _no_doubles(place.named("tables"), [table.code for table in tables])
    rows = [row.id for table in tables for row in table.rows]
    _no_doubles(place.named("tables"), rows)
    for name in ("adjust", "choose", "cap", "validity"):
        _no_doubles(place.named(name), [part.id for part in parts[name]])
    late = False
    for index, step in enumerate(parts["adjust"]):
        if isinstance(step, Lower) and late:
            place.named("adjust").items()[index].fail(
                "write the steps that lower a fact first: they act before the table is looked up"
            )
        late = late or not isinstance(step, Lower)
    for index, table in enumerate(tables):
        for other in tables[:index]:
            if conditions_meet(table.when, other.when):
                place.named("tables").items()[index].fail(
                    f"an outcome could belong to this table and to {other.code}; narrow one of their `when`"
                )


def _no_doubles(place: Place, names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            place.fail(f"{name} is used twice")
        seen.add(name)


def _choice(place: Place) -> Choice:
    place.object(("code", "zh", "en"))
    return Choice(place.named("code").code(), Place({k: place.value[k] for k in ("zh", "en")}, place.path).both())


def _rounding(place: Place) -> Rounding:
    place.object(("step", "mode", "place"))
    step = place.named("step").amount()
    if step <= 0:
        place.named("step").fail("a rounding step must be above zero")
    mode = place.named("mode").one_of(("down", "up", "half_up"))
    return Rounding(int(step), mode, RoundAt(place.named("place").one_of(("each", "end"))))


def _facts(place: Place) -> tuple[Fact, ...]:
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
    choices = place.named("values").each(_choice)
    if (kind is FactType.ENUM) != bool(choices):
        place.fail("an enum, and only an enum, lists its values")
    _no_doubles(place.named("values"), [choice.code for choice in choices])
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
        when=_Reader(before, ()).condition(place.named("when")),
        help=place.named("help").both() if place.given("help") else None,
    )
    for test in fact.when:
        if before[test.fact].type not in _LISTED:
            place.named("when").fail("whether a fact is asked can depend on enum and boolean facts only")
    if not place.given("range"):
        return fact
    if kind not in (*_NUMERIC, FactType.DATE):
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
class _Reader:
    """Reads the parts that mention facts and categories."""

    facts: Mapping[str, Fact]
    categories: tuple[str, ...]

    def fact(self, place: Place, types: tuple[FactType, ...] = tuple(FactType)) -> Fact:
        found = self.facts.get(place.value) if isinstance(place.value, str) else None
        if found is None:
            place.fail(f"no such fact is declared before this; declared are {', '.join(self.facts) or 'none'}")
        if found.type not in types:
            place.fail(f"a fact of type {' or '.join(types)} is needed here, {found.name} is {found.type}")
        return found

    def condition(self, place: Place, columns: tuple[str, ...] | None = None) -> Condition:
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
        if fact.type in (*_NUMERIC, FactType.DATE):
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

    def table(self, place: Place) -> Table:
        place.object(("code", "columns", "rows"), ("when", "hit", "on_gap"))
        columns = place.named("columns").each(lambda item: self.fact(item).name, MOST_FACTS)
        _no_doubles(place.named("columns"), list(columns))
        hit = place.named("hit").one_of(tuple(Hit)) if place.given("hit") else "unique"
        gap = place.named("on_gap").one_of(("manual", "refuse")) if place.given("on_gap") else "manual"
        rows = place.named("rows").each(lambda item: self.row(item, columns), MOST_ROWS)
        if not rows:
            place.named("rows").fail("a table needs at least one row")
        when = self.condition(place.named("when"))
        return Table(place.named("code").code(), columns, rows, when, Hit(hit), Ruling(gap))

    def row(self, place: Place, columns: tuple[str, ...]) -> Row:
        place.object(("id", "give", "clause"), ("when",))
        when = self.condition(place.named("when"), columns)
        give = self.give(place.named("give"))
        return Row(place.named("id").code(), when, give, place.named("clause").both())

    def give(self, place: Place) -> Give | Ruling:
        if isinstance(place.value, str):
            return Ruling(place.one_of(("refuse", "manual")))
        place.object(("credit", "category"), ("level", "field"))
        credit = place.named("credit")
        return Give(
            credit=self._declared_credit(credit) if isinstance(credit.value, dict) else credit.amount(),
            category=place.named("category").one_of(self.categories),
            level=self._code_or_fact(place.named("level")),
            field=self._code_or_fact(place.named("field")),
        )

    def _declared_credit(self, place: Place) -> FromFact:
        place.object(("fact",))
        fact = self.fact(place.named("fact"), _NUMERIC)
        low = fact.range.low if fact.range else None
        if not isinstance(low, Decimal) or low < 0 or fact.optional:
            place.fail(f"{fact.name} gives credit, so it must be required and have a range that begins at 0 or above")
        return FromFact(fact.name)

    def _code_or_fact(self, place: Place) -> str | FromFact | None:
        if place.value is None:
            return None
        if isinstance(place.value, dict):
            place.object(("fact",))
            allowed = (FactType.ENUM, FactType.CODE, *_NUMERIC)
            return FromFact(self.fact(place.named("fact"), allowed).name)
        return place.code()

    def step(self, place: Place) -> Step:
        place.object(("id", "clause"), ("when", *_STEP_KINDS))
        kinds = [kind for kind in _STEP_KINDS if place.given(kind)]
        if len(kinds) != 1:
            place.fail(f"a step does exactly one of {', '.join(_STEP_KINDS)}")
        name, clause = place.named("id").code(), place.named("clause").both()
        when, what = self.condition(place.named("when")), place.named(kinds[0])
        if kinds[0] == "multiply":
            return Multiply(name, when, what.factor(), clause)
        if kinds[0] == "lower":
            what.object(("fact", "steps", "below"))
            fact = self.fact(what.named("fact"), (FactType.ENUM,))
            if not fact.ordered:
                what.named("fact").fail(f"{fact.name} is not ordered, so it cannot be lowered")
            below = Ruling(what.named("below").one_of(("manual", "refuse")))
            return Lower(name, when, fact.name, what.named("steps").whole(1, 100), below, clause)
        if not isinstance(what.value, dict):
            return Add(name, when, what.amount(signed=True), None, 0, clause)
        what.object(("amount", "each", "above"))
        each = self.fact(what.named("each"), (FactType.INTEGER,)).name
        above = what.named("above").whole(0, 1_000_000)
        return Add(name, when, what.named("amount").amount(signed=True), each, above, clause)

    def choose(self, place: Place) -> Choose:
        place.object(("id", "family", "keep", "clause"), ("when",))
        place.named("keep").one_of(("highest",))
        family = place.named("family").each(lambda item: self.fact(item).name, MOST_FACTS)
        if not family:
            place.named("family").fail("a family is made of at least one fact")
        when = self.condition(place.named("when"))
        return Choose(place.named("id").code(), when, family, place.named("clause").both())

    def cap(self, place: Place) -> Cap:
        place.object(("id", "scope", "maximum", "clause"), ("category",))
        category = place.named("category").one_of(self.categories) if place.given("category") else None
        scope = Scope(place.named("scope").one_of(tuple(Scope)))
        maximum = place.named("maximum").amount()
        return Cap(place.named("id").code(), category, scope, maximum, place.named("clause").both())

    def validity(self, place: Place) -> Validity:
        place.object(("id", "fact", "clause"), ("when", "within", "otherwise", "expires"))
        if place.given("within") == place.given("expires"):
            place.fail("validity says exactly one of within, expires")
        name, clause = place.named("id").code(), place.named("clause").both()
        fact, when = (
            self.fact(place.named("fact"), (FactType.DATE,)).name,
            self.condition(place.named("when")),
        )
        if place.given("expires"):
            if place.given("otherwise"):
                place.named("otherwise").fail("`otherwise` belongs to `within`")
            return Expires(name, when, fact, _months(place.named("expires")), clause)
        otherwise = (
            Ruling(place.named("otherwise").one_of(("manual", "refuse"))) if place.given("otherwise") else Ruling.REFUSE
        )
        return Within(name, when, fact, _months(place.named("within")), otherwise, clause)


def _months(place: Place) -> int:
    place.object((), ("years", "months"))
    years = place.named("years").whole(0, 100) if place.given("years") else 0
    months = place.named("months").whole(0, 1200) if place.given("months") else 0
    if not 0 < years * 12 + months <= 1200:
        place.fail("a period needs years or months, and at most a hundred years")
    return years * 12 + months
