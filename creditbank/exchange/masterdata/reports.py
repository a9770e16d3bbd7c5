"""The row report of a dry run, kept sealed beside its sheet until the bank or the mapping changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from creditbank.domain.canonical import content_hash
from creditbank.domain.explanation import Line, from_data, to_data
from creditbank.domain.masterdata.declaration import DataSet
from creditbank.domain.masterdata.facts import Change, Verdict
from creditbank.domain.results import RefusedRow
from creditbank.exchange.masterdata.reading import Note
from creditbank.gateways import staging
from creditbank.gateways.bank import Bank
from creditbank.queries.masterdata.standing import standing_of_data
from creditbank.records.scope import Scope
from creditbank.services.masterdata.imports import JudgedRow, Plan

REFUSED, MISSING = "refused", "missing"
_SHAPE = 1
"""Raised when reports are written otherwise, so that none of the former shape is read."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a dry run found: how many rows of each kind, and any page of them without the rest.

    A kind is a verdict, ``refused`` or ``missing``.
    """

    counts: Mapping[str, int]
    """By kind; refused rows are counted by line."""
    repeated: int
    stored: int
    """How many rows the sheet would state."""
    notes: tuple[Note, ...]
    lines: Mapping[str, int]
    """By kind how many entries are listed; of a refused row there may be several."""
    read: Callable[[str], Sequence[bytes]]
    """The entries of a kind as they are kept."""

    def page(self, kind: str, offset: int = 0, limit: int | None = None) -> list[Any]:
        """Entries of a kind: judged rows, refused rows, or key and label of missing ones."""
        if not self.lines.get(kind):
            return []
        made: Callable[[Any], Any] = _READERS.get(kind, _judged)
        return [made(json.loads(one)) for one in self.read(kind)[offset:][:limit]]


def kept_report(bank: Bank, scope: Scope, sheet: UUID, mark: str) -> Report | None:
    """The report that was kept of a sheet, if it was made under this mark.

    Args:
        bank: where sheets are kept.
        scope: acts for the institution that uploaded it.
        sheet: the upload.
        mark: from :func:`mark_of`.
    """
    assert scope.institution is not None
    stored = staging.report_of(bank, scope.institution, sheet, "head")
    head = json.loads(stored) if stored is not None else {}
    if head.get("mark") != mark:
        return None
    return _report(bank, scope.institution, sheet, head)


def keep_report(bank: Bank, scope: Scope, sheet: UUID, mark: str, plan: Plan, notes: Iterable[Note]) -> Report:
    """Keep the report of a plan in place of a former one."""
    assert scope.institution is not None
    groups: dict[str, list[Any]] = {verdict.value: [] for verdict in Verdict}
    for row in plan.judged:
        groups[row.verdict.value].append(
            [row.line, row.key, row.label, row.verdict.value, _changes(row.changes), _changes(row.older), row.known]
        )
    groups[REFUSED] = [[one.line, one.column, *to_data((Line(one.code, facts=one.facts),))] for one in plan.refused]
    groups[MISSING] = [list(one) for one in plan.missing]
    counts = {kind: len(found) for kind, found in groups.items()}
    head = {
        "mark": mark,
        "counts": counts | {REFUSED: len({one.line for one in plan.refused})},
        "lines": counts,
        "repeated": plan.repeated,
        "stored": len(plan.judged),
        "notes": to_data(tuple(Line(note.code, facts=note.facts) for note in notes)),
    }
    for kind, found in groups.items():
        lines = b"\n".join(json.dumps(one, ensure_ascii=False).encode() for one in found)
        staging.keep_report(bank, scope.institution, sheet, kind, lines)
    # The head comes last: a report whose writing was cut off has none, or one of another mark.
    staging.keep_report(bank, scope.institution, sheet, "head", json.dumps(head, ensure_ascii=False).encode())
    return _report(bank, scope.institution, sheet, head)


def mark_of(
    scope: Scope,
    data_set: DataSet,
    *,
    given: Mapping[str, str] | None,
    values: Mapping[str, Any],
    as_of: date,
    today: date,
) -> str:
    """What a report rests on beside its sheet: what was said of it, the days, and the state of the bank."""
    said = {"given": dict(given) if given is not None else None, "values": dict(values)}
    asked = [_SHAPE, data_set.code, json.dumps(said, sort_keys=True), as_of.isoformat(), today.isoformat()]
    return content_hash([*asked, standing_of_data(scope, data_set)])


def _report(bank: Bank, institution: UUID, sheet: UUID, head: Mapping[str, Any]) -> Report:
    def read(kind: str) -> Sequence[bytes]:
        return (staging.report_of(bank, institution, sheet, kind) or b"").split(b"\n")

    notes = tuple(Note(line.code, dict(line.facts)) for line in from_data(head["notes"]))
    return Report(head["counts"], head["repeated"], head["stored"], notes, head["lines"], read)


def _changes(changes: Iterable[Change]) -> list[list[Any]]:
    return [[one.field, one.old, one.new] for one in changes]


def _judged(said: list[Any]) -> JudgedRow:
    line, key, label, verdict, changes, older, known = said
    read = [tuple(Change(*one) for one in found) for found in (changes, older)]
    return JudgedRow(line, key, label, Verdict(verdict), read[0], read[1], known, {})


def _refused(said: list[Any]) -> RefusedRow:
    line, column, reason = said
    (found,) = from_data([reason])
    return RefusedRow(line, column, found.code, dict(found.facts))


def _missing(said: list[str]) -> tuple[str, str]:
    key, label = said
    return key, label


_READERS: Mapping[str, Callable[[Any], Any]] = {REFUSED: _refused, MISSING: _missing}
