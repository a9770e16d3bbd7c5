"""What a claim would give: the rules in force, applied to its facts and to what is there already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.catalogue.outcome_types import OutcomeSchema, asked_by, ruled_part
from creditbank.domain.explanation import Explanation, Refusal
from creditbank.domain.rules.counterfactuals import what_would_give_more
from creditbank.domain.rules.decision import Outcome, Proposal
from creditbank.domain.rules.evaluate import evaluate
from creditbank.domain.rules.facts import read_outcome
from creditbank.domain.rules.model import Fact
from creditbank.queries.catalogue.items import notes_on_claim
from creditbank.queries.outcome_schemas import schema_of
from creditbank.queries.outcome_types import OutcomeTypes
from creditbank.queries.rule_context import known_around
from creditbank.queries.rules import InForce, Versions
from creditbank.records.people import Enrolment
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
    types: OutcomeTypes | None = None,
) -> Proposed | Refusal:
    """What the rules propose for an outcome claimed on a day; without a learner, for somebody with no credit yet.

    ``excluding`` is the claim under decision, so that it does not count against itself; ``item`` what it stores of
    the catalogue item it was taken from; ``at`` the moment it was submitted, by which it is known what its type asked;
    ``types`` those of the institution, where they were read already.
    The refusal names each fact that is missing or does not fit.
    """
    kind = (types or OutcomeTypes(scope, institution)).open_on(outcome_type, on)
    if kind is None:
        return Refusal.because("recognition.no_rule", day=on.isoformat())
    stated = schema_of(scope, institution, outcome_type, at=at)
    asked = _asked(scope, institution, kind.rule_set_code, stated.schema if stated else None, raw, on, learner)
    if isinstance(asked, Refusal):
        return asked
    version, asks, answered = asked
    compiled = version.compiled
    outcome = ruled_part(compiled.rules, answered)
    facts = {fact.name: value for fact, value in zip(asks, answered.values, strict=True)}
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
    notes = notes_on_claim(scope, item, earned_on=earned_on, answers=facts, asked=asks)
    return Proposed(
        version=version,
        proposal=replace(proposal, explanation=(*version.attributed(proposal.explanation), *notes)),
        facts={name: _plain(value) for name, value in facts.items() if value is not None},
        families=known.keys,
        earned_on=earned_on,
        term=known.period.term,
        academic_year=known.period.academic_year,
        outcome=outcome,
    )


def _asked(
    scope: Scope,
    institution: UUID,
    code: str,
    schema: OutcomeSchema | None,
    raw: Mapping[str, Any],
    on: date,
    learner: UUID | None,
) -> tuple[InForce, tuple[Fact, ...], Outcome] | Refusal:
    """The version that decides, by the day it was earned and the learner's cohort, what it asks and the answers."""

    def read(version: InForce) -> tuple[tuple[Fact, ...], Outcome | Refusal]:
        rules = asked_by(version.compiled.rules, schema)
        return rules.facts, read_outcome(rules, raw)

    versions = Versions(scope, institution, code)
    first = versions.asking(on)
    answers = read(first) if first is not None else None
    earned_on = _earned_on(*answers) if answers is not None else None
    version = versions.deciding(on, earned_on=earned_on, cohort=_cohort_of(scope, institution, learner))
    if isinstance(version, Refusal):
        absent = version.explanation[0].code == "rule_life.none_applies"
        return Refusal.because("recognition.no_rule", day=on.isoformat()) if absent else version
    if answers is None or first is None or version.compiled is not first.compiled:
        answers = read(version)
    asks, answered = answers
    return answered if isinstance(answered, Refusal) else (version, asks, answered)


def _earned_on(asks: tuple[Fact, ...], answered: Outcome | Refusal) -> date | None:
    if isinstance(answered, Refusal):
        return None
    found = {fact.name: value for fact, value in zip(asks, answered.values, strict=True)}.get("earned_on")
    return found if isinstance(found, date) else None


def _cohort_of(scope: Scope, institution: UUID, learner: UUID | None) -> int | None:
    """The year in which a learner began at the institution, where it is known."""
    if learner is None:
        return None
    rows = scope.rows(Enrolment).filter(learner_id=learner, institution_id=institution)
    cohort = rows.values_list("cohort", flat=True).first()
    return None if cohort is None else int(cohort)


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | str) else str(value)
