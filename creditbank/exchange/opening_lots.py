"""A sheet of opening lots: read whole, every faulty row named, then judged or posted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from creditbank.domain.canonical import content_hash
from creditbank.domain.opening_lots import OPENING, OpeningLine, read_line
from creditbank.domain.results import RefusedRow
from creditbank.exchange.masterdata.reading import Note, open_table, read_table
from creditbank.exchange.masterdata.writing import template_bytes
from creditbank.gateways.files import Upload
from creditbank.records.results import ImportRun
from creditbank.records.scope import acting_for
from creditbank.services.opening_lots import OpeningPlan, Sheet, import_opening, plan_opening


@dataclass(frozen=True, slots=True)
class ReadOpening:
    """The lines of a sheet, the rows that are none, identical repeats, and how the sheet was read."""

    sheet: Sheet
    lines: tuple[OpeningLine, ...]
    refused: tuple[RefusedRow, ...]
    repeated: int
    notes: tuple[Note, ...]


def read_opening(upload: Upload, *, today: date, sheet: str | None = None, encoding: str | None = None) -> ReadOpening:
    """Read a sheet of opening lots.

    Args:
        upload: a file that passed the door.
        today: the day after which nothing can have been decided.
        sheet: of a workbook, by name; by default the first whose head fits.
        encoding: of a text file, named by a person; by default it is found.

    Raises:
        SheetProblem: no sheet has such a head, a column every row needs is missing, or there are no rows.
    """
    table = open_table(upload, OPENING, sheet=sheet, encoding=encoding)
    read = read_table(table, today=today)
    lines: list[OpeningLine] = []
    refused = list(read.given.refused)
    for row in read.given.rows:
        line = read_line(row.record, row.line, today=today)
        if isinstance(line, RefusedRow):
            refused.append(line)
        else:
            lines.append(line)
    refused.sort(key=lambda row: row.line)
    meant = content_hash({column.heading: column.field for column in table.columns})
    columns = {OPENING.field(name).label.zh: (column.heading, column.letters) for name, column in table.mapped.items()}
    about = Sheet(table.name, table.file_hash, meant, table.encoding, columns)
    return ReadOpening(about, tuple(lines), tuple(refused), read.given.repeated, read.notes)


def plan_sheet(read: ReadOpening, *, institution: UUID) -> OpeningPlan:
    """What the sheet would do; nothing is posted."""
    with acting_for(institution=institution, purpose="opening.plan") as scope:
        return plan_opening(scope=scope, sheet=read.sheet, lines=read.lines, refused=read.refused)


def import_sheet(read: ReadOpening, *, institution: UUID, actor: UUID, now: Callable[[], datetime]) -> ImportRun:
    """Post the sheet as one run, whole: a process that dies in between has posted nothing."""
    with acting_for(institution=institution, purpose="opening.import") as scope:
        return import_opening(
            scope=scope,
            sheet=read.sheet,
            lines=read.lines,
            refused=read.refused,
            repeated=read.repeated,
            actor=actor,
            now=now,
        )


def opening_template(language: str) -> bytes:
    """The workbook to fill in, with drop-downs, examples and what each column means."""
    return template_bytes(OPENING, language)
