"""A learner converts credit on a phone, the office decides by keys, and the course goes out as exempt."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from creditbank.gateways import clock
from creditbank.records.institutions import Institution
from creditbank.records.scope import acting_for
from tests.cast import ON
from tests.e2e import axe
from tests.services.bookings import deposit, post
from tests.services.conversion_applications import found_rules
from tests.services.exports import export, sheet_rows

pytestmark = pytest.mark.browser


@pytest.fixture
def credit(bank, cast):
    """Five credits of innovation at a college with conversion rules and without publicity."""
    found_rules(cast)
    with acting_for(institution=cast.college, purpose="test") as scope:
        scope.rows(Institution).filter(pk=cast.college).update(publicity_days=0)
    return post(cast, deposit(cast.lin.person, amount=500, earned_on=ON))


def test_credit_is_looked_at_applied_withdrawn_applied_again_and_becomes_a_course(
    credit, bank, cast, open_page, sign_in
):
    page = open_page(width=360, theme="dark")
    sign_in(page, "lin")
    page.goto("/learner/")
    page.get_by_role("link", name="我的学分能换什么").click()
    page.get_by_role("searchbox").fill("el301")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_role("link", name="移动开发")).to_have_count(0)
    assert axe.violations(page) == []
    assert axe.overflow(page) == 0
    page.get_by_role("link", name="嵌入式系统").click()
    expect(page.get_by_role("region", name="使用的学分")).to_contain_text("−3.0")
    expect(page.get_by_role("region", name="原因")).to_contain_text("创新实践学分可置换专业课程。")
    assert axe.violations(page) == []
    page.get_by_role("button", name="申请置换").press("Enter")
    expect(page.get_by_role("region", name="为其预占的学分")).to_contain_text("3.0")
    page.get_by_role("link", name="撤回").click()
    page.get_by_role("button", name="撤回申请").press("Enter")
    expect(page.locator(".page-header")).to_contain_text("已撤回")
    page.goto("/learner/conversions/?q=EL301")
    page.get_by_role("link", name="嵌入式系统").last.click()
    page.get_by_role("button", name="申请置换").press("Enter")
    expect(page.get_by_role("region", name="办理经过")).to_contain_text("学分已预占")
    address = page.url

    office = open_page(width=1440)
    sign_in(office, "chen")
    office.goto("/office/")
    office.get_by_role("link", name="置换审核").click()
    office.get_by_role("link", name="lin", exact=True).click()
    assert axe.violations(office) == []
    office.get_by_role("button", name="批准置换").press("Enter")
    expect(office.locator(".page-header")).to_contain_text("已置换")

    page.goto(address)
    expect(page.get_by_role("region", name="办理经过")).to_contain_text("学分已置换")
    page.goto("/learner/entries/")
    expect(page.get_by_role("link", name="嵌入式系统")).to_be_visible()
    export(cast, at=clock.now())
    head, *rows = sheet_rows(cast, 1)
    course = next(row for row in (dict(zip(head, row, strict=True)) for row in rows) if row["课程代码"] == "EL301")
    assert (course["学分"], course["成绩"]) == ("3.0", "90")
