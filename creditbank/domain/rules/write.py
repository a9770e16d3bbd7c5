"""Writes a rule set as plain data in its one normal form, and gives that form's hash."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from creditbank.domain.canonical import content_hash
from creditbank.domain.rules.figures import figure_data
from creditbank.domain.rules.model import (
    Accept,
    Add,
    Cap,
    Choice,
    Choose,
    Condition,
    Count,
    CreditOf,
    Divide,
    Exclude,
    Expires,
    Fact,
    FromFact,
    Give,
    Interval,
    Lower,
    Multiply,
    NeedsCredit,
    PerUnit,
    Portion,
    Prerequisite,
    Rank,
    Rounding,
    Row,
    RuleSet,
    Ruling,
    Share,
    Step,
    Table,
    Tiers,
    Until,
    Validity,
    Within,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal
    from fractions import Fraction

    from creditbank.domain.values import Text


def rule_set_data(rule_set: RuleSet) -> dict[str, Any]:
    """Plain JSON data that ``read_rule_set`` reads back as an equal rule set."""
    return {
        "schema": "creditbank.rules/1",
        "code": rule_set.code,
        "kind": rule_set.kind,
        "name": _text(rule_set.name),
        "source": _text(rule_set.source),
        "unit": rule_set.unit,
        "rounding": rounding_data(rule_set.rounding),
        "categories": choices_data(rule_set.categories),
        "facts": [fact_data(fact) for fact in rule_set.facts],
        "tables": [_table(table) for table in rule_set.tables],
        "adjust": [_step(step) for step in rule_set.adjust],
        "choose": [_choose(choose) for choose in rule_set.choose],
        "cap": [cap_data(cap) for cap in rule_set.cap],
        "validity": [validity_data(validity) for validity in rule_set.validity],
        # Left out where empty, so that rules written before these lists existed keep their hash.
        **({"exclude": [exclude_data(part) for part in rule_set.exclude]} if rule_set.exclude else {}),
        **(
            {"abbreviations": [{"short": one.short, "full": one.full} for one in rule_set.abbreviations]}
            if rule_set.abbreviations
            else {}
        ),
        **(
            {"prerequisite": [prerequisite_data(part) for part in rule_set.prerequisite]}
            if rule_set.prerequisite
            else {}
        ),
        **({"figures": [figure_data(figure) for figure in rule_set.figures]} if rule_set.figures else {}),
    }


def rule_set_hash(rule_set: RuleSet) -> str:
    """The SHA-256 of the canonical normal form: 64 hexadecimal digits, equal for equal content."""
    return content_hash(rule_set_data(rule_set))


def _text(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def credit_data(hundredths: int) -> str:
    """An amount as a document writes it."""
    sign, amount = ("-" if hundredths < 0 else ""), abs(hundredths)
    return f"{sign}{amount // 100}.{amount % 100:02d}"


def choices_data(choices: Sequence[Choice]) -> list[dict[str, str]]:
    """Codes with what people call them, as a document writes them."""
    return [{"code": choice.code, **_text(choice.label)} for choice in choices]


def _end(value: Decimal | date) -> str:
    if isinstance(value, date):
        return value.isoformat()
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def accept_data(accept: Accept) -> Any:
    """What a cell accepts, as a document writes it: a value, a list or the ends of an interval."""
    if isinstance(accept, Interval):
        ends = {}
        if accept.low is not None:
            ends["above" if accept.low_open else "from"] = _end(accept.low)
        if accept.high is not None:
            ends["below" if accept.high_open else "to"] = _end(accept.high)
        return ends
    if isinstance(accept.values[0], bool):
        return accept.values[0]
    return list(accept.values)


def condition_data(condition: Condition) -> dict[str, Any]:
    """The cells of a condition by fact, as a document writes them."""
    return {test.fact: accept_data(test.accept) for test in condition}


def _when(condition: Condition) -> dict[str, Any]:
    """The ``when`` of a part, left out where it is empty."""
    cells = condition_data(condition)
    return {"when": cells} if cells else {}


def fact_data(fact: Fact) -> dict[str, Any]:
    """A declared fact as a document writes it."""
    data: dict[str, Any] = {"name": fact.name, "type": fact.type.value, "label": _text(fact.label)}
    if fact.choices:
        data["values"] = choices_data(fact.choices)
    data |= {name: True for name in ("ordered", "optional") if getattr(fact, name)}
    data |= _when(fact.when)
    if fact.range is not None:
        data["range"] = accept_data(fact.range)
    if fact.help is not None:
        data["help"] = _text(fact.help)
    return data


def _table(table: Table) -> dict[str, Any]:
    return {
        "code": table.code,
        **_when(table.when),
        "columns": list(table.columns),
        "hit": table.hit.value,
        "on_gap": table.on_gap.value,
        **_flags(table, "open", "locked"),
        "rows": [row_data(row) for row in table.rows],
    }


def row_data(row: Row) -> dict[str, Any]:
    """A row of a table as a document writes it."""
    priority = {"priority": row.priority} if row.priority else {}
    said = {"give": _give(row.give), **_flags(row, "locked"), "clause": _text(row.clause)}
    return {"id": row.id, **_when(row.when), **priority, **said}


def _flags(part: Any, *names: str) -> dict[str, bool]:
    """What is true of a part; left out where it is not, so that rules without such words keep their hash."""
    return {name: True for name in names if getattr(part, name)}


def _give(give: Give | Ruling) -> Any:
    if isinstance(give, Ruling):
        return give.value
    data: dict[str, Any] = {"credit": credit_of_data(give.credit), "category": give.category}
    for name in ("level", "field"):
        value = getattr(give, name)
        if value is not None:
            data[name] = {"fact": value.fact} if isinstance(value, FromFact) else value
    return data


def credit_of_data(credit: CreditOf) -> Any:
    """How a row says its credit, as a document writes it."""
    match credit:
        case FromFact():
            return {"fact": credit.fact} | ({} if credit.times == 1 else {"times": share_data(credit.times)})
        case PerUnit():
            whole = {} if credit.whole else {"whole": False}
            of = credit.of[0] if len(credit.of) == 1 else list(credit.of)
            return {"each": _end(credit.each), "of": of, "gives": credit_data(credit.gives), **whole}
        case Tiers():
            tiers = [{"from": _end(least), "gives": credit_data(gives)} for least, gives in credit.tiers]
            return {"of": credit.of, "tiers": tiers, "below": credit.below.value}
    return credit_data(credit)


def share_data(share: Fraction) -> str:
    """An exact share as a document writes it."""
    return f"{share.numerator}/{share.denominator}"


def _step(step: Step) -> dict[str, Any]:
    what: dict[str, Any]
    match step:
        case Lower():
            what = {"lower": {"fact": step.fact, "steps": step.steps, "below": step.below.value}}
        case Add(each=None):
            what = {"add": credit_data(step.amount)}
        case Add():
            what = {"add": {"amount": credit_data(step.amount), "each": step.each, "above": step.above}}
        case Multiply():
            what = {"multiply": share_data(step.factor)}
        case Divide():
            what = {"divide": {"by": step.by}}
        case Share():
            parts = [share_data(part) for part in step.parts]
            what = {"share": {"fact": step.fact, "parts": parts, "rest": share_data(step.rest)}}
        case Rank():
            bands = [
                {"up_to": share_data(share), "value": value} if share else {"value": value}
                for share, value in step.bands
            ]
            what = {"rank": {"fact": step.fact, "place": step.place, "among": step.among, "bands": bands}}
    return {"id": step.id, **_when(step.when), **what, "clause": _text(step.clause)}


def _choose(choose: Choose) -> dict[str, Any]:
    family = {"family": list(choose.family), "keep": "highest"}
    return {"id": choose.id, **_when(choose.when), **family, "clause": _text(choose.clause)}


def cap_data(cap: Cap) -> dict[str, Any]:
    """A limit as a document writes it."""
    category: dict[str, Any] = {}
    if cap.categories:
        category = {"category": list(cap.categories) if len(cap.categories) > 1 else cap.categories[0]}
    maximum: Any
    match cap.maximum:
        case Portion():
            maximum = {"share": share_data(cap.maximum.share), "of": cap.maximum.of}
        case Count():
            maximum = {"count": cap.maximum.most}
        case _:
            maximum = credit_data(cap.maximum)
    apart: dict[str, Any] = {"by": list(cap.by)} if cap.by else {}
    apart |= {"beside": list(cap.beside)} if cap.beside else {}
    limits = {"scope": cap.scope.value, **apart, "maximum": maximum, **_flags(cap, "whole", "locked")}
    return {"id": cap.id, **_when(cap.when), **category, **limits, "clause": _text(cap.clause)}


def validity_data(validity: Validity) -> dict[str, Any]:
    """A rule about days as a document writes it."""
    what: dict[str, Any] = {"fact": validity.fact}
    match validity:
        case Expires(months=FromFact() as months):
            what["expires"] = {"months_of": months.fact}
        case Expires():
            what["expires"] = {"months": validity.months}
        case Until():
            what["until"] = "credit_expires" if validity.ends_credit else "credit_stays"
            what["otherwise"] = validity.otherwise.value
        case Within():
            what["within"] = {"months": validity.months}
            what["otherwise"] = validity.otherwise.value
    what |= _flags(validity, "locked")
    return {"id": validity.id, **_when(validity.when), **what, "clause": _text(validity.clause)}


def rounding_data(rounding: Rounding) -> dict[str, str]:
    """How amounts are rounded, as a document writes it."""
    return {"step": credit_data(rounding.step), "mode": rounding.mode, "place": rounding.place.value}


def exclude_data(part: Exclude) -> dict[str, Any]:
    """An exclusion as a document writes it."""
    return {"id": part.id, **_when(part.when), "otherwise": part.otherwise.value, "clause": _text(part.clause)}


def prerequisite_data(part: Prerequisite) -> dict[str, Any]:
    """A prerequisite as a document writes it."""
    needs: dict[str, Any]
    if isinstance(part.needs, NeedsCredit):
        needs = {"credit": credit_data(part.needs.least)}
        needs |= {"category": part.needs.category} if part.needs.category else {}
    else:
        needs = {"courses": list(part.needs.courses), "least": part.needs.least}
    what = {"needs": needs, "otherwise": part.otherwise.value}
    return {"id": part.id, **_when(part.when), **what, "clause": _text(part.clause)}


PUBLIC_SALT = bytes(32)
"""Rule versions are public, so their leaves need no secret: anyone can recompute the commitment."""


def rule_version_record(
    *, version_id: UUID, code: str, number: int, content_hash: str, effective_from: date
) -> dict[str, Any]:
    """The record whose commitment stands in the log: ``creditbank.rule_version/1``."""
    return {
        "schema": "creditbank.rule_version/1",
        "rule_version": str(version_id),
        "code": code,
        "number": number,
        "content_hash": content_hash,
        "effective_from": effective_from.isoformat(),
    }
