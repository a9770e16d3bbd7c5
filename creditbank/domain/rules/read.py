"""Reads a rule set from plain data; everything wrong is named with its path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from creditbank.domain.rules.figures import read_figure
from creditbank.domain.rules.model import Abbreviation, Lower, Rank, RoundAt, Rounding, RuleSet, Table
from creditbank.domain.rules.places import Place, Problem, UnreadableError
from creditbank.domain.rules.read_amounts import Amounts
from creditbank.domain.rules.read_cells import no_doubles, read_choice, read_facts
from creditbank.domain.rules.read_limits import Limits
from creditbank.domain.rules.sameness import normal_words
from creditbank.domain.rules.tables import conditions_meet

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = "creditbank.rules/1"
KIND = "recognition"

MOST_TABLES = 64
MOST_STEPS = 100

_LISTS = ("adjust", "choose", "cap", "validity", "exclude", "prerequisite", "figures")


def read_rule_set(data: Mapping[str, Any]) -> RuleSet:
    """The rule set that plain data describe (the shape is ``creditbank schema rules``).

    Raises:
        UnreadableError: with every problem found, each with its path; unknown keys are refused.
    """
    place = Place(data).object(
        ("schema", "code", "kind", "name", "source", "unit", "rounding", "categories", "facts", "tables"),
        (*_LISTS, "abbreviations"),
    )
    if place.named("schema").value != SCHEMA:
        place.named("schema").fail(f"expected {SCHEMA}")
    if place.named("kind").value != KIND:
        place.named("kind").fail(f"expected {KIND}; rules for conversion are kept apart and are not read here")
    categories = place.named("categories").each(read_choice)
    no_doubles(place.named("categories"), [category.code for category in categories])
    facts = {fact.name: fact for fact in read_facts(place.named("facts"))}
    codes = tuple(category.code for category in categories)
    amounts, limits = Amounts(facts, codes), Limits(facts, codes)
    parts = read_lists(
        place,
        {
            "tables": amounts.table,
            "adjust": amounts.step,
            "choose": limits.choose,
            "cap": limits.cap,
            "validity": limits.validity,
            "exclude": limits.exclude,
            "prerequisite": limits.prerequisite,
            "figures": read_figure,
        },
    )
    _whole(place, parts)
    return RuleSet(
        code=place.named("code").code(),
        kind=KIND,
        name=place.named("name").both(),
        source=place.named("source").both(),
        unit=place.named("unit").code(),
        rounding=read_rounding(place.named("rounding")),
        categories=categories,
        facts=tuple(facts.values()),
        abbreviations=place.named("abbreviations").each(_abbreviation),
        **parts,
    )


def read_lists(place: Place, reads: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Each list of a document read with its own reader; the problems of all lists together."""
    problems: list[Problem] = []
    parts: dict[str, tuple[Any, ...]] = {}
    for name, read in reads.items():
        try:
            parts[name] = place.named(name).each(read, MOST_TABLES if name == "tables" else MOST_STEPS)
        except UnreadableError as unreadable:
            problems.extend(unreadable.problems)
    if problems:
        raise UnreadableError(tuple(problems))
    for name in _LISTS:
        if name in parts:
            no_doubles(place.named(name), [part.id for part in parts[name]])
    return parts


def _whole(place: Place, parts: Mapping[str, tuple[Any, ...]]) -> None:
    """What concerns several parts at once: doubles, the order of steps, tables that exclude each other."""
    tables: tuple[Table, ...] = parts["tables"]
    if not tables:
        place.named("tables").fail("a rule set needs at least one table")
    no_doubles(place.named("tables"), [table.code for table in tables])
    rows = [row.id for table in tables for row in table.rows]
    no_doubles(place.named("tables"), rows)
    late = False
    for index, step in enumerate(parts["adjust"]):
        before = isinstance(step, Lower | Rank)
        if before and late:
            place.named("adjust").items()[index].fail(
                "write the steps that lower or rank a fact first: they act before the table is looked up"
            )
        late = late or not before
    for index, table in enumerate(tables):
        for other in tables[:index]:
            if conditions_meet(table.when, other.when):
                place.named("tables").items()[index].fail(
                    f"an outcome could belong to this table and to {other.code}; narrow one of their `when`"
                )


def _abbreviation(place: Place) -> Abbreviation:
    place.object(("short", "full"))
    one = Abbreviation(place.named("short").text(), place.named("full").text())
    short, full = normal_words(one.short), normal_words(one.full)
    if not short or not full or short == full:
        place.fail("an abbreviation and what it stands for are two different words")
    return one


def read_rounding(place: Place) -> Rounding:
    """Step, mode and place of rounding."""
    place.object(("step", "mode", "place"))
    step = place.named("step").amount()
    if step <= 0:
        place.named("step").fail("a rounding step must be above zero")
    mode = place.named("mode").one_of(("down", "up", "half_up"))
    return Rounding(int(step), mode, RoundAt(place.named("place").one_of(("each", "end"))))
