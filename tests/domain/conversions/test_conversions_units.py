"""Certification units as a medium of conversion: an item serves by what it carries, whatever course it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from creditbank.domain.conversions.cases import read_conversion_cases, run_conversion_case
from creditbank.domain.conversions.compile import compile_conversions
from creditbank.domain.conversions.evaluate import convert
from creditbank.domain.conversions.lint import lint_conversions
from creditbank.domain.conversions.loops import loops
from creditbank.domain.conversions.read import read_conversion_rules
from creditbank.domain.conversions.words import rules_said
from creditbank.domain.conversions.write import conversion_rules_data
from creditbank.domain.rules.cases import codes_of
from creditbank.domain.rules.model import Ruling
from creditbank.domain.rules.places import UnreadableError
from tests.domain.conversions.small_conversions import around, both, compiled, item, row, rules

CODES = [
    {"name": "course", "type": "code", "label": both("course"), "optional": True},
    {"name": "certificate", "type": "code", "label": both("certificate"), "optional": True},
]
CARRIERS = {"course": "course", "certificate": "certificate"}
TABLE = {("certificate", "x-web"): frozenset({"U1", "U2"}), ("course", "SW1"): frozenset({"U1"})}


def by_units(*rows):
    facts = [*rules()["facts"], *CODES]
    return compiled(*rows, facts=facts, carriers=CARRIERS)


def unit_row(name="r", unit="U1", **changes):
    return row(name, **({"from": [{"unit": unit}]} | changes))


def known():
    return replace(around(), units=TABLE)


def test_whatever_carries_the_unit_serves_and_the_answer_names_it():
    of = by_units(unit_row(unit=["U2", "U9"]))
    served = convert(of, "r", [item(of, "x", 300, certificate="x-web")], known())
    assert served.ruling is Ruling.RECOGNISE
    [used] = [line for line in served.explanation[0].lines[0].lines if line.code == "conversion.used"]
    assert [(line.code, line.facts["unit"]) for line in used.lines] == [("conversion.by_unit", "U2")]
    for other in (item(of, "y", 300, course="SW1"), item(of, "z", 300, course="x-web"), item(of, "n", 300)):
        refused = convert(of, "r", [other], known())
        assert refused.ruling is Ruling.REFUSE
        assert "conversion.needs" in codes_of(refused.explanation)


def test_what_the_table_does_not_say_is_not_carried():
    of = by_units(unit_row())
    held = [item(of, "x", 300, course="SW1")]
    assert convert(of, "r", held, known()).ruling is Ruling.RECOGNISE
    assert convert(of, "r", held, around()).ruling is Ruling.REFUSE


def test_cells_hold_beside_the_unit_and_units_stand_beside_courses():
    either = [{"any": [{"unit": "U1", "when": {"kind": "b"}}, {"when": {"course": "SW9"}}]}]
    of = by_units(row("r", **{"from": either}))

    def ruling(**facts):
        return convert(of, "r", [item(of, "x", 300, **facts)], known()).ruling

    assert ruling(course="SW1", kind="b") is Ruling.RECOGNISE
    assert ruling(course="SW1", kind="a") is Ruling.REFUSE
    assert ruling(course="SW9") is Ruling.RECOGNISE


def test_rules_with_units_are_written_as_what_reads_back_and_said_in_words():
    of = by_units(unit_row(unit=["U2", "U1"]))
    data = conversion_rules_data(of.rules)
    assert data["rules"][0]["from"] == [{"unit": ["U1", "U2"]}]
    assert read_conversion_rules(data) == of.rules
    [said] = rules_said(of.rules).rows
    assert "认证单元 U1、U2" in said.takes[0].zh
    assert "certification unit U1, U2" in said.takes[0].en


def test_units_without_a_carrier_and_an_empty_list_are_refused_with_their_path():
    for data, path in (
        (rules(unit_row()), "carriers"),
        (rules(unit_row(unit=[]), facts=[*rules()["facts"], *CODES], carriers=CARRIERS), "rules[0].from[0].unit"),
    ):
        with pytest.raises(UnreadableError) as refused:
            read_conversion_rules(data)
        assert [problem.path for problem in refused.value.problems] == [path]


def test_rows_of_different_units_are_taken_for_different_items_and_no_circle_is_claimed():
    apart = by_units(unit_row("one"), unit_row("two", unit="U2", grade={"fixed": "90"}))
    assert lint_conversions(apart.rules) == ()
    alike = by_units(unit_row("one"), unit_row("two", grade={"fixed": "90"}))
    assert [one.line.code for one in lint_conversions(alike.rules)] == ["lint.two_answers"]
    assert loops([apart.rules], known().courses) == ()


def test_cases_say_what_the_table_of_units_says():
    of = by_units(unit_row())
    case = {
        "id": "carried",
        "on": "2026-09-10",
        "row": "r",
        "items": [{"id": "x", "facts": {"kind": "a", "certificate": "x-web"}, "credit": "3"}],
        "courses": [{"code": "C3", "credit": "3"}],
        "units": [{"unit": "U1", "kind": "certificate", "code": "x-web"}],
        "expect": {"ruling": "recognise", "codes": ["conversion.by_unit"]},
    }
    document = {"schema": "creditbank.conversion_cases/1", "rules": "small", "cases": [case]}
    [read] = read_conversion_cases(document, of.rules)
    assert run_conversion_case(compile_conversions(of.rules), read).differences == ()
    case["units"][0]["kind"] = "licence"
    with pytest.raises(UnreadableError) as refused:
        read_conversion_cases(document, of.rules)
    assert [problem.path for problem in refused.value.problems] == ["cases[0].units[0].kind"]
