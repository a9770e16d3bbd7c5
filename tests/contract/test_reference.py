"""The reference documentation says what the code says."""

from __future__ import annotations

import re

import pytest

from creditbank.cli import main, reference
from creditbank.config.settings import SETTINGS
from creditbank.domain.access import PERMISSIONS
from creditbank.domain.appeals import life, objection
from creditbank.domain.conversions.application import STEPS as APPLICATION_STEPS
from creditbank.domain.recognition import STEPS
from creditbank.domain.rule_life.states import STEPS as RULE_STEPS
from creditbank.domain.rule_life.states import State
from creditbank.records.tables import TABLES


@pytest.fixture(scope="module")
def made():
    return reference.pages()


def test_the_reference_is_current(made):
    stale = [name for name, text in made.items() if (reference.FOLDER / name).read_text(encoding="utf-8") != text]
    assert stale == [], "run: make docs"
    assert {path.name for path in reference.FOLDER.glob("*.md")} == made.keys()


def test_a_page_that_is_not_current_is_told(made, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(reference, "FOLDER", tmp_path / "reference")
    assert main.main(["reference", "--check"]) == 1
    assert main.main(["reference", "--write"]) == 0
    assert main.main(["reference", "--check"]) == 0
    (tmp_path / "reference" / "tables.md").write_text("old", encoding="utf-8")
    capsys.readouterr()
    assert main.main(["reference", "--check"]) == 1
    assert re.search(r"tables.md\s+stale", capsys.readouterr().out)
    (tmp_path / "reference" / "tables.md").write_text(made["tables.md"], encoding="utf-8")
    (tmp_path / "reference" / "more.md").write_text("nobody makes this", encoding="utf-8")
    assert main.main(["reference", "--check"]) == 1


def test_nothing_is_left_out(made):
    assert [one.name for one in SETTINGS if f"`{one.name}`" not in made["settings.md"]] == []
    assert [name for name in main.commands() if f"## creditbank {name}\n" not in made["commands.md"]] == []
    assert [rule.name for rule in PERMISSIONS if f"`{rule.name}`" not in made["permissions.md"]] == []
    assert [table.name for table in TABLES if f"`{table.name}`" not in made["tables.md"]] == []
    arrows = re.findall(r"^    (\w+) --> (\w+): (\w+)$", made["states.md"], re.MULTILINE)
    lives = (*STEPS.values(), *APPLICATION_STEPS.values(), *life.STEPS.values(), *objection.STEPS.values())
    claims = sum(len(step.origins) for step in lives)
    rules = {(origin, step.target) for step in RULE_STEPS.values() for origin in step.origins if step.target}
    assert len(arrows) == claims + sum(
        len(step.origins - {step.target}) for step in RULE_STEPS.values() if step.target is not None
    )
    assert rules - {(one, one) for one in State} <= {(origin, target) for origin, target, _act in arrows}


def test_every_sentence_is_there_in_both_languages(made):
    rows = [line for line in made["errors.md"].splitlines() if re.match(r"\| [`\d]", line)]
    assert len(rows) > 100
    assert [row for row in rows if row.rstrip().endswith("|  |")] == []
