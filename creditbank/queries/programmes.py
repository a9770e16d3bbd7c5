"""Programmes of an institution, with how many of its learners have met each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from creditbank.domain.programmes.model import Programme as Requirements
from creditbank.domain.programmes.reading import read_programme
from creditbank.domain.values import Text
from creditbank.queries.masterdata.inheritance import inheritance_of
from creditbank.records.catalogue import Course
from creditbank.records.institutions import Institution
from creditbank.records.programmes import Programme
from creditbank.records.rules import RuleVersion
from creditbank.records.scope import Scope


@dataclass(frozen=True, slots=True)
class ProgrammeLine:
    """The newest version of a programme; ``audited`` learners have an answer, ``met`` of them meet it."""

    programme_id: UUID
    code: str
    version: int
    name: Text
    invented: bool
    audited: int
    met: int
    as_of: datetime | None


_LINES = """
WITH RECURSIVE place AS (
  SELECT id, parent_id FROM institution WHERE id = %(institution)s
  UNION ALL SELECT above.id, above.parent_id FROM institution AS above JOIN place ON above.id = place.parent_id
), newest AS (
  SELECT DISTINCT ON (code) programme.* FROM programme JOIN place ON place.id = programme.institution_id
  ORDER BY code, version DESC
)
SELECT newest.id, newest.code, newest.version, newest.name, newest.name_en, newest.invented,
  count(progress.learner_id), count(progress.learner_id) FILTER (WHERE progress.met), min(progress.as_of)
FROM newest LEFT JOIN progress
  ON progress.programme_id = newest.id AND progress.institution_id = %(institution)s
GROUP BY newest.id, newest.code, newest.version, newest.name, newest.name_en, newest.invented ORDER BY newest.code
"""


def list_programmes(scope: Scope) -> tuple[ProgrammeLine, ...]:
    """The programmes of the scope's institution and of those above it."""
    return tuple(
        ProgrammeLine(row[0], row[1], row[2], Text(row[3], row[4]), row[5], int(row[6]), int(row[7]), row[8])
        for row in scope.fetch(_LINES, {"institution": scope.institution})
    )


@dataclass(frozen=True, slots=True)
class ProgrammeVersion:
    """One version of a programme in its history."""

    programme_id: UUID
    version: int
    published_at: datetime


@dataclass(frozen=True, slots=True)
class ProgrammePage:
    """One version of a programme with its history, the newest version first; ``is_own`` to the scope's institution."""

    programme_id: UUID
    version: int
    content_hash: str
    publisher: Text
    invented: bool
    published_at: datetime
    is_own: bool
    programme: Requirements
    versions: tuple[ProgrammeVersion, ...]


def read_version(scope: Scope, programme_id: UUID) -> ProgrammePage | None:
    """A version of a programme of the scope's institution or of one above it; None when there is none."""
    row = scope.rows(Programme).filter(pk=programme_id).select_related("institution").first()
    if row is None or row.institution_id not in _places(scope):
        return None
    others = scope.rows(Programme).filter(institution_id=row.institution_id, code=row.code).order_by("-version")
    return ProgrammePage(
        programme_id=row.id,
        version=row.version,
        content_hash=row.content_hash,
        publisher=Text(row.institution.name, row.institution.name_en),
        invented=row.invented,
        published_at=row.published_at,
        is_own=row.institution_id == scope.institution,
        programme=read_programme(row.content),
        versions=tuple(ProgrammeVersion(one.id, one.version, one.published_at) for one in others),
    )


def category_names(scope: Scope) -> Mapping[str, Text]:
    """What the categories of recognised credit are called, by code: the newest words, the nearest first."""
    places = _places(scope)
    versions = scope.rows(RuleVersion).filter(institution_id__in=places, content__has_key="categories")
    rows = list(versions.order_by("number").values_list("institution_id", "content__categories"))
    rows.sort(key=lambda row: places.index(row[0]), reverse=True)
    return {
        one["code"]: Text(one.get("zh", ""), one.get("en", "")) for _place, categories in rows for one in categories
    }


def newest_version(scope: Scope, code: str) -> ProgrammePage | None:
    """The newest version of a programme of the scope's own institution, by its code."""
    rows = scope.rows(Programme).filter(institution_id=scope.institution, code=code).order_by("-version")
    found = rows.values_list("id", flat=True).first()
    return read_version(scope, found) if found is not None else None


def unknown_courses(scope: Scope, codes: Iterable[str], day: date) -> tuple[str, ...]:
    """Of some course codes those that the scope's institution cannot use on a day: neither its own nor handed down."""
    wanted = list(codes)
    known = scope.rows(Course).filter(institution_id=scope.institution, code__in=wanted)
    found = set(known.values_list("code", flat=True)) | inheritance_of(scope, "courses", day).rows.keys()
    return tuple(code for code in wanted if code not in found)


def _places(scope: Scope) -> list[UUID]:
    """The scope's institution and those above it."""
    places: list[UUID] = []
    place = scope.institution
    while place is not None and place not in places:
        places.append(place)
        place = scope.rows(Institution).filter(pk=place).values_list("parent_id", flat=True).first()
    return places
