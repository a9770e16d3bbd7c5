"""``creditbank simulate college`` writes sheets, makes a bank of them, and leaves other schools alone."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager

import pytest

from creditbank.cli.main import main


@pytest.fixture
def ask(capsys, monkeypatch):
    """Runs the command on a bank that is open already: status, output and errors."""
    from creditbank.cli import simulate

    banks = []

    def ask(bank, *words):
        banks.append(bank)

        @contextmanager
        def opened(_arguments, _purpose, **_more):
            yield bank

        monkeypatch.setattr(simulate, "opened", opened)
        status = main(["simulate", "college", "--students", "300", "--year", "2025", *words])
        said = capsys.readouterr()
        return status, said.out, said.err

    yield ask
    # The folder of keys is the session's.
    for bank in banks:
        if bank is not None:
            (bank.keys / "simulated.json").unlink(missing_ok=True)
            shutil.rmtree(bank.sheets, ignore_errors=True)


def test_sheets_alone_need_no_bank(ask, tmp_path):
    status, out, _err = ask(None, "--out", str(tmp_path / "sheets"), "--json")
    answer = json.loads(out)
    assert (status, answer["rows"]["students"], answer["rows"]["results"]) == (0, 304, 3_600)
    assert (tmp_path / "sheets" / "08-学生名册.xlsx").read_bytes()[:2] == b"PK"
    assert (tmp_path / "sheets" / "08-学生名册.csv").read_text(encoding="utf-8-sig").startswith("学号,姓名,")


def test_the_college_is_in_the_bank_and_each_step_is_told_in_both_languages(ask, empty_bank):
    status, _out, err = ask(empty_bank)
    assert status == 0
    assert "  students: 304 rows, 295 stored, 3 known already, 6 refused" in err
    assert "  学生名册：304 行，存入 295，已有 3，退回 6" in err
    assert "南溟应用技术学院（nmc）已在学分银行中" in err
    assert (empty_bank.sheets / "nmc" / "10-成绩.csv").is_file()
    # Another college does not go over it.
    status, _out, err = ask(empty_bank, "--seed", "2")
    assert (status, "Nothing was changed" in err or "没有任何改动" in err) == (2, True)
    status, out, _err = ask(empty_bank, "--json")
    assert (status, {step["step"]: step["stored"] for step in json.loads(out)["steps"]}["results"]) == (0, 0)


def test_an_institution_that_is_somebodys_is_left_alone(ask, bank, cast):
    status, _out, err = ask(bank, "--institution", "svc")
    assert status == 2
    assert "svc" in err
    assert not (bank.sheets / "svc").exists()


@pytest.mark.parametrize(
    "words", [("--students", "299"), ("--students", "60001"), ("--year", "2001"), ("--institution", "../x")]
)
def test_what_cannot_be_is_refused_before_anything_is_written(ask, words, tmp_path):
    status, _out, err = ask(None, *words, "--out", str(tmp_path / "x"))
    assert (status, bool(err)) == (2, True)
    assert not (tmp_path / "x").exists()
