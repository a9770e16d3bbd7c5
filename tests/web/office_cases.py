"""Cases for the tests of the office, made through the services as learners and staff make them."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client

from creditbank.domain.explanation import Refusal
from creditbank.gateways import clock
from creditbank.records.people import Account
from creditbank.records.recognition import Claim
from creditbank.records.scope import acting_for
from creditbank.services.recognition.claim import Draft, add_evidence, keep_draft, submit_claim
from creditbank.services.recognition.review import CaseKey

PDF = b"%PDF-1.4 a certificate"
PNG = b"\x89PNG\r\n\x1a\n a picture"
FACTS = {
    "kind": "contest", "activity": "网页设计大赛 2026", "tier": "provincial", "award": "second",
    "organiser": "government", "role": "lead", "earned_on": "2026-06-15",
}  # fmt: skip
JUDGED = FACTS | {"tier": "school", "organiser": "association"}
"""Below the lowest tier: the rules leave it to a person."""


def handed_in(bank, cast, *, who=None, facts=None, title="省级技能大赛二等奖", evidence=(("a.pdf", PDF),), ago=0):
    """A submitted claim of the vocational college; returns its key."""
    learner = who or cast.lin
    at = clock.now() - timedelta(days=ago)
    facts = facts or FACTS | {"activity": f"大赛 {clock.new_id().hex[-6:]}"}
    with acting_for(person=learner.person, purpose="test") as scope:
        draft = Draft(institution=cast.college, outcome_type="innovation", title=title, facts=facts)
        claim = keep_draft(scope=scope, actor=learner, draft=draft, at=at)
        for name, content in evidence:
            add_evidence(
                scope=scope, actor=learner, bank=bank, claim_id=claim.claim_id, name=name, content=content, at=at
            )
        done = submit_claim(scope=scope, actor=learner, claim_id=claim.claim_id, at=at, on=at.date())
    assert not isinstance(done, Refusal), done
    return CaseKey(learner.person, claim.claim_id)


def client_of(actor=None, language="en"):
    """A browser with somebody signed in."""
    client = Client(headers={"accept-language": language}, SERVER_NAME="localhost")
    if actor is not None:
        client.force_login(Account.objects.get(pk=actor.person))
    return client


def stored(key):
    """The claim as it is now."""
    with acting_for(person=key.learner_id, purpose="test") as scope:
        return scope.rows(Claim).get(claim_id=key.claim_id)


def available(key):
    """Hundredths a learner can use."""
    with acting_for(person=key.learner_id, purpose="test") as scope:
        sql = "SELECT coalesce(sum(amount), 0) FROM balance WHERE learner_id = %s AND state = 'available'"
        return int(scope.fetch(sql, [key.learner_id])[0][0])


def selected(*keys):
    """What the boxes of the queue post."""
    return [key.learner_id.hex + key.claim_id.hex for key in keys]


def case_url(key, rest=""):
    """The address of a case."""
    return f"/office/recognition/{key.learner_id}/{key.claim_id}/{rest}"
