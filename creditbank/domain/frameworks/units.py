"""Credit units into each other: exact, by a basis that is always said."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from creditbank.domain.explanation import Explanation, Fact, Line, Refusal, Verdict
from creditbank.domain.frameworks.model import Basis, Interval, UnitSystem, UnitTable

MESSAGES: dict[str, str] = {
    "frameworks.by_hours": "By notional hours: {amount} {from} = {result} {to}.",
    "frameworks.by_full_year": "By a full year of study: {amount} {from} = {result} {to}.",
    "frameworks.by_published": "By a published ratio: {amount} {from} = {result} {to}.",
    "frameworks.no_hours": "The notional hours of {unit} are not stated.",
    "frameworks.no_full_year": "How many {unit} make a full year is not stated.",
    "frameworks.no_ratio": "No ratio between {from} and {to} was published.",
    "frameworks.no_unit": "There is no credit unit {unit}.",
    "frameworks.bases_differ": "The bases do not agree: a crosswalk or a rule says by which one it counts.",
}
"""How an amount of one credit unit is said in another."""

ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Converted:
    """An amount in another unit, by a basis."""

    basis: Basis
    result: Interval
    explanation: Explanation


def said(number: Fraction) -> str:
    """An exact number in words: whole, with the decimals it has, or as a fraction."""
    if number.denominator == 1:
        return str(number.numerator)
    for places in (1, 2, 3):
        shifted = number * 10**places
        if shifted.denominator == 1:
            sign, digits = ("-" if number < 0 else ""), str(abs(shifted.numerator)).rjust(places + 1, "0")
            return f"{sign}{digits[:-places]}.{digits[-places:]}"
    return f"{number.numerator}/{number.denominator}"


def interval_said(found: Interval) -> str:
    """An exact interval in words."""
    return said(found.least) if found.single else f"{said(found.least)}–{said(found.most)}"


def factor(table: UnitTable, from_unit: str, to_unit: str, basis: Basis) -> Interval | Refusal:
    """How many of one unit one of another is, exactly, or why that is not known."""
    systems: list[UnitSystem] = []
    for code in (from_unit, to_unit):
        found = table.system(code)
        if found is None:
            return Refusal.because("frameworks.no_unit", unit=code)
        systems.append(found)
    if from_unit == to_unit:
        return Interval(ONE, ONE)
    given, wanted = systems
    match basis:
        case Basis.HOURS:
            if given.hours is None or wanted.hours is None:
                lacking = given if given.hours is None else wanted
                return Refusal.because("frameworks.no_hours", unit=lacking.name)
            return Interval(given.hours.least / wanted.hours.most, given.hours.most / wanted.hours.least)
        case Basis.FULL_YEAR:
            if given.full_year is None or wanted.full_year is None:
                lacking = given if given.full_year is None else wanted
                return Refusal.because("frameworks.no_full_year", unit=lacking.name)
            exact = wanted.full_year / given.full_year
            return Interval(exact, exact)
        case _:
            return _published(table, given, wanted)


def _published(table: UnitTable, given: UnitSystem, wanted: UnitSystem) -> Interval | Refusal:
    """The published ratios between the two, never composed of others; where they differ, from the least to the most."""
    found = []
    for one in table.ratios:
        if (one.from_unit, one.to_unit) == (given.code, wanted.code):
            found.append(one.to_amount / one.from_amount)
        elif (one.from_unit, one.to_unit) == (wanted.code, given.code):
            found.append(one.from_amount / one.to_amount)
    if not found:
        facts: dict[str, Fact] = {"from": given.name, "to": wanted.name}
        return Refusal.because("frameworks.no_ratio", **facts)
    return Interval(min(found), max(found))


def convert(table: UnitTable, amount: Fraction, from_unit: str, to_unit: str, basis: Basis) -> Converted | Refusal:
    """An amount, not below zero, of one unit in another."""
    found = factor(table, from_unit, to_unit, basis)
    if isinstance(found, Refusal):
        return found
    result = found.times(amount)
    given, wanted = table.system(from_unit), table.system(to_unit)
    assert given is not None
    assert wanted is not None
    facts: dict[str, Fact] = {
        "amount": said(amount),
        "from": given.name,
        "to": wanted.name,
        "result": interval_said(result),
    }
    return Converted(basis, result, (Line(f"frameworks.by_{basis.value}", Verdict.NOTE, facts),))


def compare(table: UnitTable, amount: Fraction, from_unit: str, to_unit: str) -> tuple[Converted, ...]:
    """An amount by every basis that answers, in the order of the bases."""
    found = (convert(table, amount, from_unit, to_unit, basis) for basis in Basis)
    return tuple(one for one in found if isinstance(one, Converted))


def differ(answers: tuple[Converted, ...]) -> bool:
    """Whether some of the answers cannot all be true: the intervals have nothing in common."""
    return bool(answers) and max(one.result.least for one in answers) > min(one.result.most for one in answers)


def explain_differing() -> Line:
    """That the basis must be said."""
    return Line("frameworks.bases_differ", Verdict.ASK)
