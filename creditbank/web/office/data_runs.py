"""Import runs of master data: what one did, its revert, and the sheets that go out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from creditbank.domain.access import may_enter
from creditbank.domain.explanation import Refusal
from creditbank.domain.masterdata.declaration import DataSet
from creditbank.domain.masterdata.editions import with_tables
from creditbank.exchange.masterdata.writing import export_sheet, template_bytes
from creditbank.exchange.spreadsheets import Form
from creditbank.gateways import clock
from creditbank.gateways.identities import Identities
from creditbank.queries.imports import RefusedRow, count_reasons, every_refused, list_refused
from creditbank.queries.masterdata.pages import DataRun, find_data_run, standing_on
from creditbank.queries.masterdata.rows import every_row
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.masterdata.imports import Reverted, revert_run
from creditbank.services.operations import note_operation
from creditbank.web.design.tables import Column, Filter, read_state
from creditbank.web.doors import door
from creditbank.web.office.data_words import Reader, may_write, row_address, set_for, set_to_write, visible_sets
from creditbank.web.office.desk import actor_of, at_desk, minute_of, show
from creditbank.web.office.downloads import csv_response, file_response, sheet_response

NOT_IN_SHEET = "masterdata.not_in_sheet"
_PROBLEMS = (
    Column("reason", _("Reason"), link="url", second="column"),
    Column("line", _("Line"), kind="number"),
    Column("cell", _("Cell")),
    Column("row", _("Record")),
)


@door("results.read_imports")
@require_GET
def run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """One run: what it did, what it refused, which rows it did not have."""
    with at_desk(request, "results.read_imports") as scope:
        reader = Reader(actor_of(request))
        found = _run(scope, run_id, reader)
        counts = dict(count_reasons(scope, run_id))
        words = {code: reader.fault(code, {"key": "", "name": ""}) for code in counts}
        words |= {code: _t("Not in the sheet") for code in counts if code == NOT_IN_SHEET}
        filters = (
            Filter(
                "reason", _t("Reason"), tuple((code, f"{words[code]} ({count:,})") for code, count in counts.items())
            ),
        )
        state = read_state(request.GET, columns=_PROBLEMS, filters=filters)
        listed, total = list_refused(
            scope, run_id, code=state.filters.get("reason", ""), offset=state.offset, limit=state.size
        )
        reverted = found.run.state == "reverted"
        context = {
            "data_set": found.data_set,
            "run": found.run,
            "figures": _figures(found),
            "about": _about(found, reader),
            "status": _status(found),
            "reverted": reverted,
            "columns": _PROBLEMS,
            "rows": [_problem(found.data_set, one, reader) for one in listed],
            "filters": filters if len(counts) > 1 else (),
            "state": state.on_page_of(total),
            "total": total,
            "may_revert": may_write(reader.actor) and not reverted,
        }
        return show(request, scope, "office/data_run.html", context)


@door("results.read_imports")
@require_GET
def problems(request: HttpRequest, run_id: UUID) -> HttpResponseBase:
    """What a run refused and did not have, as a sheet."""
    with at_desk(request, "results.read_imports") as scope:
        reader = Reader(actor_of(request))
        found = _run(scope, run_id, reader)
        rows = (
            (
                one.line or "",
                one.facts.get("cell", ""),
                one.facts.get("key", ""),
                one.column,
                reader.fault(one.code, one.facts),
            )
            for one in every_refused(scope, run_id)
        )
        name = f"problems-{found.data_set.code}-{found.run.started_at:%Y%m%d-%H%M%S}.csv"
        return csv_response(name, (_t("Line"), _t("Cell"), _t("Record"), _t("Column"), _t("Reason")), rows)


@door("masterdata.write")
@require_http_methods(["GET", "POST"])
def revert(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Ask what taking a run back undoes, and do it."""
    with at_desk(request, "masterdata.write") as scope:
        reader = Reader(actor_of(request))
        found = _run(scope, run_id, reader)
        if not may_write(reader.actor):
            raise NotVisible
        address = reverse("office:data-run", args=[run_id])
        if request.method == "POST" and reader.actor.person is not None:
            done = revert_run(scope=scope, run_id=run_id, actor=reader.actor.person, at=clock.now())
            if isinstance(done, Refusal):
                messages.warning(request, " ".join(reader.lines(done.explanation)))
            else:
                messages.success(request, _reverted(done))
            return HttpResponseRedirect(address)
        if found.run.state == "reverted":
            return HttpResponseRedirect(address)
        rows, alone = standing_on(scope, run_id)
        context = {
            "data_set": found.data_set,
            "run": found.run,
            "count": f"{rows:,}",
            "alone": f"{alone:,}",
            "others": f"{rows - alone:,}",
            "students": found.data_set.code == "students",
            "back": address,
        }
        return show(request, scope, "office/data_revert.html", context)


@door("masterdata.read")
@require_GET
def template(request: HttpRequest, data_set: str) -> HttpResponse:
    """The workbook to fill in."""
    with at_desk(request, "masterdata.read"):
        found, reader = set_for(request, data_set), Reader(actor_of(request))
        content = template_bytes(with_tables(found, reader.tables), reader.language)
        return file_response(f"template-{found.code}.xlsx", Form.XLSX, content)


@door("masterdata.write")
@require_GET
def export(request: HttpRequest, data_set: str) -> HttpResponseBase:
    """The rows in force under the same headings; identity numbers are in it only for a registrar who asks for them."""
    with at_desk(request, "masterdata.write") as scope:
        found, reader = set_to_write(request, data_set), Reader(actor_of(request))
        whole = "identities" in request.GET
        content = export_sheet(
            with_tables(found, reader.tables),
            (row.content for row in every_row(scope, found)),
            language=reader.language,
            identities=Identities(settings.BANK) if whole else None,
        )
        note_operation(
            scope=scope,
            actor=reader.actor.person,
            action=f"masterdata.export.{found.code}",
            outcome="with identity numbers" if whole else "done",
            at=clock.now(),
        )
        return sheet_response(f"{found.code}-{clock.now():%Y%m%d}.xlsx", Form.XLSX, content)


def _reverted(done: Reverted) -> str:
    said = [_t("The import was reverted.")]
    if done.withdrawn:
        one, many = "%(count)s unused account was withdrawn.", "%(count)s unused accounts were withdrawn."
        said.append(ngettext(one, many, done.withdrawn) % {"count": f"{done.withdrawn:,}"})
    if done.kept:
        one = "%(count)s account has been used and was kept; it is listed below."
        many = "%(count)s accounts have been used and were kept; they are listed below."
        said.append(ngettext(one, many, len(done.kept)) % {"count": f"{len(done.kept):,}"})
    return " ".join(said)


def _run(scope: Scope, run_id: UUID, reader: Reader) -> DataRun:
    """A run of a data set this desk may read; a run concerns the whole school, so one college's desk has none."""
    found = find_data_run(scope, run_id)
    allowed = reader.actor.college is None and may_enter(reader.actor, "masterdata.read")
    if found is None or not allowed or found.data_set not in visible_sets(reader.actor):
        raise NotVisible
    return found


def _problem(data_set: DataSet, one: RefusedRow, reader: Reader) -> dict[str, Any]:
    key = str(one.facts.get("key", ""))
    return {
        "line": one.line or "",
        "column": one.column,
        "cell": one.facts.get("cell", ""),
        "row": key,
        "reason": reader.fault(one.code, one.facts),
        "url": row_address(data_set, key) if one.code == NOT_IN_SHEET and key else "",
    }


def _status(found: DataRun) -> tuple[str, str]:
    words = {
        "running": ("info", _t("Running")),
        "finished": ("ok", _t("Applied")),
        "reverted": ("warn", _t("Reverted")),
    }
    return words.get(found.run.state, ("plain", found.run.state))


def _figures(found: DataRun) -> list[dict[str, Any]]:
    stated = found.run
    same = max(0, stated.rows_stored - stated.rows_new - stated.rows_changed)
    return [
        {"word": _t("New"), "count": f"{stated.rows_new:,}"},
        {"word": _t("Changed"), "count": f"{stated.rows_changed:,}"},
        {"word": _t("Confirmed, nothing changed"), "count": f"{same:,}"},
        {"word": _t("Repeated, ignored"), "count": f"{stated.rows_repeated:,}"},
        {"word": _t("Refused by the check"), "count": f"{stated.rows_refused:,}"},
        {"word": _t("Not in the sheet"), "count": f"{stated.rows_missing:,}"},
    ]


def _about(found: DataRun, reader: Reader) -> list[dict[str, Any]]:
    stated = found.run
    rows = [
        (_t("Data set"), found.data_set.name.said_in(reader.language)),
        (_t("As of"), str(stated.as_of)),
        (_t("Rows in the file"), f"{stated.rows_total:,}"),
        (_t("Started"), minute_of(stated.started_at)),
        (_t("Started by"), found.actor.said_in(reader.language)),
        (_t("Reverted at"), minute_of(stated.reverted_at) if stated.reverted_at else ""),
        (_t("Reverted by"), found.reverted_by.said_in(reader.language)),
        (_t("Encoding"), stated.encoding),
        (_t("Fingerprint of the file"), stated.file_hash[:16]),
    ]
    return [{"label": label, "value": value} for label, value in rows if value]
