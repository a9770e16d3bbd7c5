"""The impact of a version on outcomes in columns: each kind of outcome is asked once and counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from creditbank.domain.rules.classes import stretches
from creditbank.domain.rules.compile import fact_conditions
from creditbank.domain.rules.facts import read_part
from creditbank.domain.rules.impact import Changed, Effect, Group, Impact, Tally, alike, compared, deciding_facts

if TYPE_CHECKING:
    from creditbank.domain.rules.compile import Compiled

PROGRAMME, COHORT = "programme", "cohort"
"""Columns that are no facts: by them the changes are told."""


@dataclass(frozen=True, slots=True)
class Classes:
    """A column's values as two versions tell them apart.

    ``of`` has the class of each number of the column, beginning with that of no answer; ``values`` one value that
    stands for each class.
    """

    of: tuple[int, ...]
    values: tuple[str | None, ...]


def value_classes(before: Compiled, after: Compiled, name: str, dictionary: Sequence[str]) -> Classes:
    """The classes of a fact's values: equal ones lead to equal answers under both versions, whatever stands beside."""
    readers = [_reader(of, name) for of in (before, after)]
    found: dict[Any, int] = {tuple(read(None) for read in readers): 0}
    of, values = [0], [None]
    stand: list[str | None] = list(values)
    for value in dictionary:
        seen = tuple(read(value) for read in readers)
        if seen not in found:
            found[seen] = len(stand)
            stand.append(value)
        of.append(found[seen])
    return Classes(tuple(of), tuple(stand))


def impact_of_counts(
    before: Compiled,
    after: Compiled,
    facts: Mapping[str, Classes],
    counts: Iterable[tuple[tuple[int, ...], int]],
    *,
    programmes: Sequence[str] = ("",),
    cohorts: Sequence[str] = ("",),
) -> Impact:
    """What changes for outcomes counted by the classes of their facts, then by programme and cohort.

    Each combination of facts is asked of both versions once. The groups that change are told without programme and
    cohort, whose totals stand beside them.
    """
    names = list(facts)
    known: dict[tuple[int, ...], Changed] = {}
    effects: dict[Effect, list[int]] = {}
    by_programme: dict[str, list[int]] = {}
    by_cohort: dict[str, list[int]] = {}
    total: dict[tuple[int, ...], int] = {}
    for key, count in counts:
        kind = key[: len(names)]
        one = known.get(kind)
        if one is None:
            stand = {
                name: value
                for name, at in zip(names, kind, strict=True)
                if (value := facts[name].values[at]) is not None
            }
            one = known[kind] = compared(before, after, Group(stand, "", "", 1))
        total[kind] = total.get(kind, 0) + count
        gain = one.gain * count
        _add(effects, one.effect, count, gain)
        if one.effect is not Effect.SAME:
            _add(by_programme, programmes[key[-2]], count, gain)
            _add(by_cohort, cohorts[key[-1]], count, gain)
    changed = [
        replace(one, group=replace(one.group, count=total[kind]))
        for kind, one in known.items()
        if one.effect is not Effect.SAME
    ]
    return Impact(_tallies(effects), _tallies(by_programme), _tallies(by_cohort), alike(changed))


def looked_at(before: Compiled, after: Compiled, columns: Iterable[str]) -> tuple[str, ...]:
    """Of the columns there are, the facts by which either version tells outcomes apart, in a settled order."""
    return tuple(sorted(deciding_facts(before, after) & set(columns)))


def not_counted(compiled: Compiled) -> tuple[str, ...]:
    """The parts of a version that depend on a learner's other credit or on days, which an impact leaves out."""
    rules = compiled.rules
    named = (
        ("choose", rules.choose),
        ("cap", rules.cap),
        ("validity", rules.validity),
        ("prerequisite", rules.prerequisite),
    )
    return tuple(f"{name} {part.id}" for name, parts in named for part in parts)


def _reader(compiled: Compiled, name: str) -> Any:
    """What a version makes of a value of one fact: its stretch or the value itself, or that it cannot be read."""
    fact = next((fact for fact in compiled.rules.facts if fact.name == name), None)
    if fact is None:
        return lambda _value: None
    alone = replace(fact, when=(), optional=True)
    conditions, counted = fact_conditions(compiled.rules)
    stretch = stretches(compiled.rules, conditions, counted).get(name)

    def read(value: str | None) -> Any:
        outcome = read_part((alone,), {name: value}, frozenset({name}))
        if outcome is None:
            return "unread"
        (typed,) = outcome.values
        return ("read", typed if stretch is None else stretch(typed))

    return read


def _tallies(found: Mapping[Any, Sequence[int]]) -> dict[Any, Tally]:
    return {name: Tally(*sums) for name, sums in found.items()}


def _add(into: dict[Any, list[int]], key: Any, count: int, gain: int) -> None:
    sums = into.setdefault(key, [0, 0])
    sums[0] += count
    sums[1] += gain
