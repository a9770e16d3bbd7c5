"""Canonical JSON (RFC 8785, without floating point): equal content, equal bytes, equal hash."""

from __future__ import annotations

import hashlib
import json
from typing import Any

_SAFE = 2**53 - 1
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
_BEYOND = "\ud7ff"
"""Below this character, ordering by code point and by UTF-16 code unit agree."""


def canonical(value: Any) -> bytes:
    """The canonical UTF-8 bytes of JSON data made of objects, lists, strings, integers, booleans and null.

    Raises:
        TypeError: the data holds a float or another type that has no single exact form here.
        ValueError: an integer lies outside the range that every JSON reader keeps exact, or a text holds half
            a surrogate pair.
    """
    # The encoder written in C sorts by code point, which is right unless a name reaches beyond; then we sort.
    return (_ENCODER.encode(value) if _is_simple(value) else _text(value)).encode("utf-8")


def _is_simple(value: Any) -> bool:
    """Check every value's type and range; tell whether all names sort alike in both orders."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return True
    if kind is int:
        if not -_SAFE <= value <= _SAFE:
            raise ValueError(f"integer beyond the exact range of JSON: {value}")
        return True
    if kind is dict:
        simple = True
        for name, item in value.items():
            if type(name) is not str:
                raise TypeError(f"a name must be text, not {type(name).__name__}")
            simple = _is_simple(item) and simple and name <= _BEYOND
        return simple
    if kind is list or kind is tuple:
        return all([_is_simple(item) for item in value])  # noqa: C419 - every item is to be checked
    if isinstance(value, (str, int)):
        return False  # a subclass such as an enumeration's member is written as its plain value
    raise TypeError(f"no canonical form for {kind.__name__}")


def content_hash(value: Any) -> str:
    """The SHA-256 of the canonical bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _text(value: Any) -> str:
    match value:
        case None | bool():
            return json.dumps(value)
        case str():
            return json.dumps(str(value), ensure_ascii=False)
        case int():
            if abs(value) > _SAFE:
                raise ValueError(f"integer beyond the exact range of JSON: {value}")
            return str(int(value))
        case dict():
            # RFC 8785 orders names by UTF-16 code units.
            names = sorted(value, key=lambda name: name.encode("utf-16-be"))
            return "{" + ",".join(f"{_text(name)}:{_text(value[name])}" for name in names) + "}"
        case list() | tuple():
            return "[" + ",".join(_text(item) for item in value) + "]"
        case _:
            raise TypeError(f"no canonical form for {type(value).__name__}")
