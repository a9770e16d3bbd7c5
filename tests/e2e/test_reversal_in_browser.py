"""Taking an import back and reversing a conversion in a real browser, by two registrars; axe on every page."""

from __future__ import annotations

import pytest

from tests.cast import PASSWORD
from tests.e2e import axe
from tests.exchange.test_opening_lots import LIN, MEI, bring, conversion, recognition
from tests.services.test_run_reversal import money, second_registrar

pytestmark = pytest.mark.browser

LOOKS = [(360, "light", "zh-hans"), (1440, "dark", "en")]


@pytest.fixture
def two_imports(bank, cast):
    """Two sheets, the second of which used credit of the first; and a second registrar."""
    second_registrar(cast)
    first = bring(cast, recognition(LIN), conversion(LIN, used="1", course="C02"), recognition(MEI))
    return first, bring(cast, conversion(LIN, used="3"), name="期初二.xlsx")


def test_two_registrars_take_imports_back_in_the_order_that_the_page_names(two_imports, bank, open_page, sign_in):
    first, second = (f"/office/imports/{run.run_id}/" for run in two_imports)
    zhao, liu = sign_in(open_page(), "zhao"), sign_in(open_page(), "liu", PASSWORD)
    zhao.goto(first)
    zhao.get_by_role("link", name="整批冲正本次导入").click()
    zhao.wait_for_selector("h1:has-text('确定整批冲正本次导入')")
    assert "期初二.xlsx" in zhao.locator("tbody").inner_text()
    assert zhao.get_by_role("button", name="申请整批冲正").count() == 0
    blocked = zhao.url
    zhao.locator("tbody a").first.click()
    zhao.wait_for_selector("h1:has-text('确定冲正这次置换')")
    one = zhao.url
    for width, theme, language in LOOKS:
        other = sign_in(open_page(width=width, theme=theme, language=language), "liu", PASSWORD)
        for _name, address in (
            ("blocked", blocked),
            ("conversion", one),
            ("ask", f"{second}take-back/"),
            ("run", first),
        ):
            other.goto(address)
            assert axe.violations(other) == [], (address, width, theme)
            assert axe.overflow(other) == 0, (address, width, theme)
    zhao.goto(f"{second}take-back/")
    zhao.get_by_label("重复认定").check()
    zhao.get_by_role("button", name="申请整批冲正").click()
    zhao.wait_for_selector(".alert:has-text('您已提出申请')")
    liu.goto(second)
    liu.get_by_role("link", name="查看").last.click()
    assert axe.violations(liu) == []
    liu.get_by_role("button", name="整批冲正", exact=True).click()
    liu.wait_for_selector(".alert:has-text('本次导入已整批冲正')")
    assert sorted(row[2] for row in money(bank)) == [100, 300, 300, 400]
    # Now nothing stands on the first one any more.
    liu.goto(f"{first}take-back/")
    liu.get_by_label("重复认定").check()
    liu.get_by_role("button", name="申请整批冲正").click()
    liu.wait_for_selector(".alert:has-text('您已提出申请')")
    zhao.goto(f"{first}take-back/")
    zhao.get_by_role("button", name="整批冲正", exact=True).click()
    zhao.wait_for_selector(".alert:has-text('本次导入已整批冲正')")
    assert money(bank) == []
