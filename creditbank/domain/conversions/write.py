"""Writes conversion rules as plain data in their one normal form, and gives that form's hash."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from creditbank.domain.canonical import content_hash
from creditbank.domain.conversions.model import (
    STANDINGS,
    Closed,
    ConversionRow,
    ConversionRules,
    Counts,
    CreditOnly,
    FixedGrade,
    Full,
    Grade,
    Group,
    Held,
    KeptGrade,
    Source,
    Target,
    TargetKind,
    Worth,
)
from creditbank.domain.rules import write
from creditbank.domain.rules.model import Ruling

if TYPE_CHECKING:
    from creditbank.domain.values import Text


def conversion_rules_data(rules: ConversionRules) -> dict[str, Any]:
    """Plain JSON data that ``read_conversion_rules`` reads back as equal rules."""
    clauses = rules.standing_clauses
    standings: dict[str, Any] = {
        name.value: {"ruling": ruling.value, "clause": _text(clauses[name])} if name in clauses else ruling.value
        for name, ruling in rules.standings.items()
        if STANDINGS[name] is not ruling or name in clauses
    }
    lists = {
        "closed": [_closed(part) for part in rules.closed],
        "exclude": [write.exclude_data(part) for part in rules.exclude],
        "prerequisite": [write.prerequisite_data(part) for part in rules.prerequisite],
        "cap": [write.cap_data(part) for part in rules.cap],
        "validity": [write.validity_data(part) for part in rules.validity],
    }
    return {
        "schema": "creditbank.conversion_rules/1",
        "code": rules.code,
        "kind": rules.kind,
        "name": _text(rules.name),
        "source": _text(rules.source),
        "unit": rules.unit,
        **({"held_unit": rules.held_unit} if rules.held_unit != rules.unit else {}),
        "rounding": write.rounding_data(rules.rounding),
        "categories": write.choices_data(rules.categories),
        "facts": [write.fact_data(fact) for fact in rules.facts],
        **({"carriers": dict(rules.carriers)} if rules.carriers else {}),
        **({"standings": standings} if standings else {}),
        **({"open": True} if rules.open else {}),
        "rules": [conversion_row_data(row) for row in rules.rows],
        **{name: parts for name, parts in lists.items() if parts},
    }


def conversion_rules_hash(rules: ConversionRules) -> str:
    """The SHA-256 of the canonical normal form: 64 hexadecimal digits, equal for equal content."""
    return content_hash(conversion_rules_data(rules))


def _text(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def conversion_row_data(row: ConversionRow) -> dict[str, Any]:
    """One row as plain data."""
    counts = {name: value for name, value in asdict(row.counts).items() if value != getattr(Counts(), name)}
    return {
        "id": row.id,
        "from": [_group(group) for group in row.groups],
        "to": [_target(target) for target in row.targets],
        "credit": _worth(row.worth),
        "grade": _grade(row.grade),
        **({"counts": counts} if counts else {}),
        "surplus": row.surplus.value,
        **({"ruling": row.ruling.value} if row.ruling is not Ruling.RECOGNISE else {}),
        **({"locked": True} if row.locked else {}),
        "clause": _text(row.clause),
    }


def _group(group: Group) -> dict[str, Any]:
    sources = [_source(source) for source in group.sources]
    data: dict[str, Any] = sources[0] if len(sources) == 1 else {"any": sources}
    if group.count != 1:
        data["count"] = "as_needed" if group.count is None else group.count
    if group.credit is not None:
        data["together"] = write.credit_data(group.credit)
    return data


def _source(source: Source) -> dict[str, Any]:
    data: dict[str, Any] = {"when": cells} if (cells := write.condition_data(source.when)) else {}
    if source.credit is not None:
        data["credit"] = write.credit_data(source.credit)
    if source.units:
        data["unit"] = list(source.units) if len(source.units) > 1 else source.units[0]
    return data


def _target(target: Target) -> Any:
    return target.kind.value if target.kind is TargetKind.ELECTIVE else {target.kind.value: target.code}


def _worth(worth: Worth) -> Any:
    match worth:
        case Full():
            return {"full": "even_if_short"} if worth.short else "full"
        case Held():
            return "held" if worth.times == 1 else {"held": write.share_data(worth.times)}
    return write.credit_data(worth)


def _grade(grade: Grade) -> Any:
    match grade:
        case CreditOnly():
            return "credit_only"
        case FixedGrade():
            return {"fixed": grade.grade}
        case KeptGrade():
            return {"keep": grade.fact}
    rows = [
        ({"when": cells} if (cells := write.condition_data(when)) else {}) | {"grade": said}
        for when, said in grade.rows
    ]
    return {"map": rows}


def _closed(part: Closed) -> dict[str, Any]:
    named = {name: sorted(getattr(part, name)) for name in ("courses", "natures", "categories")}
    return {"id": part.id, **{name: codes for name, codes in named.items() if codes}, "clause": _text(part.clause)}
