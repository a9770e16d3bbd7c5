"""Column files are counted exactly, and a folder that is not what it says is refused with its place."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest

from creditbank.gateways import columns
from creditbank.gateways.columns import ColumnProblem, count_rows, open_columns, write_columns

VALUES = {"kind": ("a", "b"), "code": tuple(f"c{n}" for n in range(300)), "year": ("2024", "2025", "2026")}


def made(folder, rows=2_000):
    chance = random.Random(3)
    codes = {name: [chance.randrange(len(values) + 1) for _ in range(rows)] for name, values in VALUES.items()}
    write_columns(folder, rows, {name: (values, codes[name]) for name, values in VALUES.items()})
    return codes


@pytest.mark.parametrize(("dense", "chunk"), [(1 << 20, 1 << 18), (1 << 20, 100), (100, 77), (0, 1000)])
def test_rows_are_counted_by_their_classes_however_they_are_counted(tmp_path, monkeypatch, dense, chunk):
    monkeypatch.setattr(columns, "_DENSE", dense)
    monkeypatch.setattr(columns, "_CHUNK", chunk)
    codes = made(tmp_path)
    classes = {"code": [n % 7 for n in range(301)], "kind": [0, 1, 1], "year": range(4)}
    expected = Counter(zip(*([classes[name][one] for one in codes[name]] for name in classes), strict=True))
    assert count_rows(open_columns(tmp_path), classes) == sorted(expected.items())


def test_a_folder_that_is_not_what_it_says_is_refused_with_its_place(tmp_path):
    def said(change):
        made(tmp_path)
        change()
        with pytest.raises(ColumnProblem) as refused:
            count_rows(open_columns(tmp_path), {"kind": range(3), "code": range(301)})
        return str(refused.value)

    manifest = tmp_path / "columns.json"
    assert "columns.json" in said(manifest.unlink)
    assert "not a document" in said(lambda: manifest.write_text("[" * 100_000))
    assert "not a document" in said(lambda: manifest.write_bytes(b" " * 2_000_000))
    wrong = {"schema": "creditbank.columns/1", "rows": 2_000, "columns": {"../kind": 1}}
    assert "columns.../kind" in said(lambda: manifest.write_text(json.dumps(wrong)))
    many = wrong | {"rows": 10**12, "columns": {}}
    assert "rows is no number" in said(lambda: manifest.write_text(json.dumps(many)))
    assert "kind.codes: it has 1 bytes" in said(lambda: (tmp_path / "kind.codes").write_bytes(b"\1"))
    assert "code.values: line 2 is not UTF-8" in said(lambda: (tmp_path / "code.values").write_bytes(b"c\n\xff\n"))
    assert "twice" in said(lambda: (tmp_path / "kind.values").write_text("a\na\n"))
    assert "row 1999 has a number" in said(lambda: (tmp_path / "kind.codes").write_bytes(b"\1" * 1998 + b"\x09\1"))
