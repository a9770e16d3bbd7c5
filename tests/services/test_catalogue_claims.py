"""A claim taken from the catalogue carries what the item says, and what does not fit it is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from creditbank.domain.catalogue.life import Act, State
from creditbank.domain.explanation import Refusal
from creditbank.domain.values import Hundredths
from creditbank.exchange.catalogue import read_catalogue, sheet_of
from creditbank.gateways.clock import new_id, now
from creditbank.gateways.documents import packaged
from creditbank.jobs.schedule import enact_catalogues
from creditbank.queries.catalogue.items import find_item, items_found
from creditbank.queries.catalogue.search import search_items
from creditbank.queries.estimates import places_below, worth_of_item
from creditbank.queries.recognition import propose
from creditbank.records.recognition import Claim, Evidence
from creditbank.records.scope import acting_for
from creditbank.services.catalogue.outcome_types import keep_outcome_schema
from creditbank.services.demonstration.catalogue import publish_items
from creditbank.services.recognition.begin import begin_from_item
from creditbank.services.recognition.claim import Draft, keep_draft, submit_claim
from tests.cast import AT, ON
from tests.services.catalogue_items import MODELLING, SECOND, acted, codes, enacted, publicity, submitted, typed

ANSWERS = {"kind": "contest", "activity": "数模", "tier": "national", "award": "first", "organiser": "government",
           "role": "lead", "earned_on": "2026-05-01"}  # fmt: skip


def begun(cast, code="modelling", of=None, who=None):
    person = who or cast.lin
    with acting_for(person=person.person, purpose="test") as scope:
        return begin_from_item(
            scope=scope, actor=person, institution=cast.college, item_of=of or cast.college, code=code, at=AT
        )


def said(cast, claim, **answers):
    """The codes of the proposal's sentences for a draft with these answers."""
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        found = propose(
            scope, institution=cast.college, outcome_type="innovation", raw=ANSWERS | answers, on=ON,
            learner=cast.lin.person, item=claim.item,
        )  # fmt: skip
        assert not isinstance(found, Refusal), found
        return [line.code for line in found.proposal.explanation if line.code.startswith("catalogue.")], found


def handed_in(cast, claim, answers, title="数学建模"):
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        draft = Draft(cast.college, "innovation", title, answers)
        keep_draft(scope=scope, actor=cast.lin, draft=draft, at=AT, claim_id=claim.claim_id)
        scope.rows(Evidence).create(
            learner_id=cast.lin.person, evidence_id=new_id(), claim_id=claim.claim_id, institution_id=cast.college,
            name="a.pdf", media_type="application/pdf", size=1, sha256="0" * 64, added_at=AT,
        )  # fmt: skip
        return submit_claim(scope=scope, actor=cast.lin, claim_id=claim.claim_id, at=AT, on=ON)


def schema(cast, **more):
    with acting_for(institution=cast.college, purpose="test") as scope:
        document = {"schema": "creditbank.outcome-type/1", "code": "innovation"} | more
        return keep_outcome_schema(scope=scope, actor=cast.zhao.person, document=document, at=AT, on=ON)


def test_a_claim_says_from_which_version_it_was_taken_and_where_it_differs(bank, cast):
    enacted(bank, cast, MODELLING)
    claim = begun(cast)
    assert claim.facts["tier"] == "national"
    assert said(cast, claim)[0] == ["catalogue.taken_from"]
    assert said(cast, claim, tier="school")[0] == ["catalogue.taken_from", "catalogue.fact_differs"]
    answer = handed_in(cast, claim, ANSWERS)
    assert not isinstance(answer, Refusal)
    assert answer.credit == Hundredths(600)
    assert any(line["code"] == "catalogue.taken_from" for line in answer.proposal)


def test_an_item_of_a_provider_whose_accreditation_had_ended_is_flagged(bank, cast):
    provider = {"code": "P1", "name": "示例评价机构", "kind": "校外", "accredited_from": "2024-01-01"}
    typed(bank, cast, provider | {"accredited_until": "2026-04-30"}, code="providers")
    enacted(bank, cast, MODELLING | {"provider": "示例评价机构"})
    claim = begun(cast)
    assert said(cast, claim)[0] == ["catalogue.taken_from", "catalogue.provider_ended"]
    assert said(cast, claim, earned_on="2026-04-30")[0] == ["catalogue.taken_from"]
    typed(bank, cast, {"code": "P1", "accredited_until": "2026-12-31"}, code="providers", at=AT + timedelta(hours=1))
    assert said(cast, claim)[0] == ["catalogue.taken_from"]


def test_an_item_of_the_centre_is_found_and_claimed_at_its_schools(bank, cast):
    enacted(bank, cast, MODELLING, place=cast.centre)
    with acting_for(purpose="test") as scope:
        line = items_found(scope, search_items(scope, "sxjm"))[0]
        worth = worth_of_item(scope, line.item, places=places_below(scope, cast.centre), on=ON)
    assert [one.institution for one in worth] == [cast.university, cast.college]
    assert {(one.least, one.most) for one in worth} == {(350, 1000)}
    assert begun(cast, of=cast.centre).item["institution"] == str(cast.centre)


def test_what_is_not_in_force_or_not_ours_is_not_offered(bank, cast):
    typed(bank, cast, MODELLING)
    assert codes(begun(cast)) == ["catalogue.not_offered"]
    enacted(bank, cast, MODELLING | {"code": "theirs"}, place=cast.university)
    assert codes(begun(cast, "theirs", of=cast.university)) == ["catalogue.not_offered"]


def test_one_outcome_is_claimed_once(bank, cast):
    schema(cast, identity=["item", "award"])
    enacted(bank, cast, MODELLING)
    first = begun(cast)
    assert not isinstance(handed_in(cast, first, ANSWERS), Refusal)
    second = begun(cast)
    assert second.claim_id != first.claim_id
    refused = handed_in(cast, second, ANSWERS)
    assert codes(refused) == ["outcome_type.claimed_already"]
    assert refused.explanation[0].facts["number"] == first.number
    third = handed_in(cast, second, ANSWERS | {"award": "second"})
    assert not isinstance(third, Refusal)


def test_further_fields_are_asked_and_kept_and_evidence_is_counted(bank, cast):
    field = {"name": "members", "type": "integer", "label": {"zh": "人数", "en": "Members"}, "range": {"from": 1}}
    label = {"zh": "证书", "en": "Certificate"}
    schema(cast, fields=[field], evidence=[{"code": "c", "label": label, "least": 2, "formats": ["pdf"]}])
    enacted(bank, cast, MODELLING)
    claim = begun(cast)
    assert codes(handed_in(cast, claim, ANSWERS)) == ["outcome_type.evidence_short", "rules.fact_missing"]
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        found = propose(
            scope, institution=cast.college, outcome_type="innovation", raw=ANSWERS | {"members": "3"}, on=ON
        )
        assert found.facts["members"] == 3
        assert found.proposal.credit == 600


def test_a_schema_that_contradicts_the_rules_is_refused_and_a_later_one_asks_no_old_claim(bank, cast):
    field = {"name": "tier", "type": "text", "label": {"zh": "级别", "en": "Tier"}}
    assert codes(schema(cast, fields=[field])) == ["outcome_type.field_differs"]
    enacted(bank, cast, MODELLING)
    claim = begun(cast)
    assert not isinstance(handed_in(cast, claim, ANSWERS), Refusal)
    with acting_for(institution=cast.college, purpose="test") as scope:
        document = {"schema": "creditbank.outcome-type/1", "code": "innovation", "fields": [field | {"name": "more"}]}
        later = AT + timedelta(hours=1)
        keep_outcome_schema(scope=scope, actor=cast.zhao.person, document=document, at=later, on=ON)
        stored = scope.rows(Claim).get(claim_id=claim.claim_id, learner_id=cast.lin.person)
        ask = {"institution": cast.college, "outcome_type": "innovation", "raw": stored.facts, "on": ON}
        assert isinstance(propose(scope, **ask), Refusal)
        assert not isinstance(propose(scope, **ask, at=stored.submitted_at), Refusal)


def test_the_worker_brings_into_force_what_was_public_long_enough(bank, cast):
    publicity(cast.college, 3)
    typed(bank, cast, MODELLING)
    submitted(cast, "modelling")
    acted(cast, "modelling", 1, Act.APPROVE)
    assert enact_catalogues(at=AT + timedelta(days=3)) == 0
    assert enact_catalogues(at=AT + timedelta(days=4)) == 1
    with acting_for(purpose="test") as scope:
        assert find_item(scope, "svc", "modelling").shown_state is State.IN_FORCE


def test_the_demonstrations_catalogue_can_be_read_submitted_and_found(bank, cast):
    items = read_catalogue(packaged("catalogue/demo.yaml"), name="demo")
    count = publish_items(cast.college, items, author=cast.zhao.person, second=SECOND, at=now(), on=ON)
    assert count == len(items) > 30
    assert sheet_of(items).decode().count("\r\n") == count + 1
    with acting_for(purpose="test") as scope:
        for item in items:
            for name in (item["name"], *item["aliases"].split("；")):
                assert item["code"] in [one.code for one in search_items(scope, name)], name


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("schema: creditbank.catalogue/1\nitems: [{code: a, name: b, colour: c}]", "items[0].colour"),
        ("schema: creditbank.catalogue/1\nitems: [{code: a}]", "items[0]"),
        ("schema: creditbank.catalogue/1\nitems: [{code: a, name: b, aliases: [1.5]}]", "items[0].aliases[0]"),
    ],
)
def test_a_document_with_something_unknown_is_refused_with_its_path(text, path):
    with pytest.raises(Exception, match=path.replace("[", r"\[").replace("]", r"\]")):
        read_catalogue(text.encode(), name="x.yaml")
