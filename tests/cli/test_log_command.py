"""``creditbank log`` reads the log's folder alone."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest

from creditbank.cli.main import main
from creditbank.domain.log.checkpoint import Checkpoint, read_checkpoint
from creditbank.domain.log.merkle import leaf_hash, verify_consistency, verify_inclusion
from creditbank.domain.log.proof import LeafProof
from creditbank.domain.log.tiles import Edge, grow
from creditbank.gateways.bank import Bank
from creditbank.gateways.log_files import TileStore
from creditbank.gateways.signing import open_or_create_log_key

COMMITMENTS = [hashlib.sha256(str(number).encode()).digest() for number in range(300)]


@pytest.fixture
def bank(tmp_path):
    bank = Bank(tmp_path / "bank")
    signer = open_or_create_log_key(bank, "bank.example/log")
    edge, files = grow(Edge(), COMMITMENTS)
    state = Checkpoint("bank.example/log", edge.size, edge.root())
    store = TileStore(bank.log)
    store.write(files)
    store.write_checkpoint(state.signed([signer.vkey], [signer.sign(state.text().encode())]))
    return bank


def ask(bank, capsys, *words):
    assert main(["--bank", str(bank.home), "log", *words]) == 0
    return capsys.readouterr().out


def test_the_checkpoint_is_printed_as_it_was_signed(bank, capsys):
    assert ask(bank, capsys, "checkpoint") == TileStore(bank.log).read_checkpoint()
    answer = json.loads(ask(bank, capsys, "checkpoint", "--json"))
    assert answer["size"] == 300
    assert answer["log_key"] == (bank.log / "vkey").read_text().strip()


def test_a_leaf_is_proved(bank, capsys):
    proof = LeafProof.parse(ask(bank, capsys, "proof", "7"))
    state, _ = read_checkpoint(proof.checkpoint)
    assert verify_inclusion(leaf_hash(COMMITMENTS[7]), 7, state.size, proof.path, state.root)
    assert json.loads(ask(bank, capsys, "proof", "7", "--json"))["proof"] == str(proof)


def test_growth_is_proved(bank, capsys):
    state, _ = read_checkpoint(TileStore(bank.log).read_checkpoint())
    old, _ = grow(Edge(), COMMITMENTS[:77])
    proof = [base64.b64decode(line) for line in ask(bank, capsys, "proof", "--since", "77").splitlines()]
    assert verify_consistency(77, old.root(), 300, state.root, proof)
    assert ask(bank, capsys, "proof", "--since", "300") == "\n"


def test_a_copy_serves_the_same_proofs(bank, capsys, tmp_path):
    ask(bank, capsys, "export", str(tmp_path / "copy"))
    assert (tmp_path / "copy" / "checkpoint").read_bytes() == (bank.log / "checkpoint").read_bytes()
    assert (tmp_path / "copy" / "tile/0/001.p/44").read_bytes() == (bank.log / "tile/0/001.p/44").read_bytes()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["proof", "300"], "no leaf 300 in a tree of 300"),
        (["proof", "--since", "301"], "301 leaves did not grow"),
        (["export", "."], "not an empty folder"),
    ],
)
def test_what_cannot_be_done_is_said_and_exits_2(bank, capsys, words, reason, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert main(["--bank", str(bank.home), "log", *words]) == 2
    assert reason in capsys.readouterr().err


def test_a_damaged_tile_and_a_bank_without_a_log_are_named(bank, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    (bank.log / "tile/0/000").write_bytes(bytes(8192))
    assert main(["--bank", str(bank.home), "log", "proof", "7"]) == 2
    assert "tile/0/000" in capsys.readouterr().err
    assert main(["--bank", str(tmp_path / "none"), "log", "checkpoint"]) == 2
    assert "vkey cannot be opened" in capsys.readouterr().err
