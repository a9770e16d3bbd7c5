"""A course brings its credit once: two sittings in one sheet and in two, corrections in any order, credit in use."""

from __future__ import annotations

import itertools
from datetime import date

import pytest
from django.db import connections

from creditbank.domain.results import Pass, explain_repeats
from creditbank.exchange.documents import read_document
from creditbank.exchange.mapping import read_mapping
from creditbank.queries.check.whole import check_bank
from tests.exchange.sheet_files import csv_bytes
from tests.exchange.small_import import publish_transfer_rules, run_import
from tests.exchange.test_college_import import USERS
from tests.exchange.test_school_marks import HEAD, PLACE, facts
from tests.intruder import superuser

FIRST, SECOND, THIRD = "2023-2024-1", "2024-2025-1", "2025-2026-1"
AUTUMN, NEXT, LATER = date(2024, 2, 1), date(2025, 2, 1), date(2026, 2, 1)


def line(term, mark, sitting="正考", *, credit="4", learner="2023040117", course="MA101"):
    return [learner, course, "高等数学", term, credit, mark, sitting, ""]


def mapping(**defaults):
    document = read_document(PLACE.read_bytes(), name=PLACE.name)
    return read_mapping(document | {"defaults": document["defaults"] | defaults})


def brought(cast, folder, name, rows, as_of, how=None, **more):
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.csv"
    path.write_bytes(csv_bytes(*rows, head=HEAD))
    return run_import(cast, path, mapping=how or mapping(), as_of=as_of, **more)


def credit(bank):
    """What stands: by course the day it was earned on and the hundredths."""
    return [(code, day, amount) for _learner, code, day, amount in facts(bank)[1]]


def sound(bank):
    """Whether every promise of the bank holds."""
    connections.close_all()
    return [one.code for one in check_bank(bank, USERS)[0] if one.verdict.value == "no"]


@pytest.fixture
def ready(bank, cast):
    publish_transfer_rules(cast)
    return cast


ENDS = {FIRST: date(2024, 1, 19), SECOND: date(2025, 1, 17), THIRD: date(2026, 1, 16)}


@pytest.mark.parametrize("batch_size", [1, 1000])
def test_two_passes_in_one_file_bring_the_credit_of_the_first(bank, ready, tmp_path, batch_size):
    rows = [line(SECOND, "88", "重修"), line(FIRST, "61"), line(THIRD, "95", "重修")]
    run = brought(ready, tmp_path, "one", rows, LATER, batch_size=batch_size)
    assert (run.rows_stored, run.rows_refused) == (3, 0)
    assert credit(bank) == [("MA101", ENDS[FIRST], 400)]
    assert len(facts(bank)[0]) == 3
    assert sound(bank) == []


def test_two_passes_in_two_files_bring_it_once_in_whatever_order_the_files_come(another_bank, tmp_path):
    for number, order in enumerate(itertools.permutations((FIRST, SECOND, THIRD))):
        with another_bank() as (bank, cast):
            publish_transfer_rules(cast)
            for term in order:
                brought(cast, tmp_path / str(number), term, [line(term, "70")], LATER)
            assert credit(bank) == [("MA101", ENDS[FIRST], 400)]
            assert sound(bank) == []


def test_the_pass_that_brings_more_has_the_credit(bank, ready, tmp_path):
    brought(ready, tmp_path, "one", [line(FIRST, "90", credit="3")], AUTUMN)
    brought(ready, tmp_path, "two", [line(SECOND, "61", credit="3.5")], NEXT)
    assert credit(bank) == [("MA101", ENDS[SECOND], 350)]


def test_a_course_declared_to_earn_each_time_earns_each_time(bank, ready, tmp_path):
    each = mapping(repeat="earns_each")
    brought(ready, tmp_path, "one", [line(FIRST, "90"), line(SECOND, "61")], NEXT, each)
    assert credit(bank) == [("MA101", ENDS[FIRST], 400), ("MA101", ENDS[SECOND], 400)]
    brought(ready, tmp_path, "two", [line(THIRD, "61")], LATER, each)
    assert len(credit(bank)) == 3


def test_a_correction_of_the_pass_that_counts_gives_its_credit_to_the_other_one(bank, ready, tmp_path):
    brought(ready, tmp_path, "one", [line(FIRST, "61"), line(SECOND, "88")], NEXT)
    brought(ready, tmp_path, "two", [line(FIRST, "58")], date(2025, 3, 1))
    assert credit(bank) == [("MA101", ENDS[SECOND], 400)]
    # The first one passes after all, and then fails again: the credit goes there and back.
    brought(ready, tmp_path, "three", [line(FIRST, "62")], date(2025, 4, 1))
    assert credit(bank) == [("MA101", ENDS[FIRST], 400)]
    again = brought(ready, tmp_path, "four", [line(FIRST, "58")], date(2025, 5, 1))
    assert credit(bank) == [("MA101", ENDS[SECOND], 400)]
    assert again.lots_posted == 1
    # A new mark of the pass that has the credit leaves it where it is.
    quiet = brought(ready, tmp_path, "five", [line(SECOND, "91")], date(2025, 6, 1))
    assert (quiet.lots_posted, credit(bank)) == (0, [("MA101", ENDS[SECOND], 400)])
    assert sound(bank) == []


def test_a_pass_that_had_lost_its_credit_gets_it_back_by_the_sheet_that_says_it_again(bank, ready, tmp_path):
    brought(ready, tmp_path, "one", [line(SECOND, "88")], NEXT)
    brought(ready, tmp_path, "two", [line(FIRST, "61")], date(2025, 3, 1))
    assert credit(bank) == [("MA101", ENDS[FIRST], 400)]
    brought(ready, tmp_path, "three", [line(FIRST, "55"), line(SECOND, "88")], date(2025, 4, 1))
    assert credit(bank) == [("MA101", ENDS[SECOND], 400)]
    assert sound(bank) == []


SHEETS = [
    (date(2024, 2, 1), [line(FIRST, "61")]),
    (date(2025, 2, 1), [line(SECOND, "88", "重修"), line(FIRST, "61")]),
    (date(2025, 5, 1), [line(FIRST, "55"), line(SECOND, "90", "重修")]),
    (date(2026, 2, 1), [line(THIRD, "70", "重修"), line(SECOND, "90", "重修", credit="3")]),
]


def test_corrections_and_repeats_in_any_order_give_the_same_bank(another_bank, tmp_path):
    seen = []
    for number, order in enumerate(list(itertools.permutations(range(len(SHEETS))))[::3]):
        with another_bank() as (bank, cast):
            publish_transfer_rules(cast)
            for place in order:
                day, rows = SHEETS[place]
                assert brought(cast, tmp_path / str(number), str(place), rows, day).rows_refused == 0
            kept, stands = facts(bank)
            seen.append((sorted(map(str, kept)), stands))
            assert sound(bank) == []
    assert len(seen) == 8
    assert [number for number, one in enumerate(seen) if one != seen[0]] == []
    assert [(day, amount) for _, _, day, amount in seen[0][1]] == [(ENDS[THIRD], 400)]


def test_credit_in_use_stays_where_it_is_and_the_course_brings_no_second(bank, ready, tmp_path):
    brought(ready, tmp_path, "one", [line(SECOND, "88")], NEXT)
    with superuser(bank) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE balance SET state = 'held'")
    run = brought(ready, tmp_path, "two", [line(FIRST, "61")], LATER)
    assert (run.rows_stored, run.rows_refused, run.lots_posted) == (1, 0, 0)
    assert credit(bank) == [("MA101", ENDS[SECOND], 400)]


def test_the_same_files_again_post_nothing(bank, ready, tmp_path):
    for _time in range(2):
        for day, rows in SHEETS:
            run = brought(ready, tmp_path, str(day), rows, day)
    assert (run.rows_stored, run.lots_posted, run.rows_repeated) == (0, 0, 2)


def test_a_course_of_another_learner_and_another_course_are_no_repeats(bank, ready, tmp_path):
    rows = [line(FIRST, "61"), line(SECOND, "61", learner="2023040118"), line(SECOND, "61", course="MA102")]
    brought(ready, tmp_path, "one", rows, NEXT)
    assert len(credit(bank)) == 3


def test_of_equal_passes_the_first_day_counts_then_the_earlier_sitting_and_more_credit_before_both():
    early, late = Pass("Z", "retake", ENDS[FIRST], 400), Pass("A", "normal", ENDS[SECOND], 400)
    resit, more = Pass("Z", "resit", ENDS[FIRST], 400), Pass("B", "deferred", ENDS[THIRD], 401)
    assert sorted([late, early, more, resit], key=Pass.rank) == [more, resit, early, late]


def test_what_a_learner_reads_names_the_pass_that_counts_and_each_other_one():
    passes = [Pass(FIRST, "normal", ENDS[FIRST], 400, "61"), Pass(SECOND, "retake", ENDS[SECOND], 400, "")]
    assert explain_repeats(passes[:1], passes[0]) == ()
    (told,) = explain_repeats(passes, min(passes, key=Pass.rank))
    assert (told.code, told.facts["presentation"]) == ("results.counts_once", FIRST)
    assert [(one.code, one.facts["presentation"]) for one in told.lines] == [("results.repeated_unmarked", SECOND)]
