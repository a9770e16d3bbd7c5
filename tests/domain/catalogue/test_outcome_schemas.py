"""An outcome type’s document: unknown keys are refused with their path, and it must agree with its rule set."""

from __future__ import annotations

from datetime import date

import pytest

from creditbank.domain.catalogue.items import Item, notes_on, provider_notes
from creditbank.domain.catalogue.outcome_types import (
    asked_by,
    disagreements,
    evidence_problems,
    identity_of,
    read_outcome_schema,
    ruled_part,
)  # fmt: skip
from creditbank.domain.catalogue.schema import outcome_type_schema
from creditbank.domain.education_resources import Kind, Provider
from creditbank.domain.rules.facts import form_fields, read_outcome
from creditbank.domain.rules.places import UnreadableError
from creditbank.domain.rules.read import read_rule_set
from creditbank.domain.values import Text
from creditbank.exchange.documents import read_document
from tests.cast import PACKS

RULES = read_rule_set(read_document((PACKS / "cn-innovation.yaml").read_bytes(), name="cn-innovation"))
BOTH = {"zh": "名", "en": "name"}
SERIAL = {"name": "serial", "type": "code", "label": {"zh": "证书编号", "en": "Certificate number"}}
DOCUMENT = {
    "schema": "creditbank.outcome-type/1",
    "code": "innovation",
    "fields": [
        SERIAL | {"when": {"kind": ["vocational", "computer"]}},
        {"name": "members", "type": "integer", "label": BOTH, "range": {"from": 1, "to": 30}, "required": False},
    ],
    "evidence": [
        {"code": "certificate", "label": {"zh": "证书", "en": "Certificate"}, "least": 1, "formats": ["pdf"]},
        {"code": "list", "label": {"zh": "获奖名单", "en": "List of awards"}, "least": 1, "formats": ["pdf", "png"]},
    ],
    "identity": ["item", "award", "earned_on"],
    "catalogue": {"kinds": ["contest", "certificate"], "required": False},
}
AWARD = {"kind": "contest", "activity": "x", "tier": "national", "award": "first", "organiser": "government",
         "role": "lead", "earned_on": "2026-05-01"}  # fmt: skip


def changed(**more):
    return read_outcome_schema(DOCUMENT | more)


def test_the_published_schema_knows_every_key_that_is_read():
    shape = outcome_type_schema()
    assert set(DOCUMENT) | {"note"} == set(shape["properties"])
    field = shape["properties"]["fields"]["items"]
    assert set(field["properties"]) == {
        "name", "type", "label", "values", "ordered", "required", "range", "when", "help", "scale",
    }  # fmt: skip
    assert not field["additionalProperties"]
    assert set(shape["properties"]["evidence"]["items"]["properties"]) == {"code", "label", "least", "most", "formats"}


def test_a_document_is_read():
    schema = read_outcome_schema(DOCUMENT)
    assert [field.name for field in schema.fields] == ["serial", "members"]
    assert disagreements(schema, RULES) == ()


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"colour": 1}, "colour"),
        ({"fields": [SERIAL | {"colour": 1}]}, "fields[0].colour"),
        ({"fields": [SERIAL, SERIAL]}, "fields[1].name"),
        ({"fields": [SERIAL | {"name": "item"}]}, "fields[0].name"),
        ({"fields": [SERIAL | {"type": "float"}]}, "fields[0].type"),
        ({"fields": [SERIAL | {"range": {"from": 1}}]}, "fields[0].range"),
        (
            {"fields": [{"name": "n", "type": "integer", "label": BOTH, "range": {"from": 5, "to": 1}}]},
            "fields[0].range",
        ),
        ({"evidence": [{"code": "a", "label": BOTH, "formats": ["exe"]}]}, "evidence[0].formats[0]"),
        ({"evidence": [{"code": "a", "label": BOTH, "least": 5, "most": 2}]}, "evidence[0].most"),
        ({"catalogue": {"kinds": ["poem"]}}, "catalogue.kinds[0]"),
    ],
)
def test_what_no_document_says_is_refused_with_its_path(wrong, path):
    with pytest.raises(UnreadableError) as refused:
        changed(**wrong)
    assert [problem.path for problem in refused.value.problems] == [path]


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ({"name": "tier", "type": "text", "label": BOTH}, "outcome_type.field_differs"),
        ({"name": "role", "type": "enum", "label": BOTH, "values": [{"code": "lead", "zh": "a", "en": "a"}]},
         "outcome_type.values_differ"),
        ({"name": "earned_on", "type": "date", "label": BOTH, "range": {"from": date(2020, 1, 1)}},
         "outcome_type.range_differs"),
        (SERIAL | {"when": {"weather": "fine"}}, "outcome_type.when_unknown"),
    ],
)  # fmt: skip
def test_a_field_that_means_something_else_than_in_the_rules_is_named(field, code):
    lines = disagreements(changed(fields=[field]), RULES)
    assert [line.code for line in lines] == [code]
    assert lines[0].facts["field"] == Text(**field["label"])


def test_a_scale_in_another_order_differs():
    awards = next(fact for fact in RULES.facts if fact.name == "award").choices
    values = [{"code": one.code, "zh": one.label.zh, "en": one.label.en} for one in reversed(awards)]
    field = {"name": "award", "type": "enum", "ordered": True, "label": BOTH, "values": values}
    assert [line.code for line in disagreements(changed(fields=[field]), RULES)] == ["outcome_type.values_differ"]
    field["values"].reverse()
    assert disagreements(changed(fields=[field]), RULES) == ()


def test_what_identifies_an_outcome_must_be_asked():
    assert [line.code for line in disagreements(changed(identity=["shoe"]), RULES)] == ["outcome_type.identity_unknown"]


def test_further_fields_are_asked_behind_the_rules_and_kept_out_of_them():
    asked = asked_by(RULES, read_outcome_schema(DOCUMENT))
    names = [field.name for field in form_fields(asked)]
    assert names == [field.name for field in form_fields(RULES)] + ["serial", "members"]
    read = read_outcome(asked, AWARD | {"members": "3"})
    assert read.values[-1] == 3
    assert ruled_part(RULES, read) == read_outcome(RULES, AWARD)
    missing = read_outcome(
        asked, {"kind": "computer", "rank": "rank2", "computing_major": "true", "earned_on": "2026-05-01"}
    )
    assert [line.facts["name"] for line in missing.explanation] == ["serial"]


def test_evidence_must_be_enough_and_of_a_format_that_is_taken():
    schema = read_outcome_schema(DOCUMENT)
    assert evidence_problems(None, []) == ()
    pdf, png, jpeg = ("a.pdf", "application/pdf"), ("b.png", "image/png"), ("c.jpg", "image/jpeg")
    assert evidence_problems(schema, [pdf, png]) == ()
    assert [line.code for line in evidence_problems(schema, [pdf])] == ["outcome_type.evidence_short"]
    assert [line.code for line in evidence_problems(schema, [pdf, jpeg])] == ["outcome_type.evidence_format"]


def test_two_claims_are_one_outcome_whatever_their_spelling():
    schema = changed(identity=["title", "award"])
    one = identity_of(schema, {"award": "first"}, title="数学建模 竞赛（国赛）", item="")
    assert one == identity_of(schema, {"award": "first"}, title="数学建模竞赛国赛", item="")
    assert one != identity_of(schema, {"award": "second"}, title="数学建模竞赛国赛", item="")
    assert identity_of(schema, {}, title="数学建模竞赛国赛", item="") == ""
    assert identity_of(None, {"award": "first"}, title="x", item="") == ""


def test_a_provider_whose_accreditation_had_ended_is_flagged_for_the_day_it_was_earned():
    provider = Provider(Kind.EXTERNAL, date(2024, 1, 1), date(2025, 12, 31))
    name = Text("示例机构")
    assert provider_notes(provider, name, date(2025, 12, 31)) == ()
    assert [line.code for line in provider_notes(provider, name, date(2026, 1, 1))] == ["catalogue.provider_ended"]
    assert [line.code for line in provider_notes(provider, name, date(2023, 1, 1))] == ["catalogue.provider_begins"]
    assert [line.code for line in provider_notes(None, name, date(2023, 1, 1))] == ["catalogue.provider_none"]


def test_a_claim_that_says_otherwise_than_its_item_is_told():
    item = Item("a", Text("竞赛"), facts={"tier": "national"}, ends_on=date(2026, 1, 1))
    lines = notes_on(
        item, version=2, in_force=True, provider=None, provider_name=Text(""), earned_on=date(2026, 5, 1),
        answers={"tier": "school"}, asked=RULES.facts,
    )  # fmt: skip
    assert [line.code for line in lines] == [
        "catalogue.taken_from",
        "catalogue.fact_differs",
        "catalogue.after_it_held",
    ]
    assert lines[1].facts["value"] == Text("校级", "school")
