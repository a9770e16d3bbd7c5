"""Who uses the embedded server now: one locked file per holder, and one lock for start and stop."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

from creditbank.domain.values import Text
from creditbank.gateways import clock, database_problems, disk, processes

if TYPE_CHECKING:
    from creditbank.gateways.bank import Bank

Tell = Callable[[Text], None]
"""Where progress is said while something takes its time."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One holder's locked file; the lock, not the file, is the proof that the holder lives."""

    path: Path
    handle: int
    pid: int


@dataclass(frozen=True, slots=True)
class Holder:
    """A living holder as its file describes it."""

    pid: int
    purpose: str


def folder(bank: Bank) -> Path:
    """Where the run state of the embedded server lies."""
    return bank.db / "run"


@contextmanager
def starting_or_stopping(bank: Bank, tell: Tell) -> Iterator[None]:
    """Hold the one lock under which the server is made, started, joined and stopped."""
    disk.make_folder(folder(bank), mode=0o700)
    path = folder(bank) / "lock"
    began, said = clock.monotonic(), False
    while (handle := lock_now(path)) is None:
        if not said and clock.monotonic() - began > 2:
            said = True
            tell(
                Text(
                    en="Another process is starting or stopping the database; waiting for it.",
                    zh="另一个进程正在启动或停止数据库，请稍候。",
                ),
            )
        sleep(0.02)
    try:
        yield
    finally:
        os.close(handle)


def lock_now(path: Path) -> int | None:
    """An open handle that holds the file's lock, or nothing when somebody else holds it.

    Raises:
        DatabaseProblem: the file system has no locks.
        DiskProblem: the file cannot be opened or made.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        disk.refuse(path, error)
    try:
        if _try_lock(handle):
            return handle
    except OSError as error:
        os.close(handle)
        raise database_problems.no_file_locks(path) from error
    os.close(handle)
    return None


def take(bank: Bank, purpose: str) -> Lease:
    """Write and lock a new lease; the caller holds the lock of ``starting_or_stopping``.

    Raises:
        DiskProblem: the disk refused; no lease is left.
    """
    pid = os.getpid()
    content = json.dumps({"pid": pid, "birth": processes.birth_of(pid), "purpose": purpose})
    there = folder(bank) / "leases"
    disk.make_folder(there, mode=0o700)
    path = there / f"{pid}-{clock.new_id().hex[-12:]}.json"
    handle, waiting = -1, None
    try:
        handle, waiting = tempfile.mkstemp(prefix=".", dir=there)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        disk.write_all(handle, content.encode())
        os.fsync(handle)
        os.replace(waiting, path)  # noqa: PTH105 - the locked file keeps its lock under its new name
    except OSError as error:
        if handle >= 0:
            os.close(handle)
        if waiting is not None:
            Path(waiting).unlink(missing_ok=True)
        if error.errno == errno.ENOLCK:
            raise database_problems.no_file_locks(there) from error
        disk.refuse(path, error)
    return Lease(path, handle, pid)


def give_back(lease: Lease) -> None:
    """Unlock and remove a lease."""
    fcntl.flock(lease.handle, fcntl.LOCK_UN)  # also for copies of the handle that forked children still have
    os.close(lease.handle)
    lease.path.unlink(missing_ok=True)


def holders(bank: Bank) -> list[Holder]:
    """The living holders; leases of holders that died without a word are swept."""
    there = folder(bank) / "leases"
    living = []
    for path in sorted(there.glob("*")) if there.is_dir() else []:
        try:
            handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
        except FileNotFoundError:
            continue
        try:
            if _try_lock(handle):
                path.unlink(missing_ok=True)
                continue
            living.append(_read_holder(handle))
        finally:
            os.close(handle)
    return living


def _read_holder(handle: int) -> Holder:
    try:
        content = json.loads(os.pread(handle, 65536, 0))
        return Holder(pid=int(content["pid"]), purpose=str(content["purpose"]))
    except (ValueError, KeyError, TypeError):
        return Holder(pid=0, purpose="?")  # locked, so somebody lives, even if the text is not ours


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
