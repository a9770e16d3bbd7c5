"""What a sheet of results is read by, and how several passes of one course count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from creditbank.domain.explanation import Explanation
from creditbank.domain.results import EARNS_ONCE, SITTINGS, Pass, explain_repeats
from creditbank.domain.values import Hundredths, Text
from creditbank.queries.masterdata.inheritance import inheritance_of
from creditbank.queries.rule_sets import list_versions
from creditbank.records.catalogue import Course
from creditbank.records.institutions import Term
from creditbank.records.results import ImportRun
from creditbank.records.rules import RuleVersion
from creditbank.records.scope import Scope

COURSE_RESULT = "result"
"""The name of a rule set's fact that course results bring; a set without it decides about other outcomes."""


@dataclass(frozen=True, slots=True)
class TermDays:
    """A term of the institution's calendar."""

    code: str
    name: Text
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class LibraryCourse:
    """A course of the library, with its credit in hundredths."""

    code: str
    name: Text
    credit: Hundredths


@dataclass(frozen=True, slots=True)
class RuleChoice:
    """A rule set that decides course results."""

    code: str
    name: Text


def list_terms(scope: Scope) -> tuple[TermDays, ...]:
    """The terms of the institution's calendar, the newest first."""
    rows = scope.rows(Term).filter(institution_id=scope.institution).order_by("-starts_on", "code")
    return tuple(
        TermDays(row.code, Text(row.name or row.code, row.name_en), row.starts_on, row.ends_on) for row in rows
    )


def list_library(scope: Scope, day: date) -> tuple[LibraryCourse, ...]:
    """The courses whose credit the institution knows, its own and those handed down on a day."""
    found: dict[str, LibraryCourse] = {}
    for code, row in inheritance_of(scope, "courses", day).rows.items():
        if isinstance(credit := row.content.get("credit"), int) and credit > 0:
            name = Text(str(row.content.get("name") or code), str(row.content.get("name_en") or ""))
            found[code] = LibraryCourse(code, name, Hundredths(credit))
    own = scope.rows(Course).filter(institution_id=scope.institution)
    for code, zh, en, credit in own.values_list("code", "name", "name_en", "credit"):
        found[code] = LibraryCourse(code, Text(zh, en), Hundredths(credit))
    return tuple(found[code] for code in sorted(found))


def list_rule_choices(scope: Scope, on: date) -> tuple[RuleChoice, ...]:
    """The rule sets that decide course results, the institution's own and those it inherits."""
    versions = [one for one in list_versions(scope, kind="recognition", on=on) if one.state != "future"]
    deciding = scope.rows(RuleVersion).filter(
        pk__in=[one.version_id for one in versions], content__facts__contains=[{"name": COURSE_RESULT}]
    )
    fit = set(deciding.values_list("pk", flat=True))
    found: dict[str, RuleChoice] = {}
    for version in versions:
        if version.version_id in fit:
            found.setdefault(version.code, RuleChoice(version.code, version.name))
    return tuple(found.values())


def count_done(scope: Scope, file_hash: str) -> tuple[int, int] | None:
    """How far the unfinished import of a file has come: rows done and rows in all."""
    rows = scope.rows(ImportRun).filter(institution_id=scope.institution, kind="results", file_hash=file_hash)
    row = rows.exclude(state="finished").order_by("-started_at").first()
    return None if row is None else (row.rows_done, row.rows_total)


_PASSES = """
SELECT presentation, sitting, earned_on, credit, coalesce(nullif(grade, ''), trim_scale(mark)::text, ''), lot_id
FROM (
  SELECT DISTINCT ON (result.presentation, result.sitting) result.* FROM result
  JOIN lot ON lot.learner_id = result.learner_id AND lot.institution_id = result.institution_id
    AND lot.code = result.course
  WHERE lot.learner_id = %(learner)s AND lot.lot_id = %(lot)s AND lot.source_kind = 'result'
    AND (result.learner_id = %(person)s OR result.institution_id = %(institution)s)
  ORDER BY result.presentation, result.sitting, result.as_of DESC
) AS newest
WHERE outcome IN ('pass', 'distinction') AND repeat = %(once)s
"""


def explain_lot(scope: Scope, learner: UUID, lot: UUID) -> Explanation:
    """What a learner is told of credit for a course they passed more than once; nothing where there is one pass."""
    values = {
        "learner": learner, "lot": lot, "once": EARNS_ONCE, "person": scope.person, "institution": scope.institution,
    }  # fmt: skip
    passes, counts = [], None
    for presentation, sitting, earned_on, credit, said, held in scope.fetch(_PASSES, values):
        one = Pass(presentation, sitting if sitting in SITTINGS else SITTINGS[0], earned_on, Hundredths(credit), said)
        passes.append(one)
        counts = one if held == lot else counts
    return () if counts is None else explain_repeats(passes, counts)
