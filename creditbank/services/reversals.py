"""Take an import's postings back as a unit: one registrar asks, a second one confirms, all or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connections

from creditbank.domain.access import Actor, Thing, may
from creditbank.domain.explanation import Line, Refusal, Verdict
from creditbank.domain.recognition import REVERSAL_REASONS
from creditbank.domain.values import Amount
from creditbank.gateways.clock import new_id
from creditbank.queries.reversals import ASKED, RunLot, open_request, preview_run
from creditbank.records.results import ImportRun
from creditbank.records.reversals import ReversalRequest
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.ledger.post import Reversal, reverse_postings
from creditbank.services.ledger.undo import ConversionReversal, reverse_conversions
from creditbank.services.opening_lots import KIND, REVERTED, mark_taken_back, take_turn
from creditbank.services.operations import note_operation, tell_learners

PERMISSION = "opening.write"
DONE, WITHDRAWN = "done", "withdrawn"
_NAMED = 20
"""How many rows a refusal names; the page lists all of them."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What was reversed: mirrors posted, lots that are gone, learners concerned."""

    request_id: UUID
    mirrors: int
    lots: int
    learners: int


def ask_reversal(
    *, scope: Scope, actor: Actor, run_id: UUID, reason: str, at: datetime, request_id: str = ""
) -> UUID | Refusal:
    """Ask that a run of opening lots be taken back; nothing is posted before a second person confirms it.

    Refused while credit that it gave is in use, with the rows.

    Raises:
        NotVisible: the actor's desk does not take imports back.
    """
    person = _registrar(scope, actor)
    take_turn(scope)
    if refusal := _refused(scope, run_id):
        return refusal
    if open_request(scope, run_id) is not None:
        return Refusal.because("reversal.asked_before")
    if reason not in REVERSAL_REASONS:
        return Refusal.because("reversal.reason_needed")
    preview = preview_run(scope, run_id)
    if preview.in_the_way:
        return _in_the_way(preview.in_the_way)
    asked = new_id()
    scope.rows(ReversalRequest).create(
        institution_id=scope.institution,
        request_id=asked,
        run_id=run_id,
        reason=reason,
        state=ASKED,
        asked_by=person,
        asked_at=at,
    )
    _note(scope, person, "imports.reversal", ASKED, run_id, at, request_id)
    return asked


def withdraw_reversal(
    *, scope: Scope, actor: Actor, run_id: UUID, at: datetime, request_id: str = ""
) -> Refusal | None:
    """Let a request go; any registrar may, and the run stays as it is.

    Raises:
        NotVisible: the actor's desk does not take imports back.
    """
    person = _registrar(scope, actor)
    take_turn(scope)
    asked = open_request(scope, run_id)
    if asked is None:
        return Refusal.because("reversal.not_asked")
    scope.rows(ReversalRequest).filter(request_id=asked.request_id).update(
        state=WITHDRAWN, decided_by=person, decided_at=at
    )
    _note(scope, person, "imports.reversal", WITHDRAWN, run_id, at, request_id)
    return None


def confirm_reversal(
    *, scope: Scope, actor: Actor, run_id: UUID, seen: str, at: datetime, on: date, request_id: str = ""
) -> TakenBack | Refusal:
    """Reverse every posting of a run that stands, by somebody else than who asked, in the scope's transaction.

    Its conversions come undone as wholes, what stands on others first, then its deposits. The run and its postings
    stay readable; its lines can be brought in again.

    Args:
        scope: acts for the institution.
        actor: the second registrar.
        run_id: which run.
        seen: the digest of the preview that was confirmed; where it is another one now, nothing is done.
        at: the moment.
        on: from when the reversals count.
        request_id: of the page's request, for the operation log.

    Raises:
        NotVisible: the actor's desk does not take imports back.
    """
    person = _registrar(scope, actor)
    take_turn(scope)
    if refusal := _refused(scope, run_id):
        return refusal
    asked = open_request(scope, run_id)
    if asked is None:
        return Refusal.because("reversal.not_asked")
    if asked.asked_by == person:
        return Refusal.because("reversal.second_registrar")
    preview = preview_run(scope, run_id)
    if preview.in_the_way:
        return _in_the_way(preview.in_the_way)
    if preview.digest != seen:
        return Refusal.because("reversal.seen_changed")
    standing = preview.standing
    if person in {lot.learner_id for lot in standing}:
        return Refusal.because("reversal.own_credit")
    # What was decided later than today's date in the institution's zone would owe credit in between.
    on = max([on, *(lot.counts_from for lot in standing)])
    mirrors = _reverse(scope, standing, person, f"opening.{asked.reason}", asked.request_id, at, on)
    if isinstance(mirrors, Refusal):
        return mirrors
    mark_taken_back(scope, [(lot.learner_id, lot.lot_id) for lot in standing])
    scope.rows(ReversalRequest).filter(request_id=asked.request_id).update(
        state=DONE, decided_by=person, decided_at=at, postings=mirrors
    )
    scope.rows(ImportRun).filter(run_id=run_id).update(state=REVERTED, reverted_at=at, reverted_by=person)
    assert scope.institution is not None
    tell_learners(
        scope=scope,
        institution=scope.institution,
        code="imports.reversed",
        notices=[(lot.learner_id, {"title": lot.title.zh, "reason": asked.reason}) for lot in standing],
        at=at,
    )
    _note(scope, person, "imports.reversal", DONE, run_id, at, request_id)
    return TakenBack(asked.request_id, mirrors, len(standing), len(preview.learners))


def may_take_back(actor: Actor) -> bool:
    """Whether this desk takes imports back: it works for the whole school."""
    return may(actor, PERMISSION, Thing(institution=actor.institution))


def _registrar(scope: Scope, actor: Actor) -> UUID:
    if actor.person is None or actor.institution != scope.institution or not may_take_back(actor):
        raise NotVisible
    return actor.person


def _refused(scope: Scope, run_id: UUID) -> Refusal | None:
    run = scope.rows(ImportRun).filter(run_id=run_id).first()
    if run is None:
        return Refusal.because("reversal.no_run")
    if run.kind != KIND:
        return Refusal.because("reversal.run_of_facts")
    if run.state == REVERTED:
        return Refusal.because("reversal.run_taken_back")
    return None


def _in_the_way(lots: Sequence[RunLot]) -> Refusal:
    rows = [
        Line(
            "reversal.row_in_use",
            Verdict.NO,
            {
                "line": lot.line,
                "number": lot.number,
                "title": lot.title,
                "day": use.on.isoformat(),
                "used": Amount(use.amount),
                "into": use.into or "—",
            },
        )
        for lot in lots
        for use in lot.uses
    ]
    return Refusal((Line("reversal.run_in_use", Verdict.NO, {"count": len(lots)}), *rows[:_NAMED]))


def _reverse(
    scope: Scope, standing: Sequence[RunLot], person: UUID, reason: str, batch: UUID, at: datetime, on: date
) -> int | Refusal:
    """How many mirrors were posted."""
    conversions = {lot.conversion_id: lot.learner_id for lot in standing if lot.conversion_id is not None}
    undone = reverse_conversions(
        scope=scope,
        reversals=[
            ConversionReversal(learner, conversion, f"run.reverse:{conversion}")
            for conversion, learner in conversions.items()
        ],
        reason=reason,
        actor=person,
        effective_on=on,
        at=at,
        batch=batch,
    )
    if isinstance(undone, Refusal):
        return undone
    deposits = [
        Reversal(lot.learner_id, lot.posting_id, f"run.reverse:{lot.posting_id}")
        for lot in standing
        if lot.conversion_id is None
    ]
    taken = reverse_postings(
        scope=scope, reversals=deposits, reason=reason, actor=person, effective_on=on, at=at, batch=batch
    )
    if isinstance(taken, Refusal):
        # Somebody used the credit since the preview was read; what was posted above must not stay.
        connections[scope.using].set_rollback(rollback=True)
        return taken
    return sum(len(one.written) for one in undone) + len(taken)


def _note(scope: Scope, person: UUID, action: str, outcome: str, run_id: UUID, at: datetime, request_id: str) -> None:
    note_operation(
        scope=scope, actor=person, action=action, outcome=outcome, at=at, object_kind="import_run", object_id=run_id,
        request_id=request_id,
    )  # fmt: skip
