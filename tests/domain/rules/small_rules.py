"""Makes small rule sets as plain data for the tests of the rules."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

from creditbank.domain.rules.compile import Compiled, compile_rules
from creditbank.domain.rules.decision import Context, Outcome, Proposal
from creditbank.domain.rules.evaluate import evaluate
from creditbank.domain.rules.facts import read_outcome
from creditbank.domain.rules.read import read_rule_set

CLAIMED = date(2024, 6, 30)


def both(text: str) -> dict[str, str]:
    return {"zh": f"{text}（中）", "en": text}


def row(name: str, when: dict[str, Any], credit: Any) -> dict[str, Any]:
    give = credit if credit in ("refuse", "manual") else {"credit": credit, "category": "main"}
    return {"id": name, "when": when, "give": give, "clause": both(f"clause of {name}")}


def rules(**changes: Any) -> dict[str, Any]:
    """A rule set over a scale and a number; ``changes`` replace its parts."""
    data: dict[str, Any] = {
        "schema": "creditbank.rules/1",
        "code": "small",
        "kind": "recognition",
        "name": both("small"),
        "source": both("invented for the tests"),
        "unit": "credit",
        "rounding": {"step": "0.5", "mode": "down", "place": "end"},
        "categories": [{"code": "main", **both("main")}, {"code": "side", **both("side")}],
        "facts": [
            {
                "name": "grade",
                "type": "enum",
                "ordered": True,
                "label": both("grade"),
                "values": [{"code": code, **both(code)} for code in ("low", "middle", "high")],
            },
            {"name": "hours", "type": "integer", "label": both("hours"), "range": {"from": 0, "to": 1000}},
            {"name": "title", "type": "text", "label": both("title"), "optional": True},
            {"name": "earned_on", "type": "date", "label": both("earned on"), "optional": True},
        ],
        "tables": [
            {
                "code": "main",
                "columns": ["grade", "hours"],
                "rows": [
                    row("low", {"grade": "low", "hours": {"from": 10}}, "1"),
                    row("middle", {"grade": "middle", "hours": {"from": 10}}, "2"),
                    row("high", {"grade": "high", "hours": {"from": 10}}, "4"),
                ],
            }
        ],
    }
    return copy.deepcopy(data | changes)


def compiled(**changes: Any) -> Compiled:
    return compile_rules(read_rule_set(rules(**changes)))


def outcome(of: Compiled, **facts: Any) -> Outcome:
    read = read_outcome(of.rules, facts)
    assert isinstance(read, Outcome), read
    return read


def propose(of: Compiled, context: Context | None = None, **facts: Any) -> Proposal:
    return evaluate(of, outcome(of, **facts), context or Context(CLAIMED))
