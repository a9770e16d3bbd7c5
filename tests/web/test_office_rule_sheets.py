"""Rules as files and as sentences: workbooks out and in on the pages, limits and families in fields."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from creditbank.domain.rules.read import read_rule_set
from creditbank.domain.rules.row_edits import Edited, change_part
from creditbank.domain.rules.write import rule_set_data
from creditbank.exchange.rule_drafts import begin_from_pack, reading_of
from creditbank.exchange.rule_sheets import rules_workbook
from creditbank.exchange.rules import load_pack
from creditbank.gateways import clock
from creditbank.queries.rules import version_in_force
from creditbank.web.office.rule_part_forms import CapForm
from tests.services.rule_drafts import at, done, text_of
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


def test_every_part_that_fields_can_say_is_said_by_them_as_it_was(bank, cast):
    for pack in ("example-limits", "cn-innovation-c", "kr-acbs", "in-abc", "cn-share-cap"):
        with at(cast.zhao) as scope:
            made = done(begin_from_pack(scope=scope, actor=cast.zhao, pack=pack, at=clock.now())).id
        zhao = client_of(cast.zhao)
        address, before, revision = f"/office/rules/drafts/{made}/table/parts/", load_pack(pack), 1
        for listed in zhao.get(address).context["lists"]:
            for part in listed["parts"]:
                form = part["form"]
                if form is None:
                    continue
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
