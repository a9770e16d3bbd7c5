"""The job queue in the database: defers a job by name, in the transaction that decides it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

EXECUTE_SCHEDULED = "recognition.execute_scheduled"
FINALISE_DUE = "recognition.finalise_due"
WORK_ON_RESULTS = "results.work_on_sheet"
"""Names of the jobs; their handlers are in ``creditbank.jobs.handlers``."""


def defer(name: str, *, at: datetime | None = None, **ids: UUID) -> None:
    """Leave a job for the worker, at once or at a time; it exists only if the transaction commits.

    Jobs carry ids and nothing else: whoever reads the queue learns nothing about a person.
    """
    from procrastinate.contrib.django import app

    app.configure_task(name, schedule_at=at, allow_unknown=True).defer(
        **{key: str(value) for key, value in ids.items()}
    )
