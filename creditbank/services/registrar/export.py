"""Make an export batch: every posting that waits goes out once, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connections

from creditbank.domain.access import Actor, Thing, may
from creditbank.domain.explanation import Refusal
from creditbank.domain.registrar.lines import Planned, cell_writer, lines_hash, plan_lines
from creditbank.domain.registrar.sheet import RESEND, RegistrarSheet
from creditbank.domain.values import Hundredths
from creditbank.gateways.clock import day_in, new_id
from creditbank.gateways.postgres import run
from creditbank.queries.registrar.batches import institution_code
from creditbank.queries.registrar.waiting import waiting_postings, waiting_resends
from creditbank.records.institutions import Institution
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.operations import note_operation

TURN = "registrar"
"""What work on exports is called where transactions take turns."""
_AT_ONCE = 5000
_NEW_BATCH = """
INSERT INTO export_batch (institution_id, batch_id, number, until, mapping, mapping_hash, actor_id, recorded_at,
  line_count, offset_count, resent_count, hundredths, content_hash)
VALUES (%(institution_id)s, %(batch_id)s, %(number)s, %(until)s, %(mapping)s::jsonb, %(mapping_hash)s, %(actor_id)s,
  %(recorded_at)s, %(line_count)s, %(offset_count)s, %(resent_count)s, %(hundredths)s, %(content_hash)s)
RETURNING number
"""
_NEW_LINES = """
WITH added AS (
  INSERT INTO export_line (institution_id, batch_id, line, learner_id, posting_id, kind, written, hundredths,
    names_batch, names_line, cells)
  SELECT %(institution_id)s::uuid, %(batch_id)s::uuid, line, learner_id, posting_id, kind, written, hundredths,
    names_batch, names_line, cells::jsonb
  FROM unnest(%(line)b::integer[], %(learner_id)b::uuid[], %(posting_id)b::uuid[], %(kind)b::text[],
    %(written)s::boolean[], %(hundredths)b::integer[], %(names_batch)b::uuid[], %(names_line)b::integer[],
    %(cells)b::text[])
    AS one (line, learner_id, posting_id, kind, written, hundredths, names_batch, names_line, cells)
  RETURNING 1
)
SELECT count(*) FROM added
"""


@dataclass(frozen=True, slots=True)
class Made:
    """A batch that was made: its number, the lines of its sheet, and the credit by which it moves the other system."""

    batch_id: UUID
    number: int
    lines: int
    offsets: int
    resent: int
    credit: Hundredths


def make_batch(
    *,
    scope: Scope,
    actor: Actor,
    sheet: RegistrarSheet,
    document: Mapping[str, Any],
    until: date | None,
    at: datetime,
    request_id: str = "",
) -> Made | Refusal:
    """Put every posting recorded up to the end of ``until`` (today, where None) that is in no batch into a new one.

    Whole or not at all: it is one transaction, and two that come together take turns. The database keeps each
    posting's line unique besides. Where nothing would be on the sheet no batch is made.
    ``sheet`` is the mapping, read from ``document``, which is stored with the batch.

    Raises:
        NotVisible: the actor may not export.
        ValueError: the scope acts for no institution.
    """
    if scope.institution is None:
        raise ValueError("only an institution exports its results")
    if refusal := whole_house(scope, actor, "export.make"):
        return refusal
    scope.take_turn(TURN)
    zone = scope.rows(Institution).values_list("zone", flat=True).get(pk=scope.institution)
    today = day_in(at, zone)
    until = until or today
    if until > today:
        return Refusal.because("registrar.until_future", until=until.isoformat())
    batch_id = new_id()
    numbers = "SELECT coalesce(max(number), 0) + 1 FROM export_batch WHERE institution_id = %s"
    number: int = scope.fetch(numbers, [scope.institution])[0][0]
    planned = plan_lines(
        waiting_postings(scope, until=until, leave_out=sheet.leave_out),
        waiting_resends(scope),
        batch_id=batch_id,
        number=number,
        both_of_offset=sheet.both_of_offset,
    )
    if not any(one.written for one in planned):
        return Refusal.because("registrar.nothing", until=until.isoformat())
    made = Made(
        batch_id,
        number,
        lines=sum(one.written for one in planned),
        offsets=sum(not one.written for one in planned),
        resent=sum(one.kind == RESEND for one in planned),
        credit=Hundredths(sum(one.hundredths for one in planned if one.kind != RESEND)),
    )
    write = cell_writer(sheet, institution=institution_code(scope), number=number)
    _store(scope, actor, made, planned, write, sheet, document, until, at)
    note_done(scope=scope, actor=actor, action="export.make", batch_id=batch_id, at=at, request_id=request_id)
    return made


def whole_house(scope: Scope, actor: Actor, permission: str) -> Refusal | None:
    """Refuse the desk of one college what concerns the whole institution.

    Raises:
        NotVisible: the actor has no such permission here at all.
    """
    if may(actor, permission, Thing(None, scope.institution, None)):
        return None
    if actor.college is not None and may(actor, permission, Thing(None, scope.institution, actor.college)):
        return Refusal.because("registrar.whole_house")
    raise NotVisible


def note_done(*, scope: Scope, actor: Actor, action: str, batch_id: UUID, at: datetime, request_id: str) -> None:
    """Write into the operation log what was done with a batch."""
    note_operation(
        scope=scope,
        actor=actor.person,
        action=action,
        outcome="done",
        at=at,
        object_kind="export_batch",
        object_id=batch_id,
        request_id=request_id,
    )


def _store(
    scope: Scope,
    actor: Actor,
    made: Made,
    planned: tuple[Planned, ...],
    write: Callable[[Planned], list[str]],
    sheet: RegistrarSheet,
    document: Mapping[str, Any],
    until: date,
    at: datetime,
) -> None:
    connection = connections[scope.using]
    place = {"institution_id": scope.institution, "batch_id": made.batch_id}
    # Cells are written twice rather than kept: a batch of a whole school has a million of them.
    content = lines_hash((one.line, one.written, write(one)) for one in planned)
    scope.fetch(
        _NEW_BATCH,
        {
            **place,
            "number": made.number,
            "until": until,
            "mapping": json.dumps(document, ensure_ascii=False),
            "mapping_hash": sheet.digest,
            "actor_id": actor.person,
            "recorded_at": at,
            "line_count": made.lines,
            "offset_count": made.offsets,
            "resent_count": made.resent,
            "hundredths": made.credit,
            "content_hash": content,
        },
    )
    for start in range(0, len(planned), _AT_ONCE):
        part = planned[start : start + _AT_ONCE]
        columns = {
            "line": [one.line for one in part],
            "learner_id": [one.waiting.learner_id for one in part],
            "posting_id": [one.waiting.posting_id for one in part],
            "kind": [one.kind for one in part],
            "written": [one.written for one in part],
            "hundredths": [one.hundredths for one in part],
            "names_batch": [one.names.batch_id if one.names else None for one in part],
            "names_line": [one.names.line if one.names else None for one in part],
            "cells": [json.dumps(write(one), ensure_ascii=False) for one in part],
        }
        run(connection, _NEW_LINES, place | columns)
