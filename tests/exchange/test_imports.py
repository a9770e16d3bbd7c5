"""Results into a real bank: what is stored and refused, repeats, dry runs, and all of the open data set."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import time
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from django.db import connections

from creditbank.cli.main import main
from creditbank.exchange.imports import dry_run, open_results
from creditbank.gateways.database_roles import user_of
from creditbank.queries.check.digest import digest
from creditbank.queries.check.whole import check_bank
from creditbank.records.scope import acting_for
from creditbank.services.rules import publish_rule_version
from tests.cast import AT, PACKS
from tests.exchange.small_import import (
    MAPPING,
    ROWS,
    TABLES,
    counted,
    figures,
    held,
    problems,
    run_import,
    shipped_mapping,
    write_sheets,
)

FOLDER = os.environ.get("CREDITBANK_TEST_DATA")


def test_results_are_stored_with_their_marks_and_what_earns_credit_becomes_a_lot(bank, ready, tmp_path):
    path = write_sheets(tmp_path, ROWS, [("1", "11", "70"), ("2", "11", "81"), ("1", "12", ""), ("2", "12", "90.5")])
    run = run_import(ready, path)
    assert figures(run) == (5, 5, 5, 0, 0, 3)
    assert (run.state, run.hundredths_posted, run.encoding, run.actor_id) == (
        "finished",
        15000,
        "UTF-8",
        ready.zhao.person,
    )
    with acting_for(institution=ready.college, purpose="test") as scope:
        stored = scope.fetch(
            "SELECT student_number, course, outcome, mark, credit, result.level, result.field, result.earned_on, line,"
            " lot.amount, lot.title, lot.term, lot.earned_on, posting.effective_on, posting.reason, posting.batch_id"
            " FROM result JOIN enrolment USING (learner_id, institution_id) LEFT JOIN lot USING (learner_id, lot_id)"
            " LEFT JOIN posting USING (learner_id, lot_id) ORDER BY line"
        )
        explained = scope.fetch(
            "SELECT DISTINCT outcome, row, explanation->0->>'code' FROM result"
            " JOIN row_explanation ON row_explanation.id = row_explanation_id ORDER BY 1"
        )
    day, later, lot = date(2014, 6, 26), date(2014, 9, 30), "演示课程甲（社会科学）"
    posted = (day, "results.imported", run.run_id)
    assert stored == [
        ("11", "AAA", "pass", Decimal("76.60"), 6000, 6, "social-sciences", day, 2, 6000, lot, "2013J", day, *posted),
        ("12", "AAA", "distinction", Decimal("90.50"), 6000, 6, "social-sciences", day, 3, 6000, lot, "2013J", day, *posted),
        ("13", "AAA", "fail", None, 6000, 6, "social-sciences", day, 4, *[None] * 7),
        ("14", "AAA", "withdrawn", None, 6000, 6, "social-sciences", day, 5, *[None] * 7),
        ("11", "CCC", "pass", None, 3000, 5, "stem", later, 6, 3000, "演示课程丙（理工）", "2014B", later, later, *posted[1:]),
    ]  # fmt: skip
    assert [(outcome, row) for outcome, row, _ in explained] == [
        ("distinction", "passed"), ("fail", "failed"), ("pass", "passed"), ("withdrawn", "withdrawn"),
    ]  # fmt: skip
    held(bank)


def test_a_second_run_of_the_same_sheet_posts_nothing(bank, ready, tmp_path):
    path = write_sheets(tmp_path, ROWS)
    first = run_import(ready, path)
    before, digest_before = counted(bank), held(bank)
    second = run_import(ready, path)
    assert second.run_id != first.run_id
    assert figures(second) == (5, 5, 0, 5, 0, 0)
    # The run itself and its two lines in the operation log.
    assert counted(bank) == before | {"import_run": before["import_run"] + 1, "operation": before["operation"] + 2}
    assert held(bank) == digest_before


def test_a_refused_row_is_named_by_line_column_and_reason_and_the_good_rows_go_in(bank, ready, tmp_path):
    rows = [
        ROWS[0], ("ZZZ", "2013J", "21", "Pass"), ("AAA", "2099J", "22", "Pass"), ("AAA", "2013J", "", "Pass"),
        ("AAA", "2013J", "23", "Maybe"), ("AAA", "2013J"), ROWS[1],
    ]  # fmt: skip
    run = run_import(ready, write_sheets(tmp_path, rows, [("1", "11", "much"), ("9", "11", "50")]))
    found = problems(ready, run)
    assert [(line, column, code) for line, column, code, _ in found] == [
        # The faulty rows of a related sheet, in its own lines; a mark that cannot be made is none.
        (2, "score", "results.value_not_number"),
        (3, "id_assessment", "results.join_unknown"),
        (2, "", "results.related_problem"),
        (3, "code_module", "results.course_unknown"),
        (4, "code_presentation", "results.presentation_unknown"),
        (5, "id_student", "results.key_empty"),
        (6, "final_result", "results.outcome_unknown"),
        (7, "", "sheet.row_too_short"),
    ]
    assert [facts.get("sheet") for *_, facts in found[:3]] == ["scores", "scores", "scores"]
    assert found[4][3] == {"found": "2099J", "course": "AAA"}
    assert figures(run) == (9, 9, 1, 0, 8, 1)
    with acting_for(institution=ready.college, purpose="test") as scope:
        numbers = {number for (number,) in scope.fetch("SELECT student_number FROM learner_number")}
    # Nobody whose every row was refused has an account.
    assert numbers == {"2023040117", "2023050101", "12"}
    held(bank)


def test_rows_that_contradict_each_other_are_both_refused_each_naming_the_other(bank, ready, tmp_path):
    rows = [ROWS[0], ROWS[1], ("AAA", "2013J", "11", "Fail"), ROWS[1]]
    run = run_import(ready, write_sheets(tmp_path, rows))
    assert [(line, code, facts["other"]) for line, _, code, facts in problems(ready, run)] == [
        (2, "results.contradiction", 4), (4, "results.contradiction", 2),
    ]  # fmt: skip
    assert figures(run) == (4, 4, 1, 1, 2, 1)
    held(bank)


def test_a_result_that_differs_from_the_stored_one_is_refused_and_the_stored_one_stands(bank, ready, tmp_path):
    run_import(ready, write_sheets(tmp_path / "one", ROWS))
    changed = [("AAA", "2013J", "13", "Pass"), ("AAA", "2013J", "11", "Distinction"), *ROWS[3:]]
    before = counted(bank)
    run = run_import(ready, write_sheets(tmp_path / "two", changed))
    assert [(line, column, code, facts["before"]) for line, column, code, facts in problems(ready, run)] == [
        (2, "outcome", "results.differs_from_stored", "fail, 2014-06-26"),
        (3, "outcome", "results.differs_from_stored", "pass, 2014-06-26"),
    ]
    assert figures(run) == (4, 4, 0, 2, 2, 0)
    assert counted(bank)["result"] == before["result"]
    assert counted(bank)["lot"] == before["lot"]
    held(bank)


def test_rows_without_a_rule_in_force_are_refused_and_open_no_account(bank, cast, tmp_path):
    before = counted(bank)
    run = run_import(cast, write_sheets(tmp_path, ROWS))
    assert {code for _, _, code, _ in problems(cast, run)} == {"results.no_rule"}
    assert figures(run) == (5, 5, 0, 0, 5, 0)
    after = counted(bank)
    assert {table: after[table] - before[table] for table in TABLES if after[table] != before[table]} == {
        "import_run": 1, "import_problem": 5, "operation": 2,
    }  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 50])
def test_repeats_are_counted_once_however_the_batches_are_cut(bank, ready, tmp_path, size):
    rows = [ROWS[0], ROWS[0], ROWS[1], ROWS[2], ROWS[2], ROWS[2], ROWS[3], ROWS[0], ROWS[3]]
    heard = []
    run = run_import(
        ready, write_sheets(tmp_path, rows), batch_size=size, progress=lambda done, total: heard.append((done, total))
    )
    assert figures(run) == (9, 9, 4, 5, 0, 2)
    assert heard == sorted(heard)
    assert {total for _, total in heard} == {9}
    held(bank)


def test_an_explanation_is_stored_once_for_each_rule_version_and_equal_facts(bank, ready, tmp_path):
    rows = [("AAA", "2013J", str(number), "Pass" if number % 2 else "Fail") for number in range(100, 160)]
    before = counted(bank)["row_explanation"]
    run_import(ready, write_sheets(tmp_path / "one", rows), batch_size=7)
    assert counted(bank)["row_explanation"] - before == 2
    run_import(ready, write_sheets(tmp_path / "two", [("AAA", "2013J", "99", "Pass")]))
    assert counted(bank)["row_explanation"] - before == 2
    document = json.loads(
        json.dumps(_transfer_rules())
        .replace("A completed", "A wholly completed")
        .replace("Transfer of", "The transfer of")
    )
    with acting_for(institution=ready.centre, purpose="test") as scope:
        publish_rule_version(scope=scope, document=document, effective_from=date(2012, 1, 1), actor=ready.centre, at=AT)
    run_import(ready, write_sheets(tmp_path / "three", [("AAA", "2013J", "98", "Pass")]))
    assert counted(bank)["row_explanation"] - before == 3
    held(bank)


def _transfer_rules():
    from creditbank.exchange.documents import read_document

    return read_document((PACKS / "transfer-courses.yaml").read_bytes(), name="transfer-courses")


def test_a_dry_run_stores_nothing_and_says_what_would_be(bank, ready, tmp_path, capsys):
    path = write_sheets(tmp_path, [*ROWS, ROWS[0], ("ZZZ", "2013J", "1", "Pass")])
    before = counted(bank)
    reading, uploads = open_results(path, shipped_mapping(), encoding=None, at=AT)
    found = dry_run(reading)
    for upload in uploads:
        upload.close()
    assert (found.rows, found.results, found.repeated, len(found.refused)) == (7, 5, 1, 1)
    words = ["--bank", str(bank.home), "import", "results", str(path), "--mapping", "oulad", "--institution", "svc"]
    assert main([*words, "--dry-run"]) == 1
    said = capsys.readouterr().out
    assert "line 8, column code_module: The mapping knows no course ZZZ." in said
    assert "nothing was stored" in said
    assert counted(bank) == before


def test_the_command_imports_and_says_what_became_of_the_rows(bank, ready, tmp_path, capsys):
    path = write_sheets(tmp_path, [*ROWS, ROWS[0]])
    words = [
        "--bank",
        str(bank.home),
        "import",
        "results",
        str(path),
        "--mapping",
        str(MAPPING),
        "--institution",
        "svc",
    ]
    before = counted(bank)
    for wrong, said in (
        (["--institution", "nobody"], "no institution with the code nobody"),
        (["--by", "nobody"], "no account with the sign-in nobody"),
        (["--mapping", "nothing"], "Nothing was imported"),
        (["--encoding", "ascii-art"], "Nothing was imported"),
    ):
        assert main([*words, *wrong]) == 2
        assert said in capsys.readouterr().err
    assert main(["--bank", str(bank.home), "import", "results", str(tmp_path / "no.csv"), *words[5:]]) == 2
    assert "Nothing was imported" in capsys.readouterr().err
    assert counted(bank) == before
    assert main([*words, "--by", "zhao"]) == 0
    out = capsys.readouterr().out
    assert "6 rows (UTF-8); 5 stored, 1 known already, 0 refused; 3 lots, 150.0 credits posted" in out
    assert main(["--bank", str(bank.home), "import", "--json", *words[3:]]) == 0
    assert json.loads(capsys.readouterr().out) | {"run": ""} == {
        "run": "", "rows_total": 6, "rows_stored": 0, "rows_repeated": 6, "rows_refused": 0, "lots_posted": 0,
        "hundredths_posted": 0,
    }  # fmt: skip


def oulad_by_sql():
    """What the files themselves say, by SQL over them."""
    database = sqlite3.connect(":memory:")
    for name in ("studentInfo", "studentAssessment", "assessments"):
        with (Path(FOLDER) / "oulad" / f"{name}.csv").open(newline="", encoding="utf-8") as stream:
            rows = csv.reader(stream)
            head = next(rows)
            database.execute(f"create table {name} ({', '.join(head)})")
            database.executemany(f"insert into {name} values ({', '.join('?' * len(head))})", rows)
    database.executescript("""
        create index item on assessments (id_assessment);
        create table mark as
            select id_student, code_module, code_presentation,
                   sum(cast(round(weight * 10) as integer) * cast(score as integer)) as products,
                   sum(cast(round(weight * 10) as integer)) as weights
            from studentAssessment join assessments using (id_assessment)
            where score <> '' and cast(weight as real) > 0 group by 1, 2, 3;
        create table enrolment as
            select i.*, products, weights from studentInfo i
            left join mark using (id_student, code_module, code_presentation);
    """)
    return database


@pytest.mark.slow
@pytest.mark.skipif(not FOLDER, reason="CREDITBANK_TEST_DATA names no folder with the open data set")
def test_all_of_the_open_data_set_is_taken_in_as_its_files_say(bank, ready, capsys):
    words = ["--bank", str(bank.home), "import", "--json", "results", str(Path(FOLDER) / "oulad" / "studentInfo.csv")]
    words += ["--mapping", "oulad", "--institution", "dou"]
    started = time.monotonic()
    assert main(words) == 0
    took = time.monotonic() - started
    said = json.loads(capsys.readouterr().out)
    files = oulad_by_sql()
    ((rows, learners, earning, unscored, earning_unscored),) = files.execute(
        "select count(*), count(distinct id_student), sum(final_result in ('Pass', 'Distinction')), sum(weights is null),"
        " sum(weights is null and final_result in ('Pass', 'Distinction')) from enrolment"
    )
    assert (rows, learners, earning, unscored, earning_unscored) == (32593, 28785, 15385, 9109, 1517)
    credit = {code: course.declared.credit for code, course in shipped_mapping().courses.items()}
    hundredths = sum(
        count * credit[course]
        for course, count in files.execute(
            "select code_module, count(*) from enrolment where final_result in ('Pass', 'Distinction') group by 1"
        )
    )
    assert said | {"run": ""} == {
        "run": "", "rows_total": rows, "rows_stored": rows, "rows_repeated": 0, "rows_refused": 0,
        "lots_posted": earning, "hundredths_posted": hundredths,
    }  # fmt: skip
    with acting_for(institution=ready.university, purpose="test") as scope:
        assert scope.fetch("SELECT count(*), count(lot_id), count(*) - count(mark) FROM result") == [
            (rows, earning, unscored)
        ]
        assert scope.fetch("SELECT count(*) FROM result WHERE lot_id IS NOT NULL AND mark IS NULL") == [
            (earning_unscored,)
        ]
        assert scope.fetch("SELECT count(*) FROM learner_number") == [(learners + 1,)]  # and one of the cast
        assert scope.fetch("SELECT count(*), sum(amount) FROM lot") == [(earning, hundredths)]
        by_outcome = dict(scope.fetch("SELECT outcome, count(*) FROM result GROUP BY 1"))
        marks = {
            tuple(key): mark
            for *key, mark in scope.fetch(
                "SELECT student_number, course, presentation, mark FROM result"
                " JOIN learner_number USING (learner_id, institution_id)"
            )
        }
    assert by_outcome == dict(files.execute("select lower(final_result), count(*) from enrolment group by 1"))
    exact = {}
    for *key, products, weights in files.execute(
        "select id_student, code_module, code_presentation, products, weights from enrolment"
    ):
        rounded = None if weights is None else (Fraction(products, weights) * 100 + Fraction(1, 2)) // 1
        exact[tuple(key)] = None if rounded is None else Decimal(int(rounded)) / 100
    assert marks == exact
    lines, _ = check_bank(bank, {login: user_of(login) for login in ("app", "sequencer", "auditor")})
    assert lines == []
    before = digest(connections["auditor"])
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["lots_posted"] == 0
    assert digest(connections["auditor"]) == before
    print(f"imported in {took:.1f} s")
