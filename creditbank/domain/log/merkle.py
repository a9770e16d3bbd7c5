"""The Merkle tree of RFC 9162: hashing, the growing edge, and the proofs that anyone can check."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HASH_SIZE = 32
MAX_SIZE = 2**63 - 1
"""No tree is larger: sizes and indexes stay within a signed 64-bit integer."""

EMPTY_ROOT = sha256(b"").digest()
"""The root of the tree without leaves."""

Range = tuple[int, int]
"""The leaves from the first number up to, but without, the second."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one leaf: SHA-256(0x00 || entry)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over neighbouring subtrees of one height, the last of which may be smaller.

    Raises:
        ValueError: there is nothing to hash; the empty tree has :data:`EMPTY_ROOT`.
    """
    if not hashes:
        raise ValueError("no hashes: the empty tree has a root of its own")
    level = list(hashes)
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        level = [
            sha256(b"\x01" + left + right).digest() for left, right in zip(level[0::2], level[1::2], strict=False)
        ] + odd
    return level[0]


@dataclass(slots=True)
class Frontier:
    """The right edge of a growing tree: its size, and the roots of its complete subtrees, largest first."""

    size: int
    peaks: list[bytes]

    @classmethod
    def empty(cls) -> Frontier:
        """The edge of the tree without leaves."""
        return cls(0, [])

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE or len(self.peaks) != self.size.bit_count():
            raise ValueError(f"a tree of {self.size} leaves does not have {len(self.peaks)} peaks")

    def extend(self, leaf_hashes: Iterable[bytes]) -> None:
        """Append leaves by their hashes; n leaves cost n hashes, whatever the size."""
        peaks, size = self.peaks, self.size
        for leaf in leaf_hashes:
            node, bits = leaf, size
            while bits & 1:
                node = sha256(b"\x01" + peaks.pop() + node).digest()
                bits >>= 1
            peaks.append(node)
            size += 1
        self.size = size

    def root(self) -> bytes:
        """The root of the tree so far."""
        if not self.peaks:
            return EMPTY_ROOT
        node = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            node = node_hash(peak, node)
        return node


def complete_subtrees(leaves: Range) -> list[tuple[int, int]]:
    """The complete subtrees of a range of the tree, left to right, as (height, index at that height).

    The range must begin where a subtree of the tree begins, as every range of this module does.
    """
    low, high = leaves
    found = []
    while low < high:
        height = (high - low).bit_length() - 1
        found.append((height, low >> height))
        low += 1 << height
    return found


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The ranges whose hashes prove that a leaf is in a tree, the leaf's sibling first (RFC 9162, 2.1.3.1).

    Raises:
        ValueError: the tree has no leaf of that index.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    low, high, found = 0, size, []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            found.append((middle, high))
            high = middle
        else:
            found.append((low, middle))
            low = middle
    return found[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """The ranges whose hashes prove that a tree only grew (RFC 9162, 2.1.4.1); none from the empty tree.

    Raises:
        ValueError: the sizes are out of range or out of order.
    """
    if not 0 <= old <= new <= MAX_SIZE:
        raise ValueError(f"a tree of {old} leaves did not grow into one of {new}")
    if old in (0, new):
        return []
    low, high, whole, found = 0, new, True, []
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            found.append((middle, high))
            high = middle
        else:
            found.append((low, middle))
            low, whole = middle, False
    if not whole:
        found.append((low, high))
    return found[::-1]


def inclusion_root(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that an inclusion path leads to, or None when its shape cannot belong to such a tree."""
    if not (_is_hash(leaf) and 0 <= index < size <= MAX_SIZE):
        return None
    # Below the height where the leaf's way meets the right edge, index bits say left or right; above it,
    # every remaining neighbour stands on the left.
    inner = (index ^ (size - 1)).bit_length()
    if len(path) != inner + (index >> inner).bit_count():
        return None
    if not ({*map(type, path)} <= {bytes} and {*map(len, path)} <= {HASH_SIZE}):
        return None
    node, bits = leaf, index
    for neighbour in path[:inner]:
        both = neighbour + node if bits & 1 else node + neighbour
        node = sha256(b"\x01" + both).digest()
        bits >>= 1
    for neighbour in path[inner:]:
        node = sha256(b"\x01" + neighbour + node).digest()
    return node


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path proves that the leaf (its hash) stands at this index of the tree with this root."""
    return _is_hash(root) and inclusion_root(leaf, index, size, path) == root


def verify_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the new tree begins with all leaves of the old one, in their order.

    From the empty tree every tree may grow: then the old root must be the empty root and the proof empty.
    Equal sizes want equal roots and an empty proof.
    """
    if not (_is_hash(old_root) and _is_hash(new_root) and 0 <= old_size <= new_size <= MAX_SIZE):
        return False
    if not all(_is_hash(item) for item in proof):
        return False
    if new_size == 0 and new_root != EMPTY_ROOT:
        return False
    if old_size == 0:
        return old_root == EMPTY_ROOT and not proof
    if old_size == new_size:
        return old_root == new_root and not proof
    # An old tree that is one complete subtree is its own first hash.
    hashes = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    if not hashes:
        return False
    position, last = old_size - 1, new_size - 1
    while position & 1:
        position >>= 1
        last >>= 1
    old_node = new_node = hashes[0]
    for item in hashes[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old_node = node_hash(item, old_node)
            new_node = node_hash(item, new_node)
            while position and not position & 1:
                position >>= 1
                last >>= 1
        else:
            new_node = node_hash(new_node, item)
        position >>= 1
        last >>= 1
    return last == 0 and old_node == old_root and new_node == new_root


def _split(width: int) -> int:
    """The largest power of two smaller than the width (which is at least 2)."""
    return 1 << (width - 1).bit_length() - 1


def _is_hash(value: object) -> bool:
    return type(value) is bytes and len(value) == HASH_SIZE
