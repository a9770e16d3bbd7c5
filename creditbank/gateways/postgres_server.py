"""The embedded PostgreSQL: made, started, found alive and stopped; data are never touched otherwise."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from time import sleep
from typing import Any

import psycopg

from creditbank.domain.values import Text
from creditbank.gateways import clock, disk, keys, leases, processes
from creditbank.gateways.bank import Bank
from creditbank.gateways.leases import Tell
from creditbank.gateways.postgres_binaries import Account, Binaries, account, binaries
from creditbank.gateways.problem import DatabaseProblem

SUPERUSER = "creditbank_superuser"
PORT = 5432  # names the socket file only: the server listens on no network address

_SOCKET_ROOM = 103 - len("/.s.PGSQL.5432")  # macOS has 104 bytes for a socket's path, Linux 108
_LOCALES = ("C.UTF-8", "en_US.UTF-8", "UTF-8")
_LOG_LIMIT = 10_000_000

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
    "lc_messages": "C",
}

# What the bank's promises stand on; given at every start, so that no edited file can undo it.
_PROMISES = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": str(PORT),
    "password_encryption": "scram-sha-256",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "logging_collector": "off",
    "log_destination": "stderr",
    "lc_messages": "C",
}

_started: dict[int, subprocess.Popen[bytes]] = {}
"""Servers that are children of this process, so that their end is collected."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that was started: its postmaster and its socket's folder."""

    pid: int
    birth: str
    host: str


def data_of(bank: Bank) -> Path:
    """PostgreSQL's own data folder."""
    return bank.db / "data"


def socket_folder(bank: Bank) -> Path:
    """Where the server's socket is, or will be at the next start."""
    state = _recorded(bank)
    return Path(state.host) if state else _planned_socket_folder(bank)


def check_version(bank: Bank, programs: Binaries) -> None:
    """Refuse data of another PostgreSQL than the one at hand.

    Raises:
        DatabaseProblem: the data folder is another major version's, or not PostgreSQL's; it is untouched.
    """
    data = data_of(bank)
    try:
        written = (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise DatabaseProblem(
            en=f"{data} is not a PostgreSQL data folder (PG_VERSION is missing). It was not started and nothing was "
            "changed. Restore the bank from a backup, or name another folder with --bank.",
            zh=f"{data} 不是 PostgreSQL 数据文件夹（缺少 PG_VERSION）。未启动，也没有任何改动。"
            "请从备份恢复学分银行，或用 --bank 指定其他文件夹。",
        ) from None
    if written != str(programs.major):
        raise DatabaseProblem(
            en=f"The database in {data} was made by PostgreSQL {written}; this program brings PostgreSQL "
            f"{programs.major}. It was not started and nothing was changed. Use the program version that brings "
            f"PostgreSQL {written}; to move, make a backup there and restore it here.",
            zh=f"{data} 中的数据库由 PostgreSQL {written} 创建，而本程序自带 PostgreSQL {programs.major}。"
            f"未启动，也没有任何改动。请使用自带 PostgreSQL {written} 的程序版本；如需迁移，请在那里备份后在此恢复。",
        )


def initialise(bank: Bank) -> None:
    """Make the data folder beside its place and move it there whole; the caller holds the lock.

    Raises:
        DatabaseProblem: initdb failed; nothing is left of the attempt.
        DiskProblem: the disk is full or refused.
    """
    programs, user = binaries(), account(bank)
    password = keys.read_or_make(bank, "superuser", _new_superuser)["password"]
    keys.read_or_make(
        bank, "socket", lambda: {"schema": "creditbank.keys.socket/1", "name": clock.new_id().hex[-16:]}
    )
    waiting = bank.db / "data.new"
    shutil.rmtree(waiting, ignore_errors=True)
    try:
        waiting.mkdir(mode=0o700)
        if user:
            os.chown(waiting, user.uid, user.gid)
        _initdb(programs, user, waiting, password)
        waiting.rename(data_of(bank))
        disk.sync_folder(bank.db)
    except OSError as error:
        disk.refuse(waiting, error)
    finally:
        shutil.rmtree(waiting, ignore_errors=True)


def find(bank: Bank) -> Running | None:
    """The server of this folder if it lives: by its recorded pid and birth, else by PostgreSQL's own pid file.

    The second way finds a server whose starter died before it could record it. A living process that merely
    has the recorded pid is not taken for the server.
    """
    state = _recorded(bank)
    if state and processes.is_same(state.pid, state.birth):
        return state
    lines = _pid_file(bank)
    pid = _first_number(lines)
    if pid is None or not _is_postmaster_here(bank, pid, lines):
        return None
    birth = processes.birth_of(pid)
    return Running(pid, birth, lines[4].strip() or str(_planned_socket_folder(bank))) if birth else None


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
    socket = _make_socket_folder(_planned_socket_folder(bank), user)
    settings = _PROMISES | {"unix_socket_directories": str(socket), "cluster_name": "creditbank"}
    if unsafe_fsync_off:
        settings |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
    command = [programs.program("postgres"), "-D", _data_as_seen(bank, user)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    waited = 0.0
    while True:
        offset = _rotate_log(bank)
        running, process = _launch(bank, command, user, str(socket))
        try:
            _wait_until_ready(bank, running, process, offset, tell)
        except _LeftOversError:
            # Sessions of a killed postmaster still hold its shared memory; they notice its death and leave.
            if waited >= 60:
                raise _not_started(bank, _log_since(bank, offset)) from None
            if not waited:
                tell(
                    Text(
                        en="Sessions of the interrupted database are still ending; waiting for them.",
                        zh="上次中断的数据库仍有会话正在结束，请稍候。",
                    ),
                )
            waited += 0.5
            sleep(0.5)
            continue
        _wait_and_tell_end(bank, offset, tell)
        return running


def join(bank: Bank, running: Running, *, tell: Tell) -> None:
    """Wait until a server somebody else started answers, and record it if its starter could not."""
    if _recorded(bank) != running:
        _record(bank, running)
    _wait_until_ready(bank, running, _started.get(running.pid), _log_size(bank), tell)


def stop(bank: Bank, running: Running, *, tell: Tell) -> None:
    """End the server: politely, and after a minute at once (the next start then recovers; nothing is lost)."""
    for number, patience in ((signal.SIGINT, 60.0), (signal.SIGQUIT, 20.0)):
        if not processes.is_same(running.pid, running.birth):
            break
        if number == signal.SIGQUIT:
            tell(
                Text(
                    en="The database does not end by itself; ending it at once. The next start recovers; nothing is lost.",
                    zh="数据库未能自行结束，现在立即终止。下次启动时会自动恢复，数据不会丢失。",
                ),
            )
        os.kill(running.pid, number)
        _wait_for_end(running, patience)
    if processes.is_same(running.pid, running.birth):
        raise DatabaseProblem(
            en=f"The database (process {running.pid}) does not end. It still runs and no data were touched. "
            f"See {bank.db / 'server.log'}; the next command joins it and ends it when it has finished.",
            zh=f"数据库（进程 {running.pid}）无法结束，仍在运行，数据未受影响。"
            f"请查看 {bank.db / 'server.log'}；下一条命令会接管它，并在完成后将其关闭。",
        )
    (leases.folder(bank) / "server.json").unlink(missing_ok=True)
    _drop_socket_folder(bank, Path(running.host))


def connect_as_superuser(bank: Bank, host: str, dbname: str = "postgres") -> psycopg.Connection[Any]:
    """A connection of the bootstrap superuser, each statement its own transaction."""
    password = keys.need(bank, "superuser")["password"]
    return psycopg.connect(
        host=host,
        port=PORT,
        dbname=dbname,
        user=SUPERUSER,
        password=password,
        autocommit=True,
        connect_timeout=10,
    )


class _LeftOversError(Exception):
    """Processes of a killed postmaster still hold the data folder's shared memory."""


def _new_superuser() -> dict[str, str]:
    return {"schema": "creditbank.keys.superuser/1", "user": SUPERUSER, "password": keys.new_password()}


def _initdb(programs: Binaries, user: Account | None, folder: Path, password: str) -> None:
    with tempfile.TemporaryFile() as secret:
        secret.write(password.encode() + b"\n")
        secret.flush()
        if user:
            os.fchown(secret.fileno(), user.uid, user.gid)
        said = ""
        for locale in _LOCALES:
            secret.seek(0)
            command = [
                programs.program("initdb"),
                "-D", "/proc/self/cwd" if user else str(folder),
                "--encoding=UTF8", f"--locale={locale}",
                *(["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if programs.major >= 17 else []),
                "--auth=scram-sha-256", f"--username={SUPERUSER}", f"--pwfile=/dev/fd/{secret.fileno()}",
                *[part for name, value in _TUNING.items() for part in ("--set", f"{name}={value}")],
            ]  # fmt: skip
            answer = subprocess.run(
                command, cwd=folder, pass_fds=[secret.fileno()], capture_output=True, text=True, check=False,
                env=_environment(), **_as_user(user),
            )  # fmt: skip
            if answer.returncode == 0:
                return
            said = (answer.stderr or answer.stdout).strip()
            if "invalid locale name" not in said:
                break
    raise _not_made(folder, said)


def _launch(
    bank: Bank, command: list[str], user: Account | None, host: str
) -> tuple[Running, subprocess.Popen[bytes]]:
    environment = _environment()
    reused = _first_number(_pid_file(bank))
    if reused is not None and processes.birth_of(reused):
        # PostgreSQL would take this stranger for its old postmaster and refuse. This is its own way to be told
        # that a pid is none; it still checks that no old session holds the shared memory.
        environment["PG_GRANDPARENT_PID"] = str(reused)
    try:
        with (bank.db / "server.log").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=data_of(bank), env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, **_as_user(user),
            )  # fmt: skip
    except OSError as error:
        raise _not_started(bank, str(error)) from error
    _started[process.pid] = process
    running = Running(process.pid, processes.birth_of(process.pid) or "ended", host)
    try:
        _record(bank, running)
    except BaseException:
        process.send_signal(signal.SIGINT)
        process.wait()
        raise
    return running, process


def _wait_until_ready(
    bank: Bank, running: Running, process: subprocess.Popen[bytes] | None, offset: int, tell: Tell
) -> None:
    began, next_word = clock.monotonic(), 1.0
    while True:
        try:
            with connect_as_superuser(bank, running.host) as connection:
                connection.execute("SELECT 1")
                return
        except psycopg.OperationalError as error:
            said = str(error)
        if (process and process.poll() is not None) or not processes.is_same(running.pid, running.birth):
            log = _log_since(bank, offset)
            if "shared memory block" in log and "still in use" in log:
                raise _LeftOversError
            raise _not_started(bank, log or said)
        if "authentication failed" in said:
            raise _wrong_keys(bank)
        waited = clock.monotonic() - began
        if waited > next_word:
            next_word += 5.0
            tell(
                Text(
                    en=f"The database is not ready yet (recovering or starting, {waited:.0f} s); waiting.",
                    zh=f"数据库尚未就绪（正在恢复或启动，已 {waited:.0f} 秒），请稍候。",
                ),
            )
        sleep(0.03)


def _wait_and_tell_end(bank: Bank, offset: int, tell: Tell) -> None:
    if "not properly shut down" in _log_since(bank, offset):
        tell(
            Text(
                en="The database had been interrupted; it has recovered, everything acknowledged is there.",
                zh="数据库此前曾意外中断，现已恢复，所有已确认的记录均完好。",
            ),
        )


def _wait_for_end(running: Running, patience: float) -> None:
    began = clock.monotonic()
    while clock.monotonic() - began < patience:
        child = _started.get(running.pid)
        if child and child.poll() is not None:
            _started.pop(running.pid, None)
            return
        if not processes.is_same(running.pid, running.birth):
            return
        sleep(0.02)


def _is_postmaster_here(bank: Bank, pid: int, lines: list[str]) -> bool:
    if len(lines) < 5 or processes.birth_of(pid) is None or "postgres" not in processes.name_of(pid):
        return False
    here = processes.works_in(pid, data_of(bank))
    # Where the system does not tell the working folder, the recorded data folder must be ours.
    return lines[1].strip() == str(data_of(bank)) if here is None else here


def _recorded(bank: Bank) -> Running | None:
    try:
        return Running(**json.loads((leases.folder(bank) / "server.json").read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def _record(bank: Bank, running: Running) -> None:
    text = json.dumps(asdict(running))
    disk.write_whole(leases.folder(bank) / "server.json", text.encode(), mode=0o600)


def _pid_file(bank: Bank) -> list[str]:
    try:
        return (data_of(bank) / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


def _first_number(lines: list[str]) -> int | None:
    text = lines[0].strip() if lines else ""
    return int(text) if text.isdecimal() else None


def _planned_socket_folder(bank: Bank) -> Path:
    """In the bank where the path is short enough, else in /run (root) or /tmp under a name only the bank knows."""
    if os.geteuid() != 0 and len(os.fsencode(leases.folder(bank))) <= _SOCKET_ROOM:
        return leases.folder(bank)
    base = Path("/run") if os.geteuid() == 0 and Path("/run").is_dir() else Path("/tmp")  # noqa: S108 - see below
    # The name is random and secret and the folder must prove to be ours (_make_socket_folder).
    return base / f"creditbank-{keys.need(bank, 'socket')['name']}"


def _make_socket_folder(folder: Path, user: Account | None) -> Path:
    owner = user.uid if user else os.geteuid()
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if user and folder.lstat().st_uid == 0:
            os.chown(folder, user.uid, user.gid, follow_symlinks=False)
        status = folder.lstat()
    except OSError as error:
        disk.refuse(folder, error)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != owner or stat.S_IMODE(status.st_mode) & 0o077:
        raise DatabaseProblem(
            en=f"{folder}, where the database's socket belongs, is not a folder closed to everyone else. The database "
            "was not started and nothing was changed. Look at what is there, remove it, and run the command again.",
            zh=f"{folder} 应存放数据库套接字，但它不是仅限本用户访问的文件夹。数据库未启动，也没有任何改动。"
            "请检查并删除它，然后重新运行。",
        )
    for left in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
        (folder / left).unlink(missing_ok=True)  # no server of this folder lives: the caller has made sure
    return folder


def _drop_socket_folder(bank: Bank, folder: Path) -> None:
    if folder != leases.folder(bank) and folder.name.startswith("creditbank-"):
        try:
            folder.rmdir()
        except OSError:
            return  # not empty or already gone: the next start uses the same one


def _data_as_seen(bank: Bank, user: Account | None) -> str:
    """The data folder's name for the server.

    Run by root as a system user, it may lie under a folder that this user may not enter. Root opens the way by
    starting the server inside it; the server then knows it as its working folder, and no parent's mode changes.
    """
    if user and Path("/proc/self/cwd").exists():
        return "/proc/self/cwd"
    return str(data_of(bank))


def _as_user(user: Account | None) -> dict[str, Any]:
    return {"user": user.uid, "group": user.gid, "extra_groups": []} if user else {}


def _environment() -> dict[str, str]:
    """Nothing of the caller's PG* variables and language reaches the server."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if name in os.environ}
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"} | kept


def _log_size(bank: Bank) -> int:
    try:
        return (bank.db / "server.log").stat().st_size
    except OSError:
        return 0


def _rotate_log(bank: Bank) -> int:
    size = _log_size(bank)
    if size <= _LOG_LIMIT:
        return size
    log = bank.db / "server.log"
    log.replace(log.with_name("server.log.1"))
    return 0


def _log_since(bank: Bank, offset: int) -> str:
    try:
        with (bank.db / "server.log").open("rb") as log:
            log.seek(offset)
            return log.read(200_000).decode(errors="replace")
    except OSError:
        return ""


def _last_words(text: str) -> str:
    lines = [
        line
        for line in text.splitlines()
        if any(word in line for word in ("FATAL", "PANIC", "error", "ERROR"))
    ]
    return " / ".join((lines or text.splitlines())[-3:]).strip() or "it said nothing"


def _not_made(folder: Path, said: str) -> DatabaseProblem:
    words = _last_words(said)
    if "No space left" in said:
        return DatabaseProblem(
            en=f"The disk is full: the new database could not be made in {folder.parent}. Nothing of it is left and "
            "nothing else was changed. Free about 100 MB, then run the same command again.",
            zh=f"磁盘空间已满：无法在 {folder.parent} 中创建新数据库。没有留下残余，也没有其他改动。"
            "请腾出约 100 MB 空间，再运行同一条命令。",
        )
    return DatabaseProblem(
        en=f"The new database could not be made in {folder.parent}: {words}. Nothing of it is left and nothing else "
        "was changed. Remove the cause, then run the same command again.",
        zh=f"无法在 {folder.parent} 中创建新数据库：{words}。没有留下残余，也没有其他改动。请排除原因后重新运行同一条命令。",
    )


def _not_started(bank: Bank, said: str) -> DatabaseProblem:
    words = _last_words(said)
    log = bank.db / "server.log"
    if "No space left" in said:
        return DatabaseProblem(
            en=f"The disk is full: the database in {bank.db} could not start. Everything acknowledged is kept. Free "
            f"some space, then run the same command again. PostgreSQL's own words are in {log}.",
            zh=f"磁盘空间已满：{bank.db} 中的数据库无法启动。所有已确认的记录均已保留。请腾出空间后重新运行同一条命令。"
            f"PostgreSQL 的原始信息见 {log}。",
        )
    return DatabaseProblem(
        en=f"The database in {bank.db} did not start: {words}. Its data were not touched. The whole story is in {log}; "
        "remove the cause, then run the same command again.",
        zh=f"{bank.db} 中的数据库未能启动：{words}。数据未受影响。详情见 {log}；请排除原因后重新运行同一条命令。",
    )


def _wrong_keys(bank: Bank) -> DatabaseProblem:
    return DatabaseProblem(
        en=f"The database in {bank.db} does not accept the password in {bank.keys}: the two are not of the same bank "
        "or not of the same backup. Nothing was changed. Restore both folders from one backup.",
        zh=f"{bank.db} 中的数据库不接受 {bank.keys} 中的密码：两者不属于同一学分银行，或不是同一份备份。没有任何改动。"
        "请从同一份备份恢复这两个文件夹。",
    )
