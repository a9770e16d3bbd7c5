"""Audit speed and exactness beside a mixed-integer programme: python -m tests.perf.bench_audit [CASES]."""

from __future__ import annotations

import csv
import gc
import os
import sys
from collections import Counter
from pathlib import Path
from time import process_time

from creditbank.domain.audit.compiled import compile_programme
from creditbank.domain.audit.decide import audit, solve_scope
from creditbank.domain.audit.model import Credit
from creditbank.domain.audit.population import population
from creditbank.exchange.programmes import load_packaged_programme
from creditbank.gateways.documents import programme_codes
from creditbank.gateways.solver import solve
from tests.domain.audit.milp import least_shortage
from tests.perf.population import learner, programme

MIXES = {
    "realistic: overlap 10 %, no binding caps": {"overlap": 0.1, "caps": False},
    "overlap 25 %, no binding caps": {"overlap": 0.25, "caps": False},
    "overlap 30 %, binding caps": {"overlap": 0.3, "caps": True},
    "overlap 45 %, binding caps": {"overlap": 0.45, "caps": True},
}

# Invented for the demonstration: the data name neither fields nor levels nor credits of the modules.
FIELDS = {"AAA": "social-sciences", "BBB": "social-sciences", "GGG": "social-sciences"}
LEVELS = {"AAA": 6, "BBB": 5, "CCC": 6, "DDD": 5, "EEE": 5, "FFF": 4, "GGG": 4}


def spread(times):
    times.sort()
    mean = sum(times) / len(times)
    at = [times[int(len(times) * share)] for share in (0.5, 0.9, 0.99)]
    return "  ".join(
        f"{name} {value * 1e3:.3f} ms"
        for name, value in zip(("mean", "p50", "p90", "p99", "max"), (mean, *at, times[-1]), strict=True)
    )


def timed(cases, run):
    gc.collect()
    times = []
    for case in cases:
        begin = process_time()
        run(*case)
        times.append(process_time() - begin)
    return times


def mixes(count):
    for name, shape in MIXES.items():
        asked = [programme(seed, **shape) for seed in range(20)]
        compiled = [compile_programme(item) for item in asked]
        cases = []
        for seed in range(count):
            held = learner(seed)
            # Learners stand anywhere between their first term and their last.
            cases.append((seed % 20, held[: max(1, len(held) * (seed % 10 + 1) // 10)]))

        def allocate(which, held, compiled=compiled):
            return solve_scope(compiled[which], compiled[which].scopes[0], held, solve=solve)

        def stand(which, held, compiled=compiled):
            return next(population(compiled[which], [(0, held)], solve=solve)).standing

        lines = {
            "allocation and proof": allocate,
            "figures and re-check too": stand,
            "whole answer tree": lambda which, held, compiled=compiled: audit(compiled[which], held, solve=solve),
            "MILP (SCIP), the baseline": lambda which, held, asked=asked: least_shortage(asked[which], held),
        }
        proofs = Counter(allocate(*case).found.proof.value for case in cases)
        wrong = sum(stand(*case).shortage != least_shortage(asked[case[0]], case[1]) for case in cases)
        print(f"\n{name}: {count} cases, {wrong} disagreements with MILP, proofs {dict(proofs)}")
        for label, run in lines.items():
            print(f"  {label:26} {spread(timed(cases, run))}")


def real_population():
    folder = os.environ.get("CREDITBANK_TEST_DATA")
    if not folder:
        print("\nreal population: skipped, CREDITBANK_TEST_DATA is not set")
        return
    people = {}
    with (Path(folder) / "oulad" / "studentInfo.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            held = people.setdefault(row["id_student"], [])
            if row["final_result"] in {"Pass", "Distinction"}:
                module = row["code_module"]
                field = FIELDS.get(module, "stem")
                lot = f"{module}-{row['code_presentation']}"
                held.append(Credit(lot, 3000, "module", LEVELS[module], field, module))
    begin = process_time()
    met = {}
    for code in programme_codes():
        compiled = compile_programme(load_packaged_programme(code))
        met[code] = sum(result.standing.met for result in population(compiled, people.items(), solve=solve))
    spent = process_time() - begin
    print(f"\nreal population: {len(people)} learners x {len(met)} programmes in {spent:.2f} s; met {met}")


if __name__ == "__main__":
    real_population()
    mixes(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
