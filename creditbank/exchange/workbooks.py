"""What a workbook's XML says that its values do not: hidden rows, formulas, merges and true sizes."""

from __future__ import annotations

import posixpath
import re
import zipfile
from array import array
from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

import python_calamine

from creditbank.domain.values import Text
from creditbank.exchange.encoding import SheetProblem
from creditbank.exchange.formulas import as_it_was

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from creditbank.gateways.files import Upload

MESSAGES: dict[str, str] = {
    "workbook.damaged": "{name} is a damaged workbook: {reason}. Save it again in a spreadsheet program.",
    "workbook.document_type": "{name} declares an XML document type, which no workbook needs. It was not read.",
    "workbook.no_sheet": "{name} has no sheet named {sheet}; it has: {sheets}.",
    "workbook.no_visible_sheet": "{name} has no visible sheet.",
    "workbook.too_many_cells": "{name} has more than {limit} filled cells. Split it by term and import the parts.",
    "workbook.too_wide_apart": "The filled cells of {name} lie so far apart that the sheet spans {cells} "
    "cells, more than {limit}. Clear the stray cells.",
    "workbook.too_much_text": "The cells of {name} hold more than {limit} characters. Split the workbook.",
}
"""Sentences of the refusals this module makes, by code."""

MOST_CELLS = 2_500_000
_MOST_SPANNED = 10_000_000
_MOST_TEXT = 200_000_000
_MOST_RANGES = 100_000
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_CHUNK = 1 << 16
_EXACT_DIGITS = 15

_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_RANGE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})(?::([A-Z]{1,3})([1-9][0-9]{0,6}))?")

CellValue = str | float | bool | date | datetime | time | timedelta


@dataclass(frozen=True, slots=True)
class Range:
    """A rectangle of cells, rows from 1 and columns from 0, both ends included."""

    kind: str  # merged or formula
    first_row: int
    last_row: int
    first_column: int
    last_column: int

    @property
    def shown(self) -> str:
        """The range as a spreadsheet program writes it, for instance ``B2:C4``."""
        first, last = column_letters(self.first_column), column_letters(self.last_column)
        return f"{first}{self.first_row}:{last}{self.last_row}"


@dataclass(slots=True)
class Faults:
    """Where a sheet holds what its values do not show. Cells are row * 16,384 + column, in rising order."""

    hidden: array[int] = field(default_factory=lambda: array("L"))
    formulas: array[int] = field(default_factory=lambda: array("Q"))
    errors: array[int] = field(default_factory=lambda: array("Q"))
    ranges: list[Range] = field(default_factory=list)

    def row_is_hidden(self, row: int) -> bool:
        """Whether a row is hidden by hand or by a filter."""
        return _holds(self.hidden, row)

    def of_cell(self, row: int, column: int) -> str | None:
        """``formula`` or ``error`` when that is what a cell holds."""
        if _holds(self.formulas, row * _LAST_COLUMN + column):
            return "formula"
        return "error" if _holds(self.errors, row * _LAST_COLUMN + column) else None


@dataclass(frozen=True, slots=True)
class WorkbookSheet:
    """One sheet of a workbook: its values by row and its faults."""

    title: str
    faults: Faults
    _values: Any = field(repr=False)

    def rows(self) -> Iterator[Sequence[CellValue]]:
        """All rows from the first of the sheet, each as long as the widest; an empty cell is empty text."""
        return iter(self._values.iter_rows())


def column_letters(column: int) -> str:
    """The letters of a column counted from 0: 0 is A, 26 is AA."""
    letters, rest = "", column + 1
    while rest:
        rest, last = divmod(rest - 1, 26)
        letters = chr(65 + last) + letters
    return letters


def open_workbook_sheet(upload: Upload, title: str | None = None, *, most_cells: int = MOST_CELLS) -> WorkbookSheet:
    """Open one sheet: the named one, else the first that is not hidden.

    The XML is read once by an iterating parser that knows no document type, and the sizes are judged by it,
    before the values are loaded.

    Raises:
        SheetProblem: the workbook is damaged, has no such sheet, or spans more than allowed.
    """
    name = upload.name
    with upload.reader() as raw:
        try:
            with zipfile.ZipFile(raw) as archive:
                parts = {part.replace("\\", "/").lower(): part for part in archive.namelist()}
                chosen, path = _choose(archive, parts, name, title)
                lengths = _text_lengths(archive, parts, name, most_cells)
                faults = _Survey(name, most_cells, lengths).run(archive, path)
        except (zipfile.BadZipFile, expat.ExpatError, EOFError, UnicodeError, NotImplementedError) as problem:
            raise _damaged(name, _unreadable(problem)) from problem
        except OSError as problem:
            raise _damaged(name, _unreadable(problem)) from problem
    with upload.reader() as raw:
        return WorkbookSheet(chosen, faults, _values(raw, chosen, name))


def visible_sheets(upload: Upload) -> tuple[str, ...]:
    """The titles of the sheets that are not hidden, in the workbook's order.

    Raises:
        SheetProblem: the workbook is damaged.
    """
    found: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == "sheet" and attributes.get("state", "visible") == "visible":
            found.append(attributes.get("name", ""))

    with upload.reader() as raw:
        try:
            with zipfile.ZipFile(raw) as archive:
                parts = {part.replace("\\", "/").lower(): part for part in archive.namelist()}
                if "xl/workbook.xml" not in parts:
                    raise _damaged(upload.name, _missing("xl/workbook.xml"))
                _parse(archive, parts["xl/workbook.xml"], upload.name, start)
        except (zipfile.BadZipFile, expat.ExpatError, EOFError, UnicodeError, NotImplementedError) as problem:
            raise _damaged(upload.name, _unreadable(problem)) from problem
        except OSError as problem:
            raise _damaged(upload.name, _unreadable(problem)) from problem
    return tuple(found)


def cell_text(value: CellValue) -> str:
    """What a cell says as text: 3.0 is ``3``, a day ``2014-06-26``, a number has at most 15 digits.

    A number whose 15 digits no longer say it exactly, such as a long identity number stored as a number,
    comes out in its scientific form (``1.23456789012346e+17``), so that nobody takes it for that identity.
    A text that was defused is as it was before.
    """
    match value:
        case str():
            return as_it_was(value) if value[:1] == "'" else value
        case bool():
            return "TRUE" if value else "FALSE"
        case float():
            if abs(value) < 10**_EXACT_DIGITS and value == int(value):
                return str(int(value))
            text = format(value, ".15g")
            if "e-" in text:
                text = format(value, ".20f").rstrip("0")
            return text
        case datetime():
            whole_day = value.time() == time()
            return value.date().isoformat() if whole_day else value.isoformat(sep=" ")
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)


def _values(raw: Any, title: str, name: str) -> Any:
    try:
        return python_calamine.CalamineWorkbook.from_filelike(raw).get_sheet_by_name(title)
    except (python_calamine.CalamineError, OSError, ValueError) as problem:
        raise _damaged(name, _unreadable(problem)) from problem
    except BaseException as problem:
        # A panic of the Rust reader is no Exception, yet all it means here is a damaged workbook.
        if type(problem).__name__ == "PanicException":
            raise _damaged(name, Text("其中的值无法读取", "its values cannot be read")) from problem
        raise


def _damaged(name: str, reason: Text) -> SheetProblem:
    return SheetProblem(MESSAGES, "workbook.damaged", name=name, reason=reason)


def _unreadable(problem: Exception) -> Text:
    """What the reader of the archive or of its XML says; it says it in English only."""
    said = problem.strerror if isinstance(problem, OSError) else str(problem)
    return Text("其内容无法读取", said[:200] if said else "it cannot be read")


def _missing(part: str) -> Text:
    return Text(f"缺少 {part[:200]}", f"{part[:200]} is missing")


def _disorder(place: Text) -> Text:
    return Text(f"{place.zh}的次序不对", f"{place.en} is out of order")


def _range(reference: str) -> Text:
    return Text(f"区域 {reference} 无法读取", f"its range {reference} cannot be read")


def _parse(
    archive: zipfile.ZipFile,
    path: str,
    name: str,
    start: Callable[[str, dict[str, str]], None],
    text: Any = None,
) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: Any) -> None:
        raise SheetProblem(MESSAGES, "workbook.document_type", name=name)

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = start
    parser.CharacterDataHandler = text
    with archive.open(path) as stream:
        while chunk := stream.read(_CHUNK):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)


def _choose(archive: zipfile.ZipFile, parts: dict[str, str], name: str, title: str | None) -> tuple[str, str]:
    """The title and the part of the sheet to read."""
    sheets: list[tuple[str, str, bool]] = []
    targets: dict[str, str] = {}
    known: set[str] = set()

    def in_workbook(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] != "sheet":
            return
        relations = [value for key, value in attributes.items() if key.rpartition(":")[2] == "id"]
        if len(relations) != 1:
            raise _damaged(name, Text("清单中的一张表没有唯一的内容", "a sheet in its list has no one part"))
        visible = attributes.get("state", "visible") == "visible"
        sheets.append((attributes.get("name", ""), relations[0], visible))

    def in_relations(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] != "Relationship":
            return
        # Two readers must never take two different parts for the same sheet.
        relation = attributes.get("Id", "")
        if relation in known:
            raise _damaged(
                name, Text(f"关系 {relation[:20]} 出现了两次", f"its relation {relation[:20]} is there twice")
            )
        known.add(relation)
        if attributes.get("Type", "").endswith("/worksheet"):
            targets[relation] = attributes.get("Target", "")

    for path, handler in (("xl/workbook.xml", in_workbook), ("xl/_rels/workbook.xml.rels", in_relations)):
        if path not in parts:
            raise _damaged(name, _missing(path))
        _parse(archive, parts[path], name, handler)
    readable = [(label, targets[relation], visible) for label, relation, visible in sheets if relation in targets]
    if title is not None:
        found = next((sheet for sheet in readable if sheet[0] == title), None)
        if found is None:
            shown = ", ".join(label for label, _, _ in readable)[:200]
            raise SheetProblem(MESSAGES, "workbook.no_sheet", name=name, sheet=title, sheets=shown)
    else:
        found = next((sheet for sheet in readable if sheet[2]), None)
        if found is None:
            raise SheetProblem(MESSAGES, "workbook.no_visible_sheet", name=name)
    if [sheet[0] for sheet in sheets].count(found[0]) > 1:
        raise _damaged(name, Text(f"有两张表都叫 {found[0]}", f"two sheets are named {found[0]}"))
    target = posixpath.normpath(posixpath.join("/xl", found[1])).removeprefix("/").lower()
    if target not in parts:
        raise _damaged(name, _missing(target))
    return found[0], parts[target]


def _text_lengths(archive: zipfile.ZipFile, parts: dict[str, str], name: str, most_cells: int) -> array[int]:
    """The length of each shared text: cells name it by number, so a short sheet can hold very much text."""
    lengths = array("L")
    path = parts.get("xl/sharedstrings.xml")
    if path is None:
        return lengths

    def start(tag: str, _attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == "si":
            lengths.append(0)
            if len(lengths) > most_cells:
                raise SheetProblem(MESSAGES, "workbook.too_many_cells", name=name, limit=most_cells)

    def text(content: str) -> None:
        if lengths:
            lengths[-1] += len(content)

    _parse(archive, path, name, start, text)
    return lengths


class _Survey:
    """One walk over a sheet's XML: where cells are, how much they hold, and what is wrong with them."""

    def __init__(self, name: str, most_cells: int, lengths: array[int]) -> None:
        self.name = name
        self.most_cells = most_cells
        self.lengths = lengths
        self.faults = Faults()
        self.row = 0
        self.row_text = ""
        self.column = -1
        self.cells = 0
        self.characters = 0
        self.first_row = self.last_row = 0
        self.first_column, self.last_column = _LAST_COLUMN, 0
        self.shared = False
        self.text: list[str] | None = None
        self.columns: dict[str, int] = {}

    def run(self, archive: zipfile.ZipFile, path: str) -> Faults:
        """Walk the part and judge what it holds."""
        _parse(archive, path, self.name, self.start, self.characters_of)
        self.take_text()
        spanned = (self.last_row - self.first_row + 1) * (self.last_column - self.first_column + 1)
        if self.cells and spanned > max(_MOST_SPANNED, self.most_cells):
            raise SheetProblem(MESSAGES, "workbook.too_wide_apart", name=self.name, cells=spanned, limit=_MOST_SPANNED)
        self.faults.ranges.sort(key=lambda found: found.first_row)
        return self.faults

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take one element in; text of the element before is complete by now."""
        if self.text is not None:
            self.take_text()
        # The order is that of frequency: a large sheet has millions of the first two and little else.
        if ":" in tag:
            tag = tag.rpartition(":")[2]
        if tag == "c":
            self.cell(attributes)
        elif tag in {"v", "is"}:
            self.value()
        elif tag == "row":
            self.begin_row(attributes)
        elif tag == "f":
            self.formula(attributes)
        elif tag == "mergeCell":
            self.add_range("merged", attributes.get("ref", ""))

    def begin_row(self, attributes: dict[str, str]) -> None:
        number = attributes.get("r", "")
        row = int(number) if number.isascii() and number.isdigit() and len(number) < 8 else self.row + 1
        if not self.row < row <= _LAST_ROW or (number and str(row) != number):
            raise _damaged(self.name, _disorder(Text(f"第 {number or row} 行", f"its row {number or row}")))
        self.row, self.column, self.row_text = row, -1, str(row)
        if attributes.get("hidden", "0") in {"1", "true"}:
            self.faults.hidden.append(row)

    def cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        if reference is None:
            column = self.column + 1
        else:
            # The letters before the number of this row are nearly always known from the row before.
            known = self.columns.get(reference.removesuffix(self.row_text))
            column = self.referred(reference) if known is None else known
        if not self.column < column < _LAST_COLUMN:
            raise _damaged(
                self.name, _disorder(Text(f"单元格 {reference or column}", f"its cell {reference or column}"))
            )
        self.column = column
        kind = attributes.get("t")
        self.shared = kind == "s"
        if kind == "e":
            self.faults.errors.append(self.row * _LAST_COLUMN + column)

    def referred(self, reference: str) -> int:
        match = _REFERENCE.fullmatch(reference)
        if match is None or match[2] != self.row_text:
            raise _damaged(
                self.name,
                Text(
                    f"单元格 {reference[:20]} 写在第 {self.row} 行中",
                    f"its cell {reference[:20]} stands in row {self.row}",
                ),
            )
        return self.column_of(match[1])

    def value(self) -> None:
        if self.column < 0:
            raise _damaged(self.name, Text("有一个值不在单元格中", "a value stands outside a cell"))
        self.cells += 1
        if self.cells > self.most_cells:
            raise SheetProblem(MESSAGES, "workbook.too_many_cells", name=self.name, limit=self.most_cells)
        self.first_row = self.first_row or self.row
        self.last_row = self.row
        self.first_column = min(self.first_column, self.column)
        self.last_column = max(self.last_column, self.column)
        if self.shared:
            self.text = []

    def characters_of(self, content: str) -> None:
        if self.text is not None:
            self.text.append(content)

    def take_text(self) -> None:
        if self.text is None:
            return
        number = "".join(self.text).strip()
        self.text = None
        if not (number.isascii() and number.isdigit() and len(number) < 9 and int(number) < len(self.lengths)):
            raise _damaged(
                self.name,
                Text(
                    f"第 {self.row} 行的单元格引用了不存在的文本",
                    f"a cell in row {self.row} names a text that does not exist",
                ),
            )
        self.characters += self.lengths[int(number)]
        if self.characters > _MOST_TEXT:
            raise SheetProblem(MESSAGES, "workbook.too_much_text", name=self.name, limit=_MOST_TEXT)

    def formula(self, attributes: dict[str, str]) -> None:
        if self.column < 0:
            return
        cell = self.row * _LAST_COLUMN + self.column
        if not self.faults.formulas or self.faults.formulas[-1] != cell:
            self.faults.formulas.append(cell)
        if attributes.get("t") in {"array", "dataTable"} and "ref" in attributes:
            self.add_range("formula", attributes["ref"])

    def add_range(self, kind: str, reference: str) -> None:
        match = _RANGE.fullmatch(reference)
        if match is None or len(self.faults.ranges) >= _MOST_RANGES:
            raise _damaged(self.name, _range(reference[:30]))
        row, column = int(match[2]), self.column_of(match[1])
        last_row, last_column = (int(match[4]), self.column_of(match[3])) if match[3] else (row, column)
        if not (row <= last_row <= _LAST_ROW and column <= last_column < _LAST_COLUMN):
            raise _damaged(self.name, _range(reference))
        self.faults.ranges.append(Range(kind, row, last_row, column, last_column))

    def column_of(self, letters: str) -> int:
        column = self.columns.get(letters)
        if column is None:
            column = 0
            for letter in letters:
                column = column * 26 + ord(letter) - 64
            column = self.columns[letters] = column - 1
        return column


def _holds(places: array[int], place: int) -> bool:
    index = bisect_left(places, place)
    return index < len(places) and places[index] == place
