"""The course library of an institution, as rules look their targets up in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from creditbank.domain.conversions.model import ConversionRules, Course
from creditbank.domain.conversions.read import KIND as CONVERSION
from creditbank.domain.rule_documents import AnyRules, Surroundings, lint_rules
from creditbank.domain.rules.finding import Finding
from creditbank.domain.values import Hundredths, Text
from creditbank.queries.frameworks import library_at, public_library, units_carried
from creditbank.queries.masterdata.inheritance import inheritance_of
from creditbank.queries.rules import all_in_force
from creditbank.records.catalogue import Course as CourseRow
from creditbank.records.scope import Scope


def course_library(scope: Scope, institution: UUID, on: date) -> Mapping[str, Course]:
    """The courses of an institution by code, retired ones too; for the scope's own also those handed down to it."""
    handed_down = inheritance_of(scope, "courses", on).rows if institution == scope.institution else {}
    found = {
        code: Course(
            code,
            Text(str(row.content.get("name") or code), str(row.content.get("name_en") or "")),
            Hundredths(credit if isinstance(credit := row.content.get("credit"), int) else 0),
            nature=str(row.content.get("nature") or ""),
            category=str(row.content.get("category") or ""),
            retired=row.retired,
        )
        for code, row in handed_down.items()
    }
    names = ("code", "name", "name_en", "credit", "category", "nature", "retired")
    for code, name, name_en, credit, category, nature, retired in (
        scope.rows(CourseRow).filter(institution_id=institution).values_list(*names)
    ):
        found[code] = Course(code, Text(name, name_en), Hundredths(credit), category, nature, retired)
    return found


def findings_of(scope: Scope, rules: AnyRules, *, institution: UUID, on: date) -> tuple[Finding, ...]:
    """Everything that is wrong with rules of an institution, as they stand among its courses, units and other rules."""
    if not isinstance(rules, ConversionRules):
        return lint_rules(rules)
    return lint_rules(rules, _around(scope, rules, institution, on))


def _around(scope: Scope, rules: ConversionRules, institution: UUID, on: date) -> Surroundings:
    """The courses and certification units of an institution and the other conversion rules in force at it."""
    own = institution == scope.institution
    in_force = all_in_force(scope, institution=institution, kind=CONVERSION, on=on)
    return Surroundings(
        course_library(scope, institution, on) or None,
        units_carried(library_at(scope) if own else public_library(scope)),
        tuple(one.rules for one in in_force if isinstance(one.rules, ConversionRules) and one.rules.code != rules.code),
    )
