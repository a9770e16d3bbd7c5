"""The test cases of a rule set as they stand, their history, and how a rule set answers them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from creditbank.domain.explanation import Explanation
from creditbank.domain.rules.cases import CASES_SCHEMA, Case, Difference, read_cases, run_case
from creditbank.domain.rules.compile import compile_rules
from creditbank.domain.rules.model import RuleSet
from creditbank.domain.rules.places import UnreadableError
from creditbank.records.rules import RuleCase
from creditbank.records.scope import Scope


@dataclass(frozen=True, slots=True)
class StoredCase:
    """A test case as it was last written; ``document`` is an item of ``creditbank.cases/1``."""

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
    asked: Case | None
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


def run_cases(rules: RuleSet, cases: Sequence[StoredCase]) -> tuple[CaseRun, ...]:
    """Each case asked of a rule set; one that does not fit it is red and says why."""
    compiled = compile_rules(rules)
    found = []
    for stored in cases:
        document = {"schema": CASES_SCHEMA, "rules": rules.code, "cases": [dict(stored.document)]}
        try:
            (asked,) = read_cases(document, rules).cases
        except UnreadableError as unreadable:
            problems = tuple(str(problem).removeprefix("cases[0].") for problem in unreadable.problems)
            found.append(CaseRun(stored, None, (), problems, ()))
            continue
        result = run_case(compiled, asked)
        answer = result.answer
        found.append(CaseRun(stored, asked, result.differences, (), answer.explanation))
    return tuple(found)


def cases_document(code: str, cases: Sequence[StoredCase]) -> dict[str, Any]:
    """The cases as one ``creditbank.cases/1`` document."""
    return {"schema": CASES_SCHEMA, "rules": code, "cases": [dict(one.document) for one in cases]}


def _newest(scope: Scope, rule_set_id: UUID) -> list[StoredCase]:
    found: dict[str, StoredCase] = {}
    for row in scope.rows(RuleCase).filter(rule_set_id=rule_set_id).order_by("code", "number"):
        found[row.code] = _stored(row)
    return list(found.values())


def _stored(row: Any) -> StoredCase:
    return StoredCase(row.code, row.number, row.document, row.removed, row.source, row.actor_id, row.recorded_at)
