"""A key that seals is made once: one that was lost or replaced is said, and never made anew."""

from __future__ import annotations

import json

import pytest

from creditbank.gateways import keys, staging, vault
from creditbank.gateways.bank import Bank
from creditbank.gateways.clock import new_id
from creditbank.gateways.identities import Identities
from creditbank.gateways.problem import KeyProblem

PDF = b"%PDF-1.7 a file"


@pytest.fixture
def home(tmp_path):
    """A bank's folder in which one file and one number were sealed."""
    bank = Bank(tmp_path / "bank")
    for folder in (bank.home, bank.files):
        folder.mkdir(mode=0o700)
    vault.store(bank, PDF)
    Identities(bank)
    return bank


def files_of(bank):
    return sorted(path.relative_to(bank.home) for path in bank.home.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", ["data", "index"])
def test_a_lost_key_is_refused_and_no_other_is_made(home, name):
    kept = keys.path_of(home, name).read_bytes()
    keys.path_of(home, name).unlink()
    before = files_of(home)
    for seal in (lambda: vault.store(home, PDF + b" more"), lambda: Identities(home)):
        if name == "index" and seal.__code__.co_names[0] == "vault":
            continue
        with pytest.raises(KeyProblem) as refused:
            seal()
        said = str(refused.value)
        assert f"keys/{name}.json is missing" in said
        assert "No other key was made" in said
        assert "from the backup" in said
        assert f"keys/{name}.json" in refused.value.zh
    assert files_of(home) == before
    # With the key everything is there again.
    keys.path_of(home, name).write_bytes(kept)
    keys.path_of(home, name).chmod(0o600)
    stored = vault.store(home, PDF + b" more")
    assert vault.read(home, stored.sha256) == PDF + b" more"


def test_a_key_that_was_replaced_seals_nothing(home):
    other = {"id": 1, "key": "b3RoZXIgYnl0ZXMgb2YgYW5vdGhlciBrZXkuLi4uLi4="}
    keys.path_of(home, "data").write_text(json.dumps(other))
    with pytest.raises(KeyProblem, match="is not the key with which this bank has sealed"):
        vault.store(home, PDF + b" more")
    with pytest.raises(KeyProblem, match="is not the key"):
        Identities(home)


@pytest.mark.parametrize("kept", ["evidence", "sheet"])
def test_a_bank_of_before_the_mark_is_known_by_what_it_keeps(tmp_path, kept):
    bank = Bank(tmp_path / "bank")
    for folder in (bank.home, bank.files):
        folder.mkdir(mode=0o700)
    if kept == "evidence":
        vault.store(bank, PDF)
    else:
        staging.keep_sheet(bank, new_id(), new_id(), b"a,b", {"name": "x"})
    (bank.files / ".data-key").unlink()
    keys.path_of(bank, "data").unlink()
    with pytest.raises(KeyProblem, match="No other key was made"):
        vault.store(bank, PDF + b" more")


def test_a_bank_of_before_the_mark_gets_it_and_goes_on(home):
    (home.files / ".data-key").unlink()
    vault.store(home, PDF + b" more")
    assert (home.files / ".data-key").exists()
    assert (home.files / ".data-key").stat().st_mode & 0o777 == 0o600
