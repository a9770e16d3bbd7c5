"""Compiles a rule set once per content hash: positions, bound tests and an index on enum columns."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import prod
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from creditbank.domain.rules.amounts import facts_of
from creditbank.domain.rules.classes import stretches
from creditbank.domain.rules.decision import Granted, Proposal
from creditbank.domain.rules.model import (
    Add,
    After,
    Before,
    Cap,
    Choose,
    Condition,
    Divide,
    Exclude,
    Fact,
    FactType,
    FromFact,
    Give,
    Hit,
    Lower,
    OneOf,
    Prerequisite,
    Rank,
    Row,
    RuleSet,
    Share,
    Table,
    Validity,
    Value,
)
from creditbank.domain.rules.sameness import normal_words
from creditbank.domain.rules.write import rule_set_hash

if TYPE_CHECKING:
    from creditbank.domain.explanation import Line
    from creditbank.domain.values import Text

Tests = tuple[tuple[int, Callable[[Any], bool]], ...]
"""Bound cells: the position of a fact and what accepts its value."""

LARGEST_INDEX = 4_096
MOST_ENTRIES = 100_000
MOST_KEPT = 256
MOST_ANSWERS = 2_000
MOST_GRANTED = 16_384
"""Answers without reasons are small and shared by all outcomes that the rules cannot tell apart."""


@dataclass(frozen=True, slots=True)
class CompiledRow:
    """A row with the tests its index does not answer already."""

    row: Row
    tests: Tests
    columns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CompiledBefore:
    """A step before the tables: the fact it changes with its scale, and where a rank's place and entrants stand."""

    step: Before
    tests: Tests
    index: int
    fact: Fact
    scale: tuple[str, ...]
    asks: tuple[int, int] | None


class CompiledTable:
    """A table with its rows found by the values of its first enum and boolean columns."""

    __slots__ = ("_all", "_found", "_key", "columns", "entries", "table", "tests")

    def __init__(self, table: Table, facts: tuple[Fact, ...], position: dict[str, int]) -> None:
        self.table = table
        self.tests = bind(table.when, position)
        self.columns = tuple(position[name] for name in table.columns)
        ordered = sorted(table.rows, key=lambda row: -row.priority) if table.hit is Hit.PRIORITY else table.rows
        keys = _key_columns(table, [facts[index] for index in self.columns])
        self._key = itemgetter(*(position[fact.name] for fact in keys)) if keys else None
        asked = tuple(position[test.fact] for test in table.when)
        rows = [
            CompiledRow(
                row,
                bind((test for test in row.when if test.fact not in {fact.name for fact in keys}), position),
                asked + tuple(position[test.fact] for test in row.when if position[test.fact] not in asked),
            )
            for row in ordered
        ]
        self._all = tuple(rows)
        found: dict[Any, list[CompiledRow]] = {}
        for row in rows:
            for key in itertools.product(*(_accepted(row.row.when, fact) for fact in keys)):
                found.setdefault(key[0] if len(key) == 1 else key, []).append(row)
        self._found = {key: tuple(rows) for key, rows in found.items()}
        self.entries = sum(len(rows) for rows in found.values())

    def candidates(self, values: tuple[Value | None, ...] | list[Value | None]) -> tuple[CompiledRow, ...]:
        """The rows, in order, whose listed cells fit."""
        if self._key is None:
            return self._all
        return self._found.get(self._key(values), ())


@dataclass(frozen=True, slots=True)
class Explained:
    """The decision that the deciding facts alone lead to, and its proposal where the context says nothing.

    ``reasons`` are those of the proposal before its figures are reckoned, which follow from what limits leave.
    """

    granted: Granted
    proposal: Proposal
    reasons: tuple[Line, ...]


class Compiled:
    """A rule set ready to evaluate; make it with :func:`compile_rules`.

    ``hash`` is the content hash of the version; ``context_free`` says that facts alone decide (no families,
    caps or dates), so that the bulk path is the whole decision.
    """

    __slots__ = (
        "abbreviations",
        "alike",
        "befores",
        "caps",
        "categories",
        "chooses",
        "context_free",
        "dates",
        "decides",
        "deciding",
        "excludes",
        "explained",
        "facts",
        "granted",
        "hash",
        "position",
        "prerequisites",
        "rows",
        "rules",
        "steps",
        "stretches",
        "tables",
    )

    def __init__(self, rules: RuleSet, content_hash: str) -> None:
        self.rules = rules
        self.hash = content_hash
        self.facts: dict[str, Fact] = {fact.name: fact for fact in rules.facts}
        self.position: dict[str, int] = {fact.name: index for index, fact in enumerate(rules.facts)}
        self.categories: dict[str, Text] = {category.code: category.label for category in rules.categories}
        self.rows: dict[str, Row] = {row.id: row for table in rules.tables for row in table.rows}
        self.tables = tuple(CompiledTable(table, rules.facts, self.position) for table in rules.tables)
        self.excludes: tuple[tuple[Exclude, Tests], ...] = tuple(
            (part, bind(part.when, self.position)) for part in rules.exclude
        )
        self.befores: tuple[CompiledBefore, ...] = tuple(
            self._before(step) for step in rules.adjust if isinstance(step, Lower | Rank)
        )
        self.steps: tuple[tuple[After, Tests, int | None], ...] = tuple(
            (step, bind(step.when, self.position), self.position[name] if (name := counted_by(step)) else None)
            for step in rules.adjust
            if not isinstance(step, Lower | Rank)
        )
        self.chooses: tuple[tuple[Choose, Tests, tuple[int, ...]], ...] = tuple(
            (choose, bind(choose.when, self.position), tuple(self.position[name] for name in choose.family))
            for choose in rules.choose
        )
        self.dates: tuple[tuple[Validity, Tests, int], ...] = tuple(
            (rule, bind(rule.when, self.position), self.position[rule.fact]) for rule in rules.validity
        )
        self.caps: tuple[tuple[Cap, Tests, tuple[int, ...]], ...] = tuple(
            (cap, bind(cap.when, self.position), tuple(self.position[name] for name in cap.by)) for cap in rules.cap
        )
        self.prerequisites: tuple[tuple[Prerequisite, Tests], ...] = tuple(
            (part, bind(part.when, self.position)) for part in rules.prerequisite
        )
        self.abbreviations = {normal_words(one.short): normal_words(one.full) for one in rules.abbreviations}
        self.context_free = not (rules.choose or rules.cap or rules.validity or rules.prerequisite)
        decides, counted, conditions = _deciding(rules)
        self.decides = frozenset(decides)
        self.deciding: Callable[[tuple[Value | None, ...]], Any] = itemgetter(
            *(self.position[name] for name in self.facts if name in decides)
        )
        found = stretches(rules, conditions, counted)
        self.stretches: tuple[Callable[[Any], Any] | None, ...] | None = (
            tuple(found.get(name) for name in self.facts if name in decides) if found.keys() & decides else None
        )
        self.alike: dict[Any, Granted] = {}
        self.granted: dict[Any, Granted] = {}
        self.explained: dict[Any, Explained] = {}

    def _before(self, step: Before) -> CompiledBefore:
        fact = self.facts[step.fact]
        asks = (self.position[step.place], self.position[step.among]) if isinstance(step, Rank) else None
        scale = tuple(choice.code for choice in fact.choices)
        return CompiledBefore(step, bind(step.when, self.position), self.position[step.fact], fact, scale, asks)


def keep(memory: dict[Any, Any], key: Any, answer: Any, most: int = MOST_ANSWERS) -> None:
    """Remember an answer; a full memory is emptied first, so that it stays small whatever is asked."""
    if len(memory) >= most:
        memory.clear()
    memory[key] = answer


_KEPT: dict[str, Compiled] = {}


def compile_rules(rules: RuleSet) -> Compiled:
    """The compiled form of a rule set, made once per content hash and process."""
    content_hash = rule_set_hash(rules)
    kept = _KEPT.get(content_hash)
    if kept is None:
        kept = Compiled(rules, content_hash)
        while len(_KEPT) >= MOST_KEPT:
            _KEPT.pop(next(iter(_KEPT)), None)
        _KEPT[content_hash] = kept
    return kept


def compiled_before(content_hash: str) -> Compiled | None:
    """The compiled form of a hash, where this process has made it already: no document need be read again."""
    return _KEPT.get(content_hash)


def bind(condition: Condition | Iterable[Any], position: dict[str, int]) -> Tests:
    """The cells of a condition bound to the positions of their facts."""
    return tuple(
        (
            position[test.fact],
            frozenset(test.accept.values).__contains__ if isinstance(test.accept, OneOf) else test.accept.accepts,
        )
        for test in condition
    )


def counted_by(step: After) -> str | None:
    """The fact by which an amount step counts, if any."""
    match step:
        case Add():
            return step.each
        case Divide():
            return step.by
        case Share():
            return step.fact
    return None


def _deciding(rules: RuleSet) -> tuple[set[str], set[str], list[Condition]]:
    """The facts that exclusions, tables, steps and gifts look at; the first fact where they look at none.

    With them those whose very value matters, and all conditions.
    """
    conditions = [step.when for step in (*rules.adjust, *rules.exclude)]
    names: set[str] = set()
    counts: set[str] = set()
    for step in rules.adjust:
        if isinstance(step, Lower | Rank):
            names.add(step.fact)
            counts |= {step.place, step.among} if isinstance(step, Rank) else set()
        elif (counted := counted_by(step)) is not None:
            counts.add(counted)
    for table in rules.tables:
        conditions.append(table.when)
        names |= set(table.columns)
        for row in table.rows:
            conditions.append(row.when)
            if isinstance(row.give, Give):
                counts |= {part.fact for part in (row.give.level, row.give.field) if isinstance(part, FromFact)}
                counts |= set(facts_of(row.give.credit))
    names |= counts | {test.fact for condition in conditions for test in condition}
    return names or {rules.facts[0].name}, counts, conditions


def fact_conditions(rules: RuleSet) -> tuple[list[Condition], set[str]]:
    """All conditions that say what happens to an outcome or what is asked of it, and the facts whose value counts."""
    _names, counted, conditions = _deciding(rules)
    return [*conditions, *(fact.when for fact in rules.facts)], counted


def _key_columns(table: Table, facts: list[Fact]) -> list[Fact]:
    """The first enum and boolean columns whose combinations still make a small index."""
    keys: list[Fact] = []
    size = 1
    for fact in facts:
        if fact.type not in (FactType.ENUM, FactType.BOOLEAN):
            continue
        wider = size * (len(_values(fact)) + 1)
        if wider > LARGEST_INDEX:
            continue
        if any(test.fact == fact.name for row in table.rows for test in row.when):
            keys.append(fact)
            size = wider
    # A row is entered once for each combination it accepts; wide rows must not make the index explode.
    while keys and sum(_entries(row, keys) for row in table.rows) > MOST_ENTRIES:
        keys.pop()
    return keys


def _entries(row: Row, keys: list[Fact]) -> int:
    return prod(len(_accepted(row.when, fact)) for fact in keys)


def _values(fact: Fact) -> tuple[str | bool, ...]:
    return (True, False) if fact.type is FactType.BOOLEAN else tuple(choice.code for choice in fact.choices)


def _accepted(condition: Condition, fact: Fact) -> tuple[str | bool | None, ...]:
    """The values of one fact that a row accepts; no cell accepts all, and the fact's absence."""
    for test in condition:
        if test.fact == fact.name and isinstance(test.accept, OneOf):
            return test.accept.values
    return (*_values(fact), None)
