"""Chooses which items a conversion uses: what loses least, then what expires first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import TYPE_CHECKING

from creditbank.domain.conversions.model import Group, Item, Surplus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_TRIES = 2_000
"""Ways to choose that are looked at; more are not, and the answer says so."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The items of each group, in the order in which they are used; ``complete`` where every way was looked at."""

    groups: tuple[tuple[Item, ...], ...]
    complete: bool

    @property
    def items(self) -> tuple[Item, ...]:
        """All items, those of the first group first."""
        return tuple(item for group in self.groups for item in group)

    @property
    def credit(self) -> int:
        """What they hold together, in hundredths."""
        return sum(item.credit for item in self.items)


def order(item: Item) -> tuple[date, int, str]:
    """First to expire first, of those the smaller, and then by id: never the order in which they came."""
    return (item.expires_on or date.max, item.credit, item.id)


def choose(
    groups: Sequence[Group], serving: Sequence[Sequence[Item]], *, need: int, everything: bool, surplus: Surplus
) -> Chosen | None:
    """Different items for all groups that together hold what is needed; ``None`` where there are none.

    Args:
        groups: what is asked for.
        serving: by group, the items that serve in it, in their :func:`order`.
        need: what the targets need together, in hundredths; 0 where they take what is held.
        everything: a group that takes as many as needed takes all, because what is held decides what is made.
        surplus: what becomes of the rest; where it is kept nothing is lost, and the first to expire go first.
    """
    if len(groups) == 1 and groups[0].count == 1:
        return _one(groups[0], serving[0], need, loses=not everything and surplus is not Surplus.KEPT)
    best: tuple[tuple[object, ...], Chosen] | None = None
    tries = 0
    for chosen in _ways(groups, serving, need, everything=everything):
        tries += 1
        if tries > MOST_TRIES:
            return None if best is None else Chosen(best[1].groups, complete=False)
        total = chosen.credit
        if total < need:
            continue
        lost = 0 if surplus is Surplus.KEPT or everything else total - need
        key = (lost, sorted(order(item) for item in chosen.items))
        if best is None or key < best[0]:
            best = (key, chosen)
        if surplus is Surplus.KEPT:
            break  # nothing is lost, and the ways come with the first to expire first
    return None if best is None else best[1]


def _one(group: Group, serving: Sequence[Item], need: int, *, loses: bool) -> Chosen | None:
    """One item for one group, the commonest rule: of those that suffice the one that loses least."""
    least = max(need, group.credit or 0)
    enough = [item for item in serving if item.credit >= least]
    if not enough:
        return None
    return Chosen(((min(enough, key=lambda item: item.credit) if loses else enough[0],),), complete=True)


def _ways(
    groups: Sequence[Group], serving: Sequence[Sequence[Item]], need: int, *, everything: bool
) -> Iterator[Chosen]:
    """Every way to take so many items for each group; the group that takes as many as needed comes last."""
    counted = [number for number, group in enumerate(groups) if group.count is not None]
    open_group = next((number for number, group in enumerate(groups) if group.count is None), None)

    def take(place: int, taken: dict[int, tuple[Item, ...]]) -> Iterator[Chosen]:
        used = {item.id for items in taken.values() for item in items}
        if place < len(counted):
            number = counted[place]
            group = groups[number]
            free = [item for item in serving[number] if item.id not in used]
            for items in combinations(free, group.count or 1):
                if group.credit is None or sum(item.credit for item in items) >= group.credit:
                    yield from take(place + 1, {**taken, number: items})
            return
        if open_group is not None:
            group = groups[open_group]
            free = [item for item in serving[open_group] if item.id not in used]
            held = sum(item.credit for items in taken.values() for item in items)
            least = group.credit if group.credit is not None else max(need - held, 1)
            items = tuple(free) if everything and group.credit is None else _enough(free, least)
            if not items or sum(item.credit for item in items) < least:
                return
            taken = {**taken, open_group: items}
        yield Chosen(tuple(taken[number] for number in range(len(groups))), complete=True)

    yield from take(0, {})


def _enough(items: Sequence[Item], least: int) -> tuple[Item, ...]:
    """Items in order until they hold enough, without those that are then not needed."""
    taken: list[Item] = []
    held = 0
    for item in items:
        if held >= least:
            break
        taken.append(item)
        held += item.credit
    for item in list(taken):
        if held - item.credit >= least:
            taken.remove(item)
            held -= item.credit
    return tuple(taken)
