"""What happens to the embedded database and to files when the disk is full: no row, no key, no half-written file."""

from __future__ import annotations

import errno
import os
import signal
import subprocess

import pytest

from creditbank.gateways import bank as banks_of
from creditbank.gateways import database, disk, keys, leases
from creditbank.gateways import postgres_state as state
from creditbank.gateways.bank import Bank
from creditbank.gateways.problem import DatabaseProblem, DiskProblem
from tests.gateways import banks


@pytest.fixture
def small_disk(tmp_path):
    """Mounts a small memory disk; only root can."""
    if os.geteuid() != 0:
        pytest.skip("not root: a small file system cannot be mounted")
    place = tmp_path / "small"
    place.mkdir()

    def mount(megabytes):
        answer = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "creditbank-test", str(place)],
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode != 0:
            pytest.skip(f"a small file system cannot be mounted here: {answer.stderr.strip()}")
        return place

    yield mount
    subprocess.run(["umount", str(place)], capture_output=True, check=False)
    assert not os.path.ismount(place)


def fill(folder):
    """Write until the disk has no room at all; returns the file."""
    path = folder / "filling"
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
    return path


def test_a_disk_too_small_for_a_new_bank_is_said_and_nothing_of_it_stays(small_disk):
    place = small_disk(12)
    bank = Bank(place / "bank")
    problem = banks.refused(bank, DatabaseProblem, "The disk is full: the new database could not be made")
    assert "磁盘空间已满" in problem.zh
    assert not state.data_of(bank).exists()
    assert not list(bank.db.glob("data.new.*"))
    assert not banks_of.exists(bank)


def test_a_disk_that_fills_up_under_a_running_bank_costs_no_committed_row(small_disk, finished_bank):
    place = small_disk(150)
    bank = banks.copy_of(finished_bank, place / "bank")
    with database.lease(bank, "first", tell=banks.quiet):
        banks.write_note(bank, "before the disk was full")
        server = state.find(bank).pid
        filling = fill(place)
        os.kill(server, signal.SIGKILL)
        banks.end_of(server)
        banks.refused(bank, DiskProblem, "The disk is full")
        problem = None
        try:
            database.revive(bank, tell=banks.quiet)
        except (DatabaseProblem, DiskProblem) as caught:
            problem = caught
        assert problem is not None
        assert "The disk is full" in problem.en
        assert state.find(bank) is None
        filling.unlink()
        database.revive(bank, tell=banks.quiet)
        assert banks.notes(bank) == ["before the disk was full", "kept"]
    assert state.find(bank) is None


FAULTS = ("write", "fsync", "replace", "fchmod")


@pytest.fixture
def full_disk(monkeypatch):
    """Lets one system call of the file gateways fail as on a full disk."""

    def at(call):
        def fail(*args, **kwargs):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(f"creditbank.gateways.disk.os.{call}", fail)

    return at


@pytest.mark.parametrize("call", FAULTS)
def test_a_key_file_is_never_half_written(tmp_path, full_disk, monkeypatch, call):
    bank = Bank(tmp_path / "bank")
    keys.write(bank, "database", {"value": "old"})
    full_disk(call)
    with pytest.raises(DiskProblem, match=r"The disk is full: .*what stood there before still stands"):
        keys.write(bank, "database", {"value": "new" * 10_000})
    monkeypatch.undo()
    assert keys.need(bank, "database") == {"value": "old"}
    assert [path.name for path in bank.keys.iterdir()] == ["database.json"]


def test_a_write_the_system_takes_in_parts_is_still_whole(tmp_path, monkeypatch):
    real = os.write
    monkeypatch.setattr("creditbank.gateways.disk.os.write", lambda handle, data: real(handle, bytes(data[:7])))
    disk.write_whole(tmp_path / "parts", b"0123456789" * 5)
    assert (tmp_path / "parts").read_bytes() == b"0123456789" * 5


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_a_lease_that_cannot_be_written_leaves_none_and_starts_nothing(bank, full_disk, monkeypatch, call):
    full_disk(call)
    banks.refused(bank, DiskProblem, "The disk is full")
    monkeypatch.undo()
    assert list((leases.folder(bank) / "leases").glob("*")) == []
    assert state.find(bank) is None


def test_a_server_that_cannot_be_recorded_does_not_stay(bank, monkeypatch):
    real, seen = os.replace, []

    def fail_for_the_record(source, target):
        if str(target).endswith("server.json"):
            seen.append(target)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(source, target)

    monkeypatch.setattr("creditbank.gateways.disk.os.replace", fail_for_the_record)
    banks.refused(bank, DiskProblem, r"The disk is full: .*server\.json")
    assert seen
    assert state.find(bank) is None
    with pytest.raises(DiskProblem):
        database.revive(bank, tell=banks.quiet)
    assert state.find(bank) is None
    assert leases.lock_now(state.lock_of(bank)) is not None, "no server process is left"
