"""The design system in a real browser: clean by axe, no sideways scrolling, nothing the policy refuses."""

from __future__ import annotations

import threading
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

from tests.e2e import axe
from tests.web import design_site

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(axe.location() is None, reason="no axe.min.js was found (package axe-playwright-python)"),
]
PAGES = ("", "passbook/", "queue/", "verification/", "error/404/")


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_arguments):
        pass


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


@pytest.fixture(scope="module")
def address():
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.handlers.wsgi import WSGIHandler

    design_site.compile_translations()
    with design_site.alone:
        server = make_server(
            "127.0.0.1", 0, StaticFilesHandler(WSGIHandler()), server_class=_Server, handler_class=_Quiet
        )
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        server.server_close()


@pytest.fixture
def visit(session_chromium, address):
    opened = []
    complaints = []

    def visit(path="", *, width=1440, theme="light", language="en", **options):
        context = session_chromium.new_context(
            viewport={"width": width, "height": 800},
            has_touch=width < 500,
            reduced_motion="reduce",
            **options,
        )
        opened.append(context)
        cookies = {"theme": theme, "language": language}
        context.add_cookies([{"name": name, "value": value, "url": address} for name, value in cookies.items()])
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{address}/design/{path}", wait_until="load")
        return page

    yield visit
    for context in opened:
        context.close()
    assert [said for said in complaints if "the server responded with a status of" not in said] == []


@pytest.mark.parametrize(
    ("width", "theme", "language"),
    [(360, "light", "zh-hans"), (360, "dark", "en"), (1440, "light", "en"), (1440, "dark", "zh-hans")],
)
def test_every_screen_is_clean_by_axe_and_never_scrolls_sideways(visit, width, theme, language):
    found = {}
    for path in PAGES:
        page = visit(path, width=width, theme=theme, language=language)
        found[path] = (axe.violations(page), axe.overflow(page))
        page.context.close()
    assert found == {path: ([], 0) for path in PAGES}


def test_axe_would_notice_a_planted_fault(visit):
    page = visit("verification/")
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=\"/x.png\">')")
    assert [one.split(":")[0] for one in axe.violations(page)] == ["image-alt"]


def test_targets_on_a_phone_are_44_pixels_high(visit):
    for path in PAGES:
        page = visit(path, width=360)
        small = page.evaluate(
            """() => [...document.querySelectorAll('button, .btn, nav a, select, input, summary')]
                .filter(node => node.getClientRects().length && !node.closest('thead') && node.type !== 'hidden')
                .filter(node => (node.closest('label') ?? node).getBoundingClientRect().height < 43.5)
                .map(node => node.outerHTML.slice(0, 80))"""
        )
        assert small == [], path


@pytest.mark.parametrize("width", [320, 360])
def test_a_narrow_phone_shows_the_queue_as_a_list(visit, width):
    page = visit("queue/", width=width)
    assert axe.overflow(page) == 0
    box = page.locator("tbody tr").first.bounding_box()
    assert box["width"] <= width
    assert page.locator("td[data-slot=rest]").first.evaluate("node => getComputedStyle(node, '::before').content") == (
        'attr(data-label) " "' if False else '"Outcome "'
    )


def test_the_menu_of_the_office_is_a_drawer_on_a_phone_and_escape_puts_it_away(visit):
    page = visit("queue/", width=360)
    menu = page.locator("#menu")
    assert not menu.is_visible()
    page.get_by_role("button", name="Menu", exact=True).click()
    assert menu.is_visible()
    page.keyboard.press("Escape")
    assert not menu.is_visible()


def test_the_menu_stands_open_on_a_desk_without_any_script(visit):
    page = visit("queue/", java_script_enabled=False)
    assert page.locator("#menu a[aria-current=page]").inner_text().startswith("Recognition")
    assert page.locator("[data-batch]").is_visible()


def test_shift_selects_a_range_and_the_bar_adds_the_credit(visit):
    page = visit("queue/")
    bar = page.locator("[data-batch]")
    assert not bar.is_visible()
    boxes = page.locator("input[name=selected]")
    boxes.nth(0).click()
    boxes.nth(2).click(modifiers=["Shift"])
    assert bar.locator("output").inner_text() == "Selected 3 · 11.25 credits"
    page.locator("[data-select-all]").click()
    assert bar.locator("[data-count]").inner_text() == "5"
    page.locator("[data-select-all]").click()
    assert not bar.is_visible()


def test_keys_move_choose_and_explain_themselves(visit):
    page = visit("queue/")
    for key in "jjx":
        page.keyboard.press(key)
    assert page.locator("tbody tr.cur").count() == 1
    assert page.locator("input[name=selected]:checked").get_attribute("value") == "case-1"
    page.keyboard.press("?")
    help_ = page.locator("#keys-help")
    assert help_.is_visible()
    assert "Request a supplement" in help_.inner_text()
    page.keyboard.press("x")
    page.keyboard.press("Escape")
    assert not help_.is_visible()
    assert page.locator("[data-count]").inner_text() == "1"


def test_a_slash_on_a_page_without_a_search_does_nothing(visit):
    page = visit("queue/")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement === document.body")


def test_keys_are_silent_while_typing_and_when_turned_off(visit, address):
    page = visit("")
    page.keyboard.press("/")
    page.keyboard.type("xj?")
    assert page.locator("[data-search]").input_value() == "xj?"
    page.context.add_cookies([{"name": "shortcuts", "value": "off", "url": address}])
    page.goto(f"{address}/design/queue/", wait_until="load")
    page.keyboard.press("j")
    page.keyboard.press("?")
    assert page.locator("tbody tr.cur").count() == 0
    assert not page.locator("#keys-help").is_visible()


def test_the_error_summary_takes_the_focus_and_leads_to_the_field(visit):
    page = visit("")
    assert page.evaluate("document.activeElement.className").startswith("errors")
    page.get_by_role("link", name="Fill in: Kind of outcome").click()
    page.keyboard.press("Space")
    assert page.locator("#wrong_kind_0").is_checked()


def test_a_dialog_opens_by_its_button_and_gives_the_focus_back(visit):
    page = visit("")
    opener = page.get_by_role("button", name="Open the drawer")
    opener.click()
    assert page.locator("#sample-drawer").is_visible()
    assert axe.violations(page) == []
    page.keyboard.press("Escape")
    assert not page.locator("#sample-drawer").is_visible()
    assert opener.evaluate("node => node === document.activeElement")


def test_the_first_tab_skips_to_the_content(visit):
    page = visit("passbook/")
    page.keyboard.press("Tab")
    skip = page.locator(".skip")
    assert skip.evaluate("node => node === document.activeElement")
    assert skip.evaluate("node => getComputedStyle(node).outlineWidth") == "3px"
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


def test_old_browsers_without_light_dark_keep_both_themes(visit):
    colour = "node => getComputedStyle(node).backgroundColor"
    for theme, scheme, desk in (
        ("light", "dark", "rgb(245, 246, 244)"),
        ("dark", "light", "rgb(14, 20, 27)"),
        ("auto", "dark", "rgb(14, 20, 27)"),
        ("auto", "light", "rgb(245, 246, 244)"),
    ):
        page = visit("verification/", theme=theme, color_scheme=scheme)
        modern = page.locator("body").evaluate(colour)
        removed = page.evaluate(
            """() => { let removed = 0;
                const strip = group => [...group.cssRules].forEach((rule, at) => {
                    if (rule instanceof CSSSupportsRule && rule.conditionText.includes('light-dark')) {
                        group.deleteRule(at); removed += 1;
                    } else if (rule.cssRules && rule.deleteRule) strip(rule);
                });
                [...document.styleSheets].forEach(strip); return removed; }"""
        )
        assert removed == 1
        assert (modern, page.locator("body").evaluate(colour)) == (desk, desk)
        assert axe.violations(page) == []


def test_paper_is_black_on_white_without_navigation(visit):
    page = visit("passbook/", theme="dark")
    page.emulate_media(media="print")
    assert page.locator("body").evaluate("node => getComputedStyle(node).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator(".book").evaluate("node => getComputedStyle(node).color") == "rgb(0, 0, 0)"
    assert not page.locator(".tabbar").is_visible()
    assert not page.locator(".footer").is_visible()
    assert len(page.pdf(format="A4")) > 1000
