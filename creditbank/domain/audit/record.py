"""Reads a learner's record for an audit from plain data, naming the path of every mistake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from creditbank.domain.audit.model import Allocation, Credit
from creditbank.domain.programmes.fields import ProgrammeError, read_amount, read_day, read_mark

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

SCHEMA = "creditbank.record/1"
MOST_CREDITS = 2_000

_TOP = {"schema", "learner", "on", "credits", "previous"}
_CREDIT = {
    "id", "amount", "category", "level", "field", "code", "source", "grade", "earned_on", "expires_on",
}  # fmt: skip


class RecordError(ProgrammeError):
    """A document that is no record; ``path`` names the place: ``credits[2].amount``."""


@dataclass(frozen=True, slots=True)
class Record:
    """One learner's credits, the day of the audit and yesterday's allocation."""

    learner: str
    credits: tuple[Credit, ...]
    on: date | None
    previous: Allocation


def read_record(data: Any) -> Record:
    """The record of a document with ``schema: creditbank.record/1``.

    Raises:
        RecordError: something is missing, unknown, of the wrong type or given twice.
    """
    try:
        return _record(data)
    except RecordError:
        raise
    except ProgrammeError as error:
        raise RecordError(error.path, error.reason) from None


def _record(data: Any) -> Record:
    top = _known(data, _TOP, "document")
    if top.get("schema") != SCHEMA:
        raise RecordError("schema", f"must be {SCHEMA!r}, not {top.get('schema')!r}")
    items = top.get("credits")
    if not isinstance(items, list):
        raise RecordError("credits", "must be a list")
    if len(items) > MOST_CREDITS:
        raise RecordError("credits", f"holds {len(items)} credits; at most {MOST_CREDITS} are read")
    credits_ = tuple(_credit(item, f"credits[{index}]") for index, item in enumerate(items))
    seen: dict[str, int] = {}
    for index, credit in enumerate(credits_):
        if credit.id in seen:
            raise RecordError(f"credits[{index}].id", f"{credit.id!r} is already credits[{seen[credit.id]}]")
        seen[credit.id] = index
    previous = top.get("previous", {})
    if not isinstance(previous, dict) or not all(isinstance(leaf, str) for leaf in previous.values()):
        raise RecordError("previous", "must name the requirement of each credit: {CREDIT: REQUIREMENT}")
    return Record(
        learner=_word(top, "learner", "learner"),
        credits=credits_,
        on=read_day(top["on"], "on") if top.get("on") is not None else None,
        previous=frozenset(previous.items()),
    )


def _credit(data: Any, path: str) -> Credit:
    item = _known(data, _CREDIT, path)
    level = item.get("level")
    if level is not None and (isinstance(level, bool) or not isinstance(level, int)):
        raise RecordError(f"{path}.level", f"must be a whole number, not {level!r}")
    identity = _word(item, "id", f"{path}.id")
    if not identity:
        raise RecordError(f"{path}.id", "is missing")
    earned = read_day(item["earned_on"], f"{path}.earned_on") if item.get("earned_on") is not None else None
    expires = read_day(item["expires_on"], f"{path}.expires_on") if item.get("expires_on") is not None else None
    if earned and expires and expires < earned:
        raise RecordError(f"{path}.expires_on", "lies before earned_on")
    return Credit(
        id=identity,
        hundredths=read_amount(item.get("amount"), f"{path}.amount"),
        category=_word(item, "category", f"{path}.category"),
        level=level,
        field=_word(item, "field", f"{path}.field"),
        code=_word(item, "code", f"{path}.code"),
        source=_word(item, "source", f"{path}.source"),
        grade=read_mark(item["grade"], f"{path}.grade") if item.get("grade") is not None else None,
        earned_on=earned,
        expires_on=expires,
    )


def _known(data: Any, allowed: set[str], path: str) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        raise RecordError(path, f"must be a mapping, not {data!r}")
    for key in data:
        if key not in allowed:
            place = str(key) if path == "document" else f"{path}.{key}"
            raise RecordError(place, f"is not known here; known are {', '.join(sorted(allowed))}")
    return data


def _word(data: Mapping[str, Any], key: str, path: str) -> str:
    value = data.get(key, "")
    if not isinstance(value, str):
        raise RecordError(path, f"must be a text, not {value!r}; quote numbers")
    return value
