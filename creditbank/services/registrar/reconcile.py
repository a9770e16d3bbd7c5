"""Keep what a returned sheet says of the lines sent, and set lines to be sent again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connections

from creditbank.domain.access import Actor
from creditbank.domain.explanation import Refusal
from creditbank.domain.registrar.compare import Finding, Outcome, ReturnedRow, SentLine, compare_lines
from creditbank.domain.registrar.lines import parse_voucher, voucher_of
from creditbank.domain.registrar.sheet import DAYS, NUMBERS, RegistrarSheet
from creditbank.gateways.clock import new_id
from creditbank.gateways.postgres import run
from creditbank.queries.registrar.batches import (
    Batch,
    batch_cells,
    find_batch,
    institution_code,
    lines_of,
    numbered_batch,
)
from creditbank.queries.registrar.waiting import reversed_deposits
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.registrar.export import TURN, note_done, whole_house

_AT_ONCE = 5000
MOST_BATCHES = 200
"""A returned sheet may speak of lines of other batches too, but not of any number of them."""

_KNOWN = """
SELECT reconciliation_id FROM reconciliation
WHERE institution_id = %s AND batch_id = %s AND file_hash = %s AND mapping_hash = %s
"""
_NEW = """
INSERT INTO reconciliation (institution_id, reconciliation_id, batch_id, file_name, file_hash, mapping_hash, encoding,
  status_head, sheet_on, actor_id, recorded_at)
VALUES (%(institution_id)s, %(reconciliation_id)s, %(batch)s, %(file_name)s, %(file_hash)s, %(mapping_hash)s,
  %(encoding)s, %(status_head)s, %(sheet_on)s, %(actor_id)s, %(recorded_at)s)
RETURNING 1
"""
_NEW_LINES = """
WITH added AS (
  INSERT INTO reconciliation_line (institution_id, reconciliation_id, sequence, outcome, sheet_row, voucher, batch_id,
    line, reason, detail)
  SELECT %(institution_id)s::uuid, %(reconciliation_id)s::uuid, sequence, outcome, sheet_row, voucher, batch_id, line,
    reason, detail::jsonb
  FROM unnest(%(sequence)b::integer[], %(outcome)b::text[], %(sheet_row)b::integer[], %(voucher)b::text[],
    %(batch_id)b::uuid[], %(line)b::integer[], %(reason)b::text[], %(detail)b::text[])
    AS one (sequence, outcome, sheet_row, voucher, batch_id, line, reason, detail)
  RETURNING 1
)
SELECT count(*) FROM added
"""
_NEW_RESEND = """
INSERT INTO export_resend (institution_id, batch_id, line, actor_id, recorded_at)
SELECT %s, %s, unnest(%s::integer[]), %s, %s RETURNING line
"""


@dataclass(frozen=True, slots=True)
class ReturnedSheet:
    """A sheet that came back, read: its rows, the rows that could not be read, and what file it was.

    ``status_head`` is the heading of the column that said accepted or refused, empty where there was none.
    """

    file_name: str
    file_hash: str
    encoding: str
    status_head: str
    rows: Sequence[ReturnedRow]
    unread: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class Kept:
    """Where the result of a returned sheet is kept; ``repeated`` when this file had been taken in before."""

    reconciliation_id: UUID
    repeated: bool


def keep_returned(
    *,
    scope: Scope,
    actor: Actor,
    batch_id: UUID,
    sheet: RegistrarSheet,
    returned: ReturnedSheet,
    sheet_on: date,
    at: datetime,
    request_id: str = "",
) -> Kept:
    """Compare a returned sheet with what was sent and keep the result; the same file again changes nothing.

    Every line of the batch that the sheet does not name is missing; rows may also name lines of other batches.
    ``sheet`` is the mapping by which it was read; with the file it is what makes it the same upload. ``sheet_on`` is
    the sheet's own day; of several sheets the latest decides, whenever it arrives.

    Raises:
        NotVisible: there is no such batch for this actor.
    """
    batch = _opened(scope, actor, batch_id)
    scope.take_turn(TURN)
    known = scope.fetch(_KNOWN, [scope.institution, batch_id, returned.file_hash, sheet.digest])
    if known:
        return Kept(known[0][0], repeated=True)
    sent, expected = _sent(scope, batch, returned.rows)
    findings = (*returned.unread, *compare_lines(returned.rows, sent, expected, blind=len(returned.unread)))
    kept = Kept(new_id(), repeated=False)
    scope.fetch(
        _NEW,
        {
            "institution_id": scope.institution,
            "reconciliation_id": kept.reconciliation_id,
            "batch": batch_id,
            "file_name": returned.file_name,
            "file_hash": returned.file_hash,
            "mapping_hash": sheet.digest,
            "encoding": returned.encoding,
            "status_head": returned.status_head,
            "sheet_on": sheet_on,
            "actor_id": actor.person,
            "recorded_at": at,
        },
    )
    _store(scope, kept.reconciliation_id, findings)
    note_done(scope=scope, actor=actor, action="export.reconcile", batch_id=batch_id, at=at, request_id=request_id)
    return kept


def ask_resend(
    *, scope: Scope, actor: Actor, batch_id: UUID, lines: Sequence[int], at: datetime, request_id: str = ""
) -> int | Refusal:
    """Set refused or missing lines to go out again with the next batch; how many they are, or why none of them.

    A person asks for it; nothing is ever sent again by itself.

    Raises:
        NotVisible: there is no such batch or line for this actor.
    """
    batch = _opened(scope, actor, batch_id)
    if not lines:
        return Refusal.because("registrar.no_selection")
    scope.take_turn(TURN)
    chosen = lines_of(scope, batch_id, lines)
    if len(chosen) != len(set(lines)):
        raise NotVisible
    reversed_since = reversed_deposits(scope, [(one.learner_id, one.posting_id) for one in chosen])
    code = institution_code(scope)
    for one in chosen:
        voucher = voucher_of(code, batch.number, one.line)
        if one.resend_asked:
            return Refusal.because("registrar.already_resent", voucher=voucher)
        if one.outcome not in (Outcome.REFUSED, Outcome.MISSING):
            return Refusal.because("registrar.not_sent_back", voucher=voucher)
        if one.posting_id in reversed_since:
            return Refusal.because("registrar.resend_reversed", voucher=voucher)
    asked = scope.fetch(_NEW_RESEND, [scope.institution, batch_id, [one.line for one in chosen], actor.person, at])
    note_done(scope=scope, actor=actor, action="export.resend", batch_id=batch_id, at=at, request_id=request_id)
    return len(asked)


def _opened(scope: Scope, actor: Actor, batch_id: UUID) -> Batch:
    """The batch, for a desk that may take its answer in.

    Raises:
        NotVisible: there is no such batch for this actor.
    """
    batch = find_batch(scope, actor, batch_id)
    if batch is None or whole_house(scope, actor, "export.make") is not None:
        raise NotVisible
    return batch


def _sent(scope: Scope, batch: Batch, rows: Sequence[ReturnedRow]) -> tuple[dict[str, SentLine], list[str]]:
    """Every line of the batch and of the other batches that rows name, by voucher; and the vouchers of the batch."""
    code = institution_code(scope)
    named = {parsed[0] for row in rows if (parsed := parse_voucher(code, row.voucher))} - {batch.number}
    others = (numbered_batch(scope, number) for number in sorted(named)[:MOST_BATCHES])
    sent: dict[str, SentLine] = {}
    expected: list[str] = []
    for one in (batch, *(found for found in others if found is not None)):
        for voucher, line in _lines(scope, one, code):
            sent[voucher] = line
            if one is batch:
                expected.append(voucher)
    return sent, expected


def _lines(scope: Scope, batch: Batch, code: str) -> list[tuple[str, SentLine]]:
    sheet = batch.sheet
    numbers = frozenset(column.head for column in sheet.columns if column.field in NUMBERS)
    numbers |= frozenset(column.head for column in sheet.columns if column.field == "grade")
    days = frozenset(column.head for column in sheet.columns if column.field in DAYS)
    heads = sheet.heads
    # The lines that a sheet shows come first and are numbered without a gap.
    return [
        (
            voucher_of(code, batch.number, line),
            SentLine(batch.batch_id, line, dict(zip(heads, cells, strict=True)), numbers, days),
        )
        for line, cells in enumerate(batch_cells(scope, batch.batch_id), 1)
    ]


def _store(scope: Scope, reconciliation_id: UUID, findings: Sequence[Finding]) -> None:
    place = {"institution_id": scope.institution, "reconciliation_id": reconciliation_id}
    for start in range(0, len(findings), _AT_ONCE):
        part = findings[start : start + _AT_ONCE]
        columns: dict[str, list[Any]] = {
            "sequence": list(range(start + 1, start + len(part) + 1)),
            "outcome": [one.outcome.value for one in part],
            "sheet_row": [one.row for one in part],
            "voucher": [one.voucher for one in part],
            "batch_id": [one.sent.batch_id if one.sent else None for one in part],
            "line": [one.sent.line if one.sent else None for one in part],
            "reason": [one.reason for one in part],
            "detail": [json.dumps(dict(one.detail), ensure_ascii=False) for one in part],
        }
        run(connections[scope.using], _NEW_LINES, place | columns)
