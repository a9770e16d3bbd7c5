"""Change what an institution says of itself."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from creditbank.domain.appeals.life import read_days
from creditbank.domain.appeals.panel import read_size
from creditbank.domain.explanation import Refusal
from creditbank.domain.institutions import read_contact
from creditbank.records.institutions import Institution
from creditbank.records.scope import Scope
from creditbank.services.operations import note_operation


def set_contact(*, scope: Scope, contact: str, actor: UUID, at: datetime) -> str | Refusal:
    """Store the line that tells a learner where to ask; returns it as stored.

    Raises:
        ValueError: the scope acts for no institution.
    """
    if scope.institution is None:
        raise ValueError("a contact line belongs to an institution")
    line = read_contact(contact)
    if isinstance(line, Refusal):
        return line
    scope.rows(Institution).filter(pk=scope.institution).update(contact=line)
    note_operation(
        scope=scope,
        actor=actor,
        action="institution.set_contact",
        outcome="done",
        at=at,
        object_kind="institution",
        object_id=scope.institution,
    )
    return line


def set_appeals(*, scope: Scope, days: int, panel: int, actor: UUID, at: datetime) -> Refusal | None:
    """Store in how many working days an appeal can be filed, and how many people hear it; nothing where it was done.

    Letters that are written already keep the day that they name.

    Raises:
        ValueError: the scope acts for no institution.
    """
    if scope.institution is None:
        raise ValueError("the terms of an appeal belong to an institution")
    for refusal in (read_days(days), read_size(panel)):
        if isinstance(refusal, Refusal):
            return refusal
    scope.rows(Institution).filter(pk=scope.institution).update(appeal_days=days, appeal_panel=panel)
    note_operation(
        scope=scope, actor=actor, action="institution.set_appeals", outcome="done", at=at, object_kind="institution",
        object_id=scope.institution,
    )  # fmt: skip
    return None
