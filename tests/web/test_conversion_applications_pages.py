"""Conversion on its pages: a learner looks and applies, the office decides, and both read what happened."""

from __future__ import annotations

import re

import pytest

from creditbank.domain.conversions.application import State
from creditbank.domain.rule_documents import read_rules
from creditbank.queries.rule_cases import list_cases, run_cases
from creditbank.records.institutions import Institution
from creditbank.records.rules import RuleSet
from creditbank.records.scope import acting_for
from tests.cast import ON
from tests.intruder import superuser
from tests.services.bookings import deposit, held, post
from tests.services.conversion_applications import RULES, apply_for, decide, found_rules, state_of
from tests.web.office_cases import client_of

CONVERSIONS = "/learner/conversions/"


@pytest.fixture
def lot(bank, cast):
    """Five credits of innovation, the college's rules, and no publicity."""
    found_rules(cast)
    with acting_for(institution=cast.college, purpose="test") as scope:
        scope.rows(Institution).filter(pk=cast.college).update(publicity_days=0)
    (posted,) = post(cast, deposit(cast.lin.person, amount=500, earned_on=ON))
    return posted


def hidden(html, name):
    return re.search(rf'name="{name}" value="([^"]*)"', html)[1]


def filled(html):
    """What the page's form would send."""
    return {name: hidden(html, name) for name in ("application", "seen", "at", "rules", "row", "course")}


def test_a_learner_sees_what_credit_can_become_and_why_not_and_applies(bank, cast, lot):
    learner = client_of(cast.lin)
    page = learner.get(CONVERSIONS).content.decode()
    assert "嵌入式系统" in page
    assert "The college&#x27;s conversion rules" in page
    link = re.search(r'href="(/learner/conversions/choose/[^"]*EL301[^"]*)"', page)[1].replace("&amp;", "&")
    chosen = learner.get(link).content.decode()
    assert "recorded as 90" in chosen
    answer = learner.post("/learner/conversions/choose/", filled(chosen))
    assert answer.status_code == 302
    assert held(bank, cast.lin.person)[lot.lot_id, "held"] == 300
    shown = learner.get(answer["Location"]).content.decode()
    assert "嵌入式系统" in shown
    # Sent again, it is the same application.
    assert learner.post("/learner/conversions/choose/", filled(chosen))["Location"] == answer["Location"]
    assert "EL302" not in re.findall(r"course=(EL\d+)", learner.get(CONVERSIONS).content.decode())


@pytest.mark.usefixtures("contexts")
def test_a_learner_chooses_which_credit_is_used_and_only_that_is_held(bank, cast, lot):
    (other,) = post(cast, deposit(cast.lin.person, "other", amount=400, earned_on=ON))
    learner = client_of(cast.lin)
    at = re.search(r"choose/\?at=([^&]*)&amp;", learner.get(CONVERSIONS).content.decode())[1]
    address = f"/learner/conversions/choose/?at={at}&rules=college-conversion&row=into-professional&course=EL301"
    offered = learner.get(address).context["lots"]
    assert {(one.id, ticked) for one, ticked in offered} == {(str(lot.lot_id), True), (str(other.lot_id), True)}
    first = offered[0][0].id
    second = next(one.id for one, _ticked in offered if one.id != first)
    page = learner.get(f"{address}&choosing=1&lot={second}")
    assert [(one.id, ticked) for one, ticked in page.context["lots"]] == [(first, False), (second, True)]
    assert [use.item for use in page.context["one"].one.uses] == [second]
    sent = filled(page.content.decode()) | {"choosing": "1", "lot": second}
    # What was seen with one lot is not what would be done with all: without the choice nothing is held.
    assert learner.post("/learner/conversions/choose/", {**sent, "choosing": ""}).status_code == 409
    assert learner.post("/learner/conversions/choose/", sent).status_code == 302
    assert {str(key[0]) for key, much in held(bank, cast.lin.person).items() if key[1] == "held" and much} == {second}
    nothing = learner.get(f"{address.replace('EL301', 'EL302')}&choosing=1")
    assert nothing.context["may_apply"] is False


def test_what_changed_meanwhile_is_shown_and_nothing_is_held(bank, cast, lot):
    learner = client_of(cast.lin)
    at = re.search(r"choose/\?at=([^&]*)&amp;", learner.get(CONVERSIONS).content.decode())[1]
    page = learner.get(
        f"/learner/conversions/choose/?at={at}&rules=college-conversion&row=into-professional&course=EL301"
    )
    sent = filled(page.content.decode()) | {"seen": "0" * 64}
    answer = learner.post("/learner/conversions/choose/", sent)
    assert answer.status_code == 409
    assert held(bank, cast.lin.person) == {(lot.lot_id, "available"): 500}
    for wrong in (
        {"row": "nothing"},
        {"rules": "nothing"},
        {"course": "nothing"},
        {"application": "x"},
    ):
        assert learner.post("/learner/conversions/choose/", sent | wrong).status_code == 404
    assert learner.post("/learner/conversions/choose/", sent | {"at": "nothing"}).status_code == 404


def test_a_learner_withdraws_and_the_credit_is_free_again(bank, cast, lot):
    application = apply_for(cast)
    learner, address = client_of(cast.lin), f"{CONVERSIONS}{application.application_id}/withdraw/"
    assert learner.get(address).status_code == 200
    assert learner.post(address).status_code == 302
    assert held(bank, cast.lin.person)[lot.lot_id, "available"] == 500
    # Nobody else's application is there.
    assert client_of(cast.mei).get(f"{CONVERSIONS}{application.application_id}/").status_code == 404


def test_the_office_takes_approves_and_sees_it_converted(bank, cast, lot):
    application = apply_for(cast)
    office = client_of(cast.chen)
    listed = office.get("/office/conversions/").content.decode()
    address = re.search(rf'href="(/office/conversions/[^"]*{application.application_id}/)"', listed)[1]
    page = office.get(address).content.decode()
    assert "嵌入式系统" in page
    assert office.post(f"{address}take/").status_code == 302
    assert office.post(f"{address}approve/", {"seen": "x"}).status_code == 302
    assert state_of(cast, application) is State.UNDER_REVIEW
    assert office.post(f"{address}approve/", {"seen": hidden(page, "seen")}).status_code == 302
    assert state_of(cast, application) is State.POSTED
    assert "EL301" in office.get(address).content.decode()
    assert str(application.application_id) not in office.get("/office/conversions/").content.decode()
    assert str(application.application_id) in office.get("/office/conversions/?state=posted").content.decode()
    passbook = client_of(cast.lin).get("/learner/").content.decode()
    assert "嵌入式系统" in passbook


def test_the_office_refuses_with_a_reason_that_the_learner_reads(bank, cast, lot):
    application = apply_for(cast)
    office = client_of(cast.zhao)
    address = f"/office/conversions/{cast.lin.person}/{application.application_id}/"
    assert office.post(f"{address}refuse/", {"refuse-note": "x"}).status_code == 422
    sent = {"refuse-reason": "course_required", "refuse-note": "请先修读实验课。"}
    assert office.post(f"{address}refuse/", sent).status_code == 302
    read = client_of(cast.lin).get(f"{CONVERSIONS}{application.application_id}/").content.decode()
    assert "请先修读实验课。" in read
    assert held(bank, cast.lin.person)[lot.lot_id, "available"] == 500
    notices = client_of(cast.lin).get("/learner/notices/").content.decode()
    assert f"{CONVERSIONS}{application.application_id}/" in notices


def test_another_college_and_another_school_do_not_see_the_application(bank, cast, lot):
    application = apply_for(cast)
    address = f"/office/conversions/{cast.lin.person}/{application.application_id}/"
    for actor in (cast.qian, cast.sun):
        office = client_of(actor)
        assert office.get(address).status_code == 404
        assert office.post(f"{address}take/").status_code == 404
        assert office.get(f"{address}refuse/").status_code == 404
        assert str(application.application_id) not in office.get("/office/conversions/").content.decode()


def test_a_grade_left_open_is_entered_at_the_desk(bank, cast, lot):
    with superuser(bank) as su:
        su.execute("UPDATE lot SET level = NULL")
    application = apply_for(cast, "thesis", "")
    office = client_of(cast.chen)
    address = f"/office/conversions/{cast.lin.person}/{application.application_id}/"
    page = office.get(address).content.decode()
    sent = {"seen": hidden(page, "seen"), "grade-grade": "a grade that is too long"}
    assert office.post(f"{address}approve/", sent).status_code == 422
    assert office.post(f"{address}approve/", sent | {"grade-grade": "良好"}).status_code == 302
    assert state_of(cast, application) is State.POSTED
    assert "良好" in office.get(address).content.decode()


def test_a_decided_conversion_becomes_a_case_of_its_rules_in_one_click(bank, cast, lot):
    first, office = apply_for(cast), client_of(cast.zhao)
    address = f"/office/conversions/{first.learner_id}/{first.application_id}/"
    assert f"{address}attach/" not in office.get(address).content.decode()
    assert office.post(f"{address}attach/")["Location"] == address  # nothing is decided yet
    decide(cast, first)
    assert state_of(cast, first) is State.POSTED
    assert f"{address}attach/" in office.get(address).content.decode()
    assert "#case-application-" in office.post(f"{address}attach/")["Location"]
    second = apply_for(cast, course="EL303")
    decide(cast, second, "refuse")
    office.post(f"/office/conversions/{second.learner_id}/{second.application_id}/attach/")
    with acting_for(institution=cast.college, purpose="test") as scope:
        rule_set = scope.rows(RuleSet).get(code="college-conversion", institution_id=cast.college)
        cases = list_cases(scope, rule_set.id)
        runs = {run.case.code: run for run in run_cases(read_rules(RULES), cases)}
    kept = runs[f"application-{first.application_id.hex[-12:]}"]
    # What was held before it was used is what the case holds; the course is open as it was, though it is passed now.
    assert kept.green, kept
    refused = runs[f"application-{second.application_id.hex[-12:]}"]
    assert not refused.green  # a person refused what the rules allow, and the test-bench says so
    assert len(runs) == 2
    # Neither names nor numbers of anybody, nor the title of the outcome.
    said = " ".join(str(case.document) for case in cases)
    assert "省级技能大赛" not in said
    assert str(first.learner_id) not in said
    assert client_of(cast.chen).post(f"{address}attach/").status_code in (403, 404)
