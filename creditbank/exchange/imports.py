"""Import a sheet of course results: parse first, then hand batches to the service."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from django.db import DatabaseError

from creditbank.domain.results import CourseResult, RefusedRow
from creditbank.domain.values import Text
from creditbank.exchange.mapping import ResultMapping
from creditbank.exchange.results import Reading, read_results
from creditbank.exchange.sheets import RowProblem
from creditbank.gateways.disk import fingerprint
from creditbank.gateways.files import Upload, open_upload
from creditbank.records.results import ImportRun
from creditbank.records.scope import acting_for
from creditbank.services.results.deciding import Deciding
from creditbank.services.results.imports import begin_run, finish_run, leave_run, store_batch

BATCH = 1000


@dataclass(frozen=True, slots=True)
class DryRun:
    """What an import would do, before the rules and the stored results are asked."""

    rows: int
    results: int
    repeated: int
    refused: tuple[RefusedRow, ...]
    encoding: str


def open_results(
    path: Path, mapping: ResultMapping, *, encoding: str | None, at: datetime
) -> tuple[Reading, list[Upload]]:
    """The reading of a sheet whose related sheets lie beside it; the caller closes the uploads.

    Raises:
        SheetProblem, FileRefused: the file is no sheet this program reads, or not one of this mapping.
    """
    opened = [open_upload(path)]

    def related(name: str) -> Upload:
        opened.append(open_upload(path.parent / name))
        return opened[-1]

    return read_results(opened[0], mapping, related, encoding=encoding, today=at.date()), opened


def dry_run(reading: Reading) -> DryRun:
    """Go through the whole sheet and store nothing."""
    refused = tuple(_refused(item) for item in reading if isinstance(item, RowProblem))
    summary = reading.summary
    return DryRun(summary.rows, summary.results, summary.ignored_repeats, refused, summary.encoding)


def import_results(
    *,
    reading: Reading,
    mapping: ResultMapping,
    path: Path,
    institution: UUID,
    actor: UUID,
    now: Callable[[], datetime],
    as_of: date | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    batch_size: int = BATCH,
    after_batch: Callable[[], None] = lambda: None,
) -> ImportRun:
    """Store a sheet of results that lies on this machine; see :func:`import_reading`.

    Args:
        reading: the opened sheet.
        mapping: what made the reading; its digest tells runs of different mappings apart.
        path: the file, named in the report and hashed with its related sheets.
        institution: whose results they are.
        actor: who decided to import.
        now: the clock.
        as_of: the day whose state the sheet shows; with it the sheet corrects what was reported as of earlier days.
        progress: hears rows done and rows in all after each batch.
        batch_size: rows in one transaction.
        after_batch: called after each commit; tests stop the run there.
    """
    related = (path.parent / sheet.file for sheet in mapping.related.values() if sheet.file)
    return import_reading(
        reading=reading,
        mapping_hash=mapping.digest,
        file_name=path.name,
        file_hash=fingerprint(path, *related),
        institution=institution,
        actor=actor,
        now=now,
        as_of=as_of,
        progress=progress,
        batch_size=batch_size,
        after_batch=after_batch,
    )


def import_reading(
    *,
    reading: Reading,
    mapping_hash: str,
    file_name: str,
    file_hash: str,
    institution: UUID,
    actor: UUID,
    now: Callable[[], datetime],
    as_of: date | None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    batch_size: int = BATCH,
    after_batch: Callable[[], None] = lambda: None,
) -> ImportRun:
    """Store a sheet's results batch by batch; each batch is atomic and the run goes on where a killed one stopped.

    Raises:
        BlockingIOError: the same file is being imported by another process at this moment.
    """
    # Faulty rows of related sheets are refused too, so they are part of what there is to do.
    total = reading.summary.rows + reading.summary.related_problems
    with acting_for(institution=institution, purpose="import") as scope:
        run = begin_run(
            scope=scope,
            kind="results",
            file_name=file_name,
            file_hash=file_hash,
            mapping_hash=mapping_hash,
            encoding=reading.summary.encoding,
            rows_total=total,
            actor=actor,
            at=now(),
            as_of=as_of,
        )
    try:
        deciding = Deciding()
        items = result_items(reading)
        done = taken = 0
        # The reading gives the same items in the same order, so what is done is passed over.
        while done < run.rows_done and next(items, None) is not None:
            taken += 1
            done = taken + reading.summary.ignored_repeats
        repeats = reading.summary.ignored_repeats if taken else 0
        while batch := list(itertools.islice(items, batch_size)):
            skipped = reading.summary.ignored_repeats - repeats
            with acting_for(institution=institution, purpose="import") as scope:
                store_batch(scope=scope, import_run=run, items=batch, deciding=deciding, skipped=skipped, at=now())
            repeats += skipped
            taken += len(batch)
            progress(taken + repeats, total)
            after_batch()
        with acting_for(institution=institution, purpose="import") as scope:
            skipped = reading.summary.ignored_repeats - repeats
            return finish_run(scope=scope, run_id=run.run_id, skipped=skipped, at=now())
    finally:
        # A lost connection has lost the run's lock with it; what it was doing is told by the error itself.
        with suppress(DatabaseError), acting_for(institution=institution, purpose="import") as scope:
            leave_run(scope=scope, run_id=run.run_id)


def result_items(reading: Reading) -> Iterator[CourseResult | RefusedRow]:
    """The rows of a reading as the services take them."""
    for item in reading:
        yield _refused(item) if isinstance(item, RowProblem) else item


def _refused(problem: RowProblem) -> RefusedRow:
    facts = {name: value.zh if isinstance(value, Text) else value for name, value in problem.facts.items()}
    if problem.sheet:
        facts["sheet"] = problem.sheet
    return RefusedRow(problem.line, problem.column, problem.code, facts)
