"""Frameworks, crosswalks and units as an institution or everybody sees them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from uuid import UUID

from creditbank.domain.frameworks.model import (
    CertificationUnit,
    Crosswalk,
    Framework,
    Ratio,
    UnitSystem,
    UnitTable,
    carried_by,
)
from creditbank.domain.frameworks.rows import (
    Content,
    certification_units_from,
    crosswalks_from,
    frameworks_from,
    units_from,
)
from creditbank.domain.masterdata.framework_sets import CERTIFICATION_UNITS, FRAMEWORKS
from creditbank.domain.values import Text
from creditbank.queries.masterdata.inheritance import chain_of
from creditbank.records.scope import Scope

_ROWS = """
SELECT place.id, place.code, place.name, place.name_en, one.data_set, one.content::text FROM framework_row AS one
JOIN institution AS place ON place.id = one.institution_id
WHERE {condition} AND {which} ORDER BY one.data_set, one.key
"""


@dataclass(frozen=True)
class Shelf:
    """What one institution keeps of frameworks; of others only what they have published."""

    institution: str
    """Its code."""
    name: Text
    own: bool
    """Whether it is the institution that reads."""
    rows: dict[str, list[Content]] = field(repr=False)

    @cached_property
    def frameworks(self) -> tuple[Framework, ...]:
        """Its frameworks, by code."""
        return frameworks_from(self.rows)

    @cached_property
    def crosswalks(self) -> tuple[Crosswalk, ...]:
        """Its crosswalks, by code."""
        return crosswalks_from(self.rows)

    @cached_property
    def units(self) -> UnitTable:
        """Its credit units and the ratios between them."""
        return units_from(self.rows)

    @cached_property
    def certification_units(self) -> tuple[CertificationUnit, ...]:
        """Its certification units, by code."""
        return certification_units_from(self.rows)

    @cached_property
    def published(self) -> frozenset[tuple[str, str]]:
        """Of its frameworks and certification units those stated to be published: data set and code."""
        return frozenset(
            (data_set, str(row["code"]))
            for data_set in (FRAMEWORKS.code, CERTIFICATION_UNITS.code)
            for row in self.rows.get(data_set, ())
            if row.get("published") is True
        )


@dataclass(frozen=True, slots=True)
class Placed:
    """A framework and the shelf it stands on: two institutions may each have one of the same code."""

    shelf: Shelf
    framework: Framework

    @property
    def key(self) -> str:
        """What tells it from others: the code of its institution, a colon, and its own."""
        return f"{self.shelf.institution}:{self.framework.code}"


@dataclass(frozen=True, slots=True)
class Linked:
    """A crosswalk with both its frameworks as they are found from where it stands."""

    shelf: Shelf
    crosswalk: Crosswalk
    first: Placed
    second: Placed


@dataclass(frozen=True, slots=True)
class Library:
    """Shelves from the nearest to the farthest, and what is found on them."""

    shelves: tuple[Shelf, ...]

    def frameworks(self) -> tuple[Placed, ...]:
        """Every framework, shelf by shelf."""
        return tuple(Placed(shelf, one) for shelf in self.shelves for one in shelf.frameworks)

    def find(self, institution: str, code: str) -> Placed | None:
        """The framework of a code on the shelf of an institution."""
        return next(
            (one for one in self.frameworks() if (one.shelf.institution, one.framework.code) == (institution, code)),
            None,
        )

    def resolve(self, code: str, near: Shelf) -> Placed | None:
        """The framework that a row of a shelf means: one of its own, else the nearest of that code."""
        for shelf in (near, *self.shelves):
            for one in shelf.frameworks:
                if one.code == code:
                    return Placed(shelf, one)
        return None

    def crosswalks(self) -> Iterator[Linked]:
        """Every crosswalk of which both frameworks are known."""
        for shelf in self.shelves:
            for one in shelf.crosswalks:
                first, second = self.resolve(one.from_framework, shelf), self.resolve(one.to_framework, shelf)
                if first is not None and second is not None:
                    yield Linked(shelf, one, first, second)

    def units(self, near: Shelf | None = None) -> UnitTable:
        """All credit units together; where two shelves have one code, the nearer one counts."""
        systems: dict[str, UnitSystem] = {}
        ratios: dict[tuple[str, str], Ratio] = {}
        for shelf in (*((near,) if near is not None else ()), *self.shelves):
            for system in shelf.units.systems:
                systems.setdefault(system.code, system)
            for ratio in shelf.units.ratios:
                ratios.setdefault((ratio.from_unit, ratio.to_unit), ratio)
        return UnitTable(tuple(systems.values()), tuple(ratios.values()))


def units_carried(library: Library) -> Mapping[tuple[str, str], Mapping[str, Fraction]]:
    """Which certification units a course, certificate or outcome carries, by its kind and code, and what share of each.

    Of one code the nearest unit counts, as everywhere on the shelves.
    """
    units: dict[str, CertificationUnit] = {}
    for shelf in library.shelves:
        for unit in shelf.certification_units:
            units.setdefault(unit.code, unit)
    return carried_by(units.values())


def library_at(scope: Scope) -> Library:
    """What the scope's institution sees: its own, published or not, and what those above it have published."""
    chain = [place for place, _name in chain_of(scope)]
    found = _shelves(scope, "one.institution_id = ANY(%s)", [chain])
    order = {place: depth for depth, place in enumerate(reversed(chain))}
    return Library(tuple(shelf for _place, shelf in sorted(found.items(), key=lambda item: order[item[0]])))


def whole_units(library: Library) -> Mapping[tuple[str, str], frozenset[str]]:
    """Which certification units a course, certificate or outcome carries whole, by what a library holds.

    Of one code the nearest unit counts, an institution's own before that of the level above. What carries only a share
    of a unit is left out: no conversion takes a part for the whole.
    """
    return {
        carrier: whole
        for carrier, units in units_carried(library).items()
        if (whole := frozenset(code for code, share in units.items() if share >= 1))
    }


def public_library(scope: Scope) -> Library:
    """What everybody sees: what is published, the centre's first."""
    found = _shelves(scope, "one.published", [])
    depth = dict(
        scope.fetch(
            "SELECT id, CASE WHEN kind = 'centre' THEN 0 ELSE 1 END FROM institution WHERE id = ANY(%s)", [list(found)]
        )
    )
    ordered = sorted(found.items(), key=lambda item: (depth[item[0]], item[1].institution))
    return Library(tuple(shelf for _place, shelf in ordered))


def _shelves(scope: Scope, which: str, values: Sequence[object]) -> dict[UUID, Shelf]:
    condition, own = scope.condition("framework_row", "one")
    rows: dict[UUID, dict[str, list[Content]]] = defaultdict(lambda: defaultdict(list))
    about: dict[UUID, tuple[str, Text]] = {}
    for place, code, name, name_en, data_set, content in scope.fetch(
        _ROWS.format(condition=condition, which=which), [*own, *values]
    ):
        rows[place][data_set].append(json.loads(content))
        about[place] = code, Text(name, name_en)
    return {
        place: Shelf(about[place][0], about[place][1], place == scope.institution, dict(found))
        for place, found in rows.items()
    }
