"""Course results as other systems report them, and when two of them are the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from creditbank.domain.values import Hundredths, Text

MESSAGES = {
    "results.differs_from_stored": "An earlier import holds another result for the same learner, course and"
    " presentation ({before}). The earlier one stands; this row was not taken.",
    "results.no_rule": "No version of the rule set {rule_set} was in force on {day}. The row was not taken.",
    "results.facts_refused": "The rule set {rule_set} cannot read this row. It was not taken.",
}


@dataclass(frozen=True, slots=True)
class CourseResult:
    """One result of one learner in one presentation of a course; credits are what the presentation declares.

    ``outcome`` is pass, distinction, fail or withdrawn; ``mark`` has at most two decimals and decides nothing.
    ``line`` is where the row stood in its sheet.
    """

    line: int
    learner_number: str
    course: str
    course_name: Text | None
    presentation: str
    term: str
    starts_on: date
    earned_on: date
    outcome: str
    mark: Decimal | None
    credit: Hundredths
    level: int | None
    field: str
    rule_set: str

    def said(self) -> tuple[Any, ...]:
        """What the result says, apart from whom and where it is about: equal for an identical repeat."""
        return (
            self.term,
            self.starts_on,
            self.earned_on,
            self.outcome,
            self.mark,
            self.credit,
            self.level,
            self.field,
        )

    def facts(self) -> dict[str, Any]:
        """The facts that a rule set for course credit decides by."""
        facts: dict[str, Any] = {"result": self.outcome, "credits": Decimal(self.credit) / 100}
        if self.level is not None:
            facts["level"] = str(self.level)
        if self.field:
            facts["field"] = self.field
        return facts


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not taken: its line, the column at fault where there is one, and the sentence's code."""

    line: int
    column: str
    code: str
    facts: dict[str, Any]
