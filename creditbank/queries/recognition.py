"""What a claim would give: the rules in force, applied to its facts and to what is there already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from creditbank.domain.explanation import Explanation, Refusal
from creditbank.domain.rules.counterfactuals import what_would_give_more
from creditbank.domain.rules.evaluate import evaluate
from creditbank.domain.rules.facts import read_outcome
from creditbank.domain.rules.model import Outcome, Proposal
from creditbank.queries.outcome_types import outcome_type_of
from creditbank.queries.rule_context import known_around
from creditbank.queries.rules import InForce, version_in_force
from creditbank.records.scope import Scope


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal with the version that made it, the typed facts it rests on and the families it belongs to."""

    version: InForce
    proposal: Proposal
    facts: dict[str, Any]
    families: dict[str, str]
    earned_on: date | None
    term: str
    academic_year: str
    outcome: Outcome

    @property
    def nearest(self) -> Explanation:
        """What would have given more: the next level, so many more hours."""
        return what_would_give_more(self.version.compiled, self.outcome)


def propose(
    scope: Scope,
    *,
    institution: UUID,
    outcome_type: str,
    raw: Mapping[str, Any],
    on: date,
    learner: UUID | None = None,
    excluding: UUID | None = None,
) -> Proposed | Refusal:
    """What the rules propose for an outcome claimed on a day; without a learner, for somebody with no credit yet.

    ``excluding`` is the claim under decision, so that it does not count against itself. The refusal names each
    fact that is missing or does not fit.
    """
    kind = outcome_type_of(scope, institution, outcome_type, on)
    version = (
        version_in_force(scope, institution=institution, code=kind.rule_set_code, on=on) if kind is not None else None
    )
    if version is None:
        return Refusal.because("recognition.no_rule", day=on.isoformat())
    compiled = version.compiled
    outcome = read_outcome(compiled.rules, raw)
    if isinstance(outcome, Refusal):
        return outcome
    facts = dict(zip(compiled.position, outcome.values, strict=True))
    found = facts.get("earned_on")
    earned_on = found if isinstance(found, date) else None
    known = known_around(
        scope,
        institution=institution,
        learner=learner,
        compiled=compiled,
        version=version.version_id,
        outcome=outcome,
        earned_on=earned_on,
        on=on,
        excluding=excluding,
    )
    return Proposed(
        version=version,
        proposal=evaluate(compiled, outcome, known.context),
        facts={name: _plain(value) for name, value in facts.items() if value is not None},
        families=known.keys,
        earned_on=earned_on,
        term=known.period.term,
        academic_year=known.period.academic_year,
        outcome=outcome,
    )


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | str) else str(value)
