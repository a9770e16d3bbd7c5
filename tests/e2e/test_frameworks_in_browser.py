"""Frameworks in a real browser: from a file at the registrar's desk to pages that everybody reads."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from creditbank.exchange.frameworks.files import FileForm, read_packaged, write_case, write_file
from creditbank.gateways import clock
from tests.e2e import axe

pytestmark = pytest.mark.browser


def bring_in(page, file):
    page.goto("/office/frameworks/import/")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_label("在门户上公开").check()
    page.get_by_role("button", name="检查文件").click()
    expect(page.get_by_text("尚未保存任何内容")).to_be_visible()
    page.get_by_role("button", name="保存", exact=True).click()


def quiet(page):
    assert axe.violations(page) == [], page.url
    assert axe.overflow(page) == 0, page.url


def test_two_files_become_a_crosswalk_by_hand_and_a_public_comparison(bank, cast, open_page, sign_in, tmp_path):
    ten, eqf = tmp_path / "ten.yaml", tmp_path / "eqf.case.json"
    ten.write_bytes(write_file(read_packaged("levels-10"), FileForm.YAML))
    eqf.write_bytes(write_case(read_packaged("eqf"), creator="x", at=clock.now()))
    office, public = sign_in(open_page(), "zhao"), open_page(width=360)
    for file in (ten, eqf):
        bring_in(office, file)
    quiet(office)

    office.get_by_role("link", name="新建对照表").click()
    office.get_by_label("对照表代码").fill("own-1")
    office.get_by_label("原框架").select_option(label="十级学习成果框架（默认）")
    office.get_by_label("目标框架").select_option(label="欧洲资历框架")
    office.get_by_role("button", name="打开矩阵").click()
    quiet(office)
    office.get_by_role("link", name="七级 – 六级").click()
    quiet(office)
    office.get_by_text("对等", exact=True).click()
    office.get_by_label("把握程度（%）").fill("75")
    office.get_by_role("button", name="保存对应关系").click()
    expect(office.get_by_text("对等 · 75 %").last).to_be_visible()
    quiet(office)

    # A crosswalk is shown to everybody once somebody says so.
    public.goto("/frameworks/")
    quiet(public)
    public.get_by_label("第一个框架").select_option(label="十级学习成果框架（默认）")
    public.get_by_label("第二个框架").select_option(label="欧洲资历框架")
    public.get_by_role("button", name="对照").click()
    expect(public.get_by_text("两个框架之间没有对照表")).to_be_visible()
    office.get_by_role("link", name="七级 → 六级").click()
    office.get_by_label("在门户上公开").check()
    office.get_by_role("button", name="保存对应关系").click()
    office.wait_for_url("**/own-1/**first**")
    public.reload()
    expect(public.get_by_text("对等 · 75 %")).to_be_visible()
    quiet(public)
    public.goto("/frameworks/")
    public.get_by_role("link", name="欧洲资历框架").click()
    expect(public.get_by_text("最前沿")).to_be_visible()
    quiet(public)
