"""A registrar brings a plan in, in a real browser: errors first, then the plan, on a phone and a desk, with axe."""

from __future__ import annotations

import pytest

from tests.e2e import axe
from tests.exchange.plans_made import COURSES, college_workbook, small, with_cell

pytestmark = pytest.mark.browser

WINDOWS = [(360, "light", "zh-hans"), (1440, "dark", "en")]


def look(page, name):
    """No finding of axe and nothing wider than the window."""
    assert axe.violations(page) == [], name
    assert axe.overflow(page) == 0, name


@pytest.mark.parametrize(("width", "theme", "language"), WINDOWS)
def test_a_plan_is_checked_corrected_and_published(bank, cast, open_page, sign_in, tmp_path, width, theme, language):
    wrong, right = tmp_path / "wrong.xlsx", tmp_path / "right.xlsx"
    wrong.write_bytes(small(courses=with_cell(with_cell(COURSES, 0, 4, "四"), 2, 6, "99")))
    right.write_bytes(college_workbook())
    end = f"{width}-{theme}-{language}"
    page = sign_in(open_page(width=width, theme=theme, language=language), "zhao")
    page.goto("/office/programmes/")
    look(page, f"list-{end}")
    page.goto("/office/programmes/upload/")
    look(page, f"upload-{end}")
    page.set_input_files("input[type=file]", wrong)
    page.click("main form button.go")
    page.wait_for_selector("#errors")
    assert "E2" in page.inner_text("main")
    look(page, f"errors-{end}")
    page.set_input_files("input[type=file]", right)
    page.click("main form button.go")
    page.wait_for_selector("#remarks")
    look(page, f"check-{end}")
    page.click("main form button.go")
    page.wait_for_selector("#versions")
    look(page, f"programme-{end}")
    address = page.url.rsplit("/office/programmes/")[1]
    page = sign_in(open_page(width=width, theme=theme, language=language), "lin")
    page.goto(f"/learner/progress/{address}")
    for closed in page.locator("details").all()[:2]:
        closed.locator("summary").click()
    look(page, f"learner-{end}")
