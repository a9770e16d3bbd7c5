"""Settles every lot whose place is beyond doubt, so that a search sees only what is open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from creditbank.domain.audit.model import Problem

Live = tuple[int, tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]
"""An option that still matters: its index among the lot's options, what it gives, what it takes."""


@dataclass(slots=True)
class Kin:
    """Lots that are alike: the same options with the same amounts, so any may stand for another."""

    lots: list[int]
    options: list[Live]


@dataclass(slots=True)
class Reduced:
    """What is left of a problem.

    ``left`` is missing per need, ``room`` free per limit, ``open`` the lots without a place, ``chosen`` the
    option settled per lot.
    """

    left: list[int]
    room: list[int]
    open: list[Kin]
    chosen: list[int | None]


def presolve(problem: Problem) -> Reduced:
    """Settle lots without losing the best answer.

    Four steps are repeated until nothing changes: a limit that all takers together cannot reach is dropped; a
    need that is filled is dropped, and with it the options that serve nothing else; an option that another
    one outdoes is dropped; a lot is settled when a single option without a limit is left, or when an option
    is certain to give its full worth (its needs are mandatory and could take everything that may ever reach
    them) and no other option is worth more.
    """
    left = list(problem.needs)
    room = list(problem.limits)
    mandatory = problem.goal.mandatory
    chosen: list[int | None] = [None] * len(problem.lots)
    families: dict[int, Kin] = {}
    for lot, options in enumerate(problem.lots):
        if options:
            kin = families.get(id(options))
            if kin is None:
                families[id(options)] = Kin([lot], [(i, o.gives, o.takes) for i, o in enumerate(options)])
            else:
                kin.lots.append(lot)
    kins = list(families.values())
    binding = set(range(len(room)))
    changed = bool(kins)
    while changed:
        changed = False
        if binding:
            binding = _binding(kins, room)
        reach = [0] * len(left)
        kept = []
        for kin in kins:
            options_now = _alive(kin.options, left, room, binding)
            if len(options_now) > 1:
                options_now = _undominated(options_now)
            if not options_now:
                changed = True
                continue
            kin.options = options_now
            kept.append(kin)
            count = len(kin.lots)
            if len(options_now) == 1:
                for need, amount in options_now[0][1]:
                    reach[need] += amount * count
                continue
            most: dict[int, int] = {}
            for _, gives, _ in options_now:
                for need, amount in gives:
                    if amount > most.get(need, 0):
                        most[need] = amount
            for need, amount in most.items():
                reach[need] += amount * count
        kins = []
        for kin in kept:
            settled = _certain(kin.options, left, reach, mandatory)
            if settled is None:
                kins.append(kin)
                continue
            changed = True
            index, gives, _ = settled
            count = len(kin.lots)
            for lot in kin.lots:
                chosen[lot] = index
            # Needs may fall below zero here; they are cut off below, once every certain lot has been settled.
            for need, amount in gives:
                left[need] -= amount * count
                reach[need] -= amount * count
        for need, amount in enumerate(left):
            if amount < 0:
                left[need] = 0
    return Reduced(left, room, kins, chosen)


def _binding(kins: list[Kin], room: list[int]) -> set[int]:
    demand = [0] * len(room)
    for kin in kins:
        most: dict[int, int] = {}
        for _, _, takes in kin.options:
            for limit, amount in takes:
                if amount > most.get(limit, 0):
                    most[limit] = amount
        for limit, amount in most.items():
            demand[limit] += amount * len(kin.lots)
    return {limit for limit, wanted in enumerate(demand) if wanted > room[limit]}


def _alive(options: list[Live], left: list[int], room: list[int], binding: set[int]) -> list[Live]:
    """The options that still give something; the same list when nothing about them has changed."""
    alive: list[Live] = []
    same = True
    for option in options:
        index, gives, takes = option
        for need, amount in gives:
            if left[need] <= 0 or not amount:
                gives = tuple(pair for pair in gives if left[pair[0]] > 0 and pair[1])
                break
        if not gives:
            same = False
            continue
        if takes:
            if not binding:
                takes = ()
            else:
                takes = tuple(pair for pair in takes if pair[0] in binding)
                if any(amount > room[limit] for limit, amount in takes):
                    same = False
                    continue
        if gives is option[1] and takes == option[2]:
            alive.append(option)
        else:
            same = False
            alive.append((index, gives, takes))
    return options if same else alive


def _undominated(options: list[Live]) -> list[Live]:
    kept: list[Live] = []
    for option in options:
        if any(_outdoes(other, option) for other in kept):
            continue
        kept = [other for other in kept if not _outdoes(option, other)]
        kept.append(option)
    return kept


def _outdoes(one: Live, other: Live) -> bool:
    """Whether the first gives at least as much everywhere and takes no more."""
    if len(one[1]) < len(other[1]) or len(one[2]) > len(other[2]):
        return False
    gives = dict(one[1])
    if any(gives.get(need, 0) < amount for need, amount in other[1]):
        return False
    if not one[2]:
        return True
    takes = dict(other[2])
    return all(takes.get(limit, -1) >= amount for limit, amount in one[2])


def _certain(options: list[Live], left: list[int], reach: list[int], mandatory: frozenset[int]) -> Live | None:
    if len(options) == 1:
        return None if options[0][2] else options[0]
    best: Live | None = None
    worth = -1
    for option in options:
        value = 0
        for _, amount in option[1]:
            value += amount
        if value > worth:
            best, worth = None, value
        if (
            value == worth
            and best is None
            and not option[2]
            and all(need in mandatory and reach[need] <= left[need] for need, _ in option[1])
        ):
            best = option
    return best
