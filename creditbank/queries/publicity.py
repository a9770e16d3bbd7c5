"""What stands on public notice at an institution: each decision with its last day, names cut short."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from creditbank.domain.letters import CaseKind
from creditbank.domain.values import Hundredths, Text
from creditbank.records.scope import Scope

MOST = 500
"""How many entries one list shows."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision on public notice; ``stopped`` while an objection waits for its answer."""

    kind: CaseKind
    case_id: UUID
    number: str
    name: str
    student_number: str
    college: Text
    title: Text
    credit: Hundredths
    final_on: date
    stopped: bool


_ENTRIES = """
SELECT found.kind, found.case_id, found.number, coalesce(enrolment.name, ''),
  coalesce(enrolment.student_number, ''), coalesce(college.name, ''), coalesce(college.name_en, ''), found.title,
  found.title_en, found.credit, found.final_on, found.state = 'objected'
FROM (
  SELECT 'claim' AS kind, claim_id AS case_id, learner_id, college_id, number, title, title_en, credit, final_on, state
  FROM claim WHERE institution_id = %(institution)s AND state IN ('recognised', 'objected')
  UNION ALL
  SELECT 'application', application_id, learner_id, college_id, number, title, title_en, credit, final_on, state
  FROM conversion_application WHERE institution_id = %(institution)s AND state IN ('approved', 'objected')
) AS found
LEFT JOIN enrolment ON enrolment.learner_id = found.learner_id AND enrolment.institution_id = %(institution)s
LEFT JOIN institution AS college ON college.id = found.college_id
WHERE found.final_on IS NOT NULL AND (%(case)s::uuid IS NULL OR found.case_id = %(case)s)
ORDER BY found.final_on, found.number LIMIT %(most)s
"""


def entries_of(scope: Scope, *, case: UUID | None = None) -> tuple[Entry, ...]:
    """What the scope's institution has on public notice, what ends first first; or the one entry of a case."""
    values = {"institution": scope.institution, "case": case, "most": MOST}
    return tuple(_entry(row) for row in scope.fetch(_ENTRIES, values))


def _entry(row: tuple[Any, ...]) -> Entry:
    kind, case, number, name, student, college, college_en, title, title_en, credit, final_on, stopped = row
    return Entry(
        CaseKind(kind), case, number, short_name(name), short_number(student), Text(college, college_en),
        Text(title, title_en), Hundredths(credit), final_on, stopped,
    )  # fmt: skip


def short_name(name: str) -> str:
    """A name on public notice: its first letter, the others as stars."""
    return name[:1] + "＊" * min(len(name) - 1, 3) if name else "＊"


def short_number(number: str) -> str:
    """A student number on public notice: its first four and last two letters."""
    return f"{number[:4]}****{number[-2:]}" if len(number) > 6 else "****"
