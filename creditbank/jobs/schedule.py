"""What the worker does by the clock: decisions whose time has come, and the log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connections

from creditbank.exchange.result_imports import IMPORT, PLAN, find_kept, import_kept, plan_kept
from creditbank.gateways import clock
from creditbank.gateways.log_files import TileStore
from creditbank.projections import progress
from creditbank.records.institutions import Institution
from creditbank.records.recognition import ScheduledCommand
from creditbank.records.scope import acting_for
from creditbank.services.catalogue.versions import enact_due
from creditbank.services.conversions.review import finalise_conversions
from creditbank.services.log import Progress, Signer, sequence_once
from creditbank.services.masterdata.reminders import remind_office
from creditbank.services.recognition.batch import execute_command
from creditbank.services.recognition.review import finalise_due as finalise
from creditbank.services.results.imports import mark_interrupted

_AT_A_TIME = 200


def run_command(institution: UUID, command: UUID, *, at: datetime | None = None) -> int:
    """Run one scheduled command if its time has come; a second run, or one after an undo, does nothing."""
    with acting_for(institution=institution, purpose="job") as scope:
        zone = scope.rows(Institution).values_list("zone", flat=True).get(pk=institution)
        moment = at or clock.now()
        return len(execute_command(scope=scope, command_id=command, at=moment, on=clock.day_in(moment, zone)))


def work_on_results(institution: UUID, upload: UUID) -> str:
    """Do what an uploaded sheet of results waits for; tells what that was, nothing when it was done before."""
    kept = find_kept(settings.BANK, institution, upload)
    if kept is None or not kept.waits_for:
        return ""
    with acting_for(institution=institution, purpose="job") as scope:
        zone = scope.rows(Institution).values_list("zone", flat=True).get(pk=institution)
    if kept.waits_for == PLAN:
        plan_kept(kept, today=clock.today(zone))
        return PLAN
    try:
        import_kept(kept, today=clock.today(zone), now=clock.now)
    except BlockingIOError:
        return ""  # somebody asked twice, and the other one is at it
    return IMPORT


def run_overdue(*, at: datetime | None = None) -> int:
    """Run every scheduled command whose time has passed, whatever became of its job; tells how many cases.

    The queue is only the quick way: a decision is in its own table, and a lost job loses none.
    """
    moment = at or clock.now()
    decided = 0
    for institution in _institutions():
        with acting_for(institution=institution, purpose="job") as scope:
            due = scope.rows(ScheduledCommand).filter(
                institution_id=institution, executed_at=None, execute_at__lte=moment
            )
            waiting = list(due.order_by("execute_at").values_list("command_id", flat=True)[:_AT_A_TIME])
        for command in waiting:
            decided += run_command(institution, command, at=at)
    return decided


def finalise_all(*, at: datetime | None = None) -> int:
    """Post every decision whose publicity period has passed, institution by institution; tells how many."""
    moment = at or clock.now()
    posted = 0
    for institution in _institutions():
        while True:
            # One transaction for each portion: what is posted stays posted when a later one fails.
            with acting_for(institution=institution, purpose="job") as scope:
                zone = scope.rows(Institution).values_list("zone", flat=True).get(pk=institution)
                day = clock.day_in(moment, zone)
                counts = [
                    finalise(scope=scope, at=moment, on=day, limit=_AT_A_TIME),
                    finalise_conversions(scope=scope, at=moment, on=day, limit=_AT_A_TIME),
                ]
            posted += sum(counts)
            if max(counts) < _AT_A_TIME:
                break
    return posted


def enact_catalogues(*, at: datetime | None = None) -> int:
    """Bring into force the catalogue items whose publicity has passed, in every institution; tells how many."""
    moment = at or clock.now()
    enacted = 0
    for institution in _institutions():
        with acting_for(institution=institution, purpose="job") as scope:
            zone = scope.rows(Institution).values_list("zone", flat=True).get(pk=institution)
            enacted += enact_due(scope=scope, at=moment, on=clock.day_in(moment, zone), limit=_AT_A_TIME)
    return enacted


def drain_progress(*, at: datetime | None = None) -> int:
    """Audit again whoever's ledger changed, in every institution; tells how many learners."""
    moment = at or clock.now()
    audited = 0
    for institution in _institutions():
        while True:
            with acting_for(institution=institution, purpose="job") as scope:
                zone = scope.rows(Institution).values_list("zone", flat=True).get(pk=institution)
                count = progress.drain_progress(scope, at=moment, on=clock.day_in(moment, zone), limit=_AT_A_TIME)
            audited += count
            if not count:
                break
    return audited


def mark_interrupted_imports() -> int:
    """Call the import runs interrupted that nobody works on any more, in every institution; tells how many."""
    marked = 0
    for institution in _institutions():
        with acting_for(institution=institution, purpose="job") as scope:
            marked += mark_interrupted(scope=scope)
    return marked


def remind_offices(*, at: datetime | None = None) -> int:
    """Remind each institution of overdue data and unresolved findings; tells how many notices are new."""
    moment = at or clock.now()
    told = 0
    for institution in _institutions():
        with acting_for(institution=institution, purpose="job") as scope:
            zone = scope.rows(Institution).values_list("zone", flat=True).get(pk=institution)
            told += remind_office(scope=scope, at=moment, today=clock.day_in(moment, zone))
    return told


def sequence_log(*, store: TileStore, signer: Signer, at: Callable[[str], None] | None = None) -> Progress:
    """Take what waits into the log and publish a signed checkpoint; see :func:`services.log.sequence_once`."""
    login = connections["sequencer"]
    login.ensure_connection()
    more = {} if at is None else {"at": at}
    return sequence_once(connection=login.connection, store=store, signer=signer, **more)


def _institutions() -> list[UUID]:
    """Those that decide cases: every tenant of the bank."""
    with acting_for(purpose="job") as scope:
        kinds = (Institution.Kind.CENTRE, Institution.Kind.INSTITUTION)
        return list(scope.rows(Institution).filter(kind__in=kinds).order_by("code").values_list("id", flat=True))
