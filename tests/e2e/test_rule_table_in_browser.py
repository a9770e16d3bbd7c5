"""A registrar at the rule table in a real browser: by keyboard, with an overlap, a pasted block and a moved row."""

from __future__ import annotations

import pytest

from creditbank.exchange.rule_drafts import reading_of
from tests.e2e import axe
from tests.services.rule_drafts import text_of
from tests.web.office_cases import FACTS, handed_in

pytestmark = pytest.mark.browser

BLOCK = "国家级\t三等奖\t4\t创新实践学分\t国家级竞赛三等奖4学分，新规定。\n校级\t≥ 三等奖\t0.5\t创新实践学分\n"


def cell(page, row, column):
    return page.locator(f'tr[data-row="{row}"] td[data-c="{column}"]')


def saved(page, revision):
    page.wait_for_selector(f"#revision-said:has-text('{revision}')")


def test_a_registrar_writes_a_rule_table_by_keyboard(bank, cast, open_page, sign_in):
    handed_in(bank, cast, facts=FACTS)
    page = sign_in(open_page(width=1440), "zhao")
    page.goto("/office/rules/begin/")
    page.locator("select[name=pack]").select_option("cn-innovation")
    page.get_by_role("button", name="新建草稿", exact=True).click()
    page.wait_for_selector("textarea[name=text]")
    draft = page.url
    page.goto(f"{draft}table/")
    page.wait_for_selector("#impact >> text=与现行相同")

    # By keyboard: to the credit of the second row, 6 becomes 7.25; then a cell that overlaps, which the check marks.
    cell(page, "national-special", "when-tier").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    page.keyboard.type("7.25")
    page.keyboard.press("Enter")
    saved(page, 2)
    assert cell(page, "national-first", "credit").inner_text() == "7.25"
    cell(page, "provincial-second", "when-award").focus()
    page.keyboard.press("F2")
    page.keyboard.type("二等")
    page.keyboard.press("Tab")
    page.wait_for_selector('tr[data-row="provincial-second"] td.wrong .why')
    assert "特等奖" in cell(page, "provincial-second", "when-award").inner_text()
    cell(page, "provincial-second", "when-award").click()
    page.keyboard.type("≥ 二等奖")
    page.keyboard.press("Enter")
    saved(page, 3)
    page.wait_for_selector('tr[data-row="provincial-first"] .mark.bad')
    assert page.locator("#checks .finding.bad").count() == 2
    assert axe.violations(page) == []
    axe.keep_picture(page, "table-overlap")
    cell(page, "provincial-second", "when-award").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("二等奖")
    page.keyboard.press("Enter")
    saved(page, 4)
    page.wait_for_selector('tr[data-row="provincial-first"]:not(:has(.mark.bad))')

    # Alt and an arrow move a row, Ctrl+D copies one; Escape leaves a cell as it was.
    cell(page, "provincial-second", "credit").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("9")
    page.keyboard.press("Escape")
    assert cell(page, "provincial-second", "credit").inner_text() == "3.0"
    page.keyboard.press("Alt+ArrowUp")
    saved(page, 5)
    page.keyboard.press("Control+d")
    saved(page, 6)
    page.wait_for_selector('tr[data-row="provincial-second-2"]')
    page.get_by_role("button", name="删除本行").first.click()
    saved(page, 7)

    # A block from a sheet: one row that overlaps and one that is good are looked at first, and then added.
    cell(page, "school-third", "when-tier").focus()
    page.evaluate(
        """block => { const data = new DataTransfer(); data.setData("text/plain", block);
        document.activeElement.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true})) }""",
        BLOCK,
    )
    page.wait_for_selector("h1:has-text('从电子表格粘贴单元格')")
    assert axe.violations(page) == []
    axe.keep_picture(page, "table-paste")
    page.get_by_role("button", name="增加 2 行").click()
    page.wait_for_selector('tr[data-row="row-20"]')
    page.wait_for_selector("#impact >> text=与现行相同")
    for width, theme, language in ((360, "light", "zh-hans"), (1440, "dark", "en")):
        other = sign_in(open_page(width=width, theme=theme, language=language), "zhao")
        other.goto(f"{draft}table/")
        other.wait_for_selector("#impact #effects")
        assert axe.violations(other) == []
        assert axe.overflow(other) == 0
        axe.keep_picture(other, f"table-{width}-{theme}")

    identifier = draft.rstrip("/").rsplit("/", 1)[-1]
    rules = reading_of(text_of(cast.zhao, identifier)[0]).rules
    rows = {row.id: row for row in rules.tables[0].rows}
    assert rows["national-first"].give.credit == 725
    assert list(rows)[5:7] == ["provincial-second", "provincial-first"][:2]
    assert list(rows)[-2:] == ["row-20", "row-21"]
    assert rows["row-20"].clause.zh == "国家级竞赛三等奖4学分，新规定。"
    assert rows["row-21"].clause.zh == "竞赛级别：校级；获奖等级：三等奖、二等奖、一等奖、特等奖；0.5 学分"
    assert "provincial-second-2" not in rows
