"""Overlays as they decide: laid on what they inherit now, and on what the centre will publish next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q

from creditbank.domain.access import Actor
from creditbank.domain.conversions.model import ConversionRules
from creditbank.domain.explanation import Explanation, Line, Verdict
from creditbank.domain.rule_documents import (
    OVERLAYS,
    AnyRules,
    DecidingRules,
    is_overlay,
    kind_decided,
    lay_any,
    rules_differences,
)
from creditbank.domain.rule_life.states import State
from creditbank.domain.rules.compile import compile_rules
from creditbank.domain.rules.model import RuleSet
from creditbank.domain.rules.overlay import Overlay
from creditbank.domain.values import Text
from creditbank.queries.rule_impact import Affected, affected_by, affected_conversions, conversions_compared
from creditbank.queries.rules import RulesInForce, Versions, candidates
from creditbank.records.institutions import Institution
from creditbank.records.rules import RuleVersion
from creditbank.records.scope import Scope

STANDING = (State.SCHEDULED.value, State.SUSPENDED.value, State.ABOLISHED.value)
"""The states of versions that have their days; one that is abolished has its last."""
_COMING = (State.APPROVED.value, State.PUBLICITY.value, State.SCHEDULED.value)


@dataclass(frozen=True, slots=True)
class Standing:
    """A document of rules as it would decide: an overlay with what it inherits on a day.

    ``rules`` is nothing where there is nothing to lay it on; ``refused`` says what of it does not hold. ``own`` names,
    as list and id, what an overlay adds and tightens; ``base`` publishes the rest, and ``inherited`` is what it says.
    """

    rules: DecidingRules | None
    refused: Explanation = ()
    own: frozenset[tuple[str, str]] = frozenset()
    base: Text | None = None
    inherited: DecidingRules | None = None


def standing_of(
    scope: Scope, rules: AnyRules, *, institution: UUID, on: date, laid_on: Mapping[str, Any] | None = None
) -> Standing:
    """Rules as they would decide at an institution on a day.

    ``laid_on`` is the origin of a draft: an overlay that was begun on a version which has not begun itself is laid on
    that one, so that a school can answer an update before its first day.
    """
    if not isinstance(rules, Overlay):
        return Standing(rules)
    coming, kind = _coming_base(scope, rules.code, on, laid_on or {}), kind_decided(rules.kind)
    inherited = inherited_by(scope, institution=institution, code=rules.code, kind=kind, on=on, coming=coming)
    if inherited is None or isinstance(inherited.rules, Overlay):
        return Standing(None, (no_base(rules.code, on),))
    composed = lay_any(inherited.rules, rules)
    publisher = _publisher(scope, inherited.version_id)
    return Standing(composed.rules, composed.refused, composed.own, publisher, inherited.rules)


def inherited_by(
    scope: Scope, *, institution: UUID, code: str, kind: str, on: date, coming: tuple[UUID, date] | None = None
) -> RulesInForce | None:
    """The version of a rule set of a kind that an institution inherits on a day, whatever its own says.

    With ``coming``, as it will be when that version has begun on that day.
    """
    above = scope.rows(Institution).filter(pk=institution).values_list("parent_id", flat=True).first()
    if above is None:
        return None
    return Versions(scope, above, code, kind, coming=coming).standing(coming[1] if coming else on)


def no_base(code: str, on: date) -> Line:
    """That there is nothing on which an overlay could be laid on a day."""
    return Line("overlay.no_base", Verdict.NO, {"code": code, "day": on.isoformat()})


def _coming_base(scope: Scope, code: str, on: date, origin: Mapping[str, Any]) -> tuple[UUID, date] | None:
    """The version on which an overlay was begun with the day it begins, or begins at the earliest; none once it has."""
    if "laid_on" not in origin:
        return None
    rows = scope.rows(RuleVersion).filter(pk=UUID(str(origin["laid_on"])), rule_set__code=code, state__in=_COMING)
    row = rows.first()
    if row is None or (row.effective_from is not None and row.effective_from <= on):
        return None
    return row.id, row.effective_from or on


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
    would not hold, ``affected`` what it changes for the claims of the last year or the conversions that stand.
    """

    changes: Explanation
    refused: Explanation
    affected: Affected | None


@dataclass(frozen=True, slots=True)
class Replaced:
    """A version that gives way to rules of the other sort: whether it is an overlay, and whether it has begun."""

    version_id: UUID
    number: int
    overlay: bool
    begun: bool


def coming_updates(scope: Scope, *, on: date) -> tuple[Update, ...]:
    """Versions above that are approved and not yet in force, and will decide at the scope's institution."""
    found = []
    for row in _coming(scope, on):
        after = _with(scope, row, on)
        if after is None:
            continue
        found.append(
            Update(
                row.id,
                row.rule_set.code,
                row.number,
                Text(row.rule_set.name, row.rule_set.name_en),
                Text(row.institution.name, row.institution.name_en),
                row.effective_from,
                len(_own_lost(scope, after)),
            )
        )
    return tuple(found)


def lost_parts(scope: Scope, *, on: date) -> Explanation:
    """What of the overlays of the scope's institution does not hold today."""
    assert scope.institution is not None
    said: list[Line] = []
    for code, kind in _overlaid(scope, on):
        found = Versions(scope, scope.institution, code, kind).standing(on)
        if found is None:
            said.append(no_base(code, on))
        elif found.composed is not None:
            said += found.composed.left_out
    return tuple(said)


def effect_of(scope: Scope, actor: Actor, version_id: UUID, *, on: date) -> Effect | None:
    """What a version of somebody above changes here, nothing where it is in force already or decides nothing here.

    Claims and conversions are counted as far as the actor's desk reaches.
    """
    assert scope.institution is not None
    row = next((one for one in _coming(scope, on) if one.id == version_id), None)
    after = _with(scope, row, on) if row is not None else None
    if row is None or after is None:
        return None
    now = Versions(scope, scope.institution, row.rule_set.code, row.rule_set.kind).standing(on)
    if now is None:
        return None
    others: Explanation = after.composed.left_out if after.composed is not None else ()
    own = _own_lost(scope, after)
    return Effect(
        rules_differences(now.rules, after.rules),
        (*own, *(line for line in others if line.lines != own)),
        _affected(scope, actor, row.rule_set.code, now.rules, after.rules, on),
    )


def _affected(scope: Scope, actor: Actor, code: str, before: AnyRules, after: AnyRules, on: date) -> Affected | None:
    """What later rules change for what was claimed or converted here."""
    if isinstance(before, ConversionRules) and isinstance(after, ConversionRules):
        compared = conversions_compared(scope, before=before, after=after, on=on)
        return affected_conversions(scope, actor, compared, on=on).affected
    if isinstance(before, RuleSet) and isinstance(after, RuleSet):
        return affected_by(scope, actor, code=code, before=compile_rules(before), after=compile_rules(after), on=on)
    return None


def replaced_by(scope: Scope, *, code: str, kind: str, on: date) -> Replaced | None:
    """The own version of the other sort whose place these rules would take; none where there is none.

    Of one code an institution has one line of versions: a set of its own or an overlay, whichever began last.
    """
    decided = kind_decided(kind)
    if decided not in OVERLAYS or scope.institution is None:
        return None
    standing = [
        one
        for one in candidates(scope, scope.institution, code, kind=decided)
        if one.period is not None and (one.period.last or date.max) >= on and one.state in STANDING
    ]
    last = standing[-1] if standing else None
    if last is None or last.kind == kind or last.period is None or last.period.first is None:
        return None
    return Replaced(last.version_id, last.number, is_overlay(last.kind), last.period.first <= on)


def _with(scope: Scope, row: RuleVersion, on: date) -> RulesInForce | None:
    """The rules that decide at the scope's institution from a coming version's first day; nothing where it does not."""
    assert scope.institution is not None
    day = row.effective_from or on
    coming = None if row.effective_from else (row.id, day)
    versions = Versions(scope, scope.institution, row.rule_set.code, row.rule_set.kind, coming=coming)
    after = versions.standing(day)
    if after is None or row.id not in (after.version_id, *(after.composed.beneath if after.composed else ())):
        return None
    return after


def _own_lost(scope: Scope, found: RulesInForce) -> Explanation:
    """What of an overlay of the scope's institution does not hold in rules that decide here."""
    if found.composed is None:
        return ()
    own = scope.rows(RuleVersion).filter(pk=found.version_id, institution_id=scope.institution).exists()
    return found.composed.lost.get(found.version_id, ()) if own else ()


def _overlaid(scope: Scope, on: date) -> tuple[tuple[str, str], ...]:
    """The codes and kinds of the rule sets that the scope's institution overlays on a day."""
    rows = scope.rows(RuleVersion).filter(
        institution_id=scope.institution, kind__in=OVERLAYS.values(), effective_from__lte=on, state__in=STANDING
    )
    rows = rows.filter(Q(effective_until__isnull=True) | Q(effective_until__gte=on))
    return tuple(rows.order_by("rule_set__code").values_list("rule_set__code", "rule_set__kind").distinct())


def _coming(scope: Scope, on: date) -> Iterator[RuleVersion]:
    """The versions above the scope's institution that are approved and have not begun, the nearest first."""
    place = scope.rows(Institution).filter(pk=scope.institution).values_list("parent_id", flat=True).first()
    while place is not None:
        rows = scope.rows(RuleVersion).filter(institution_id=place, rule_set__kind__in=OVERLAYS, state__in=_COMING)
        rows = rows.filter(Q(effective_from__isnull=True) | Q(effective_from__gt=on))
        yield from rows.select_related("rule_set", "institution").defer("content").order_by("rule_set__code", "number")
        place = scope.rows(Institution).filter(pk=place).values_list("parent_id", flat=True).first()


def _publisher(scope: Scope, version_id: UUID) -> Text:
    rows = scope.rows(RuleVersion).filter(pk=version_id)
    return Text(*rows.values_list("institution__name", "institution__name_en").get())
