"""Tables of millions of rows as one file for each column, each value by its number in a dictionary."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from creditbank.gateways.disk import make_folder, write_whole
from creditbank.gateways.problem import Problem

SCHEMA = "creditbank.columns/1"
MANIFEST = "columns.json"
MOST_ROWS = 100_000_000
_MOST_COLUMNS = 200
_MOST_MANIFEST = 1_000_000
_MOST_DICTIONARY = 64_000_000
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_WIDTHS = {1: np.uint8, 2: np.uint16, 4: np.uint32}
_DENSE = 1 << 20
"""Up to so many combinations are counted in one array; more are counted by sorting."""
_CHUNK = 1 << 18


class ColumnProblem(Problem):
    """A folder of column files cannot be read as it stands; the message names the file and the place."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its values in the order of their numbers, from 1; number 0 is no answer."""

    name: str
    values: tuple[str, ...]
    path: Path
    width: int


@dataclass(frozen=True, slots=True)
class Columns:
    """An opened folder: how many rows it has, and its columns by name."""

    folder: Path
    rows: int
    columns: Mapping[str, Column]


def open_columns(folder: Path) -> Columns:
    """The columns of a folder; their rows are read when they are counted.

    Raises:
        ColumnProblem: the manifest, a dictionary or a length is wrong.
    """
    try:
        with (folder / MANIFEST).open("rb") as file:
            raw = file.read(_MOST_MANIFEST + 1)
    except OSError as error:
        raise _wrong(folder / MANIFEST, f"{error.strerror}", "无法读取") from None
    try:
        data = json.loads(raw) if len(raw) <= _MOST_MANIFEST else None
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA or set(data) != {"schema", "rows", "columns"}:
        raise _wrong(folder / MANIFEST, f"it is not a document of {SCHEMA}", f"它不是{SCHEMA}文件")
    rows, listed = data["rows"], data["columns"]
    if not isinstance(rows, int) or isinstance(rows, bool) or not 0 <= rows <= MOST_ROWS:
        raise _wrong(folder / MANIFEST, f"rows is no number from 0 to {MOST_ROWS}", f"rows应为0至{MOST_ROWS}的数")
    if not isinstance(listed, dict) or len(listed) > _MOST_COLUMNS:
        raise _wrong(folder / MANIFEST, f"columns names at most {_MOST_COLUMNS} columns", "columns格式不正确")
    return Columns(folder, rows, {name: _column(folder, name, width, rows) for name, width in listed.items()})


def _column(folder: Path, name: str, width: Any, rows: int) -> Column:
    if not _NAME.fullmatch(name) or width not in _WIDTHS or isinstance(width, bool):
        raise _wrong(folder / MANIFEST, f"columns.{name[:80]} is no width of 1, 2 or 4 bytes", f"列{name[:80]}不正确")
    path, words = folder / f"{name}.codes", folder / f"{name}.values"
    try:
        if path.stat().st_size != rows * width:
            found = path.stat().st_size
            raise _wrong(
                path, f"it has {found} bytes and not {rows} × {width}", f"长度为{found}字节，应为{rows}×{width}"
            )
        with words.open("rb") as file:
            raw = file.read(_MOST_DICTIONARY + 1)
    except OSError as error:
        raise _wrong(Path(error.filename or path), f"{error.strerror}", "无法读取") from None
    if len(raw) > _MOST_DICTIONARY:
        raise _wrong(words, f"it is larger than {_MOST_DICTIONARY} bytes", f"超过{_MOST_DICTIONARY}字节")
    try:
        values = tuple(raw.decode("utf-8").removesuffix("\n").split("\n")) if raw else ()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _wrong(words, f"line {line} is not UTF-8", f"第{line}行不是UTF-8编码") from None
    if len(set(values)) < len(values):
        raise _wrong(words, "a value stands in it twice", "有重复的值")
    return Column(name, values, path, width)


def write_columns(folder: Path, rows: int, columns: Mapping[str, tuple[Sequence[str], Any]]) -> None:
    """Write a folder that :func:`open_columns` reads: for each column its values and each row's number."""
    make_folder(folder, mode=0o755)
    widths = {}
    for name, (values, codes) in columns.items():
        width = next(size for size in _WIDTHS if len(values) < 1 << (8 * size))
        widths[name] = width
        write_whole(folder / f"{name}.codes", np.asarray(codes).astype(_WIDTHS[width]).tobytes(), mode=0o644)
        write_whole(folder / f"{name}.values", "".join(f"{value}\n" for value in values).encode(), mode=0o644)
    manifest = {"schema": SCHEMA, "rows": rows, "columns": widths}
    write_whole(folder / MANIFEST, json.dumps(manifest, indent=2).encode() + b"\n", mode=0o644)


def count_rows(of: Columns, classes: Mapping[str, Sequence[int]]) -> list[tuple[tuple[int, ...], int]]:
    """How many rows have each combination of classes; ``classes`` says of each number of a column its class.

    Only what occurs is listed, in the order of the classes. Memory depends on the combinations, not on the rows.

    Raises:
        ColumnProblem: a row has a number that its dictionary does not; file and row are named.
    """
    names = list(classes)
    # A narrow column is counted by its own numbers, which costs no look-up for each row; classes come afterwards.
    raw = prod(max(len(classes[name]), 1) for name in names) <= _DENSE
    plain = [raw or list(classes[name]) == list(range(len(classes[name]))) for name in names]
    sizes = [
        len(classes[name]) if own else max(classes[name], default=0) + 1 for name, own in zip(names, plain, strict=True)
    ]
    if prod(sizes) >= 1 << 62:
        raise _wrong(of.folder, "its columns have too many combinations to be counted", "各列的组合过多，无法统计")
    asked = [(name, classes[name], size, own) for name, size, own in zip(names, sizes, plain, strict=True)]
    index, counts = _counted(of, asked)
    together, step, wide = np.zeros(len(index), dtype=np.int64), 1, []
    for _name, of_class, size, own in reversed(asked):
        part, most = index % size, max(of_class, default=0) + 1
        together += (np.asarray(of_class, dtype=np.int64)[part] if own else part) * step
        index, step = index // size, step * most
        wide.append(most)
    found, places = np.unique(together, return_inverse=True)
    sums = np.zeros(len(found), dtype=np.int64)
    np.add.at(sums, places, counts)
    parts = []
    for most in wide:
        parts.append((found % most).tolist())
        found = found // most
    keys: Iterable[tuple[int, ...]] = zip(*reversed(parts), strict=True) if parts else [()] * len(sums)
    return list(zip(keys, sums.tolist(), strict=True))


def _counted(of: Columns, asked: Sequence[tuple[str, Sequence[int], int, bool]]) -> tuple[Any, Any]:
    """The combinations that occur, each one number made of the parts, and how many rows have them."""
    total = step = prod(size for _name, _classes, size, _own in asked)
    wide: Any = np.int64 if total >= 1 << 31 else np.int32
    steps = []
    for name, classes, size, own in asked:
        step //= size
        table = None if own else np.asarray(classes, dtype=wide) * wide(step)
        steps.append((of.columns[name], _rows(of.columns[name], of.rows), wide(step), table, len(classes)))
    dense = np.zeros(total, dtype=np.int64) if total <= _DENSE else None
    sparse: dict[int, int] = {}
    for start in range(0, of.rows, _CHUNK):
        index: Any = np.zeros(min(_CHUNK, of.rows - start), dtype=wide)
        for column, source, one_step, table, known in steps:
            codes = source[start : start + _CHUNK]
            if codes.max(initial=0) >= known:
                row = start + int(np.argmax(codes >= known)) + 1
                raise _wrong(column.path, f"row {row} has a number without a value", f"第{row}行的编号没有对应的值")
            index += np.multiply(codes, one_step, dtype=wide, casting="unsafe") if table is None else table[codes]
        if dense is not None:
            dense = dense + np.bincount(index, minlength=total)
            continue
        for one, count in zip(*(part.tolist() for part in np.unique(index, return_counts=True)), strict=True):
            sparse[one] = sparse.get(one, 0) + count
    if dense is None:
        return np.array(list(sparse), dtype=np.int64), np.array(list(sparse.values()), dtype=np.int64)
    occurring = np.flatnonzero(dense)
    return occurring, dense[occurring]


def _rows(column: Column, rows: int) -> Any:
    if not rows:
        return np.zeros(0, dtype=_WIDTHS[column.width])
    return np.memmap(column.path, dtype=np.dtype(_WIDTHS[column.width]).newbyteorder("<"), mode="r", shape=(rows,))


def _wrong(path: Path, en: str, zh: str) -> ColumnProblem:
    return ColumnProblem(en=f"{path}: {en}. Nothing was counted.", zh=f"{path}：{zh}。未作统计。")
