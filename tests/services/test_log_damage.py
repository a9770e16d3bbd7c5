"""What does not fit is refused and named: a database of another past, missing leaves, changed and damaged files."""

from __future__ import annotations

import pytest

from creditbank.domain.explanation import Verdict, worst
from creditbank.domain.log.tiles import TileDamagedError
from creditbank.gateways.log_files import TileStore
from creditbank.gateways.signing import LogSigner
from creditbank.queries.log import LogProblem, check_log
from creditbank.services.log import sequence_once
from tests.services.log_keeping import SIGNER, StoppedError, commitment, files, leaves, queue, run, waiting


def test_a_database_older_than_the_log_is_refused_and_nothing_is_taken(clerk, log_connection, store):
    queue(clerk, range(10))
    run(log_connection, store)
    before = files(store)
    clerk.execute("DELETE FROM log_leaf WHERE log_index >= 7")
    queue(clerk, ["new"])
    with pytest.raises(LogProblem, match="10 leaves, the database only 7") as caught:
        run(log_connection, TileStore(store.folder))
    assert "备份" in caught.value.zh
    with pytest.raises(LogProblem):
        run(log_connection, store)
    assert len(leaves(clerk)) == 7
    assert waiting(clerk) == 1
    assert files(store) == before
    assert [line.code for line in check_log(log_connection, store, SIGNER.vkey)] == ["log.checkpoint_ahead"]


def test_a_database_that_went_another_way_is_refused(clerk, log_connection, store):
    queue(clerk, range(600))
    run(log_connection, store)
    clerk.execute("UPDATE log_leaf SET commitment = %s WHERE log_index = 5", (commitment("other"),))
    queue(clerk, ["new"])
    with pytest.raises(LogProblem, match="not those of the database"):
        run(log_connection, TileStore(store.folder))
    problems = check_log(log_connection, store, SIGNER.vkey)
    assert [line.code for line in problems] == ["log.root_differs", "log.leaf_differs"]
    assert problems[1].facts == {"index": 5, "stream": "posting", "leaf_ref": leaves(clerk)[5][2]}


def test_a_missing_leaf_is_refused_and_named(clerk, log_connection, store):
    queue(clerk, range(20))
    run(log_connection, store)
    clerk.execute("DELETE FROM log_leaf WHERE log_index = 5")
    queue(clerk, ["new"])
    with pytest.raises(LogProblem, match="Leaf 5 is missing"):
        run(log_connection, TileStore(store.folder))
    (problem,) = check_log(log_connection, store, SIGNER.vkey)
    assert (problem.code, problem.facts["index"]) == ("log.leaves_gap", 5)


def test_a_trimmed_table_goes_on_and_is_checked_from_its_bundles(clerk, log_connection, store):
    queue(clerk, range(900))
    run(log_connection, store)
    clerk.execute("DELETE FROM log_leaf WHERE log_index < 700")
    queue(clerk, ["new"])
    assert run(log_connection, TileStore(store.folder)).size == 901
    assert check_log(log_connection, store, SIGNER.vkey) == ()
    path = store.folder / "tile/entries/001"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    codes = [line.code for line in check_log(log_connection, store, SIGNER.vkey)]
    assert "log.root_differs" in codes


def test_a_checkpoint_of_another_key_or_none_at_all_is_refused(clerk, log_connection, store):
    queue(clerk, range(3))
    run(log_connection, store)
    other = LogSigner.from_seed("bank.example/log", bytes(32))
    with pytest.raises(LogProblem, match="not signed by the key"):
        sequence_once(connection=log_connection, store=store, signer=other)
    assert [line.code for line in check_log(log_connection, store, other.vkey)] == ["log.checkpoint_foreign"]
    (store.folder / "checkpoint").write_text("nonsense\n")
    with pytest.raises(LogProblem, match="damaged"):
        run(log_connection, store)
    assert [line.code for line in check_log(log_connection, store, SIGNER.vkey)] == ["log.checkpoint_unreadable"]


def test_a_changed_checkpoint_is_refused(clerk, log_connection, store):
    queue(clerk, range(3))
    run(log_connection, store)
    path = store.folder / "checkpoint"
    path.write_text(path.read_text().replace("\n3\n", "\n2\n"))
    with pytest.raises(LogProblem, match="not signed by the key"):
        run(log_connection, store)


@pytest.mark.parametrize("harm", ["flip", "cut", "remove"])
def test_every_damaged_file_is_named_by_the_check(clerk, log_connection, store, harm):
    queue(clerk, range(600))
    run(log_connection, store)
    for path, data in files(store).items():
        if path == "checkpoint":
            continue
        place = store.folder / path
        if harm == "remove":
            place.unlink()
        else:
            place.write_bytes(data[:-1] + bytes([data[-1] ^ 1]) if harm == "flip" else data[:-1])
        (problem,) = check_log(log_connection, store, SIGNER.vkey)
        assert problem.code == ("log.file_missing" if harm == "remove" else "log.file_damaged")
        assert problem.facts == {"path": path}
        place.write_bytes(data)
    assert check_log(log_connection, store, SIGNER.vkey) == ()


def test_a_damaged_edge_is_never_built_upon(clerk, log_connection, store):
    queue(clerk, range(300))
    run(log_connection, store)
    before = store.read_checkpoint()
    path = store.folder / "tile/0/001.p/44"
    path.write_bytes(bytes(len(path.read_bytes())))
    queue(clerk, ["new"])
    for again in (store, TileStore(store.folder)):
        with pytest.raises(TileDamagedError, match="tile"):
            run(log_connection, again)
    assert store.read_checkpoint() == before


def test_many_problems_of_one_kind_are_not_listed_without_end(clerk, log_connection, store):
    queue(clerk, range(60), stream="rumour")
    run(log_connection, store)
    problems = check_log(log_connection, store, SIGNER.vkey)
    assert len(problems) == 21
    assert problems[-1].code == "log.and_more"


def test_numbered_leaves_before_their_checkpoint_are_only_noted(clerk, log_connection, store):
    queue(clerk, range(4))
    run(log_connection, store)
    queue(clerk, ["new"])

    def stop(step):
        if step == "committed":
            raise StoppedError

    with pytest.raises(StoppedError):
        run(log_connection, store, at=stop)
    problems = check_log(log_connection, store, SIGNER.vkey)
    assert [line.code for line in problems] == ["log.leaves_unpublished"]
    assert worst(problems) is Verdict.NOTE
