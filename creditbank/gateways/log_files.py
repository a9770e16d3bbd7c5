"""The log's public files on disk: written whole and durable, or not at all."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

_CHECKPOINT = "checkpoint"
_SAFE = re.compile(r"tile/(entries|[0-9]{1,2})/(x[0-9]{3}/)*[0-9]{3}(\.p/[0-9]{1,3})?")
_TEMPORARY = ".tmp"


class LogStoreError(Exception):
    """The log's folder refused a read or a write; the message says what stands and what to do."""


def _nothing(_step: str) -> None:
    """No failpoint."""


class TileStore:
    """The folder of one log: ``checkpoint``, ``vkey`` and ``tile/...``, ready to be served as static files.

    Readers need no lock: every file appears whole by a rename. One writer at a time holds :meth:`exclusive`.
    ``confirmed`` is the writer's memory, for the life of this object, of the size up to which leaves and
    checkpoint were compared.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.confirmed: int | None = None

    def read(self, path: str) -> bytes | None:
        """The bytes of a file of the log, or None when it does not exist.

        Raises:
            LogStoreError: the path is none of the log's, or the disk refuses.
        """
        if path != _CHECKPOINT and not _SAFE.fullmatch(path):
            raise LogStoreError(f"{path!r} is not a file of the log")
        try:
            return (self.folder / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise LogStoreError(f"{self.folder / path} cannot be read: {error.strerror}.") from error

    def fetch(self, paths: Sequence[str]) -> dict[str, bytes]:
        """Those of the files that exist, in one batch."""
        return {path: data for path in paths if (data := self.read(path)) is not None}

    def read_checkpoint(self) -> str | None:
        """The signed checkpoint, or None for a log that has none yet.

        Raises:
            LogStoreError: it cannot be read, or is not text.
        """
        data = self.read(_CHECKPOINT)
        try:
            return None if data is None else data.decode("utf-8")
        except UnicodeDecodeError:
            raise LogStoreError(f"{self.folder / _CHECKPOINT} is damaged: it is not UTF-8 text.") from None

    def write(self, files: Mapping[str, bytes], at: Callable[[str], None] = _nothing) -> None:
        """Write files so that they outlive a power cut: files synced, renamed into place, folders synced.

        ``at`` is called between the parts with ``files_begun``, ``files_synced`` and ``files_renamed``.

        Raises:
            LogStoreError: the disk refuses (full, read-only, gone); the checkpoint still stands for what was
                published before, and a later write begins again.
        """
        paths = sorted(files)
        handles: list[int] = []
        try:
            for path in paths:
                target = self.folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                handle = os.open(
                    f"{target}{_TEMPORARY}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644
                )
                handles.append(handle)
                _write_all(handle, files[path])
                # Some hundreds at once, so that the disk takes them together and no limit of handles is met.
                if len(handles) == 256:
                    _sync_and_close(handles)
            at("files_begun")
            _sync_and_close(handles)
            at("files_synced")
            for number, path in enumerate(paths):
                (self.folder / f"{path}{_TEMPORARY}").rename(self.folder / path)
                if number == len(paths) // 2:
                    at("files_renamed")
            for folder in self._folders(paths):
                _sync_folder(folder)
        except OSError as error:
            for path in paths:
                with suppress(OSError):
                    (self.folder / f"{path}{_TEMPORARY}").unlink()
            raise LogStoreError(
                f"The log in {self.folder} could not be written: {error.strerror}. The published checkpoint stands, "
                "and nothing is lost: make room or repair the disk, and the log goes on by itself."
            ) from error
        finally:
            for handle in handles:
                with suppress(OSError):
                    os.close(handle)

    def write_checkpoint(self, text: str, at: Callable[[str], None] = _nothing) -> None:
        """Put a signed checkpoint into place, durable before it is seen.

        Raises:
            LogStoreError: as for :meth:`write`.
        """
        self.write({_CHECKPOINT: text.encode()}, lambda step: at(step.replace("files", "checkpoint")))

    def discard_partials(self, full: Iterable[str]) -> None:
        """Remove the partial files of tiles whose full files are in place."""
        for path in full:
            if (self.folder / path).is_file():
                shutil.rmtree(self.folder / f"{path}.p", ignore_errors=True)

    def paths(self) -> list[str]:
        """Every file of the log, sorted, the checkpoint aside."""
        found = (
            path.relative_to(self.folder).as_posix()
            for path in self.folder.glob("tile/**/*")
            if path.is_file()
        )
        return sorted(path for path in found if not path.endswith(_TEMPORARY))

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Be the only writer of this folder; a second one is refused at once.

        Raises:
            LogStoreError: another process writes here.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise LogStoreError(
                f"The log's folder {self.folder} cannot be used: {error.strerror}."
            ) from error
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LogStoreError(f"Another process is writing the log in {self.folder}.") from None
            yield
        finally:
            os.close(handle)

    def _folders(self, paths: Sequence[str]) -> list[Path]:
        """The folders of the files and all above them up to the log's own, deepest first."""
        folders = {self.folder}
        for path in paths:
            folder = (self.folder / path).parent
            while folder not in folders:
                folders.add(folder)
                folder = folder.parent
        return sorted(folders, key=lambda folder: len(folder.parts), reverse=True)


def export_log(store: TileStore, paths: Sequence[str], checkpoint: str, folder: Path) -> None:
    """Copy the log's files, and the checkpoint last, into an empty or new folder.

    Raises:
        LogStoreError: the folder holds something, a file is missing, or the disk refuses.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise LogStoreError(f"{folder} is not empty. Nothing was written: name a new folder.")
    copy = TileStore(folder)
    for start in range(0, len(paths), 256):
        part = paths[start : start + 256]
        files = store.fetch(part)
        if missing := [path for path in part if path not in files]:
            raise LogStoreError(
                f"{store.folder / missing[0]} is missing. The copy in {folder} is incomplete."
            )
        copy.write(files)
    copy.write_checkpoint(checkpoint)


def read_small_text(path: Path, limit: int = 10_000_000) -> str:
    """A text file of at most ``limit`` bytes.

    Raises:
        LogStoreError: it cannot be opened, is larger, or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise LogStoreError(f"{path} cannot be opened: {error.strerror}") from error
    if len(data) > limit:
        raise LogStoreError(f"{path} is larger than {limit} bytes")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LogStoreError(f"{path} is not UTF-8 text (byte {error.start})") from None


def _write_all(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


def _sync_and_close(handles: list[int]) -> None:
    while handles:
        os.fsync(handles[-1])
        os.close(handles.pop())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
