"""Writes sheets for other programs, as XLSX or CSV, in which no cell can run."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum

import xlsxwriter

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,13})(?:\.\d{1,4})?")


class Form(StrEnum):
    """The forms a sheet is offered in."""

    XLSX = "xlsx"
    CSV = "csv"
    GB18030 = "csv-gb18030"

    @property
    def media_type(self) -> str:
        """The media type of its file."""
        return {
            Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Form.CSV: "text/csv; charset=utf-8",
            Form.GB18030: "text/csv; charset=gb18030",
        }[self]

    @property
    def ending(self) -> str:
        """The ending of its file's name."""
        return "xlsx" if self is Form.XLSX else "csv"


def harmless(cell: object) -> str:
    """A cell as text; one that a spreadsheet would take for a formula begins with an apostrophe."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_STARTS_A_FORMULA) else text


def write_sheet(
    form: Form,
    *,
    title: str,
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    made_at: datetime,
    numbers: Collection[int] = (),
) -> bytes:
    """The bytes of a sheet; the same arguments give the same bytes.

    CSV has a line end of CR LF; UTF-8 has a byte order mark, so that spreadsheet programs read Chinese.

    ``title`` names the sheet of a workbook, which says it was made at ``made_at``. ``numbers`` are the places of
    columns that hold numbers: a plain number there, also a negative one, is written as such; everything else is text,
    and text that begins like a formula is defused.
    """
    places = frozenset(numbers)
    if form is Form.XLSX:
        return _workbook(title, head, rows, made_at, places)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([harmless(cell) for cell in head])
    writer.writerows([_text(cell, place in places) for place, cell in enumerate(row)] for row in rows)
    return text.getvalue().encode("gb18030" if form is Form.GB18030 else "utf-8-sig")


def _text(cell: str, numeric: bool) -> str:  # noqa: FBT001 - one of two kinds of column
    return cell if numeric and _NUMBER.fullmatch(cell) else harmless(cell)


def _workbook(
    title: str, head: Sequence[str], rows: Iterable[Sequence[str]], made_at: datetime, numbers: frozenset[int]
) -> bytes:
    made = io.BytesIO()
    book = xlsxwriter.Workbook(
        made,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    # Without this the file says when it was written, and no two are the same.
    book.set_properties({"created": made_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)})
    sheet = book.add_worksheet(re.sub(r"[\[\]:*?/\\']", " ", title)[:31] or "Sheet1")
    bold = book.add_format({"bold": True})
    for place, cell in enumerate(head):
        sheet.write_string(0, place, harmless(cell), bold)
    sheet.freeze_panes(1, 0)
    widths = [_width(cell) for cell in head]
    for line, row in enumerate(rows, 1):
        for place, cell in enumerate(row):
            if not cell:
                continue
            if place in numbers and _NUMBER.fullmatch(cell):
                sheet.write_number(line, place, float(cell))
            else:
                sheet.write_string(line, place, harmless(cell))
            if line <= 200:
                widths[place] = max(widths[place], _width(cell))
    for place, width in enumerate(widths):
        sheet.set_column(place, place, min(40, width + 2))
    if head:
        sheet.autofilter(0, 0, 0, len(head) - 1)
    book.close()
    return made.getvalue()


def _width(cell: str) -> int:
    """About how many letters wide a cell is; a Chinese character takes two."""
    return sum(2 if letter > "⺀" else 1 for letter in cell)
