"""How quickly rules decide, beside an independent engine that re-runs the same exported table."""

from __future__ import annotations

import json
import random
import time
from datetime import date

from creditbank.domain.rules.compile import compile_rules
from creditbank.domain.rules.decision import Context, Outcome
from creditbank.domain.rules.evaluate import evaluate, evaluate_untraced
from creditbank.domain.rules.facts import read_outcome
from creditbank.domain.rules.read import read_rule_set
from creditbank.exchange.jdm import rule_set_jdm, table_path
from creditbank.exchange.rules import load_pack, load_pack_cases

KINDS, GRADES = 10, 10


def hundred_rows():
    """A table of 100 rows over two scales, of which exactly one fits each outcome."""

    def both(text):
        return {"zh": text, "en": text}

    def scale(name, count):
        values = [{"code": f"{name}{at}", **both(f"{name}{at}")} for at in range(count)]
        return {"name": name, "type": "enum", "label": both(name), "values": values}

    rows = [
        {
            "id": f"r{kind}-{grade}",
            "when": {"kind": f"kind{kind}", "grade": f"grade{grade}", "score": {"from": 60}},
            "give": {"credit": f"{1 + (kind * GRADES + grade) % 9}", "category": "main"},
            "clause": both(f"clause {kind} {grade}"),
        }
        for kind in range(KINDS)
        for grade in range(GRADES)
    ]
    return read_rule_set(
        {
            "schema": "creditbank.rules/1", "code": "hundred", "kind": "recognition", "name": both("hundred"),
            "source": both("invented for the bench"), "unit": "credit",
            "rounding": {"step": "0.5", "mode": "down", "place": "end"},
            "categories": [{"code": "main", **both("main")}],
            "facts": [
                scale("kind", KINDS), scale("grade", GRADES),
                {"name": "score", "type": "integer", "label": both("score"), "range": {"from": 0, "to": 100}},
            ],
            "tables": [{"code": "main", "columns": ["kind", "grade", "score"], "hit": "first", "on_gap": "refuse", "rows": rows}],
        }
    )  # fmt: skip


def best_of(times, run):
    """The shortest of several runs, in seconds."""
    spent = []
    for _ in range(times):
        begun = time.perf_counter()
        run()
        spent.append(time.perf_counter() - begun)
    return min(spent)


def measure(table):
    """Six outcomes with their reasons, and 10,000 outcomes of a table of 100 rows in two engines."""
    compiled = compile_rules(load_pack("cn-innovation"))
    cases = [case for case in load_pack_cases("cn-innovation").cases if case.expected and case.expected.ruling]
    six = [
        (outcome, case.context)
        for case in cases[:6]
        if isinstance(outcome := read_outcome(compiled.rules, case.facts), Outcome)
    ]

    def traced():
        for _ in range(1_000):
            for outcome, context in six:
                evaluate(compiled, outcome, context)

    table.add(
        "six outcomes with trace",
        best_of(5, traced) / 1_000 * 1e6,
        "us",
        limit=50,
        least=False,
        note=f"{len(six)} of a pack",
    )

    rules = hundred_rows()
    chance = random.Random(7)
    given = [
        {
            "kind": f"kind{chance.randrange(KINDS)}",
            "grade": f"grade{chance.randrange(GRADES)}",
            "score": chance.randrange(101),
        }
        for _ in range(10_000)
    ]
    hundred = compile_rules(rules)
    outcomes = [read_outcome(rules, one) for one in given]
    answers = []

    def ours():
        answers[:] = [evaluate_untraced(hundred, outcome) for outcome in outcomes]

    spent = best_of(5, ours)
    theirs = _other_engine(rules, given, [answer.row for answer in answers])
    beside = f"zen-engine, compiled content: {len(given) / theirs:,.0f}/s" if theirs else "zen-engine is not installed"
    table.add("a table of 100 rows, untraced", len(given) / spent, "/s", limit=1_000_000, least=True, baseline=beside)
    if theirs:
        table.add(
            "as many times the other engine",
            theirs / spent,
            "x",
            limit=7,
            least=True,
            note="equal answers on 10,000 inputs",
        )
    assert evaluate(hundred, outcomes[0], Context(date(2026, 1, 1))).row == answers[0].row


def _other_engine(rules, given, rows):
    """Seconds of the other engine for the same outcomes, after its answers were compared."""
    try:
        import zen
    except ImportError:
        return None
    content = zen.ZenDecisionContent(json.dumps(rule_set_jdm(rules).document))
    engine = zen.ZenEngine({"loader": lambda _key: content})
    asked = [{"facts": one} for one in given]
    path = table_path(rules.tables[0])
    found = []

    def run():
        found[:] = [engine.evaluate("hundred", one) for one in asked]

    spent = best_of(3, run)
    said = [((one["result"].get("tables") or {}).get(path) or {}).get("row") for one in found]
    assert said == rows
    return spent
