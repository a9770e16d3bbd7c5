"""CP-SAT, asked for the allocations that the audit's own search leaves open."""

from __future__ import annotations

from typing import Any

from ortools.sat.python import cp_model

from creditbank.domain.audit.model import Goal, Problem, Solution

EFFORT = 20.0
"""Deterministic seconds: equal problems stop at the same place on every machine."""


class SolverError(RuntimeError):
    """The solver called a well-formed problem invalid or impossible; that is a defect of ours."""


def solve(problem: Problem, *, effort: float = EFFORT) -> Solution:
    """The least shortage of a problem; one worker and a fixed seed, so equal questions get equal answers.

    Raises:
        SolverError: the status is neither optimal nor feasible nor "not finished", or the solver's own figure
            differs from the allocation it names.
    """
    model = cp_model.CpModel()
    takers: list[list[Any]] = []
    given: list[list[Any]] = [[] for _ in problem.needs]
    taken: list[list[Any]] = [[] for _ in problem.limits]
    for lot, options in enumerate(problem.lots):
        here = []
        for index, option in enumerate(options):
            take = model.new_bool_var(f"lot{lot}option{index}")
            here.append(take)
            for need, amount in option.gives:
                given[need].append(amount * take)
            for limit, amount in option.takes:
                taken[limit].append(amount * take)
        if len(here) > 1:
            model.add_at_most_one(here)
        takers.append(here)
    for limit, terms in enumerate(taken):
        if terms:
            model.add(sum(terms) <= problem.limits[limit])
    active = model.new_constant(1)
    missing: list[Any] = [None] * len(problem.needs)
    _reach(model, problem.goal, active, problem.needs, given, missing, sure=True)
    total = sum(variable for variable in missing if variable is not None)
    model.minimize(total)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    solver.parameters.max_deterministic_time = effort
    status = solver.solve(model)
    name = solver.status_name(status)
    if status == cp_model.UNKNOWN:
        nothing = problem.goal.shortage(problem.needs)
        return Solution(name, optimal=False, shortage=nothing, bound=0, chosen=(None,) * len(problem.lots))
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        raise SolverError(f"CP-SAT answered {name} to an allocation problem, which always has an answer")
    chosen = tuple(
        next((index for index, take in enumerate(here) if solver.boolean_value(take)), None) for here in takers
    )
    shortage = _shortage(problem, chosen)
    if shortage > round(solver.objective_value):
        raise SolverError(f"CP-SAT claims {solver.objective_value}, but its allocation leaves {shortage} missing")
    # The bound is a float above 2**53 only; ours are amounts of credit, far below.
    bound = shortage if status == cp_model.OPTIMAL else max(0, round(solver.best_objective_bound))
    return Solution(name, optimal=status == cp_model.OPTIMAL, shortage=shortage, bound=bound, chosen=chosen)


def _reach(
    model: cp_model.CpModel,
    goal: Goal,
    active: Any,
    needs: tuple[int, ...],
    given: list[list[Any]],
    missing: list[Any],
    *,
    sure: bool,
) -> None:
    for need in goal.needs:
        missing[need] = model.new_int_var(0, needs[need], f"missing{need}")
        lacking = model.add(missing[need] + sum(given[need]) >= needs[need])
        if not sure:
            lacking.only_enforce_if(active)
    if goal.n == len(goal.goals):
        for below in goal.goals:
            _reach(model, below, active, needs, given, missing, sure=sure)
        return
    branches = [model.new_bool_var("branch") for _ in goal.goals]
    enough = model.add(sum(branches) >= goal.n)
    if not sure:
        enough.only_enforce_if(active)
    for below, branch in zip(goal.goals, branches, strict=True):
        _reach(model, below, branch, needs, given, missing, sure=False)


def _shortage(problem: Problem, chosen: tuple[int | None, ...]) -> int:
    left = list(problem.needs)
    for options, index in zip(problem.lots, chosen, strict=True):
        if index is not None:
            for need, amount in options[index].gives:
                left[need] = max(0, left[need] - amount)
    return problem.goal.shortage(left)
