"""Retire a row of master data with its reason, or take it back."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from creditbank.domain.explanation import Refusal
from creditbank.domain.masterdata.declaration import DataSet
from creditbank.domain.masterdata.facts import Stated, Verdict, judge
from creditbank.records.scope import Scope
from creditbank.services.masterdata.facts import StatedRow, store_facts
from creditbank.services.masterdata.inheritance import is_handed_down, refusal_of
from creditbank.services.masterdata.rows import rows_of, take_turn
from creditbank.services.operations import note_operation

REASON = "retired_reason"
"""Where a fact says why; no data set declares a field of this name, so no sheet can state it."""


def retire_with_reason(
    *, scope: Scope, data_set: DataSet, key: str, retired: bool, reason: str, as_of: date, actor: UUID, at: datetime
) -> StatedRow | Refusal:
    """State that a row is retired, or in use again, and why; its history and what hangs on it stay.

    An open row from a level above is retired for this institution alone.
    """
    take_turn(scope)
    known = rows_of(scope, data_set, [key]).get(key)
    if known is None and not is_handed_down(scope, data_set, key, as_of):
        return Refusal.because("masterdata.no_row", key=key)
    held = refusal_of(scope, data_set, key, {"retired": retired}, as_of)
    if held is not None:
        return held
    content = {"retired": retired, REASON: reason.strip()[:400]}
    if known is None:
        content[data_set.key[0]] = key
    verdict, changes, older = judge(known[0] if known else None, Stated(as_of, content, typed_at=at))
    if verdict is not Verdict.SAME:
        store_facts(
            scope=scope, data_set=data_set, stated=[(key, content, None)], as_of=as_of, run_id=None, actor=actor, at=at
        )
    action = "masterdata.retire" if retired else "masterdata.restore"
    note_operation(scope=scope, actor=actor, action=action, outcome=verdict.value, at=at)
    return StatedRow(key, verdict, changes, older)
