"""Questions about all outcomes of a space: what fits these rows, what fits none, which rows decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from creditbank.domain.rules.space import Space

Box = tuple[int, ...]
"""By depth of a space, a set of answers; together all outcomes whose answers are among them."""


@dataclass(frozen=True, slots=True)
class Holes:
    """What no row fits, as boxes that do not overlap; ``more`` where there are further ones."""

    boxes: tuple[Box, ...]
    more: bool


def witness(space: Space, numbers: Sequence[int], without: Sequence[int] = ()) -> Box | None:
    """Answers of which each outcome fits all rows of these numbers and none of those ``without``, or ``None``.

    Raises:
        TooManyError: the search was given up.
    """
    rows = sum(1 << number for number in numbers)
    barred = sum(1 << number for number in without)
    only = [-1] * space.depth
    for number in numbers:
        for depth, mask in space.cells[number].items():
            if space.fixed(depth):
                only[depth] &= mask
    failed: set[tuple[int, ...]] = set()

    def find(chosen: Box, left: int) -> Box | None:
        depth = len(chosen)
        if left & barred & space.full(depth):
            return None
        if depth == space.depth:
            ended = space.end(chosen, left)
            return chosen if ended is not None and ended[1] & rows == rows and not ended[1] & barred else None
        key = (depth, left & barred, *space.key(chosen))
        if key in failed:
            return None
        for branch in space.branches(chosen, left, only[depth]):
            if branch.rows & rows == rows and (found := find((*chosen, branch.answers), branch.rows)) is not None:
                return found
        failed.add(key)
        return None

    return find((), rows | barred)


def holes(space: Space, most: int) -> Holes:
    """The outcomes that no row fits, in at most so many boxes, as the rows see them.

    Raises:
        TooManyError: the search was given up.
    """
    # What follows depends only on the rows that are left and on what later facts need to know.
    known: dict[tuple[int, ...], tuple[tuple[Box, Box], ...]] = {}

    def below(chosen: Box, rows: int) -> tuple[tuple[Box, Box], ...]:
        """The holes from here on: the answers still to come, and what lowering makes of those that were given."""
        depth = len(chosen)
        if rows & space.full(depth):
            return ()
        if not rows and depth >= space.settled:
            return ((tuple(axis.given | axis.absent for axis in space.axes[depth:]), ()),)
        if depth == space.depth:
            ended = space.end(chosen, rows)
            if ended is None or ended[1]:
                return ()
            return (((), tuple(ended[0][place] for place in range(depth) if not space.fixed(place))),)
        key = (depth, rows, *space.key(chosen))
        if key not in known:
            found: dict[tuple[tuple[Box, Box], ...], int] = {}
            for branch in space.branches(chosen, rows):
                if rest := below((*chosen, branch.answers), branch.rows):
                    found[rest] = found.get(rest, 0) | branch.answers
            some = [((answers, *tail), seen) for rest, answers in found.items() for tail, seen in rest]
            known[key] = tuple(some[: most + 1])
        return known[key]

    moving = [place for place in range(space.depth) if not space.fixed(place)]
    boxes = []
    for answers, seen in below((), space.all_rows):
        box = list(answers)
        for place, mask in zip(moving, seen, strict=False):
            box[place] = mask
        boxes.append(tuple(box))
    return Holes(tuple(_merged(boxes)[:most]), len(boxes) > most)


def deciding(space: Space, gives: Sequence[object]) -> tuple[int, int]:
    """Where the first row that fits decides: the rows that decide any outcome, and those that are needed for it.

    ``gives`` says what each row gives. Without a row of the first set that is not in the second, the next row that fits
    would decide alike.

    Raises:
        TooManyError: the search was given up.
    """
    reached, needed = 0, 0
    seen: set[tuple[int, ...]] = set()

    def settle(rows: int, full: int) -> bool:
        """Note what is certain once the first row that fits is; whether nothing more can be learnt below."""
        nonlocal reached, needed
        first = rows & -rows
        if not first & full:
            return False
        reached |= first
        second = (rows ^ first) & -(rows ^ first)
        if needed & first:
            return True
        if second and not second & full:
            return False
        if not second or gives[first.bit_length() - 1] != gives[second.bit_length() - 1]:
            needed |= first
        return True

    def walk(chosen: Box, rows: int) -> None:
        depth = len(chosen)
        if not rows:
            return
        if depth >= space.settled and settle(rows, space.full(depth)):
            return
        if depth == space.depth:
            ended = space.end(chosen, rows)
            if ended is not None and ended[1]:
                settle(ended[1], ended[1])
            return
        key = (depth, rows, *space.key(chosen))
        if key in seen:
            return
        seen.add(key)
        for branch in space.branches(chosen, rows):
            walk((*chosen, branch.answers), branch.rows)

    walk((), space.all_rows)
    return reached, needed


def _merged(boxes: list[Box]) -> list[Box]:
    """Fewer boxes for the same outcomes: those that differ in one fact only become one."""
    width = len(boxes[0]) if boxes else 0
    for place in range(width):
        groups: dict[Box, int] = {}
        for box in boxes:
            rest = (*box[:place], *box[place + 1 :])
            groups[rest] = groups.get(rest, 0) | box[place]
        boxes = [(*rest[:place], mask, *rest[place:]) for rest, mask in groups.items()]
    return boxes
