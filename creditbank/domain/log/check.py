"""What is wrong with a log: its files against its leaves, and the sentences that say it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from creditbank.domain.explanation import Fact, Line, Verdict
from creditbank.domain.log.checkpoint import Checkpoint
from creditbank.domain.log.tiles import (
    WIDTH,
    Edge,
    Fetch,
    TileDamagedError,
    edge_paths,
    entries_path,
    fetch_any,
    grow,
    unbundle,
)

CHUNK = 1 << 16
"""So many leaves are looked at together; a multiple of a tile's width."""
SHOWN = 20
"""At most so many problems of one kind are named one by one."""

MESSAGES: dict[str, str] = {
    "log.no_checkpoint": "The log has no checkpoint yet, but {size} leaves.",
    "log.checkpoint_unreadable": "The checkpoint cannot be read: {reason}.",
    "log.checkpoint_foreign": "The checkpoint is not signed by the key {key}.",
    "log.checkpoint_ahead": (
        "The checkpoint counts {published} leaves, the database only {size}: the database is older than the log."
    ),
    "log.leaves_unpublished": "{count} leaves are numbered but not yet under the checkpoint.",
    "log.leaves_gap": "Leaf {index} is missing in the database.",
    "log.leaf_differs": "Leaf {index} ({stream} {leaf_ref}) of the database is not the published one.",
    "log.leaf_of_no_stream": "Leaf {index} belongs to no stream of the log: {stream}.",
    "log.waiting_differs": "{stream} {leaf_ref} waits with another content than its leaf {index} has.",
    "log.file_missing": "The file {path} of the log is missing.",
    "log.file_damaged": "The file {path} of the log does not hold what the leaves make it hold.",
    "log.root_differs": "The leaves have the root {found}, the checkpoint says {published}.",
    "log.and_more": "There are more problems of this kind.",
}


Kept = Callable[[int, int], Mapping[int, bytes]]
"""The commitments that the bank still keeps of the leaves from one index up to another, by index."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What :func:`compare` found: lines about the root and files, and the indexes of leaves that differ."""

    root: tuple[Line, ...] = ()
    leaves: tuple[int, ...] = ()
    missing: tuple[Line, ...] = ()
    damaged: tuple[Line, ...] = ()


def compare(state: Checkpoint, fetch: Fetch, kept: Kept) -> Comparison:
    """Grow the whole log again from the bank's leaves and compare the root and every file.

    Leaves that the bank does not keep any more are taken from the entry bundles. Where the root differs, the
    files are compared with the bundles, so that a changed leaf of the bank does not make every file look
    damaged.
    """

    def bundled(low: int, high: int) -> list[bytes]:
        spans = [(n, min(WIDTH, state.size - n * WIDTH)) for n in range(low // WIDTH, -(-high // WIDTH))]
        found = _as_far_as_possible([entries_path(*span) for span in spans], fetch)
        entries: list[bytes] = []
        for span in spans:
            path = entries_path(*span)
            try:
                entries += unbundle(path, found[path], span[1])
            except (KeyError, TileDamagedError):
                entries += [bytes(32)] * span[1]  # told of as a missing or damaged file
        return entries

    def ours(low: int, high: int) -> list[bytes]:
        rows = kept(low, high)
        if len(rows) == high - low:
            return [rows[index] for index in range(low, high)]
        return [rows.get(index, entry) for index, entry in enumerate(bundled(low, high), low)]

    root, missing, damaged = _grown_again(state.size, fetch, ours)
    if root == state.root:
        return Comparison((), (), missing, damaged)
    differing: list[int] = []
    for low in range(0, state.size, CHUNK):
        high = min(low + CHUNK, state.size)
        pairs = zip(ours(low, high), bundled(low, high), strict=True)
        differing += [index for index, (own, public) in enumerate(pairs, low) if own != public]
    _, missing, damaged = _grown_again(state.size, fetch, bundled)
    said = no("log.root_differs", found=root.hex(), published=state.root.hex())
    return Comparison((said,), tuple(differing), missing, damaged)


def some(lines: Sequence[Line]) -> list[Line]:
    """The first lines of a kind, and one that says when there are more."""
    return [*lines] if len(lines) <= SHOWN else [*lines[:SHOWN], Line("log.and_more", Verdict.NO)]


def no(code: str, **facts: Fact) -> Line:
    """One problem."""
    return Line(code, Verdict.NO, facts)


def _grown_again(
    size: int, fetch: Fetch, entries: Callable[[int, int], list[bytes]]
) -> tuple[bytes, tuple[Line, ...], tuple[Line, ...]]:
    """The root of the leaves, and the files that are missing or not what these leaves make them."""
    edge, last = Edge(), set(edge_paths(size))
    missing: list[Line] = []
    damaged: list[Line] = []
    for low in range(0, size, CHUNK):
        edge, files = grow(edge, entries(low, min(low + CHUNK, size)))
        wanted = [path for path in files if ".p/" not in path or path in last]
        found = _as_far_as_possible(wanted, fetch)
        for path in wanted:
            if path not in found:
                missing.append(no("log.file_missing", path=path))
            elif found[path] != files[path]:
                damaged.append(no("log.file_damaged", path=path))
    return edge.root(), tuple(missing), tuple(damaged)


def _as_far_as_possible(paths: Sequence[str], fetch: Fetch) -> Mapping[str, bytes]:
    try:
        return fetch_any(paths, fetch)
    except TileDamagedError:  # a full file of the wrong size in place of a partial one
        return fetch(paths)
