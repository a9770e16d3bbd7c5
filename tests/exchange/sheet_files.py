"""Sheets made for tests: text and workbooks, mappings, and what is read from them."""

from __future__ import annotations

import csv
import html
import io
import re
import unicodedata
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


def what_runs(content):
    """The cells of a CSV or XLSX sheet that a spreadsheet program could take for a formula, as they stand there."""
    if not content.startswith(b"PK"):
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("gb18030")
        cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
        return [cell for cell in cells if begins_a_formula(cell) and not re.fullmatch(r"-?[0-9.]+", cell)]
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        styles = re.findall(r"<xf [^>]*>", book.read("xl/styles.xml").decode().partition("<cellXfs")[2])
        quoted = {str(place) for place, style in enumerate(styles) if 'quotePrefix="1"' in style}
        found = []
        for part in sorted(name for name in book.namelist() if name.startswith("xl/worksheets/sheet")):
            sheet = book.read(part).decode()
            assert 't="s"' not in sheet, "this looks at texts that stand in their cells only"
            found += re.findall(r"<f[ >].*?</f>", sheet)
            cells = re.findall(r'<c r="[A-Z]+[0-9]+"(?: s="([0-9]+)")? t="(\w+)">(.*?)</c>', sheet, re.DOTALL)
            for style, kind, inside in cells:
                text = html.unescape(re.sub("<[^>]*>", "", inside))
                text = re.sub("_x([0-9A-Fa-f]{4})_", lambda code: chr(int(code[1], 16)), text)
                if kind != "inlineStr" or (begins_a_formula(text) and style not in quoted):
                    found.append(text)
        return found


def begins_a_formula(text):
    """Whether the first thing a program sees of the text is a sign that begins a formula, or a tab or line end."""
    if text[:1] in ("\t", "\r", "\n"):
        return True
    seen = "".join(letter for letter in text if unicodedata.category(letter) not in ("Cc", "Cf", "Zs", "Zl", "Zp"))
    return unicodedata.normalize("NFKC", seen[:1])[:1] in ("=", "+", "-", "@")
