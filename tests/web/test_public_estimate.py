"""The estimator: without an account, what an outcome becomes at each institution and why, with nothing stored."""

from __future__ import annotations

import re

import pytest
from django.conf import settings

from creditbank.domain.rules.write import rule_set_data
from creditbank.exchange.documents import read_document
from creditbank.exchange.rules import load_pack
from creditbank.gateways import clock
from creditbank.gateways.documents import packaged
from creditbank.records.catalogue import Course
from creditbank.records.recognition import Claim
from creditbank.records.scope import acting_for
from creditbank.services.rules import publish_rule_version
from tests.web.office_cases import FACTS, client_of

pytestmark = pytest.mark.usefixtures("contexts")

PLACE = "/estimate/innovation/"


def asked(client, facts):
    """The answer after all questions that the answers lead to were shown."""
    posted = {f"fact_{name}": value for name, value in facts.items()}
    for _ in range(4):
        page = client.post(PLACE, posted)
        names = re.search(r'name="asked" value="([^"]*)"', page.content.decode())
        if names is None or posted.get("asked") == names[1]:
            return page
        posted["asked"] = names[1]
    return page


def test_a_visitor_sees_what_a_prize_becomes_at_every_school_and_nothing_is_stored(cast):
    client = client_of()
    assert b'href="/estimate/innovation/"' in client.get("/estimate/").content
    page = asked(client, FACTS)
    assert page.status_code == 200
    found = {one["institution"].zh: one["proposed"].proposal.credit for one in page.context["estimates"]}
    assert len(found) == 2
    assert set(found.values()) == {300}
    said = page.content.decode()
    assert "Provincial contest, second prize: 3 credits." in said
    assert "What would give more" in said
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert scope.rows(Claim).count() == 0


def test_a_visitor_sees_which_courses_the_credit_becomes_and_what_is_missing_where_it_is_too_little(cast):
    document = read_document(packaged("conversion/cn-electives.yaml"), name="cn-electives")
    since, at = clock.today(settings.TIME_ZONE), clock.now()
    with acting_for(institution=cast.college, purpose="test") as scope:
        made = publish_rule_version(scope=scope, document=document, effective_from=since, actor=cast.zhao.person, at=at)
        for code, credit in (("E2", 200), ("E9", 900)):
            scope.rows(Course).create(
                id=clock.new_id(), institution_id=cast.college, code=code, name=f"选修{credit}", credit=credit,
                category="通识选修课",
            )  # fmt: skip
    page = asked(client_of(), FACTS)
    becomes = {one["institution"].zh: one["becomes"] for one in page.context["estimates"]}
    with_rules = [one for one in becomes.values() if one["targets"]]
    assert len(becomes) == 2
    assert [(one["possible"], one["ruling"], one["more"]) for one in with_rules] == [(1, "recognise", -7)]
    [target] = with_rules[0]["targets"]
    assert (target["title"], target["credit"], target["left"]) == ("选修200", 200, 100)
    said = page.content.decode()
    assert f"/rules/{made.id}/" in said
    assert "Would become “选修200”, 2.0 credits." in said
    assert "This institution has published no rules for that yet." in said
    with acting_for(institution=cast.college, purpose="test") as scope:
        scope.rows(Course).filter(code="E2").update(retired=True)
    said = asked(client_of(), FACTS).content.decode()
    assert "By itself it becomes nothing there. What is missing:" in said
    assert "What was found does not suffice together" in said or "It takes" in said
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert scope.fetch("SELECT count(*) FROM lot", {}) == [(0,)]


def test_questions_that_follow_from_an_answer_are_put_first_without_blame(cast):
    page = client_of().post(PLACE, {"fact_kind": "contest", "asked": "kind"})
    assert page.status_code == 200
    assert "tier" in page.context["form"].asked_names
    assert not page.context["form"].errors


def test_an_answer_that_no_rules_can_read_is_blamed_at_its_question(cast):
    page = asked(client_of(language="zh-hans"), FACTS | {"earned_on": "soon"})
    assert page.status_code == 422
    assert page.context["form"]["fact_earned_on"].errors


def test_a_kind_that_nobody_takes_is_not_there(cast):
    assert client_of().get("/estimate/nothing/").status_code == 404


def test_a_second_figure_stands_beside_the_credit(cast):
    name = {"zh": "学分点", "en": "credit points"}
    figure = {"id": "points", "name": name, "times": "4.5", "rounding": {"step": "0.01", "mode": "down"}}
    document = rule_set_data(load_pack("cn-innovation")) | {"figures": [figure | {"clause": name}]}
    with acting_for(institution=cast.college, purpose="test") as scope:
        since, at = clock.today(settings.TIME_ZONE), clock.now()
        made = publish_rule_version(scope=scope, document=document, effective_from=since, actor=cast.zhao.person, at=at)
    said = asked(client_of(), FACTS).content.decode()
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", said))
    assert "3.0 credits · 13.5 credit points" in plain
    assert "3.0 credits × 4.5 = 13.5 credit points." in plain
    told = client_of().get(f"/rules/{made.id}/").content.decode()
    assert "credit points = credits × 4.5" in told
