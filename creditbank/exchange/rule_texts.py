"""Writes rules as text that people read: one line for each value, rows that stay where they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import takewhile
from json.encoder import encode_basestring
from typing import Any

_PLAIN = re.compile(r"[a-z][a-z0-9_-]*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_BREAKS = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_COMMENT = re.compile(r"\s*#")
_BLOCKS = (
    "facts", "tables", "rows", "adjust", "choose", "cap", "validity", "exclude", "prerequisite", "figures", "rules",
    "closed",
)  # fmt: skip
_HALVES = ("add", "tighten")
_LINES = ("categories", "values", "abbreviations", "from")


def rules_text(document: Mapping[str, Any], *, before: str = "") -> str:
    """A rule set's document as text that is read back as the same, many times faster than a general writer.

    Equal documents give equal texts, and a changed cell changes the lines of its row only. Of an earlier text the
    comments at its very top are kept, those between the lines are not: :func:`comments_inside` counts them.
    """
    head = list(takewhile(_stands_above, before.split("\n")))
    while head and not head[-1].strip():
        head.pop()
    lines = [line.rstrip() for line in head]
    for name, value in document.items():
        lines += _named(name, value, "")
    return "\n".join(lines) + "\n"


def comments_inside(text: str) -> int:
    """How many lines of comment stand below the top of a text, which writing it anew leaves out."""
    lines = text.split("\n")
    top = sum(1 for _line in takewhile(_stands_above, lines))
    return sum(1 for line in lines[top:] if _COMMENT.match(line))


def _stands_above(line: str) -> bool:
    return not line.strip() or _COMMENT.match(line) is not None


def _named(name: str, value: Any, indent: str) -> list[str]:
    if value and name in _HALVES and not indent:
        # The two halves of an overlay hold lists of the same names.
        return [f"{name}:", *(line for inner, items in value.items() for line in _named(inner, items, "  "))]
    if value and isinstance(value, list):
        if name in _BLOCKS:
            lines = [f"{indent}{name}:"]
            for item in value:
                lines += _item(item, f"{indent}  ")
            return lines
        if name in _LINES:
            return [f"{indent}{name}:", *(f"{indent}  - {flow_text(item)}" for item in value)]
    return [f"{indent}{name}: {flow_text(value)}"]


def _item(item: Mapping[str, Any], indent: str) -> list[str]:
    lines: list[str] = []
    inner = f"{indent}  "
    for name, value in item.items():
        lines += _named(name, value, inner)
    lines[0] = f"{indent}- {lines[0].lstrip()}"
    return lines


def flow_text(value: Any) -> str:
    """A value on one line, as a document may hold it."""
    # Most values are texts, and most of the time goes into calls.
    if isinstance(value, str):
        return _word(value)
    if isinstance(value, dict | Mapping):
        return "{" + ", ".join([f"{_word(name)}: {flow_text(one)}" for name, one in value.items()]) + "}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Sequence):
        return "[" + ", ".join([flow_text(one) for one in value]) + "]"
    return str(value)


@lru_cache(maxsize=8_192)
def _word(text: str) -> str:
    if _PLAIN.fullmatch(text) and text not in _WORDS:
        return text
    return _BREAKS.sub(lambda found: f"\\u{ord(found[0]):04x}", encode_basestring(text))
