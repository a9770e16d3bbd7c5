"""Runs every golden case: those beside the packs and those in this folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from creditbank.domain.rules.cases import Case, run_case
from creditbank.domain.rules.compile import compile_rules
from creditbank.exchange.rules import load_cases, load_pack, load_pack_cases, load_rule_set
from creditbank.gateways.documents import pack_codes

if TYPE_CHECKING:
    from creditbank.domain.rules.model import RuleSet

HERE = Path(__file__).parent


def _all() -> list[tuple[RuleSet, Case]]:
    found = [(load_pack(code), case) for code in pack_codes() for case in load_pack_cases(code).cases]
    for file in sorted(HERE.glob("*.cases.yaml")):
        rules_file = HERE / file.name.replace(".cases.yaml", ".yaml")
        rules = load_rule_set(rules_file.read_bytes(), name=rules_file.name)
        found += [(rules, case) for case in load_cases(file.read_bytes(), rules, name=file.name).cases]
    return found


@pytest.mark.parametrize(("rules", "case"), [pytest.param(r, c, id=f"{r.code}-{c.id}") for r, c in _all()])
def test_a_golden_case_is_green(rules: RuleSet, case: Case) -> None:
    assert run_case(compile_rules(rules), case).differences == ()


def test_every_pack_has_cases_for_every_row() -> None:
    for code in pack_codes():
        rules = load_pack(code)
        used = {case.expected.row for case in load_pack_cases(code).cases if case.expected}
        assert {row.id for table in rules.tables for row in table.rows} <= used, code


def test_a_case_turns_red_when_its_row_changes() -> None:
    text = (HERE / "first-hit.yaml").read_text().replace('credit: "0.5"', 'credit: "2"')
    rules = load_rule_set(text.encode(), name="changed.yaml")
    cases = load_cases((HERE / "first-hit.cases.yaml").read_bytes(), rules, name="cases").cases
    red = {
        result.case.id: result.differences
        for case in cases
        if (result := run_case(compile_rules(rules), case)).differences
    }
    assert [(d.what, d.expected, d.found) for d in red["several-rows-fit"]] == [("credit", "0.5", "2.0")]
    assert set(red) == {"several-rows-fit"}
