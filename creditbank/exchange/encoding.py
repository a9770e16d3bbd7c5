"""In what encoding a text sheet is written, or where it stops being in one."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import BinaryIO

from creditbank.gateways.files import FileRefused, Upload

MESSAGES: dict[str, str] = {
    "encoding.mixed": "{name} mixes encodings: it reads as {encoding} until byte {offset} (line {line}), "
    "and not from there on. Save the whole file in one encoding, best UTF-8; nothing was taken from it.",
    "encoding.undecodable": "{name} is not {encoding} at byte {offset} (line {line}). "
    "Save it as UTF-8, or name its encoding; nothing was taken from it.",
    "encoding.unknown": "There is no encoding named {encoding}. Use for instance utf-8, gb18030 or utf-16.",
    "encoding.line_too_long": "{name} has a line of more than {limit} bytes at line {line}. It is no sheet of results.",
}
"""Sentences of the refusals this module makes, by code."""

_LINE_LIMIT = 1 << 20
_CHUNK = 1 << 18
_MARKS: tuple[tuple[bytes, str, str], ...] = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8 BOM"),
    (b"\x84\x31\x95\x33", "gb18030", "GB18030 BOM"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16 LE BOM"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16 BE BOM"),
)
_SHOWN = {"utf-8": "UTF-8", "gb18030": "GB18030"}
_ALLOWED = frozenset({
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "big5", "big5hkscs", "ascii",
    "iso8859-1", "iso8859-15", "cp1250", "cp1251", "cp1252", "shift_jis",
    "cp932", "euc_jp", "euc_kr", "cp949",
})  # fmt: skip


class SheetProblem(FileRefused):
    """A sheet that cannot be read as a whole; a single bad row is a value and not this."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How to decode a sheet: Python's codec, the bytes of a mark to skip, and its name for the report."""

    codec: str
    skip: int
    shown: str


def find_encoding(upload: Upload, override: str | None = None) -> Encoding:
    """Find the one encoding of a whole file: byte order mark, then strict UTF-8, then GB18030.

    The file is decoded to its end, in constant memory, so that reading it afterwards cannot fail half-way.

    Args:
        upload: a text file that passed the door.
        override: an encoding named by a person, which then must fit.

    Raises:
        SheetProblem: no encoding fits the whole file; the first byte that does not fit is named.
    """
    with upload.reader() as stream:
        head = stream.read(4)
        mark = next((mark for mark in _MARKS if head.startswith(mark[0])), None)
        if override is not None:
            found = _named(override, mark)
        elif mark is not None:
            found = Encoding(mark[1], len(mark[0]), mark[2])
        else:
            if _misfit(stream, "utf-8", 0) is None:
                return Encoding("utf-8", 0, "UTF-8")
            return _gb18030_or_mixed(upload, stream)
        offset = _misfit(stream, found.codec, found.skip)
        if offset is not None:
            raise SheetProblem(
                MESSAGES,
                "encoding.undecodable",
                name=upload.name,
                encoding=found.shown,
                offset=offset,
                line=_line_of(stream, offset),
            )
        return found


def _named(override: str, mark: tuple[bytes, str, str] | None) -> Encoding:
    try:
        asked = codecs.lookup(override.strip()).name
    except (LookupError, ValueError) as problem:
        raise SheetProblem(MESSAGES, "encoding.unknown", encoding=override[:40]) from problem
    # Who says GB2312 or GBK means what Windows writes, and GB18030 contains both.
    codec = {"gb2312": "gb18030", "gbk": "gb18030", "utf-8-sig": "utf-8"}.get(asked, asked)
    if codec not in _ALLOWED:
        raise SheetProblem(MESSAGES, "encoding.unknown", encoding=override[:40])
    if mark is not None and mark[1].startswith(codec):
        return Encoding(mark[1], len(mark[0]), f"{_SHOWN.get(codec, mark[1].upper())} (named by hand)")
    return Encoding(codec, 0, f"{_SHOWN.get(codec, codec.upper())} (named by hand)")


def _misfit(stream: BinaryIO, codec: str, skip: int) -> int | None:
    """The offset of the first byte that the encoding does not allow, or nothing."""
    stream.seek(skip)
    decoder = codecs.getincrementaldecoder(codec)(errors="strict")
    begin = skip
    while True:
        chunk = stream.read(_CHUNK)
        pending = decoder.getstate()[0]
        try:
            decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as problem:
            return begin - len(pending) + problem.start
        if not chunk:
            return None
        begin += len(chunk)


def _line_of(stream: BinaryIO, offset: int) -> int:
    """The line, from 1, in which a byte stands."""
    stream.seek(0)
    lines, left = 1, offset
    while left and (chunk := stream.read(min(_CHUNK, left))):
        lines += chunk.count(b"\n")
        left -= len(chunk)
    return lines


def _gb18030_or_mixed(upload: Upload, stream: BinaryIO) -> Encoding:
    """Decide between a GB18030 file and one stitched together from two encodings.

    GB18030 accepts nearly any pair of bytes, so that it fits says little. A line counts as written in UTF-8
    when it is valid UTF-8 with characters of three bytes: Chinese text in GB18030 looks so by accident in
    about 3 of 100,000 three-character windows, and practically never with four such characters in one line.
    One sure line of either kind beside the other makes a mixed file; a few short ones among very many are the
    accident.
    """
    stream.seek(0)
    gb_lines = short_lines = 0
    first: dict[str, tuple[int, int]] = {}  # what kind of line -> the offset and line of the first one
    offset, number = 0, 0
    while line := stream.readline(_LINE_LIMIT + 1):
        number += 1
        if len(line) > _LINE_LIMIT:
            raise SheetProblem(MESSAGES, "encoding.line_too_long", name=upload.name, limit=_LINE_LIMIT, line=number)
        if not line.isascii():
            kind, at = _kind_of_line(line)
            gb_lines += kind == "GB18030"
            short_lines += kind == "short"
            first.setdefault(kind, (offset + at, number))
        offset += len(line)
    if "short" in first and short_lines * 1000 > gb_lines:
        first["UTF-8"] = min(first["short"], first.get("UTF-8", first["short"]))
    known = sorted((first[kind], kind) for kind in ("UTF-8", "GB18030") if kind in first)
    breaks = [place for place, _ in known[1:]] + [first[kind] for kind in ("neither",) if kind in first]
    if not breaks:
        return Encoding("gb18030", 0, "GB18030")
    place = min(breaks)
    mixed = bool(known) and known[0][0] < place
    raise SheetProblem(
        MESSAGES,
        "encoding.mixed" if mixed else "encoding.undecodable",
        name=upload.name,
        encoding=known[0][1] if mixed else "UTF-8 / GB18030",
        offset=place[0],
        line=place[1],
    )


def _kind_of_line(line: bytes) -> tuple[str, int]:
    """What a line with bytes beyond ASCII is written in, and the offset in it that shows so."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as problem:
        try:
            line.decode("gb18030")
        except UnicodeDecodeError as worse:
            return "neither", max(problem.start, worse.start)
        return "GB18030", problem.start
    begin = next(index for index, byte in enumerate(line) if byte > 127)
    long_characters = sum(character > "\u07ff" for character in text)
    return ("UTF-8" if long_characters >= 4 else "short" if long_characters else "either"), begin
