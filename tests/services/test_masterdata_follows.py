"""What the bank reads of calendar and places follows the rows of master data, whatever arrived first."""

from __future__ import annotations

import itertools

import pytest

from creditbank.records.institutions import AcademicYear, Institution, Term
from creditbank.records.people import Enrolment
from creditbank.records.scope import acting_for
from creditbank.services.masterdata.imports import revert_run
from tests.cast import AT
from tests.services.masterdata_rows import bring

ORDERS = list(itertools.permutations(range(2)))


def calendar(school):
    """Years with their days, and terms with their year, that the institution's own sheets brought."""
    with acting_for(institution=school, purpose="test") as scope:
        years = scope.rows(AcademicYear).filter(institution_id=school, code__gt="2029")
        terms = scope.rows(Term).filter(institution_id=school, code__gt="2029")
        return (
            {year.code: (str(year.starts_on), str(year.ends_on)) for year in years},
            {term.code: term.academic_year.code for term in terms},
        )


def bring_each(bank, cast, files, order):
    for at in order:
        code, rows, as_of = files[at]
        bring(bank, cast.college, code, rows, as_of, f"file {at}")


def term(year, starts="2030-09-01", ends="2031-01-20"):
    return {"code": "2030秋", "year": year, "starts_on": starts, "ends_on": ends}


@pytest.mark.parametrize("order", ORDERS)
def test_a_term_that_moves_to_another_year_leaves_no_empty_year_behind(bank, cast, order):
    files = [("terms", [term("2030-2031")], "2026-01-01"), ("terms", [term("2031-2032")], "2026-02-01")]
    bring_each(bank, cast, files, order)
    assert calendar(cast.college) == ({"2031-2032": ("2030-09-01", "2031-01-20")}, {"2030秋": "2031-2032"})


@pytest.mark.parametrize("order", ORDERS)
def test_a_term_whose_days_contradict_each_other_is_in_no_calendar(bank, cast, order):
    files = [("terms", [term("2030-2031")], "2026-01-01"),
             ("terms", [term("2030-2031", starts="2031-02-01")], "2026-02-01")]  # fmt: skip
    bring_each(bank, cast, files, order)
    assert calendar(cast.college) == ({}, {})
    bring(bank, cast.college, "terms", [term("2030-2031", ends="2031-07-01")], "2026-03-01", "corrected")
    assert calendar(cast.college)[1] == {"2030秋": "2030-2031"}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_year_whose_days_contradict_each_other_takes_its_terms_with_it(bank, cast, order):
    files = [("terms", [term("2030-2031")], "2026-01-01"),
             ("years", [{"code": "2030-2031", "starts_on": "2030-09-01", "ends_on": "2031-08-31"}], "2026-01-01"),
             ("years", [{"code": "2030-2031", "starts_on": "2032-09-01"}], "2026-02-01")]  # fmt: skip
    bring_each(bank, cast, files, order)
    assert calendar(cast.college) == ({}, {})


def test_a_calendar_that_is_reverted_is_gone(bank, cast):
    run = bring(bank, cast.college, "terms", [term("2030-2031")], "2026-01-01", "t")
    assert calendar(cast.college)[1] == {"2030秋": "2030-2031"}
    with acting_for(institution=cast.college, purpose="test") as scope:
        revert_run(scope=scope, run_id=run.run_id, actor=cast.college, at=AT)
    assert calendar(cast.college) == ({}, {})
    # What no sheet ever spoke of stays.
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert scope.rows(Term).filter(institution_id=cast.college).count() == 1


@pytest.mark.parametrize("order", ORDERS)
def test_a_student_whose_unit_is_named_by_the_banks_code_finds_it_in_any_order(bank, cast, order):
    files = [("students", [{"number": "S1", "name": "甲", "college": "svc-acc"}], "2026-09-01"),
             ("colleges", [{"code": "acc", "name": "会计学院"}], "2026-09-01")]  # fmt: skip
    bring_each(bank, cast, files, order)
    with acting_for(institution=cast.college, purpose="test") as scope:
        place = scope.rows(Institution).get(code="svc-acc")
        assert scope.rows(Enrolment).get(student_number="S1").college_id == place.pk
