"""The bank's folder from outside: who uses it, a copy of it while it rests, and the way back."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from installer import place as places
from installer.words import Stop

PARTS = ("bank.json", "keys", "files", "log", "db/data")
"""What makes a bank. The rest of its folder is run state, logs of the server, and copies of its programs."""

_ROOM = 64 * 1024 * 1024
_PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank's folder; ``owner`` is the user its commands run as when the installer is root."""

    home: Path

    @property
    def exists(self) -> bool:
        """Whether the folder holds a complete bank."""
        return (self.home / "bank.json").is_file()

    @property
    def owner(self) -> tuple[int, int] | None:
        """User and group to become, or nothing when the installer is that user already."""
        status = (self.home / "db").stat()
        return None if status.st_uid == os.geteuid() else (status.st_uid, status.st_gid)

    def size(self) -> int:
        """Bytes that a copy of the parts takes."""
        return sum(_measure(self.home / part)[1] for part in PARTS)


@contextmanager
def at_rest(bank: Bank) -> Iterator[None]:
    """Hold the bank while nobody uses it; nobody can open it meanwhile.

    Raises:
        Stop: somebody uses it, or its database does not end; nothing was changed.
    """
    run = bank.home / "db" / "run"
    if not (run / "lock").exists():  # it never ran, or was just restored elsewhere
        yield
        return
    with (run / "lock").open("r+b") as lock:
        if not _locked(lock.fileno()):
            raise Stop(
                zh=f"{bank.home} 正由另一个进程启动或停止。没有任何改动。请稍后重新运行。",
                en=f"Another process is starting or stopping the bank in {bank.home}. Nothing was changed. "
                "Run this again in a moment.",
            )
        users = list(_users(run / "leases"))
        if users:
            shown = ", ".join(users)
            raise Stop(
                zh=f"学分银行 {bank.home} 正在使用中（{shown}）。没有任何改动。请先停止它（例如：systemctl stop "
                "creditbank），再重新运行。",
                en=f"The bank in {bank.home} is in use ({shown}). Nothing was changed. "
                "Stop it (for instance: systemctl stop creditbank) and run this again.",
            )
        _end_orphan(bank, run)
        yield


def back_up(bank: Bank, folder: Path, *, program: str) -> None:
    """Copy the resting bank into a folder of the operator alone, compared file by file in number and size.

    Raises:
        Stop: there is no room, or the copy is not whole; no half copy is left and the bank is as it was.
    """
    needed = bank.size() + _ROOM
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    free = shutil.disk_usage(folder.parent).free
    if free < needed:
        raise Stop(
            zh=f"磁盘空间不足：备份需要 {needed / 1e9:.1f} GB，{folder.parent} 仅剩 {free / 1e9:.1f} GB。"
            "没有任何改动。请腾出空间，或用 --backups 指定其他文件夹。",
            en=f"There is not enough room: a backup takes {needed / 1e9:.1f} GB, {folder.parent} has "
            f"{free / 1e9:.1f} GB. "
            "Nothing was changed. Make room, or name another folder with --backups.",
        )
    waiting = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(waiting, ignore_errors=True)
    try:
        waiting.mkdir(mode=0o700)
        with at_rest(bank):
            counted = {part: _copy(bank.home / part, waiting / part) for part in PARTS}
        about = {"schema": "creditbank.backup/1", "program": program, "bank": str(bank.home), "parts": counted}
        places.write_whole(waiting / "backup.json", json.dumps(about, indent=2) + "\n", mode=0o600)
        os.sync()
        waiting.rename(folder)
        places.sync(folder.parent)
    except OSError as error:
        raise Stop(
            zh=f"备份失败（{error}）。学分银行没有任何改动，未完成的备份已删除。请排除原因后重新运行。",
            en=f"The backup failed ({error}). The bank is as it was, and the unfinished backup was removed. "
            "Remove the cause and run this again.",
        ) from error
    finally:
        shutil.rmtree(waiting, ignore_errors=True)


def read_backup(folder: Path) -> dict[str, Any]:
    """What a backup says of itself, after comparing it with what it holds.

    Raises:
        Stop: it is no backup, or not whole any more.
    """
    try:
        about: dict[str, Any] = json.loads((folder / "backup.json").read_bytes())
        wrong = [part for part in PARTS if list(_measure(folder / part)) != list(about["parts"][part])]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Stop(
            zh=f"{folder} 不是完整的备份（{error}）。没有任何改动。请指定另一个备份。",
            en=f"{folder} is not a whole backup ({error}). Nothing was changed. Name another one.",
        ) from error
    if wrong:
        raise Stop(
            zh=f"备份 {folder} 与其记录不符（{', '.join(wrong)}）。没有任何改动。请指定另一个备份。",
            en=f"The backup {folder} does not hold what it recorded ({', '.join(wrong)}). Nothing was changed. "
            "Name another one.",
        )
    return about


def restore(bank: Bank, folder: Path, *, aside: Path) -> None:
    """Put the backup's parts in the place of the bank's; those that were there are moved to ``aside``.

    It can be repeated after a power cut: a part that is already in its place is put there again.

    Raises:
        Stop: the bank is in use, or the backup is not whole.
        OSError: the disk refused; the parts are in ``aside``, and this can be repeated.
    """
    read_backup(folder)
    if not bank.home.is_dir():  # another machine, or a new disk
        bank.home.mkdir(mode=0o700, parents=True)
        _own_as(folder / "keys", bank.home)
    with at_rest(bank):
        for part in PARTS:
            here, waiting = bank.home / part, bank.home / f".restored-{part.replace('/', '-')}"
            _remove(waiting)
            if not here.parent.is_dir():
                here.parent.mkdir(mode=0o700)
                _own_as(folder / "keys", here.parent)
            _copy(folder / part, waiting)
            if here.exists():
                put = aside / part
                put.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                _remove(put)
                here.rename(put)
            if waiting.exists():
                waiting.rename(here)
            places.sync(here.parent)
        os.sync()


def command(program: Path, bank: Bank, *words: str, log: Path) -> int:
    """Run a command of a version on the bank as the bank's owner; what it says goes into ``log``."""
    kept = ("PATH", "LANG", "LC_ALL", "LC_MESSAGES", "DATABASE_URL", "CREDITBANK_ORIGIN", "TZ")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment |= {"CREDITBANK_HOME": str(bank.home)}
    owner = bank.owner
    become: dict[str, Any] = {"user": owner[0], "group": owner[1], "extra_groups": []} if owner else {}
    with log.open("ab") as said:
        said.write(f"\n$ creditbank {' '.join(words)}\n".encode())
        said.flush()
        # A group of its own: Ctrl-C reaches the installer alone, which lets the command end in order.
        process = subprocess.Popen(
            [program / "bin" / "creditbank", *words],
            env=environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
            **become,
        )
        try:
            return process.wait()
        except BaseException:
            process.terminate()
            process.wait(_PATIENCE)
            raise


def _users(leases: Path) -> Iterator[str]:
    for path in sorted(leases.glob("*.json")) if leases.is_dir() else []:
        with path.open("r+b") as lease:
            if _locked(lease.fileno()):
                continue  # its holder died without a word
            try:
                holder = json.loads(lease.read())
                yield f"{holder['purpose']} {holder['pid']}"
            except (ValueError, KeyError, TypeError):
                yield path.name


def _end_orphan(bank: Bank, run: Path) -> None:
    """End a server whose holders were all killed, as the next command of the bank would."""
    path = run / "server.lock"
    if not path.exists():
        return
    with path.open("r+b") as lock:
        began = time.monotonic()
        asked = False
        while not _locked(lock.fileno()):
            if not asked:
                asked = True
                _ask_to_end(bank)
            if time.monotonic() - began > _PATIENCE:
                raise Stop(
                    zh=f"{bank.home} 的数据库没有结束。没有任何改动。请查看 {bank.home}/db/server.log。",
                    en=f"The database in {bank.home} does not end. Nothing was changed. See {bank.home}/db/server.log.",
                )
            time.sleep(0.1)


def _ask_to_end(bank: Bank) -> None:
    data = bank.home / "db" / "data"
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        if Path(f"/proc/{pid}/cwd").samefile(data):
            os.kill(pid, signal.SIGINT)
    except (OSError, ValueError):
        return


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _copy(source: Path, target: Path) -> tuple[int, int]:
    """Copy with modes, times and owners; returns files and bytes of what came to be."""
    if source.is_dir():
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copytree(source, target, symlinks=True, copy_function=_copy_file)
        for folder, _, _ in os.walk(source):
            _own_as(Path(folder), target / Path(folder).relative_to(source))
    elif source.exists():
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _copy_file(str(source), str(target))
    copied = _measure(target)
    if copied != _measure(source):
        raise OSError(f"{target} is not equal to {source}")
    return copied


def _copy_file(source: str, target: str) -> str:
    shutil.copy2(source, target, follow_symlinks=False)
    _own_as(Path(source), Path(target))
    return target


def _own_as(source: Path, target: Path) -> None:
    if os.geteuid() == 0:
        status = source.lstat()
        os.chown(target, status.st_uid, status.st_gid, follow_symlinks=False)


def _measure(path: Path) -> tuple[int, int]:
    """Files and bytes below a path; nothing there is none of either."""
    if path.is_dir():
        entries = [below.lstat() for below in path.rglob("*")]
        sizes = [status.st_size for status in entries if stat.S_ISREG(status.st_mode)]
        return len(sizes), sum(sizes)
    return (1, path.stat().st_size) if path.exists() else (0, 0)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
