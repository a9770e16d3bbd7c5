"""Official lists in a real browser: from the file to the learner's claim, with axe on every page."""

from __future__ import annotations

import re

import pytest

from creditbank.exchange.spreadsheets import SheetContent, workbook_bytes
from tests.e2e import axe
from tests.services.list_sheets import CONTEST, apply, claim, contest, enrol

pytestmark = pytest.mark.browser

ROWS = [
    [f"{CONTEST}省赛获奖名单", "", "", "", ""],
    ["序号", "获奖学生", "成员学号", "学校", "奖项"],
    ["1", "lin、mei", "2023040117、2023050101", "示范职业学院", "二等奖"],
    ["2", "张伟", "", "示范职业学院", "三等奖"],
    ["3", "王远方", "5551", "别的学院", "一等奖"],
    ["4", "钱七", "1", "示范职业学院", "参与奖"],
]


@pytest.fixture
def workbook(tmp_path):
    """A contest's list with a title above its head and its contest nowhere in a column."""
    path = tmp_path / "获奖名单.xlsx"
    path.write_bytes(workbook_bytes([SheetContent("名单", (), ROWS)]))
    return path


def test_a_list_goes_from_its_file_to_a_learners_claim(bank, cast, open_page, sign_in, workbook):
    one, _other = enrol(cast, "张伟", "2024010001"), enrol(cast, "张伟", "2024010002")
    claim(bank, cast, cast.mei, facts={"award": "first"})
    page = sign_in(open_page(language="en"), "zhao")
    page.goto("/office/lists/")
    page.get_by_role("link", name="Bring in a list").first.press("Enter")
    page.get_by_label("Award list of a contest").check()
    page.set_input_files("input[type=file]", workbook)
    page.get_by_label("Name of the list").fill("省赛获奖名单")
    page.get_by_label("Issued on").fill("2026-06-30")
    page.get_by_role("button", name="Upload the list").press("Enter")
    # The contest, its level and the day stand in no column, so they are asked for.
    page.get_by_role("button", name="Go on to the dry run").press("Enter")
    page.get_by_role("alert").wait_for()
    assert page.get_by_role("alert").get_by_role("link").count() == 3
    page.get_by_role("textbox", name="Contest *").fill(CONTEST)
    page.get_by_label("Level of the contest *").select_option(label="provincial")
    page.get_by_label("Day of the award *").fill("2026年6月20日")
    page.get_by_role("button", name="Go on to the dry run").press("Enter")
    page.get_by_role("heading", name="Dry run: nothing is stored yet").wait_for()
    counts = page.locator(".verdicts .figure").all_inner_texts()
    assert counts == ["2", "1", "1", "1", "0"]
    page.get_by_role("button", name="Apply the list").press("Enter")
    page.get_by_role("heading", name="省赛获奖名单").wait_for()
    assert page.get_by_role("row", name=re.compile("Mei|mei")).get_by_text("Claim differs").count() == 1
    # One screen for what is doubtful, by keyboard alone.
    page.get_by_role("link", name="Settle 1 doubtful line").press("Enter")
    page.get_by_label(re.compile("2024010001")).press("Space")
    page.get_by_role("button", name="Save the choices").press("Enter")
    page.get_by_text("1 line was settled.").wait_for()
    page.wait_for_url(re.compile(r"/office/lists/[0-9a-f-]+/$"))
    assert page.get_by_role("row", name=re.compile("张伟")).get_by_text("Proposed").count() == 1
    assert one is not None

    own = sign_in(open_page(language="en"), "lin")
    own.goto("/learner/notices/")
    own.get_by_role("link", name=re.compile("on an official list")).press("Enter")
    own.get_by_role("button", name="Claim it").press("Enter")
    own.wait_for_url(re.compile("/facts/$"))
    assert own.get_by_label("Contest and year").input_value() == CONTEST
    assert own.get_by_label("second prize").is_checked()
    own.get_by_label("a public authority or the school").check()
    own.get_by_label("member of a team of equals").check()
    own.get_by_role("button", name="Save and continue").click()
    own.wait_for_url(re.compile("/evidence/$"))
    own.goto(own.url.replace("/evidence/", "/check/"))
    own.get_by_role("button", name="Submit the request").press("Enter")
    own.wait_for_url(re.compile("/done/$"))
    own.goto(own.url.replace("/deposit/", "/requests/").replace("/done/", "/"))
    assert own.get_by_text("Verified by the official list “省赛获奖名单”").count() == 1

    page.goto("/office/recognition/?q=2023040117")
    assert page.get_by_text("Verified by the official list “省赛获奖名单” of 2026-06-30, line 3.").count() == 1


def test_a_proposal_is_declined_without_scripts(bank, cast, open_page, sign_in):
    apply(bank, cast, contest(("lin", "2023040117", "示范职业学院", "二等奖")))
    page = sign_in(open_page(java_script_enabled=False, language="en"), "lin")
    page.goto("/learner/requests/")
    page.get_by_role("link", name="Look at what the lists say").press("Enter")
    page.get_by_role("link", name="Do not claim it").press("Enter")
    page.get_by_role("button", name="Save my answer").press("Enter")
    assert page.locator("[role=alert] a").count() == 1
    page.get_by_label("This is not me, or not my outcome").check()
    page.get_by_role("button", name="Save my answer").press("Enter")
    assert page.get_by_text("You declined it").count() == 1


@pytest.mark.parametrize(("width", "theme", "language"), [(360, "dark", "zh-hans"), (1440, "light", "en")])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    bank, cast, open_page, sign_in, workbook, width, theme, language
):
    enrol(cast, "张伟", "2024010001"), enrol(cast, "张伟", "2024010002")
    made = claim(bank, cast, cast.lin)
    rows = (("lin", "2023040117", "", "二等奖"), ("mei", "2023050101", "", "二等奖"), ("张伟", "", "", "三等奖"))
    applied = apply(bank, cast, contest(*rows, ("王五", "x", "", "鼓励奖")))
    office = sign_in(open_page(width=width, theme=theme, language=language), "zhao")
    office.goto("/office/lists/bring/")
    assert (axe.violations(office), axe.overflow(office)) == ([], 0), "upload"
    office.set_input_files("input[type=file]", workbook)
    office.locator("[name=list-title]").fill("另一份名单")
    office.locator("[name=list-issued_on]").fill("2026-06-30")
    office.locator("main form button.go").click()
    office.wait_for_url(re.compile("/columns/$"))
    assert (axe.violations(office), axe.overflow(office)) == ([], 0), "columns"
    one = f"/office/lists/{applied.list_id}/"
    for address in (
        "/office/lists/", office.url.replace("/columns/", "/check/"), one, f"{one}choose/", f"{one}withdraw/",
        f"/office/recognition/{made.learner_id}/{made.claim_id}/",
    ):  # fmt: skip
        office.goto(address)
        assert (axe.violations(office), axe.overflow(office)) == ([], 0), address
    own = sign_in(open_page(width=width, theme=theme, language=language), "mei")
    for address in ("/learner/proposals/", "/learner/requests/", "/learner/notices/", "/learner/"):
        own.goto(address)
        assert (axe.violations(own), axe.overflow(own)) == ([], 0), address
    own.goto("/learner/proposals/")
    own.locator("a[href*=decline]").click()
    assert (axe.violations(own), axe.overflow(own)) == ([], 0), "decline"
