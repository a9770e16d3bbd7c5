"""A passkey made and used in a real browser, whose authenticator is Chromium's own virtual one."""

from __future__ import annotations

import pytest

from tests.cast import PASSWORD
from tests.e2e import axe

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(axe.location() is None, reason="no axe.min.js was found (package axe-playwright-python)"),
]


def test_a_learner_adds_a_passkey_on_a_phone_and_signs_in_with_it_alone(open_page, live_url, cast):
    # Passkeys belong to a name, never to the number of an address.
    site = live_url.replace("127.0.0.1", "localhost")
    page = open_page(width=360, language="en")
    wire = page.context.new_cdp_session(page)
    wire.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    wire.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": options | {"isUserVerified": True, "automaticPresenceSimulation": True}},
    )
    page.goto(f"{site}/account/sign-in/")
    page.locator("input[name=sign_in]").fill("lin")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url("**/learner/")
    page.goto(f"{site}/account/security/passkey/")
    assert axe.violations(page) == []
    page.locator("input[name=name]").fill("phone")
    page.locator("input[name=current]").fill(PASSWORD)
    page.get_by_role("button", name="Make a passkey").click()
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    page.get_by_role("link", name="I have them").click()
    assert "Passkey · phone" in page.locator("main").inner_text()
    assert axe.violations(page) == []
    page.context.clear_cookies(name="sessionid")
    page.goto(f"{site}/account/passkey/")
    page.get_by_role("button", name="Use my passkey").click()
    page.wait_for_url("**/learner/")
    page.goto(live_url + "/account/passkey/")
    assert page.get_by_text("offers no passkeys here").is_visible()
    assert not page.get_by_role("button", name="Use my passkey").is_visible()
