"""A waiting claim keeps what official lists say of it: always what a look at the case says, in whatever order."""

from __future__ import annotations

import itertools

import pytest

from creditbank.gateways.database_roles import user_of
from creditbank.queries.check.whole import check_bank
from creditbank.queries.official_lists.claims import marks_of
from creditbank.queries.queue import find_cases, list_cases
from creditbank.records.recognition import Claim
from creditbank.records.scope import acting_for
from creditbank.services.bank import migrate_bank
from creditbank.services.recognition.claim import withdraw_claim
from tests.cast import AT
from tests.intruder import superuser
from tests.services.list_sheets import about, apply, claim, contest, enrol
from tests.services.test_official_lists import LIN, case_of, choose, withdraw
from tests.web.office_cases import client_of

MEI = ("mei", "2023050101", "示范职业学院", "二等奖")
LOGINS = {login: user_of(login) for login in ("app", "owner", "auditor", "sequencer")}
pytestmark = pytest.mark.usefixtures("contexts")


def kept(cast, made):
    """What the claim keeps; it is what a look at the case finds."""
    with acting_for(institution=cast.college, purpose="test") as scope:
        mark = scope.rows(Claim).get(learner_id=made.learner_id, claim_id=made.claim_id).listed
    assert mark == case_of(cast, made).listing.mark
    return mark


def queue(cast, listed):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return [case.claim_id for case in list_cases(scope, cast.chen, listed=listed).cases]


def test_a_list_marks_claims_that_wait_and_its_withdrawal_takes_the_mark_back(bank, cast):
    same, other = claim(bank, cast, cast.lin), claim(bank, cast, cast.mei, facts={"award": "first"})
    assert (kept(cast, same), kept(cast, other)) == ("", "")
    applied = apply(bank, cast, contest(LIN, MEI))
    assert (kept(cast, same), kept(cast, other)) == ("verified", "differs")
    assert (queue(cast, "verified"), queue(cast, "differs")) == ([same.claim_id], [other.claim_id])
    withdraw(cast, applied)
    assert (kept(cast, same), kept(cast, other)) == ("", "")
    assert queue(cast, "verified") == []


def test_a_claim_handed_in_after_the_list_is_marked_as_it_is_handed_in(bank, cast):
    apply(bank, cast, contest(LIN))
    assert kept(cast, claim(bank, cast, cast.lin)) == "verified"
    assert kept(cast, claim(bank, cast, cast.mei)) == ""


def test_a_later_version_of_the_list_decides_whenever_it_comes(bank, cast):
    made = claim(bank, cast, cast.lin)
    for order in itertools.permutations(((LIN, "2026-06-30"), ((*LIN[:3], "特等奖"), "2026-07-15"))):
        for row, day in order:
            apply(bank, cast, contest(row), about(day=day))
        assert kept(cast, made) == "differs"
        with superuser(bank) as connection:
            for table in (
                "official_list_line",
                "official_list_choice",
                "listed_outcome",
                "list_proposal",
                "official_list",
            ):
                connection.execute(f"DELETE FROM {table}")


def test_the_choice_of_a_person_for_a_doubtful_line_marks_the_claim_and_another_choice_unmarks_it(bank, cast):
    made = claim(bank, cast, cast.lin)
    other = enrol(cast, "lin", "2024010001")
    applied = apply(bank, cast, contest(("lin", "", "示范职业学院", "二等奖")))
    assert (applied.doubtful, kept(cast, made)) == (1, "")
    choose(cast, applied, {(2, 1): cast.lin.person})
    assert kept(cast, made) == "verified"
    choose(cast, applied, {(2, 1): other})
    assert kept(cast, made) == ""


def test_a_decided_or_withdrawn_claim_has_no_tag_in_the_queue(bank, cast):
    made = claim(bank, cast, cast.lin)
    apply(bank, cast, contest(LIN))
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        withdraw_claim(scope=scope, actor=cast.lin, claim_id=made.claim_id, at=AT)
    with acting_for(institution=cast.college, purpose="test") as scope:
        (case,) = find_cases(scope, cast.chen, [(made.learner_id, made.claim_id)])
    assert case.listed == ""
    assert queue(cast, "verified") == []


def test_check_names_a_mark_that_is_not_what_the_lists_say_and_a_migration_mends_it(bank, cast):
    made = claim(bank, cast, cast.lin)
    apply(bank, cast, contest(LIN))
    assert check_bank(bank, LOGINS)[0] == []
    with superuser(bank) as connection:
        connection.execute("UPDATE claim SET listed = 'differs'")
    found, _counts = check_bank(bank, LOGINS)
    assert [line.code for line in found] == ["check.claim_listed"]
    assert str(made.claim_id) in str(found[0].facts["claim"])
    migrate_bank()
    assert kept(cast, made) == "verified"


def test_another_school_marks_nothing_here(bank, cast):
    made = claim(bank, cast, cast.lin)
    apply(bank, cast, contest(LIN))
    with acting_for(institution=cast.university, purpose="test") as scope:
        assert marks_of(scope, cast.university) == ()
    assert kept(cast, made) == "verified"


def test_the_queue_is_narrowed_by_the_list_and_shows_its_tag(bank, cast):
    same, _other = claim(bank, cast, cast.lin), claim(bank, cast, cast.mei, facts={"award": "first"})
    apply(bank, cast, contest(LIN, MEI))
    chen = client_of(cast.chen, "zh-hans")
    page = chen.get("/office/recognition/", {"listed": "verified"})
    (row,) = page.context["rows"]
    assert row["key"] == same.learner_id.hex + same.claim_id.hex
    assert [str(word) for _tone, word in row["tags"]][1:] == ["名单已核"]
    assert "名单已核" in page.content.decode().partition('id="case"')[2]
    (row,) = chen.get("/office/recognition/", {"listed": "differs"}).context["rows"]
    assert [str(word) for _tone, word in row["tags"]][1:] == ["与名单不符"]
    assert len(chen.get("/office/recognition/").context["rows"]) == 2
