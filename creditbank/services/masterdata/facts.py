"""State a row of master data in a form, retire it, and say who keeps a data set."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.explanation import Line, Refusal, Verdict
from creditbank.domain.masterdata import facts
from creditbank.domain.masterdata.declaration import DataSet, Kind
from creditbank.domain.masterdata.facts import Change, Stated
from creditbank.domain.masterdata.reading import Fault, Value, read_record
from creditbank.gateways.clock import new_ids
from creditbank.gateways.identities import Identities
from creditbank.queries.masterdata.inheritance import tables_on
from creditbank.records.masterdata import DataSource
from creditbank.records.scope import Scope
from creditbank.services.masterdata.inheritance import refusal_of
from creditbank.services.masterdata.rows import renew_rows, rows_of, run_for, take_turn
from creditbank.services.masterdata.statements import NEW_FACTS
from creditbank.services.operations import note_operation

_ENCODE = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class StatedRow:
    """What typing a row did: its key, what changed, and what stays although it was typed otherwise."""

    key: str
    verdict: facts.Verdict
    changes: tuple[Change, ...]
    older: tuple[Change, ...]


def sealed(identities: Identities, data_set: DataSet, content: Mapping[str, Value]) -> dict[str, Any]:
    """A content as facts store it: identity numbers sealed, everything else as it is."""
    stored: dict[str, Any] = dict(content)
    for field in data_set.fields:
        number = stored.get(field.name)
        if field.kind is Kind.PERSON_ID and isinstance(number, str):
            stored[field.name] = identities.stored(number)
    return stored


def state_row(
    *,
    scope: Scope,
    identities: Identities,
    data_set: DataSet,
    texts: Mapping[str, str],
    as_of: date,
    actor: UUID,
    at: datetime,
    cleared: Collection[str] = (),
) -> StatedRow | Refusal:
    """Store what a form says of one row, as of a day.

    Args:
        scope: acts for the institution.
        identities: seals identity numbers.
        data_set: what the row is of.
        texts: the form's texts by field; an empty one states nothing.
        as_of: the day whose state it is.
        actor: who typed it.
        at: the moment.
        cleared: fields that are stated to be empty; those of the key cannot be.

    Returns:
        What changed, or the refusal with a line for each faulty field, whose ``field`` fact names it.
    """
    tables = tables_on(scope, as_of) if any(field.table for field in data_set.fields) else {}
    read = read_record(data_set, texts, today=at.date(), tables=tables)
    if isinstance(read, tuple):
        return Refusal(tuple(_line(data_set, fault) for fault in read))
    empty = {name: None for name in cleared if name not in data_set.key and not texts.get(name, "").strip()}
    held = refusal_of(scope, data_set, read.key, dict(read.content) | empty, as_of)
    if held is not None:
        return held
    content = sealed(identities, data_set, dict(read.content) | empty)
    take_turn(scope)
    return _store(scope, data_set, read.key, content, as_of, actor, at)


def retire_row(
    *, scope: Scope, data_set: DataSet, key: str, retired: bool, as_of: date, actor: UUID, at: datetime
) -> StatedRow | Refusal:
    """Retire a row explicitly, or take it back; its history and what hangs on it stay."""
    take_turn(scope)
    if key not in rows_of(scope, data_set, [key]):
        return Refusal.because("masterdata.no_row", key=key)
    held = refusal_of(scope, data_set, key, {"retired": retired}, as_of)
    if held is not None:
        return held
    return _store(scope, data_set, key, {"retired": retired}, as_of, actor, at)


def store_facts(
    *,
    scope: Scope,
    data_set: DataSet,
    stated: Sequence[tuple[str, Mapping[str, Any], int | None]],
    as_of: date,
    run_id: UUID | None,
    actor: UUID,
    at: datetime,
) -> None:
    """Add facts, each a key, its content as stored and its line in the sheet; rows are made anew afterwards."""
    run_for(
        scope,
        NEW_FACTS,
        data_set=data_set.code,
        key=[key for key, _content, _line in stated],
        fact_id=new_ids(len(stated)),
        line=[line for _key, _content, line in stated],
        content=[_ENCODE(content) for _key, content, _line in stated],
        as_of=as_of,
        at=at,
        run_id=run_id,
        actor_id=actor,
    )
    renew_rows(scope=scope, data_set=data_set, keys=[key for key, _content, _line in stated], at=at)


def set_source(
    *,
    scope: Scope,
    data_set: DataSet,
    owner: str,
    contact: str,
    every_days: int | None,
    note: str,
    actor: UUID,
    at: datetime,
    term_day: int | None = None,
) -> DataSource:
    """Say which department keeps a data set true, how it is reached, and how often it refreshes it.

    ``every_days`` counts from the newest data, ``term_day`` from the first day of each term as 1.
    """
    take_turn(scope)
    values = {
        "owner": owner.strip()[:200],
        "contact": contact.strip()[:200],
        "every_days": every_days,
        "term_day": term_day,
        "note": note.strip()[:500],
        "actor_id": actor,
        "recorded_at": at,
    }
    stored: DataSource
    stored, _made = scope.rows(DataSource).update_or_create(
        institution_id=scope.institution, data_set=data_set.code, defaults=values
    )
    note_operation(scope=scope, actor=actor, action="masterdata.set_source", outcome="done", at=at)
    return stored


def _store(
    scope: Scope,
    data_set: DataSet,
    key: str,
    content: Mapping[str, Any],
    as_of: date,
    actor: UUID,
    at: datetime,
) -> StatedRow:
    known = rows_of(scope, data_set, [key]).get(key)
    verdict, changes, older = facts.judge(known[0] if known else None, Stated(as_of, content, typed_at=at))
    if verdict is not facts.Verdict.SAME:
        store_facts(
            scope=scope, data_set=data_set, stated=[(key, content, None)], as_of=as_of, run_id=None, actor=actor, at=at
        )
    note_operation(scope=scope, actor=actor, action=f"masterdata.{data_set.code}", outcome=verdict.value, at=at)
    return StatedRow(key, verdict, changes, older)


def _line(data_set: DataSet, fault: Fault) -> Line:
    return Line(fault.code, Verdict.NO, {"field": data_set.field(fault.field).label, **fault.facts})
