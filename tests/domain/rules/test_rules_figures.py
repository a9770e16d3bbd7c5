"""Second figures beside the credit: exact, reckoned from what limits leave, and deciding nothing."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_rules import CLAIMED, both, compiled, outcome, propose, rules
from test_rules_differences import said

from creditbank.domain.rules.cases import read_cases, run_case
from creditbank.domain.rules.compile import Compiled
from creditbank.domain.rules.composition import compose
from creditbank.domain.rules.decision import Context
from creditbank.domain.rules.differences import differences
from creditbank.domain.rules.evaluate import evaluate, evaluate_untraced
from creditbank.domain.rules.figures import figure_shown, figures_given, weight_shown
from creditbank.domain.rules.lint import lint
from creditbank.domain.rules.overlay import read_overlay
from creditbank.domain.rules.places import UnreadableError
from creditbank.domain.rules.read import read_rule_set
from creditbank.domain.rules.write import rule_set_data, rule_set_hash
from creditbank.domain.values import Amount, Hundredths, round_fraction

steady = settings(deadline=None, max_examples=50)
LEVELS = {"low": "4.5", "middle": "5", "high": "20/3"}


def figure(times: Any, **more: Any) -> dict[str, Any]:
    rounding = {"step": "0.01", "mode": "down"}
    return {"id": "points", "name": both("points"), "times": times, "rounding": rounding, "clause": both("f")} | more


def levelled(times: Any = None, **changes: Any) -> dict[str, Any]:
    """The small rules, each row at the level of its grade, with points."""
    data = rules(figures=[figure({"level": LEVELS} if times is None else times)], **changes)
    for one in data["tables"][0]["rows"]:
        one["give"]["level"] = {"fact": "grade"}
    return data


def fresh(data: dict[str, Any]) -> Compiled:
    read = read_rule_set(data)
    return Compiled(read, rule_set_hash(read))


def test_points_are_the_credit_times_the_weight_of_its_level_and_the_line_says_so() -> None:
    proposal = propose(fresh(levelled()), grade="middle", hours=10)
    [points] = proposal.figures
    assert (points.id, points.amount, proposal.credit) == ("points", 1000, 200)
    line = proposal.explanation[0].lines[-1]
    assert line.code == "rules.figure_weighed"
    assert (line.facts["credit"], line.facts["factor"], line.facts["level"]) == (Amount(200), "5", "middle")
    assert line.facts["amount"] == Amount(1000)
    assert line.clause is not None


def test_what_a_limit_leaves_is_multiplied_and_not_what_the_row_gave() -> None:
    cap = {"id": "c", "scope": "ever", "maximum": "1", "clause": both("c")}
    proposal = propose(fresh(levelled(cap=[cap])), Context(CLAIMED, used={"c": 50}), grade="high", hours=10)
    assert (proposal.credit, proposal.figures[0].amount) == (50, 333)
    lines = [line for line in proposal.explanation[0].lines if line.code.startswith("rules.figure")]
    assert [line.facts["amount"] for line in lines] == ["10/3"]  # exact, and rounded underneath
    assert [below.facts["amount"] for below in lines[0].lines] == [Amount(333)]


def test_a_level_without_a_weight_has_no_figure_and_says_so() -> None:
    data = levelled({"level": {"low": "1", "high": "2"}})
    proposal = propose(fresh(data), grade="middle", hours=10)
    assert proposal.credit == 200
    assert proposal.figures == ()
    assert proposal.explanation[0].lines[-1].code == "rules.figure_unweighed"
    found = [finding for finding in lint(read_rule_set(data)) if finding.line.code == "lint.level_without_weight"]
    assert {(finding.places, finding.line.facts["level"]) for finding in found} == {
        ((f"tables[0].rows[{number}]",), "middle") for number in range(3)
    }
    plain = read_rule_set(rules(figures=[figure({"level": LEVELS})]))
    assert {finding.line.code for finding in lint(plain)} >= {"lint.row_without_level"}


def test_a_refusal_brings_no_figure() -> None:
    proposal = propose(fresh(levelled()), Context(CLAIMED), grade="low", hours=9)
    assert proposal.figures == ()


@steady
@given(
    st.sampled_from(("low", "middle", "high")),
    st.sampled_from(("2", "2/3", "1.33", None)),
    st.integers(0, 500),
    st.sampled_from(("0.01", "0.5", "1")),
    st.sampled_from(("down", "up", "half_up")),
)
def test_every_figure_is_the_exact_product_rounded_once_and_one_for_all_ways_to_evaluate(
    grade: str, times: str | None, used: int, step: str, mode: str
) -> None:
    cap = {"id": "c", "scope": "ever", "maximum": "4", "clause": both("c")}
    data = levelled(times, cap=[cap])
    data["figures"][0]["rounding"] = {"step": step, "mode": mode}
    of = fresh(data)
    one = outcome(of, grade=grade, hours=10)
    proposal = evaluate(of, one, Context(CLAIMED, used={"c": used}))
    assert evaluate(fresh(data), one, Context(CLAIMED, used={"c": used})) == proposal
    if proposal.credit:
        factor = Fraction(times or LEVELS[grade])
        exact = round_fraction(proposal.credit * factor, int(Fraction(step) * 100), mode)
        assert [given.amount for given in proposal.figures] == [exact]
    free = fresh(data | {"cap": []})
    untraced = evaluate_untraced(free, one)
    alone = evaluate(free, one, Context(CLAIMED))
    assert figures_given(free.rules.figures, untraced.credit, untraced.level) == alone.figures


def test_figures_decide_nothing_and_rules_without_them_keep_their_hash() -> None:
    plain = levelled()
    del plain["figures"]
    assert "figures" not in rule_set_data(read_rule_set(plain))
    one, other = propose(fresh(levelled()), grade="low", hours=10), propose(fresh(plain), grade="low", hours=10)
    assert (one.credit, one.row, one.ruling) == (other.credit, other.row, other.ruling)


def test_what_changed_about_a_figure_is_told_and_what_was_written_is_read_back() -> None:
    before = read_rule_set(levelled())
    assert read_rule_set(levelled({"level": dict(reversed(LEVELS.items()))})) == before
    assert read_rule_set(rule_set_data(before)) == before
    after = read_rule_set(levelled({"level": LEVELS | {"low": "4"}}))
    told = said(differences(before, after))
    assert told[0] == "Figure points changed."
    assert '"low": "9/2"' in told[1]
    assert '"low": "4/1"' in told[1]
    gone = levelled()
    del gone["figures"]
    assert said(differences(before, read_rule_set(gone)))[0].startswith("Figure points is gone")


@pytest.mark.parametrize(
    ("wrong", "path", "says"),
    [
        ({"times": "-1"}, "figures[0].times", "factor"),
        ({"times": {"level": {}}}, "figures[0].times.level", "at least one level"),
        ({"times": {"grade": {"low": "1"}}}, "figures[0].times.grade", "unknown key"),
        ({"times": {"level": {"low": "x"}}}, "figures[0].times.level.low", "factor"),
        ({"rounding": {"step": "0", "mode": "down"}}, "figures[0].rounding.step", "above zero"),
        ({"formula": "credit * 2"}, "figures[0].formula", "unknown key"),
    ],
)
def test_a_figure_that_cannot_be_is_refused_with_its_path(wrong: dict[str, Any], path: str, says: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_rule_set(rules(figures=[figure("2") | wrong]))
    found = {problem.path: problem.message for problem in caught.value.problems}
    assert path in found
    assert says in found[path] or "share" in found[path]


def test_two_figures_of_one_id_are_refused() -> None:
    with pytest.raises(UnreadableError, match="used twice"):
        compiled(figures=[figure("2"), figure("3")])


def test_a_figure_says_how_it_is_reckoned_in_both_languages() -> None:
    [one] = read_rule_set(levelled()).figures
    assert figure_shown(one).en == "points = credits × the weight of their level (low: 4.5, middle: 5, high: 20/3)"
    assert figure_shown(one).zh == "points（中） = 学分 × 等级系数（low 级 4.5，middle 级 5，high 级 20/3）"
    assert [weight_shown(Fraction(text)) for text in ("9/2", "5", "1/8", "133/100", "2/3")] == [
        "4.5", "5", "0.125", "1.33", "2/3",
    ]  # fmt: skip
    assert figures_given((one,), Hundredths(100), None) == ()


def test_a_case_whose_figure_is_another_turns_red() -> None:
    of = fresh(levelled())
    facts = {"grade": "middle", "hours": 10}

    def differs(figures: dict[str, str]) -> list[tuple[str, str, str]]:
        expect = {"ruling": "recognise", "figures": figures}
        case = {"id": "a", "claimed_on": "2024-06-30", "facts": facts, "expect": expect}
        [read] = read_cases({"schema": "creditbank.cases/1", "rules": "small", "cases": [case]}, of.rules).cases
        return [(one.what, one.expected, one.found) for one in run_case(of, read).differences]

    assert differs({"points": "10"}) == []
    assert differs({"points": "9.5"}) == [("figures.points", "9.5", "10.0")]
    with pytest.raises(UnreadableError, match="unknown key"):
        differs({"pionts": "10"})


def test_an_overlay_leaves_figures_as_they_are_and_they_follow_what_it_lowers() -> None:
    document = {
        "schema": "creditbank.rules-overlay/1", "code": "small", "kind": "overlay", "name": both("o"), "source": both("o"),
        "tighten": {"rows": [{"id": "middle", "credit": "1", "clause": both("less here")}]},
    }  # fmt: skip
    base = read_rule_set(levelled())
    composed = compose(base, read_overlay(document))
    assert (composed.conflicts, composed.rules.figures) == ((), base.figures)
    proposal = propose(Compiled(composed.rules, rule_set_hash(composed.rules)), grade="middle", hours=10)
    assert [given.amount for given in proposal.figures] == [500]
    with pytest.raises(UnreadableError, match="unknown key"):
        read_overlay(document | {"add": {"figures": [figure("2")]}})
