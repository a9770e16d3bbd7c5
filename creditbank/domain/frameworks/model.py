"""What a qualification framework, a crosswalk, a credit unit and a certification unit are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from creditbank.domain.values import Text


class Dimension(StrEnum):
    """What a level descriptor or a list of learning outcomes is about."""

    KNOWLEDGE = "knowledge"
    SKILL = "skill"
    COMPETENCE = "competence"
    """Competence, autonomy and responsibility."""


_NO_WORDS: Mapping[Dimension, Text] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a framework.

    ``ordinal`` orders the levels and is exact, since some frameworks go in halves; ``hours`` is a remark on the
    notional hours of the level, in words.
    """

    code: str
    ordinal: Fraction
    name: Text
    descriptors: Mapping[Dimension, Text] = field(default_factory=lambda: _NO_WORDS)
    hours: Text | None = None


@dataclass(frozen=True, slots=True)
class Framework:
    """A qualification framework in one edition; its levels stand from the lowest to the highest."""

    code: str
    name: Text
    edition: str
    source: Text
    levels: tuple[Level, ...]
    unit: str = ""
    """The code of its credit unit; empty where it has none."""

    def level(self, code: str) -> Level | None:
        """The level of a code."""
        return next((level for level in self.levels if level.code == code), None)


class Match(StrEnum):
    """How a level stands to another one, read from the first to the second. Source: SKOS mapping properties."""

    EXACT = "exact"
    BROADER = "broader"
    """The second is broader: it takes in the first, and more."""
    NARROWER = "narrower"
    """The second is narrower: it is a part of the first."""
    RELATED = "related"

    @property
    def turned(self) -> Match:
        """The same relation read from the second to the first."""
        return _TURNED[self]


_TURNED = {
    Match.EXACT: Match.EXACT,
    Match.BROADER: Match.NARROWER,
    Match.NARROWER: Match.BROADER,
    Match.RELATED: Match.RELATED,
}

MOST_CONFIDENCE = 100


@dataclass(frozen=True, slots=True)
class Correspondence:
    """One row of a crosswalk: a level, another one, how they stand, and how sure that is in whole percent.

    ``confidence`` is ``None`` where nobody has stated one, which is not the same as certain.
    """

    from_level: str
    to_level: str
    match: Match
    confidence: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """Which levels of one framework correspond to which of another, by one source; many to many."""

    code: str
    from_framework: str
    to_framework: str
    source: Text
    rows: tuple[Correspondence, ...]


class Basis(StrEnum):
    """By what two credit units are compared; the answers may differ, so that it is always said."""

    HOURS = "hours"
    """The notional hours of one unit of each."""
    FULL_YEAR = "full_year"
    """The units of a full year of study in each."""
    PUBLISHED = "published"
    """A ratio that somebody published."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An exact number, or an exact interval where only its bounds are known."""

    least: Fraction
    most: Fraction

    @property
    def single(self) -> bool:
        """Whether it is one number."""
        return self.least == self.most

    def times(self, amount: Fraction) -> Interval:
        """An amount, not below zero, of it."""
        return Interval(self.least * amount, self.most * amount)


@dataclass(frozen=True, slots=True)
class UnitSystem:
    """A system of credit units: the notional hours of one unit, and the units of a full year where they are known."""

    code: str
    name: Text
    source: Text
    hours: Interval | None = None
    full_year: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Ratio:
    """A published ratio: ``from_amount`` of one unit are ``to_amount`` of the other."""

    from_unit: str
    to_unit: str
    from_amount: Fraction
    to_amount: Fraction
    source: Text


@dataclass(frozen=True, slots=True)
class UnitTable:
    """Credit-unit systems side by side, with the ratios that were published between them."""

    systems: tuple[UnitSystem, ...]
    ratios: tuple[Ratio, ...] = ()

    def system(self, code: str) -> UnitSystem | None:
        """The system of a code."""
        return next((one for one in self.systems if one.code == code), None)


class CarrierKind(StrEnum):
    """What carries a certification unit."""

    OUTCOME = "outcome"
    COURSE = "course"
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True)
class Carrier:
    """An outcome, course or certificate that carries a share of a unit."""

    kind: CarrierKind
    code: str
    share: Fraction = Fraction(1)
    name: Text | None = None


@dataclass(frozen=True, slots=True)
class CertificationUnit:
    """A certification unit 认证单元: the smallest piece of learning by which outcomes and courses are compared.

    ``credit`` is in units of the system ``unit``; ``outcomes`` are its learning outcomes by dimension.
    """

    code: str
    name: Text
    framework: str
    level: str
    credit: Fraction
    unit: str
    hours: Fraction | None = None
    outcomes: Mapping[Dimension, Text] = field(default_factory=lambda: _NO_WORDS)
    assessment: Text | None = None
    carriers: tuple[Carrier, ...] = ()


def carried_by(units: Iterable[CertificationUnit]) -> dict[tuple[str, str], dict[str, Fraction]]:
    """By kind and code of what carries units: each unit with the share that is carried, the largest that is said."""
    found: dict[tuple[str, str], dict[str, Fraction]] = {}
    for unit in units:
        for one in unit.carriers:
            mine = found.setdefault((one.kind.value, one.code), {})
            mine[unit.code] = max(one.share, mine.get(unit.code, Fraction(0)))
    return found
