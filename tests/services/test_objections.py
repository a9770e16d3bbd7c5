"""Objections stop what is on public notice until somebody else has answered them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from creditbank.domain.letters import CaseKind
from creditbank.gateways.clock import new_id
from creditbank.queries.appeals import source_of
from creditbank.queries.publicity import entries_of
from creditbank.records.appeals import ObjectionSource
from creditbank.records.operations import Notice
from creditbank.records.recognition import ClaimEvent
from creditbank.records.scope import acting_for
from creditbank.services.access import NotVisible
from creditbank.services.conversions.review import finalise_conversions
from creditbank.services.recognition.review import approve_claim, finalise_due
from tests.cast import AT, ON
from tests.services.appeal_cases import (
    answer,
    claim_now,
    code,
    done,
    key_of,
    letters_of,
    object_to,
    objection_now,
    published,
    refused,
    reply,
)
from tests.services.bookings import deposit, post
from tests.services.conversion_applications import apply_for, decide, found_rules, state_of

DUE = ON + timedelta(days=5)


def finalised(cast, on):
    with acting_for(institution=cast.college, purpose="job") as scope:
        return finalise_due(scope=scope, at=AT, on=on) + finalise_conversions(scope=scope, at=AT, on=on)


def test_an_objection_stops_the_deposit_and_a_dismissal_gives_back_the_days_left(bank, cast):
    claim = published(cast)
    objection = done(object_to(cast, claim.claim_id, at=AT + timedelta(days=2), on=ON + timedelta(days=2)))
    assert claim_now(cast, claim).state == "objected"
    assert finalised(cast, DUE + timedelta(days=9)) == 0
    later = ON + timedelta(days=10)
    found = done(answer(cast, objection, at=AT + timedelta(days=10), on=later))
    assert (found.state, claim_now(cast, claim).state) == ("dismissed", "recognised")
    assert claim_now(cast, claim).final_on == later + timedelta(days=3)
    assert finalised(cast, later + timedelta(days=2)) == 0
    assert finalised(cast, later + timedelta(days=3)) == 1
    assert claim_now(cast, claim).state == "deposited"


def test_an_objection_that_is_right_is_a_new_review_by_somebody_else(bank, cast):
    claim = published(cast)
    first, second = done(object_to(cast, claim.claim_id)), done(object_to(cast, claim.claim_id))
    done(answer(cast, first, accept=True, words="签到表系伪造"))
    assert objection_now(cast, second).state == "overtaken"
    stored = claim_now(cast, claim)
    assert (stored.state, stored.final_on) == ("under_review", None)
    with acting_for(institution=cast.college, purpose="test") as scope:
        again = approve_claim(scope=scope, actor=cast.chen, key=key_of(claim), at=AT, on=ON)
        assert code(again.refusal) == "recognition.decided_before"
        assert approve_claim(scope=scope, actor=cast.zhao, key=key_of(claim), at=AT, on=ON).refusal is None
    assert [one.kind for one in letters_of(cast, claim.claim_id)] == ["recognised", "recognised"]


def test_public_notice_goes_on_with_the_last_answer(bank, cast):
    claim = published(cast)
    first, second = done(object_to(cast, claim.claim_id)), done(object_to(cast, claim.claim_id))
    done(answer(cast, first))
    assert claim_now(cast, claim).state == "objected"
    done(answer(cast, second))
    assert claim_now(cast, claim).state == "recognised"


def test_who_decided_or_objected_does_not_answer(bank, cast):
    claim = published(cast)
    objection = done(object_to(cast, claim.claim_id, person=cast.zhao.person))
    assert code(answer(cast, objection, cast.chen)) == "objection.involved"
    assert code(answer(cast, objection, cast.zhao)) == "objection.involved"
    with pytest.raises(NotVisible):
        answer(cast, objection, cast.qian)
    with pytest.raises(NotVisible):
        answer(cast, objection, cast.sun)
    assert code(answer(cast, objection, cast.chen, words=" ")) == "objection.involved"


def test_the_learner_is_told_and_replies_once_and_never_learns_who_objected(bank, cast):
    claim = published(cast)
    objection = done(object_to(cast, claim.claim_id, person=cast.mei.person))
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        notice = scope.rows(Notice).get(code="objection.raised")
        assert str(cast.mei.person) not in str(notice.facts)
        assert scope.rows(ObjectionSource).count() == 0
        assert scope.fetch("SELECT count(*) FROM objection_source") == [(0,)]
        steps = scope.rows(ClaimEvent).filter(kind="object").values_list("actor_id", flat=True)
        assert list(steps) == [None]
    done(reply(cast, objection))
    assert code(reply(cast, objection)) == "objection.replied_before"
    with pytest.raises(NotVisible):
        reply(cast, objection, actor=cast.mei)
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert source_of(scope, objection.objection_id).person.zh == "梅雨"


def test_a_guest_gives_a_contact_that_is_stored_sealed(bank, cast):
    claim = published(cast)
    assert code(object_to(cast, claim.claim_id, contact=" ")) == "objection.contact_needed"
    objection = done(object_to(cast, claim.claim_id))
    with acting_for(institution=cast.college, purpose="test") as scope:
        found = source_of(scope, objection.objection_id)
    assert found.person is None
    assert b"zhang" not in found.sealed


def test_only_what_is_on_public_notice_is_objected_to_and_not_too_often(bank, cast):
    other = refused(cast, actor=cast.mei)
    assert code(object_to(cast, other.claim_id, address="192.0.2.9")) == "objection.not_public"
    with pytest.raises(NotVisible):
        object_to(cast, new_id(), address="192.0.2.8")
    claim = published(cast)
    for _time in range(5):
        done(object_to(cast, claim.claim_id, address="192.0.2.7"))
    assert code(object_to(cast, claim.claim_id, address="192.0.2.7")) == "objection.too_often"
    done(object_to(cast, claim.claim_id, address="192.0.2.6"))


def test_public_notice_shows_names_and_numbers_cut_short(bank, cast):
    claim = published(cast)
    with acting_for(institution=cast.college, purpose="publicity") as scope:
        (entry,) = entries_of(scope)
    assert (entry.case_id, entry.name, entry.student_number) == (claim.claim_id, "l＊＊", "2023****17")
    with acting_for(institution=cast.university, purpose="publicity") as scope:
        assert entries_of(scope) == ()


def test_an_approved_conversion_is_stopped_and_goes_on_with_its_credit_held(bank, cast):
    from creditbank.records.institutions import Institution

    found_rules(cast)
    post(cast, deposit(cast.lin.person, amount=500))
    with acting_for(institution=cast.college, purpose="test") as scope:
        scope.rows(Institution).filter(pk=cast.college).update(publicity_days=5)
    application = apply_for(cast)
    done(decide(cast, application))
    kind = CaseKind.APPLICATION
    objection = done(object_to(cast, application.application_id, kind=kind))
    assert state_of(cast, application).value == "objected"
    assert finalised(cast, DUE) == 0
    done(answer(cast, objection))
    assert finalised(cast, DUE) == 1
    assert state_of(cast, application).value == "posted"
