"""What a draft would change for outcomes that were claimed: more, less, newly refused or asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
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
    return tallied(_each_compared(before, after, groups))


def _each_compared(before: Compiled, after: Compiled, groups: Iterable[Group]) -> Iterator[Changed]:
    known: dict[str, Changed] = {}
    for group in groups:
        key = _written(group)
        if key not in known:
            known[key] = compared(before, after, group)
        yield replace(known[key], group=group)


def tallied(found: Iterable[Changed]) -> Impact:
    """What was found of each group, counted by effect, programme and cohort."""
    effects: dict[Effect, Tally] = {}
    programmes: dict[str, Tally] = {}
    cohorts: dict[str, Tally] = {}
    changed: list[Changed] = []
    for one in found:
        group = one.group
        effects[one.effect] = effects.get(one.effect, Tally()).plus(one)
        if one.effect is not Effect.SAME:
            programmes[group.programme] = programmes.get(group.programme, Tally()).plus(one)
            cohorts[group.cohort] = cohorts.get(group.cohort, Tally()).plus(one)
            changed.append(one)
    return Impact(effects, programmes, cohorts, _ranked(changed))


def alike(changed: Iterable[Changed]) -> tuple[Changed, ...]:
    """Groups of the same facts as one, whatever their programme and cohort; those that change most first."""
    found: dict[str, Changed] = {}
    for one in changed:
        key = _written(one.group)
        before = found[key].group.count if key in found else 0
        found[key] = replace(one, group=Group(one.group.facts, "", "", before + one.group.count))
    return _ranked(found.values())


def _written(group: Group) -> str:
    """The facts of a group as one text; 1, ``true`` and "1" are three."""
    return repr(sorted(group.facts.items()))


def _ranked(changed: Iterable[Changed]) -> tuple[Changed, ...]:
    return tuple(sorted(changed, key=lambda one: (-abs(one.gain), -one.group.count, _written(one.group))))


def outcome_of(compiled: Compiled, group: Group) -> Outcome | None:
    """The facts of a group as a version reads them."""
    return read_part(compiled.rules.facts, group.facts, asked_with(compiled.rules.facts, compiled.decides))


def compared(before: Compiled, after: Compiled, group: Group) -> Changed:
    """A group with what both versions give it by its facts."""
    old, new = (
        None if (one := outcome_of(of, group)) is None else evaluate_untraced(of, one) for of in (before, after)
    )
    return Changed(group, effect_of(old, new), old, new)


_NEWLY = {Ruling.RECOGNISE: Effect.GAINED, Ruling.REFUSE: Effect.REFUSED, Ruling.MANUAL: Effect.MANUAL}


def effect_of(old: Granted | None, new: Granted | None) -> Effect:
    """What happens to an outcome that two versions give this; ``None`` where a version cannot read it."""
    if new is None:
        return Effect.UNREAD if old is not None else Effect.SAME
    was = old.ruling if old is not None else Ruling.MANUAL
    if new.ruling is not was:
        return _NEWLY[new.ruling]
    if old is None or new.ruling is not Ruling.RECOGNISE:
        return Effect.SAME
    if new.credit != old.credit:
        return Effect.UP if new.credit > old.credit else Effect.DOWN
    moved = (new.category, new.level, new.field) != (old.category, old.level, old.field)
    return Effect.MOVED if moved else Effect.SAME


def _credit(granted: Granted | None) -> int:
    return granted.credit if granted is not None and granted.ruling is Ruling.RECOGNISE else 0
