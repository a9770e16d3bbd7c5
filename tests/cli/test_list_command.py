"""The command that brings an official list in, tells what lists mean, and withdraws one."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest

from creditbank.cli.main import main
from creditbank.gateways.documents import packaged
from tests.services.list_sheets import CONTEST, contest


@pytest.fixture
def here(bank, cast, monkeypatch, tmp_path):
    """A bank opened as a command opens it, without a lease of its own, and a list with a line of every fate."""
    from creditbank.cli import list as command

    @contextmanager
    def opened(*_arguments, **_options):
        yield bank

    monkeypatch.setattr(command, "opened", opened)
    rows = (("lin", "2023040117", "", "二等奖"), ("mei", "77", "", "二等奖"), ("王五", "", "别的学院", "二等奖"))
    text = contest(*rows, ("lin", "2023040117", "", "鼓励奖"))
    (tmp_path / "list.csv").write_bytes(text.encode("gb18030"))
    return tmp_path


def bring(here, *words):
    return main(["list", "import", str(here / "list.csv"), "--institution", "svc", *words])


def test_a_list_is_tried_brought_in_told_and_withdrawn(here, capsys):
    assert bring(here, "--kind", "contest", "--issued-on", "2026-06-30", "--dry-run", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["counts"], told["standings"]) == ({"certain": 1, "doubtful": 1, "nobody": 1}, {"unsaid": 1})
    assert (told["known"], told["unknown_values"]) == (None, {"award": {"鼓励奖": 1}})
    assert bring(here, "--kind", "contest", "--issued-on", "2026-06-30", "--title", "省赛") == 1
    said = capsys.readouterr().out
    assert "F5 (获奖等级): “鼓励奖” is not one of" in said
    assert "1 found, 1 doubtful, 1 nobody of ours, 0 rows without an outcome, 1 refused; 1 outcomes proposed" in said
    assert bring(here, "--kind", "contest", "--issued-on", "2026-06-30", "--title", "省赛", "--json") == 1
    again = json.loads(capsys.readouterr().out)
    assert (again["repeated"], again["proposed"]) == (True, 0)
    assert main(["list", "status", "--institution", "svc", "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert (one["list"], one["title"], one["means"]) == (again["list"], "省赛", {"proposed": 1})
    assert main(["list", "withdraw", again["list"], "--institution", "svc"]) == 0
    capsys.readouterr()
    assert main(["list", "status", "--institution", "svc"]) == 0
    assert "withdrawn" in capsys.readouterr().out


def test_what_holds_for_every_row_and_a_mapping_of_ones_own_are_taken(here, capsys):
    (here / "list.csv").write_text("获奖者,学号\nlin,2023040117\n", encoding="utf-8")
    (here / "own.yaml").write_bytes(packaged("mappings/list-contest.yaml").replace(b"code: contest", b"code: own"))
    words = ("--every", f"contest={CONTEST}", "--every", "tier=省级", "--every", "award=二等奖")
    assert bring(here, "--mapping", str(here / "own.yaml"), *words) == 1
    assert "issued_on" in capsys.readouterr().out
    assert bring(here, "--mapping", str(here / "own.yaml"), *words, "--every", "issued_on=2026-06-20", "--json") == 0
    assert json.loads(capsys.readouterr().out)["proposed"] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--kind", "contest", "--every", "nothing=1"), "the columns are"),
        (("--kind", "contest", "--issued-on", "2999-01-01"), "still to come"),
        (("--mapping", "nowhere.yaml"), "nowhere.yaml"),
        (("--kind", "contest", "--sheet", "x", "--encoding", "ascii"), "is not ASCII"),
    ],
)
def test_wrong_words_are_refused_and_nothing_is_brought_in(here, capsys, words, said):
    assert bring(here, *words) == 2
    assert said in capsys.readouterr().err
    assert main(["list", "status", "--institution", "svc"]) == 0
    assert "0 lists" in capsys.readouterr().out


def test_a_school_without_the_type_and_an_unknown_list_are_told(here, capsys):
    (here / "list.csv").write_text("姓名,级别,总分,考试日期\nlin,四级,500,2026-06-13\n", encoding="utf-8")
    assert bring(here, "--kind", "cet") == 2
    assert "takes no outcomes of the type language" in capsys.readouterr().err
    assert main(["list", "withdraw", "nothing", "--institution", "svc"]) == 2
    assert "no id of a list" in capsys.readouterr().err
