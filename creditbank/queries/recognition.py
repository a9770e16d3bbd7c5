"""What a claim would give: the rules in force, applied to its facts and to what is there already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.catalogue.outcome_types import ruled_part
from creditbank.domain.explanation import Explanation, Refusal
from creditbank.domain.rules.counterfactuals import what_would_give_more
from creditbank.domain.rules.evaluate import evaluate
from creditbank.domain.rules.facts import read_outcome
from creditbank.domain.rules.model import Outcome, Proposal
from creditbank.queries.catalogue.items import notes_on_claim
from creditbank.queries.outcome_schemas import asked_of
from creditbank.queries.rule_context import known_around
from creditbank.queries.rules import InForce
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
    item: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> Proposed | Refusal:
    """What the rules propose for an outcome claimed on a day; without a learner, for somebody with no credit yet.

    ``excluding`` is the claim under decision, so that it does not count against itself; ``item`` what it stores of
    the catalogue item it was taken from; ``at`` the moment it was submitted, by which it is known what its type asked.
    The refusal names each fact that is missing or does not fit.
    """
    asked = asked_of(scope, institution=institution, outcome_type=outcome_type, on=on, at=at)
    if asked is None:
        return Refusal.because("recognition.no_rule", day=on.isoformat())
    version, compiled = asked.version, asked.version.compiled
    answered = read_outcome(asked.rules, raw)
    if isinstance(answered, Refusal):
        return answered
    outcome = ruled_part(compiled.rules, answered)
    facts = {fact.name: value for fact, value in zip(asked.rules.facts, answered.values, strict=True)}
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
    proposal = evaluate(compiled, outcome, known.context)
    notes = notes_on_claim(scope, item, earned_on=earned_on, answers=facts, asked=asked.rules.facts)
    return Proposed(
        version=version,
        proposal=replace(proposal, explanation=(*proposal.explanation, *notes)),
        facts={name: _plain(value) for name, value in facts.items() if value is not None},
        families=known.keys,
        earned_on=earned_on,
        term=known.period.term,
        academic_year=known.period.academic_year,
        outcome=outcome,
    )


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | str) else str(value)
