"""Authenticators, recovery codes and passkeys through the pages, against replays, copies, phishers and guessers."""

from __future__ import annotations

import base64
import html
import json
import re

import pytest
from django.conf import settings

from creditbank.domain.access import Role
from creditbank.domain.accounts import totp_code
from creditbank.gateways.clock import now
from creditbank.records.accounts import Factor
from creditbank.records.scope import acting_for
from creditbank.services.accounts.factors import MOST_TRIES
from tests.cast import PASSWORD
from tests.intruder import superuser
from tests.web.account_pages import browser, catch_letters, registered, sign_in, signed_in
from tests.web.soft_passkey import PRESENT, SoftPasskey

SECURITY, SECOND, PASSKEY = "/account/security/", "/account/second/", "/account/passkey/"


@pytest.fixture
def letters(cast, tmp_path, monkeypatch):
    return catch_letters(tmp_path, monkeypatch)


def field(page, name):
    return html.unescape(re.search(rf'name="{name}" value="([^"]+)"', page.content.decode())[1])


def options_in(page):
    return json.loads(html.unescape(re.search(r'data-options="([^"]+)"', page.content.decode())[1]))


def code_of(secret, later=0):
    return totp_code(secret, int(now().timestamp()) // 30 + later)


def add_authenticator(client, password=PASSWORD):
    """Adds one; gives its key and the recovery codes that were shown."""
    page = client.get(f"{SECURITY}authenticator/")
    key = re.search(r"<code[^>]*>([A-Z2-7 ]+)</code>", page.content.decode())[1].replace(" ", "")
    secret = base64.b32decode(key)
    fields = {"secret": field(page, "secret"), "code": code_of(secret), "current": password}
    done = client.post(f"{SECURITY}authenticator/", fields)
    assert done.status_code == 200
    return secret, [
        one.replace(" ", "") for one in re.findall(r'<code class="n">(\w{5} \w{5})</code>', done.content.decode())
    ]


def add_passkey(client, key, password=PASSWORD, options=None):
    page = client.get(f"{SECURITY}passkey/")
    fields = {"state": field(page, "state"), "name": "phone", "current": password}
    return client.post(f"{SECURITY}passkey/", fields | {"answer": key.make(options or options_in(page))})


def sign_with(client, key, **more):
    page = client.get(PASSKEY)
    fields = {"state": field(page, "state"), "answer": key.sign(options_in(page), **more)}
    return client.post(PASSKEY, fields), fields


def test_with_an_authenticator_the_password_alone_signs_nobody_in(letters):
    secret, _codes = add_authenticator(signed_in("lin"))
    visit = browser()
    assert sign_in(visit, "lin", next="/learner/requests/").headers["Location"].startswith(SECOND)
    assert visit.get("/learner/").status_code == 302
    assert visit.post(SECOND, {"code": "000000"}).status_code == 422
    answer = visit.post(SECOND, {"code": code_of(secret, 1), "next": "/learner/requests/"})
    assert answer.headers["Location"] == "/learner/requests/"
    assert visit.get("/learner/").status_code == 200


def test_a_code_that_was_used_is_worth_nothing_to_who_saw_it(letters):
    secret, _codes = add_authenticator(signed_in("lin"))
    first, second = browser(), browser()
    code = code_of(secret, 1)
    for client in (first, second):
        sign_in(client, "lin")
    assert first.post(SECOND, {"code": code}).status_code == 302
    assert second.post(SECOND, {"code": code}).status_code == 422


def test_a_recovery_code_opens_once_and_the_owner_is_told(letters):
    client = browser()
    registered(client, letters, "linxiaozhou@example.cn")
    _secret, codes = add_authenticator(client, "quite another long password")
    assert len(codes) == 10
    answers = []
    for _ in range(2):
        visit = browser()
        sign_in(visit, "linxiaozhou@example.cn", "quite another long password")
        answers.append(visit.post(SECOND, {"code": codes[0].upper()}).status_code)
    assert answers == [302, 422]
    assert "recovery code was used" in letters.all()[-1]["text"]
    assert "second step was added" in letters.all()[-2]["text"]


def test_guessing_the_second_step_is_bounded_also_from_many_browsers(letters):
    secret, _codes = add_authenticator(signed_in("lin"))
    for number in range(MOST_TRIES):
        visit = browser(f"10.0.0.{number}")
        sign_in(visit, "lin")
        assert visit.post(SECOND, {"code": "000000"}).status_code == 422
    last = browser("10.0.0.99")
    sign_in(last, "lin")
    assert last.post(SECOND, {"code": code_of(secret, 1)}).status_code == 429


def test_a_new_factor_ends_the_other_sessions_and_every_change_asks_for_the_password(letters):
    client, thief = signed_in("lin"), signed_in("lin")
    add_authenticator(client)
    assert thief.get("/account/").status_code == 302
    factor = Factor.objects.using("owner").get(kind="totp").id
    assert client.post(SECURITY, {"factor": factor, "current": "wrong"}).status_code == 422
    assert client.post(SECURITY, {"factor": factor, "current": PASSWORD}).status_code == 302
    assert Factor.objects.using("owner").count() == 0
    assert sign_in(browser(), "lin").headers["Location"] == "/learner/"


def test_nobody_removes_the_factor_of_somebody_else(letters, cast):
    add_authenticator(signed_in("lin"))
    factor = Factor.objects.using("owner").get(kind="totp").id
    assert signed_in("mei").post(SECURITY, {"factor": factor, "current": PASSWORD}).status_code == 422
    with acting_for(person=cast.mei.person, institution=cast.college, purpose="test") as scope:
        assert scope.fetch("SELECT count(*) FROM account_factor") == [(0,)]
        assert scope.rows(Factor).count() == 0
    assert Factor.objects.using("owner").filter(kind="totp").count() == 1


def test_the_key_of_an_authenticator_and_recovery_codes_lie_nowhere_in_the_open(letters, bank):
    secret, codes = add_authenticator(signed_in("lin"))
    with superuser(bank) as connection:
        text = str(connection.execute("SELECT t::text FROM account_factor AS t").fetchall())
        text += str(connection.execute("SELECT t::text FROM django_session AS t").fetchall())
    for word in (secret.hex(), base64.b32encode(secret).decode(), secret.hex().encode().hex(), *codes):
        assert word not in text


def test_a_password_that_waited_too_long_or_was_changed_meanwhile_needs_no_second_step_any_more(letters, monkeypatch):
    secret, _codes = add_authenticator(signed_in("lin"))
    visit = browser()
    sign_in(visit, "lin")
    session = visit.session
    session["second"] = session["second"] | {"at": now().timestamp() - 601}
    session.save()
    assert visit.post(SECOND, {"code": code_of(secret, 1)}).headers["Location"] == "/account/sign-in/"
    sign_in(visit, "lin")
    with superuser_of_lin() as change:
        change()
    assert visit.post(SECOND, {"code": code_of(secret, 1)}).headers["Location"] == "/account/sign-in/"
    assert browser().get(SECOND).headers["Location"] == "/account/sign-in/"


def superuser_of_lin():
    from contextlib import contextmanager

    from django.db.models import F

    from creditbank.records.people import Account

    @contextmanager
    def changing():
        yield lambda: Account.objects.filter(sign_in="lin").update(sessions_since=F("sessions_since") + 1)

    return changing()


def test_a_passkey_signs_in_without_name_and_password(letters):
    key = SoftPasskey()
    assert add_passkey(signed_in("lin"), key).status_code == 200
    visit = browser()
    answer, _fields = sign_with(visit, key)
    assert answer.headers["Location"] == "/learner/"
    assert visit.get("/learner/").status_code == 200


def test_what_a_passkey_signed_is_good_once_here_and_going_forward_only(letters):
    key = SoftPasskey()
    add_passkey(signed_in("lin"), key)
    answer, fields = sign_with(browser(), key)
    assert answer.status_code == 302
    assert browser().post(PASSKEY, fields).status_code == 422  # replayed
    key.counter = 0
    assert sign_with(browser(), key)[0].status_code == 422  # a copy counts anew
    key.counter, key.origin = 10, "https://evil.example"
    assert sign_with(browser(), key)[0].status_code == 422  # signed on a phisher's page
    key.origin, key.host = "http://localhost", "evil.example"
    assert sign_with(browser(), key)[0].status_code == 422
    key.host = "localhost"
    assert sign_with(browser(), key, flags=PRESENT)[0].status_code == 422  # nobody looked who held the device
    assert sign_with(browser(), key)[0].status_code == 302


def test_another_key_under_the_same_handle_and_a_challenge_of_ones_own_open_nothing(letters):
    key, other = SoftPasskey(), SoftPasskey()
    add_passkey(signed_in("lin"), key)
    other.id, other.handle = key.id, key.handle
    assert sign_with(browser(), other)[0].status_code == 422
    page = browser().get(PASSKEY)
    own = options_in(page) | {"challenge": "AAAAAAAAAAAAAAAAAAAAAA"}
    assert browser().post(PASSKEY, {"state": field(page, "state"), "answer": key.sign(own)}).status_code == 422
    assert browser().post(PASSKEY, {"state": "AAAA", "answer": key.sign(own)}).status_code == 422
    for junk in ("", "{}", "[]", "x" * 30_000, '{"id":1,"rawId":2,"type":"public-key","response":{}}'):
        assert browser().post(PASSKEY, {"state": field(page, "state"), "answer": junk}).status_code == 422


def test_a_passkey_is_not_made_without_the_password_nor_with_a_challenge_for_another_purpose(letters):
    client, key = signed_in("lin"), SoftPasskey()
    assert add_passkey(client, key, "wrong").status_code == 422
    page = client.get(PASSKEY)  # signed in: the page still gives a challenge, for signing only
    fields = {"state": field(page, "state"), "name": "x", "current": PASSWORD}
    made = key.make({"user": {"id": "AAAA"}, "challenge": options_in(page)["challenge"]})
    assert client.post(f"{SECURITY}passkey/", fields | {"answer": made}).status_code == 422
    assert Factor.objects.using("owner").count() == 0


def test_a_role_that_needs_a_second_factor_reaches_no_desk_without_one(letters, monkeypatch):
    monkeypatch.setattr(settings, "FACTOR_ROLES", frozenset({Role.REGISTRAR}))
    zhao, key = signed_in("zhao"), SoftPasskey()
    assert zhao.get("/office/").headers["Location"] == SECURITY
    assert zhao.post("/office/", {}).headers["Location"] == SECURITY
    assert "needs a second step" in zhao.get(SECURITY).content.decode()
    add_passkey(zhao, key)
    assert zhao.get("/office/").status_code == 200
    again = browser()
    assert sign_with(again, key)[0].headers["Location"] == "/office/"
    assert again.get("/office/").status_code == 200
    assert signed_in("chen").get("/office/").status_code == 200
