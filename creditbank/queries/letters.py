"""Decision letters: those of one case, and one of them word for word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.letters import NAMES, CaseKind, Kind
from creditbank.domain.values import Text
from creditbank.records.appeals import Letter
from creditbank.records.scope import Scope


@dataclass(frozen=True, slots=True)
class LetterLine:
    """One letter in a list; ``corrected`` where a later one takes its place."""

    learner_id: UUID
    letter_id: UUID
    number: str
    kind: Kind
    name: Text
    issued_at: datetime
    appeal_until: date | None
    corrected: bool


@dataclass(frozen=True, slots=True)
class LetterPage:
    """One letter as it was written; ``root`` is the one that told of the decision first."""

    line: LetterLine
    institution_id: UUID
    college_id: UUID | None
    case_kind: CaseKind
    case_id: UUID
    root: UUID
    content: Mapping[str, Any]
    content_hash: str


def letters_of_case(scope: Scope, learner: UUID, case: UUID) -> tuple[LetterLine, ...]:
    """The letters about a case, the newest first."""
    rows = list(scope.rows(Letter).filter(learner_id=learner, case_id=case).order_by("-sequence"))
    replaced = {row.replaces_id for row in rows}
    return tuple(_line(row, corrected=row.letter_id in replaced) for row in rows)


def letter_of(scope: Scope, learner: UUID, letter: UUID) -> LetterPage | None:
    """One letter that this scope may see, or nothing."""
    row = scope.rows(Letter).filter(learner_id=learner, letter_id=letter).first()
    if row is None:
        return None
    others = {one.letter_id: one for one in scope.rows(Letter).filter(learner_id=learner, case_id=row.case_id)}
    root = row
    while root.replaces_id is not None:
        root = others[root.replaces_id]
    return LetterPage(
        line=_line(row, corrected=any(one.replaces_id == letter for one in others.values())),
        institution_id=row.institution_id,
        college_id=row.college_id,
        case_kind=CaseKind(row.case_kind),
        case_id=row.case_id,
        root=root.letter_id,
        content=dict(row.content),
        content_hash=row.content_hash,
    )


def _line(row: Letter, *, corrected: bool) -> LetterLine:
    kind = Kind(row.kind)
    return LetterLine(
        row.learner_id, row.letter_id, row.number, kind, NAMES[kind], row.issued_at, row.appeal_until, corrected
    )
