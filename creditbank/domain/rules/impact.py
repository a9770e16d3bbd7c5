"""What a draft would change for outcomes that were claimed: more, less, newly refused or asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from creditbank.domain.rules.evaluate import evaluate_untraced
from creditbank.domain.rules.facts import asked_with, read_part
from creditbank.domain.rules.model import Ruling

if TYPE_CHECKING:
    from creditbank.domain.rules.compile import Compiled
    from creditbank.domain.rules.decision import Granted, Outcome


class Effect(StrEnum):
    """What happens to an outcome when one version follows another."""

    SAME = "same"
    UP = "up"
    DOWN = "down"
    GAINED = "gained"
    """Recognised now, where it was refused or left to a person."""
    REFUSED = "refused"
    MANUAL = "manual"
    MOVED = "moved"
    """The same amount in another category or level."""
    UNREAD = "unread"
    """The later version asks something the outcome does not say."""


@dataclass(frozen=True, slots=True)
class Group:
    """Outcomes that neither version can tell apart: their facts, whose they are, how many."""

    facts: Mapping[str, Any]
    programme: str
    cohort: str
    count: int


@dataclass(frozen=True, slots=True)
class Changed:
    """A group with what both versions give it by its facts; ``None`` where a version cannot read them."""

    group: Group
    effect: Effect
    before: Granted | None
    after: Granted | None

    @property
    def gain(self) -> int:
        """Hundredths that all its outcomes together gain, below zero where they lose."""
        return (_credit(self.after) - _credit(self.before)) * self.group.count


@dataclass(frozen=True, slots=True)
class Tally:
    """How many outcomes, and what they gain together in hundredths."""

    count: int = 0
    gain: int = 0

    def plus(self, changed: Changed) -> Tally:
        """This with one more group."""
        return Tally(self.count + changed.group.count, self.gain + changed.gain)


@dataclass(frozen=True, slots=True)
class Impact:
    """What changes for whom; ``changed`` are the groups that do not stay the same, those that change most first."""

    effects: Mapping[Effect, Tally]
    programmes: Mapping[str, Tally]
    cohorts: Mapping[str, Tally]
    changed: tuple[Changed, ...]

    @property
    def count(self) -> int:
        """All outcomes that were looked at."""
        return sum(tally.count for tally in self.effects.values())


def deciding_facts(before: Compiled, after: Compiled) -> frozenset[str]:
    """The facts by which outcomes are told apart by either version."""
    return asked_with(before.rules.facts, before.decides) | asked_with(after.rules.facts, after.decides)


def impact(before: Compiled, after: Compiled, groups: Iterable[Group]) -> Impact:
    """What a later version changes, by facts alone: families, limits and days depend on each learner's other credit."""
    effects: dict[Effect, Tally] = {}
    programmes: dict[str, Tally] = {}
    cohorts: dict[str, Tally] = {}
    changed: list[Changed] = []
    for group in groups:
        one = _compared(before, after, group)
        effects[one.effect] = effects.get(one.effect, Tally()).plus(one)
        if one.effect is not Effect.SAME:
            programmes[group.programme] = programmes.get(group.programme, Tally()).plus(one)
            cohorts[group.cohort] = cohorts.get(group.cohort, Tally()).plus(one)
            changed.append(one)
    changed.sort(key=lambda one: (-abs(one.gain), -one.group.count, sorted(map(str, one.group.facts.items()))))
    return Impact(effects, programmes, cohorts, tuple(changed))


def outcome_of(compiled: Compiled, group: Group) -> Outcome | None:
    """The facts of a group as a version reads them."""
    return read_part(compiled.rules.facts, group.facts, asked_with(compiled.rules.facts, compiled.decides))


def _compared(before: Compiled, after: Compiled, group: Group) -> Changed:
    old, new = (
        None if (one := outcome_of(of, group)) is None else evaluate_untraced(of, one) for of in (before, after)
    )
    return Changed(group, _effect(old, new), old, new)


def _given(compiled: Compiled, group: Group) -> Granted | None:
    outcome = outcome_of(compiled, group)
    return None if outcome is None else evaluate_untraced(compiled, outcome)


_NEWLY = {Ruling.RECOGNISE: Effect.GAINED, Ruling.REFUSE: Effect.REFUSED, Ruling.MANUAL: Effect.MANUAL}


def _effect(old: Granted | None, new: Granted | None) -> Effect:
    if new is None:
        return Effect.UNREAD if old is not None else Effect.SAME
    was = old.ruling if old is not None else Ruling.MANUAL
    if new.ruling is not was:
        return {Ruling.RECOGNISE: Effect.GAINED, Ruling.REFUSE: Effect.REFUSED, Ruling.MANUAL: Effect.MANUAL}[
            new.ruling
        ]
    if old is None or new.ruling is not Ruling.RECOGNISE:
        return Effect.SAME
    if new.credit != old.credit:
        return Effect.UP if new.credit > old.credit else Effect.DOWN
    moved = (new.category, new.level, new.field) != (old.category, old.level, old.field)
    return Effect.MOVED if moved else Effect.SAME


def _credit(granted: Granted | None) -> int:
    return granted.credit if granted is not None and granted.ruling is Ruling.RECOGNISE else 0
