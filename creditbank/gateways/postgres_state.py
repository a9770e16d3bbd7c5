"""Where the embedded server's parts lie, and whether it lives: pid with birth, lock, pid file."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from creditbank.gateways import database_problems, disk, keys, leases, processes

if TYPE_CHECKING:
    from creditbank.gateways.bank import Bank
    from creditbank.gateways.postgres_binaries import Account

PORT = 5432
"""Names the socket file only: the server listens on no network address."""

_SOCKET_ROOM = 103 - len(f"/.s.PGSQL.{PORT}")  # macOS has 104 bytes for a socket's path, Linux 108


@dataclass(frozen=True, slots=True)
class Running:
    """A server that was started: its postmaster, its socket's folder, and the data folder it works in."""

    pid: int
    birth: str
    host: str
    place: str


def data_of(bank: Bank) -> Path:
    """PostgreSQL's own data folder."""
    return bank.db / "data"


def place_of(bank: Bank) -> str:
    """What tells this data folder from a copy of it: device and inode; empty when there is none."""
    try:
        status = data_of(bank).stat()
    except OSError:
        return ""
    return f"{status.st_dev}:{status.st_ino}"


def log_of(bank: Bank) -> Path:
    """What the server writes about itself."""
    return bank.db / "server.log"


def lock_of(bank: Bank) -> Path:
    """A file every server process keeps locked, orphans of a killed postmaster included."""
    return leases.folder(bank) / "server.lock"


def socket_folder(bank: Bank) -> Path:
    """Where the server's socket is, or will be at the next start."""
    state = recorded(bank)
    return Path(state.host) if state and state.place == place_of(bank) else planned_socket_folder(bank)


def find(bank: Bank) -> Running | None:
    """The server of this folder if it lives: by its recorded pid and birth, else by PostgreSQL's pid file.

    The second way finds a server whose starter died before it could record it. A living process that
    merely has the recorded pid is not taken for the server.
    """
    state = recorded(bank)
    # The record of a copied bank names the server of the original: that one works in another place.
    if state and state.place == place_of(bank) and processes.is_same(state.pid, state.birth):
        return state
    lines = _pid_file(bank)
    pid = _first_number(lines)
    if pid is None or not _is_postmaster_here(bank, pid, lines):
        return None
    birth = processes.birth_of(pid)
    host = lines[4].strip() or str(planned_socket_folder(bank))
    return Running(pid, birth, host, place_of(bank)) if birth else None


def stranger_with_its_pid(bank: Bank) -> int | None:
    """The pid in PostgreSQL's pid file when it is not our server's, but PostgreSQL would think it is.

    Either another process has been given it since, or our killed server is a zombie its starter has not
    collected: both answer PostgreSQL's only question, a signal 0.
    """
    lines = _pid_file(bank)
    pid = _first_number(lines)
    if pid is None or not processes.answers(pid) or _is_postmaster_here(bank, pid, lines):
        return None
    return pid


def recorded(bank: Bank) -> Running | None:
    """The server as last recorded; it need not live any more."""
    try:
        return Running(**json.loads(_record_of(bank).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def record(bank: Bank, running: Running) -> None:
    """Write down which server runs, for those who join it."""
    disk.write_whole(_record_of(bank), json.dumps(asdict(running)).encode(), mode=0o600)


def forget(bank: Bank) -> None:
    """Take the record away after the server has ended."""
    _record_of(bank).unlink(missing_ok=True)


def planned_socket_folder(bank: Bank) -> Path:
    """In the bank where its path is short, else in /run (root) or /tmp under a name only the bank knows."""
    inside = leases.folder(bank)
    # libpq takes a comma in a host for a list, the server a quote; such a bank's socket lies elsewhere too.
    plain = len(os.fsencode(inside)) <= _SOCKET_ROOM and not set(',"\\') & set(str(inside))
    if os.geteuid() != 0 and plain:
        return inside
    # The name is secret and this folder's own, and its folder must prove to be ours (make_socket_folder).
    base = Path("/run") if os.geteuid() == 0 and Path("/run").is_dir() else Path("/tmp")  # noqa: S108
    secret = f"{keys.need(bank, 'socket')['secret']}:{os.path.realpath(bank.home)}"
    return base / f"creditbank-{hashlib.sha256(secret.encode()).hexdigest()[:16]}"


def make_socket_folder(folder: Path, user: Account | None) -> None:
    """Make the socket's folder, 0700 and the server's own; no server of this bank lives.

    Raises:
        DatabaseProblem: somebody else's folder, or an open one, is in its place.
    """
    owner = user.uid if user else os.geteuid()
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if user and folder.lstat().st_uid == 0:
            os.chown(folder, user.uid, user.gid, follow_symlinks=False)
        status = folder.lstat()
    except OSError as error:
        disk.refuse(folder, error)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != owner or stat.S_IMODE(status.st_mode) & 0o077:
        raise database_problems.socket_folder_taken(folder)
    for left in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
        (folder / left).unlink(missing_ok=True)


def drop_socket_folder(bank: Bank, folder: Path) -> None:
    """Take a socket's folder outside the bank away; one that is not empty stays for the next start."""
    if folder != leases.folder(bank) and folder.name.startswith("creditbank-"):
        try:
            folder.rmdir()
        except OSError:
            return


def _record_of(bank: Bank) -> Path:
    return leases.folder(bank) / "server.json"


def _is_postmaster_here(bank: Bank, pid: int, lines: list[str]) -> bool:
    if len(lines) < 5 or processes.birth_of(pid) is None or "postgres" not in processes.name_of(pid):
        return False
    here = processes.works_in(pid, data_of(bank))
    # Where the system does not tell the working folder, the recorded data folder must be ours.
    return lines[1].strip() == str(data_of(bank)) if here is None else here


def _pid_file(bank: Bank) -> list[str]:
    try:
        return (data_of(bank) / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


def _first_number(lines: list[str]) -> int | None:
    text = lines[0].strip() if lines else ""
    return int(text) if text.isdecimal() else None
