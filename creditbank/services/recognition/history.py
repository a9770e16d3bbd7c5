"""Move a claim along its life and write the step down; the one place that changes a claim's state."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max

from creditbank.domain.recognition import Act, State
from creditbank.records.recognition import Claim, ClaimEvent
from creditbank.records.scope import Scope
from creditbank.services.operations import note_operation


def lock_learners(scope: Scope, learners: set[UUID]) -> None:
    """Let one decision at a time use a learner's caps and families; locks are taken in sorted order."""
    for learner in sorted(learners):
        scope.fetch("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"recognition:{learner}"])


def move_claim(
    *,
    scope: Scope,
    claim: Claim,
    act: Act,
    target: State,
    actor: UUID | None,
    at: datetime,
    reason: str = "",
    note: str = "",
    request_id: str = "",
    **changes: Any,
) -> Claim:
    """Store the state and what changed with it, one line of history and one of the operation log."""
    changes |= {"state": target.value, "version": claim.version + 1} | ({"reason": reason} if reason else {})
    rows = scope.rows(Claim).filter(learner_id=claim.learner_id, claim_id=claim.claim_id, version=claim.version)
    if rows.update(**changes) != 1:
        # The row was locked when it was read, so only a defect brings us here.
        raise RuntimeError("a claim changed under its lock; nothing was stored")
    for name, value in changes.items():
        setattr(claim, name, value)
    last = scope.rows(ClaimEvent).filter(learner_id=claim.learner_id, claim_id=claim.claim_id)
    sequence = (last.aggregate(last=Max("sequence"))["last"] or 0) + 1
    scope.rows(ClaimEvent).create(
        learner_id=claim.learner_id,
        claim_id=claim.claim_id,
        sequence=sequence,
        institution_id=claim.institution_id,
        kind=act.value,
        state=target.value,
        actor_id=actor,
        reason=reason,
        note=note,
        recorded_at=at,
    )
    note_operation(
        scope=scope,
        actor=actor,
        action=f"recognition.{act.value}",
        outcome="done",
        at=at,
        object_kind="claim",
        object_id=claim.claim_id,
        request_id=request_id,
    )
    return claim
