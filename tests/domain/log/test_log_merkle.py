"""The tree and its proofs against the plain definitions, and against everything a forger may try."""

from __future__ import annotations

import hashlib
import random

import plain_tree
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditbank.domain.log.merkle import (
    EMPTY_ROOT,
    Frontier,
    complete_subtrees,
    consistency_ranges,
    inclusion_ranges,
    inclusion_root,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [leaf_hash(str(number).encode()) for number in range(140)]


def plain_hashes(ranges):
    return tuple(plain_tree.mth(LEAVES[low:high]) for low, high in ranges)


@pytest.mark.parametrize("size", range(len(LEAVES)))
def test_the_frontier_has_the_root_of_the_definition(size):
    frontier = Frontier.empty()
    frontier.extend(LEAVES[: size // 3])
    frontier.extend(LEAVES[size // 3 : size])
    assert frontier.size == size
    assert frontier.root() == plain_tree.mth(LEAVES[:size])
    assert size == 0 or root_of(LEAVES[:size]) == frontier.root()


def test_a_frontier_without_its_peaks_is_refused():
    with pytest.raises(ValueError, match="3 leaves does not have 1 peaks"):
        Frontier(3, [LEAVES[0]])


@pytest.mark.parametrize("size", [*range(1, 40), 64, 127, 128, 129])
def test_every_inclusion_proof_is_the_definitions_and_convinces(size):
    root = plain_tree.mth(LEAVES[:size])
    for index in range(size):
        path = plain_hashes(inclusion_ranges(index, size))
        assert list(path) == plain_tree.path(index, LEAVES[:size])
        assert verify_inclusion(LEAVES[index], index, size, path, root)


@pytest.mark.parametrize("new", [*range(33), 64, 100, 128, 129])
def test_every_consistency_proof_is_the_definitions_and_convinces(new):
    root = plain_tree.mth(LEAVES[:new])
    for old in range(new + 1):
        proof = plain_hashes(consistency_ranges(old, new))
        assert list(proof) == plain_tree.proof(old, LEAVES[:new])
        assert verify_consistency(old, plain_tree.mth(LEAVES[:old]), new, root, proof)


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 140).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))), st.data())
def test_no_other_index_size_leaf_or_path_convinces(place, data):
    size, index = place
    root = plain_tree.mth(LEAVES[:size])
    path = plain_hashes(inclusion_ranges(index, size))
    other = data.draw(st.integers(0, 200).filter(lambda number: number != index))
    assert not verify_inclusion(LEAVES[index], other, size, path, root)
    assert not verify_inclusion(hashlib.sha256(b"other").digest(), index, size, path, root)
    assert not verify_inclusion(LEAVES[index], index, size, (*path, root), root)
    assert not verify_inclusion(LEAVES[index], index, size, path, EMPTY_ROOT)
    if path:
        changed = list(path)
        place = data.draw(st.integers(0, len(path) - 1))
        changed[place] = bytes([changed[place][0] ^ 1]) + changed[place][1:]
        assert not verify_inclusion(LEAVES[index], index, size, changed, root)
        assert not verify_inclusion(LEAVES[index], index, size, path[:-1], root)


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 140).flatmap(lambda new: st.tuples(st.integers(0, new), st.just(new))), st.data())
def test_no_changed_history_is_consistent(place, data):
    old, new = place
    old_root, new_root = plain_tree.mth(LEAVES[:old]), plain_tree.mth(LEAVES[:new])
    proof = plain_hashes(consistency_ranges(old, new))
    lie = hashlib.sha256(b"lie").digest()
    assert not verify_consistency(old, lie, new, new_root, proof)
    if old:
        assert not verify_consistency(old, old_root, new, lie, proof)
    assert not verify_consistency(old, old_root, new, new_root, (*proof, lie))
    if proof:
        changed = list(proof)
        changed[data.draw(st.integers(0, len(proof) - 1))] = lie
        assert not verify_consistency(old, old_root, new, new_root, changed)
        assert not verify_consistency(old, old_root, new, new_root, proof[:-1])


def test_from_the_empty_tree_only_the_empty_root_and_the_empty_proof_count():
    root = plain_tree.mth(LEAVES[:5])
    assert verify_consistency(0, EMPTY_ROOT, 5, root, [])
    assert not verify_consistency(0, root, 5, root, [])
    assert not verify_consistency(0, EMPTY_ROOT, 5, root, [root])
    assert verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])
    assert not verify_consistency(0, EMPTY_ROOT, 0, root, [])


@pytest.mark.parametrize("bad", [b"", b"x" * 31, b"x" * 33, "x" * 32, None, bytearray(32)])
def test_what_is_no_hash_is_refused_before_any_hashing(bad):
    root = plain_tree.mth(LEAVES[:3])
    path = list(plain_hashes(inclusion_ranges(1, 3)))
    assert not verify_inclusion(bad, 1, 3, path, root)
    assert not verify_inclusion(LEAVES[1], 1, 3, path, bad)
    assert not verify_inclusion(LEAVES[1], 1, 3, [bad, path[1]], root)
    assert not verify_consistency(2, bad, 3, root, [LEAVES[2]])
    assert not verify_consistency(2, plain_tree.mth(LEAVES[:2]), 3, bad, [LEAVES[2]])
    assert not verify_consistency(2, plain_tree.mth(LEAVES[:2]), 3, root, [bad])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0), (0, 2**63), (2**70, 2**71)])
def test_an_index_outside_the_tree_is_refused(index, size):
    assert inclusion_root(LEAVES[0], index, size, [LEAVES[1]] * 2) is None
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_ranges(index, size)


@pytest.mark.parametrize(("old", "new"), [(-1, 3), (4, 3), (1, 2**63)])
def test_sizes_out_of_order_are_refused(old, new):
    assert not verify_consistency(old, LEAVES[0], new, LEAVES[1], [])
    with pytest.raises(ValueError, match="did not grow"):
        consistency_ranges(old, new)


def test_a_path_of_the_largest_tree_is_found_without_walking_it():
    chance = random.Random(7)
    for _ in range(50):
        size = chance.randrange(1, 2**63)
        index = chance.randrange(size)
        ranges = inclusion_ranges(index, size)
        assert sum(high - low for low, high in ranges) == size - 1
        assert all(complete_subtrees(part) for part in ranges)
