"""``creditbank programme`` takes plans in and writes them out."""

from __future__ import annotations

import json

import pytest

from creditbank.cli.main import main
from tests.exchange.plans_made import CODE, COURSES, college_document, college_workbook, reading_of, small, with_cell


@pytest.fixture
def ask(bank, cast, capsys, monkeypatch, tmp_path):
    """Runs the command in a folder of its own: ``ask("import", "plan.xlsx")`` gives status, output and errors."""
    from contextlib import contextmanager

    from creditbank.cli import programme

    # The suite's server is held by its own fixture; what is tested is what the command does with a bank that is open.
    @contextmanager
    def opened(_arguments, _purpose):
        yield bank

    monkeypatch.setattr(programme, "opened", opened)
    monkeypatch.chdir(tmp_path)

    def ask(*words, language="en_GB.UTF-8"):
        monkeypatch.setenv("LC_ALL", language)
        status = main(["programme", *words, "--institution", "svc"])
        said = capsys.readouterr()
        return status, said.out, said.err

    return ask


def test_a_plan_goes_in_and_comes_out_as_it_was(ask, tmp_path):
    (tmp_path / "plan.xlsx").write_bytes(college_workbook())
    status, out, _ = ask("import", "plan.xlsx", "--json")
    answer = json.loads(out)
    assert (status, answer["version"], answer["courses"], answer["modules"]) == (0, 1, 60, 8)
    assert answer["errors"] == []
    assert answer["terms"]["6"] == "18.0"
    status, out, _ = ask("export", CODE, "--to", "out.xlsx", language="zh_CN.UTF-8")
    assert (status, out) == (0, f"{CODE} 第 1 版已写入 out.xlsx。\n")
    assert reading_of((tmp_path / "out.xlsx").read_bytes()).document == college_document()
    assert ask("export", CODE, "--to", "out.xlsx")[0] == 2


def test_a_dry_run_publishes_nothing(ask, tmp_path):
    (tmp_path / "plan.xlsx").write_bytes(college_workbook())
    status, out, _ = ask("import", "plan.xlsx", "--dry-run")
    assert status == 0
    assert "8 modules, 60 courses" in out
    assert "This was a dry run: nothing was published." in out
    assert ask("export", CODE)[0] == 2
    assert not (tmp_path / f"{CODE}.xlsx").exists()


def test_errors_are_said_by_cell_in_both_languages(ask, tmp_path):
    (tmp_path / "plan.xlsx").write_bytes(small(courses=with_cell(COURSES, 0, 4, "四")))
    status, out, err = ask("import", "plan.xlsx")
    assert (status, out) == (1, "1 errors; nothing was published.\n")
    assert err.startswith("课程 E2: “四” is no amount of credit.")
    _, out, err = ask("import", "plan.xlsx", language="zh_CN.UTF-8")
    assert (out, err[:5]) == ("1 处错误，没有发布。\n", "课程 E2")
    (tmp_path / "plan.xlsx").write_bytes(b"%PDF-1.4")
    assert ask("import", "plan.xlsx")[0] == 2
    assert ask("import", "missing.xlsx")[0] == 2
