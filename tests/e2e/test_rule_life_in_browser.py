"""A registrar's way with rules in a real browser: a pack as a draft, a red case, two reviews, publicity, the public."""

from __future__ import annotations

import pytest

from creditbank.domain.access import Role
from creditbank.gateways import clock
from tests.e2e import axe
from tests.services.rule_drafts import colleague

pytestmark = pytest.mark.browser

LOOKS = [(360, "light", "zh-hans"), (1440, "dark", "en")]


def looked_at(open_page, sign_in, who, addresses):
    """Every page in two looks: nothing that axe names, nothing wider than the screen."""
    for width, theme, language in LOOKS:
        page = open_page(width=width, theme=theme, language=language)
        if who:
            sign_in(page, who)
        for _name, address in addresses:
            page.goto(address)
            assert axe.violations(page) == [], (address, width, theme)
            assert axe.overflow(page) == 0, (address, width, theme)
        page.close()


def press(page, name, seen):
    """Press a button and wait for what it leads to."""
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_selector(seen)


def test_a_pack_is_changed_tested_reviewed_put_up_and_read_by_everybody(bank, cast, open_page, sign_in):
    colleague(cast, "liu", Role.REGISTRAR)
    zhao, chen, liu = (sign_in(open_page(), who) for who in ("zhao", "chen", "liu"))

    zhao.goto("/office/rules/")
    zhao.get_by_role("link", name="新建草稿").click()
    zhao.locator("select[name=pack]").select_option("example-limits")
    press(zhao, "新建草稿", "textarea[name=text]")
    draft = zhao.url

    # A text that cannot be read is kept, with its problem; then a cell that turns a case red; then the cell as it was.
    text = zhao.locator("textarea[name=text]")
    whole = text.input_value()
    text.fill(whole.replace("scope: term", "scope: week"))
    press(zhao, "保存草稿", ".alert:has-text('文本目前还不能读作规则')")
    assert "cap[1].scope" in zhao.locator("#problems").inner_text()
    text.fill(whole.replace('give: {credit: "1", category: practice}', 'give: {credit: "1.5", category: practice}'))
    press(zhao, "保存草稿", "#cases ~ * >> text=未通过")
    press(zhao, "测试草稿", ".alert:has-text('这一步未能进行')")
    assert "期望 1.0" in zhao.locator(".alert").first.inner_text()
    looked_at(open_page, sign_in, "zhao", [("draft-red", draft), ("begin", "/office/rules/begin/")])
    zhao.goto(draft)
    zhao.locator("textarea[name=text]").fill(whole.replace("虚构的示例", "自拟的示例"))
    press(zhao, "保存草稿", "#cases ~ * >> text=全部通过")
    press(zhao, "测试草稿", ".actions >> text=已测试")
    press(zhao, "送审", ".actions >> text=审核中")
    assert zhao.get_by_role("button", name="同意这份草稿").count() == 0

    for page in (chen, liu):
        page.goto(draft)
        press(page, "同意这份草稿", "text=您已同意")
    looked_at(open_page, sign_in, "liu", [("draft-review", draft)])
    liu.goto(draft)
    liu.get_by_label("会议纪要号").fill("教务〔2026〕17号")
    liu.get_by_label("批准后内容不可更改").check()
    press(liu, "批准", ".actions >> text=已批准")
    version = liu.url

    press(liu, "开始公示", ".actions >> text=公示中")
    public = open_page()
    public.goto("/rules/")
    public.get_by_role("link", name="上限与有效期示例规则").first.click()
    public.wait_for_selector(".alert:has-text('正在公示')")
    read = public.url
    looked_at(
        open_page,
        sign_in,
        "zhao",
        [("version", version), ("rules", "/office/rules/"), ("compare", f"{version}compare/")],
    )
    looked_at(open_page, sign_in, "", [("public-rules", "/rules/"), ("public-rule", read)])

    liu.get_by_label("生效日期").or_(liu.locator("input[name=schedule-effective_from]")).first.fill(
        str(clock.today("Asia/Shanghai"))
    )
    liu.get_by_label("完全替代的版本于前一日终止").check()
    press(liu, "排定生效日", ".actions >> text=生效中")
    public.goto(read)
    public.wait_for_selector(".actions >> text=生效中")
    assert "教务〔2026〕17号" in public.locator(".lead").inner_text()
    assert "自拟的示例" in public.locator("main").inner_text()

    zhao.goto(draft)
    zhao.get_by_role("link", name="该规则集的测试台").click()
    zhao.wait_for_selector("h1:has-text('测试台')")
    looked_at(open_page, sign_in, "zhao", [("bench", zhao.url)])
    chen.goto(version)
    chen.locator("summary:has-text('暂停、恢复或废止')").click()
    chen.locator("textarea[name=ask-reason]").fill("审计发现")
    press(chen, "提出", ".alert:has-text('已提出：暂停')")
    liu.goto(version)
    press(liu, "确认暂停", ".alert:has-text('该版本已暂停')")
    looked_at(open_page, sign_in, "liu", [("suspended", version)])
