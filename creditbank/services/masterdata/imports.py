"""Import a sheet of master data: plan it, apply it in batches as one run, revert the run."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Max

from creditbank.domain.explanation import Line, Refusal
from creditbank.domain.masterdata.declaration import DataSet
from creditbank.domain.masterdata.facts import Change, Row, Stated, Verdict, canonical, judge
from creditbank.domain.masterdata.inheritance import inherits
from creditbank.domain.masterdata.reading import Record
from creditbank.domain.masterdata.sets import STUDENTS, data_set_named
from creditbank.domain.results import RefusedRow
from creditbank.domain.values import Text
from creditbank.gateways.clock import new_id
from creditbank.gateways.identities import Identities
from creditbank.queries.masterdata.inheritance import inheritance_of
from creditbank.records.masterdata import SheetMapping
from creditbank.records.people import Enrolment
from creditbank.records.results import ImportProblem, ImportRun
from creditbank.records.scope import Scope
from creditbank.services.masterdata.facts import sealed, store_facts
from creditbank.services.masterdata.inheritance import refused_by
from creditbank.services.masterdata.rows import BATCH, label_of, renew_rows, rows_of, run_for, take_turn
from creditbank.services.masterdata.statements import FACTS_OF_DAY, MISSING, NEW_PROBLEMS
from creditbank.services.operations import note_operation

RUNNING, INTERRUPTED, FINISHED, REVERTED = "running", "interrupted", "finished", "reverted"
MOST_LISTED = 1000
"""How many rows that a sheet does not have are listed with its run; all of them are counted."""


@dataclass(frozen=True, slots=True)
class GivenRow:
    """A row of a sheet that was read: where it begins and what it states."""

    line: int
    record: Record


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """What a row of the sheet would do; ``known`` when this file has stated it before."""

    line: int
    key: str
    label: str
    verdict: Verdict
    changes: tuple[Change, ...]
    older: tuple[Change, ...]
    known: bool
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """A dry run: every row judged, the refused ones with their reason, and the rows missing from the sheet."""

    data_set: str
    as_of: date
    judged: tuple[JudgedRow, ...]
    refused: tuple[RefusedRow, ...]
    repeated: int
    missing: tuple[tuple[str, str], ...]
    """Key and label of rows in force that the sheet does not have; nothing happens to them."""

    def count(self, verdict: Verdict) -> int:
        """How many rows have this verdict."""
        return sum(row.verdict is verdict for row in self.judged)


@dataclass(frozen=True, slots=True)
class Reverted:
    """A run that was taken back, and what became of the accounts it had opened for learners."""

    run: ImportRun
    withdrawn: int
    """How many accounts went, because nobody has used them."""
    kept: tuple[str, ...]
    """The student numbers of those that stay, because somebody has."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a sheet states: rows once each, those refused, and how many identical repeats were left out."""

    rows: tuple[GivenRow, ...]
    refused: tuple[RefusedRow, ...]
    repeated: int


def gather(rows: Sequence[GivenRow], refused: Sequence[RefusedRow]) -> Given:
    """Leave out identical repeats of a key, and refuse all rows of a key that says different things."""
    first: dict[str, GivenRow] = {}
    wrong: dict[str, list[tuple[int, int]]] = defaultdict(list)
    repeated = 0
    for row in rows:
        known = first.setdefault(row.record.key, row)
        if known is row:
            continue
        if known.record == row.record:
            repeated += 1
        else:
            wrong[row.record.key].append((row.line, known.line))
    faults = list(refused)
    for key, lines in wrong.items():
        faults.append(RefusedRow(lines[0][1], "", "masterdata.same_key", {"other": lines[0][0], "key": key}))
        faults += [RefusedRow(line, "", "masterdata.same_key", {"other": other, "key": key}) for line, other in lines]
    kept = tuple(row for key, row in first.items() if key not in wrong)
    return Given(kept, tuple(sorted(faults, key=lambda fault: fault.line)), repeated)


def hold_rows(
    scope: Scope, data_set: DataSet, given: Given, as_of: date, columns: Mapping[str, tuple[str, str]], sheet: str
) -> Given:
    """The rows of a sheet without those that the levels above do not allow, which are refused with the reason.

    Args:
        scope: acts for the institution.
        data_set: what the rows are of.
        given: the rows as read.
        as_of: the day whose state they show; what was handed down on that day counts.
        columns: by field the letters and the heading of its column.
        sheet: the sheet of a workbook, or nothing.
    """
    if not inherits(data_set.code):
        return given
    found = inheritance_of(scope, data_set.code, as_of)
    if not found:
        return given
    kept, faults = [], []
    for row in given.rows:
        wrong = refused_by(found, data_set, row.record.key, row.record.content)
        if not wrong:
            kept.append(row)
        faults += [_held(row.line, name, line, columns, sheet) for name, line in wrong]
    refused = sorted([*given.refused, *faults], key=lambda fault: fault.line)
    return Given(tuple(kept), tuple(refused), given.repeated)


def plan_import(
    *, scope: Scope, identities: Identities, data_set: DataSet, given: Given, file_hash: str, as_of: date
) -> Plan:
    """Say of each row what it would do, and store nothing."""
    judged: list[JudgedRow] = []
    for batch in _batches(given.rows):
        judged += _judge(scope, identities, data_set, batch, file_hash, as_of)
    return Plan(
        data_set.code, as_of, tuple(judged), given.refused, given.repeated, missing_rows(scope, data_set, given)
    )


def missing_rows(scope: Scope, data_set: DataSet, given: Given) -> tuple[tuple[str, str], ...]:
    """Key and label of the rows in force, not retired, that a sheet does not name."""
    named = [row.record.key for row in given.rows]
    # A refused row is in the sheet too, where its key could be read.
    named += [str(fault.facts["key"]) for fault in given.refused if "key" in fault.facts]
    return tuple(run_for(scope, MISSING, data_set=data_set.code, keys=named))


def begin_run(
    *,
    scope: Scope,
    data_set: DataSet,
    file_name: str,
    file_hash: str,
    mapping_hash: str,
    encoding: str,
    as_of: date,
    given: Given,
    actor: UUID,
    at: datetime,
) -> ImportRun:
    """A new run with the problems of its sheet, or the unfinished one of the same sheet, mapping and day."""
    take_turn(scope)
    rows = scope.rows(ImportRun)
    same = {"kind": data_set.code, "file_hash": file_hash, "mapping_hash": mapping_hash, "as_of": as_of}
    stopped: ImportRun | None = rows.filter(state__in=(RUNNING, INTERRUPTED), **same).order_by("-started_at").first()
    if stopped is not None:
        return stopped
    missing = missing_rows(scope, data_set, given)
    started: ImportRun = rows.create(
        institution_id=scope.institution,
        run_id=new_id(),
        file_name=file_name[:200],
        actor_id=actor,
        encoding=encoding,
        state=RUNNING,
        started_at=at,
        rows_total=len(given.rows) + given.repeated + len({fault.line for fault in given.refused}),
        rows_done=given.repeated + len({fault.line for fault in given.refused}),
        rows_repeated=given.repeated,
        rows_refused=len({fault.line for fault in given.refused}),
        rows_missing=len(missing),
        **same,
    )
    listed = [
        RefusedRow(0, "", "masterdata.not_in_sheet", {"key": key, "name": label if label != key else ""})
        for key, label in missing[:MOST_LISTED]
    ]
    _problems(scope, started.run_id, [*given.refused, *listed])
    note_operation(
        scope=scope, actor=actor, action="masterdata.import", outcome="begun", at=at,
        object_kind="import_run", object_id=started.run_id,
    )  # fmt: skip
    return started


def store_batch(
    *,
    scope: Scope,
    identities: Identities,
    data_set: DataSet,
    import_run: ImportRun,
    rows: Sequence[GivenRow],
    at: datetime,
) -> None:
    """Store one batch of a run, all or none: its facts, the rows they make, and how far the run is."""
    take_turn(scope)
    assert import_run.as_of is not None
    judged = _judge(scope, identities, data_set, rows, import_run.file_hash, import_run.as_of)
    fresh = [row for row in judged if not row.known]
    if fresh:
        store_facts(
            scope=scope,
            data_set=data_set,
            stated=[(row.key, row.content, row.line) for row in fresh],
            as_of=import_run.as_of,
            run_id=import_run.run_id,
            actor=import_run.actor_id,
            at=at,
        )
    scope.rows(ImportRun).filter(run_id=import_run.run_id).update(
        rows_done=F("rows_done") + len(judged),
        rows_stored=F("rows_stored") + len(fresh),
        rows_repeated=F("rows_repeated") + len(judged) - len(fresh),
        rows_new=F("rows_new") + sum(row.verdict is Verdict.NEW for row in fresh),
        rows_changed=F("rows_changed") + sum(row.verdict is Verdict.CHANGED for row in fresh),
    )


def finish_run(*, scope: Scope, run_id: UUID, at: datetime) -> ImportRun:
    """Close a run after its last batch."""
    scope.rows(ImportRun).filter(run_id=run_id).update(state=FINISHED, finished_at=at, rows_done=F("rows_total"))
    finished: ImportRun = scope.rows(ImportRun).get(run_id=run_id)
    note_operation(
        scope=scope, actor=finished.actor_id, action="masterdata.import", outcome="finished", at=at,
        object_kind="import_run", object_id=run_id,
    )  # fmt: skip
    return finished


def revert_run(*, scope: Scope, run_id: UUID, actor: UUID, at: datetime) -> Reverted | Refusal:
    """Take a run back as one: its facts count no more, and the rows are what the other facts make.

    An account that it opened for a learner nobody states any more is withdrawn where nobody has used it, and stays
    where somebody has; those are named in the answer and listed with the run.
    """
    take_turn(scope)
    found: ImportRun | None = scope.rows(ImportRun).filter(run_id=run_id).first()
    data_set = data_set_named(found.kind) if found is not None else None
    if found is None or data_set is None:
        return Refusal.because("masterdata.no_run")
    if found.state == REVERTED:
        return Refusal.because("masterdata.reverted_before")
    scope.rows(ImportRun).filter(run_id=run_id).update(state=REVERTED, reverted_at=at, reverted_by=actor)
    keys = scope.fetch(
        "SELECT DISTINCT key FROM data_fact WHERE institution_id = %s AND run_id = %s", [scope.institution, run_id]
    )
    stated = [key for (key,) in keys]
    renew_rows(scope=scope, data_set=data_set, keys=stated, at=at)
    withdrawn, kept = _withdraw_learners(scope, found, stated) if data_set is STUDENTS else (0, ())
    note_operation(
        scope=scope, actor=actor, action="masterdata.revert", outcome="done", at=at,
        object_kind="import_run", object_id=run_id,
    )  # fmt: skip
    return Reverted(scope.rows(ImportRun).get(run_id=run_id), withdrawn, kept)


def _withdraw_learners(scope: Scope, reverted: ImportRun, numbers: Sequence[str]) -> tuple[int, tuple[str, ...]]:
    """Withdraw the unused accounts that a run opened; how many, and the numbers of those that stay."""
    # Nobody else finds one of them by its identity while it goes.
    scope.fetch("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", ["identities"])
    found = scope.fetch(
        "SELECT number, withdrawn FROM withdraw_learners(%s, %s, %s)",
        [scope.institution, reverted.started_at, sorted(numbers)],
    )
    kept = tuple(str(number) for number, withdrawn in found if not withdrawn)
    if kept:
        names = dict(
            scope.rows(Enrolment)
            .filter(institution_id=scope.institution, student_number__in=kept)
            .values_list("student_number", "name")
        )
        listed = [
            RefusedRow(0, "", "masterdata.account_kept", {"key": number, "name": names.get(number, "")})
            for number in kept[:MOST_LISTED]
        ]
        last = scope.rows(ImportProblem).filter(run_id=reverted.run_id).aggregate(last=Max("sequence"))["last"]
        _problems(scope, reverted.run_id, listed, after=last or 0)
    return len(found) - len(kept), kept


def remember_mapping(
    *,
    scope: Scope,
    data_set: DataSet,
    headings: Mapping[str, str],
    values: Mapping[str, Mapping[str, str]],
    actor: UUID,
    at: datetime,
) -> None:
    """Keep what headings and values mean for the next sheet of this data set, beside what was said before."""
    take_turn(scope)
    known = scope.rows(SheetMapping).filter(data_set=data_set.code).first()
    merged = dict(known.values) if known else {}
    for field, said in values.items():
        merged[field] = {**merged.get(field, {}), **said}
    scope.rows(SheetMapping).update_or_create(
        institution_id=scope.institution,
        data_set=data_set.code,
        defaults={
            "headings": {**(known.headings if known else {}), **headings},
            "values": merged,
            "actor_id": actor,
            "recorded_at": at,
        },
    )


def _held(line: int, name: str, reason: Line, columns: Mapping[str, tuple[str, str]], sheet: str) -> RefusedRow:
    letters, heading = columns.get(name, ("", name))
    facts = dict(reason.facts)
    if letters:
        facts["cell"] = f"{letters}{line}"
    if sheet:
        facts["sheet"] = sheet
    return RefusedRow(line, heading, reason.code, facts)


def _batches(rows: Sequence[GivenRow]) -> Iterator[Sequence[GivenRow]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def _judge(
    scope: Scope,
    identities: Identities,
    data_set: DataSet,
    rows: Sequence[GivenRow],
    file_hash: str,
    as_of: date,
) -> list[JudgedRow]:
    keys = [row.record.key for row in rows]
    stored = rows_of(scope, data_set, keys)
    said: dict[str, set[tuple[str, str]]] = defaultdict(set)
    # The same statement in another file is a fact of its own: it stands when the first file is reverted.
    found = run_for(scope, FACTS_OF_DAY, data_set=data_set.code, keys=keys, as_of=as_of, file_hash=file_hash)
    for key, *_, content in found:
        said[key] |= {(name, canonical(value)) for name, value in json.loads(content).items()}
    judged = []
    for row in rows:
        key = row.record.key
        content = sealed(identities, data_set, row.record.content)
        before: tuple[Row, str] | None = stored.get(key)
        verdict, changes, older = judge(before[0] if before else None, Stated(as_of, content))
        known = all((name, canonical(value)) in said[key] for name, value in content.items()) if key in said else False
        label = label_of(data_set, key, content) if before is None else before[1]
        judged.append(JudgedRow(row.line, key, label, verdict, changes, older, known, content))
    return judged


def _problems(scope: Scope, run_id: UUID, refused: Sequence[RefusedRow], after: int = 0) -> None:
    if not refused:
        return
    run_for(
        scope,
        NEW_PROBLEMS,
        run_id=run_id,
        sequence=list(range(after + 1, after + len(refused) + 1)),
        line=[fault.line for fault in refused],
        col=[fault.column for fault in refused],
        code=[fault.code for fault in refused],
        facts=[json.dumps(_plain(fault.facts), ensure_ascii=False) for fault in refused],
    )


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.zh if isinstance(value, Text) else value for name, value in facts.items()}
