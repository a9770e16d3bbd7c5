"""Sheets that came back: upload, result, download, and setting lines to go out again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from creditbank.domain.explanation import Refusal
from creditbank.exchange.registrar import ALL_MESSAGES, read_returned
from creditbank.gateways import clock, wording
from creditbank.gateways.files import FileRefused, open_upload
from creditbank.queries.registrar.batches import every_line
from creditbank.queries.registrar.reconciliations import (
    FoundLine,
    Reconciliation,
    every_finding,
    find_reconciliation,
    list_findings,
)
from creditbank.services.access import NotVisible
from creditbank.services.registrar.reconcile import Kept, ask_resend, keep_returned
from creditbank.web.design.tables import Column, Filter, read_state
from creditbank.web.doors import door
from creditbank.web.office.desk import actor_of, at_desk, minute_of, request_id, show
from creditbank.web.office.downloads import csv_response
from creditbank.web.office.exports import (
    ReturnedForm,
    difference_said,
    found_batch,
    refusal_said,
    show_batch,
    uploaded_mapping,
)
from creditbank.web.office.words import ROW_OUTCOMES

_COLUMNS = (
    Column("voucher", _("Voucher")),
    Column("row", _("Row of the sheet"), kind="number"),
    Column("status", _("Result"), kind="tag"),
    Column("said", _("What it says")),
)
RESENDABLE = ("refused", "missing")


@door("export.make")
@require_POST
def reconcile(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Take a returned sheet in, compare it and lead to the result."""
    form = ReturnedForm(request.POST, request.FILES)
    given = uploaded_mapping(form) if form.is_valid() else None
    kept = None
    with at_desk(request, "export.make") as scope:
        batch = found_batch(request, scope, batch_id)
        if not form.errors:
            sheet = given[0] if given else batch.sheet
            try:
                file = form.cleaned_data["file"]
                with open_upload(file.file, name=file.name) as upload:
                    returned = read_returned(upload, sheet)
                kept = keep_returned(
                    scope=scope,
                    actor=actor_of(request),
                    batch_id=batch_id,
                    sheet=sheet,
                    returned=returned,
                    sheet_on=form.cleaned_data["sheet_on"],
                    at=clock.now(),
                    request_id=request_id(request),
                )
            except FileRefused as problem:
                said = wording.say_code(problem.code, problem.facts, get_language() or "zh-hans", ALL_MESSAGES)
                form.add_error("file", said)
    if kept is None:
        return show_batch(request, batch_id, form, status=422)
    return _to_result(request, batch_id, kept)


def _to_result(request: HttpRequest, batch_id: UUID, kept: Kept) -> HttpResponse:
    if kept.repeated:
        messages.info(request, _t("This file had been taken in before; nothing was changed."))
    return HttpResponseRedirect(reverse("office:reconciliation", args=[batch_id, kept.reconciliation_id]))


@door("export.make")
@require_POST
def resend(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Set refused or missing lines to go out again: those chosen, or all that stand so."""
    with at_desk(request, "export.make") as scope:
        found_batch(request, scope, batch_id)
        every = request.POST.get("all", "")
        if every in RESENDABLE:
            rows = every_line(scope, batch_id, outcome=every)
            lines = [row.line for row in rows if not row.resend_asked]
        else:
            state = read_state(request.POST, columns=())
            lines = [int(word) for word in state.selected if word.isascii() and word.isdigit() and len(word) < 10]
        asked = ask_resend(
            scope=scope,
            actor=actor_of(request),
            batch_id=batch_id,
            lines=lines,
            at=clock.now(),
            request_id=request_id(request),
        )
    if isinstance(asked, Refusal):
        messages.error(request, refusal_said(asked))
    else:
        said = ngettext(
            "%(count)s line goes out again with the next batch.",
            "%(count)s lines go out again with the next batch.",
            asked,
        )
        messages.success(request, said % {"count": asked})
    return HttpResponseRedirect(reverse("office:export", args=[batch_id]))


@door("export.read")
@require_GET
def result(request: HttpRequest, batch_id: UUID, reconciliation_id: UUID) -> HttpResponse:
    """What a returned sheet came to; each figure opens its list."""
    with at_desk(request, "export.read") as scope:
        batch = found_batch(request, scope, batch_id)
        one = _found(request, scope, batch_id, reconciliation_id)
        filters = (Filter("outcome", _t("Result"), tuple((key, str(word)) for key, (_tone, word) in ROW_OUTCOMES.items())),)  # fmt: skip  # noqa: E501
        state = read_state(request.GET, columns=_COLUMNS, filters=filters)
        outcome = state.filters.get("outcome", "")
        total = one.counts.get(outcome, 0) if outcome else sum(one.counts.values())
        state = state.on_page_of(total)
        rows = list_findings(scope, reconciliation_id, outcome=outcome, offset=state.offset, limit=state.size)
        tail = f"?outcome={outcome}" if outcome else ""
        context = {
            "batch": batch,
            "one": one,
            "figures": [
                {
                    "word": word,
                    "tone": tone,
                    "count": f"{one.counts.get(key, 0):,}",
                    "url": f"{request.path}?outcome={key}#rows",
                }
                for key, (tone, word) in ROW_OUTCOMES.items()
            ],
            "unread": one.counts.get("unread", 0),
            "about": _about(one),
            "columns": _COLUMNS,
            "rows": [_row_of(row) for row in rows],
            "filters": filters,
            "state": state,
            "total": total,
            "csv": reverse("office:reconciliation-csv", args=[batch_id, reconciliation_id]) + tail,
        }
        return show(request, scope, "office/reconciliation.html", context)


@door("export.read")
@require_GET
def download(request: HttpRequest, batch_id: UUID, reconciliation_id: UUID) -> HttpResponseBase:
    """The result as a sheet, perhaps of one outcome only."""
    with at_desk(request, "export.read") as scope:
        one = _found(request, scope, batch_id, reconciliation_id)
        outcome = request.GET.get("outcome", "")
        found = every_finding(scope, reconciliation_id, outcome=outcome if outcome in ROW_OUTCOMES else "")
        rows = ((row.voucher, row.row or "", ROW_OUTCOMES[row.outcome][1], _said(row)) for row in found)
        head = (_t("Voucher"), _t("Row of the sheet"), _t("Result"), _t("What it says"))
        return csv_response(f"reconciliation-{one.sheet_on:%Y%m%d}-{one.reconciliation_id.hex[-6:]}.csv", head, rows)


def _found(request: HttpRequest, scope: Any, batch_id: UUID, reconciliation_id: UUID) -> Reconciliation:
    one = find_reconciliation(scope, actor_of(request), batch_id, reconciliation_id)
    if one is None:
        raise NotVisible
    return one


def _row_of(row: FoundLine) -> dict[str, Any]:
    return {
        "id": row.sequence,
        "voucher": row.voucher or _t("no voucher"),
        "row": row.row if row.row is not None else "",
        "status": ROW_OUTCOMES[row.outcome],
        "said": _said(row),
    }


def _said(row: FoundLine) -> str:
    """Why a row was not taken, what differs, what an unknown row holds, and what the other system added."""
    parts = [difference_said(row.detail)]
    if "code" in row.detail:
        facts = row.detail["facts"]
        said = wording.say_code(row.detail["code"], facts, get_language() or "zh-hans", ALL_MESSAGES)
        parts.append(f"{facts['column']}: {said}" if facts.get("column") and "column" not in said else said)
    parts.append(", ".join(f"{head} {cell}" for head, cell in row.detail.get("theirs", {}).items() if cell))
    parts.append(row.reason)
    return " · ".join(part for part in parts if part)


def _about(one: Reconciliation) -> list[dict[str, Any]]:
    rows = [
        (_t("Day of the sheet"), one.sheet_on.isoformat()),
        (_t("Taken in at"), minute_of(one.recorded_at)),
        (_t("Taken in by"), one.actor.said_in(get_language() or "zh-hans")),
        (_t("Encoding"), one.encoding),
        (_t("Fingerprint of the file"), one.file_hash[:16]),
    ]
    return [{"label": label, "value": value} for label, value in rows if value]
