"""The command that prepares, publishes, shows and acknowledges editions."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import timedelta

import pytest

from creditbank.cli.main import main
from creditbank.gateways import clock
from tests.services.editions import published
from tests.services.masterdata_rows import bring

TABLE = """\
schema: creditbank.codes/1
table: course_nature
edition: 2027-1
source: 教〔2027〕1号
effective_on: {day}
codes:
  - {{code: compulsory, name: 必修, name_en: Compulsory, aliases: [必修课, 必修课程]}}
  - {{code: elective, name: 选修}}
  - {{code: craft, name: 工匠, parent: elective, locked: true}}
"""


@pytest.fixture
def here(bank, cast, monkeypatch, tmp_path):
    """A bank opened as a command opens it, without a lease of its own."""
    from creditbank.cli import data, edition

    @contextmanager
    def opened(*_arguments, **_options):
        yield bank

    monkeypatch.setattr(edition, "opened", opened)
    monkeypatch.setattr(data, "opened", opened)
    return tmp_path


def run(place, *words):
    return main(["edition", *map(str, words), "--institution", place])


def answer(capsys, place, *words):
    assert run(place, *words, "--json") == 0
    return json.loads(capsys.readouterr().out)


def tomorrow():
    return clock.today("Asia/Shanghai") + timedelta(days=1)


def test_the_whole_way_of_an_edition_of_the_courses(here, bank, cast, capsys):
    bring(bank, cast.centre, "courses", [{"code": "PUB1", "name": "x", "credit": "3", "locked": "是"}], "2026-09-01")
    bring(bank, cast.college, "courses", [{"code": "PUB1", "name": "x", "credit": "4"}], "2026-09-01")
    made = answer(capsys, "centre", "prepare", "courses", "--label", "2027-1", "--effective-on", tomorrow())
    edition = made["edition"]
    assert answer(capsys, "svc", "list") == []
    assert answer(capsys, "centre", "publish", edition) == {"edition": edition, "done": "publish"}
    shown = answer(capsys, "svc", "show", edition)
    assert (shown["new"], shown["collide"], shown["too_wide"]) == (["PUB1"], ["PUB1"], [])
    answer(capsys, "svc", "acknowledge", edition)
    told = {one["code"]: one for one in answer(capsys, "centre", "show", edition)["adoption"]}
    assert told["svc"] == {"code": "svc", "seen": True, "acknowledged": True, "conflicts": 1}
    assert told["dou"]["seen"] is False
    assert run("centre", "publish", edition) == 1
    assert "published before" in capsys.readouterr().err
    answer(capsys, "centre", "withdraw", edition)
    assert [one["state"] for one in answer(capsys, "svc", "list")] == ["withdrawn"]


def test_a_code_table_comes_from_a_document_and_goes_out_as_a_sheet_that_reads_back(here, cast, capsys):
    file = here / "nature.yaml"
    file.write_text(TABLE.format(day=tomorrow()), encoding="utf-8")
    edition = answer(capsys, "centre", "prepare", "codes.course_nature", file)["edition"]
    answer(capsys, "centre", "publish", edition)
    before = answer(capsys, "svc", "codes", "course_nature")
    after = answer(capsys, "svc", "codes", "course_nature", "--on", tomorrow())
    assert (before["edition"], after["edition"]) == ("2026-1", "2027-1")
    assert [one["code"] for one in after["codes"] if not one["retired"]] == ["compulsory", "elective", "craft"]
    sheet = here / "nature.xlsx"
    assert answer(capsys, "svc", "codes", "course_nature", "--on", tomorrow(), "--to", sheet)["rows"] == 6
    day = tomorrow() + timedelta(days=1)
    again = answer(capsys, "centre", "prepare", "codes.course_nature", sheet, "--label", "x", "--effective-on", day)
    shown = answer(capsys, "centre", "show", again["edition"])
    assert (shown["new"], shown["changed"], shown["retired"]) == ([], [], [])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("codes:\n  - {code: a, name: b, colour: red}\n", "/codes/0/colour"),
        ("codes:\n  - {code: a}\n", "required"),
        ("codes:\n  - {code: a, name: b, parent: z}\n", "code above"),
        ("codes:\n  - {code: a, name: b}\n  - {code: a, name: c}\n", "something else"),
        ("codes: none\n", "/codes"),
        ("more: 1\ncodes: []\n", "/more"),
        ("effective_on: soon\ncodes: []\n", "/effective_on"),
    ],
)
def test_a_wrong_document_is_refused_with_the_place(here, cast, capsys, wrong, said):
    file = here / "nature.yaml"
    file.write_text(f"schema: creditbank.codes/1\ntable: course_nature\nedition: x\n{wrong}", encoding="utf-8")
    assert run("centre", "prepare", "codes.course_nature", file, "--effective-on", tomorrow()) == 2
    assert said in capsys.readouterr().err


def test_a_document_of_another_table_is_refused(here, cast, capsys):
    file = here / "sex.yaml"
    file.write_text("schema: creditbank.codes/1\ntable: sex\ncodes: []\n", encoding="utf-8")
    assert run("centre", "prepare", "codes.course_nature", file, "--effective-on", tomorrow()) == 2
    assert "course_nature" in capsys.readouterr().err


def test_the_import_command_names_the_centre_the_row_and_the_field_of_a_lock(here, cast, capsys):
    published(
        cast.centre,
        "courses",
        [{"code": "PUB1", "name": "x", "credit": 300, "locked": True}],
        clock.today("Asia/Shanghai"),
    )
    file = here / "courses.csv"
    file.write_text("课程代码,学分\nPUB1,2\nSW1,4\n", encoding="utf-8")
    assert main(["data", "import", "courses", str(file), "--institution", "svc"]) == 1
    said = capsys.readouterr().out
    assert "B2" in said
    assert all(word in said for word in ("PUB1", "Centre", "Credit stays 3"))


def test_the_reminders_can_be_left_by_hand(here, bank, cast, capsys):
    bring(bank, cast.college, "courses", [{"code": "SW1", "name": "x"}], "2026-01-01")
    for expected in (1, 0):
        assert main(["data", "remind", "--institution", "svc", "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == {"new": expected}
