"""The workbench: what waits, each figure leading to its list, and the last imports."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from creditbank.domain.access import Actor, Thing, may, may_enter
from creditbank.domain.masterdata.editions import kind_name
from creditbank.domain.masterdata.sets import data_set_named
from creditbank.domain.recognition import State
from creditbank.gateways import clock, wording
from creditbank.queries.imports import list_runs
from creditbank.queries.masterdata.updates import pending_updates
from creditbank.queries.notices import DeskLine, notices_of_desk
from creditbank.queries.overlays import Update, coming_updates, lost_parts
from creditbank.queries.queue import count_states, count_waiting
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.notices import set_aside
from creditbank.web.doors import door
from creditbank.web.office.data_words import list_address
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
        if may_enter(actor, "edition.read"):
            context["updates"] = _updates(scope, actor, context["today"])
        if may_enter(actor, "rules.edit") and may(actor, "rules.edit", Thing(institution=actor.institution)):
            context["rule_updates"] = [_rule_update(line) for line in coming_updates(scope, on=context["today"])]
            context["lost_parts"] = lost_parts(scope, on=context["today"])
        context["reminders"] = [_reminder(line) for line in notices_of_desk(scope, actor)]
        return show(request, scope, "office/today.html", context)


@door("masterdata.write")
@require_POST
def set_notice_aside(request: HttpRequest) -> HttpResponse:
    """Set a reminder aside for the whole desk."""
    with at_desk(request, "masterdata.write") as scope:
        actor = actor_of(request)
        if not may(actor, "masterdata.write", Thing(institution=actor.institution)) or actor.person is None:
            raise NotVisible
        form = NoticeForm(request.POST)
        if form.is_valid() and set_aside(scope=scope, actor=actor.person, at=clock.now(), **form.cleaned_data):
            messages.success(request, _("The reminder was set aside."))
        return HttpResponseRedirect(reverse("office:today"))


class NoticeForm(forms.Form):
    """Which reminder is meant."""

    code = forms.CharField(max_length=100)
    subject = forms.CharField(max_length=100)
    due_on = forms.DateField(input_formats=["%Y-%m-%d"])


def _updates(scope: Scope, actor: Actor, day: date) -> list[dict[str, Any]]:
    """Updates from above that nobody here has acknowledged; only a desk of the whole school does."""
    if not may(actor, "edition.acknowledge", Thing(institution=actor.institution)):
        return []
    language = get_language() or "zh-hans"
    return [
        {
            "name": kind_name(line.kind).said_in(language),
            "label": line.label,
            "publisher": line.publisher.said_in(language),
            "day": line.effective_on,
            "to_come": line.effective_on > day,
            "url": reverse("office:edition", args=[line.edition_id]),
        }
        for line in pending_updates(scope, day)
    ]


def _rule_update(line: Update) -> dict[str, Any]:
    """A version of rules from above that is on its way, with the page that says what it changes here."""
    language = get_language() or "zh-hans"
    return {
        "name": line.name.said_in(language),
        "publisher": line.publisher.said_in(language),
        "number": line.number,
        "day": line.effective_from,
        "conflicts": line.conflicts,
        "url": reverse("office:rule-version", args=[line.version_id]),
    }


def _reminder(line: DeskLine) -> dict[str, Any]:
    """A reminder in words, with the list where it is resolved."""
    data_set = data_set_named(line.subject)
    facts = {
        "set": data_set.name if data_set else line.subject,
        "day": line.due_on.isoformat(),
        "as_of": str(line.facts.get("as_of", "")),
        "owner": str(line.facts.get("owner") or "—"),
        "count": int(line.facts.get("count", 0)),
    }
    return {
        "words": wording.say_code(line.code, facts, get_language() or "zh-hans"),
        "url": list_address(data_set) if data_set else "",
        "code": line.code,
        "subject": line.subject,
        "due_on": line.due_on.isoformat(),
    }


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
