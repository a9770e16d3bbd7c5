"""The jobs of the queue: each takes ids, opens its own scope, and calls one service."""

from __future__ import annotations

from uuid import UUID

from procrastinate.contrib.django import app

from creditbank.gateways import queue
from creditbank.jobs import schedule


@app.task(name=queue.EXECUTE_SCHEDULED, queueing_lock=None, retry=3)
def execute_scheduled(*, institution_id: str, command_id: str) -> int:
    """Run a batch approval whose ten seconds have passed; tells how many cases it decided, 0 when it was undone."""
    return schedule.run_command(UUID(institution_id), UUID(command_id))


@app.task(name=queue.WORK_ON_RESULTS)
def work_on_results(*, institution_id: str, upload_id: str) -> str:
    """Make the dry run or the import of a large uploaded sheet of results, whichever it waits for."""
    return schedule.work_on_results(UUID(institution_id), UUID(upload_id))


@app.periodic(cron="*/5 * * * *")
@app.task(name=queue.FINALISE_DUE)
def finalise_due(timestamp: int) -> int:  # noqa: ARG001 - the queue tells when it was due
    """Post what has passed its publicity period, in every institution."""
    return schedule.finalise_all()
