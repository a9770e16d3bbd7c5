"""Import runs of an institution, how far each has come, and the rows it refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from creditbank.domain.access import Actor
from creditbank.domain.values import Hundredths, Text
from creditbank.records.people import Account
from creditbank.records.results import ImportProblem, ImportRun
from creditbank.records.scope import Scope


@dataclass(frozen=True, slots=True)
class Run:
    """One import run; rows are counted, credit is in hundredths."""

    run_id: UUID
    kind: str
    file_name: str
    file_hash: str
    encoding: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    actor: Text
    total: int
    done: int
    stored: int
    repeated: int
    refused: int
    lots: int
    credit: Hundredths


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """Why one row was refused: its line in the file, the column where there is one, and the reason."""

    line: int
    column: str
    code: str
    facts: Mapping[str, Any]


def list_runs(scope: Scope, actor: Actor, *, offset: int = 0, limit: int = 20) -> tuple[tuple[Run, ...], int]:
    """The runs the actor's desk reads, the newest first, and how many there are."""
    rows = _runs(scope, actor)
    total = rows.count()
    start = min(offset, max(0, (total - 1) // limit * limit))
    page = list(rows.order_by("-started_at", "-run_id")[start : start + limit])
    names = _names(scope, page)
    return tuple(_run(row, names) for row in page), total


def find_run(scope: Scope, actor: Actor, run_id: UUID) -> Run | None:
    """One run, when the actor's desk reads it."""
    row = _runs(scope, actor).filter(run_id=run_id).first()
    return _run(row, _names(scope, [row])) if row is not None else None


def list_refused(
    scope: Scope, run_id: UUID, *, code: str = "", offset: int = 0, limit: int = 20
) -> tuple[tuple[RefusedRow, ...], int]:
    """The refused rows of a run in the order of the file, perhaps of one reason only, and how many there are."""
    rows = _problems(scope, run_id)
    if code:
        rows = rows.filter(code=code)
    total = rows.count()
    start = min(offset, max(0, (total - 1) // limit * limit))
    return tuple(_refused(row) for row in rows.order_by("line", "sequence")[start : start + limit]), total


def count_reasons(scope: Scope, run_id: UUID) -> tuple[tuple[str, int], ...]:
    """How many problems of a run have each reason's code, the most frequent first."""
    counts = scope.fetch(
        "SELECT code, count(*) FROM import_problem WHERE institution_id = %s AND run_id = %s"
        " GROUP BY code ORDER BY count(*) DESC, code",
        [scope.institution, run_id],
    )
    return tuple((code, int(count)) for code, count in counts)


def every_refused(scope: Scope, run_id: UUID) -> Iterator[RefusedRow]:
    """All refused rows of a run, read in pieces."""
    for row in _problems(scope, run_id).order_by("line", "sequence").iterator(chunk_size=2000):
        yield _refused(row)


def _runs(scope: Scope, actor: Actor) -> Any:
    """A run concerns learners of every college, so the desk of one college has none."""
    rows = scope.rows(ImportRun).filter(institution_id=scope.institution)
    return rows if actor.college is None else rows.none()


def _problems(scope: Scope, run_id: UUID) -> Any:
    return scope.rows(ImportProblem).filter(institution_id=scope.institution, run_id=run_id)


def _refused(row: ImportProblem) -> RefusedRow:
    return RefusedRow(row.line, row.column, row.code, row.facts)


def _names(scope: Scope, rows: list[Any]) -> Mapping[UUID, Text]:
    people = Account.objects.using(scope.using).filter(pk__in={row.actor_id for row in rows})
    return {person: Text(name, name_en) for person, name, name_en in people.values_list("id", "name", "name_en")}


def _run(row: ImportRun, names: Mapping[UUID, Text]) -> Run:
    return Run(
        run_id=row.run_id,
        kind=row.kind,
        file_name=row.file_name,
        file_hash=row.file_hash,
        encoding=row.encoding,
        state=row.state,
        started_at=row.started_at,
        finished_at=row.finished_at,
        actor=names.get(row.actor_id, Text("")),
        total=row.rows_total,
        done=row.rows_done,
        stored=row.rows_stored,
        repeated=row.rows_repeated,
        refused=row.rows_refused,
        lots=row.lots_posted,
        credit=Hundredths(row.hundredths_posted),
    )
