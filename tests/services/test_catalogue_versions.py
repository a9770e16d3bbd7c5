"""A catalogue item goes from one person's words through another's approval and publicity into force."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from creditbank.domain.catalogue.life import Act, State
from creditbank.queries.catalogue.items import find_item, find_own_item, page_of_items, versions_of
from creditbank.queries.catalogue.search import search_items
from creditbank.records.scope import acting_for
from creditbank.services.catalogue.versions import enact_due
from tests.cast import AT, ON
from tests.intruder import superuser
from tests.services.catalogue_items import MODELLING, SECOND, acted, codes, enacted, publicity, submitted, typed

LATER = AT + timedelta(days=1)


def public(code="modelling"):
    with acting_for(purpose="test") as scope:
        return find_item(scope, "svc", code)


def found(text):
    with acting_for(purpose="test") as scope:
        return [one.code for one in search_items(scope, text)]


def test_an_item_is_found_once_it_is_public_and_not_before(bank, cast):
    typed(bank, cast, MODELLING)
    assert (public(), found("sxjm")) == (None, [])
    sent = submitted(cast, "modelling")
    assert (public(), found("sxjm"), sent.state) == (None, [], State.SUBMITTED)
    publicity(cast.college, 5)
    acted(cast, "modelling", 1, Act.APPROVE)
    assert public().shown_state is State.PUBLICITY
    assert found("sxjm") == ["modelling"]
    assert codes(acted(cast, "modelling", 1, Act.ENACT, on=ON + timedelta(days=5))) == ["catalogue.still_public"]
    moved = acted(cast, "modelling", 1, Act.ENACT, on=ON + timedelta(days=6))
    assert moved.state is State.IN_FORCE
    assert public().item.facts["tier"] == "national"


def test_nobody_approves_what_they_wrote_or_submitted(bank, cast):
    typed(bank, cast, MODELLING, actor=cast.zhao.person)
    submitted(cast, "modelling", actor=cast.chen.person)
    for author in (cast.zhao.person, cast.chen.person):
        assert codes(acted(cast, "modelling", 1, Act.APPROVE, actor=author)) == ["catalogue.own_version"]
    assert acted(cast, "modelling", 1, Act.APPROVE).state is State.PUBLICITY


def test_who_wrote_an_earlier_version_may_approve_a_later_one(bank, cast):
    enacted(bank, cast, MODELLING)
    typed(bank, cast, {"code": "modelling", "tier": "国家级B类"}, actor=SECOND, at=LATER)
    submitted(cast, "modelling", actor=SECOND, at=LATER)
    assert codes(acted(cast, "modelling", 2, Act.APPROVE, actor=SECOND)) == ["catalogue.own_version"]
    assert acted(cast, "modelling", 2, Act.APPROVE, actor=cast.zhao.person).state is State.PUBLICITY


def test_a_version_that_came_back_keeps_its_authors_and_says_why(bank, cast):
    typed(bank, cast, MODELLING, actor=cast.zhao.person)
    submitted(cast, "modelling")
    assert codes(acted(cast, "modelling", 1, Act.RETURN)) == ["catalogue.reason_needed"]
    acted(cast, "modelling", 1, Act.RETURN, words="级别与文件不符")
    typed(bank, cast, {"code": "modelling", "tier": "省级A类"}, actor=cast.chen.person, at=LATER)
    assert submitted(cast, "modelling", actor=cast.chen.person, at=LATER).number == 2
    assert codes(acted(cast, "modelling", 2, Act.APPROVE, actor=cast.zhao.person)) == ["catalogue.own_version"]
    with acting_for(institution=cast.college, purpose="test") as scope:
        newest, first = versions_of(scope, cast.college, "modelling")
    assert [line.act for line in first.acts] == [Act.SUBMIT, Act.RETURN]
    assert (first.acts[-1].words, newest.item.tier) == ("级别与文件不符", "provincial_a")


def test_an_objection_keeps_a_version_from_entering_into_force_until_it_is_answered(bank, cast):
    publicity(cast.college, 5)
    typed(bank, cast, MODELLING)
    submitted(cast, "modelling")
    acted(cast, "modelling", 1, Act.APPROVE)
    assert codes(acted(cast, "modelling", 1, Act.ANSWER, words="x")) == ["catalogue.no_objection_open"]
    acted(cast, "modelling", 1, Act.OBJECT, words="主办单位已变更")
    after = ON + timedelta(days=6)
    assert codes(acted(cast, "modelling", 1, Act.ENACT, on=after)) == ["catalogue.objections_open"]
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert enact_due(scope=scope, at=AT, on=after) == 0
    acted(cast, "modelling", 1, Act.ANSWER, words="已核对，主办单位未变")
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert enact_due(scope=scope, at=AT, on=after - timedelta(days=1)) == 0
        assert enact_due(scope=scope, at=AT, on=after) == 1
    assert public().shown_state is State.IN_FORCE


def test_a_new_version_supersedes_the_old_one_only_when_it_enters_into_force(bank, cast):
    enacted(bank, cast, MODELLING)
    assert codes(submitted(cast, "modelling")) == ["catalogue.nothing_new"]
    typed(bank, cast, {"code": "modelling", "name": "大学生数模大赛"}, at=LATER)
    assert (public().item.name.zh, public().number) == (MODELLING["name"], 1)
    submitted(cast, "modelling", at=LATER)
    assert codes(submitted(cast, "modelling")) == ["catalogue.under_way"]
    acted(cast, "modelling", 2, Act.APPROVE)
    assert (public().number, found("大学生数模大赛")) == (1, [])
    acted(cast, "modelling", 2, Act.ENACT, on=ON + timedelta(days=60))
    assert (public().number, public().item.name.zh) == (2, "大学生数模大赛")
    assert found("大学生数模大赛") == ["modelling"]
    with acting_for(purpose="test") as scope:
        assert [one.standing.state for one in versions_of(scope, cast.college, "modelling")] == [
            State.IN_FORCE, State.SUPERSEDED,
        ]  # fmt: skip


def test_a_withdrawn_item_is_found_no_more_and_its_history_stays(bank, cast):
    enacted(bank, cast, MODELLING)
    acted(cast, "modelling", 1, Act.WITHDRAW, words="停办")
    assert (public(), found("数学建模")) == (None, [])
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert find_own_item(scope, "modelling").state is State.WITHDRAWN
        assert page_of_items(scope, filters={"state": "withdrawn"}, institution=cast.college)[1] == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"facts": "tier=galactic"}, "catalogue.fact_value"),
        ({"facts": "colour=red"}, "catalogue.fact_unknown"),
        ({"facts": "nonsense"}, "catalogue.fact_unreadable"),
        ({"facts": "tier=national；tier=school"}, "catalogue.fact_twice"),
        ({"type": "no-such-type"}, "catalogue.no_such_type"),
        ({"type": ""}, "catalogue.lacks"),
        ({"starts_on": "2026-02-01", "ends_on": "2026-01-01"}, "catalogue.days_reversed"),
    ],
)
def test_what_cannot_be_is_not_submitted(bank, cast, change, code):
    typed(bank, cast, MODELLING | change)
    assert codes(submitted(cast, "modelling")) == [code]


def test_no_login_of_the_bank_changes_what_a_version_says(bank, cast):
    enacted(bank, cast, MODELLING)
    with (
        pytest.raises(Exception, match="permission denied") as refused,
        acting_for(institution=cast.college, purpose="test") as scope,
    ):
        scope.fetch("UPDATE catalogue_version SET content = '{}' RETURNING 1")
    assert isinstance(refused.value.__cause__, psycopg.errors.InsufficientPrivilege)
    with superuser(bank) as connection:
        assert connection.execute("SELECT content->>'code' FROM catalogue_version").fetchall() == [("modelling",)]


def test_the_office_lists_by_state_and_finds_what_is_not_public(bank, cast):
    typed(bank, cast, MODELLING)
    typed(bank, cast, MODELLING | {"code": "other", "name": "程序设计大赛", "aliases": "程设赛"})
    submitted(cast, "other")
    with acting_for(institution=cast.college, purpose="test") as scope:

        def listed(**filters):
            return [line.code for line in page_of_items(scope, filters=filters, institution=cast.college)[0]]

        assert listed(state="draft") == ["modelling"]
        assert listed(state="submitted") == ["other"]
        assert listed(q="程设") == ["other"]
        assert listed(tier="national_a") == ["other", "modelling"]
    with acting_for(institution=cast.university, purpose="test") as scope:
        assert page_of_items(scope, filters={}, institution=cast.college)[1] == 0
