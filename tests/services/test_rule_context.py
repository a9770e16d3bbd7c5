"""What is known of a learner decides: keyed limits, counts, shares of a programme, what must be there before."""

from __future__ import annotations

from datetime import date

import pytest

from creditbank.domain.explanation import from_data
from creditbank.domain.ledger import Deposit
from creditbank.domain.rules.cases import codes_of
from creditbank.gateways.clock import new_id
from creditbank.records.catalogue import OutcomeType
from creditbank.records.people import Enrolment
from creditbank.records.recognition import Claim
from creditbank.records.scope import acting_for
from creditbank.services.ledger.post import post_deposits
from creditbank.services.programmes import publish_programme
from creditbank.services.recognition.claim import Draft, keep_draft, submit_claim
from creditbank.services.recognition.review import CaseKey, approve_claim
from creditbank.services.rules import publish_rule_version
from tests.cast import AT, ON


def both(text):
    return {"zh": text, "en": text}


def rules(**parts):
    """Certificates of a provider bring two credits each."""
    return {
        "schema": "creditbank.rules/1", "code": "certificates", "kind": "recognition", "name": both("certificates"),
        "source": both("invented for the tests"), "unit": "credit",
        "rounding": {"step": "0.5", "mode": "down", "place": "end"},
        "categories": [{"code": "skill", **both("skill")}],
        "facts": [
            {"name": "provider", "type": "code", "label": both("provider")},
            {"name": "earned_on", "type": "date", "label": both("earned on")},
        ],
        "tables": [{
            "code": "t", "columns": [],
            "rows": [{"id": "r", "give": {"credit": "2", "category": "skill"}, "clause": both("two")}],
        }],
        **parts,
    }  # fmt: skip


def limit(**parts):
    return {"id": "limit", "clause": both("limit"), "scope": "ever", **parts}


@pytest.fixture
def under(bank, cast):
    """Puts rules in force for a type of outcome."""

    def publish(**parts):
        with acting_for(institution=cast.college, purpose="test") as scope:
            publish_rule_version(
                scope=scope, document=rules(**parts), effective_from=date(2020, 1, 1), actor=cast.zhao.person, at=AT
            )
            scope.rows(OutcomeType).create(
                id=new_id(), institution_id=cast.college, code="certificate", name="证书", name_en="certificate",
                rule_set_code="certificates", evidence_required=False,
            )  # fmt: skip

    return publish


def claimed(cast, provider="P1", earned_on="2026-10-01", *, approve=True):
    """The credit a claim was proposed, its codes; approved unless told otherwise."""
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        facts = {"provider": provider, "earned_on": earned_on}
        draft = Draft(institution=cast.college, outcome_type="certificate", title="证书", facts=facts)
        claim = keep_draft(scope=scope, actor=cast.lin, draft=draft, at=AT)
        submit_claim(scope=scope, actor=cast.lin, claim_id=claim.claim_id, at=AT, on=ON)
        stored = scope.rows(Claim).get(claim_id=claim.claim_id)
    if approve and stored.verdict == "recognise":
        with acting_for(institution=cast.college, purpose="test") as scope:
            approve_claim(scope=scope, actor=cast.chen, key=CaseKey(cast.lin.person, claim.claim_id), at=AT, on=ON)
    return stored.verdict, stored.credit, codes_of(from_data(stored.proposal))


def test_a_limit_by_provider_counts_each_provider_apart(under, cast):
    under(cap=[limit(maximum="3", by=["provider"])])
    assert [claimed(cast, "P1")[1] for _ in range(3)] == [200, 100, 0]
    assert claimed(cast, "P2")[1] == 200


def test_a_limit_on_a_count_refuses_one_outcome_too_many_whatever_each_gives(under, cast):
    under(cap=[limit(maximum={"count": 2})])
    assert [claimed(cast, f"P{n}")[1] for n in range(3)] == [200, 200, 0]
    assert "rules.count_full" in claimed(cast, "P9")[2]


def test_a_count_within_a_term_begins_anew_in_the_next(under, cast):
    under(cap=[limit(maximum={"count": 1}, scope="term")])
    assert [claimed(cast, earned_on=day)[1] for day in ("2026-09-15", "2026-09-20")] == [200, 0]


def test_a_limit_beside_other_credit_looks_for_it_in_the_term_of_the_outcome(under, cast):
    two = [
        {"id": name, "when": {"provider": name}, "give": {"credit": "2", "category": category}, "clause": both(name)}
        for name, category in (("P1", "skill"), ("P2", "prior"))
    ]
    under(
        categories=[{"code": code, **both(code)} for code in ("skill", "prior")],
        tables=[{"code": "t", "columns": ["provider"], "rows": two}],
        cap=[limit(maximum="3", scope="term", beside="skill")],
    )
    before, now = "2026-03-10", "2026-10-01"
    assert [claimed(cast, "P2", before)[1] for _ in range(2)] == [200, 200]  # nothing beside it in that term
    assert "rules.cap_not_beside" in claimed(cast, "P2", before, approve=False)[2]
    assert claimed(cast, "P1", now)[1] == 200
    verdict, credit, codes = claimed(cast, "P2", now)
    assert (verdict, credit, "rules.cap_beside" in codes) == ("recognise", 100, True)
    assert claimed(cast, "P2", now)[1] == 0
    assert claimed(cast, "P1", before)[1] == 0  # prior credit of the term counts once there are classes


def test_a_limit_that_is_a_share_asks_a_person_until_the_programme_is_known(under, cast):
    under(cap=[limit(maximum={"share": "1/20", "of": "programme"})])
    assert claimed(cast)[0] == "manual"
    programme = {
        "schema": "creditbank.programme/1", "code": "BA", "title": both("BA"),
        "requirement": {"id": "all", "title": both("all"), "credits_from": {}, "minimum": "60"},
    }  # fmt: skip
    with acting_for(institution=cast.college, purpose="test") as scope:
        publish_programme(scope=scope, document=programme, actor=cast.zhao.person, at=AT)
        scope.rows(Enrolment).filter(learner_id=cast.lin.person).update(programme_code="BA")
    assert [claimed(cast)[1] for _ in range(3)] == [200, 100, 0]


def test_what_must_be_there_before_is_looked_up_in_the_ledger(under, cast):
    needs = [
        {"id": "some", "needs": {"credit": "4"}, "clause": both("four credits before")},
        {"id": "one", "needs": {"courses": ["CS1", "CS2"], "least": 1}, "clause": both("one of two courses before")},
    ]
    under(prerequisite=needs)
    verdict, _credit, codes = claimed(cast)
    assert (verdict, "rules.needs_credit_short" in codes) == ("refuse", True)
    for course, amount in (("MA1", 400), ("CS2", 100)):
        with acting_for(institution=cast.college, purpose="test") as scope:
            post_deposits(
                scope=scope, reason="results.imported", actor=cast.zhao.person, at=AT,
                deposits=[
                    Deposit(
                        learner_id=cast.lin.person, key=course, amount=amount, outcome_type="course", title=course,
                        code=course, category="course", earned_on=ON, effective_on=ON,
                    )
                ],
            )  # fmt: skip
        if course == "MA1":
            assert "rules.needs_courses_short" in claimed(cast)[2]
    assert claimed(cast)[:2] == ("recognise", 200)
