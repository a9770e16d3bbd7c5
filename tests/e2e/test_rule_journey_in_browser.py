"""A registrar's way with rules in a real browser: a pack, its table, who is affected, a case, two reviews, the public."""

from __future__ import annotations

import pytest

from creditbank.domain.access import Role
from creditbank.exchange.rule_drafts import reading_of
from creditbank.gateways import clock
from tests.e2e import axe
from tests.services.rule_drafts import colleague, text_of
from tests.web.office_cases import FACTS, handed_in

pytestmark = pytest.mark.browser

NARROW, DARK = (360, "light", "zh-hans"), (1440, "dark", "en")
PASTE = """block => { const data = new DataTransfer(); data.setData("text/plain", block);
document.activeElement.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true})) }"""
COPY = """() => { const data = new DataTransfer(); document.activeElement.dispatchEvent(
new ClipboardEvent("copy", {clipboardData: data, bubbles: true, cancelable: true})); return data.getData("text/plain") }"""


def cell(page, row, column):
    return page.locator(f'tr[data-row="{row}"] td[data-c="{column}"]')


def saved(page, revision):
    page.wait_for_selector(f"#revision-said:has-text('{revision}')")


def press(page, name, seen):
    """Press a button and wait for what it leads to."""
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_selector(seen)


def look(page, address):
    """A page in some look: nothing that axe names, nothing wider than the screen."""
    page.goto(address)
    if address.endswith("/table/"):
        page.wait_for_selector("#impact #effects")
    assert axe.violations(page) == [], address
    assert axe.overflow(page) == 0, address


def test_a_registrar_takes_a_pack_to_the_public(bank, cast, open_page, sign_in):
    colleague(cast, "liu", Role.REGISTRAR)
    handed_in(bank, cast, facts=FACTS | {"tier": "national"})
    zhao = sign_in(open_page(width=1440), "zhao")
    narrow, dark = (
        sign_in(open_page(width=width, theme=theme, language=language), "zhao")
        for width, theme, language in (NARROW, DARK)
    )

    zhao.goto("/office/rules/begin/")
    zhao.locator("select[name=pack]").select_option("cn-innovation")
    press(zhao, "新建草稿", "textarea[name=text]")
    draft = zhao.url

    # A text that cannot be read is kept, with its problem.
    text = zhao.locator("textarea[name=text]")
    whole = text.input_value()
    text.fill(whole.replace("schema: creditbank.rules/1", "schema: creditbank.rules/1\nmore: yes"))
    press(zhao, "保存草稿", ".alert:has-text('文本目前还不能读作规则')")
    assert "more" in zhao.locator("#problems").inner_text()
    text.fill(whole)
    press(zhao, "保存草稿", "#cases ~ * >> text=全部通过")

    # The table by keyboard: a credit, a cell that is not understood, and one that overlaps.
    zhao.goto(f"{draft}table/")
    zhao.wait_for_selector("#impact >> text=与现行相同")
    cell(zhao, "national-special", "when-tier").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight"):
        zhao.keyboard.press(key)
    zhao.keyboard.type("7.25")
    zhao.keyboard.press("Enter")
    saved(zhao, 4)
    assert cell(zhao, "national-first", "credit").inner_text() == "7.25"
    cell(zhao, "provincial-second", "when-award").focus()
    zhao.keyboard.press("F2")
    zhao.keyboard.type("二等")
    zhao.keyboard.press("Tab")
    zhao.wait_for_selector('tr[data-row="provincial-second"] td.wrong .why')
    assert "特等奖" in cell(zhao, "provincial-second", "when-award").inner_text()
    cell(zhao, "provincial-second", "when-award").click()
    zhao.keyboard.type("≥ 二等奖")
    zhao.keyboard.press("Enter")
    saved(zhao, 5)
    zhao.wait_for_selector('tr[data-row="provincial-first"] .mark.bad')
    assert zhao.locator("#checks .finding.bad").count() == 2
    assert axe.violations(zhao) == []

    # The conflict is undone, and then the credit; nothing is left to undo but the text itself.
    cell(zhao, "provincial-second", "credit").focus()
    zhao.keyboard.press("Control+z")
    saved(zhao, 6)
    zhao.wait_for_selector('tr[data-row="provincial-first"]:not(:has(.mark.bad))')
    assert cell(zhao, "provincial-second", "when-award").inner_text() == "二等奖"
    assert zhao.evaluate("document.activeElement.dataset.c") == "credit"
    zhao.get_by_role("button", name="撤销上一次修改").click()
    saved(zhao, 7)
    assert cell(zhao, "national-first", "credit").inner_text() == "6.0"
    zhao.wait_for_selector("#undo", state="hidden")

    # Alt and an arrow move a row, Ctrl+D copies one, a removed one comes back; Escape leaves a cell as it was.
    cell(zhao, "provincial-second", "credit").focus()
    zhao.keyboard.press("Enter")
    zhao.keyboard.type("9")
    zhao.keyboard.press("Escape")
    assert cell(zhao, "provincial-second", "credit").inner_text() == "3.0"
    zhao.keyboard.press("Alt+ArrowUp")
    saved(zhao, 8)
    zhao.keyboard.press("Control+d")
    saved(zhao, 9)
    zhao.wait_for_selector('tr[data-row="provincial-second-2"]')
    zhao.get_by_role("button", name="删除本行").first.click()
    saved(zhao, 10)
    zhao.keyboard.press("Control+z")
    saved(zhao, 11)
    zhao.wait_for_selector('tr[data-row="provincial-second-2"]')
    zhao.keyboard.press("Control+z")
    saved(zhao, 12)
    zhao.wait_for_selector('tr[data-row="provincial-second-2"]', state="detached")

    # Cells go out as a sheet has them, and come in over others after each change was looked at.
    cell(zhao, "national-second", "when-award").focus()
    zhao.keyboard.press("Shift+ArrowRight")
    zhao.keyboard.press("Shift+ArrowDown")
    assert zhao.evaluate(COPY) == "二等奖\t5.0\n三等奖\t4.0"
    cell(zhao, "national-second", "credit").focus()
    zhao.evaluate(PASTE, "5.5\n四\n")
    zhao.wait_for_selector("h2:has-text('将改动 1 个单元格')")
    assert "national-third" in zhao.locator("table").first.inner_text()
    assert axe.violations(zhao) == []
    press(zhao, "改动 1 个单元格", ".alert:has-text('已改动 1 个单元格')")
    for page in (narrow, dark):
        for address in ("table/", "table/parts/?adjust=rank", "table/paste/"):
            look(page, f"{draft}{address}")

    # Who is affected stands beside the table; the case that the change turned red is written anew.
    zhao.goto(f"{draft}table/")
    zhao.wait_for_selector("#impact >> text=+0.5")
    zhao.goto(draft)
    press(zhao, "测试草稿", ".alert:has-text('这一步未能进行')")
    assert "期望 5.0" in zhao.locator(".alert").first.inner_text()
    look(narrow, draft)
    zhao.get_by_role("link", name="该规则集的测试台").click()
    bench = zhao.url
    zhao.goto(f"{bench}?case=national-second")
    case = zhao.locator("textarea[name=text]")
    case.fill(case.input_value().replace("'5'", "'5.5'").replace('"5"', '"5.5"'))
    press(zhao, "写入", "text=已写入 1 个用例")
    look(dark, bench)
    zhao.goto(draft)
    press(zhao, "测试草稿", ".actions >> text=已测试")
    press(zhao, "送审", ".actions >> text=审核中")
    assert zhao.get_by_role("button", name="同意这份草稿").count() == 0

    chen, liu = (sign_in(open_page(), who) for who in ("chen", "liu"))
    for page in (chen, liu):
        page.goto(draft)
        press(page, "同意这份草稿", "text=您已同意")
    assert axe.violations(liu) == []
    liu.get_by_label("会议纪要号").fill("教务〔2026〕17号")
    liu.get_by_label("批准后内容不可更改").check()
    press(liu, "批准", ".actions >> text=已批准")
    version = liu.url
    press(liu, "开始公示", ".actions >> text=公示中")

    identifier = version.rstrip("/").rsplit("/", 1)[-1]
    read = f"/rules/{identifier}/"
    public = open_page(width=360)
    public.goto("/rules/")
    public.locator(f'a[href="{read}"]').first.click()
    public.wait_for_selector(".alert:has-text('正在公示')")
    look(public, "/rules/")
    look(public, read)
    look(dark, read)
    for page, address in ((narrow, version), (dark, version), (narrow, "/office/rules/"), (dark, f"{version}compare/")):
        look(page, address)

    liu.locator("input[name=schedule-effective_from]").first.fill(str(clock.today("Asia/Shanghai")))
    liu.get_by_label("完全替代的版本于前一日终止").check()
    press(liu, "排定生效日", ".actions >> text=生效中")
    public.goto(read)
    public.wait_for_selector(".actions >> text=生效中")
    assert "教务〔2026〕17号" in public.locator(".lead").inner_text()
    assert "5.5" in public.locator("main").inner_text()

    rules = reading_of(text_of(cast.zhao, draft.rstrip("/").rsplit("/", 1)[-1])[0]).rules
    rows = {row.id: row for row in rules.tables[0].rows}
    assert (rows["national-first"].give.credit, rows["national-second"].give.credit) == (600, 550)
    assert list(rows).index("provincial-second") + 1 == list(rows).index("provincial-first")
    assert "provincial-second-2" not in rows

    chen.goto(version)
    chen.locator("summary:has-text('暂停、恢复或废止')").click()
    chen.locator("textarea[name=ask-reason]").fill("审计发现")
    press(chen, "提出", ".alert:has-text('已提出：暂停')")
    liu.goto(version)
    press(liu, "确认暂停", ".alert:has-text('该版本已暂停')")
    look(dark, version)
