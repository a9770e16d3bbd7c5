"""All outcomes that rules can meet, walked class by class as their conditions divide them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from creditbank.domain.rules.axes import Axis
from creditbank.domain.rules.bands import band_axis, pair_within, shares
from creditbank.domain.rules.facts import holds
from creditbank.domain.rules.model import Accept, Before, Condition, Fact, Interval, Lower, Rank, RuleSet, Value

MOST_STEPS = 400_000
"""Steps of one walk; a table that needs more is reported as not fully looked at."""


class TooManyError(Exception):
    """A walk would take longer than allowed; nothing it found so far is complete."""


@dataclass(frozen=True, slots=True)
class Branch:
    """Answers to one fact that lead on alike: the set of them, and the rows that still fit."""

    answers: int
    rows: int


@dataclass(frozen=True, slots=True)
class _Watch:
    """A condition that is looked at later than the fact it is about."""

    mask: int
    until: int


class Space:
    """The outcomes that reach some rows, as a tree over the facts in the order they are declared.

    A fact that is not asked has no answer. Before the rows look at it, an ordered fact may be lowered, and a place
    among entrants may say another fact: each step of that second kind is one more question after the facts, which of
    its bands the place falls into. A set of rows is a number whose bits are their places. From the depth ``settled``
    on, whatever is answered reaches the rows.
    """

    def __init__(
        self, rules: RuleSet, rows: Sequence[Condition], when: Condition = (), *, befores: int | None = None
    ) -> None:
        """Lay out the outcomes that fulfil ``when`` for these rows, as they are after the first ``befores`` steps.

        ``None`` stands for all steps before the tables: what the tables see.
        """
        self._declared = {fact.name: fact for fact in rules.facts}
        self.all_rows = (1 << len(rows)) - 1
        steps = [step for step in rules.adjust if isinstance(step, Lower | Rank)][:befores]
        self.befores, names = self._needed(steps, rows, when)
        self.facts: tuple[Fact, ...] = tuple(fact for fact in rules.facts if fact.name in names)
        place = {fact.name: depth for depth, fact in enumerate(self.facts)}
        self._place = place
        accepts: dict[str, set[Accept]] = {fact.name: set() for fact in self.facts}
        conditions = (*rows, when, *(fact.when for fact in self.facts), *(step.when for step in self.befores))
        for condition in set(conditions):
            for cell in condition:
                accepts[cell.fact].add(cell.accept)
        self.ranks = tuple(step for step in self.befores if isinstance(step, Rank))
        self.depth = len(self.facts) + len(self.ranks)
        facts = [Axis(fact, accepts[fact.name]) for fact in self.facts]
        self.axes = (*facts, *(band_axis(step, self._declared[step.fact]) for step in self.ranks))
        self._moving = tuple(sorted({place[step.fact] for step in self.befores}))
        self._counted = {place[name] for step in self.ranks for name in (step.place, step.among)}
        self.cells: tuple[dict[int, int], ...] = tuple(self._masks(row, place) for row in rows)
        self._rows_at = self._bits()
        self._full = self._full_from()
        self._asked = tuple(self._masks(fact.when, place) for fact in self.facts)
        self._within = self._masks(when, place)
        self._watches = self._watched(place)
        self.settled = self.depth + 1 if self._moving else max(self._within, default=-1) + 1
        self.steps = 0

    def full(self, depth: int) -> int:
        """The rows that have no cell on any fact from this depth on; one beyond the last fact, all of them."""
        return self._full[depth]

    def key(self, chosen: tuple[int, ...]) -> tuple[int, ...]:
        """What later facts still need to know of the answers chosen so far; equal keys lead on alike."""
        depth = len(chosen)
        key = []
        for place, answers in enumerate(chosen):
            if self._whole(place):
                key.append(answers)
            else:
                key += [int(bool(answers & watch.mask)) for watch in self._watches[place] if watch.until >= depth]
        return tuple(key)

    def branches(self, chosen: tuple[int, ...], rows: int, only: int = -1) -> Iterator[Branch]:
        """The classes of answers to the next fact, within ``only``.

        Raises:
            TooManyError: the walk has taken too many steps.
        """
        depth = len(chosen)
        whole = self._whole(depth)
        within = -1 if depth in self._moving else self._within.get(depth, -1)
        watches = self._watches[depth]
        groups: dict[Any, int] = {}
        rest = self._possible(chosen) & only & within
        self.steps += rest.bit_count() + 1
        if self.steps > MOST_STEPS:
            raise TooManyError
        at = self._rows_at[depth]
        while rest:
            bit = rest & -rest
            rest ^= bit
            left = rows if depth in self._moving else rows & at[bit.bit_length() - 1]
            group = (left, bit) if whole else (left, *(bool(bit & watch.mask) for watch in watches))
            groups[group] = groups.get(group, 0) | bit
        for group, answers in groups.items():
            yield Branch(answers, group[0])

    def end(self, chosen: tuple[int, ...], rows: int) -> tuple[tuple[int, ...], int] | None:
        """After the last question: the sets of answers as the rows see them, and the rows that fit.

        ``None`` where a fact is lowered below its lowest value, where no place is in the bands chosen, or where the
        rows' common condition does not hold after the steps: then these rows are never asked.
        """
        if not self._moving:
            return chosen, rows
        values: dict[str, Value | None] = {
            fact.name: self._value(depth, chosen[depth]) for depth, fact in enumerate(self.facts)
        }
        bands = iter(chosen[len(self.facts) :])
        acting: dict[tuple[int, int], list[tuple[Fraction, Fraction]]] = {}
        for step in self.befores:
            acts = holds(step.when, values)
            if isinstance(step, Rank):
                band = next(bands).bit_length() - 1
                if acts and values[step.place] is not None and values[step.among] is not None:
                    values[step.fact] = step.bands[band][1]
                    acting.setdefault(self._pair(step), []).append(shares(step, band))
                elif band:  # where a step says nothing, one of its bands stands for all
                    return None
                continue
            value = values[step.fact]
            if value is None or not acts:
                continue
            scale = [choice.code for choice in self._declared[step.fact].choices]
            rank = scale.index(str(value)) - step.steps
            if rank < 0:
                return None
            values[step.fact] = scale[rank]
        if any(self._placed(chosen, pair, within) is None for pair, within in acting.items()):
            return None
        seen = list(chosen)
        for depth in self._moving:
            place = self._place_of(depth, values[self.facts[depth].name])
            if not self._within.get(depth, -1) >> place & 1:
                return None
            seen[depth] = 1 << place
            rows &= self._rows_at[depth][place]
        return tuple(seen), rows

    def example(self, chosen: Sequence[int]) -> dict[str, Value]:
        """One outcome among the chosen answers, by fact; facts without an answer are left out."""
        values = {fact.name: self._value(depth, chosen[depth]) for depth, fact in enumerate(self.facts)}
        bands: dict[tuple[int, int], list[tuple[Fraction, Fraction]]] = {}
        for step, mask in zip(self.ranks, chosen[len(self.facts) :], strict=True):
            bands.setdefault(self._pair(step), []).append(shares(step, (mask & -mask).bit_length() - 1))
        for (place, among), within in bands.items():
            found = self._placed(chosen, (place, among), within) or self._placed(chosen, (place, among), ())
            if found is not None:
                values[self.facts[place].name], values[self.facts[among].name] = found
        return {name: value for name, value in values.items() if value is not None}

    def meeting(self, number: int) -> int:
        """The rows whose cells each share an answer with that row's, whether or not any outcome has them all."""
        found = self.all_rows
        for depth, mask in self.cells[number].items():
            some, rest = 0, mask
            while rest:
                lowest = rest & -rest
                some |= self._rows_at[depth][lowest.bit_length() - 1]
                rest ^= lowest
            found &= some
        return found

    def fixed(self, depth: int) -> bool:
        """Whether the answers to a fact can be narrowed before the walk: not where the fact may be lowered later."""
        return depth not in self._moving

    def said_any(self, depth: int, answers: int) -> bool:
        """Whether the answers are no restriction: all there are, or none because nothing was asked."""
        axis = self.axes[depth]
        if depth >= len(self.facts):
            return True  # a band is what a place is in; the place itself is said
        return answers & axis.given == axis.given or (answers == axis.absent and not axis.fact.optional)

    def _possible(self, chosen: tuple[int, ...]) -> int:
        axis = self.axes[len(chosen)]
        if len(chosen) >= len(self.facts):
            return axis.given
        asked = all(chosen[depth] & mask for depth, mask in self._asked[len(chosen)].items())
        if not asked:
            return axis.absent
        return axis.given | (axis.absent if axis.fact.optional else 0)

    def _whole(self, depth: int) -> bool:
        """Whether each answer to a question is a class of its own, because the steps look at it in the end."""
        return depth in self._moving or depth in self._counted or depth >= len(self.facts)

    def _pair(self, step: Rank) -> tuple[int, int]:
        return self._place[step.place], self._place[step.among]

    def _placed(
        self, chosen: Sequence[int], pair: tuple[int, int], bands: Sequence[tuple[Fraction, Fraction]]
    ) -> tuple[int, int] | None:
        """A place and a number of entrants among the answers chosen whose share is in all bands."""
        ends = [self.axes[depth].stretches[(chosen[depth] & -chosen[depth]).bit_length() - 1].accept for depth in pair]
        places, entrants = ends
        if not isinstance(places, Interval) or not isinstance(entrants, Interval):
            return None
        return pair_within(places, entrants, bands)

    def _value(self, depth: int, answers: int) -> Value | None:
        return self.axes[depth].stretches[(answers & -answers).bit_length() - 1].value

    def _place_of(self, depth: int, value: Value | None) -> int:
        axis = self.axes[depth]
        return next(place for place, stretch in enumerate(axis.stretches) if stretch.value == value)

    def _needed(
        self, steps: Sequence[Before], rows: Sequence[Condition], when: Condition
    ) -> tuple[tuple[Before, ...], set[str]]:
        """The steps that can make a difference, and the facts that have to be looked at."""
        lowers = [step for step in steps if isinstance(step, Lower)]
        conditions = (*rows, when, *(step.when for step in lowers))
        names = {cell.fact for condition in conditions for cell in condition} | {step.fact for step in lowers}
        seen: set[str] = set()
        while seen != names:
            seen = set(names)
            for step in steps:
                if isinstance(step, Rank) and names & {step.fact, step.place, step.among}:
                    names |= {step.fact, step.place, step.among, *(cell.fact for cell in step.when)}
            for fact in reversed(tuple(self._declared.values())):
                if fact.name in names:
                    names |= {cell.fact for cell in fact.when}
        return tuple(step for step in steps if isinstance(step, Lower) or step.fact in names), names

    def _bits(self) -> tuple[tuple[int, ...], ...]:
        """By depth and stretch, the rows whose cell accepts it; a row without a cell accepts no answer, too."""
        free = [self.all_rows] * self.depth
        at: list[list[int]] = [[0] * len(axis.stretches) for axis in self.axes]
        for number, cells in enumerate(self.cells):
            bit = 1 << number
            for depth, accepted in cells.items():
                free[depth] &= ~bit
                mask = accepted
                while mask:
                    lowest = mask & -mask
                    at[depth][lowest.bit_length() - 1] |= bit
                    mask ^= lowest
        return tuple(tuple(bits | free[depth] for bits in at[depth]) for depth in range(self.depth))

    def _full_from(self) -> tuple[int, ...]:
        full = [0] * (self.depth + 2)
        for number, cells in enumerate(self.cells):
            # What may have been lowered is looked at last.
            ends = [self.depth if depth in self._moving else depth for depth in cells]
            full[max(ends, default=-1) + 1] |= 1 << number
        for depth in range(1, self.depth + 2):
            full[depth] |= full[depth - 1]
        return tuple(full)

    def _masks(self, condition: Condition, place: dict[str, int]) -> dict[int, int]:
        return {place[cell.fact]: self.axes[place[cell.fact]].mask(cell.accept) for cell in condition}

    def _watched(self, place: dict[str, int]) -> tuple[tuple[_Watch, ...], ...]:
        """By depth, the later conditions that need to know of a fact, and how long they do."""
        watches: list[dict[int, int]] = [{} for _ in self.axes]
        late = [(depth, fact.when) for depth, fact in enumerate(self.facts)]
        late += [(self.depth, step.when) for step in self.befores]
        for until, condition in late:
            for depth, mask in self._masks(condition, place).items():
                watches[depth][mask] = max(watches[depth].get(mask, 0), until)
        return tuple(tuple(_Watch(mask, until) for mask, until in found.items()) for found in watches)
