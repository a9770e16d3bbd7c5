"""Reads documents people write, a safe part of YAML or JSON, with a place in every error."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import yaml

from creditbank.domain.explanation import Fact, Sentence
from creditbank.exchange.document_words import MESSAGES, json_problem, yaml_problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MOST_BYTES = 4_000_000
MOST_DEPTH = 32
MOST_DIGITS = 15
MOST_PLACES = 200
"""Problems of one document that are told with their line; of thousands nobody reads them all."""

_BYTES_A_VALUE = 10
"""A document has one value for so many of the bytes it may have at most; lists of nothing but commas have more."""

_Key = tuple[str | int, ...]
_TRUE_FALSE = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULL = {"", "~", "null", "Null", "NULL"}
_INTEGER = re.compile(r"-?(?:0|[1-9]\d*)")
_DECIMAL = re.compile(r"-?(?:0|[1-9]\d*)\.\d+")
_NUMBERLIKE = re.compile(
    r"[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|0[xob][0-9a-fA-F_]+|[-+]?\.(?:inf|nan)", re.IGNORECASE
)
_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class DocumentError(ValueError):
    """A document that cannot be read: which one, where in it, why.

    ``line`` and ``column`` count from 1 and are 0 where the place has none. ``more`` holds the further
    problems of the same document, where its reader looks for all of them.
    """

    def __init__(
        self,
        name: str,
        message: str,
        *,
        line: int = 0,
        column: int = 0,
        path: str = "",
        more: tuple[DocumentError, ...] = (),
    ) -> None:
        self.more = more
        self.name = name
        self.message = message
        self.line = line
        self.column = column
        self.path = path
        place = f", line {line}, column {column}" if line else ""
        super().__init__(f"{name}{place}{f', {path}' if path else ''}: {message}")


def read_document(data: bytes, *, name: str, most_bytes: int = MOST_BYTES) -> dict[str, Any]:
    """The object a YAML or JSON document holds.

    Values are text, whole numbers, exact decimals (``Decimal``, never floating point), true, false, null,
    lists and objects; names are always text. Nothing else of YAML is read: no anchors, aliases, tags, merge
    keys, dates by guess or second documents; ``yes`` and ``2026-03-01`` stay text. A name given twice is
    refused.

    Args:
        data: the bytes, UTF-8 with or without a byte order mark.
        name: what to call the document in errors, usually its file name.
        most_bytes: the size above which it is refused unread.

    Raises:
        DocumentError: with line, column and path where they are known.
    """
    if len(data) > most_bytes:
        raise DocumentError(name, _sentence("bytes", bytes=len(data), most=most_bytes))
    text = _decoded(data, name)
    most = most_bytes // _BYTES_A_VALUE
    document = _read_json(text, name, most) if _is_json(text, name) else _Builder(name, most).build(text).value
    if not isinstance(document, dict):
        raise DocumentError(name, _sentence("object"), line=1, column=1)
    return document


def expect_schema(document: dict[str, Any], noun: str, *, name: str = "the document") -> dict[str, Any]:
    """The same document, checked to say ``schema: creditbank.NOUN/1``.

    Raises:
        DocumentError: it says nothing or something else.
    """
    wanted = f"creditbank.{noun}/1"
    found = document.get("schema")
    if found is None:
        raise DocumentError(name, _sentence("schema_missing", wanted=wanted), path="schema")
    if found != wanted:
        raise DocumentError(name, _sentence("schema_other", wanted=wanted, found=str(found)[:60]), path="schema")
    return document


def locate(data: bytes, path: str, *, name: str = "") -> tuple[int, int] | None:
    """The line and column of a path such as ``tables[0].rows[2]`` in a readable document.

    Where the path itself does not stand in the document, the nearest place above it that does is given;
    ``None`` where not even the document can be read as YAML. It reads again, so it is for errors only.
    """
    try:
        root = _Builder(name).build(_decoded(data, name))
    except DocumentError:
        return None
    return _nearest(root, tuple(_parts(path)))


def locate_all(data: bytes, paths: Sequence[str], *, name: str = "") -> list[tuple[int, int] | None]:
    """The line and column of each path, as :func:`locate` finds one; the document is read once, as far as needed."""
    wanted = [tuple(_parts(path)) for path in paths]
    try:
        root = _Builder(name, wanted=set(wanted)).build(_decoded(data, name))
    except DocumentError:
        return [None] * len(paths)
    return [_nearest(root, path) for path in wanted]


def _nearest(node: _Node, path: _Key) -> tuple[int, int]:
    place = node.place
    for part in path:
        below = node.below.get(part)
        if below is None:
            break
        node, place = below, below.place
    return place


def _decoded(data: bytes, name: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DocumentError(name, _sentence("not_utf8", byte=error.start), line=line, column=1) from None
    unsafe = _UNSAFE.search(text)
    if unsafe:
        line, column = _line_of(text, unsafe.start())
        raise DocumentError(name, _control(unsafe[0]), line=line, column=column)
    return text


def _sentence(code: str, /, **facts: Fact) -> Sentence:
    return Sentence(MESSAGES, f"document.{code}", **facts)


def _control(letter: str) -> Sentence:
    return _sentence("control", code=f"U+{ord(letter):04X}")


def _line_of(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def _is_json(text: str, name: str) -> bool:
    """By the name where it tells, else by the first sign."""
    ending = name.lower().rsplit(".", 1)[-1]
    return ending == "json" or (ending not in ("yaml", "yml") and text.lstrip().startswith("{"))


def _parts(path: str) -> Iterator[str | int]:
    for word in re.findall(r"[^.\[\]]+|\[\d+\]", path):
        yield int(word[1:-1]) if word.startswith("[") else word


# --- JSON


class _Twice(Exception):  # noqa: N818 - it never leaves this module
    """A name given twice in one JSON object."""


def _read_json(text: str, name: str, most: int) -> Any:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in items:
            if key in found:
                raise _Twice(key)
            found[key] = value
        return found

    def number(word: str) -> Any:
        return _number(word, name, 0, 0, "")

    def refused(word: str) -> Any:
        raise DocumentError(name, _sentence("inexact", word=word))

    try:
        document = json.loads(
            text, object_pairs_hook=pairs, parse_float=number, parse_int=number, parse_constant=refused
        )
    except json.JSONDecodeError as error:
        raise DocumentError(
            name, _sentence("not_json", problem=json_problem(error.msg)), line=error.lineno, column=error.colno
        ) from None
    except RecursionError:
        raise DocumentError(name, _sentence("depth", most=MOST_DEPTH)) from None
    except (_Twice, DocumentError) as error:
        # JSON is YAML: reading it again as such finds the line and the path.
        _Builder(name, most).build(text)
        if isinstance(error, DocumentError):
            raise
        raise DocumentError(name, _sentence("name_twice", name=repr(str(error)[:60]))) from None
    try:
        _check_json(document, name, 1, most)
    except _TooManyValuesError as error:
        path = _said(tuple(reversed(error.path)))
        raise DocumentError(name, _sentence("values", most=most), path=path) from None
    return document


class _TooManyValuesError(Exception):
    """More values than allowed; on its way up it gathers the path to where the last one stands, from behind."""

    def __init__(self) -> None:
        super().__init__()
        self.path: list[str | int] = []


def _check_json(value: Any, name: str, depth: int, left: int) -> int:
    """Depth, how many values, and characters that only an escape can smuggle in; gives how many more may come."""
    if depth > MOST_DEPTH and isinstance(value, dict | list):
        raise DocumentError(name, _sentence("depth", most=MOST_DEPTH))
    left -= 1
    if left < 0:
        raise _TooManyValuesError
    if isinstance(value, dict | list):
        pairs: Any = value.items() if isinstance(value, dict) else enumerate(value)
        for key, below in pairs:
            if isinstance(key, str):
                _check_text(key, name)
            try:
                left = _check_json(below, name, depth + 1, left)
            except _TooManyValuesError as error:
                error.path.append(key)
                raise
    elif isinstance(value, str):
        _check_text(value, name)
    return left


def _check_text(value: str, name: str) -> None:
    unsafe = _UNSAFE.search(value)
    if unsafe:
        raise DocumentError(name, _control(unsafe[0]))


def _number(word: str, name: str, line: int, column: int, path: str) -> int | Decimal:
    if len(word) > MOST_DIGITS and sum(letter.isdigit() for letter in word) > MOST_DIGITS:
        message = _sentence("digits", word=word[:40], most=MOST_DIGITS)
    elif _INTEGER.fullmatch(word):
        return int(word)
    elif _DECIMAL.fullmatch(word):
        return Decimal(word)
    else:
        message = _sentence("ambiguous", word=word[:40])
    raise DocumentError(name, message, line=line, column=column, path=path)


# --- YAML


@dataclass(slots=True)
class _Node:
    """A value with the place it stands at and the places below it."""

    value: Any
    place: tuple[int, int]
    below: dict[str | int, _Node]


@dataclass(slots=True)
class _Open:
    """A list or an object that is being read."""

    node: _Node
    path: _Key
    key: str | None = None


class _Builder:
    """Builds plain values from the parser's events, refusing what is not in the safe part.

    With ``wanted`` paths it ends as soon as it has placed them all.
    """

    def __init__(self, name: str, most: int | None = None, *, wanted: set[_Key] | None = None) -> None:
        self.name = name
        self.most = most
        self.count = 0
        self.wanted = wanted
        self.open: list[_Open] = []
        self.root: _Node | None = None

    def build(self, text: str) -> _Node:
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        documents = 0
        try:
            for event in yaml.parse(text, Loader=loader):
                if isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        self.fail(event, _sentence("second"))
                    if event.tags or event.version:
                        self.fail(event, _sentence("directives"))
                else:
                    self.take(event)
                    if self.wanted is not None and not self.wanted and self.root is not None:
                        return self.root
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
            said = _sentence("not_yaml", problem=yaml_problem(error.context or "", error.problem or ""))
            raise DocumentError(self.name, said, line=line, column=column) from None
        except yaml.YAMLError as error:
            raise DocumentError(self.name, _sentence("not_yaml", problem=yaml_problem("", str(error)))) from None
        if self.root is None:
            raise DocumentError(self.name, _sentence("empty"))
        return self.root

    def fail(self, event: Any, message: str) -> None:
        mark = event.start_mark
        raise DocumentError(self.name, message, line=mark.line + 1, column=mark.column + 1, path=_said(self.path()))

    def path(self) -> _Key:
        """The path of the value that is read now."""
        if not self.open:
            return ()
        top = self.open[-1]
        if isinstance(top.node.value, list):
            return (*top.path, len(top.node.value))
        return top.path if top.key is None else (*top.path, top.key)

    def take(self, event: Any) -> None:
        if isinstance(event, yaml.AliasEvent):
            self.fail(event, _sentence("aliases"))
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            self.check(event)
        if isinstance(event, yaml.ScalarEvent):
            self.scalar(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            if self.open and isinstance(self.open[-1].node.value, dict) and self.open[-1].key is None:
                self.fail(event, _sentence("name_no_text"))
            if len(self.open) >= MOST_DEPTH:
                self.fail(event, _sentence("depth", most=MOST_DEPTH))
            path = self.path()
            node = self.place(event, [] if isinstance(event, yaml.SequenceStartEvent) else {})
            self.open.append(_Open(node, path))
        elif isinstance(event, yaml.CollectionEndEvent):
            self.open.pop()

    def check(self, event: Any) -> None:
        if event.anchor is not None:
            self.fail(event, _sentence("anchors"))
        if event.tag is not None:
            self.fail(event, _sentence("tags", tag=event.tag[:40]))

    def scalar(self, event: Any) -> None:
        unsafe = _UNSAFE.search(event.value)
        if unsafe:
            self.fail(event, _control(unsafe[0]))
        top = self.open[-1] if self.open else None
        if top is not None and isinstance(top.node.value, dict) and top.key is None:
            if event.value == "<<" and not event.style:
                self.fail(event, _sentence("merge_keys"))
            if event.value in top.node.value:
                line = top.node.below[event.value].place[0]
                top.key = event.value
                self.fail(event, _sentence("name_twice_at", name=repr(event.value[:60]), line=line))
            top.key = event.value
            return
        self.place(event, event.value if event.style else self.plain(event))

    def plain(self, event: Any) -> Any:
        """What an unquoted word means."""
        word = event.value
        if word in _NULL:
            return None
        if word in _TRUE_FALSE:
            return _TRUE_FALSE[word]
        if _NUMBERLIKE.fullmatch(word):
            mark = event.start_mark
            return _number(word, self.name, mark.line + 1, mark.column + 1, _said(self.path()))
        return word

    def place(self, event: Any, value: Any) -> _Node:
        self.count += 1
        if self.most is not None and self.count > self.most:
            self.fail(event, _sentence("values", most=self.most))
        if self.wanted:
            self.wanted.discard(self.path())
        node = _Node(value, (event.start_mark.line + 1, event.start_mark.column + 1), {})
        if not self.open:
            self.root = node
            return node
        top = self.open[-1]
        if isinstance(top.node.value, list):
            top.node.below[len(top.node.value)] = node
            top.node.value.append(value)
        else:
            key = top.key or ""
            top.node.below[key] = node
            top.node.value[key] = value
            top.key = None
        return node


def _said(path: _Key) -> str:
    """A path as errors write it: ``tables[0].rows[2].when``."""
    words = []
    for part in path:
        if isinstance(part, int):
            words.append(f"[{part}]")
        else:
            word = part if _PLAIN_NAME.fullmatch(part) else json.dumps(part, ensure_ascii=False)
            words.append(f".{word}" if words else word)
    return "".join(words)


def write_document(document: Mapping[str, Any]) -> str:
    """A document as text that :func:`read_document` reads back as the same."""
    return str(yaml.dump(dict(document), Dumper=_Plain, allow_unicode=True, sort_keys=False, width=110))


class _Plain(yaml.SafeDumper):
    """Writes every value where it stands: a document has no anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the same for all
        return True
