"""Overlays as they decide: laid on what they inherit now, and on what the centre will publish next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from creditbank.domain.access import Actor
from creditbank.domain.explanation import Explanation, Line, Verdict
from creditbank.domain.rule_documents import AnyRules, DecidingRules, read_rules
from creditbank.domain.rule_life.states import State
from creditbank.domain.rules.compile import compile_rules
from creditbank.domain.rules.composition import Composed, compose
from creditbank.domain.rules.differences import differences
from creditbank.domain.rules.model import RuleSet
from creditbank.domain.rules.overlay import KIND as OVERLAY
from creditbank.domain.rules.overlay import Overlay
from creditbank.domain.values import Text
from creditbank.queries.rule_impact import Affected, affected_by
from creditbank.queries.rules import InForce, Versions, candidates
from creditbank.records.institutions import Institution
from creditbank.records.rules import RuleVersion
from creditbank.records.scope import Scope

_COMING = (State.APPROVED.value, State.PUBLICITY.value, State.SCHEDULED.value)


@dataclass(frozen=True, slots=True)
class Standing:
    """A document of rules as it would decide: an overlay with what it inherits on a day.

    ``rules`` is nothing where there is nothing to lay it on; ``refused`` says what of it does not hold. ``own`` names,
    as list and id, what an overlay adds and tightens; ``base`` publishes the rest.
    """

    rules: DecidingRules | None
    refused: Explanation = ()
    own: frozenset[tuple[str, str]] = frozenset()
    base: Text | None = None


def standing_of(scope: Scope, rules: AnyRules, *, institution: UUID, on: date) -> Standing:
    """Rules as they would decide at an institution on a day."""
    if not isinstance(rules, Overlay):
        return Standing(rules)
    inherited = inherited_by(scope, institution=institution, code=rules.code, on=on)
    if inherited is None:
        return Standing(None, (Line("overlay.no_base", Verdict.NO, {"code": rules.code, "day": on.isoformat()}),))
    composed = compose(inherited.compiled.rules, rules)
    return Standing(composed.rules, composed.refused, composed.own, _publisher(scope, inherited.version_id))


def inherited_by(scope: Scope, *, institution: UUID, code: str, on: date) -> InForce | None:
    """The version of a rule set that an institution inherits on a day, whatever its own says."""
    above = scope.rows(Institution).filter(pk=institution).values_list("parent_id", flat=True).first()
    return Versions(scope, above, code).asking(on) if above is not None else None


@dataclass(frozen=True, slots=True)
class Update:
    """A version of somebody above that is on its way."""

    version_id: UUID
    code: str
    number: int
    name: Text
    publisher: Text
    effective_from: date | None
    conflicts: int
    """How many parts of the own overlay would not hold with it."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a version on its way changes at the scope's institution.

    ``changes`` are the differences of the rules that decide here before and with it, ``refused`` what of one's overlay
    would not hold, ``affected`` what it changes for the claims of the last year.
    """

    changes: Explanation
    refused: Explanation
    affected: Affected | None


def coming_updates(scope: Scope, *, on: date) -> tuple[Update, ...]:
    """Versions of rule sets above that are approved and not yet in force, for each the scope's institution overlays."""
    found = []
    for code, overlay in _own_overlays(scope, on):
        for row in _coming(scope, code, on):
            rules = read_rules(row.content)
            composed = compose(rules, overlay) if isinstance(rules, RuleSet) else None
            found.append(
                Update(
                    row.id,
                    code,
                    row.number,
                    Text(row.rule_set.name, row.rule_set.name_en),
                    Text(row.institution.name, row.institution.name_en),
                    row.effective_from,
                    len(composed.conflicts) if composed else 0,
                )
            )
    return tuple(found)


def lost_parts(scope: Scope, *, on: date) -> Explanation:
    """What of the overlays of the scope's institution does not hold today."""
    assert scope.institution is not None
    said: list[Line] = []
    for code, _overlay in _own_overlays(scope, on):
        found = Versions(scope, scope.institution, code).asking(on)
        if found is not None and found.composed is not None:
            said += found.composed.left_out
    return tuple(said)


def effect_of(scope: Scope, actor: Actor, version_id: UUID, *, on: date) -> Effect | None:
    """What a version of somebody above changes here, nothing where it is in force already or decides nothing here.

    Claims are counted as far as the actor's desk reaches.
    """
    assert scope.institution is not None
    row = scope.rows(RuleVersion).select_related("rule_set").filter(pk=version_id, state__in=_COMING).first()
    if row is None or row.institution_id == scope.institution:
        return None
    if row.effective_from is not None and row.effective_from <= on:
        return None
    rules = read_rules(row.content)
    now = Versions(scope, scope.institution, row.rule_set.code).asking(on)
    if now is None or not isinstance(rules, RuleSet):
        return None
    own = dict(_own_overlays(scope, on)).get(row.rule_set.code)
    if own is None and now.version_id != _newest_of(scope, row.institution_id, row.rule_set.code, on):
        return None  # rules of one's own decide here
    after = compose(rules, own) if own is not None else Composed(rules, frozenset(), ())
    with_it = compile_rules(after.rules)
    return Effect(
        differences(now.compiled.rules, after.rules),
        after.refused,
        affected_by(scope, actor, code=row.rule_set.code, before=now.compiled, after=with_it, on=on),
    )


def _own_overlays(scope: Scope, on: date) -> Iterator[tuple[str, Overlay]]:
    """The overlays of the scope's institution that stand on a day or are to stand, the newest of each rule set."""
    rows = scope.rows(RuleVersion).filter(
        institution_id=scope.institution, rule_set__kind=OVERLAY, effective_from__isnull=False
    )
    newest: dict[str, Overlay] = {}
    for code, content, last, state in rows.order_by("number").values_list(
        "rule_set__code", "content", "effective_until", "state"
    ):
        read = read_rules(content)
        if isinstance(read, Overlay) and state != State.ABOLISHED.value and (last is None or last >= on):
            newest[code] = read
    yield from newest.items()


def _coming(scope: Scope, code: str, on: date) -> Iterator[RuleVersion]:
    """The versions of a code above the scope's institution that are approved and have not begun, the nearest first."""
    place = scope.rows(Institution).filter(pk=scope.institution).values_list("parent_id", flat=True).first()
    while place is not None:
        rows = scope.rows(RuleVersion).filter(institution_id=place, rule_set__code=code, state__in=_COMING)
        for row in rows.select_related("rule_set", "institution").order_by("number"):
            if row.effective_from is None or row.effective_from > on:
                yield row
        place = scope.rows(Institution).filter(pk=place).values_list("parent_id", flat=True).first()


def _newest_of(scope: Scope, institution: UUID, code: str, on: date) -> UUID | None:
    """The newest version of an institution's rule set that is in force on a day."""
    held = [one for one in candidates(scope, institution, code) if one.period is not None and one.period.holds(on)]
    return held[-1].version_id if held else None


def _publisher(scope: Scope, version_id: UUID) -> Text:
    rows = scope.rows(RuleVersion).filter(pk=version_id)
    return Text(*rows.values_list("institution__name", "institution__name_en").get())
