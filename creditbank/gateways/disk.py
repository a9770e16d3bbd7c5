"""Whole files only: a write is temporary file, fsync, rename, fsync of the folder, or nothing."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NoReturn

from creditbank.gateways.problem import DiskProblem

_FULL = {errno.ENOSPC, errno.EDQUOT}
_SHORT = 1 << 20


def write_whole(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Replace ``path`` by ``data`` so that a crash or a full disk leaves the old file or the new one.

    Args:
        path: the file; its folder exists.
        data: the whole content.
        mode: the permissions of the new file, whatever the umask says.

    Raises:
        DiskProblem: the disk is full or refused; the former content stands.
    """
    with replacing(path, mode=mode) as file:
        write_all(file.fileno(), data)


@contextmanager
def replacing(path: Path, *, mode: int = 0o600) -> Iterator[IO[bytes]]:
    """A file to write that takes the place of ``path`` at the end; any error leaves the old one.

    Args:
        path: the file; its folder exists.
        mode: the permissions of the new file, whatever the umask says.

    Raises:
        DiskProblem: the disk is full or refused; the former content stands.
    """
    waiting: str | None = None
    try:
        handle, waiting = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "w+b") as file:
            os.fchmod(handle, mode)
            yield file
            file.flush()
            os.fsync(handle)
        os.replace(waiting, path)  # noqa: PTH105 - both names are plain paths here
        waiting = None
        sync_folder(path.parent)
    except OSError as error:
        refuse(path, error)
    finally:
        if waiting is not None:
            Path(waiting).unlink(missing_ok=True)


def scratch() -> IO[bytes]:
    """A file for bytes on their way out: short ones stay in memory, long ones on disk, and none has a name."""
    return tempfile.SpooledTemporaryFile(max_size=_SHORT)


def make_folder(path: Path, *, mode: int = 0o700) -> None:
    """Make a folder and its missing parents; an existing folder keeps its permissions.

    Raises:
        DiskProblem: the disk is full or refused.
    """
    try:
        if not path.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(mode=mode, exist_ok=True)
            sync_folder(path.parent)
    except OSError as error:
        refuse(path, error)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def refuse(path: Path, error: OSError) -> NoReturn:
    """Say what the disk refused, in words a person can act on."""
    if error.errno in _FULL:
        raise DiskProblem(
            en=f"The disk is full: {path} could not be written. Nothing was changed; what stood there before "
            "still stands. Free some space, then run the same command again.",
            zh=f"磁盘空间已满：无法写入 {path}。没有任何改动，原有内容保持不变。请先腾出空间，再运行同一条命令。",
        ) from error
    reason = error.strerror or str(error)
    raise DiskProblem(
        en=f"{path} could not be written ({reason}). Nothing was changed; what stood there before still "
        "stands. Check that the folder belongs to the user running this command and is writable, then run it "
        "again.",
        zh=f"无法写入 {path}（{reason}）。没有任何改动，原有内容保持不变。"
        "请确认该文件夹属于运行本命令的用户且可写，然后重新运行。",
    ) from error


def write_all(handle: int, data: bytes) -> None:
    """Write all bytes to an open file; the system may take them in parts."""
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def fingerprint(*paths: Path) -> str:
    """One SHA-256 over files in their order: when any of them changes, it is another one."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
