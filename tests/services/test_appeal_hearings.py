"""Appeals: filed in time, heard by others, decided by the last vote, and posted as a first decision is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connections

from creditbank.domain.explanation import Refusal
from creditbank.records.conversions import ConversionUse
from creditbank.records.institutions import Institution
from creditbank.records.operations import Notice
from creditbank.records.people import Enrolment
from creditbank.records.scope import acting_for
from creditbank.services.access import NotVisible
from creditbank.services.institutions import set_appeals
from creditbank.services.letters import correct_letter
from creditbank.services.recognition.review import approve_claim, refuse_claim, reverse_claim
from tests.cast import AT, ON
from tests.services.appeal_cases import (
    appeal_against,
    appeal_now,
    appealed,
    claim_now,
    code,
    colleagues,
    done,
    heard,
    key_of,
    letters_of,
    published,
    refused,
    seat,
    submitted,
    vote,
    withdrawn,
)
from tests.services.bookings import deposit, post
from tests.services.conversion_applications import apply_for, decide, found_rules, state_of


def balances(cast):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return dict(scope.fetch("SELECT state::text, sum(amount) FROM balance WHERE amount > 0 GROUP BY state"))


def check(bank):
    from creditbank.queries.check.conversions import check_conversions
    from creditbank.queries.check.ledger import check_ledger

    return check_conversions(connections["auditor"]) + check_ledger(connections["auditor"])


def test_a_won_appeal_is_a_new_decision_beside_the_old_one_and_is_deposited(bank, cast):
    claim, appeal = appealed(cast)
    assert claim_now(cast, claim).state == "appealed"
    jia, yi, bing = colleagues(cast)
    assert done(seat(cast, appeal, (jia, yi, bing))).state == "heard"
    done(vote(cast, appeal, jia, 0, "照片仍然看不清"))
    assert done(vote(cast, appeal, yi, 200, "签到表清楚", category="practice")).state == "heard"
    assert balances(cast) == {}
    assert done(vote(cast, appeal, bing, 100, "认定一个学分", category="practice")).state == "granted"
    stored = claim_now(cast, claim)
    assert (stored.state, stored.credit, stored.decided_by) == ("deposited", 100, bing.person)
    assert balances(cast) == {"available": 100}
    old, new = letters_of(cast, claim.claim_id)
    assert (old.kind, new.kind) == ("refused", "appeal_granted")
    assert old.number in new.content["follows"]["zh"]
    assert new.content["words"] == ["签到表清楚", "认定一个学分"]
    assert old.content["words"] == ["照片看不清"]
    assert new.appeal_until is None
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        told = list(scope.rows(Notice).order_by("created_at", "notice_id").values_list("code", flat=True))
    assert {"recognition.refused", "appeal.heard", "appeal.granted", "recognition.deposited"} <= set(told)
    assert check(bank) == []


def test_a_grant_on_appeal_waits_for_its_public_notice(bank, cast):
    claim, appeal = appealed(cast)
    with acting_for(institution=cast.college, purpose="test") as scope:
        scope.rows(Institution).filter(pk=cast.college).update(publicity_days=5, appeal_panel=1)
    (jia,) = colleagues(cast, 1)
    done(seat(cast, appeal, (jia,)))
    assert done(vote(cast, appeal, jia, 100)).state == "granted"
    stored = claim_now(cast, claim)
    assert (stored.state, stored.final_on) == ("recognised", ON + timedelta(days=5))
    assert balances(cast) == {}


def test_a_lost_appeal_leaves_the_decision_and_cannot_be_repeated(bank, cast):
    claim, appeal = appealed(cast)
    jia, yi, bing = colleagues(cast)
    done(seat(cast, appeal, (jia, yi, bing)))
    for one, credit in ((jia, 0), (yi, 0), (bing, 300)):
        answer = done(vote(cast, appeal, one, credit))
    assert answer.state == "upheld"
    assert claim_now(cast, claim).state == "refused"
    old, new = letters_of(cast, claim.claim_id)
    assert new.kind == "appeal_upheld"
    assert code(appeal_against(cast, old, grounds="再次申诉，请重新审核全部材料。")) == "appeal.filed_before"
    assert code(appeal_against(cast, new)) == "appeal.not_open"


def test_nobody_who_took_part_names_the_panel_sits_on_it_or_votes(bank, cast):
    claim, appeal = appealed(cast, by=cast.zhao)
    jia, yi, bing = colleagues(cast)
    assert code(seat(cast, appeal, (jia, yi, bing), by=cast.zhao)) == "appeal.involved"
    assert code(heard(cast, appeal, "reject", cast.zhao, reason="no_grounds")) == "appeal.involved"
    other = replace(cast.zhao, person=jia.person)
    assert code(seat(cast, appeal, (jia, yi, cast.zhao), by=other)) == "appeal.panel_unfit"
    assert code(seat(cast, appeal, (jia, yi, cast.sun), by=other)) == "appeal.panel_stranger"
    assert code(seat(cast, appeal, (jia, yi), by=other)) == "appeal.panel_size"
    done(seat(cast, appeal, (jia, yi, bing), by=other))
    assert code(vote(cast, appeal, cast.zhao, 100)) == "appeal.involved"
    assert code(vote(cast, appeal, cast.chen, 100)) == "appeal.no_member"
    with pytest.raises(NotVisible):
        vote(cast, appeal, cast.sun, 100)
    assert claim_now(cast, claim).state == "appealed"


def test_a_vote_stands_and_needs_a_reason_within_bounds(bank, cast):
    _claim, appeal = appealed(cast)
    jia, yi, bing = colleagues(cast)
    done(seat(cast, appeal, (jia, yi, bing)))
    assert code(vote(cast, appeal, jia, 6001)) == "appeal.vote_out_of_range"
    assert code(vote(cast, appeal, jia, 100, "  ")) == "appeal.vote_reason_needed"
    done(vote(cast, appeal, jia, 100))
    assert code(vote(cast, appeal, jia, 0)) == "appeal.voted_before"


def test_a_member_steps_aside_and_nothing_is_decided_before_the_seat_is_filled(bank, cast):
    _claim, appeal = appealed(cast)
    jia, yi, bing, ding = colleagues(cast, 4)
    done(seat(cast, appeal, (jia, yi, bing)))
    assert code(heard(cast, appeal, "fill", cast.zhao, person=ding.person)) == "appeal.panel_twice"
    done(heard(cast, appeal, "aside", bing))
    assert code(vote(cast, appeal, bing, 100)) == "appeal.stepped_aside"
    done(vote(cast, appeal, jia, 100))
    assert done(vote(cast, appeal, yi, 100)).state == "heard"
    assert code(heard(cast, appeal, "fill", cast.zhao, person=cast.chen.person)) == "appeal.panel_unfit"
    done(heard(cast, appeal, "fill", cast.zhao, person=ding.person))
    assert done(vote(cast, appeal, ding, 100)).state == "granted"


def test_two_last_votes_at_once_decide_once(bank, cast):
    claim, appeal = appealed(cast)
    jia, yi, bing = colleagues(cast)
    done(seat(cast, appeal, (jia, yi, bing)))
    done(vote(cast, appeal, jia, 0))

    def cast_one(actor):
        try:
            return vote(cast, appeal, actor, 100)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as both:
        answers = [done(answer) for answer in both.map(cast_one, (yi, bing))]
    assert sorted(answer.state for answer in answers) == ["granted", "heard"]
    assert appeal_now(cast, appeal).state == "granted"
    assert balances(cast) == {"available": 100}
    assert [one.kind for one in letters_of(cast, claim.claim_id)] == ["refused", "appeal_granted"]


def test_an_appeal_is_sent_once_however_often_and_only_in_time(bank, cast):
    claim = refused(cast)
    (letter,) = letters_of(cast, claim.claim_id)
    assert letter.appeal_until.isoformat() == "2026-12-02"
    late = appeal_against(cast, letter, on=letter.appeal_until + timedelta(days=1))
    assert code(late) == "appeal.too_late"
    first = done(appeal_against(cast, letter, on=letter.appeal_until))
    assert done(appeal_against(cast, letter)).appeal_id == first.appeal_id
    with pytest.raises(NotVisible):
        appeal_against(cast, letter, actor=cast.mei)


def test_no_appeal_is_open_against_what_was_recognised(bank, cast):
    claim = published(cast)
    (letter,) = letters_of(cast, claim.claim_id)
    assert (letter.kind, letter.content["appeal"]) == ("recognised", None)
    assert code(appeal_against(cast, letter)) == "appeal.not_open"


def test_a_withdrawn_or_unadmitted_appeal_leaves_the_decision(bank, cast):
    first, appeal = appealed(cast)
    assert done(withdrawn(cast, appeal)).state == "withdrawn"
    assert claim_now(cast, first).state == "refused"
    with pytest.raises(NotVisible):
        withdrawn(cast, appeal, actor=cast.mei)
    second, appeal = appealed(cast, actor=cast.mei)
    assert code(heard(cast, appeal, "reject", cast.zhao, reason="because")) == "appeal.reason_needed"
    assert done(heard(cast, appeal, "reject", cast.zhao, reason="no_grounds", note="请补充")).state == "inadmissible"
    assert claim_now(cast, second).state == "refused"
    assert [one.kind for one in letters_of(cast, second.claim_id)] == ["refused", "appeal_inadmissible"]


def test_who_decided_on_appeal_does_not_reverse_it(bank, cast):
    claim, appeal = appealed(cast)
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert set_appeals(scope=scope, days=20, panel=1, actor=cast.zhao.person, at=AT) is None
        assert isinstance(set_appeals(scope=scope, days=20, panel=2, actor=cast.zhao.person, at=AT), Refusal)
    done(seat(cast, appeal, (cast.zhao,)))
    assert done(vote(cast, appeal, cast.zhao, 100)).state == "granted"
    with acting_for(institution=cast.college, purpose="test") as scope:
        answer = reverse_claim(
            scope=scope, actor=cast.zhao, key=key_of(claim), reason="duplicate", at=AT, on=ON
        )  # fmt: skip
    assert code(answer) == "recognition.second_person"


def test_a_refused_conversion_is_won_on_appeal_with_its_credit_held_again(bank, cast):
    found_rules(cast)
    post(cast, deposit(cast.lin.person, amount=500))
    application = apply_for(cast)
    done(decide(cast, application, "refuse", note="课程内容不同"))
    assert balances(cast) == {"available": 500}
    (letter,) = letters_of(cast, application.application_id)
    appeal = done(appeal_against(cast, letter))
    assert state_of(cast, application).value == "appealed"
    assert balances(cast) == {"held": 300, "available": 200}
    assert check(bank) == []
    jia, yi, bing = colleagues(cast)
    done(seat(cast, appeal, (jia, yi, bing)))
    assert code(vote(cast, appeal, jia, 400)) == "appeal.vote_out_of_range"
    for one in (jia, yi, bing):
        answer = done(vote(cast, appeal, one, 300))
    assert (answer.state, state_of(cast, application).value) == ("granted", "posted")
    assert balances(cast) == {"converted": 300, "available": 500}
    assert [one.kind for one in letters_of(cast, application.application_id)] == ["not_converted", "appeal_granted"]
    assert check(bank) == []


def test_a_conversion_whose_appeal_is_lost_gives_its_credit_back(bank, cast):
    found_rules(cast)
    post(cast, deposit(cast.lin.person, amount=500))
    application = apply_for(cast)
    done(decide(cast, application, "refuse"))
    (letter,) = letters_of(cast, application.application_id)
    appeal = done(appeal_against(cast, letter))
    jia, yi, bing = colleagues(cast)
    done(seat(cast, appeal, (jia, yi, bing)))
    for one in (jia, yi, bing):
        answer = done(vote(cast, appeal, one, 0))
    assert (answer.state, state_of(cast, application).value) == ("upheld", "refused")
    assert balances(cast) == {"available": 500}
    assert check(bank) == []


def test_credit_used_since_the_refusal_is_not_appealed_for(bank, cast):
    found_rules(cast)
    post(cast, deposit(cast.lin.person, amount=500))
    application = apply_for(cast)
    done(decide(cast, application, "refuse"))
    done(apply_for(cast, "into-professional", "EL302"))
    (letter,) = letters_of(cast, application.application_id)
    assert code(appeal_against(cast, letter)) == "appeal.credit_used"
    assert state_of(cast, application).value == "refused"
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert scope.rows(ConversionUse).filter(application_id=application.application_id).count() == 1


def test_a_corrected_letter_names_the_old_one_and_carries_its_appeal(bank, cast):
    claim = refused(cast)
    (old,) = letters_of(cast, claim.claim_id)
    with acting_for(institution=cast.college, purpose="test") as scope:
        args = {"scope": scope, "actor": cast.zhao, "learner_id": old.learner_id, "letter_id": old.letter_id, "at": AT}
        assert code(correct_letter(**args)) == "letter.nothing_to_correct"
        scope.rows(Enrolment).filter(learner_id=old.learner_id).update(name="林晓")
        new = done(correct_letter(**args))
        assert code(correct_letter(**args)) == "letter.nothing_to_correct"
    assert new.content["learner"]["zh"] == "林晓"
    assert old.number in new.content["corrects"]["en"]
    assert new.content["decision"] == old.content["decision"]
    assert new.appeal_until == old.appeal_until
    first = done(appeal_against(cast, new))
    assert code(appeal_against(cast, old, grounds="另一份申诉理由，请重新审核。")) == "appeal.filed_before"
    assert first.letter_id == old.letter_id
    assert letters_of(cast, claim.claim_id)[0].content == old.content


def test_the_same_person_does_not_decide_a_case_that_came_back(bank, cast):
    claim = submitted(cast)
    with acting_for(institution=cast.college, purpose="test") as scope:
        from creditbank.records.recognition import Claim

        scope.rows(Claim).filter(claim_id=claim.claim_id).update(decided_by=cast.chen.person)
        common = {"scope": scope, "actor": cast.chen, "key": key_of(claim), "at": AT}
        assert code(approve_claim(**common, on=ON).refusal) == "recognition.decided_before"
        assert code(refuse_claim(**common, reason="below_minimum")) == "recognition.decided_before"
