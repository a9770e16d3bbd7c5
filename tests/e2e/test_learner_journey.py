"""Lin's way in a real browser: by keyboard from signing in to a number, and then to the entry in the passbook."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from creditbank.gateways.clock import now
from creditbank.records.recognition import Claim
from creditbank.records.scope import acting_for
from creditbank.services.recognition.review import CaseKey, approve_claim
from tests.cast import PASSWORD
from tests.e2e import axe

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(axe.location() is None, reason="no axe.min.js was found (package axe-playwright-python)"),
]


def tab_to(page, selector, most=80):
    """Press Tab until the focus is there, as somebody without a mouse does."""
    for _ in range(most):
        if page.evaluate("wanted => document.activeElement?.matches(wanted)", selector):
            return
        page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement?.outerHTML.slice(0, 120)")
    raise AssertionError(f"Tab never reached {selector}; the focus is on {focused}")


def choose(page, name, value):
    """Tab to a group of choices and go to one with the arrow keys."""
    tab_to(page, f"input[name={name}]")
    page.keyboard.press("Space")
    for _ in range(12):
        if page.evaluate("([name, value]) => document.activeElement.value === value", [name, value]):
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"{name} has no choice {value}")


def clean(page):
    assert axe.violations(page) == []
    assert axe.overflow(page) == 0


def test_lin_files_an_outcome_by_keyboard_and_finds_its_credit_in_the_passbook(open_page, bank, cast, tmp_path):
    certificate = tmp_path / "证书.pdf"
    certificate.write_bytes(b"%PDF-1.4 a certificate")
    page = open_page()
    # Named before the first page: the browser asks for files in its own window until it knows that somebody listens.
    page.on("filechooser", lambda chooser: chooser.set_files([certificate]))

    page.goto("/learner/")
    clean(page)
    tab_to(page, "input[name=sign_in]")
    page.keyboard.type("lin")
    tab_to(page, "input[name=password]")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/learner/")
    assert page.get_by_role("heading", name="你的第一笔学分").is_visible()
    clean(page)

    tab_to(page, "main a.btn.go")
    page.keyboard.press("Enter")
    page.wait_for_url("**/learner/deposit/")
    clean(page)
    choose(page, "offer", f"{cast.college}|innovation")
    page.keyboard.press("Enter")
    page.wait_for_url("**/facts/")

    tab_to(page, "input[name=title]")
    page.keyboard.type("省级网页设计大赛二等奖")
    choose(page, "fact_kind", "contest")
    page.locator("input[name=fact_tier]").first.wait_for()
    assert page.evaluate("document.activeElement.name") == "fact_kind"
    tab_to(page, "input[name=fact_activity]")
    page.keyboard.type("网页设计大赛 2026")
    for name, value in (("tier", "provincial"), ("award", "second"), ("organiser", "government"), ("role", "lead")):
        choose(page, f"fact_{name}", value)
    proposal = page.locator("#proposal")
    assert "获得日期" in proposal.inner_text()
    tab_to(page, "input[name=fact_earned_on]")
    page.keyboard.type("06152026")
    proposal.get_by_role("heading", name="预计可认定").wait_for()
    assert "3.0" in proposal.inner_text()
    assert "省部级竞赛二等奖3学分" in proposal.inner_text()
    clean(page)
    tab_to(page, "button[form=facts]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/evidence/")

    tab_to(page, "input[name=files]")
    page.keyboard.press("Enter")
    sync_api.expect(page.locator("input[name=files]")).to_have_value(re.compile("证书.pdf"))
    tab_to(page, "button[value=check]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/check/")
    assert "省部级" in page.locator("dl.summary").first.inner_text()
    assert page.get_by_text("证书.pdf").is_visible()
    clean(page)

    tab_to(page, "main form button.go")
    page.keyboard.press("Enter")
    page.wait_for_url("**/done/")
    number = re.search(r"\d{8}-[0-9A-F]{6}", page.locator("main").inner_text()).group()
    clean(page)

    with acting_for(person=cast.lin.person, purpose="test") as scope:
        claim = scope.rows(Claim).get(number=number)
    assert (claim.state, claim.credit) == ("submitted", 300)
    key = CaseKey(cast.lin.person, UUID(str(claim.claim_id)))
    with acting_for(institution=cast.college, purpose="test") as scope:
        decided = approve_claim(scope=scope, actor=cast.chen, key=key, at=now(), on=now().date())
    assert decided.refusal is None

    page.goto("/learner/")
    assert page.locator(".book .big").inner_text() == "3.0"
    assert page.locator(".line .credit").inner_text().strip() == "+3.0"
    clean(page)
    tab_to(page, ".line a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/entry/**")
    assert page.get_by_role("heading", level=1).inner_text() == "省级网页设计大赛二等奖"
    assert page.get_by_text("等待存证").is_visible()
    clean(page)


def test_the_wizard_works_without_any_script(open_page, bank, cast, sign_in):
    page = open_page(width=360, java_script_enabled=False)
    sign_in(page, "lin")
    page.goto("/learner/deposit/")
    page.get_by_label("创新实践").check()
    page.get_by_role("button", name="继续").click()
    page.get_by_label("成果名称").fill("计算机等级考试二级")
    page.get_by_label("全国计算机等级考试").check()
    page.get_by_role("button", name="保存并继续").click()
    assert page.url.endswith("/facts/")
    page.get_by_label("二级").check()
    page.get_by_label("否", exact=True).check()
    page.get_by_label("获得日期").fill("2026-03-28")
    page.get_by_role("button", name="保存并继续").click()
    page.get_by_label("文件", exact=False).first.set_input_files(
        {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 a"}
    )
    page.get_by_role("button", name="保存并继续").click()
    assert "2.0" in page.locator(".book").inner_text()
    page.get_by_role("button", name="提交申请").click()
    assert page.get_by_role("heading", name="已提交").is_visible()


def test_errors_take_the_focus_and_lead_to_their_question(open_page, bank, cast, sign_in):
    page = open_page(width=360, language="en", theme="dark")
    sign_in(page, "lin")
    page.goto("/learner/deposit/")
    page.get_by_label("innovation").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Save and continue").click()
    assert page.title().startswith("Error: ")
    assert page.evaluate("document.activeElement.className").startswith("errors")
    clean(page)
    page.get_by_role("link", name="Fill in: Name of the outcome").click()
    assert page.evaluate("document.activeElement.name") == "title"


@pytest.mark.parametrize(("width", "theme", "language"), [(360, "dark", "zh-hans"), (1440, "light", "en")])
def test_every_place_of_the_portal_is_clean(open_page, cast, sign_in, width, theme, language):
    page = open_page(width=width, theme=theme, language=language)
    sign_in(page, "lin")
    found = {}
    places = ("/learner/", "/learner/entries/", "/learner/deposit/", "/learner/requests/", "/learner/notices/")
    for place in (*places, "/learner/progress/", "/account/", "/account/password/"):
        page.goto(place)
        found[place] = (axe.violations(page), axe.overflow(page))
    assert {place: what for place, what in found.items() if what != ([], 0)} == {}
