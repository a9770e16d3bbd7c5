"""The embedded PostgreSQL: made, started, joined and stopped; its data are never touched otherwise."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any

import psycopg

from creditbank.domain.values import Text
from creditbank.gateways import clock, database_problems, disk, keys, leases, processes
from creditbank.gateways import postgres_state as state
from creditbank.gateways.postgres_binaries import Account, Binaries, account, binaries
from creditbank.gateways.postgres_state import Running

if TYPE_CHECKING:
    from creditbank.gateways.bank import Bank
    from creditbank.gateways.leases import Tell

SUPERUSER = "creditbank_superuser"

_LOCALES = ("C.UTF-8", "en_US.UTF-8", "UTF-8")
_LOG_LIMIT = 10_000_000
_PATIENCE = 60.0
"""Seconds to wait for sessions of a killed postmaster, and for a server that was asked to end."""

# For a laptop that runs other things too; written into postgresql.conf, where an administrator may change it.
_TUNING = {
    "shared_buffers": "256MB",
    "max_connections": "100",
    "effective_cache_size": "1GB",
    "maintenance_work_mem": "128MB",
    "work_mem": "16MB",
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "min_wal_size": "80MB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}

# What the bank's promises stand on; given at every start, so that no edited file can undo it.
_PROMISES = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": str(state.PORT),
    "cluster_name": "creditbank",
    "password_encryption": "scram-sha-256",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "logging_collector": "off",
    "log_destination": "stderr",
    "lc_messages": "C",
}
_UNSAFE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}

_started: dict[int, subprocess.Popen[bytes]] = {}
"""Servers that are children of this process, so that their end is collected."""


class _EndedError(Exception):
    """The server ended while it was waited for."""


def check_version(bank: Bank, programs: Binaries) -> None:
    """Refuse data of another PostgreSQL than the one at hand.

    Raises:
        DatabaseProblem: the data folder is another major version's, or not PostgreSQL's; it is untouched.
    """
    data = state.data_of(bank)
    try:
        written = (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise database_problems.not_a_data_folder(data) from None
    if written != str(programs.major):
        raise database_problems.other_version(data, written, programs.major)


def initialise(bank: Bank) -> None:
    """Make the data folder beside its place and move it there whole; the caller holds the lock.

    Raises:
        DatabaseProblem: initdb failed; nothing is left of the attempt.
        DiskProblem: the disk is full or refused.
    """
    programs, user = binaries(), account(bank)
    password = keys.read_or_make(bank, "superuser", _new_superuser)["password"]
    keys.read_or_make(bank, "socket", _new_socket)
    for left in bank.db.glob("data.new.*"):  # of an attempt that was killed; never anybody's data
        shutil.rmtree(left, ignore_errors=True)
    waiting: Path | None = None
    try:
        # A fresh name each time: an initdb whose starter was killed may still be writing into the last one.
        waiting = Path(tempfile.mkdtemp(prefix="data.new.", dir=bank.db))
        if user:
            os.chown(waiting, user.uid, user.gid)
        _initdb(programs, user, waiting, password)
        waiting.rename(state.data_of(bank))
        disk.sync_folder(bank.db)
    except OSError as error:
        disk.refuse(state.data_of(bank), error)
    finally:
        if waiting is not None:
            shutil.rmtree(waiting, ignore_errors=True)


def start(bank: Bank, *, tell: Tell, unsafe_fsync_off: bool = False) -> Running:
    """Start the server and wait until it answers, recovery included; the caller holds the lock.

    Args:
        bank: an initialised bank without a living server.
        tell: hears that recovery is under way and when it has ended.
        unsafe_fsync_off: for test banks that may be lost; never a setting of the product.

    Raises:
        DatabaseProblem: it does not start; the message carries PostgreSQL's own last words.
    """
    programs, user = binaries(), account(bank)
    check_version(bank, programs)
    lock = _wait_for_left_overs(bank, tell)
    try:
        socket = state.planned_socket_folder(bank)
        state.make_socket_folder(socket, user)
        settings = _PROMISES | {"unix_socket_directories": str(socket)} | (_UNSAFE if unsafe_fsync_off else {})
        command = [programs.program("postgres"), "-D", _data_as_seen(bank, user)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        offset = _rotate_log(bank)
        running = _launch(bank, command, user, str(socket), lock)
    finally:
        os.close(lock)  # the server's processes keep the lock with their own copies of the handle
    try:
        _wait_until_ready(bank, running, tell)
    except _EndedError as error:
        _clear_after(bank, socket)
        raise database_problems.not_started(bank.db, _log_since(bank, offset) or str(error)) from None
    if "not properly shut down" in _log_since(bank, offset):
        tell(
            Text(
                en="The database had been interrupted; it has recovered, everything acknowledged is there.",
                zh="数据库此前曾意外中断，现已恢复，所有已确认的记录均完好。",
            ),
        )
    return running


def join(bank: Bank, running: Running, *, tell: Tell) -> bool:
    """Wait until a server somebody else started answers; false when it ends instead."""
    try:
        _wait_until_ready(bank, running, tell)
    except _EndedError:
        return False
    if state.recorded(bank) != running:
        state.record(bank, running)  # its starter died before it could
    return True


def stop(bank: Bank, running: Running, *, tell: Tell) -> None:
    """End the server: politely, and after a minute at once (the next start recovers; nothing is lost).

    Raises:
        DatabaseProblem: it does not end; it is left to the next command.
    """
    if not _ended_by(running, signal.SIGINT, _PATIENCE):
        tell(
            Text(
                en="The database does not end by itself; ending it at once. The next start recovers it.",
                zh="数据库未能自行结束，现在立即终止。下次启动时会自动恢复。",
            ),
        )
        if not _ended_by(running, signal.SIGQUIT, _PATIENCE / 3):
            raise database_problems.not_ended(bank.db, running.pid)
    _clear_after(bank, Path(running.host))


def connect_as_superuser(bank: Bank, host: str, dbname: str = "postgres") -> psycopg.Connection[Any]:
    """A connection of the bootstrap superuser, each statement its own transaction."""
    password = keys.need(bank, "superuser")["password"]
    return psycopg.connect(
        host=host,
        port=state.PORT,
        dbname=dbname,
        user=SUPERUSER,
        password=password,
        autocommit=True,
        connect_timeout=10,
    )


def _new_superuser() -> dict[str, str]:
    return {"schema": "creditbank.keys.superuser/1", "user": SUPERUSER, "password": keys.new_password()}


def _new_socket() -> dict[str, str]:
    return {"schema": "creditbank.keys.socket/1", "secret": keys.new_secret().hex()}


def _initdb(programs: Binaries, user: Account | None, folder: Path, password: str) -> None:
    with tempfile.TemporaryFile() as secret:
        secret.write(password.encode() + b"\n")
        secret.flush()
        if user:
            os.fchown(secret.fileno(), user.uid, user.gid)
        common = [
            programs.program("initdb"),
            f"--pgdata={'/proc/self/cwd' if _seen_from_inside(user) else folder}",
            "--encoding=UTF8",
            "--auth=scram-sha-256",
            f"--username={SUPERUSER}",
            f"--pwfile=/dev/fd/{secret.fileno()}",
        ]
        if programs.major >= 17:
            common += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        for name, value in _TUNING.items():
            common += ["--set", f"{name}={value}"]
        for locale in _LOCALES:
            secret.seek(0)
            try:
                answer = subprocess.run(
                    [*common, f"--locale={locale}"],
                    cwd=folder,
                    pass_fds=[secret.fileno()],
                    capture_output=True,
                    text=True,
                    check=False,
                    env=_environment(),
                    **_as_user(user),
                )
            except OSError as error:  # for instance: the system user may not enter the programs' folder
                raise database_problems.not_made(folder.parent, str(error)) from error
            if answer.returncode == 0:
                return
            said = answer.stderr or answer.stdout
            if "invalid locale name" not in said:
                break
    raise database_problems.not_made(folder.parent, said)


def _launch(bank: Bank, command: list[str], user: Account | None, host: str, lock: int) -> Running:
    environment = _environment()
    stranger = state.stranger_with_its_pid(bank)
    if stranger is not None:
        # PostgreSQL would take this stranger for its old postmaster and refuse to start. This is its own way
        # to be told that a pid is none; it still checks that no old session holds the shared memory.
        environment["PG_GRANDPARENT_PID"] = str(stranger)
    try:
        with state.log_of(bank).open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=state.data_of(bank),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=[lock],
                **_as_user(user),
            )
    except OSError as error:
        raise database_problems.not_started(bank.db, str(error)) from error
    _started[process.pid] = process
    running = Running(process.pid, processes.birth_of(process.pid) or "ended", host, state.place_of(bank))
    try:
        state.record(bank, running)
    except BaseException:
        process.send_signal(signal.SIGINT)
        process.wait()
        _clear_after(bank, Path(host))
        raise
    return running


def _wait_for_left_overs(bank: Bank, tell: Tell) -> int:
    """Lock the server's lock; sessions of a killed postmaster hold it until they notice its death."""
    began, said = clock.monotonic(), False
    while True:
        lock = leases.lock_now(state.lock_of(bank))
        if lock is not None:
            return lock
        if clock.monotonic() - began > _PATIENCE:
            raise database_problems.out_of_sight(bank.db)
        if not said:
            said = True
            tell(
                Text(
                    en="Sessions of an interrupted database are still ending; waiting for them.",
                    zh="此前中断的数据库仍有会话正在结束，请稍候。",
                ),
            )
        sleep(0.1)


def _wait_until_ready(bank: Bank, running: Running, tell: Tell) -> None:
    began, next_word = clock.monotonic(), 1.0
    while True:
        try:
            with connect_as_superuser(bank, running.host) as connection:
                connection.execute("SELECT 1")
                return
        except psycopg.OperationalError as error:
            said = str(error)
        if _has_ended(running):
            raise _EndedError(said)
        if "authentication failed" in said:
            raise database_problems.wrong_keys(bank.db, bank.keys)
        waited = clock.monotonic() - began
        if waited > next_word:
            next_word += 5.0
            tell(
                Text(
                    en=f"The database is not ready yet (starting or recovering, {waited:.0f} s); waiting.",
                    zh=f"数据库尚未就绪（正在启动或恢复，已 {waited:.0f} 秒），请稍候。",
                ),
            )
        sleep(0.03)


def _clear_after(bank: Bank, socket: Path) -> None:
    """Take away what told of a server that has ended."""
    state.forget(bank)
    state.drop_socket_folder(bank, socket)


def _has_ended(running: Running) -> bool:
    child = _started.get(running.pid)
    if child and child.poll() is not None:
        _started.pop(running.pid, None)
        return True
    return not processes.is_same(running.pid, running.birth)


def _ended_by(running: Running, number: signal.Signals, patience: float) -> bool:
    if _has_ended(running):
        return True
    os.kill(running.pid, number)
    began = clock.monotonic()
    while clock.monotonic() - began < patience:
        if _has_ended(running):
            return True
        sleep(0.02)
    return False


def _seen_from_inside(user: Account | None) -> bool:
    """Whether the server knows its data folder as its working folder only.

    Run by root as a system user, the bank may lie under a folder that this user may not enter. Root opens
    the way by starting the server inside the data folder, and no folder's mode has to change.
    """
    return user is not None and Path("/proc/self/cwd").exists()


def _data_as_seen(bank: Bank, user: Account | None) -> str:
    return "/proc/self/cwd" if _seen_from_inside(user) else str(state.data_of(bank))


def _as_user(user: Account | None) -> dict[str, Any]:
    return {"user": user.uid, "group": user.gid, "extra_groups": []} if user else {}


def _environment() -> dict[str, str]:
    """Nothing of the caller's PG* variables and language reaches the server."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if name in os.environ}
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"} | kept


def _rotate_log(bank: Bank) -> int:
    """The log's length before this start; an overlong log is set aside first."""
    log = state.log_of(bank)
    try:
        size = log.stat().st_size
    except OSError:
        return 0
    if size <= _LOG_LIMIT:
        return size
    log.replace(log.with_name("server.log.1"))
    return 0


def _log_since(bank: Bank, offset: int) -> str:
    try:
        with state.log_of(bank).open("rb") as log:
            log.seek(offset)
            return log.read(200_000).decode(errors="replace")
    except OSError:
        return ""
