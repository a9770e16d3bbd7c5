"""Dated facts make one row in whatever order they arrive."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from creditbank.domain.masterdata.facts import Stated, Verdict, effect_of_change, judge, project

DAYS = st.sampled_from([date(2026, 1, 1), date(2026, 9, 1), date(2027, 9, 1)])
MOMENTS = st.sampled_from([datetime(2026, 9, 1, 8, minute, tzinfo=UTC) for minute in range(3)])
VALUES = st.one_of(st.none(), st.booleans(), st.integers(0, 3), st.sampled_from(["甲", "乙", ""]))
CONTENTS = st.dictionaries(st.sampled_from(["name", "major", "retired"]), VALUES, min_size=1)
FACTS = st.lists(st.builds(Stated, DAYS, CONTENTS, st.none() | MOMENTS), min_size=1, max_size=7)


@given(FACTS, st.randoms(use_true_random=False))
def test_any_order_of_facts_makes_the_same_row(facts, chance):
    shuffled = facts[:]
    chance.shuffle(shuffled)
    assert project(shuffled) == project(facts)


@given(FACTS)
def test_a_fact_stated_twice_is_as_good_as_once(facts):
    assert project(facts + facts) == project(facts)


@given(FACTS, st.builds(Stated, DAYS, CONTENTS))
def test_what_a_plan_says_of_a_fact_is_what_it_does(facts, fact):
    before, after = project(facts), project([*facts, fact])
    verdict, changes, _older = judge(before, fact)
    assert {change.field: change.new for change in changes} == {
        name: value
        for name, value in after.content.items()
        if name not in before.content or value != before.content[name]
    }
    assert (verdict is Verdict.CHANGED) == bool(changes)


def test_the_latest_day_that_states_a_field_gives_it():
    row = project([
        Stated(date(2027, 1, 1), {"major": "M2"}),
        Stated(date(2026, 1, 1), {"major": "M1", "name": "甲"}),
    ])  # fmt: skip
    assert row.content == {"major": "M2", "name": "甲"}
    assert row.since == {"major": "2027-01-01", "name": "2026-01-01"}


def test_of_one_day_sheets_stand_under_events_and_both_under_what_was_typed():
    day = date(2026, 9, 1)
    facts = [
        Stated(day, {"a": "sheet", "b": "sheet", "c": "sheet"}),
        Stated(day, {"b": "event", "c": "event"}, event=True),
        Stated(day, {"c": "typed"}, typed_at=datetime(2026, 9, 1, tzinfo=UTC)),
    ]
    assert project(facts).content == {"a": "sheet", "b": "event", "c": "typed"}
    assert project(facts).contested == ()
    assert project(reversed(facts)) == project(facts)


def test_two_sheets_of_one_day_are_contested_until_a_later_one_decides():
    day = date(2026, 9, 1)
    facts = [Stated(day, {"credit": 300}), Stated(day, {"credit": 400})]
    assert project(facts).contested == ("credit",)
    assert project([*facts, Stated(date(2026, 9, 2), {"credit": 350})]).contested == ()


def test_nothing_stated_is_no_row():
    assert project([]) is None


def test_a_change_of_enrolment_states_what_follows_from_it():
    change = {
        "student": "S1",
        "kind": "transfer_major",
        "happened_on": "2027-03-01",
        "to_major": "M2",
        "to_class": None,
    }
    assert effect_of_change(change) == Stated(date(2027, 3, 1), {"major": "M2"}, event=True)
    assert effect_of_change(change | {"kind": "drop"}).content == {"major": "M2", "status": "dropped"}
    assert effect_of_change(change | {"retired": True}) is None
    assert effect_of_change({"kind": "other", "happened_on": "2027-03-01"}) is None
