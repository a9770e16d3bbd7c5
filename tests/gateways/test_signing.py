"""The log's key: made once, private, never replaced in silence."""

from __future__ import annotations

import json
import stat

import pytest

from creditbank.domain.log.checkpoint import VerifierKey
from creditbank.gateways.bank import Bank
from creditbank.gateways.log_files import LogStoreProblem, TileStore
from creditbank.gateways.problem import KeyProblem
from creditbank.gateways.signing import open_or_create_log_key, read_log_key, verify_ed25519

ORIGIN = "bank.example/log"


@pytest.fixture
def bank(tmp_path):
    return Bank(tmp_path / "bank")


def test_the_key_is_made_once_private_and_its_public_half_published(bank):
    first = open_or_create_log_key(bank, ORIGIN)
    again = open_or_create_log_key(bank, ORIGIN)
    assert first.vkey == again.vkey
    assert verify_ed25519(again.vkey.public, b"message", first.sign(b"message"))
    assert stat.S_IMODE((bank.keys / "log.json").stat().st_mode) == 0o600
    assert read_log_key((bank.log / "vkey").read_text()) == first.vkey
    assert json.loads((bank.keys / "log.json").read_text())["seed"] not in repr(first)


def test_two_banks_have_two_keys(tmp_path):
    keys = {open_or_create_log_key(Bank(tmp_path / name), ORIGIN).vkey for name in "ab"}
    assert len(keys) == 2


def test_a_key_others_may_read_is_refused(bank):
    open_or_create_log_key(bank, ORIGIN)
    (bank.keys / "log.json").chmod(0o640)
    with pytest.raises(KeyProblem, match="chmod 600"):
        open_or_create_log_key(bank, ORIGIN)


def test_a_lost_key_of_a_signed_log_is_not_replaced(bank):
    open_or_create_log_key(bank, ORIGIN)
    (bank.keys / "log.json").unlink()
    with pytest.raises(KeyProblem, match="missing"):
        open_or_create_log_key(bank, ORIGIN)
    (bank.log / "vkey").unlink()
    (bank.log / "checkpoint").write_text("signed")
    with pytest.raises(KeyProblem, match="missing"):
        open_or_create_log_key(bank, ORIGIN)
    assert not (bank.keys / "log.json").exists()


def test_a_log_keeps_its_name(bank):
    open_or_create_log_key(bank, ORIGIN)
    with pytest.raises(KeyProblem, match=r"the log bank.example/log, not of other.example"):
        open_or_create_log_key(bank, "other.example")


@pytest.mark.parametrize("origin", ["", "two words", "plus+sign", "line\nbreak"])
def test_a_name_that_no_signature_can_carry_is_refused(bank, origin):
    with pytest.raises(KeyProblem, match="cannot name a log"):
        open_or_create_log_key(bank, origin)
    assert not (bank.keys / "log.json").exists()


@pytest.mark.parametrize("change", [{"seed": "00"}, {"seed": "00" * 32}, {"seed": 1}, {"schema": "x"}, {"more": 1}])
def test_a_damaged_key_file_is_named(bank, change):
    open_or_create_log_key(bank, ORIGIN)
    path = bank.keys / "log.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(KeyProblem, match=r"log.json is damaged"):
        open_or_create_log_key(bank, ORIGIN)


def test_a_public_key_of_another_bank_is_refused(bank, tmp_path):
    open_or_create_log_key(bank, ORIGIN)
    other = open_or_create_log_key(Bank(tmp_path / "other"), ORIGIN)
    (bank.log / "vkey").write_text(f"{other.vkey}\n")
    with pytest.raises(KeyProblem, match="names another key"):
        open_or_create_log_key(bank, ORIGIN)
    (bank.log / "vkey").unlink()
    open_or_create_log_key(bank, ORIGIN)
    assert (bank.log / "vkey").exists()


def test_a_signature_of_nonsense_is_no_signature():
    key = VerifierKey("a", bytes(32))
    assert not verify_ed25519(key.public, b"", b"short")
    assert not verify_ed25519(b"short", b"", bytes(64))
    assert not verify_ed25519(b"\xff" * 32, b"", bytes(64))


def test_one_writer_at_a_time(tmp_path):
    store = TileStore(tmp_path / "log")
    with (
        store.exclusive(),
        pytest.raises(LogStoreProblem, match="Another process"),
        TileStore(store.folder).exclusive(),
    ):
        pass
    with store.exclusive():
        assert store.read_checkpoint() is None
