"""Import sheets of master data: read with the office's mapping, plan, apply in batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from creditbank.domain.canonical import content_hash
from creditbank.domain.masterdata.declaration import DataSet
from creditbank.domain.masterdata.editions import handed_mapping
from creditbank.exchange.masterdata.reading import ReadTable, Table, heading_key, open_table, read_table
from creditbank.gateways.files import Upload
from creditbank.gateways.identities import Identities
from creditbank.queries.masterdata.inheritance import inheritance_of, tables_on
from creditbank.records.masterdata import SheetMapping
from creditbank.records.results import ImportRun
from creditbank.records.scope import acting_for
from creditbank.services.masterdata.imports import (
    Plan,
    begin_run,
    finish_run,
    hold_rows,
    plan_import,
    remember_mapping,
    store_batch,
)
from creditbank.services.masterdata.rows import BATCH


def read_sheet(
    upload: Upload,
    data_set: DataSet,
    *,
    institution: UUID,
    sheet: str | None = None,
    encoding: str | None = None,
    given: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    today: date | None = None,
    as_of: date,
) -> ReadTable:
    """Read a sheet as the office's remembered mapping says, or as ``given`` and ``values`` say now.

    Cells are read by the editions of code tables valid on the day ``as_of``, and rows are held to what the levels
    above hand down on that day.

    Raises:
        SheetProblem: the file cannot be read as a sheet of this data set.
    """
    table, remembered = open_mapped(
        upload, data_set, institution=institution, sheet=sheet, encoding=encoding, given=given, as_of=as_of
    )
    merged = {name: dict(said) for name, said in remembered.items()}
    for name, said in (values or {}).items():
        merged[name] = merged.get(name, {}) | dict(said)
    with acting_for(institution=institution, purpose="masterdata.import") as scope:
        tables = tables_on(scope, as_of)
    read = read_table(table, values=merged, today=today, tables=tables)
    columns = {name: (column.letters, column.heading) for name, column in table.mapped.items()}
    with acting_for(institution=institution, purpose="masterdata.import") as scope:
        return replace(read, given=hold_rows(scope, data_set, read.given, as_of, columns, table.sheet))


def open_mapped(
    upload: Upload,
    data_set: DataSet,
    *,
    institution: UUID,
    sheet: str | None = None,
    encoding: str | None = None,
    given: Mapping[str, str] | None = None,
    as_of: date | None,
) -> tuple[Table, Mapping[str, Mapping[str, str]]]:
    """The opened sheet with what its columns mean, and the remembered meanings of values by field.

    What the levels above hand down on the day ``as_of`` is remembered too; the office's own stands over it, save
    for headings that are locked. Without a day nothing is handed down.
    """
    with acting_for(institution=institution, purpose="masterdata.import") as scope:
        known = scope.rows(SheetMapping).filter(institution_id=institution, data_set=data_set.code).first()
        handed = inheritance_of(scope, f"mapping.{data_set.code}", as_of).rows if as_of else {}
        above = handed_mapping(handed)
    headings = above.under(known.headings if known else {})
    values = {name: dict(said) for name, said in above.values.items()}
    for name, said in (known.values if known else {}).items():
        values[name] = values.get(name, {}) | said
    table = open_table(upload, data_set, sheet=sheet, encoding=encoding, remembered=headings, given=given)
    return table, values


def plan_sheet(read: ReadTable, *, institution: UUID, identities: Identities, as_of: date) -> Plan:
    """Say of each row what it would do, and store nothing."""
    with acting_for(institution=institution, purpose="masterdata.import") as scope:
        return plan_import(
            scope=scope,
            identities=identities,
            data_set=read.table.data_set,
            given=read.given,
            file_hash=read.table.file_hash,
            as_of=as_of,
        )


def import_sheet(
    read: ReadTable,
    *,
    institution: UUID,
    identities: Identities,
    as_of: date,
    actor: UUID,
    now: Callable[[], datetime],
    values: Mapping[str, Mapping[str, str]] | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    batch_size: int = BATCH,
    after_batch: Callable[[], None] = lambda: None,
) -> ImportRun:
    """Store a sheet's rows as one run, batch by batch, and remember what its headings and values meant.

    Importing the same sheet again, also after a run that was killed, stores only what is not stored yet.
    """
    table, given = read.table, read.given
    with acting_for(institution=institution, purpose="masterdata.import") as scope:
        run = begin_run(
            scope=scope,
            data_set=table.data_set,
            file_name=table.name,
            file_hash=table.file_hash,
            mapping_hash=content_hash({column.heading: column.field for column in table.columns}),
            encoding=table.encoding,
            as_of=as_of,
            given=given,
            actor=actor,
            at=now(),
        )
        # What headings say by themselves needs no memory, and may be understood better later.
        if any(column.how == "given" for column in table.columns) or values:
            said = {heading_key(column.heading): column.field for column in table.columns}
            remember_mapping(
                scope=scope,
                data_set=table.data_set,
                headings=said if any(column.how == "given" for column in table.columns) else {},
                values=values or {},
                actor=actor,
                at=now(),
            )
    for start in range(0, len(given.rows), batch_size):
        with acting_for(institution=institution, purpose="masterdata.import") as scope:
            store_batch(
                scope=scope,
                identities=identities,
                data_set=table.data_set,
                import_run=run,
                rows=given.rows[start : start + batch_size],
                at=now(),
            )
        progress(min(start + batch_size, len(given.rows)), len(given.rows))
        after_batch()
    with acting_for(institution=institution, purpose="masterdata.import") as scope:
        return finish_run(scope=scope, run_id=run.run_id, at=now())
