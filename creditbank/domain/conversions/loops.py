"""Finds arbitrage: conversions one after the other that end where they began, with more credit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING

from creditbank.domain.conversions.model import CATEGORY, COURSE, UNIT_CARRIERS, Full, Held, TargetKind
from creditbank.domain.explanation import Fact as Said
from creditbank.domain.explanation import Line, Verdict
from creditbank.domain.rules.finding import Finding
from creditbank.domain.rules.model import FactType, OneOf, Ruling

if TYPE_CHECKING:
    from creditbank.domain.conversions.model import ConversionRow, ConversionRules, Course, Source
    from creditbank.domain.rules.model import Accept

MESSAGES: dict[str, str] = {
    "lint.loop": "Converted in a circle, credit becomes {gain} times as much: {way}.",
    "lint.loop_elsewhere": "Other rules in force convert in a circle in which credit becomes {gain} times as much:"
    " {way}.",
    "lint.loop_by_share": "If part of a certification unit were taken at its share, credit would become {gain} times as"
    " much in a circle: {way}. The rules take no part for the whole; only a decision by hand would.",
}

MOST_LOOPS = 20

Node = tuple[str, str, str]
"""Unit, kind (course, category, elective or requirement) and code of what credit is of."""

Carriers = Mapping[tuple[str, str], Mapping[str, Fraction]]
"""The table of certification units: by kind and code of what carries, each unit with the share that is carried."""

NO_CARRIERS: Carriers = MappingProxyType({})

_NAMING = (FactType.CODE, FactType.TEXT, FactType.BOOLEAN)


@dataclass(frozen=True, slots=True)
class Edge:
    """One row of one rule set as a step: so much of what is made for one of what is used, at most.

    ``unit`` is the certification unit by which what is used serves, carried by it in this ``share``; the factor is
    that of the row times the share.
    """

    source: Node
    target: Node
    factor: Fraction
    rules: str
    row: str
    unit: str = ""
    share: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Loop:
    """Steps that lead back to where they began, and what one credit becomes on the way."""

    edges: tuple[Edge, ...]
    gain: Fraction

    @property
    def by_share(self) -> bool:
        """Whether some step takes part of a certification unit, as no rule does by itself."""
        return any(edge.share < 1 for edge in self.edges)

    @property
    def way(self) -> str:
        """The path: what credit is of, in brackets the unit it carries, and between them the row of each rule set."""
        several = len({edge.source[0] for edge in self.edges}) > 1
        steps = [f"{_named(edge, several=several)} → {edge.rules}/{edge.row}" for edge in self.edges]
        return " → ".join((*steps, _node_named(self.edges[0].source, several=several)))

    @property
    def line(self) -> Line:
        """The loop in words."""
        facts: dict[str, Said] = {"gain": str(self.gain), "way": self.way}
        if self.by_share:
            return Line("lint.loop_by_share", Verdict.ASK, facts)
        return Line("lint.loop", Verdict.NO, facts)


def loops(
    rule_sets: Sequence[ConversionRules], library: Mapping[str, Course], carriers: Carriers = NO_CARRIERS
) -> tuple[Loop, ...]:
    """The loops across rule sets in which credit grows, each with its exact gain; empty means there is none.

    Rows of one group, one item and one target are steps. What an item's credit is of is told by the rule set's
    carriers; a row that asks for a certification unit takes what carries it by the table, a row that asks for nothing
    that names an item takes anything of its unit, and what is named otherwise is not followed. Where part of a unit is
    carried, a step counts at its share; circles through such a step come last. Rounding is not looked at: lint names
    a rule set that does not round down.

    With V things that credit is made of and E steps between them this takes at most 20 · V · E products of fractions,
    in practice a few rounds of E: what no circle can go through is dropped first, and at most 20 circles are told,
    of those that share their best step one.
    """
    edges = list(_edges(rule_sets, library, carriers))
    whole = [edge for edge in edges if edge.share == 1]
    found = _all_growing(whole, MOST_LOOPS)
    if len(whole) < len(edges):
        gone = {_steepest(loop) for loop in found}
        found += _all_growing([edge for edge in edges if edge not in gone], MOST_LOOPS - len(found))
    return tuple(found)


def finding(loop: Loop, of: str | None = None) -> Finding:
    """The loop as lint says it; one that goes through no row of the rules that are checked is only to be looked at."""
    line = loop.line
    if of is not None and all(edge.rules != of for edge in loop.edges):
        line = Line("lint.loop_elsewhere", Verdict.ASK, line.facts)
    return Finding(line, tuple(f"{edge.rules}.{edge.row}" for edge in loop.edges))


def _named(edge: Edge, *, several: bool) -> str:
    share = f" {edge.share}" if edge.share < 1 else ""
    return _node_named(edge.source, several=several) + (f" ({edge.unit}{share})" if edge.unit else "")


def _node_named(node: Node, *, several: bool) -> str:
    unit, kind, code = node
    return (code or kind) + (f" [{unit}]" if several else "")


def _edges(rule_sets: Sequence[ConversionRules], library: Mapping[str, Course], carriers: Carriers) -> Iterator[Edge]:
    steps = [
        (rules, row, source, targets)
        for rules in rule_sets
        for row in rules.rows
        if row.ruling is not Ruling.REFUSE and (targets := _targets(rules, row, library))
        for source in row.groups[0].sources
    ]
    made = frozenset(target for _rules, _row, _source, targets in steps for target in targets)
    anything = {unit: sorted(node for node in made if node[0] == unit) for unit in {node[0] for node in made}}
    by_unit: dict[str, list[tuple[str, str, Fraction]]] = {}
    for (kind, code), units in carriers.items():
        for unit, share in units.items():
            by_unit.setdefault(unit, []).append((kind, code, share))
    for rules, row, source, targets in steps:
        taken = _taken(rules, source, made, by_unit)
        if taken is None:
            taken = [(node, "", Fraction(1)) for node in anything.get(rules.held_unit, ())]
        for node, unit, share in taken:
            for target in targets:
                factor = _factor(row, source, node, target, library) * share
                if factor:
                    yield Edge(node, target, factor, rules.code, row.id, unit, share)


def _targets(rules: ConversionRules, row: ConversionRow, library: Mapping[str, Course]) -> list[Node]:
    """What a row makes, if it is a step at all; a course that is retired or closed is not converted into."""
    if len(row.groups) != 1 or row.groups[0].count not in (1, None) or len(row.targets) != 1:
        return []
    [target] = row.targets
    if target.kind is TargetKind.WAIVER:
        return []
    codes = [target.code]
    if target.kind is TargetKind.COURSE_OF:
        codes = sorted(course.code for course in library.values() if course.category == target.code)
    elif target.kind is not TargetKind.COURSE:
        return [(rules.unit, target.kind.value, target.code)]
    return [(rules.unit, COURSE, code) for code in codes if not _barred(rules, code, library.get(code))]


def _barred(rules: ConversionRules, code: str, course: Course | None) -> bool:
    if course is None:
        return any(code in part.courses for part in rules.closed)
    return course.retired or any(
        code in part.courses or course.nature in part.natures or course.category in part.categories
        for part in rules.closed
    )


def _taken(
    rules: ConversionRules,
    source: Source,
    made: frozenset[Node],
    by_unit: Mapping[str, Sequence[tuple[str, str, Fraction]]],
) -> list[tuple[Node, str, Fraction]] | None:
    """Of what is made the things that serve as a source, each with the unit it carries and its share of it.

    ``None`` says that anything serves that is of the unit the rules take.
    """
    cells = {cell.fact: cell.accept for cell in source.when}
    if source.units:
        return _carrying(rules, source, cells, made, by_unit)
    for kind in (*UNIT_CARRIERS, CATEGORY):
        accept = cells.get(rules.carriers.get(kind, ""))
        if isinstance(accept, OneOf):
            named = [(rules.held_unit, kind, str(value)) for value in accept.values]
            return [(node, "", Fraction(1)) for node in named if node in made]
    facts = {fact.name: fact for fact in rules.facts}
    told = set(rules.carriers.values())
    if any(
        isinstance(accept, OneOf)
        and name not in told
        and (facts[name].type in _NAMING or (facts[name].type is FactType.ENUM and not facts[name].ordered))
        for name, accept in cells.items()
    ):
        return []  # it asks for something particular, and nothing says what credit is of
    return None


def _carrying(
    rules: ConversionRules,
    source: Source,
    cells: Mapping[str, Accept],
    made: frozenset[Node],
    by_unit: Mapping[str, Sequence[tuple[str, str, Fraction]]],
) -> list[tuple[Node, str, Fraction]]:
    best: dict[Node, tuple[Fraction, str]] = {}
    for unit in source.units:
        for kind, code, share in by_unit.get(unit, ()):
            node = (rules.held_unit, kind, code)
            accept = cells.get(rules.carriers.get(kind, ""))
            served = kind in rules.carriers and (not isinstance(accept, OneOf) or code in map(str, accept.values))
            if served and node in made and share > best.get(node, (Fraction(0), ""))[0]:
                best[node] = share, unit
    return [(node, unit, share) for node, (share, unit) in sorted(best.items())]


def _factor(row: ConversionRow, source: Source, node: Node, target: Node, library: Mapping[str, Course]) -> Fraction:
    """The most that is made of one credit used; 0 where it cannot be said without the library."""
    if isinstance(row.worth, Held):
        return row.worth.times
    if isinstance(row.worth, Full):
        course = library.get(target[2])
        if course is None:
            return Fraction(0)
        if not row.worth.short:
            return Fraction(1)
        mine = library.get(node[2]) if node[1] == COURSE else None
        held = mine.credit if mine is not None else source.credit
        return max(Fraction(course.credit, held), Fraction(1)) if held else Fraction(0)
    return Fraction(1)


def _steepest(loop: Loop) -> Edge:
    """The step in which most is gained: without it the loop is gone."""
    return max(loop.edges, key=lambda edge: (edge.factor, edge.rules, edge.row))


def _all_growing(edges: Sequence[Edge], most: int) -> list[Loop]:
    left = list(edges)
    found: list[Loop] = []
    while len(found) < most and (loop := _growing(_in_circles(left))) is not None:
        found.append(loop)
        left.remove(_steepest(loop))
    return found


def _in_circles(edges: Iterable[Edge]) -> list[Edge]:
    """The best step from each thing to each other, without those that lead from nowhere or to nowhere."""
    best: dict[tuple[Node, Node], Edge] = {}
    for edge in edges:
        way = edge.source, edge.target
        if way not in best or edge.factor > best[way].factor:
            best[way] = edge
    left = list(best.values())
    while True:
        begun, ended = {edge.source for edge in left}, {edge.target for edge in left}
        kept = [edge for edge in left if edge.source in ended and edge.target in begun]
        if len(kept) == len(left):
            return kept
        left = kept


def _growing(edges: Sequence[Edge]) -> Loop | None:
    """One loop whose factors multiply to more than one, found by carrying the best product along every step."""
    if all(edge.factor <= 1 for edge in edges):
        return None
    best: dict[Node, Fraction] = {edge.source: Fraction(1) for edge in edges}
    came: dict[Node, Edge] = {}
    for _ in range(len(best) + 1):
        grew = False
        for edge in edges:
            product = best[edge.source] * edge.factor
            if product > best[edge.target]:
                best[edge.target] = product
                came[edge.target] = edge
                grew = True
        if not grew:
            return None
        if (loop := _closed(came)) is not None:
            return loop
    return None


def _closed(came: Mapping[Node, Edge]) -> Loop | None:
    """A loop among the steps by which each thing was reached best; such a one always grows."""
    seen: dict[Node, Node] = {}
    for begin in came:
        at = begin
        while at in came and at not in seen:
            seen[at] = begin
            at = came[at].source
        if at in came and seen[at] == begin:
            way = [came[at]]
            while way[-1].source != at:
                way.append(came[way[-1].source])
            way.reverse()
            gain = Fraction(1)
            for step in way:
                gain *= step.factor
            return Loop(tuple(way), gain) if gain > 1 else None
    return None
