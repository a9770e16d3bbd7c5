"""The published test vectors of the leaf, tree, checkpoint and proof formats."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import plain_tree
import pytest

from creditbank.domain.canonical import canonical
from creditbank.domain.explanation import Verdict, worst
from creditbank.domain.log.checkpoint import Checkpoint, VerifierKey, read_checkpoint
from creditbank.domain.log.leaf import commit, opens
from creditbank.domain.log.merkle import leaf_hash, verify_consistency, verify_inclusion
from creditbank.domain.log.proof import judge, read_proof
from creditbank.domain.log.tiles import Edge, TreeReader, grow
from creditbank.gateways.signing import LogSigner, verify_ed25519

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))
COMMITMENTS = [commit(plain_tree.salt(number), plain_tree.record(number)) for number in range(300)]
LEAF_HASHES = [leaf_hash(commitment) for commitment in COMMITMENTS]


def unhex(items):
    return [bytes.fromhex(item) for item in items]


def test_the_vectors_on_disk_are_the_ones_the_second_implementation_makes():
    assert plain_tree.vectors() == VECTORS


@pytest.mark.parametrize("number", range(4))
def test_a_leaf_is_the_hash_of_a_salted_commitment(number):
    vector = VECTORS["leaves"][number]
    salt = bytes.fromhex(vector["salt"])
    assert canonical(vector["record"]).decode() == vector["canonical"]
    assert commit(salt, vector["record"]).hex() == vector["commitment"]
    assert leaf_hash(bytes.fromhex(vector["commitment"])).hex() == vector["leaf_hash"]
    assert opens(bytes.fromhex(vector["commitment"]), salt, vector["record"])
    assert not opens(bytes.fromhex(vector["commitment"]), salt, {**vector["record"], "number": 99})


def test_a_short_salt_or_a_float_makes_no_commitment():
    with pytest.raises(ValueError, match="32 bytes"):
        commit(b"short", {})
    with pytest.raises(TypeError, match="float"):
        commit(bytes(32), {"credit": 1.5})


@pytest.mark.parametrize("size", list(VECTORS["roots"]))
def test_roots(size):
    edge, _ = grow(Edge(), COMMITMENTS[: int(size)])
    assert edge.root().hex() == VECTORS["roots"][size]


def reader(size):
    edge, files = grow(Edge(), COMMITMENTS[:size])
    return TreeReader(size, edge.root(), lambda paths: {path: files[path] for path in paths if path in files})


@pytest.mark.parametrize("vector", VECTORS["inclusion"])
def test_inclusion(vector):
    index, size, path = vector["index"], vector["size"], unhex(vector["path"])
    tree = reader(size)
    assert list(tree.inclusion(index)) == path
    assert verify_inclusion(LEAF_HASHES[index], index, size, path, tree.root)


@pytest.mark.parametrize("vector", VECTORS["consistency"])
def test_consistency(vector):
    old, new, proof = vector["old"], vector["new"], unhex(vector["proof"])
    assert list(reader(new).consistency(old)) == proof
    assert verify_consistency(old, reader(old).root, new, reader(new).root, proof)


def test_tiles_and_bundles_lie_where_the_format_says():
    _, files = grow(Edge(), COMMITMENTS)
    assert {path: hashlib.sha256(data).hexdigest() for path, data in files.items()} == VECTORS["tiles"]


def test_the_key_signs_the_checkpoint_of_the_vectors():
    signer = LogSigner.from_seed(VECTORS["key"]["origin"], bytes.fromhex(VECTORS["key"]["seed"]))
    assert str(signer.vkey) == VECTORS["key"]["vkey"]
    assert VerifierKey.parse(VECTORS["key"]["vkey"]) == signer.vkey
    state = Checkpoint(VECTORS["key"]["origin"], 300, bytes.fromhex(VECTORS["roots"]["300"]))
    assert state.signed([signer.vkey], [signer.sign(state.text().encode())]) == VECTORS["checkpoint"]
    found, note = read_checkpoint(VECTORS["checkpoint"])
    assert found == state
    assert note.signed_by([signer.vkey], verify_ed25519) == (signer.vkey,)


def test_the_proof_file_of_the_vectors_is_valid():
    file = read_proof(json.dumps(VECTORS["proof_file"]))
    assert file.to_data() == VECTORS["proof_file"]
    key = VerifierKey.parse(VECTORS["key"]["vkey"])
    assert worst(judge(file, [key], verify_ed25519)) is Verdict.YES
