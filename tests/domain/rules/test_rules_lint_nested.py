"""Lint of facts that are asked under nested conditions and of ranks is what trying every outcome finds."""

from __future__ import annotations

import itertools
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from small_rules import both, row, rules

from creditbank.domain.rules.bands import pair_within
from creditbank.domain.rules.facts import holds
from creditbank.domain.rules.lint import lint
from creditbank.domain.rules.model import Interval, Lower, Rank, RuleSet, Value
from creditbank.domain.rules.read import read_rule_set

steady = settings(deadline=None, max_examples=50)
SCALE = ("third", "second", "first")


def enum(name: str, *codes: str, **more: Any) -> dict[str, Any]:
    values = [{"code": code, **both(code)} for code in codes]
    return {"name": name, "type": "enum", "label": both(name), "values": values, **more}


def number(name: str, most: int, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "integer", "label": both(name), "range": {"from": 1, "to": most}, **more}


FACTS = [
    enum("kind", "contest", "other"),
    {"name": "ranked", "type": "boolean", "label": both("ranked"), "when": {"kind": "contest"}},
    enum("award", *SCALE, ordered=True, when={"kind": "contest", "ranked": False}),
    enum("jury", "state", "guild", when={"award": "first"}),
    number("place", 4, when={"ranked": True}),
    number("among", 5, when={"ranked": True}),
]
"""The award is asked where a question says so that is itself asked only of contests; the jury one step further in."""

cells = st.fixed_dictionaries(
    {},
    optional={
        "award": st.sampled_from(("first", "third", {"from": "second"}, {"to": "second"})),
        "jury": st.sampled_from(("state", "guild")),
        "place": st.sampled_from((1, {"from": 2}, {"to": 3})),
        "ranked": st.booleans(),
    },
)


def outcomes() -> list[dict[str, Value | None]]:
    """Every outcome that a form could send."""
    nobody: dict[str, Value | None] = {fact["name"]: None for fact in FACTS}
    found = [nobody | {"kind": "other"}]
    for award in SCALE:
        juries = ("state", "guild") if award == "first" else (None,)
        found += [nobody | {"kind": "contest", "ranked": False, "award": award, "jury": jury} for jury in juries]
    found += [
        nobody | {"kind": "contest", "ranked": True, "place": place, "among": among}
        for place, among in itertools.product(range(1, 5), range(1, 6))
    ]
    return found


@st.composite
def rule_sets(draw: st.DrawFn) -> RuleSet:
    bands = draw(
        st.sampled_from(
            (
                [{"up_to": "20%", "value": "first"}, {"up_to": "1/2", "value": "second"}, {"value": "third"}],
                [{"up_to": "1/6", "value": "first"}, {"value": "second"}],
                [{"value": "third"}],
            )
        )
    )
    when = draw(st.sampled_from(({"ranked": True}, {"kind": "contest"}, {"ranked": True, "among": {"from": 3}}, {})))
    rank = {"fact": "award", "place": "place", "among": "among", "bands": bands}
    steps: list[dict[str, Any]] = [{"id": "rank", "when": when, "rank": rank, "clause": both("rank")}]
    if draw(st.booleans()):
        less = {"fact": "award", "steps": 1, "below": "manual"}
        at = draw(st.integers(0, 1))
        lower_when = draw(st.sampled_from(({"jury": "guild"}, {"award": "first"}, {"place": {"from": 2}})))
        steps.insert(at, {"id": "lower", "when": lower_when, "lower": less, "clause": both("lower")})
    conditions = draw(st.lists(cells, min_size=1, max_size=4))
    rows = [row(f"r{at}", one, draw(st.sampled_from(("1", "2")))) for at, one in enumerate(conditions)]
    table_when = draw(st.sampled_from(({"kind": "contest"}, {})))
    table = {
        "code": "t", "columns": ["award", "jury", "place", "ranked"], "hit": draw(st.sampled_from(("unique", "first"))),
        "rows": rows, **({"when": table_when} if table_when else {}),
    }  # fmt: skip
    return read_rule_set(rules(facts=FACTS, tables=[table], adjust=steps))


def as_tables_see(of: RuleSet, values: dict[str, Value | None]) -> dict[str, Value | None] | None:
    """An outcome after the steps before the tables; ``None`` where a person decides before."""
    values = dict(values)
    for step in of.adjust:
        if not holds(step.when, values):
            continue
        if isinstance(step, Rank):
            place, among = values["place"], values["among"]
            if isinstance(place, int) and isinstance(among, int):
                if place > among:
                    return None
                share = Fraction(place, among)
                values[step.fact] = next(value for up_to, value in step.bands if up_to is None or share <= up_to)
        elif isinstance(step, Lower) and values["award"] is not None:
            below = SCALE.index(str(values["award"])) - step.steps
            if below < 0:
                return None
            values["award"] = SCALE[below]
    return values


@steady
@given(rule_sets())
def test_gaps_overlaps_and_rows_out_of_reach_are_those_that_outcomes_meet(of: RuleSet) -> None:
    (table,) = of.tables
    tried = [
        [at for at, one in enumerate(table.rows) if holds(one.when, seen)]
        for values in outcomes()
        if (seen := as_tables_see(of, values)) is not None and holds(table.when, seen)
    ]
    found = lint(of)
    codes = {one.line.code for one in found}
    assert ("lint.gap" in codes) == any(not fits for fits in tried)
    assert {one.line.facts["row"] for one in found if one.line.code == "lint.unreachable"} == {
        one.id for at, one in enumerate(table.rows) if not any(at in fits for fits in tried)
    }
    if table.hit == "first":
        shadowed = {one.line.facts["row"] for one in found if one.line.code == "lint.shadowed"}
        first = {fits[0] for fits in tried if fits}
        assert shadowed == {table.rows[at].id for fits in tried for at in fits if at not in first}
        return
    met = {(a, b) for fits in tried for a, b in itertools.combinations(fits, 2)}
    overlaps = [one for one in found if one.line.code == "lint.overlap"]
    assert {(one.line.facts["first"], one.line.facts["second"]) for one in overlaps} == {
        (table.rows[a].id, table.rows[b].id) for a, b in met
    }
    for one in overlaps:  # each example is part of an outcome that a form could send, and both rows fit it
        named = {str(one.line.facts[side]) for side in ("first", "second")}
        meant = any(
            all(values[name] == value for name, value in one.example.items())
            and (seen := as_tables_see(of, values)) is not None
            and all(holds(one_row.when, seen) for one_row in table.rows if one_row.id in named)
            for values in outcomes()
        )
        assert meant, one.example


def test_an_award_asked_under_a_question_that_is_itself_asked_leaves_no_gap() -> None:
    bands = [{"up_to": "15%", "value": "first"}, {"up_to": "30%", "value": "second"}, {"value": "third"}]
    rank = {"fact": "award", "place": "place", "among": "among", "bands": bands}
    step = {"id": "rank", "when": {"ranked": True}, "rank": rank, "clause": both("rank")}
    table = {
        "code": "t", "when": {"kind": "contest"}, "columns": ["award"],
        "rows": [row(code, {"award": code}, "1") for code in SCALE],
    }  # fmt: skip
    other = {"code": "u", "when": {"kind": "other"}, "columns": ["kind"], "rows": [row("o", {"kind": "other"}, "1")]}
    facts = [fact for fact in FACTS if fact["name"] != "jury"]
    full = [*facts[:-2], number("place", 99, when={"ranked": True}), number("among", 99, when={"ranked": True})]

    def told(*, adjust: list[dict[str, Any]]) -> set[str]:
        return {
            one.line.code
            for one in lint(read_rule_set(rules(facts=full, tables=[table, other], adjust=adjust)))
            if one.line.code != "lint.category_without_rows"
        }

    assert told(adjust=[step]) == set()
    assert told(adjust=[]) == {"lint.gap"}


@steady
@given(
    st.tuples(st.integers(1, 12), st.integers(0, 12)), st.tuples(st.integers(1, 12), st.integers(0, 12)),
    st.lists(st.tuples(st.fractions(0, 1, max_denominator=12), st.fractions(0, 1, max_denominator=12)), max_size=2),
)  # fmt: skip
def test_a_place_is_found_exactly_where_one_is(places, entrants, bands) -> None:  # type: ignore[no-untyped-def]
    low, high = places[0], sum(places)
    few, most = entrants[0], sum(entrants)
    fits = {
        (place, among)
        for place in range(low, high + 1)
        for among in range(few, most + 1)
        if place <= among and all(a * among < place <= b * among for a, b in bands)
    }
    found = pair_within(Interval(Decimal(low), Decimal(high)), Interval(Decimal(few), Decimal(most)), bands)
    assert (found in fits) if fits else found is None
