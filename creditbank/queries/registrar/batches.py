"""Export batches: the list, one batch with its lines, and how each line stands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.access import Actor
from creditbank.domain.registrar.sheet import RegistrarSheet, read_registrar_sheet
from creditbank.domain.values import Hundredths, Text
from creditbank.records.institutions import Institution
from creditbank.records.people import Account
from creditbank.records.scope import Scope

_BATCH = (
    "SELECT batch_id, number, until, mapping, mapping_hash, actor_id, recorded_at, line_count, offset_count,"
    " resent_count, hundredths FROM export_batch WHERE institution_id = %s"
)
# The last sheet that spoke of a line decides, by the sheet's own day and then by when it arrived. A look for each line
# by its index: joined as a whole, it was once planned on empty tables as every line against every line.
STANDING = """
LEFT JOIN LATERAL (
  SELECT said.outcome, said.reason, said.detail, reconciliation.sheet_on
  FROM reconciliation_line said JOIN reconciliation USING (institution_id, reconciliation_id)
  WHERE said.institution_id = sent.institution_id AND said.batch_id = sent.batch_id AND said.line = sent.line
    AND said.outcome <> 'unread'
  ORDER BY reconciliation.sheet_on DESC, reconciliation.recorded_at DESC, said.sequence LIMIT 1
) AS standing ON true
"""
_STANDINGS = f"""
SELECT sent.line, sent.kind, sent.hundredths, sent.names_batch, sent.names_line, sent.cells, sent.learner_id,
  sent.posting_id, standing.outcome, standing.reason, standing.detail, standing.sheet_on,
  again.batch_id, again.line, asked.line IS NOT NULL
FROM export_line sent {STANDING}
LEFT JOIN export_line again ON again.institution_id = sent.institution_id AND again.kind = 'resend'
  AND again.names_batch = sent.batch_id AND again.names_line = sent.line
LEFT JOIN export_resend asked ON asked.institution_id = sent.institution_id AND asked.batch_id = sent.batch_id
  AND asked.line = sent.line
WHERE sent.institution_id = %(institution)s AND sent.batch_id = %(batch)s AND sent.written
"""  # noqa: S608 - the inner query is the constant above
_COUNTED = f"""
SELECT coalesce(standing.outcome, 'waiting'), count(*)
FROM export_line sent {STANDING}
WHERE sent.institution_id = %(institution)s AND sent.batch_id = %(batch)s AND sent.written GROUP BY 1
"""  # noqa: S608 - the inner query is the constant above
_NARROWED = " AND (%(outcome)s = '' OR coalesce(standing.outcome, 'waiting') = %(outcome)s)"


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch; ``lines`` are those of its sheet, ``offsets`` postings it carries unseen; credit in hundredths."""

    batch_id: UUID
    number: int
    until: date
    mapping: Mapping[str, Any]
    mapping_hash: str
    actor: Text
    recorded_at: datetime
    lines: int
    offsets: int
    resent: int
    credit: Hundredths

    @property
    def sheet(self) -> RegistrarSheet:
        """The mapping by which it was written."""
        return read_registrar_sheet(self.mapping)


@dataclass(frozen=True, slots=True)
class SentRow:
    """A line as it went out and how it stands; ``outcome`` is empty where no sheet has spoken of it yet."""

    line: int
    kind: str
    hundredths: int
    names: tuple[UUID, int] | None
    cells: Sequence[str]
    learner_id: UUID
    posting_id: UUID
    outcome: str
    reason: str
    detail: Mapping[str, Any]
    sheet_on: date | None
    resent_as: tuple[UUID, int] | None
    resend_asked: bool


def list_batches(scope: Scope, actor: Actor, *, offset: int = 0, limit: int = 20) -> tuple[tuple[Batch, ...], int]:
    """The batches of the actor's institution, the newest first, and how many there are.

    A batch concerns learners of every college, so the desk of one college has none.
    """
    if actor.college is not None:
        return (), 0
    total = scope.fetch("SELECT count(*) FROM export_batch WHERE institution_id = %s", [scope.institution])[0][0]
    start = min(offset, max(0, (total - 1) // limit * limit))
    rows = scope.fetch(_BATCH + " ORDER BY number DESC OFFSET %s LIMIT %s", [scope.institution, start, limit])
    return _batches(scope, rows), total


def find_batch(scope: Scope, actor: Actor, batch_id: UUID) -> Batch | None:
    """One batch, when the actor's desk reads it."""
    if actor.college is not None:
        return None
    found = _batches(scope, scope.fetch(_BATCH + " AND batch_id = %s", [scope.institution, batch_id]))
    return found[0] if found else None


def numbered_batch(scope: Scope, number: int) -> Batch | None:
    """The institution's batch of that number."""
    found = _batches(scope, scope.fetch(_BATCH + " AND number = %s", [scope.institution, number]))
    return found[0] if found else None


def last_mapping(scope: Scope) -> dict[str, Any] | None:
    """The mapping document of the newest batch."""
    rows = scope.fetch(
        "SELECT mapping FROM export_batch WHERE institution_id = %s ORDER BY number DESC LIMIT 1", [scope.institution]
    )
    return document_of(rows[0][0]) if rows else None


def batch_cells(scope: Scope, batch_id: UUID) -> Iterator[list[str]]:
    """The cells of a batch's sheet, line by line, as they were when it was made; read as they are asked for."""
    rows = scope.stream(
        "SELECT cells FROM export_line WHERE institution_id = %s AND batch_id = %s AND written ORDER BY line",
        [scope.institution, batch_id],
    )
    return (document_of(row[0]) for row in rows)


def institution_code(scope: Scope) -> str:
    """The code of the scope's institution, the beginning of its vouchers."""
    return str(scope.rows(Institution).values_list("code", flat=True).get(pk=scope.institution))


def count_standings(scope: Scope, batch_id: UUID) -> dict[str, int]:
    """How many lines of a batch stand how; ``waiting`` are those no sheet has spoken of."""
    rows = scope.fetch(_COUNTED, {"institution": scope.institution, "batch": batch_id})
    return {outcome: int(count) for outcome, count in rows}


def list_lines(
    scope: Scope, batch_id: UUID, *, outcome: str = "", offset: int = 0, limit: int = 20
) -> tuple[SentRow, ...]:
    """The lines of a batch's sheet in order, perhaps only those that stand so."""
    values = {"institution": scope.institution, "batch": batch_id, "outcome": outcome, "offset": offset, "limit": limit}
    sql = _STANDINGS + _NARROWED + " ORDER BY sent.line OFFSET %(offset)s LIMIT %(limit)s"
    return tuple(_sent(row) for row in scope.fetch(sql, values))


def every_line(scope: Scope, batch_id: UUID, *, outcome: str) -> tuple[SentRow, ...]:
    """All lines of a batch's sheet that stand so, in order."""
    values = {"institution": scope.institution, "batch": batch_id, "outcome": outcome}
    return tuple(_sent(row) for row in scope.fetch(_STANDINGS + _NARROWED + " ORDER BY sent.line", values))


def lines_of(scope: Scope, batch_id: UUID, lines: Sequence[int]) -> tuple[SentRow, ...]:
    """Some lines of a batch's sheet."""
    values = {"institution": scope.institution, "batch": batch_id, "lines": list(lines)}
    return tuple(_sent(row) for row in scope.fetch(_STANDINGS + " AND sent.line = ANY(%(lines)s)", values))


def batch_numbers(scope: Scope, batches: Sequence[UUID]) -> dict[UUID, int]:
    """The number of each batch."""
    return dict(
        scope.fetch(
            "SELECT batch_id, number FROM export_batch WHERE institution_id = %s AND batch_id = ANY(%s)",
            [scope.institution, list(batches)],
        )
    )


def _sent(row: tuple[Any, ...]) -> SentRow:
    line, kind, hundredths, names_batch, names_line, cells, learner, posting, *said = row
    outcome, reason, detail, sheet_on, again_batch, again_line, asked = said
    return SentRow(
        line=line,
        kind=kind,
        hundredths=hundredths,
        names=(names_batch, names_line) if names_batch is not None else None,
        cells=document_of(cells),
        learner_id=learner,
        posting_id=posting,
        outcome=outcome or "",
        reason=reason or "",
        detail=document_of(detail) if detail is not None else {},
        sheet_on=sheet_on,
        resent_as=(again_batch, again_line) if again_batch is not None else None,
        resend_asked=asked,
    )


def document_of(value: Any) -> Any:
    """The data of a JSON column: Django's connections give it as text."""
    return json.loads(value) if isinstance(value, str) else value


def _batches(scope: Scope, rows: Sequence[tuple[Any, ...]]) -> tuple[Batch, ...]:
    people = Account.objects.using(scope.using).filter(pk__in={row[5] for row in rows})
    names = {person: Text(name, name_en) for person, name, name_en in people.values_list("id", "name", "name_en")}
    return tuple(
        Batch(
            batch_id=batch,
            number=number,
            until=until,
            mapping=document_of(mapping),
            mapping_hash=mapping_hash,
            actor=names.get(actor, Text("")),
            recorded_at=at,
            lines=lines,
            offsets=offsets,
            resent=resent,
            credit=Hundredths(int(hundredths)),
        )
        for batch, number, until, mapping, mapping_hash, actor, at, lines, offsets, resent, hundredths in rows
    )
