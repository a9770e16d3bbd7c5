"""The workbench: what waits, each figure leading to its list, and the last imports."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from creditbank.domain.access import Actor, may_enter
from creditbank.domain.recognition import State
from creditbank.gateways import clock
from creditbank.queries.imports import list_runs
from creditbank.queries.queue import count_states, count_waiting
from creditbank.records.scope import Scope
from creditbank.web.doors import door
from creditbank.web.office.desk import QUEUE, actor_of, at_desk, day_of, show, today_at
from creditbank.web.office.imports import COLUMNS, row_of


@door("office.read")
@require_GET
def today(request: HttpRequest) -> HttpResponse:
    """What waits at this desk."""
    with at_desk(request, "office.read") as scope:
        actor = actor_of(request)
        context: dict[str, Any] = {"today": today_at(scope)}
        if may_enter(actor, "recognition.read"):
            context |= _cases(scope, actor)
        if may_enter(actor, "results.read_imports"):
            runs, _total = list_runs(scope, actor, limit=5)
            context |= {"import_columns": COLUMNS, "imports": [row_of(run) for run in runs], "shows_imports": True}
        return show(request, scope, "office/today.html", context)


def _cases(scope: Scope, actor: Actor) -> dict[str, Any]:
    waiting, states = count_waiting(scope, actor), count_states(scope, actor)
    queue = reverse("office:queue")
    tiles = [
        (_("The system suggests approval"), waiting.suggested, f"{queue}?standing=suggested", "ok"),
        (_("Needs judgement"), waiting.judgement, f"{queue}?standing=judgement", "warn"),
        (_("Incomplete or contradicting"), waiting.incomplete, f"{queue}?standing=incomplete", "bad"),
    ]
    quiet = [
        (_("Supplement requested"), State.SUPPLEMENT_REQUESTED),
        (_("About to be approved"), State.SCHEDULED),
        (_("Recognised, in publicity period"), State.RECOGNISED),
    ]
    tiles += [
        (word, states[state], f"{queue}?state={state.value}", "info") for word, state in quiet if states.get(state)
    ]
    oldest = waiting.oldest
    return {
        "waiting": waiting,
        "nav_counts": {QUEUE: waiting.total},
        "oldest": day_of(oldest) if oldest else "",
        "days": (clock.now() - oldest).days if oldest else 0,
        "tiles": [{"word": word, "count": count, "url": url, "tone": tone} for word, count, url, tone in tiles],
        "shows_cases": True,
    }
