"""Remind the office of data that are overdue and of findings that nobody resolved."""

from __future__ import annotations

from datetime import date, datetime

from creditbank.queries.masterdata.sources import reminders_due
from creditbank.records.scope import Scope
from creditbank.services.notices import Matter, tell_desk

PERMISSION = "masterdata.write"
"""Who is reminded: whoever keeps master data true."""


def remind_office(*, scope: Scope, at: datetime, today: date) -> int:
    """Leave one notice for each data set and due day, settle what has been done; tells how many are new."""
    matters = [
        Matter(
            reminder.code,
            reminder.data_set,
            reminder.due_on,
            {
                "owner": line.owner,
                "as_of": line.as_of.isoformat() if line.as_of else "",
                "count": reminder.count,
            },
        )
        for reminder, line in reminders_due(scope, today=today)
    ]
    return tell_desk(scope=scope, permission=PERMISSION, matters=matters, at=at)
