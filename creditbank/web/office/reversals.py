"""Taking an import back: what it would do, asking for it, and a second person's confirmation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from creditbank.domain.explanation import Refusal
from creditbank.domain.values import Hundredths, format_credit
from creditbank.gateways import clock, wording
from creditbank.queries.imports import Run, find_run
from creditbank.queries.reversals import RunPreview, open_request, preview_run
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.opening_lots import KIND
from creditbank.services.reversals import ask_reversal, confirm_reversal, may_take_back, withdraw_reversal
from creditbank.web.design.tables import Column, Filter, read_state
from creditbank.web.doors import door
from creditbank.web.office.desk import actor_of, at_desk, minute_of, request_id, show, today_at
from creditbank.web.office.forms import ReversalForm
from creditbank.web.office.words import REASONS

LEARNERS, IN_THE_WAY, REVERSED = "learners", "used", "reversed"
_LEARNERS = (
    Column("name", _("Learner"), second="number", link="url"),
    Column("lots", _("Lots"), kind="number"),
    Column("taken", _("Taken back"), kind="credit"),
    Column("given_back", _("Given back"), kind="credit"),
    Column("available", _("Available now"), kind="credit"),
    Column("then", _("Then available"), kind="credit"),
)
_USED = (
    Column("title", _("Outcome"), second="document"),
    Column("name", _("Learner"), second="number"),
    Column("used", _("Used since"), kind="credit"),
    Column("into", _("Became"), second="source", link="url"),
    Column("on", _("On"), kind="date"),
    Column("line", _("Line"), kind="number"),
)
_BEFORE = (
    Column("title", _("Outcome"), second="document"),
    Column("name", _("Learner"), second="number"),
    Column("amount", _("Credits"), kind="credit"),
    Column("on", _("Reversed on"), kind="date"),
    Column("line", _("Line"), kind="number"),
)


@door("opening.write")
@require_http_methods(["GET", "POST"])
def take_back(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Show what taking a run back does to whom, and ask for it, confirm it or let it go."""
    with at_desk(request, "imports.reversal") as scope:
        actor = actor_of(request)
        run = find_run(scope, actor, run_id)
        if run is None or run.kind != KIND or not may_take_back(actor):
            raise NotVisible
        form = ReversalForm(request.POST if request.POST.get("act") == "ask" else None)
        if request.method == "POST" and (request.POST.get("act") != "ask" or form.is_valid()):
            return _act(request, scope, run, form)
        if run.state == "reverted":
            return HttpResponseRedirect(reverse("office:import", args=[run_id]))
        preview = preview_run(scope, run_id)
        context = _context(request, scope, run, preview) | {"form": form}
        return show(request, scope, "office/run_reversal.html", context, status=422 if form.errors else 200)


def _act(request: HttpRequest, scope: Scope, run: Run, form: ReversalForm) -> HttpResponse:
    common = {
        "scope": scope,
        "actor": actor_of(request),
        "run_id": run.run_id,
        "at": clock.now(),
        "request_id": request_id(request),
    }
    here, report = reverse("office:run-reversal", args=[run.run_id]), reverse("office:import", args=[run.run_id])
    match request.POST.get("act"):
        case "ask":
            answer = ask_reversal(reason=form.cleaned_data["reason"], **common)
            said, where = _t("Asked for. A second registrar confirms it on this page."), here
        case "confirm":
            answer = confirm_reversal(seen=request.POST.get("seen", ""), on=today_at(scope), **common)
            said, where = _t("The import was taken back. The learners have been told."), report
        case _:
            answer = withdraw_reversal(**common)
            said, where = _t("The request was withdrawn. The import stays as it is."), report
    if isinstance(answer, Refusal):
        language = get_language() or "zh-hans"
        messages.error(request, " ".join(wording.say(line, language) for line in answer.explanation))
        return HttpResponseRedirect(here)
    messages.success(request, said)
    return HttpResponseRedirect(where)


def _context(request: HttpRequest, scope: Scope, run: Run, preview: RunPreview) -> dict[str, Any]:
    groups = {
        LEARNERS: (_t("Learners"), _LEARNERS, _learners(preview)),
        IN_THE_WAY: (_t("Used since"), _USED, _used(preview)),
        REVERSED: (_t("Reversed before"), _BEFORE, _before(preview)),
    }
    shown = request.GET.get("show", "")
    if shown not in groups:
        shown = IN_THE_WAY if preview.in_the_way else LEARNERS
    word, columns, rows = groups[shown]
    filters = (Filter("show", _t("What it does"), tuple((name, name) for name in groups)),)
    state = read_state(request.GET, columns=columns, filters=filters)
    # The pages of a group keep to it, also where it was shown by default.
    state = state.filtered("show", shown).on_page(state.page).on_page_of(len(rows))
    address = reverse("office:run-reversal", args=[run.run_id])
    asked = open_request(scope, run.run_id)
    return {
        "run": run,
        "preview": preview,
        "groups": [
            {"word": said, "count": f"{len(lines):,}", "url": f"{address}?show={name}", "here": name == shown}
            for name, (said, _columns, lines) in groups.items()
            if lines or name == LEARNERS
        ],
        "caption": word,
        "columns": columns,
        "rows": rows[state.offset : state.offset + state.size],
        "state": state,
        "total": len(rows),
        "about": _about(preview),
        "blocked": len(preview.in_the_way),
        "asked": asked,
        "asked_at": minute_of(asked.asked_at) if asked else "",
        "asked_reason": REASONS.get(asked.reason, "") if asked else "",
        "mine": asked is not None and asked.asked_by == actor_of(request).person,
    }


def _about(preview: RunPreview) -> list[dict[str, Any]]:
    taken = Hundredths(sum(lot.amount for lot in preview.standing))
    back = Hundredths(sum(one.given_back for one in preview.learners))
    return [
        {"label": _t("Lots"), "value": f"{len(preview.standing):,}"},
        {"label": _t("Taken back"), "value": format_credit(taken)},
        {"label": _t("Given back"), "value": format_credit(back)},
    ]


def _learners(preview: RunPreview) -> Sequence[dict[str, Any]]:
    return [
        {
            "id": one.learner_id,
            "name": one.name or one.number,
            "number": one.number,
            "lots": one.lots,
            "taken": one.taken,
            "given_back": one.given_back,
            "available": one.available,
            "then": one.then,
            "url": reverse("office:learner", args=[one.learner_id]),
        }
        for one in preview.learners
    ]


def _used(preview: RunPreview) -> Sequence[dict[str, Any]]:
    language = get_language() or "zh-hans"
    return [
        {
            "id": f"{lot.lot_id}-{place}",
            "title": lot.title.said_in(language),
            "document": lot.document,
            "name": lot.name or lot.number,
            "number": lot.number,
            "used": use.amount,
            "into": use.into or "—",
            "source": use.file_name,
            "on": use.on,
            "line": lot.line,
            "url": reverse("office:conversion", args=[lot.learner_id, use.conversion_id]) if use.conversion_id else "",
        }
        for lot in preview.in_the_way
        for place, use in enumerate(lot.uses)
    ]


def _before(preview: RunPreview) -> Sequence[dict[str, Any]]:
    language = get_language() or "zh-hans"
    return [
        {
            "id": lot.lot_id,
            "title": lot.title.said_in(language),
            "document": lot.document,
            "name": lot.name or lot.number,
            "number": lot.number,
            "amount": lot.amount,
            "on": lot.reversed_on,
            "line": lot.line,
        }
        for lot in preview.lots
        if lot.reversed_on is not None
    ]
