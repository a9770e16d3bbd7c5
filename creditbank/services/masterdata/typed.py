"""Keep calendar, units, courses, learners and resources in step with the rows of master data."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connections

from creditbank.domain.masterdata.declaration import DataSet
from creditbank.domain.masterdata.facts import Stored
from creditbank.domain.masterdata.reading import normal
from creditbank.gateways.chance import sort_key
from creditbank.gateways.clock import day_in, new_id, new_ids
from creditbank.gateways.postgres import run
from creditbank.queries.masterdata.inheritance import inheritance_of, laid_over
from creditbank.records.institutions import Institution
from creditbank.records.scope import Scope
from creditbank.services.masterdata import statements as sql
from creditbank.services.masterdata.catalogue import follow_catalogue
from creditbank.services.masterdata.education_resources import follow_resources
from creditbank.services.masterdata.framework_rows import CODES as FRAMEWORK_ROWS
from creditbank.services.masterdata.framework_rows import follow_frameworks

Contents = Mapping[str, Mapping[str, Stored]]
"""The values of rows by key."""

_YEAR = re.compile(r"(\d{4}-\d{4})-\d{1,2}")


def follow(*, scope: Scope, data_set: DataSet, before: Contents, made: Contents, at: datetime) -> None:
    """Bring the typed tables after rows that were made anew; a row only in ``before`` has gone."""
    match data_set.code:
        case "years":
            _years(scope, {*before, *made})
        case "terms":
            years = {_year_of(key, content) for key, content in [*before.items(), *made.items()]}
            _years(scope, {year for year in years if year}, {*before, *made})
        case "colleges":
            _colleges(scope, made)
            said = {normal(str(content.get("name"))) for content in [*before.values(), *made.values()]}
            codes = {*before, *made}
            own = scope.rows(Institution).values_list("code", flat=True).get(pk=scope.institution)
            said |= codes | {f"{own}-{code}" for code in codes}
            _enrol(scope, _students_of(scope, said), at)
        case "courses":
            _courses(scope, _laid(scope, data_set, made, at), {key for key in before if key not in made})
        case "outcome_types":
            gone = [key for key in before if key not in made]
            _outcome_types(scope, made, _laid(scope, data_set, made, at), gone)
        case "students":
            _enrol(scope, made, at)
        case "providers" | "resources" | "offerings":
            follow_resources(scope=scope, data_set=data_set, before=before, made=made)
            if data_set.code == "providers":
                follow_catalogue(scope=scope, data_set=data_set, before=before, made=made)
        case "catalogue":
            follow_catalogue(scope=scope, data_set=data_set, before=before, made=made)
        case code if code in FRAMEWORK_ROWS:
            follow_frameworks(scope=scope, data_set=data_set, keys={*before, *made})
        case _:
            return


def _run(scope: Scope, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    return run(connections[scope.using], statement, {"institution_id": scope.institution} | values)


def _day(content: Mapping[str, Stored], name: str) -> date | None:
    value = content.get(name)
    return date.fromisoformat(value) if isinstance(value, str) else None


def _said(content: Mapping[str, Stored], name: str) -> str:
    return str(content.get(name) or "")


def _year_of(key: str, content: Mapping[str, Stored]) -> str:
    """The year a term belongs to: as stated, else the front of its code."""
    match = _YEAR.fullmatch(key)
    return _said(content, "year") or (match[1] if match else "")


def _years(scope: Scope, years: Collection[str], moved: Collection[str] = ()) -> None:
    """Academic years with their terms; a year nobody described spans its terms.

    What the rows say no more, or say of days that contradict each other, leaves the calendar: whatever arrived
    first, the rows alone decide.

    Args:
        scope: acts for the institution.
        years: the years whose rows, or whose terms' rows, changed.
        moved: the terms whose rows changed.
    """
    stated = {key: json.loads(content) for key, content in _run(scope, sql.YEAR_ROWS, keys=list(years))}
    terms: dict[str, dict[str, dict[str, Stored]]] = defaultdict(dict)
    for key, text in _run(scope, sql.TERM_ROWS):
        content = json.loads(text)
        first, last = _day(content, "starts_on"), _day(content, "ends_on")
        if first is not None and last is not None and first < last:
            terms[_year_of(key, content)][key] = content
    spans = {year: _span(stated.get(year, {}), terms.get(year, {})) for year in sorted(years)}
    known = {year: span for year, span in spans.items() if span is not None}
    held = _hold_terms(scope, known, terms)
    unfounded = {key for year in spans.keys() - known.keys() for key in terms.get(year, {})}
    _run(scope, sql.TERMS_GONE, code=sorted({*moved, *unfounded} - held))
    _run(scope, sql.YEARS_GONE, code=sorted(spans.keys() - known.keys()))


def _hold_terms(
    scope: Scope, known: Mapping[str, tuple[date, date]], terms: Mapping[str, Mapping[str, Mapping[str, Stored]]]
) -> set[str]:
    """Write years with their days, and their terms; the codes of the terms."""
    if not known:
        return set()
    ids = dict(
        _run(
            scope,
            sql.YEARS,
            id=new_ids(len(known)),
            code=list(known),
            starts_on=[first for first, _last in known.values()],
            ends_on=[last for _first, last in known.values()],
        )
    )
    held = [(ids[year], key, content) for year in known for key, content in terms.get(year, {}).items()]
    if not held:
        return set()
    days = ("starts_on", "ends_on", "resits_from", "resits_until", "claims_from", "claims_until")
    _run(
        scope,
        sql.TERMS,
        id=new_ids(len(held)),
        year=[year for year, _key, _content in held],
        code=[key for _year, key, _content in held],
        name=[_said(content, "name") or key for _year, key, content in held],
        name_en=[_said(content, "name_en") for _year, _key, content in held],
        weeks=[content.get("weeks") for _year, _key, content in held],
        **{name: [_day(content, name) for _year, _key, content in held] for name in days},
    )
    return {key for _year, key, _content in held}


def _span(stated: Mapping[str, Stored], terms: Contents) -> tuple[date, date] | None:
    first, last = _day(stated, "starts_on"), _day(stated, "ends_on")
    starts = [day for content in terms.values() if (day := _day(content, "starts_on"))]
    ends = [day for content in terms.values() if (day := _day(content, "ends_on"))]
    first = first or (min(starts) if starts else None)
    last = last or (max(ends) if ends else None)
    return (first, last) if first is not None and last is not None and first < last else None


def _colleges(scope: Scope, made: Contents) -> None:
    """Units of the school as places of the bank's tree, one level under it."""
    own = scope.rows(Institution).get(pk=scope.institution)
    below = {place.code: place for place in scope.rows(Institution).filter(parent_id=own.pk)}
    for key, content in made.items():
        name = _said(content, "name") or key
        kind = Institution.Kind.DEPARTMENT if content.get("kind") == "department" else Institution.Kind.COLLEGE
        values = {"name": name, "name_en": _said(content, "name_en"), "kind": kind}
        # Two schools may both have a unit 01, so the bank knows it under the school's code too.
        place = below.get(key) or below.get(f"{own.code}-{key}")
        if place is None:
            scope.rows(Institution).create(
                id=new_id(), parent_id=own.pk, code=f"{own.code}-{key}", zone=own.zone, **values
            )
        elif any(getattr(place, field) != value for field, value in values.items()):
            scope.rows(Institution).filter(pk=place.pk).update(**values)


def colleges_by_text(scope: Scope) -> dict[str, UUID]:
    """What a sheet may call each unit of the school: its code, the bank's code, or a name only one unit has."""
    own = scope.rows(Institution).get(pk=scope.institution)
    places = list(scope.rows(Institution).filter(parent_id=own.pk).exclude(kind=Institution.Kind.INSTITUTION))
    names = Counter(normal(place.name) for place in places)
    found = {normal(place.name): place.pk for place in places if names[normal(place.name)] == 1}
    found |= {place.code.removeprefix(f"{own.code}-"): place.pk for place in places}
    return found | {place.code: place.pk for place in places}


def _students_of(scope: Scope, said: Collection[str]) -> dict[str, Mapping[str, Stored]]:
    keys = [key for (key,) in _run(scope, sql.STUDENTS_OF_COLLEGES, said=sorted(said))]
    return _students(scope, keys)


def _students(scope: Scope, keys: Collection[str]) -> dict[str, Mapping[str, Stored]]:
    found = _run(scope, sql.ROWS, data_set="students", keys=sorted(keys)) if keys else []
    return {key: json.loads(content) for key, content, _since, _label in found}


def _laid(scope: Scope, data_set: DataSet, made: Contents, at: datetime) -> Contents:
    """Rows that tighten one from above say little by themselves; together they say what it is."""
    zone = scope.rows(Institution).values_list("zone", flat=True).get(pk=scope.institution)
    found = inheritance_of(scope, data_set.code, day_in(at, zone))
    return {key: laid_over(found, key, content) for key, content in made.items()} if found else made


def _courses(scope: Scope, made: Contents, gone: Collection[str]) -> None:
    """Courses with credit are in the library; one whose row has gone, or lost its credit, is retired."""
    whole = {key: content for key, content in made.items() if (content.get("credit") or 0) > 0}
    lacking = sorted({*gone, *(key for key in made if key not in whole)})
    if lacking:
        _run(scope, sql.COURSES_GONE, code=lacking)
    if not whole:
        return
    rows = list(whole.values())
    _run(
        scope,
        sql.COURSES,
        id=new_ids(len(rows)),
        code=list(whole),
        name=[_said(content, "name") or key for key, content in whole.items()],
        retired=[int(content.get("retired") is True) for content in rows],
        **{name: [_said(content, name) for content in rows] for name in (
            "name_en", "field", "nature", "assessment", "category",
        )},
        **{name: [content.get(name) for content in rows] for name in ("credit", "level", "hours")},
    )  # fmt: skip


def _outcome_types(scope: Scope, made: Contents, laid: Contents, gone: Collection[str]) -> None:
    """Types of outcome with what the institution itself says of each; of one whose row has gone it says nothing."""
    if gone:
        _run(scope, sql.OUTCOME_TYPES_GONE, code=sorted(gone))
    if not made:
        return
    _run(
        scope,
        sql.OUTCOME_TYPES,
        id=new_ids(len(made)),
        code=list(made),
        name=[_said(laid[key], "name") or key for key in made],
        name_en=[_said(laid[key], "name_en") for key in made],
        rule_set=[_said(laid[key], "rule_set") for key in made],
        evidence=[int(laid[key].get("evidence") is True) for key in made],
        is_open=[int(laid[key].get("retired") is not True) for key in made],
        stated=[json.dumps(content, ensure_ascii=False) for content in made.values()],
    )


def _enrol(scope: Scope, made: Contents, at: datetime) -> None:
    """Students as learners: a known number or identity is the same person, whoever else is new."""
    if not made:
        return
    # Of two schools that bring one new person at one moment, the second finds the first.
    scope.fetch("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", ["identities"])
    learners = dict(_run(scope, sql.LEARNERS, keys=list(made)))
    unknown = [key for key in made if key not in learners]
    if unknown:
        learners |= _open(scope, {key: made[key] for key in unknown}, at)
    chosen = _chosen(scope, made, learners)
    sealed = [(learner, said) for learner, (_key, row) in chosen.items() if (said := row.get("national_id"))]
    if sealed:
        _run(
            scope,
            sql.SEALED,
            learner_id=[learner for learner, _said in sealed],
            national_id=[base64.b64decode(said["sealed"]) for _learner, said in sealed],
            found=[bytes.fromhex(said["index"]) for _learner, said in sealed],
        )
    colleges = colleges_by_text(scope)
    rows = [row for _key, row in chosen.values()]
    values: dict[str, Any] = {
        "learner_id": list(chosen),
        "college_id": [colleges.get(_said(row, "college")) for row in rows],
        "with_college": [int(row.get("college") is not None) for row in rows],
        "number": [key for key, _row in chosen.values()],
        "name_sort": [sort_key(_said(row, "name")) for row in rows],
        "cohort": [row.get("cohort") for row in rows],
        "class": [_said(row, "class_code") for row in rows],
        **{name: [_said(row, name) for row in rows] for name in ("name", "name_en", "programme", "major", "status")},
    }
    _run(scope, sql.ENROLMENTS, **values)
    _run(scope, sql.ENROLMENTS_CHANGED, **values)


def _open(scope: Scope, unknown: Contents, at: datetime) -> dict[str, UUID]:
    """A learner for each number that was not known: the one who has its identity, or a new one."""
    indexes = {key: bytes.fromhex(said["index"]) for key, row in unknown.items() if (said := row.get("national_id"))}
    people: dict[bytes, UUID] = {}
    if indexes:
        people = {bytes(found): person for found, person in _run(scope, sql.IDENTITIES, wanted=list(indexes.values()))}
    opened: dict[str, UUID] = {}
    fresh: list[UUID] = []
    for key, made in zip(sorted(unknown), new_ids(len(unknown)), strict=True):
        person = people.get(indexes[key]) if key in indexes else None
        if person is None:
            person = made
            fresh.append(made)
            if key in indexes:
                people[indexes[key]] = made
        opened[key] = person
    if fresh:
        _run(scope, sql.NEW_LEARNERS, learner_id=fresh, at=at)
    _run(scope, sql.NEW_NUMBERS, number=list(opened), learner_id=list(opened.values()))
    return opened


def _chosen(scope: Scope, made: Contents, learners: Mapping[str, UUID]) -> dict[UUID, tuple[str, Mapping[str, Stored]]]:
    """For each learner the number and row that stand for them: the latest cohort of those not retired."""
    numbers: dict[UUID, set[str]] = defaultdict(set)
    for learner, number in _run(scope, sql.NUMBERS, learner_id=sorted({learners[key] for key in made})):
        numbers[learner].add(number)
    others = {number for held in numbers.values() if len(held) > 1 for number in held} - made.keys()
    rows = dict(made) | _students(scope, others)

    def worth(number: str) -> tuple[bool, int, str, str]:
        row = rows[number]
        return row.get("retired") is not True, row.get("cohort") or 0, _said(row, "entered_on"), number

    found = {}
    for learner, held in numbers.items():
        best = max((number for number in held if number in rows), key=worth)
        found[learner] = best, rows[best]
    return found
