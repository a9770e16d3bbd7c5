"""What a draft would change for conversions that were posted: better, worse, refused, left open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from creditbank.domain.conversions import trace
from creditbank.domain.conversions.compile import CompiledConversions, compile_conversions
from creditbank.domain.conversions.credit_lots import item_of
from creditbank.domain.conversions.evaluate import best_for
from creditbank.domain.conversions.model import Around
from creditbank.domain.rules.decision import Context, Granted
from creditbank.domain.rules.impact import Changed, Effect, Group, Impact, effect_of, tallied
from creditbank.domain.rules.model import Ruling
from creditbank.domain.values import Hundredths, format_credit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date
    from uuid import UUID

    from creditbank.domain.conversions.credit_lots import Lot
    from creditbank.domain.conversions.model import ConversionRules, Target
    from creditbank.domain.explanation import Explanation
    from creditbank.domain.values import Text


@dataclass(frozen=True, slots=True)
class PastConversion:
    """A conversion that was posted: whose it is, what it used, what it made, and the day it counts from."""

    learner_id: UUID
    conversion_id: UUID
    on: date
    used: tuple[Lot, ...]
    targets: tuple[Target, ...]
    made: Text
    programme: str
    cohort: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What rules say of a conversion.

    The category of ``granted`` is the grade that is recorded, its field the credit that would be used up, ``used`` in
    words. ``named`` says whether some row goes into what was made at all.
    """

    granted: Granted
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


def _answer(compiled: CompiledConversions, past: PastConversion, around: Around) -> Answer:
    items = [item_of(compiled.rules, lot) for lot in past.used]
    found = best_for(compiled, past.targets[0], items, around, past.targets[1:])
    if found is None:
        refused = Granted(Ruling.REFUSE, None, Hundredths(0), None, None, None)
        said = trace.targets_said(past.targets, around.courses, compiled.categories)
        return Answer(refused, Hundredths(0), named=False, explanation=(trace.no_row(said),))
    credit = trace.total(found.made)
    used = Hundredths(sum(use.credit for use in found.uses))
    granted = Granted(found.ruling, found.row, credit, found.grade, None, format_credit(used))
    return Answer(granted, used, named=True, explanation=found.explanation)


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
        looked_at = (item_of(of.rules, lot) for of in (comparison.before, comparison.after))
        lots += [*(item.outcome for item in looked_at), lot.credit, lot.expires_on]
    return (past.targets, past.on if dated else None, repr(lots))
