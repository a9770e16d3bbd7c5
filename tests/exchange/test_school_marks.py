"""Marks as a school's system writes them: each word and number has a declared meaning, and corrections are new facts."""

from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal

import pytest
from django.db import connections

from creditbank.domain.rules.places import UnreadableError
from creditbank.exchange.documents import read_document
from creditbank.exchange.mapping import read_mapping
from creditbank.queries.learners import read_record
from creditbank.records.scope import acting_for
from tests.exchange.sheet_files import csv_bytes, document, read
from tests.exchange.small_import import PACKS, publish_transfer_rules, run_import
from tests.intruder import superuser
from tests.services.bookings import held

PLACE = PACKS / "mappings" / "school-long.yaml"
HEAD = ("学号", "课程代码", "课程名称", "学年学期", "学分", "成绩", "考试性质", "备注")


def school():
    return read_mapping(read_document(PLACE.read_bytes(), name=PLACE.name))


def line(mark, sitting="正考", remark="", *, learner="2023040117", course="MA101", credit="4"):
    return [learner, course, "高等数学", "2023-2024-1", credit, mark, sitting, remark]


def results(*rows):
    _, found, problems = read(csv_bytes(*rows, head=HEAD), read_document(PLACE.read_bytes(), name=PLACE.name))
    return found, [(problem.line, problem.column, problem.code) for problem in problems]


@pytest.mark.parametrize(
    ("mark", "remark", "outcome", "number", "word"),
    [
        ("85", "", "pass", "85.00", ""),
        ("60", "", "pass", "60.00", ""),
        ("59.99", "", "fail", "59.99", ""),
        ("０５９．５", "", "fail", "59.50", ""),
        ("优秀", "", "distinction", "95", "优秀"),
        ("及格", "", "pass", "65", "及格"),
        ("合格", "", "pass", None, "合格"),
        ("不合格", "", "fail", None, "不合格"),
        ("0", "缺考", "absent", None, "缺考"),
        ("0", "作弊", "misconduct", None, "作弊"),
        ("", "缓考", "deferred", None, "缓考"),
        ("缓考", "", "deferred", None, "缓考"),
        ("", "免修", "exempt", None, "免修"),
    ],
)
def test_each_mark_and_each_remark_means_what_the_mapping_declares(mark, remark, outcome, number, word):
    (found,), problems = results(line(mark, remark=remark))
    assert problems == []
    assert (found.outcome, found.mark, found.grade) == (outcome, None if number is None else Decimal(number), word)


def test_a_word_nobody_declared_and_a_mark_that_is_missing_are_named_by_their_cell():
    found, problems = results(line("甲"), line("", learner="2"), line("101", learner="3"), line("70", "第四次", learner="4"),
                              line("70", remark="借读", learner="5"), line("70", learner="6"))  # fmt: skip
    assert [one.learner_number for one in found] == ["6"]
    assert problems == [
        (2, "成绩", "results.mark_not_number"), (3, "成绩", "results.empty"), (4, "成绩", "results.mark_out_of_range"),
        (5, "考试性质", "results.sitting_unknown"), (6, "备注", "results.outcome_unknown"),
    ]  # fmt: skip


def test_sittings_of_one_course_are_results_of_their_own_and_one_sitting_twice_is_a_contradiction():
    found, problems = results(line("45"), line("61", "补考"), line("88", "重修"), line("88", "重修"))
    assert [(one.sitting, one.outcome) for one in found] == [("normal", "fail"), ("resit", "pass"), ("retake", "pass")]
    assert problems == []
    _, problems = results(line("45", "补考"), line("61", "补考"))
    assert [code for *_, code in problems] == ["results.contradiction"] * 2


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"marks": {"words": {"优": {"outcome": "great"}}}}, "marks.words.优.outcome"),
        ({"marks": {"words": {"优": {"mark": 95}}}}, "marks.words.优"),
        ({"marks": {"words": {"优": {"outcome": "pass", "mark": 101}}}}, "marks.words.优.mark"),
        ({"marks": {"words": {}, "pass_mark": -1}}, "marks.pass_mark"),
        ({"marks": {"words": {}, "limit": 1}}, "marks.limit"),
        ({"columns": {"learner_number": "a", "course": "b", "presentation": "c"}}, "columns"),
        ({"columns": {"learner_number": "a", "course": "b", "presentation": "c", "outcome": "d"}, "marks": {"words": {}}}, "marks"),
        ({"values": {"sitting": {"补": "second"}}}, "values.sitting.补"),
    ],
)  # fmt: skip
def test_a_mapping_that_declares_marks_wrongly_is_refused_with_the_path(change, path):
    with pytest.raises(UnreadableError) as refused:
        read_mapping(document(**change))
    assert path in [problem.path for problem in refused.value.problems] or path in str(refused.value)


WIDE = {
    "columns": {"learner_number": "学号"},
    "marks": {"pass_mark": 60, "words": {"优秀": {"outcome": "distinction"}, "缺考": {"outcome": "absent"}}},
    "wide": {"presentation": "2024A", "courses": {"高等数学": "MATH", "大学英语": "ENG"}},
    "values": None,
    "courses": {
        code: {
            "credit": credit,
            "presentations": {"2024A": {"term": "2024-1", "starts_on": "2024-02-26", "ends_on": "2024-07-05"}},
        }
        for code, credit in (("MATH", 4), ("ENG", 3))
    },
}


def test_a_wide_sheet_gives_a_result_for_each_cell_that_says_something():
    sheet = csv_bytes(
        "1,张三,85,优秀", "2,李四,,缺考", "3,王五,,", "4,赵六,甲,59", head=("学号", "姓名", "高等数学", "大学英语")
    )
    reading, found, problems = read(sheet, document(**WIDE))
    assert [(one.line, one.learner_number, one.course, one.credit, one.outcome) for one in found] == [
        (2, "1", "MATH", 400, "pass"), (2, "1", "ENG", 300, "distinction"), (3, "2", "ENG", 300, "absent"),
        (5, "4", "ENG", 300, "fail"),
    ]  # fmt: skip
    assert [(one.line, one.column, one.code) for one in problems] == [(5, "高等数学", "results.mark_not_number")]
    assert reading.summary.rows == 5


def test_a_learner_twice_in_a_wide_sheet_is_compared_course_by_course():
    sheet = csv_bytes("1,85,优秀", "1,85,缺考", head=("学号", "高等数学", "大学英语"))
    reading, found, problems = read(sheet, document(**WIDE))
    assert [(one.course, one.outcome) for one in found] == [("MATH", "pass")]
    assert [(one.line, one.code) for one in problems] == [(2, "results.contradiction"), (3, "results.contradiction")]
    assert reading.summary.ignored_repeats == 1


@pytest.mark.parametrize(
    "change",
    [
        {"marks": None, "columns": {"learner_number": "学号", "outcome": "结果"}},
        {"wide": {"presentation": "2024A", "courses": {}}},
        {"wide": {"presentation": "2024A"}},
        {"columns": {"learner_number": "学号", "course": "课程"}},
    ],
)
def test_a_wide_mapping_that_cannot_be_read_is_refused(change):
    with pytest.raises(UnreadableError):
        read_mapping(document(**WIDE | change))


# In the bank


@pytest.fixture
def ready(bank, cast):
    publish_transfer_rules(cast)
    return cast


def brought(cast, folder, name, rows, as_of):
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.csv"
    path.write_bytes(csv_bytes(*rows, head=HEAD))
    return run_import(cast, path, mapping=school(), as_of=as_of)


def facts(bank):
    """Every result with its day, and whether its credit is there; every balance."""
    with superuser(bank) as connection:
        kept = connection.execute(
            "SELECT student_number, course, sitting, as_of, outcome, mark, grade FROM result"
            " JOIN learner_number USING (learner_id, institution_id) ORDER BY 1, 2, 3, 4"
        ).fetchall()
        credit = connection.execute(
            "SELECT student_number, lot.code, lot.earned_on, sum(balance.amount) FROM lot JOIN balance USING (learner_id, lot_id)"
            " JOIN learner_number USING (learner_id) GROUP BY 1, 2, 3 HAVING sum(balance.amount) > 0 ORDER BY 1, 2, 3"
        ).fetchall()
    return kept, credit


DAYS = {
    date(2024, 1, 20): [line("45"), line("85", course="EN101"), line("70", course="PE101", credit="1")],
    date(2024, 3, 1): [line("45"), line("61", "补考"), line("85", course="EN101"), line("72", course="PE101", credit="1")],
    date(2024, 9, 1): [line("45"), line("59", "补考"), line("58", course="EN101"), line("72", course="PE101", credit="1")],
    date(2025, 1, 1): [line("45"), line("66", "补考"), line("58", course="EN101"), line("90", course="PE101", credit="2")],
}  # fmt: skip


def test_a_later_sheet_corrects_and_takes_its_credit_back_and_gives_it_again(bank, ready, tmp_path):
    credit = []
    for number, (day, rows) in enumerate(DAYS.items()):
        run = brought(ready, tmp_path, str(number), rows, day)
        assert run.rows_refused == 0
        credit.append({(course, amount) for _, course, _, amount in facts(bank)[1]})
    assert credit == [
        {("EN101", 400), ("PE101", 100)}, {("MA101", 400), ("EN101", 400), ("PE101", 100)}, {("PE101", 100)},
        {("MA101", 400), ("PE101", 200)},
    ]  # fmt: skip
    with superuser(bank) as connection:
        reasons = connection.execute(
            "SELECT kind::text, reason, count(*) FROM posting GROUP BY 1, 2 ORDER BY 1, 2"
        ).fetchall()
        person = connection.execute(
            "SELECT learner_id FROM learner_number WHERE student_number = '2023040117'"
        ).fetchone()[0]
        lots = connection.execute("SELECT count(DISTINCT lot_id) FROM result WHERE course = 'PE101'").fetchone()[0]
    # A mark alone changes nothing of the credit: the first three days of PE101 share one lot.
    assert lots == 2
    assert reasons == [("deposit", "results.imported", 5), ("reverse", "results.corrected", 3)]
    assert sum(held(bank, person).values()) == 600
    with acting_for(institution=ready.college, purpose="test") as scope:
        shown = {(one.course, one.outcome, one.mark) for one in read_record(scope, person).results}
    assert shown == {
        ("MA101", "fail", Decimal(45)), ("MA101", "pass", Decimal(66)), ("EN101", "fail", Decimal(58)),
        ("PE101", "pass", Decimal(90)),
    }  # fmt: skip


def test_the_day_of_a_sheet_decides_and_never_the_order_in_which_sheets_arrive(another_bank, tmp_path):
    seen = []
    for number, order in enumerate(itertools.permutations(DAYS)):
        with another_bank() as (bank, cast):
            publish_transfer_rules(cast)
            for place, day in enumerate(order):
                run = brought(cast, tmp_path / str(number), str(place), DAYS[day], day)
                assert run.rows_refused == 0
            seen.append(facts(bank))
            connections.close_all()
    assert len(seen) == 24
    assert all(one == seen[0] for one in seen)


def test_a_sheet_brought_twice_says_nothing_new_and_one_of_the_same_day_that_differs_is_refused(bank, ready, tmp_path):
    day = date(2024, 3, 1)
    brought(ready, tmp_path, "one", DAYS[day], day)
    before = facts(bank)
    again = brought(ready, tmp_path, "again", [*DAYS[day], line("85", course="EN101", learner="8")], day)
    assert (again.rows_stored, again.rows_repeated, again.lots_posted) == (1, 4, 1)
    other = brought(ready, tmp_path, "other", [line("99", course="EN101")], day)
    assert (other.rows_stored, other.rows_refused) == (0, 1)
    undated = brought(ready, tmp_path, "undated", [line("99", course="EN101"), line("45")], None)
    assert (undated.rows_stored, undated.rows_refused, undated.rows_repeated) == (0, 1, 1)
    with superuser(bank) as connection:
        codes = connection.execute("SELECT code FROM import_problem ORDER BY code").fetchall()
    assert codes == [("results.differs_from_stored",), ("results.differs_same_day",)]
    assert [row for row in facts(bank)[0] if row[0] != "8"] == before[0]
