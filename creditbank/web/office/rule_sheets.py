"""Rules as files: a workbook out and in again, with the differences before it is saved; JDM out."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from creditbank.domain.explanation import Refusal
from creditbank.domain.rule_documents import DecidingRules, read_rules, rules_data, rules_differences
from creditbank.domain.rule_life.states import Act
from creditbank.domain.rules.model import RuleSet
from creditbank.domain.rules.places import UnreadableError
from creditbank.domain.rules.row_edits import Edited
from creditbank.exchange import jdm
from creditbank.exchange.conversion_sheet_reading import read_any_workbook
from creditbank.exchange.conversion_sheets import any_workbook, matrix_sheet
from creditbank.exchange.rule_sheet_reading import ALL_MESSAGES, SheetFault
from creditbank.exchange.spreadsheets import Form
from creditbank.gateways import wording
from creditbank.gateways.files import FileRefused, Limits, open_upload
from creditbank.queries.rule_drafts import DraftDetail
from creditbank.queries.rule_sets import read_version
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.rule_drafts import Conflict
from creditbank.web.design.forms import DesignForm, FileDrop
from creditbank.web.doors import door
from creditbank.web.office.desk import actor_of, at_desk, show, today_at
from creditbank.web.office.downloads import file_response
from creditbank.web.office.rule_editor import drafted, keep, may_change
from creditbank.web.office.rule_words import HOMES, language_now, may_act, sentences

XLSX, JDM, MATRIX = "xlsx", "jdm", "matrix"
_SALT = "office.rules.workbook"
_A_DAY = 24 * 60 * 60
_LIMITS = Limits(xlsx_bytes=5_000_000, csv_bytes=5_000_000, unpacked_bytes=50_000_000)
_REFUSED, _CONFLICT = 422, 409
_TOO_LARGE = _(
    "The workbook is larger than 5 MB, so none of it was taken and the draft stays as it was. Bring in a workbook that "
    "holds these rules alone."
)


class WorkbookForm(DesignForm):
    """A workbook with rules."""

    file = forms.FileField(
        label=_("Workbook with rules"),
        widget=FileDrop(accept=".xlsx,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        help_text=_("The workbook that this page offers, changed in a spreadsheet program. At most 5 MB."),
        error_messages={"required": _("Choose a workbook")},
    )


@door("rules.approve")
@require_GET
def draft_file(request: HttpRequest, draft_id: UUID, form: str) -> HttpResponse:
    """A draft as a workbook, or its tables as JDM."""
    with at_desk(request, "rules.approve") as scope:
        found = drafted(request, scope, draft_id)
        if found.rules is None:
            return HttpResponseRedirect(reverse("office:rule-draft", args=[draft_id]))
        assert isinstance(found.rules, DecidingRules)
        return _file(found.rules, f"{found.line.code}-{found.line.revision}", form)


@door("rules.read")
@require_GET
def version_file(request: HttpRequest, version_id: UUID, form: str) -> HttpResponse:
    """A version as a workbook, or its tables as JDM; of conversions also as a matrix."""
    with at_desk(request, "rules.read") as scope:
        found = read_version(scope, version_id, on=today_at(scope))
        if found is None:
            raise NotVisible
        if found.matrix is not None and form == MATRIX:
            name = f"{found.version.code}-v{found.version.number}-matrix.xlsx"
            return file_response(name, Form.XLSX, matrix_sheet(found.matrix, language_now()))
        if not isinstance(found.rules, DecidingRules):
            raise NotVisible
        return _file(found.rules, f"{found.version.code}-v{found.version.number}", form)


@door("rules.edit")
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Take a workbook, show what it changes, and make it the draft's text when that is confirmed."""
    with at_desk(request, "rules.edit") as scope:
        found = drafted(request, scope, draft_id)
        if not may_act(actor_of(request), Act.SAVE):
            raise NotVisible
        if not may_change(request, found):
            return HttpResponseRedirect(reverse("office:rule-draft", args=[draft_id]))
        if "held" in request.POST:
            return _confirmed(request, scope, found)
        form = WorkbookForm(request.POST or None, request.FILES or None)
        if request.method != "POST" or not form.is_valid():
            return _page(request, scope, found, {"form": form}, status=_REFUSED if form.errors else 200)
        file = form.cleaned_data["file"]
        try:
            with open_upload(file, _LIMITS, name=file.name) as workbook:
                reading = read_any_workbook(workbook, kind=found.line.kind)
        except FileRefused as refused:
            said = wording.say_code(refused.code, refused.facts, language_now(), ALL_MESSAGES)
            form.add_error("file", _TOO_LARGE if refused.code == "files.too_large" else said)
            return _page(request, scope, found, {"form": form}, status=_REFUSED)
        if reading.rules is None:
            faults = [_fault_said(one) for one in reading.faults]
            return _page(request, scope, found, {"form": WorkbookForm(), "faults": faults}, status=_REFUSED)
        held = {"for": [str(actor_of(request).person), str(draft_id)], "document": rules_data(reading.rules)}
        changes = rules_differences(found.rules, reading.rules) if found.rules is not None else ()
        context = {
            "form": WorkbookForm(),
            "file": file.name,
            "held": signing.dumps(held, salt=_SALT, compress=True),
            "changes": changes,
            "same": found.rules is not None and not changes,
        }
        return _page(request, scope, found, context)


def _confirmed(request: HttpRequest, scope: Scope, found: DraftDetail) -> HttpResponse:
    """Save the very rules that were looked at."""
    try:
        held = signing.loads(request.POST["held"], salt=_SALT, max_age=_A_DAY)
        if held["for"] != [str(actor_of(request).person), str(found.line.draft_id)]:
            raise NotVisible
        rules = read_rules(held["document"])
    except (signing.BadSignature, UnreadableError):
        context = {"form": WorkbookForm(), "wrong": [_t("What was looked at is gone. Choose the workbook once more.")]}
        return _page(request, scope, found, context, status=_REFUSED)
    revision = request.POST.get("revision", "")
    saved: int | Conflict | Refusal | None = None
    if revision == str(found.line.revision):
        saved = keep(request, scope, found, Edited(rules_data(rules), rules, ()), found.line.revision)
    if saved is None or isinstance(saved, Conflict):
        said = [_t("Somebody else saved this draft meanwhile. Choose the workbook once more.")]
        return _page(request, scope, found, {"form": WorkbookForm(), "wrong": said}, status=_CONFLICT)
    if isinstance(saved, Refusal):
        context = {"form": WorkbookForm(), "wrong": sentences(saved.explanation)}
        return _page(request, scope, found, context, status=_REFUSED)
    messages.success(request, _t("Saved as revision %(number)s.") % {"number": saved})
    return HttpResponseRedirect(reverse("office:rule-table", args=[found.line.draft_id]))


def _page(
    request: HttpRequest, scope: Scope, found: DraftDetail, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    line = drafted(request, scope, found.line.draft_id).line
    context = {"line": line, "nav_path": HOMES[line.kind].url, **context}
    return show(request, scope, "office/rule_upload.html", context, status=status)


def _fault_said(fault: SheetFault) -> dict[str, Any]:
    said = wording.say_code(fault.line.code, fault.line.facts, language_now(), ALL_MESSAGES)
    return {"sheet": fault.sheet, "row": fault.row, "column": fault.column, "said": said}


def _file(rules: DecidingRules, name: str, form: str) -> HttpResponse:
    if form == XLSX:
        return file_response(f"{name}.xlsx", Form.XLSX, any_workbook(rules, language_now()))
    if form != JDM or not isinstance(rules, RuleSet):
        raise NotVisible
    body = json.dumps(jdm.rule_set_jdm(rules).document, ensure_ascii=False, indent=2)
    response = HttpResponse(body, content_type="application/json", headers={"Cache-Control": "no-store"})
    disposition = content_disposition_header(as_attachment=True, filename=f"{name}.jdm.json")
    response.headers["Content-Disposition"] = disposition or ""
    return response
