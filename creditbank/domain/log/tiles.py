"""Tiles: the log as static files of 256 hashes, how they grow, and how a reader trusts none unhashed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from creditbank.domain.log.merkle import (
    EMPTY_ROOT,
    HASH_SIZE,
    MAX_SIZE,
    Frontier,
    Range,
    complete_subtrees,
    consistency_ranges,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    root_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

HEIGHT = 8
WIDTH = 1 << HEIGHT
_PREFIX = HASH_SIZE.to_bytes(2, "big")
_ENTRY = len(_PREFIX) + HASH_SIZE

Fetch = Callable[[Sequence[str]], Mapping[str, bytes]]
"""Reads a batch of files by their paths; what does not exist is absent from the answer."""


class TileDamagedError(Exception):
    """A file of the log is missing, has the wrong size, or does not hash to what stands above it."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """Where the hashes of a tile lie: ``tile/<level>/<index>``, ``.p/<width>`` while it is partial."""
    return f"tile/{level}/{_placed(index, width)}"


def entries_path(index: int, width: int = WIDTH) -> str:
    """Where the entries of a level-0 tile lie: ``tile/entries/<index>``, ``.p/<width>`` while partial."""
    return f"tile/entries/{_placed(index, width)}"


def full_path(path: str) -> str:
    """The path of the full tile that a partial one grew, or will grow, into."""
    return path.partition(".p/")[0]


def bundle(commitments: Sequence[bytes]) -> bytes:
    """An entry bundle: each 32-byte commitment behind its length as a big-endian uint16."""
    return b"".join([_PREFIX + commitment for commitment in commitments])


def unbundle(path: str, data: bytes, width: int) -> list[bytes]:
    """The commitments of an entry bundle that must hold exactly ``width`` of them."""
    if len(data) != width * _ENTRY:
        raise TileDamagedError(path, f"{len(data)} bytes instead of {width * _ENTRY}")
    entries = []
    for start in range(0, len(data), _ENTRY):
        if data[start : start + 2] != _PREFIX:
            raise TileDamagedError(path, f"the entry at byte {start} is not {HASH_SIZE} bytes long")
        entries.append(data[start + 2 : start + _ENTRY])
    return entries


@dataclass(frozen=True, slots=True)
class Edge:
    """The unfinished right side of the log: what must be known to append to it.

    ``levels[k]`` holds the hashes of the partial tile at level k (empty where the last tile is full),
    ``entries`` the commitments of the partial entry bundle.
    """

    size: int = 0
    levels: tuple[tuple[bytes, ...], ...] = ()
    entries: tuple[bytes, ...] = ()

    def root(self) -> bytes:
        """The root of the whole tree; every hash of the edge takes part in it."""
        node: bytes | None = None
        for hashes in self.levels:
            if hashes:
                node = root_of((*hashes, node) if node else hashes)
        return node or EMPTY_ROOT

    def paths(self) -> list[str]:
        """The partial files that stand for this edge."""
        return edge_paths(self.size)


def grow(edge: Edge, commitments: Iterable[bytes]) -> tuple[Edge, dict[str, bytes]]:
    """Append commitments: the new edge, and every file that is new by its path.

    A pure function of the leaves: equal leaves give equal bytes in equal places, so a writer that was
    stopped simply writes again.

    Raises:
        ValueError: a commitment is not 32 bytes, or the log would outgrow its largest size.
    """
    new = list(commitments)
    for commitment in new:
        if len(commitment) != HASH_SIZE:
            raise ValueError(f"a commitment has {HASH_SIZE} bytes, this one {len(commitment)}")
    if not new:
        return edge, {}
    size = edge.size + len(new)
    if size > MAX_SIZE:
        raise ValueError("the log is full")
    files: dict[str, bytes] = {}
    entries = [*edge.entries, *new]
    first = edge.size // WIDTH
    for number, start in enumerate(range(0, len(entries), WIDTH), first):
        part = entries[start : start + WIDTH]
        files[entries_path(number, len(part))] = bundle(part)

    levels: list[tuple[bytes, ...]] = []
    fresh = [sha256(b"\x00" + commitment).digest() for commitment in new]
    while fresh or len(levels) < len(edge.levels):
        level = len(levels)
        kept = edge.levels[level] if level < len(edge.levels) else ()
        hashes = [*kept, *fresh]
        full = len(hashes) // WIDTH * WIDTH
        number = (edge.size >> HEIGHT * level) // WIDTH
        above = []
        for start in range(0, full, WIDTH):
            data = b"".join(hashes[start : start + WIDTH])
            files[tile_path(level, number)] = data
            above.append(_tile_root(data))
            number += 1
        rest = tuple(hashes[full:])
        if rest and fresh:
            files[tile_path(level, number, len(rest))] = b"".join(rest)
        levels.append(rest)
        fresh = above
    return Edge(size, tuple(levels), tuple(entries[len(entries) // WIDTH * WIDTH :])), files


def edge_paths(size: int) -> list[str]:
    """The partial files that a log of this size has: at most one bundle, and one tile at each level."""
    paths = [entries_path(size // WIDTH, size % WIDTH)] if size % WIDTH else []
    for level in range(_levels(size)):
        count = size >> HEIGHT * level
        if count % WIDTH:
            paths.append(tile_path(level, count // WIDTH, count % WIDTH))
    return paths


def all_paths(size: int) -> list[str]:
    """Every file that a log of this size must have, bundles first."""
    paths = [entries_path(*place) for place in _places(size)]
    for level in range(_levels(size)):
        paths += [tile_path(level, *place) for place in _places(size >> HEIGHT * level)]
    return paths


def filled(old: int, new: int) -> list[str]:
    """The full files of the new size that were partial at the old one: their partial files may go."""
    found = []
    for path in edge_paths(old):
        kind, _, rest = full_path(path).removeprefix("tile/").partition("/")
        number = int(rest.replace("/", "").replace("x", ""))
        level = 0 if kind == "entries" else int(kind)
        if (number + 1) << HEIGHT * (level + 1) <= new:
            found.append(full_path(path))
    return found


def read_edge(size: int, root: bytes, fetch: Fetch) -> Edge:
    """The edge of a log, believed only because it hashes to the given root.

    Raises:
        TileDamagedError: a file is missing or damaged, or together they do not make the root.
    """
    found = fetch_any(edge_paths(size), fetch)
    levels = []
    for level in range(_levels(size)):
        count = size >> HEIGHT * level
        width = count % WIDTH
        path = tile_path(level, count // WIDTH, width)
        levels.append(tuple(_hashes(path, found, width)) if width else ())
    entries: list[bytes] = []
    if width := size % WIDTH:
        path = entries_path(size // WIDTH, width)
        entries = unbundle(path, _one(path, found), width)
        for position, entry in enumerate(entries):
            if leaf_hash(entry) != levels[0][position]:
                raise TileDamagedError(path, f"entry {position} does not hash to its leaf")
    edge = Edge(size, tuple(levels), tuple(entries))
    if edge.root() != root:
        named = ", ".join(edge_paths(size)) or "tile"
        raise TileDamagedError(named, "these tiles do not hash to the checkpoint's root")
    return edge


@dataclass(slots=True)
class TreeReader:
    """Hashes and proofs out of tiles, for one size and root that a signature vouches for.

    No fetched tile is used before it was hashed against the tile above it, and the topmost ones against the
    root, also when tiles of several levels arrive in one batch.
    """

    size: int
    root: bytes
    fetch: Fetch
    _known: dict[tuple[int, int], list[list[bytes]]] = field(default_factory=dict)

    def inclusion(self, index: int) -> tuple[bytes, ...]:
        """The inclusion path of a leaf; ValueError when there is no such leaf."""
        return self.hashes(inclusion_ranges(index, self.size))

    def consistency(self, old: int) -> tuple[bytes, ...]:
        """The proof that the tree of ``old`` leaves grew into this one; ValueError when it cannot have."""
        return self.hashes(consistency_ranges(old, self.size))

    def frontier(self, size: int) -> Frontier:
        """The frontier the tree had at a smaller size."""
        if not 0 <= size <= self.size:
            raise ValueError(f"this tree has {self.size} leaves, not {size}")
        nodes = complete_subtrees((0, size))
        self._learn(_tiles_of(nodes))
        return Frontier(size, [self._node(*node) for node in nodes])

    def leaf(self, index: int) -> bytes:
        """The hash of one leaf."""
        if not 0 <= index < self.size:
            raise ValueError(f"there is no leaf {index} in a tree of {self.size}")
        self._learn(_tiles_of([(0, index)]))
        return self._node(0, index)

    def hashes(self, ranges: Sequence[Range]) -> tuple[bytes, ...]:
        """The hashes of ranges that begin where subtrees begin, fetched in one batch.

        Raises:
            TileDamagedError: a tile is missing or does not hash to what stands above it.
        """
        made = [complete_subtrees(leaves) for leaves in ranges]
        self._learn(_tiles_of([node for nodes in made for node in nodes]))
        answer = []
        for nodes in made:
            value = self._node(*nodes[-1])
            for node in reversed(nodes[:-1]):
                value = node_hash(self._node(*node), value)
            answer.append(value)
        return tuple(answer)

    def _node(self, height: int, index: int) -> bytes:
        """The root of a complete subtree, out of a tile that is known already."""
        level, inner = divmod(height, HEIGHT)
        return self._known[level, index >> HEIGHT - inner][inner][index & (WIDTH >> inner) - 1]

    def _learn(self, wanted: set[tuple[int, int]]) -> None:
        """Fetch the tiles not known yet with all that vouch for them, and hash from the top down."""
        needed = set(wanted) - self._known.keys()
        if not needed:
            return
        edge = {
            (level, count // WIDTH)
            for level in range(_levels(self.size))
            if (count := self.size >> HEIGHT * level) % WIDTH
        }
        frontier = list(needed)
        while frontier:
            level, number = frontier.pop()
            if (level, number) in edge:
                continue
            above = (level + 1, number // WIDTH)
            if above not in self._known and above not in needed:
                needed.add(above)
                frontier.append(above)
        needed |= edge - self._known.keys()
        paths = {tile: tile_path(*tile, self._width(*tile)) for tile in needed}
        found = fetch_any(list(paths.values()), self.fetch)
        read = {tile: _hashes(path, found, self._width(*tile)) for tile, path in paths.items()}

        # The edge is known from the first batch on: it is fetched whole and believed whole.
        if needed & edge:
            tops = tuple(
                tuple(read.get((level, (self.size >> HEIGHT * level) // WIDTH), ()))
                if (self.size >> HEIGHT * level) % WIDTH
                else ()
                for level in range(_levels(self.size))
            )
            if Edge(self.size, tops).root() != self.root:
                named = ", ".join(sorted(paths[tile] for tile in needed & edge))
                raise TileDamagedError(named, "these tiles do not hash to the checkpoint's root")
            self._known |= {tile: _pyramid(read[tile]) for tile in needed & edge}
        for level, number in sorted(needed - edge, reverse=True):
            levels = _pyramid(read[level, number])
            parent = self._known[level + 1, number // WIDTH]
            if parent[0][number % WIDTH] != levels[HEIGHT][0]:
                raise TileDamagedError(paths[level, number], "the tile does not hash to the one above it")
            self._known[level, number] = levels

    def _width(self, level: int, number: int) -> int:
        return min(WIDTH, (self.size >> HEIGHT * level) - number * WIDTH)


def _placed(index: int, width: int) -> str:
    digits = f"{index:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[start : start + 3] for start in range(0, len(digits), 3)]
    path = "/".join([f"x{part}" for part in parts[:-1]] + parts[-1:])
    return path if width == WIDTH else f"{path}.p/{width}"


def _places(count: int) -> list[tuple[int, int]]:
    full, rest = divmod(count, WIDTH)
    return [(number, WIDTH) for number in range(full)] + ([(full, rest)] if rest else [])


def _levels(size: int) -> int:
    """How many levels of tiles a log of this size has."""
    return -(-size.bit_length() // HEIGHT)


def _tile_root(data: bytes) -> bytes:
    while len(data) > HASH_SIZE:
        data = b"".join([sha256(b"\x01" + data[start : start + 64]).digest() for start in range(0, len(data), 64)])
    return data


def _pyramid(hashes: list[bytes]) -> list[list[bytes]]:
    """The complete subtrees over a tile's hashes, by height above the tile."""
    levels = [hashes]
    for _ in range(HEIGHT):
        below = levels[-1]
        levels.append(
            [sha256(b"\x01" + left + right).digest() for left, right in zip(below[0::2], below[1::2], strict=False)]
        )
    return levels


def _tiles_of(nodes: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    return {(height // HEIGHT, index >> HEIGHT - height % HEIGHT) for height, index in nodes}


def fetch_any(paths: Sequence[str], fetch: Fetch) -> dict[str, bytes]:
    """Files by path; where a partial one is gone, the beginning of the full one that replaced it."""
    found = dict(fetch(paths))
    if gone := [path for path in paths if path not in found and path != full_path(path)]:
        instead = fetch([full_path(path) for path in gone])
        for path in gone:
            if (whole := instead.get(full_path(path))) is not None:
                unit = _ENTRY if path.startswith("tile/entries/") else HASH_SIZE
                if len(whole) != WIDTH * unit:
                    raise TileDamagedError(full_path(path), f"{len(whole)} bytes instead of {WIDTH * unit}")
                found[path] = whole[: int(path.rpartition("/")[2]) * unit]
    return found


def _one(path: str, found: Mapping[str, bytes]) -> bytes:
    try:
        return found[path]
    except KeyError:
        raise TileDamagedError(path, "the file is missing") from None


def _hashes(path: str, found: Mapping[str, bytes], width: int) -> list[bytes]:
    data = _one(path, found)
    if len(data) != width * HASH_SIZE:
        raise TileDamagedError(path, f"{len(data)} bytes instead of {width * HASH_SIZE}")
    return [data[start : start + HASH_SIZE] for start in range(0, len(data), HASH_SIZE)]
