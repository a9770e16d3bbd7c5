"""Two versions differ in words exactly if they differ in content."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from small_rules import both, rules
from test_rules_properties import rule_sets

from creditbank.domain.explanation import Explanation, Line
from creditbank.domain.rules.differences import MESSAGES, differences
from creditbank.domain.rules.read import read_rule_set
from creditbank.domain.rules.write import rule_set_hash
from creditbank.domain.values import Text

steady = settings(deadline=None, max_examples=60)


def compared(before: dict[str, Any], after: dict[str, Any]) -> Explanation:
    return differences(read_rule_set(before), read_rule_set(after))


def said(lines: Explanation, depth: int = 0) -> list[str]:
    found = []
    for line in lines:
        words = {name: fact.en if isinstance(fact, Text) else fact for name, fact in line.facts.items()}
        found.append("  " * depth + MESSAGES[line.code].format(**words))
        found += said(line.lines, depth + 1)
    return found


@steady
@given(rule_sets(), rule_sets())
def test_there_is_something_to_say_exactly_if_the_hashes_differ(before: Any, after: Any) -> None:
    one, other = read_rule_set(before), read_rule_set(after)
    assert differences(one, one) == ()
    assert bool(differences(one, other)) == (rule_set_hash(one) != rule_set_hash(other))


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a document where a single value stands."""
    if isinstance(data, dict):
        return [place for name, value in data.items() for place in places(value, (*path, name))]
    if isinstance(data, list):
        return [place for at, value in enumerate(data) for place in places(value, (*path, at))]
    return [path]


@steady
@given(rule_sets(), st.data())
def test_whatever_single_text_is_changed_is_told(before: Any, data: Any) -> None:
    spots = [place for place in places(before) if place[-1] in ("zh", "en")]
    place = data.draw(st.sampled_from(spots))
    after = copy.deepcopy(before)
    at: Any = after
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] += "改"
    lines = compared(before, after)
    assert lines
    assert any("改" in str(line) for line in lines)


def test_a_row_is_told_by_its_cells_its_credit_and_its_clause() -> None:
    after = rules()
    changed = after["tables"][0]["rows"][1]
    changed["give"]["credit"] = "3"
    changed["when"] = {"hours": {"from": 12, "to": 30}}
    changed["clause"] = both("another clause")
    assert said(compared(rules(), after)) == [
        "Table main changed.",
        "  Row middle changed.",
        "    It gave 2.0 credits (main), now it gives 3.0 credits (main).",
        "    grade: middle became any.",
        "    hours: ≥ 10 became ≥ 12, ≤ 30.",
        "    Its clause was “clause of middle”, now it is “another clause”.",
    ]


def test_rows_that_come_go_and_change_places_are_told() -> None:
    after = rules()
    rows = after["tables"][0]["rows"]
    rows.append(rows.pop(0))
    rows[0] = rows[0] | {"id": "medium", "give": "refuse"}
    assert said(compared(rules(), after)) == [
        "Table main changed.",
        "  Row middle is gone; it said: 2.0 credits (main).",
        "  Row medium is new: no credit.",
        "  The order of rows changed.",
    ]
    assert [line.code for line in compared(rules(), rules())] == []


def test_limits_are_told_by_name() -> None:
    cap = {"id": "c", "scope": "term", "maximum": "2", "clause": both("c")}
    assert said(compared(rules(), rules(cap=[cap])))[0].startswith("Limit c is new: ")
    lines = compared(rules(cap=[cap]), rules(cap=[cap | {"maximum": "3"}]))
    assert said(lines) == ["Limit c changed.", "  maximum: 2.00 became 3.00."]
    assert isinstance(lines[0], Line)


def test_what_may_be_done_further_down_is_told() -> None:
    after = rules()
    after["tables"][0]["open"] = True
    after["tables"][0]["rows"][0]["locked"] = True
    lines = "\n".join(said(compared(rules(), after)))
    assert "It is open now: further down rows may be added to it." in lines
    assert "It is locked now: nobody further down may tighten it." in lines
    assert "It is no longer locked." in "\n".join(said(compared(after, rules())))
