"""Finds arbitrage: conversions one after the other that end where they began, with more credit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from creditbank.domain.conversions.model import Full, Held, TargetKind
from creditbank.domain.explanation import Fact as Said
from creditbank.domain.explanation import Line, Verdict
from creditbank.domain.rules.finding import Finding
from creditbank.domain.rules.model import OneOf

if TYPE_CHECKING:
    from creditbank.domain.conversions.model import ConversionRow, ConversionRules, Course, Source

MESSAGES: dict[str, str] = {
    "lint.loop": "Converted in a circle, credit becomes {gain} times as much: {way}.",
}

MOST_LOOPS = 20

Node = tuple[str, str, str]
"""Unit, kind (course, category, elective or requirement) and code of what credit is of."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One row of one rule set as a step: so much of what is made for one of what is used, at most."""

    source: Node
    target: Node
    factor: Fraction
    rules: str
    row: str


@dataclass(frozen=True, slots=True)
class Loop:
    """Steps that lead back to where they began, and what one credit becomes on the way."""

    edges: tuple[Edge, ...]
    gain: Fraction

    @property
    def line(self) -> Line:
        """The loop in words."""
        way = " → ".join(f"{edge.rules}/{edge.row}" for edge in self.edges)
        facts: dict[str, Said] = {"gain": str(self.gain), "way": way}
        return Line("lint.loop", Verdict.NO, facts)


def loops(rule_sets: Sequence[ConversionRules], library: Mapping[str, Course]) -> tuple[Loop, ...]:
    """The loops across rule sets in which credit grows, each with its exact gain; empty means there is none.

    Rows of one group, one item and one target are steps. What an item's credit is of is told by the rule set's
    carriers; a row that asks for none of them takes anything of its unit. Rounding is not looked at: lint names a rule
    set that does not round down.
    """
    edges = list(_edges(rule_sets, library))
    found: list[Loop] = []
    while len(found) < MOST_LOOPS and (loop := _growing(edges)) is not None:
        found.append(loop)
        edges.remove(max(loop.edges, key=lambda edge: (edge.factor, edge.rules, edge.row)))
    return tuple(found)


def finding(loop: Loop) -> Finding:
    """The loop as lint says it."""
    return Finding(loop.line, tuple(f"{edge.rules}.{edge.row}" for edge in loop.edges))


def _edges(rule_sets: Sequence[ConversionRules], library: Mapping[str, Course]) -> Iterator[Edge]:
    nodes: set[Node] = set()
    steps = [(rules, row, source) for rules in rule_sets for row in rules.rows for source in _sources(row)]
    for rules, row, source in steps:
        nodes.add(_target(rules, row))
        nodes |= set(_carried(rules, source))
    for rules, row, source in steps:
        target = _target(rules, row)
        carried = _carried(rules, source) or sorted(node for node in nodes if node[0] == rules.held_unit)
        for node in carried:
            factor = _factor(row, source, node, library)
            if factor:
                yield Edge(node, target, factor, rules.code, row.id)


def _sources(row: ConversionRow) -> Sequence[Source]:
    single = len(row.groups) == 1 and row.groups[0].count in (1, None) and len(row.targets) == 1
    if not single or row.targets[0].kind is TargetKind.WAIVER:
        return ()
    # What carries a certification unit is not said by the rules, so that no circle is claimed through one.
    return tuple(source for source in row.groups[0].sources if not source.units)


def _target(rules: ConversionRules, row: ConversionRow) -> Node:
    return rules.unit, row.targets[0].kind.value, row.targets[0].code


def _carried(rules: ConversionRules, source: Source) -> list[Node]:
    """What the items of a source are credit of, the course before the category."""
    cells = {cell.fact: cell.accept for cell in source.when}
    for kind in ("course", "category"):
        accept = cells.get(rules.carriers.get(kind, ""))
        if isinstance(accept, OneOf):
            return [(rules.held_unit, kind, str(value)) for value in accept.values]
    return []


def _factor(row: ConversionRow, source: Source, node: Node, library: Mapping[str, Course]) -> Fraction:
    """The most that is made of one credit used; 0 where it cannot be said without the library."""
    if isinstance(row.worth, Held):
        return row.worth.times
    if isinstance(row.worth, Full):
        course = library.get(row.targets[0].code)
        if course is None:
            return Fraction(0)
        if not row.worth.short:
            return Fraction(1)
        mine = library.get(node[2]) if node[1] == "course" else None
        held = mine.credit if mine is not None else source.credit
        return max(Fraction(course.credit, held), Fraction(1)) if held else Fraction(0)
    return Fraction(1)


def _growing(edges: Sequence[Edge]) -> Loop | None:
    """One loop whose factors multiply to more than one, found by carrying the best product along every step."""
    best: dict[Node, Fraction] = {edge.source: Fraction(1) for edge in edges}
    came: dict[Node, Edge] = {}
    for _ in range(len(best) + 1):
        last: Node | None = None
        for edge in edges:
            product = best[edge.source] * edge.factor
            if product > best.get(edge.target, Fraction(1)):
                best[edge.target] = product
                came[edge.target] = edge
                last = edge.target
                if (loop := _closed(came, edge.target)) is not None:
                    return loop
        if last is None:
            return None
    return None


def _closed(came: Mapping[Node, Edge], node: Node) -> Loop | None:
    """The loop that ends at a node, where the steps that led to it come back to it."""
    way: list[Edge] = []
    at = node
    for _ in range(len(came) + 1):
        edge = came.get(at)
        if edge is None:
            return None
        way.append(edge)
        at = edge.source
        if at == node:
            gain = Fraction(1)
            for step in way:
                gain *= step.factor
            return Loop(tuple(reversed(way)), gain) if gain > 1 else None
    return None
