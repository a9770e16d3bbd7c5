"""A sheet of master data: which sheet, where its head is, what each column means, and its rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from creditbank.domain.explanation import Fact
from creditbank.domain.masterdata.declaration import CodeTable, DataSet
from creditbank.domain.masterdata.reading import Fault, normal, read_record
from creditbank.domain.results import RefusedRow
from creditbank.exchange.encoding import SheetProblem
from creditbank.exchange.sheets import Row, Sheet, SheetPlace, open_sheet
from creditbank.exchange.workbooks import WorkbookSheet, cell_text, column_letters, open_workbook_sheet, visible_sheets
from creditbank.gateways.files import Kind, Upload
from creditbank.services.masterdata.imports import Given, GivenRow, gather

MESSAGES: dict[str, str] = {
    "datasheet.no_head": "{name} has no line in its first {lines} that names the columns of {set}; "
    "wanted is at least {columns}. Use the template, or say in the mapping what the columns mean.",
    "datasheet.no_rows": "{name} has a head and no rows. Nothing was taken.",
    "datasheet.no_sheet": "{name} has no sheet named {sheet}; it has: {sheets}.",
    "datasheet.no_column": "{name} has no column for {columns}, which every row needs. "
    "Say in the mapping which one it is.",
    "datasheet.twice": "{name}: the columns {first} and {second} were both given for {field}. Leave one out.",
    "datasheet.sheet_chosen": "The workbook has several sheets ({sheets}). “{sheet}” was read, whose head fits first.",
    "datasheet.hidden_rows": "{count} hidden rows were read like the others; the first is line {line}.",
    "datasheet.merged_head": "The head has merged cells; each column takes the lowest name in it.",
    "datasheet.left_out": "Columns without meaning for this data set were left out: {columns}.",
}
"""Sentences of refusals and notes about a sheet as a whole, by code."""

HEAD_LINES = 12
"""How far down a head is looked for: titles and dates stand above it."""
_MOST_NOTED = 20
_NO_MAP: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its place from 0, its heading, the field it was taken for, and how that was found.

    ``how`` is ``remembered``, ``matched``, ``given`` or ``left_out``; ``field`` is empty for the last.
    """

    place: int
    heading: str
    field: str
    how: str

    @property
    def letters(self) -> str:
        """The letters a spreadsheet shows above it."""
        return column_letters(self.place)


@dataclass(frozen=True, slots=True)
class Note:
    """Something a reader should know about how the sheet was read; ``code`` is in :data:`MESSAGES`."""

    code: str
    facts: Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class Table:
    """An opened sheet of a data set: what its columns mean, before its rows are read."""

    name: str
    data_set: DataSet
    sheet: str
    sheets: tuple[str, ...]
    head_line: int
    columns: tuple[Column, ...]
    encoding: str
    file_hash: str
    notes: tuple[Note, ...]
    _source: _Source

    @property
    def mapped(self) -> dict[str, Column]:
        """The column of each field that has one."""
        return {column.field: column for column in self.columns if column.field}

    @property
    def lacking(self) -> tuple[str, ...]:
        """The fields every row needs and no column gives."""
        return tuple(field.name for field in self.data_set.fields if field.required and field.name not in self.mapped)


@dataclass(frozen=True, slots=True)
class ReadTable:
    """The rows of a sheet, read: what they state, what was refused, values nobody has explained yet, notes."""

    table: Table
    given: Given
    unknown_values: Mapping[str, Mapping[str, int]]
    """By field of a code table, the texts that are no code of it and how many rows have each."""
    notes: tuple[Note, ...]


def heading_key(heading: str) -> str:
    """A heading as it is compared: without spaces, stars, remarks in brackets at its end, and case."""
    said = "".join(normal(heading).split()).casefold().strip("*＊:")
    for mark in ("(必填)", "(选填)", "(required)"):
        said = said.removesuffix(mark)
    return said


def known_headings(data_set: DataSet) -> dict[str, tuple[str, int]]:
    """By comparable heading the field it means and how well: labels before aliases in their order."""
    found: dict[str, tuple[str, int]] = {}
    for field in data_set.fields:
        for worth, words in enumerate((field.label.zh, field.label.en, field.name, *field.aliases)):
            found.setdefault(heading_key(words), (field.name, worth))
    return found


def propose_columns(
    data_set: DataSet, head: Sequence[str], remembered: Mapping[str, str], given: Mapping[str, str] | None = None
) -> tuple[Column, ...]:
    """What each column of a head means: as given now, else as remembered, else as its heading says.

    Args:
        data_set: whose fields are looked for.
        head: the headings in order.
        remembered: from comparable heading to field, empty for a column left out.
        given: from heading as it stands to field; a heading that is not in it is left out.
    """
    known = known_headings(data_set)
    names = {field.name for field in data_set.fields}
    offers: dict[int, tuple[int, str, str]] = {}
    for place, heading in enumerate(head):
        key = heading_key(heading)
        if not key:
            continue
        if given is not None:
            offers[place] = (0, given.get(heading, ""), "given")
        elif key in remembered and remembered[key] in names | {""}:
            offers[place] = (-1, remembered[key], "remembered")
        elif key in known:
            offers[place] = (known[key][1], known[key][0], "matched")
    taken: dict[str, int] = {}
    for place, (worth, field, _how) in sorted(offers.items()):
        if field and (field not in taken or (given is None and worth < offers[taken[field]][0])):
            taken[field] = place
        elif field and given is not None:
            raise SheetProblem(
                MESSAGES, "datasheet.twice", name="", first=head[taken[field]], second=head[place],
                field=data_set.field(field).label.zh,
            )  # fmt: skip
    chosen = {place: field for field, place in taken.items()}
    return tuple(
        Column(place, heading, chosen.get(place, ""), offers[place][2] if place in chosen else "left_out")
        for place, heading in enumerate(head)
        if heading.strip()
    )


def open_table(
    upload: Upload,
    data_set: DataSet,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    remembered: Mapping[str, str] = _NO_MAP,
    given: Mapping[str, str] | None = None,
) -> Table:
    """Find the sheet, its head and what its columns mean.

    Args:
        upload: a file that passed the door.
        data_set: what its rows are of.
        sheet: the sheet of a workbook, by name; by default the first whose head fits.
        encoding: of a text file, named by a person; by default it is found.
        remembered: what headings meant before, as the office's mapping keeps it.
        given: what headings mean now, from heading to field; overrides everything else.

    Raises:
        SheetProblem: no sheet has such a head, or a column that every row needs is not there.
    """
    sheets: tuple[str, ...] = ()
    sources: Iterable[_Source]
    if upload.kind is Kind.XLSX:
        sheets = visible_sheets(upload)
        if sheet is not None and sheet not in sheets:
            raise SheetProblem(
                MESSAGES, "datasheet.no_sheet", name=upload.name, sheet=sheet, sheets="、".join(sheets)[:300]
            )
        sources = (_WorkbookSource(open_workbook_sheet(upload, title)) for title in ([sheet] if sheet else sheets))
    else:
        sources = (_TextSource(upload, encoding, line) for line in range(1, HEAD_LINES + 1))
    best: tuple[int, _Source, int, tuple[Column, ...]] | None = None
    for source in sources:
        found = _best_head(source, data_set, remembered, given)
        if found is not None and (best is None or found[0] > best[0]):
            best = (found[0], source, *found[1:])
        if found is not None and _complete(data_set, found[2]):
            best = (found[0], source, *found[1:])
            break
    wanted = "、".join(data_set.field(name).label.zh for name in data_set.key if data_set.field(name).required)
    if best is None:
        raise SheetProblem(
            MESSAGES, "datasheet.no_head", name=upload.name, lines=HEAD_LINES, set=data_set.name.zh, columns=wanted
        )
    _score, source, head_line, columns = best
    notes = []
    if len(sheets) > 1 and sheet is None:
        notes.append(Note("datasheet.sheet_chosen", {"sheets": "、".join(sheets)[:300], "sheet": source.title}))
    if source.merged(head_line):
        notes.append(Note("datasheet.merged_head", {}))
    out = [column.heading for column in columns if not column.field]
    if out:
        notes.append(Note("datasheet.left_out", {"columns": "、".join(out[:_MOST_NOTED])[:300]}))
    return Table(
        upload.name, data_set, source.title, sheets, head_line, columns, source.encoding, upload.sha256, tuple(notes),
        source,
    )  # fmt: skip


def read_table(
    table: Table,
    *,
    values: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    today: date | None = None,
    tables: Mapping[str, CodeTable] = MappingProxyType({}),
) -> ReadTable:
    """Read all rows of an opened sheet; every faulty cell is named, and the rows of faulty cells are refused.

    Args:
        table: the opened sheet.
        values: by field, what a text of the sheet stands for.
        today: the day after which nobody is born.
        tables: the editions of code tables to read by, where they are not the packaged ones.

    Raises:
        SheetProblem: a column that every row needs is missing, or there are no rows.
    """
    data_set = table.data_set
    if table.lacking:
        wanted = "、".join(data_set.field(name).label.zh for name in table.lacking)
        raise SheetProblem(MESSAGES, "datasheet.no_column", name=table.name, columns=wanted)
    rows: list[GivenRow] = []
    refused: list[RefusedRow] = []
    unknown: dict[str, Counter[str]] = defaultdict(Counter)
    hidden: list[int] = []
    for line in each_row(table, hidden):
        if isinstance(line, RefusedRow):
            refused.append(line)
            continue
        record = read_record(data_set, line.texts, values=values, today=today, tables=tables)
        if isinstance(record, tuple):
            for fault in record:
                if fault.code in ("masterdata.no_choice", "masterdata.retired_choice"):
                    unknown[fault.field][line.texts[fault.field].strip()] += 1
                refused.append(refused_cell(table, line, fault))
        else:
            rows.append(GivenRow(line.line, record))
    if not rows and not refused:
        raise SheetProblem(MESSAGES, "datasheet.no_rows", name=table.name)
    notes = table.notes + notes_on_rows(hidden)
    return ReadTable(table, gather(rows, refused), {name: dict(said) for name, said in unknown.items()}, notes)


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row below the head: its line, and the texts of the fields that have a column."""

    line: int
    texts: dict[str, str]


def each_row(table: Table, hidden: list[int]) -> Iterator[TableRow | RefusedRow]:
    """The rows of an opened sheet, blank ones left out; cells that cannot be read refuse their row.

    Args:
        table: the opened sheet.
        hidden: takes the lines of rows that are hidden in the workbook; they are read like the others.
    """
    mapped = list(table.mapped.items())
    places = [column.place for _name, column in mapped]
    for line in table._source.rows(table.head_line, places):  # noqa: SLF001 - the table's own part
        if isinstance(line, RefusedRow):
            yield _placed(table, line, None)
            continue
        if line.hidden:
            hidden.append(line.line)
        texts = {name: line.cells[column.place] for name, column in mapped}
        if line.faults:
            yield from (_placed(table, fault, texts) for fault in line.faults)
        else:
            yield TableRow(line.line, texts)


def refused_cell(table: Table, row: TableRow, fault: Fault) -> RefusedRow:
    """The fault of a cell with the place where it stands."""
    return _placed(table, _refused(row.line, fault, table.mapped), row.texts)


def notes_on_rows(hidden: Sequence[int]) -> tuple[Note, ...]:
    """What a reader should know of hidden rows."""
    return (Note("datasheet.hidden_rows", {"count": len(hidden), "line": hidden[0]}),) if hidden else ()


@dataclass(frozen=True, slots=True)
class _Line:
    """One row: its cells by place, whether it is hidden, and the cells that cannot be read."""

    line: int
    cells: Sequence[str]
    hidden: bool = False
    faults: tuple[RefusedRow, ...] = ()


def _refused(line: int, fault: Fault, headings: Mapping[str, Column]) -> RefusedRow:
    column = headings.get(fault.field)
    facts = dict(fault.facts)
    if column is not None:
        facts["cell"] = f"{column.letters}{line}"
    return RefusedRow(line, column.heading if column else fault.field, fault.code, facts)


def _placed(table: Table, fault: RefusedRow, texts: Mapping[str, str] | None) -> RefusedRow:
    """A fault with the sheet it stands in, and the key of its row where that can be read."""
    facts = dict(fault.facts)
    if table.sheet:
        facts["sheet"] = table.sheet
    key = table.data_set.key
    if texts is not None and len(key) == 1 and (said := normal(texts.get(key[0], ""))):
        facts.setdefault("key", said)
    return RefusedRow(fault.line, fault.column, fault.code, facts)


def _complete(data_set: DataSet, columns: Sequence[Column]) -> bool:
    needed = {name for name in data_set.key if data_set.field(name).required}
    return needed <= {column.field for column in columns}


def _best_head(
    source: _Source, data_set: DataSet, remembered: Mapping[str, str], given: Mapping[str, str] | None
) -> tuple[int, int, tuple[Column, ...]] | None:
    """How well the best line fits, which line it is, and what its columns mean."""
    best = None
    for line, head in source.heads():
        columns = propose_columns(data_set, head, remembered, given)
        score = sum(bool(column.field) for column in columns)
        if score and (_complete(data_set, columns) or score > 1 or given is not None):
            rank = (_complete(data_set, columns), score)
            if best is None or rank >= best[0]:
                best = (rank, line, columns)
    return None if best is None else (best[0][1] + 1000 * best[0][0], best[1], best[2])


class _Source(ABC):
    """Where rows come from."""

    title = ""
    encoding = ""

    @abstractmethod
    def heads(self) -> Iterator[tuple[int, Sequence[str]]]:
        """Lines that may be the head, each with its headings."""

    @abstractmethod
    def merged(self, line: int) -> bool:
        """Whether the head at this line has merged cells."""

    @abstractmethod
    def rows(self, head_line: int, places: Sequence[int]) -> Iterator[_Line | RefusedRow]:
        """The rows below the head, blank ones left out."""


class _TextSource(_Source):
    """A CSV file whose head is taken to stand in one given line."""

    def __init__(self, upload: Upload, encoding: str | None, line: int) -> None:
        self._line = line
        self._sheet: Sheet | None
        try:
            self._sheet = open_sheet(upload, SheetPlace(head_line=line), encoding=encoding)
        except SheetProblem as problem:
            # An empty line above the head is no fault of the file.
            if problem.code not in {"sheet.no_head", "sheet.quotes_head", "sheet.nul_head"}:
                raise
            self._sheet = None
        self.encoding = self._sheet.encoding if self._sheet else ""

    def heads(self) -> Iterator[tuple[int, Sequence[str]]]:
        if self._sheet is not None:
            yield self._line, self._sheet.head

    def merged(self, line: int) -> bool:  # noqa: ARG002 - text has no merged cells
        return False

    def rows(
        self,
        head_line: int,  # noqa: ARG002 - the sheet was opened at its head
        places: Sequence[int],
    ) -> Iterator[_Line | RefusedRow]:
        assert self._sheet is not None
        for row in self._sheet.rows(places):
            if isinstance(row, Row):
                yield _Line(row.line, list(row.cells))
            else:
                yield RefusedRow(row.line, row.column, row.code, dict(row.facts))


class _WorkbookSource(_Source):
    """One sheet of a workbook; hidden rows are read, merged heads are understood."""

    encoding = "UTF-8 (XLSX)"

    def __init__(self, sheet: WorkbookSheet) -> None:
        self._sheet = sheet
        self.title = sheet.title

    def heads(self) -> Iterator[tuple[int, Sequence[str]]]:
        grid: list[list[str]] = []
        for _line, values in zip(range(HEAD_LINES), self._sheet.rows(), strict=False):
            grid.append([cell_text(value) for value in values])
        for area in self._sheet.faults.ranges:
            if area.kind == "merged" and area.first_row <= len(grid):
                said = grid[area.first_row - 1][area.first_column] if area.first_column < len(grid[0]) else ""
                for line in range(area.first_row - 1, min(area.last_row, len(grid))):
                    for column in range(area.first_column, min(area.last_column + 1, len(grid[line]))):
                        grid[line][column] = said
        for line, head in enumerate(grid, start=1):
            width = max((place + 1 for place, name in enumerate(head) if name.strip()), default=0)
            # A title merged over the whole width names no column.
            if width and len({name for name in head if name.strip()}) > (1 if width > 1 else 0):
                yield line, [name.strip() for name in head[:width]]
            elif width == 1:
                yield line, [head[0].strip()]

    def merged(self, line: int) -> bool:
        return any(
            area.kind == "merged" and area.first_row <= line <= area.last_row for area in self._sheet.faults.ranges
        )

    def rows(self, head_line: int, places: Sequence[int]) -> Iterator[_Line | RefusedRow]:
        faults = self._sheet.faults
        wanted = sorted(places)
        areas = [area for area in faults.ranges if area.last_row > head_line]
        careful = bool(faults.formulas or faults.errors or areas)
        for line, values in enumerate(self._sheet.rows(), start=1):
            if line <= head_line:
                continue
            cells = [""] * (max(wanted) + 1)
            filled = False
            for place in wanted:
                if place < len(values) and values[place] != "":
                    cells[place] = cell_text(values[place])
                    filled = filled or bool(cells[place].strip())
            found = tuple(self._faults(line, wanted, head_line)) if careful else ()
            if filled or found:
                yield _Line(line, cells, bool(faults.hidden) and faults.row_is_hidden(line), found)

    def _faults(self, line: int, places: Sequence[int], head_line: int) -> Iterator[RefusedRow]:
        faults = self._sheet.faults
        for place in places:
            cell = {"cell": f"{column_letters(place)}{line}"}
            kind = faults.of_cell(line, place)
            if kind is not None:
                yield RefusedRow(line, "", "sheet.formula" if kind == "formula" else "sheet.error_cell", cell)
                continue
            for area in faults.ranges:
                if area.first_row > line:
                    break
                if area.last_row >= line and area.first_column <= place <= area.last_column:
                    # A merge that only reaches down from the head is part of the head.
                    if area.first_row <= head_line:
                        continue
                    code = "sheet.merged" if area.kind == "merged" else "sheet.formula"
                    yield RefusedRow(line, "", code, cell | ({"range": area.shown} if area.kind == "merged" else {}))
                    break
