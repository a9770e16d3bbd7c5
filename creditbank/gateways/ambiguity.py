"""The sweep for ambiguous agreements over millions of rows at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_COMPARED = 400_000_000
"""Pairs that are looked at; a corpus that needs more is told to be unfinished."""
_MOST_KEPT = 5_000_000


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """How many pairs there are, the first of them by their rows, and the questions not compared to the end."""

    count: int
    pairs: tuple[tuple[int, int], ...]
    unfinished: tuple[int, ...]


def scan_agreements(columns: Any, *, most: int, compared: int = MOST_COMPARED) -> Ambiguous:
    """All pairs of rows that answer one question differently.

    Args:
        columns: six rows of whole numbers, as ``domain.rules.ambiguity.Agreement`` names them: question, low, high,
            since, until, answer. Low is at most high.
        most: list so many pairs, those of the lowest rows.
        compared: give up after so many comparisons.
    """
    question, low, high, since, until, answer = (np.asarray(column, dtype=np.int64) for column in columns)
    if not len(question):
        return Ambiguous(0, (), ())
    # Rows of one question stand together, in the order of their lowest grade: whoever begins after the end of a row
    # meets neither it nor any row before.
    order = _sorted(question, low)
    question, low, high, since, until, answer = (part[order] for part in (question, low, high, since, until, answer))
    first = np.arange(len(order) - 1)
    apart, count, work = 1, 0, 0
    kept: list[Any] = []
    room = _MOST_KEPT
    while len(first):
        first = first[: np.searchsorted(first, len(order) - apart)]
        second = first + apart
        meets = (question[first] == question[second]) & (low[second] <= high[first])
        first = first[meets]
        second = first + apart
        work += len(first)
        if work > compared:
            return Ambiguous(count, _listed(kept, order, most), tuple(np.unique(question[first]).tolist()))
        hit = (
            (answer[first] != answer[second]) & (since[first] <= until[second]) & (since[second] <= until[first])
        )  # fmt: skip
        found = first[hit]
        count += len(found)
        if len(found) and room > 0:
            kept.append(np.stack([found[:room], found[:room] + apart]))
            room -= len(found)
        apart += 1
    return Ambiguous(count, _listed(kept, order, most), ())


def _sorted(question: Any, low: Any) -> Any:
    least, span = int(low.min()), int(low.max()) - int(low.min()) + 1
    if int(question.max()) < (1 << 62) // span and int(question.min()) >= 0:
        return np.argsort(question * span + (low - least))
    return np.lexsort((low, question))


def _listed(kept: list[Any], order: Any, most: int) -> tuple[tuple[int, int], ...]:
    if not kept:
        return ()
    pairs = order[np.concatenate(kept, axis=1)]
    one, other = pairs.min(axis=0), pairs.max(axis=0)
    ranked = np.lexsort((other, one))[:most]
    return tuple(zip(one[ranked].tolist(), other[ranked].tolist(), strict=True))
