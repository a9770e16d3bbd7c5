"""The pages of master data in a real browser: with axe in both languages, and an import without scripts."""

from __future__ import annotations

import pytest

from tests.e2e import axe
from tests.web.office_cases import client_of
from tests.web.office_sheets import brought, csv_sheet, data_url, mapped, upload

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("contexts")]

HEAD = ("课程代码", "课程名称", "课程性质", "学分", "学时", "考核方式", "开课院系")
COURSES = csv_sheet(
    [HEAD]
    + [(f"SW1{n:03}", f"软件开发课程{n}", "必修" if n % 2 else "选修", "2.5", "40", "考查", "sw") for n in range(30)]
    + [("SW2001", "没有学分的课程", "必修", "", "", "", "nowhere")]
)
NEXT = csv_sheet(
    [HEAD, ("SW1001", "软件工程导论", "必修", "3", "48", "考试", "sw"), ("SW3001", "新课", "校定", "2", "32", "考查", "sw"),
     ("SW3002", "错课", "必修", "二点五", "-", "考查", "sw")]
)  # fmt: skip


@pytest.fixture
def places(bank, cast):
    """Addresses of pages that hold something: a list, a row, columns and dry run of a sheet, a run."""
    client = client_of(cast.zhao)
    run = brought(client, "courses", COURSES, "2026-09-01", "课程库.csv")
    columns = upload(client, "courses", NEXT, "2026-10-01", "课程变更.csv").headers["Location"]
    mapped(client, columns)
    return {
        "overview": "/office/data/",
        "list": data_url("courses"),
        "row": data_url("courses", "row/SW1001/"),
        "form": data_url("courses", "row/SW1001/change/"),
        "retire": data_url("courses", "row/SW1001/retire/"),
        "upload": data_url("courses", "import/"),
        "columns": columns,
        "check": columns.replace("/columns/", "/check/"),
        "changed": columns.replace("/columns/", "/check/?verdict=changed"),
        "run": run,
        "revert": f"{run}revert/",
    }


@pytest.mark.parametrize(("width", "theme", "language"), [(360, "dark", "zh-hans"), (1440, "light", "en")])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(places, open_page, sign_in, width, theme, language):
    page = sign_in(open_page(width=width, theme=theme, language=language), "zhao")
    for name, address in places.items():
        page.goto(address)
        assert axe.violations(page) == [], name
        assert axe.overflow(page) == 0, name


def test_a_sheet_is_brought_by_keyboard_and_without_scripts(bank, cast, open_page, sign_in, tmp_path):
    sheet = tmp_path / "课程库.csv"
    sheet.write_bytes(COURSES)
    page = sign_in(open_page(java_script_enabled=False, language="en"), "zhao")
    page.goto("/office/data/")
    page.get_by_role("link", name="Import Courses").press("Enter")
    page.locator("input[type=file]").set_input_files(sheet)
    page.get_by_role("button", name="Upload the sheet").press("Enter")
    page.get_by_role("button", name="Go on to the dry run").press("Enter")
    assert page.get_by_role("link", name="New 31").get_attribute("aria-current") == "true"
    page.get_by_role("button", name="Apply the sheet").press("Enter")
    page.get_by_role("link", name="Open the list").press("Enter")
    assert page.locator("tbody tr").count() == 20
    page.get_by_role("link", name="软件开发课程1", exact=True).press("Enter")
    assert "课程库.csv" in page.locator("section[aria-labelledby=history]").inner_text()
