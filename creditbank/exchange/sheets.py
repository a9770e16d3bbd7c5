"""Rows of CSV and XLSX sheets with their line numbers, one at a time."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING

from creditbank.exchange.encoding import Encoding, SheetProblem, find_encoding
from creditbank.exchange.formulas import as_it_was
from creditbank.exchange.workbooks import Range, WorkbookSheet, cell_text, column_letters, open_workbook_sheet
from creditbank.gateways.files import Kind, Upload

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from creditbank.domain.explanation import Fact

MESSAGES: dict[str, str] = {
    "sheet.no_head": "{name} has no head in line {line}. Say in the mapping in which line the column names stand.",
    "sheet.no_rows": "{name} has a head and no rows. Export it again; there was nothing to take.",
    "sheet.too_many_columns": "{name} has {count} columns, more than {limit}. Export only the columns needed.",
    "sheet.missing_columns": "{name} has no column named {columns}; it has: {found}. "
    "Correct the mapping or the sheet; nothing was taken.",
    "sheet.double_columns": "{name} has the column {columns} more than once. Keep one; nothing was taken.",
    "sheet.merged_head": "The head of {name} has merged cells ({range}). Unmerge them, one name for each column.",
    "sheet.formula_head": "The head of {name} has a formula in column {column}. Write the name itself.",
    "sheet.nul_head": "The head of {name} holds a NUL byte. Export the sheet again.",
    "sheet.quotes_head": "The head of {name} opens a quotation mark that does not close as it should.",
    "sheet.changed": "{name} was changed while it was read. Wait until it is complete and import it again.",
    "sheet.row_too_short": "The row has {count} cells and the head has {width}; it ends in line {last_line}.",
    "sheet.row_too_long": "The row has {count} cells and the head only {width}; it ends in line {last_line}.",
    "sheet.nul": "The row holds a NUL byte; a damaged export writes such. Correct the row.",
    "sheet.quotes": "The row has a quotation mark out of place; lines {line} to {last_line} could not be read.",
    "sheet.line_too_long": "{name} has a line of more than {limit} characters at line {line}.",
    "sheet.hidden_row": "The row is hidden in the workbook. Show it if it counts, delete it if not.",
    "sheet.formula": "The cell holds a formula, whose stored value may be out of date. Paste the value itself.",
    "sheet.error_cell": "The cell shows an error of the spreadsheet program. Correct it.",
    "sheet.merged": "The cell is merged with others ({range}), so it is unclear what this row says. Unmerge it.",
}
"""Sentences of the refusals and row problems this module makes, by code."""

MOST_COLUMNS = 1_000
_LINE_LIMIT = 1 << 20
_NO_FACTS: Mapping[str, Fact] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line in which it begins, from 1, and as many cells of text as the head has.

    Only the columns that were asked for are sure to be filled.
    """

    line: int
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One row that is refused: where it stands and why; the sentence of ``code`` says it with ``facts``.

    ``column`` is the column's name or empty; ``sheet`` names a related sheet, empty for the sheet of results.
    """

    line: int
    column: str
    code: str
    facts: Mapping[str, Fact] = field(default_factory=lambda: _NO_FACTS)
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class SheetPlace:
    """Where the rows are in a file: sheet of a workbook, line of the head, separator of a text file."""

    sheet: str | None = None
    head_line: int = 1
    delimiter: str | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """An opened sheet: its head, how it is encoded, and its rows as often as wanted."""

    name: str
    head: tuple[str, ...]
    encoding: str
    _source: _TextSheet | _ValueSheet

    def find(self, columns: Iterable[str]) -> dict[str, int]:
        """The place of each named column.

        Raises:
            SheetProblem: some are missing, or stand more than once; all of them are named.
        """
        wanted = sorted(set(columns))
        missing = [column for column in wanted if column not in self.head]
        if missing:
            raise SheetProblem(
                MESSAGES,
                "sheet.missing_columns",
                name=self.name,
                columns=_listed(missing),
                found=_listed(self.head),
            )
        double = [column for column in wanted if self.head.count(column) > 1]
        if double:
            raise SheetProblem(MESSAGES, "sheet.double_columns", name=self.name, columns=_listed(double))
        return {column: self.head.index(column) for column in wanted}

    def rows(self, columns: Iterable[int]) -> Iterator[Row | RowProblem]:
        """All rows below the head in order, blank ones left out; faults count only in the given columns."""
        return self._source.rows(self.head, sorted(columns))


def open_sheet(upload: Upload, place: SheetPlace, *, encoding: str | None = None) -> Sheet:
    """Open a sheet and read its head.

    Args:
        upload: a file that passed the door.
        place: where in the file the rows are.
        encoding: the encoding named by a person; by default it is found.

    Raises:
        SheetProblem: the file cannot be read as one sheet with one head.
    """
    source: _TextSheet | _ValueSheet
    if upload.kind is Kind.XLSX:
        source = _ValueSheet(upload.name, open_workbook_sheet(upload, place.sheet), place.head_line)
        shown = "UTF-8 (XLSX)"
    else:
        found = find_encoding(upload, encoding)
        source, shown = _TextSheet(upload, found, place), found.shown
    head = tuple(name.strip() for name in source.head())
    if not any(head):
        raise SheetProblem(MESSAGES, "sheet.no_head", name=upload.name, line=place.head_line)
    if len(head) > MOST_COLUMNS:
        raise SheetProblem(MESSAGES, "sheet.too_many_columns", name=upload.name, count=len(head), limit=MOST_COLUMNS)
    return Sheet(upload.name, head, shown, source)


def _listed(names: Iterable[str]) -> str:
    text = ", ".join(name for name in names if name)
    return text if len(text) <= 300 else text[:299] + "…"


class _TextSheet:
    """Rows of a CSV file, read in constant memory."""

    def __init__(self, upload: Upload, encoding: Encoding, place: SheetPlace) -> None:
        self.upload = upload
        self.encoding = encoding
        self.head_line = place.head_line
        self.delimiter = place.delimiter
        self.head_ends = place.head_line

    def text(self) -> io.TextIOWrapper:
        raw = self.upload.reader()
        raw.seek(self.encoding.skip)
        return io.TextIOWrapper(raw, encoding=self.encoding.codec, errors="strict", newline="")

    def lines(self, stream: io.TextIOWrapper, seen: _Seen) -> Iterator[str]:
        """The lines of the text, none endless, noting how many there were and what calls for a look."""
        readline = stream.readline
        while text := readline(_LINE_LIMIT + 1):
            seen.line += 1
            if len(text) > _LINE_LIMIT:
                raise SheetProblem(
                    MESSAGES, "sheet.line_too_long", name=self.upload.name, limit=_LINE_LIMIT, line=seen.line
                )
            if "\0" in text:
                seen.nul = True
            if "=" in text:
                seen.equals = True
            if "'" in text:
                seen.apostrophe = True
            yield text

    def head(self) -> list[str]:
        with self.text() as stream:
            seen = _Seen()
            lines = self.lines(stream, seen)
            for _ in range(self.head_line - 1):
                next(lines, None)
            first = next(lines, "")
            self.delimiter = self.delimiter or _delimiter_of(first)
            reader = csv.reader(chain([first] if first else [], lines), delimiter=self.delimiter, strict=True)
            try:
                names = next(reader, [])
            except csv.Error as problem:
                raise SheetProblem(MESSAGES, "sheet.quotes_head", name=self.upload.name) from problem
            if seen.nul:
                raise SheetProblem(MESSAGES, "sheet.nul_head", name=self.upload.name)
            self.head_ends = seen.line
            return [as_it_was(name) for name in names]

    def rows(self, head: Sequence[str], columns: Sequence[int]) -> Iterator[Row | RowProblem]:
        width = len(head)
        with self.text() as stream:
            seen = _Seen()
            lines = self.lines(stream, seen)
            for _ in range(self.head_ends):
                next(lines, None)
            reader = csv.reader(lines, delimiter=self.delimiter or ",", strict=True)
            while True:
                line = seen.line + 1
                seen.nul = seen.equals = seen.apostrophe = False
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error:
                    yield RowProblem(line, "", "sheet.quotes", {"line": line, "last_line": seen.line})
                    continue
                if seen.nul:
                    yield RowProblem(line, "", "sheet.nul")
                elif len(cells) != width:
                    if not _blank(cells):
                        yield _ragged(line, len(cells), width, seen.line)
                elif seen.equals and (fault := _formula_text(line, cells, head, columns)):
                    yield fault
                elif cells[0].strip() or not _blank(cells):
                    yield Row(line, [as_it_was(cell) for cell in cells] if seen.apostrophe else cells)


@dataclass(slots=True)
class _Seen:
    """How far a text was read, and whether the lines since the last row hold a NUL or marks that call for a look."""

    line: int = 0
    nul: bool = False
    equals: bool = False
    apostrophe: bool = False


def _delimiter_of(head: str) -> str:
    """The separator that the head uses most; a comma where it shows none."""
    return max(",\t;", key=lambda mark: (head.count(mark), mark == ","))


def _blank(cells: Sequence[str]) -> bool:
    return not any(cell.strip() for cell in cells)


def _ragged(line: int, count: int, width: int, last_line: int) -> RowProblem:
    code = "sheet.row_too_short" if count < width else "sheet.row_too_long"
    return RowProblem(line, "", code, {"count": count, "width": width, "last_line": last_line})


def _formula_text(line: int, cells: Sequence[str], head: Sequence[str], columns: Sequence[int]) -> RowProblem | None:
    for column in columns:
        if cells[column][:1] == "=":
            return RowProblem(line, head[column], "sheet.formula")
    return None


class _ValueSheet:
    """Rows of one sheet of a workbook."""

    def __init__(self, name: str, sheet: WorkbookSheet, head_line: int) -> None:
        self.name = name
        self.sheet = sheet
        self.head_line = head_line

    def head(self) -> list[str]:
        faults = self.sheet.faults
        for found in faults.ranges:
            if found.kind == "merged" and found.first_row <= self.head_line <= found.last_row:
                raise SheetProblem(MESSAGES, "sheet.merged_head", name=self.name, range=found.shown)
        for line, values in enumerate(self.sheet.rows(), start=1):
            if line == self.head_line:
                names = [cell_text(value) for value in values]
                for column in range(len(names)):
                    if faults.of_cell(line, column) == "formula":
                        letters = column_letters(column)
                        raise SheetProblem(MESSAGES, "sheet.formula_head", name=self.name, column=letters)
                while names and not names[-1].strip():
                    names.pop()
                return names
        return []

    def rows(self, head: Sequence[str], columns: Sequence[int]) -> Iterator[Row | RowProblem]:
        width = len(head)
        faults = self.sheet.faults
        spoiled = bool(faults.formulas or faults.errors)
        waiting = list(reversed(faults.ranges))
        active: list[Range] = []
        for line, values in enumerate(self.sheet.rows(), start=1):
            while waiting and waiting[-1].first_row <= line:
                active.append(waiting.pop())
            if active:
                active = [found for found in active if found.last_row >= line]
            if line <= self.head_line:
                continue
            empty = not any(value != "" and str(value).strip() for value in values)
            fault = self.fault(line, head, columns, active) if spoiled or active else None
            if empty and fault is None:
                continue
            if faults.hidden and faults.row_is_hidden(line):
                yield RowProblem(line, "", "sheet.hidden_row")
                continue
            if fault is not None:
                yield fault
                continue
            beyond = [column for column in range(width, len(values)) if str(values[column]).strip()]
            if beyond:
                yield _ragged(line, beyond[-1] + 1, width, line)
                continue
            cells = [""] * width
            for column in columns:
                if column < len(values):
                    cells[column] = cell_text(values[column])
            yield Row(line, cells)

    def fault(
        self, line: int, head: Sequence[str], columns: Sequence[int], active: Sequence[Range]
    ) -> RowProblem | None:
        for column in columns:
            found = self.sheet.faults.of_cell(line, column)
            if found is not None:
                return RowProblem(line, head[column], "sheet.formula" if found == "formula" else "sheet.error_cell")
            for area in active:
                if area.first_column <= column <= area.last_column:
                    code = "sheet.merged" if area.kind == "merged" else "sheet.formula"
                    facts: dict[str, Fact] = {"range": area.shown} if area.kind == "merged" else {}
                    return RowProblem(line, head[column], code, facts)
        return None
