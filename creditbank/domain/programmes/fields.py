"""Single values of a programme document, each mistake with its path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from creditbank.domain.values import Hundredths, Text, parse_credit

SCHEMA = "creditbank.programme/1"

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class ProgrammeError(ValueError):
    """A document that is no programme; ``path`` names the place: ``requirement.all[0].minimum``."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


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


def read_mapping(data: Any, path: str) -> Mapping[str, Any]:
    """An object.

    Raises:
        ProgrammeError: it is missing or something else.
    """
    if not isinstance(data, Mapping):
        raise ProgrammeError(path, "is missing" if data is None else f"must be a mapping, not {data!r}")
    return data


def read_sequence(data: Any, path: str) -> list[Any]:
    """A list.

    Raises:
        ProgrammeError: it is something else.
    """
    if not isinstance(data, list):
        raise ProgrammeError(path, f"must be a list, not {data!r}")
    return data


def refuse_unknown(data: Mapping[str, Any], allowed: set[str], path: str) -> None:
    """Let only known keys stand.

    Raises:
        ProgrammeError: a key is not among the allowed ones.
    """
    for key in data:
        if key not in allowed:
            raise ProgrammeError(
                f"{path}.{key}" if path else str(key),
                f"is not known here; known are {', '.join(sorted(allowed))}",
            )


def read_id(value: Any, path: str) -> str:
    """A name of small letters, digits and hyphens, at most 64.

    Raises:
        ProgrammeError: it is something else.
    """
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ProgrammeError(path, f"must be a name of small letters, digits and hyphens, not {value!r}")
    return value


def read_code(value: Any, path: str) -> str:
    """A text that is not blank.

    Raises:
        ProgrammeError: it is something else.
    """
    if not isinstance(value, str) or not value.strip():
        raise ProgrammeError(path, f"must be a text, not {value!r}")
    return value


def read_title(value: Any, path: str) -> Text:
    """A text in one language or in two.

    Raises:
        ProgrammeError: there is no Chinese one.
    """
    if isinstance(value, str) and value.strip():
        return Text(value)
    if isinstance(value, Mapping):
        refuse_unknown(value, {"zh", "en"}, path)
        if isinstance(value.get("zh"), str) and value["zh"].strip() and isinstance(value.get("en", ""), str):
            return Text(value["zh"], value.get("en", ""))
    raise ProgrammeError(path, "must be a text, or {zh: ..., en: ...} with at least the Chinese one")


def read_flag(value: Any, path: str) -> bool:
    """True or false.

    Raises:
        ProgrammeError: it is something else.
    """
    if not isinstance(value, bool):
        raise ProgrammeError(path, f"must be true or false, not {value!r}")
    return value


def read_whole(value: Any, path: str) -> int:
    """A whole number.

    Raises:
        ProgrammeError: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise ProgrammeError(path, f"must be a whole number, not {value!r}")
    return value


def read_count(value: Any, path: str) -> int:
    """A whole number from 1 to 1000.

    Raises:
        ProgrammeError: it is something else.
    """
    number = read_whole(value, path)
    if not 1 <= number <= 1000:
        raise ProgrammeError(path, f"must be between 1 and 1000, not {number}")
    return number


def _listed(data: Mapping[str, Any], key: str, path: str) -> list[Any]:
    items = read_sequence(data.get(key, []), f"{path}.{key}")
    if key in data and not items:
        raise ProgrammeError(f"{path}.{key}", "is empty and would accept nothing; leave it out to accept all")
    return items


def read_words(data: Mapping[str, Any], key: str, path: str) -> frozenset[str]:
    """The texts listed under a key; none where the key is left out.

    Raises:
        ProgrammeError: the list is empty or holds something else.
    """
    items = _listed(data, key, path)
    for index, item in enumerate(items):
        if not isinstance(item, str) or not item.strip():
            raise ProgrammeError(f"{path}.{key}[{index}]", f"must be a text, not {item!r}; quote numbers")
    return frozenset(items)


def read_numbers(data: Mapping[str, Any], key: str, path: str) -> list[int]:
    """The whole numbers listed under a key; none where the key is left out.

    Raises:
        ProgrammeError: the list is empty or holds something else.
    """
    return [read_whole(item, f"{path}.{key}[{index}]") for index, item in enumerate(_listed(data, key, path))]
