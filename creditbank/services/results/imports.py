"""Take course results in: begin or resume a run, store a batch, finish."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import F

from creditbank.domain.canonical import content_hash
from creditbank.domain.explanation import Refusal, to_data
from creditbank.domain.ledger import Deposit
from creditbank.domain.results import CourseResult, RefusedRow
from creditbank.domain.rules.evaluate import evaluate_untraced, explain_row
from creditbank.domain.rules.facts import read_outcome
from creditbank.domain.rules.model import Granted, Ruling
from creditbank.domain.values import Hundredths
from creditbank.gateways.clock import new_id
from creditbank.gateways.postgres import run
from creditbank.queries.rules import InForce, version_in_force
from creditbank.records.results import ImportRun
from creditbank.records.rules import RowExplanation
from creditbank.records.scope import Scope
from creditbank.services.ledger.post import post_deposits
from creditbank.services.operations import note_operation
from creditbank.services.results.corrections import Stored, judge, same_credit, stored_facts, take_back
from creditbank.services.results.statements import (
    LEARNERS,
    NEW_LEARNERS,
    NEW_NUMBERS,
    NEW_PROBLEMS,
    NEW_RESULTS,
)

RUNNING, INTERRUPTED, FINISHED = "running", "interrupted", "finished"


@dataclass(frozen=True, slots=True)
class Batch:
    """What one batch did; ``items`` counts rows taken from the reading, refused and repeated ones included."""

    items: int
    stored: int
    repeated: int
    refused: int
    lots: int
    hundredths: int


@dataclass(frozen=True, slots=True)
class _Decision:
    """What the rules grant for equal facts, and where that is explained."""

    version: InForce
    granted: Granted
    explanation_id: UUID


class Deciding:
    """The decisions of one run, remembered by rule set, day and facts; a rule version is asked once for each."""

    def __init__(self) -> None:
        self._versions: dict[tuple[str, Any], InForce | None] = {}
        self._decisions: dict[tuple[Any, ...], _Decision | RefusedRow] = {}

    def decide(self, scope: Scope, result: CourseResult) -> _Decision | RefusedRow:
        """What the rules grant for a result on the day it was earned, or why the row cannot be taken."""
        key = (result.rule_set, result.earned_on, result.outcome, result.credit, result.level, result.field)
        known = self._decisions.get(key)
        if known is None:
            known = self._decisions[key] = self._ask(scope, result)
        if isinstance(known, RefusedRow):
            return RefusedRow(result.line, known.column, known.code, known.facts)
        return known

    def _ask(self, scope: Scope, result: CourseResult) -> _Decision | RefusedRow:
        assert scope.institution is not None
        place = (result.rule_set, result.earned_on)
        if place not in self._versions:
            self._versions[place] = version_in_force(
                scope, institution=scope.institution, code=result.rule_set, on=result.earned_on
            )
        version = self._versions[place]
        if version is None:
            facts = {"rule_set": result.rule_set, "day": result.earned_on.isoformat()}
            return RefusedRow(result.line, "rule_set", "results.no_rule", facts)
        # A sheet brings what its mapping declares; a rule set takes the facts it knows.
        declared = {name: value for name, value in result.facts().items() if name in version.compiled.position}
        outcome = read_outcome(version.compiled.rules, declared)
        if isinstance(outcome, Refusal) or not version.compiled.context_free:
            return RefusedRow(result.line, "rule_set", "results.facts_refused", {"rule_set": result.rule_set})
        granted = evaluate_untraced(version.compiled, outcome)
        return _Decision(version, granted, _explanation_of(scope, version, granted, declared))


def begin_run(
    *,
    scope: Scope,
    kind: str,
    file_name: str,
    file_hash: str,
    mapping_hash: str,
    encoding: str,
    rows_total: int,
    actor: UUID,
    at: datetime,
    as_of: date | None = None,
) -> ImportRun:
    """A new run, or the interrupted one of the same file and mapping, which goes on where it stopped.

    A run with ``as_of``, the day whose state the sheet shows, corrects what was reported as of an earlier day.

    Raises:
        ValueError: the scope acts for no institution.
        BlockingIOError: the same file is being imported by another process at this moment.
    """
    if scope.institution is None:
        raise ValueError("results belong to an institution")
    # Of two processes that begin the same import at the same moment, the second waits here and then finds the first.
    _in_turn(scope, f"import:{scope.institution}:{file_hash}:{mapping_hash}")
    rows = scope.rows(ImportRun)
    stopped = (
        rows.filter(kind=kind, file_hash=file_hash, mapping_hash=mapping_hash, as_of=as_of)
        .exclude(state=FINISHED)
        .order_by("-started_at")
        .first()
    )
    if stopped is not None:
        if not _hold(scope, stopped.run_id):
            raise BlockingIOError(f"run {stopped.run_id} is at work in another process")
        # Its last batch, or its end, may have come between the look and the lock.
        stopped.refresh_from_db()
        if stopped.state != FINISHED:
            rows.filter(run_id=stopped.run_id).update(state=RUNNING)
            stopped.state = RUNNING
            return stopped  # type: ignore[no-any-return]
        _let_go(scope, stopped.run_id)
    started: ImportRun = rows.create(
        institution_id=scope.institution,
        run_id=new_id(),
        kind=kind,
        file_name=file_name[:200],
        file_hash=file_hash,
        mapping_hash=mapping_hash,
        actor_id=actor,
        encoding=encoding,
        state=RUNNING,
        started_at=at,
        rows_total=rows_total,
        as_of=as_of,
    )
    _hold(scope, started.run_id)
    note_operation(
        scope=scope,
        actor=actor,
        action="results.import",
        outcome="begun",
        at=at,
        object_kind="import_run",
        object_id=started.run_id,
    )
    return started


def store_batch(
    *,
    scope: Scope,
    import_run: ImportRun,
    items: Sequence[CourseResult | RefusedRow],
    deciding: Deciding,
    skipped: int,
    at: datetime,
) -> Batch:
    """Store a batch of results with their lots, problems and the run's progress, all or none.

    Args:
        scope: acts for the institution that reports the results, in this batch's own transaction.
        import_run: the run, as :func:`begin_run` gave it.
        items: rows in the order of the reading.
        deciding: what the rules said so far in this run.
        skipped: identical repeats within the file that the reading left out beside these items.
        at: the moment.
    """
    # Two runs of one institution take turns, so that none sees half of what the other stores.
    _in_turn(scope, f"results:{scope.institution}")
    refused = [item for item in items if isinstance(item, RefusedRow)]
    results = [item for item in items if isinstance(item, CourseResult)]
    learners = _known_learners(scope, {result.learner_number for result in results})
    as_of = import_run.as_of or import_run.started_at.date()
    known = [result for result in results if result.learner_number in learners]
    stored = stored_facts(scope, known, learners, as_of)
    fresh: list[tuple[CourseResult, _Decision]] = []
    repeated = skipped
    superseded: dict[int, Stored] = {}
    for result in results:
        before = stored.get(result.line)
        new = before is None or judge(result, before, as_of, dated=import_run.as_of is not None)
        if new is False:
            repeated += 1
            continue
        if isinstance(new, RefusedRow):
            refused.append(new)
            continue
        decision = deciding.decide(scope, result)
        if isinstance(decision, RefusedRow):
            refused.append(decision)
            continue
        fresh.append((result, decision))
        if before is not None:
            superseded[result.line] = before
    taken_back = [
        (result, before, learners[result.learner_number])
        for result, _decision in fresh
        if (before := superseded.get(result.line)) and before.as_of < as_of and before.lot_id
        and not same_credit(result, before)
    ]  # fmt: skip
    in_use = take_back(scope, import_run, taken_back, at, as_of)
    refused += in_use
    left = {row.line for row in in_use}
    fresh = [item for item in fresh if item[0].line not in left]
    # Only a row that is taken opens an account for somebody new.
    learners |= _open_learners(scope, {result.learner_number for result, _decision in fresh} - learners.keys(), at)
    # A fact of an earlier day than the one that counts is history: it brings no credit. One that leaves everything
    # alone that a lot was made of keeps the lot.
    lots: dict[int, UUID] = {}
    posting = []
    for result, decision in fresh:
        before = superseded.get(result.line)
        if before is not None and before.as_of > as_of:
            continue
        if before is not None and before.lot_id is not None and same_credit(result, before):
            lots[result.line] = before.lot_id
        else:
            posting.append((result, decision))
    posted = _post(scope, import_run, posting, learners, at)
    _store_results(scope, import_run, fresh, learners, lots | posted, as_of)
    _store_problems(scope, import_run, refused)
    batch = Batch(
        items=len(items),
        stored=len(fresh),
        repeated=repeated,
        refused=len(refused),
        lots=len(posted),
        hundredths=sum(decision.granted.credit for _result, decision in posting if _earns(decision)),
    )
    scope.rows(ImportRun).filter(run_id=import_run.run_id).update(
        rows_done=F("rows_done") + batch.items + skipped,
        rows_stored=F("rows_stored") + batch.stored,
        rows_repeated=F("rows_repeated") + batch.repeated,
        rows_refused=F("rows_refused") + batch.refused,
        lots_posted=F("lots_posted") + batch.lots,
        hundredths_posted=F("hundredths_posted") + batch.hundredths,
    )
    return batch


def finish_run(*, scope: Scope, run_id: UUID, at: datetime, skipped: int = 0) -> ImportRun:
    """Close a run after its last batch; ``skipped`` counts the identical repeats that came after it."""
    rows = scope.rows(ImportRun).filter(run_id=run_id)
    rows.update(
        state=FINISHED,
        finished_at=at,
        rows_done=F("rows_done") + skipped,
        rows_repeated=F("rows_repeated") + skipped,
    )
    finished: ImportRun = rows.get()
    note_operation(
        scope=scope,
        actor=finished.actor_id,
        action="results.import",
        outcome="finished",
        at=at,
        object_kind="import_run",
        object_id=run_id,
    )
    return finished


def leave_run(*, scope: Scope, run_id: UUID) -> None:
    """Let go of a run that this process works on; one that is not finished is interrupted and can be resumed."""
    scope.rows(ImportRun).filter(run_id=run_id, state=RUNNING).update(state=INTERRUPTED)
    _let_go(scope, run_id)


def mark_interrupted(*, scope: Scope) -> int:
    """Call the runs of the scope's institution that nobody works on any more interrupted; tells how many."""
    count = 0
    for import_run in scope.rows(ImportRun).filter(state=RUNNING):
        if _hold(scope, import_run.run_id):
            _let_go(scope, import_run.run_id)
            count += scope.rows(ImportRun).filter(run_id=import_run.run_id).update(state=INTERRUPTED)
    return count


def _hold(scope: Scope, run_id: UUID) -> bool:
    """Take the run's lock for as long as this connection lives: a killed process lets go by dying."""
    sql = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
    return bool(scope.fetch(sql, [f"import:{run_id}"])[0][0])


def _let_go(scope: Scope, run_id: UUID) -> None:
    scope.fetch("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [f"import:{run_id}"])


def _in_turn(scope: Scope, what: str) -> None:
    """Wait until no other transaction is at the same thing; the turn ends with this transaction."""
    scope.fetch("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [what])


def _known_learners(scope: Scope, numbers: set[str]) -> dict[str, UUID]:
    return dict(scope.fetch(LEARNERS, {"institution_id": scope.institution, "numbers": list(numbers)}))


def _open_learners(scope: Scope, numbers: set[str], at: datetime) -> dict[str, UUID]:
    """The learner of each number that was not known; one seen for the first time opens a lifelong account."""
    if not numbers:
        return {}
    unknown = sorted(numbers)
    values: dict[str, Any] = {
        "institution_id": scope.institution,
        "number": unknown,
        "learner_id": [new_id() for _ in unknown],
        "at": at,
    }
    mine = dict(_run(scope, NEW_NUMBERS, values))
    if mine:
        _run(scope, NEW_LEARNERS, values | {"number": list(mine), "learner_id": list(mine.values())})
    # Somebody else may have enrolled a learner under such a number meanwhile.
    others = numbers - mine.keys()
    return mine | (_known_learners(scope, others) if others else {})


def _earns(decision: _Decision) -> bool:
    return decision.granted.ruling is Ruling.RECOGNISE


def _post(
    scope: Scope,
    import_run: ImportRun,
    fresh: Sequence[tuple[CourseResult, _Decision]],
    learners: dict[str, UUID],
    at: datetime,
) -> dict[int, UUID]:
    """Post what earned credit; the lot of each line."""
    earning = [(result, decision) for result, decision in fresh if _earns(decision)]
    deposits = [
        Deposit(
            learner_id=learners[result.learner_number],
            key=_key(result, import_run.as_of),
            amount=Hundredths(decision.granted.credit),
            outcome_type="course",
            title=result.course_name.zh if result.course_name else result.course,
            title_en=result.course_name.en if result.course_name else "",
            code=result.course,
            category=decision.granted.category or "course",
            level=result.level,
            field=result.field,
            grade=result.outcome,
            earned_on=result.earned_on,
            effective_on=result.earned_on,
            term=result.term,
            source_kind="result",
            source_id=import_run.run_id,
            rule_version_id=decision.version.version_id,
            rule_row=decision.granted.row or "",
        )
        for result, decision in earning
    ]
    posted = post_deposits(
        scope=scope,
        deposits=deposits,
        reason="results.imported",
        actor=import_run.actor_id,
        at=at,
        batch=import_run.run_id,
    )
    if isinstance(posted, Refusal):
        raise TypeError(f"a decided result cannot be posted: {posted.explanation[0].code}")
    return {result.line: lot.lot_id for (result, _), lot in zip(earning, posted, strict=True)}


def _key(result: CourseResult, as_of: date | None) -> str:
    """The result's key as one text; a colon within a part cannot be taken for the end of it."""
    parts = [result.learner_number, result.course, result.presentation]
    if result.sitting != "normal" or as_of is not None:
        parts += [result.sitting, as_of.isoformat() if as_of else ""]
    return ":".join(["result", *(part.replace("\\", "\\\\").replace(":", "\\:") for part in parts)])


def _store_results(
    scope: Scope,
    import_run: ImportRun,
    fresh: Sequence[tuple[CourseResult, _Decision]],
    learners: dict[str, UUID],
    lots: dict[int, UUID],
    as_of: date,
) -> None:
    if not fresh:
        return
    results = [result for result, _decision in fresh]
    names = (
        "course", "presentation", "sitting", "term", "starts_on", "earned_on", "outcome", "grade", "credit", "level",
        "field", "line",
    )  # fmt: skip
    values: dict[str, Any] = {"as_of": as_of} | {name: [getattr(result, name) for result in results] for name in names}
    values |= {
        "institution_id": scope.institution,
        "run_id": import_run.run_id,
        "learner_id": [learners[result.learner_number] for result in results],
        "mark": [None if result.mark is None else str(result.mark) for result in results],
        "row_explanation_id": [decision.explanation_id for _result, decision in fresh],
        "lot_id": [lots.get(result.line) for result in results],
    }
    _run(scope, NEW_RESULTS, values)


def _store_problems(scope: Scope, import_run: ImportRun, refused: Sequence[RefusedRow]) -> None:
    if not refused:
        return
    counted = scope.fetch(
        "SELECT coalesce(max(sequence), 0) FROM import_problem WHERE institution_id = %s AND run_id = %s",
        [scope.institution, import_run.run_id],
    )[0][0]
    values = {
        "institution_id": scope.institution,
        "run_id": import_run.run_id,
        "sequence": list(range(counted + 1, counted + 1 + len(refused))),
        "line": [row.line for row in refused],
        "col": [row.column for row in refused],
        "code": [row.code for row in refused],
        "facts": [json.dumps(row.facts, ensure_ascii=False) for row in refused],
    }
    _run(scope, NEW_PROBLEMS, values)


def _explanation_of(scope: Scope, version: InForce, granted: Granted, facts: dict[str, Any]) -> UUID:
    """The stored explanation of a row for equal facts, written when it is first needed."""
    facts_hash = content_hash({name: str(value) for name, value in facts.items()})
    rows = scope.rows(RowExplanation).filter(
        rule_version_id=version.version_id, row=granted.row or "", facts_hash=facts_hash
    )
    known = rows.first()
    if known is not None:
        return known.id  # type: ignore[no-any-return]
    explanation = explain_row(version.compiled, granted.row) if granted.row else ()
    scope.rows(RowExplanation).bulk_create(
        [
            RowExplanation(
                id=new_id(),
                institution_id=scope.institution,
                rule_version_id=version.version_id,
                row=granted.row or "",
                facts_hash=facts_hash,
                explanation=to_data(explanation),
            )
        ],
        ignore_conflicts=True,
    )
    return rows.get().id  # type: ignore[no-any-return]


def _run(scope: Scope, sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    return run(connections[scope.using], sql, values)
