"""Which claims a listed outcome bears out, where they differ, and which statement counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditbank.domain.official_lists.outcomes import (
    Claimed,
    Listed,
    Standing,
    compare,
    in_force,
    same_outcome,
    standing_of,
)
from creditbank.domain.recognition import State

LISTED = Listed(
    outcome_type="innovation",
    key="k",
    title="第十七届示范程序设计大赛二等奖",
    facts={
        "kind": "contest", "activity": "第十七届示范程序设计大赛", "tier": "provincial", "award": "second",
        "earned_on": "2026-06-20",
    },
    allowed={"role": ("equal", "member")},
    same=("kind", "activity"),
    days={"earned_on": 31},
    certificate="js20260001",
)  # fmt: skip
FACTS = dict(LISTED.facts) | {"role": "member", "organiser": "government"}


def claim(state=State.SUBMITTED, title="程序设计大赛", outcome_type="innovation", nth=1, **facts):
    return Claimed(UUID(int=nth), outcome_type, title, FACTS | facts, state)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"activity": "第十七届 示范程序设计大赛（省赛）"},
        {"activity": "示范程序设计大赛"},
        {"earned_on": "2026-07-20"},
        {"role": "equal"},
        {"organiser": "association"},  # the list says nothing of it
    ],
)
def test_a_claim_that_says_the_same_is_verified(said):
    assert compare(LISTED, claim(**said)).verified


@pytest.mark.parametrize(
    ("said", "fact"),
    [
        ({"award": "first"}, "award"),
        ({"tier": "national"}, "tier"),
        ({"role": "lead"}, "role"),
        ({"earned_on": "2026-07-22"}, "earned_on"),
    ],
)
def test_a_claim_that_says_something_else_has_the_difference(said, fact):
    answer = compare(LISTED, claim(**said))
    assert [one.fact for one in answer.differences] == [fact]
    assert answer.differences[0].claimed == said[fact]


@pytest.mark.parametrize(
    "one",
    [
        claim(activity="示范数学建模竞赛"),
        claim(activity="大赛"),
        claim(kind="computer"),
        claim(outcome_type="practice"),
        claim(activity=""),
    ],
)
def test_a_claim_about_something_else_is_left_alone(one):
    assert compare(LISTED, one) is None


def test_a_certificate_number_stands_for_name_and_day():
    other = claim(activity="程设", earned_on="2020-01-01", title="证书 JS-2026-0001")
    assert [one.fact for one in compare(LISTED, other).differences] == ["activity"]
    assert compare(replace(LISTED, certificate="js1"), other) is None


def test_a_day_that_cannot_be_is_a_difference_and_no_error():
    assert [one.fact for one in compare(LISTED, claim(earned_on="2026-02-30")).differences] == ["earned_on"]


@pytest.mark.parametrize(
    ("claims", "credit", "proposal", "standing"),
    [
        ([claim()], (), "", Standing.VERIFIED),
        ([claim(award="first")], (), "", Standing.DIFFERS),
        ([claim(award="first", nth=2), claim()], (), "", Standing.VERIFIED),
        ([claim(State.REFUSED)], (), "", Standing.CLAIMED),
        ([claim(State.DEPOSITED)], (), "", Standing.CLAIMED),
        ([claim(State.DRAFT)], (), "", Standing.UNSAID),
        ([claim(State.WITHDRAWN)], (), "open", Standing.PROPOSED),
        ([claim(State.DRAFT), claim(nth=2)], (), "claimed", Standing.VERIFIED),
        ([], [("第十七届示范程序设计大赛二等奖", date(2026, 6, 30))], "", Standing.KNOWN),
        ([], [("第十七届示范程序设计大赛二等奖", date(2025, 6, 30))], "", Standing.UNSAID),
        ([], (), "declined", Standing.DECLINED),
        ([], (), "claimed", Standing.TAKEN_UP),
    ],
)
def test_an_outcome_means_what_claims_credit_and_proposals_make_of_it(claims, credit, proposal, standing):
    assert standing_of(LISTED, claims, credit, proposal)[0] is standing


def test_a_claim_that_a_neighbour_bears_out_is_not_about_this_outcome():
    listed = replace(
        LISTED, certificate="", same=("kind", "earned_on"), facts=dict(LISTED.facts) | {"activity": "甲赛程序设计"}
    )
    neighbour = replace(listed, key="n", facts=dict(LISTED.facts))
    assert standing_of(listed, [claim()], (), "")[0] is Standing.DIFFERS
    assert standing_of(listed, [claim()], (), "", [neighbour])[0] is Standing.UNSAID


def test_credit_that_came_otherwise_is_known_by_its_item():
    listed = replace(LISTED, names=("示范前端开发",), title="示范前端开发中级")
    assert same_outcome(listed, "1+X示范前端开发证书", date(2026, 6, 20))
    assert not same_outcome(listed, "1+X数据库证书", date(2026, 6, 20))


_STATED = st.lists(
    st.tuples(st.dates(date(2026, 6, 1), date(2026, 6, 3)), st.fixed_dictionaries({"award": st.sampled_from("abc")})),
    min_size=1, max_size=6,
)  # fmt: skip


@given(_STATED, st.randoms(use_true_random=False))
def test_the_latest_list_counts_in_whatever_order_they_came(stated, random):
    shuffled = stated[:]
    random.shuffle(shuffled)

    def counts(given_order):
        return in_force((day, said, (day, said["award"])) for day, said in given_order)

    assert counts(stated) == counts(shuffled)
    assert counts(stated)[0] == max(day for day, _said in stated)


@given(st.permutations([claim(), claim(award="first", nth=2), claim(State.DRAFT, nth=3), claim(State.REFUSED, nth=4)]))
def test_the_order_of_claims_changes_no_standing(claims):
    assert standing_of(LISTED, claims, (), "") == standing_of(LISTED, sorted(claims, key=str), (), "")
