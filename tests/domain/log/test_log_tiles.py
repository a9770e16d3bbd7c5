"""Tiles: their places, their growth in any steps, and a reader that believes nothing unhashed."""

from __future__ import annotations

import hashlib
import random

import plain_tree
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditbank.domain.log.merkle import EMPTY_ROOT, Frontier, leaf_hash, verify_consistency, verify_inclusion
from creditbank.domain.log.tiles import (
    Edge,
    TileDamagedError,
    TreeReader,
    all_paths,
    bundle,
    edge_paths,
    entries_path,
    filled,
    full_path,
    grow,
    read_edge,
    tile_path,
    unbundle,
)

COMMITMENTS = [hashlib.sha256(str(number).encode()).digest() for number in range(70_000)]
LEAVES = [leaf_hash(commitment) for commitment in COMMITMENTS]


class Shelf(dict):
    """Files in memory; it counts the batches it was asked for."""

    def __init__(self, files):
        super().__init__(files)
        self.batches = []

    def fetch(self, paths):
        self.batches.append(list(paths))
        return {path: self[path] for path in paths if path in self}


@pytest.fixture(scope="module")
def large():
    return grow(Edge(), COMMITMENTS)


def test_paths_are_those_of_the_published_format():
    assert tile_path(0, 0) == "tile/0/000"
    assert tile_path(3, 1234067) == "tile/3/x001/x234/067"
    assert tile_path(1, 999, 17) == "tile/1/999.p/17"
    assert tile_path(0, 1000) == "tile/0/x001/000"
    assert entries_path(1234067, 5) == "tile/entries/x001/x234/067.p/5"
    assert full_path("tile/1/999.p/17") == full_path("tile/1/999") == "tile/1/999"


def test_a_log_of_70000_leaves_has_the_files_of_the_published_example(large):
    edge, files = large
    names = [path for path in files if not path.startswith("tile/entries")]
    assert sorted(name for name in names if ".p/" in name) == [
        "tile/0/273.p/112",
        "tile/1/001.p/17",
        "tile/2/000.p/1",
    ]
    assert sum(name.startswith("tile/0/") for name in names) == 274
    assert set(all_paths(edge.size)) == files.keys()
    assert set(edge_paths(edge.size)) == {path for path in files if ".p/" in path}


def test_each_tile_is_the_definitions(large):
    _, files = large
    for level, index in ((0, 0), (0, 272), (0, 273), (1, 0), (1, 1), (2, 0)):
        data = plain_tree.tile(level, index, LEAVES)
        assert files[tile_path(level, index, len(data) // 32)] == data


def test_256_leaves_make_a_full_tile_and_one_hash_above_it():
    edge, files = grow(Edge(), COMMITMENTS[:256])
    assert files.keys() == {"tile/entries/000", "tile/0/000", "tile/1/000.p/1"}
    assert edge.levels == ((), (plain_tree.mth(LEAVES[:256]),))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 700), max_size=6))
def test_growing_in_any_steps_gives_the_files_of_growing_at_once(steps):
    edge, files = Edge(), {}
    for step in steps:
        grown, new = grow(edge, COMMITMENTS[edge.size : edge.size + step])
        for path in filled(edge.size, grown.size):
            assert path in new
        assert all(files.get(path, data) == data for path, data in new.items())
        files |= new
        if grown.size:
            assert read_edge(grown.size, grown.root(), Shelf(files).fetch) == grown
        edge = grown
    whole, once = grow(Edge(), COMMITMENTS[: sum(steps)])
    assert edge == whole
    assert edge.root() == plain_tree.mth(LEAVES[: sum(steps)])
    assert once.items() <= files.items()


def test_a_filled_tile_is_named_once_for_each_kind():
    assert filled(255, 256) == ["tile/entries/000", "tile/0/000"]
    assert filled(65_535, 65_537) == ["tile/entries/255", "tile/0/255", "tile/1/000"]
    assert filled(255, 255) == []
    assert filled(100, 200) == []


def test_the_edge_is_read_from_the_full_tiles_that_replaced_it():
    edge, _ = grow(Edge(), COMMITMENTS[:300])
    _, later = grow(Edge(), COMMITMENTS[:65_536])
    assert "tile/0/001.p/44" not in later
    assert read_edge(300, edge.root(), Shelf(later).fetch) == edge
    with pytest.raises(TileDamagedError, match=r"tile/0/001: 8160 bytes"):
        read_edge(300, edge.root(), Shelf({**later, "tile/0/001": later["tile/0/001"][:-32]}).fetch)
    with pytest.raises(TileDamagedError, match=r"tile/0/001.p/44: the file is missing"):
        read_edge(300, edge.root(), Shelf({k: v for k, v in later.items() if k != "tile/0/001"}).fetch)


def test_a_commitment_of_another_length_is_refused():
    with pytest.raises(ValueError, match="32 bytes"):
        grow(Edge(), [b"short"])


def test_the_empty_log_has_no_files():
    assert grow(Edge(), []) == (Edge(), {})
    assert Edge().root() == EMPTY_ROOT
    assert all_paths(0) == []
    assert read_edge(0, EMPTY_ROOT, Shelf({}).fetch) == Edge()
    with pytest.raises(TileDamagedError):
        read_edge(0, bytes(32), Shelf({}).fetch)


def test_proofs_from_tiles_convince(large):
    edge, files = large
    tree = TreeReader(edge.size, edge.root(), Shelf(files).fetch)
    chance = random.Random(1)
    for index in [0, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999, *chance.sample(range(70_000), 200)]:
        assert tree.leaf(index) == LEAVES[index]
        assert verify_inclusion(LEAVES[index], index, edge.size, tree.inclusion(index), edge.root())
    for old in [
        0,
        1,
        255,
        256,
        257,
        65_535,
        65_536,
        65_537,
        69_999,
        70_000,
        *chance.sample(range(70_000), 8),
    ]:
        frontier = Frontier.empty()
        frontier.extend(LEAVES[:old])
        assert tree.frontier(old) == frontier
        assert verify_consistency(old, frontier.root(), edge.size, edge.root(), tree.consistency(old))
    with pytest.raises(ValueError, match="no leaf 70000"):
        tree.inclusion(70_000)


def test_a_proof_needs_one_batch(large):
    edge, files = large
    shelf = Shelf(files)
    TreeReader(edge.size, edge.root(), shelf.fetch).inclusion(300)
    assert len(shelf.batches) == 1
    assert set(shelf.batches[0]) == {
        "tile/0/001",
        "tile/1/000",
        "tile/0/273.p/112",
        "tile/1/001.p/17",
        "tile/2/000.p/1",
    }


@pytest.mark.parametrize("path", ["tile/0/001", "tile/1/000", "tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"])
@pytest.mark.parametrize("harm", ["flip", "cut", "grow", "remove"])
def test_a_damaged_tile_is_never_used_and_is_named(large, path, harm):
    edge, files = large
    shelf = Shelf(files)
    data = bytearray(files[path])
    if harm == "flip":
        data[-1] ^= 1
    changed = {"flip": bytes(data), "cut": bytes(data[:-1]), "grow": bytes(data) + bytes(32)}
    if harm == "remove":
        del shelf[path]
    else:
        shelf[path] = changed[harm]
    with pytest.raises(TileDamagedError) as caught:
        TreeReader(edge.size, edge.root(), shelf.fetch).inclusion(300)
    assert path in caught.value.path


def test_a_tile_forged_together_with_its_parent_in_one_batch_is_refused(large):
    """The forger rewrites a tile and the hash above it: the parent, of the same batch, must be hashed too."""
    edge, files = large
    forged = [*COMMITMENTS[:256], b"\xff" * 32, *COMMITMENTS[257:512]]
    tile = b"".join(leaf_hash(entry) for entry in forged[256:512])
    parent = bytearray(files["tile/1/000"])
    parent[32:64] = plain_tree.mth([leaf_hash(entry) for entry in forged[256:512]])
    shelf = Shelf({**files, "tile/0/001": tile, "tile/1/000": bytes(parent)})
    tree = TreeReader(edge.size, edge.root(), shelf.fetch)
    with pytest.raises(TileDamagedError, match="tile/1/000: the tile does not hash to the one above it"):
        tree.inclusion(256)
    # And it stays refused: nothing of the batch was remembered as known.
    with pytest.raises(TileDamagedError, match="tile/1/000"):
        tree.leaf(256)


def test_a_damaged_tile_beside_the_way_is_refused_when_it_is_read_in_the_same_batch(large):
    edge, files = large
    shelf = Shelf(files)
    shelf["tile/0/000"] = bytes(8192)
    tree = TreeReader(edge.size, edge.root(), shelf.fetch)
    with pytest.raises(TileDamagedError, match="tile/0/000"):
        tree.hashes([(0, 1), (256, 257)])
    assert tree.leaf(256) == LEAVES[256]


def test_a_bundle_holds_each_commitment_behind_its_length():
    data = bundle(COMMITMENTS[:3])
    assert data == b"".join(b"\x00\x20" + entry for entry in COMMITMENTS[:3])
    assert unbundle("x", data, 3) == COMMITMENTS[:3]
    with pytest.raises(TileDamagedError, match="102 bytes instead of 136"):
        unbundle("x", data, 4)
    with pytest.raises(TileDamagedError, match="byte 34 is not 32"):
        unbundle("x", data[:35] + b"\x21" + data[36:], 3)


def test_an_entry_that_does_not_hash_to_its_leaf_is_named():
    edge, files = grow(Edge(), COMMITMENTS[:300])
    broken = bytearray(files["tile/entries/001.p/44"])
    broken[5] ^= 1
    with pytest.raises(TileDamagedError, match=r"tile/entries/001.p/44: entry 0 does not hash"):
        read_edge(300, edge.root(), Shelf({**files, "tile/entries/001.p/44": bytes(broken)}).fetch)
