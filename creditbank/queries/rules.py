"""Which rule version decides a claim: by its day, day of earning, cohort and what was known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from creditbank.domain.explanation import Line, Refusal
from creditbank.domain.rule_life.applies import Applies, Candidate, Chosen, Days, choose, read_applies
from creditbank.domain.rule_life.history import Done, known_versions
from creditbank.domain.rule_life.states import Act, State
from creditbank.domain.rules.compile import Compiled, compile_rules, compiled_before
from creditbank.domain.rules.read import read_rule_set
from creditbank.records.institutions import Institution
from creditbank.records.rules import RuleAct, RuleSet, RuleVersion
from creditbank.records.scope import Scope

_DECIDING = (State.SCHEDULED, State.ABOLISHED)
"""The states of versions that decide within their days."""


@dataclass(frozen=True, slots=True)
class InForce:
    """A version in force and its compiled rules; ``why`` says why it is this one, where that was asked."""

    version_id: UUID
    number: int
    effective_from: date
    compiled: Compiled
    why: Line | None = None


def version_in_force(scope: Scope, *, institution: UUID, code: str, on: date) -> InForce | None:
    """The version of a rule set in force on a day: the institution's own, else the one it inherits.

    Where several are in force for different claims, it is the newest: what is known of rules before anything of a claim
    is. Nothing where the version is suspended; :func:`version_for` says so.
    """
    found = _newest(scope, institution, code, on, suspended=False)
    return None if found is None else _compiled(scope, found.version_id)


def version_asking(scope: Scope, *, institution: UUID, code: str, on: date) -> InForce | None:
    """The version whose questions a form asks on a day: that in force, also while it is suspended.

    What people answer meanwhile is kept, and decided when the version is resumed or replaced.
    """
    found = _newest(scope, institution, code, on, suspended=True)
    return None if found is None else _compiled(scope, found.version_id)


def version_for(
    scope: Scope,
    *,
    institution: UUID,
    code: str,
    claimed_on: date,
    earned_on: date | None = None,
    cohort: int | None = None,
    known_at: datetime | None = None,
) -> InForce | Refusal:
    """The one version that decides a claim, or why there is none or more than one.

    Args:
        scope: whose rows are read.
        institution: where it is claimed; its own rule set answers, else the one it inherits.
        code: of the rule set.
        claimed_on: the day of the claim in the institution's zone.
        earned_on: when the outcome was earned, where that is known.
        cohort: the learner's cohort, where that is known.
        known_at: answer with the versions known at that moment; as things stand now when it is left out.
    """
    for place in _places(scope, institution):
        versions = candidates(scope, place, code) if known_at is None else _known(scope, place, code, known_at)
        chosen = choose(code, versions, claimed_on=claimed_on, earned_on=earned_on, cohort=cohort)
        if isinstance(chosen, Chosen):
            return _compiled(scope, chosen.version_id, chosen.why)
        if chosen is not None:
            return chosen
    return Refusal.because("rule_life.none_applies", rules=code, day=claimed_on.isoformat())


def in_force(version: RuleVersion) -> InForce:
    """A stored version with its rules compiled."""
    compiled = compiled_before(version.content_hash) or compile_rules(read_rule_set(version.content))
    return InForce(version.id, version.number, version.effective_from, compiled)


def candidates(scope: Scope, institution: UUID, code: str) -> Sequence[Candidate]:
    """The versions of an institution's own rule set as things stand, the lowest number first."""
    rows = scope.rows(RuleVersion).filter(institution_id=institution, rule_set__code=code).order_by("number")
    return [
        Candidate(
            version_id,
            number,
            State(state),
            read_applies(applies) if applies else Applies(),
            None if first is None else Days(first, last),
        )
        for version_id, number, state, applies, first, last in rows.values_list(
            "id", "number", "state", "applies", "effective_from", "effective_until"
        )
    ]


def recorded_steps(scope: Scope, rule_set: UUID, until: datetime | None = None) -> Sequence[Candidate]:
    """The versions of a rule set as their recorded steps tell them, up to a moment."""
    steps = scope.rows(RuleAct).filter(rule_set_id=rule_set)
    if until is not None:
        steps = steps.filter(recorded_at__lte=until)
    versions = scope.rows(RuleVersion).filter(rule_set_id=rule_set)
    known = {key: (number, applies) for key, number, applies in versions.values_list("id", "number", "applies")}
    done = steps.order_by("recorded_at", "id").values_list("version_id", "act", "facts")
    return sorted(
        known_versions((Done(version, Act(act), facts) for version, act, facts in done), known).values(),
        key=lambda one: one.number,
    )


def _newest(scope: Scope, institution: UUID, code: str, on: date, *, suspended: bool) -> Candidate | None:
    """The newest version of a day at the nearest place that has one; without ``suspended``, the newest that is not."""
    for place in _places(scope, institution):
        found = [
            one
            for one in candidates(scope, place, code)
            if one.period is not None and one.period.holds(on) and one.state in (*_DECIDING, State.SUSPENDED)
        ]
        if found:
            going = [one for one in found if suspended or one.state is not State.SUSPENDED]
            return going[-1] if going else None
    return None


def _known(scope: Scope, institution: UUID, code: str, known_at: datetime) -> Sequence[Candidate]:
    found = scope.rows(RuleSet).filter(institution_id=institution, code=code).values_list("id", flat=True).first()
    return [] if found is None else recorded_steps(scope, found, known_at)


def _compiled(scope: Scope, version_id: UUID, why: Line | None = None) -> InForce:
    """A version with its rules compiled; its content is read only where nobody compiled it before."""
    rows = scope.rows(RuleVersion).filter(pk=version_id)
    number, first, said = rows.values_list("number", "effective_from", "content_hash").get()
    compiled = compiled_before(said)
    if compiled is None:
        compiled = compile_rules(read_rule_set(rows.values_list("content", flat=True).get()))
    return InForce(version_id, number, first, compiled, why)


def _places(scope: Scope, institution: UUID) -> list[UUID]:
    """The institution and all above it, the nearest first."""
    found: list[UUID] = []
    place: UUID | None = institution
    while place is not None:
        found.append(place)
        place = scope.rows(Institution).filter(pk=place).values_list("parent_id", flat=True).first()
    return found
