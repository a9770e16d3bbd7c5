"""Which targets of conversion rules an institution that inherits them does not offer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditbank.domain.conversions.model import TargetKind
from creditbank.domain.explanation import Fact as Said
from creditbank.domain.explanation import Line, Verdict
from creditbank.domain.rules.model import Ruling
from creditbank.domain.values import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from creditbank.domain.conversions.model import ConversionRules, Course, Target
    from creditbank.domain.explanation import Explanation

MESSAGES: dict[str, str] = {
    "conversion.target_lacking": "{code} is not in the course library here. Rows: {rows}.",
    "conversion.target_retired": "{course} is no longer offered here. Rows: {rows}.",
    "conversion.target_category": "No course of {category} is offered here. Rows: {rows}.",
}


def not_offered(rules: ConversionRules, library: Mapping[str, Course]) -> Explanation:
    """A line for each target that the library lacks or retired, with the rows that convert into it, by code."""
    labels = {category.code: category.label for category in rules.categories}
    rows: dict[Target, list[str]] = {}
    for row in rules.rows:
        for target in row.targets if row.ruling is not Ruling.REFUSE else ():
            rows.setdefault(target, []).append(row.id)
    offered = {course.category for course in library.values() if not course.retired}
    found: list[Line] = []
    for target in sorted(rows, key=str):
        facts: dict[str, Said] = {"rows": ", ".join(rows[target])}
        if target.kind is TargetKind.COURSE_OF and target.code not in offered:
            facts["category"] = labels.get(target.code, Text(target.code, target.code))
            found.append(Line("conversion.target_category", Verdict.ASK, facts))
        if target.kind not in (TargetKind.COURSE, TargetKind.WAIVER):
            continue
        course = library.get(target.code)
        if course is None:
            found.append(Line("conversion.target_lacking", Verdict.ASK, facts | {"code": target.code}))
        elif course.retired:
            found.append(Line("conversion.target_retired", Verdict.ASK, facts | {"course": course.title}))
    return tuple(found)
