"""Optimistic bounds: what no allocation can reach, and the cut that shows it."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from typing import TYPE_CHECKING

from creditbank.domain.audit.model import Cut, Goal, Problem
from creditbank.domain.audit.presolve import Kin, Live

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDEST = 9
"""Sets of up to this many disjoint needs are tried in every combination (512)."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The least shortage that is certain, and the needs whose joint or single argument shows it."""

    value: int
    together: tuple[int, ...]
    disjoint: tuple[int, ...]
    alone: tuple[int, ...]


def least_shortage(goal: Goal, left: Sequence[int], room: Sequence[int], kins: Sequence[Kin]) -> Bound:
    """A shortage below which no allocation can come.

    Two arguments are joined. Each need alone is short by what exceeds everything that could ever be counted
    there. A set of mandatory needs that no single option serves twice is short by what exceeds everything
    that could be counted in any of them, each lot once; a limit caps what its takers can give.
    """
    room = usable_room(kins, room)
    alone = [max(0, amount - _reach(need, kins, room)) if amount else 0 for need, amount in enumerate(left)]
    value = goal.shortage(alone)
    disjoint = _disjoint(goal, left, kins)
    together: tuple[int, ...] = ()
    if len(disjoint) > 1:
        gain, together = _best_cut(disjoint, left, alone, room, kins)
        value += gain
    return Bound(value, together, disjoint, tuple(alone))


def cuts(problem: Problem, shortage: int) -> tuple[Cut, ...]:
    """The cuts that together prove the shortage, or nothing where the bound alone does not."""
    kins = [
        Kin([lot], [(i, o.gives, o.takes) for i, o in enumerate(options)])
        for lot, options in enumerate(problem.lots)
        if options
    ]
    bound = least_shortage(problem.goal, problem.needs, problem.limits, kins)
    if not shortage or bound.value != shortage:
        return ()
    room = usable_room(kins, problem.limits)
    found = []
    if bound.together:
        found.append(_cut(bound.together, problem, kins, room))
    for need, missing in enumerate(bound.alone):
        if missing and need not in bound.together:
            found.append(_cut((need,), problem, kins, room))
    return tuple(found)


class Sums:
    """The amounts that whole lots can take from one limit together, lot by lot."""

    def __init__(self, unit: int) -> None:
        self.unit = unit
        self.steps = [1]

    def add(self, amounts: set[int]) -> None:
        """One more lot, which takes one of the amounts (multiples of the unit) or nothing."""
        now = before = self.steps[-1]
        for amount in amounts:
            now |= before << amount // self.unit
        self.steps.append(now)

    def most(self, lots: int, room: int) -> int:
        """The most that the first so many lots can take within the room."""
        return ((self.steps[lots] & ((2 << room // self.unit) - 1)).bit_length() - 1) * self.unit


def limit_sums(lots: Sequence[Sequence[Live]], limits: int) -> dict[int, Sums]:
    """For each limit that anything takes from: what the first lots can take, for any number of them."""
    taken: dict[int, list[set[int]]] = {}
    for position, options in enumerate(lots):
        for _, _, takes in options:
            for limit, amount in takes:
                row = taken.setdefault(limit, [set() for _ in lots])
                row[position].add(amount)
    found = {}
    for limit in range(limits):
        if limit in taken:
            sums = found[limit] = Sums(gcd(*(amount for amounts in taken[limit] for amount in amounts)) or 1)
            for amounts in taken[limit]:
                sums.add(amounts)
    return found


def usable_room(kins: Sequence[Kin], room: Sequence[int]) -> list[int]:
    """The room that whole lots can really fill: of a limit of 3.0, lots of 2.0 use 2.0."""
    lots = [kin.options for kin in kins for _ in kin.lots]
    usable = list(room)
    for limit, sums in limit_sums(lots, len(room)).items():
        usable[limit] = sums.most(len(lots), room[limit])
    return usable


def _cut(needs: tuple[int, ...], problem: Problem, kins: Sequence[Kin], room: Sequence[int]) -> Cut:
    needed = sum(problem.needs[need] for need in needs)
    available, limits = _available(set(needs), kins, room)
    return Cut(needs, needed, available, limits)


def _reach(need: int, kins: Sequence[Kin], room: Sequence[int]) -> int:
    return _available({need}, kins, room)[0]


def _available(needs: set[int], kins: Sequence[Kin], room: Sequence[int]) -> tuple[int, tuple[int, ...]]:
    """The most that could be counted in any of the needs, and the limits that hold it down."""
    free = 0
    held: dict[int, tuple[int, int, int]] = {}
    for kin in kins:
        amount, limit, taken = offer(kin.options, needs)
        if not amount:
            continue
        count = len(kin.lots)
        if limit is None:
            free += amount * count
        else:
            total, give, take = held.get(limit, (0, 0, 1))
            if amount * take > give * taken:
                give, take = amount, taken
            held[limit] = (total + amount * count, give, take)
    limits = []
    for limit, (total, give, take) in held.items():
        most = room[limit] * give // take
        if most < total:
            limits.append(limit)
        free += min(total, most)
    return free, tuple(sorted(limits))


def offer(options: Sequence[Live], needs: set[int]) -> tuple[int, int | None, int]:
    """The most one lot gives to any of the needs, a limit that every such option takes from, and how much."""
    amount = 0
    common: dict[int, int] | None = None
    for _, gives, takes in options:
        given = 0
        for need, worth in gives:
            if need in needs and worth > given:
                given = worth
        if not given:
            continue
        amount = max(amount, given)
        if common is None:
            common = dict(takes)
        elif common:
            other = dict(takes)
            common = {limit: min(taken, other[limit]) for limit, taken in common.items() if limit in other}
    if not common:
        return amount, None, 1
    limit = min(common)
    return amount, limit, max(1, common[limit])


def _disjoint(goal: Goal, left: Sequence[int], kins: Sequence[Kin]) -> tuple[int, ...]:
    """Mandatory needs, open ones only, of which no option serves two; those in the fewest conflicts first."""
    clashes: dict[int, set[int]] = {}
    for kin in kins:
        for _, gives, _ in kin.options:
            for need, _ in gives:
                others = clashes.setdefault(need, set())
                if len(gives) > 1:
                    others.update(other for other, _ in gives)
    chosen: list[int] = []
    blocked: set[int] = set()
    wanted = [need for need in clashes if left[need] > 0 and need in goal.mandatory]
    for need in sorted(wanted, key=lambda need: (len(clashes[need]), -left[need], need)):
        if need not in blocked:
            chosen.append(need)
            blocked |= clashes[need]
    return tuple(sorted(chosen))


def _best_cut(
    disjoint: tuple[int, ...],
    left: Sequence[int],
    alone: Sequence[int],
    room: Sequence[int],
    kins: Sequence[Kin],
) -> tuple[int, tuple[int, ...]]:
    """The set of needs whose joint argument adds most to the single ones; the gain and the set."""
    if len(disjoint) > _WIDEST:
        total = sum(left[need] - alone[need] for need in disjoint)
        gain = total - _available(set(disjoint), kins, room)[0]
        return (gain, disjoint) if gain > 0 else (0, ())
    bit = {need: 1 << position for position, need in enumerate(disjoint)}
    size = 1 << len(disjoint)
    # Per limit (None: unlimited): what lots reaching exactly a set of needs could give.
    groups: dict[int | None, list[int]] = {}
    rate: dict[int, tuple[int, int]] = {}
    everything = set(disjoint)
    for kin in kins:
        amount, limit, taken = offer(kin.options, everything)
        if not amount:
            continue
        mask = 0
        for _, gives, _ in kin.options:
            for need, _ in gives:
                mask |= bit.get(need, 0)
        groups.setdefault(limit, [0] * size)[mask] += amount * len(kin.lots)
        if limit is not None:
            give, take = rate.get(limit, (0, 1))
            if amount * take > give * taken:
                rate[limit] = (amount, taken)
    sums = []
    for limit, within in groups.items():
        total = sum(within)
        for position in range(len(disjoint)):
            step = 1 << position
            for mask in range(size):
                if mask & step:
                    within[mask] += within[mask ^ step]
        most = None if limit is None else room[limit] * rate[limit][0] // rate[limit][1]
        sums.append((within, total, most))
    best, best_mask = 0, 0
    asked = [0] * size
    for mask in range(1, size):
        low = mask & -mask
        need = disjoint[low.bit_length() - 1]
        asked[mask] = asked[mask ^ low] + left[need] - alone[need]
        available = 0
        outside = size - 1 - mask
        for within, total, most in sums:
            reach = total - within[outside]
            available += reach if most is None or reach < most else most
        if asked[mask] - available > best:
            best, best_mask = asked[mask] - available, mask
    return best, tuple(need for need in disjoint if bit[need] & best_mask)
