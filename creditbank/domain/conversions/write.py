"""Writes conversion rules as plain data in their one normal form, and gives that form's hash."""

from __future__ import annotations

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

_USUAL = Counts()
_COUNTED = ("gpa", "rank", "transcript", "graduation")


def conversion_rules_data(rules: ConversionRules) -> dict[str, Any]:
    """Plain JSON data that ``read_conversion_rules`` reads back as equal rules."""
    clauses = rules.standing_clauses
    standings: dict[str, Any] = {
        name.value: {"ruling": ruling.value, "clause": _text(clauses[name])} if name in clauses else ruling.value
        for name, ruling in rules.standings.items()
        if STANDINGS[name] is not ruling or name in clauses
    }
    lists = {
        "closed": [closed_data(part) for part in rules.closed],
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
    """A row as a document writes it."""
    counts: dict[str, bool] = {}
    if row.counts != _USUAL:
        said = {name: getattr(row.counts, name) for name in _COUNTED}
        counts = {name: value for name, value in said.items() if value is not getattr(_USUAL, name)}
    return {
        "id": row.id,
        "from": [group_data(group) for group in row.groups],
        "to": [target_data(target) for target in row.targets],
        "credit": worth_data(row.worth),
        "grade": grade_data(row.grade),
        **({"counts": counts} if counts else {}),
        "surplus": row.surplus.value,
        **({"ruling": row.ruling.value} if row.ruling is not Ruling.RECOGNISE else {}),
        **({"locked": True} if row.locked else {}),
        "clause": _text(row.clause),
    }


def group_data(group: Group) -> dict[str, Any]:
    """A group; one with a single source is written as that."""
    sources = [source_data(source) for source in group.sources]
    data: dict[str, Any] = sources[0] if len(sources) == 1 else {"any": sources}
    if group.count != 1:
        data["count"] = "as_needed" if group.count is None else group.count
    if group.credit is not None:
        data["together"] = write.credit_data(group.credit)
    return data


def source_data(source: Source) -> dict[str, Any]:
    """A source: its cells, the least it must hold, the units it must carry."""
    data: dict[str, Any] = {"when": cells} if (cells := write.condition_data(source.when)) else {}
    if source.credit is not None:
        data["credit"] = write.credit_data(source.credit)
    if source.units:
        data["unit"] = list(source.units) if len(source.units) > 1 else source.units[0]
    return data


def target_data(target: Target) -> Any:
    """What credit becomes: a word, or an object with one name."""
    return target.kind.value if target.kind is TargetKind.ELECTIVE else {target.kind.value: target.code}


def worth_data(worth: Worth) -> Any:
    """How much is made."""
    match worth:
        case Full():
            return {"full": "even_if_short"} if worth.short else "full"
        case Held():
            return "held" if worth.times == 1 else {"held": write.share_data(worth.times)}
    return write.credit_data(worth)


def grade_data(grade: Grade) -> Any:
    """The grade that is recorded."""
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


def closed_data(part: Closed) -> dict[str, Any]:
    """Courses that nothing converts into."""
    named = {name: sorted(getattr(part, name)) for name in ("courses", "natures", "categories")}
    return {"id": part.id, **{name: codes for name, codes in named.items() if codes}, "clause": _text(part.clause)}
