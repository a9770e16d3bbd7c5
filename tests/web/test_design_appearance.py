"""Language, theme, request ids and error pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client, RequestFactory

from creditbank.web import design
from creditbank.web.design import views
from tests.web import design_site

TEMPLATES = sorted((Path(design.__file__).parent / "templates").rglob("*.html"))


@pytest.fixture(scope="module", autouse=True)
def site():
    design_site.compile_translations()
    with design_site.alone:
        yield


@pytest.fixture
def browser():
    return Client()


@pytest.mark.parametrize(
    ("accepts", "language"),
    [
        ("en-GB,en;q=0.9", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.5", "zh-Hans"),
        ("fr", "zh-Hans"),
        ("zh-TW", "zh-Hans"),
        ("", "zh-Hans"),
    ],
)
def test_the_language_follows_the_reader_and_chinese_is_first(browser, accepts, language):
    page = browser.get("/design/", HTTP_ACCEPT_LANGUAGE=accepts)
    assert f'<html lang="{language}"' in page.content.decode()
    assert page.headers["Content-Language"] == language
    assert {"Accept-Language", "Cookie"} <= set(re.split(r",\s*", page.headers["Vary"]))


def test_a_choice_is_kept_and_leads_back(browser):
    answer = browser.post("/settings/appearance/", {"language": "en", "theme": "dark", "next": "/design/?page=2"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/design/?page=2")
    page = browser.get("/design/", HTTP_ACCEPT_LANGUAGE="zh-CN").content.decode()
    assert '<html lang="en" data-theme="dark" data-shortcuts="on">' in page
    browser.post("/settings/appearance/", {"shortcuts": "off"})
    assert 'data-theme="dark" data-shortcuts="off"' in browser.get("/design/").content.decode()


@pytest.mark.parametrize("name", ["language", "theme", "shortcuts"])
def test_a_choice_nobody_offers_is_not_kept(browser, name):
    assert not browser.post("/settings/appearance/", {name: "x-evil"}).cookies


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil", "http:///evil"],
)
def test_nobody_is_led_elsewhere(browser, elsewhere):
    assert browser.post("/settings/appearance/", {"theme": "dark", "next": elsewhere}).headers["Location"] == "/"


def test_choosing_needs_a_post_with_its_token():
    strict = Client(enforce_csrf_checks=True)
    assert strict.get("/settings/appearance/").status_code == 405
    refused = strict.post("/settings/appearance/", {"theme": "dark"})
    assert refused.status_code == 403
    assert not refused.cookies.get("theme")


def test_every_answer_has_an_id_and_a_proxys_id_is_kept(browser):
    first, second = (browser.get("/design/").headers["X-Request-ID"] for _ in range(2))
    assert first != second
    assert re.fullmatch(r"[0-9a-f-]{36}", first)
    assert browser.get("/design/", HTTP_X_REQUEST_ID="proxy-00042").headers["X-Request-ID"] == "proxy-00042"


@pytest.mark.parametrize("forged", ["short", "a" * 65, "with space 123", "new\nline-12345", "<script>alert"])
def test_a_malformed_id_is_replaced(browser, forged):
    assert browser.get("/design/", HTTP_X_REQUEST_ID=forged).headers["X-Request-ID"] != forged


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 503])
def test_an_error_says_cause_and_what_to_do_and_its_reference(status):
    request = RequestFactory().get("/")
    request.request_id = "ref-0042"
    answer = views.error_page(request, status)
    page = answer.content.decode()
    assert answer.status_code == status
    assert "ref-0042" in page
    assert page.count("<h1>") == 1
    assert not re.search("[A-Z][a-z]+ [a-z]+ [a-z]+", re.sub("<[^>]+>", "", page)), "an English sentence in Chinese"


def test_a_missing_page_answers_with_our_words_and_its_id(browser):
    with design_site.closed:
        answer = browser.get("/nowhere/", HTTP_ACCEPT_LANGUAGE="en")
    assert answer.status_code == 404
    assert "This page does not exist" in answer.content.decode()
    assert answer.headers["X-Request-ID"] in answer.content.decode()


def test_a_view_that_breaks_still_answers_with_its_id(browser, monkeypatch):
    def breaks(*_arguments, **_options):
        raise RuntimeError("planted")

    monkeypatch.setattr(views, "url_has_allowed_host_and_scheme", breaks)
    browser.raise_request_exception = False
    with design_site.closed:
        answer = browser.post("/settings/appearance/", {"theme": "dark"}, HTTP_ACCEPT_LANGUAGE="en")
    page = answer.content.decode()
    assert answer.status_code == 500
    assert "Something went wrong on our side" in page
    assert "planted" not in page
    assert answer.headers["X-Request-ID"] in page


@pytest.mark.parametrize("address", ["/design/", "/design/queue/", "/design/error/500/"])
def test_the_component_page_is_only_for_debugging(browser, address):
    assert browser.get(address).status_code in {200, 500}
    with design_site.closed:
        assert browser.get(address).status_code == 404


@pytest.mark.parametrize(
    "address",
    ["/design/", "/design/passbook/", "/design/queue/", "/design/verification/", "/design/error/404/"],
)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_page_has_one_heading_landmarks_and_nothing_inline(browser, address, language):
    page = browser.get(address, HTTP_ACCEPT_LANGUAGE=language).content.decode()
    assert len(re.findall(r"<h1[ >]", page)) == 1
    assert page.count("<main") == 1
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", page)
    assert not re.findall(r"<script(?![^>]*\ssrc=)", page)
    identities = re.findall(r'\sid="([^"]+)"', page)
    assert len(identities) == len(set(identities))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_a_style_or_a_script_of_its_own(template):
    source = template.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=|<style|\son[a-z]+\s*=\s*[\"']|<script(?![^>]*\ssrc=)", source)
