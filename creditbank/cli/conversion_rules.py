"""Tests and lints conversion rules for ``creditbank rules``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from creditbank.cli.shown import said
from creditbank.domain.conversions import lint, loops, trace
from creditbank.domain.conversions.cases import run_conversion_case
from creditbank.domain.conversions.compile import compile_conversions
from creditbank.domain.conversions.evaluate import possibilities
from creditbank.domain.explanation import Verdict, to_data
from creditbank.domain.rule_documents import lint_rules as check_rules
from creditbank.domain.rules import trace as rules_trace
from creditbank.domain.values import format_credit
from creditbank.exchange.rules import load_conversion_cases

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from creditbank.domain.conversions.cases import CaseResult
    from creditbank.domain.conversions.model import ConversionRules, Course, Possibility

GREEN, RED = 0, 1
_MESSAGES = {**rules_trace.MESSAGES, **trace.MESSAGES, **lint.MESSAGES, **loops.MESSAGES}
_HEADS = {Verdict.NO: "wrong", Verdict.ASK: "look", Verdict.NOTE: "note"}


def evaluate(rules: ConversionRules, data: bytes, *, name: str, as_json: bool) -> int:
    """Print what the items of each case could become by every row, and why not."""
    compiled = compile_conversions(rules)
    cases = load_conversion_cases(data, rules, name=name)
    answers = [(case.id, possibilities(compiled, case.items, case.around)) for case in cases]
    if as_json:
        said_of = [{"id": case, "possibilities": [_data(one) for one in found]} for case, found in answers]
        _print_json({"rules": {"code": rules.code, "hash": compiled.hash, "unit": rules.unit}, "cases": said_of})
        return GREEN
    for case, found in answers:
        print(case)
        for one in found:
            print(f"  {one.row}")
            print("\n".join(said(one.explanation, _MESSAGES, 2)))
    return GREEN


def test(rules: ConversionRules, data: bytes, *, name: str, as_json: bool) -> int:
    """Run golden cases, and say what is wrong with the rules themselves."""
    compiled = compile_conversions(rules)
    results = [run_conversion_case(compiled, case) for case in load_conversion_cases(data, rules, name=name)]
    red = [result for result in results if result.differences]
    found = [finding.line for finding in check_rules(rules) if finding.line.verdict is Verdict.NO]
    if as_json:
        _print_json(
            {
                "rules": {"code": rules.code, "hash": compiled.hash},
                "cases": len(results),
                "red": [_result_data(result) for result in red],
                "wrong": to_data(tuple(found)),
            }
        )
        return RED if red or found else GREEN
    for result in red:
        print(f"{result.case.id} is red{f': {result.case.name}' if result.case.name else ''}")
        for difference in result.differences:
            print(f"  {difference.what}: expected {difference.expected}, found {difference.found or 'nothing'}")
        if result.answer is not None:
            print("\n".join(said(result.answer.explanation, _MESSAGES, 2)))
    if found:
        print("\n".join(said(found, _MESSAGES)))
    print(f"{rules.code} {compiled.hash[:12]}: {len(results)} cases, {len(red)} red, {len(found)} wrong")
    return RED if red or found else GREEN


def lint_rules(
    together: Sequence[ConversionRules],
    library: Mapping[str, Course] | None,
    carriers: loops.Carriers,
    *,
    as_json: bool,
    strict: bool,
) -> int:
    """Print what is wrong with conversion rules, each by itself, and the circles through all of them together."""
    circles = tuple(loops.finding(loop) for loop in loops.loops(together, library or {}, carriers))
    by_rules = [(rules, lint.lint_conversions(rules, library)) for rules in together]
    found = (*(one for _rules, mine in by_rules for one in mine), *circles)
    heads = [{"code": rules.code, "hash": compile_conversions(rules).hash} for rules in together]
    if as_json:
        listed = [
            {**to_data((one.line,))[0], "places": list(one.places), **({"rules": of} if len(together) > 1 else {})}
            for of, mine in (*((rules.code, mine) for rules, mine in by_rules), ("", circles))
            for one in mine
        ]
        _print_json({"rules": heads if len(together) > 1 else heads[0], "findings": listed})
    else:
        for rules, mine in by_rules:
            of = f"{rules.code} " if len(together) > 1 else ""
            for one in mine:
                print(f"{_HEADS[one.line.verdict]:<6}{of}{one.places[0]}: {said([one.line], _MESSAGES)[0]}")
        for one in circles:
            print(f"{_HEADS[one.line.verdict]:<6}{one.places[0]}: {said([one.line], _MESSAGES)[0]}")
        counts = [sum(one.line.verdict is verdict for one in found) for verdict in _HEADS]
        told = ", ".join(f"{head['code']} {head['hash'][:12]}" for head in heads)
        print(f"{told}: {counts[0]} wrong, {counts[1]} to look at, {counts[2]} notes")
    grave = {Verdict.NO, Verdict.ASK} if strict else {Verdict.NO}
    return RED if any(one.line.verdict in grave for one in found) else GREEN


def _print_json(data: Any) -> None:
    print(json.dumps(data, ensure_ascii=False, indent=2))


def _data(one: Possibility) -> dict[str, Any]:
    return {
        "row": one.row,
        "ruling": one.ruling.value,
        "targets": [str(target) for target in one.targets],
        "uses": {use.item: format_credit(use.credit) for use in one.uses},
        "makes": {str(made.target): format_credit(made.credit) for made in one.made},
        "grade": one.grade,
        "surplus": format_credit(one.surplus),
        "explanation": to_data(one.explanation),
    }


def _result_data(result: CaseResult) -> dict[str, Any]:
    differences = [{"what": d.what, "expected": d.expected, "found": d.found} for d in result.differences]
    answer = _data(result.answer) if result.answer is not None else {}
    return {"id": result.case.id, "differences": differences, **answer}
