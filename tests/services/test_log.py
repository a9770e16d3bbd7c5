"""The sequencer: every leaf once, whatever stops it; no signature over what does not fit."""

from __future__ import annotations

import errno
import hashlib
import os
import threading

import psycopg
import pytest
from psycopg.rows import dict_row

from creditbank.domain.explanation import Verdict, worst
from creditbank.domain.log.checkpoint import read_checkpoint
from creditbank.domain.log.leaf import commit
from creditbank.domain.log.merkle import EMPTY_ROOT, leaf_hash, verify_consistency, verify_inclusion
from creditbank.domain.log.proof import judge
from creditbank.domain.log.tiles import TileDamagedError, all_paths, edge_paths
from creditbank.gateways.log_files import LogStoreProblem, TileStore
from creditbank.gateways.signing import verify_ed25519
from creditbank.queries.log import LogProblem, check_log, find_index, prove_growth, prove_leaves, prove_record
from creditbank.services.log import STEPS, Progress, export_log
from tests.services.log_keeping import (
    SIGNER,
    StoppedError,
    commitment,
    expected_tree,
    files,
    leaves,
    queue,
    run,
    settled,
    waiting,
)


def test_an_empty_log_is_signed_once(log_connection, store):
    assert run(log_connection, store) == Progress(0, EMPTY_ROOT, 0)
    first = files(store)
    assert list(first) == ["checkpoint"]
    assert run(log_connection, store) == Progress(0, EMPTY_ROOT, 0)
    assert files(store) == first
    assert check_log(log_connection, store, SIGNER.vkey) == ()


def test_waiting_records_become_leaves_under_a_signed_checkpoint(clerk, log_connection, store):
    queue(clerk, range(300))
    queue(clerk, ["a", "b"], stream="rule_version")
    progress = run(log_connection, store)
    assert (progress.size, progress.taken) == (302, 302)
    assert waiting(clerk) == 0
    assert {(row[1], row[2], bytes(row[3])) for row in leaves(clerk)} == {
        *(("posting", str(name), commitment(name)) for name in range(300)),
        ("rule_version", "a", commitment("a")),
        ("rule_version", "b", commitment("b")),
    }
    settled(clerk, store)
    _, note = read_checkpoint(store.read_checkpoint())
    assert note.signed_by([SIGNER.vkey], verify_ed25519) == (SIGNER.vkey,)
    assert check_log(log_connection, store, SIGNER.vkey) == ()


def test_the_log_grows_in_batches_and_every_earlier_checkpoint_stays_true(clerk, log_connection, store):
    queue(clerk, range(1000))
    seen = [run(log_connection, store, batch=170) for _ in range(7)]
    assert [one.taken for one in seen] == [170] * 5 + [150, 0]
    assert waiting(clerk) == 0
    for one in seen:
        state, proof = prove_growth(store, SIGNER.vkey, one.size)
        assert verify_consistency(one.size, one.root, state.size, state.root, proof)
    settled(clerk, store)
    # Of the tiles that are full, no partial file is left; of the last one they all stand.
    partial = [path for path in files(store) if ".p/" in path]
    assert set(edge_paths(1000)) <= set(partial)
    assert {path.partition(".p/")[0] for path in partial} == {path.partition(".p/")[0] for path in edge_paths(1000)}


def test_nothing_new_is_not_signed_again(clerk, log_connection, store):
    queue(clerk, range(3))
    run(log_connection, store)
    before = (store.folder / "checkpoint").stat().st_mtime_ns
    called = []
    run(log_connection, store, at=called.append)
    assert (store.folder / "checkpoint").stat().st_mtime_ns == before
    assert "signed" not in called


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("times", [1, 2])
def test_a_stop_at_every_step_is_finished_by_the_next_run(clerk, log_connection, tmp_path, step, times):
    queue(clerk, range(200))
    plain = TileStore(tmp_path / "plain")
    broken = TileStore(tmp_path / "broken")
    run(log_connection, broken, batch=130)
    queue(clerk, range(200, 700))
    for _ in range(times):
        passed = []

        def stop(name, passed=passed):
            passed.append(name)
            if name == step:
                raise StoppedError

        with pytest.raises(StoppedError):
            run(log_connection, TileStore(tmp_path / "broken"), batch=260, at=stop)
        assert passed == list(STEPS[: STEPS.index(step) + 1])
        queue(clerk, [f"late {len(leaves(clerk))} {times} {waiting(clerk)}"])
    for _ in range(6):
        run(log_connection, broken, batch=260)
    assert waiting(clerk) == 0
    assert sorted(row[2] for row in leaves(clerk)) == sorted({row[2] for row in leaves(clerk)})
    found = settled(clerk, broken)
    assert not [path for path in found if path.endswith(".tmp")]
    assert check_log(log_connection, broken, SIGNER.vkey) == ()

    # The same leaves, sequenced without a stop, give the same files.
    rows = leaves(clerk)
    clerk.execute("TRUNCATE log_outbox, log_leaf")
    with clerk.cursor() as cursor, cursor.copy("COPY log_leaf FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    run(log_connection, plain)
    again = settled(clerk, plain)
    _, tree = expected_tree(clerk)
    assert again.keys() == {*tree, "checkpoint"}
    assert {path: found[path] for path in again} == again


def test_the_steps_of_a_run_are_the_named_ones(clerk, log_connection, store):
    queue(clerk, range(3))
    passed = []
    run(log_connection, store, at=passed.append)
    assert tuple(passed) == STEPS


def test_a_record_queued_again_after_it_was_logged_is_not_logged_twice(clerk, log_connection, store):
    queue(clerk, range(5))
    run(log_connection, store)
    queue(clerk, range(3, 8))
    for fresh in (store, TileStore(store.folder)):
        run(log_connection, fresh)
    assert len(leaves(clerk)) == 8
    assert waiting(clerk) == 0


def test_a_record_queued_again_with_another_content_is_kept_and_named(clerk, log_connection, store):
    queue(clerk, range(5))
    run(log_connection, store)
    clerk.execute("INSERT INTO log_outbox VALUES ('posting', '3', NULL, %s)", (commitment("another"),))
    queue(clerk, [9])
    run(log_connection, TileStore(store.folder))
    assert len(leaves(clerk)) == 6
    assert waiting(clerk) == 1
    (problem,) = check_log(log_connection, store, SIGNER.vkey)
    assert problem.code == "log.waiting_differs"
    assert problem.facts["leaf_ref"] == "3"


def test_two_sequencers_take_turns_and_number_each_leaf_once(log_database, clerk, tmp_path):
    queue(clerk, range(2000))
    failures = []

    def work():
        try:
            with log_database["sequencer"].connect() as connection:
                store = TileStore(tmp_path / "log")
                while waiting_of(connection):
                    try:
                        run(connection, store, batch=97)
                    except LogStoreProblem as refused:
                        if "Another process" not in refused.en:
                            raise
        except Exception as error:  # noqa: BLE001 - told to the test
            failures.append(error)

    def waiting_of(connection):
        with connection.transaction():
            return connection.execute("SELECT EXISTS (SELECT FROM log_outbox)").fetchone()[0]

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    assert len(leaves(clerk)) == 2000
    settled(clerk, TileStore(tmp_path / "log"))


def test_a_sequencer_that_does_not_end_is_named_after_a_while(log_database, log_connection, store, monkeypatch):
    monkeypatch.setattr("creditbank.services.log._PATIENCE", "100ms")
    with log_database["sequencer"].connect() as other:

        def meanwhile(step):
            if step == "locked":
                with pytest.raises(LogProblem, match="Another sequencer"):
                    run(other, TileStore(store.folder.parent / "elsewhere"))

        run(log_connection, store, at=meanwhile)
        run(other, TileStore(store.folder))


def test_a_connection_inside_a_transaction_is_not_taken(log_connection, store):
    log_connection.execute("SELECT 1")
    with pytest.raises(ValueError, match="not in a transaction"):
        run(log_connection, store)


def test_a_connection_that_gives_other_rows_serves_as_well(log_database, clerk, store):
    queue(clerk, range(3))
    with log_database["sequencer"].connect(autocommit=True) as connection:
        connection.row_factory = dict_row
        assert run(connection, store).size == 3
        assert find_index(connection, "posting", "2") == 2
        assert check_log(connection, store, SIGNER.vkey) == ()


def test_the_sequencers_login_can_neither_change_nor_drop_a_leaf(clerk, log_connection, store):
    queue(clerk, range(3))
    run(log_connection, store)
    for statement in (
        "UPDATE log_leaf SET log_index = 9",
        "INSERT INTO log_outbox VALUES ('posting', 'x', NULL, '')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), log_connection.transaction():
            log_connection.execute(statement)


def test_the_auditors_login_checks_the_log(log_database, clerk, log_connection, store):
    queue(clerk, range(300))
    run(log_connection, store)
    with log_database["auditor"].connect() as connection:
        assert check_log(connection, store, SIGNER.vkey) == ()
        clerk.execute("UPDATE log_leaf SET commitment = %s WHERE log_index = 7", (commitment("other"),))
        assert [line.code for line in check_log(connection, store, SIGNER.vkey)] == [
            "log.root_differs",
            "log.leaf_differs",
        ]


def test_a_full_disk_keeps_the_checkpoint_and_the_log_goes_on_afterwards(clerk, log_connection, store, monkeypatch):
    queue(clerk, range(300))
    run(log_connection, store)
    before = files(store)
    queue(clerk, range(300, 900))
    real = os.write
    budget = 30_000

    def write(handle, data):
        nonlocal budget
        if budget < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        budget -= len(data)
        return real(handle, data)

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(LogStoreProblem, match="No space left") as caught:
        run(log_connection, store)
    assert "nothing is lost" in caught.value.en
    monkeypatch.undo()
    assert files(store) == before
    assert run(log_connection, store).size == 900
    assert waiting(clerk) == 0
    settled(clerk, store)


def test_a_proof_of_every_leaf_convinces_without_the_bank(clerk, log_connection, store):
    records = {str(number): {"schema": "creditbank.example/1", "number": number} for number in range(700)}
    salts = {name: hashlib.sha256(b"salt" + name.encode()).digest() for name in records}
    for name, record in records.items():
        clerk.execute("INSERT INTO log_outbox VALUES ('posting', %s, NULL, %s)", (name, commit(salts[name], record)))
    run(log_connection, store, batch=250)
    run(log_connection, store)
    state, _ = read_checkpoint(store.read_checkpoint())
    proofs = prove_leaves(store, SIGNER.vkey, range(700))
    for row, proof in zip(leaves(clerk), proofs, strict=True):
        assert verify_inclusion(leaf_hash(bytes(row[3])), row[0], state.size, proof.path, state.root)
    index = find_index(log_connection, "posting", "412")
    file = prove_record(store, SIGNER.vkey, index=index, record=records["412"], salt=salts["412"])
    assert worst(judge(file, [SIGNER.vkey], verify_ed25519)) is Verdict.YES
    other = prove_record(store, SIGNER.vkey, index=index, record=records["413"], salt=salts["412"])
    assert worst(judge(other, [SIGNER.vkey], verify_ed25519)) is Verdict.NO
    assert find_index(log_connection, "posting", "none") is None
    assert find_index(log_connection, "operation", "412") is None


def test_no_proof_comes_from_a_damaged_tile(clerk, log_connection, store):
    queue(clerk, range(700))
    run(log_connection, store)
    path = store.folder / "tile/0/001"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert prove_leaves(store, SIGNER.vkey, [3])
    with pytest.raises(TileDamagedError, match="tile/0/001"):
        prove_leaves(store, SIGNER.vkey, [300])


def test_an_exported_log_is_complete_and_a_filled_folder_is_refused(clerk, log_connection, store, tmp_path):
    queue(clerk, range(700))
    run(log_connection, store, batch=300)
    run(log_connection, store)
    state = export_log(store, SIGNER.vkey, tmp_path / "copy")
    copy = TileStore(tmp_path / "copy")
    assert state.size == 700
    assert files(copy).keys() == {*all_paths(700), "checkpoint"}
    assert prove_leaves(copy, SIGNER.vkey, [0, 699]) == prove_leaves(store, SIGNER.vkey, [0, 699])
    with pytest.raises(LogStoreProblem, match="not an empty folder"):
        export_log(store, SIGNER.vkey, tmp_path / "copy")
    (store.folder / "tile/0/001").unlink()
    with pytest.raises(LogStoreProblem, match="tile/0/001 is missing"):
        export_log(store, SIGNER.vkey, tmp_path / "second")
    assert not (tmp_path / "second" / "checkpoint").exists()


def test_a_path_outside_the_log_is_never_read(store):
    for path in ("../keys/log.json", "/etc/passwd", "tile/0/../../x", "vkey", "tile/0/000.p/1/../2"):
        with pytest.raises(ValueError, match="not a file of the log"):
            store.read(path)
