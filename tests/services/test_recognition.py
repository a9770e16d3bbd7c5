"""The life of a claim through its services, on a real bank with the application's own login."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from creditbank.domain.explanation import Refusal
from creditbank.domain.ledger import Deposit
from creditbank.domain.recognition import State
from creditbank.domain.values import Amount
from creditbank.gateways.clock import new_id
from creditbank.records.recognition import Claim
from creditbank.records.scope import acting_for
from creditbank.services.access import NotVisible
from creditbank.services.ledger.post import post_deposits
from creditbank.services.recognition.batch import execute_command, schedule_approval, undo_command
from creditbank.services.recognition.claim import Draft, add_evidence, keep_draft, submit_claim, withdraw_claim
from creditbank.services.recognition.review import (
    CaseKey,
    Judgement,
    approve_claim,
    finalise_due,
    refuse_claim,
    request_supplement,
    reverse_claim,
    take_claim,
)
from tests.cast import AT, ON

PDF = b"%PDF-1.4 a certificate"
SECOND_PRIZE = {
    "kind": "contest", "activity": "网页设计大赛 2026", "tier": "provincial", "award": "second",
    "organiser": "government", "role": "lead", "earned_on": "2026-06-15",
}  # fmt: skip


def submitted(bank, cast, *, who=None, place=None, facts=None, title="省级技能大赛二等奖"):
    """A submitted claim with evidence; returns its key."""
    learner = who or cast.lin
    with acting_for(person=learner.person, purpose="test") as scope:
        draft = Draft(
            institution=place or cast.college, outcome_type="innovation", title=title, facts=facts or SECOND_PRIZE
        )
        claim = keep_draft(scope=scope, actor=learner, draft=draft, at=AT)
        add_evidence(scope=scope, actor=learner, bank=bank, claim_id=claim.claim_id, name="a.pdf", content=PDF, at=AT)
        done = submit_claim(scope=scope, actor=learner, claim_id=claim.claim_id, at=AT, on=ON)
    assert not isinstance(done, Refusal), done
    return CaseKey(learner.person, claim.claim_id)


def office(cast):
    return acting_for(institution=cast.college, purpose="test")


def stored(cast, key):
    with acting_for(person=key.learner_id, purpose="test") as scope:
        return scope.rows(Claim).get(claim_id=key.claim_id)


def balances(key):
    with acting_for(person=key.learner_id, purpose="test") as scope:
        return dict(
            scope.fetch(
                "SELECT state::text, sum(amount) FROM balance WHERE learner_id = %s GROUP BY 1", [key.learner_id]
            )
        )


def test_a_submitted_claim_carries_its_proposal_and_reasons(bank, cast):
    claim = stored(cast, submitted(bank, cast))
    assert (claim.state, claim.verdict, claim.credit) == ("submitted", "recognise", 300)
    assert claim.proposal[0]["code"].startswith("rules.")


def test_an_approved_claim_is_posted_in_the_same_transaction_when_the_publicity_period_has_no_days(bank, cast):
    key = submitted(bank, cast)
    with office(cast) as scope:
        decided = approve_claim(scope=scope, actor=cast.chen, key=key, at=AT, on=ON)
    assert decided.refusal is None
    claim = stored(cast, key)
    assert (claim.state, claim.lot_id is not None) == ("deposited", True)
    assert balances(key) == {"available": 300}


def test_a_publicity_period_keeps_the_credit_back_until_its_last_day_has_passed(bank, cast):
    key = submitted(bank, cast)
    with acting_for(institution=cast.centre, purpose="test") as scope:
        scope.fetch("UPDATE institution SET publicity_days = 5 WHERE id = %s RETURNING 1", [cast.college])
    with office(cast) as scope:
        approve_claim(scope=scope, actor=cast.chen, key=key, at=AT, on=ON)
    assert (stored(cast, key).state, balances(key)) == ("recognised", {})
    with office(cast) as scope:
        assert finalise_due(scope=scope, at=AT, on=ON + timedelta(days=4)) == 0
        assert finalise_due(scope=scope, at=AT, on=ON + timedelta(days=5)) == 1
    assert (stored(cast, key).state, balances(key)) == ("deposited", {"available": 300})


def test_nobody_sees_a_case_of_another_institution_or_another_college(bank, cast):
    key = submitted(bank, cast)
    for actor, institution in ((cast.sun, cast.university), (cast.qian, cast.college), (cast.lin, cast.college)):
        with pytest.raises(NotVisible), acting_for(institution=institution, purpose="test") as scope:
            approve_claim(scope=scope, actor=actor, key=key, at=AT, on=ON)
    assert stored(cast, key).state == "submitted"


def test_nobody_decides_their_own_case(bank, cast):
    key = submitted(bank, cast)
    own = replace(cast.chen, person=cast.lin.person)
    with pytest.raises(NotVisible), office(cast) as scope:
        approve_claim(scope=scope, actor=own, key=key, at=AT, on=ON)
    assert stored(cast, key).state == "submitted"


def test_a_batch_waits_ten_seconds_and_posts_nothing_before(bank, cast):
    keys = [submitted(bank, cast), submitted(bank, cast, who=cast.mei)]
    with office(cast) as scope:
        command, results = schedule_approval(scope=scope, actor=cast.chen, keys=keys, at=AT)
        assert [item.refusal for item in results] == [None, None]
        early = execute_command(scope=scope, command_id=command, at=AT + timedelta(seconds=9), on=ON)
    assert early == []
    assert {stored(cast, key).state for key in keys} == {"scheduled"}
    with office(cast) as scope:
        done = execute_command(scope=scope, command_id=command, at=AT + timedelta(seconds=10), on=ON)
        assert execute_command(scope=scope, command_id=command, at=AT + timedelta(seconds=11), on=ON) == []
    assert [item.credit for item in done] == [300, 300]
    assert [balances(key) for key in keys] == [{"available": 300}] * 2


def test_a_batch_that_is_undone_in_time_never_posts(bank, cast):
    key = submitted(bank, cast)
    with office(cast) as scope:
        command, _ = schedule_approval(scope=scope, actor=cast.chen, keys=[key], at=AT)
        assert undo_command(scope=scope, actor=cast.chen, command_id=command, at=AT + timedelta(seconds=5)) == 1
        assert execute_command(scope=scope, command_id=command, at=AT + timedelta(seconds=20), on=ON) == []
    assert (stored(cast, key).state, balances(key)) == ("under_review", {})


def test_a_case_the_rules_leave_to_a_person_is_not_taken_into_a_batch_and_needs_an_amount(bank, cast):
    key = submitted(bank, cast, facts=SECOND_PRIZE | {"tier": "school", "organiser": "association"})
    with office(cast) as scope:
        command, results = schedule_approval(scope=scope, actor=cast.chen, keys=[key], at=AT)
        assert command is None
        assert results[0].refusal.explanation[0].code == "recognition.not_recommended"
        bare = approve_claim(scope=scope, actor=cast.chen, key=key, at=AT, on=ON)
        assert bare.refusal.explanation[0].code == "recognition.amount_needed"
        judged = approve_claim(
            scope=scope, actor=cast.chen, key=key, at=AT, on=ON, judgement=Judgement(credit=50, category="innovation")
        )
    assert (judged.refusal, balances(key)) == (None, {"available": 50})


def test_the_second_award_of_one_contest_adds_only_what_the_higher_one_is_worth_more(bank, cast):
    first = submitted(bank, cast, facts=SECOND_PRIZE | {"award": "third"})
    second = submitted(bank, cast)
    with office(cast) as scope:
        assert approve_claim(scope=scope, actor=cast.chen, key=first, at=AT, on=ON).credit == 200
        stale = approve_claim(scope=scope, actor=cast.chen, key=second, at=AT, on=ON)
        assert stale.refusal.explanation[0].code == "recognition.proposal_changed"
        assert stale.refusal.explanation[0].facts["after"] == Amount(100)
        approve_claim(scope=scope, actor=cast.chen, key=second, at=AT, on=ON, seen=100)
    assert balances(second) == {"available": 300}


def test_a_reversal_needs_a_second_person_and_leaves_the_deposit_standing_beside_its_mirror(bank, cast):
    key = submitted(bank, cast)
    with office(cast) as scope:
        approve_claim(scope=scope, actor=cast.zhao, key=key, at=AT, on=ON)
        same = reverse_claim(scope=scope, actor=cast.zhao, key=key, reason="duplicate", at=AT, on=ON)
        assert same.explanation[0].code == "recognition.second_person"
        other = replace(cast.chen, roles=cast.zhao.roles)
        assert (
            reverse_claim(scope=scope, actor=other, key=key, reason="duplicate", at=AT, on=ON).state == State.REVERSED
        )
    assert balances(key) == {"available": 0}
    with acting_for(person=key.learner_id, purpose="test") as scope:
        kinds = [
            row[0]
            for row in scope.fetch(
                "SELECT kind::text FROM posting WHERE learner_id = %s ORDER BY posting_id", [key.learner_id]
            )
        ]
    assert kinds == ["deposit", "reverse"]


def test_a_refusal_and_a_request_for_material_need_a_reason_and_tell_the_learner(bank, cast):
    key = submitted(bank, cast)
    with office(cast) as scope:
        assert (
            refuse_claim(scope=scope, actor=cast.chen, key=key, reason="", at=AT).explanation[0].code
            == "recognition.reason_needed"
        )
        take_claim(scope=scope, actor=cast.chen, key=key, at=AT)
        request_supplement(scope=scope, actor=cast.chen, key=key, reason="evidence_unreadable", at=AT)
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        again = submit_claim(scope=scope, actor=cast.lin, claim_id=key.claim_id, at=AT, on=ON)
        assert again.state == "submitted"
        codes = [row[0] for row in scope.fetch("SELECT code FROM notice WHERE learner_id = %s", [cast.lin.person])]
    assert codes == ["recognition.supplement_requested"]
    with office(cast) as scope:
        assert refuse_claim(scope=scope, actor=cast.chen, key=key, reason="below_minimum", at=AT).state == "refused"


def test_a_draft_without_evidence_or_title_is_kept_and_says_what_is_missing(bank, cast):
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        draft = Draft(
            institution=cast.college, outcome_type="innovation", title=" ", facts=SECOND_PRIZE | {"award": ""}
        )
        claim = keep_draft(scope=scope, actor=cast.lin, draft=draft, at=AT)
        refusal = submit_claim(scope=scope, actor=cast.lin, claim_id=claim.claim_id, at=AT, on=ON)
    assert {line.code for line in refusal.explanation} == {
        "recognition.title_needed", "recognition.evidence_needed", "rules.fact_missing",
    }  # fmt: skip
    assert stored(cast, CaseKey(cast.lin.person, claim.claim_id)).state == "draft"


def test_a_withdrawn_claim_can_no_longer_be_decided(bank, cast):
    key = submitted(bank, cast)
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        assert withdraw_claim(scope=scope, actor=cast.lin, claim_id=key.claim_id, at=AT).state == "withdrawn"
    with office(cast) as scope:
        late = approve_claim(scope=scope, actor=cast.chen, key=key, at=AT, on=ON)
    assert late.refusal.explanation[0].code == "recognition.wrong_state"


def test_a_learner_cannot_file_where_they_are_not_enrolled(bank, cast):
    with pytest.raises(NotVisible), acting_for(person=cast.wei.person, purpose="test") as scope:
        keep_draft(
            scope=scope, actor=cast.wei, at=AT,
            draft=Draft(institution=cast.college, outcome_type="innovation", title="x", facts={}),
        )  # fmt: skip


def test_an_unknown_claim_is_not_visible(bank, cast):
    with pytest.raises(NotVisible), acting_for(person=cast.lin.person, purpose="test") as scope:
        submit_claim(scope=scope, actor=cast.lin, claim_id=new_id(), at=AT, on=ON)


def volunteering(cast, hours="64"):
    """A submitted claim under the example rules, which hold caps; returns its key."""
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        facts = {"kind": "volunteering", "hours": hours, "earned_on": "2026-10-01"}
        draft = Draft(institution=cast.college, outcome_type="practice", title="志愿服务", facts=facts)
        claim = keep_draft(scope=scope, actor=cast.lin, draft=draft, at=AT)
        submit_claim(scope=scope, actor=cast.lin, claim_id=claim.claim_id, at=AT, on=ON)
    return CaseKey(cast.lin.person, claim.claim_id)


def test_a_cap_fills_with_what_was_recognised_under_the_same_rules(bank, cast):
    given = []
    for _ in range(5):
        key = volunteering(cast, hours="96")
        claim = stored(cast, key)
        given.append(claim.credit)
        with office(cast) as scope:
            approve_claim(scope=scope, actor=cast.chen, key=key, at=AT, on=ON)
    # The example rules allow 3 practice credits a term.
    assert sum(given) == 300
    assert given[-1] == 0
    assert stored(cast, key).verdict == "refuse"


def test_credit_from_other_rules_does_not_fill_a_cap(bank, cast):
    with office(cast) as scope:
        post_deposits(
            scope=scope, reason="results.imported", actor=cast.zhao.person, at=AT,
            deposits=[
                Deposit(
                    learner_id=cast.lin.person, key="course", amount=6000, outcome_type="course", title="Python",
                    category="course", earned_on=ON, effective_on=ON, term="2026-2027-1", academic_year="2026-2027",
                )
            ],
        )  # fmt: skip
    assert stored(cast, volunteering(cast)).credit > 0
