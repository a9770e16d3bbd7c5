"""Writes every sheet that leaves the bank, as XLSX or CSV, in which no text can run."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import IO, Any

import xlsxwriter

from creditbank.exchange.formulas import could_run, defused

Cell = str | int | Decimal | None

_MADE = datetime(2000, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,13})(?:\.\d{1,4})?")
_NO_CHOICES: Mapping[int, Sequence[str]] = MappingProxyType({})
_ROWS_WITH_CHOICES = 1_000
_ROWS_MEASURED = 200
_WIDEST = 40
_LONGEST_CHOICES = 255
MOST_ROWS = 1_048_576
"""How many rows a sheet of a workbook has; a program leaves out what is beyond without a word."""


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


@dataclass(frozen=True, slots=True)
class SheetContent:
    """One sheet to write: its title, its head, its rows, which are read once and in order.

    ``widths`` are those of columns in characters; without them they follow from what stands there, and the head can
    filter. ``choices`` gives a column, from 0, a drop-down of texts, unless they are too many or hold a comma, which
    spreadsheet programs cannot take; another text may be written all the same. A cell
    that is a whole or exact decimal is a number. ``numbers`` are the places of columns whose texts are numbers too
    where they are plain ones; everywhere else ``0012`` stays a text and keeps its zeros.
    """

    title: str
    head: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    widths: Sequence[int] = ()
    choices: Mapping[int, Sequence[str]] = field(default_factory=lambda: _NO_CHOICES)
    numbers: Collection[int] = ()

    def cells(self) -> Iterator[Sequence[Cell]]:
        """The rows, with the plain numbers of number columns as numbers."""
        if not self.numbers:
            yield from self.rows
            return
        places = frozenset(self.numbers)
        for row in self.rows:
            yield [_number(cell) if place in places else cell for place, cell in enumerate(row)]


def write_sheet(out: IO[bytes], form: Form, content: SheetContent, *, made_at: datetime = _MADE) -> None:
    """Write one sheet in a form; the same arguments give the same bytes, and no more than a row is held in memory.

    CSV has a line end of CR LF; UTF-8 has a byte order mark, so that spreadsheet programs read Chinese. There a text
    that may be taken for a formula stands behind an apostrophe, which reading a sheet takes away again.

    Raises:
        ValueError: there are more rows than a sheet of a workbook has.
    """
    if form is Form.XLSX:
        write_workbook(out, (content,), made_at=made_at)
        return
    encoding = "gb18030" if form is Form.GB18030 else "utf-8-sig"
    text = io.TextIOWrapper(out, encoding=encoding, newline="")
    try:
        writer = csv.writer(text)
        writer.writerow([defused(cell) for cell in content.head])
        writer.writerows([defused(cell) if isinstance(cell, str) else cell for cell in row] for row in content.cells())
    finally:
        # The stream belongs to the caller; it would be closed with its wrapper.
        text.detach()


def write_workbook(out: IO[bytes], sheets: Sequence[SheetContent], *, made_at: datetime = _MADE) -> None:
    """Write a workbook that says it was made at ``made_at``; equal content gives equal bytes.

    A text that a spreadsheet program would take for a formula stays text: its cell is of the kind text and marked as
    quoted, so that neither opening nor editing it, nor saving it and opening it again, runs anything.

    Raises:
        ValueError: there are more rows than a sheet has.
    """
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(out, options)
    # Without this the file says when it was written, and no two are the same.
    book.set_properties({"created": made_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)})
    styles = _Styles(book)
    for content in sheets:
        title = re.sub(r"[\[\]:*?/\\']", " ", content.title)[:31] or "Sheet1"
        _write_rows(book.add_worksheet(title), content, styles)
    book.close()


def sheet_bytes(form: Form, content: SheetContent, *, made_at: datetime = _MADE) -> bytes:
    """One sheet in a form, as bytes: for what is known to be short."""
    made = io.BytesIO()
    write_sheet(made, form, content, made_at=made_at)
    return made.getvalue()


def workbook_bytes(sheets: Sequence[SheetContent]) -> bytes:
    """A workbook as bytes: for what is known to be short."""
    made = io.BytesIO()
    write_workbook(made, sheets)
    return made.getvalue()


class _Styles:
    """How cells of a workbook look: its head, its texts, and texts that must not run."""

    def __init__(self, book: Any) -> None:
        head = {"bold": True, "bg_color": "#E6F2EE", "border": 1, "text_wrap": True, "valign": "vcenter"}
        # What a person types into a column of text, such as 1-4 or 007, stays as it was typed.
        plain = {"num_format": "@", "valign": "top"}
        self.head = book.add_format(head)
        self.head_quoted = book.add_format(head | {"quote_prefix": True})
        self.plain = book.add_format(plain)
        self.quoted = book.add_format(plain | {"quote_prefix": True})


def _write_rows(sheet: Any, content: SheetContent, styles: _Styles) -> None:
    first = 0
    if content.head:
        sheet.freeze_panes(1, 0)
        for column, text in enumerate(content.head):
            _write_text(sheet, 0, column, text, styles.head_quoted if could_run(text) else styles.head)
        first = 1
    measured = [_width(text) for text in content.head]
    at = first
    for at, cells in enumerate(content.cells(), start=first):
        if at >= MOST_ROWS:
            raise ValueError(f"a sheet of a workbook has {MOST_ROWS} rows; write a text file instead")
        for column, cell in enumerate(cells):
            if isinstance(cell, str):
                if cell:
                    _write_text(sheet, at, column, cell, styles.quoted if could_run(cell) else styles.plain)
            elif cell is not None:
                sheet.write_number(at, column, cell)
            if at <= _ROWS_MEASURED and column < len(measured):
                measured[column] = max(measured[column], _width(str(cell or "")))
    for column, width in enumerate(content.widths or [min(_WIDEST, width + 2) for width in measured]):
        sheet.set_column(column, column, width, styles.plain)
    if content.head and not content.widths:
        sheet.autofilter(0, 0, at, len(content.head) - 1)
    for column, words in content.choices.items():
        # The list stands in one text of a formula: with commas between, quotes doubled, and not longer than this.
        listed = [word.replace('"', '""') for word in words]
        if any("," in word for word in listed) or len(",".join(listed)) > _LONGEST_CHOICES:
            continue
        rule = {"validate": "list", "source": listed, "error_type": "information"}
        sheet.data_validation(first, column, first + _ROWS_WITH_CHOICES, column, rule)


def _write_text(sheet: Any, at: int, column: int, text: str, style: Any) -> None:
    if text[:1] == "'":
        # One that looks defused already gets one more apostrophe, which reading takes away.
        text = defused(text)
    if text.startswith("<r>") and text.endswith("</r>"):
        # The library takes such a text for markup of its own and writes it as it stands, formulas and all. In the
        # parts of a rich text every sign is escaped.
        sheet.write_rich_string(at, column, text[0], text[1], text[2:], style)
    else:
        sheet.write_string(at, column, text, style)


def _number(cell: Cell) -> Cell:
    return Decimal(cell) if isinstance(cell, str) and _NUMBER.fullmatch(cell) else cell


def _width(cell: str) -> int:
    """About how many letters wide a cell is; a Chinese character takes two."""
    return sum(2 if letter > "⺀" else 1 for letter in cell)
