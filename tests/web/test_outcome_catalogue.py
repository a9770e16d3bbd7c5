"""The catalogue’s pages: the office leads an item into force, everybody finds it, a learner’s claim is filled in."""

from __future__ import annotations

import pytest
from django.test import Client

from creditbank.domain.catalogue.life import Act
from creditbank.records.recognition import Claim
from creditbank.records.scope import acting_for
from tests.cast import PASSWORD
from tests.services.catalogue_items import MODELLING, acted, enacted, publicity, submitted, typed

CERTIFICATE = {
    "code": "cert-9", "name": "程序设计等级证书", "type": "innovation", "kind": "证书",
    "facts": "kind=vocational；certificate_level=level3",
}  # fmt: skip


@pytest.fixture
def signed_in(bank, cast):
    """A way to sign somebody in: their own browser."""

    def enter(name):
        client = Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE="zh-hans")
        answer = client.post("/account/sign-in/", {"sign_in": name, "password": PASSWORD})
        assert answer.status_code == 302
        return client

    return enter


def text_of(answer, status=200):
    assert answer.status_code == status, answer.content[:800]
    return answer.content.decode()


def test_the_office_leads_an_item_into_force_and_everybody_finds_it(bank, cast, signed_in):
    publicity(cast.college, 0)
    typed(bank, cast, MODELLING)
    zhao, chen = signed_in("zhao"), signed_in("chen")
    assert MODELLING["name"] in text_of(zhao.get("/office/catalogue/?state=draft"))
    zhao.post("/office/catalogue/item/modelling/submit/")
    page = text_of(zhao.get("/office/catalogue/item/modelling/"))
    assert "/approve/" not in page
    assert "/approve/" in text_of(chen.get("/office/catalogue/item/modelling/"))
    assert MODELLING["name"] not in text_of(
        Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE="zh-hans").get("/outcomes/?q=sxjm")
    )
    chen.post("/office/catalogue/item/modelling/1/approve/")
    zhao.post("/office/catalogue/item/modelling/1/enact/")
    assert MODELLING["name"] in text_of(
        Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE="zh-hans").get("/outcomes/?q=sxjm")
    )
    page = text_of(Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE="zh-hans").get("/outcomes/svc/modelling/"))
    for words in ("3.5", "10.0", "数模竞赛"):
        assert words in page


def test_whoever_wrote_an_item_is_refused_with_the_reason(bank, cast, signed_in):
    typed(bank, cast, MODELLING, actor=cast.chen.person)
    submitted(cast, "modelling")
    chen = signed_in("chen")
    answer = chen.post("/office/catalogue/item/modelling/1/approve/", follow=True)
    assert "须由他人审核" in text_of(answer)
    assert acted(cast, "modelling", 1, Act.APPROVE).number == 1


def test_what_is_published_for_objections_says_until_when(bank, cast):
    publicity(cast.college, 7)
    typed(bank, cast, MODELLING)
    submitted(cast, "modelling")
    acted(cast, "modelling", 1, Act.APPROVE)
    page = text_of(Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE="zh-hans").get("/outcomes/svc/modelling/"))
    assert "2026-11-25" in page
    assert "/learner/deposit/item/svc/modelling/" not in page


def test_an_item_that_fixes_everything_says_what_it_becomes(bank, cast):
    enacted(bank, cast, CERTIFICATE)
    page = text_of(Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE="zh-hans").get("/outcomes/svc/cert-9/"))
    assert "2.0" in page


def test_a_learner_picks_an_item_and_the_claim_is_filled_in(bank, cast, signed_in):
    enacted(bank, cast, MODELLING)
    lin = signed_in("lin")
    found = text_of(lin.get("/learner/deposit/?q=sxjm"))
    assert "/learner/deposit/item/svc/modelling/" in found
    begun = lin.post("/learner/deposit/item/svc/modelling/", {"place": str(cast.college)})
    assert begun.status_code == 302
    page = text_of(lin.get(begun.headers["Location"]))
    assert MODELLING["name"] in page
    again = lin.post("/learner/deposit/item/svc/modelling/", {"place": str(cast.college)})
    assert again.headers["Location"] == begun.headers["Location"]
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        claim = scope.rows(Claim).get(learner_id=cast.lin.person, outcome_type="innovation", item__code="modelling")
    assert (claim.facts["tier"], claim.item["number"]) == ("national", 1)
    assert lin.post("/learner/deposit/item/svc/modelling/", {"place": str(cast.university)}).status_code == 422


def test_a_schema_is_kept_and_asked_and_a_contradiction_is_named(bank, cast, signed_in):
    zhao, lin = signed_in("zhao"), signed_in("lin")
    address = "/office/catalogue/types/innovation/change/"
    document = "schema: creditbank.outcome-type/1\ncode: innovation\nfields:\n  - {name: serial, type: code, label: {zh: 证书编号, en: Serial number}}\n"
    assert "colour" in text_of(zhao.post(address, {"document": document + "colour: red\n"}), 422)
    wrong = document.replace("name: serial, type: code", "name: tier, type: text")
    assert "cn-innovation" in text_of(zhao.post(address, {"document": wrong}), 422)
    assert zhao.post(address, {"document": document}).status_code == 302
    enacted(bank, cast, MODELLING)
    begun = lin.post("/learner/deposit/item/svc/modelling/", {"place": str(cast.college)})
    assert "fact_serial" in text_of(lin.get(begun.headers["Location"]))
