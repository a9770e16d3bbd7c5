"""The command that makes a batch and writes its file, and writes an earlier one again."""

from __future__ import annotations

import json

import pytest

from creditbank.cli.main import main
from creditbank.gateways.documents import packaged
from tests.services.bookings import deposit, post
from tests.services.exports import sheet_bytes


@pytest.fixture
def here(bank, cast, monkeypatch, tmp_path):
    """A bank with two postings, opened as a command opens it, without a lease of its own."""
    from contextlib import contextmanager

    from creditbank.cli import export

    @contextmanager
    def opened(*_arguments, **_options):
        yield bank

    monkeypatch.setattr(export, "opened", opened)
    post(cast, deposit(cast.lin.person, "a"), deposit(cast.mei.person, "b", 150))
    return tmp_path


def run(*words):
    return main(["export", "registrar", "--institution", "svc", *map(str, words)])


def test_a_batch_is_made_and_written_and_written_again_with_the_same_bytes(here, cast, capsys):
    assert run("--json", "--form", "csv", "--out", here / "a.csv") == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {
        "batch": 1, "file": str(here / "a.csv"), "lines": 2, "offsets": 0, "sent_again": 0, "hundredths": 450,
    }  # fmt: skip
    assert run("--form", "csv", "--out", here / "b.csv", "--batch", 1) == 0
    assert (here / "a.csv").read_bytes() == (here / "b.csv").read_bytes() == sheet_bytes(cast, 1)
    assert run("--out", here / "c.xlsx") == 1
    assert "Nothing waits to go out" in capsys.readouterr().err
    assert not (here / "c.xlsx").exists()


def test_wrong_words_are_refused_with_the_reason_and_nothing_is_made(here, cast, capsys):
    mapping = here / "m.yaml"
    mapping.write_bytes(packaged("mappings/registrar-sheet.yaml").replace(b"field: grade", b"field: iq"))
    assert run("--mapping", mapping) == 2
    assert "columns[5].field" in capsys.readouterr().err
    assert run("--mapping", here / "none.yaml") == 2
    assert run("--by", "nobody") == 2
    assert run("--batch", 7) == 2
    assert "There is no batch 7" in capsys.readouterr().err
    assert main(["export", "registrar", "--institution", "nowhere"]) == 2
    assert run("--until", "2026-11-17", "--out", here / "x.csv") == 1


def test_a_file_that_cannot_be_written_leaves_the_batch_to_be_written_again(here, cast, capsys):
    assert run("--out", here / "no" / "folder.xlsx") == 2
    assert "write it with --batch 1" in capsys.readouterr().err
    assert run("--out", here / "again.xlsx", "--batch", 1) == 0
