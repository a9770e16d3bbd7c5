"""The pages that import results in a real browser: with axe in both languages, and an import without scripts."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.conf import settings
from django.test.utils import setup_test_environment, teardown_test_environment

from creditbank.exchange.result_imports import PLAN, find_kept
from tests.e2e import axe
from tests.exchange.small_import import publish_transfer_rules
from tests.web.office_cases import client_of
from tests.web.office_sheets import brought, csv_sheet
from tests.web.test_office_results import COURSES, HEAD, TERMS, UPLOAD, YEARS, checked, line, uploaded

pytestmark = pytest.mark.browser

ROWS = [line("85"), line("优秀", course="EN101"), line("甲", learner="7"), line("0", learner="8", remark="缺考")]
WIDE = ("学号", "姓名", "高等数学", "大学英语")


@pytest.fixture(autouse=True, scope="module")
def _contexts():
    """Django's own instrumentation: a response knows the context of its templates."""
    setup_test_environment()
    yield
    teardown_test_environment()


@pytest.fixture
def office(bank, cast):
    """A school with calendar, courses and rules; a window on its desk."""
    publish_transfer_rules(cast)
    client = client_of(cast.zhao)
    for name, rows in (("years", YEARS), ("terms", TERMS), ("courses", COURSES)):
        brought(client, name, csv_sheet(rows), "2026-09-01")
    return client


@pytest.fixture
def places(office, cast):
    """Addresses of every step: a list and a wide sheet before their dry run, one after it, one that waits."""
    wide = uploaded(office, ("1", "林", "85", "缺考"), head=WIDE, shape="wide").url
    long, check = uploaded(office, *ROWS, name="一.csv").url, checked(office, uploaded(office, *ROWS))
    waiting = checked(office, uploaded(office, line("77"), name="二.csv"))
    kept = find_kept(settings.BANK, cast.college, UUID(waiting.split("/")[-3]))
    kept.note(digest="another", waits_for=PLAN)
    return {
        "list": "/office/imports/",
        "upload": UPLOAD,
        "wide": wide,
        "long": long,
        "check": check,
        "waiting": waiting,
    }


@pytest.mark.parametrize(("width", "theme", "language"), [(360, "dark", "zh-hans"), (1440, "light", "en")])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(places, open_page, sign_in, width, theme, language):
    page = sign_in(open_page(width=width, theme=theme, language=language), "zhao")
    for name, address in places.items():
        page.goto(address)
        for closed in page.locator("main details").all():
            closed.locator("summary").click()
        assert axe.violations(page) == [], name
        assert axe.overflow(page) == 0, name


def test_results_are_imported_by_keyboard_and_without_scripts(office, open_page, sign_in, tmp_path):
    sheet = tmp_path / "成绩.csv"
    sheet.write_bytes(csv_sheet([HEAD, *ROWS]))
    page = sign_in(open_page(java_script_enabled=False, language="en"), "zhao")
    page.goto("/office/imports/")
    page.get_by_role("link", name="Import results").press("Enter")
    page.locator("input[type=file]").set_input_files(sheet)
    page.locator("input[name=as_of]").fill("2026-02-01")
    page.get_by_role("button", name="Upload the sheet").press("Enter")
    page.get_by_role("button", name="Go on to the dry run").press("Enter")
    assert page.locator(".tiles .figure").all_inner_texts() == ["3", "0", "0", "1"]
    page.get_by_role("button", name="Import the results").press("Enter")
    assert page.locator(".tiles .figure").all_inner_texts() == ["4", "4", "3", "0", "1"]
