"""Registering, a lost password and another address: by a code, and against those who guess, replay and listen."""

from __future__ import annotations

from datetime import timedelta

import pytest

from creditbank.domain.accounts import CODE_TRIES
from creditbank.gateways.clock import new_id, now
from creditbank.records.accounts import AccountCode, Contact
from creditbank.records.operations import Operation
from creditbank.records.people import Account
from creditbank.records.scope import acting_for
from creditbank.services.accounts.codes import MOST_TO_ADDRESS, MOST_TYPED_FROM_NETWORK, prove_code
from tests.cast import PASSWORD
from tests.intruder import superuser
from tests.web.account_pages import NEW, browser, catch_letters, proven, registered, sign_in, signed_in

LIN = "linxiaozhou@example.cn"


@pytest.fixture
def letters(cast, tmp_path, monkeypatch):
    return catch_letters(tmp_path, monkeypatch)


@pytest.fixture
def visit(letters):
    return browser()


@pytest.mark.parametrize(("address", "again"), [(LIN, " LinXiaoZhou@Example.cn"), ("13800138000", "+86 138 0013 8000")])
def test_whoever_proves_an_address_opens_an_account_and_signs_in_with_it_again(visit, letters, address, again):
    assert registered(visit, letters, address).headers["Location"] == "/account/"
    assert "林小舟" in visit.get("/account/").content.decode()
    assert sign_in(browser(), again, NEW).status_code == 302
    assert sign_in(browser(), again, "wrong").status_code == 422


def test_the_answer_and_the_letter_are_the_same_for_a_known_and_an_unknown_address(visit, letters):
    registered(visit, letters, LIN)
    known, unknown = browser(), browser()
    answers = [
        (client, client.post("/account/begin/", {"address": address}), client.get("/account/code/"))
        for client, address in ((known, LIN), (unknown, "lotherperson@example.cn"))
    ]
    pages = [page.content.decode().partition("<main")[2].partition("csrf")[0] for _client, _sent, page in answers]
    assert pages[0] == pages[1] != ""
    assert len({(sent.status_code, sent.headers["Location"]) for _client, sent, _page in answers}) == 1
    said = [{**letter, "to": "", "text": letter["text"][9:]} for letter in letters.all()[-2:]]
    assert said[0] == said[1]


def test_a_code_works_once_in_the_browser_that_asked_for_it_and_only_for_ten_minutes(visit, letters):
    visit.post("/account/begin/", {"address": LIN})
    code = letters.code()
    other = browser()
    other.post("/account/begin/", {"address": "somebody@example.cn"})
    assert other.post("/account/code/", {"code": code}).status_code == 422
    AccountCode.objects.using("owner").update(expires_at=now() - timedelta(seconds=1))
    assert visit.post("/account/code/", {"code": code}).status_code == 422
    assert "no longer good" in visit.get("/account/code/").content.decode()
    proven(visit, letters, LIN)
    fields = {"name": "x", "new": NEW}
    assert visit.post("/account/finish/", fields).status_code == 302
    assert visit.post("/account/finish/", fields).headers["Location"] == "/account/begin/"
    assert Account.objects.filter(name="x").count() == 1


def test_a_code_ends_after_a_few_wrong_tries_even_when_the_next_one_is_right(visit, letters):
    visit.post("/account/begin/", {"address": LIN})
    code = letters.code()
    wrong = "0" * 8 if code.replace(" ", "") != "0" * 8 else "1" * 8
    for _ in range(CODE_TRIES):
        assert visit.post("/account/code/", {"code": wrong}).status_code == 422
    assert visit.post("/account/code/", {"code": code}).status_code == 422
    assert visit.get("/account/finish/").headers["Location"] == "/account/code/"


def test_ten_thousand_tries_of_codes_and_requests_are_bounded(visit, letters):
    for _ in range(MOST_TO_ADDRESS):
        assert visit.post("/account/begin/", {"address": LIN}).status_code == 302
    refused = visit.post("/account/begin/", {"address": LIN})
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert len(letters.all()) == MOST_TO_ADDRESS
    with acting_for(purpose="test") as scope:
        for _ in range(MOST_TYPED_FROM_NETWORK):
            assert prove_code(scope=scope, code_id=new_id(), typed="1", network="127.0.0.1", at=now()) is False
    assert visit.post("/account/code/", {"code": letters.code()}).status_code == 429


def test_a_lost_password_is_set_anew_all_sessions_end_and_the_owner_is_told(visit, letters):
    registered(visit, letters, LIN)
    another = "a third password of mine"
    thief = browser()
    sign_in(thief, LIN, NEW)
    answer = proven(browser(), letters, LIN).post("/account/finish/", {"new": another})
    assert answer.headers["Location"] == "/account/"
    assert [client.get("/account/").status_code for client in (visit, thief)] == [302, 302]
    assert sign_in(browser(), LIN, NEW).status_code == 422
    assert sign_in(browser(), LIN, another).status_code == 302
    assert "was set anew" in letters.all()[-1]["text"]


def test_a_password_that_will_not_do_is_refused_and_the_code_stays_good(visit, letters):
    proven(visit, letters, LIN)
    answer = visit.post("/account/finish/", {"name": "x", "new": "short"})
    assert answer.status_code == 422
    assert "15" in answer.content.decode()
    assert 'value="x"' in answer.content.decode()
    assert visit.post("/account/finish/", {"name": "x", "new": NEW}).status_code == 302


def test_two_who_prove_one_address_at_once_get_one_account(visit, letters):
    second = browser()
    for client in (visit, second):
        proven(client, letters, LIN)
    assert visit.post("/account/finish/", {"name": "x", "new": NEW}).headers["Location"] == "/account/"
    second.post("/account/finish/", {"name": "y", "new": "a password of the second"})
    assert Contact.objects.count() == 1
    assert not Account.objects.filter(name="y", is_active=True).exists()


def test_another_address_is_added_with_the_password_and_the_first_one_is_told(visit, letters):
    registered(visit, letters, LIN)
    proven(visit, letters, "13800138000")
    assert visit.post("/account/finish/", {"current": "wrong"}).status_code == 422
    assert visit.post("/account/finish/", {"current": NEW}).headers["Location"] == "/account/security/"
    assert letters.all()[-1] | {"subject": "", "text": ""} == {"kind": "email", "to": LIN, "subject": "", "text": ""}
    assert "l***@example.cn" in visit.get("/account/security/").content.decode()
    assert sign_in(browser(), "138 0013 8000", NEW).status_code == 302


def test_an_address_of_somebody_else_is_not_added_and_nobody_is_harmed(visit, letters):
    registered(visit, letters, LIN)
    lin = signed_in("lin")
    proven(lin, letters, LIN)
    assert "belongs to another account" in lin.post("/account/finish/", {"current": PASSWORD}).content.decode()
    assert sign_in(browser(), LIN, NEW).status_code == 302
    assert Contact.objects.count() == 1


def test_the_code_of_an_anonymous_visitor_adds_nothing_to_an_account_that_signs_in_later(visit, letters):
    proven(visit, letters, LIN)
    sign_in(visit, "lin")
    assert visit.post("/account/finish/", {"current": PASSWORD}).status_code == 302
    assert Contact.objects.count() == 0


def test_the_session_has_another_key_after_the_code_so_that_a_fixed_one_is_worthless(visit, letters):
    visit.post("/account/begin/", {"address": LIN})
    before = visit.cookies["sessionid"].value
    visit.post("/account/code/", {"code": letters.code()})
    assert visit.cookies["sessionid"].value != before


def test_no_address_no_code_and_no_name_lies_open_in_any_table(bank, visit, letters):
    registered(visit, letters, LIN)
    visit.post("/account/begin/", {"address": "13800138000"})
    code = letters.code()
    with superuser(bank) as connection:
        for table in ("account_contact", "account_code", "throttle", "operation", "django_session", "account"):
            text = str(connection.execute(f"SELECT t::text FROM {table} AS t").fetchall())
            assert not [word for word in (LIN, "13800138000", code, LIN.encode().hex()) if word in text], table
    assert Operation.objects.using("auditor").filter(action="account.register", outcome="done").count() == 1


def test_without_registration_the_page_is_not_there(visit, monkeypatch):
    from django.conf import settings

    monkeypatch.setattr(settings, "REGISTRATION", False)
    assert visit.get("/account/begin/").status_code == 404
    assert "academic office opens accounts" in visit.get("/account/sign-in/").content.decode()


def test_a_letter_that_cannot_be_sent_is_said_and_leaves_nothing_half_done(visit, letters, monkeypatch):
    from dataclasses import replace

    from django.conf import settings

    monkeypatch.setattr(settings, "COURIERS", replace(settings.COURIERS, mail="smtp://127.0.0.1:1"))
    answer = visit.post("/account/begin/", {"address": LIN})
    assert answer.status_code == 422
    assert "could not be sent" in answer.content.decode()
    assert visit.get("/account/code/").headers["Location"] == "/account/begin/"
