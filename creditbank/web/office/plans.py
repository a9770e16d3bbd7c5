"""Plans come in: the upload, what a workbook holds before anything is stored, and its publication."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from creditbank.domain.canonical import content_hash
from creditbank.domain.explanation import Refusal
from creditbank.domain.values import Text
from creditbank.exchange.plan_cells import PlanProblem
from creditbank.exchange.plan_workbooks import template_workbook
from creditbank.exchange.plans import ALL_MESSAGES, PlanReading, missing_courses, read_plan_workbook
from creditbank.exchange.spreadsheets import Form
from creditbank.gateways import clock, wording
from creditbank.gateways.files import FileRefused, Limits, open_upload
from creditbank.queries.programmes import category_names, newest_version, unknown_courses
from creditbank.records.scope import Scope
from creditbank.services.programmes import publish_plan
from creditbank.web.design.forms import DesignForm, FileDrop
from creditbank.web.design.tables import Column
from creditbank.web.doors import door
from creditbank.web.office.desk import actor_of, at_desk, show, today_at
from creditbank.web.office.downloads import file_response
from creditbank.web.office.programmes import plan_shown

_SALT = "office.plan"
_A_DAY = 24 * 60 * 60
_LIMITS = Limits(xlsx_bytes=5_000_000, csv_bytes=5_000_000, unpacked_bytes=50_000_000)
_SHOWN = 200
_PROBLEMS = (Column("place", _("Cell"), second="sheet"), Column("said", _("What to do")))
_XLSX = ".xlsx,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class PlanForm(DesignForm):
    """A workbook, and what it does not say itself."""

    file = forms.FileField(
        label=_("Workbook"),
        widget=FileDrop(accept=_XLSX),
        help_text=_("An XLSX file with the list of courses. The template shows the headings."),
        error_messages={"required": _("Choose a workbook")},
    )
    code = forms.CharField(
        label=_("Programme code"),
        required=False,
        max_length=64,
        help_text=_("Only where the workbook does not say it. A code that exists gets its next version."),
    )
    name = forms.CharField(label=_("Programme name"), required=False, max_length=200)


@door("programme.read")
@require_GET
def template(_request: HttpRequest) -> HttpResponse:
    """The empty plan with drop-downs and an example."""
    return file_response(_t("plan-template.xlsx"), Form.XLSX, template_workbook())


@door("programme.publish")
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """The form, and with a workbook what it holds; nothing is stored."""
    with at_desk(request, "programme.publish") as scope:
        form = PlanForm(request.POST, request.FILES) if request.method == "POST" else PlanForm()
        if request.method != "POST" or not form.is_valid():
            return show(request, scope, "office/plan_upload.html", {"form": form}, status=422 if form.errors else 200)
        try:
            reading = _read(form)
        except FileRefused as refused:
            said = wording.say_code(refused.code, refused.facts, get_language() or "zh-hans", ALL_MESSAGES)
            form.add_error("file", said)
            return show(request, scope, "office/plan_upload.html", {"form": form}, status=422)
        status = 200 if reading.document is not None else 422
        return show(request, scope, "office/plan_check.html", _checked(request, scope, form, reading), status=status)


@door("programme.publish")
@require_POST
def publish(request: HttpRequest) -> HttpResponse:
    """Publish what was looked at: the very plan of that page, and only once nobody published another meanwhile."""
    with at_desk(request, "programme.publish") as scope:
        actor = actor_of(request)
        try:
            held = signing.loads(request.POST.get("plan", ""), salt=_SALT, max_age=_A_DAY)
        except signing.BadSignature:
            held = {}
        if held.get("for") != [str(actor.person), str(actor.institution)] or actor.person is None:
            form = PlanForm()
            context = {"form": form, "lost": True}
            return show(request, scope, "office/plan_upload.html", context, status=422)
        made = publish_plan(
            scope=scope, document=held["document"], replaces=held["replaces"], actor=actor.person, at=clock.now()
        )
        if isinstance(made, Refusal):
            context = {"form": PlanForm(), "refusal": made.explanation}
            return show(request, scope, "office/plan_upload.html", context, status=422)
        return redirect("office:programme", made.id)


def _read(form: PlanForm) -> PlanReading:
    file = form.cleaned_data["file"]
    name = form.cleaned_data["name"].strip()
    with open_upload(file, _LIMITS, name=file.name) as workbook:
        return read_plan_workbook(workbook, code=form.cleaned_data["code"].strip(), title=Text(name) if name else None)


def _checked(request: HttpRequest, scope: Scope, form: PlanForm, reading: PlanReading) -> dict[str, Any]:
    """The page of a dry run: errors, or the plan with remarks and the button that publishes it."""
    context: dict[str, Any] = {
        "file": form.cleaned_data["file"].name,
        "reading": reading,
        "problem_columns": _PROBLEMS,
        "errors": _rows(reading.errors),
        "error_count": len(reading.errors),
        "again": PlanForm(initial={"code": form.cleaned_data["code"], "name": form.cleaned_data["name"]}),
    }
    if reading.document is None or reading.plan is None:
        return context
    actor = actor_of(request)
    newest = newest_version(scope, reading.code)
    held = {
        "for": [str(actor.person), str(actor.institution)],
        "document": reading.document,
        "replaces": newest.content_hash if newest is not None else "",
    }
    remarks = [*reading.remarks, *missing_courses(reading, unknown_courses(scope, reading.places, today_at(scope)))]
    return context | {
        "held": signing.dumps(held, salt=_SALT, compress=True),
        "newest": newest,
        "same": newest is not None and newest.content_hash == content_hash(reading.document),
        "next_version": newest.version + 1 if newest is not None else 1,
        "remarks": _rows(remarks),
        "remark_count": len(remarks),
        **plan_shown(reading.plan, category_names(scope)),
    }


def _rows(problems: Iterable[PlanProblem]) -> list[dict[str, str]]:
    language = get_language() or "zh-hans"
    return [
        {
            "id": str(at),
            "place": one.cell or "—",
            "sheet": one.sheet,
            "said": wording.say_code(one.code, one.facts, language, ALL_MESSAGES),
        }
        for at, one in enumerate(problems)
    ][:_SHOWN]
