"""Limits that hold only beside other credit: prior credit counts where classes were taken in the same term."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_rules import CLAIMED, both, compiled, outcome, rules

from creditbank.domain.conversions.read import read_conversion_rules
from creditbank.domain.rules.cases import codes_of
from creditbank.domain.rules.compile import Compiled
from creditbank.domain.rules.decision import Context
from creditbank.domain.rules.evaluate import evaluate
from creditbank.domain.rules.lint import lint
from creditbank.domain.rules.places import UnreadableError
from creditbank.domain.rules.read import read_rule_set
from creditbank.domain.rules.write import rule_set_data, rule_set_hash
from tests.domain.conversions.small_conversions import rules as conversion_rules

LIMIT = {"id": "c", "scope": "term", "maximum": "6", "beside": ["main"], "clause": both("c")}


def given_rules(**limit: Any) -> dict[str, Any]:
    """High grades give four credits of the side, lower ones of the main category."""
    data = rules(cap=[LIMIT | limit])
    data["tables"][0]["rows"][2]["give"]["category"] = "side"
    return data


def told(of: Compiled, grade: str, **context: Any) -> tuple[int, tuple[str, ...]]:
    proposal = evaluate(of, outcome(of, grade=grade, hours=10), Context(CLAIMED, **context))
    return proposal.credit, codes_of(proposal.explanation)


def test_it_holds_for_other_credit_only_where_there_is_what_it_stands_beside() -> None:
    of = compiled(**given_rules())
    full, none, some = {"c": 600}, {"c": 0}, {"c": 100}
    assert told(of, "middle", used=full)[0] == 0  # what it stands beside is always limited
    credit, codes = told(of, "high", used=full, beside=none)
    assert (credit, "rules.cap_not_beside" in codes, "rules.cap_full" in codes) == (400, True, False)
    credit, codes = told(of, "high", used=full, beside=some)
    assert (credit, "rules.cap_beside" in codes, "rules.cap_full" in codes) == (0, True, True)
    assert told(of, "high", used={"c": 400}, beside=some)[0] == 200
    credit, codes = told(of, "high", used=full)
    assert (credit, "rules.beside_assumed" in codes) == (400, True)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.sampled_from(("low", "middle", "high")), st.integers(1, 2)), max_size=12),
    st.sampled_from((True, False)),
    st.randoms(use_true_random=False),
)
def test_beside_each_other_they_never_pass_the_limit_whatever_the_order_of_claims_and_rows(
    claims: list[tuple[str, int]], whole: Any, random: Any
) -> None:
    data = given_rules(whole=whole)
    shuffled = given_rules(whole=whole)
    random.shuffle(shuffled["tables"][0]["rows"])
    together, other = (Compiled(read, rule_set_hash(read)) for read in map(read_rule_set, (data, shuffled)))
    held: dict[tuple[int, str], int] = {}
    for grade, term in claims:
        main, side = held.get((term, "main"), 0), held.get((term, "side"), 0)
        context = Context(CLAIMED, used={"c": main + side}, beside={"c": main})
        proposal = evaluate(together, outcome(together, grade=grade, hours=10), context)
        again = evaluate(other, outcome(other, grade=grade, hours=10), context)
        assert (again.credit, again.explanation) == (proposal.credit, proposal.explanation)
        alone = Compiled(together.rules, together.hash)
        assert evaluate(alone, outcome(alone, grade=grade, hours=10), context) == proposal
        if proposal.category:
            held[term, proposal.category] = held.get((term, proposal.category), 0) + proposal.credit
            now = held.get((term, "main"), 0)
            assert not now or now + held.get((term, "side"), 0) <= 600
            assert proposal.category == "side" or now <= 600


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"beside": ["main", "side"]}, "cap[0].beside"),
        ({"beside": []}, "cap[0].beside"),
        ({"beside": ["elsewhere"]}, "cap[0].beside[0]"),
        ({"beside": ["main"], "category": "side"}, "cap[0].beside[0]"),
        ({"scope": "claim"}, "cap[0].beside"),
        ({"maximum": {"count": 2}}, "cap[0].beside"),
        ({"by": ["grade"]}, "cap[0].beside"),
        ({"when": {"grade": "high"}}, "cap[0].beside"),
    ],
)
def test_what_it_cannot_stand_beside_is_refused_with_its_path(wrong: dict[str, Any], path: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_rule_set(given_rules(**wrong))
    assert [problem.path for problem in caught.value.problems] == [path]


def test_it_is_written_as_it_was_read_and_is_part_of_the_content() -> None:
    one, plain = read_rule_set(given_rules()), read_rule_set(given_rules(beside=None))
    assert read_rule_set(rule_set_data(one)) == one
    assert "beside" not in rule_set_data(plain)["cap"][0]
    assert rule_set_hash(one) != rule_set_hash(plain)
    assert read_rule_set(given_rules(beside="main")) == one


def test_lint_does_not_take_a_limit_that_holds_sometimes_for_one_that_always_does() -> None:
    wide = {"id": "wide", "scope": "term", "maximum": "8", "clause": both("wide")}
    sometimes = read_rule_set(given_rules() | {"cap": [LIMIT, wide]})
    always = read_rule_set(given_rules() | {"cap": [LIMIT | {"beside": None}, wide]})
    codes = [{finding.line.code for finding in lint(one)} for one in (sometimes, always)]
    assert ["lint.limit_never_binds" in one for one in codes] == [False, True]
    low = [read_rule_set(given_rules(maximum="3", **more)) for more in ({}, {"beside": None})]
    assert [sum(finding.line.code == "lint.over_limit" for finding in lint(one)) for one in low] == [0, 1]


def test_a_limit_for_conversion_holds_always() -> None:
    with pytest.raises(UnreadableError) as caught:
        read_conversion_rules(conversion_rules(cap=[LIMIT]))
    assert [problem.path for problem in caught.value.problems] == ["cap[0].beside"]
