"""A registrar's export in a real browser: make, download, upload the answer, send again; axe on every page."""

from __future__ import annotations

import pytest
from python_calamine import load_workbook

from tests.e2e import axe
from tests.services.bookings import deposit, post
from tests.services.exports import xlsx_file

pytestmark = pytest.mark.browser

LIST = "/office/exports/"
LOOKS = [(360, "light", "zh-hans"), (1440, "light", "en"), (360, "dark", "en"), (1440, "dark", "zh-hans")]


@pytest.fixture
def waiting(bank, cast):
    """Enough postings for two pages."""
    names = ("省级技能大赛二等奖", "全国大学英语六级", "1+X 数据采集职业技能等级证书（中级）", "互联网+创新创业大赛")
    post(
        cast,
        *(
            deposit((cast.lin, cast.mei)[nth % 2].person, f"k{nth}", 50 * (nth % 7 + 1), title=names[nth % 4])
            for nth in range(26)
        ),
    )


def answer(folder, downloaded):
    """What the other system makes of the file: two refused, one different, one lost, one it made up."""
    head, *rows = load_workbook(str(downloaded)).get_sheet_by_index(0).to_python()
    credit, voucher = head.index("学分"), head.index("凭证号")
    fate = [[*row, "成功", ""] for row in rows]
    fate[0][-2:] = fate[1][-2:] = ["失败", "课程代码在教务系统中不存在"]
    fate[2][credit] = 9
    fate.append([*fate[4]])
    fate[-1][voucher] = "SVC-0001-000099"
    del fate[3]
    return xlsx_file(folder, [[*head, "处理结果", "原因"], *fate])


def test_a_batch_goes_out_and_its_answer_comes_back(waiting, open_page, sign_in, tmp_path):
    page = sign_in(open_page(), "zhao")
    page.goto(LIST)
    page.get_by_role("button", name="生成批次").click()
    page.wait_for_selector("h1:has-text('导出批次 0001')")
    with page.expect_download() as waiting_for:
        page.get_by_role("link", name="下载 XLSX").click()
    downloaded = tmp_path / waiting_for.value.suggested_filename
    waiting_for.value.save_as(downloaded)
    assert downloaded.name == "svc-registrar-0001.xlsx"
    page.locator("input[name=file]").set_input_files(answer(tmp_path, downloaded))
    page.get_by_role("button", name="上传并比对").click()
    page.wait_for_selector("h1:has-text('对账结果')")
    figures = [int(text) for text in page.locator(".tiles .figure").all_inner_texts()]
    assert figures == [22, 2, 1, 1, 1, 0]
    result = page.url
    page.locator(".tiles a").nth(1).click()
    page.wait_for_url("**outcome=refused**")
    assert page.locator("tbody tr").count() == 2
    assert "课程代码在教务系统中不存在" in page.locator("tbody").inner_text()
    page.locator(".back a").click()
    page.locator(".tiles a").nth(1).click()
    page.wait_for_url("**outcome=refused**")
    page.locator("tbody input[type=checkbox]").first.check()
    page.get_by_role("button", name="重发所选").click()
    page.wait_for_selector(".toast")
    assert "1 行将随下一批重发" in page.locator(".toast").inner_text()
    batch = page.url
    for width, theme, language in LOOKS:
        other = sign_in(open_page(width=width, theme=theme, language=language), "zhao")
        for address in (LIST, batch, f"{batch}?outcome=refused", result):
            other.goto(address)
            assert axe.violations(other) == [], (address, width, theme)
            assert axe.overflow(other) == 0, (address, width, theme)
