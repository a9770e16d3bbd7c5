"""Statements with values bound by the server and plans kept by the connection."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from operator import attrgetter
from struct import pack
from typing import Any

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format


def run(connection: Any, sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run one prepared statement on Django's connection, inside whatever transaction is open there.

    Django's own cursors bind values on the client, which is slow for long arrays and plans every time. A list given
    for a place written ``%(name)b::uuid[]`` is sent as an array of that type.
    """
    cursor: psycopg.Cursor[tuple[Any, ...]] = psycopg.Cursor(_raw(connection))
    cursor.execute(sql, _packed(sql, values), prepare=True, binary=True)
    return cursor.fetchall()


def run_each(connection: Any, sql: str, parts: Iterable[Mapping[str, Any]]) -> list[list[tuple[Any, ...]]]:
    """Run one statement for each part, preparing the next part while the server works on the last.

    All parts belong to the transaction that is open. The answer has the rows of each part, in order.
    """
    raw = _raw(connection)
    cursors = []
    with _pipeline(raw) as push:
        for values in parts:
            cursor: psycopg.Cursor[tuple[Any, ...]] = psycopg.Cursor(raw)
            cursor.execute(sql, _packed(sql, values), prepare=True, binary=True)
            push()
            cursors.append(cursor)
    return [cursor.fetchall() for cursor in cursors]


@contextmanager
def _pipeline(raw: psycopg.Connection[Any]) -> Iterator[Callable[[], None]]:
    with raw.pipeline():

        def push() -> None:
            # Without this the statements wait in the client until the last one is there.
            raw.pgconn.send_flush_request()
            raw.pgconn.flush()

        yield push


def _raw(connection: Any) -> psycopg.Connection[Any]:
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    if raw.prepare_threshold is None:
        # Django turns prepared statements off for its own cursors; ours are few, long and always the same.
        raw.prepare_threshold = 5
        for kind in _KINDS.values():
            raw.adapters.register_dumper(kind.column, kind)
    return raw


class _Column:
    """Values of one PostgreSQL type on their way into an array."""

    __slots__ = ("values",)

    def __init__(self, values: list[Any]) -> None:
        self.values = values


class _ArrayDumper(Dumper):
    """The binary form of a one-dimensional array, made faster than value by value through the driver's own dumpers.

    Source: PostgreSQL, src/backend/utils/adt/arrayfuncs.c, array_recv.
    """

    format = Format.BINARY
    column: type[_Column]
    element: int
    write: Callable[[Any], bytes]

    def dump(self, obj: _Column) -> bytes:
        values, write = obj.values, type(self).write
        nulls = 0
        if len(set(map(id, values))) == 1:
            # Most columns of a batch hold one value again and again.
            written, nulls = (_NULL, 1) if values[0] is None else (_sized(write(values[0])), 0)
            body = written * len(values)
        elif type(None) in set(map(type, values)):
            body, nulls = b"".join([_NULL if value is None else _sized(write(value)) for value in values]), 1
        else:
            parts = list(map(write, values))
            sizes = set(map(len, parts))
            if len(sizes) == 1:
                before = sizes.pop().to_bytes(4, "big")
                body = before + before.join(parts)
            else:
                body = b"".join(map(_sized, parts))
        head = pack(">5i", 1, nulls, self.element, len(values), 1) if values else pack(">3i", 0, 0, self.element)
        return head + body


def _sized(written: bytes) -> bytes:
    return len(written).to_bytes(4, "big") + written


_NULL = b"\xff\xff\xff\xff"
_DAY_ZERO = date(2000, 1, 1).toordinal()


def _kind(name: str, write: Callable[[Any], bytes]) -> type[_ArrayDumper]:
    column = type(f"_Column_{name}", (_Column,), {"__slots__": ()})
    known = psycopg.adapters.types[name]
    return type(
        f"_ArrayDumper_{name}",
        (_ArrayDumper,),
        {"column": column, "element": known.oid, "oid": known.array_oid, "write": staticmethod(write)},
    )


def _number(size: int) -> Callable[[int], bytes]:
    return lambda value: value.to_bytes(size, "big", signed=True)


_WRITERS: dict[str, Callable[[Any], bytes]] = {
    "uuid": attrgetter("bytes"),
    "text": str.encode,
    "bytea": bytes,
    "int2": _number(2),
    "int4": _number(4),
    "int8": _number(8),
    "date": lambda value: (value.toordinal() - _DAY_ZERO).to_bytes(4, "big", signed=True),
}
"""How one value is written."""
_KINDS = {name: _kind(name, write) for name, write in _WRITERS.items()}
_SAME = {"int": "int4", "integer": "int4", "smallint": "int2", "bigint": "int8"}
_ARRAY = re.compile(r"%\((\w+)\)b::(\w+)\[\]")


@lru_cache(maxsize=256)
def _arrays(sql: str) -> tuple[tuple[str, type[_Column]], ...]:
    return tuple(
        (name, _KINDS[known].column) for name, kind in _ARRAY.findall(sql) if (known := _SAME.get(kind, kind)) in _KINDS
    )


def _packed(sql: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
    if not (arrays := _arrays(sql)):
        return values
    packed = dict(values)
    for name, column in arrays:
        if isinstance(packed[name], list):
            packed[name] = column(packed[name])
    return packed
