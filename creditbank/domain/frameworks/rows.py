"""Frameworks, crosswalks, credit units and certification units as rows of master data, and back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TypeVar

from creditbank.domain.frameworks.model import (
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
from creditbank.domain.frameworks.read import Document
from creditbank.domain.masterdata.declaration import DataSet, Kind
from creditbank.domain.masterdata.facts import Stored
from creditbank.domain.masterdata.framework_sets import (
    CERTIFICATION_UNITS,
    CREDIT_RATIOS,
    CREDIT_UNITS,
    CROSSWALKS,
    FRAMEWORK_LEVELS,
    FRAMEWORKS,
    UNIT_CARRIERS,
)
from creditbank.domain.masterdata.reading import MOST_CODE, MOST_LONG, MOST_TEXT, key_of
from creditbank.domain.rules.places import Problem, UnreadableError
from creditbank.domain.values import Text

Content = Mapping[str, Stored]
"""One row's values as master data store them: amounts in hundredths."""
Rows = Mapping[str, Iterable[Content]]
"""Rows by the code of their data set."""

_E = TypeVar("_E", bound=StrEnum)
_HUNDRED = 100
_NEVER = "{number} cannot be kept in rows, which have at most two decimals; keep it in the document"


@dataclass(frozen=True, slots=True)
class Row:
    """One row to be stored: its data set, its key and its values."""

    data_set: DataSet
    key: str
    content: Content


def rows_of(document: Document, *, published: bool = False) -> tuple[Row, ...]:
    """A document as rows of master data.

    Args:
        document: any of the four.
        published: whether what it holds is marked to be shown to everybody.

    Raises:
        UnreadableError: a number or a text does not fit into rows, with the path of each.
    """
    problems: list[Problem] = []
    found: list[tuple[str, DataSet, dict[str, Stored]]] = []
    match document:
        case Framework():
            found.append(("", FRAMEWORKS, _framework(document, published=published)))
            for index, level in enumerate(document.levels):
                path = f"levels[{index}]"
                found.append((path, FRAMEWORK_LEVELS, _level(document.code, level, f"{path}.", problems)))
        case Crosswalk():
            for index, row in enumerate(document.rows):
                found.append((f"rows[{index}]", CROSSWALKS, _correspondence(document, row, published=published)))
        case UnitTable():
            for index, system in enumerate(document.systems):
                path = f"systems[{index}]"
                found.append((path, CREDIT_UNITS, _system(system, f"{path}.", problems)))
            for index, ratio in enumerate(document.ratios):
                path = f"ratios[{index}]"
                found.append((path, CREDIT_RATIOS, _ratio(ratio, f"{path}.", problems)))
        case _:
            for index, unit in enumerate(document):
                path = f"units[{index}]"
                found.append((path, CERTIFICATION_UNITS, _unit(unit, f"{path}.", problems, published=published)))
                for place, carrier in enumerate(unit.carriers):
                    below = f"{path}.carriers[{place}]"
                    found.append((below, UNIT_CARRIERS, _carrier(unit.code, carrier, f"{below}.", problems)))
    for path, data_set, content in found:
        problems += _too_long(path, data_set, content)
    if problems:
        raise UnreadableError(tuple(problems))
    return tuple(Row(data_set, key_of(data_set, content), content) for _path, data_set, content in found)


def _too_long(path: str, data_set: DataSet, content: Content) -> Iterable[Problem]:
    for name, value in content.items():
        field = data_set.field(name)
        most = MOST_LONG if field.long else MOST_CODE if field.kind is Kind.CODE else MOST_TEXT
        if isinstance(value, str) and len(value) > most:
            said = f"{field.label.en} has {len(value)} characters; rows keep at most {most}"
            yield Problem(f"{path}.{name}".lstrip("."), said)


def _said(content: dict[str, Stored]) -> dict[str, Stored]:
    """Only what says something: an absent value states nothing, and what stood there before stays."""
    return {name: value for name, value in content.items() if value not in (None, "")}


def _hundredths(value: Fraction | None, path: str, problems: list[Problem]) -> int | None:
    if value is None:
        return None
    exact = value * _HUNDRED
    if exact.denominator != 1:
        problems.append(Problem(path, _NEVER.format(number=value)))
        return None
    return exact.numerator


def _words(name: str, text: Text | None) -> dict[str, Stored]:
    return {} if text is None else {name: text.zh, f"{name}_en": text.en}


def _dimensions(found: Mapping[Dimension, Text]) -> dict[str, Stored]:
    made: dict[str, Stored] = {}
    for one, words in found.items():
        made |= _words(one.value, words)
    return made


def _framework(one: Framework, *, published: bool) -> dict[str, Stored]:
    return _said(
        {
            "code": one.code,
            **_words("name", one.name),
            "edition": one.edition,
            **_words("source", one.source),
            "unit": one.unit,
            "published": published or None,
        }
    )


def _level(framework: str, one: Level, path: str, problems: list[Problem]) -> dict[str, Stored]:
    return _said(
        {
            "framework": framework,
            "level": one.code,
            **_words("name", one.name),
            "ordinal": _hundredths(one.ordinal, f"{path}ordinal", problems),
            **_dimensions(one.descriptors),
            **_words("hours", one.hours),
        }
    )


def _correspondence(crosswalk: Crosswalk, row: Correspondence, *, published: bool) -> dict[str, Stored]:
    return _said(
        {
            "crosswalk": crosswalk.code,
            "from_framework": crosswalk.from_framework,
            "from_level": row.from_level,
            "to_framework": crosswalk.to_framework,
            "to_level": row.to_level,
            "match": row.match.value,
            "confidence": row.confidence,
            "note": row.note,
            **_words("source", crosswalk.source),
            "published": published or None,
        }
    )


def _system(one: UnitSystem, path: str, problems: list[Problem]) -> dict[str, Stored]:
    least = one.hours.least if one.hours else None
    most = one.hours.most if one.hours else None
    return _said(
        {
            "code": one.code,
            **_words("name", one.name),
            "hours_least": _hundredths(least, f"{path}hours", problems),
            "hours_most": _hundredths(most, f"{path}hours", problems),
            "full_year": _hundredths(one.full_year, f"{path}full_year", problems),
            **_words("source", one.source),
        }
    )


def _ratio(one: Ratio, path: str, problems: list[Problem]) -> dict[str, Stored]:
    return _said(
        {
            "from_unit": one.from_unit,
            "to_unit": one.to_unit,
            "from_amount": _hundredths(one.from_amount, f"{path}from_amount", problems),
            "to_amount": _hundredths(one.to_amount, f"{path}to_amount", problems),
            **_words("source", one.source),
        }
    )


def _unit(one: CertificationUnit, path: str, problems: list[Problem], *, published: bool) -> dict[str, Stored]:
    return _said(
        {
            "code": one.code,
            **_words("name", one.name),
            "framework": one.framework,
            "level": one.level,
            "credit": _hundredths(one.credit, f"{path}credit", problems),
            "unit": one.unit,
            "hours": _hundredths(one.hours, f"{path}hours", problems),
            **_dimensions(one.outcomes),
            **_words("assessment", one.assessment),
            "published": published or None,
        }
    )


def _carrier(unit: str, one: Carrier, path: str, problems: list[Problem]) -> dict[str, Stored]:
    return _said(
        {
            "unit": unit,
            "kind": one.kind.value,
            "carrier": one.code,
            **_words("name", one.name),
            # Rows keep a share in hundredths of a percent.
            "share": _hundredths(one.share * _HUNDRED, f"{path}share", problems),
        }
    )


# --- from rows


def frameworks_from(rows: Rows) -> tuple[Framework, ...]:
    """The frameworks of rows, by code; rows that are retired are left out, levels stand in their order."""
    levels: dict[str, list[Level]] = defaultdict(list)
    for row in _active(rows, FRAMEWORK_LEVELS):
        levels[_text(row, "framework")].append(
            Level(
                code=_text(row, "level"),
                ordinal=_amount(row, "ordinal") or Fraction(0),
                name=_both(row, "name") or Text(_text(row, "level")),
                descriptors=_descriptors(row),
                hours=_both(row, "hours"),
            )
        )
    return tuple(
        Framework(
            code=code,
            name=_both(row, "name") or Text(code),
            edition=_text(row, "edition") or "—",
            source=_both(row, "source") or Text("未注明", "Not stated"),
            levels=tuple(sorted(levels[code], key=lambda one: (one.ordinal, one.code))),
            unit=_text(row, "unit"),
        )
        for row in sorted(_active(rows, FRAMEWORKS), key=lambda one: _text(one, "code"))
        for code in (_text(row, "code"),)
    )


def crosswalks_from(rows: Rows) -> tuple[Crosswalk, ...]:
    """The crosswalks of rows, one for each code and pair of frameworks."""
    found: dict[tuple[str, str, str], list[Content]] = defaultdict(list)
    for row in _active(rows, CROSSWALKS):
        found[_text(row, "crosswalk"), _text(row, "from_framework"), _text(row, "to_framework")].append(row)
    return tuple(
        Crosswalk(
            code=code,
            from_framework=first,
            to_framework=second,
            source=next((said for row in given if (said := _both(row, "source"))), Text("未注明", "Not stated")),
            rows=tuple(
                Correspondence(
                    from_level=_text(row, "from_level"),
                    to_level=_text(row, "to_level"),
                    match=_one_of(Match, row, "match", Match.RELATED),
                    confidence=_whole(row, "confidence"),
                    note=_text(row, "note"),
                )
                for row in given
            ),
        )
        for (code, first, second), given in sorted(found.items())
    )


def units_from(rows: Rows) -> UnitTable:
    """The credit units of rows, with their ratios; a ratio that lacks an amount is left out."""
    systems = tuple(
        UnitSystem(
            code=_text(row, "code"),
            name=_both(row, "name") or Text(_text(row, "code")),
            source=_both(row, "source") or Text("未注明", "Not stated"),
            hours=_hours(row),
            full_year=_amount(row, "full_year") or None,
        )
        for row in sorted(_active(rows, CREDIT_UNITS), key=lambda one: _text(one, "code"))
    )
    ratios = []
    for row in _active(rows, CREDIT_RATIOS):
        first, second = _amount(row, "from_amount"), _amount(row, "to_amount")
        if first and second:
            source = _both(row, "source") or Text("未注明", "Not stated")
            ratios.append(Ratio(_text(row, "from_unit"), _text(row, "to_unit"), first, second, source))
    return UnitTable(systems, tuple(sorted(ratios, key=lambda one: (one.from_unit, one.to_unit))))


def certification_units_from(rows: Rows) -> tuple[CertificationUnit, ...]:
    """The certification units of rows, by code, each with its carriers."""
    carriers: dict[str, list[Carrier]] = defaultdict(list)
    for row in _active(rows, UNIT_CARRIERS):
        share = _amount(row, "share")
        carriers[_text(row, "unit")].append(
            Carrier(
                kind=_one_of(CarrierKind, row, "kind", CarrierKind.OUTCOME),
                code=_text(row, "carrier"),
                share=Fraction(1) if share is None else share / _HUNDRED,
                name=_both(row, "name"),
            )
        )
    return tuple(
        CertificationUnit(
            code=_text(row, "code"),
            name=_both(row, "name") or Text(_text(row, "code")),
            framework=_text(row, "framework"),
            level=_text(row, "level"),
            credit=_amount(row, "credit") or Fraction(0),
            unit=_text(row, "unit"),
            hours=_amount(row, "hours"),
            outcomes=_descriptors(row),
            assessment=_both(row, "assessment"),
            carriers=tuple(sorted(carriers[_text(row, "code")], key=lambda one: (one.kind, one.code))),
        )
        for row in sorted(_active(rows, CERTIFICATION_UNITS), key=lambda one: _text(one, "code"))
    )


def _active(rows: Rows, data_set: DataSet) -> list[Content]:
    return [row for row in rows.get(data_set.code, ()) if row.get("retired") is not True]


def _text(row: Content, name: str) -> str:
    return str(row.get(name) or "")


def _both(row: Content, name: str) -> Text | None:
    zh, en = _text(row, name), _text(row, f"{name}_en")
    return Text(zh or en, en) if zh or en else None


def _one_of(kind: type[_E], row: Content, name: str, other: _E) -> _E:
    """A word of a closed list; what a later edition of its code table adds is read as ``other``."""
    said = _text(row, name)
    return kind(said) if said in {one.value for one in kind} else other


def _descriptors(row: Content) -> dict[Dimension, Text]:
    found = {one: _both(row, one.value) for one in Dimension}
    return {one: words for one, words in found.items() if words is not None}


def _whole(row: Content, name: str) -> int | None:
    value = row.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _amount(row: Content, name: str) -> Fraction | None:
    value = _whole(row, name)
    return None if value is None else Fraction(value, _HUNDRED)


def _hours(row: Content) -> Interval | None:
    least, most = _amount(row, "hours_least"), _amount(row, "hours_most")
    if not least and not most:
        return None
    first, last = least or most, most or least
    assert first is not None
    assert last is not None
    return Interval(min(first, last), max(first, last))
