"""An independent answer to an audit: a mixed-integer programme written from the programme itself, by SCIP."""

from __future__ import annotations

from itertools import groupby

from ortools.linear_solver import pywraplp

from creditbank.domain.programmes.model import Kind


def accepts(wanted, credit):
    return (
        (not wanted.fields or credit.field in wanted.fields)
        and (not wanted.categories or credit.category in wanted.categories)
        and (not wanted.levels or credit.level in wanted.levels)
        and (wanted.level_at_least is None or credit.level >= wanted.level_at_least)
        and (not wanted.codes or credit.code in wanted.codes)
        and not any(accepts(exception, credit) for exception in wanted.besides)
    )


def least_shortage(programme, credits_):
    """The least total shortage in hundredths; no part of the audit is used."""
    solver = pywraplp.Solver.CreateSolver("SCIP")
    take = {}
    missing = []
    leaves = list(programme.requirement.leaves())
    for lot in credits_:
        for leaf in leaves:
            if accepts(leaf.accepts, lot):
                take[lot.id, leaf.id] = solver.BoolVar("")
        solver.Add(sum(take[lot.id, leaf.id] for leaf in leaves if (lot.id, leaf.id) in take) <= 1)
    if not programme.repeats:
        by_code = sorted((lot for lot in credits_ if lot.code), key=lambda lot: lot.code)
        for _, same in groupby(by_code, key=lambda lot: lot.code):
            ids = {lot.id for lot in same}
            solver.Add(sum(var for (lot, _), var in take.items() if lot in ids) <= 1)

    def enter(node, active):
        below = [leaf.id for leaf in node.leaves()]
        inside = [(lot, take[lot.id, leaf]) for lot in credits_ for leaf in below if (lot.id, leaf) in take]
        if node.kind is Kind.CREDITS_FROM:
            short = solver.IntVar(0, solver.infinity(), "")
            missing.append(short)
            solver.Add(short >= node.minimum * active - sum(lot.hundredths * var for lot, var in inside))
        if node.kind is Kind.COURSES_FROM:
            short = solver.IntVar(0, solver.infinity(), "")
            missing.append(short * programme.course_credits)
            solver.Add(short >= node.n * active - sum(var for _, var in inside))
        for part in node.parts:
            total = sum(lot.hundredths * var for lot, var in inside if accepts(part.accepts, lot))
            if part.maximum is not None:
                solver.Add(total <= part.maximum)
            if part.minimum is not None:
                short = solver.IntVar(0, solver.infinity(), "")
                missing.append(short)
                solver.Add(short >= part.minimum * active - total)
        wanted = {Kind.ALL: len(node.children), Kind.ANY: 1}.get(node.kind, node.n)
        branches = [solver.BoolVar("") for _ in node.children]
        if branches:
            solver.Add(sum(branches) >= wanted * active)
        for child, branch in zip(node.children, branches, strict=True):
            enter(child, branch)

    enter(programme.requirement, 1)
    solver.Minimize(sum(missing))
    assert solver.Solve() == pywraplp.Solver.OPTIMAL
    return round(solver.Objective().Value())
