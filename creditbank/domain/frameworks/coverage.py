"""Certification units as a medium: what outcomes that are held cover of what a course needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from creditbank.domain.explanation import Explanation, Fact, Line, Verdict
from creditbank.domain.frameworks.model import Carrier, CarrierKind, CertificationUnit
from creditbank.domain.frameworks.units import said

MESSAGES: dict[str, str] = {
    "frameworks.covered": "{unit} is covered by {carriers}.",
    "frameworks.added": "{unit} is covered only by adding what {carriers} carry: look whether they carry different "
    "parts of it.",
    "frameworks.partly": "{unit} is covered to {share} of what is needed, by {carriers}.",
    "frameworks.missing": "{unit} is not covered.",
    "frameworks.needs_nothing": "No certification unit says what {target} needs.",
    "frameworks.whole": "Every unit that {target} needs is covered.",
    "frameworks.part": "{covered} of the {count} units that {target} needs are covered.",
}
"""What is said of the units that are covered and missing."""

Holding = tuple[CarrierKind, str]
"""An outcome, a course or a certificate that is held or wanted: its kind and code."""


class Standing(StrEnum):
    """How far a unit is covered."""

    COVERED = "covered"
    ADDED = "added"
    """Only by the shares of several, which may overlap: a person looks."""
    PARTLY = "partly"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class UnitCoverage:
    """One unit that is needed: how much of it, how much is covered, by whom, and what credit that is."""

    unit: CertificationUnit
    needed: Fraction
    covered: Fraction
    by: tuple[Carrier, ...]
    standing: Standing

    @property
    def credit(self) -> Fraction:
        """The exact credit of what is covered, in the unit's own credit units."""
        return self.unit.credit * self.covered


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is covered of everything that is needed."""

    units: tuple[UnitCoverage, ...]
    explanation: Explanation

    def standing(self, *wanted: Standing) -> tuple[UnitCoverage, ...]:
        """The units that stand so."""
        return tuple(one for one in self.units if one.standing in wanted)

    @property
    def whole(self) -> bool:
        """Whether everything needed is covered, though perhaps only by adding shares."""
        return bool(self.units) and not self.standing(Standing.PARTLY, Standing.MISSING)

    @property
    def credit(self) -> Mapping[str, Fraction]:
        """By credit-unit system the exact credit of what is covered: units of different systems are never added."""
        found: dict[str, Fraction] = {}
        for one in self.units:
            found[one.unit.unit] = found.get(one.unit.unit, Fraction(0)) + one.credit
        return found


def carried_by(units: Iterable[CertificationUnit], holding: Holding) -> tuple[tuple[CertificationUnit, Fraction], ...]:
    """The units that something carries, with the share of each."""
    found = []
    for unit in units:
        share = sum((one.share for one in unit.carriers if (one.kind, one.code) == holding), Fraction(0))
        if share > 0:
            found.append((unit, min(share, Fraction(1))))
    return tuple(found)


def coverage(units: Collection[CertificationUnit], held: Collection[Holding], target: Holding) -> Coverage:
    """What outcomes that are held cover of the units that a target needs.

    What a target needs is what it carries. A unit counts once, whatever number of outcomes carry it, and never for
    more than is needed.
    """
    needed = carried_by(units, target)
    found = tuple(_covered(unit, share, set(held)) for unit, share in needed)
    name: Fact = target[1]
    if not found:
        return Coverage((), (Line("frameworks.needs_nothing", Verdict.ASK, {"target": name}),))
    lines = tuple(_line(one) for one in found)
    missing = [one for one in found if one.standing in (Standing.PARTLY, Standing.MISSING)]
    if missing:
        facts: dict[str, Fact] = {"target": name, "covered": len(found) - len(missing), "count": len(found)}
        return Coverage(found, (Line("frameworks.part", Verdict.NO, facts, lines=lines),))
    verdict = Verdict.ASK if any(one.standing is Standing.ADDED for one in found) else Verdict.YES
    return Coverage(found, (Line("frameworks.whole", verdict, {"target": name}, lines=lines),))


def _covered(unit: CertificationUnit, needed: Fraction, held: set[Holding]) -> UnitCoverage:
    by = tuple(one for one in unit.carriers if (one.kind, one.code) in held and one.share > 0)
    shares = [one.share for one in by]
    total = min(sum(shares, Fraction(0)), needed)
    if not by:
        standing = Standing.MISSING
    elif max(shares) >= needed:
        standing = Standing.COVERED
    else:
        standing = Standing.ADDED if total >= needed else Standing.PARTLY
    return UnitCoverage(unit, needed, total, by, standing)


def _line(one: UnitCoverage) -> Line:
    facts: dict[str, Fact] = {"unit": one.unit.name}
    if one.by:
        facts["carriers"] = ", ".join(carrier.code for carrier in one.by)
    if one.standing is Standing.PARTLY:
        facts["share"] = f"{said(one.covered / one.needed * 100)} %"
    verdicts = {Standing.COVERED: Verdict.YES, Standing.ADDED: Verdict.ASK}
    return Line(f"frameworks.{one.standing.value}", verdicts.get(one.standing, Verdict.NO), facts)
