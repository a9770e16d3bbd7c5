"""The office's pages of conversion rules: a list of their own, the same pages of drafts, cases and versions."""

from __future__ import annotations

from creditbank.exchange.documents import read_document
from creditbank.gateways.clock import new_id
from creditbank.gateways.documents import pack_bytes
from creditbank.records.catalogue import Course
from creditbank.records.rules import RuleDraft, RuleVersion
from creditbank.records.scope import acting_for
from creditbank.services.rules import publish_rule_version
from tests.cast import AT, ON
from tests.services.rule_drafts import at
from tests.web.office_cases import client_of

CODE = "cn-conversion-a"


def published(actor, code=CODE):
    """A pack put in force as at setup."""
    document = read_document(pack_bytes(code) or b"", name=code)
    with at(actor) as scope:
        return publish_rule_version(scope=scope, document=document, effective_from=ON, actor=actor.person, at=AT)


def shown(actor, address, language="en"):
    page = client_of(actor, language).get(address)
    assert page.status_code == 200
    return page.content.decode()


def test_conversion_rules_have_a_list_of_their_own(bank, cast):
    published(cast.zhao)
    assert "Conversion of outcomes into courses, pattern A" in shown(cast.zhao, "/office/conversion-rules/")
    assert "pattern A" not in shown(cast.zhao, "/office/rules/")
    own = shown(cast.zhao, "/office/conversion-rules/", "zh-hans")
    assert "置换规则" in own
    assert "认定规则" in own  # the menu still leads there
    assert "cn-innovation" not in own


def test_a_version_says_what_becomes_what_in_both_languages(bank, cast):
    version = published(cast.zhao, "cn-course-certificate")
    page = shown(cast.zhao, f"/office/rules/{version.id}/")
    for words in (
        "Level: intermediate, advanced",
        "course LOG211",
        "the course&#x27;s own credit, even if the items hold less",
        "Result: excellent → 95",
        "transcript, graduation",
        "stays where it is",
        "2 of: Level: primary, intermediate, advanced, at least 2.0 credits together",
        'href="/office/conversion-rules/"',
        "Code of the certificate: web-frontend</th>",
        "together with others",
    ):
        assert words in page, words
    page = shown(cast.zhao, f"/office/rules/{published(cast.zhao).id}/", "zh-hans")
    for words in (
        "专业课程类任一课程",
        "记 90",
        "平均学分绩点、成绩单、毕业",
        "不结转",
        "在学期间累计，专业课程不超过培养方案中专业课程学分的 1/5。",
        "修读不及格",
        "置换与去向",
    ):
        assert words in page, words


def test_a_draft_is_begun_from_a_pack_tested_on_its_bench_and_compared(bank, cast):
    published(cast.zhao)
    client = client_of(cast.zhao, "en")
    form = client.get("/office/conversion-rules/begin/").content.decode()
    assert CODE in form
    assert "cn-innovation" not in form
    begun = client.post("/office/conversion-rules/begin/", {"start": "pack", "pack": CODE})
    draft = client.get(begun["Location"]).content.decode()
    assert "all green" in draft
    assert "Nothing: the content is the same." in draft
    assert "No two answers" in draft
    assert "See who is affected" in draft
    with at(cast.zhao) as scope:
        row = scope.rows(RuleDraft).get(rule_set__code=CODE)
    bench = client.get(f"/office/rules/cases/{row.rule_set_id}/").content.decode()
    assert "creditbank.conversion_cases/1" in bench
    assert "share-over" in bench
    text = (
        "schema: creditbank.conversion_cases/1\nrules: cn-conversion-a\ncases:\n"
        "  - {id: mine, on: 2026-09-10, to: {course: X1}, items: [{id: x, facts: {kind: other}, credit: '3'}],"
        " courses: [{code: X1, credit: '3', category: public}], expect: {ruling: recognise}}\n"
    )
    client.post(f"/office/rules/cases/{row.rule_set_id}/save/", {"text": text})
    assert "1 red" in client.get(begun["Location"]).content.decode()
    client.post(f"{begun['Location']}step/", {"act": "discard"})
    with at(cast.zhao) as scope:
        version = scope.rows(RuleVersion).get(rule_set__code=CODE)
    assert client.get(f"/office/rules/{version.id}/compare/").status_code == 200


def test_an_empty_draft_of_conversion_rules_can_be_read_and_has_to_be_tested(bank, cast):
    client = client_of(cast.zhao, "en")
    begun = client.post("/office/conversion-rules/begin/", {"start": "blank", "code": "ours", "name": "本校置换"})
    page = client.get(begun["Location"]).content.decode()
    assert "creditbank.conversion_rules/1" in page
    assert "cannot be read" not in page
    assert "No case is attached yet." in page
    refused = client.post(f"{begun['Location']}step/", {"act": "test"})
    assert refused.status_code == 422


def test_a_school_is_told_which_targets_of_inherited_rules_it_does_not_offer_and_what_to_do(bank, cast):
    with acting_for(institution=cast.centre, purpose="test") as scope:
        document = read_document(pack_bytes("cn-course-certificate") or b"", name="pack")
        version = publish_rule_version(scope=scope, document=document, effective_from=ON, actor=cast.centre, at=AT)
    address, home = f"/office/rules/{version.id}/", "/office/conversion-rules/"
    assert "no course library yet" in shown(cast.zhao, home)
    assert "Bring the library in first" in shown(cast.zhao, address)
    with at(cast.zhao) as scope:
        for code, retired in (("WEB201", False), ("WEB101", True), ("LOG210", False)):
            scope.rows(Course).create(
                id=new_id(), institution_id=cast.college, code=code, name=f"课程{code}", credit=300, retired=retired
            )
    assert "2 targets not offered" in shown(cast.zhao, home)
    page = shown(cast.zhao, address, "zh-hans")
    for words in (
        "本校课程库中没有 LOG211。",
        "本校已不再开设课程WEB101。",
        "web-frontend-first",
        "/office/data/courses/",
    ):
        assert words in page, words
    assert "没有 WEB201" not in page
    # With a library that has them all nothing is said, nor at another institution's own rules.
    with at(cast.zhao) as scope:
        scope.rows(Course).filter(code="WEB101").update(retired=False)
        scope.rows(Course).create(id=new_id(), institution_id=cast.college, code="LOG211", name="x", credit=300)
    assert "not offered" not in shown(cast.zhao, home)
    assert "is offered here" not in shown(cast.zhao, address)
    assert "no course library yet" in shown(cast.sun, home)
