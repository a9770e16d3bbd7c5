"""A population's standings are those of single audits, and equal credit is decided once."""

from __future__ import annotations

from datetime import date

from creditbank.domain.audit import population as module
from creditbank.domain.audit.compiled import compile_programme
from creditbank.domain.audit.decide import audit
from creditbank.domain.audit.population import population, rows
from creditbank.exchange.programmes import load_packaged_programme
from creditbank.gateways.solver import solve
from tests.domain.audit.made import credit, credits_from, group, part, programme
from tests.perf.population import learner
from tests.perf.population import programme as seeded


def flat(node):
    yield node.id, node.counted, node.missing
    for item in node.parts:
        yield item.id, item.counted, item.short_by
    for child in node.children:
        yield from flat(child)


def test_a_standing_is_the_answer_of_the_single_audit_in_any_order_of_credit():
    for seed in range(12):
        compiled = compile_programme(seeded(seed, overlap=0.3, caps=True, choices=seed % 2 == 0))
        held = learner(seed)
        (result,) = population(compiled, [(seed, held[::-1])], solve=solve)
        answer = audit(compiled, held, solve=solve)
        standing = result.standing
        assert result.learner == seed
        assert (standing.met, standing.shortage, standing.missing, standing.counted, standing.proof) == (
            answer.met,
            answer.shortage,
            answer.missing,
            answer.counted,
            answer.proof,
        )
        told = list(flat(answer.tree))
        assert rows(compiled) == tuple(name for name, _, _ in told)
        assert standing.by_requirement == tuple((counted, missing) for _, counted, missing in told)


def test_equal_multisets_of_credit_are_decided_once(monkeypatch):
    decided = []
    original = module.solve_scope

    def counting(*args, **named):
        decided.append(args)
        return original(*args, **named)

    monkeypatch.setattr(module, "solve_scope", counting)
    compiled = compile_programme(
        programme(group("two", "all", [credits_from("a", 6, {"fields": ["x"]}), credits_from("b", 6)]))
    )
    people = [
        (number, [credit(f"{number}a", 3, "x"), credit(f"{number}b", 3, "y", category="contest")])
        for number in range(50)
    ]
    people += [(99, list(reversed(people[0][1]))), (100, [])]
    results = list(population(compiled, people))
    assert len(decided) == 2
    assert {result.standing.missing for result in results[:51]} == {600}
    assert results[-1].standing.missing == 1200
    assert [result.learner for result in results] == [*range(50), 99, 100]


def test_learners_who_repeat_a_code_are_not_taken_for_those_who_do_not():
    compiled = compile_programme(programme(credits_from("total", 6)))
    people = [
        ("different", [credit("1", 3, code="A"), credit("2", 3, code="B")]),
        ("repeated", [credit("1", 3, code="A"), credit("2", 3, code="A")]),
        ("uncoded", [credit("1", 3), credit("2", 3)]),
    ]
    met = {result.learner: result.standing.met for result in population(compiled, people)}
    assert met == {"different": True, "repeated": False, "uncoded": True}


def test_expired_credit_is_left_out_of_a_population_too():
    compiled = compile_programme(programme(credits_from("total", 3)))
    people = [("late", [credit("1", 3, expires_on=date(2020, 1, 1))]), ("fresh", [credit("1", 3)])]
    met = [result.standing.met for result in population(compiled, people, on=date(2021, 1, 1))]
    assert met == [False, True]


def test_a_level_part_of_the_packaged_degree_limits_and_demands():
    compiled = compile_programme(load_packaged_programme("demo-levels-360"))
    ladder = [4] * 6 + [5] * 4 + [6] * 3
    held = [credit(str(number), 30, level=level, code=f"M{number}") for number, level in enumerate(ladder)]
    standing = next(population(compiled, [("one", held)])).standing
    assert standing.met
    by_row = dict(zip(rows(compiled), standing.by_requirement, strict=True))
    assert by_row["level-4"] == (15000, 0)
    short = next(population(compiled, [("one", held[:-1])])).standing
    assert short.missing == 3000


def test_a_part_that_only_limits_is_never_missing():
    compiled = compile_programme(programme(credits_from("a", 6, of_which=[part("cap", {}, maximum=3)])))
    standing = next(population(compiled, [(1, [credit("1", 3)])])).standing
    assert standing.by_requirement == ((300, 300), (300, 0))
