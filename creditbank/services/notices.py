"""Notices: a learner's are marked as read by the learner, a desk's are left, set aside and settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.access import Actor
from creditbank.records.operations import DeskNotice, Notice
from creditbank.records.scope import Scope


def mark_read(*, scope: Scope, actor: Actor, at: datetime, notices: Sequence[UUID] | None = None) -> int:
    """Mark the actor's unread notices, or only those named, as read; tells how many were."""
    rows = scope.rows(Notice).filter(learner_id=actor.person, read_at=None)
    if notices is not None:
        rows = rows.filter(notice_id__in=notices)
    return int(rows.update(read_at=at))


@dataclass(frozen=True, slots=True)
class Matter:
    """Something a desk is told: the sentence's code, what it is about, the day it was due, and its facts."""

    code: str
    subject: str
    due_on: date
    facts: Mapping[str, Any] = field(default_factory=dict)


def tell_desk(*, scope: Scope, permission: str, matters: Sequence[Matter], at: datetime) -> int:
    """Leave a notice for each matter once, and settle those of this permission that are no matter any more.

    A notice that somebody set aside stays aside. Doing it again changes nothing. Tells how many are new.

    Raises:
        ValueError: the scope acts for no institution.
    """
    scope.take_turn("notices")
    rows = scope.rows(DeskNotice).filter(institution_id=scope.institution, permission=permission)
    known = {(row.code, row.subject, row.due_on): row for row in rows}
    wanted = {(matter.code, matter.subject, matter.due_on): matter for matter in matters}
    new = 0
    for key, matter in wanted.items():
        code, subject, due_on = key
        found = known.get(key)
        if found is None:
            scope.rows(DeskNotice).create(
                institution_id=scope.institution, code=code, subject=subject, due_on=due_on, permission=permission,
                facts=dict(matter.facts), created_at=at,
            )  # fmt: skip
            new += 1
        elif found.closed_at is not None and found.closed_by is None:
            rows.filter(code=code, subject=subject, due_on=due_on).update(closed_at=None)
    for (code, subject, due_on), row in known.items():
        if (code, subject, due_on) not in wanted and row.closed_at is None:
            rows.filter(code=code, subject=subject, due_on=due_on).update(closed_at=at)
    return new


def set_aside(*, scope: Scope, code: str, subject: str, due_on: date, actor: UUID, at: datetime) -> bool:
    """Set a desk's notice aside for everybody there; tells whether there was one."""
    rows = scope.rows(DeskNotice).filter(
        institution_id=scope.institution, code=code, subject=subject, due_on=due_on, closed_at=None
    )
    return bool(rows.update(closed_at=at, closed_by=actor))
