"""What happens to the embedded database when processes are killed, pids reused and folders strange."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import threading
import time
from pathlib import Path

import pytest

from creditbank.gateways import bank as banks_of
from creditbank.gateways import database, keys, leases, postgres_server, processes
from creditbank.gateways import postgres_state as state
from creditbank.gateways.bank import Bank
from creditbank.gateways.problem import BankProblem, DatabaseProblem, KeyProblem
from tests.gateways import banks

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="not root: only root runs the server as another user")


def as_owner_of(bank):
    """Options that start a process as the user the server runs as."""
    owner = state.data_of(bank).stat()
    return {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}


@pytest.fixture
def stranger(bank):
    """A living process of the server's own user that has nothing to do with it."""
    process = subprocess.Popen(["sleep", "300"], cwd="/", **as_owner_of(bank))
    yield process
    process.kill()
    process.wait()


# --- killed -------------------------------------------------------------------------------------------------


def test_after_kill_9_of_the_server_the_next_lease_recovers_says_so_and_has_every_row(bank, hold):
    holder = hold(bank).wait_until_held()
    banks.write_note(bank, "committed a moment before")
    os.kill(holder.server, signal.SIGKILL)
    banks.end_of(holder.server)
    heard = banks.Heard()
    with database.lease(bank, "next", tell=heard):
        assert banks.notes(bank) == ["committed a moment before", "kept"]
    assert "it has recovered, everything acknowledged is there" in heard
    assert any("现已恢复" in line for line in heard.chinese)
    holder.end()
    assert state.find(bank) is None


def test_after_a_proper_end_nothing_is_said_about_recovery(bank):
    heard = banks.Heard()
    with database.lease(bank, "test", tell=heard):
        assert banks.notes(bank) == ["kept"]
    assert heard.english == []


def test_a_holder_can_revive_a_server_that_died_under_it(bank):
    heard = banks.Heard()
    with database.lease(bank, "serve", tell=heard):
        assert database.revive(bank, tell=heard) is False
        server = state.find(bank).pid
        os.kill(server, signal.SIGKILL)
        banks.end_of(server)
        assert database.revive(bank, tell=heard) is True
        assert banks.notes(bank) == ["kept"]
        second = state.find(bank).pid
    assert second != server
    assert not banks.is_alive(second)


def test_after_kill_9_of_the_only_holder_the_next_one_joins_the_server_and_stops_it(bank, hold):
    holder = hold(bank).wait_until_held()
    holder.kill(signal.SIGKILL)
    assert banks.is_alive(holder.server)
    with database.lease(bank, "next", tell=banks.quiet):
        assert state.find(bank).pid == holder.server
        assert [found.purpose for found in database.holders(bank)] == ["next"]
    assert not banks.is_alive(holder.server)
    assert list((leases.folder(bank) / "leases").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_holder_that_is_asked_to_end_takes_the_server_with_it(bank, hold, number):
    if signal.getsignal(number) is signal.SIG_IGN:
        pytest.skip("this run was told to ignore the signal (nohup), and its children inherit that")
    holder = hold(bank).wait_until_held()
    holder.kill(number)
    assert holder.process.returncode != 0
    banks.end_of(holder.server)
    assert state.find(bank) is None


def test_a_server_whose_starter_died_before_recording_it_is_found_joined_and_stopped(bank, hold):
    holder = hold(bank).wait_until_held()
    holder.kill(signal.SIGKILL)
    (leases.folder(bank) / "server.json").unlink()
    with database.lease(bank, "next", tell=banks.quiet):
        assert state.find(bank).pid == holder.server
        database.logins(bank)["app"].connect().close()
    assert not banks.is_alive(holder.server)


def test_sessions_that_outlive_a_killed_server_are_waited_for_and_that_is_said(bank):
    heard = banks.Heard()
    with database.lease(bank, "first", tell=banks.quiet):
        server = state.find(bank).pid
        with database.logins(bank)["owner"].connect() as connection:
            session = connection.info.backend_pid
            os.kill(session, signal.SIGSTOP)
            os.kill(server, signal.SIGKILL)
            banks.end_of(server)
            wake = threading.Timer(1.0, os.kill, (session, signal.SIGCONT))
            wake.start()
            began = time.monotonic()
            with database.lease(bank, "second", tell=heard):
                waited = time.monotonic() - began
                assert not banks.is_alive(session)
                assert banks.notes(bank) == ["kept"]
            wake.join()
    assert "Sessions of an interrupted database are still ending" in heard
    assert waited > 0.9


def test_a_folder_that_an_unseen_process_holds_is_not_started_a_second_time(bank, monkeypatch):
    monkeypatch.setattr(postgres_server, "_PATIENCE", 0.3)
    leases.folder(bank).mkdir(mode=0o700, exist_ok=True)
    elsewhere = leases.lock_now(state.lock_of(bank))
    before = banks.fingerprint(state.data_of(bank))
    try:
        banks.refused(bank, DatabaseProblem, "for instance in another container")
    finally:
        os.close(elsewhere)
    assert banks.fingerprint(state.data_of(bank)) == before


def test_what_a_killed_initdb_left_is_swept_and_a_whole_bank_is_made(tmp_path):
    bank = Bank(tmp_path / "bank")
    left = bank.db / "data.new.killed"
    left.mkdir(parents=True)
    (left / "PG_VERSION").write_text("1")
    with database.lease(bank, "test", tell=banks.quiet):
        database.logins(bank)["app"].connect().close()
    assert not left.exists()


# --- pids that others have now --------------------------------------------------------------------------------


def test_a_stale_pid_file_whose_pid_is_now_another_process_does_not_stop_the_start(bank, stranger, hold):
    holder = hold(bank).wait_until_held()
    os.kill(holder.server, signal.SIGKILL)
    holder.kill(signal.SIGKILL)
    banks.end_of(holder.server)
    for path in (state.data_of(bank) / "postmaster.pid", Path(holder.word.split()[3]) / ".s.PGSQL.5432.lock"):
        lines = path.read_text().splitlines(keepends=True)
        path.write_text(f"{stranger.pid}\n" + "".join(lines[1:]))
    heard = banks.Heard()
    with database.lease(bank, "next", tell=heard):
        assert banks.notes(bank) == ["kept"]
        assert state.find(bank).pid != stranger.pid
    assert stranger.poll() is None, "the stranger was harmed"
    assert "has recovered" in heard


def test_the_same_stale_pid_file_stops_a_plain_start(bank, stranger):
    """The control of the test above: without our hint PostgreSQL does refuse."""
    path = state.data_of(bank) / "postmaster.pid"
    path.write_text(f"{stranger.pid}\n{state.data_of(bank)}\n1\n5432\n\n\n")
    os.chown(path, *[getattr(state.data_of(bank).stat(), part) for part in ("st_uid", "st_gid")])
    path.chmod(0o600)
    programs, user = postgres_server.binaries(), postgres_server.account(bank)
    answer = subprocess.run(
        [
            programs.program("postgres"),
            "-D",
            postgres_server._data_as_seen(bank, user),
            "-c",
            "listen_addresses=",
        ],
        cwd=state.data_of(bank),
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
        **postgres_server._as_user(user),
    )
    assert answer.returncode != 0
    assert "lock file" in answer.stderr
    assert str(stranger.pid) in answer.stderr


def test_a_record_whose_pid_is_now_another_process_is_not_taken_for_the_server(bank, stranger):
    record = {
        "pid": stranger.pid,
        "birth": "an-earlier-boot:1",
        "host": "/nowhere",
        "place": state.place_of(bank),
    }
    leases.folder(bank).mkdir(mode=0o700, exist_ok=True)
    (leases.folder(bank) / "server.json").write_text(json.dumps(record))
    with database.lease(bank, "next", tell=banks.quiet):
        assert state.find(bank).pid != stranger.pid
        assert banks.notes(bank) == ["kept"]
    assert stranger.poll() is None, "the stranger was harmed"


def test_a_pid_is_known_again_only_with_its_moment_of_birth(stranger):
    birth = processes.birth_of(stranger.pid)
    assert processes.is_same(stranger.pid, birth)
    assert not processes.is_same(stranger.pid, birth + "0")
    stranger.kill()
    while stranger.poll() is None and processes.birth_of(stranger.pid):
        time.sleep(0.01)
    assert processes.birth_of(stranger.pid) is None, "a zombie has ended"


def test_births_are_told_apart_by_ps_where_there_is_no_proc(stranger, monkeypatch, tmp_path):
    if shutil.which("ps") is None:
        pytest.skip("there is no program ps here")
    monkeypatch.setattr(processes, "_PROC", tmp_path)
    birth = processes.birth_of(stranger.pid)
    assert birth
    assert processes.is_same(stranger.pid, birth)
    assert processes.name_of(stranger.pid) == "sleep"
    assert processes.birth_of(2**22 + 1) is None


@pytest.mark.slow
def test_a_copy_of_a_running_bank_gets_a_server_of_its_own(bank, hold, tmp_path):
    holder = hold(bank).wait_until_held()
    copy = banks.copy_of(bank, tmp_path / "copy")
    with database.lease(copy, "test", tell=banks.quiet):
        assert state.find(copy).pid != holder.server
        assert state.socket_folder(copy) != Path(holder.word.split()[3])
        banks.write_note(copy, "in the copy")
    assert banks.is_alive(holder.server)
    assert banks.notes(bank) == ["kept"]


# --- places ---------------------------------------------------------------------------------------------------


def test_a_very_long_path_works_and_its_socket_is_short_and_closed(finished_bank, tmp_path):
    home = tmp_path.joinpath(*["a-very-long-name-for-a-folder-of-a-bank" for _ in range(8)])
    home.mkdir(parents=True)
    long = banks.copy_of(finished_bank, home / "bank")
    assert len(str(long.home)) > 300
    with database.lease(long, "test", tell=banks.quiet):
        assert banks.notes(long) == ["kept"]
        socket = state.socket_folder(long)
        assert len(str(socket / ".s.PGSQL.5432")) < 104
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    if not socket.is_relative_to(long.home):
        assert not socket.exists(), "the socket's folder outside the bank is taken away"


def test_a_path_with_commas_quotes_and_chinese_works(finished_bank, tmp_path):
    odd = banks.copy_of(finished_bank, tmp_path / "学分, 'bank' \"2\"")
    with database.lease(odd, "test", tell=banks.quiet):
        assert banks.notes(odd) == ["kept"]


def test_a_socket_folder_prepared_by_somebody_else_is_refused(bank, monkeypatch, tmp_path):
    taken = tmp_path / "creditbank-taken"
    taken.mkdir()
    taken.chmod(0o777)
    monkeypatch.setattr(state, "planned_socket_folder", lambda bank: taken)
    banks.refused(bank, DatabaseProblem, "not a folder closed to everyone else")


@root_only
def test_root_uses_a_bank_under_a_closed_home_and_changes_no_folders_mode(finished_bank, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    bank = banks.copy_of(finished_bank, closed / "bank")
    parents = [bank.home, *bank.home.parents]
    before = [path.stat().st_mode for path in parents]
    with database.lease(bank, "test", tell=banks.quiet):
        assert banks.notes(bank) == ["kept"]
        server = state.find(bank).pid
        assert Path(f"/proc/{server}").stat().st_uid == state.data_of(bank).stat().st_uid != 0
    assert [path.stat().st_mode for path in parents] == before


@pytest.mark.slow
@pytest.mark.parametrize("length", [1, 6])
def test_an_ordinary_user_makes_shares_and_stops_a_bank(hold, length):
    user = python = None  # already an ordinary user
    if os.geteuid() == 0:
        user, python, why_not = banks.ordinary_user()
        if why_not:
            pytest.skip(why_not)
    with banks.folder_of(user) as folder:
        bank = Bank(folder.joinpath(*["a-folder-with-a-long-name" for _ in range(length)]))
        first = hold(bank, user=user, python=python).wait_until_held()
        second = hold(bank, user=user, python=python).wait_until_held()
        assert first.server == second.server
        socket = Path(first.word.split()[3])
        assert socket.is_relative_to(bank.home) == (length == 1)
        assert len(str(socket / ".s.PGSQL.5432")) < 104
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
        first.end()
        second.end()
        assert not banks.is_alive(second.server)


@root_only
def test_a_bank_of_another_user_is_not_opened(finished_bank, tmp_path):
    bank = banks.copy_of(finished_bank, tmp_path / "bank")
    os.chown(bank.db, 65534, 65534)
    banks.refused(bank, DatabaseProblem, "belongs to another user of this machine")


@root_only
def test_data_that_belong_to_root_are_not_started(bank):
    os.chown(state.data_of(bank), 0, 0)
    banks.refused(bank, DatabaseProblem, "belongs to root, but PostgreSQL never runs as root")


# --- folders that must not be opened ----------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["19", "99", "9.6"])
def test_a_folder_of_another_postgresql_is_refused_and_untouched(bank, version):
    (state.data_of(bank) / "PG_VERSION").write_text(f"{version}\n")
    before = banks.fingerprint(state.data_of(bank))
    banks.refused(bank, DatabaseProblem, f"made by PostgreSQL {version}; this program brings PostgreSQL 18")
    assert banks.fingerprint(state.data_of(bank)) == before


def test_a_bank_of_a_newer_format_is_refused_and_untouched(bank):
    bank.label.write_text(json.dumps({"schema": "creditbank.bank", "format": banks_of.FORMAT + 1}))
    before = banks.fingerprint(bank.home)
    banks.refused(bank, BankProblem, f"has format {banks_of.FORMAT + 1}; this program knows formats up to")
    assert banks.fingerprint(bank.home) == before


@pytest.mark.parametrize("label", ["", "[]", '{"schema": "creditbank.bank"}', "\x00\xff"])
def test_a_damaged_label_is_refused(bank, label):
    bank.label.write_text(label)
    banks.refused(bank, BankProblem, r"bank\.json cannot be read")


def test_a_folder_of_something_else_is_refused_and_untouched(tmp_path):
    (tmp_path / "thesis.txt").write_text("three years of work")
    before = banks.fingerprint(tmp_path)
    banks.refused(Bank(tmp_path), BankProblem, r"already holds other things \(thesis\.txt\)")
    assert banks.fingerprint(tmp_path) == before


def test_a_bank_whose_database_folder_is_gone_is_not_silently_begun_anew(bank):
    shutil.rmtree(state.data_of(bank))
    banks.refused(bank, DatabaseProblem, "Mount the disk it is on, restore a backup")
    assert not state.data_of(bank).exists()


def test_a_data_folder_without_its_version_is_refused(bank):
    (state.data_of(bank) / "PG_VERSION").unlink()
    banks.refused(bank, DatabaseProblem, "not a PostgreSQL data folder")


def test_keys_of_another_bank_are_refused_and_the_server_does_not_stay(bank):
    keys.write(bank, "superuser", keys.need(bank, "superuser") | {"password": "another bank's"})
    banks.refused(bank, DatabaseProblem, "Restore both folders from one backup")
    assert state.find(bank) is None


def test_a_key_file_others_may_read_is_not_used(bank):
    keys.path_of(bank, "superuser").chmod(0o644)
    banks.refused(bank, KeyProblem, r"may be read by other users \(mode 0644\)")


def test_a_missing_key_file_is_named(bank):
    keys.path_of(bank, "superuser").unlink()
    problem = banks.refused(bank, KeyProblem, r"superuser\.json is missing")
    assert "backup of the keys folder" in problem.en


def test_a_configuration_that_cannot_start_is_said_in_postgresqls_own_words(bank):
    with (state.data_of(bank) / "postgresql.conf").open("a") as configuration:
        configuration.write("shared_buffers = 'plenty'\n")
    banks.refused(bank, DatabaseProblem, 'did not start: .*"shared_buffers"')
    assert state.find(bank) is None
