"""Rules as files and as sentences: workbooks out and in on the pages, limits and families in fields."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from creditbank.domain.access import Role
from creditbank.domain.rules.read import read_rule_set
from creditbank.domain.rules.row_edits import Edited, change_part
from creditbank.domain.rules.write import rule_set_data
from creditbank.exchange.rule_drafts import begin_from_pack, reading_of, save_text
from creditbank.exchange.rule_sheets import rules_workbook
from creditbank.exchange.rule_texts import rules_text
from creditbank.exchange.rules import load_pack
from creditbank.gateways import clock
from creditbank.queries.rules import version_in_force
from creditbank.web.office.rule_part_forms import CapForm
from tests.services.rule_drafts import TEXT, at, colleague, done, text_of, written
from tests.web.office_cases import client_of

pytestmark = pytest.mark.usefixtures("contexts")


@pytest.fixture
def draft(bank, cast):
    """A draft of the pack with limits, at revision 1."""
    with at(cast.zhao) as scope:
        return done(begin_from_pack(scope=scope, actor=cast.zhao, pack="example-limits", at=clock.now())).id


def rules_of(cast, draft):
    return reading_of(text_of(cast.zhao, draft)[0]).rules


def brought(client, draft, data):
    file = SimpleUploadedFile("规则.xlsx", data)
    return client.post(f"/office/rules/drafts/{draft}/upload/", {"file": file})


def test_a_workbook_goes_out_and_comes_in_with_its_differences_before_it_is_saved(cast, draft):
    zhao = client_of(cast.zhao)
    page = zhao.get(f"/office/rules/drafts/{draft}/file/xlsx/")
    assert "example-limits-1.xlsx" in page.headers["Content-Disposition"]
    assert brought(zhao, draft, page.content).context["same"]
    rules = load_pack("example-limits")
    first = rules.tables[0]
    row = replace(first.rows[0], give=replace(first.rows[0].give, credit=70))
    other = replace(rules, tables=(replace(first, rows=(row, *first.rows[1:])), *rules.tables[1:]))
    looked = brought(zhao, draft, rules_workbook(other, "en"))
    assert looked.status_code == 200
    assert [line.code for line in looked.context["changes"]] == ["diff.table_changed"]
    assert rules_of(cast, draft) == rules
    held = looked.context["held"]
    saved = zhao.post(f"/office/rules/drafts/{draft}/upload/", {"held": held, "revision": 1})
    assert saved.status_code == 302
    assert rules_of(cast, draft) == other
    again = zhao.post(f"/office/rules/drafts/{draft}/upload/", {"held": held, "revision": 1})
    assert again.status_code == 409
    assert zhao.post(f"/office/rules/drafts/{draft}/upload/", {"held": "x", "revision": 2}).status_code == 422


def test_what_is_no_workbook_of_rules_is_refused_and_the_draft_stays(cast, draft):
    zhao = client_of(cast.zhao, "zh-hans")
    assert brought(zhao, draft, b"\x00no workbook").status_code == 422
    page = brought(
        zhao, draft, rules_workbook(load_pack("example-limits"), "en").replace(b"xl/workbook.xml", b"xl/workbxxk.xml")
    )
    assert page.status_code == 422
    assert rules_of(cast, draft) == load_pack("example-limits")


def test_what_somebody_looked_at_is_confirmed_by_nobody_else(cast, draft):
    zhao, liu = client_of(cast.zhao), client_of(colleague(cast, "liu", Role.REGISTRAR))
    rules = load_pack("example-limits")
    seen = brought(zhao, draft, rules_workbook(replace(rules, unit="point"), "en")).context["held"]
    address, asked = f"/office/rules/drafts/{draft}/upload/", {"held": seen, "revision": 1}
    assert liu.post(address, asked).status_code == 404
    assert rules_of(cast, draft) == rules
    assert zhao.post(address, asked).status_code == 302
    assert rules_of(cast, draft).unit == "point"


def test_a_version_is_offered_as_a_workbook_and_as_tables_of_another_engine(bank, cast):
    zhao = client_of(cast.zhao)
    with at(cast.zhao) as scope:
        today = clock.today("Asia/Shanghai")
        version = version_in_force(scope, institution=cast.zhao.institution, code="cn-innovation", on=today).version_id
    assert zhao.get(f"/office/rules/{version}/file/xlsx/").content[:2] == b"PK"
    document = json.loads(zhao.get(f"/office/rules/{version}/file/jdm/").content)
    assert document["creditbank"]["code"] == "cn-innovation"
    assert zhao.get(f"/office/rules/{version}/file/pdf/").status_code == 404
    assert any("led-member" in one for one in zhao.get(f"/office/rules/{version}/").context["left_out"])


def test_a_limit_is_changed_added_and_taken_out_in_fields(cast, draft):
    zhao = client_of(cast.zhao)
    address = f"/office/rules/drafts/{draft}/table/parts/"
    page = zhao.get(address)
    limits = page.context["lists"][0]
    assert "At most 2 credits in practice for each claim." in page.content.decode()

    def fields(form, **changed):
        said = {name: form.initial.get(name, "") for name in form.fields} | changed
        return {f"{form.prefix}-{name}": value for name, value in said.items() if value not in (None, False, "")}

    form = limits["parts"][0]["form"]
    changed = zhao.post(address, {"part": "cap", "at": 0, "revision": 1, **fields(form, most="2.5")})
    assert changed.status_code == 302
    assert rules_of(cast, draft).cap[0].maximum == 250
    wrong = zhao.post(address, {"part": "cap", "at": 0, "revision": 2, **fields(form, most="viel")})
    assert wrong.status_code == 422
    assert "“3.5”" in wrong.content.decode() or "3.5" in wrong.content.decode()
    new = fields(
        limits["form"], kind="count", most="3", scope="ever", clause_zh="最多三件", clause_en="three", id="three"
    )
    assert zhao.post(address, {"part": "cap", "at": limits["at"], "revision": 2, **new}).status_code == 302
    assert rules_of(cast, draft).cap[-1].maximum.most == 3
    gone = zhao.post(address, {"part": "cap", "at": limits["at"], "revision": 3, "remove": "yes"})
    assert gone.status_code == 302
    assert len(rules_of(cast, draft).cap) == limits["at"]
    assert zhao.post(address, {"part": "cap", "at": 0, "revision": 3, "remove": "yes"}).status_code == 409


def test_every_part_is_said_by_fields_as_it_was(bank, cast):
    for pack in ("example-limits", "cn-innovation-c", "kr-acbs", "in-abc", "cn-share-cap", "cn-one-plus-x"):
        with at(cast.zhao) as scope:
            made = done(begin_from_pack(scope=scope, actor=cast.zhao, pack=pack, at=clock.now())).id
        zhao = client_of(cast.zhao)
        address, before, revision = f"/office/rules/drafts/{made}/table/parts/", load_pack(pack), 1
        for listed in zhao.get(address).context["lists"]:
            for part in listed["parts"]:
                form, clause = part["form"], part["clause"]
                assert part["said"] not in ("", clause.zh, clause.en)
                said = {f"{form.prefix}-{name}": form.initial.get(name) for name in form.fields}
                said = {name: value for name, value in said.items() if value not in (None, False, "")}
                answer = zhao.post(address, {"part": listed["name"], "at": part["at"], "revision": revision, **said})
                assert answer.status_code == 302, (pack, part["id"], answer.context["sent"].errors)
                revision = text_of(cast.zhao, made)[1]
        assert rules_of(cast, made) == before


def test_a_limit_that_is_locked_stays_so_when_its_fields_are_saved():
    document = rule_set_data(load_pack("kr-acbs"))
    for cap in document["cap"]:
        cap["locked"] = True
    rules = read_rule_set(document)
    for number, cap in enumerate(rules.cap):
        form = CapForm(rules, cap, CapForm(rules, cap).initial)
        assert form.is_valid(), form.errors
        answer = change_part(rules, ("cap", number), form.part())
        assert isinstance(answer, Edited)
        assert answer.rules == rules


TEAM = """
adjust:
  - {id: shares, share: {fact: author, parts: ["1", "1/2"], rest: "1/4"}, clause: {zh: 按位次, en: by place}}
  - {id: equally, when: {team: {from: 3}}, divide: {by: team}, clause: {zh: 均分, en: equally}}
exclude:
  - {id: none, when: {hours: {below: 2}}, otherwise: manual, clause: {zh: 除外, en: excluded}}
prerequisite:
  - {id: held, needs: {credit: "2", category: practice}, clause: {zh: 先有, en: first}}
  - {id: passed, needs: {courses: [A1, B2], least: 1}, otherwise: manual, clause: {zh: 先修, en: before}}
cap:
  - {id: most, scope: ever, maximum: "8", locked: true, clause: {zh: 上限, en: limit}}
"""


def test_adjustments_exclusions_and_prerequisites_are_written_in_fields_and_what_is_wrong_stands_beside_them(
    bank, cast
):
    numbers = "".join(
        f"  - {{name: {name}, type: integer, range: {{from: 1, to: 9}}, label: {{zh: {zh}, en: {name}}}}}\n"
        for name, zh in (("author", "位次"), ("team", "人数"))
    )
    text = TEXT.replace("tables:\n", numbers + "tables:\n") + TEAM
    zhao, made = client_of(cast.zhao), written(cast.zhao, text, cases=())
    address, before = f"/office/rules/drafts/{made}/table/parts/", rules_of(cast, made)
    assert len(before.adjust) == 2

    def page(kind=""):
        return {one["name"]: one for one in zhao.get(f"{address}?adjust={kind}").context["lists"]}

    def fields(form, **changed):
        said = {name: form.initial.get(name, "") for name in form.fields} | changed
        return {f"{form.prefix}-{name}": value for name, value in said.items() if value not in (None, False, "")}

    def send(name, at, form, revision, *, step="", **changed):
        return zhao.post(
            address, {"part": name, "at": at, "kind": step, "revision": revision, **fields(form, **changed)}
        )

    revision = 2
    for name, listed in page().items():
        for part in listed["parts"]:
            assert send(name, part["at"], part["form"], revision).status_code == 302, part["id"]
            revision = text_of(cast.zhao, made)[1]
    assert rules_of(cast, made) == before
    said = [part["said"] for listed in page().values() for part in listed["parts"]]
    assert "By author the first places take 1, 1/2; every later one 1/4." in said
    assert "The amount is shared equally: team. Only for: [team] ≥ 3." in said
    assert "Excluded: a person decides. Only for: [Hours] ≤ 1." in said
    assert "Before it 2 credits in practice must be held; otherwise no credit." in said
    assert "Before it 1 of these courses must be passed: A1, B2; otherwise a person decides." in said
    assert (
        "按“位次”分配：前几位依次为 1、1/2；其后每位 1/4。"
        in client_of(cast.zhao, "zh-hans").get(address).content.decode()
    )

    clause = {"clause_zh": "新", "clause_en": "new"}
    assert page()["adjust"]["form"] is None
    assert [kind for kind, _name in page()["adjust"]["kinds"]] == ["add", "multiply", "divide", "share"]
    new = page("multiply")["adjust"]
    wrong = send("adjust", new["at"], new["form"], revision, step="multiply", id="shares", factor="2", **clause)
    assert (wrong.status_code, set(wrong.context["sent"].errors)) == (422, {"id"})
    wrong = send("adjust", new["at"], new["form"], revision, step="multiply", id="half", factor="half", **clause)
    assert (wrong.status_code, set(wrong.context["sent"].errors)) == (422, {"factor"})
    assert "Expected a factor such as" in wrong.content.decode()
    good = send("adjust", new["at"], new["form"], revision, step="multiply", id="half", factor="0.5", **clause)
    assert good.status_code == 302
    assert rules_of(cast, made).adjust[-1].factor == Fraction(1, 2)
    assert send("adjust", 3, new["form"], revision + 1, step="lower", id="x", **clause).status_code == 404
    listed = page()
    for name, place, changed, field in (
        ("prerequisite", 0, {"credit": "many"}, "credit"), ("prerequisite", 0, {"courses": "A1"}, "credit"),
        ("prerequisite", 1, {"courses": "A1, A1"}, "courses"), ("prerequisite", 1, {"least": 3}, "least"),
        ("prerequisite", 1, {"courses": "A1, !"}, "courses"), ("exclude", 0, {"when": "any"}, "when"),
        ("exclude", 0, {"when": ""}, "when"), ("adjust", 0, {"parts": "1, all"}, "parts"),
        ("adjust", 0, {"rest": "x"}, "rest"), ("cap", 0, {"scope": "claim", "kind": "count"}, "scope"),
        ("cap", 0, {"kind": "share", "most": "3/2"}, "most"),
    ):  # fmt: skip
        wrong = send(name, place, listed[name]["parts"][place]["form"], revision + 1, **changed)
        assert wrong.status_code == 422, (name, changed)
        assert set(wrong.context["sent"].errors) == {field}, (name, changed)
    for name in ("exclude", "prerequisite", "prerequisite"):
        revision = text_of(cast.zhao, made)[1]
        gone = {"part": name, "at": 0, "revision": revision, "remove": "yes"}
        assert zhao.post(address, gone).status_code == 302
    assert (rules_of(cast, made).exclude, rules_of(cast, made).prerequisite) == ((), ())
    new = page()["exclude"]
    again = send("exclude", 0, new["form"], revision + 1, id="none", when="[Hours] 1", otherwise="refuse", **clause)
    assert again.status_code == 302
    assert rules_of(cast, made).exclude[0].id == "none"
    assert rules_of(cast, made).cap[0].locked, "what a centre locked stays locked"


def test_a_step_before_the_tables_is_put_before_the_others_and_a_place_is_read_as_a_level(bank, cast):
    with at(cast.zhao) as scope:
        made = done(begin_from_pack(scope=scope, actor=cast.zhao, pack="cn-innovation-c", at=clock.now())).id
    zhao, address = client_of(cast.zhao), f"/office/rules/drafts/{made}/table/parts/"
    with at(cast.zhao) as scope:
        document = rule_set_data(rules_of(cast, made))
        document["adjust"] = [{"id": "half", "multiply": "1/2", "clause": {"zh": "半", "en": "half"}}]
        text = rules_text(document)
        done(save_text(scope=scope, actor=cast.zhao, draft_id=made, revision=1, text=text, at=clock.now()))
    listed = {one["name"]: one for one in zhao.get(f"{address}?adjust=rank").context["lists"]}["adjust"]
    prefix = listed["form"].prefix
    said = {
        "id": "by-place", "fact": "award", "place": "place", "among": "entrants", "clause_zh": "按名次",
        "clause_en": "by place", "bands": "15%: first prize\n9/20：二等奖\nthird",
    }  # fmt: skip

    def send(**changed):
        asked = {f"{prefix}-{name}": value for name, value in (said | changed).items()}
        return zhao.post(address, {"part": "adjust", "at": 1, "kind": "rank", "revision": 2, **asked})

    for bands in (
        "15%: nothing\nthird",
        "first\nthird",
        "45%: first\n15%: second\nthird",
        "15%: first",
        "0%: first\nthird",
    ):
        wrong = send(bands=bands)
        assert (wrong.status_code, set(wrong.context["sent"].errors)) == (422, {"bands"}), bands
    assert send().status_code == 302
    steps = rules_of(cast, made).adjust
    assert [step.id for step in steps] == ["by-place", "half"]
    assert steps[0].bands == ((Fraction(15, 100), "first"), (Fraction(45, 100), "second"), (None, "third"))
