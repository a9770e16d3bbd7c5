"""A reviewer's morning in a real browser: by keyboard alone, on a phone, without scripts, and with axe."""

from __future__ import annotations

from datetime import timedelta

import pytest

from creditbank.gateways import clock
from creditbank.jobs import schedule
from tests.e2e import axe
from tests.web.office_cases import JUDGED, PNG, available, case_url, handed_in, stored

pytestmark = pytest.mark.browser

QUEUE = "/office/recognition/"


@pytest.fixture
def queue_of_five(bank, cast):
    """Five cases, the oldest first; the fourth is left to a person."""
    return [
        handed_in(bank, cast, ago=9),
        handed_in(bank, cast, who=cast.mei, ago=8),
        handed_in(bank, cast, ago=7, evidence=(("获奖.png", PNG),)),
        handed_in(bank, cast, ago=6, facts=JUDGED),
        handed_in(bank, cast, ago=5),
    ]


def shown(page):
    """The case beside the list."""
    return page.locator("#case").get_attribute("data-case")


def key(case):
    return case.learner_id.hex + case.claim_id.hex


def test_a_batch_is_approved_and_undone_by_keyboard_alone(queue_of_five, open_page, sign_in):
    page = sign_in(open_page(), "chen")
    page.goto(QUEUE)
    press = page.keyboard.press
    assert shown(page) == key(queue_of_five[0])
    press("j")
    press("j")
    page.wait_for_selector(f'#case[data-case="{key(queue_of_five[2])}"]')
    press("x")
    press("k")
    press("x")
    assert page.locator("[data-count]").inner_text() == "2"
    press("a")
    page.wait_for_selector("dialog[open] #confirm button")
    assert "6.0" in page.locator("#confirm .totals").inner_text()
    assert {stored(case).state for case in queue_of_five} == {"submitted"}
    press("Enter")
    page.wait_for_selector("#batch-toast [data-key=u]")
    assert [stored(case).state for case in queue_of_five[1:3]] == ["scheduled", "scheduled"]
    press("u")
    page.wait_for_selector(".toast:not(#batch-toast)")
    assert [stored(case).state for case in queue_of_five[1:3]] == ["under_review", "under_review"]
    assert [available(case) for case in queue_of_five] == [0] * 5


def test_one_case_after_the_other_is_decided_by_keyboard_and_the_next_stands_there_at_once(
    queue_of_five, open_page, sign_in
):
    page = sign_in(open_page(), "chen")
    page.goto(QUEUE)
    press = page.keyboard.press
    press("a")
    page.wait_for_selector(f'#case[data-case="{key(queue_of_five[1])}"]')
    assert stored(queue_of_five[0]).state == "deposited"
    press("t")
    page.wait_for_function("() => !document.querySelector('[data-key=t]')")
    assert (stored(queue_of_five[1]).state, shown(page)) == ("under_review", key(queue_of_five[1]))
    press("s")
    page.wait_for_selector("dialog[open]")
    press("ArrowDown")
    page.locator("dialog[open] button.go").focus()
    press("Enter")
    page.wait_for_selector(f'#case[data-case="{key(queue_of_five[2])}"]')
    assert stored(queue_of_five[1]).state == "supplement_requested"
    press("d")
    page.wait_for_selector("dialog[open]")
    press("Space")
    press("Enter")
    page.wait_for_selector(f'#case[data-case="{key(queue_of_five[3])}"]')
    assert (stored(queue_of_five[2]).state, stored(queue_of_five[2]).reason) == ("refused", "not_in_catalogue")
    press("a")
    page.wait_for_selector(".errors")
    assert stored(queue_of_five[3]).state == "submitted"


def test_the_toast_of_a_batch_becomes_its_result_when_the_worker_has_run(queue_of_five, open_page, sign_in):
    page = sign_in(open_page(), "chen")
    page.goto(QUEUE)
    page.keyboard.press("x")
    page.keyboard.press("a")
    page.wait_for_selector("dialog[open] #confirm button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#batch-toast [data-key=u]")
    schedule.run_overdue(at=clock.now() + timedelta(seconds=11))
    page.wait_for_selector("#batch-toast a")
    page.locator("#batch-toast a").click()
    page.wait_for_selector("text=3.0")
    assert available(queue_of_five[0]) == 300


def test_keys_do_nothing_once_they_are_turned_off(queue_of_five, open_page, sign_in):
    page = sign_in(open_page(language="en"), "chen")
    page.goto(QUEUE)
    page.get_by_role("button", name="Turn keyboard shortcuts off").first.click()
    page.wait_for_selector("html[data-shortcuts=off]")
    for letter in ("j", "x", "a", "t"):
        page.keyboard.press(letter)
    page.wait_for_timeout(300)
    assert shown(page) == key(queue_of_five[0])
    assert {stored(case).state for case in queue_of_five} == {"submitted"}


def test_shift_selects_a_range_but_never_a_case_that_needs_its_own_decision(queue_of_five, open_page, sign_in):
    page = sign_in(open_page(), "chen")
    page.goto(QUEUE)
    boxes = page.locator("input[name=selected]")
    assert boxes.count() == 4
    boxes.nth(0).click()
    boxes.nth(3).click(modifiers=["Shift"])
    assert page.locator("[data-count]").inner_text() == "4"
    assert page.locator("[data-sum]").inner_text() == "12.0"


def test_without_scripts_a_batch_is_asked_about_on_a_page_and_undone_by_a_button(queue_of_five, open_page, sign_in):
    page = sign_in(open_page(java_script_enabled=False), "chen")
    page.goto(QUEUE)
    page.locator("input[name=selected]").nth(0).check()
    page.locator(".batch button").click()
    page.locator("#confirm button.go").click()
    assert stored(queue_of_five[0]).state == "scheduled"
    page.locator("#batch-toast button[data-key=u]").click()
    assert stored(queue_of_five[0]).state == "under_review"


def test_on_a_phone_the_list_leads_to_the_case_and_a_decision_to_the_next_one(queue_of_five, open_page, sign_in):
    page = sign_in(open_page(width=360, height=740), "chen")
    page.goto(QUEUE)
    assert not page.locator("#case").is_visible()
    page.locator("a.row-link").first.click()
    page.wait_for_url(f"**{case_url(queue_of_five[0])}*")
    page.locator("button[data-key=a]").click()
    page.wait_for_url(f"**{case_url(queue_of_five[1])}*")
    assert stored(queue_of_five[0]).state == "deposited"


def test_a_picture_is_fetched_only_when_it_is_opened(queue_of_five, open_page, sign_in):
    page = sign_in(open_page(), "chen")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/evidence/" in request.url else None)
    page.goto(case_url(queue_of_five[2]))
    page.wait_for_timeout(300)
    assert asked == []
    page.keyboard.press("e")
    page.wait_for_timeout(500)
    assert len(asked) == 1


@pytest.mark.parametrize(("width", "theme", "language"), [(1440, "light", "zh-hans"), (360, "dark", "en")])
def test_every_page_of_the_office_is_accessible_and_fits(
    queue_of_five, cast, open_page, sign_in, width, theme, language
):
    page = sign_in(open_page(width=width, theme=theme, language=language), "zhao")
    page.goto("/office/rules/")
    rule = page.locator("a.row-link").first.get_attribute("href")
    for address in (
        "/office/", QUEUE, f"{QUEUE}?q=nobody", case_url(queue_of_five[0]), case_url(queue_of_five[3]),
        case_url(queue_of_five[0], "refuse/"), "/office/learners/", f"/office/learners/{cast.lin.person}/",
        "/office/rules/", rule, "/office/programmes/", "/office/imports/",
    ):  # fmt: skip
        assert page.goto(address).status == 200, address
        assert axe.violations(page) == [], address
        assert axe.overflow(page) == 0, address
