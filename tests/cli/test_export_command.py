"""The command that makes a batch and writes its file, and writes an earlier one again."""

from __future__ import annotations

import csv
import io
import json

import pytest

from creditbank.cli.main import main
from creditbank.gateways.documents import packaged
from tests.services.bookings import deposit, post
from tests.services.exports import csv_file, sheet_bytes


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


def answered(here, *rows, name="back.csv"):
    """The sheet of batch 1 as it comes back: rows of voucher and answer, with the batch's own cells."""
    if not (here / "sent.csv").exists():
        assert run("--form", "csv", "--out", here / "sent.csv") == 0
    sent = list(csv.reader(io.StringIO((here / "sent.csv").read_bytes().decode("utf-8-sig"))))
    back = [[*sent[0], "处理结果", "原因"]]
    for place, status, reason, *changed in rows:
        cells = dict(zip(sent[0], sent[place], strict=True)) | dict(changed)
        back.append([*cells.values(), status, reason])
    return csv_file(here, back, name)


def test_a_returned_sheet_is_taken_in_line_by_line_and_once(here, cast, capsys):
    path = answered(here, (1, "成功", ""), (2, "退回", "学号不存在"))
    capsys.readouterr()
    assert run("--batch", 1, "--returned", path, "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["batch"], told["repeated"]) == (1, False)
    assert {name: count for name, count in told["counts"].items() if count} == {"accepted": 1, "refused": 1}
    assert told["lines"] == [{"outcome": "refused", "row": 3, "voucher": "SVC-0001-000002", "reason": "学号不存在"}]
    assert run("--batch", 1, "--returned", path) == 1
    said = capsys.readouterr().out
    assert "SVC-0001-000002 (row 3) refused: 学号不存在" in said
    assert "1 accepted, 1 refused" in said
    assert "taken in before" in said


def test_a_sheet_that_agrees_in_every_line_exits_0_and_what_differs_or_lacks_is_named(here, cast, capsys):
    assert (
        run("--batch", 1, "--returned", answered(here, (1, "成功", ""), (2, "成功", "")), "--sheet-on", "2026-11-18")
        == 0
    )
    capsys.readouterr()
    path = answered(here, (1, "成功", "", ("学分", "9.0")), name="less.csv")
    assert run("--batch", 1, "--returned", path, "--sheet-on", "2026-11-19") == 1
    said = capsys.readouterr().out
    assert "different: 学分: we sent 3.0, they have 9.0" in said
    assert "SVC-0001-000002 (no row) missing" in said


def test_an_answer_to_no_batch_and_a_file_that_is_no_sheet_are_refused(here, cast, capsys):
    path = answered(here, (1, "成功", ""))
    assert run("--returned", path) == 2
    assert "Say with --batch" in capsys.readouterr().err
    assert run("--returned", path, "--batch", 9) == 2
    assert "There is no batch 9" in capsys.readouterr().err
    (here / "page.csv").write_bytes(b"<html>")
    assert run("--returned", here / "page.csv", "--batch", 1) == 2
    assert "Nothing was taken in" in capsys.readouterr().err
    assert run("--returned", here / "none.csv", "--batch", 1) == 2
