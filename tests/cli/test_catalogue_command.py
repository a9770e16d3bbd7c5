"""The command of the outcome catalogue: a whitelist comes in, its bad rows are named, and it goes out again."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest
import python_calamine

from creditbank.cli.main import main
from creditbank.domain.catalogue.life import Act, State
from creditbank.queries.catalogue.items import codes_in_state
from creditbank.records.scope import acting_for
from tests.services.catalogue_items import MODELLING, acted, enacted, publicity

LIST = """成果代码,成果名称,别名,成果类型,成果种类,级别,生效日期
modelling,全国大学生数学建模竞赛,数模竞赛；国赛,innovation,竞赛,国家级A类,2026-01-01
fight,散打公开赛,,innovation,比武,,
cert-9,程序设计等级证书,程证,innovation,证书,,
late,晚到的竞赛,,innovation,竞赛,,2026-13-01
nameless,,,innovation,竞赛,,
"""
DOCUMENT = """schema: creditbank.catalogue/1
items:
  - {code: modelling, name: 全国大学生数学建模竞赛, aliases: [数模竞赛, 国赛], type: innovation, kind: contest}
"""


@pytest.fixture
def here(bank, cast, monkeypatch, tmp_path):
    """A bank opened as a command opens it, without a lease of its own, and a folder with a list."""
    from creditbank.cli import catalogue as command

    @contextmanager
    def opened(*_arguments, **_options):
        yield bank

    monkeypatch.setattr(command, "opened", opened)
    (tmp_path / "list.csv").write_text(LIST, encoding="utf-8")
    return tmp_path


def bring(here, name, *words):
    return main(["catalogue", "import", str(here / name), "--institution", "svc", *words])


def drafts(cast, state=State.DRAFT):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return {code for code, _number in codes_in_state(scope, state, limit=10)}


def test_bad_rows_are_named_by_file_cell_and_column_and_the_good_ones_are_kept(here, cast, capsys):
    assert bring(here, "list.csv", "--dry-run") == 1
    told = capsys.readouterr().out
    assert "list.csv: 3 new, 0 changed, 0 same, 0 older, 2 refused. This was a dry run" in told
    assert drafts(cast) == set()
    assert bring(here, "list.csv") == 1
    told = capsys.readouterr().out
    assert "E3 (成果种类): “比武” is not one of 竞赛、证书" in told
    assert "G5 (生效日期): “2026-13-01” is no day." in told
    assert "list.csv: 3 new, 0 changed, 0 repeated, 2 refused, 0 same." in told
    assert drafts(cast) == {"modelling", "cert-9", "nameless"}
    assert bring(here, "list.csv", "--json") == 1
    again = json.loads(capsys.readouterr().out)
    assert (again["file"], again["counts"]["repeated"], again["counts"]["new"]) == ("list.csv", 3, 0)
    assert again["refused"] == [[3, "成果种类", "masterdata.no_choice"], [5, "生效日期", "masterdata.no_date"]]


def test_what_can_be_submitted_is_and_the_rest_says_why_and_waits(here, cast, capsys):
    assert bring(here, "list.csv", "--submit", "--by", "zhao") == 1
    out, err = capsys.readouterr()
    assert "2 submitted, 1 not submitted" in out
    assert "nameless: Name of item is missing." in err
    assert (drafts(cast, State.SUBMITTED), drafts(cast)) == ({"modelling", "cert-9"}, {"nameless"})
    # Whoever brought it in has typed it, so somebody else approves.
    assert [line.code for line in acted(cast, "cert-9", 1, Act.APPROVE, actor=cast.zhao.person).explanation]
    assert acted(cast, "cert-9", 1, Act.APPROVE, actor=cast.chen.person).number == 1


@pytest.mark.parametrize(("language", "head"), [("zh-hans", "成果代码*"), ("en", "Item code*")])
def test_what_goes_out_comes_in_again_as_the_same(here, cast, capsys, language, head):
    bring(here, "list.csv")
    capsys.readouterr()
    out = here / "out.xlsx"
    export = ["catalogue", "export", "--institution", "svc", "--to", str(out), "--language", language]
    assert main([*export, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"file": str(out), "rows": 3}
    [name, *_others] = (book := python_calamine.CalamineWorkbook.from_path(str(out))).sheet_names
    rows = [[str(cell) for cell in row] for row in book.get_sheet_by_name(name).iter_rows()]
    assert head in rows[0]
    assert {row[0] for row in rows[1:]} == {"modelling", "cert-9", "nameless"}
    assert "数模竞赛；国赛" in rows[[row[0] for row in rows].index("modelling")]
    assert bring(here, "out.xlsx") == 0
    assert "out.xlsx: 0 new, 0 changed, 0 repeated, 0 refused, 3 same." in capsys.readouterr().out


def test_a_document_comes_in_and_one_with_an_unknown_key_is_refused_whole_with_its_path(here, cast, capsys):
    (here / "list.yaml").write_text(DOCUMENT, encoding="utf-8")
    assert bring(here, "list.yaml", "--json") == 0
    assert json.loads(capsys.readouterr().out)["counts"]["new"] == 1
    (here / "wrong.yaml").write_text(DOCUMENT + "  - {code: x, name: 甲, colour: red}\n", encoding="utf-8")
    assert bring(here, "wrong.yaml") == 2
    told = capsys.readouterr().err
    assert "wrong.yaml: items[1].colour: unknown key" in told
    assert "Nothing was imported." in told
    assert drafts(cast) == {"modelling"}


def test_what_is_no_list_is_refused_and_nothing_is_brought_in(here, cast, capsys):
    wrong = {
        "名称\n甲\n": "wanted is at least 成果代码",
        "成果代码,成果名称\n": "a head and no rows",
        "": "There is no file",
    }
    for text, said in wrong.items():
        name = "none.csv" if text else "nowhere.csv"
        (here / "none.csv").write_text(text, encoding="utf-8")
        assert bring(here, name) == 2
        told = capsys.readouterr().err
        assert said in told
        assert "Nothing was imported." in told
    assert drafts(cast) == set()


def test_an_item_in_force_is_found_by_initials_and_by_what_people_call_it(here, bank, cast, capsys):
    publicity(cast.college, 0)
    enacted(bank, cast, MODELLING)
    for words in ("qgdxssxjm", "数模竞赛"):
        assert main(["catalogue", "search", words, "--json"]) == 0
        [found] = json.loads(capsys.readouterr().out)
        assert (found["institution"], found["code"]) == ("svc", "modelling")
    assert main(["catalogue", "search", "nothing like this"]) == 1
    assert "Nothing in the catalogue fits this." in capsys.readouterr().err
