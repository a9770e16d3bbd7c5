"""Updates from above: the editions there are, what each changes here, and who took note of it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.masterdata.declaration import DataSet, Field
from creditbank.domain.masterdata.editions import FIRST_DAY, rows_by_key, table_of, users_of, with_packaged
from creditbank.domain.masterdata.inheritance import Contents, Differences, Edition, Level, compare, inherit, lay
from creditbank.domain.recognition import State
from creditbank.domain.values import Text
from creditbank.queries.masterdata.inheritance import chain_of, inheritance_of, levels_of, own_rows
from creditbank.records.institutions import Institution
from creditbank.records.scope import Scope

_LINES = """
SELECT edition.edition_id, edition.institution_id, place.name, place.name_en, edition.kind, label, source, note,
  effective_on, jsonb_array_length(rows), made_at, published_at, withdrawn_at,
  adoption.seen_at, adoption.acknowledged_at, coalesce(adoption.conflicts, 0)
FROM edition JOIN institution AS place ON place.id = edition.institution_id
LEFT JOIN adoption ON adoption.institution_id = %s AND adoption.edition_id = edition.edition_id
WHERE {condition} AND {wanted} AND effective_on > %s
  AND (edition.institution_id = %s OR edition.institution_id IN (SELECT institutions_above(%s)))
ORDER BY effective_on DESC, made_at DESC, edition.edition_id
"""


@dataclass(frozen=True, slots=True)
class EditionLine:
    """One edition as lists show it, and whether the scope's institution has seen it."""

    edition_id: UUID
    publisher_id: UUID
    publisher: Text
    kind: str
    label: str
    source: str
    note: str
    effective_on: date
    rows: int
    made_at: datetime
    published_at: datetime | None
    withdrawn_at: datetime | None
    is_own: bool
    seen_at: datetime | None
    acknowledged_at: datetime | None
    conflicts: int


@dataclass(frozen=True, slots=True)
class Uses:
    """How much of an institution's data names rows that are retired: where, by which field, which row, how many."""

    key: str
    data_set: DataSet
    field: Field
    count: int


@dataclass(frozen=True, slots=True)
class CourseUses:
    """What names a course that is retired: plans by code and name, students on them, results."""

    key: str
    programmes: tuple[tuple[str, Text], ...]
    students: int
    results: int


@dataclass(frozen=True, slots=True)
class AdoptionLine:
    """How one institution below takes an edition up; numbers and moments, nothing of its data."""

    institution: Text
    code: str
    seen_at: datetime | None
    acknowledged_at: datetime | None
    conflicts: int | None


def find_edition(scope: Scope, edition_id: UUID) -> EditionLine | None:
    """An edition of the scope's institution, or a published one from above."""
    found = _lines(scope, "edition.edition_id = %s", [edition_id])
    return found[0] if found else None


def own_editions(scope: Scope) -> tuple[EditionLine, ...]:
    """The editions the scope's institution has prepared, those that begin last first."""
    return _lines(scope, "edition.institution_id = %s", [scope.institution])


def editions_from_above(scope: Scope) -> tuple[EditionLine, ...]:
    """The published editions of the levels above, those that begin last first."""
    return _lines(scope, "edition.institution_id <> %s AND published_at IS NOT NULL", [scope.institution])


def pending_updates(scope: Scope, today: date) -> tuple[EditionLine, ...]:
    """The editions from above that nobody here has taken note of and that still stand, those to come and the last."""
    waiting = []
    current: set[tuple[UUID, str]] = set()
    for line in editions_from_above(scope):
        if line.withdrawn_at is not None:
            continue
        key = (line.publisher_id, line.kind)
        if line.effective_on > today or key not in current:
            if line.acknowledged_at is None:
                waiting.append(line)
            if line.effective_on <= today:
                current.add(key)
    return tuple(reversed(waiting))


def rows_of_edition(scope: Scope, line: EditionLine) -> Contents:
    """What an edition holds, by code."""
    condition, values = scope.condition("edition")
    found = scope.fetch(
        f"SELECT rows::text FROM edition WHERE {condition} AND institution_id = %s AND edition_id = %s",  # noqa: S608 - fixed
        [*values, line.publisher_id, line.edition_id],
    )
    return rows_by_key(json.loads(found[0][0])) if found else {}


def differences_for(scope: Scope, line: EditionLine) -> Differences:
    """What an edition changes: from above, for the scope's institution; of its own, for those below."""
    day = line.effective_on
    if not line.is_own:
        after = inheritance_of(scope, line.kind, day)
        before = inheritance_of(scope, line.kind, day, without=line.edition_id)
        return compare(line.kind, before.rows, after.rows, own_rows(scope, line.kind, day), after.name)
    levels = with_packaged(line.kind, levels_of(scope, line.kind, without=line.edition_id)[line.kind])
    own = levels[-1]
    fresh = Edition(line.edition_id, day, rows_of_edition(scope, line), line.label, line.source)
    kept = tuple(one for one in own.editions if one.effective_on != day)
    with_it = (*levels[:-1], Level(own.institution, own.name, (*kept, fresh)))
    before_it, after_it = inherit(line.kind, levels, day), inherit(line.kind, with_it, day)
    return compare(line.kind, before_it, after_it, {}, own.name)


def conflicts_with(scope: Scope, line: EditionLine, *, today: date) -> int:
    """How many rows of the institution's own do not hold beside an edition, on its day or today if that has come."""
    day = max(line.effective_on, today)
    found = inheritance_of(scope, line.kind, day)
    return len(lay(line.kind, found.rows, own_rows(scope, line.kind, day), found.name).conflicts)


def uses_of_codes(scope: Scope, kind: str, codes: Collection[str]) -> tuple[Uses, ...]:
    """The rows in force that have a code which is retired, by code and field."""
    table = table_of(kind)
    if table is None or not codes:
        return ()
    found = []
    for data_set, field in users_of(table):
        counts = scope.fetch(
            "SELECT content->>%s, count(*) FROM data_row WHERE institution_id = %s AND data_set = %s"
            " AND content->>%s = ANY(%s) AND NOT retired GROUP BY 1 ORDER BY 1",
            [field.name, scope.institution, data_set.code, field.name, list(codes)],
        )
        found += [Uses(str(code), data_set, field, int(count)) for code, count in counts]
    return tuple(found)


def uses_of_courses(scope: Scope, keys: Collection[str]) -> tuple[CourseUses, ...]:
    """What of the institution names courses that are retired; only those that something names."""
    if not keys:
        return ()
    wanted = sorted(keys)
    results = dict(
        scope.fetch(
            "SELECT course, count(*) FROM result WHERE institution_id = %s AND course = ANY(%s) GROUP BY 1",
            [scope.institution, wanted],
        )
    )
    plans = scope.fetch(
        "SELECT wanted.key, latest.code, latest.name, latest.name_en, (SELECT count(*) FROM enrolment"
        " WHERE enrolment.institution_id = %(institution)s AND enrolment.programme_code = latest.code)"
        " FROM unnest(%(keys)s::text[]) AS wanted(key) JOIN (SELECT DISTINCT ON (code) code, name, name_en, content"
        " FROM programme WHERE institution_id = %(institution)s ORDER BY code, version DESC) AS latest"
        " ON strpos(latest.content::text, to_jsonb(wanted.key)::text) > 0 ORDER BY 1, 2",
        {"institution": scope.institution, "keys": wanted},
    )
    named: dict[str, list[tuple[str, Text, int]]] = {}
    for key, code, name, name_en, students in plans:
        named.setdefault(key, []).append((code, Text(name, name_en), int(students)))
    return tuple(
        CourseUses(
            key,
            tuple((code, name) for code, name, _students in named.get(key, ())),
            sum(students for _code, _name, students in named.get(key, ())),
            int(results.get(key, 0)),
        )
        for key in wanted
        if key in named or key in results
    )


def open_claims_of(scope: Scope, types: Collection[str]) -> Mapping[str, int]:
    """How many claims of the institution are not decided yet, by type of outcome; of these types that have any.

    Each goes on under the day it was submitted on.
    """
    found = scope.fetch(
        "SELECT outcome_type, count(*) FROM claim WHERE institution_id = %s AND outcome_type = ANY(%s)"
        " AND state = ANY(%s) GROUP BY 1 ORDER BY 1",
        [scope.institution, list(types), [State.SUBMITTED.value, State.UNDER_REVIEW.value]],
    )
    return {str(code): int(count) for code, count in found}


def adoption_of(scope: Scope, edition_id: UUID) -> tuple[AdoptionLine, ...]:
    """Each institution below with what it has said of an edition of the scope's institution, by code."""
    found = scope.fetch(
        "WITH RECURSIVE below (id) AS (SELECT id FROM institution WHERE parent_id = %(institution)s"
        " UNION SELECT institution.id FROM institution JOIN below ON institution.parent_id = below.id)"
        " SELECT place.name, place.name_en, place.code, adoption.seen_at, adoption.acknowledged_at, adoption.conflicts"
        " FROM below JOIN institution AS place USING (id) LEFT JOIN adoption ON adoption.institution_id = below.id"
        " AND adoption.publisher_id = %(institution)s AND adoption.edition_id = %(edition)s"
        " WHERE place.kind IN ('centre', 'institution') ORDER BY place.code",
        {"institution": scope.institution, "edition": edition_id},
    )
    return tuple(AdoptionLine(Text(name, name_en), *rest) for name, name_en, *rest in found)


def has_below(scope: Scope) -> bool:
    """Whether other institutions take over what the scope's institution publishes."""
    kinds = (Institution.Kind.CENTRE, Institution.Kind.INSTITUTION)
    return bool(scope.rows(Institution).filter(parent_id=scope.institution, kind__in=kinds).exists())


def has_above(scope: Scope) -> bool:
    """Whether there is a level above the scope's institution."""
    return len(chain_of(scope)) > 1


def _lines(scope: Scope, wanted: str, more: list[object]) -> tuple[EditionLine, ...]:
    condition, values = scope.condition("edition", "edition")
    here = scope.institution
    # What was handed down before there were editions is kept as one, and is nobody's update.
    rows = scope.fetch(_LINES.format(condition=condition, wanted=wanted), [here, *values, *more, FIRST_DAY, here, here])
    return tuple(_line(scope, *row) for row in rows)


def _line(scope: Scope, edition_id: UUID, publisher: UUID, name: str, name_en: str, *rest: Any) -> EditionLine:
    own = publisher == scope.institution
    return EditionLine(edition_id, publisher, Text(name, name_en), *rest[:9], own, *rest[9:])  # type: ignore[call-arg]
