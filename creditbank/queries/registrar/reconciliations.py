"""Results of returned sheets: which there are, their counts, and what each row came to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.access import Actor
from creditbank.domain.values import Text
from creditbank.queries.registrar.batches import document_of
from creditbank.records.people import Account
from creditbank.records.scope import Scope

_ALL = (
    "SELECT reconciliation_id, batch_id, file_name, file_hash, encoding, status_head, sheet_on, actor_id, recorded_at"
    " FROM reconciliation WHERE institution_id = %s AND batch_id = %s"
)
_LINES = (
    "SELECT sequence, outcome, sheet_row, voucher, batch_id, line, reason, detail FROM reconciliation_line"
    " WHERE institution_id = %(institution)s AND reconciliation_id = %(of)s"
    " AND (%(outcome)s = '' OR outcome = %(outcome)s) ORDER BY sequence"
)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """One returned sheet: its file, its own day, who brought it, and how many lines came to what."""

    reconciliation_id: UUID
    batch_id: UUID
    file_name: str
    file_hash: str
    encoding: str
    status_head: str
    sheet_on: date
    actor: Text
    recorded_at: datetime
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class FoundLine:
    """What one row of a returned sheet came to, or one line it lacks; ``row`` counts from 1 as its program does."""

    sequence: int
    outcome: str
    row: int | None
    voucher: str
    batch_id: UUID | None
    line: int | None
    reason: str
    detail: Mapping[str, Any]


def list_reconciliations(scope: Scope, actor: Actor, batch_id: UUID) -> tuple[Reconciliation, ...]:
    """The sheets that came back for a batch, the one that decides first."""
    if actor.college is not None:
        return ()
    rows = scope.fetch(_ALL + " ORDER BY sheet_on DESC, recorded_at DESC", [scope.institution, batch_id])
    return _read(scope, rows)


def find_reconciliation(scope: Scope, actor: Actor, batch_id: UUID, reconciliation_id: UUID) -> Reconciliation | None:
    """One of them, when the actor's desk reads it."""
    if actor.college is not None:
        return None
    sql = _ALL + " AND reconciliation_id = %s"
    found = _read(scope, scope.fetch(sql, [scope.institution, batch_id, reconciliation_id]))
    return found[0] if found else None


def list_findings(
    scope: Scope, reconciliation_id: UUID, *, outcome: str = "", offset: int = 0, limit: int = 20
) -> tuple[FoundLine, ...]:
    """What the rows came to, in order, perhaps of one outcome only."""
    values = {"institution": scope.institution, "of": reconciliation_id, "outcome": outcome}
    rows = scope.fetch(_LINES + " OFFSET %(offset)s LIMIT %(limit)s", values | {"offset": offset, "limit": limit})
    return tuple(_found(row) for row in rows)


def every_finding(scope: Scope, reconciliation_id: UUID, *, outcome: str = "") -> Iterator[FoundLine]:
    """All of them, for a sheet."""
    values = {"institution": scope.institution, "of": reconciliation_id, "outcome": outcome}
    yield from (_found(row) for row in scope.fetch(_LINES, values))


def _found(row: tuple[Any, ...]) -> FoundLine:
    sequence, outcome, sheet_row, voucher, batch, line, reason, detail = row
    return FoundLine(sequence, outcome, sheet_row, voucher, batch, line, reason, document_of(detail))


def _read(scope: Scope, rows: Sequence[tuple[Any, ...]]) -> tuple[Reconciliation, ...]:
    people = Account.objects.using(scope.using).filter(pk__in={row[7] for row in rows})
    names = {person: Text(name, name_en) for person, name, name_en in people.values_list("id", "name", "name_en")}
    counted: dict[UUID, dict[str, int]] = {row[0]: {} for row in rows}
    for of, outcome, count in scope.fetch(
        "SELECT reconciliation_id, outcome, count(*) FROM reconciliation_line"
        " WHERE institution_id = %s AND reconciliation_id = ANY(%s) GROUP BY 1, 2",
        [scope.institution, list(counted)],
    ):
        counted[of][outcome] = int(count)
    return tuple(
        Reconciliation(
            of,
            batch,
            file_name,
            file_hash,
            encoding,
            status_head,
            sheet_on,
            names.get(actor, Text("")),
            at,
            counted[of],
        )
        for of, batch, file_name, file_hash, encoding, status_head, sheet_on, actor, at in rows
    )
