"""Opening lots from a sheet: upload, look at the dry run, post."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from creditbank.domain.access import Actor, Thing, may
from creditbank.domain.opening_lots import OPENING, OpeningLine
from creditbank.domain.values import Hundredths
from creditbank.exchange.encoding import SheetProblem
from creditbank.exchange.kept_sheets import KeptSheet
from creditbank.exchange.opening_lots import ReadOpening, import_sheet, opening_template, plan_sheet, read_opening
from creditbank.exchange.spreadsheets import Form
from creditbank.gateways import clock
from creditbank.gateways.files import FileRefused
from creditbank.services.access import NotVisible
from creditbank.services.opening_lots import OpeningPlan
from creditbank.web.design.forms import DesignForm, FileDrop
from creditbank.web.design.tables import Column, Filter, read_state
from creditbank.web.doors import door
from creditbank.web.office.data_words import Reader
from creditbank.web.office.desk import actor_of, at_desk, show, today_at
from creditbank.web.office.downloads import csv_response, file_response
from creditbank.web.office.staged import keep_upload, kept_state, taken

STEPS = (_("Sheet"), _("Dry run"), _("Posted"))
RECOGNITIONS, CONVERSIONS, REFUSED = "recognitions", "conversions", "refused"
_POSTED = (
    Column("outcome", _("Outcome"), second="document"),
    Column("number", _("Student number"), second="name"),
    Column("credit", _("Credits"), kind="credit"),
    Column("day", _("Decided on"), kind="date"),
    Column("line", _("Line"), kind="number"),
)
_CONVERTED = (
    Column("outcome", _("Becomes"), second="document"),
    Column("number", _("Student number"), second="name"),
    Column("used", _("Uses"), kind="credit"),
    Column("credit", _("Credits"), kind="credit"),
    Column("day", _("Decided on"), kind="date"),
    Column("line", _("Line"), kind="number"),
)
_WRONG = (
    Column("reason", _("Reason"), second="column"),
    Column("line", _("Line"), kind="number"),
    Column("cell", _("Cell")),
    Column("number", _("Student number")),
)


class OpeningForm(DesignForm):
    """A sheet of opening lots."""

    file = forms.FileField(
        label=_("Sheet (XLSX or CSV)"),
        widget=FileDrop(accept=".xlsx,.csv,.txt,.tsv"),
        error_messages={"required": _("Choose the sheet"), "empty": _("The file is empty. Export it again.")},
    )


@door("opening.write")
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Take a sheet in and keep it sealed until it is posted."""
    with at_desk(request, "opening.write") as scope:
        reader = Reader(_whole_school(request))
        sent = request.method == "POST"
        form = OpeningForm(request.POST if sent else None, request.FILES if sent else None)
        if sent and form.is_valid():
            today = today_at(scope)
            try:
                upload_id = keep_upload(
                    request,
                    scope,
                    form.cleaned_data["file"],
                    look=lambda taken: read_opening(taken, today=today),
                    state={"set": OPENING.code},
                    action="opening.upload",
                )
            except (FileRefused, SheetProblem) as refused:
                form.add_error("file", reader.fault(refused.code, refused.facts))
            else:
                return HttpResponseRedirect(reverse("office:opening-check", args=[upload_id]))
        context = {"form": form, "steps": STEPS}
        return show(request, scope, "office/opening_upload.html", context, status=422 if form.errors else 200)


@door("opening.write")
@require_GET
def template(request: HttpRequest) -> HttpResponse:
    """The workbook to fill in."""
    with at_desk(request, "opening.write"):
        _whole_school(request)
        language = get_language() or "zh-hans"
        name = f"{OPENING.name.said_in(language)}.xlsx"
        return file_response(name, Form.XLSX, opening_template(language))


@door("opening.write")
@require_GET
def check(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """The dry run: what would be posted with which day, and what is refused."""
    with at_desk(request, "opening.write") as scope:
        kept = _kept(request, upload_id)
        if kept.state.get("run"):
            return HttpResponseRedirect(reverse("office:import", args=[kept.state["run"]]))
        reader = Reader(actor_of(request))
        read = _read(kept, today_at(scope))
        plan = plan_sheet(read, institution=kept.institution)
        counts = {RECOGNITIONS: len(plan.recognitions), CONVERSIONS: len(plan.conversions), REFUSED: len(plan.refused)}
        shown = request.GET.get("verdict", "")
        if shown not in counts:
            shown = next((name for name in (REFUSED, RECOGNITIONS) if counts[name]), CONVERSIONS)
        columns = {REFUSED: _WRONG, CONVERSIONS: _CONVERTED}.get(shown, _POSTED)
        rows = _rows(plan, shown, reader)
        filters = (Filter("verdict", _t("Verdict"), tuple((name, name) for name in counts)),)
        table = read_state(request.GET, columns=columns, filters=filters)
        # The pages of a group keep to it, also where it was shown by default.
        table = table.filtered("verdict", shown).on_page(table.page).on_page_of(len(rows))
        context = {
            "name": kept.name,
            "upload_id": upload_id,
            "groups": _groups(reverse("office:opening-check", args=[upload_id]), counts, shown),
            "shown": shown,
            "columns": columns,
            "rows": rows[table.offset : table.offset + table.size],
            "state": table,
            "total": len(rows),
            "posts": counts[RECOGNITIONS] + counts[CONVERSIONS],
            "refused": counts[REFUSED],
            "repeated": plan.repeated + read.repeated,
            "recognised": Hundredths(sum(line.credit for line, _learner in plan.recognitions)),
            "converted": Hundredths(sum(line.credit for line, _learner, _uses in plan.conversions)),
            "notes": [reader.fault(note.code, note.facts) for note in read.notes],
            "steps": STEPS,
        }
        return show(request, scope, "office/opening_check.html", context)


@door("opening.write")
@require_GET
def problems(request: HttpRequest, upload_id: UUID) -> HttpResponseBase:
    """Every refused row of the dry run as a sheet."""
    with at_desk(request, "opening.write") as scope:
        kept = _kept(request, upload_id)
        reader = Reader(actor_of(request))
        plan = plan_sheet(_read(kept, today_at(scope)), institution=kept.institution)
        head = (_t("Line"), _t("Cell"), _t("Student number"), _t("Column"), _t("Reason"))
        rows = (
            (row["line"], row["cell"], row["number"], row["column"], row["reason"])
            for row in _rows(plan, REFUSED, reader)
        )
        return csv_response("refused-opening-lots.csv", head, rows)


@door("opening.write")
@require_POST
def post(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Post the sheet as one run; sending it twice posts it once."""
    with at_desk(request, "opening.write") as scope:
        kept = _kept(request, upload_id)
        reader = Reader(actor_of(request))
        if reader.actor.person is None:
            raise NotVisible
        if kept.state.get("run"):
            messages.info(request, _t("This sheet was posted before. Nothing was posted a second time."))
            return HttpResponseRedirect(reverse("office:import", args=[kept.state["run"]]))
        read = _read(kept, today_at(scope))
        run = import_sheet(read, institution=kept.institution, actor=reader.actor.person, now=clock.now)
        kept.note(run=str(run.run_id))
        messages.success(request, _t("The opening lots were posted."))
        return HttpResponseRedirect(reverse("office:import", args=[run.run_id]))


def may_open(actor: Actor) -> bool:
    """Whether this desk posts opening lots: it works for the whole school."""
    return may(actor, "opening.write", Thing(institution=actor.institution))


def _whole_school(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    if not may_open(actor):
        raise NotVisible
    return actor


def _kept(request: HttpRequest, upload_id: UUID) -> KeptSheet:
    """A kept sheet; what another institution uploaded is not there."""
    _whole_school(request)
    institution, state = kept_state(request, upload_id)
    if state.get("set") != OPENING.code:
        raise NotVisible
    return KeptSheet(settings.BANK, institution, upload_id, state)


def _read(kept: KeptSheet, today: date) -> ReadOpening:
    return taken(kept, lambda upload: read_opening(upload, today=today))


def _groups(address: str, counts: Mapping[str, int], shown: str) -> list[dict[str, Any]]:
    words = {RECOGNITIONS: _t("Recognitions"), CONVERSIONS: _t("Conversions"), REFUSED: _t("Refused by the check")}
    return [
        {"word": words[name], "count": f"{count:,}", "url": f"{address}?verdict={name}", "here": name == shown}
        for name, count in counts.items()
    ]


def _rows(plan: OpeningPlan, shown: str, reader: Reader) -> Sequence[dict[str, Any]]:
    if shown == RECOGNITIONS:
        return [_line(line) for line, _learner in plan.recognitions]
    if shown == CONVERSIONS:
        return [
            _line(line) | {"outcome": f"{line.outcome} → {line.course_name or line.course}", "used": line.used}
            for line, _learner, _uses in plan.conversions
        ]
    return [
        {
            "line": one.line,
            "column": one.column,
            "cell": one.facts.get("cell", ""),
            "number": str(one.facts.get("key", "")).partition("|")[0],
            "reason": reader.fault(one.code, one.facts),
        }
        for one in plan.refused
    ]


def _line(line: OpeningLine) -> dict[str, Any]:
    return {
        "id": line.line,
        "line": line.line,
        "outcome": line.outcome,
        "document": line.document,
        "number": line.number,
        "name": line.name,
        "credit": line.credit,
        "day": line.decided_on,
    }
