"""What a bank held before its sheets is in its lists, and a sheet updates it instead of making it again."""

from __future__ import annotations

from datetime import date

from creditbank.domain.masterdata.editions import FIRST_DAY
from creditbank.gateways.clock import new_id
from creditbank.queries.masterdata.sources import source_register
from creditbank.records.catalogue import OutcomeType
from creditbank.records.institutions import AcademicYear, Institution, Term
from creditbank.records.masterdata import DataFact
from creditbank.records.people import Enrolment
from creditbank.records.scope import acting_for
from creditbank.services.masterdata.existing import take_existing, take_existing_everywhere
from creditbank.services.masterdata.imports import revert_run
from tests.cast import AT, ON
from tests.exchange.small_import import many_rows, publish_transfer_rules, run_import, write_sheets
from tests.intruder import superuser
from tests.services.editions import brought
from tests.services.masterdata_rows import rows_in_force


def taken(cast, place=None):
    with acting_for(institution=place or cast.college, purpose="test") as scope:
        return dict(take_existing(scope=scope, actor=cast.zhao.person, at=AT))


def contents(institution, code):
    return {key: row[0] for key, row in rows_in_force(institution, code).items()}


def units(cast):
    with acting_for(institution=cast.college, purpose="test") as scope:
        found = scope.rows(Institution).filter(parent_id=cast.college)
        return {place.code: place.name for place in found}


def test_what_the_bank_held_is_in_the_lists_once(bank, cast):
    assert taken(cast) == {"years": 1, "terms": 1, "colleges": 2, "students": 2}
    assert contents(cast.college, "colleges") == {
        "de": {"code": "de", "kind": "college", "name": "设计学院", "name_en": "Design"},
        "sw": {"code": "sw", "kind": "college", "name": "软件学院", "name_en": "Software"},
    }
    term = contents(cast.college, "terms")["2026-2027-1"]
    assert (term["year"], term["starts_on"], term["ends_on"]) == ("2026-2027", "2026-09-01", "2027-01-31")
    assert taken(cast) == {}
    assert taken(cast, cast.centre) == {"outcome_types": 2}


def test_a_sheet_updates_what_was_there_and_makes_nothing_twice(bank, cast):
    taken(cast)
    before = units(cast)
    refused, run = brought(
        bank, cast.college, "colleges", [{"院系代码": "sw", "院系名称": "软件与人工智能学院"}], date(2020, 1, 1)
    )
    assert (refused, run.rows_changed, run.rows_new, run.rows_missing) == ((), 1, 0, 1)
    assert units(cast) == before | {"svc-sw": "软件与人工智能学院"}
    brought(bank, cast.college, "terms", [
        {"学期代码": "2026-2027-1", "学期名称": "第一学期", "开始日期": "2026-09-07", "结束日期": "2027-01-17"},
    ], date(2026, 8, 1))  # fmt: skip
    with acting_for(institution=cast.college, purpose="test") as scope:
        (term,) = scope.rows(Term).filter(institution_id=cast.college)
        (year,) = scope.rows(AcademicYear).filter(institution_id=cast.college)
    assert (term.name, term.starts_on, term.ends_on) == ("第一学期", date(2026, 9, 7), date(2027, 1, 17))
    assert (year.starts_on, year.ends_on) == (date(2026, 9, 1), date(2027, 8, 31))


def test_a_year_that_only_spans_its_terms_goes_on_doing_so(bank, cast):
    autumn = {"学期代码": "2030-2031-1", "开始日期": "2030-09-01", "结束日期": "2031-01-31"}
    spring = {"学期代码": "2030-2031-2", "开始日期": "2031-02-20", "结束日期": "2031-07-10"}
    brought(bank, cast.college, "terms", [autumn], ON)
    taken(cast)
    assert "2030-2031" not in rows_in_force(cast.college, "years")
    brought(bank, cast.college, "terms", [spring], ON)
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert scope.rows(AcademicYear).get(institution_id=cast.college, code="2030-2031").ends_on == date(2031, 7, 10)


def test_what_a_reverted_import_brought_is_not_taken_for_something_older(bank, cast):
    _refused, run = brought(bank, cast.college, "colleges", [{"院系代码": "jd", "院系名称": "机电学院"}], ON)
    with acting_for(institution=cast.college, purpose="test") as scope:
        revert_run(scope=scope, run_id=run.run_id, actor=cast.zhao.person, at=AT)
    assert taken(cast)["colleges"] == 2
    assert set(rows_in_force(cast.college, "colleges")) == {"sw", "de"}


def test_the_first_day_is_nobodys_news(bank, cast):
    taken(cast)
    with acting_for(institution=cast.college, purpose="test") as scope:
        lines = {line.data_set.code: line for line in source_register(scope, today=ON)}
    assert (lines["colleges"].rows, lines["colleges"].as_of) == (2, None)
    assert date(1950, 1, 1) > FIRST_DAY


def test_a_whole_bank_is_gone_through_and_a_type_said_by_a_sheet_is_left_alone(bank, cast):
    brought(bank, cast.college, "outcome_types", [{"类型代码": "own", "类型名称": "校本成果"}], ON)
    with acting_for(institution=cast.college, purpose="test") as scope:
        scope.rows(OutcomeType).create(id=new_id(), institution_id=cast.college, code="old", name="旧类型")
    # Of the college a year, a term, two units, a type and two students; of the centre two types; of the university a
    # year, a term and a student.
    assert take_existing_everywhere(AT) == 7 + 2 + 3
    assert set(rows_in_force(cast.college, "outcome_types")) == {"own", "old"}
    assert take_existing_everywhere(AT) == 0


# --- students whom results enrolled


def rostered(bank, cast, *rows, as_of=ON):
    return brought(bank, cast.college, "students", list(rows), as_of)


def enrolled(cast):
    with acting_for(institution=cast.college, purpose="test") as scope:
        found = scope.rows(Enrolment).filter(institution_id=cast.college)
        return {one.student_number: one for one in found}


def test_students_whom_a_results_import_enrolled_are_in_the_list_once(bank, cast, tmp_path):
    publish_transfer_rules(cast)
    run_import(cast, write_sheets(tmp_path, many_rows(30), scores=[("1", str(1000 + n), "80") for n in range(30)]))
    before = enrolled(cast)
    assert len(before) > 15
    assert "1000" in before
    assert take_existing_everywhere(AT) > len(before)
    listed = contents(cast.college, "students")
    assert listed.keys() == before.keys()
    assert listed["1000"] == {"number": "1000"}
    assert listed["2023040117"] == {"number": "2023040117", "name": "lin", "college": "sw", "cohort": 2023}
    assert enrolled(cast) == before
    assert facts_of(cast) == len(before)
    assert take_existing_everywhere(AT) == 0
    assert facts_of(cast) == len(before)


def facts_of(cast):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return scope.rows(DataFact).filter(institution_id=cast.college, data_set="students").count()


def test_a_later_roster_updates_the_students_that_were_there_and_makes_nobody_twice(bank, cast, tmp_path):
    publish_transfer_rules(cast)
    run_import(cast, write_sheets(tmp_path, many_rows(10), scores=[("1", str(1000 + n), "80") for n in range(10)]))
    taken(cast)
    before = enrolled(cast)
    refused, run = rostered(
        bank, cast,
        {"学号": "1000", "姓名": "周一", "院系代码": "de", "年级": "2024", "班级": "D2401"},
        {"学号": "2023040117", "姓名": "林晓"},
        {"学号": "5555", "姓名": "新生"},
    )  # fmt: skip
    assert (refused, run.rows_new, run.rows_changed) == ((), 1, 2)
    assert run.rows_missing == len(before) - 2
    after = enrolled(cast)
    assert after.keys() == before.keys() | {"5555"}
    assert {number: one.learner_id for number, one in before.items()} == {
        number: after[number].learner_id for number in before
    }
    one = after["1000"]
    assert (one.name, one.class_code, one.cohort) == ("周一", "D2401", 2024)
    assert (after["2023040117"].name, after["2023040117"].cohort) == ("林晓", 2023)


def test_what_a_reverted_roster_said_of_a_student_is_not_taken_for_something_older(bank, cast):
    taken(cast)
    _refused, run = rostered(bank, cast, {"学号": "2023040117", "姓名": "改名"})
    with acting_for(institution=cast.college, purpose="test") as scope:
        revert_run(scope=scope, run_id=run.run_id, actor=cast.zhao.person, at=AT)
    assert taken(cast) == {}
    assert contents(cast.college, "students")["2023040117"]["name"] == "lin"


def test_a_unit_that_is_no_college_of_the_school_is_not_said_and_not_lost(bank, cast):
    with superuser(bank) as su:
        su.execute("UPDATE enrolment SET college_id = %s WHERE student_number = '2023040117'", [cast.university])
    taken(cast)
    assert "college" not in contents(cast.college, "students")["2023040117"]
    assert enrolled(cast)["2023040117"].college_id == cast.university
