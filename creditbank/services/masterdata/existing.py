"""Take what a bank held before its sheets into the data sets: calendar, units, courses, students."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from creditbank.domain.masterdata.editions import FIRST_DAY, row_content
from creditbank.domain.masterdata.sets import OUTCOME_TYPES, data_set_named
from creditbank.queries.masterdata.inheritance import outcome_types_as_they_stand
from creditbank.records.catalogue import Course
from creditbank.records.institutions import AcademicYear, Institution, Term
from creditbank.records.masterdata import DataFact
from creditbank.records.people import Enrolment
from creditbank.records.scope import Scope, acting_for
from creditbank.services.masterdata.editions import keep_outcome_types
from creditbank.services.masterdata.facts import store_facts
from creditbank.services.masterdata.rows import take_turn

Held = dict[str, dict[str, Any]]
"""Contents by key."""

_KINDS = {Institution.Kind.COLLEGE: "college", Institution.Kind.DEPARTMENT: "department"}
_DAYS = ("starts_on", "ends_on", "resits_from", "resits_until", "claims_from", "claims_until")


def take_existing(*, scope: Scope, actor: UUID, at: datetime) -> Mapping[str, int]:
    """State once what the scope's institution holds of each data set and nobody ever stated; how many rows that were.

    The facts have the first day there is, so that every sheet and every form stands over them and none of their
    rows is made a second time. What an import stated and was reverted stays away. Repeating it takes nothing twice.
    """
    take_turn(scope)
    taken = {}
    for code, held in _HOLDERS.items():
        data_set = data_set_named(code)
        assert data_set is not None
        known = _ever_stated(scope, code)
        fresh = {key: row_content(content) for key, content in held(scope).items() if key not in known}
        if fresh:
            if data_set is OUTCOME_TYPES:
                keep_outcome_types(scope=scope, actor=actor, at=at)
            stated = [(key, content, None) for key, content in sorted(fresh.items())]
            store_facts(scope=scope, data_set=data_set, stated=stated, as_of=FIRST_DAY, run_id=None, actor=actor, at=at)
            taken[code] = len(fresh)
    return taken


def take_existing_everywhere(at: datetime) -> int:
    """Do so for the centre and every institution of the bank; how many rows that were."""
    with acting_for(purpose="masterdata.take_existing") as scope:
        kinds = (Institution.Kind.CENTRE, Institution.Kind.INSTITUTION)
        places = list(scope.rows(Institution).filter(kind__in=kinds).order_by("code").values_list("id", flat=True))
    count = 0
    for place in places:
        with acting_for(institution=place, purpose="masterdata.take_existing") as scope:
            count += sum(take_existing(scope=scope, actor=place, at=at).values())
    return count


def _ever_stated(scope: Scope, code: str) -> set[str]:
    facts = scope.rows(DataFact).filter(institution_id=scope.institution, data_set=code)
    return set(facts.values_list("key", flat=True).distinct())


def _years(scope: Scope) -> Held:
    """Years; not those that only span their terms, which go on doing so."""
    found = scope.rows(AcademicYear).filter(institution_id=scope.institution)
    found = found.exclude(terms__code__in=_ever_stated(scope, "terms"))
    return {one.code: {"code": one.code} | _dated(one, ("starts_on", "ends_on")) for one in found}


def _terms(scope: Scope) -> Held:
    found = scope.rows(Term).filter(institution_id=scope.institution).select_related("academic_year")
    return {
        one.code: {
            "code": one.code, "year": one.academic_year.code, "name": one.name, "name_en": one.name_en,
            "weeks": one.weeks, **_dated(one, _DAYS),
        }
        for one in found
    }  # fmt: skip


def _colleges(scope: Scope) -> Held:
    """The units below the institution, by the code the school knows them by."""
    keys = _units(scope)
    found = scope.rows(Institution).filter(pk__in=list(keys))
    return {
        keys[one.pk]: {
            "code": keys[one.pk], "name": one.name, "name_en": one.name_en, "kind": _KINDS[Institution.Kind(one.kind)],
        }
        for one in found
    }  # fmt: skip


def _units(scope: Scope) -> dict[UUID, str]:
    """The code the school knows each unit below it by."""
    own = scope.rows(Institution).get(pk=scope.institution)
    found = scope.rows(Institution).filter(parent_id=own.pk, kind__in=list(_KINDS))
    return {pk: code.removeprefix(f"{own.code}-") for pk, code in found.values_list("pk", "code")}


def _courses(scope: Scope) -> Held:
    names = ("code", "name", "name_en", "credit", "level", "field", "nature", "hours", "assessment", "category")
    found = scope.rows(Course).filter(institution_id=scope.institution)
    return {one.code: {name: getattr(one, name) for name in (*names, "retired")} for one in found}


def _students(scope: Scope) -> Held:
    """Learners whom results, claims or opening lots enrolled; their identity stays sealed where it is."""
    units = _units(scope)
    names = {"name": "name", "name_en": "name_en", "cohort": "cohort", "programme": "programme_code",
             "major": "major_code", "class_code": "class_code", "status": "status"}  # fmt: skip
    found = scope.rows(Enrolment).filter(institution_id=scope.institution).exclude(student_number="")
    return {
        number: {"number": number, "college": units.get(college), **dict(zip(names, said, strict=True))}
        for number, college, *said in found.values_list("student_number", "college_id", *names.values())
    }


def _outcome_types(scope: Scope) -> Held:
    assert scope.institution is not None
    held = outcome_types_as_they_stand(scope, [scope.institution], unstated=True).get(scope.institution, {})
    return {code: dict(content) for code, content in held.items()}


def _dated(one: Any, names: tuple[str, ...]) -> dict[str, str]:
    days: dict[str, date | None] = {name: getattr(one, name) for name in names}
    return {name: day.isoformat() for name, day in days.items() if day is not None}


_HOLDERS: Mapping[str, Callable[[Scope], Held]] = MappingProxyType(
    {
        "years": _years,
        "terms": _terms,
        "colleges": _colleges,
        "courses": _courses,
        "students": _students,
        "outcome_types": _outcome_types,
    }
)
