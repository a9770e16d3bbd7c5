"""Writes workbooks in which no text becomes a formula, a link or a number."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType

import xlsxwriter

Cell = str | int | Decimal | None

STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MADE = datetime(2000, 1, 1, tzinfo=UTC)
_NO_CHOICES: Mapping[int, Sequence[str]] = MappingProxyType({})
_ROWS_WITH_CHOICES = 1_000


@dataclass(frozen=True, slots=True)
class SheetContent:
    """One sheet to write: its title, its head, its rows, widths of columns in characters.

    ``choices`` gives a column, from 0, a drop-down of texts; another text may be written all the same. Numbers
    are whole or exact decimals, never floating point.
    """

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    widths: Sequence[int] = ()
    choices: Mapping[int, Sequence[str]] = field(default_factory=lambda: _NO_CHOICES)


def workbook_bytes(sheets: Sequence[SheetContent]) -> bytes:
    """The bytes of a workbook; equal content gives equal bytes.

    A text that a spreadsheet program would take for a formula stays text: its cell is of the kind text and marked
    as quoted, so that neither opening nor editing it, nor saving it and opening it again, runs anything.
    """
    made = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(made, options)
    book.set_properties({"created": _MADE})
    head = book.add_format({"bold": True, "bg_color": "#E6F2EE", "border": 1, "text_wrap": True, "valign": "vcenter"})
    plain = book.add_format({"num_format": "@", "valign": "top"})
    quoted = book.add_format({"num_format": "@", "valign": "top", "quote_prefix": True})
    for content in sheets:
        sheet = book.add_worksheet(content.title)
        first = 0
        if content.head:
            sheet.freeze_panes(1, 0)
            for column, text in enumerate(content.head):
                sheet.write_string(0, column, text, head)
            first = 1
        for column, width in enumerate(content.widths):
            # Whole columns of text: what a person types, such as 1-4 or 007, stays as it was typed.
            sheet.set_column(column, column, width, plain)
        for at, cells in enumerate(content.rows, start=first):
            for column, cell in enumerate(cells):
                if isinstance(cell, str) and cell:
                    sheet.write_string(at, column, cell, quoted if cell.startswith(STARTS_A_FORMULA) else plain)
                elif isinstance(cell, (int, Decimal)):
                    sheet.write_number(at, column, cell)
        for column, words in content.choices.items():
            rule = {"validate": "list", "source": list(words), "error_type": "information"}
            sheet.data_validation(first, column, first + _ROWS_WITH_CHOICES, column, rule)
    book.close()
    return made.getvalue()
