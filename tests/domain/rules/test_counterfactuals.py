"""What would have given more is true when it is tried, and nothing nearer gives more."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from small_rules import both, compiled, outcome, row, rules
from test_rules_properties import facts, fresh, rule_sets, steady

from creditbank.domain.explanation import Line
from creditbank.domain.rules.counterfactuals import what_would_give_more
from creditbank.domain.rules.evaluate import evaluate_untraced
from creditbank.domain.rules.model import Ruling
from creditbank.domain.values import Amount, Text


def said(of: Any, **given_facts: Any) -> list[tuple[str, str, object]]:
    lines: tuple[Line, ...] = what_would_give_more(of, outcome(of, **given_facts))
    found = []
    for line in lines:
        fact, amount = line.facts["fact"], line.facts["amount"]
        assert isinstance(fact, Text)
        assert isinstance(amount, Amount)
        value = line.facts.get("more", line.facts["value"])
        found.append((fact.en, value.en if isinstance(value, Text) else str(value), amount.hundredths))
    return found


def test_one_level_higher_and_a_few_more_hours_are_named_with_what_they_would_give() -> None:
    of = compiled()
    assert said(of, grade="low", hours=10) == [("grade", "middle", 200)]
    assert said(of, grade="low", hours=7) == [("hours", "3", 100)]
    assert said(of, grade="high", hours=10) == []


def test_portions_and_tiers_name_what_is_missing_to_the_next_one() -> None:
    each = compiled(
        tables=[{"code": "t", "columns": [], "rows": [row("a", {}, {"each": "8", "of": "hours", "gives": "0.5"})]}]
    )
    assert said(each, grade="low", hours=13) == [("hours", "3", 100)]
    tiers = {"of": "hours", "tiers": [{"from": 16, "gives": "1"}, {"from": 32, "gives": "3"}]}
    tiered = compiled(tables=[{"code": "t", "columns": [], "rows": [row("a", {}, tiers)]}])
    assert said(tiered, grade="low", hours=15) == [("hours", "1", 100)]
    assert said(tiered, grade="low", hours=16) == [("hours", "16", 300)]
    assert said(tiered, grade="low", hours=40) == []


def test_a_portion_too_small_for_the_rounding_is_passed_over() -> None:
    fine = {"each": "1", "of": "hours", "gives": "0.2"}
    of = compiled(tables=[{"code": "t", "columns": [], "rows": [row("a", {}, fine)]}])
    assert said(of, grade="low", hours=5) == [("hours", "3", 150)]


def test_a_change_that_would_ask_something_else_is_not_offered() -> None:
    more = {"name": "club", "type": "code", "label": both("club"), "when": {"grade": "high"}}
    of = compiled(facts=[*rules()["facts"], more])
    assert said(of, grade="middle", hours=10) == []


@steady
@given(rule_sets(), facts)
def test_what_is_offered_gives_that_much_and_no_whole_number_below_it_gives_more(data: Any, given_facts: Any) -> None:
    of = fresh(data)
    now = evaluate_untraced(of, outcome(of, **given_facts))
    have = now.credit if now.ruling is Ruling.RECOGNISE else 0
    offers = {name: (value, amount) for name, value, amount in said(of, **given_facts)}

    def gives(**change: Any) -> int:
        granted = evaluate_untraced(of, outcome(of, **{**given_facts, **change}))
        return granted.credit if granted.ruling is Ruling.RECOGNISE else 0

    if "hours" in offers:
        more, amount = offers["hours"]
        assert gives(hours=given_facts["hours"] + int(more)) == amount > have
    if "grade" in offers:
        value, amount = offers["grade"]
        assert gives(grade=value) == amount > have
    declared = any(isinstance(one["give"], dict) and "fact" in str(one["give"]) for one in data["tables"][0]["rows"])
    parts = any(isinstance(one["give"], dict) and "whole" in str(one["give"]) for one in data["tables"][0]["rows"])
    counted = any("each" in str(step) for step in data["adjust"])
    if not (declared or parts or counted):
        nearest = int(offers["hours"][0]) if "hours" in offers else 30
        assert all(gives(hours=given_facts["hours"] + extra) <= have for extra in range(1, nearest))
