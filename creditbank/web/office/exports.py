"""Export batches: what waits to go out, the batches, one batch with its lines, and its files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from creditbank.domain.access import may_enter
from creditbank.domain.explanation import Refusal
from creditbank.domain.registrar.lines import voucher_of
from creditbank.domain.registrar.sheet import RegistrarSheet
from creditbank.domain.rules.places import UnreadableError
from creditbank.exchange.documents import DocumentError
from creditbank.exchange.registrar import (
    MOST_MAPPING_BYTES,
    batch_sheet,
    file_name,
    mapping_for,
    read_mapping_bytes,
)
from creditbank.exchange.spreadsheets import Form
from creditbank.gateways import clock, wording
from creditbank.queries.registrar.batches import (
    Batch,
    SentRow,
    batch_numbers,
    count_standings,
    find_batch,
    institution_code,
    list_batches,
    list_lines,
)
from creditbank.queries.registrar.reconciliations import list_reconciliations
from creditbank.queries.registrar.waiting import WaitingCounts, count_waiting
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.registrar.export import make_batch
from creditbank.web.design.forms import DateField, DesignForm
from creditbank.web.design.tables import Column, Filter, read_state
from creditbank.web.doors import door
from creditbank.web.office.desk import actor_of, at_desk, minute_of, request_id, show, today_at
from creditbank.web.office.downloads import sheet_response
from creditbank.web.office.unreadable import unreadable_said
from creditbank.web.office.words import LINE_KINDS, LINE_STANDINGS

_BATCHES = (
    Column("number", _("Batch"), link="url", second="who"),
    Column("made", _("Made at")),
    Column("lines", _("Lines"), kind="number"),
    Column("credit", _("Credit"), kind="signed"),
    Column("answer", _("Answer of the other system"), kind="tag"),
)
_LINES = (
    Column("learner", _("Learner"), second="number"),
    Column("outcome", _("Outcome"), second="voucher"),
    Column("credit", _("Credit"), kind="signed"),
    Column("status", _("State"), kind="tag"),
    Column("said", _("What the other system says")),
)
_MAPPING_HELP = _(
    "A creditbank.registrar_sheet/1 document. Without one the columns of the last batch are used, or the usual ones."
)


class ExportForm(DesignForm):
    """Up to which day postings go out, and perhaps other columns."""

    until = DateField(
        label=_("Up to and including"), required=False, help_text=_("Postings recorded later wait. Empty means today.")
    )
    mapping = forms.FileField(
        label=_("Other columns"),
        required=False,
        help_text=_MAPPING_HELP,
        widget=forms.FileInput({"accept": ".yaml,.yml,.json"}),
    )


class ReturnedForm(DesignForm):
    """The sheet that came back, its own day, and perhaps how to read it."""

    file = forms.FileField(
        label=_("Returned sheet"),
        help_text=_("XLSX or CSV, with the column of vouchers."),
        widget=forms.FileInput({"accept": ".xlsx,.csv"}),
    )
    sheet_on = DateField(
        label=_("Day of the sheet"), help_text=_("Of several sheets the latest decides, whenever it arrives.")
    )
    mapping = forms.FileField(
        label=_("Another mapping for reading it"),
        required=False,
        help_text=_("Without one it is read by the mapping of the batch."),
        widget=forms.FileInput({"accept": ".yaml,.yml,.json"}),
    )


@door("export.read")
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """What waits to go out, and the batches, the newest first."""
    return _listing(request, ExportForm())


@door("export.make")
@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """Make the next batch and lead to it; a refusal says why there is none."""
    form = ExportForm(request.POST, request.FILES)
    given = uploaded_mapping(form) if form.is_valid() else None
    if form.errors:
        return _listing(request, form, status=422)
    with at_desk(request, "export.make") as scope:
        sheet, document = given or mapping_for(scope)
        made = make_batch(
            scope=scope,
            actor=actor_of(request),
            sheet=sheet,
            document=document,
            until=form.cleaned_data["until"],
            at=clock.now(),
            request_id=request_id(request),
        )
    if isinstance(made, Refusal):
        form.add_error(None, refusal_said(made))
        return _listing(request, form, status=422)
    said = ngettext("Batch %(number)s was made with %(count)s line.", "Batch %(number)s was made with %(count)s lines.", made.lines)  # fmt: skip  # noqa: E501
    messages.success(request, said % {"number": made.number, "count": made.lines})
    return HttpResponseRedirect(reverse("office:export", args=[made.batch_id]))


@door("export.read")
@require_GET
def batch_page(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """One batch: its files, its lines and how they stand, and the sheets that came back."""
    return show_batch(request, batch_id, None)


@door("export.read")
@require_GET
def download(request: HttpRequest, batch_id: UUID, form: str) -> HttpResponseBase:
    """A batch's file; the same bytes at any time."""
    if form not in set(Form):
        raise Http404
    with at_desk(request, "export.read") as scope:
        batch = found_batch(request, scope, batch_id)
        name = file_name(scope, batch, Form(form))
        return sheet_response(name, Form(form), batch_sheet(scope, batch), made_at=batch.recorded_at)


def found_batch(request: HttpRequest, scope: Scope, batch_id: UUID) -> Batch:
    """The batch of an address.

    Raises:
        NotVisible: there is none for this desk.
    """
    batch = find_batch(scope, actor_of(request), batch_id)
    if batch is None:
        raise NotVisible
    return batch


def uploaded_mapping(form: DesignForm) -> tuple[RegistrarSheet, dict[str, Any]] | None:
    """The mapping that came with a form, or nothing; what is wrong with it becomes an error of its field."""
    upload = form.cleaned_data["mapping"]
    if upload is None:
        return None
    try:
        return read_mapping_bytes(upload.read(MOST_MAPPING_BYTES + 1), name=upload.name)
    except (DocumentError, UnreadableError) as problem:
        form.add_error("mapping", _t("The mapping cannot be used: %(problem)s") % {"problem": unreadable_said(problem)})
        return None


def refusal_said(refusal: Refusal) -> str:
    """A refusal in the reader's language."""
    return " ".join(wording.say_all(refusal.explanation, get_language() or "zh-hans"))


def show_batch(request: HttpRequest, batch_id: UUID, form: ReturnedForm | None, *, status: int = 200) -> HttpResponse:
    """The page of one batch, perhaps with a form that was not accepted."""
    with at_desk(request, "export.read") as scope:
        actor = actor_of(request)
        batch = found_batch(request, scope, batch_id)
        counts = count_standings(scope, batch_id)
        filters = (
            Filter("outcome", _t("State"), tuple((key, str(word)) for key, (_tone, word) in LINE_STANDINGS.items())),
        )
        state = read_state(request.GET, columns=_LINES, filters=filters)
        outcome = state.filters.get("outcome", "")
        total = counts.get(outcome, 0) if outcome else batch.lines
        state = state.on_page_of(total)
        rows = list_lines(scope, batch_id, outcome=outcome, offset=state.offset, limit=state.size)
        makes = may_enter(actor, "export.make")
        context = {
            "batch": batch,
            "made_by": batch.actor.said_in(get_language() or "zh-hans"),
            "files": [(one, reverse("office:export-file", args=[batch_id, one.value])) for one in Form],
            "figures": _standing_tiles(counts, request.path),
            "about": _about(batch),
            "columns": _LINES,
            "rows": line_rows(scope, batch, rows),
            "filters": filters,
            "state": state,
            "total": total,
            "outcome": outcome,
            "may_resend": makes and outcome in ("refused", "missing"),
            "returned": [_returned_row(one) for one in list_reconciliations(scope, actor, batch_id)],
            "form": (form or ReturnedForm(initial={"sheet_on": today_at(scope)})) if makes else None,
        }
        return show(request, scope, "office/export.html", context, status=status)


def _listing(request: HttpRequest, form: ExportForm, *, status: int = 200) -> HttpResponse:
    with at_desk(request, "export.read") as scope:
        actor = actor_of(request)
        state = read_state(request.GET, columns=_BATCHES)
        batches, total = list_batches(scope, actor, offset=state.offset, limit=state.size)
        sheet, _document = mapping_for(scope)
        waiting = count_waiting(scope, actor, until=today_at(scope), leave_out=sheet.leave_out)
        context = {
            "columns": _BATCHES,
            "rows": [_row_of(one, count_standings(scope, one.batch_id)) for one in batches],
            "state": state,
            "total": total,
            "waiting": waiting,
            "figures": _waiting_tiles(waiting) if waiting else (),
            "mapping": sheet.name,
            "form": form if waiting is not None and may_enter(actor, "export.make") else None,
        }
        return show(request, scope, "office/exports.html", context, status=status)


def _row_of(batch: Batch, counts: Mapping[str, int]) -> dict[str, Any]:
    bad = sum(counts.get(name, 0) for name in ("refused", "missing", "different"))
    waiting = counts.get("waiting", 0)
    if bad:
        answer = ("bad", ngettext("%(count)s line to look at", "%(count)s lines to look at", bad) % {"count": bad})
    elif waiting == batch.lines:
        answer = ("info", _t("No answer yet"))
    elif waiting:
        answer = ("warn", _t("Answered in part"))
    else:
        answer = ("ok", _t("All accepted"))
    return {
        "id": batch.batch_id,
        "number": f"{batch.number:04d}",
        "who": batch.actor.said_in(get_language() or "zh-hans"),
        "made": minute_of(batch.recorded_at),
        "lines": f"{batch.lines:,}",
        "credit": batch.credit,
        "answer": answer,
        "url": reverse("office:export", args=[batch.batch_id]),
    }


def _waiting_tiles(waiting: WaitingCounts) -> list[dict[str, Any]]:
    tiles = [
        (_t("New lines"), waiting.deposits - waiting.offsets, waiting.deposited),
        (_t("Corrections"), waiting.reversals - waiting.offsets, -waiting.reversed),
        (_t("To be sent again"), waiting.resends, None),
        (_t("Offset each other"), waiting.offsets, None),
        (_t("Without a student number"), waiting.unnumbered, None),
    ]
    return [
        {"word": word, "count": f"{count:,}", "credit": credit if count else None}
        for place, (word, count, credit) in enumerate(tiles)
        if count or place < 2
    ]


def _standing_tiles(counts: Mapping[str, int], path: str) -> list[dict[str, Any]]:
    return [
        {"word": word, "tone": tone, "count": f"{counts.get(key, 0):,}", "url": f"{path}?outcome={key}#lines"}
        for key, (tone, word) in LINE_STANDINGS.items()
    ]


def _about(batch: Batch) -> list[dict[str, Any]]:
    rows = [
        (_t("Made at"), minute_of(batch.recorded_at)),
        (_t("Made by"), batch.actor.said_in(get_language() or "zh-hans")),
        (_t("Up to and including"), batch.until.isoformat()),
        (_t("Lines"), f"{batch.lines:,}"),
        (_t("Lines sent again"), f"{batch.resent:,}" if batch.resent else ""),
        (_t("Postings that offset each other"), f"{batch.offsets:,}" if batch.offsets else ""),
        (_t("Columns"), batch.sheet.name.said_in(get_language() or "zh-hans")),
        (_t("Fingerprint of the mapping"), batch.mapping_hash[:16]),
    ]
    return [{"label": label, "value": value} for label, value in rows if value]


def _returned_row(one: Any) -> dict[str, Any]:
    return {
        "at": f"{one.sheet_on:%Y-%m-%d}",
        "title": one.file_name,
        "detail": " · ".join(
            f"{word} {one.counts[key]:,}" for key, (_tone, word) in LINE_STANDINGS.items() if one.counts.get(key)
        ),
        "url": reverse("office:reconciliation", args=[one.batch_id, one.reconciliation_id]),
        "tone": "bad" if any(one.counts.get(key) for key in ("refused", "missing", "different", "unread")) else "ok",
    }


def line_rows(scope: Scope, batch: Batch, rows: tuple[SentRow, ...]) -> list[dict[str, Any]]:
    """Lines of a batch as rows of its table."""
    places = {column.field: place for place, column in enumerate(batch.sheet.columns) if column.field}
    code = institution_code(scope)
    named = [name[0] for row in rows for name in (row.names, row.resent_as) if name is not None]
    numbers = batch_numbers(scope, named) if named else {}

    def cell(row: SentRow, field: str) -> str:
        return row.cells[places[field]] if field in places else ""

    def said(row: SentRow) -> str:
        parts = [difference_said(row.detail), row.reason]
        if row.names is not None:
            parts.append(
                _t("%(kind)s of %(voucher)s")
                % {"kind": LINE_KINDS[row.kind], "voucher": voucher_of(code, numbers[row.names[0]], row.names[1])}
            )
        if row.resent_as is not None:
            voucher = voucher_of(code, numbers[row.resent_as[0]], row.resent_as[1])
            parts.append(_t("Sent again as %(voucher)s") % {"voucher": voucher})
        elif row.resend_asked:
            parts.append(_t("Goes out again with the next batch"))
        return " · ".join(part for part in parts if part)

    return [
        {
            "id": str(row.line) if not row.resend_asked else "",
            "voucher": voucher_of(code, batch.number, row.line),
            "learner": cell(row, "name") or cell(row, "student_number"),
            "number": cell(row, "student_number"),
            "outcome": cell(row, "course_name") or cell(row, "course_code"),
            "credit": row.hundredths,
            "status": LINE_STANDINGS[row.outcome or "waiting"],
            "said": said(row),
        }
        for row in rows
    ]


def difference_said(detail: Mapping[str, Any]) -> str:
    """Which columns differ, ours and theirs; or that unread rows leave a missing line in doubt."""
    if detail.get("blind"):
        count = detail["blind"]
        return ngettext(
            "%(count)s row of the sheet could not be read and may be this line",
            "%(count)s rows of the sheet could not be read and may hold this line",
            count,
        ) % {"count": count}
    empty = _t("nothing")
    return "; ".join(
        _t("%(column)s: we sent %(ours)s, they have %(theirs)s")
        % {"column": one["head"], "ours": one["ours"] or empty, "theirs": one["theirs"] or empty}
        for one in detail.get("columns", ())
    )
