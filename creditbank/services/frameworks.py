"""Takes documents of frameworks, crosswalks and units into the rows of an institution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from creditbank.domain.frameworks.read import Document
from creditbank.domain.frameworks.rows import Row, rows_of
from creditbank.domain.masterdata.declaration import DataSet
from creditbank.domain.masterdata.facts import Change, Stated, Verdict, judge
from creditbank.domain.masterdata.framework_sets import CROSSWALKS, FRAMEWORK_LEVELS, UNIT_CARRIERS
from creditbank.records.scope import Scope
from creditbank.services.masterdata.facts import store_facts
from creditbank.services.masterdata.rows import rows_of as rows_in_force
from creditbank.services.masterdata.rows import run_for, take_turn
from creditbank.services.operations import note_operation

# What else there is of the same framework, crosswalk or unit: rows are never deleted because a document lacks them.
_OTHERS = """
SELECT key FROM data_row WHERE institution_id = %(institution_id)s AND data_set = %(data_set)s AND NOT retired
  AND content->>%(field)s = ANY(%(said)b::text[]) ORDER BY key
"""
_WHOLE = {FRAMEWORK_LEVELS.code: "framework", CROSSWALKS.code: "crosswalk", UNIT_CARRIERS.code: "unit"}
"""By data set of parts, the field that names the whole."""


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """One row of a document and what it does here."""

    row: Row
    verdict: Verdict
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class DocumentPlan:
    """What documents would do, and the rows of the same wholes that they do not name: data set and key."""

    judged: tuple[JudgedRow, ...]
    missing: tuple[tuple[DataSet, str], ...]

    def count(self, verdict: Verdict) -> int:
        """How many rows come out so."""
        return sum(one.verdict is verdict for one in self.judged)


def plan_documents(
    *, scope: Scope, documents: Sequence[Document], published: bool, as_of: date, at: datetime
) -> DocumentPlan:
    """What documents would do to the rows of the scope's institution; nothing is stored.

    Raises:
        UnreadableError: a document holds a number or a text that rows cannot keep.
    """
    rows = [row for one in documents for row in rows_of(one, published=published)]
    judged: list[JudgedRow] = []
    missing: list[tuple[DataSet, str]] = []
    for data_set in dict.fromkeys(row.data_set for row in rows):
        given = {row.key: row for row in rows if row.data_set is data_set}
        known = rows_in_force(scope, data_set, given)
        for key, row in given.items():
            stored = known[key][0] if key in known else None
            verdict, changes, _older = judge(stored, Stated(as_of, row.content, typed_at=at))
            judged.append(JudgedRow(row, verdict, changes))
        if data_set.code in _WHOLE:
            field = _WHOLE[data_set.code]
            said = sorted({str(row.content[field]) for row in given.values()})
            others = run_for(scope, _OTHERS, data_set=data_set.code, field=field, said=said)
            missing += [(data_set, key) for (key,) in others if key not in given]
    return DocumentPlan(tuple(judged), tuple(missing))


def store_documents(
    *, scope: Scope, documents: Sequence[Document], published: bool, as_of: date, actor: UUID, at: datetime
) -> DocumentPlan:
    """State what documents say, as of a day; what they say already is not stated again.

    Args:
        scope: acts for the institution.
        documents: any of the four kinds, taken together.
        published: whether frameworks, crosswalks and certification units are marked to be shown to everybody; what
            is so marked already stays so.
        as_of: the day whose state it is.
        actor: who brings them in.
        at: the moment.

    Raises:
        UnreadableError: a document holds a number or a text that rows cannot keep.
    """
    take_turn(scope)
    plan = plan_documents(scope=scope, documents=documents, published=published, as_of=as_of, at=at)
    fresh = [one.row for one in plan.judged if one.verdict is not Verdict.SAME]
    for data_set in dict.fromkeys(row.data_set for row in fresh):
        stated = [(row.key, row.content, None) for row in fresh if row.data_set is data_set]
        store_facts(scope=scope, data_set=data_set, stated=stated, as_of=as_of, run_id=None, actor=actor, at=at)
    outcome = "changed" if fresh else "same"
    note_operation(scope=scope, actor=actor, action="frameworks.import", outcome=outcome, at=at)
    return plan
