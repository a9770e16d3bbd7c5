"""Chooses among equally good allocations: yesterday's, then nothing in vain, then the oldest."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from creditbank.domain.audit.model import Goal, Problem

Choice = tuple[int | None, ...]


def settle(problem: Problem, chosen: Choice, previous: Sequence[int | None] = ()) -> Choice:
    """An allocation as good as ``chosen``, made unique.

    Args:
        problem: of lots that are alike the older comes first.
        chosen: the best option per lot, or None.
        previous: per lot yesterday's option, or None; it is returned as it stands when it is as good.

    Otherwise single lots go back to yesterday's place where that costs nothing; lots whose removal leaves the
    shortage as it is are no longer counted, great ones first; and of lots that are alike the older is
    counted.
    """
    if any(index is not None for index in previous):
        best = shortage(problem, chosen)
        if _fits(problem, previous) and shortage(problem, previous) <= best:
            return tuple(previous)
        chosen = _pull_back(problem, chosen, previous, best)
    return _arrange(problem, _trim(problem, chosen, previous), previous)


def shortage(problem: Problem, chosen: Sequence[int | None]) -> int:
    """What an allocation leaves missing in all."""
    return problem.goal.shortage(_left(problem, chosen))


def chosen_needs(goal: Goal, left: Sequence[int]) -> set[int]:
    """The needs that count: of a choice the nearest branches, the first among equals."""
    needs = set(goal.needs)
    ranked = sorted(range(len(goal.goals)), key=lambda index: (goal.goals[index].shortage(left), index))
    for index in ranked[: goal.n]:
        needs |= chosen_needs(goal.goals[index], left)
    return needs


def _left(problem: Problem, chosen: Sequence[int | None]) -> list[int]:
    left = list(problem.needs)
    for options, index in zip(problem.lots, chosen, strict=True):
        if index is not None:
            for need, amount in options[index].gives:
                left[need] -= amount
    return [max(0, amount) for amount in left]


def _fits(problem: Problem, chosen: Sequence[int | None]) -> bool:
    room = list(problem.limits)
    for options, index in zip(problem.lots, chosen, strict=True):
        if index is not None:
            for limit, amount in options[index].takes:
                room[limit] -= amount
    return all(amount >= 0 for amount in room)


def _pull_back(problem: Problem, chosen: Choice, previous: Sequence[int | None], best: int) -> Choice:
    now = list(chosen)
    for lot, index in enumerate(previous):
        if index is None or index == now[lot]:
            continue
        kept, now[lot] = now[lot], index
        if not _fits(problem, now) or shortage(problem, now) > best:
            now[lot] = kept
    return tuple(now)


def _trim(problem: Problem, chosen: Choice, previous: Sequence[int | None]) -> Choice:
    spare = [-amount for amount in problem.needs]
    placed = []
    for lot, index in enumerate(chosen):
        if index is not None:
            option = problem.lots[lot][index]
            placed.append((lot, index, option))
            for need, amount in option.gives:
                spare[need] += amount
    if problem.goal.additive:
        wanted: Collection[int] = range(len(spare))
    else:
        wanted = chosen_needs(problem.goal, [-amount if amount < 0 else 0 for amount in spare])
    order = []
    for lot, index, option in placed:
        # Only what is not missed now can be left out: spare amounts never grow.
        for need, amount in option.gives:
            if amount > spare[need] and need in wanted:
                break
        else:
            most = max((amount for _, amount in option.gives), default=0)
            stays = bool(previous) and previous[lot] == index
            order.append(((stays, -most, option.leaf, option.gives, option.takes, -lot), option.gives))
    if not order:
        return chosen
    now = list(chosen)
    order.sort()
    for (*_, lot), gives in order:
        if all(spare[need] >= amount for need, amount in gives if need in wanted):
            now[-lot] = None
            for need, amount in gives:
                spare[need] -= amount
    return tuple(now)


def _arrange(problem: Problem, chosen: Choice, previous: Sequence[int | None]) -> Choice:
    now = list(chosen)
    alike: dict[int, list[int]] = {}
    for lot, options in enumerate(problem.lots):
        if options:
            alike.setdefault(id(options), []).append(lot)
    for lots in alike.values():
        if len(lots) == 1:
            continue
        places = sorted(index for lot in lots if (index := chosen[lot]) is not None)
        if not places or (len(places) == len(lots) and places[0] == places[-1]):
            continue
        waiting = []
        for lot in lots:
            before = previous[lot] if previous else None
            if before is not None and before in places:
                places.remove(before)
                now[lot] = before
            else:
                waiting.append(lot)
        for lot, place in zip(waiting, [*places, *[None] * (len(waiting) - len(places))], strict=True):
            now[lot] = place
    return tuple(now)
