"""The outcome catalogue in a real browser: found by initials and by nickname, its versions read, one approved."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e import axe
from tests.services.catalogue_items import MODELLING, enacted, publicity, submitted, typed

pytestmark = pytest.mark.browser


@pytest.fixture
def held(bank, cast):
    """An item in force whose second version waits for approval, and one beside it."""
    publicity(cast.college, 0)
    enacted(bank, cast, MODELLING)
    enacted(bank, cast, {**MODELLING, "code": "algorithm", "name": "程序设计与算法大赛", "aliases": "程设赛"})
    publicity(cast.college, 7)
    typed(bank, cast, {**MODELLING, "tier": "国家级B类"})
    assert submitted(cast, "modelling").number == 2


def test_an_item_is_found_by_initials_and_nickname_and_its_second_version_is_approved(held, open_page, sign_in):
    page = open_page(width=360, theme="dark")
    page.goto("/outcomes/")
    for words in ("qgdxs", "国赛"):
        page.get_by_role("searchbox").fill(words)
        page.get_by_role("searchbox").press("Enter")
        expect(page.get_by_role("link", name=MODELLING["name"])).to_be_visible()
        expect(page.get_by_role("link", name="程序设计与算法大赛")).to_have_count(0)
    page.get_by_role("link", name=MODELLING["name"]).click()
    expect(page.get_by_role("heading", name=MODELLING["name"])).to_be_visible()
    expect(page.get_by_text("国家级A类")).to_be_visible()
    versions = page.get_by_role("region", name="版本")
    expect(versions.get_by_role("listitem")).to_have_count(1)  # what waits for approval is not public
    assert axe.violations(page) == []
    assert axe.overflow(page) == 0

    page.set_viewport_size({"width": 1440, "height": 900})
    sign_in(page, "chen")
    page.goto("/office/catalogue/")
    page.get_by_role("searchbox").fill("数模")
    page.get_by_role("searchbox").press("Enter")
    page.get_by_role("link", name=MODELLING["name"]).click()
    second = page.get_by_role("region", name="第 2 版", exact=True)
    expect(second.locator("del")).to_have_text("国家级A类")
    second.get_by_role("button", name="通过并公示").press("Enter")
    expect(
        page.get_by_role("region", name="第 2 版", exact=True).get_by_role("button", name="通过并公示")
    ).to_have_count(0)
    expect(page.get_by_role("region", name="第 2 版", exact=True).locator("ol.events")).to_contain_text(
        "已通过 · 陈老师"
    )
    assert axe.violations(page) == []
    page.goto("/outcomes/svc/modelling/")
    expect(page.get_by_text("国家级A类")).to_be_visible()  # the first version holds until the second takes effect
    expect(page.get_by_role("region", name="版本").get_by_role("listitem")).to_have_count(2)
