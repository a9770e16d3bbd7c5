"""Canonical JSON (RFC 8785, without floating point): equal content, equal bytes, equal hash."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from json.encoder import encode_basestring as _quoted
from typing import Any

_SAFE = 2**53 - 1


def canonical(value: Any) -> bytes:
    """The canonical UTF-8 bytes of JSON data made of objects, lists, strings, integers, booleans and null.

    Raises:
        TypeError: the data holds a float or another type that has no single exact form here.
        ValueError: an integer lies outside the range that every JSON reader keeps exact, or a text holds half
            a surrogate pair.
    """
    return _text(value).encode("utf-8")


def content_hash(value: Any) -> str:
    """The SHA-256 of the canonical bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _text(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return _quoted(value)
    if kind is int:
        if not -_SAFE <= value <= _SAFE:
            raise ValueError(f"integer beyond the exact range of JSON: {value}")
        return str(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is dict:
        # Most values are texts, and most of the time goes into calls: texts are written here.
        parts = [
            before + (_quoted(item) if type(item := value[name]) is str else _text(item))
            for name, before in _in_order(tuple(value))
        ]
        return "{" + ",".join(parts) + "}"
    if kind is list or kind is tuple:
        return "[" + ",".join([_quoted(item) if type(item) is str else _text(item) for item in value]) + "]"
    return _plain_text(value, kind)


def _plain_text(value: Any, kind: type) -> str:
    """The text of a subclass, such as an enumeration's member, which is written as its plain value."""
    plain: Any
    for plain in (str, int, dict, list, tuple):
        if isinstance(value, plain):
            return _text(plain(value))
    raise TypeError(f"no canonical form for {kind.__name__}")


# Records of one kind have the same names, so their order is found once for each kind and not for each record.
@lru_cache(maxsize=1024)
def _in_order(names: tuple[Any, ...]) -> tuple[tuple[str, str], ...]:
    """Each name with its text before the value, in the order of UTF-16 code units that RFC 8785 asks for."""
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"a name must be text, not {type(name).__name__}")
    ordered = sorted(names, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
    return tuple((name, f"{_quoted(str(name))}:") for name in ordered)
