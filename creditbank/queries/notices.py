"""A learner's notices, who opened their record, and the notices of a desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.access import Actor, Thing, may
from creditbank.domain.values import Text
from creditbank.records.operations import DeskNotice, Notice
from creditbank.records.scope import Scope


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """One notice: a code and its facts, said in the reader's language by the page."""

    notice_id: UUID
    code: str
    facts: dict[str, Any]
    institution: Text
    claim_id: UUID | None
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class AccessNote:
    """That somebody of an institution opened a learner's record, and under which permission."""

    at: datetime
    institution: Text
    person: Text
    purpose: str


def notices_of(scope: Scope, learner: UUID, *, limit: int = 100, unread: bool = False) -> list[NoticeLine]:
    """A learner's notices, the newest first."""
    rows = scope.rows(Notice).filter(learner_id=learner).select_related("institution")
    if unread:
        rows = rows.filter(read_at=None)
    return [
        NoticeLine(
            notice_id=row.notice_id,
            code=row.code,
            facts=dict(row.facts),
            institution=Text(row.institution.name, row.institution.name_en),
            claim_id=row.claim_id,
            created_at=row.created_at,
            read_at=row.read_at,
        )
        for row in rows.order_by("-created_at", "-notice_id")[:limit]
    ]


def count_unread(scope: Scope, learner: UUID) -> int:
    """How many notices a learner has not read."""
    return int(scope.rows(Notice).filter(learner_id=learner, read_at=None).count())


_ACCESS = """
SELECT access_line.recorded_at, institution.name, institution.name_en, account.name, account.name_en,
  access_line.purpose
FROM access_line JOIN institution ON institution.id = access_line.institution_id
LEFT JOIN account ON account.id = access_line.actor_id
WHERE access_line.learner_id = %(learner)s AND access_line.learner_id = %(person)s
ORDER BY access_line.recorded_at DESC, access_line.line_id DESC LIMIT %(limit)s
"""


def accesses_of(scope: Scope, learner: UUID, *, limit: int = 50) -> list[AccessNote]:
    """Who opened a learner's record; only the learner reads this."""
    values = {"learner": learner, "person": scope.person, "limit": limit}
    return [
        AccessNote(at, Text(name, name_en), Text(person or "", person_en or ""), purpose)
        for at, name, name_en, person, person_en, purpose in scope.fetch(_ACCESS, values)
    ]


@dataclass(frozen=True, slots=True)
class DeskLine:
    """One open notice of a desk: a code and its facts, said in the reader's language by the page."""

    code: str
    subject: str
    due_on: date
    facts: dict[str, Any]
    created_at: datetime


def notices_of_desk(scope: Scope, actor: Actor) -> tuple[DeskLine, ...]:
    """The open notices for the desk of a whole institution that this person may act on, those due first first."""
    rows = scope.rows(DeskNotice).filter(institution_id=scope.institution, closed_at=None)
    thing = Thing(institution=scope.institution)
    return tuple(
        DeskLine(row.code, row.subject, row.due_on, dict(row.facts), row.created_at)
        for row in rows.order_by("due_on", "code", "subject")
        if may(actor, row.permission, thing)
    )
