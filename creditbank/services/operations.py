"""The operation log, the notices to learners and the lines that say who opened a record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from creditbank.gateways.clock import new_id, new_ids
from creditbank.records.operations import AccessLine, Notice, Operation
from creditbank.records.scope import Scope


def note_operation(
    *,
    scope: Scope,
    actor: UUID | None,
    action: str,
    outcome: str,
    at: datetime,
    object_kind: str = "",
    object_id: UUID | None = None,
    request_id: str = "",
) -> None:
    """Write one line of the operation log in the scope's transaction; no personal data goes in."""
    Operation.objects.using(scope.using).create(
        id=new_id(),
        institution_id=scope.institution,
        actor_id=actor,
        request_id=request_id,
        action=action,
        object_kind=object_kind,
        object_id=object_id,
        outcome=outcome,
        recorded_at=at,
    )


def tell_learner(
    *,
    scope: Scope,
    learner: UUID,
    institution: UUID,
    code: str,
    at: datetime,
    facts: dict[str, Any] | None = None,
    claim: UUID | None = None,
) -> None:
    """Leave a notice for a learner; its words are made from the code in the language they read."""
    Notice.objects.using(scope.using).create(
        learner_id=learner,
        notice_id=new_id(),
        institution_id=institution,
        code=code,
        facts=facts or {},
        claim_id=claim,
        created_at=at,
    )


def tell_learners(
    *, scope: Scope, institution: UUID, code: str, notices: Sequence[tuple[UUID, dict[str, Any]]], at: datetime
) -> None:
    """Leave a notice of one code for each of many learners, with the facts of each."""
    made = [
        Notice(learner_id=learner, notice_id=notice, institution_id=institution, code=code, facts=facts, created_at=at)
        for (learner, facts), notice in zip(notices, new_ids(len(notices)), strict=True)
    ]
    Notice.objects.using(scope.using).bulk_create(made, batch_size=1000)


def note_access(*, scope: Scope, learner: UUID, actor: UUID, purpose: str, at: datetime) -> None:
    """Write that somebody of the scope's institution opened a learner's record.

    Raises:
        ValueError: the scope acts for no institution.
    """
    if scope.institution is None:
        raise ValueError("only an institution's staff open another person's record")
    AccessLine.objects.using(scope.using).create(
        learner_id=learner,
        line_id=new_id(),
        institution_id=scope.institution,
        actor_id=actor,
        purpose=purpose,
        recorded_at=at,
    )
