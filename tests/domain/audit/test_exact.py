"""The audit is exact: equal to a mixed-integer programme, to brute force, and re-checked each time."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditbank.domain.audit.compiled import compile_programme
from creditbank.domain.audit.decide import audit
from creditbank.domain.audit.model import Goal, Option, Problem, Proof
from creditbank.domain.audit.presolve import presolve
from creditbank.domain.audit.search import search
from creditbank.domain.audit.settle import settle, shortage
from creditbank.gateways.solver import solve
from tests.domain.audit.milp import least_shortage
from tests.perf.population import learner, programme

SHAPES = [
    {"overlap": 0.3, "caps": True},
    {"overlap": 0.3, "caps": True, "choices": True},
    {"overlap": 0.1, "caps": False},
    {"overlap": 0.6, "caps": True},
]


@pytest.mark.parametrize("shape", range(len(SHAPES)))
def test_a_seeded_population_gets_the_answers_of_an_independent_mixed_integer_programme(shape):
    proofs = set()
    met = 0
    for seed in range(60):
        asked = programme(seed, **SHAPES[shape])
        held = learner(seed)[: 4 + seed % 37]
        answer = audit(asked, held, solve=solve)
        assert answer.proof is not Proof.OPEN
        assert answer.shortage == least_shortage(asked, held), f"seed {seed}"
        proofs.add(answer.proof)
        met += answer.met
    assert Proof.BOUND in proofs
    assert Proof.SEARCH in proofs


def brute_force(problem):
    best = problem.goal.shortage(problem.needs)
    for chosen in product(*[[None, *range(len(options))] for options in problem.lots]):
        room = list(problem.limits)
        for options, index in zip(problem.lots, chosen, strict=True):
            if index is not None:
                for limit, amount in options[index].takes:
                    room[limit] -= amount
        if min(room, default=0) >= 0:
            best = min(best, shortage(problem, chosen))
    return best


AMOUNTS = st.sampled_from([1, 2, 3, 5])


@st.composite
def problems(draw):
    """Small problems with whatever a programme can make: overlaps, shared needs, limits, choices."""
    leaves = draw(st.integers(1, 4))
    extra = draw(st.integers(0, 2))
    limits = draw(st.lists(st.integers(0, 8), max_size=2))
    extras = [(frozenset(draw(st.sets(st.integers(0, leaves - 1)))), draw(st.integers(0, 6))) for _ in range(extra)]
    lots = []
    for _ in range(draw(st.integers(0, 6))):
        amount = draw(AMOUNTS)
        options = []
        kind = draw(st.integers(0, 3))
        for leaf in sorted(draw(st.sets(st.integers(0, leaves - 1), max_size=3))):
            gives = [(leaf, amount)]
            gives += [(leaves + i, amount) for i, (over, _) in enumerate(extras) if leaf in over and kind != i]
            takes = tuple((i, amount) for i in range(len(limits)) if (kind + leaf + i) % 3 == 0)
            options.append(Option(leaf, tuple(gives), takes))
        lots.append(tuple(options))
    if lots and draw(st.booleans()):
        lots.append(lots[0])
    needs = tuple(draw(st.integers(0, 9)) for _ in range(leaves)) + tuple(amount for _, amount in extras)
    goals = tuple(Goal(0, (leaf,)) for leaf in range(leaves))
    if leaves > 2 and draw(st.booleans()):
        inner = Goal(draw(st.integers(1, leaves - 1)), (), goals[1:])
        goal = Goal(2, tuple(range(leaves, leaves + extra)), (goals[0], inner))
    else:
        goal = Goal(draw(st.integers(1, leaves)), tuple(range(leaves, leaves + extra)), goals)
    return Problem(needs, tuple(limits), tuple(lots), goal)


@settings(max_examples=400, deadline=None)
@given(problems())
def test_the_search_finds_what_trying_everything_finds(problem):
    found = search(problem)
    assert found.shortage == brute_force(problem)
    assert found.bound == found.shortage
    assert shortage(problem, found.chosen) == found.shortage


@settings(max_examples=200, deadline=None)
@given(problems())
def test_settling_keeps_the_shortage_and_the_limits(problem):
    found = search(problem)
    settled = settle(problem, found.chosen)
    assert shortage(problem, settled) == found.shortage
    room = list(problem.limits)
    for options, index in zip(problem.lots, settled, strict=True):
        if index is not None:
            for limit, amount in options[index].takes:
                room[limit] -= amount
    assert all(amount >= 0 for amount in room)
    assert settle(problem, settled) == settled


@settings(max_examples=60, deadline=None)
@given(problems())
def test_the_solver_agrees_with_trying_everything(problem):
    solution = solve(problem)
    assert solution.optimal
    assert solution.status == "OPTIMAL"
    assert solution.shortage == brute_force(problem) == shortage(problem, solution.chosen)


@settings(max_examples=60, deadline=None)
@given(problems())
def test_a_spent_budget_is_answered_by_the_solver_or_said_openly(problem):
    exact = brute_force(problem)
    asked = search(problem, solve=solve, budget=0)
    assert asked.shortage == asked.bound == exact
    alone = search(problem, budget=0)
    assert alone.bound <= exact <= alone.shortage
    assert (alone.proof is Proof.OPEN) == (alone.bound < alone.shortage)


def test_presolve_settles_everything_when_nothing_overlaps():
    asked = compile_programme(programme(3, overlap=0, caps=False))
    scope = asked.scopes[0]
    single = {
        field: sum(field in leaf.accepts.fields for leaf in scope.leaves) for field in (f"f{i}" for i in range(10))
    }
    held = [credit for credit in learner(3) if single[credit.field] == 1]
    assert held
    assert presolve(asked.problem(scope, held)).open == []


def test_yesterdays_exchange_of_two_places_is_kept_whole():
    # Moving one lot back alone would leave a gap, so only the whole allocation can be kept.
    lots = tuple((Option(0, ((0, 6),)), Option(1, ((1, 6),))) for _ in range(2))
    problem = Problem((6, 6), (), lots, Goal(2, (), (Goal(0, (0,)), Goal(0, (1,)))))
    assert settle(problem, (0, 1), (1, 0)) == (1, 0)
    assert settle(problem, (1, 0), (0, 1)) == (0, 1)
