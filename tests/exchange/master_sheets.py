"""Sheets of master data made for tests, and their reading."""

from __future__ import annotations

import io

from creditbank.domain.masterdata.sets import data_set_named
from creditbank.exchange.masterdata.reading import open_table, read_table
from creditbank.gateways.files import open_upload
from tests.exchange.sheet_files import workbook


def book_of(**sheets):
    """A workbook of sheets by title, each a list of rows."""

    def fill(book):
        for title, rows in sheets.items():
            sheet = book.add_worksheet(title)
            for line, cells in enumerate(rows):
                for place, cell in enumerate(cells):
                    if cell is not None:
                        sheet.write(line, place, cell)

    return workbook(fill)


def read_book(content, code="students", values=None, name="名册.xlsx", **options):
    """What reading the bytes of a sheet gives."""
    with open_upload(io.BytesIO(content), name=name) as upload:
        table = open_table(upload, data_set_named(code), **options)
        return read_table(table, values=values or {})


def stated(read):
    """The contents that a reading states, by key."""
    return {row.record.key: dict(row.record.content) for row in read.given.rows}


def faults(read):
    """Line, cell and code of everything refused."""
    return [(row.line, row.facts.get("cell"), row.code) for row in read.given.refused]
