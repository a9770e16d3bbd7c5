"""Conversion applications: a learner's own, the office's queue, and one in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.access import Actor
from creditbank.domain.conversions.application import Act, State
from creditbank.domain.explanation import Explanation, from_data
from creditbank.domain.values import Hundredths, Text
from creditbank.records.conversions import ConversionApplication, ConversionEvent
from creditbank.records.people import Account
from creditbank.records.scope import Scope

WAITING = (State.SUBMITTED, State.UNDER_REVIEW)
"""The states in which an application waits for the office."""

SORTS: Mapping[str, str] = {
    "submitted": "application.submitted_at",
    "credit": "application.credit",
    "learner": "enrolment.name_sort",
    "target": "application.title",
}
"""What the queue can be ordered by."""


@dataclass(frozen=True, slots=True)
class ApplicationLine:
    """One application in a list; ``credit`` is what it makes, in hundredths."""

    learner_id: UUID
    application_id: UUID
    number: str
    title: Text
    state: State
    verdict: str
    credit: Hundredths
    submitted_at: datetime
    institution: Text
    student_number: str = ""
    name: Text | None = None


@dataclass(frozen=True, slots=True)
class UsedLot:
    """So much of one lot that an application uses, and how it came into the passbook."""

    lot_id: UUID
    posting_id: UUID
    title: Text
    amount: Hundredths
    earned_on: date
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class MadeLot:
    """One thing an application makes, in hundredths."""

    title: Text
    code: str
    credit: Hundredths


@dataclass(frozen=True, slots=True)
class ApplicationDetail:
    """One application in full, as it was submitted and whatever became of it."""

    line: ApplicationLine
    institution_id: UUID
    college_id: UUID | None
    version_id: UUID
    rules: Text
    rules_number: int
    uses: tuple[UsedLot, ...]
    made: tuple[MadeLot, ...]
    grade: str | None
    counts: Mapping[str, bool]
    proposal: Explanation
    reason: str
    decided_by: UUID | None
    final_on: date | None
    conversion_id: UUID | None
    contact: str
    steps: tuple[ApplicationStep, ...]


@dataclass(frozen=True, slots=True)
class ApplicationStep:
    """One step of an application's life; ``who`` is empty where the bank acted by itself."""

    act: Act
    at: datetime
    who: Text
    reason: str
    note: str


_LINES = """
SELECT application.learner_id, application.application_id, application.number, application.title,
  application.title_en, application.state, application.verdict, application.credit, application.submitted_at,
  place.name, place.name_en, coalesce(enrolment.student_number, ''), coalesce(enrolment.name, ''),
  coalesce(enrolment.name_en, '')
FROM conversion_application AS application
JOIN institution AS place ON place.id = application.institution_id
LEFT JOIN enrolment ON enrolment.learner_id = application.learner_id
  AND enrolment.institution_id = application.institution_id
WHERE {condition}
"""
_QUEUE = (
    "application.institution_id = %(institution)s"
    " AND (%(college)s::uuid IS NULL OR application.college_id = %(college)s)"
    " AND application.state = ANY(%(states)s)"
    " AND (%(verdict)s = '' OR application.verdict = %(verdict)s)"
    " AND (%(q)s = '' OR application.number ILIKE %(like)s OR enrolment.student_number ILIKE %(like)s"
    " OR enrolment.name ILIKE %(like)s OR application.title ILIKE %(like)s)"
)
_USES = """
SELECT used.lot_id, issued.posting_id, lot.title, lot.title_en, used.amount, lot.earned_on, lot.expires_on
FROM conversion_use AS used
JOIN lot ON lot.learner_id = used.learner_id AND lot.lot_id = used.lot_id
JOIN posting AS issued ON issued.learner_id = lot.learner_id AND issued.lot_id = lot.lot_id
  AND issued.from_state = 'issued'
WHERE used.learner_id = %(learner)s AND used.application_id = %(application)s ORDER BY lot.earned_on, lot.lot_id
"""


def applications_of(scope: Scope, learner: UUID) -> tuple[ApplicationLine, ...]:
    """A learner's applications, the newest first."""
    condition = "application.learner_id = %(learner)s AND application.learner_id = %(person)s"
    sql = _LINES.format(condition=condition) + " ORDER BY application.submitted_at DESC, application.application_id"
    return tuple(_line(row) for row in scope.fetch(sql, {"learner": learner, "person": scope.person}))


def application_of(scope: Scope, learner: UUID, application: UUID) -> ApplicationDetail | None:
    """One application that this scope may see, in full."""
    condition = (
        "application.learner_id = %(learner)s AND application.application_id = %(application)s"
        " AND (application.learner_id = %(person)s OR application.institution_id = %(institution)s)"
    )
    values = {
        "learner": learner, "application": application, "person": scope.person, "institution": scope.institution,
    }  # fmt: skip
    rows = scope.fetch(_LINES.format(condition=condition), values)
    if not rows:
        return None
    own = {"learner_id": learner, "application_id": application}
    stored = scope.rows(ConversionApplication).select_related("rule_version__rule_set", "institution").get(**own)
    events = list(scope.rows(ConversionEvent).filter(**own).order_by("sequence"))
    names = _names(scope, {event.actor_id for event in events if event.actor_id})
    rule_set = stored.rule_version.rule_set
    return ApplicationDetail(
        line=_line(rows[0]),
        institution_id=stored.institution_id,
        college_id=stored.college_id,
        version_id=stored.rule_version_id,
        rules=Text(rule_set.name, rule_set.name_en),
        rules_number=stored.rule_version.number,
        uses=tuple(
            UsedLot(lot, posting, Text(title, title_en), Hundredths(amount), earned, expires)
            for lot, posting, title, title_en, amount, earned, expires in scope.fetch(_USES, values)
        ),
        made=tuple(
            MadeLot(Text(one["title"], one["title_en"]), one["code"], Hundredths(one["credit"])) for one in stored.made
        ),
        grade=stored.grade,
        counts=stored.counts,
        proposal=from_data(stored.proposal),
        reason=stored.reason,
        decided_by=stored.decided_by,
        final_on=stored.final_on,
        conversion_id=stored.conversion_id,
        contact=stored.institution.contact,
        steps=tuple(
            ApplicationStep(
                Act(event.kind), event.recorded_at, names.get(event.actor_id, Text("")), event.reason, event.note
            )
            for event in events
        ),
    )


def list_applications(
    scope: Scope,
    actor: Actor,
    *,
    state: str = "",
    verdict: str = "",
    search: str = "",
    sort: str = "submitted",
    descending: bool = False,
    offset: int = 0,
    limit: int = 20,
) -> tuple[tuple[ApplicationLine, ...], int]:
    """The applications of the actor's desk, those that wait unless a state is named, and how many there are."""
    values = _values(scope, actor, states=(state,) if state else WAITING, verdict=verdict, search=search)
    order = f"{SORTS.get(sort, SORTS['submitted'])} {'DESC' if descending else 'ASC'}, application.application_id"
    sql = _LINES.format(condition=_QUEUE)
    total = int(scope.fetch(f"SELECT count(*) FROM ({sql}) AS found", values)[0][0])  # noqa: S608 - constants
    start = min(offset, max(0, (total - 1) // limit * limit))
    rows = scope.fetch(f"{sql} ORDER BY {order} OFFSET %(start)s LIMIT %(limit)s", values | {
        "start": start, "limit": limit,
    })  # fmt: skip
    return tuple(_line(row) for row in rows), total


def count_applications(scope: Scope, actor: Actor) -> int:
    """How many applications wait at the actor's desk."""
    rows = scope.rows(ConversionApplication).filter(
        institution_id=scope.institution, state__in=[state.value for state in WAITING]
    )
    return int((rows.filter(college_id=actor.college) if actor.college else rows).count())


def _values(scope: Scope, actor: Actor, *, states: Sequence[str], verdict: str, search: str) -> dict[str, Any]:
    escaped = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return {
        "institution": scope.institution,
        "college": actor.college,
        "states": [str(state) for state in states],
        "verdict": verdict,
        "q": search,
        "like": f"%{escaped}%",
    }


def _line(row: tuple[Any, ...]) -> ApplicationLine:
    learner, application, number, title, title_en, state, verdict, credit, at, place, place_en, student, *name = row
    return ApplicationLine(
        learner, application, number, Text(title, title_en), State(state), verdict, Hundredths(credit), at,
        Text(place, place_en), student, Text(*name),
    )  # fmt: skip


def _names(scope: Scope, people: set[Any]) -> dict[UUID, Text]:
    rows = Account.objects.using(scope.using).filter(pk__in=people).values_list("id", "name", "name_en")
    return {person: Text(name, name_en) for person, name, name_en in rows}
