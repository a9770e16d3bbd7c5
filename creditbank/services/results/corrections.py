"""A later sheet that says otherwise: which fact counts, and what becomes of earlier credit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connections, transaction

from creditbank.domain.explanation import Refusal
from creditbank.domain.results import CourseResult, RefusedRow
from creditbank.gateways.postgres import run
from creditbank.records.results import ImportRun
from creditbank.records.scope import Scope
from creditbank.services.ledger.post import Reversal, reverse_postings
from creditbank.services.results.statements import POSTED, STORED


@dataclass(frozen=True, slots=True)
class Stored:
    """The fact that counts for a result: its day, its lot, what it says; and what one of the run's own day says."""

    as_of: date
    lot_id: UUID | None
    said: tuple[Any, ...]
    same_day: tuple[Any, ...] | None


@dataclass(frozen=True, slots=True)
class Credit:
    """A lot with the deposit that made it, which nobody has reversed, and the day that counts from."""

    lot_id: UUID | None
    posting_id: UUID
    counts_from: date


def stored_facts(
    scope: Scope, results: Sequence[CourseResult], learners: dict[str, UUID], as_of: date
) -> dict[tuple[int, str], Stored]:
    """What counts for the learner, course, presentation and sitting of each result, by its place."""
    if not results:
        return {}
    values = {
        "institution_id": scope.institution,
        "learner_id": [learners[result.learner_number] for result in results],
        "course": [result.course for result in results],
        "presentation": [result.presentation for result in results],
        "sitting": [result.sitting for result in results],
        "as_of": as_of,
    }
    found = {}
    for place, day, lot, here, *said in run(connections[scope.using], STORED, values):
        result = results[place - 1]
        half = len(result.said())
        found[result.place] = Stored(day, lot, tuple(said[:half]), tuple(said[half:]) if here else None)
    return found


def judge(result: CourseResult, before: Stored, as_of: date, *, dated: bool) -> RefusedRow | bool:
    """Whether a result is a new fact (True), says nothing new (False), or why it is not taken.

    A sheet without a day never corrects. With one, every fact is kept, so that the order in which sheets arrive
    makes no difference: the day decides.
    """
    facts: dict[str, Any] = {"before": f"{before.said[3]}, {before.said[2].isoformat()}"}
    if before.same_day is not None and dated:
        if before.same_day == result.said():
            return False
        return RefusedRow(result.line, "outcome", "results.differs_same_day", facts | {"day": as_of.isoformat()})
    if dated:
        return True
    if before.said == result.said():
        return False
    return RefusedRow(result.line, "outcome", "results.differs_from_stored", facts)


def same_credit(result: CourseResult, before: Stored) -> bool:
    """Whether a correction leaves everything alone that the lot was made of, a mark for instance."""
    now = result.said()
    # All but the mark and the word in its place.
    return (*now[:4], *now[5:8]) == (*before.said[:4], *before.said[5:8])


def take_back(
    scope: Scope, import_run: ImportRun, corrected: Sequence[tuple[CourseResult, Stored, UUID]], at: datetime, on: date
) -> dict[tuple[int, str], RefusedRow]:
    """Reverse the deposits of results that are corrected; by place, the rows whose credit cannot be taken back.

    Args:
        scope: acts for the institution, inside the batch's transaction.
        import_run: the run that corrects.
        corrected: each result with the fact before it, which has a lot, and its learner.
        at: the moment.
        on: from when the reversals count, where the deposit does not count from a later day.
    """
    if not corrected:
        return {}
    values = {
        "institution_id": scope.institution,
        "learner_id": [learner for _result, _before, learner in corrected],
        "lot_id": [before.lot_id for _result, before, _learner in corrected],
    }
    postings = {lot: (posting, day) for lot, posting, day in run(connections[scope.using], POSTED, values)}
    # Somebody may have reversed some already.
    wanted = [item for item in corrected if item[1].lot_id in postings]
    given = [(learner, Credit(before.lot_id, *postings[before.lot_id])) for _result, before, learner in wanted]
    stays = reverse_each(scope, import_run, given, "results.corrected", at, on)
    return {
        result.place: RefusedRow(result.line, "outcome", "results.credit_in_use", {})
        for result, before, _learner in wanted
        if before.lot_id in stays
    }


def reverse_each(
    scope: Scope,
    import_run: ImportRun,
    given: Sequence[tuple[UUID, Credit]],
    reason: str,
    at: datetime,
    on: date,
) -> set[UUID | None]:
    """Reverse deposits one by one; the lots whose credit is in use and stays."""
    stays: set[UUID | None] = set()
    for learner, credit in given:
        reversal = Reversal(learner, credit.posting_id, f"correct:{credit.posting_id}")
        # Each in a savepoint of its own: one whose credit is in use must not keep the others from being reversed.
        with transaction.atomic(using=scope.using):
            done = reverse_postings(
                scope=scope,
                reversals=[reversal],
                reason=reason,
                actor=import_run.actor_id,
                effective_on=max(on, credit.counts_from),
                at=at,
                batch=import_run.run_id,
            )
        if isinstance(done, Refusal):
            stays.add(credit.lot_id)
    return stays
