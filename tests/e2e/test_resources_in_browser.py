"""Education resources in a real browser: from the office's sheet to the public page, until the accreditation ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from playwright.sync_api import expect

from creditbank.gateways import clock
from tests.e2e import axe
from tests.services.masterdata_rows import bring
from tests.web.office_sheets import csv_sheet

pytestmark = pytest.mark.browser

TODAY = clock.today(settings.TIME_ZONE)


def on(days):
    return (TODAY + timedelta(days)).isoformat()


PROVIDERS = [("单位编号", "合作单位名称", "校内/校外", "认证起始日期", "认证截止日期", "联系人"),
             ("P1", "云帆智能（上海）", "合作企业", on(-30), on(300), "张三 139")]  # fmt: skip
RESOURCES = [("资源编号", "资源名称", "英文名称", "资源类型", "合作单位", "学时", "咨询电话", "简介", "是否公开"),
             ("R1", "软件测试课程", "Software Testing", "校企合作课程", "云帆智能（上海）", "48", "0571-8", "在真实产品上学习。", "是"),
             ("R2", "还没公开的课程", "", "课程", "云帆智能（上海）", "16", "", "", "否")]  # fmt: skip
OFFERINGS = [("开课编号", "资源名称", "学期", "开始日期", "结束日期", "名额", "费用", "报名截止"),
             ("R1-1", "软件测试课程", "2099-2100-1", on(20), on(90), "25人", "360元", on(10))]  # fmt: skip


def bring_sheet(page, tmp_path, code, rows):
    sheet = tmp_path / f"{code}.csv"
    sheet.write_bytes(csv_sheet(rows))
    page.goto(f"/office/data/{code}/import/")
    page.locator("input[type=file]").set_input_files(sheet)
    page.get_by_label("截至", exact=True).fill("2026-01-01")
    page.get_by_role("button", name="上传").click()
    page.get_by_role("button", name="下一步：试运行").click()
    page.get_by_role("button", name="确认导入").click()
    expect(page.get_by_text("导入完成")).to_be_visible()


def test_from_the_offices_sheet_to_the_public_page_until_the_accreditation_ends(
    bank, cast, open_page, sign_in, tmp_path
):
    office, public = sign_in(open_page(), "zhao"), open_page(width=360)
    for code, rows in (("offerings", OFFERINGS), ("resources", RESOURCES), ("providers", PROVIDERS)):
        bring_sheet(office, tmp_path, code, rows)

    public.goto("/resources/")
    expect(public.get_by_text("还没公开的课程")).to_have_count(0)
    public.get_by_role("link", name="软件测试课程").click()
    expect(public.get_by_text("可报名")).to_be_visible()
    for said in (
        "云帆智能（上海）（校外）",
        "360 元",
        "0571-8",
        f"报名截止日期 {on(10)}。",
        f"机构认证有效期至 {on(300)}。",
    ):
        expect(public.get_by_text(said)).to_be_visible()
    expect(public.get_by_text("张三")).to_have_count(0)
    assert public.locator('script[type="application/ld+json"]').count() == 1

    office.goto("/office/data/providers/row/P1/change/")
    office.get_by_label("认证截止日期").fill(on(-1))
    office.get_by_role("button", name="保存修改").click()
    office.wait_for_url("**/row/P1/")

    public.reload()
    expect(public.get_by_text(f"机构认证已于 {on(-1)} 到期，不再开放。")).to_be_visible()
    expect(public.get_by_text("可报名")).to_have_count(0)
    expect(public.get_by_text("360 元")).to_have_count(0)
    assert public.locator('script[type="application/ld+json"]').count() == 0
    # The office finds the offering that outlives the accreditation by the figure of the register.
    office.goto("/office/data/")
    office.get_by_role("link", name="开课：结束日期晚于资源机构的认证截止日期").click()
    expect(office.get_by_role("link", name="软件测试课程").or_(office.get_by_text("R1-1")).first).to_be_visible()


@pytest.fixture
def published(bank, cast):
    bring(bank, cast.college, "providers", [
        {"code": "P1", "name": "软件学院", "kind": "校内"},
        {"code": "P2", "name": "旧港实训中心", "kind": "校外", "accredited_from": on(-900), "accredited_until": on(-1)},
    ], "2026-01-01", "p")  # fmt: skip
    bring(bank, cast.college, "resources", [
        {"code": "R1", "name": "网页开发", "kind": "课程", "provider": "P1", "category": "信息技术", "published": "是"},
        {"code": "R2", "name": "仓储实训", "kind": "实践基地", "provider": "P2", "category": "物流", "published": "是"},
        *[{"code": f"X{n}", "name": f"拓展课程{n}", "kind": "课程", "provider": "P1", "published": "是"} for n in range(25)],
    ], "2026-01-01", "r")  # fmt: skip
    bring(bank, cast.college, "offerings", [
        {"code": "R1-1", "resource": "R1", "ends_on": on(90), "seats": "25", "fee": "0"},
        {"code": "R1-2", "resource": "R1", "ends_on": on(120), "seats": "0", "fee": "12.50", "currency": "美元"},
    ], "2026-01-01", "o")  # fmt: skip


@pytest.mark.parametrize(("width", "theme", "language"), [(360, "dark", "zh-hans"), (1440, "light", "en")])
def test_axe_finds_nothing_and_no_public_page_scrolls_sideways(published, open_page, width, theme, language):
    page = open_page(width=width, theme=theme, language=language)
    for address in ("/resources/", "/resources/?kind=course&q=wang", "/resources/?q=nothing", "/resources/svc/R1/",
                    "/resources/svc/R2/", "/resources/svc/X1/"):  # fmt: skip
        page.goto(address)
        assert axe.violations(page) == [], address
        assert axe.overflow(page) == 0, address


def test_resources_are_searched_narrowed_and_paged_without_scripts(published, open_page):
    page = open_page(width=360, java_script_enabled=False)
    page.goto("/resources/")
    assert page.locator("tbody tr").count() == 20
    page.get_by_role("link", name="下一页").click()
    assert page.locator("tbody tr").count() == 7
    page.get_by_role("searchbox").fill("拓展")
    page.get_by_role("searchbox").press("Enter")
    assert page.locator("tbody tr").count() == 20
    page.goto("/resources/")
    page.get_by_text("更多筛选").click()
    page.get_by_label("资源类型").select_option("practice_base")
    page.get_by_role("button", name="筛选").click()
    assert page.locator("tbody tr").count() == 1
    page.get_by_role("link", name="仓储实训").click()
    expect(page.get_by_role("heading", name="仓储实训")).to_be_visible()
