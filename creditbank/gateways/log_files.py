"""The log's public files on disk: written whole and durable, or not at all."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from creditbank.gateways import disk
from creditbank.gateways.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

_CHECKPOINT = "checkpoint"
_SAFE = re.compile(r"tile/(entries|[0-9]{1,2})/(x[0-9]{3}/)*[0-9]{3}(\.p/[0-9]{1,3})?")
_TEMPORARY = ".tmp"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW


class LogStoreProblem(Problem):
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
            ValueError: the path is none of the log's.
            LogStoreProblem: the disk refuses.
        """
        if path != _CHECKPOINT and not _SAFE.fullmatch(path):
            raise ValueError(f"{path!r} is not a file of the log")
        try:
            return (self.folder / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise LogStoreProblem(
                en=f"{self.folder / path} cannot be read ({error.strerror}). Nothing was changed.",
                zh=f"无法读取 {self.folder / path}（{error.strerror}）。没有任何改动。",
            ) from error

    def fetch(self, paths: Sequence[str]) -> dict[str, bytes]:
        """Those of the files that exist, in one batch."""
        return {path: data for path in paths if (data := self.read(path)) is not None}

    def read_checkpoint(self) -> str | None:
        """The signed checkpoint, or None for a log that has none yet.

        Raises:
            LogStoreProblem: it cannot be read, or is not text.
        """
        data = self.read(_CHECKPOINT)
        try:
            return None if data is None else data.decode("utf-8")
        except UnicodeDecodeError:
            raise LogStoreProblem(
                en=f"{self.folder / _CHECKPOINT} is damaged: it is not UTF-8 text. Nothing was changed. "
                "Restore it from a backup or from a public copy.",
                zh=f"{self.folder / _CHECKPOINT} 已损坏：不是 UTF-8 文本。没有任何改动。请从备份或公开副本恢复它。",
            ) from None

    def write(self, files: Mapping[str, bytes], at: Callable[[str], None] = _nothing) -> None:
        """Write files so that they outlive a power cut: files synced, renamed into place, folders synced.

        ``at`` is called between the parts with ``files_begun``, ``files_synced`` and ``files_renamed``.

        Raises:
            LogStoreProblem: the disk refuses (full, read-only, gone); the checkpoint still stands for what
                was published before, and a later write begins again.
        """
        paths = sorted(files)
        handles: list[int] = []
        try:
            for path in paths:
                target = self.folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                handle = os.open(f"{target}{_TEMPORARY}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644)
                handles.append(handle)
                disk.write_all(handle, files[path])
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
                disk.sync_folder(folder)
        except OSError as error:
            for path in paths:
                with suppress(OSError):
                    (self.folder / f"{path}{_TEMPORARY}").unlink()
            raise LogStoreProblem(
                en=f"The log in {self.folder} could not be written ({error.strerror}). The published "
                "checkpoint stands and nothing is lost. Make room or repair the disk: "
                "the log then goes on by itself.",
                zh=f"无法写入 {self.folder} 中的日志（{error.strerror}）。"
                "已公布的检查点仍然有效，没有丢失任何内容。请腾出空间或修复磁盘，"
                "日志随后会自动继续。",
            ) from error
        finally:
            for handle in handles:
                with suppress(OSError):
                    os.close(handle)

    def write_checkpoint(self, text: str, at: Callable[[str], None] = _nothing) -> None:
        """Put a signed checkpoint into place, durable before it is seen.

        Raises:
            LogStoreProblem: as for :meth:`write`.
        """
        self.write({_CHECKPOINT: text.encode()}, lambda step: at(step.replace("files", "checkpoint")))

    def discard_partials(self, full: Iterable[str]) -> None:
        """Remove the partial files of tiles whose full files are in place."""
        for path in full:
            if (self.folder / path).is_file():
                shutil.rmtree(self.folder / f"{path}.p", ignore_errors=True)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Be the only writer of this folder; a second one is refused at once.

        Raises:
            LogStoreProblem: another process writes here.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise LogStoreProblem(
                en=f"The log's folder {self.folder} cannot be used ({error.strerror}). Nothing was changed.",
                zh=f"无法使用日志文件夹 {self.folder}（{error.strerror}）。没有任何改动。",
            ) from error
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LogStoreProblem(
                    en=f"Another process is writing the log in {self.folder}. Nothing was changed; try again.",
                    zh=f"另一个进程正在写入 {self.folder} 中的日志。没有任何改动；请稍后重试。",
                ) from None
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
        LogStoreProblem: the folder holds something, a file is missing, or the disk refuses.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise LogStoreProblem(
            en=f"{folder} is not an empty folder. Nothing was written. Name a new folder.",
            zh=f"{folder} 不是空文件夹。没有写入任何内容。请指定新的文件夹。",
        )
    copy = TileStore(folder)
    for start in range(0, len(paths), 256):
        part = paths[start : start + 256]
        files = store.fetch(part)
        if missing := [path for path in part if path not in files]:
            raise LogStoreProblem(
                en=f"{store.folder / missing[0]} is missing. The copy in {folder} has no checkpoint "
                "and is not complete: remove it. To learn more, run: creditbank check",
                zh=f"缺少 {store.folder / missing[0]}。{folder} 中的副本没有检查点，不完整，请删除它。"
                "要了解详情，请运行：creditbank check",
            )
        copy.write(files)
    copy.write_checkpoint(checkpoint)


def read_small_text(path: Path, limit: int = 10_000_000) -> str:
    """A text file of at most ``limit`` bytes.

    Raises:
        LogStoreProblem: it cannot be opened, is larger, or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise LogStoreProblem(
            en=f"{path} cannot be opened: {error.strerror}.",
            zh=f"无法打开 {path}：{error.strerror}。",
        ) from error
    if len(data) > limit:
        raise LogStoreProblem(en=f"{path} is larger than {limit} bytes.", zh=f"{path} 超过 {limit} 字节。")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LogStoreProblem(
            en=f"{path} is not UTF-8 text (byte {error.start}).",
            zh=f"{path} 不是 UTF-8 文本（第 {error.start} 字节）。",
        ) from None


def _sync_and_close(handles: list[int]) -> None:
    while handles:
        os.fsync(handles[-1])
        os.close(handles.pop())
