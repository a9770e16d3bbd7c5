"""The cells of a plan's workbook: merges filled in, heads found, each cell with its address."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from types import MappingProxyType

from creditbank.domain.explanation import Fact
from creditbank.exchange.workbooks import (
    CellValue,
    Faults,
    Range,
    cell_text,
    column_letters,
    open_workbook_sheet,
    visible_sheets,
)
from creditbank.gateways.files import Upload

MOST_ROWS = 3_000
MOST_COLUMNS = 200
_HEAD_WITHIN = 30
_MOST_SHEETS = 20
_NO_FACTS: Mapping[str, Fact] = MappingProxyType({})
_BLANK = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]+")
_SPACE = re.compile(r"[\s*:]")
_DECORATION = re.compile(r"[\s*:]|\(.*?\)")


@dataclass(frozen=True, slots=True)
class PlanProblem:
    """One thing to correct or to look at: its sheet, its cell such as ``C17``, and the sentence of ``code``.

    Sheet and cell are empty where it is about the whole workbook.
    """

    sheet: str
    cell: str
    code: str
    facts: Mapping[str, Fact] = field(default_factory=lambda: _NO_FACTS)


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of one sheet. Rows count from 1 and columns from 0; outside of it everything is empty."""

    title: str
    values: Sequence[Sequence[CellValue]]
    faults: Faults
    merges: Mapping[tuple[int, int], Range]
    is_cut: bool = False

    @property
    def width(self) -> int:
        """How many columns there are."""
        return max((len(row) for row in self.values), default=0)

    def merge(self, row: int, column: int) -> Range | None:
        """The merged range a cell belongs to."""
        return self.merges.get((row, column))

    def value(self, row: int, column: int) -> CellValue:
        """What a cell holds; one inside a merged range what its first cell holds."""
        found = self.merge(row, column)
        if found is not None:
            row, column = found.first_row, found.first_column
        if 1 <= row <= len(self.values) and column < len(self.values[row - 1]):
            return self.values[row - 1][column]
        return ""

    def text(self, row: int, column: int | None) -> str:
        """A cell as one line of text without space around it; the empty text where there is no such column."""
        return "" if column is None else one_line(cell_text(self.value(row, column)))

    def is_date(self, row: int, column: int) -> bool:
        """Whether a cell holds a day or a time: a program made it of something like 1-8."""
        return isinstance(self.value(row, column), (date, time, timedelta))

    def fault(self, row: int, column: int) -> str:
        """``formula``, ``error`` or nothing."""
        return self.faults.of_cell(row, column) or ""

    def problem(self, row: int, column: int, code: str, **facts: Fact) -> PlanProblem:
        """Something about one cell."""
        return PlanProblem(self.title, f"{column_letters(column)}{row}", code, facts)


@dataclass(frozen=True, slots=True)
class Head:
    """Where a sheet's head is: the column of each known heading, and the first row below it.

    ``marks`` are columns that stand for a term each and are ticked, from column to term.
    """

    columns: Mapping[str, int]
    first: int
    last: int
    repeated: Sequence[tuple[str, int]] = ()
    marks: Mapping[int, int] = field(default_factory=dict)


def read_grids(upload: Upload) -> list[Grid]:
    """The sheets that are not hidden.

    Raises:
        SheetProblem: the workbook cannot be read.
    """
    return [_grid(upload, title) for title in visible_sheets(upload)[:_MOST_SHEETS]]


def one_line(text: str) -> str:
    """Text in one line: line breaks and control characters become spaces."""
    return _BLANK.sub(" ", text).strip()


def plain(text: str) -> str:
    """Text in ordinary characters: full-width letters, digits and marks become usual ones."""
    return unicodedata.normalize("NFKC", text).strip()


def find_head(grid: Grid, aliases: Mapping[str, str], needed: Sequence[str]) -> Head | None:
    """The first head that has all needed headings, and of its possible extents the one that says most."""
    best: Head | None = None
    for line in range(1, min(_HEAD_WITHIN, len(grid.values)) + 1):
        below, spanned = _extents(grid, line)
        found = [_head_at(grid, line, last, aliases) for last in {below, spanned}]
        fitting = [head for head in found if all(name in head.columns for name in needed)]
        if not fitting:
            if best is not None:
                return best
            continue
        here = max(fitting, key=lambda head: (_says(head), -head.last))
        # A line above may belong to the head, or be a title that lies over it.
        if best is None or _says(here) >= _says(best):
            best = here
        else:
            return best
    return best


def known_heading(text: str, aliases: Mapping[str, str]) -> str | None:
    """What a heading means, with or without what stands in brackets."""
    whole = _SPACE.sub("", plain(text)).casefold()
    return aliases.get(whole) or aliases.get(_DECORATION.sub("", plain(text)).casefold())


def lines_above(grid: Grid, head: Head) -> Iterator[str]:
    """The texts above a head, such as the title of a plan."""
    for row in range(1, head.first):
        for column in range(len(grid.values[row - 1])):
            found = grid.merge(row, column)
            if (found is None or (found.first_row, found.first_column) == (row, column)) and (
                text := grid.text(row, column)
            ):
                yield text


def _grid(upload: Upload, title: str) -> Grid:
    sheet = open_workbook_sheet(upload, title)
    values: list[Sequence[CellValue]] = []
    cut = False
    for row in sheet.rows():
        if len(values) == MOST_ROWS:
            cut = True
            break
        values.append(row[:MOST_COLUMNS])
    merges: dict[tuple[int, int], Range] = {}
    for found in sheet.faults.ranges:
        if found.kind == "merged" and found.first_row <= MOST_ROWS:
            for at in range(found.first_row, min(found.last_row, MOST_ROWS) + 1):
                for column in range(found.first_column, min(found.last_column, MOST_COLUMNS - 1) + 1):
                    merges[at, column] = found
    return Grid(sheet.title, values, sheet.faults, merges, cut)


def _says(head: Head) -> int:
    return len(head.columns) + len(head.marks)


def _extents(grid: Grid, line: int) -> tuple[int, int]:
    """The last row of a head by cells merged downwards, and by headings that lie over others."""
    found = [grid.merge(line, column) for column in range(grid.width)]
    here = [one for one in found if one is not None and one.first_row == line]
    below = max([line, *(one.last_row for one in here)])
    spanned = max([below, *(one.last_row + 1 for one in here if one.last_column > one.first_column)])
    return min(below, line + 3), min(spanned, line + 3)


def _head_at(grid: Grid, line: int, last: int, aliases: Mapping[str, str]) -> Head:
    """The headings of some lines taken together; the lowest of a column says what it holds."""
    columns: dict[str, int] = {}
    repeated: list[tuple[str, int]] = []
    marks: dict[int, int] = {}
    for column in range(grid.width):
        own: list[str] = []
        lowest = line
        for row in range(line, last + 1):
            text = grid.text(row, column)
            if text and (not own or own[-1] != text):
                own.append(text)
                lowest = row
        if not own:
            continue
        found = grid.merge(lowest, column)
        if found is not None and found.first_column < column:
            continue
        term = _term_mark(own)
        if term is not None:
            marks[column] = term
            continue
        name = known_heading(own[-1], aliases)
        if name is None:
            continue
        if name in columns:
            repeated.append((own[-1], column))
        else:
            columns[name] = column
    return Head(columns, line, last, repeated, marks)


def _term_mark(own: Sequence[str]) -> int | None:
    """The term of a column under a heading such as “各学期学时分配”."""
    if len(own) < 2 or "学期" not in "".join(own[:-1]):
        return None
    return term_number(own[-1])


_NUMERALS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")


def term_number(text: str) -> int | None:
    """The number of a term: 3, 三, 第三学期."""
    word = re.sub(r"^第|学期$|\s", "", plain(text))
    if word in _NUMERALS:
        return _NUMERALS.index(word) + 1
    word = re.sub(r"\.0+$", "", word)
    return int(word) if re.fullmatch(r"[0-9]{1,3}", word) else None
