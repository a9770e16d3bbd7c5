"""Reads conversion rules from plain data; everything wrong is named with its path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from creditbank.domain.conversions.model import (
    CARRIERS,
    STANDINGS,
    UNIT_CARRIERS,
    Closed,
    ConversionRow,
    ConversionRules,
    Counts,
    CreditOnly,
    FixedGrade,
    Full,
    Grade,
    Group,
    Held,
    KeptGrade,
    MappedGrade,
    Source,
    Standing,
    Surplus,
    Target,
    TargetKind,
    Worth,
)
from creditbank.domain.rules.model import Cap, FactType, Prerequisite, Ruling
from creditbank.domain.rules.places import Place
from creditbank.domain.rules.read import read_lists, read_rounding
from creditbank.domain.rules.read_cells import Cells, no_doubles, read_choice, read_facts
from creditbank.domain.rules.read_limits import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from creditbank.domain.values import Text

SCHEMA = "creditbank.conversion_rules/1"
KIND = "conversion"
MOST_ROWS = 20_000
MOST_GROUPS = 8
MOST_SOURCES = 50
MOST_ITEMS = 20
MOST_TARGETS = 10
MOST_CODES = 1_000

_HEAD = ("schema", "code", "kind", "name", "source", "unit", "rounding", "categories", "facts", "rules")
_LISTS = ("exclude", "prerequisite", "cap", "validity", "closed")


def read_conversion_rules(data: Mapping[str, Any]) -> ConversionRules:
    """The conversion rules that plain data describe (the shape is ``creditbank schema conversion_rules``).

    Raises:
        UnreadableError: with every problem found, each with its path; unknown keys are refused.
    """
    place = Place(data).object(_HEAD, (*_LISTS, "held_unit", "carriers", "standings", "surplus", "open"))
    if place.named("schema").value != SCHEMA:
        place.named("schema").fail(f"expected {SCHEMA}")
    if place.named("kind").value != KIND:
        place.named("kind").fail(f"expected {KIND}; rules for recognition are kept apart and are not read here")
    categories = place.named("categories").each(read_choice)
    no_doubles(place.named("categories"), [category.code for category in categories])
    facts = {fact.name: fact for fact in read_facts(place.named("facts"))}
    codes = tuple(category.code for category in categories)
    surplus = Surplus(place.named("surplus").one_of(tuple(Surplus))) if place.given("surplus") else Surplus.LOST
    rows, limits = Rows(facts, codes, surplus), Limits(facts, codes)
    parts: dict[str, Any] = read_lists(
        place,
        {
            "exclude": limits.exclude,
            "prerequisite": lambda item: of_all(item, limits.prerequisite(item)),
            "cap": lambda item: of_all(item, limits.cap(item)),
            "validity": limits.validity,
            "closed": read_closed,
        },
    )
    no_doubles(place.named("closed"), [part.id for part in parts["closed"]])
    read = place.named("rules").each(rows.row, MOST_ROWS)
    if not read:
        place.named("rules").fail("conversion rules need at least one row")
    no_doubles(place.named("rules"), [row.id for row in read])
    unit = place.named("unit").code()
    carriers = _carriers(place.named("carriers"), rows)
    standings, clauses = _standings(place.named("standings"))
    if not any(name in carriers for name in UNIT_CARRIERS) and _units_named(read):
        place.named("carriers").fail(
            "rows name certification units, so say here which fact names an item's course, certificate or outcome"
        )
    return ConversionRules(
        code=place.named("code").code(),
        name=place.named("name").both(),
        source=place.named("source").both(),
        unit=unit,
        held_unit=place.named("held_unit").code() if place.given("held_unit") else unit,
        rounding=read_rounding(place.named("rounding")),
        categories=categories,
        facts=tuple(facts.values()),
        rows=read,
        carriers=carriers,
        standings=standings,
        standing_clauses=clauses,
        open=place.named("open").flag(),
        **parts,
    )


def of_all(place: Place, part: Any) -> Any:
    """Limits and prerequisites of conversions are about the learner; what one item is like is said by exclusions."""
    if isinstance(part, Cap | Prerequisite) and part.when:
        place.named("when").fail("several items may be converted at once, so this cannot depend on one of them")
    if isinstance(part, Cap) and part.by:
        place.named("by").fail("several items may be converted at once, so this cannot depend on one of them")
    if isinstance(part, Cap) and part.beside:
        place.named("beside").fail("a limit for conversion holds always; `beside` belongs to rules for recognition")
    return part


def _units_named(rows: tuple[ConversionRow, ...]) -> bool:
    return any(source.units for row in rows for group in row.groups for source in group.sources)


def _carriers(place: Place, rows: Rows) -> dict[str, str]:
    if place.value is None:
        return {}
    place.object((), CARRIERS)
    allowed = (FactType.CODE, FactType.ENUM)
    return {name: rows.fact(at, allowed).name for name, at in place.names()}


def _standings(place: Place) -> tuple[dict[Standing, Ruling], dict[Standing, Text]]:
    """What each standing leads to: a ruling, or an object with the ruling and its clause."""
    rulings = dict(STANDINGS)
    clauses: dict[Standing, Text] = {}
    if place.value is None:
        return rulings, clauses
    place.object((), tuple(standing.value for standing in Standing if standing is not Standing.OPEN))
    for name, at in place.names():
        said = at
        if isinstance(at.value, dict):
            at.object(("ruling", "clause"))
            said = at.named("ruling")
            clauses[Standing(name)] = at.named("clause").both()
        rulings[Standing(name)] = Ruling(said.one_of(tuple(Ruling)))
    return rulings, clauses


def read_closed(place: Place) -> Closed:
    """Courses that nothing converts into."""
    place.object(("id", "clause"), ("courses", "natures", "categories"))
    parts = [frozenset(place.named(name).each(Place.code)) for name in ("courses", "natures", "categories")]
    if not any(parts):
        place.fail("say which courses are closed: by courses, natures or categories")
    return Closed(place.named("id").code(), parts[0], parts[1], parts[2], place.named("clause").both())


@dataclass(frozen=True, slots=True)
class Rows(Cells):
    """Reads the rows of a regulation."""

    categories: tuple[str, ...]
    surplus: Surplus

    def row(self, place: Place) -> ConversionRow:
        """One line: what it takes and makes."""
        place.object(("id", "from", "to", "credit", "grade", "clause"), ("counts", "surplus", "ruling", "locked"))
        groups = place.named("from").each(self.group, MOST_GROUPS)
        if not groups:
            place.named("from").fail("a conversion takes at least one item")
        if sum(group.count is None for group in groups) > 1:
            place.named("from").fail("only one group may take as many items as it needs")
        targets = place.named("to").each(self.target, MOST_TARGETS)
        if not targets:
            place.named("to").fail("a conversion has at least one target")
        no_doubles(place.named("to"), [str(target) for target in targets])
        surplus = Surplus(place.named("surplus").one_of(tuple(Surplus))) if place.given("surplus") else self.surplus
        return ConversionRow(
            id=place.named("id").code(),
            groups=groups,
            targets=targets,
            worth=self._worth(place.named("credit"), targets),
            grade=self._grade(place.named("grade"), groups),
            counts=_counts(place.named("counts")),
            surplus=surplus,
            clause=place.named("clause").both(),
            ruling=Ruling(place.named("ruling").one_of(tuple(Ruling))) if place.given("ruling") else Ruling.RECOGNISE,
            locked=place.named("locked").flag(),
        )

    def group(self, place: Place) -> Group:
        """``{when, credit}`` for one item, or ``{any: [...], count, together}``."""
        if not isinstance(place.value, dict) or "any" not in place.value:
            place.object((), ("when", "credit", "unit", "count", "together"))
            sources: tuple[Source, ...] = (self._source(place),)
        else:
            place.object(("any",), ("count", "together"))
            sources = place.named("any").each(
                lambda item: self._source(item.object((), ("when", "credit", "unit"))), MOST_SOURCES
            )
            if not sources:
                place.named("any").fail("this list is empty")
        count = place.named("count")
        together = place.named("together").amount() if place.given("together") else None
        if count.value == "as_needed":
            return Group(sources, None, together)
        return Group(sources, count.whole(1, MOST_ITEMS) if place.given("count") else 1, together)

    def _source(self, place: Place) -> Source:
        when = self.condition(place.named("when"))
        credit = place.named("credit").amount() if place.given("credit") else None
        unit = place.named("unit")
        if unit.value is None:
            return Source(when, credit)
        listed = unit.each(Place.code, MOST_CODES) if isinstance(unit.value, list) else (unit.code(),)
        if not listed:
            unit.fail("this list is empty")
        return Source(when, credit, tuple(sorted(set(listed))))

    def target(self, place: Place) -> Target:
        """``elective``, or an object with one of course, category, requirement, waiver."""
        if isinstance(place.value, str):
            place.one_of((TargetKind.ELECTIVE,))
            return Target(TargetKind.ELECTIVE)
        named = tuple(kind.value for kind in TargetKind if kind is not TargetKind.ELECTIVE)
        place.object((), named)
        kinds = [kind for kind in named if place.given(kind)]
        if len(kinds) != 1:
            place.fail(f"a target is elective or exactly one of {', '.join(named)}")
        at = place.named(kinds[0])
        of_category = kinds[0] in (TargetKind.CATEGORY, TargetKind.COURSE_OF)
        return Target(TargetKind(kinds[0]), at.one_of(self.categories) if of_category else at.code())

    @staticmethod
    def _worth(place: Place, targets: tuple[Target, ...]) -> Worth:
        if len(targets) > 1 and any(target.kind is TargetKind.COURSE_OF for target in targets):
            place.fail("any course of a category stands alone among the targets")
        whole = (TargetKind.COURSE, TargetKind.COURSE_OF, TargetKind.WAIVER)
        courses = [target.kind in whole for target in targets]
        full = place.value == "full" or (isinstance(place.value, dict) and "full" in place.value)
        if full:
            if not all(courses):
                place.fail("`full` is the credit of courses; say `held` or an amount for other targets")
            if place.value == "full":
                return Full()
            place.object(("full",))
            return Full(place.named("full").one_of(("even_if_short",)) == "even_if_short")
        if any(courses) or len(targets) > 1:
            place.fail("a course is converted whole: say `full`; other targets stand alone with `held` or an amount")
        if place.value == "held":
            return Held()
        if isinstance(place.value, dict):
            place.object(("held",))
            times = place.named("held").factor()
            if times <= 0:
                place.named("held").fail("a share lies above zero")
            return Held(times)
        return place.amount()

    def _grade(self, place: Place, groups: tuple[Group, ...]) -> Grade:
        if place.value == "credit_only":
            return CreditOnly()
        place.object((), ("fixed", "keep", "map"))
        kinds = [kind for kind in ("fixed", "keep", "map") if place.given(kind)]
        if len(kinds) != 1:
            place.fail("a grade is `credit_only` or exactly one of fixed, keep, map")
        if kinds[0] == "fixed":
            return FixedGrade(place.named("fixed").text())
        if groups[0].count != 1:
            place.fail("the grade is that of the first group's item, so that group takes exactly one")
        if kinds[0] == "keep":
            allowed = (FactType.ENUM, FactType.INTEGER, FactType.NUMBER, FactType.CODE)
            return KeptGrade(self.fact(place.named("keep"), allowed).name)

        def pair(item: Place) -> tuple[Any, str]:
            item.object(("grade",), ("when",))
            return self.condition(item.named("when")), item.named("grade").text()

        rows = place.named("map").each(pair, MOST_CODES)
        if not rows:
            place.named("map").fail("a map of grades needs at least one row")
        return MappedGrade(rows)


def _counts(place: Place) -> Counts:
    if place.value is None:
        return Counts()
    names = ("gpa", "rank", "transcript", "graduation")
    place.object((), names)
    said = {name: at.flag() for name, at in place.names()}
    return Counts(**{name: said.get(name, getattr(Counts(), name)) for name in names})
