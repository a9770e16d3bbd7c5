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

from creditbank.domain.explanation import Refusal
from creditbank.domain.ledger import Deposit
from creditbank.domain.results import CourseResult, RefusedRow
from creditbank.domain.values import Hundredths
from creditbank.gateways.clock import new_id
from creditbank.gateways.postgres import run
from creditbank.records.results import ImportRun
from creditbank.records.scope import Scope
from creditbank.services.ledger.post import post_deposits
from creditbank.services.operations import note_operation
from creditbank.services.results.corrections import Stored, judge, same_credit, stored_facts, take_back
from creditbank.services.results.deciding import Deciding, Decision
from creditbank.services.results.repeats import Again, give_lots, settle_repeats
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
    learners = known_learners(scope, {result.learner_number for result in results})
    as_of = import_run.as_of or import_run.started_at.date()
    known = [result for result in results if result.learner_number in learners]
    stored = stored_facts(scope, known, learners, as_of)
    fresh: list[tuple[CourseResult, Decision]] = []
    repeated = skipped
    superseded: dict[tuple[int, str], Stored] = {}
    for result in results:
        before = stored.get(result.place)
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
            superseded[result.place] = before
    taken_back = [
        (result, before, learners[result.learner_number])
        for result, _decision in fresh
        if (before := superseded.get(result.place)) and before.as_of < as_of and before.lot_id
        and not same_credit(result, before)
    ]  # fmt: skip
    in_use = take_back(scope, import_run, taken_back, at, as_of)
    refused += in_use.values()
    fresh = [item for item in fresh if item[0].place not in in_use]
    already = set(learners)
    # Only a row that is taken opens an account for somebody new.
    learners |= _open_learners(scope, {result.learner_number for result, _decision in fresh} - learners.keys(), at)
    # A fact of an earlier day than the one that counts is history: it brings no credit. One that leaves everything
    # alone that a lot was made of keeps the lot.
    counting = [item for item in fresh if not ((before := superseded.get(item[0].place)) and before.as_of > as_of)]
    settled = settle_repeats(scope, import_run, deciding, counting, learners=learners, known=already, at=at, on=as_of)
    lots: dict[tuple[int, str], UUID] = {}
    posting = []
    for result, decision in counting:
        before = superseded.get(result.place)
        kept = before.lot_id if before is not None and same_credit(result, before) else None
        if kept is not None and result.place not in settled.lost:
            lots[result.place] = kept
        elif decision.earns and result.place not in settled.silent:
            posting.append((result, decision))
    deposits = [_deposit(import_run, *item, learners[item[0].learner_number]) for item in posting]
    deposits += [_deposit(import_run, one.result, one.decision, one.learner_id, again=one) for one in settled.again]
    posted = _post(scope, import_run, deposits, at)
    lots |= {result.place: lot for (result, _decision), lot in zip(posting, posted, strict=False)}
    give_lots(scope, settled.again, posted[len(posting) :])
    _store_results(scope, import_run, fresh, learners, lots, as_of)
    _store_problems(scope, import_run, refused)
    batch = Batch(
        items=len(items),
        stored=len(fresh),
        repeated=repeated,
        refused=len(refused),
        lots=len(deposits),
        hundredths=sum(deposit.amount for deposit in deposits),
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


def known_learners(scope: Scope, numbers: set[str]) -> dict[str, UUID]:
    """The learner of each student number that the institution has given."""
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
    return mine | (known_learners(scope, others) if others else {})


def _deposit(
    import_run: ImportRun, result: CourseResult, decision: Decision, learner: UUID, *, again: Again | None = None
) -> Deposit:
    """The deposit of what a result earned; ``again`` when a stored result gets the credit of another pass."""
    return Deposit(
        learner_id=learner,
        key=_key(result, import_run.as_of) if again is None else _key(result, again.as_of, import_run.run_id),
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


def _post(scope: Scope, import_run: ImportRun, deposits: Sequence[Deposit], at: datetime) -> list[UUID]:
    """Post what earned credit; the lots in the order of the deposits."""
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
    return [lot.lot_id for lot in posted]


def _key(result: CourseResult, as_of: date | None, run_id: UUID | None = None) -> str:
    """The result's key as one text; a colon within a part cannot be taken for the end of it.

    With ``run_id`` it is the key of credit that a run gives to a stored result, once.
    """
    parts = [result.learner_number, result.course, result.presentation]
    if result.sitting != "normal" or as_of is not None:
        parts += [result.sitting, as_of.isoformat() if as_of else ""]
    if run_id is not None:
        parts.append(str(run_id))
    return ":".join(["result", *(part.replace("\\", "\\\\").replace(":", "\\:") for part in parts)])


def _store_results(
    scope: Scope,
    import_run: ImportRun,
    fresh: Sequence[tuple[CourseResult, Decision]],
    learners: dict[str, UUID],
    lots: dict[tuple[int, str], UUID],
    as_of: date,
) -> None:
    if not fresh:
        return
    results = [result for result, _decision in fresh]
    names = (
        "course", "presentation", "sitting", "term", "starts_on", "earned_on", "outcome", "grade", "credit", "level",
        "field", "line", "repeat",
    )  # fmt: skip
    values: dict[str, Any] = {"as_of": as_of} | {name: [getattr(result, name) for result in results] for name in names}
    values |= {
        "institution_id": scope.institution,
        "run_id": import_run.run_id,
        "learner_id": [learners[result.learner_number] for result in results],
        "mark": [None if result.mark is None else str(result.mark) for result in results],
        "row_explanation_id": [decision.explanation_id for _result, decision in fresh],
        "lot_id": [lots.get(result.place) for result in results],
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


def _run(scope: Scope, sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    return run(connections[scope.using], sql, values)
