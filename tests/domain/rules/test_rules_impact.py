"""What a draft changes is what asking both versions outcome by outcome finds."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from small_rules import both, compiled, row, rules
from test_rules_properties import GRADES, fresh, rule_sets, steady

from creditbank.domain.rules.impact import Effect, Group, Impact, deciding_facts, impact


def claims(*facts: dict[str, Any], programme: str = "P", cohort: str = "2024") -> list[Group]:
    return [Group(one, programme, cohort, 1) for one in facts]


def changed(before: Any, after: Any, *facts: dict[str, Any]) -> list[Effect]:
    found = [impact(before, after, claims(one)) for one in facts]
    return [next(iter(one.effects)) for one in found]


def test_each_effect_is_told_apart() -> None:
    before = compiled()
    low = {"grade": "low", "hours": "12"}
    table = [row("low", {"grade": "low", "hours": {"from": 10}}, "1")]
    assert changed(before, before, low, {"grade": "low", "hours": "9"}) == [Effect.SAME, Effect.SAME]
    for credit, effect in (
        ("2", Effect.UP),
        ("0.5", Effect.DOWN),
        ("refuse", Effect.REFUSED),
        ("manual", Effect.MANUAL),
    ):
        draft = compiled(
            tables=[
                {"code": "t", "columns": ["grade", "hours"], "rows": [table[0] | row("low", table[0]["when"], credit)]}
            ]
        )
        assert changed(before, draft, low) == [effect]
        if credit in ("refuse", "manual"):
            assert changed(draft, before, low) == [Effect.GAINED]
    side = row("low", table[0]["when"], "1") | {"give": {"credit": "1", "category": "side"}}
    assert changed(before, compiled(tables=[{"code": "t", "columns": ["grade", "hours"], "rows": [side]}]), low) == [
        Effect.MOVED
    ]
    more = {"name": "place", "type": "code", "label": both("place")}
    asks = row("low", {**table[0]["when"], "place": "here"}, "1")
    draft = compiled(
        facts=[*rules()["facts"], more], tables=[{"code": "t", "columns": ["grade", "hours", "place"], "rows": [asks]}]
    )
    assert changed(before, draft, low) == [Effect.UNREAD]


def test_counts_and_gains_are_summed_by_effect_programme_and_cohort() -> None:
    before = compiled()
    after = compiled(adjust=[{"id": "half", "when": {"grade": "high"}, "multiply": "1/2", "clause": both("half")}])
    high, low = {"grade": "high", "hours": 20}, {"grade": "low", "hours": 20}
    groups = [Group(high, "A", "2023", 3), Group(high, "B", "2024", 2), Group(low, "A", "2023", 7)]
    found: Impact = impact(before, after, groups)
    assert found.count == 12
    assert (found.effects[Effect.DOWN].count, found.effects[Effect.DOWN].gain) == (5, -1000)
    assert (found.effects[Effect.SAME].count, found.effects[Effect.SAME].gain) == (7, 0)
    assert {name: (tally.count, tally.gain) for name, tally in found.programmes.items()} == {
        "A": (3, -600),
        "B": (2, -400),
    }
    assert {name: tally.count for name, tally in found.cohorts.items()} == {"2023": 3, "2024": 2}
    assert [one.group.count for one in found.changed] == [3, 2]


@steady
@given(
    rule_sets(),
    rule_sets(),
    st.lists(st.tuples(st.sampled_from(GRADES), st.integers(0, 60), st.integers(1, 20)), min_size=1, max_size=30),
)
def test_claims_counted_by_their_deciding_facts_give_what_they_give_one_by_one(one: Any, other: Any, many: Any) -> None:
    before, after = fresh(one), fresh(other)
    names = deciding_facts(before, after)
    single = [
        Group({"grade": g, "hours": h, "people": p, "title": f"t{n}"}, "P", "1", 1) for n, (g, h, p) in enumerate(many)
    ]
    grouped: dict[tuple[Any, ...], int] = {}
    for group in single:
        key = tuple((name, group.facts[name]) for name in sorted(names) if name in group.facts)
        grouped[key] = grouped.get(key, 0) + 1
    together = impact(before, after, [Group(dict(key), "P", "1", count) for key, count in grouped.items()])
    apart = impact(before, after, single)
    assert together.effects == apart.effects
    assert together.cohorts == apart.cohorts


def test_a_question_that_decides_whether_another_is_asked_tells_claims_apart_too() -> None:
    group = {"name": "group", "type": "enum", "label": both("g"), "values": [{"code": c, **both(c)} for c in "ab"]}
    people = {"name": "people", "type": "integer", "label": both("p"), "range": {"from": 1}, "when": {"group": "b"}}
    step = {"id": "share", "divide": {"by": "people"}, "clause": both("share")}
    of = compiled(facts=[*rules()["facts"], group, people], adjust=[step])
    assert {"group", "people"} <= deciding_facts(of, of)
