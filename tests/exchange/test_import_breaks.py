"""Imports of results that are stopped or killed, or run two at a time: each ends as one that was left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connections

from creditbank.exchange import imports
from creditbank.exchange.imports import open_results
from creditbank.gateways.disk import fingerprint
from creditbank.records.results import ImportRun, Result
from creditbank.records.scope import acting_for
from creditbank.services.results.deciding import Deciding
from creditbank.services.results.imports import begin_run, finish_run, mark_interrupted, store_batch
from tests.cast import AT
from tests.embedded import clone_database, drop_database
from tests.exchange.small_import import (
    ROWS,
    counted,
    figures,
    held,
    many_rows,
    problems,
    run_import,
    shipped_mapping,
    write_sheets,
)
from tests.services.bookings import overtaken

REPOSITORY = Path(__file__).resolve().parents[2]


class StoppedError(Exception):
    """What a test raises in the middle."""


def stopping(batches):
    """An ``after_batch`` that stops the import after so many."""
    left = iter(range(batches - 1))

    def stop():
        if next(left, None) is None:
            raise StoppedError

    return stop


@pytest.fixture
def whole(bank, ready, tmp_path):
    """A sheet with refused and repeated rows, and the digest of a bank that took it in without a break."""
    rows = many_rows(40)
    rows[20:20] = [rows[3], ("ZZZ", "2013J", "7", "Pass"), rows[3], ("AAA", "2013J", "1030", "Withdrawn")]
    path = write_sheets(tmp_path / "sheets", [*rows, rows[0]], [("1", "1000", "80"), ("2", "1002", "61.5")])
    name = "whole"
    connections.close_all()
    here = connections["default"].settings_dict["NAME"]
    clone_database(bank, here, name)
    _work_in(name)
    run = run_import(ready, path, batch_size=9)
    expected = held(bank), figures(run), [row[:3] for row in problems(ready, run)]
    _work_in(here)
    drop_database(bank, name)
    return path, expected


def _work_in(name):
    connections.close_all()
    for alias in ("default", "owner", "sequencer", "auditor"):
        connections[alias].settings_dict["NAME"] = name


@pytest.mark.parametrize("batches", [1, 2, 4, 6])
def test_a_run_that_is_stopped_after_any_batch_is_resumed_and_ends_like_one_that_was_not(bank, ready, whole, batches):
    path, expected = whole
    with pytest.raises(StoppedError):
        run_import(ready, path, batch_size=9, after_batch=stopping(batches))
    with acting_for(institution=ready.college, purpose="test") as scope:
        (stopped,) = scope.rows(ImportRun).all()
        stored = scope.rows(Result).count()
    assert (stopped.state, stopped.finished_at, stopped.rows_total) == ("interrupted", None, expected[1][0])
    assert 0 < stored < expected[1][2]
    assert 0 < stopped.rows_done < stopped.rows_total
    resumed = run_import(ready, path, batch_size=9)
    assert (resumed.run_id, resumed.state) == (stopped.run_id, "finished")
    assert (held(bank), figures(resumed), [row[:3] for row in problems(ready, resumed)]) == expected


def test_batches_of_another_size_may_finish_what_was_begun(bank, ready, whole):
    path, expected = whole
    with pytest.raises(StoppedError):
        run_import(ready, path, batch_size=5, after_batch=stopping(3))
    resumed = run_import(ready, path, batch_size=13)
    assert (held(bank), figures(resumed), [row[:3] for row in problems(ready, resumed)]) == expected


IMPORTER = """
import os, sys, django
django.setup()
from pathlib import Path
from uuid import UUID
from django.db import connections
for alias in connections:
    connections[alias].settings_dict["NAME"] = sys.argv[1]
from creditbank.exchange.imports import import_results, open_results
from tests.exchange.small_import import shipped_mapping
from tests.cast import AT
path, mapping = Path(sys.argv[2]), shipped_mapping()
reading, _ = open_results(path, mapping, encoding=None, at=AT)

def wait():
    print("batch", flush=True)
    sys.stdin.readline()

try:
    import_results(reading=reading, mapping=mapping, path=path, institution=UUID(sys.argv[3]), actor=UUID(sys.argv[4]),
                   now=lambda: AT, batch_size=9, after_batch=wait)
except BlockingIOError as busy:
    print("busy", busy, flush=True)
"""


@pytest.fixture
def importer(bank, ready, whole):
    """Another process that imports the sheet batch by batch, each time it is told to go on."""
    process = subprocess.Popen(
        [sys.executable, "-c", IMPORTER, connections["default"].settings_dict["NAME"], str(whole[0]), str(ready.college),
         str(ready.zhao.person)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(REPOSITORY), *(p for p in sys.path if "site-packages" in p)])},
    )  # fmt: skip
    yield process
    if process.poll() is None:
        process.kill()
        process.wait()
    process.stdin.close()
    process.stdout.close()


def let_go_on(process):
    process.stdin.write("\n")
    process.stdin.flush()


def test_a_killed_process_leaves_an_interrupted_run_that_the_next_one_finishes(bank, ready, whole, importer):
    path, expected = whole
    assert importer.stdout.readline() == "batch\n"
    # While it lives it is at work: nobody else takes the run, and nobody calls it interrupted.
    with pytest.raises(BlockingIOError, match="at work in another process"):
        run_import(ready, path, batch_size=9)
    with acting_for(institution=ready.college, purpose="test") as scope:
        assert mark_interrupted(scope=scope) == 0
        assert scope.rows(ImportRun).get().state == "running"
    let_go_on(importer)
    assert importer.stdout.readline() == "batch\n"
    importer.send_signal(signal.SIGKILL)
    importer.wait()
    with acting_for(institution=ready.university, purpose="test") as scope:
        assert mark_interrupted(scope=scope) == 0
    for _ in range(600):
        # The server notices a lost client when it next speaks to it.
        with acting_for(institution=ready.college, purpose="test") as scope:
            if mark_interrupted(scope=scope):
                break
        time.sleep(0.05)
    with acting_for(institution=ready.college, purpose="test") as scope:
        killed = scope.rows(ImportRun).get()
        assert mark_interrupted(scope=scope) == 0
    assert (killed.state, killed.finished_at) == ("interrupted", None)
    assert (0 < killed.rows_done < killed.rows_total, killed.rows_total) == (True, expected[1][0])
    resumed = run_import(ready, path, batch_size=9)
    assert (resumed.run_id, resumed.state) == (killed.run_id, "finished")
    assert (held(bank), figures(resumed), [row[:3] for row in problems(ready, resumed)]) == expected


def test_two_sheets_that_overlap_can_be_imported_at_once(bank, ready, whole, importer, tmp_path):
    other = write_sheets(tmp_path / "other", many_rows(40), [("1", "1000", "80"), ("2", "1002", "61.5")])
    assert importer.stdout.readline() == "batch\n"
    second = run_import(ready, other, batch_size=10)
    assert second.rows_stored + second.rows_repeated == second.rows_total
    assert second.rows_repeated > 0
    for _ in range(8):
        let_go_on(importer)
    importer.stdin.close()
    assert importer.wait(timeout=60) == 0
    with acting_for(institution=ready.college, purpose="test") as scope:
        runs = list(scope.rows(ImportRun).all())
    assert {run.state for run in runs} == {"finished"}
    assert sum(run.lots_posted for run in runs) == counted(bank)["lot"]
    assert counted(bank)["result"] == sum(run.rows_stored for run in runs)
    held(bank)


def begun(cast, path, mapping):
    """A run begun in the open transaction of this connection, and what there is to store."""
    reading, uploads = open_results(path, mapping, encoding=None, at=AT)
    items = list(imports.result_items(reading))
    for upload in uploads:
        upload.close()
    return items, {
        "kind": "results", "file_name": path.name, "file_hash": fingerprint(path, *_beside(path)),
        "mapping_hash": mapping.digest, "encoding": "UTF-8", "rows_total": len(items), "actor": cast.zhao.person, "at": AT,
    }  # fmt: skip


def _beside(path):
    return [path.parent / f"{name}.csv" for name in ("studentAssessment", "assessments")]


def test_two_runs_that_store_the_same_rows_at_the_same_moment_take_turns(bank, ready, tmp_path):
    items, about = begun(ready, write_sheets(tmp_path / "one", ROWS), shipped_mapping())
    other = write_sheets(tmp_path / "two", [*ROWS, ("AAA", "2013J", "15", "Pass")])
    with acting_for(institution=ready.college, purpose="test") as scope:
        run = begin_run(scope=scope, **about)
    with overtaken(bank, lambda: run_import(ready, other)) as (answers, let_the_other_try):  # noqa: SIM117 - in order
        with acting_for(institution=ready.college, purpose="test") as scope:
            store_batch(scope=scope, import_run=run, items=items, deciding=Deciding(), skipped=0, at=AT)
            let_the_other_try()
    assert figures(answers[0]) == (6, 6, 1, 5, 0, 1)
    with acting_for(institution=ready.college, purpose="test") as scope:
        finish_run(scope=scope, run_id=run.run_id, at=AT)
    held(bank)


def test_of_two_that_begin_the_same_sheet_at_the_same_moment_the_second_is_refused(bank, ready, tmp_path):
    path = write_sheets(tmp_path, ROWS)
    _, about = begun(ready, path, shipped_mapping())
    with overtaken(bank, lambda: run_import(ready, path)) as (answers, let_the_other_try):  # noqa: SIM117 - in order
        with acting_for(institution=ready.college, purpose="test") as scope:
            run = begin_run(scope=scope, **about)
            let_the_other_try()
    assert isinstance(answers[0], BlockingIOError)
    with acting_for(institution=ready.college, purpose="test") as scope:
        assert scope.rows(ImportRun).get().run_id == run.run_id
