"""Course results as other systems report them, and when two of them are the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from creditbank.domain.explanation import Explanation, Fact, Line, Verdict
from creditbank.domain.values import Hundredths, Text

MESSAGES = {
    "results.differs_from_stored": "An earlier import holds another result for the same learner, course and"
    " presentation ({before}). The earlier one stands; this row was not taken. If it is a correction, say as of which"
    " day (--as-of).",
    "results.differs_same_day": "The bank holds another result of {day} for the same learner, course, presentation and"
    " sitting ({before}). The earlier one stands; this row was not taken.",
    "results.credit_in_use": "The credit of the result before this correction is in use, so it cannot be taken back."
    " The earlier result stands; this row was not taken.",
    "results.no_rule": "No version of the rule set {rule_set} was in force on {day}. The row was not taken.",
    "results.facts_refused": "The rule set {rule_set} cannot read this row. It was not taken.",
    "results.counts_once": "A course brings its credit once. This credit comes from {presentation}, passed on {day}.",
    "results.repeated": "{presentation}: passed on {day} with {mark}. The result is kept and brings no further credit.",
    "results.repeated_unmarked": "{presentation}: passed on {day}. The result is kept and brings no further credit.",
}


OUTCOMES = ("distinction", "pass", "fail", "withdrawn", "absent", "deferred", "misconduct", "exempt")
"""What a result can be. Distinction and pass earn credit; absent, deferred and exempt are no failure and no zero."""

SITTINGS = ("normal", "resit", "retake", "deferred")
"""Which examination a result comes from: 正考, 补考, 重修, and the one a deferred learner sat later 缓考."""

EARNS_ONCE, EARNS_EACH = REPEATS = ("earns_once", "earns_each")
"""What a course that is passed more than once brings: its credit once, or each time anew."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One sitting of a course that brings credit by itself; ``credit`` in hundredths, ``said`` the mark or a word."""

    presentation: str
    sitting: str
    earned_on: date
    credit: Hundredths
    said: str = ""

    def rank(self) -> tuple[int, date, int, str]:
        """Smaller for the pass that counts: the most credit, then the first day, then the earlier sitting."""
        return (-self.credit, self.earned_on, SITTINGS.index(self.sitting), self.presentation)


def explain_repeats(passes: Sequence[Pass], counts: Pass) -> Explanation:
    """Why of several passes of one course only ``counts`` brings credit; nothing to say of a single one."""
    others = sorted((one for one in passes if one != counts), key=lambda one: (one.earned_on, one.rank()))
    if not others:
        return ()
    below = tuple(_repeated(one) for one in others)
    facts: dict[str, Fact] = {"presentation": counts.presentation, "day": counts.earned_on.isoformat()}
    return (Line("results.counts_once", Verdict.YES, facts, None, below),)


def _repeated(one: Pass) -> Line:
    facts: dict[str, Fact] = {"presentation": one.presentation, "day": one.earned_on.isoformat()}
    if not one.said:
        return Line("results.repeated_unmarked", Verdict.NOTE, facts)
    return Line("results.repeated", Verdict.NOTE, facts | {"mark": one.said})


@dataclass(frozen=True, slots=True)
class CourseResult:
    """One result of one learner in one sitting of a presentation of a course.

    ``outcome`` is one of ``OUTCOMES``; distinction and pass earn ``credit`` (hundredths), what the presentation
    declares, whatever the ``mark`` says. A mark is rounded half up to 0.01; no mark is None, never zero. ``grade`` is
    what the sheet wrote in the place of a mark, when that was a word. ``rule_set`` is the code of the rule set that
    decides. ``line`` is where the row stood in its sheet. ``repeat`` is one of ``REPEATS``, as its mapping declares.
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
    sitting: str = "normal"
    grade: str = ""
    repeat: str = EARNS_ONCE

    @property
    def place(self) -> tuple[int, str]:
        """What tells it from others of its sheet: a wide sheet has a result for each course in one line."""
        return (self.line, self.course)

    @property
    def earns_credit(self) -> bool:
        """Whether the outcome is one that earns the credit."""
        return self.outcome in {"distinction", "pass"}

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
            self.grade,
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
