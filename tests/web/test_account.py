"""Signing in and out, limits on attempts, desks, and a new password: through the pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from creditbank.domain.access import Role
from creditbank.gateways.clock import now
from creditbank.records.operations import Operation, Throttle
from creditbank.records.scope import acting_for
from creditbank.services.accounts.sessions import MOST_FOR_ACCOUNT, MOST_FOR_ADDRESS
from creditbank.services.operations import note_access
from creditbank.services.people import give_role
from tests.cast import AT, PASSWORD

SIGN_IN = "/account/sign-in/"


@pytest.fixture
def visit(cast):
    return Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE="en")


def sign_in(client, who, password=PASSWORD, **more):
    return client.post(SIGN_IN, {"sign_in": who, "password": password, **more})


def test_a_learner_arrives_at_the_passbook_and_staff_at_the_office(visit):
    assert sign_in(visit, "lin").headers["Location"] == "/learner/"
    assert sign_in(Client(HTTP_HOST="localhost"), "zhao").headers["Location"] == "/office/"


def test_the_sign_in_name_is_understood_with_capitals_and_spaces(visit):
    assert sign_in(visit, " LIN ").status_code == 302


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(visit):
    wrong, unknown = sign_in(visit, "lin", "wrong"), sign_in(visit, "nobody", "wrong")
    assert (wrong.status_code, unknown.status_code) == (422, 422)

    def words(response):
        text = response.content.decode()
        return text[text.index("<main") : text.index("</main")].replace('"lin"', "").replace('"nobody"', "")

    def plain(text):
        import re

        return re.sub(r'csrfmiddlewaretoken" value="[^"]+"', "", text)

    assert plain(words(wrong)) == plain(words(unknown))
    assert "_auth_user_id" not in visit.session


def test_what_was_typed_as_a_name_stays_and_the_password_does_not(visit):
    text = sign_in(visit, "lin", "a wrong password").content.decode()
    assert 'value="lin"' in text
    assert "a wrong password" not in text


def test_signing_in_leads_on_to_the_page_that_was_asked_for_but_never_off_the_site(visit):
    assert visit.get("/learner/requests/").headers["Location"] == f"{SIGN_IN}?next=%2Flearner%2Frequests%2F"
    assert sign_in(visit, "lin", next="/learner/requests/").headers["Location"] == "/learner/requests/"
    for bad in ("https://evil.example/", "//evil.example/", "javascript:alert(1)", "\\\\evil.example"):
        assert sign_in(Client(HTTP_HOST="localhost"), "lin", next=bad).headers["Location"] == "/learner/"


def test_the_session_changes_its_key_when_somebody_signs_in(visit):
    session = visit.session
    session["seen"] = True
    session.save()
    before = visit.cookies["sessionid"].value
    sign_in(visit, "lin")
    assert visit.cookies["sessionid"].value != before


def test_an_account_that_is_tried_too_often_is_answered_with_429_and_when_to_try_again(visit):
    for _ in range(MOST_FOR_ACCOUNT):
        assert sign_in(visit, "lin", "wrong").status_code == 422
    refused = sign_in(visit, "lin")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 15 * 60
    assert "Try again in 15 minutes" in refused.content.decode()
    assert sign_in(visit, "mei").status_code == 302


def test_a_name_that_nobody_has_is_throttled_like_one_that_exists(visit):
    for _ in range(MOST_FOR_ACCOUNT):
        sign_in(visit, "nobody", "wrong")
    assert sign_in(visit, "nobody", "wrong").status_code == 429


def test_after_the_window_attempts_are_read_again(visit):
    for _ in range(MOST_FOR_ACCOUNT + 1):
        sign_in(visit, "lin", "wrong")
    Throttle.objects.update(window_ends_at=now() - timedelta(seconds=1))
    assert sign_in(visit, "lin").status_code == 302


def test_an_address_that_tries_many_names_is_throttled_and_another_address_is_not(visit):
    Throttle.objects.all().delete()
    for number in range(MOST_FOR_ADDRESS):
        sign_in(visit, f"guess{number}", "wrong")
    assert sign_in(visit, "lin").status_code == 429
    assert sign_in(Client(HTTP_HOST="localhost", REMOTE_ADDR="10.0.0.9"), "lin").status_code == 302


def test_a_success_clears_the_count_of_the_name_and_costs_the_address_nothing(visit):
    sign_in(visit, "lin", "wrong")
    sign_in(visit, "lin")
    kept = dict(Throttle.objects.values_list("key", "attempts"))
    assert [key.partition(":")[0] for key in kept] == ["address"]
    assert list(kept.values()) == [1]


def test_the_throttle_and_the_operation_log_hold_no_name_and_no_address(visit):
    sign_in(visit, "lin", "wrong")
    sign_in(visit, "lin")
    assert not [key for key in Throttle.objects.values_list("key", flat=True) if "lin" in key or "127" in key]
    with acting_for(person=None, purpose="test") as scope:
        assert scope.fetch("SELECT 1") == [(1,)]
    found = Operation.objects.using("auditor").filter(action="account.sign_in").order_by("recorded_at")
    assert list(found.values_list("outcome", flat=True)) == ["refused", "done"]


def test_signing_out_ends_the_session_and_needs_a_post(visit):
    sign_in(visit, "lin")
    assert visit.get("/account/sign-out/").status_code == 405
    assert visit.post("/account/sign-out/").headers["Location"] == SIGN_IN
    assert visit.get("/learner/").status_code == 302


def test_a_post_without_the_token_of_the_form_changes_nothing(cast):
    strict = Client(HTTP_HOST="localhost", enforce_csrf_checks=True)
    assert sign_in(strict, "lin").status_code == 403


def test_an_inactive_account_cannot_sign_in(visit, cast):
    from creditbank.records.people import Account

    Account.objects.filter(id=cast.lin.person).update(is_active=False)
    assert sign_in(visit, "lin").status_code == 422


def test_staff_choose_among_their_own_desks_only(visit, cast):
    with acting_for(institution=cast.university, purpose="test") as scope:
        give_role(scope=scope, account=cast.zhao.person, role=Role.REVIEWER, since=AT.date())
    sign_in(visit, "zhao")
    assert "Model Open University" in visit.get("/account/").content.decode()
    answer = visit.post("/account/desk/", {"desk": str(cast.university), "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/office/"
    assert visit.session["institution"] == str(cast.university)
    assert visit.post("/account/desk/", {"desk": str(cast.design)}).status_code == 404


def test_a_learner_reads_who_opened_their_record(visit, cast):
    with acting_for(institution=cast.college, purpose="test") as scope:
        note_access(scope=scope, learner=cast.lin.person, actor=cast.chen.person, purpose="learner.read", at=AT)
    sign_in(visit, "lin")
    text = visit.get("/account/").content.decode()
    assert "Opened your record" in text
    assert "Chen" in text
    assert "2026-11-18 10:00" in text
    other = Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE="en")
    sign_in(other, "mei")
    assert "Opened your record" not in other.get("/account/").content.decode()


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(visit, cast):
    other = Client(HTTP_HOST="localhost")
    sign_in(visit, "lin")
    sign_in(other, "lin")
    new = "quite another long password"
    answer = visit.post("/account/password/", {"current": PASSWORD, "new": new})
    assert answer.status_code == 302
    assert visit.get("/learner/").status_code == 200
    assert other.get("/learner/").status_code == 302
    assert sign_in(Client(HTTP_HOST="localhost"), "lin", new).status_code == 302


@pytest.mark.parametrize(
    ("current", "new", "said"),
    [
        ("wrong", "quite another long password", "not your present password"),
        (PASSWORD, "short", "15"),
        (PASSWORD, "", "New password"),
    ],
)
def test_a_password_that_will_not_do_is_refused_with_the_reason(visit, current, new, said):
    sign_in(visit, "lin")
    answer = visit.post("/account/password/", {"current": current, "new": new})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert sign_in(Client(HTTP_HOST="localhost"), "lin").status_code == 302


def test_pages_of_an_account_are_not_kept_by_caches(visit):
    assert "no-store" in visit.get(SIGN_IN).headers["Cache-Control"]
    sign_in(visit, "lin")
    assert "no-store" in visit.get("/account/").headers["Cache-Control"]
    assert "no-store" in visit.get("/learner/").headers["Cache-Control"]
