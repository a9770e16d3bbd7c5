"""Official lists as the office reads them: the uploads, and one upload with its figures and lines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.access import Actor
from creditbank.domain.explanation import Explanation, from_data
from creditbank.domain.official_lists.matching import Found
from creditbank.domain.official_lists.outcomes import Standing
from creditbank.domain.results import RefusedRow
from creditbank.domain.values import Text
from creditbank.queries.official_lists.claims import ground_of, statements_of
from creditbank.records.people import Account
from creditbank.records.scope import Scope

_LISTS = """
SELECT list.list_id, list.kind, list.series, list.title, list.issuer, list.issued_on, list.outcome_type, list.all_ours,
  list.file_name, list.file_hash, list.encoding, list.rows_total, list.rows_refused, list.rows_left, list.state,
  list.actor_id, list.recorded_at, list.withdrawn_at, list.withdrawn_by
FROM official_list AS list WHERE list.institution_id = %(institution)s
  AND (%(list)s::uuid IS NULL OR list.list_id = %(list)s)
ORDER BY list.recorded_at DESC, list.list_id DESC OFFSET %(offset)s LIMIT %(limit)s
"""
_COUNTS = """
SELECT list_id, found, count(*) FROM official_list_line
WHERE institution_id = %(institution)s AND list_id = ANY(%(lists)s::uuid[]) GROUP BY 1, 2
"""
_LINES = """
SELECT line.line, line.member, line.found, line.learner_id, line.explanation::text, line.stated::text,
  line.outcome::text, line.candidates::text, enrolment.student_number, enrolment.name, enrolment.name_en
FROM official_list_line AS line
LEFT JOIN enrolment ON enrolment.learner_id = line.learner_id AND enrolment.institution_id = line.institution_id
WHERE line.institution_id = %(institution)s AND line.list_id = %(list)s
  AND (%(found)s = '' OR line.found = %(found)s)
ORDER BY line.line, line.member
"""
_PEOPLE = """
SELECT enrolment.learner_id, enrolment.student_number, enrolment.name, enrolment.name_en, enrolment.cohort,
  coalesce(college.name, ''), coalesce(college.name_en, ''), enrolment.class_code
FROM enrolment LEFT JOIN institution AS college ON college.id = enrolment.college_id
WHERE enrolment.institution_id = %(institution)s AND enrolment.learner_id = ANY(%(learners)s::uuid[])
"""
# What an older list of the same series says of a learner and this one does not.
_GONE = """
SELECT DISTINCT ON (older.learner_id, older.outcome_key) older.learner_id, older.title, older.list_title,
  older.issued_on, older.line, enrolment.student_number, enrolment.name, enrolment.name_en
FROM listed_outcome AS older
JOIN official_list AS list ON list.institution_id = older.institution_id AND list.list_id = older.list_id
JOIN enrolment ON enrolment.learner_id = older.learner_id AND enrolment.institution_id = older.institution_id
WHERE older.institution_id = %(institution)s AND list.series = %(series)s AND list.issued_on < %(issued_on)s
  AND older.withdrawn_at IS NULL AND list.state = 'applied'
  AND NOT EXISTS (SELECT FROM unnest(%(learners)s::uuid[], %(keys)s::text[]) AS here (learner_id, outcome_key)
    WHERE here.learner_id = older.learner_id AND here.outcome_key = older.outcome_key)
ORDER BY older.learner_id, older.outcome_key, older.issued_on DESC
"""
_PROBLEMS = """
SELECT line, column_name, code, facts::text FROM official_list_problem
WHERE institution_id = %(institution)s AND list_id = %(list)s ORDER BY line, sequence
"""


@dataclass(frozen=True, slots=True)
class OfficialList:
    """One upload of an issuer's list. ``counts`` are its people by what became of their lines."""

    list_id: UUID
    kind: str
    series: str
    title: str
    issuer: str
    issued_on: date
    outcome_type: str
    all_ours: bool
    file_name: str
    file_hash: str
    encoding: str
    rows: int
    refused: int
    left: int
    state: str
    actor: Text
    recorded_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: Text
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def withdrawn(self) -> bool:
        """Whether it counts no more."""
        return self.state == "withdrawn"


@dataclass(frozen=True, slots=True)
class PersonShown:
    """A learner as a person of the office tells them apart."""

    learner_id: UUID
    number: str
    name: Text
    cohort: int | None
    college: Text
    class_code: str


@dataclass(frozen=True, slots=True)
class ListLine:
    """One person's line. ``stated`` is who stands there, kept only where a person chooses or has chosen."""

    line: int
    member: int
    found: Found
    learner_id: UUID | None
    number: str
    name: Text
    explanation: Explanation
    stated: Mapping[str, str]
    outcome: Mapping[str, Any]
    candidates: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class GoneLine:
    """What an older version of a list says and the newer one does not; it stays as it is."""

    learner_id: UUID
    number: str
    name: Text
    title: str
    list_title: str
    issued_on: date
    line: int


def list_lists(scope: Scope, actor: Actor, *, offset: int = 0, limit: int = 20) -> tuple[tuple[OfficialList, ...], int]:
    """The uploads, the newest first, and how many there are; a list concerns every college, so one college has none."""
    if actor.college is not None:
        return (), 0
    total = int(scope.fetch("SELECT count(*) FROM official_list WHERE institution_id = %s", [scope.institution])[0][0])
    start = min(offset, max(0, (total - 1) // limit * limit))
    return _read(scope, None, start, limit), total


def find_list(scope: Scope, actor: Actor, list_id: UUID) -> OfficialList | None:
    """One upload, when the actor's desk reads it."""
    found = _read(scope, list_id, 0, 1) if actor.college is None else ()
    return found[0] if found else None


def lines_of(scope: Scope, list_id: UUID, *, found: str = "") -> tuple[ListLine, ...]:
    """The lines of a list in the order of the sheet, perhaps only those of which one thing became."""
    rows = scope.fetch(_LINES, {"institution": scope.institution, "list": list_id, "found": found})
    return tuple(
        ListLine(
            line=line,
            member=member,
            found=Found(became),
            learner_id=learner,
            number=number or "",
            name=Text(name or "", name_en or ""),
            explanation=from_data(json.loads(explanation)),
            stated=json.loads(stated) if stated else {},
            outcome=json.loads(outcome) if outcome else {},
            candidates=tuple(UUID(one) for one in json.loads(candidates)),
        )
        for line, member, became, learner, explanation, stated, outcome, candidates, number, name, name_en in rows
    )


def standings_of(
    scope: Scope, list_id: UUID, lines: Sequence[ListLine]
) -> dict[tuple[int, int], tuple[Standing, UUID | None, str]]:
    """What each certain line of a list means now, the claim it is about, and the outcome's title."""
    learners = sorted({one.learner_id for one in lines if one.learner_id is not None})
    if not learners or scope.institution is None:
        return {}
    ground = ground_of(scope, scope.institution, learners)
    return {
        (one.line, one.member): (*ground.standing(one.learner_id, one.listed), one.listed.title)
        for one in statements_of(scope, scope.institution, learners, also=list_id)
        if one.list_id == list_id
    }


def count_standings(standings: Mapping[tuple[int, int], tuple[Standing, UUID | None, str]]) -> Counter[Standing]:
    """How many lines of a list mean what."""
    return Counter(standing for standing, _claim, _title in standings.values())


def people_of(scope: Scope, learners: Sequence[UUID]) -> dict[UUID, PersonShown]:
    """Learners of the institution as they are told apart."""
    rows = scope.fetch(_PEOPLE, {"institution": scope.institution, "learners": list(learners)})
    return {
        learner: PersonShown(
            learner, number, Text(name, name_en), cohort, Text(college, college_en), class_code
        )
        for learner, number, name, name_en, cohort, college, college_en, class_code in rows
    }  # fmt: skip


def gone_from(scope: Scope, series: str, issued_on: date, stated: Sequence[tuple[UUID, str]]) -> tuple[GoneLine, ...]:
    """What older lists of a series say and a newer one, given by learner and outcome, does not."""
    rows = scope.fetch(
        _GONE,
        {
            "institution": scope.institution,
            "series": series,
            "issued_on": issued_on,
            "learners": [learner for learner, _key in stated],
            "keys": [key for _learner, key in stated],
        },
    )
    found = (
        GoneLine(learner, number, Text(name, name_en), title, list_title, day, line)
        for learner, title, list_title, day, line, number, name, name_en in rows
    )
    return tuple(sorted(found, key=lambda one: (one.number, one.title)))


def gone_from_list(scope: Scope, found: OfficialList) -> tuple[GoneLine, ...]:
    """What older lists of the series of an upload say and it does not."""
    rows = scope.fetch(
        "SELECT learner_id, outcome_key FROM listed_outcome WHERE institution_id = %s AND list_id = %s",
        [scope.institution, found.list_id],
    )
    return gone_from(scope, found.series, found.issued_on, [(learner, key) for learner, key in rows])


def refused_of(scope: Scope, list_id: UUID) -> tuple[RefusedRow, ...]:
    """The refused rows of a list with their reasons."""
    rows = scope.fetch(_PROBLEMS, {"institution": scope.institution, "list": list_id})
    return tuple(RefusedRow(line, column, code, json.loads(facts)) for line, column, code, facts in rows)


def count_doubtful(scope: Scope, actor: Actor) -> int:
    """How many lines wait for a person's choice."""
    if actor.college is not None:
        return 0
    rows = scope.fetch(
        "SELECT count(*) FROM official_list_line AS line JOIN official_list AS list"
        " ON list.institution_id = line.institution_id AND list.list_id = line.list_id"
        " WHERE line.institution_id = %s AND line.found = 'doubtful' AND list.state = 'applied'",
        [scope.institution],
    )
    return int(rows[0][0])


def _read(scope: Scope, list_id: UUID | None, offset: int, limit: int) -> tuple[OfficialList, ...]:
    values = {"institution": scope.institution, "list": list_id, "offset": offset, "limit": limit}
    rows = scope.fetch(_LISTS, values)
    counts: dict[UUID, dict[str, int]] = {row[0]: {} for row in rows}
    for one, became, count in scope.fetch(_COUNTS, {"institution": scope.institution, "lists": list(counts)}):
        counts[one][became] = int(count)
    people = Account.objects.using(scope.using).filter(pk__in={row[15] for row in rows} | {row[18] for row in rows})
    names = {person: Text(name, name_en) for person, name, name_en in people.values_list("id", "name", "name_en")}
    return tuple(_list(row, names, counts[row[0]]) for row in rows)


def _list(row: tuple[Any, ...], names: Mapping[UUID, Text], counts: Mapping[str, int]) -> OfficialList:
    actor, recorded_at, withdrawn_at, withdrawn_by = row[15:]
    nobody = Text("")
    shown = names.get(actor, nobody), recorded_at, withdrawn_at, names.get(withdrawn_by, nobody), counts
    return OfficialList(*(*row[:15], *shown))


def learner_numbered(scope: Scope, number: str) -> UUID | None:
    """The learner of this school who has or had a student number."""
    rows = scope.fetch(
        "SELECT learner_id FROM learner_number WHERE institution_id = %s AND lower(student_number) = lower(%s) LIMIT 1",
        [scope.institution, number.strip()],
    )
    return rows[0][0] if rows else None
