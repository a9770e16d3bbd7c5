"""What pages read of master data: lists, a row with its history, and the source register's figures."""

from __future__ import annotations

from datetime import date

import pytest

from creditbank.domain.masterdata.sets import COURSES, DATA_SETS, STUDENTS, TERMS
from creditbank.gateways.identities import Identities
from creditbank.queries.masterdata.rows import (
    dependents_of_course,
    every_row,
    find_identity,
    find_row,
    labels_of,
    page_of_rows,
    say_stored,
)
from creditbank.queries.masterdata.sources import figure_named, list_data_runs, source_of, source_register
from creditbank.records.programmes import Programme
from creditbank.records.scope import acting_for
from creditbank.services.masterdata.facts import set_source, state_row
from creditbank.services.masterdata.imports import revert_run
from tests.cast import AT
from tests.services.masterdata_rows import bring

ID = "11010519491231002X"
STUDENTS_GIVEN = [
    {"number": "S1", "name": "林晓", "class_code": "B1", "major": "M1", "national_id": ID, "college": "软件学院"},
    {"number": "S2", "name": "梅雨", "national_id": ID, "entered_on": "2027-01-01", "leaves_on": "2026-01-01"},
    {"number": "S3", "name": "安然", "major": "M9", "college": "none", "is_retired": ""},
]


@pytest.fixture
def filled(bank, cast):
    bring(bank, cast.college, "students", STUDENTS_GIVEN, "2026-09-01", "a")
    bring(bank, cast.college, "majors", [{"code": "M1", "name": "软件技术"}], "2026-09-02", "m")
    with acting_for(institution=cast.college, purpose="test") as scope:
        yield scope


def figures(scope, data_set):
    return {figure.code: figure.count for figure in source_of(scope, data_set, today=date(2026, 11, 22)).figures}


def test_each_figure_of_the_register_is_the_length_of_its_list(filled):
    found = figures(filled, STUDENTS)
    assert found["missing.class_code"] == 2
    assert (found["unknown.major"], found["unknown.college"], found["unknown.class_code"]) == (1, 1, 1)
    assert (found["twice.national_id"], found["order.entered_on.leaves_on"]) == (2, 1)
    assert "missing.name" not in found
    for code, count in found.items():
        rows, total = page_of_rows(filled, STUDENTS, figure=figure_named(STUDENTS, code))
        assert (code, len(rows), total) == (code, count, count)
    keys = [row.key for row in page_of_rows(filled, STUDENTS, figure=figure_named(STUDENTS, "unknown.major"))[0]]
    assert keys == ["S3"]


def test_every_figure_of_every_data_set_can_be_counted(filled):
    lines = source_register(filled, today=date(2026, 11, 22))
    assert [line.data_set for line in lines] == list(DATA_SETS)
    for line in lines:
        for check in line.data_set.figures():
            page_of_rows(filled, line.data_set, figure=check)


def test_what_two_sheets_of_one_day_say_differently_is_counted(bank, cast):
    for file, credit in (("a", "3"), ("b", "4")):
        bring(bank, cast.college, "courses", [{"code": "C1", "name": "x", "credit": credit}], "2026-09-01", file)
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert figures(scope, COURSES)["contested"] == 1
        assert page_of_rows(scope, COURSES)[0][0].contested == ("credit",)


def test_the_register_names_the_owner_and_says_what_is_stale(filled, cast):
    with acting_for(institution=cast.college, purpose="test") as scope:
        set_source(scope=scope, data_set=STUDENTS, owner="学生处", contact="8001", every_days=30, note="",
                   actor=cast.zhao.person, at=AT)  # fmt: skip
    line = source_of(filled, STUDENTS, today=date(2026, 10, 1))
    assert (line.owner, line.contact, line.rows, line.as_of) == ("学生处", "8001", 3, date(2026, 9, 1))
    assert (line.stale, source_of(filled, STUDENTS, today=date(2026, 10, 2)).stale) == (False, True)
    assert line.run_id == list_data_runs(filled, STUDENTS)[0][0].run_id
    assert source_of(filled, TERMS, today=date(2026, 10, 2)).as_of is None


def test_rows_are_found_by_number_name_pinyin_and_value(filled):
    def keys(**how):
        return [row.key for row in page_of_rows(filled, STUDENTS, **how)[0]]

    assert keys() == ["S1", "S2", "S3"]
    assert keys(search="s2") == keys(search="梅") == keys(search="meiyu") == keys(search="mei yu") == ["S2"]
    assert keys(search="%") == []
    assert keys(filters={"major": "M9"}) == ["S3"]
    assert keys(sort="label") == ["S3", "S1", "S2"]
    assert keys(sort="major", descending=True) == ["S3", "S1", "S2"]
    assert page_of_rows(filled, STUDENTS, offset=40, limit=2)[1] == 3
    assert keys(offset=40, limit=2) == ["S3"]
    assert [row.key for row in every_row(filled, STUDENTS, batch=2)] == ["S1", "S2", "S3"]
    with pytest.raises(KeyError):
        keys(sort="; DROP TABLE data_row")


def test_a_row_tells_its_history_with_reverted_facts_and_effects_of_changes(bank, filled, cast):
    with acting_for(institution=cast.college, purpose="test") as scope:
        state_row(scope=scope, identities=Identities(bank), data_set=STUDENTS, texts={"number": "S1", "phone": "1"},
                  as_of=date(2026, 9, 3), actor=cast.zhao.person, at=AT)  # fmt: skip
    wrong = bring(bank, cast.college, "students", [{"number": "S1", "name": "林小"}], "2026-09-04", "wrong.xlsx")
    bring(bank, cast.college, "changes",
          [{"student": "S1", "kind": "休学", "happened_on": "2026-10-01"}], "2026-10-02", "c")  # fmt: skip
    with acting_for(institution=cast.college, purpose="test") as scope:
        revert_run(scope=scope, run_id=wrong.run_id, actor=cast.zhao.person, at=AT)
        detail = find_row(scope, STUDENTS, "S1")
    assert detail.row.content["name"] == "林晓"
    assert detail.row.content["status"] == "leave"
    assert [(str(fact.as_of), fact.file_name, fact.counts, fact.event) for fact in detail.history] == [
        ("2026-10-01", "", True, "S1|leave|2026-10-01"), ("2026-09-04", "wrong.xlsx", False, ""),
        ("2026-09-03", "", True, ""), ("2026-09-01", "a", True, ""),
    ]  # fmt: skip
    assert detail.history[2].actor.zh == "赵老师"
    assert detail.row.since_day("phone") == date(2026, 9, 3)
    assert find_row(filled, STUDENTS, "nobody") is None


def test_references_are_said_by_name_and_identity_numbers_masked(bank, filled):
    rows = page_of_rows(filled, STUDENTS)[0]
    assert labels_of(filled, STUDENTS, rows) == {("majors", "M1"): "软件技术"}
    field, stored = STUDENTS.field("national_id"), rows[0].content["national_id"]
    assert say_stored(field, stored, "zh") == "••••••"
    assert say_stored(field, stored, "zh", identities=Identities(bank)) == "1101************2X"
    assert say_stored(field, stored, "zh", identities=Identities(bank), whole=True) == ID
    assert find_identity(filled, STUDENTS, Identities(bank).index(ID)) == ("S1", "S2")


def test_another_institution_sees_nothing_of_it(filled, cast):
    with acting_for(institution=cast.university, purpose="test") as scope:
        assert page_of_rows(scope, STUDENTS) == ((), 0)
        assert find_row(scope, STUDENTS, "S1") is None
        assert scope.fetch("SELECT count(*) FROM data_fact")[0][0] == 0


def test_what_depends_on_a_course_is_listed(bank, cast):
    with acting_for(institution=cast.college, purpose="test") as scope:
        for version, courses in ((1, ["C1", "C2"]), (2, ["C1"])):
            Programme.objects.create(
                id=bytes_id(version), institution_id=cast.college, code="P", version=version, name="方案",
                content={"courses": courses}, content_hash="", published_at=AT,
            )  # fmt: skip
        assert [code for code, _name in dependents_of_course(scope, "C1").programmes] == ["P"]
        assert dependents_of_course(scope, "C2").programmes == ()
        assert dependents_of_course(scope, "C").programmes == ()


def bytes_id(number):
    from uuid import UUID

    return UUID(int=number)
