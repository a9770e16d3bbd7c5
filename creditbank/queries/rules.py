"""Which rule version decides a claim: by its day, day of earning, cohort and what was known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.conversions.laying import conversions_laid_before, lay_conversions
from creditbank.domain.conversions.overlay import read_conversion_overlay
from creditbank.domain.conversions.read import KIND as CONVERSION
from creditbank.domain.conversions.read import read_conversion_rules
from creditbank.domain.explanation import Explanation, Line, Refusal, Verdict
from creditbank.domain.rule_documents import AnyRules, is_overlay, kept_rules, kind_decided, read_rules
from creditbank.domain.rule_life.applies import (
    Applies,
    Candidate,
    Chosen,
    Days,
    choose,
    ended,
    read_applies,
    superseded,
)
from creditbank.domain.rule_life.history import Done, known_versions
from creditbank.domain.rule_life.states import Act, State
from creditbank.domain.rules.compile import Compiled, compile_rules, compiled_before
from creditbank.domain.rules.composition import Conflict
from creditbank.domain.rules.laying import attributed, laid_before, lay
from creditbank.domain.rules.overlay import read_overlay
from creditbank.domain.rules.read import KIND, read_rule_set
from creditbank.domain.values import Text
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
    composed: CompositionOf | None = None

    @property
    def composed_of(self) -> list[str]:
        """What a decision stores of the versions beneath an overlay, from the top down."""
        return [str(one) for one in self.composed.beneath] if self.composed else []

    def attributed(self, explanation: Explanation) -> Explanation:
        """An explanation that says of each clause whose it is, where rules of several institutions decide."""
        return self.composed.attributed(explanation) if self.composed else explanation


@dataclass(frozen=True, slots=True)
class CompositionOf:
    """What rules with overlays laid on them are made of.

    ``beneath`` are the versions under the one that is named, from the top down. ``base`` publishes the rules beneath,
    ``own`` says by clause who publishes what overlays added and tightened. ``left_out`` says what does not hold,
    ``lost`` the same by the overlay's version.
    """

    beneath: tuple[UUID, ...]
    base: Text
    own: Mapping[Text, Text]
    left_out: Explanation
    lost: Mapping[UUID, Explanation]

    def attributed(self, explanation: Explanation) -> Explanation:
        """An explanation that says of each clause whose it is."""
        return attributed(explanation, self.base, self.own)


@dataclass(frozen=True, slots=True)
class RulesInForce:
    """A version in force and what it says, of whatever kind it is; rules for conversion with overlays laid on them."""

    version_id: UUID
    number: int
    rules: AnyRules
    composed: CompositionOf | None = None

    @property
    def composed_of(self) -> list[str]:
        """What a decision stores of the versions beneath an overlay, from the top down."""
        return [str(one) for one in self.composed.beneath] if self.composed else []


class Versions:
    """The versions of a rule set that an institution has or inherits, read as far up as a question needs them.

    Rules for recognition, unless another kind is named; only those are compiled and decide claims. With ``coming``, a
    version that has no day yet, as they would be if that began on the day.
    """

    def __init__(
        self,
        scope: Scope,
        institution: UUID,
        code: str,
        kind: str = KIND,
        *,
        coming: tuple[UUID, date] | None = None,
        levels: Sequence[tuple[UUID, Sequence[Candidate]]] | None = None,
    ) -> None:
        """Of one code at an institution; ``levels`` are its versions from there to the top, where they were read."""
        self._scope = scope
        self._code = code
        self._kind = kind
        self._coming = coming
        self._places = iter(()) if levels is not None else _places(scope, institution)
        self._read: list[tuple[UUID, Sequence[Candidate]]] = list(levels or ())

    def asking(self, on: date) -> InForce | None:
        """The version whose questions a form asks on a day: that in force, also while it is suspended.

        What people answer meanwhile is kept, and decided when the version is resumed or replaced.
        """
        found, overlays = self._standing(on)
        return _laid(self._scope, found[-1], overlays) if found else None

    def in_force(self, on: date) -> InForce | None:
        """The newest version in force on a day; nothing where that is suspended."""
        found, overlays = self._standing(on)
        found = [one for one in found if one.state is not State.SUSPENDED]
        if not found or any(one.state is State.SUSPENDED for one in overlays):
            return None
        return _laid(self._scope, found[-1], overlays)

    def standing(self, on: date) -> RulesInForce | None:
        """The rules of a day as they are laid, of whatever kind, also while they are suspended."""
        found, overlays = self._standing(on)
        if not found:
            return None
        if self._kind == CONVERSION:
            return _laid_conversions(self._scope, found[-1], overlays)
        laid = _laid(self._scope, found[-1], overlays)
        return RulesInForce(laid.version_id, laid.number, laid.compiled.rules, laid.composed)

    def read(self, on: date) -> RulesInForce | None:
        """The newest version in force on a day, nothing where that is suspended.

        Rules for conversion are as they are laid, those for recognition as the version's own document says them.
        """
        standing, overlays = self._standing(on)
        if self._kind == CONVERSION:
            standing = [one for one in standing if one.state is not State.SUSPENDED]
            if not standing or any(one.state is State.SUSPENDED for one in overlays):
                return None
            return _laid_conversions(self._scope, standing[-1], overlays)
        found = [one for one in overlays[-1:] or standing if one.state is not State.SUSPENDED]
        if not found:
            return None
        content = self._scope.rows(RuleVersion).filter(pk=found[-1].version_id).values_list("content", flat=True).get()
        return RulesInForce(found[-1].version_id, found[-1].number, read_rules(content))

    def deciding(
        self, claimed_on: date, *, earned_on: date | None, cohort: int | None, known_at: datetime | None = None
    ) -> InForce | Refusal:
        """The one version that decides a claim, or why there is none or more than one.

        Overlays that apply to it are laid on the version that they inherit.
        """
        overlays: list[Candidate] = []
        why: Line | None = None
        for place, current in self._levels():
            versions = current if known_at is None else _known(self._scope, place, self._code, known_at)
            chosen = choose(self._code, versions, claimed_on=claimed_on, earned_on=earned_on, cohort=cohort)
            if isinstance(chosen, Chosen):
                why = why or chosen.why
                if not is_overlay(chosen.version.kind):
                    return _laid(self._scope, chosen.version, overlays, why)
                overlays.insert(0, chosen.version)
            elif chosen is not None and not _passes(_of_day(versions, claimed_on), chosen):
                return chosen
        return Refusal.because("rule_life.none_applies", rules=self._code, day=claimed_on.isoformat())

    def _levels(self) -> Iterator[tuple[UUID, Sequence[Candidate]]]:
        """The institution and all above it with their versions; each is read once."""
        yield from self._read
        for place in self._places:
            versions = candidates(self._scope, place, self._code, kind=self._kind)
            level = place, versions if self._coming is None else _begun(versions, *self._coming)
            self._read.append(level)
            yield level

    def _standing(self, on: date) -> tuple[list[Candidate], list[Candidate]]:
        """The versions of a day at the nearest place that has its own, and overlays nearer by, from the top down."""
        overlays: list[Candidate] = []
        for _place, versions in self._levels():
            if found := _of_day(versions, on):
                if not is_overlay(found[-1].kind):
                    return [one for one in found if not is_overlay(one.kind)], overlays
                overlays.insert(0, found[-1])
        return [], overlays


def version_in_force(scope: Scope, *, institution: UUID, code: str, on: date) -> InForce | None:
    """The version of a rule set in force on a day: the institution's own, else the one it inherits.

    Where several are in force for different claims, it is the newest: what is known of rules before anything of a claim
    is. Nothing where the version is suspended; :func:`version_for` says so.
    """
    return Versions(scope, institution, code).in_force(on)


def rules_in_force(scope: Scope, *, institution: UUID, kind: str, code: str, on: date) -> RulesInForce | None:
    """The version of a rule set of a kind in force on a day, as :func:`version_in_force` finds it for recognition."""
    return Versions(scope, institution, code, kind).read(on)


def all_in_force(scope: Scope, *, institution: UUID, kind: str, on: date) -> tuple[RulesInForce, ...]:
    """All rules of a kind in force on a day at an institution, its own and those it inherits, by code."""
    places = list(_places(scope, institution))
    rows = scope.rows(RuleVersion).filter(institution_id__in=places, rule_set__kind=kind_decided(kind))
    by_code: dict[str, dict[UUID, list[Candidate]]] = {}
    for code, place, *said in rows.order_by("number").values_list("rule_set__code", "institution_id", *_CANDIDATE):
        by_code.setdefault(code, {}).setdefault(place, []).append(_candidate_of(*said))
    found = []
    for code, versions in sorted(by_code.items()):
        levels = [(place, versions.get(place, [])) for place in places]
        found.append(Versions(scope, institution, code, kind, levels=levels).read(on))
    return tuple(one for one in found if one is not None)


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


def in_force(scope: Scope, version: RuleVersion, composed_of: Sequence[str] = ()) -> InForce:
    """A stored version with its rules compiled; that of an overlay with what it was laid on when it decided."""
    if composed_of:
        found = scope.rows(RuleVersion).select_related("rule_set").filter(pk__in=[UUID(one) for one in composed_of])
        stored = {str(one.id): one for one in found}
        base, *overlays = [_candidate(stored[one]) for one in composed_of]
        return _laid(scope, base, [*overlays, _candidate(version)])
    compiled = compiled_before(version.content_hash) or compile_rules(read_rule_set(version.content))
    return InForce(version.id, version.number, version.effective_from, compiled)


def stored_conversions(scope: Scope, version: RuleVersion, composed_of: Sequence[str] = ()) -> RulesInForce:
    """A stored version of conversion rules; that of an overlay with what it was laid on when it decided."""
    if composed_of:
        found = scope.rows(RuleVersion).filter(pk__in=[UUID(one) for one in composed_of])
        stored = {str(one.id): one for one in found}
        base, *overlays = [_candidate(stored[one]) for one in composed_of]
        return _laid_conversions(scope, base, [*overlays, _candidate(version)])
    return _laid_conversions(scope, _candidate(version), ())


def candidates(scope: Scope, institution: UUID, code: str, *, kind: str | None = None) -> Sequence[Candidate]:
    """The versions of an institution's own rule set as things stand, the lowest number first.

    With a kind only where the rule set is of it; each version says its own, which may be that of an overlay.
    """
    rows = scope.rows(RuleVersion).filter(institution_id=institution, rule_set__code=code).order_by("number")
    rows = rows.filter(rule_set__kind=kind_decided(kind)) if kind is not None else rows
    return [_candidate_of(*said) for said in rows.values_list(*_CANDIDATE)]


_CANDIDATE = ("id", "number", "state", "applies", "effective_from", "effective_until", "content_hash", "kind")
"""The columns of a version that say whether it may decide, in the order of :func:`_candidate_of`."""


def _candidate_of(
    version_id: UUID,
    number: int,
    state: str,
    applies: Any,
    first: date | None,
    last: date | None,
    content_hash: str,
    kind: str,
) -> Candidate:
    return Candidate(
        version_id,
        number,
        State(state),
        read_applies(applies) if applies else Applies(),
        None if first is None else Days(first, last),
        content_hash,
        kind,
    )


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
    found = scope.rows(RuleSet).filter(institution_id=institution, code=code, kind=KIND).first()
    if found is None:
        return []
    kinds = dict(scope.rows(RuleVersion).filter(rule_set=found).values_list("id", "kind"))
    return [replace(one, kind=kinds[one.version_id]) for one in recorded_steps(scope, found.id, known_at)]


def _compiled(scope: Scope, found: Candidate, why: Line | None = None) -> InForce:
    """A version with its rules compiled; its content is read only where nobody compiled it before."""
    assert found.period is not None
    assert found.period.first is not None
    compiled = compiled_before(found.content_hash)
    if compiled is None:
        content = scope.rows(RuleVersion).filter(pk=found.version_id).values_list("content", flat=True).get()
        compiled = compile_rules(read_rule_set(content))
    return InForce(found.version_id, found.number, found.period.first, compiled, why)


def _laid(scope: Scope, base: Candidate, overlays: Sequence[Candidate], why: Line | None = None) -> InForce:
    """A version with overlays laid on it, from the top down, compiled once for the same documents."""
    if not overlays:
        return _compiled(scope, base, why)
    versions = (base, *overlays)
    about = _about(scope, versions)
    hashes = tuple(about[one.version_id][0] for one in versions)
    laid = laid_before(hashes)
    if laid is None:
        content = _contents(scope, versions)
        read = [read_overlay(content[one.version_id]) for one in overlays]
        laid = lay(read_rule_set(content[base.version_id]), read, hashes)
    last = overlays[-1]
    days = [one.period.first for one in versions if one.period is not None and one.period.first is not None]
    composition = _composition(versions, about, laid.own, laid.conflicts)
    return InForce(last.version_id, last.number, max(days), laid.compiled, why, composition)


def _laid_conversions(scope: Scope, base: Candidate, overlays: Sequence[Candidate]) -> RulesInForce:
    """Conversion rules with overlays laid on them, from the top down, once for the same documents."""
    if not overlays:
        content = scope.rows(RuleVersion).filter(pk=base.version_id).values_list("content", flat=True)
        return RulesInForce(base.version_id, base.number, kept_rules(base.content_hash, content.get))
    versions = (base, *overlays)
    about = _about(scope, versions)
    hashes = tuple(about[one.version_id][0] for one in versions)
    laid = conversions_laid_before(hashes)
    if laid is None:
        contents = _contents(scope, versions)
        read = [read_conversion_overlay(contents[one.version_id]) for one in overlays]
        laid = lay_conversions(read_conversion_rules(contents[base.version_id]), read, hashes)
    last = overlays[-1]
    return RulesInForce(
        last.version_id, last.number, laid.rules, _composition(versions, about, laid.own, laid.conflicts)
    )


def _about(scope: Scope, versions: Sequence[Candidate]) -> dict[UUID, tuple[str, Text]]:
    """The hash of each version and the name of who publishes it."""
    found = scope.rows(RuleVersion).filter(pk__in=[one.version_id for one in versions])
    names = found.values_list("id", "content_hash", "institution__name", "institution__name_en")
    return {version_id: (content_hash, Text(name, name_en)) for version_id, content_hash, name, name_en in names}


def _contents(scope: Scope, versions: Sequence[Candidate]) -> dict[UUID, Any]:
    found = scope.rows(RuleVersion).filter(pk__in=[one.version_id for one in versions])
    return dict(found.values_list("id", "content"))


def _composition(
    versions: Sequence[Candidate],
    about: Mapping[UUID, tuple[str, Text]],
    own: Mapping[Text, int],
    conflicts: Sequence[Sequence[Conflict]],
) -> CompositionOf:
    """Whose rules a composition is made of, and what of them does not hold; the first version is the base."""
    names = [about[one.version_id][1] for one in versions]
    lost = {
        one.version_id: tuple(conflict.line for conflict in found)
        for one, found in zip(versions[1:], conflicts, strict=True)
        if found
    }
    left_out = tuple(
        Line(
            "overlay.left_out",
            Verdict.NO,
            {"count": len(lost[one.version_id]), "publisher": names[number]},
            None,
            lost[one.version_id],
        )
        for number, one in enumerate(versions)
        if one.version_id in lost
    )
    whose = {clause: names[number + 1] for clause, number in own.items()}
    return CompositionOf(tuple(one.version_id for one in versions[:-1]), names[0], whose, left_out, lost)


def _candidate(version: RuleVersion) -> Candidate:
    days = None if version.effective_from is None else Days(version.effective_from, version.effective_until)
    return Candidate(version.id, version.number, State(version.state), Applies(), days, version.content_hash)


def _of_day(versions: Sequence[Candidate], on: date) -> list[Candidate]:
    return [
        one
        for one in versions
        if one.period is not None and one.period.holds(on) and one.state in (*_DECIDING, State.SUSPENDED)
    ]


def _begun(versions: Sequence[Candidate], version_id: UUID, day: date) -> Sequence[Candidate]:
    """Versions as they would be if one of them began on a day: it takes the place of those that give way to it."""
    one = next((one for one in versions if one.version_id == version_id), None)
    if one is None:
        return versions
    new = replace(one, state=State.SCHEDULED, period=Days(day, None))
    gone = {old.version_id for old in superseded(new, versions)}
    return [
        new if old.version_id == version_id else ended(old, day) if old.version_id in gone else old for old in versions
    ]


def _passes(versions: Sequence[Candidate], refusal: Refusal) -> bool:
    """Whether the overlays of a day just do not apply to a claim, so that the rules they inherit decide alone."""
    overlays_only = all(is_overlay(one.kind) for one in versions)
    return overlays_only and refusal.explanation[0].code == "rule_life.none_fits"


def _places(scope: Scope, institution: UUID) -> Iterator[UUID]:
    """The institution and all above it, the nearest first."""
    place: UUID | None = institution
    while place is not None:
        yield place
        place = scope.rows(Institution).filter(pk=place).values_list("parent_id", flat=True).first()
