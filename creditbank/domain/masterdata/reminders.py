"""When data should have been refreshed, and of what an office is reminded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

MESSAGES: dict[str, str] = {
    "reminder.overdue": "{set}: should have been refreshed by {day}; the newest state is of {as_of}. It is kept by: "
    "{owner}.",
    "reminder.absent": "{set}: should have been there by {day}, and nothing has come yet. It is kept by: {owner}.",
    "reminder.findings": "{set}: {count} findings in the data of {as_of} are unresolved. It is kept by: {owner}.",
}
"""What the office is reminded of."""

PATIENCE = timedelta(days=7)
"""How long findings may stand after the day of the newest data before anybody is reminded."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a data set is refreshed: after so many days, by a day of each term counted from 1, or both."""

    every_days: int | None = None
    term_day: int | None = None
    since: date | None = None
    """When the rhythm was set; before any data have come it counts from here."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """One thing to remind of: the sentence's code, the data set, the day it was due, and how many findings."""

    code: str
    data_set: str
    due_on: date
    count: int = 0


def overdue_days(rhythm: Rhythm, as_of: date | None, terms: Iterable[date], today: date) -> tuple[date, ...]:
    """The days by which data should have come and have not, in order.

    Args:
        rhythm: how often they are refreshed.
        as_of: the newest day that any source has stated something of; nothing where there is none.
        terms: the first days of the terms.
        today: the present day.
    """
    found: set[date] = set()
    if rhythm.every_days is not None:
        # Data that never came are due since the rhythm was set.
        due = as_of + timedelta(days=rhythm.every_days) if as_of is not None else rhythm.since
        if due is not None and due < today:
            found.add(due)
    if rhythm.term_day is not None:
        begun = max((first for first in terms if first <= today), default=None)
        if begun is not None and (as_of is None or as_of < begun):
            due = begun + timedelta(days=rhythm.term_day - 1)
            if due < today:
                found.add(due)
    return tuple(sorted(found))


def reminders_of(
    data_set: str, overdue: Iterable[date], as_of: date | None, findings: int, today: date
) -> tuple[Reminder, ...]:
    """Of what the office is reminded of one data set: what is overdue, and findings that stood too long."""
    code = "reminder.overdue" if as_of is not None else "reminder.absent"
    made = [Reminder(code, data_set, due) for due in overdue]
    if findings and as_of is not None and as_of + PATIENCE < today:
        made.append(Reminder("reminder.findings", data_set, as_of + PATIENCE, findings))
    return tuple(made)
