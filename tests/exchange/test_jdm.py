"""An independent engine that re-runs the exported tables finds the same rows and amounts."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditbank.domain.rules.amounts import reckon
from creditbank.domain.rules.facts import holds
from creditbank.domain.rules.model import FactType, Give, Hit, OneOf, RuleSet, Table, Value
from creditbank.domain.rules.read import read_rule_set
from creditbank.domain.values import Hundredths
from creditbank.exchange.jdm import rule_set_jdm, table_path
from creditbank.exchange.rules import load_pack
from creditbank.gateways.documents import pack_codes

zen = pytest.importorskip("zen", reason="the independent engine is installed with the development dependencies")


def both(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def answers(rules: RuleSet, values: dict[str, Value | None]) -> dict[str, Any]:
    engine = zen.ZenEngine().create_decision(json.dumps(rule_set_jdm(rules).document))
    given_facts = {name: shown(value) for name, value in values.items() if value is not None}
    result = engine.evaluate({"facts": given_facts})["result"]
    return dict(result.get("tables") or {})


def shown(value: Value) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def expected(rules: RuleSet, table: Table, values: dict[str, Value | None]) -> list[tuple[str, Any]]:
    """The rows that fit, read one by one, with what they give."""
    if not holds(table.when, values):
        return []
    position = {fact.name: number for number, fact in enumerate(rules.facts)}
    found = []
    for row in sorted(table.rows, key=lambda row: -row.priority):
        if holds(row.when, values):
            amount = None
            if isinstance(row.give, Give):
                amount = reckon(row.give.credit, [values[fact.name] for fact in rules.facts], position).amount
            found.append((row.id, amount))
    return found[:1] if table.hit is Hit.FIRST else found


def given_rows(rules: RuleSet, table: Table, answer: Any) -> list[tuple[str, Any]]:
    listed = answer if isinstance(answer, list) else [answer] if answer else []
    rows = {row.id: row for row in table.rows}
    found = []
    for one in listed:
        give = rows[one["row"]].give
        credit = one.get("credit")
        found.append((one["row"], None if credit is None else Decimal(str(credit)) * 100))
        assert one["ruling"] == ("recognise" if isinstance(give, Give) else give.value)
    return found


FACTS = [
    {"name": "kind", "type": "enum", "label": both("k"), "values": [{"code": c, **both(c)} for c in ("a", "b", "c")]},
    {"name": "lead", "type": "boolean", "label": both("l"), "optional": True},
    {"name": "hours", "type": "integer", "label": both("h"), "range": {"from": 0, "to": 100}},
    {"name": "score", "type": "number", "label": both("s"), "range": {"from": 0, "to": 10}, "optional": True},
    {"name": "course", "type": "code", "label": both("c"), "optional": True},
    {"name": "earned_on", "type": "date", "label": both("e"), "optional": True},
]
cells = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(("a", ["a", "b"])),
        "lead": st.booleans(),
        "hours": st.sampled_from((16, {"from": 10}, {"from": 10, "below": 32}, {"above": 5, "to": 60})),
        "score": st.sampled_from(({"from": "2.5"}, {"above": "2.5", "below": 7}, {"to": 7})),
        "course": st.sampled_from(("X-1", ["X-1", "Y:2"])),
        "earned_on": st.sampled_from(({"from": "2024-02-29"}, {"below": "2024-03-01"})),
    },
)
credits_ = st.sampled_from(
    (
        "1.5", {"fact": "hours"}, {"each": "16", "of": "hours", "gives": "0.5"}, "refuse", "manual",
        {"of": "hours", "tiers": [{"from": 16, "gives": "1"}, {"from": 32, "gives": "2.25"}]},
    )
)  # fmt: skip


@st.composite
def rule_sets(draw: st.DrawFn) -> RuleSet:
    hit = draw(st.sampled_from(tuple(Hit)))
    rows = []
    for number, when in enumerate(draw(st.lists(cells, min_size=1, max_size=6))):
        credit = draw(credits_)
        give = credit if credit in ("refuse", "manual") else {"credit": credit, "category": "main"}
        rows.append({"id": f"r{number}", "when": when, "give": give, "clause": both('a "clause"\\ of it')})
        if hit is Hit.PRIORITY:
            rows[-1]["priority"] = draw(st.integers(0, 2))
    columns = ["kind", "lead", "hours", "score", "course", "earned_on"]
    return read_rule_set(
        {
            "schema": "creditbank.rules/1", "code": "x", "kind": "recognition", "name": both("x"), "source": both("x"),
            "unit": "credit", "rounding": {"step": "0.01", "mode": "down", "place": "end"}, "facts": FACTS,
            "categories": [{"code": "main", **both("main")}],
            "tables": [
                {"code": "one-2.x", "when": draw(st.sampled_from(({}, {"kind": ["a", "c"]}))), "columns": columns, "hit": hit, "rows": rows}
            ],
        }
    )  # fmt: skip


values_ = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(("a", "b", "c")),
        "lead": st.sampled_from((None, True, False)),
        "hours": st.sampled_from((0, 5, 6, 10, 15, 16, 31, 32, 33, 60, 61)),
        "score": st.sampled_from((None, Decimal("2.5"), Decimal("2.51"), Decimal(7), Decimal("6.99"))),
        "course": st.sampled_from((None, "X-1", "Y:2", "Z")),
        "earned_on": st.sampled_from((None, date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1))),
    }
)


@settings(deadline=None, max_examples=120)
@given(rule_sets(), st.lists(values_, min_size=1, max_size=5))
def test_the_other_engine_finds_the_same_rows_with_the_same_amounts(rules: RuleSet, many: list[Any]) -> None:
    [table] = rules.tables
    for values in many:
        assert given_rows(rules, table, answers(rules, values).get(table_path(table))) == expected(rules, table, values)


@pytest.mark.parametrize("code", pack_codes())
def test_every_pack_is_exported_and_its_rows_are_found_again(code: str) -> None:
    rules = load_pack(code)
    exported = rule_set_jdm(rules)
    assert {line.facts["id"] for line in exported.left_out if line.code == "jdm.part_left_out"} == {
        part.id
        for name in ("exclude", "prerequisite", "adjust", "choose", "cap", "validity", "figures")
        for part in getattr(rules, name)
    }
    for table in rules.tables:
        for row in table.rows[:40]:
            values: dict[str, Value | None] = dict.fromkeys((fact.name for fact in rules.facts), None)
            for cell in (*table.when, *row.when):
                values[cell.fact] = inside(rules, cell.fact, cell.accept)
            for fact in rules.facts:  # what amounts are reckoned from
                if values[fact.name] is None and fact.type in (FactType.INTEGER, FactType.NUMBER) and not fact.optional:
                    values[fact.name] = 40
            assert given_rows(rules, table, answers(rules, values).get(table_path(table))) == [
                (name, Hundredths(int(amount)) if amount is not None and exact(rules, name) else None)
                for name, amount in expected(rules, table, values)
            ]


def exact(rules: RuleSet, name: str) -> bool:
    left = {line.facts["row"] for line in rule_set_jdm(rules).left_out if line.code == "jdm.amount_left_out"}
    return name not in left


def inside(rules: RuleSet, name: str, accept: Any) -> Value:
    """A value that a cell accepts."""
    if isinstance(accept, OneOf):
        return accept.values[0]
    low, high = accept.low, accept.high
    if isinstance(low, date) or isinstance(high, date):
        return low or high
    value = (low + high) / 2 if low is not None and high is not None else low + 1 if low is not None else high - 1
    fact = next(fact for fact in rules.facts if fact.name == name)
    return int(value) if fact.type is FactType.INTEGER else Decimal(value)


def test_an_open_end_of_a_number_stays_open_in_the_other_engine() -> None:
    table = {
        "code": "t", "columns": ["score"],
        "rows": [{"id": "r", "when": {"score": {"above": "2.5", "below": 7}}, "give": "refuse", "clause": both("r")}],
    }  # fmt: skip
    rules = read_rule_set(
        {
            "schema": "creditbank.rules/1", "code": "x", "kind": "recognition", "name": both("x"), "source": both("x"),
            "unit": "credit", "rounding": {"step": "0.01", "mode": "down", "place": "end"}, "facts": FACTS,
            "categories": [{"code": "main", **both("main")}], "tables": [table],
        }
    )  # fmt: skip
    for score, fits in (("2.5", 0), ("2.51", 1), ("6.99", 1), ("7", 0)):
        values: dict[str, Value | None] = {"kind": "a", "hours": 1, "score": Decimal(score)}
        assert len(answers(rules, values)[table_path(rules.tables[0])]) == fits
