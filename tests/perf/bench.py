"""Measure the bank, each figure beside its baseline in one run: python -m tests.perf.bench [NAME ...]."""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

HOME = Path(tempfile.mkdtemp(prefix="cb-bench-", dir="/tmp"))
HOME.chmod(0o755)
os.environ["CREDITBANK_HOME"] = str(HOME / "bank")
os.environ["DJANGO_SETTINGS_MODULE"] = "creditbank.config.settings"

from creditbank.gateways import bank as banks  # noqa: E402 - the bank's place is set first
from creditbank.gateways import clock, database, keys  # noqa: E402 - the same

BANK = banks.locate()


class Table:
    """Figures as they come, printed as one table at the end."""

    def __init__(self):
        self.rows = []

    def add(self, name, value, unit, *, limit=None, least=True, baseline="", note=""):
        ok = None if limit is None else (value >= limit if least else value <= limit)
        self.rows.append((name, value, unit, limit, least, baseline, note, ok))
        print(f"  {name}: {value:,.4g} {unit}", file=sys.stderr, flush=True)

    def show(self, *, as_json):
        if as_json:
            names = ("name", "value", "unit", "limit", "at_least", "baseline", "note", "ok")
            print(json.dumps([dict(zip(names, row, strict=True)) for row in self.rows], indent=2))
            return
        print(f"\n{'what':<52}{'figure':>12}  {'unit':<12}{'target':<12}{'beside':<40}")
        for name, value, unit, limit, least, baseline, note, ok in self.rows:
            target = "" if limit is None else f"{'>=' if least else '<='} {limit:,g}"
            mark = {None: " ", True: "✓", False: "✗"}[ok]
            print(f"{mark} {name:<50}{value:>12,.4g}  {unit:<12}{target:<12}{baseline} {note}")


@contextmanager
def timed():
    spent = []
    start = clock.monotonic()
    yield spent
    spent.append(clock.monotonic() - start)


def deposits(count, tag):
    from creditbank.domain.ledger import Deposit

    return [
        Deposit(
            learner_id=clock.new_id(), key=f"{tag}{index}", amount=300, outcome_type="course",
            title="Python 程序设计", category="course", earned_on=date(2026, 1, 20), effective_on=date(2026, 1, 20),
        )
        for index in range(count)
    ]  # fmt: skip


def post(institution, items):
    from creditbank.records.scope import acting_for
    from creditbank.services.ledger.post import post_deposits

    with acting_for(institution=institution, purpose="bench") as scope:
        return post_deposits(scope=scope, deposits=items, reason="bench.row", actor=institution, at=clock.now())


def bench_batches(table, institution):
    """Batched deposits with all checks beside the same rows through the ORM, in turns."""
    from creditbank.records.scope import acting_for
    from tests.perf.orm_rows import deposit_by_rows, prepare

    def by_rows(items):
        for item in items:
            with acting_for(institution=institution, purpose="bench"):
                deposit_by_rows(
                    institution=institution, deposit=item, lot_id=clock.new_id(), posting_id=clock.new_id(),
                    salt=clock.new_salt(), commitment=clock.new_salt(), request_hash=clock.new_salt(),
                    actor=institution, at=clock.now(),
                )  # fmt: skip

    prepare("creditbank_app")
    post(institution, deposits(1000, "warm"))
    by_rows(deposits(20, "warm-row"))
    batched, rows = [], []
    for turn in range(5):
        work = [deposits(1000, f"b{turn}.{part}.") for part in range(4)]
        with timed() as spent:
            for items in work:
                post(institution, items)
        batched.append(4000 / spent[0])
        items = deposits(100, f"r{turn}.")
        with timed() as spent:
            by_rows(items)
        rows.append(100 / spent[0])
    fast, slow = statistics.median(batched), statistics.median(rows)
    table.add("batched deposits", fast, "/s", limit=10_000, baseline=f"ORM row by row {slow:,.0f}/s")
    table.add("batched deposits / ORM row by row", fast / slow, "x", limit=25)


def bench_single(table, institution):
    """A single posting beside a plain durable INSERT through the same driver, interleaved."""
    import psycopg
    from django.db import connections

    from creditbank.gateways.postgres import run
    from creditbank.records.scope import begin
    from creditbank.services.ledger import post as service

    with connections["owner"].cursor() as cursor:
        cursor.execute("CREATE TABLE plain (id uuid PRIMARY KEY, learner_id uuid, amount int, title text)")
        cursor.execute("GRANT INSERT ON plain TO creditbank_app")
    raw = connections["default"].connection
    plain_cursor = psycopg.Cursor(raw)

    def plain():
        with raw.transaction():
            values = [clock.new_id(), institution, 300, "Python"]
            plain_cursor.execute("INSERT INTO plain VALUES (%s, %s, %s, %s)", values, prepare=True)

    # The ledger call alone: the one statement with its commit; the service call: hashing and scope too.
    captured = {}
    original = service._run
    service._run = lambda scope, sql, values: captured.update(sql=sql, values=values) or original(scope, sql, values)
    post(institution, deposits(1, "one"))
    service._run = original

    def ledger():
        values = captured["values"] | {name: clock.new_id() for name in ("learner_id", "lot_id", "posting_id")}
        begin(connections["default"], ("", str(institution), "bench"))
        run(connections["default"], captured["sql"], values)
        raw.commit()

    for _ in range(20):
        plain(), ledger()
    times = {"plain": [], "ledger": [], "service": []}
    singles = deposits(300, "single")
    for index in range(300):
        for name, act in (
            ("plain", plain),
            ("ledger", ledger),
            ("service", lambda item=singles[index]: post(institution, [item])),
        ):
            with timed() as spent:
                act()
            times[name].append(spent[0])
    plain_ms, ledger_ms, service_ms = (statistics.median(times[name]) * 1000 for name in ("plain", "ledger", "service"))
    beside = f"plain INSERT {plain_ms:.2f} ms"
    table.add("plain INSERT / ledger call", plain_ms / ledger_ms, "ratio", limit=0.4, baseline=beside)
    table.add(
        "plain INSERT / whole service call",
        plain_ms / service_ms,
        "ratio",
        baseline=beside,
        note=f"{service_ms:.2f} ms",
    )


def bench_import(table, _institution):
    """All of the public data set through the command, as a user runs it."""
    folder = os.environ.get("CREDITBANK_TEST_DATA")
    if not folder:
        print("  import: skipped, CREDITBANK_TEST_DATA is not set", file=sys.stderr)
        return
    sheet = Path(folder) / "oulad" / "studentInfo.csv"
    command = [sys.executable, "-m", "creditbank.cli.main", "import", "results", str(sheet)]
    command += ["--mapping", "oulad", "--institution", "bench", "--json"]
    with timed() as spent:
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    rows = json.loads(done.stdout)["rows_total"]
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    table.add(
        "import of the public data set, whole command", spent[0], "s", limit=25, least=False, note=f"{rows:,} rows"
    )
    table.add("import rows", rows / spent[0], "/s")
    table.add("import, peak memory of the command", memory, "MB", limit=400, least=False)
    with timed() as spent:
        subprocess.run(command, check=True, capture_output=True)
    table.add("second import of the same, posts nothing", spent[0], "s")


def bench_lists(table, institution):
    """An official list of 5,000 rows in a school of 4,000: read, matched, verified, proposed."""
    import io

    from creditbank.exchange.documents import read_document
    from creditbank.exchange.official_lists import packaged_kind, read_list
    from creditbank.gateways.documents import packaged
    from creditbank.gateways.files import open_upload
    from creditbank.gateways.identities import Identities
    from creditbank.records.catalogue import OutcomeType
    from creditbank.records.scope import acting_for
    from creditbank.services.official_lists.imports import About, Brought, apply_list
    from creditbank.services.rules import publish_rule_version
    from tests.services.list_population import claim_many, enrol_many, list_workbook

    with acting_for(institution=institution, purpose="bench") as scope:
        document = read_document(packaged("cn-innovation.yaml"), name="cn-innovation")
        publish_rule_version(
            scope=scope, document=document, effective_from=date(2010, 1, 1), actor=institution, at=clock.now()
        )
        scope.rows(OutcomeType).create(
            id=clock.new_id(), institution_id=institution, code="innovation", name="创新", rule_set_code="cn-innovation"
        )
    enrol_many(BANK, institution, 4000)
    claim_many(institution, 1000)
    content = list_workbook(5000, 4000)
    about = About("示范证书名单", "", date(2026, 6, 30), all_ours=False, also_called=("示范职业学院",))

    def once():
        with open_upload(io.BytesIO(content), name="list.xlsx") as upload:
            read = read_list(upload, packaged_kind("one-plus-x"), institution=institution)
        brought = Brought(
            read.kind, read.name, read.file_hash, read.mapping_hash, read.encoding, read.rows, read.entries,
            read.refused, read.left,
        )  # fmt: skip
        with acting_for(institution=institution, purpose="bench") as scope:
            return apply_list(
                scope=scope, identities=Identities(BANK), brought=brought, about=about, actor=institution,
                at=clock.now(),
            )  # fmt: skip

    before = resource.getrusage(resource.RUSAGE_SELF)
    with timed() as spent:
        applied = once()
    after = resource.getrusage(resource.RUSAGE_SELF)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    note = f"{applied.certain:,} found, {applied.doubtful:,} doubtful, {applied.proposed:,} proposed; {used:.2f} s CPU here"
    table.add("official list of 5,000 rows, applied", spent[0], "s", limit=30, least=False, note=note)
    with timed() as spent:
        once()
    table.add("second time of the same list, tells nobody", spent[0], "s")


def bench_population(table, institution):
    """Every imported learner against three programmes, read from the database and written back."""
    from creditbank.exchange.documents import read_document
    from creditbank.gateways.documents import packaged
    from creditbank.projections import progress
    from creditbank.records.scope import acting_for
    from creditbank.services.programmes import publish_programme

    with acting_for(institution=institution, purpose="bench") as scope:
        for code in ("demo-award-60", "demo-certificate-120", "demo-levels-360"):
            document = read_document(packaged(f"programmes/{code}.yaml"), name=code)
            publish_programme(scope=scope, document=document, actor=institution, at=clock.now(), invented=True)
    on = clock.today("Asia/Shanghai")
    with acting_for(institution=institution, purpose="bench") as scope:
        with timed() as spent:
            learners = list(progress.held_credit(scope))
            found = 0
            for programme in progress.programmes_of(scope):
                compiled = progress.compiled_programme(programme)
                found += sum(1 for _ in progress.standings(compiled, programme.code, learners, on))
        table.add(
            "population audit, read from the database", spent[0], "s", limit=15, least=False, note=f"{found:,} audits"
        )
        with timed() as spent:
            progress.rebuild_progress(scope, at=clock.now(), on=on)
        table.add("population audit, read and written back", spent[0], "s", limit=45, least=False)


def bench_audit(table, _institution):
    """Exact audits of the generated population beside a mixed-integer programme."""
    from creditbank.domain.audit.compiled import compile_programme
    from creditbank.domain.audit.decide import solve_scope
    from creditbank.gateways.solver import solve
    from tests.domain.audit.milp import least_shortage
    from tests.perf.population import learner, programme

    asked = [programme(seed, overlap=0.3, caps=True) for seed in range(20)]
    compiled = [compile_programme(item) for item in asked]
    cases = [(seed % 20, learner(seed)[: max(1, len(learner(seed)) * (seed % 10 + 1) // 10)]) for seed in range(300)]
    with timed() as spent:
        ours = [
            solve_scope(compiled[which], compiled[which].scopes[0], held, solve=solve).found.shortage
            for which, held in cases
        ]
    with timed() as baseline:
        theirs = [least_shortage(asked[which], held) for which, held in cases]
    wrong = sum(a != b for a, b in zip(ours, theirs, strict=True))
    table.add(
        "exact audits, 30 % overlap, binding caps", 300 / spent[0], "/s", baseline=f"MILP {300 / baseline[0]:,.0f}/s"
    )
    table.add("disagreements with MILP", wrong, "of 300", limit=0, least=False)


def bench_log(table, _institution):
    """Leaves to a durable signed checkpoint, and proofs verified."""
    from tests.perf.bench_log import measure_log

    superuser = database.superuser(BANK)
    with replace(superuser, dbname="postgres").connect(autocommit=True) as connection:
        connection.execute("CREATE DATABASE bench_log")
    with replace(superuser, dbname="bench_log").connect() as connection:
        from creditbank.records.ledger import LOG_LEAF, LOG_OUTBOX
        from creditbank.records.tables import definition

        for made in (LOG_OUTBOX, LOG_LEAF):
            for statement in definition(made):
                connection.execute(statement)
        connection.commit()
        for row in measure_log(connection, HOME / "log", leaves=100_000):
            table.add(
                row["name"],
                row["value"],
                row["unit"],
                limit=row.get("limit"),
                least=row.get("better", "more") == "more",
            )


def bench_rules(table, _institution):
    """Decisions beside another engine; lint of 2,000 rows, complete, beside each pair of rows cell by cell."""
    from creditbank.domain.conversions.read import read_conversion_rules
    from creditbank.domain.conversions.row_edits import ConversionTable
    from creditbank.domain.rule_documents import rules_content
    from creditbank.domain.rules.lint import lint
    from creditbank.domain.rules.read import read_rule_set
    from creditbank.domain.rules.row_edits import change_row
    from creditbank.domain.rules.tables import conditions_meet
    from creditbank.exchange.rule_texts import rules_text
    from tests.perf.rule_speed import measure
    from tests.perf.rule_tables import conversions_of, table_of

    measure(table)
    rules = read_rule_set(table_of(2_000))
    rows = rules.tables[0].rows
    with timed() as baseline:
        pairs = sum(conditions_meet(row.when, other.when) for at, row in enumerate(rows) for other in rows[at + 1 :])
    with timed() as spent:
        found = lint(rules)
    assert sum(finding.line.code == "lint.overlap" for finding in found) == pairs
    beside = f"pairs of rows one by one {baseline[0]:.2f} s"
    table.add(
        "lint of 2,000 rows", spent[0], "s", limit=0.6, least=False, baseline=beside, note=f"{len(found)} findings"
    )
    edited = read_rule_set(table_of(500))
    with timed() as spent:
        made = change_row(edited, "main", "r77", {"credit": "3"})
        rules_content(made.rules)
        rules_text(made.document)
    table.add("a cell of 500 rows, edited and written", spent[0], "s", limit=0.15, least=False)
    conversions = read_conversion_rules(conversions_of(500))
    with timed() as spent:
        made = ConversionTable(conversions).change("r77", {"credit": "课程学分，不足亦可"})
        rules_content(made.rules)
        rules_text(made.document)
    table.add("a cell of 500 conversion rows, edited and written", spent[0], "s", limit=0.15, least=False)


def bench_catalogue(table, institution):
    """Search in a catalogue of 100,000 items: by name, initials, full pinyin, and with mistakes."""
    from tests.perf.bench_catalogue import measure_catalogue

    measure_catalogue(table, institution)


def bench_impact(table, institution):
    """What a draft changes for 100,000 stored claims: first figures and all of them."""
    from tests.perf.bench_impact import measure_impact

    measure_impact(table, institution)


def bench_columns(table, _institution):
    """What a changed row changes for five million outcomes in column files."""
    from tests.perf.bench_columns import measure_columns

    measure_columns(table, HOME / "columns")


def bench_scan(table, _institution):
    """Contradictions among 1.3 million transfer agreements."""
    from tests.perf.bench_scan import measure_scan

    measure_scan(table, HOME / "scan")


def bench_conversions(table, institution):
    """What a learner's credit can become, asked anew each time."""
    from tests.perf.bench_conversions import bench_options

    bench_options(table, institution)


BENCHES = {
    "conversions": bench_conversions,
    "scan": bench_scan,
    "impact": bench_impact,
    "columns": bench_columns,
    "catalogue": bench_catalogue,
    "batches": bench_batches,
    "single": bench_single,
    "import": bench_import,
    "lists": bench_lists,
    "population": bench_population,
    "audit": bench_audit,
    "log": bench_log,
    "rules": bench_rules,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which to run: {', '.join(BENCHES)} (default: all)")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    table = Table()
    with database.lease(BANK, "bench", tell=lambda _said: None):
        keys.read_or_make(BANK, "session", lambda: {"secret": keys.new_password()})
        import django

        django.setup()
        institution = _prepare()
        for name in arguments.names or BENCHES:
            print(name, file=sys.stderr, flush=True)
            BENCHES[name](table, institution)
        from django.db import connections

        connections.close_all()
    table.show(as_json=arguments.json)
    subprocess.run(["rm", "-rf", str(HOME)], check=False)


def _prepare():
    from creditbank.exchange.documents import read_document
    from creditbank.gateways.documents import packaged
    from creditbank.records.scope import acting_for
    from creditbank.services.bank import found_institution, migrate_bank
    from creditbank.services.rules import publish_rule_version

    migrate_bank()
    centre = found_institution(
        institution_id=clock.new_id(), kind="centre", code="centre", name="中心", name_en="Centre"
    )
    place = found_institution(
        institution_id=clock.new_id(), kind="institution", code="bench", name="测试", name_en="Bench", parent=centre.id
    )
    with acting_for(institution=centre.id, purpose="bench") as scope:
        document = read_document(packaged("transfer-courses.yaml"), name="transfer-courses")
        publish_rule_version(
            scope=scope, document=document, effective_from=date(2010, 1, 1), actor=centre.id, at=clock.now()
        )
    return place.id


if __name__ == "__main__":
    main()
