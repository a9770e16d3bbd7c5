"""A school's number comes to one lifelong account with a code of its office, and to nobody who guesses."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from python_calamine import CalamineWorkbook

from creditbank.domain.accounts import BINDING_TRIES, Binding, binding_of, same_name
from creditbank.gateways.clock import new_id, now
from creditbank.queries.passbook import enrolments_of
from creditbank.records.accounts import BindingCode, Contact
from creditbank.records.people import Account, LearnerNumber
from creditbank.records.scope import acting_for
from creditbank.services.accounts.bindings import MOST_BY_PERSON
from creditbank.services.people import enrol_learner
from tests.cast import AT
from tests.services.bookings import deposit, post
from tests.web.account_pages import NEW, browser, catch_letters, registered, sign_in, signed_in
from tests.web.soft_passkey import SoftPasskey
from tests.web.test_second_factor import add_passkey, code_of, sign_with

LIN, BIND, CODES = "linxiaozhou@example.cn", "/account/schools/", "/office/learners/codes/"
NUMBER = {"svc": "2026010001", "dou": "K20260001"}


@pytest.fixture
def letters(cast, tmp_path, monkeypatch):
    return catch_letters(tmp_path, monkeypatch)


@pytest.fixture
def pupils(cast):
    """The learner each of two schools has on its roster, who has no account yet."""
    found = {}
    for code, place in (("svc", cast.college), ("dou", cast.university)):
        found[code] = new_id()
        with acting_for(institution=place, purpose="test") as scope:
            enrol_learner(
                scope=scope, learner_id=found[code], student_number=NUMBER[code], name="林小舟", at=AT, cohort=2026
            )
    return found


@pytest.fixture
def me(letters):
    client = browser()
    registered(client, letters, LIN)
    return client


def codes_of(office, cohort="2026"):
    response = office.post(CODES, {"cohort": cohort})
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(response.content)).get_sheet_by_index(0).to_python()
    return {row[0]: row[2] for row in sheet[1:]}


def bind(client, code, school="svc", **other):
    fields = {"school": school, "student_number": NUMBER[school], "name": "林 小舟", "code": code}
    return client.post(BIND, fields | (other.get("but") or {}))


def person_of(client):
    from uuid import UUID

    return UUID(client.session["_auth_user_id"])


def test_a_new_account_becomes_the_one_that_the_school_opened_with_all_that_signs_it_in(me, letters, cast, pupils):
    key = SoftPasskey()
    add_passkey(me, key, NEW)
    secret, _none = add_authenticator_again(me)
    post(cast, deposit(pupils["svc"], 300))
    former = person_of(me)
    assert bind(me, codes_of(signed_in("zhao"))[NUMBER["svc"]].upper()).headers["Location"] == "/account/"
    assert person_of(me) == pupils["svc"] != former
    assert "3.0" in me.get("/learner/").content.decode()
    again = browser()
    assert sign_in(again, LIN, NEW).headers["Location"].startswith("/account/second/")
    assert again.post("/account/second/", {"code": code_of(secret, 1)}).status_code == 302
    with_key = browser()
    assert sign_with(with_key, key)[0].status_code == 302
    assert person_of(with_key) == pupils["svc"]
    assert Contact.objects.get().account_id == pupils["svc"]
    assert not Account.objects.get(id=former).is_active


def add_authenticator_again(client):
    """One after a passkey: the recovery codes are there already, so the page leads back."""
    import base64
    import re

    from tests.web.test_second_factor import field

    page = client.get("/account/security/authenticator/")
    key = re.search(r"<code[^>]*>([A-Z2-7 ]+)</code>", page.content.decode())[1].replace(" ", "")
    secret = base64.b32decode(key)
    fields = {"secret": field(page, "secret"), "code": code_of(secret), "current": NEW}
    assert client.post("/account/security/authenticator/", fields).status_code == 302
    return secret, ()


def test_a_second_school_whose_number_holds_nothing_comes_to_the_same_account(me, cast, pupils):
    bind(me, codes_of(signed_in("zhao"))[NUMBER["svc"]])
    assert bind(me, codes_of(signed_in("sun"))[NUMBER["dou"]], "dou").headers["Location"] == "/account/"
    person = person_of(me)
    with acting_for(person=person, purpose="test") as scope:
        assert {place.student_number for place in enrolments_of(scope, person)} == set(NUMBER.values())
    assert LearnerNumber.objects.using("owner").get(student_number=NUMBER["dou"]).learner_id == person == pupils["svc"]
    text = me.get("/account/").content.decode()
    assert "Model Vocational College" in text
    assert "Model Open University" in text


def test_two_records_of_worth_are_never_joined_unseen(me, cast, pupils):
    bind(me, codes_of(signed_in("zhao"))[NUMBER["svc"]])
    post(cast, deposit(pupils["dou"], 300), institution=cast.university)
    answer = bind(me, codes_of(signed_in("sun"))[NUMBER["dou"]], "dou")
    assert answer.status_code == 422
    assert "decided by people" in answer.content.decode()
    assert LearnerNumber.objects.using("owner").get(student_number=NUMBER["dou"]).learner_id == pupils["dou"]
    assert BindingCode.objects.using("owner").get(student_number=NUMBER["dou"]).used_at is None


def test_a_number_that_somebody_signs_in_for_gets_no_code_and_is_not_taken(me, letters, cast, pupils):
    code = codes_of(signed_in("zhao"))[NUMBER["svc"]]
    bind(me, code)
    thief = browser()
    registered(thief, letters, "thief@example.cn", "林小舟")
    assert "do not fit" in bind(thief, code).content.decode()
    BindingCode.objects.using("owner").update(used_at=None)
    assert "Another account signs in" in bind(thief, code).content.decode()
    assert person_of(me) == pupils["svc"]


def test_the_code_of_another_number_another_school_and_another_name_open_nothing(me, letters, cast, pupils):
    codes = codes_of(signed_in("zhao")) | codes_of(signed_in("sun"))
    for wrong in (
        {"code": codes[NUMBER["dou"]]},
        {"name": "林大舟"},
        {"name": ""},
        {"student_number": "2026010002"},
        {"code": ""},
    ):
        assert bind(me, codes[NUMBER["svc"]], but=wrong).status_code == 422
    assert bind(me, codes[NUMBER["svc"]], "dou").status_code == 422
    assert bind(me, codes[NUMBER["svc"]], but={"school": "nowhere"}).status_code == 422
    assert BindingCode.objects.using("owner").get(student_number=NUMBER["svc"]).tries == 2
    assert Account.objects.filter(id=pupils["svc"]).count() == 0


def test_guessing_codes_ends_the_code_and_then_the_guessing(me, pupils, cast):
    code = codes_of(signed_in("zhao"))[NUMBER["svc"]]
    for _ in range(BINDING_TRIES):
        assert bind(me, "aaaaaaaaaa").status_code == 422
    assert bind(me, code).status_code == 422
    for _ in range(MOST_BY_PERSON - BINDING_TRIES - 1):
        bind(me, code)
    assert bind(me, code).status_code == 429


def test_codes_end_with_time_and_when_new_ones_are_made(me, pupils, cast):
    zhao = signed_in("zhao")
    old, new = codes_of(zhao)[NUMBER["svc"]], codes_of(zhao)[NUMBER["svc"]]
    assert bind(me, old).status_code == 422
    BindingCode.objects.using("owner").update(expires_at=now() - timedelta(seconds=1))
    assert bind(me, new).status_code == 422


def test_the_office_sees_how_far_a_cohort_is_and_a_college_reaches_its_own_learners_only(me, pupils, cast):
    zhao = signed_in("zhao")
    codes = codes_of(zhao)
    assert set(codes) == {NUMBER["svc"]}
    bind(me, codes[NUMBER["svc"]])
    text = zhao.get(CODES).content.decode()
    row = text[text.index("2026</th>") : text.index("</tr>", text.index("2026</th>"))]
    assert row.count(">1</td>") == 2  # one learner, with an account
    assert row.count(">0</td>") == 1
    assert "Nobody was without an account" in zhao.post(CODES, {"cohort": "2026"}).content.decode()
    assert zhao.post(CODES, {"cohort": "1999"}).status_code == 404
    assert signed_in("chen").get(CODES).status_code == 404


def test_no_code_of_a_school_lies_open_in_the_database(bank, pupils, cast):
    from tests.intruder import superuser

    code = codes_of(signed_in("zhao"))[NUMBER["svc"]]
    with superuser(bank) as connection:
        for table in ("binding_code", "operation", "throttle"):
            assert code not in str(connection.execute(f"SELECT t::text FROM {table} AS t").fetchall())


@pytest.mark.parametrize(
    ("same", "taken", "account_holds", "number_holds", "outcome"),
    [
        (True, True, True, True, Binding.DONE_BEFORE),
        (False, True, False, False, Binding.TAKEN),
        (False, False, False, True, Binding.BECOME),
        (False, False, False, False, Binding.BECOME),
        (False, False, True, False, Binding.MOVE),
        (False, False, True, True, Binding.MERGE),
    ],
)
def test_what_binding_comes_to(same, taken, account_holds, number_holds, outcome):
    found = binding_of(same=same, taken=taken, account_holds=account_holds, number_holds=number_holds)
    assert found is outcome


def test_a_name_is_the_same_in_other_widths_and_with_other_dots():
    assert same_name("买买提·艾力", "买买提•艾力")
    assert same_name(" ｌｉｎ  Xiao ", "LIN XIAO")
    assert not same_name("", "")
    assert not same_name("林晓", "林小")
