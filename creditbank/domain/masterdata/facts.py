"""How dated facts make the row in force, in whatever order they arrive, and what a new one changes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from creditbank.domain.masterdata.codes import STATUS_AFTER

MESSAGES: dict[str, str] = {
    "masterdata.same_key": "Line {other} of the sheet says something else of {key}. Neither is taken; correct one.",
    "masterdata.no_run": "There is no such import of master data. Nothing was changed.",
    "masterdata.reverted_before": "This import was reverted before. Nothing was changed.",
    "masterdata.no_row": "There is no row {key}. Nothing was changed.",
    "masterdata.not_in_sheet": "{key} {name} is in the bank and not in the sheet. It was kept as it is.",
    "masterdata.account_kept": "The account of {key} {name} was opened by this import and has been used since. It was "
    "kept.",
}
"""What is said of rows of a sheet beside their cells."""

_ENCODE = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode

Stored = Any
"""A value as facts store it: text, a whole number, a truth, nothing, or a sealed number with its blind index."""


@dataclass(frozen=True, slots=True)
class Stated:
    """One fact: what a source stated as of a day.

    Of one day, an event that happened (a change of enrolment) stands over the sheets, and what was typed in a
    form stands over both: whoever typed it saw them.
    """

    as_of: date
    content: Mapping[str, Stored]
    typed_at: datetime | None = None
    event: bool = False

    @property
    def rank(self) -> str:
        """Orders facts by day, then sheets, events and what was typed, then by the moment of typing."""
        day = self.as_of.isoformat()
        if self.typed_at is not None:
            return f"{day}~{self.typed_at.isoformat()}"
        return f"{day}#" if self.event else day


@dataclass(frozen=True, slots=True)
class Row:
    """The row in force: its values, since which rank each stands, and the fields that are contested."""

    content: Mapping[str, Stored]
    since: Mapping[str, str]
    contested: tuple[str, ...]

    @property
    def retired(self) -> bool:
        """Whether the row was retired explicitly."""
        return self.content.get("retired") is True


class Verdict(StrEnum):
    """What a row of a sheet would do."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    OLDER = "older"
    """Something later, or what stands over it on the same day, says otherwise, so that nothing changes."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field that changes from a stored value to another; an absent old value is ``None``."""

    field: str
    old: Stored
    new: Stored


def canonical(value: Stored) -> str:
    """A value as one text, equal for equal values; decides between equal ranks."""
    return f"s{value}" if isinstance(value, str) else _ENCODE(value)


def project(facts: Iterable[Stated]) -> Row | None:
    """The row that facts make: each field has the value of the highest rank, equal ranks decided by content."""
    best: dict[str, tuple[str, Stored]] = {}
    contested: set[str] = set()
    stated = False
    for fact in facts:
        stated = True
        rank = fact.rank
        for name, value in fact.content.items():
            known = best.get(name)
            if known is None or rank > known[0]:
                best[name] = rank, value
                contested.discard(name)
            elif rank == known[0] and value != known[1]:
                contested.add(name)
                if canonical(value) > canonical(known[1]):
                    best[name] = rank, value
    if not stated:
        return None
    return Row(
        {name: best[name][1] for name in sorted(best)},
        {name: best[name][0] for name in sorted(best)},
        tuple(sorted(contested)),
    )


def judge(row: Row | None, fact: Stated) -> tuple[Verdict, tuple[Change, ...], tuple[Change, ...]]:
    """What a fact would do to the row: the verdict, what changes, and what stays although it says otherwise."""
    if row is None:
        changes = tuple(Change(name, None, value) for name, value in fact.content.items())
        return Verdict.NEW, changes, ()
    rank = fact.rank
    wins: list[Change] = []
    older: list[Change] = []
    for name, value in fact.content.items():
        old = row.content.get(name)
        if name in row.content and old == value:
            continue
        since = row.since.get(name, "")
        over = rank > since or (rank == since and canonical(value) > canonical(old))
        (wins if over else older).append(Change(name, old, value))
    verdict = Verdict.CHANGED if wins else Verdict.OLDER if older else Verdict.SAME
    return verdict, tuple(wins), tuple(older)


_CHANGE_FIELDS = {
    "to_college": "college", "to_major": "major", "to_class": "class_code", "to_cohort": "cohort",
    "to_programme": "programme",
}  # fmt: skip


def effect_of_change(change: Mapping[str, Stored]) -> Stated | None:
    """What a change of enrolment states of its student as of its day; nothing for a change without effect."""
    if change.get("retired") is True or not change.get("happened_on"):
        return None
    content = {after: change[name] for name, after in _CHANGE_FIELDS.items() if change.get(name) is not None}
    status = STATUS_AFTER.get(str(change.get("kind")))
    if status is not None:
        content["status"] = status
    return Stated(date.fromisoformat(str(change["happened_on"])), content, event=True) if content else None
