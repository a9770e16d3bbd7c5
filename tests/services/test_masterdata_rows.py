"""Rows of master data follow their dated facts, whatever order they arrive in."""

from __future__ import annotations

import itertools
from datetime import date

import pytest

from creditbank.domain.masterdata.facts import Verdict
from creditbank.domain.masterdata.sets import COURSES, STUDENTS
from creditbank.gateways.identities import Identities
from creditbank.records.catalogue import Course
from creditbank.records.institutions import AcademicYear, Institution, Term
from creditbank.records.people import Enrolment, Learner, LearnerNumber
from creditbank.records.scope import acting_for
from creditbank.services.masterdata.facts import retire_row, state_row
from creditbank.services.masterdata.imports import revert_run
from tests.cast import AT
from tests.services.masterdata_rows import bring, plan, rows_in_force

COURSE = {"code": "SW1", "name": "程序设计", "credit": "4"}
ID = "11010519491231002X"


def test_a_later_sheet_wins_whatever_came_first(bank, cast):
    bring(bank, cast.college, "courses", [COURSE | {"credit": "3"}], "2026-09-01", "new")
    bring(bank, cast.college, "courses", [COURSE], "2026-01-01", "old")
    content, since, contested, label, retired = rows_in_force(cast.college, "courses")["SW1"]
    assert content == {"code": "SW1", "name": "程序设计", "credit": 300}
    assert since["credit"] == "2026-09-01"
    assert (contested, label, retired) == ([], "程序设计", False)


def test_a_second_import_of_one_file_brings_nothing_new(bank, cast):
    first = bring(bank, cast.college, "courses", [COURSE], "2026-09-01")
    again = plan(bank, cast.college, "courses", [COURSE], "2026-09-01")
    second = bring(bank, cast.college, "courses", [COURSE], "2026-09-01")
    assert (first.rows_new, first.rows_stored) == (1, 1)
    assert [(row.verdict, row.known) for row in again.judged] == [(Verdict.SAME, True)]
    assert (second.rows_new, second.rows_changed, second.rows_stored, second.rows_repeated) == (0, 0, 0, 1)


def test_who_is_missing_from_a_sheet_is_listed_and_kept(bank, cast):
    bring(bank, cast.college, "courses", [COURSE, COURSE | {"code": "SW2"}], "2026-01-01", "a")
    run = bring(bank, cast.college, "courses", [COURSE], "2026-09-01", "b")
    assert run.rows_missing == 1
    assert set(rows_in_force(cast.college, "courses")) == {"SW1", "SW2"}


def test_a_reverted_run_leaves_what_the_others_say(bank, cast):
    bring(bank, cast.college, "courses", [COURSE], "2026-01-01", "a")
    before = rows_in_force(cast.college, "courses")
    run = bring(bank, cast.college, "courses", [COURSE | {"credit": "9"}, COURSE | {"code": "X"}], "2026-09-01", "b")
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert revert_run(scope=scope, run_id=run.run_id, actor=cast.zhao.person, at=AT).run.state == "reverted"
        again = revert_run(scope=scope, run_id=run.run_id, actor=cast.zhao.person, at=AT)
        courses = {course.code: (course.credit, course.retired) for course in scope.rows(Course)}
    assert again.explanation[0].code == "masterdata.reverted_before"
    assert rows_in_force(cast.college, "courses") == before
    assert courses == {"SW1": (400, False), "X": (400, True)}
    bring(bank, cast.college, "courses", [COURSE | {"credit": "9"}, COURSE | {"code": "X"}], "2026-09-01", "b")
    assert set(rows_in_force(cast.college, "courses")) == {"SW1", "X"}


def test_what_was_typed_stands_over_the_sheets_of_its_day(bank, cast):
    bring(bank, cast.college, "courses", [COURSE | {"credit": "9"}], "2026-09-01", "a")
    with acting_for(institution=cast.college, purpose="test") as scope:
        typed = state_row(
            scope=scope, identities=Identities(bank), data_set=COURSES, texts={"code": "SW1", "credit": "1"},
            as_of=date(2026, 9, 1), actor=cast.zhao.person, at=AT, cleared=["name"],
        )  # fmt: skip
    assert {change.field: (change.old, change.new) for change in typed.changes} == {
        "credit": (900, 100), "name": ("程序设计", None),
    }  # fmt: skip
    bring(bank, cast.college, "courses", [COURSE | {"credit": "8"}], "2026-09-01", "b")
    assert rows_in_force(cast.college, "courses")["SW1"][0]["credit"] == 100


def test_a_row_is_retired_explicitly_and_taken_back(bank, cast):
    bring(bank, cast.college, "courses", [COURSE], "2026-09-01", "a")
    for retired in (True, False):
        with acting_for(institution=cast.college, purpose="test") as scope:
            retire_row(
                scope=scope, data_set=COURSES, key="SW1", retired=retired, as_of=date(2026, 9, 2),
                actor=cast.zhao.person, at=AT.replace(hour=3 + (not retired)),
            )  # fmt: skip
            assert scope.rows(Course).get(code="SW1").retired is retired
        assert rows_in_force(cast.college, "courses")["SW1"][4] is retired


def test_a_known_number_and_a_known_identity_are_the_same_person(bank, cast):
    bring(bank, cast.college, "students", [
        {"number": "2023040117", "name": "林晓", "national_id": ID, "college": "软件学院", "cohort": "2023"},
    ], "2026-09-01", "a")  # fmt: skip
    bring(bank, cast.college, "students", [
        {"number": "2026900001", "name": "林晓", "national_id": ID, "cohort": "2026", "class_code": "B1"},
    ], "2026-09-01", "b")  # fmt: skip
    bring(bank, cast.university, "students", [{"number": "K9", "name": "林晓", "national_id": ID}], "2026-09-01", "c")
    for place, numbers in ((cast.college, {"2023040117", "2026900001"}), (cast.university, {"K9"})):
        with acting_for(institution=place, purpose="test") as scope:
            held = scope.rows(LearnerNumber).filter(learner_id=cast.lin.person)
            assert set(held.values_list("student_number", flat=True)) == numbers
    with acting_for(institution=cast.college, purpose="test") as scope:
        enrolled = scope.rows(Enrolment).get(learner_id=cast.lin.person)
        assert (enrolled.student_number, enrolled.cohort, enrolled.class_code) == ("2026900001", 2026, "B1")
        learner = scope.rows(Learner).get(learner_id=cast.lin.person)
        assert learner.national_id_index == Identities(bank).index(ID)
        assert ID.encode() not in bytes(learner.national_id)
        assert scope.rows(Learner).count() == 2
    assert ID not in str(rows_in_force(cast.college, "students"))


def test_units_become_places_and_students_find_theirs_in_any_order(bank, cast):
    students = [{"number": "S1", "name": "甲", "college": "会计学院"}, {"number": "S2", "name": "乙", "college": "acc"}]
    units = [{"code": "acc", "name": "会计学院", "kind": "学院"}, {"code": "gd", "name": "教务处", "kind": "部门"}]
    bring(bank, cast.college, "students", students, "2026-09-01", "s")
    bring(bank, cast.college, "colleges", units, "2026-09-01", "u")
    with acting_for(institution=cast.college, purpose="test") as scope:
        place = scope.rows(Institution).get(code="svc-acc")
        assert (place.parent_id, place.kind, place.name) == (cast.college, "college", "会计学院")
        assert scope.rows(Institution).get(code="svc-gd").kind == "department"
        found = scope.rows(Enrolment).filter(college_id=place.pk)
        assert set(found.values_list("student_number", flat=True)) == {"S1", "S2"}


def test_terms_bring_their_year_and_a_year_its_days(bank, cast):
    term = {"code": "2030-2031-1", "name": "秋", "starts_on": "2030-09-01", "ends_on": "2031-01-20", "weeks": "20周",
            "claims_from": "2030-10-08"}  # fmt: skip
    bring(bank, cast.college, "terms", [term], "2026-09-01", "t")
    with acting_for(institution=cast.college, purpose="test") as scope:
        year = scope.rows(AcademicYear).get(institution_id=cast.college, code="2030-2031")
        stored = scope.rows(Term).get(institution_id=cast.college, code="2030-2031-1")
    assert (year.starts_on, year.ends_on) == (date(2030, 9, 1), date(2031, 1, 20))
    assert (stored.academic_year_id, stored.weeks, stored.claims_from) == (year.id, 20, date(2030, 10, 8))
    whole = {"code": "2030-2031", "starts_on": "2030-08-25", "ends_on": "2031-08-24"}
    bring(bank, cast.college, "years", [whole], "2026-09-01", "y")
    with acting_for(institution=cast.college, purpose="test") as scope:
        year.refresh_from_db()
        assert (year.starts_on, year.ends_on) == (date(2030, 8, 25), date(2031, 8, 24))


FILES = [
    ("students", [{"number": "S1", "name": "甲", "major": "M1", "class_code": "A", "status": "在读"}], "2026-09-01"),
    ("students", [{"number": "S1", "name": "甲", "major": "M2"}, {"number": "S2", "name": "丙"}], "2027-09-01"),
    ("changes", [{"student": "S1", "kind": "转专业", "happened_on": "2027-03-01", "to_major": "M3", "to_class": "C"},
                 {"student": "S2", "kind": "休学", "happened_on": "2027-10-01"}], "2027-11-01"),
    ("colleges", [{"code": "new", "name": "新学院"}], "2026-09-01"),
    ("students", [{"number": "S1", "college": "新学院"}], "2026-09-01"),
]  # fmt: skip


@pytest.mark.parametrize("order", list(itertools.permutations(range(len(FILES))))[::11])
def test_files_in_any_order_give_the_same_rows_and_learners(bank, cast, order):
    for place in order:
        code, rows, as_of = FILES[place]
        bring(bank, cast.college, code, rows, as_of, f"file {place}")
    found = rows_in_force(cast.college, "students")
    assert found["S1"][0] == {
        "number": "S1", "name": "甲", "major": "M2", "class_code": "C", "status": "enrolled", "college": "新学院",
    }  # fmt: skip
    assert found["S2"][0] == {"number": "S2", "name": "丙", "status": "leave"}
    with acting_for(institution=cast.college, purpose="test") as scope:
        one = scope.rows(Enrolment).get(student_number="S1")
        assert (one.name, one.major_code, one.class_code) == ("甲", "M2", "C")
        assert one.college_id == scope.rows(Institution).get(code="svc-new").pk
        assert scope.rows(Enrolment).get(student_number="S2").status == "leave"
    assert STUDENTS.personal
