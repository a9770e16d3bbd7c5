"""Reads a programme from plain data, naming the path of every mistake."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from creditbank.domain.programmes.model import (
    ANYTHING,
    LEAVES,
    Filter,
    Kind,
    Part,
    Programme,
    Requirement,
)
from creditbank.domain.values import Hundredths, Text, parse_credit

SCHEMA = "creditbank.programme/1"
MAX_DEPTH = 12
MAX_REQUIREMENTS = 400

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_FILTER_KEYS = {
    "fields", "categories", "levels", "level_at_least", "codes", "sources", "grade_at_least", "earned_from",
    "earned_until", "except",
}  # fmt: skip
_ALLOWED = {
    Kind.ALL: {"shared"},
    Kind.ANY: set[str](),
    Kind.N_OF: {"n"},
    Kind.CREDITS_FROM: {"minimum"},
    Kind.COURSES_FROM: {"n"},
}


class ProgrammeError(ValueError):
    """A document that is no programme; ``path`` names the place: ``requirement.all[0].minimum``."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


def read_programme(data: Any) -> Programme:
    """The programme of a document with ``schema: creditbank.programme/1``.

    Raises:
        ProgrammeError: something is missing, unknown, of the wrong type or contradictory; nothing is guessed.
    """
    top = _mapping(data, "document")
    if top.get("schema") != SCHEMA:
        raise ProgrammeError("schema", f"must be {SCHEMA!r}, not {top.get('schema')!r}")
    _known(top, {"schema", "code", "title", "note", "requirement", "course_credits", "repeats"}, "")
    repeats = top.get("repeats", "count_once")
    if repeats not in {"count_once", "count_each"}:
        raise ProgrammeError("repeats", f"must be count_once or count_each, not {repeats!r}")
    course_credits = read_amount(top.get("course_credits", "3"), "course_credits")
    if course_credits <= 0:
        raise ProgrammeError("course_credits", "must be more than 0")
    requirement = _requirement(top.get("requirement"), "requirement", depth=1, shareable=True)
    seen: set[str] = set()
    nodes = list(requirement.walk())
    if len(nodes) > MAX_REQUIREMENTS:
        raise ProgrammeError("requirement", f"has {len(nodes)} requirements; at most {MAX_REQUIREMENTS} are read")
    for node in nodes:
        for name in (node.id, *(part.id for part in node.parts)):
            if name in seen:
                raise ProgrammeError("requirement", f"the id {name!r} is used twice; every id names one place")
            seen.add(name)
    if not any(True for _ in requirement.leaves()):
        raise ProgrammeError("requirement", "counts nothing: it has no credits_from and no courses_from")
    return Programme(
        code=_code(top.get("code"), "code"),
        title=_text(top.get("title"), "title"),
        note=_text(top["note"], "note") if "note" in top else Text(""),
        requirement=requirement,
        course_credits=course_credits,
        repeats=repeats == "count_each",
    )


def _requirement(data: Any, path: str, *, depth: int, shareable: bool) -> Requirement:
    if depth > MAX_DEPTH:
        raise ProgrammeError(path, f"lies deeper than {MAX_DEPTH} levels")
    node = _mapping(data, path)
    kinds = [kind for kind in Kind if kind.value in node]
    if len(kinds) != 1:
        found = ", ".join(kinds) or "none"
        raise ProgrammeError(path, f"needs exactly one of {', '.join(Kind)}; found {found}")
    kind = kinds[0]
    _known(node, {"id", "title", "of_which", kind.value, *_ALLOWED[kind]}, path)
    shared = _flag(node.get("shared", False), f"{path}.shared")
    if shared and not shareable:
        raise ProgrammeError(f"{path}.shared", "is possible only where everything above is a shared `all` too")
    identity = _id(node.get("id"), f"{path}.id")
    title = _text(node.get("title"), f"{path}.title")
    parts = _parts(node.get("of_which", []), f"{path}.of_which")
    if shared and parts:
        raise ProgrammeError(f"{path}.of_which", "cannot stand on a shared requirement; put it on the children")
    if kind in LEAVES:
        minimum, n = Hundredths(0), 0
        if kind is Kind.CREDITS_FROM:
            minimum = read_amount(node.get("minimum"), f"{path}.minimum")
        else:
            n = _count(node.get("n"), f"{path}.n")
        accepts = _filter(node[kind.value], f"{path}.{kind.value}")
        return Requirement(identity, title, kind, accepts, minimum, n, parts)
    children = tuple(
        _requirement(child, f"{path}.{kind.value}[{index}]", depth=depth + 1, shareable=shared)
        for index, child in enumerate(_sequence(node[kind.value], f"{path}.{kind.value}"))
    )
    if not children:
        raise ProgrammeError(f"{path}.{kind.value}", "is empty")
    n = _count(node.get("n"), f"{path}.n") if kind is Kind.N_OF else 0
    if kind is Kind.N_OF and n > len(children):
        raise ProgrammeError(f"{path}.n", f"asks for {n} of only {len(children)} requirements")
    asked = next((index for index, part in enumerate(parts) if part.minimum is not None), None)
    if asked is not None:
        result = Requirement(identity, title, kind, children=children)
        if any(below.kind in {Kind.ANY, Kind.N_OF} for below in result.walk()):
            raise ProgrammeError(
                f"{path}.of_which[{asked}].minimum", "cannot stand over a choice; state it inside each branch"
            )
    return Requirement(identity, title, kind, n=n, parts=parts, children=children, shared=shared)


def _parts(data: Any, path: str) -> tuple[Part, ...]:
    parts = []
    for index, item in enumerate(_sequence(data, path)):
        place = f"{path}[{index}]"
        part = _mapping(item, place)
        _known(part, {"id", "title", "from", "minimum", "maximum"}, place)
        if "minimum" not in part and "maximum" not in part:
            raise ProgrammeError(place, "needs a minimum, a maximum or both")
        low = read_amount(part["minimum"], f"{place}.minimum") if "minimum" in part else None
        high = read_amount(part["maximum"], f"{place}.maximum") if "maximum" in part else None
        if low is not None and high is not None and low > high:
            raise ProgrammeError(f"{place}.minimum", "is greater than the maximum")
        accepts = _filter(part.get("from", {}), f"{place}.from")
        parts.append(
            Part(
                _id(part.get("id"), f"{place}.id"),
                _text(part.get("title"), f"{place}.title"),
                accepts,
                low,
                high,
            )
        )
    return tuple(parts)


def _filter(data: Any, path: str) -> Filter:
    wanted = _mapping(data, path)
    _known(wanted, _FILTER_KEYS, path)
    result = Filter(
        fields=_words(wanted, "fields", path),
        categories=_words(wanted, "categories", path),
        levels=frozenset(_numbers(wanted, "levels", path)),
        level_at_least=_whole(wanted["level_at_least"], f"{path}.level_at_least")
        if "level_at_least" in wanted
        else None,
        codes=_words(wanted, "codes", path),
        sources=_words(wanted, "sources", path),
        grade_at_least=read_mark(wanted["grade_at_least"], f"{path}.grade_at_least")
        if "grade_at_least" in wanted
        else None,
        earned_from=read_day(wanted["earned_from"], f"{path}.earned_from") if "earned_from" in wanted else None,
        earned_until=read_day(wanted["earned_until"], f"{path}.earned_until") if "earned_until" in wanted else None,
        besides=tuple(
            _filter(item, f"{path}.except[{index}]")
            for index, item in enumerate(_sequence(wanted.get("except", []), f"{path}.except"))
        ),
    )
    if ANYTHING in result.besides:
        raise ProgrammeError(f"{path}.except", "an empty exception would leave nothing")
    return result


def read_amount(value: Any, path: str) -> Hundredths:
    """An amount of credit written as 60, 22.5 or "22.5".

    Raises:
        ProgrammeError: it is no amount of zero or more with at most two decimals.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise ProgrammeError(path, f"must be an amount of credit, not {value!r}")
    try:
        amount = parse_credit(str(value))
    except ValueError as error:
        raise ProgrammeError(path, str(error)) from None
    if amount < 0:
        raise ProgrammeError(path, f"must not be negative: {value!r}")
    return amount


def read_day(value: Any, path: str) -> date:
    """A calendar day written as 2024-02-29.

    Raises:
        ProgrammeError: there is no such day.
    """
    if type(value) is date:
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ProgrammeError(path, f"must be a day such as 2024-09-01, not {value!r}") from None


def read_mark(value: Any, path: str) -> Decimal:
    """A mark written as 85 or "85.5".

    Raises:
        ProgrammeError: it is no finite number.
    """
    try:
        mark = Decimal("nan") if isinstance(value, bool) else Decimal(str(value))
    except InvalidOperation:
        mark = Decimal("nan")
    if not mark.is_finite():
        raise ProgrammeError(path, f"must be a mark such as 85 or 85.5, not {value!r}")
    return mark


def _mapping(data: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise ProgrammeError(path, "is missing" if data is None else f"must be a mapping, not {data!r}")
    return data


def _sequence(data: Any, path: str) -> list[Any]:
    if not isinstance(data, list):
        raise ProgrammeError(path, f"must be a list, not {data!r}")
    return data


def _known(data: Mapping[str, Any], allowed: set[str], path: str) -> None:
    for key in data:
        if key not in allowed:
            raise ProgrammeError(
                f"{path}.{key}" if path else str(key),
                f"is not known here; known are {', '.join(sorted(allowed))}",
            )


def _id(value: Any, path: str) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ProgrammeError(path, f"must be a name of small letters, digits and hyphens, not {value!r}")
    return value


def _code(value: Any, path: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ProgrammeError(path, f"must be a text, not {value!r}")
    return value


def _text(value: Any, path: str) -> Text:
    if isinstance(value, str) and value.strip():
        return Text(value)
    if isinstance(value, Mapping):
        _known(value, {"zh", "en"}, path)
        if isinstance(value.get("zh"), str) and value["zh"].strip() and isinstance(value.get("en", ""), str):
            return Text(value["zh"], value.get("en", ""))
    raise ProgrammeError(path, "must be a text, or {zh: ..., en: ...} with at least the Chinese one")


def _flag(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise ProgrammeError(path, f"must be true or false, not {value!r}")
    return value


def _whole(value: Any, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ProgrammeError(path, f"must be a whole number, not {value!r}")
    return value


def _count(value: Any, path: str) -> int:
    number = _whole(value, path)
    if not 1 <= number <= 1000:
        raise ProgrammeError(path, f"must be between 1 and 1000, not {number}")
    return number


def _listed(data: Mapping[str, Any], key: str, path: str) -> list[Any]:
    items = _sequence(data.get(key, []), f"{path}.{key}")
    if key in data and not items:
        raise ProgrammeError(f"{path}.{key}", "is empty and would accept nothing; leave it out to accept all")
    return items


def _words(data: Mapping[str, Any], key: str, path: str) -> frozenset[str]:
    items = _listed(data, key, path)
    for index, item in enumerate(items):
        if not isinstance(item, str) or not item.strip():
            raise ProgrammeError(f"{path}.{key}[{index}]", f"must be a text, not {item!r}; quote numbers")
    return frozenset(items)


def _numbers(data: Mapping[str, Any], key: str, path: str) -> list[int]:
    return [_whole(item, f"{path}.{key}[{index}]") for index, item in enumerate(_listed(data, key, path))]
