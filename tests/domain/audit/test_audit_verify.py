"""The independent re-check catches an allocation that breaks its programme, whatever made it."""

from __future__ import annotations

from datetime import date

import pytest

from creditbank.domain.audit import decide
from creditbank.domain.audit.model import Option
from creditbank.domain.audit.verify import VerificationError, verify
from tests.domain.audit.made import courses_from, credit, credits_from, group, part, programme

ASKED = programme(
    group(
        "root",
        "all",
        [
            credits_from("a", 6, {"fields": ["x"], "level_at_least": 4}),
            courses_from("b", 1, {"fields": ["x", "y"], "except": [{"codes": ["BAD"]}]}),
        ],
        of_which=[part("cap", {"categories": ["contest"]}, maximum=3)],
    )
)
HELD = [
    credit("1", 6, "x", level=4),
    credit("2", 3, "y", category="contest"),
    credit("3", 3, "x", level=3, category="contest"),
    credit("4", 3, "y", code="BAD"),
    credit("5", 3, "y", code="C"),
    credit("6", 3, "y", code="C"),
    credit("7", 3, "y", expires_on=date(2020, 1, 1)),
]
ON = date(2021, 1, 1)


def check(*pairs, shortage=0, **counted):
    figures = {"root": 0, "a": 0, "b": 0, "cap": 0} | counted
    verify(ASKED, HELD, frozenset(pairs), shortage=shortage, counted=figures, on=ON)


def test_a_right_allocation_with_right_figures_passes():
    check(("1", "a"), ("2", "b"), root=900, a=600, b=300, cap=300)
    check(shortage=900)


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([("1", "a"), ("1", "b")], "counted in a and in b"),
        ([("2", "a")], "not accepted there"),
        ([("3", "a")], "not accepted there"),
        ([("4", "b")], "not accepted there"),
        ([("2", "b"), ("3", "b")], "more than its maximum"),
        ([("5", "b"), ("6", "b")], "repeat C"),
        ([("7", "b")], "expired"),
        ([("9", "b")], "no such credit"),
        ([("1", "root")], "no such leaf"),
    ],
)
def test_a_planted_fault_is_named(pairs, said):
    with pytest.raises(VerificationError, match=said):
        check(*pairs)


def test_a_wrong_figure_is_named():
    with pytest.raises(VerificationError, match="the shortage is 0, not 100"):
        check(("1", "a"), ("2", "b"), root=900, a=600, b=300, cap=300, shortage=100)
    with pytest.raises(VerificationError, match="a counts 600, not 500"):
        check(("1", "a"), ("2", "b"), root=900, a=500, b=300, cap=300)


def test_a_search_that_forgets_the_limits_does_not_get_past_the_check(monkeypatch):
    def careless(compiled, scope, held):
        problem = original(compiled, scope, held)
        lots = tuple(tuple(Option(o.leaf, o.gives) for o in options) for options in problem.lots)
        return type(problem)(problem.needs, problem.limits, lots, problem.goal)

    asked = programme(credits_from("a", 6, of_which=[part("cap", {"categories": ["contest"]}, maximum=3)]))
    held = [credit("1", 3, category="contest"), credit("2", 3, category="contest")]
    assert decide.audit(asked, held).missing == 300
    original = decide.Compiled.problem
    monkeypatch.setattr(decide.Compiled, "problem", careless)
    with pytest.raises(VerificationError, match="more than its maximum"):
        decide.audit(asked, held)


def test_a_search_that_counts_twice_does_not_get_past_the_check(monkeypatch):
    asked = programme(group("root", "all", [credits_from("a", 3), credits_from("b", 3)]))
    original = decide.solve_scope

    def doubled(*args, **named):
        solved = original(*args, **named)
        held = [solved.held[0], solved.held[0]]
        lots = (*solved.problem.lots, solved.problem.lots[0])
        problem = type(solved.problem)(solved.problem.needs, solved.problem.limits, lots, solved.problem.goal)
        return type(solved)(solved.scope, problem, solved.found, (0, 1), held)

    monkeypatch.setattr(decide, "solve_scope", doubled)
    with pytest.raises(VerificationError, match="counted in a and in b"):
        decide.audit(asked, [credit("1", 3)])
