"""Writes frameworks, crosswalks, credit units and certification units as the documents that are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from creditbank.domain.frameworks.model import (
    Carrier,
    CertificationUnit,
    Correspondence,
    Crosswalk,
    Dimension,
    Framework,
    Interval,
    Level,
    Ratio,
    UnitSystem,
    UnitTable,
)
from creditbank.domain.frameworks.read import CERTIFICATION_UNITS, CROSSWALK, FRAMEWORK, UNITS, Document
from creditbank.domain.values import Text


def write_any(document: Document) -> dict[str, Any]:
    """Plain data of any of the four; :func:`creditbank.domain.frameworks.read.read_any` reads it back equal."""
    match document:
        case Framework():
            return write_framework(document)
        case Crosswalk():
            return write_crosswalk(document)
        case UnitTable():
            return write_units(document)
        case _:
            return write_certification_units(document)


def write_framework(framework: Framework) -> dict[str, Any]:
    """A ``creditbank.framework/1`` document."""
    return {
        "schema": FRAMEWORK,
        "code": framework.code,
        "name": _words(framework.name),
        "edition": framework.edition,
        "source": _words(framework.source),
        **({"unit": framework.unit} if framework.unit else {}),
        "levels": [_level(one) for one in framework.levels],
    }


def write_crosswalk(crosswalk: Crosswalk) -> dict[str, Any]:
    """A ``creditbank.crosswalk/1`` document."""
    return {
        "schema": CROSSWALK,
        "code": crosswalk.code,
        "from": crosswalk.from_framework,
        "to": crosswalk.to_framework,
        "source": _words(crosswalk.source),
        "rows": [_correspondence(one) for one in crosswalk.rows],
    }


def write_units(table: UnitTable) -> dict[str, Any]:
    """A ``creditbank.units/1`` document."""
    return {
        "schema": UNITS,
        "systems": [_system(one) for one in table.systems],
        **({"ratios": [_ratio(one) for one in table.ratios]} if table.ratios else {}),
    }


def write_certification_units(units: Sequence[CertificationUnit]) -> dict[str, Any]:
    """A ``creditbank.certification-units/1`` document."""
    return {"schema": CERTIFICATION_UNITS, "units": [_unit(one) for one in units]}


def number(value: Fraction) -> str:
    """An exact number as documents say it: ``"4.5"`` where it has few decimals, else ``"1/3"``."""
    if value.denominator == 1:
        return str(value.numerator)
    for places in range(1, 7):
        shifted = value * 10**places
        if shifted.denominator == 1:
            digits = str(shifted.numerator).rjust(places + 1, "0")
            return f"{digits[:-places]}.{digits[-places:]}"
    return f"{value.numerator}/{value.denominator}"


def _words(text: Text) -> dict[str, str]:
    return {"zh": text.zh, **({"en": text.en} if text.en else {})}


def _maybe(name: str, text: Text | None) -> dict[str, Any]:
    return {} if text is None else {name: _words(text)}


def _dimensions(words: Mapping[Dimension, Text]) -> dict[str, Any]:
    return {one.value: _words(words[one]) for one in Dimension if one in words}


def _level(level: Level) -> dict[str, Any]:
    return {
        "code": level.code,
        "ordinal": number(level.ordinal),
        "name": _words(level.name),
        **_dimensions(level.descriptors),
        **_maybe("hours", level.hours),
    }


def _correspondence(row: Correspondence) -> dict[str, Any]:
    return {
        "from": row.from_level,
        "to": row.to_level,
        "match": row.match.value,
        **({} if row.confidence is None else {"confidence": row.confidence}),
        **({"note": row.note} if row.note else {}),
    }


def _system(system: UnitSystem) -> dict[str, Any]:
    return {
        "code": system.code,
        "name": _words(system.name),
        **({} if system.hours is None else {"hours": _interval(system.hours)}),
        **({} if system.full_year is None else {"full_year": number(system.full_year)}),
        "source": _words(system.source),
    }


def _interval(found: Interval) -> str | dict[str, str]:
    return number(found.least) if found.single else {"from": number(found.least), "to": number(found.most)}


def _ratio(ratio: Ratio) -> dict[str, Any]:
    return {
        "from": ratio.from_unit,
        "to": ratio.to_unit,
        "from_amount": number(ratio.from_amount),
        "to_amount": number(ratio.to_amount),
        "source": _words(ratio.source),
    }


def _unit(unit: CertificationUnit) -> dict[str, Any]:
    return {
        "code": unit.code,
        "name": _words(unit.name),
        "framework": unit.framework,
        "level": unit.level,
        "credit": number(unit.credit),
        "unit": unit.unit,
        **({} if unit.hours is None else {"hours": number(unit.hours)}),
        **_dimensions(unit.outcomes),
        **_maybe("assessment", unit.assessment),
        **({"carriers": [_carrier(one) for one in unit.carriers]} if unit.carriers else {}),
    }


def _carrier(carrier: Carrier) -> dict[str, Any]:
    return {
        "kind": carrier.kind.value,
        "code": carrier.code,
        **({} if carrier.share == 1 else {"share": number(carrier.share)}),
        **_maybe("name", carrier.name),
    }
