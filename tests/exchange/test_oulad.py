"""The real results of the open data set, counted a second way by SQL over the same files."""

from __future__ import annotations

import csv
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

import creditbank
from creditbank.domain.results import CourseResult
from creditbank.exchange.documents import read_document
from creditbank.exchange.mapping import read_mapping
from creditbank.exchange.results import read_results
from creditbank.gateways.files import open_upload

FOLDER = os.environ.get("CREDITBANK_TEST_DATA")
MAPPING = Path(creditbank.__file__).parent / "packs" / "mappings" / "oulad.yaml"

needs_data = pytest.mark.skipif(not FOLDER, reason="CREDITBANK_TEST_DATA names no folder with the open data set")


def oulad(name):
    return Path(FOLDER) / "oulad" / name


def shipped_mapping():
    return read_mapping(read_document(MAPPING.read_bytes(), name=MAPPING.name))


def test_the_shipped_mapping_says_that_its_credits_are_invented():
    mapping = shipped_mapping()
    assert "invented" in mapping.note.en
    assert "虚设" in mapping.note.zh
    assert {course.declared.credit for course in mapping.courses.values()} == {3000, 6000}
    assert sum(len(course.presentations) for course in mapping.courses.values()) == 22


@pytest.fixture(scope="module")
def taken():
    with open_upload(oulad("studentInfo.csv")) as upload:
        reading = read_results(upload, shipped_mapping(), lambda name: open_upload(oulad(name)))
        rows = list(reading)
        return reading.summary, rows


@pytest.fixture(scope="module")
def tables():
    database = sqlite3.connect(":memory:")
    for name in ("studentInfo", "studentAssessment", "assessments", "courses"):
        with oulad(f"{name}.csv").open(newline="", encoding="utf-8") as stream:
            rows = csv.reader(stream)
            head = next(rows)
            database.execute(f"create table {name} ({', '.join(head)})")
            database.executemany(f"insert into {name} values ({', '.join('?' * len(head))})", rows)
    # Weights have at most one decimal and scores none, so that tenths are exact whole numbers.
    database.executescript("""
        create index item on assessments (id_assessment);
        create table mark as
            select id_student, code_module, code_presentation,
                   sum(cast(round(weight * 10) as integer) * cast(score as integer)) as products,
                   sum(cast(round(weight * 10) as integer)) as weights
            from studentAssessment join assessments using (id_assessment)
            where score <> '' and cast(weight as real) > 0
            group by 1, 2, 3;
        create table enrolment as
            select i.*, products, weights from studentInfo i
            left join mark using (id_student, code_module, code_presentation);
    """)
    yield database
    database.close()


@needs_data
def test_every_enrolment_becomes_one_result(taken, tables):
    summary, rows = taken
    assert all(isinstance(row, CourseResult) for row in rows)
    ((enrolments, learners),) = tables.execute("select count(*), count(distinct id_student) from enrolment")
    assert len(rows) == summary.results == summary.rows == enrolments
    assert len({row.learner_number for row in rows}) == learners
    assert (summary.refused, summary.ignored_repeats, summary.related_problems) == (0, 0, 0)
    assert set(summary.encodings.values()) == {"UTF-8"}


@needs_data
def test_outcomes_and_missing_scores_are_those_of_the_files(taken, tables):
    _, rows = taken
    by_result = dict(tables.execute("select lower(final_result), count(*) from enrolment group by 1"))
    assert Counter(row.outcome for row in rows) == by_result
    ((earning, without, passes_without),) = tables.execute("""
        select sum(final_result in ('Pass', 'Distinction')), sum(weights is null),
               sum(weights is null and final_result in ('Pass', 'Distinction')) from enrolment
    """)
    assert sum(row.earns_credit for row in rows) == earning
    assert sum(row.mark is None for row in rows) == without
    assert sum(row.mark is None and row.earns_credit for row in rows) == passes_without


@needs_data
def test_every_single_score_is_the_exact_mean_rounded_half_up(taken, tables):
    _, rows = taken
    expected = {}
    for *key, products, weights in tables.execute(
        "select id_student, code_module, code_presentation, products, weights from enrolment"
    ):
        hundredths = None if weights is None else (Fraction(products, weights) * 100 + Fraction(1, 2)) // 1
        expected[tuple(key)] = None if hundredths is None else Decimal(int(hundredths)) / 100
    assert {(row.learner_number, row.course, row.presentation): row.mark for row in rows} == expected


@needs_data
def test_every_presentation_lasts_as_long_as_the_files_say(tables):
    mapping = shipped_mapping()
    lengths = {
        (course, presentation): int(days) for course, presentation, days in tables.execute("select * from courses")
    }
    declared = {
        (code, key): (presentation.ends_on - presentation.starts_on).days
        for code, course in mapping.courses.items()
        for key, presentation in course.presentations.items()
    }
    assert declared == lengths


@needs_data
@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from /proc")
def test_reading_takes_little_memory():
    program = (
        "from tests.exchange.test_oulad import *\n"
        "with open_upload(oulad('studentInfo.csv')) as upload:\n"
        "    count = sum(1 for _ in read_results(upload, shipped_mapping(), lambda name: open_upload(oulad(name))))\n"
        "peak = [line for line in Path('/proc/self/status').read_text().splitlines() if 'VmHWM' in line]\n"
        "print(count, peak[0].split()[1])"
    )
    root = Path(creditbank.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root)
    count, kilobytes = (int(word) for word in done.stdout.split())
    assert count > 30_000
    assert kilobytes < 250_000
