"""The pages of overlays: where each row comes from, and what an update of the centre changes before its day."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from creditbank.gateways import clock
from creditbank.records.rules import RuleDraft, RuleVersion
from creditbank.records.scope import acting_for
from tests.services.test_overlays import centre_rules, overlay, publish
from tests.web.office_cases import client_of

pytestmark = pytest.mark.usefixtures("contexts")
DAY = timedelta(days=1)


def test_the_office_sees_whose_a_row_is_and_what_an_update_changes_before_its_day(bank, cast):
    today = clock.today("Asia/Shanghai")
    ours = publish(cast.college, overlay(), actor=cast.zhao.person)
    coming = publish(cast.centre, centre_rules(hours_32={"locked": True}), today + DAY, actor=cast.centre)
    office = client_of(cast.zhao)
    page = office.get(f"/office/rules/{ours}/").content.decode()
    row = re.search(r'<tr id="row-hours-32".*?</tr>', page, re.DOTALL)[0]
    assert "added or tightened here" in row
    assert "half a credit here" in row
    assert "added or tightened here" not in re.search(r'<tr id="row-hours-96".*?</tr>', page, re.DOTALL)[0]
    assert office.get("/office/rules/").status_code == 200
    assert client_of(None).get(f"/rules/{ours}/").status_code == 200
    desk = office.get("/office/").content.decode()
    assert f"/office/rules/{coming}/" in desk
    assert "parts of your overlay that would not hold: 1" in desk
    page = office.get(f"/office/rules/{coming}/").content.decode()
    assert "What it changes here" in page
    assert "row hours-32 is locked by its publisher" in page
    assert re.search(r'<tr id="row-hours-32".*?locked.*?</tr>', page, re.DOTALL)
    office.post(f"/office/rules/{coming}/begin/", {"as": "overlay"})
    with acting_for(institution=cast.college, purpose="test") as scope:
        draft = scope.rows(RuleDraft).get()
    page = office.get(f"/office/rules/drafts/{draft.id}/").content.decode()
    assert "creditbank.rules-overlay/1" in page
    # It begins with what the overlay says now, is laid on the version that is coming, and compared with today's rules.
    assert "row hours-32 is locked by its publisher" in page
    assert "which is in force" in page
    assert "Row hours-32 changed" in page
    listed = office.get("/office/rules/").content.decode()
    assert re.search(r"Saved on.*?\d{4}-\d\d-\d\d \d\d:\d\d<", listed, re.DOTALL)
    assert "+00:00" not in listed
    reviewer = client_of(cast.chen)
    assert reviewer.get(f"/office/rules/cases/{draft.rule_set_id}/").status_code == 200
    assert reviewer.get(f"/office/rules/drafts/{draft.id}/impact/").status_code == 200


def test_the_office_is_told_what_an_overlay_takes_the_place_of_and_where_other_drafts_are_discarded(bank, cast):
    own = publish(cast.college, centre_rules(), actor=cast.zhao.person)
    office = client_of(cast.zhao)
    with acting_for(institution=cast.college, purpose="test") as scope:
        base = scope.rows(RuleVersion).get(institution_id=cast.centre, rule_set__code="example-limits").id
    page = office.get(f"/office/rules/{base}/").content.decode()
    assert "Your own version 1 decides here" in page
    assert f'href="/office/rules/{own}/"' in page
    office.post(f"/office/rules/{base}/begin/", {})
    office.post(f"/office/rules/{base}/begin/", {"as": "overlay"})
    with acting_for(institution=cast.college, purpose="test") as scope:
        drafts = {"overlay" in draft.origin: draft.id for draft in scope.rows(RuleDraft)}
    page = office.get(f"/office/rules/drafts/{drafts[True]}/").content.decode()
    assert "It takes the place of your own version 1" in page
    # The draft of the other sort is linked with its page, on which it is discarded; then it is open no longer.
    assert f'href="/office/rules/drafts/{drafts[False]}/"' in page
    assert "Rules of your own · revision 1" in page
    answer = office.post(f"/office/rules/drafts/{drafts[False]}/step/", {"act": "discard"})
    assert answer.status_code == 302
    page = office.get(f"/office/rules/drafts/{drafts[True]}/").content.decode()
    assert "Other drafts of the same rules" not in page
    chinese = client_of(cast.zhao, language="zh-hans").get(f"/office/rules/drafts/{drafts[True]}/").content.decode()
    assert "它将取代本校自定规则第 1 版" in chinese
    # And the way back: where an overlay decides, rules of one's own say that nothing is inherited any more.
    today = clock.today("Asia/Shanghai")
    laid = publish(cast.college, overlay(), today, actor=cast.zhao.person)
    office.post(f"/office/rules/{own}/begin/", {})
    with acting_for(institution=cast.college, purpose="test") as scope:
        back = scope.rows(RuleDraft).order_by("-created_at").first().id
    page = office.get(f"/office/rules/drafts/{back}/").content.decode()
    assert "It takes the place of your overlay, version 2" in page
    assert "Row hours-32 changed" in page
    for one in (own, laid, base):
        assert office.get(f"/office/rules/{one}/").status_code == 200
    assert office.get(f"/office/rules/{laid}/compare/", {"with": str(own)}).status_code == 200
    assert client_of(None).get(f"/rules/{laid}/").status_code == 200
