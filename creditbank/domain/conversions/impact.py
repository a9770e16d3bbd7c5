"""What a draft would change for conversions that were posted: better, worse, refused, left open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from creditbank.domain.conversions import trace
from creditbank.domain.conversions.compile import CompiledConversions, compile_conversions
from creditbank.domain.conversions.evaluate import best_for
from creditbank.domain.conversions.model import CATEGORY, Around, Item
from creditbank.domain.explanation import Refusal
from creditbank.domain.rules.decision import Context, Granted
from creditbank.domain.rules.facts import read_answers
from creditbank.domain.rules.impact import Changed, Effect, Group, Impact, effect_of, tallied
from creditbank.domain.rules.model import FactType, Ruling
from creditbank.domain.values import Hundredths, format_credit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date
    from uuid import UUID

    from creditbank.domain.conversions.model import ConversionRules, Target
    from creditbank.domain.explanation import Explanation
    from creditbank.domain.rules.model import Fact
    from creditbank.domain.values import Text


@dataclass(frozen=True, slots=True)
class UsedLot:
    """Credit that a conversion used: what its claim said, what its lot is of, how much was there before.

    ``known`` is by the words of carriers (``course``, ``category`` and so on) and by names that rules may ask for as
    they are (``level``, ``grade``, ``earned_on``).
    """

    id: str
    title: Text
    credit: Hundredths
    claimed: Mapping[str, Any]
    known: Mapping[str, Any]
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class PastConversion:
    """A conversion that was posted: whose it is, what it used, what it made, and the day it counts from."""

    learner_id: UUID
    conversion_id: UUID
    on: date
    used: tuple[UsedLot, ...]
    targets: tuple[Target, ...]
    made: Text
    programme: str
    cohort: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What rules say of a conversion; ``granted`` is nothing where they cannot read what was used.

    Its category is the grade that is recorded, its field the credit that would be used up, ``used`` in words. ``named``
    says whether some row goes into what was made at all.
    """

    granted: Granted | None
    used: Hundredths
    named: bool
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both versions, ready to be asked of conversions, with the courses and certification units of the institution.

    Limits and prerequisites are left out on both sides: they depend on what else each learner holds.
    """

    before: CompiledConversions
    after: CompiledConversions
    around: Around

    def answers(self, past: PastConversion) -> tuple[Answer, Answer]:
        """What each version says of a conversion, on its day."""
        around = replace(self.around, context=Context(past.on))
        return _answer(self.before, past, around), _answer(self.after, past, around)


def comparing(before: ConversionRules, after: ConversionRules, around: Around) -> Comparison:
    """Two versions to compare; ``around`` holds the whole library, its day is that of each conversion."""
    bare = [compile_conversions(replace(rules, cap=(), prerequisite=())) for rules in (before, after)]
    return Comparison(bare[0], bare[1], around)


@dataclass(frozen=True, slots=True)
class ConversionImpact:
    """What changes for whom, each conversion that changes, and how many conversions neither version goes into.

    The changes of one group have the same facts; ``examples`` has one conversion of each, by the group's ``like``.
    """

    impact: Impact
    changed: tuple[tuple[PastConversion, Changed], ...]
    examples: Mapping[str, PastConversion]
    elsewhere: int


def conversion_impact(comparison: Comparison, pasts: Iterable[PastConversion]) -> ConversionImpact:
    """What the later version changes for conversions; those that are alike are looked at once."""
    known: dict[tuple[object, ...], tuple[str, Effect | None, Granted | None, Granted | None]] = {}
    examples: dict[str, PastConversion] = {}
    every: list[tuple[PastConversion, Changed]] = []
    elsewhere = 0
    for past in pasts:
        key = _alike(comparison, past)
        if key not in known:
            before, after = comparison.answers(past)
            effect = _effect(before, after) if before.named or after.named else None
            known[key] = f"{len(known)}", effect, before.granted, after.granted
            examples[known[key][0]] = past
        like, effect, old, new = known[key]
        if effect is None:
            elsewhere += 1
            continue
        every.append((past, Changed(Group({"like": like}, past.programme, past.cohort, 1), effect, old, new)))
    changed = tuple(pair for pair in every if pair[1].effect is not Effect.SAME)
    return ConversionImpact(tallied(one for _past, one in every), changed, examples, elsewhere)


def item_of(rules: ConversionRules, lot: UsedLot) -> Item | Refusal:
    """A lot as rules look at it, or why they cannot read it."""
    told = {fact: kind for kind, fact in rules.carriers.items()}
    raw = {fact.name: value for fact in rules.facts if (value := _given(fact, lot, told.get(fact.name))) is not None}
    outcome = read_answers(rules.facts, raw)
    return outcome if isinstance(outcome, Refusal) else Item(lot.id, lot.title, outcome, lot.credit, lot.expires_on)


def _given(fact: Fact, lot: UsedLot, kind: str | None) -> Any:
    """What a lot says of a fact: what was claimed under that name, what the carriers mean, what it is called itself."""
    names = (kind, "outcome_type" if kind == CATEGORY else None, fact.name)
    values = [lot.claimed.get(fact.name), *(lot.known.get(name) for name in names if name is not None)]
    if fact.type is FactType.ENUM:
        choices = {choice.code for choice in fact.choices}
        fitting = [value for value in values if value in choices]
        values = fitting or values
    return next((value for value in values if value not in (None, "")), None)


def _answer(compiled: CompiledConversions, past: PastConversion, around: Around) -> Answer:
    items: list[Item] = []
    for lot in past.used:
        item = item_of(compiled.rules, lot)
        if isinstance(item, Refusal):
            return Answer(None, Hundredths(0), _goes_there(compiled, past, around), item.explanation)
        items.append(item)
    found = best_for(compiled, past.targets[0], items, around, past.targets[1:])
    if found is None:
        refused = Granted(Ruling.REFUSE, None, Hundredths(0), None, None, None)
        said = trace.targets_said(past.targets, around.courses, compiled.categories)
        return Answer(refused, Hundredths(0), named=False, explanation=(trace.no_row(said),))
    credit = trace.total(found.made)
    used = Hundredths(sum(use.credit for use in found.uses))
    granted = Granted(found.ruling, found.row, credit, found.grade, None, format_credit(used))
    return Answer(granted, used, named=True, explanation=found.explanation)


def _goes_there(compiled: CompiledConversions, past: PastConversion, around: Around) -> bool:
    return best_for(compiled, past.targets[0], (), around, past.targets[1:]) is not None


def _effect(before: Answer, after: Answer) -> Effect:
    """What happens to a conversion; the same credit for less is better, for more is worse."""
    effect = effect_of(before.granted, after.granted)
    if effect in (Effect.SAME, Effect.MOVED) and before.used != after.used:
        return Effect.UP if after.used < before.used else Effect.DOWN
    return effect


def _alike(comparison: Comparison, past: PastConversion) -> tuple[object, ...]:
    """What tells conversions apart for both versions; the day only where one of them looks at it."""
    dated = comparison.before.dates or comparison.after.dates
    lots: list[object] = []
    for lot in past.used:
        for rules in (comparison.before.rules, comparison.after.rules):
            item = item_of(rules, lot)
            lots.append(item.explanation if isinstance(item, Refusal) else item.outcome)
        lots += [lot.credit, lot.expires_on]
    return (past.targets, past.on if dated else None, repr(lots))
