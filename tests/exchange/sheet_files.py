"""Sheets made for tests: text and workbooks, mappings, and what is read from them."""

from __future__ import annotations

import io
import zipfile

import xlsxwriter

from creditbank.domain.results import CourseResult
from creditbank.exchange.mapping import read_mapping
from creditbank.exchange.results import read_results
from creditbank.gateways.files import open_upload

HEAD = ("number", "course", "presentation", "result", "mark")

DOCUMENT = {
    "schema": "creditbank.mapping/1",
    "name": {"zh": "测试映射", "en": "Test mapping"},
    "columns": {
        "learner_number": "number",
        "course": "course",
        "presentation": "presentation",
        "outcome": "result",
        "mark": "mark",
    },
    "values": {
        "outcome": {"Pass": "pass", "Distinction": "distinction", "Fail": "fail"},
        "mark": {"缺考": ""},
    },
    "defaults": {"rule_set": "transfer-courses", "level": 1, "field": "stem"},
    "courses": {
        "MATH": {
            "name": {"zh": "数学", "en": "Mathematics"},
            "credit": 3,
            "presentations": {
                "2024A": {"term": "2024-1", "starts_on": "2024-02-26", "ends_on": "2024-07-05"},
                "2024B": {
                    "term": "2024-2",
                    "starts_on": "2024-09-02",
                    "ends_on": "2025-01-10",
                    "credit": "3.5",
                },
            },
        }
    },
}


def document(**changes):
    """The test mapping with some of its top keys replaced; None takes a key away."""
    changed = {**DOCUMENT, **changes}
    return {key: value for key, value in changed.items() if value is not None}


def csv_bytes(*rows, head=HEAD, encoding="utf-8", ending="\n"):
    """A CSV file of rows given as texts or as lists of cells."""
    lines = [",".join(head), *(row if isinstance(row, str) else ",".join(row) for row in rows)]
    return (ending.join(lines) + ending).encode(encoding)


def workbook(fill, **options):
    """The bytes of a workbook that ``fill(book)`` makes."""
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True, **options})
    fill(book)
    book.close()
    return made.getvalue()


def workbook_of(rows, change=None):
    """A workbook of one sheet with these rows; ``change(book, sheet)`` may spoil it."""

    def fill(book):
        sheet = book.add_worksheet("results")
        for at, cells in enumerate(rows):
            sheet.write_row(at, 0, cells)
        if change is not None:
            change(book, sheet)

    return workbook(fill)


def replaced(content, part, old, new):
    """A workbook with some bytes of one part replaced."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as before,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for entry in before.infolist():
            data = before.read(entry)
            if entry.filename == part:
                assert old in data
                data = data.replace(old, new)
            after.writestr(entry.filename, data)
    return made.getvalue()


def no_related(name):
    """For mappings without related files."""
    raise AssertionError(f"nobody should ask for {name}")


def read(content, mapping=None, related=None, **options):
    """The reading, its results and its problems."""
    files = {name: open_upload(io.BytesIO(data), name=name) for name, data in (related or {}).items()}
    with open_upload(io.BytesIO(content), name="results") as upload:
        reading = read_results(
            upload, read_mapping(mapping or document()), files.__getitem__ if files else no_related, **options
        )
        out = list(reading)
        again = list(reading)
    for file in files.values():
        file.close()
    assert out == again
    return (
        reading,
        [item for item in out if isinstance(item, CourseResult)],
        [item for item in out if not isinstance(item, CourseResult)],
    )
