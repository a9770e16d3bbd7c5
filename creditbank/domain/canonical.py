"""Canonical JSON (RFC 8785, without floating point): equal content, equal bytes, equal hash."""

from __future__ import annotations

import hashlib
import json
from typing import Any

_SAFE = 2**53 - 1


def canonical(value: Any) -> bytes:
    """The canonical UTF-8 bytes of JSON data made of objects, lists, strings, integers, booleans and null.

    Raises:
        TypeError: the data holds a float or another type that has no single exact form here.
        ValueError: an integer lies outside the range that every JSON reader keeps exact.
    """
    return _text(value).encode("utf-8")


def content_hash(value: Any) -> str:
    """The SHA-256 of the canonical bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _text(value: Any) -> str:
    match value:
        case None | bool():
            return json.dumps(value)
        case str():
            return json.dumps(value, ensure_ascii=False)
        case int():
            if abs(value) > _SAFE:
                raise ValueError(f"integer beyond the exact range of JSON: {value}")
            return str(value)
        case dict():
            # RFC 8785 orders names by UTF-16 code units.
            names = sorted(value, key=lambda name: name.encode("utf-16-be"))
            return "{" + ",".join(f"{_text(name)}:{_text(value[name])}" for name in names) + "}"
        case list() | tuple():
            return "[" + ",".join(_text(item) for item in value) + "]"
        case _:
            raise TypeError(f"no canonical form for {type(value).__name__}")
