"""What a school adds and tightens: refused wherever somebody could get more or something locked would change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from small_rules import both, outcome, row, rules
from test_rules_properties import amounts, conditions, contexts, facts, hour_cells, rule_sets

from creditbank.domain.rules.compile import compile_rules
from creditbank.domain.rules.composition import Composed, compose
from creditbank.domain.rules.decision import Context, Granted, Proposal
from creditbank.domain.rules.evaluate import evaluate, evaluate_untraced
from creditbank.domain.rules.model import RuleSet, Ruling
from creditbank.domain.rules.overlay import overlay_data, overlay_hash, read_overlay
from creditbank.domain.rules.places import UnreadableError
from creditbank.domain.rules.read import read_rule_set
from creditbank.domain.rules.write import rule_set_data, rule_set_hash
from creditbank.domain.values import Hundredths

RANK = {Ruling.REFUSE: 0, Ruling.MANUAL: 1, Ruling.RECOGNISE: 2}


def overlay(**halves: Any) -> dict[str, Any]:
    head = {"schema": "creditbank.rules-overlay/1", "code": "small", "kind": "overlay"}
    return head | {"name": both("ours"), "source": both("minutes 3")} | halves


def base(**changes: Any) -> dict[str, Any]:
    """The small rules, whose table is open, with a limit and a shelf life."""
    data = rules(
        cap=[{"id": "year", "scope": "academic_year", "category": "main", "maximum": "6", "clause": both("year")}],
        validity=[{"id": "shelf", "fact": "earned_on", "expires": {"years": 5}, "clause": both("shelf")}],
    )
    data["tables"][0]["open"] = True
    return data | changes


def laid(under: dict[str, Any], **halves: Any) -> Composed:
    return compose(read_rule_set(under), read_overlay(overlay(**halves)))


def refusals(under: dict[str, Any], **halves: Any) -> list[tuple[str, str]]:
    """Path and code of each item that does not hold."""
    return [(one.path, one.line.code.removeprefix("overlay.")) for one in laid(under, **halves).conflicts]


def item(name: str, **says: Any) -> dict[str, Any]:
    return {"id": name, "clause": both(f"our {name}")} | says


def own_row(name: str, when: dict[str, Any], credit: Any) -> dict[str, Any]:
    return {"table": "main"} | row(name, when, credit)


def locked(data: dict[str, Any], *names: str) -> dict[str, Any]:
    for one in data["tables"][0]["rows"]:
        if one["id"] in names:
            one["locked"] = True
    return data


def credit(composed: Composed, **given: Any) -> tuple[str, int]:
    compiled = compile_rules(composed.rules)
    found = evaluate_untraced(compiled, outcome(compiled, **given))
    return found.ruling.value, found.credit


def test_an_overlay_lowers_an_amount_and_adds_a_row_where_none_was():
    under = base()
    found = laid(
        under,
        tighten={"rows": [item("high", credit="3")], "cap": [item("year", maximum="5")]},
        add={"rows": [own_row("few", {"grade": "high", "hours": {"below": 10}}, "0.5")]},
    )
    assert found.conflicts == ()
    assert found.own == {("rows", "high"), ("cap", "year"), ("rows", "few")}
    assert credit(found, grade="high", hours=20) == ("recognise", 300)
    assert credit(found, grade="high", hours=4) == ("recognise", 50)
    assert credit(found, grade="middle", hours=20) == ("recognise", 200)
    assert found.rules.cap[0].maximum == 500


def test_an_empty_overlay_leaves_the_rules_as_they_are():
    found = laid(base())
    assert rule_set_hash(found.rules) == rule_set_hash(read_rule_set(base()))


def test_a_row_is_added_only_where_the_table_is_open_unless_it_refuses():
    closed = rules()
    gap = {"grade": "high", "hours": {"below": 10}}
    assert refusals(closed, add={"rows": [own_row("few", gap, "1")]}) == [("add.rows[0]", "table_closed")]
    assert refusals(closed, add={"rows": [own_row("few", gap, "refuse")]}) == []


def test_an_added_row_that_meets_one_below_is_refused_with_an_example():
    found = laid(base(), add={"rows": [own_row("wide", {"grade": "high"}, "9")]})
    (conflict,) = found.conflicts
    assert (conflict.path, conflict.line.code) == ("add.rows[0]", "overlay.meets_row")
    assert conflict.line.facts["row"] == "high"
    assert "high" in str(conflict.line.facts["example"])
    assert credit(found, grade="high", hours=20) == ("recognise", 400)


RAISING: list[tuple[str, dict[str, Any], str]] = [
    ("tighten.rows[0]", {"tighten": {"rows": [item("high", credit="4.5")]}}, "raised"),
    ("tighten.rows[0]", {"tighten": {"rows": [item("high", credit={"fact": "hours"})]}}, "not_compared"),
    ("tighten.cap[0]", {"tighten": {"cap": [item("year", maximum="7")]}}, "raised"),
    ("tighten.cap[0]", {"tighten": {"cap": [item("year", maximum={"count": 1})]}}, "not_compared"),
    ("tighten.validity[0]", {"tighten": {"validity": [item("shelf", expires={"years": 6})]}}, "raised"),
    ("tighten.rows[0]", {"tighten": {"rows": [item("gone", credit="1")]}}, "no_part"),
    ("add.rows[0].when.nothing", {"add": {"rows": [own_row("x", {"nothing": 1}, "1")]}}, "unreadable"),
    (
        "add.exclude[0]",
        {"add": {"exclude": [item("no", when={"grade": "low"}, otherwise="manual")]}},
        "asks",
    ),
]


@pytest.mark.parametrize(("path", "halves", "why"), RAISING)
def test_what_would_give_more_is_refused_with_its_path(path: str, halves: dict[str, Any], why: str):
    assert refusals(base(), **halves) == [(path, why)]


def test_what_would_change_a_locked_row_is_refused():
    under = locked(base(), "high")
    assert refusals(under, tighten={"rows": [item("high", credit="3")]}) == [("tighten.rows[0]", "locked")]
    high, low = {"grade": "high"}, {"grade": "low"}
    assert refusals(under, add={"exclude": [item("no", when=high)]}) == [("add.exclude[0]", "meets_locked")]
    assert refusals(under, add={"exclude": [item("no", when=low)]}) == []
    cap = item("less", scope="ever", maximum="1")
    assert refusals(under, add={"cap": [cap]}) == [("add.cap[0]", "meets_locked")]
    assert refusals(under, add={"cap": [cap | {"when": low}]}) == []
    assert refusals(under, add={"cap": [cap | {"category": "side"}]}) == []
    assert refusals(under, tighten={"cap": [item("year", maximum="1")]}) == [("tighten.cap[0]", "meets_locked")]


def test_a_locked_limit_is_neither_lowered_nor_undercut():
    under = base()
    under["cap"][0]["locked"] = True
    assert refusals(under, tighten={"cap": [item("year", maximum="1")]}) == [("tighten.cap[0]", "locked")]
    cap = item("less", scope="ever", maximum="1")
    assert refusals(under, add={"cap": [cap]}) == [("add.cap[0]", "meets_locked_part")]


def test_a_lower_amount_never_slips_under_a_limit_that_grants_all_or_nothing():
    under = base()
    under["cap"][0] |= {"whole": True, "maximum": "3", "scope": "claim"}
    assert refusals(under, tighten={"rows": [item("high", credit="3")]}) == [("tighten.rows[0]", "all_or_nothing")]
    assert refusals(under, tighten={"rows": [item("high", give="refuse")]}) == []


def test_what_cannot_hold_is_left_out_and_the_rest_holds():
    found = laid(base(), tighten={"rows": [item("high", credit="9"), item("middle", credit="1")]})
    assert [one.path for one in found.conflicts] == ["tighten.rows[0]"]
    assert credit(found, grade="high", hours=20) == ("recognise", 400)
    assert credit(found, grade="middle", hours=20) == ("recognise", 100)


def test_an_overlay_for_other_rules_changes_nothing():
    found = compose(read_rule_set(base()), read_overlay(overlay() | {"code": "other"}))
    assert [one.line.code for one in found.conflicts] == ["overlay.other_code"]
    assert found.rules == read_rule_set(base())


@pytest.mark.parametrize(
    ("halves", "path"),
    [
        ({"add": {"tables": []}}, "add.tables"),
        ({"tighten": {"rows": [item("high", credit="1", give="refuse")]}}, "tighten.rows[0]"),
        ({"tighten": {"rows": [item("high", give="manual")]}}, "tighten.rows[0].give"),
        ({"tighten": {"rows": [item("a", credit="1"), item("a", credit="2")]}}, "tighten.rows"),
        ({"kind": "recognition"}, "kind"),
    ],
)
def test_a_malformed_overlay_is_refused_with_its_path(halves: dict[str, Any], path: str):
    with pytest.raises(UnreadableError) as caught:
        read_overlay(overlay(**halves))
    assert [problem.path for problem in caught.value.problems] == [path]


def test_an_overlay_is_written_as_it_was_read():
    halves = {"tighten": {"rows": [item("high", credit="3")]}, "add": {"rows": [own_row("x", {"hours": 3}, "1")]}}
    read = read_overlay(overlay(**halves))
    assert read_overlay(overlay_data(read)) == read
    assert overlay_hash(read) == overlay_hash(read_overlay(overlay_data(read)))


scopes = st.sampled_from(("claim", "term", "ever"))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[RuleSet, Composed]:
    """Rules with open tables and locks, and what of an overlay holds on them."""
    under = draw(rule_sets())
    table = under["tables"][0]
    table["open"] = draw(st.booleans())
    for one in table["rows"]:
        one["locked"] = draw(st.integers(0, 3)) == 0
    names = [one["id"] for one in table["rows"]]
    lower = st.one_of(amounts.map(lambda amount: {"credit": amount}), st.just({"give": "refuse"}))
    half_lower = [item(name, **draw(lower)) for name in names if draw(st.booleans())]
    half_caps = [item(cap["id"], maximum=draw(amounts)) for cap in under["cap"] if draw(st.booleans())]
    dates = [item("x", expires={"months": draw(st.integers(1, 60))}), item("w", within={"months": 12})]
    gives = st.one_of(amounts, st.sampled_from(("refuse", "manual")))
    cells = st.fixed_dictionaries({"grade": st.sampled_from(("low", "middle", "high")), "hours": hour_cells})
    own = [own_row(f"own{i}", draw(cells), draw(gives)) for i in range(draw(st.integers(0, 3)))]
    cap = item("owncap", scope=draw(scopes), maximum=draw(amounts), when=draw(conditions), whole=draw(st.booleans()))
    add = {
        "rows": own,
        "cap": [cap] if draw(st.booleans()) else [],
        "exclude": [item("ownout", when=draw(cells))] if draw(st.booleans()) else [],
        "validity": [
            item("ownx", fact="earned_on", when=draw(conditions), expires={"months": draw(st.integers(1, 40))})
        ],
        "prerequisite": [item("ownfirst", when=draw(conditions), needs={"credit": "2"})],
    }
    tighten = {"rows": half_lower, "cap": half_caps, "validity": dates if under["validity"] else []}
    return read_rule_set(under), laid(under, add=add, tighten=tighten)


def _no_more(after: Proposal | Granted, before: Proposal | Granted) -> bool:
    return (RANK[after.ruling], after.credit) <= (RANK[before.ruling], before.credit)


@settings(deadline=None, max_examples=50, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(pairs(), st.lists(st.tuples(facts, contexts), min_size=8, max_size=8))
def test_no_outcome_gets_more_but_where_the_rules_below_left_it_open(
    pair: tuple[RuleSet, Composed], asked: list[tuple[dict[str, Any], Context]]
):
    below, composed = pair
    old, new = compile_rules(below), compile_rules(read_rule_set(rule_set_data(composed.rules)))
    locks = {one.id for table in below.tables for one in table.rows if one.locked}
    for given_facts, around in asked:
        # Where it is not known what is held, a person is asked before limits are looked at; the bank knows it.
        context = replace(around, held={**around.held, "ownfirst": Hundredths(around.claimed_on.day * 20)})
        answers = {name: value for name, value in given_facts.items() if value is not None}
        asked_of = outcome(old, **answers)
        by_facts = evaluate_untraced(old, asked_of), evaluate_untraced(new, asked_of)
        whole = evaluate(old, asked_of, context), evaluate(new, asked_of, context)
        row_id = by_facts[1].row or ""
        if row_id.startswith("own"):
            assert by_facts[0].row is None  # no row below fits
            assert below.tables[0].open or by_facts[1].ruling is Ruling.REFUSE
            continue
        assert _no_more(by_facts[1], by_facts[0])
        assert _no_more(whole[1], whole[0])
        if by_facts[0].row in locks:
            told = [(one.ruling, one.credit, one.category, one.expires_on) for one in whole]
            assert told[0] == told[1]
