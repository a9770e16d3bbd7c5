"""A centre's rows are taken over by its schools: locked ones stand, open ones may be tightened."""

from __future__ import annotations

from datetime import date, timedelta

from creditbank.domain.explanation import Refusal
from creditbank.domain.masterdata.sets import COURSES
from creditbank.domain.values import Text
from creditbank.gateways.identities import Identities
from creditbank.queries.masterdata.inheritance import handed_down_to
from creditbank.queries.masterdata.pages import choices_of
from creditbank.queries.masterdata.rows import labels_of, page_of_rows
from creditbank.queries.masterdata.sources import figure_named, source_register
from creditbank.records.scope import acting_for
from creditbank.services.masterdata.facts import state_row
from creditbank.services.masterdata.retirement import retire_with_reason
from tests.cast import AT
from tests.services.editions import DAY, brought, in_use, published
from tests.services.masterdata_rows import rows_in_force

LOCKED = {"code": "PUB1", "name": "思想道德与法治", "credit": 300, "locked": True}
OPEN = {"code": "PUB2", "name": "大学英语", "credit": 400, "hours": 64}


def test_a_locked_row_of_the_centre_is_refused_in_a_schools_sheet_with_the_reason(bank, cast):
    published(cast.centre, "courses", [LOCKED, OPEN])
    refused, run = brought(bank, cast.college, "courses", [
        {"课程代码": "PUB1", "课程名称": "思想道德与法治", "学分": "2"},
        {"课程代码": "SW1", "课程名称": "程序设计", "学分": "4"},
    ], DAY)  # fmt: skip
    (fault,) = refused
    assert (fault.line, fault.column, fault.code) == (2, "学分", "inheritance.locked")
    assert fault.facts["publisher"] == Text("学分银行管理中心", "Centre")
    assert (fault.facts["key"], fault.facts["field"].zh, fault.facts["above"].zh) == ("PUB1", "学分", "3")
    assert fault.facts["cell"] == "C2"
    assert (run.rows_refused, run.rows_new) == (1, 1)
    assert set(rows_in_force(cast.college, "courses")) == {"SW1"}
    assert in_use(cast.college, "courses", DAY)["PUB1"]["credit"] == 300


def test_a_school_that_writes_the_same_as_a_locked_row_is_not_refused(bank, cast):
    published(cast.centre, "courses", [LOCKED])
    refused, _run = brought(
        bank, cast.college, "courses", [{"课程代码": "PUB1", "课程名称": "思想道德与法治", "学分": "3.0"}], DAY
    )
    assert refused == ()


def test_before_its_day_an_edition_holds_nobody(bank, cast):
    published(cast.centre, "courses", [LOCKED])
    eve = DAY - timedelta(days=1)
    refused, _run = brought(bank, cast.college, "courses", [{"课程代码": "PUB1", "学分": "2"}], eve)
    assert refused == ()
    assert in_use(cast.college, "courses", eve)["PUB1"]["credit"] == 200
    assert in_use(cast.college, "courses", DAY)["PUB1"]["credit"] == 300


def test_an_open_row_may_be_lowered_and_not_raised_nor_renamed(bank, cast):
    published(cast.centre, "courses", [OPEN])
    refused, _run = brought(bank, cast.college, "courses", [{"课程代码": "PUB2", "学分": "5"}], DAY)
    assert [fault.code for fault in refused] == ["inheritance.more"]
    refused, _run = brought(bank, cast.college, "courses", [{"课程代码": "PUB2", "课程名称": "英语"}], DAY)
    assert [fault.code for fault in refused] == ["inheritance.fixed"]
    refused, _run = brought(bank, cast.college, "courses", [{"课程代码": "PUB2", "学分": "3"}], DAY)
    assert refused == ()
    used = in_use(cast.college, "courses", DAY)["PUB2"]
    assert (used["credit"], used["name"], used["hours"]) == (300, "大学英语", 64)
    assert in_use(cast.university, "courses", DAY)["PUB2"]["credit"] == 400


def stated(bank, cast, texts, cleared=()):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return state_row(
            scope=scope, identities=Identities(bank), data_set=COURSES, texts=texts, as_of=DAY,
            actor=cast.zhao.person, at=AT, cleared=cleared,
        )  # fmt: skip


def test_a_form_is_refused_what_a_sheet_is_refused(bank, cast):
    published(cast.centre, "courses", [LOCKED, OPEN])
    found = stated(bank, cast, {"code": "PUB1", "credit": "2"})
    assert isinstance(found, Refusal)
    assert [line.code for line in found.explanation] == ["inheritance.locked"]
    assert [line.code for line in stated(bank, cast, {"code": "PUB2"}, ["credit"]).explanation] == ["inheritance.more"]
    assert not isinstance(stated(bank, cast, {"code": "PUB2", "credit": "1"}), Refusal)


def retired(cast, key, *, retired=True, day=DAY):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return retire_with_reason(
            scope=scope, data_set=COURSES, key=key, retired=retired, reason="x", as_of=day,
            actor=cast.zhao.person, at=AT,
        )  # fmt: skip


def test_a_school_retires_an_open_row_for_itself_and_no_locked_one(bank, cast):
    published(cast.centre, "courses", [LOCKED, OPEN])
    assert isinstance(retired(cast, "PUB1"), Refusal)
    assert not isinstance(retired(cast, "PUB2"), Refusal)
    assert in_use(cast.college, "courses", DAY)["PUB2"]["retired"] is True
    assert "retired" not in in_use(cast.university, "courses", DAY)["PUB2"]
    assert in_use(cast.college, "courses", DAY)["PUB2"]["name"] == "大学英语"


def test_what_the_centre_retires_no_school_takes_back(bank, cast):
    published(cast.centre, "courses", [OPEN])
    published(cast.centre, "courses", [LOCKED], date(2027, 1, 1), "2027-1")
    later = date(2027, 1, 1)
    assert in_use(cast.college, "courses", later)["PUB2"]["retired"] is True
    found = retired(cast, "PUB2", retired=False, day=later)
    assert [line.code for line in found.explanation] == ["inheritance.opened"]


def test_figures_know_rows_from_above_and_choices_offer_them(bank, cast):
    closed = {"code": "PUB3", "name": "旧课", "credit": 100, "retired": True}
    published(cast.centre, "courses", [LOCKED, OPEN, closed])
    brought(bank, cast.college, "courses", [
        {"课程代码": "PUB2", "开课院系": "sw"}, {"课程代码": "SW1", "课程名称": "程序设计", "替代课程代码": "PUB1"},
        {"课程代码": "SW2", "课程名称": "数据库", "学分": "3", "替代课程代码": "无此课"},
    ], DAY)  # fmt: skip
    brought(bank, cast.college, "resources", [
        {"资源代码": "R1", "资源名称": "慕课", "校内对应课程": "大学英语"}, {"资源代码": "R2", "校内对应课程": "没有的课"},
    ], DAY)  # fmt: skip
    with acting_for(institution=cast.college, purpose="test") as scope:
        lines = {line.data_set.code: line for line in source_register(scope, today=DAY)}
        eve = {line.data_set.code: line for line in source_register(scope, today=DAY - timedelta(days=1))}
        handed = handed_down_to(scope, COURSES, DAY)
        figures = {figure.code: figure.count for figure in lines["courses"].figures}
        for code, count in figures.items():
            shown, total = page_of_rows(
                scope, COURSES, figure=figure_named(COURSES, code), handed_down=handed, limit=50
            )
            assert (total, len(shown)) == (count, count), code
        choices = dict(choices_of(scope, "courses", DAY))
        rows, _total = page_of_rows(scope, COURSES, handed_down=handed)
        names = labels_of(scope, COURSES, rows, handed)
    assert (lines["courses"].rows, lines["courses"].retired) == (5, 1)
    # A row that only tightens one from above has its name and its credit from there.
    assert figures["missing.credit"] == 1
    assert "missing.name" not in figures
    assert figures["unknown.replaced_by"] == 1
    found = {figure.code: figure.count for figure in lines["resources"].figures}
    before = {figure.code: figure.count for figure in eve["resources"].figures}
    assert (found["unknown.course"], before["unknown.course"]) == (1, 2)
    assert choices == {"PUB1": "思想道德与法治", "PUB2": "大学英语", "SW1": "程序设计", "SW2": "数据库"}
    assert names["courses", "PUB1"] == "思想道德与法治"
