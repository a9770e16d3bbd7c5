"""Says which transfer agreements of sheets answer one question differently."""

from __future__ import annotations

import json
import sys
from datetime import date
from typing import TYPE_CHECKING, Any

from creditbank.cli.shown import fact_said
from creditbank.domain.values import format_credit
from creditbank.exchange import agreements, encoding, sheets, workbooks
from creditbank.exchange.agreements import Agreements, find_ambiguous, read_agreements
from creditbank.gateways.files import open_upload

if TYPE_CHECKING:
    from collections.abc import Sequence

CLEAR, AMBIGUOUS = 0, 1
_MESSAGES = {**workbooks.MESSAGES, **encoding.MESSAGES, **sheets.MESSAGES, **agreements.MESSAGES}


def scan(files: Sequence[str], *, most: int, as_json: bool) -> int:
    """Exit status 0: no two rows differ and all could be read; 1: not so."""
    of = Agreements()
    for file in files:
        with open_upload(file) as upload:
            read_agreements(of, upload)
    found = find_ambiguous(of, most=max(most, 0))
    names = list(of.questions)
    targets = list(of.answers)
    pairs = [_pair(of, names, targets, *pair) for pair in found.pairs]
    problems = [
        {"file": file, "row": one.line, "column": one.column, "problem": _sentence(one)} for file, one in of.problems
    ]
    unfinished = [dict(zip(_QUESTION, names[number], strict=True)) for number in found.unfinished[:most]]
    if as_json:
        told = {
            "rules": len(of), "questions": len(names), "ambiguous_pairs": found.count, "pairs": pairs,
            "refused_rows": of.refused, "problems": problems,
            "not_compared_completely": len(found.unfinished), "unfinished": unfinished,
        }  # fmt: skip
        print(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        for one in pairs:
            asked = ", ".join(one["question"].values())
            print(f"{asked}: {_said(one['first'])} / {_said(one['second'])}; both from {_range(one['both'])}")
        for problem in problems:
            print(
                f"{problem['file']}, row {problem['row']}, {problem['column']}: {problem['problem']}", file=sys.stderr
            )
        for question in unfinished:
            print(f"{', '.join(question.values())}: too many rows to compare each with each", file=sys.stderr)
        print(
            f"{len(of):,} rules, {len(names):,} questions, {found.count:,} pairs answer differently,"
            f" {of.refused:,} rows could not be read"
        )
    return AMBIGUOUS if found.count or of.refused or found.unfinished else CLEAR


_QUESTION = ("sending", "course", "receiving")


def _pair(of: Agreements, names: Sequence[Any], targets: Sequence[Any], one: int, other: int) -> dict[str, Any]:
    first, second = of.at(one), of.at(other)
    sides = {}
    for side, row, read in (("first", one, first), ("second", other, second)):
        file, line = of.place(row)
        target, amount = targets[read.answer]
        credit = {"credit": format_credit(int(amount))} if amount else {}
        sides[side] = {"file": file, "row": line, "target": target, **credit}
    low, high = max(first.low, second.low), min(first.high, second.high)
    since, until = max(first.since, second.since), min(first.until, second.until)
    both = {
        "min_grade": format_credit(low) if low else None,
        "max_grade": format_credit(high) if high < agreements.HIGHEST else None,
        "from": date.fromordinal(since).isoformat() if since > 1 else None,
        "until": date.fromordinal(until).isoformat() if until < date.max.toordinal() else None,
    }
    return {"question": dict(zip(_QUESTION, names[first.question], strict=True)), **sides, "both": both}


def _said(side: dict[str, Any]) -> str:
    amount = f" {side['credit']}" if "credit" in side else ""
    return f"{side['target']}{amount} ({side['file']}, row {side['row']})"


def _range(both: dict[str, Any]) -> str:
    grades = f"grade {both['min_grade'] or 'any'} to {both['max_grade'] or 'any'}"
    return f"{grades}, {both['from'] or 'any day'} to {both['until'] or 'any day'}"


def _sentence(problem: sheets.RowProblem) -> str:
    return _MESSAGES[problem.code].format(**{name: fact_said(fact) for name, fact in problem.facts.items()})
