"""Official lists as sheets: the mappings that come with the program, reading a list, the template."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any
from uuid import UUID

from creditbank.domain.canonical import content_hash
from creditbank.domain.masterdata.reading import Fault, read_record
from creditbank.domain.official_lists.kind import KINDS, ListKind, read_list_kind
from creditbank.domain.official_lists.lines import Entry, counts, is_absent, read_entries
from creditbank.domain.results import RefusedRow
from creditbank.exchange import encoding as encodings
from creditbank.exchange import sheets, workbooks
from creditbank.exchange.documents import expect_schema, read_document
from creditbank.exchange.encoding import SheetProblem
from creditbank.exchange.masterdata import reading
from creditbank.exchange.masterdata.imports import open_mapped
from creditbank.exchange.masterdata.reading import (
    Note,
    Table,
    TableRow,
    each_row,
    heading_key,
    notes_on_rows,
    refused_cell,
)
from creditbank.exchange.spreadsheets import SheetContent, workbook_bytes
from creditbank.gateways import files
from creditbank.gateways.documents import packaged
from creditbank.gateways.files import Upload
from creditbank.queries.official_lists.kinds import own_kind, own_kinds
from creditbank.records.scope import Scope
from creditbank.services.masterdata.imports import remember_mapping
from creditbank.services.official_lists.imports import Brought

ALL_MESSAGES: dict[str, str] = (
    files.MESSAGES | encodings.MESSAGES | workbooks.MESSAGES | sheets.MESSAGES | reading.MESSAGES
)
"""Sentences of everything that can be wrong with a list as a file, by code."""

MOST_MAPPING_BYTES = 200_000
_NO_TEXTS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ReadList:
    """A list, read: each person's outcome, the rows refused, and how many rows are no outcome of anybody.

    ``unknown_values`` are, by column, words that the mapping does not know; ``mapping_hash`` is equal for readings by
    the same mapping, columns and words.
    """

    kind: ListKind
    name: str
    file_hash: str
    encoding: str
    mapping_hash: str
    rows: int
    entries: tuple[Entry, ...]
    refused: tuple[RefusedRow, ...]
    left: int
    unknown_values: Mapping[str, Mapping[str, int]]
    notes: tuple[Note, ...]

    def brought(self) -> Brought:
        """The list as the services take it in."""
        return Brought(
            self.kind, self.name, self.file_hash, self.mapping_hash, self.encoding, self.rows, self.entries,
            self.refused, self.left,
        )  # fmt: skip


def packaged_kind(code: str) -> ListKind:
    """A kind of list that comes with the program.

    Raises:
        FileNotFoundError: there is none of that code.
    """
    return read_kind_bytes(packaged(f"mappings/list-{code}.yaml"), name=f"list-{code}.yaml")


def read_kind_bytes(data: bytes, *, name: str) -> ListKind:
    """A kind of list from a mapping's bytes.

    Raises:
        DocumentError: it is no safe YAML or JSON, or says another schema.
        UnreadableError: a key is unknown, missing or impossible; each problem has its path.
    """
    document = read_document(data, name=name, most_bytes=MOST_MAPPING_BYTES)
    return read_list_kind(expect_schema(document, "list_mapping", name=name))


def kinds_here(scope: Scope) -> tuple[ListKind, ...]:
    """Every kind of list that the scope's institution can bring in: those of the program, then its own by code."""
    return (*(packaged_kind(code) for code in KINDS), *(one.kind for one in own_kinds(scope)))


def kind_here(scope: Scope, code: str) -> ListKind | None:
    """One of them."""
    if code in KINDS:
        return packaged_kind(code)
    known = own_kind(scope, code)
    return known.kind if known is not None else None


def open_list(
    upload: Upload,
    kind: ListKind,
    *,
    institution: UUID,
    sheet: str | None = None,
    encoding: str | None = None,
    given: Mapping[str, str] | None = None,
) -> tuple[Table, Mapping[str, Mapping[str, str]]]:
    """The opened sheet with what its columns mean, and the remembered meanings of words by column.

    Raises:
        SheetProblem: the file cannot be read as a list of this kind.
    """
    return open_mapped(
        upload, kind.columns, institution=institution, sheet=sheet, encoding=encoding, given=given, as_of=None
    )


def read_list(
    upload: Upload,
    kind: ListKind,
    *,
    institution: UUID,
    sheet: str | None = None,
    encoding: str | None = None,
    given: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    every: Mapping[str, str] = _NO_TEXTS,
    today: date | None = None,
) -> ReadList:
    """Read a list; rows with faults are refused by cell and sink nothing else.

    Args:
        upload: a file that passed the door.
        kind: what its columns may be.
        institution: whose remembered headings and words count.
        sheet: the sheet of a workbook, by name; by default the first whose head fits.
        encoding: of a text file, named by a person; by default it is found.
        given: what headings mean now, from heading to column.
        values: by column, what a word of the sheet stands for.
        every: by column, what holds for every row where the sheet has no such column.
        today: the day after which nobody is born.

    Raises:
        SheetProblem: the file cannot be read as a list of this kind, or has no rows.
    """
    table, remembered = open_list(upload, kind, institution=institution, sheet=sheet, encoding=encoding, given=given)
    words = {name: {**remembered.get(name, {}), **values.get(name, {})} for name in {*remembered, *values}}
    whole = {name: text for name, text in every.items() if text.strip() and name not in table.mapped}
    entries: list[Entry] = []
    refused: list[RefusedRow] = []
    unknown: dict[str, Counter[str]] = defaultdict(Counter)
    hidden: list[int] = []
    rows = left = 0
    for row in each_row(table, hidden):
        rows += 1
        if isinstance(row, RefusedRow):
            refused.append(row)
            continue
        made = _read_row(kind, TableRow(row.line, whole | row.texts), words, today)
        if made is None:
            left += 1
        elif isinstance(made, list):
            for fault in made:
                if fault.code == "masterdata.no_choice" and fault.field in row.texts:
                    unknown[fault.field][row.texts[fault.field].strip()] += 1
                refused.append(refused_cell(table, row, fault))
        else:
            entries += made
    if not rows:
        raise SheetProblem(reading.MESSAGES, "datasheet.no_rows", name=table.name)
    columns = {heading_key(column.heading): column.field for column in table.columns if column.field}
    return ReadList(
        kind=kind,
        name=table.name,
        file_hash=table.file_hash,
        encoding=table.encoding,
        mapping_hash=content_hash({"kind": kind.digest, "columns": columns, "words": words, "every": whole}),
        rows=rows,
        entries=tuple(entries),
        refused=tuple(refused),
        left=left,
        unknown_values={name: dict(said) for name, said in unknown.items()},
        notes=table.notes + notes_on_rows(hidden),
    )


def remember_columns(
    *,
    scope: Scope,
    kind: ListKind,
    given: Mapping[str, str] | None,
    values: Mapping[str, Mapping[str, str]],
    actor: UUID,
    at: Any,
) -> None:
    """Keep what headings and words of a list meant, for the next list of this kind."""
    if given or values:
        headings = {heading_key(heading): field for heading, field in (given or {}).items()}
        remember_mapping(scope=scope, data_set=kind.columns, headings=headings, values=values, actor=actor, at=at)


def template_bytes(kind: ListKind, language: str) -> bytes:
    """A workbook with the headings, drop-downs for words and two example rows."""
    fields = kind.columns.fields
    choices = {
        place: [choice.label.said_in(language) for choice in field.table.choices]
        for place, field in enumerate(fields)
        if field.table is not None
    }
    head = [field.label.said_in(language) + (" *" if field.required else "") for field in fields]
    rows = [[field.examples[nth] for field in fields] for nth in (0, 1)]
    return workbook_bytes([SheetContent(kind.name.said_in(language), head, rows, [20] * len(fields), choices)])


def _read_row(
    kind: ListKind, row: TableRow, words: Mapping[str, Mapping[str, str]], today: date | None
) -> tuple[Entry, ...] | list[Fault] | None:
    """The outcomes of a row, its faults, or nothing when it says that there is no outcome."""
    if is_absent(kind, row.texts):
        return None
    texts = {name: _one_line(text, team=name in kind.several) for name, text in row.texts.items()}
    record = read_record(kind.columns, texts, values=words, today=today)
    if isinstance(record, tuple):
        return list(record)
    if not counts(kind, record.content):
        return None
    made = read_entries(kind, row.line, record.content)
    return [made] if isinstance(made, Fault) else made


def _one_line(text: str, *, team: bool) -> str:
    """A cell without the breaks and wide spaces that people put between names; a break divides a team."""
    if text.isprintable():
        return text
    return " ".join(("、" if team else " ").join(text.splitlines()).split())
