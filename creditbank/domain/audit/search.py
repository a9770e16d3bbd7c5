"""Finds the best allocation and proves it: presolve, bound and greedy, search, then a solver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditbank.domain.audit.bound import Sums, least_shortage, limit_sums, offer
from creditbank.domain.audit.model import Found, Option, Problem, Proof, Solve
from creditbank.domain.audit.presolve import Kin, Live, Reduced, presolve

if TYPE_CHECKING:
    from collections.abc import Sequence

BUDGET = 1_500
"""States looked at before a solver is asked, a few tens of milliseconds."""

BUDGET_ALONE = 200_000
"""States looked at where there is no solver to ask."""


def search(
    problem: Problem,
    *,
    solve: Solve | None = None,
    preferred: Sequence[int | None] = (),
    budget: int | None = None,
) -> Found:
    """The least shortage that any allocation reaches, with an allocation that reaches it.

    Args:
        problem: what may count where.
        solve: asked when the search's budget is spent; without it a spent budget leaves the proof open.
        preferred: per lot the leaf tried first among equals.
        budget: the states to look at; chosen by whether there is a solver when not given.

    Equal problems give equal answers, whatever the order in which equal lots are met. An answer without any
    shortage is always proved.
    """
    reduced = presolve(problem)
    if not reduced.open:
        missing = problem.goal.shortage(reduced.left)
        return Found(tuple(reduced.chosen), missing, missing, Proof.BOUND)
    hunt = _Hunt(problem, reduced, preferred)
    hunt.dive()
    if hunt.best > hunt.floor:
        hunt.sharpen()
    if hunt.best <= hunt.floor:
        return Found(hunt.choice(), hunt.best, hunt.best, Proof.BOUND, hunt.states)
    allowed = budget if budget is not None else BUDGET if solve else BUDGET_ALONE
    if hunt.exhaust(allowed):
        return Found(hunt.choice(), hunt.best, hunt.best, Proof.SEARCH, hunt.states)
    if solve is None:
        return Found(hunt.choice(), hunt.best, hunt.floor, Proof.OPEN, hunt.states)
    return hunt.ask(solve)


_Watch = tuple[list[int], list[tuple[int, list[int], int, int]]]
"""What the lots from a position on can give to a set of needs: freely, and under each limit (limit, sums,
and the most that is given per amount taken, as a pair)."""


class _Hunt:
    """One search over the open lots of a reduced problem; it owns its arrays and dies with the answer."""

    def __init__(self, problem: Problem, reduced: Reduced, preferred: Sequence[int | None]) -> None:
        self.problem = problem
        self.goal = problem.goal
        self.reduced = reduced
        self.preferred = preferred
        self.states = 0
        needs = len(reduced.left)
        # Few options first, great amounts first: what can hardly move is placed before what can fill any gap.
        kins = sorted(reduced.open, key=self._rank)
        self.lots: list[tuple[int, list[Live]]] = [(lot, kin.options) for kin in kins for lot in kin.lots]
        self.suffix = [[0] * needs]
        for _, options in reversed(self.lots):
            row = self.suffix[-1].copy()
            most: dict[int, int] = {}
            for _, gives, _ in options:
                for need, amount in gives:
                    if amount > most.get(need, 0):
                        most[need] = amount
            for need, amount in most.items():
                row[need] += amount
            self.suffix.append(row)
        self.suffix.reverse()
        self.floor = self.goal.shortage(_short(reduced.left, self.suffix[0]))
        self.joint: list[tuple[tuple[int, ...], _Watch]] = []
        self.single: list[tuple[int, _Watch]] = []
        self.sums: dict[int, Sums] = {}
        self.seen: set[tuple[int, ...]] = set()
        self.budget = self.next_floor = 0
        self.taken: list[Live | None] = [None] * len(self.lots)
        self.kept: list[Live | None] = list(self.taken)
        self.best = self.goal.shortage(reduced.left)

    def dive(self) -> None:
        """The greedy allocation: each lot in turn goes where it helps most."""
        left, room = self.reduced.left.copy(), self.reduced.room.copy()
        for position, (lot, _) in enumerate(self.lots):
            option = next(iter(self._tries(position, lot, left, room)), None)
            self.taken[position] = option
            if option is not None:
                _place(option, left, room)
        self._keep(self.goal.shortage(left))

    def sharpen(self) -> None:
        """Raise the floor by the joint bound, and keep watch over the sets of needs that show it."""
        bound = least_shortage(self.goal, self.reduced.left, self.reduced.room, self.reduced.open)
        self.floor = max(self.floor, bound.value)
        # The sums count lots from the last one on, as the search leaves them behind.
        self.sums = limit_sums([options for _, options in reversed(self.lots)], len(self.reduced.room))
        for group in dict.fromkeys((bound.together, bound.disjoint)):
            if len(group) > 1:
                self.joint.append((group, self._watch(set(group))))
        for need, missing in enumerate(self.reduced.left):
            if missing and any(
                option[2] and any(given == need for given, _ in option[1])
                for _, options in self.lots
                for option in options
            ):
                self.single.append((need, self._watch({need})))

    def exhaust(self, budget: int) -> bool:
        """Look for ever greater shortages, the floor first; False when the budget ran out before a proof.

        Each round looks at everything that could come down to the floor. When nothing does, the floor rises
        to the least shortage that the round has turned away, so the first allocation found is a best one.
        """
        self.budget = budget
        while self.floor < self.best:
            self.seen.clear()
            self.next_floor = self.best
            if self._branch(0, self.reduced.left.copy(), self.reduced.room.copy()):
                return True
            if self.states > budget:
                return False
            self.floor = self.next_floor
        return True

    def ask(self, solve: Solve) -> Found:
        """The solver's answer to the open part, or our own where its shortage is no smaller."""
        lots = tuple(tuple(Option(0, gives, takes) for _, gives, takes in options) for _, options in self.lots)
        open_part = Problem(tuple(self.reduced.left), tuple(self.reduced.room), lots, self.goal)
        solution = solve(open_part)
        if solution.shortage < self.best:
            for position, index in enumerate(solution.chosen):
                self.taken[position] = None if index is None else self.lots[position][1][index]
            self._keep(solution.shortage)
        bound = max(self.floor, solution.bound)
        proof = Proof.SOLVER if solution.optimal and bound >= self.best else Proof.OPEN
        return Found(self.choice(), self.best, min(bound, self.best), proof, self.states, solution.status)

    def choice(self) -> tuple[int | None, ...]:
        """The option of every lot of the whole problem in the best allocation."""
        chosen = self.reduced.chosen.copy()
        for (lot, _), option in zip(self.lots, self.kept, strict=True):
            chosen[lot] = None if option is None else option[0]
        return tuple(chosen)

    def _rank(self, kin: Kin) -> tuple[int, int, list[Live], tuple[Option, ...], int]:
        amount = max(amount for _, gives, _ in kin.options for _, amount in gives)
        return len(kin.options), -amount, kin.options, self.problem.lots[kin.lots[0]], kin.lots[0]

    def _keep(self, shortage: int) -> None:
        if shortage < self.best:
            self.best = shortage
            self.kept = list(self.taken)

    def _watch(self, needs: set[int]) -> _Watch:
        free = [0]
        held: dict[int, list[int]] = {}
        rate: dict[int, tuple[int, int]] = {}
        for position in range(len(self.lots) - 1, -1, -1):
            amount, limit, taken = offer(self.lots[position][1], needs)
            free.append(free[-1] + (amount if limit is None else 0))
            for sums in held.values():
                sums.append(sums[-1])
            if limit is not None:
                sums = held.setdefault(limit, [0] * len(free))
                sums[-1] += amount
                give, take = rate.get(limit, (0, 1))
                if amount * take > give * taken:
                    rate[limit] = (amount, taken)
        free.reverse()
        for sums in held.values():
            sums.reverse()
        return free, [(limit, sums, *rate[limit]) for limit, sums in held.items()]

    def _bound(self, position: int, left: list[int], room: list[int]) -> int:
        """A shortage that no continuation from here can avoid."""
        short = _short(left, self.suffix[position])
        if self.sums:
            rest = len(self.lots) - position
            room = room.copy()
            for limit, sums in self.sums.items():
                room[limit] = sums.most(rest, room[limit])
        for need, watch in self.single:
            if left[need]:
                missing = left[need] - _supply(watch, position, room)
                short[need] = max(short[need], missing)
        low = best = self.goal.shortage(short)
        for group, watch in self.joint:
            joint = low - _supply(watch, position, room)
            for need in group:
                joint += left[need] - short[need]
            best = max(best, joint)
        return best

    def _branch(self, position: int, left: list[int], room: list[int]) -> bool:
        """Look for an allocation that comes down to the floor; True when one is found."""
        self.states += 1
        if self.states > self.budget:
            return False
        if position == len(self.lots):
            shortage = self.goal.shortage(left)
            self._keep(shortage)
            self.next_floor = min(self.next_floor, shortage)
            return shortage <= self.floor
        low = self._bound(position, left, room)
        if low > self.floor:
            self.next_floor = min(self.next_floor, low)
            return False
        # Equal states are looked at once a round.
        state = (position, *left, *room)
        if state in self.seen:
            return False
        self.seen.add(state)
        tries = self._tries(position, self.lots[position][0], left, room)
        idle = not tries
        for option in tries:
            now_left, now_room = left.copy(), room.copy() if option[2] else room
            _place(option, now_left, now_room)
            self.taken[position] = option
            if self._branch(position + 1, now_left, now_room):
                return True
            idle = idle or bool(option[2])
        if idle:
            # Leaving a lot out can only help where counting it takes from a limit.
            self.taken[position] = None
            return self._branch(position + 1, left, room)
        return False

    def _tries(self, position: int, lot: int, left: list[int], room: list[int]) -> list[Live]:
        """The options that still help here, the most promising first."""
        later = self.suffix[position]
        liked = self.preferred[lot] if self.preferred else None
        ranked = []
        for option in self.lots[position][1]:
            index, gives, takes = option
            gain = waste = 0
            slack = None
            for need, amount in gives:
                missing = left[need]
                if missing >= amount:
                    gain += amount
                elif missing > 0:
                    gain += missing
                    waste += amount - missing
                else:
                    waste += amount
                    continue
                spare = later[need] - missing
                if slack is None or spare < slack:
                    slack = spare
            if not gain or slack is None:
                continue
            if takes and any(amount > room[limit] for limit, amount in takes):
                continue
            other = liked is not None and self.problem.lots[lot][index].leaf != liked
            ranked.append(((waste > 0, other, bool(takes), slack, -gain, index), option))
        ranked.sort(key=_first)
        return [option for _, option in ranked]


def _first(
    ranked: tuple[tuple[bool, bool, bool, int, int, int], Live],
) -> tuple[bool, bool, bool, int, int, int]:
    return ranked[0]


def _short(left: Sequence[int], reach: Sequence[int]) -> list[int]:
    return [missing - most if missing > most else 0 for missing, most in zip(left, reach, strict=True)]


def _supply(watch: _Watch, position: int, room: list[int]) -> int:
    free, held = watch
    total = free[position]
    for limit, sums, give, take in held:
        most = room[limit] * give // take
        total += min(sums[position], most)
    return total


def _place(option: Live, left: list[int], room: list[int]) -> None:
    for need, amount in option[1]:
        left[need] = max(0, left[need] - amount)
    for limit, amount in option[2]:
        room[limit] -= amount
