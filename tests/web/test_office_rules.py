"""The pages of rule versions: drafts with their problems, the steps of a version, the test-bench, the public."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from creditbank.domain.access import Role
from creditbank.domain.rule_life.states import Act
from creditbank.domain.rules.write import rule_set_data
from creditbank.exchange.documents import read_document
from creditbank.exchange.rule_drafts import begin_from_version
from creditbank.gateways import clock
from creditbank.queries.claims import fields_of
from creditbank.queries.rule_cases import list_cases
from creditbank.queries.rules import version_in_force
from creditbank.records.rules import RuleDraft
from creditbank.services.recognition.review import approve_claim, take_claim
from creditbank.services.rules import publish_rule_version
from creditbank.web.office.desk import key_text
from tests.services.rule_drafts import (
    CASE,
    TEXT,
    approved,
    at,
    colleague,
    done,
    moved,
    refused,
    reviewed,
    scheduled,
    text_of,
    written,
)
from tests.web.office_cases import client_of, handed_in

pytestmark = pytest.mark.usefixtures("contexts")


@pytest.fixture
def staff(bank, cast):
    """Who writes, and two who agree."""
    return cast.zhao, cast.chen, colleague(cast, "liu", Role.REGISTRAR)


def page_of(draft):
    return f"/office/rules/drafts/{draft}/"


def save(client, draft, revision, text, **more):
    return client.post(f"{page_of(draft)}save/", {"revision": revision, "text": text, **more})


def test_a_pack_opens_as_a_draft_that_a_broken_text_does_not_lose(staff):
    zhao = client_of(staff[0])
    answer = zhao.post("/office/rules/begin/", {"start": "pack", "pack": "example-limits"})
    address = answer.headers["Location"]
    page = zhao.get(address)
    assert page.context["red_count"] == 0
    assert page.context["case_count"] > 10
    text = page.context["text"]
    broken = text.replace("scope: term", "scope: week")
    assert zhao.post(f"{address}save/", {"revision": 1, "text": broken}).status_code == 302
    page = zhao.get(address)
    (problem,) = page.context["problems"]
    line = broken[: broken.index("scope: week")].count("\n") + 1
    assert (problem.line, problem.path) == (line, "cap[1].scope")
    assert f"line {line}, column" in page.content.decode()
    assert page.context["text"].strip() == broken.replace("\r\n", "\n").strip()


def test_a_later_editor_keeps_their_text_and_sees_what_is_kept(staff):
    zhao, liu = client_of(staff[0]), client_of(staff[2])
    draft = written(staff[0])
    assert save(zhao, draft, 2, TEXT + "# of zhao\n").status_code == 302
    answer = save(liu, draft, 2, TEXT + "# of liu\n")
    assert answer.status_code == 422
    said = answer.content.decode()
    assert "# of liu" in answer.context["text"]
    assert "What is kept: revision 3" in said
    assert "# of zhao" in said
    assert "# of zhao" in text_of(staff[0], draft)[0]


def test_what_a_version_applies_to_is_typed_beside_the_rules_and_refused_with_its_place(staff):
    zhao = client_of(staff[0])
    draft = written(staff[0])
    answer = save(zhao, draft, 2, TEXT, effective="cohorts: {from: 2026, to: 2020}")
    assert answer.status_code == 422
    assert "effective.cohorts.to" in answer.content.decode()
    assert save(zhao, draft, 2, TEXT, effective="cohorts: {from: 2026}").status_code == 302
    assert "2026 — …" in zhao.get(page_of(draft)).content.decode()


def test_each_sees_the_steps_that_are_theirs(staff):
    zhao, chen = client_of(staff[0]), client_of(staff[1])
    draft = written(staff[0])
    assert zhao.get(page_of(draft)).context["steps"] == ["test", "discard"]
    assert chen.get(page_of(draft)).context["steps"] == []
    assert not chen.get(page_of(draft)).context["editable"]
    done(moved(staff[0], draft, Act.TEST))
    assert zhao.post(f"{page_of(draft)}step/", {"act": "submit"}).status_code == 302
    assert not zhao.get(page_of(draft)).context["may_sign"]
    assert chen.get(page_of(draft)).context["may_sign"]
    own = zhao.post(f"{page_of(draft)}decide/", {"act": "sign"})
    assert own.status_code == 422
    assert "Nobody decides on a draft they wrote" in own.content.decode()
    assert chen.post(f"{page_of(draft)}decide/", {"act": "sign"}).status_code == 302
    assert "1 person has agreed" in client_of(staff[2]).get(page_of(draft)).content.decode()


def test_approval_asks_for_the_minutes_and_a_red_case_stops_it_on_the_page(staff):
    zhao, chen, liu = staff
    draft = reviewed(zhao, (chen, liu))
    browser = client_of(chen)
    assert browser.post(f"{page_of(draft)}decide/", {"act": "approve"}).status_code == 422
    with at(zhao) as scope:
        rule_set = scope.rows(RuleDraft).get(pk=draft).rule_set_id
    red = dict(CASE, expect={"ruling": "refuse"})
    text = f"schema: creditbank.cases/1\nrules: service\ncases: [{red}]"
    assert client_of(zhao).post(f"/office/rules/cases/{rule_set}/save/", {"text": text}).status_code == 302
    form = {"act": "approve", "approve-meeting": "纪要 3", "approve-sure": "on"}
    answer = browser.post(f"{page_of(draft)}decide/", form)
    assert answer.status_code == 422
    assert "Case forty is red" in answer.content.decode()


def test_a_version_is_led_from_its_approval_into_force_and_read_by_everybody(staff, cast):
    zhao, chen, liu = staff
    version = approved(zhao, (chen, liu), moment=clock.now())
    address = f"/office/rules/{version}/"
    browser, public = client_of(chen), client_of()
    assert browser.post(f"{address}step/", {"act": "announce", "announce-days": "0"}).status_code == 302
    assert "up for publicity until" in public.get(f"/rules/{version}/").content.decode()
    assert client_of(zhao).post(f"{address}objection/", {"object-said": "门槛过高"}).status_code == 302
    early = browser.post(
        f"{address}step/", {"act": "schedule", "schedule-effective_from": "2099-01-01", "schedule-sure": "on"}
    )
    assert "Objections not answered yet: 1" in early.content.decode()
    assert (
        browser.post(f"{address}step/", {"act": "answer", "answer-number": "1", "answer-answer": "已核"}).status_code
        == 302
    )
    today = browser.get("/office/rules/").context["current"]
    assert all(row["name"] != "Volunteering" for row in today)
    on = clock.today("Asia/Shanghai")
    set_day = {"act": "schedule", "schedule-effective_from": str(on), "schedule-sure": "on"}
    assert browser.post(f"{address}step/", set_day).status_code == 302
    page = browser.get(address)
    assert page.context["status"][1] == "In force"
    said = page.content.decode()
    places = [said.index(title) for title in ("Day set", "Objection answered", "Objection noted", "Publicity begun")]
    assert places == sorted(places)
    groups = dict(public.get("/rules/").context["groups"])
    assert "Volunteering" in [row["name"] for row in groups["In force"]]
    said = public.get(f"/rules/{version}/").content.decode()
    assert "From 32 hours 1 credit" in said
    assert "纪要7" in said
    assert "门槛过高" not in said
    assert client_of(cast.sun).get(address).status_code == 404


def test_suspending_takes_two_and_is_said_where_it_counts(staff):
    zhao, chen, liu = staff
    version = scheduled(zhao, (chen, liu))
    address = f"/office/rules/{version}/"
    ask = {"act": "ask", "ask-wanted": "suspend", "ask-reason": "审计发现"}
    assert client_of(chen).post(f"{address}step/", ask).status_code == 302
    assert "You asked for it" in client_of(chen).get(address).content.decode()
    assert "Confirm: suspend" in client_of(liu).get(address).content.decode()
    refused = client_of(chen).post(f"{address}step/", {"act": "suspend"}, follow=True)
    assert "somebody else confirms it" in refused.content.decode()
    assert client_of(liu).post(f"{address}step/", {"act": "suspend"}).status_code == 302
    assert "This version is suspended." in client_of(chen).get(address).content.decode()


def test_any_two_versions_are_compared_in_words(staff):
    zhao, chen, liu = staff
    first = scheduled(zhao, (chen, liu))
    dearer = dict(CASE, expect={"ruling": "recognise", "credit": "2"})
    second = scheduled(
        zhao, (chen, liu), text=TEXT.replace('credit: "1"', 'credit: "2"'), cases=(dearer,), since=clock.today("UTC") + timedelta(9)
    )  # fmt: skip
    page = client_of(chen).get(f"/office/rules/{second}/compare/", {"with": first}).content.decode()
    assert "It gave 1.0 credits (practice), now it gives 2.0 credits (practice)" in page
    back = client_of(chen).get(f"/office/rules/{first}/compare/", {"with": second}).content.decode()
    assert "It gave 2.0 credits (practice), now it gives 1.0 credits (practice)" in back


def test_cases_are_written_changed_removed_and_taken_out_again(staff):
    zhao = client_of(staff[0])
    draft = written(staff[0])
    with at(staff[0]) as scope:
        rule_set = scope.rows(RuleDraft).get(pk=draft).rule_set_id
    bench = f"/office/rules/cases/{rule_set}/"
    page = zhao.get(bench, {"case": "forty"})
    assert "id: forty" in page.context["text"]
    changed = page.context["text"].replace("credit: '1'", "credit: '2'")
    assert zhao.post(f"{bench}save/", {"text": changed}).status_code == 302
    page = zhao.get(bench)
    assert (page.context["green_count"], page.context["red_count"]) == (0, 1)
    wrong = zhao.post(f"{bench}save/", {"text": "schema: creditbank.cases/1\nrules: other\ncases: []"})
    assert (wrong.status_code, "belong to other, not to service" in wrong.content.decode()) == (422, True)
    document = read_document(zhao.get(f"{bench}cases.yaml").content, name="cases")
    assert [case["id"] for case in document["cases"]] == ["forty"]
    assert zhao.post(f"{bench}remove/", {"case": "forty"}).status_code == 302
    assert zhao.get(bench).context["runs"] == []


def test_a_past_decision_becomes_a_case_without_the_person(bank, staff, cast):
    zhao, chen, _liu = staff
    with at(zhao) as scope:
        handed = version_in_force(scope, institution=zhao.institution, code="cn-innovation", on=clock.today("UTC"))
        draft = done(begin_from_version(scope=scope, actor=zhao, version_id=handed.version_id, at=clock.now()))
    key = handed_in(bank, cast, title="林晓的省赛二等奖")
    with at(chen) as scope:
        done(take_claim(scope=scope, actor=chen, key=key, at=clock.now()))
    with at(chen) as scope:
        done(approve_claim(scope=scope, actor=chen, key=key, seen=300, at=clock.now(), on=clock.today("Asia/Shanghai")))
    address = f"/office/recognition/{key.learner_id}/{key.claim_id}/"
    browser = client_of(zhao)
    assert "Attach as a case to the test-bench" in browser.get(address).content.decode()
    assert "Attach as a case" not in client_of(chen).get(address).content.decode()
    page = browser.post(f"{address}attach/", follow=True)
    with at(zhao) as scope:
        (case,) = list_cases(scope, draft.rule_set_id)
    assert case.document["facts"]["activity"] == "x"
    assert "林晓" not in str(case.document)
    assert case.document["expect"] == {
        "ruling": "recognise",
        "credit": "3.0",
        "category": "innovation",
        "row": "provincial-second",
    }
    assert (page.context["green_count"], page.context["red_count"]) == (1, 0)
    assert key_text(key.learner_id, key.claim_id) not in page.content.decode()


def test_while_its_rules_are_suspended_a_claim_waits_and_keeps_what_was_answered(bank, staff, cast):
    zhao, chen, liu = staff
    waiting = handed_in(bank, cast, who=cast.mei)
    with at(zhao) as scope:
        handed = version_in_force(scope, institution=zhao.institution, code="cn-innovation", on=clock.today("UTC"))
        own = publish_rule_version(
            scope=scope, document=rule_set_data(handed.compiled.rules), effective_from=date(2024, 1, 1), actor=zhao.person,
            at=clock.now(),
        )  # fmt: skip
    for who, values in (
        (chen, {"act": "ask", "ask-wanted": "suspend", "ask-reason": "审计发现"}),
        (liu, {"act": "suspend"}),
    ):
        assert client_of(who).post(f"/office/rules/{own.id}/step/", values).status_code == 302
    page = client_of(chen).get(f"/office/recognition/{waiting.learner_id}/{waiting.claim_id}/").content.decode()
    assert "is suspended, so nothing is decided by these rules" in page
    with at(zhao) as scope:
        decided = approve_claim(
            scope=scope, actor=chen, key=waiting, seen=300, at=clock.now(), on=clock.today("Asia/Shanghai")
        )
        assert refused(decided.refusal) == ["rule_life.suspended"]
        asked = fields_of(
            scope, institution=zhao.institution, outcome_type="innovation", on=clock.today("Asia/Shanghai")
        )
        assert "activity" in [field.name for field in asked]
