"""A learner's notices: marked as read by the learner alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from creditbank.domain.access import Actor
from creditbank.records.operations import Notice
from creditbank.records.scope import Scope


def mark_read(*, scope: Scope, actor: Actor, at: datetime, notices: Sequence[UUID] | None = None) -> int:
    """Mark the actor's unread notices, or only those named, as read; tells how many were."""
    rows = scope.rows(Notice).filter(learner_id=actor.person, read_at=None)
    if notices is not None:
        rows = rows.filter(notice_id__in=notices)
    return int(rows.update(read_at=at))
