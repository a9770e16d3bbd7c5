"""Transfer agreements that contradict each other among 1.3 million: python -m tests.perf.bench scan."""

from __future__ import annotations

from time import perf_counter, process_time

import numpy as np

from creditbank.domain.rules.ambiguity import Agreement, ambiguous_pairs
from creditbank.exchange.agreements import Agreements, read_agreements
from creditbank.gateways.ambiguity import scan_agreements
from creditbank.gateways.files import open_upload

ROWS = 1_300_000
LIMIT = 1.5
SAMPLE = 130_000


def corpus(rows, seed=13):
    """Columns of agreements: questions of uneven weight, grades, days of some years, few answers for each question."""
    chance = np.random.default_rng(seed)
    question = (chance.pareto(1.5, rows) * rows / 8).astype(np.int64) % (rows // 3)
    low = chance.choice([0, 6000, 6000, 7000, 8500], rows)
    since = chance.integers(736_000, 739_500, rows)
    return [
        question, low, np.where(chance.random(rows) < 0.3, low + 1499, 10_000),
        since, since + chance.integers(200, 1500, rows), question * 8 + (chance.random(rows) < 0.02) * chance.integers(1, 8, rows),
    ]  # fmt: skip


def measure_scan(table, folder):
    """Sort and sweep all of them; beside it the sweep of one question after another, and reading a sheet."""
    columns = corpus(ROWS)
    spent, used, found = [], [], None
    for _ in range(3):
        began, cpu = perf_counter(), process_time()
        found = scan_agreements(columns, most=100)
        spent.append(perf_counter() - began)
        used.append(process_time() - cpu)
    some = [column[:SAMPLE] for column in columns]
    rows = [Agreement(*one) for one in zip(*(column.tolist() for column in some), strict=True)]
    began = perf_counter()
    pairs = sum(1 for _ in ambiguous_pairs(rows))
    slow = perf_counter() - began
    assert scan_agreements(some, most=0).count == pairs
    table.add(
        f"ambiguity scan of {ROWS:,} transfer rules, index built", min(spent), "s", limit=LIMIT, least=False,
        baseline=f"question by question {slow:.2f} s for {SAMPLE:,}", note=f"{found.count:,} pairs; {min(used):.2f} s CPU",
    )  # fmt: skip
    folder.mkdir()
    with (folder / "agreements.csv").open("w", encoding="utf-8") as file:
        file.write("sending,course,receiving,target,min_grade,credit\n")
        file.writelines(
            f"S{q % 97},C{q},R1,T{a},{low / 100:.2f},3\n"
            for q, low, a in zip(*(some[at].tolist() for at in (0, 1, 5)), strict=True)
        )
    began, cpu = perf_counter(), process_time()
    with open_upload(folder / "agreements.csv") as upload:
        read_agreements(Agreements(), upload)
    table.add(
        "rules read from a sheet",
        SAMPLE / (perf_counter() - began),
        "/s",
        note=f"{process_time() - cpu:.2f} s CPU for {SAMPLE:,}",
    )
