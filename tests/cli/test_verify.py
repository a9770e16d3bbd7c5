"""``creditbank verify`` judges a file alone: its exit status, its lines, both languages, without the bank."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import polib
import pytest

from creditbank.cli.main import main
from creditbank.domain.log import check, proof
from creditbank.gateways import wording
from creditbank.gateways.signing import LogSigner

ROOT = Path(__file__).resolve().parents[2]
VECTORS = json.loads((ROOT / "tests/domain/log/vectors.json").read_text(encoding="utf-8"))
FILE, KEY = VECTORS["proof_file"], VECTORS["key"]["vkey"]
OTHER = str(LogSigner.from_seed("other.example/log", bytes(32)).vkey)
ROOM = ROOT / "creditbank/locale/domain-log/zh_Hans/LC_MESSAGES/django.po"


@pytest.fixture
def proof_file(tmp_path):
    def write(data):
        path = tmp_path / "record.proof.json"
        path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def chinese(tmp_path, monkeypatch):
    """The log's room of translations, compiled for this test alone."""
    target = tmp_path / "locale/domain-log/zh_Hans/LC_MESSAGES/django.mo"
    target.parent.mkdir(parents=True)
    polib.pofile(str(ROOM)).save_as_mofile(str(target))
    monkeypatch.setattr(wording, "LOCALE", tmp_path / "locale")
    wording.forget()
    yield
    monkeypatch.undo()
    wording.forget()


def test_a_valid_file_with_the_named_key_exits_0_and_shows_each_check(proof_file, capsys):
    assert main(["verify", proof_file(FILE), "--log-key", KEY, "--lang", "en"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[0] for line in lines[:-1]] == ["✓"] * 6
    assert lines[3].startswith("✓ The record is leaf 255 of a log of 300 leaves")
    assert lines[-1] == "VALID: the record is in the log, unchanged."


def test_a_changed_record_exits_1_and_names_the_check_that_failed(proof_file, capsys):
    changed = {**FILE, "record": {**FILE["record"], "number": 1}}
    assert main(["verify", proof_file(changed), "--log-key", KEY, "--lang", "en"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("✗")] == [
        "✗ The record is not leaf 255 of the log of 300 leaves: record, salt, index or proof was changed."
    ]
    assert lines[-1] == "NOT VALID: do not rely on this file."


def test_another_key_than_the_named_one_exits_1(proof_file, capsys):
    assert main(["verify", proof_file(FILE), "--log-key", OTHER]) == 1
    assert main(["verify", proof_file(FILE), "--log-key", OTHER, "--log-key", KEY]) == 0
    capsys.readouterr()


def test_without_a_named_key_the_file_is_only_consistent_and_exits_3(proof_file, capsys):
    assert main(["verify", proof_file(FILE), "--lang", "en"]) == 3
    out = capsys.readouterr().out
    assert f"! The log's key came with the file: compare {KEY}" in out
    assert out.splitlines()[-1].startswith("CONSISTENT, but")


def test_the_key_may_be_named_by_a_file(proof_file, tmp_path, capsys):
    (tmp_path / "vkey").write_text(KEY + "\n")
    assert main(["verify", proof_file(FILE), "--log-key", str(tmp_path / "vkey")]) == 0
    capsys.readouterr()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", json.dumps({**FILE, "extra": 1}), "﻿{}"])
def test_what_is_no_proof_exits_2_in_one_line(proof_file, capsys, content):
    assert main(["verify", proof_file(content), "--lang", "en"]) == 2
    assert capsys.readouterr().out.startswith("✗ The file ")


def test_a_missing_binary_or_huge_file_and_a_bad_key_exit_2(proof_file, tmp_path, capsys):
    (tmp_path / "binary").write_bytes(b"\xff\xfe{}")
    (tmp_path / "huge").write_bytes(b" " * 10_000_001)
    for path in ("missing", "binary", "huge", "."):
        assert main(["verify", str(tmp_path / path), "--lang", "en"]) == 2
        assert capsys.readouterr().out.startswith("✗ ")
    assert main(["verify", proof_file(FILE), "--log-key", "nonsense", "--lang", "en"]) == 2
    assert capsys.readouterr().out == "✗ Not a log key: a log key is written name+id+key.\n"


def test_json_tells_the_same_to_a_program(proof_file, capsys):
    assert main(["verify", proof_file(FILE), "--log-key", KEY, "--lang", "en", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["verdict"] == "valid"
    assert answer["record"] == FILE["record"]
    assert {check["verdict"] for check in answer["checks"]} == {"yes"}
    assert all(check["code"].startswith("log.") and check["said"] for check in answer["checks"])
    assert main(["verify", proof_file("{"), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["verdict"] == "unreadable"


def test_the_answer_is_chinese_where_the_terminal_is(proof_file, capsys, monkeypatch, chinese):
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert main(["verify", proof_file(FILE), "--log-key", KEY]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[3].startswith("✓ 该记录是日志的第 255 号叶子；日志共有 300 个叶子")
    assert out[-1] == "有效：该记录已收入日志，未经改动。"
    assert main(["verify", proof_file("{}")]) == 2
    assert capsys.readouterr().out == "✗ 该文件不是证明：其 schema 不是 creditbank.proof/1。\n"
    assert main(["verify", proof_file(FILE), "--lang", "en", "--log-key", KEY]) == 0
    assert "VALID" in capsys.readouterr().out


def test_every_sentence_of_the_log_is_translated_with_its_places():
    import re

    translated = {entry.msgid: entry.msgstr for entry in polib.pofile(str(ROOM))}
    sentences = {*proof.MESSAGES.values(), *check.MESSAGES.values()}
    assert translated.keys() == sentences
    for sentence, said in translated.items():
        assert set(re.findall(r"\{\w+\}", sentence)) == set(re.findall(r"\{\w+\}", said)), sentence
        assert re.search(r"[一-鿿]", said)


def test_verifying_needs_no_django_no_database_and_no_network(proof_file):
    """In a process of its own, with connections forbidden and no bank anywhere."""
    code = """
import socket, sys
def refused(*_args, **_kinds): raise AssertionError("the network was used")
socket.socket.connect = refused
from creditbank.cli.main import main
status = main(sys.argv[1:])
loaded = {name.partition(".")[0] for name in sys.modules}
assert not loaded & {"django", "psycopg", "procrastinate", "ninja"}, loaded
raise SystemExit(status)
"""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "CREDITBANK_HOME": "/nonexistent"}
    done = subprocess.run(
        [sys.executable, "-c", code, "verify", proof_file(FILE), "--log-key", KEY, "--lang", "en"],
        env={**environment, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    assert "VALID" in done.stdout
