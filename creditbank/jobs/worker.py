"""The worker: runs the queue's jobs and, by the clock, what must happen even when a job was lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

from django.db import close_old_connections, connections

from creditbank.gateways.log_files import TileStore
from creditbank.jobs import schedule
from creditbank.services.log import Signer

LOG_SECONDS = 1.0
"""How often waiting leaves are taken into the log."""
OVERDUE_SECONDS = 2.0
"""How often scheduled decisions are looked for that no job has run."""
PROGRESS_SECONDS = 3.0
"""How often the progress of learners whose ledger changed is computed again."""
IMPORTS_SECONDS = 30.0
"""How often import runs are looked for that were killed."""
REMINDERS_SECONDS = 3600.0
"""How often overdue data and unresolved findings are looked for."""
PATIENCE_SECONDS = 20.0
"""How long jobs that are running may take to end once the worker is asked to stop."""

_log = logging.getLogger(__name__)


async def work(*, store: TileStore, signer: Signer, stop: asyncio.Event) -> None:
    """Work until ``stop`` is set, then let what is running end and leave."""
    from procrastinate.contrib.django import app

    from creditbank.jobs import handlers  # noqa: F401 - importing registers the jobs

    queue = app.with_connector(app.connector.get_worker_connector())
    async with queue.open_async():
        worker = asyncio.create_task(
            queue.run_worker_async(
                install_signal_handlers=False,
                fetch_job_polling_interval=1.0,
                shutdown_graceful_timeout=PATIENCE_SECONDS,
                delete_jobs="successful",
            )
        )
        log = partial(schedule.sequence_log, store=store, signer=signer)
        polls = [
            asyncio.create_task(_every(LOG_SECONDS, log, stop)),
            asyncio.create_task(_every(OVERDUE_SECONDS, schedule.run_overdue, stop)),
            asyncio.create_task(_every(PROGRESS_SECONDS, schedule.drain_progress, stop)),
            asyncio.create_task(_every(REMINDERS_SECONDS, schedule.remind_offices, stop)),
            asyncio.create_task(_every(REMINDERS_SECONDS, schedule.enact_catalogues, stop)),
            asyncio.create_task(_every(IMPORTS_SECONDS, schedule.mark_interrupted_imports, stop)),
        ]
        asked = asyncio.create_task(stop.wait())
        await asyncio.wait({asked, worker}, return_when=asyncio.FIRST_COMPLETED)
        ended = worker.done()
        stop.set()
        await asyncio.gather(*polls)
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
        if ended and not worker.cancelled() and (error := worker.exception()) is not None:
            raise error


async def _every(seconds: float, act: Callable[[], Any], stop: asyncio.Event) -> None:
    """Do something again and again in a thread of its own; a failure is said once and tried again."""
    loop, said = asyncio.get_running_loop(), ""
    with ThreadPoolExecutor(max_workers=1) as thread:
        while not stop.is_set():
            try:
                await loop.run_in_executor(thread, _fresh, act)
                said = ""
            except Exception as error:  # noqa: BLE001 - whatever it was, the next round tries again
                if str(error) != said:
                    said = str(error)
                    _log.warning("%s; it is tried again every %s s", error, seconds)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), seconds)
        await loop.run_in_executor(thread, connections.close_all)


def _fresh(act: Callable[[], Any]) -> Any:
    """Act on connections that still live."""
    close_old_connections()
    return act()
