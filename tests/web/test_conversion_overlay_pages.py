"""The pages of overlays on conversion rules: what is inherited, what is stricter here, and what an update changes."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from creditbank.gateways import clock
from creditbank.records.rules import RuleDraft
from creditbank.records.scope import acting_for
from tests.services.conversion_applications import found_courses
from tests.services.test_conversion_overlays import centre_rules, overlay, publish
from tests.web.office_cases import client_of

pytestmark = pytest.mark.usefixtures("contexts")
DAY = timedelta(days=1)
CHINESE = "zh-hans"


def article(page, row):
    """The part of a page that is about one row."""
    return re.search(rf'<article class="card stack" id="row-{row}".*?</article>', page, re.DOTALL)[0]


def test_pages_say_what_is_inherited_what_is_stricter_here_and_what_an_update_changes(bank, cast):
    today = clock.today("Asia/Shanghai")
    found_courses(cast.college)
    publish(cast.centre, centre_rules(), today - 9 * DAY, actor=cast.centre)
    ours = publish(cast.college, overlay(), today, actor=cast.zhao.person)
    office = client_of(cast.zhao)
    for page in (
        office.get(f"/office/rules/{ours}/").content.decode(),
        client_of(None).get(f"/rules/{ours}/").content.decode(),
    ):
        row = article(page, "into-professional")
        assert "added or tightened here" in row
        assert "a person decides" in row
        assert "our into-professional" in row
        assert "added or tightened here" not in article(page, "thesis")
        assert "What is stricter or added here than in the rules of Centre" in page
        assert "Overlay" in page
    listed = client_of(None, CHINESE).get("/rules/conversions/").content.decode()
    assert f'href="/rules/{ours}/"' in listed
    assert "补充规则" in listed
    assert f'href="/rules/{ours}/"' not in client_of(None).get("/rules/").content.decode()
    # The centre locks the row: the school is told before, and begins its answer on the version that is coming.
    coming = publish(cast.centre, centre_rules(into_professional={"locked": True}), today + DAY, actor=cast.centre)
    desk = office.get("/office/").content.decode()
    assert f"/office/rules/{coming}/" in desk
    assert "parts of your overlay that would not hold: 2" in desk
    page = office.get(f"/office/rules/{coming}/").content.decode()
    assert "row into-professional is locked by its publisher" in page
    assert "No conversion stands here that these rules are about." in page
    assert "locked" in article(page, "into-professional")
    office.post(f"/office/rules/{coming}/begin/", {"as": "overlay"})
    with acting_for(institution=cast.college, purpose="test") as scope:
        draft = scope.rows(RuleDraft).get()
    page = office.get(f"/office/rules/drafts/{draft.id}/").content.decode()
    assert "creditbank.conversion-overlay/1" in page
    assert "row into-professional is locked by its publisher" in page
    assert f"/office/rules/drafts/{draft.id}/impact/" in page
    assert "已由发布机构锁定" in client_of(cast.zhao, CHINESE).get(f"/office/rules/drafts/{draft.id}/").content.decode()
    reviewer = client_of(cast.chen)
    for address in (f"cases/{draft.rule_set_id}/", f"drafts/{draft.id}/impact/", f"drafts/{draft.id}/impact/part/"):
        assert reviewer.get(f"/office/rules/{address}").status_code == 200, address
    listed = office.get("/office/conversion-rules/").content.decode()
    assert f"/office/rules/drafts/{draft.id}/" in listed
    assert f"/office/rules/drafts/{draft.id}/" not in office.get("/office/rules/").content.decode()
    assert office.get(f"/office/rules/{ours}/file/xlsx/").status_code == 200
