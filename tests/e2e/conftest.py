"""A real browser before a real bank: a threaded server on loopback, Chromium, and signing in."""

from __future__ import annotations

import os
import shutil
import threading
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.db import connections

from tests.cast import PASSWORD

# Playwright keeps an event loop in this thread, where the tests call services too; nothing runs concurrently in it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

CHROMIUM = (
    os.environ.get("CHROMIUM")
    or os.environ.get("CREDITBANK_CHROMIUM")
    or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
)


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_arguments):
        pass


class _Server(ThreadingMixIn, WSGIServer):
    """One thread for each request; each gives its database connections back when it ends."""

    daemon_threads = True

    def process_request_thread(self, request, client_address):
        try:
            super().process_request_thread(request, client_address)
        finally:
            connections.close_all()


@contextmanager
def serving(application):
    """Serve a WSGI application on a free port of loopback; gives its address."""
    server = make_server("127.0.0.1", 0, application, server_class=_Server, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@pytest.fixture
def live_url(bank):
    """The address of the whole site, before the very database that the test's own services use."""
    from django.core.handlers.wsgi import WSGIHandler

    from tests.web.design_site import compile_translations

    compile_translations()
    with serving(WSGIHandler()) as address:
        yield address


@pytest.fixture(scope="session")
def session_chromium():
    """One Chromium for the session; tests that need it are skipped where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium was found (the variable CHROMIUM names one)")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(session_chromium, live_url):
    """Opens windows: ``open_page(width=360, theme="dark", language="en")``; each is a visitor of its own.

    The test fails when a page put an error on its console or threw one; what the strict policy refuses is one.
    """
    opened, complaints = [], []

    def open_page(*, width=1440, height=900, theme="light", language="zh-hans", **options):
        context = session_chromium.new_context(
            base_url=live_url,
            viewport={"width": width, "height": height},
            has_touch=width < 500,
            reduced_motion="reduce",
            **options,
        )
        context.set_default_timeout(15_000)
        opened.append(context)
        choices = {"theme": theme, "language": language}
        context.add_cookies([{"name": name, "value": value, "url": live_url} for name, value in choices.items()])
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_page
    for context in opened:
        context.close()
    assert [said for said in complaints if "the server responded with a status of" not in said] == []


@pytest.fixture
def browser_page(open_page):
    """One window on a desk: 1440 wide, light, Chinese."""
    return open_page()


@pytest.fixture
def sign_in():
    """Signs somebody of the cast in through the sign-in page: ``sign_in(page, "lin")``."""

    def sign_in(page, who, password=PASSWORD):
        page.goto("/account/sign-in/")
        page.locator("input[name=sign_in]").fill(who)
        page.locator("input[name=password]").fill(password)
        page.locator("input[name=password]").press("Enter")
        page.wait_for_url(lambda url: "/sign-in/" not in url)
        return page

    return sign_in
