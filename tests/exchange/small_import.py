"""A small sheet of results with its related sheets, in the shape of the shipped mapping, and ways to import it."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from django.db import connections

import creditbank
from creditbank.exchange.documents import read_document
from creditbank.exchange.imports import import_results, open_results
from creditbank.exchange.mapping import read_mapping
from creditbank.queries.check.digest import digest
from creditbank.queries.check.ledger import check_ledger
from creditbank.records.results import ImportProblem
from creditbank.records.scope import acting_for
from creditbank.services.rules import publish_rule_version
from tests.cast import AT
from tests.intruder import superuser

PACKS = Path(creditbank.__file__).parent / "packs"
MAPPING = PACKS / "mappings" / "oulad.yaml"
HEAD = ("code_module", "code_presentation", "id_student", "final_result")


def shipped_mapping():
    return read_mapping(read_document(MAPPING.read_bytes(), name=MAPPING.name))


def publish_transfer_rules(cast):
    """The rule set that the shipped mapping asks for, inherited from the centre."""
    document = read_document((PACKS / "transfer-courses.yaml").read_bytes(), name="transfer-courses")
    with acting_for(institution=cast.centre, purpose="test") as scope:
        return publish_rule_version(
            scope=scope, document=document, effective_from=date(2010, 1, 1), actor=cast.centre, at=AT
        )


def write_sheets(folder, rows, scores=(), assessments=(("AAA", "2013J", "1", "40"), ("AAA", "2013J", "2", "60"))):
    """``studentInfo.csv`` and the two sheets it is joined with; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, head, content in (
        ("studentInfo", HEAD, rows),
        ("studentAssessment", ("id_assessment", "id_student", "score"), scores),
        ("assessments", ("code_module", "code_presentation", "id_assessment", "weight"), assessments),
    ):
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(head)
            writer.writerows(content)
    return folder / "studentInfo.csv"


def many_rows(count):
    """Results of as many learners in every kind of outcome, some learners with a second course."""
    outcomes = ("Pass", "Fail", "Distinction", "Withdrawn", "Pass")
    rows = [("AAA", "2013J", str(1000 + number), outcomes[number % 5]) for number in range(count)]
    return rows + [("CCC", "2014B", str(1000 + number), "Pass") for number in range(0, count, 3)]


def run_import(cast, path, *, mapping=None, institution=None, actor=None, **more):
    """Import a sheet at the fixed moment of the cast."""
    mapping = mapping or shipped_mapping()
    reading, uploads = open_results(path, mapping, encoding=None, at=AT)
    try:
        return import_results(
            reading=reading, mapping=mapping, path=path, institution=institution or cast.college,
            actor=actor or cast.zhao.person, now=lambda: AT, **more,
        )  # fmt: skip
    finally:
        for upload in uploads:
            upload.close()


ROWS = [
    ("AAA", "2013J", "11", "Pass"),
    ("AAA", "2013J", "12", "Distinction"),
    ("AAA", "2013J", "13", "Fail"),
    ("AAA", "2013J", "14", "Withdrawn"),
    ("CCC", "2014B", "11", "Pass"),
]
TABLES = (
    "learner", "learner_number", "enrolment", "result", "lot", "posting", "entry", "balance", "idempotency", "leaf_salt",
    "dirty", "log_outbox", "import_run", "import_problem", "row_explanation", "operation",
)  # fmt: skip


def counted(bank):
    with superuser(bank) as connection:
        return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}


def problems(cast, run):
    with acting_for(institution=cast.college, purpose="test") as scope:
        rows = scope.rows(ImportProblem).filter(run_id=run.run_id).order_by("sequence")
        return list(rows.values_list("line", "column", "code", "facts"))


def figures(run):
    return (run.rows_total, run.rows_done, run.rows_stored, run.rows_repeated, run.rows_refused, run.lots_posted)


def held(bank):
    """The bank's digest, once nothing of it is broken."""
    assert check_ledger(connections["auditor"]) == []
    return digest(connections["auditor"])
