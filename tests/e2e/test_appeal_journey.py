"""A refused learner appeals on a phone, a panel decides otherwise, and the credit is in the passbook."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from creditbank.domain.letters import Kind
from tests.e2e import axe
from tests.services.appeal_cases import GROUNDS, appeal_key, claim_now, colleagues, letters_of, refused, vote

pytestmark = pytest.mark.browser


def test_an_appeal_is_filed_on_a_phone_heard_by_others_and_won(bank, cast, open_page, sign_in):
    claim, people = refused(cast), colleagues(cast)
    page = open_page(width=360, theme="dark")
    sign_in(page, "lin")
    page.goto(f"/learner/requests/{claim.claim_id}/")
    page.get_by_role("link", name="不予认定决定书").click()
    expect(page.get_by_role("article")).to_contain_text("如不服本决定")
    assert axe.violations(page) == []
    assert axe.overflow(page) == 0
    page.get_by_role("link", name="申诉", exact=True).click()
    page.get_by_role("button", name="提交申诉").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("请填写：请说明为什么应当改变决定")
    page.get_by_label("请说明为什么应当改变决定").fill(GROUNDS)
    page.get_by_role("button", name="提交申诉").press("Enter")
    expect(page.locator(".page-header")).to_contain_text("已提出")
    assert axe.violations(page) == []

    office = open_page(width=1440)
    sign_in(office, "zhao")
    office.goto("/office/")
    office.get_by_role("link", name="申诉与异议").click()
    office.get_by_role("link", name="lin", exact=True).click()
    expect(office.get_by_text("陈老师")).to_have_count(0)
    for name in ("甲老师", "乙老师", "丙老师"):
        office.get_by_label(name).check()
    assert axe.violations(office) == []
    office.get_by_role("button", name="指定成员").press("Enter")
    expect(office.get_by_role("region", name="复核小组")).to_contain_text("尚未表决")

    with_key = appeal_key(_appeal(cast, claim))
    assert with_key.learner_id == cast.lin.person
    for member in people[:2]:
        vote(cast, _appeal(cast, claim), member, 100, "签到表与证书一致")
    last = open_page(width=1440)
    sign_in(last, "panel2")
    last.goto(office.url)
    expect(last.get_by_role("region", name="复核小组")).not_to_contain_text("同意 1.0 学分")
    last.get_by_label("改变决定").check()
    last.get_by_label("认定学分").fill("1")
    last.get_by_label("原因").fill("同意认定")
    assert axe.violations(last) == []
    last.get_by_role("button", name="表决").press("Enter")
    expect(last.locator(".page-header")).to_contain_text("申诉成立")
    assert claim_now(cast, claim).state == "deposited"

    page.goto(f"/learner/requests/{claim.claim_id}/")
    page.get_by_role("link", name="申诉复核决定书").click()
    expect(page.get_by_role("article")).to_contain_text("签到表与证书一致")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="保存为 PDF").click()
    assert waiting.value.path().read_bytes().startswith(b"%PDF-")
    assert [one.kind for one in letters_of(cast, claim.claim_id)] == [Kind.REFUSED, Kind.APPEAL_GRANTED]


def _appeal(cast, claim):
    from creditbank.records.appeals import Appeal
    from creditbank.records.scope import acting_for

    with acting_for(institution=cast.college, purpose="test") as scope:
        return scope.rows(Appeal).get(case_id=claim.claim_id)
