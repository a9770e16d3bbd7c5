"""Which rule version decides a claim: by its day, day of earning, cohort and what was known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from creditbank.domain.explanation import Line, Refusal
from creditbank.domain.rule_documents import AnyRules, read_rules
from creditbank.domain.rule_life.applies import Applies, Candidate, Chosen, Days, choose, read_applies
from creditbank.domain.rule_life.history import Done, known_versions
from creditbank.domain.rule_life.states import Act, State
from creditbank.domain.rules.compile import Compiled, compile_rules, compiled_before
from creditbank.domain.rules.read import KIND, read_rule_set
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


@dataclass(frozen=True, slots=True)
class RulesInForce:
    """A version in force and what its document says, of whatever kind it is."""

    version_id: UUID
    number: int
    rules: AnyRules


class Versions:
    """The versions of a rule set that an institution has or inherits, read as far up as a question needs them.

    Rules for recognition, unless another kind is named; only those are compiled and decide claims.
    """

    def __init__(self, scope: Scope, institution: UUID, code: str, kind: str = KIND) -> None:
        self._scope = scope
        self._code = code
        self._kind = kind
        self._places = _places(scope, institution)
        self._read: list[tuple[UUID, Sequence[Candidate]]] = []

    def asking(self, on: date) -> InForce | None:
        """The version whose questions a form asks on a day: that in force, also while it is suspended.

        What people answer meanwhile is kept, and decided when the version is resumed or replaced.
        """
        found = self._open(on)
        return _compiled(self._scope, found[-1]) if found else None

    def in_force(self, on: date) -> InForce | None:
        """The newest version in force on a day; nothing where that is suspended."""
        found = [one for one in self._open(on) if one.state is not State.SUSPENDED]
        return _compiled(self._scope, found[-1]) if found else None

    def read(self, on: date) -> RulesInForce | None:
        """The newest version in force on a day as its document says it, of whatever kind; nothing where suspended."""
        found = [one for one in self._open(on) if one.state is not State.SUSPENDED]
        if not found:
            return None
        content = self._scope.rows(RuleVersion).filter(pk=found[-1].version_id).values_list("content", flat=True).get()
        return RulesInForce(found[-1].version_id, found[-1].number, read_rules(content))

    def deciding(
        self, claimed_on: date, *, earned_on: date | None, cohort: int | None, known_at: datetime | None = None
    ) -> InForce | Refusal:
        """The one version that decides a claim, or why there is none or more than one."""
        for place, current in self._levels():
            versions = current if known_at is None else _known(self._scope, place, self._code, known_at)
            chosen = choose(self._code, versions, claimed_on=claimed_on, earned_on=earned_on, cohort=cohort)
            if isinstance(chosen, Chosen):
                return _compiled(self._scope, chosen.version, chosen.why)
            if chosen is not None:
                return chosen
        return Refusal.because("rule_life.none_applies", rules=self._code, day=claimed_on.isoformat())

    def _levels(self) -> Iterator[tuple[UUID, Sequence[Candidate]]]:
        """The institution and all above it with their versions; each is read once."""
        yield from self._read
        for place in self._places:
            level = place, candidates(self._scope, place, self._code, kind=self._kind)
            self._read.append(level)
            yield level

    def _open(self, on: date) -> list[Candidate]:
        """The versions of a day at the nearest place that has one."""
        for _place, versions in self._levels():
            found = [
                one
                for one in versions
                if one.period is not None and one.period.holds(on) and one.state in (*_DECIDING, State.SUSPENDED)
            ]
            if found:
                return found
        return []


def version_in_force(scope: Scope, *, institution: UUID, code: str, on: date) -> InForce | None:
    """The version of a rule set in force on a day: the institution's own, else the one it inherits.

    Where several are in force for different claims, it is the newest: what is known of rules before anything of a claim
    is. Nothing where the version is suspended; :func:`version_for` says so.
    """
    return Versions(scope, institution, code).in_force(on)


def rules_in_force(scope: Scope, *, institution: UUID, kind: str, code: str, on: date) -> RulesInForce | None:
    """The version of a rule set of a kind in force on a day, as :func:`version_in_force` finds it for recognition."""
    return Versions(scope, institution, code, kind).read(on)


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
    versions = Versions(scope, institution, code)
    return versions.deciding(claimed_on, earned_on=earned_on, cohort=cohort, known_at=known_at)


def in_force(version: RuleVersion) -> InForce:
    """A stored version with its rules compiled."""
    compiled = compiled_before(version.content_hash) or compile_rules(read_rule_set(version.content))
    return InForce(version.id, version.number, version.effective_from, compiled)


def candidates(scope: Scope, institution: UUID, code: str, *, kind: str | None = None) -> Sequence[Candidate]:
    """The versions of an institution's own rule set as things stand, the lowest number first.

    With a kind only where the rule set is of that kind.
    """
    rows = scope.rows(RuleVersion).filter(institution_id=institution, rule_set__code=code).order_by("number")
    rows = rows.filter(rule_set__kind=kind) if kind is not None else rows
    return [
        Candidate(
            version_id,
            number,
            State(state),
            read_applies(applies) if applies else Applies(),
            None if first is None else Days(first, last),
            content_hash,
        )
        for version_id, number, state, applies, first, last, content_hash in rows.values_list(
            "id", "number", "state", "applies", "effective_from", "effective_until", "content_hash"
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


def _known(scope: Scope, institution: UUID, code: str, known_at: datetime) -> Sequence[Candidate]:
    rows = scope.rows(RuleSet).filter(institution_id=institution, code=code, kind=KIND)
    found = rows.values_list("id", flat=True).first()
    return [] if found is None else recorded_steps(scope, found, known_at)


def _compiled(scope: Scope, found: Candidate, why: Line | None = None) -> InForce:
    """A version with its rules compiled; its content is read only where nobody compiled it before."""
    assert found.period is not None
    assert found.period.first is not None
    compiled = compiled_before(found.content_hash)
    if compiled is None:
        content = scope.rows(RuleVersion).filter(pk=found.version_id).values_list("content", flat=True).get()
        compiled = compile_rules(read_rule_set(content))
    return InForce(found.version_id, found.number, found.period.first, compiled, why)


def _places(scope: Scope, institution: UUID) -> Iterator[UUID]:
    """The institution and all above it, the nearest first."""
    place: UUID | None = institution
    while place is not None:
        yield place
        place = scope.rows(Institution).filter(pk=place).values_list("parent_id", flat=True).first()
