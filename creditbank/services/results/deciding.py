"""What the rules grant for results, remembered within one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from creditbank.domain.canonical import content_hash
from creditbank.domain.explanation import Refusal, to_data
from creditbank.domain.results import CourseResult, RefusedRow
from creditbank.domain.rules.decision import Granted
from creditbank.domain.rules.evaluate import evaluate_untraced, explain_row
from creditbank.domain.rules.facts import read_outcome
from creditbank.domain.rules.model import Ruling
from creditbank.gateways.clock import new_id
from creditbank.queries.rules import InForce, in_force, version_for
from creditbank.records.rules import RowExplanation, RuleVersion
from creditbank.records.scope import Scope


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules grant for equal facts, and where that is explained."""

    version: InForce
    granted: Granted
    explanation_id: UUID

    @property
    def earns(self) -> bool:
        """Whether it brings credit."""
        return self.granted.ruling is Ruling.RECOGNISE


class Deciding:
    """The decisions of one run, remembered by rule set, day and facts; a rule version is asked once for each."""

    def __init__(self) -> None:
        self._versions: dict[tuple[str, Any], InForce | Refusal] = {}
        self._decisions: dict[tuple[Any, ...], Decision | RefusedRow] = {}
        self._stored: dict[tuple[UUID | str, ...], InForce] = {}

    def decide(self, scope: Scope, result: CourseResult) -> Decision | RefusedRow:
        """What the rules grant for a result on the day it was earned, or why the row cannot be taken."""
        key = (result.rule_set, result.earned_on, result.outcome, result.credit, result.level, result.field)
        known = self._decisions.get(key)
        if known is None:
            known = self._decisions[key] = self._ask(scope, result)
        if isinstance(known, RefusedRow):
            return RefusedRow(result.line, known.column, known.code, known.facts)
        return known

    def decide_again(
        self, scope: Scope, result: CourseResult, version_id: UUID, explanation_id: UUID, composed_of: Sequence[str]
    ) -> Decision | None:
        """What the version that decided a stored result grants for it; nothing where it cannot say any more."""
        named: tuple[UUID | str, ...] = (version_id, *composed_of)
        if named not in self._stored:
            self._stored[named] = in_force(scope, scope.rows(RuleVersion).get(pk=version_id), composed_of)
        granted = _granted(self._stored[named], result)
        return None if granted is None else Decision(self._stored[named], granted[0], explanation_id)

    def weigh(self, scope: Scope, result: CourseResult) -> Granted | RefusedRow:
        """What :meth:`decide` would say, with nothing stored: for a dry run."""
        asked = self._rule(scope, result)
        return asked if isinstance(asked, RefusedRow) else asked[1]

    def _ask(self, scope: Scope, result: CourseResult) -> Decision | RefusedRow:
        asked = self._rule(scope, result)
        if isinstance(asked, RefusedRow):
            return asked
        version, granted, declared = asked
        return Decision(version, granted, _explanation_of(scope, version, granted, declared))

    def _rule(self, scope: Scope, result: CourseResult) -> tuple[InForce, Granted, dict[str, Any]] | RefusedRow:
        assert scope.institution is not None
        place = (result.rule_set, result.earned_on)
        if place not in self._versions:
            self._versions[place] = version_for(
                scope,
                institution=scope.institution,
                code=result.rule_set,
                claimed_on=result.earned_on,
                earned_on=result.earned_on,
            )
        version = self._versions[place]
        if isinstance(version, Refusal):
            (why,) = version.explanation
            if why.code != "rule_life.none_applies":
                return RefusedRow(result.line, "rule_set", why.code, dict(why.facts))
            facts = {"rule_set": result.rule_set, "day": result.earned_on.isoformat()}
            return RefusedRow(result.line, "rule_set", "results.no_rule", facts)
        granted = _granted(version, result)
        if granted is None:
            return RefusedRow(result.line, "rule_set", "results.facts_refused", {"rule_set": result.rule_set})
        return version, *granted


def _granted(version: InForce, result: CourseResult) -> tuple[Granted, dict[str, Any]] | None:
    """What a version grants and for which facts; nothing where it cannot read them or looks beyond them."""
    # A sheet brings what its mapping declares; a rule set takes the facts it knows.
    declared = {name: value for name, value in result.facts().items() if name in version.compiled.position}
    outcome = read_outcome(version.compiled.rules, declared)
    if isinstance(outcome, Refusal) or not version.compiled.context_free:
        return None
    return evaluate_untraced(version.compiled, outcome), declared


def _explanation_of(scope: Scope, version: InForce, granted: Granted, facts: dict[str, Any]) -> UUID:
    """The stored explanation of a row for equal facts, written when it is first needed."""
    facts_hash = content_hash({name: str(value) for name, value in facts.items()})
    rows = scope.rows(RowExplanation).filter(
        rule_version_id=version.version_id,
        composed_of=version.composed_of,
        row=granted.row or "",
        facts_hash=facts_hash,
    )
    known = rows.first()
    if known is not None:
        return known.id  # type: ignore[no-any-return]
    explanation = version.attributed(explain_row(version.compiled, granted.row)) if granted.row else ()
    scope.rows(RowExplanation).bulk_create(
        [
            RowExplanation(
                id=new_id(),
                institution_id=scope.institution,
                rule_version_id=version.version_id,
                composed_of=version.composed_of,
                row=granted.row or "",
                facts_hash=facts_hash,
                explanation=to_data(explanation),
            )
        ],
        ignore_conflicts=True,
    )
    return rows.get().id  # type: ignore[no-any-return]
