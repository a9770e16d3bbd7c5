"""Makes small conversion rules as plain data for the tests of conversions."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

from creditbank.domain.conversions.compile import CompiledConversions
from creditbank.domain.conversions.model import Around, Course, Item, Standing
from creditbank.domain.conversions.read import read_conversion_rules
from creditbank.domain.conversions.write import conversion_rules_hash
from creditbank.domain.rules.decision import Context, Outcome
from creditbank.domain.rules.facts import read_answers
from creditbank.domain.values import Hundredths, Text

ON = date(2026, 9, 10)


def both(text: str) -> dict[str, str]:
    return {"zh": f"{text}（中）", "en": text}


def row(name: str, **changes: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "id": name, "from": [{"when": {"kind": "a"}}], "to": [{"course": "C3"}], "credit": "full",
        "grade": "credit_only", "clause": both(f"clause of {name}"),
    }  # fmt: skip
    return plain | changes


def rules(*rows: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Conversion rules over a kind, a score and a day; ``changes`` replace their parts."""
    data: dict[str, Any] = {
        "schema": "creditbank.conversion_rules/1",
        "code": "small",
        "kind": "conversion",
        "name": both("small"),
        "source": both("invented for the tests"),
        "unit": "credit",
        "rounding": {"step": "0.01", "mode": "down", "place": "end"},
        "categories": [{"code": "main", **both("main")}, {"code": "side", **both("side")}],
        "facts": [
            {
                "name": "kind", "type": "enum", "label": both("kind"),
                "values": [{"code": code, **both(code)} for code in ("a", "b", "c")],
            },
            {"name": "score", "type": "integer", "label": both("score"), "range": {"from": 0, "to": 100}, "optional": True},
            {"name": "earned_on", "type": "date", "label": both("earned on"), "optional": True},
        ],
        "rules": list(rows) or [row("r")],
    }  # fmt: skip
    return copy.deepcopy(data | changes)


def compiled(*rows: dict[str, Any], **changes: Any) -> CompiledConversions:
    read = read_conversion_rules(rules(*rows, **changes))
    return CompiledConversions(read, conversion_rules_hash(read))


def item(of: CompiledConversions, name: str, credit: int, expires: date | None = None, **facts: Any) -> Item:
    outcome = read_answers(of.rules.facts, {"kind": "a", **facts})
    assert isinstance(outcome, Outcome), outcome
    return Item(name, Text(name, name), outcome, Hundredths(credit), expires)


def around(*, standing: Standing = Standing.OPEN, **context: Any) -> Around:
    """A library of courses C1 to C6 of as many credits, the odd ones of the category main."""
    courses = {
        f"C{n}": Course(f"C{n}", Text(f"C{n}", f"C{n}"), Hundredths(n * 100), "main" if n % 2 else "side", standing=standing)
        for n in range(1, 7)
    }  # fmt: skip
    return Around(Context(ON, **context), courses)
