"""Reads what rows give and what steps make of it; everything wrong is named with its path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from creditbank.domain.rules.model import (
    COLLECTS,
    Add,
    CreditOf,
    Divide,
    Fact,
    FactType,
    FromFact,
    Give,
    Hit,
    Lower,
    Multiply,
    PerUnit,
    Rank,
    Row,
    Ruling,
    Share,
    Step,
    Table,
    Tiers,
)
from creditbank.domain.rules.read_cells import MOST_FACTS, NUMERIC, Cells, no_doubles

if TYPE_CHECKING:
    from creditbank.domain.rules.places import Place
    from creditbank.domain.values import Hundredths, Text

MOST_ROWS = 10_000
MOST_TIERS = 100
MOST_TIMES = 1_000_000

STEP_KINDS = ("lower", "rank", "add", "multiply", "divide", "share")
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,4})?)\s*%")


@dataclass(frozen=True, slots=True)
class Amounts(Cells):
    """Reads the parts that say how much credit, and of which category."""

    categories: tuple[str, ...]

    def table(self, place: Place) -> Table:
        """A decision table with its rows."""
        place.object(("code", "columns", "rows"), ("when", "hit", "on_gap", "open", "locked"))
        columns = place.named("columns").each(lambda item: self.fact(item).name, MOST_FACTS)
        no_doubles(place.named("columns"), list(columns))
        hit = Hit(place.named("hit").one_of(tuple(Hit))) if place.given("hit") else Hit.UNIQUE
        gap = place.named("on_gap").one_of(("manual", "refuse")) if place.given("on_gap") else "manual"
        rows = place.named("rows").each(lambda item: self.row(item, columns, hit), MOST_ROWS)
        if not rows:
            place.named("rows").fail("a table needs at least one row")
        if hit in COLLECTS:
            _one_kind(place.named("rows"), rows, hit)
        when = self.condition(place.named("when"))
        opened, locked = place.named("open").flag(), place.named("locked").flag()
        if opened and locked:
            place.named("open").fail("a table is either open for further rows or locked")
        return Table(place.named("code").code(), columns, rows, when, hit, Ruling(gap), opened, locked)

    def row(self, place: Place, columns: tuple[str, ...], hit: Hit) -> Row:
        """One row of a table."""
        place.object(("id", "give", "clause"), ("when", "priority", "locked"))
        if place.given("priority") and hit is not Hit.PRIORITY:
            place.named("priority").fail("only the rows of a table with `hit: priority` have one")
        when = self.condition(place.named("when"), columns)
        give = self.give(place.named("give"))
        priority = place.named("priority").whole(0, 1_000_000) if place.given("priority") else 0
        clause, locked = place.named("clause").both(), place.named("locked").flag()
        return Row(place.named("id").code(), when, give, clause, priority, locked)

    def give(self, place: Place) -> Give | Ruling:
        """What a row grants, or ``refuse`` or ``manual``."""
        if isinstance(place.value, str):
            return Ruling(place.one_of(("refuse", "manual")))
        place.object(("credit", "category"), ("level", "field"))
        return Give(
            credit=self.credit(place.named("credit")),
            category=place.named("category").one_of(self.categories),
            level=self._code_or_fact(place.named("level")),
            field=self._code_or_fact(place.named("field")),
        )

    def credit(self, place: Place) -> CreditOf:
        """An amount, a fact or a share of it, so much per unit of a fact, or tiers over one."""
        if not isinstance(place.value, dict):
            return place.amount()
        if "tiers" in place.value:
            return self._tiers(place)
        if "each" in place.value:
            place.object(("each", "of", "gives"), ("whole",))
            of = self._together(place.named("of"))
            each = place.named("each").number()
            if each <= 0:
                place.named("each").fail("a portion must be above zero")
            whole = place.named("whole").flag() if place.given("whole") else True
            return PerUnit(of, each, place.named("gives").amount(), whole)
        place.object(("fact",), ("times",))
        fact = self._measured(place.named("fact"))
        times = place.named("times").factor() if place.given("times") else Fraction(1)
        return FromFact(fact.name, times)

    def _measured(self, place: Place, *, together: bool = False) -> Fact:
        fact = self.fact(place, NUMERIC)
        low = fact.range.low if fact.range else None
        if not isinstance(low, Decimal) or low < 0 or (fact.optional and not together):
            must = "have" if together else "be required and have"
            place.fail(f"{fact.name} gives credit, so it must {must} a range that begins at 0 or above")
        return fact

    def _together(self, place: Place) -> tuple[str, ...]:
        """One fact, or several that are counted together; of these what is left out counts as none."""
        if not isinstance(place.value, list):
            return (self._measured(place).name,)
        names = place.each(lambda item: self._measured(item, together=len(place.value) > 1).name, MOST_FACTS)
        no_doubles(place, list(names))
        if not names:
            place.fail("this list is empty; name the facts that are counted together")
        return tuple(name for name in self.facts if name in names)

    def _tiers(self, place: Place) -> Tiers:
        place.object(("of", "tiers"), ("below",))
        of = self._measured(place.named("of"))

        def tier(item: Place) -> tuple[Decimal, Hundredths]:
            item.object(("from", "gives"))
            return item.named("from").number(), item.named("gives").amount()

        tiers = place.named("tiers").each(tier, MOST_TIERS)
        if not tiers:
            place.named("tiers").fail("tiers need at least one")
        for number in range(1, len(tiers)):
            if tiers[number][0] <= tiers[number - 1][0]:
                place.named("tiers").items()[number].fail("tiers rise: this one begins no higher than the one before")
        below = place.named("below").one_of(("manual", "refuse")) if place.given("below") else "refuse"
        return Tiers(of.name, tiers, Ruling(below))

    def _code_or_fact(self, place: Place) -> str | FromFact | None:
        if place.value is None:
            return None
        if isinstance(place.value, dict):
            place.object(("fact",))
            allowed = (FactType.ENUM, FactType.CODE, *NUMERIC)
            return FromFact(self.fact(place.named("fact"), allowed).name)
        return place.code()

    def step(self, place: Place) -> Step:
        """One adjustment: before the tables (lower, rank) or after them (add, multiply, divide, share)."""
        place.object(("id", "clause"), ("when", *STEP_KINDS))
        kinds = [kind for kind in STEP_KINDS if place.given(kind)]
        if len(kinds) != 1:
            place.fail(f"a step does exactly one of {', '.join(STEP_KINDS)}")
        name, clause = place.named("id").code(), place.named("clause").both()
        when, what = self.condition(place.named("when")), place.named(kinds[0])
        if kinds[0] == "multiply":
            return Multiply(name, when, what.factor(), clause)
        if kinds[0] == "rank":
            return self._rank(name, when, what, clause)
        if kinds[0] == "divide":
            what.object(("by",))
            return Divide(name, when, self._counted(what.named("by"), least=1).name, clause)
        if kinds[0] == "share":
            what.object(("fact", "parts", "rest"))
            fact = self._counted(what.named("fact"), least=1)
            parts = what.named("parts").each(lambda item: item.factor(), MOST_TIERS)
            if not parts:
                what.named("parts").fail("a share says at least what the first place takes")
            return Share(name, when, fact.name, parts, what.named("rest").factor(), clause)
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
        above = what.named("above").whole(0, MOST_TIMES)
        return Add(name, when, what.named("amount").amount(signed=True), each, above, clause)

    def _counted(self, place: Place, *, least: int) -> Fact:
        fact = self.fact(place, (FactType.INTEGER,))
        low = fact.range.low if fact.range else None
        if not isinstance(low, Decimal) or low < least:
            place.fail(f"{fact.name} counts places or people, so it must have a range that begins at {least}")
        return fact

    def _rank(self, name: str, when: tuple, place: Place, clause: Text) -> Rank:  # type: ignore[type-arg]
        place.object(("fact", "place", "among", "bands"))
        fact = self.fact(place.named("fact"), (FactType.ENUM,))
        if not (fact.optional or fact.when):
            place.named("fact").fail(f"{fact.name} is always given, so a rank cannot say it; make it optional")
        codes = tuple(choice.code for choice in fact.choices)

        def band(item: Place) -> tuple[Fraction | None, str]:
            item.object(("value",), ("up_to",))
            share = _percent(item.named("up_to")) if item.given("up_to") else None
            return share, item.named("value").one_of(codes)

        bands = place.named("bands").each(band, MOST_TIERS)
        if not bands or bands[-1][0] is not None:
            place.named("bands").fail("the last band holds all others and has no `up_to`")
        before = Fraction(0)
        for number, (share, _value) in enumerate(bands[:-1]):
            if share is None or share <= before:
                place.named("bands").items()[number].fail("bands rise: each but the last has a higher `up_to`")
            before = share
        return Rank(
            name,
            when,
            fact.name,
            self._counted(place.named("place"), least=1).name,
            self._counted(place.named("among"), least=1).name,
            bands,
            clause,
        )


def _percent(place: Place) -> Fraction:
    """A share such as ``"15%"`` or ``"3/20"``, above zero and at most the whole."""
    found = _PERCENT.fullmatch(place.value.strip()) if isinstance(place.value, str) else None
    share = Fraction(found.group(1)) / 100 if found else place.factor()
    if not 0 < share <= 1:
        place.fail("a share lies above zero and is at most 100%")
    return share


def _one_kind(place: Place, rows: tuple[Row, ...], hit: Hit) -> None:
    """What is collected must be of one kind, or the answer would depend on which row is named."""
    gives = [(row.give.category, row.give.level, row.give.field) for row in rows if isinstance(row.give, Give)]
    for number, row in enumerate(rows):
        if isinstance(row.give, Give) and (row.give.category, row.give.level, row.give.field) != gives[0]:
            place.items(MOST_ROWS)[number].named("give").fail(
                f"rows of a table with `hit: {hit}` give one category, level and field; this one gives others"
            )
