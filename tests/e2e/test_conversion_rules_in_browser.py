"""Rules for conversion in a real browser: the office's list and version, a draft and its bench, the public's pages."""

from __future__ import annotations

import pytest

from creditbank.exchange.documents import read_document
from creditbank.exchange.rule_drafts import begin_from_pack
from creditbank.gateways.documents import packaged
from creditbank.records.scope import acting_for
from creditbank.services.rules import publish_rule_version
from tests.cast import AT, ON
from tests.e2e import axe

pytestmark = pytest.mark.browser

PACK = "cn-course-certificate"


def written_by_keyboard(page, table):
    """A cell that is refused and then understood, a row copied and moved, all of it undone."""
    page.goto(table)

    def cell(row, column):
        return page.locator(f'tr[data-row="{row}"] td[data-c="{column}"]')

    def saved(revision):
        page.wait_for_selector(f"#revision-said:has-text('{revision}')")

    for typed in ("a lot", "course credit"):
        cell("web-frontend", "credit").click()
        page.keyboard.press("Control+a")
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        if typed == "a lot":
            page.wait_for_selector('tr[data-row="web-frontend"] td.wrong .why')
    saved(2)
    assert cell("web-frontend", "credit").inner_text() == "course credit"
    cell("web-frontend", "to").focus()
    page.keyboard.press("Control+d")
    saved(3)
    # The copy says the same of the same items: the check marks both rows.
    page.wait_for_selector('tr[data-row="web-frontend-2"] .mark.warn')
    page.keyboard.press("Alt+ArrowDown")
    saved(4)
    for revision in (5, 6, 7):
        page.keyboard.press("Control+z")
        saved(revision)
    assert cell("web-frontend", "credit").inner_text() == "course credit, even if short"
    assert page.locator('tr[data-row="web-frontend-2"]').count() == 0


@pytest.mark.parametrize(("width", "theme", "language"), [(360, "dark", "zh-hans"), (1440, "light", "en")])
def test_every_page_of_conversion_rules_is_accessible_and_fits(bank, cast, open_page, sign_in, width, theme, language):
    document = read_document(packaged(f"conversion/{PACK}.yaml"), name=PACK)
    with acting_for(institution=cast.college, purpose="test") as scope:
        version = publish_rule_version(
            scope=scope, document=document, effective_from=ON, actor=cast.zhao.person, at=AT
        ).id
        draft = begin_from_pack(scope=scope, actor=cast.zhao, pack=PACK, at=AT)
    page = sign_in(open_page(width=width, theme=theme, language=language), "zhao")
    for address in (
        "/office/conversion-rules/", "/office/conversion-rules/begin/", f"/office/rules/{version}/",
        f"/office/rules/drafts/{draft.id}/", f"/office/rules/cases/{draft.rule_set_id}/",
        f"{(table := f'/office/rules/drafts/{draft.id}/table/')}row/?table=rules&row=logistics-with-practice",
        f"{table}parts/", f"{table}paste/", table,
        "/rules/conversions/", f"/rules/{version}/", "/rules/",
    ):  # fmt: skip
        assert page.goto(address).status == 200
        assert axe.violations(page) == [], address
        assert axe.overflow(page) == 0, address
    if language == "en":
        written_by_keyboard(page, table)
    page.goto(f"/rules/{version}/")
    page.locator("a[href='#row-web-frontend']").click()
    assert page.locator("#row-web-frontend").is_visible()
