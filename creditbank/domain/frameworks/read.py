"""Reads frameworks, crosswalks and units from plain data; everything wrong is named with its path."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from creditbank.domain.frameworks.model import (
    MOST_CONFIDENCE,
    Carrier,
    CarrierKind,
    CertificationUnit,
    Correspondence,
    Crosswalk,
    Dimension,
    Framework,
    Interval,
    Level,
    Match,
    Ratio,
    UnitSystem,
    UnitTable,
)
from creditbank.domain.rules.places import Place, Problem, UnreadableError
from creditbank.domain.values import Text

FRAMEWORK = "creditbank.framework/1"
CROSSWALK = "creditbank.crosswalk/1"
UNITS = "creditbank.units/1"
CERTIFICATION_UNITS = "creditbank.certification-units/1"

MOST_LEVELS = 100
MOST_ROWS = 10_000
MOST_SYSTEMS = 500
MOST_UNITS = 5_000
MOST_CARRIERS = 1_000

DIMENSIONS = tuple(one.value for one in Dimension)
Document = Framework | Crosswalk | UnitTable | tuple[CertificationUnit, ...]


def read_any(data: Mapping[str, Any]) -> Document:
    """Whichever of the four a document says it is.

    Raises:
        UnreadableError: it says none of them, or cannot be read.
    """
    readers: dict[str, Callable[[Mapping[str, Any]], Document]] = {
        FRAMEWORK: read_framework,
        CROSSWALK: read_crosswalk,
        UNITS: read_units,
        CERTIFICATION_UNITS: read_certification_units,
    }
    named = Place(data).named("schema")
    return readers[named.one_of(tuple(readers))](data)


def read_framework(data: Mapping[str, Any]) -> Framework:
    """The framework of a ``creditbank.framework/1`` document.

    Raises:
        UnreadableError: with every problem found, each with its path; unknown keys are refused.
    """
    place = Place(data).object(("schema", "code", "name", "edition", "source", "levels"), ("unit",))
    _schema(place, FRAMEWORK)
    levels = place.named("levels").each(_level, MOST_LEVELS)
    if not levels:
        place.named("levels").fail("a framework needs at least one level")
    _no_doubles(place.named("levels"), [one.code for one in levels], "code")
    for index, (one, after) in enumerate(itertools.pairwise(levels), start=1):
        if after.ordinal < one.ordinal:
            place.named("levels").items()[index].named("ordinal").fail(
                "levels stand from the lowest to the highest; this one is lower than the one before it"
            )
    return Framework(
        code=place.named("code").code(),
        name=_words(place.named("name")),
        edition=place.named("edition").text(),
        source=_words(place.named("source")),
        levels=levels,
        unit=place.named("unit").code() if place.given("unit") else "",
    )


def read_crosswalk(data: Mapping[str, Any]) -> Crosswalk:
    """The crosswalk of a ``creditbank.crosswalk/1`` document.

    Raises:
        UnreadableError: with every problem found, each with its path; unknown keys are refused.
    """
    place = Place(data).object(("schema", "code", "from", "to", "source", "rows"))
    _schema(place, CROSSWALK)
    rows = place.named("rows").each(_correspondence, MOST_ROWS)
    if not rows:
        place.named("rows").fail("a crosswalk needs at least one row")
    _no_doubles(place.named("rows"), [(one.from_level, one.to_level) for one in rows], "to")
    first, second = place.named("from").code(), place.named("to").code()
    if first == second:
        place.named("to").fail("a crosswalk leads from one framework to another one")
    return Crosswalk(place.named("code").code(), first, second, _words(place.named("source")), rows)


def read_units(data: Mapping[str, Any]) -> UnitTable:
    """The credit units of a ``creditbank.units/1`` document.

    Raises:
        UnreadableError: with every problem found, each with its path; unknown keys are refused.
    """
    place = Place(data).object(("schema", "systems"), ("ratios",))
    _schema(place, UNITS)
    systems = place.named("systems").each(_system, MOST_SYSTEMS)
    if not systems:
        place.named("systems").fail("a table of credit units needs at least one")
    _no_doubles(place.named("systems"), [one.code for one in systems], "code")
    ratios = place.named("ratios").each(_ratio, MOST_ROWS)
    known = {one.code for one in systems}
    problems = [
        Problem(f"ratios[{index}].{name}", f"there is no unit {code} among the systems of this document")
        for index, one in enumerate(ratios)
        for name, code in (("from", one.from_unit), ("to", one.to_unit))
        if code not in known
    ]
    if problems:
        raise UnreadableError(tuple(problems))
    _no_doubles(place.named("ratios"), [(one.from_unit, one.to_unit) for one in ratios], "to")
    return UnitTable(systems, ratios)


def read_certification_units(data: Mapping[str, Any]) -> tuple[CertificationUnit, ...]:
    """The units of a ``creditbank.certification-units/1`` document.

    Raises:
        UnreadableError: with every problem found, each with its path; unknown keys are refused.
    """
    place = Place(data).object(("schema", "units"))
    _schema(place, CERTIFICATION_UNITS)
    units = place.named("units").each(_unit, MOST_UNITS)
    if not units:
        place.named("units").fail("a document of certification units needs at least one")
    _no_doubles(place.named("units"), [one.code for one in units], "code")
    return units


def _schema(place: Place, wanted: str) -> None:
    if place.named("schema").value != wanted:
        place.named("schema").fail(f"expected {wanted}")


def _words(place: Place) -> Text:
    """One text in Chinese and, where there is one, in English: ``{zh: ..., en: ...}``."""
    place.object(("zh",), ("en",))
    return Text(place.named("zh").text(), place.named("en").text() if place.given("en") else "")


def _maybe(place: Place, name: str) -> Text | None:
    return _words(place.named(name)) if place.given(name) else None


def _dimensions(place: Place) -> dict[Dimension, Text]:
    found = {one: _maybe(place, one.value) for one in Dimension}
    return {one: words for one, words in found.items() if words is not None}


def _positive(place: Place) -> Fraction:
    found = place.factor()
    if found <= 0:
        place.fail("expected a number above zero")
    return found


def _level(place: Place) -> Level:
    place.object(("code", "ordinal", "name"), (*DIMENSIONS, "hours"))
    return Level(
        code=place.named("code").code(),
        ordinal=place.named("ordinal").factor(),
        name=_words(place.named("name")),
        descriptors=_dimensions(place),
        hours=_maybe(place, "hours"),
    )


def _correspondence(place: Place) -> Correspondence:
    place.object(("from", "to", "match"), ("confidence", "note"))
    return Correspondence(
        from_level=place.named("from").code(),
        to_level=place.named("to").code(),
        match=Match(place.named("match").one_of(tuple(Match))),
        confidence=place.named("confidence").whole(0, MOST_CONFIDENCE) if place.given("confidence") else None,
        note=place.named("note").text() if place.given("note") else "",
    )


def _system(place: Place) -> UnitSystem:
    place.object(("code", "name", "source"), ("hours", "full_year"))
    hours = None
    if place.given("hours"):
        hours = _interval(place.named("hours"))
    return UnitSystem(
        code=place.named("code").code(),
        name=_words(place.named("name")),
        source=_words(place.named("source")),
        hours=hours,
        full_year=_positive(place.named("full_year")) if place.given("full_year") else None,
    )


def _interval(place: Place) -> Interval:
    """One number, or ``{from: ..., to: ...}``."""
    if not isinstance(place.value, dict):
        one = _positive(place)
        return Interval(one, one)
    place.object(("from", "to"))
    least, most = _positive(place.named("from")), _positive(place.named("to"))
    if least > most:
        place.named("to").fail("an interval ends above its beginning")
    return Interval(least, most)


def _ratio(place: Place) -> Ratio:
    place.object(("from", "to", "from_amount", "to_amount", "source"))
    first, second = place.named("from").code(), place.named("to").code()
    if first == second:
        place.named("to").fail("a ratio is between two units")
    return Ratio(
        from_unit=first,
        to_unit=second,
        from_amount=_positive(place.named("from_amount")),
        to_amount=_positive(place.named("to_amount")),
        source=_words(place.named("source")),
    )


def _unit(place: Place) -> CertificationUnit:
    place.object(
        ("code", "name", "framework", "level", "credit", "unit"), ("hours", *DIMENSIONS, "assessment", "carriers")
    )
    carriers = place.named("carriers").each(_carrier, MOST_CARRIERS)
    _no_doubles(place.named("carriers"), [(one.kind.value, one.code) for one in carriers], "code")
    return CertificationUnit(
        code=place.named("code").code(),
        name=_words(place.named("name")),
        framework=place.named("framework").code(),
        level=place.named("level").code(),
        credit=place.named("credit").factor(),
        unit=place.named("unit").code(),
        hours=place.named("hours").factor() if place.given("hours") else None,
        outcomes=_dimensions(place),
        assessment=_maybe(place, "assessment"),
        carriers=carriers,
    )


def _carrier(place: Place) -> Carrier:
    place.object(("kind", "code"), ("share", "name"))
    share = place.named("share").factor() if place.given("share") else Fraction(1)
    if not 0 < share <= 1:
        place.named("share").fail("a share is above 0 and at most 1")
    return Carrier(
        kind=CarrierKind(place.named("kind").one_of(tuple(CarrierKind))),
        code=place.named("code").code(),
        share=share,
        name=_maybe(place, "name"),
    )


def _no_doubles(place: Place, keys: Sequence[object], name: str) -> None:
    seen: dict[object, int] = {}
    problems = []
    for index, key in enumerate(keys):
        if key in seen:
            said = " → ".join(map(str, key)) if isinstance(key, tuple) else key
            problems.append(Problem(f"{place.path}[{index}].{name}", f"{said} stands in item [{seen[key]}] already"))
        seen.setdefault(key, index)
    if problems:
        raise UnreadableError(tuple(problems))
