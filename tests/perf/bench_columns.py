"""A changed row over five million outcomes in column files: python -m tests.perf.bench columns."""

from __future__ import annotations

import copy
from time import perf_counter, process_time

import numpy as np

from creditbank.cli.rule_impact import counted
from creditbank.domain.rules.compile import compile_rules
from creditbank.domain.rules.impact import Group, compared
from creditbank.domain.rules.read import read_rule_set
from creditbank.exchange.documents import read_document
from creditbank.gateways.columns import write_columns
from creditbank.gateways.documents import packaged

ROWS = 5_000_000
LIMIT = 0.5


def outcome_columns(rows, seed=11):
    """Values and numbers of each column: facts of the pack of innovation credit, programmes and cohorts."""
    chance = np.random.default_rng(seed)
    values = {
        "kind": ("contest",), "tier": ("school", "provincial", "national"), "award": ("third", "second", "first", "special"),
        "organiser": ("government", "association"), "role": ("lead", "equal", "member"),
        "activity": tuple(f"大赛{n}" for n in range(5000)),
        "programme": tuple(f"P{n}" for n in range(30)), "cohort": tuple(str(2018 + n) for n in range(8)),
    }  # fmt: skip
    return {name: (listed, chance.integers(1, len(listed) + 1, rows)) for name, listed in values.items()}


def measure_columns(table, folder):
    """Write the columns, change one row, and count what changes; beside it each outcome asked by itself."""
    columns = outcome_columns(ROWS)
    write_columns(folder, ROWS, columns)
    document = read_document(packaged("cn-innovation.yaml"), name="cn-innovation")
    before = compile_rules(read_rule_set(document))
    changed = copy.deepcopy(document)
    row = next(row for one in changed["tables"] for row in one["rows"] if row["id"] == "provincial-second")
    row["give"] = row["give"] | {"credit": "5"}
    spent, used, found = [], [], None
    for turn in range(5):
        row["clause"] = {"zh": f"第{turn}次", "en": f"turn {turn}"}  # compiled anew, nothing remembered
        after = compile_rules(read_rule_set(changed))
        began, cpu = perf_counter(), process_time()
        found, _names, _idle = counted(before, after, folder)
        spent.append(perf_counter() - began)
        used.append(process_time() - cpu)
    sample = 20_000
    began = perf_counter()
    gains = 0
    for at in range(sample):
        facts = {
            name: listed[codes[at] - 1]
            for name, (listed, codes) in columns.items()
            if name not in ("programme", "cohort")
        }
        gains += compared(before, after, Group(facts, "", "", 1)).effect != "same"
    beside = f"each by itself {(perf_counter() - began) * ROWS / sample:,.0f} s (from {sample:,})"
    effects = {effect.value: tally.count for effect, tally in found.effects.items()}
    assert abs(sum(n for name, n in effects.items() if name != "same") / ROWS - gains / sample) < 0.02
    table.add(
        f"impact over {ROWS:,} outcomes in columns", min(spent), "s", limit=LIMIT, least=False, baseline=beside,
        note=f"{effects}; {min(used):.2f} s CPU",
    )  # fmt: skip
