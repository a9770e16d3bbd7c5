"""Counts over several kinds: 8 lectures or readings bring 1 credit, exact, told, and the same in every form."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_rules import CLAIMED, both, outcome, row, rules
from test_counterfactuals import said

from creditbank.domain.explanation import Refusal
from creditbank.domain.rules.amount_words import credit_words, read_credit
from creditbank.domain.rules.amounts import credit_shown
from creditbank.domain.rules.compile import Compiled
from creditbank.domain.rules.decision import Context
from creditbank.domain.rules.evaluate import evaluate, evaluate_untraced
from creditbank.domain.rules.lint import lint
from creditbank.domain.rules.model import Give, Ruling
from creditbank.domain.rules.places import UnreadableError
from creditbank.domain.rules.read import read_rule_set
from creditbank.domain.rules.tightening import never_more
from creditbank.domain.rules.write import rule_set_data, rule_set_hash
from creditbank.domain.values import Amount, Text
from creditbank.exchange.jdm import rule_set_jdm


def number(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "integer", "label": both(name), "range": {"from": 0, "to": 100}} | more


def counting(credit: Any = None, *, facts: Any = None, when: Any = None) -> dict[str, Any]:
    """One row that counts lectures, readings and films together."""
    optional = {"optional": True}
    kinds = facts or [number("lectures", **optional), number("readings", **optional), number("films", **optional)]
    credit = credit or {"each": 8, "of": ["lectures", "readings", "films"], "gives": "1"}
    table = {"code": "t", "columns": ["grade"], "rows": [row("all", when or {}, credit)]}
    return rules(facts=[rules()["facts"][0], *kinds], tables=[table])


def fresh(data: dict[str, Any]) -> Compiled:
    read = read_rule_set(data)
    return Compiled(read, rule_set_hash(read))


def proposed(of: Compiled, **given_facts: Any) -> Any:
    return evaluate(of, outcome(of, grade="low", **given_facts), Context(CLAIMED))


def test_five_lectures_and_three_readings_make_eight_and_one_credit_and_the_line_says_so() -> None:
    of = fresh(counting())
    proposal = proposed(of, lectures=5, readings=3)
    assert proposal.credit == 100
    [line] = proposal.explanation[0].lines
    assert line.code == "rules.row_gives_together"
    parts = line.facts["parts"]
    assert isinstance(parts, Text)
    assert parts.en == "lectures 5 + readings 3"
    assert (line.facts["value"], line.facts["each"], line.facts["portions"]) == ("8", "8", "1")
    assert line.facts["amount"] == Amount(100)
    assert proposed(of, lectures=5, readings=2).ruling is Ruling.REFUSE
    assert proposed(of, films=8).credit == 100
    assert proposed(of).ruling is Ruling.MANUAL  # nothing of it was said


def test_each_kind_says_how_many_more_of_it_would_give_more() -> None:
    of = fresh(counting())
    assert said(of, grade="low", lectures=5, readings=1) == [("lectures", "2", 100), ("readings", "2", 100)]
    assert said(of, grade="low", lectures=5, readings=3) == [("lectures", "8", 200), ("readings", "8", 200)]
    halves = [number("days", type="number"), number("talks")]
    mixed = fresh(counting({"each": 3, "of": ["days", "talks"], "gives": "1"}, facts=halves))
    assert said(mixed, grade="low", days="1.5", talks=1) == [("days", "0.5", 100), ("talks", "1", 100)]
    assert said(mixed, grade="low", days="0.5", talks=1) == [("days", "1.5", 100), ("talks", "2", 100)]


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.one_of(st.none(), st.integers(0, 40)), min_size=3, max_size=3),
    st.integers(1, 12),
    st.sampled_from(("0.5", "1", "0.25")),
    st.permutations(("lectures", "readings", "films")),
)
def test_the_sum_decides_in_whatever_order_the_kinds_are_named_and_asked_once_or_many_times(
    counts: list[int | None], each: int, gives: str, order: list[str]
) -> None:
    data = counting({"each": each, "of": order, "gives": gives})
    data["rounding"]["step"] = "0.01"
    of = fresh(data)
    assert (
        of.hash
        == fresh(counting({"each": each, "of": sorted(order), "gives": gives}) | {"rounding": data["rounding"]}).hash
    )
    given_facts = dict(zip(("lectures", "readings", "films"), counts, strict=True))
    proposal = proposed(of, **given_facts)
    exact = Fraction(gives) * (sum(count or 0 for count in counts) // each) * 100
    assert proposal.credit == exact
    untraced = evaluate_untraced(of, outcome(of, grade="low", **given_facts))
    assert (untraced.credit, untraced.ruling) == (proposal.credit, proposal.ruling)
    assert evaluate_untraced(fresh(data), outcome(of, grade="low", **given_facts)) == untraced


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_it_is_said_in_words_that_are_read_back_as_the_same(language: str) -> None:
    for whole in (True, False):
        of = read_rule_set(counting({"each": 8, "of": ["films", "lectures"], "gives": "1", "whole": whole}))
        give, facts = of.tables[0].rows[0].give, {fact.name: fact for fact in of.facts}
        assert isinstance(give, Give)
        words = credit_words(give.credit, facts, language)
        again = read_rule_set(counting(read_credit(facts, words))).tables[0].rows[0].give
        assert again == give
    assert credit_words(give.credit, facts, "en") == "1.0 per 8 [lectures] + [films] in proportion"
    assert credit_shown(give.credit, facts).en.startswith("1.0 credits for each 8 of “lectures” and “films” together")
    assert isinstance(read_credit(facts, "1 per 8 [lectures] + [nothing]"), Refusal)


def test_it_is_written_as_read_and_a_single_kind_as_it_always_was() -> None:
    one = read_rule_set(counting())
    assert read_rule_set(rule_set_data(one)) == one
    alone = rule_set_data(read_rule_set(counting({"each": 8, "of": ["hours"], "gives": "1"}, facts=[number("hours")])))
    assert alone["tables"][0]["rows"][0]["give"]["credit"]["of"] == "hours"


@pytest.mark.parametrize(
    ("of", "says"),
    [
        ([], "is empty"),
        (["lectures", "lectures"], "used twice"),
        (["lectures", "grade"], "fact of type integer or number"),
        (["lectures", "nothing"], "no such fact"),
        (["lectures"], "required"),
    ],
)
def test_what_cannot_be_counted_is_refused(of: list[str], says: str) -> None:
    with pytest.raises(UnreadableError, match=re.escape(says)):
        read_rule_set(counting({"each": 8, "of": of, "gives": "1"}))


def test_less_for_the_same_kinds_is_stricter_and_other_kinds_are_not_compared() -> None:
    def credit(**changes: Any) -> Any:
        plain = {"each": 8, "of": ["lectures", "readings"], "gives": "1"} | changes
        give = read_rule_set(counting(plain)).tables[0].rows[0].give
        assert isinstance(give, Give)
        return give.credit

    assert never_more(credit(), credit(of=["readings", "lectures"], each=9)) is True
    assert never_more(credit(), credit(each=7)) is False
    assert never_more(credit(), credit(of=["lectures", "films"])) is None


def test_lint_names_a_kind_that_is_never_asked_where_its_row_decides() -> None:
    asked = [number("lectures"), number("readings", when={"grade": "high"})]
    credit = {"each": 8, "of": ["lectures", "readings"], "gives": "1"}
    for when, found in (({"grade": "low"}, 1), ({"grade": ["low", "high"]}, 0)):
        lines = [
            one for one in lint(read_rule_set(counting(credit, facts=asked, when=when))) if "asked" in one.line.code
        ]
        assert [one.places for one in lines] == [("tables[0].rows[0].give.credit",)] * found


def test_another_engine_is_given_the_sum_only_where_every_kind_is_always_answered() -> None:
    always = [number("lectures"), number("readings")]
    for facts, left_out in ((always, 0), ([always[0], number("readings", optional=True)], 1)):
        exported = rule_set_jdm(
            read_rule_set(counting({"each": 8, "of": ["lectures", "readings"], "gives": "1"}, facts=facts))
        )
        assert sum(line.code == "jdm.amount_left_out" for line in exported.left_out) == left_out
        [rule] = exported.document["nodes"][1]["content"]["rules"]
        assert ("o-credit" in rule) is (not left_out)
