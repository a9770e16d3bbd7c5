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
        "/rules/conversions/", f"/rules/{version}/", "/rules/",
    ):  # fmt: skip
        assert page.goto(address).status == 200
        assert axe.violations(page) == [], address
        assert axe.overflow(page) == 0, address
    page.goto(f"/rules/{version}/")
    page.locator("a[href='#row-web-frontend']").click()
    assert page.locator("#row-web-frontend").is_visible()
