"""Compiles conversion rules once per content hash: bound tests, and rows found by what items are."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from creditbank.domain.conversions.model import UNIT_CARRIERS
from creditbank.domain.conversions.write import conversion_rules_hash
from creditbank.domain.rules.compile import Tests, bind
from creditbank.domain.rules.grant import holds
from creditbank.domain.rules.model import OneOf

if TYPE_CHECKING:
    from collections.abc import Mapping

    from creditbank.domain.conversions.model import ConversionRow, ConversionRules, Source
    from creditbank.domain.rules.amounts import Values
    from creditbank.domain.rules.model import Exclude, Validity, Value
    from creditbank.domain.values import Hundredths, Text

MOST_KEPT = 64

Place = tuple[int, int]
"""The number of a row and of a group in it."""

Entry = tuple[Place, Tests, "Hundredths | None", frozenset[str]]
"""What a source still asks of an item: where it stands, its other cells, the least credit, any of these units."""


class CompiledConversions:
    """Conversion rules ready to evaluate; make them with :func:`compile_conversions`."""

    __slots__ = (
        "_always",
        "_found",
        "carriers",
        "categories",
        "dates",
        "excludes",
        "hash",
        "number",
        "position",
        "rules",
    )

    def __init__(self, rules: ConversionRules, content_hash: str) -> None:
        self.rules = rules
        self.hash = content_hash
        self.position: dict[str, int] = {fact.name: index for index, fact in enumerate(rules.facts)}
        self.carriers: tuple[tuple[str, int], ...] = tuple(
            (kind, self.position[rules.carriers[kind]]) for kind in UNIT_CARRIERS if kind in rules.carriers
        )
        self.categories: dict[str, Text] = {category.code: category.label for category in rules.categories}
        self.number: dict[str, int] = {row.id: number for number, row in enumerate(rules.rows)}
        self.excludes: tuple[tuple[Exclude, Tests], ...] = tuple(
            (part, bind(part.when, self.position)) for part in rules.exclude
        )
        self.dates: tuple[tuple[Validity, Tests, int], ...] = tuple(
            (rule, bind(rule.when, self.position), self.position[rule.fact]) for rule in rules.validity
        )
        self._found: dict[tuple[int, Value], list[Entry]] = {}
        self._always: list[Entry] = []
        for number, row in enumerate(rules.rows):
            self._enter(number, row)

    def _enter(self, number: int, row: ConversionRow) -> None:
        """Enter each source under the values of the cell that lists fewest, the most telling one."""
        for at, group in enumerate(row.groups):
            for source in group.sources:
                key = _key(source)
                tests = bind((cell for cell in source.when if cell.fact != key), self.position)
                entry: Entry = ((number, at), tests, source.credit, frozenset(source.units))
                if key is None:
                    self._always.append(entry)
                    continue
                accept = next(cell.accept for cell in source.when if cell.fact == key)
                assert isinstance(accept, OneOf)
                for value in accept.values:
                    self._found.setdefault((self.position[key], value), []).append(entry)

    def places(self, values: Values, credit: int, units: frozenset[str] = frozenset()) -> set[Place]:
        """The groups of all rows that an item with these facts, so much credit and these units serves in."""
        found: set[Place] = set()
        asked = [self._always]
        asked += [self._found.get((index, value), []) for index, value in enumerate(values) if value is not None]
        for place, tests, least, wanted in chain.from_iterable(asked):
            if place in found or (least is not None and credit < least) or (wanted and wanted.isdisjoint(units)):
                continue
            if holds(tests, values):
                found.add(place)
        return found

    def units_of(self, values: Values, carried: Mapping[tuple[str, str], frozenset[str]]) -> frozenset[str]:
        """The certification units that an item carries by what its facts say it is of."""
        named = ((kind, values[index]) for kind, index in self.carriers)
        return frozenset().union(*(carried.get((kind, str(value)), frozenset()) for kind, value in named))


def _key(source: Source) -> str | None:
    listed = [(len(cell.accept.values), cell.fact) for cell in source.when if isinstance(cell.accept, OneOf)]
    return min(listed)[1] if listed else None


_KEPT: dict[str, CompiledConversions] = {}
_OF_OBJECT: dict[int, CompiledConversions] = {}
"""The same by the rules themselves, which they hold, so that no other object has their place in memory."""


def compile_conversions(rules: ConversionRules) -> CompiledConversions:
    """The compiled form of conversion rules, made once per content hash and process."""
    # To hash rules is to write them out; who asks with the very same ones is answered without.
    same = _OF_OBJECT.get(id(rules))
    if same is not None and same.rules is rules:
        return same
    content_hash = conversion_rules_hash(rules)
    kept = _KEPT.get(content_hash)
    if kept is None:
        kept = CompiledConversions(rules, content_hash)
        while len(_KEPT) >= MOST_KEPT:
            gone = _KEPT.pop(next(iter(_KEPT)), None)
            if gone is not None:
                _OF_OBJECT.pop(id(gone.rules), None)
        _KEPT[content_hash] = kept
        _OF_OBJECT[id(rules)] = kept
    return kept
