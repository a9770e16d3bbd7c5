"""The test cases of a rule set as they stand, their history, and how a rule set answers them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from creditbank.domain.explanation import Explanation
from creditbank.domain.rule_documents import KINDS, DecidingRules, answer_cases, cases_document, read_cases_of
from creditbank.domain.rules.cases import Difference
from creditbank.domain.rules.places import UnreadableError
from creditbank.records.rules import RuleCase
from creditbank.records.scope import Scope


@dataclass(frozen=True, slots=True)
class StoredCase:
    """A test case as it was last written; ``document`` is an item of a document of test cases."""

    code: str
    number: int
    document: Mapping[str, Any]
    removed: bool
    source: Mapping[str, Any]
    actor_id: UUID
    at: datetime

    @property
    def name(self) -> str:
        """What people call it."""
        return str(self.document.get("name") or self.code)


@dataclass(frozen=True, slots=True)
class CaseRun:
    """How a rule set answers a case: green, or what differs, or why the case cannot be asked of it."""

    case: StoredCase
    differences: tuple[Difference, ...]
    problems: tuple[str, ...]
    explanation: Explanation

    @property
    def green(self) -> bool:
        """Whether the answer is what the case expects."""
        return not self.differences and not self.problems


def list_cases(scope: Scope, rule_set_id: UUID) -> tuple[StoredCase, ...]:
    """The cases that stand, by code."""
    return tuple(one for one in _newest(scope, rule_set_id) if not one.removed)


def case_history(scope: Scope, rule_set_id: UUID, code: str) -> tuple[StoredCase, ...]:
    """Everything that was ever written of a case, the newest first."""
    rows = scope.rows(RuleCase).filter(rule_set_id=rule_set_id, code=code).order_by("-number")
    return tuple(_stored(row) for row in rows)


def run_cases(rules: DecidingRules, cases: Sequence[StoredCase]) -> tuple[CaseRun, ...]:
    """Each case asked of rules of its kind; one that does not fit them is red and says why."""
    found: dict[str, CaseRun] = {}
    fitting = []
    for stored in cases:
        try:
            (asked,) = read_cases_of(rules, [stored.document])
        except UnreadableError as unreadable:
            problems = tuple(str(problem).removeprefix("cases[0].") for problem in unreadable.problems)
            found[stored.code] = CaseRun(stored, (), problems, ())
        else:
            fitting.append((stored, asked))
    answers = answer_cases(rules, [asked for _stored, asked in fitting])
    for (stored, _asked), answer in zip(fitting, answers, strict=True):
        found[stored.code] = CaseRun(stored, answer.differences, (), answer.explanation)
    return tuple(found[stored.code] for stored in cases)


def stored_cases_document(kind: str, code: str, cases: Sequence[StoredCase]) -> dict[str, Any]:
    """The cases as one document of their rules' kind, such as ``creditbank.cases/1``."""
    return cases_document(KINDS[kind], code, [one.document for one in cases])


def _newest(scope: Scope, rule_set_id: UUID) -> list[StoredCase]:
    found: dict[str, StoredCase] = {}
    for row in scope.rows(RuleCase).filter(rule_set_id=rule_set_id).order_by("code", "number"):
        found[row.code] = _stored(row)
    return list(found.values())


def _stored(row: Any) -> StoredCase:
    return StoredCase(row.code, row.number, row.document, row.removed, row.source, row.actor_id, row.recorded_at)
