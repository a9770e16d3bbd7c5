"""`creditbank audit` answers from files alone."""

from __future__ import annotations

import json

import pytest

from creditbank.cli.main import main

RECORD = """\
schema: creditbank.record/1
learner: L1
on: 2025-09-01
credits:
  - {id: a, amount: 30, field: stem, level: 4, code: CCC-1, earned_on: 2024-01-31}
  - {id: b, amount: 30, field: social-sciences, level: 5, code: AAA-1, earned_on: 2024-06-30}
"""


@pytest.fixture
def record(tmp_path):
    path = tmp_path / "record.yaml"
    path.write_text(RECORD, encoding="utf-8")
    return str(path)


def test_a_met_programme_ends_with_status_0(record, capsys):
    assert main(["audit", "demo-award-60", record]) == 0
    assert "every requirement is met" in capsys.readouterr().out


def test_an_unmet_programme_ends_with_status_1_and_says_what_would_help(record, capsys):
    assert main(["audit", "demo-certificate-120", record]) == 1
    said = capsys.readouterr().out
    assert "60.0 credits are missing" in said
    assert "30.0 more credits that count towards “Social sciences” would close this gap." in said


def test_json_carries_the_answer_and_its_explanation(record, capsys):
    assert main(["audit", "demo-award-60", record, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["schema"] == "creditbank.audit/1"
    assert data["allocation"] == [
        {"credit": "a", "requirement": "award-60"},
        {"credit": "b", "requirement": "award-60"},
    ]
    assert data["explanation"][0]["code"] == "audit.met"


def test_what_cannot_be_read_ends_with_status_2_and_names_the_place(record, tmp_path, capsys):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(RECORD.replace("amount: 30, field: stem", "amount: many, field: stem"), encoding="utf-8")
    assert main(["audit", "demo-award-60", str(wrong)]) == 2
    assert "line 5" in (said := capsys.readouterr().err)
    assert "credits[0].amount" in said
    assert main(["audit", "no-such", record]) == 2
    assert "demo-award-60" in capsys.readouterr().err
    assert main(["audit", "demo-award-60", str(tmp_path / "none.yaml")]) == 2
