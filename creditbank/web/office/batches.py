"""Approving several cases at once: one question, ten seconds to undo, and what became of each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from creditbank.domain.explanation import from_data
from creditbank.domain.values import format_credit
from creditbank.gateways import clock, queue, wording
from creditbank.queries.queue import OPEN, Case, find_cases
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.recognition.batch import UNDO_SECONDS, schedule_approval, undo_command
from creditbank.services.recognition.review import CaseKey
from creditbank.web.design.tables import Column
from creditbank.web.doors import door
from creditbank.web.office.desk import actor_of, at_desk, key_of, key_text, minute_of, request_id, show
from creditbank.web.office.downloads import csv_response
from creditbank.web.office.pending import own_commands, pending_from
from creditbank.web.office.words import STANDINGS, STATES


@door("recognition.review")
@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """Ask once, with the totals; cases that need a decision of their own are named and left out."""
    with at_desk(request, "recognition.review") as scope:
        fit, rest = _divided(request, scope)
        context = {
            "fit": fit,
            "rest": [
                {
                    "number": one.number,
                    "name": one.name,
                    "word": (STANDINGS[one.standing] if one.state in OPEN else STATES[one.state])[1],
                }
                for one in rest
            ],
            "keys": [key_text(one.learner_id, one.claim_id) for one in fit],
            "count": len(fit),
            "credit": sum(one.credit or 0 for one in fit),
            "seconds": UNDO_SECONDS,
            "back": request.POST.get("back", ""),
        }  # fmt: skip
        template = "office/batch_question.html" if request.headers.get("HX-Request") else "office/batch_confirm.html"
        return show(request, scope, template, context)


@door("recognition.review")
@require_POST
def approve(request: HttpRequest) -> HttpResponse:
    """Set the cases aside; the worker approves them in ten seconds, in the same transaction nothing is posted."""
    with at_desk(request, "recognition.review") as scope:
        fit, rest = _divided(request, scope)
        command, results = schedule_approval(
            scope=scope,
            actor=actor_of(request),
            keys=[CaseKey(one.learner_id, one.claim_id) for one in fit],
            at=clock.now(),
            request_id=request_id(request),
        )
        left = len(rest) + sum(1 for item in results if item.refusal is not None)
        if left:
            messages.warning(
                request,
                ngettext(
                    "%(count)s case was left out: it needs a decision of its own.",
                    "%(count)s cases were left out: they need a decision of their own.",
                    left,
                )
                % {"count": left},
            )
        query = QueryDict(request.POST.get("back", "").removeprefix("?"), mutable=True)
        for name in ("case", "batch", "selected"):
            query.pop(name, None)
        if command is not None:
            queue.defer(
                queue.EXECUTE_SCHEDULED,
                at=clock.now() + timedelta(seconds=UNDO_SECONDS),
                institution_id=scope.institution,  # type: ignore[arg-type] # a desk has an institution
                command_id=command,
            )
            query["batch"] = str(command)
        return HttpResponseRedirect(f"{reverse('office:queue')}?{query.urlencode()}")


@door("recognition.review")
@require_POST
def undo(request: HttpRequest, command_id: UUID) -> HttpResponse:
    """Take the batch back while it waits."""
    with at_desk(request, "recognition.review") as scope:
        count = undo_command(
            scope=scope,
            actor=actor_of(request),
            command_id=command_id,
            at=clock.now(),
            request_id=request_id(request),
        )
        if not count:
            messages.error(request, _("Too late to undo: the cases have been approved. A registrar can reverse them."))
            return HttpResponseRedirect(reverse("office:batch", args=[command_id]))
        messages.success(
            request,
            ngettext(
                "Undone: %(count)s case is under review again.",
                "Undone: %(count)s cases are under review again.",
                count,
            )
            % {"count": count},
        )
        return HttpResponseRedirect(reverse("office:queue"))


@door("recognition.review")
@require_GET
def result(request: HttpRequest, command_id: UUID) -> HttpResponse:
    """The batch: how long it can be undone, then what became of each case."""
    with at_desk(request, "recognition.review") as scope:
        command = _own(scope, request, command_id)
        columns = (
            Column("number", _("Case"), link="url", second="name"),
            Column("title", _("Outcome")),
            Column("credit", _("Recognised"), kind="credit"),
            Column("status", _("Result"), kind="tag"),
            Column("why", _("Why")),
        )
        context = {
            "pending": pending_from(command),
            "columns": columns,
            "rows": _rows(scope, request, command),
            "at": minute_of(command.scheduled_at),
        }
        return show(request, scope, "office/batch.html", context)


@door("recognition.review")
@require_GET
def progress(request: HttpRequest, command_id: UUID) -> HttpResponse:
    """The seconds left, asked for each second; when the batch has run its result instead, when it is gone nothing."""
    with at_desk(request, "recognition.review") as scope:
        command = own_commands(scope, actor_of(request)).filter(command_id=command_id).first()
        if command is None:
            # Undone meanwhile, perhaps in another window: 286 ends the asking, and says nothing to anybody else.
            return HttpResponse(status=286)
        found = pending_from(command)
        if not found.executed:
            return render(request, "office/parts/seconds.html", {"pending": found})
        # 286 ends htmx's polling; the whole toast is replaced once, so that it is read out once.
        response = render(request, "office/parts/batch_toast.html", {"pending": found}, status=286)
        response.headers["HX-Retarget"] = "#batch-toast"
        response.headers["HX-Reswap"] = "outerHTML"
        return response


@door("recognition.review")
@require_GET
def download(request: HttpRequest, command_id: UUID) -> HttpResponseBase:
    """The result table as a sheet."""
    with at_desk(request, "recognition.review") as scope:
        command = _own(scope, request, command_id)
        rows = _rows(scope, request, command)
        head = (_("Case"), _("Learner"), _("Outcome"), _("Recognised"), _("Result"), _("Why"))
        lines = [
            (row["number"], row["name"], row["title"], format_credit(row["credit"] or 0), row["status"][1], row["why"])
            for row in rows
        ]
        return csv_response(f"batch-{command.scheduled_at:%Y%m%d-%H%M%S}.csv", head, lines)


def _own(scope: Scope, request: HttpRequest, command_id: UUID) -> Any:
    command = own_commands(scope, actor_of(request)).filter(command_id=command_id).first()
    if command is None:
        raise NotVisible
    return command


def _rows(scope: Scope, request: HttpRequest, command: Any) -> list[dict[str, Any]]:
    language = get_language() or "zh-hans"
    keys = [(UUID(learner), UUID(claim)) for learner, claim in command.payload["cases"]]
    outcome = {item["claim"]: item for item in command.outcome or []}
    rows = []
    for one in find_cases(scope, actor_of(request), keys):
        said = outcome.get(str(one.claim_id))
        refused = from_data(said["refusal"]) if said and said["refusal"] else ()
        if said is None:
            status = ("info", _("Waiting"))
        else:
            status = ("bad", _("Not approved")) if refused else ("ok", _("Approved"))
        rows.append(
            {
                "number": one.number,
                "name": one.name.said_in(language) or one.student_number,
                "title": one.title.said_in(language),
                "credit": None if refused else (said["credit"] if said else one.credit),
                "status": status,
                "why": " ".join(wording.say(line, language) for line in refused),
                "url": reverse("office:case", args=[one.learner_id, one.claim_id]),
            }
        )
    return rows


def _divided(request: HttpRequest, scope: Scope) -> tuple[list[Case], list[Case]]:
    """The selected cases: those that may go into a batch, and the rest."""
    keys = [key for text in request.POST.getlist("selected")[:500] if (key := key_of(text)) is not None]
    found = find_cases(scope, actor_of(request), [(key.learner_id, key.claim_id) for key in keys])
    return [one for one in found if one.approvable], [one for one in found if not one.approvable]
