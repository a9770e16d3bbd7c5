"""The command that brings opening lots in, and takes them back by two people."""

from __future__ import annotations

import importlib
import json
from contextlib import contextmanager

import pytest

from creditbank.cli.main import main
from creditbank.gateways.clock import new_id
from tests.exchange.test_opening_lots import HEAD, LIN, MEI, bring, conversion, recognition
from tests.services.test_run_reversal import money, second_registrar
from tests.web.office_sheets import csv_sheet


@pytest.fixture
def here(bank, cast, monkeypatch, tmp_path):
    """A bank opened as a command opens it, without a lease of its own, and a sheet of two learners."""
    # The module's name is a word of the language.
    command = importlib.import_module("creditbank.cli.import")

    @contextmanager
    def opened(*_arguments, **_options):
        yield bank

    monkeypatch.setattr(command, "opened", opened)
    second_registrar(cast)
    rows = (recognition(LIN), conversion(LIN, used="3"), recognition(MEI))
    (tmp_path / "opening.csv").write_bytes(csv_sheet([HEAD, *rows]))
    return tmp_path


def opening(*words):
    return main(["import", "opening", *map(str, words), "--institution", "svc"])


def test_a_run_is_taken_back_by_two_commands_of_two_people(here, bank, capsys):
    assert opening(here / "opening.csv", "--json") == 0
    run = json.loads(capsys.readouterr().out)["run"]
    assert opening("--revert", run, "--dry-run", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {
        "request": "", "in_the_way": [], "learners": [[LIN, 2, 700, 300, 400, 0], [MEI, 1, 400, 0, 400, 0]],
    }  # fmt: skip
    assert opening("--revert", run) == 2
    assert "say with --by who you are" in capsys.readouterr().err
    assert opening("--revert", run, "--by", "zhao", "--reason", "duplicate") == 0
    assert "A second registrar repeats this command" in capsys.readouterr().out
    assert opening("--revert", run, "--by", "zhao") == 1
    assert "a second registrar confirms it" in capsys.readouterr().err
    assert len(money(bank)) == 4
    assert opening("--revert", run, "--by", "liu") == 0
    assert "3 lots of 2 learners, 4 mirrors" in capsys.readouterr().out
    assert money(bank) == []
    assert opening(here / "opening.csv") == 0
    assert "3 stored, 0 known already" in capsys.readouterr().out


def test_who_is_no_registrar_and_what_is_not_there_is_said(here, bank, cast, capsys):
    assert opening("--revert", new_id(), "--dry-run") == 2
    assert opening("--revert", new_id(), "--by", "zhao") == 1
    assert "There is no such import here" in capsys.readouterr().err
    run = bring(cast, recognition(LIN))
    assert opening("--revert", run.run_id, "--by", "chen") != 0
    assert "chen is no registrar of the whole institution" in capsys.readouterr().err
    bring(cast, conversion(LIN, used="3"))
    assert opening("--revert", run.run_id, "--by", "zhao") == 1
    assert f"Line 2, {LIN}, “省赛二等奖”: on 2024-03-08 3.0 credits of it became “程序设计”." in capsys.readouterr().err
    assert opening("--revert", here / "opening.csv") == 2
    assert main(["import", "results", "--revert", str(run.run_id), "--institution", "svc"]) == 2
    # A sheet may be named behind the options.
    assert main(["import", "opening", "--institution", "svc", str(here / "opening.csv"), "--dry-run"]) == 0
    assert len(money(bank)) == 3
