"""The one door in for files: what they are by their content, and how much of them is taken."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
import struct
import tempfile
import zipfile
import zlib
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO, Self

from creditbank.domain.explanation import Sentence
from creditbank.domain.values import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from creditbank.domain.explanation import Fact

MESSAGES: dict[str, str] = {
    "files.missing": "There is no file {name}. Check the path and run it again.",
    "files.not_a_file": "{name} is not an ordinary file. Give the path of a CSV or XLSX file.",
    "files.unreadable": "{name} cannot be read: {reason}. Nothing was taken from it.",
    "files.empty": "{name} is empty. Export it again; nothing was taken from it.",
    "files.too_large": "{name} has {size} bytes, more than the {limit} allowed for a {kind} file. "
    "Split it by term and import the parts.",
    "files.no_space": "There was no room on disk to take {name} in: {reason}. Nothing was kept of it.",
    "files.kind": "{name} is {found}, not a CSV or XLSX sheet. Save it as CSV or XLSX and try again.",
    "files.old_workbook": "{name} is an old .xls workbook or one protected by a password. "
    "Save it as .xlsx without a password and try again.",
    "files.web_page": "{name} is a web page under a sheet's name. Open it in a spreadsheet program, "
    "save it as .xlsx and try again.",
    "files.archive_damaged": "{name} is a damaged archive: {reason}. Save the workbook again.",
    "files.archive_not_a_workbook": "{name} is an archive without a workbook in it. Unpack it and give the sheet.",
    "files.archive_ratio": "{name} unpacks to more than {limit} times its size ({part}). "
    "No ordinary workbook does; nothing was read from it.",
    "files.archive_too_large": "{name} unpacks to more than {limit} bytes. Split the workbook.",
    "files.archive_entries": "{name} holds {count} parts, more than {limit}. No ordinary workbook does.",
}
"""Sentences of the refusals this module makes, by code."""

_NO_FACTS: Mapping[str, Fact] = MappingProxyType({})
_CHUNK = 1 << 18


class FileRefused(Exception):  # noqa: N818 - a refusal, named as people name it
    """A file that is not taken in, or not read further.

    ``code`` names the sentence in ``messages`` and ``facts`` fill its places, so that any language can say
    it; ``str()`` is the English sentence.
    """

    def __init__(self, messages: Mapping[str, str], code: str, /, **facts: Fact) -> None:
        super().__init__(Sentence(messages, code, **facts))
        self.code = code
        self.facts: Mapping[str, Fact] = facts or _NO_FACTS


class Kind(StrEnum):
    """What a file turned out to be, by its first bytes and never by its name."""

    CSV = "csv"
    XLSX = "xlsx"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is taken in: bytes by kind, and what an archive may unpack to."""

    csv_bytes: int = 100_000_000
    xlsx_bytes: int = 50_000_000
    unpacked_bytes: int = 500_000_000
    ratio: int = 100
    entries: int = 2_000


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that passed the door: what it is, its size in bytes and the SHA-256 of its content.

    Use it as a context manager; :meth:`reader` gives any number of independent readers until it is closed.
    """

    name: str
    kind: Kind
    size: int
    sha256: str
    _descriptor: int = field(repr=False)
    _stamp: tuple[int, int] = field(repr=False)

    def reader(self) -> BinaryIO:
        """A new seekable reader from the first byte."""
        return io.BufferedReader(_Reader(self._descriptor, self.size), _CHUNK)

    def changed(self) -> bool:
        """Whether somebody wrote to the file since it was taken in."""
        return _stamp(os.fstat(self._descriptor)) != self._stamp

    def close(self) -> None:
        """Let go of the file; readers made before stop working."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Reader(io.RawIOBase):
    """A cursor of its own over a shared descriptor."""

    def __init__(self, descriptor: int, size: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("negative position in a file")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        # Never past the size that was judged, even if the file grows meanwhile.
        wanted = min(len(buffer), max(0, self._size - self._at))
        data = os.pread(self._descriptor, wanted, self._at)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def open_upload(source: str | Path | BinaryIO, limits: Limits = DEFAULT_LIMITS, *, name: str = "") -> Upload:
    """Take a file in: by path, or from a stream, which is copied to a private file first.

    Args:
        source: a path, or a binary stream such as a web upload or standard input.
        limits: the sizes and ratios allowed.
        name: what to call it in messages; by default the last part of the path.

    Raises:
        FileRefused: it is missing, empty, too large, no sheet, or an archive nobody made for reading.
    """
    if isinstance(source, (str, Path)):
        name = name or Path(source).name
        descriptor = _open_path(source, name)
    else:
        name = name or Path(str(getattr(source, "name", "") or "upload")).name
        descriptor = _spool(source, name, limits)
    try:
        return _judge(descriptor, name, limits)
    except BaseException as problem:
        os.close(descriptor)
        if isinstance(problem, OSError):
            raise FileRefused(MESSAGES, "files.unreadable", name=name, reason=_reason(problem)) from problem
        raise


def _reason(problem: OSError) -> Text:
    known = {
        errno.EACCES: "没有权限",
        errno.ENOSPC: "磁盘空间已满",
        errno.EDQUOT: "磁盘配额已用完",
        errno.EIO: "读写出错",
    }
    return Text(known.get(problem.errno or 0, "系统拒绝了"), problem.strerror or type(problem).__name__)


def _stamp(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


def _open_path(path: str | Path, name: str) -> int:
    try:
        # Without O_NONBLOCK a pipe nobody writes to would hold us here for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as problem:
        raise FileRefused(MESSAGES, "files.missing", name=name) from problem
    except (OSError, ValueError) as problem:
        reason = _reason(problem) if isinstance(problem, OSError) else Text("文件名不合规范", str(problem))
        raise FileRefused(MESSAGES, "files.unreadable", name=name, reason=reason) from problem
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileRefused(MESSAGES, "files.not_a_file", name=name)
    return descriptor


def _spool(stream: BinaryIO, name: str, limits: Limits) -> int:
    most = max(limits.csv_bytes, limits.xlsx_bytes)
    try:
        with tempfile.TemporaryFile() as copy:
            size = 0
            # One byte more than allowed is enough to know; an endless stream ends here.
            while size <= most and (chunk := stream.read(min(_CHUNK, most + 1 - size))):
                copy.write(chunk)
                size += len(chunk)
            copy.flush()
            return os.dup(copy.fileno())
    except OSError as problem:
        raise FileRefused(MESSAGES, "files.no_space", name=name, reason=_reason(problem)) from problem


def _judge(descriptor: int, name: str, limits: Limits) -> Upload:
    status = os.fstat(descriptor)
    if not status.st_size:
        raise FileRefused(MESSAGES, "files.empty", name=name)
    kind = _sniff(os.pread(descriptor, 8192, 0), name)
    most = limits.xlsx_bytes if kind is Kind.XLSX else limits.csv_bytes
    if status.st_size > most:
        raise FileRefused(
            MESSAGES, "files.too_large", name=name, size=status.st_size, limit=most, kind=kind.value.upper()
        )
    digest = hashlib.sha256()
    reader = _Reader(descriptor, status.st_size)
    while chunk := reader.read(_CHUNK):
        digest.update(chunk)
    upload = Upload(name, kind, status.st_size, digest.hexdigest(), descriptor, _stamp(status))
    if kind is Kind.XLSX:
        _judge_archive(upload, limits)
    return upload


_OTHER_KINDS: tuple[tuple[bytes, Text], ...] = (
    (b"%PDF-", Text("PDF 文档", "a PDF document")),
    (b"\x89PNG", Text("图片", "a picture")),
    (b"\xff\xd8\xff", Text("图片", "a picture")),
    (b"GIF8", Text("图片", "a picture")),
    (b"\x1f\x8b", Text("gzip 压缩包", "a gzip archive")),
    (b"7z\xbc\xaf\x27\x1c", Text("7z 压缩包", "a 7z archive")),
    (b"Rar!", Text("RAR 压缩包", "a RAR archive")),
    (b"\x7fELF", Text("程序", "a program")),
    (b"SQLite format 3\x00", Text("数据库", "a database")),
    (b"{\\rtf", Text("文字文档", "a text document")),
)
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_TEXT_CONTROLS = frozenset(b"\t\n\v\f\r\x1a\x1b")


def _sniff(head: bytes, name: str) -> Kind:
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return Kind.XLSX
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise FileRefused(MESSAGES, "files.old_workbook", name=name)
    for magic, found in _OTHER_KINDS:
        if head.startswith(magic):
            raise FileRefused(MESSAGES, "files.kind", name=name, found=found)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith(b"<?xml"):
        raise FileRefused(MESSAGES, "files.kind", name=name, found=Text("XML 文档", "an XML document"))
    if start.startswith((b"<html", b"<!doctype", b"<table", b"<meta")):
        raise FileRefused(MESSAGES, "files.web_page", name=name)
    # A stray NUL is a bad row of a sheet; control bytes all over are no sheet at all.
    controls = sum(byte < 32 and byte not in _TEXT_CONTROLS for byte in head)
    if not head.startswith(_UTF16_MARKS) and controls * 20 > len(head) and controls > 1:
        raise FileRefused(MESSAGES, "files.kind", name=name, found=Text("非文本内容", "not text"))
    return Kind.CSV


_WORKBOOK_PARTS = frozenset({"[content_types].xml", "xl/workbook.xml"})
_SMALL_PART = 1 << 20
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")


def _judge_archive(upload: Upload, limits: Limits) -> None:
    """Unpack every part once and count what really comes out; the archive's own figures prove nothing."""
    name = upload.name
    with upload.reader() as raw:
        try:
            parts = sorted(zipfile.ZipFile(raw).infolist(), key=lambda part: part.header_offset)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error) as problem:
            raise _damaged(name, Text("其内容无法读取", str(problem))) from problem
        if len(parts) > limits.entries:
            raise FileRefused(MESSAGES, "files.archive_entries", name=name, count=len(parts), limit=limits.entries)
        names = [part.filename.replace("\\", "/").lower() for part in parts]
        if len(set(names)) != len(names):
            raise _damaged(name, Text("有两个部分同名", "two parts have one name"))
        if not set(names) >= _WORKBOOK_PARTS:
            raise FileRefused(MESSAGES, "files.archive_not_a_workbook", name=name)
        total, last_end = 0, 0
        for part in parts:
            if part.header_offset < last_end:
                raise _damaged(name, Text("各部分互相重叠", "its parts overlap"))
            unpacked = 0
            for count in _unpacked_sizes(raw, part, name):
                unpacked += count
                total += count
                if unpacked > max(_SMALL_PART, part.compress_size * limits.ratio):
                    raise FileRefused(
                        MESSAGES,
                        "files.archive_ratio",
                        name=name,
                        limit=limits.ratio,
                        part=part.filename[:80],
                    )
                if total > upload.size * limits.ratio:
                    raise FileRefused(
                        MESSAGES,
                        "files.archive_ratio",
                        name=name,
                        limit=limits.ratio,
                        part=Text("全部内容合计", "all parts together"),
                    )
                if total > limits.unpacked_bytes:
                    raise FileRefused(MESSAGES, "files.archive_too_large", name=name, limit=limits.unpacked_bytes)
            if unpacked != part.file_size:
                shown = part.filename[:80]
                raise _damaged(name, Text(f"{shown} 的大小与所写不符", f"the size of {shown} is not what it says"))
            last_end = raw.tell()


def _unpacked_sizes(raw: BinaryIO, part: zipfile.ZipInfo, name: str) -> Iterator[int]:
    """The sizes of the unpacked pieces of one part, bounded in memory; the reader ends behind the part."""
    shown = part.filename[:80]
    raw.seek(part.header_offset)
    header = raw.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size or not header.startswith(b"PK\x03\x04"):
        raise _damaged(name, Text(f"{shown} 缺少文件头", f"{shown} has no header"))
    raw.seek(sum(_LOCAL_HEADER.unpack(header)[-2:]), os.SEEK_CUR)
    if part.flag_bits & 0x1:
        raise _damaged(name, Text(f"{shown} 已加密", f"{shown} is encrypted"))
    if part.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise _damaged(
            name, Text(f"{shown} 的压缩方式不是工作簿所用的", f"{shown} is packed in a way workbooks do not use")
        )
    left = part.compress_size
    unpacker = zlib.decompressobj(-15) if part.compress_type == zipfile.ZIP_DEFLATED else None
    while left:
        packed = raw.read(min(left, _CHUNK))
        if not packed:
            raise _damaged(name, Text(f"{shown} 提前结束", f"{shown} ends too early"))
        left -= len(packed)
        if unpacker is None:
            yield len(packed)
            continue
        try:
            while packed:
                yield len(unpacker.decompress(packed, _CHUNK * 4))
                packed = unpacker.unconsumed_tail
        except zlib.error as problem:
            raise _damaged(name, Text("其内容无法读取", str(problem))) from problem
    if unpacker is not None:
        yield len(unpacker.flush())


def _damaged(name: str, reason: Text) -> FileRefused:
    return FileRefused(MESSAGES, "files.archive_damaged", name=name, reason=reason)
