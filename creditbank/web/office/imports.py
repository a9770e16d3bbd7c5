"""Import runs: the list, one run's report, and its refused rows as a sheet."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from creditbank.domain.masterdata.sets import data_set_named
from creditbank.exchange.results import ALL_MESSAGES
from creditbank.gateways import wording
from creditbank.queries.imports import RefusedRow, Run, count_reasons, every_refused, find_run, list_refused, list_runs
from creditbank.queries.reversals import open_request
from creditbank.services.access import NotVisible
from creditbank.services.opening_lots import KIND
from creditbank.web.design.tables import Column, Filter, read_state
from creditbank.web.doors import door
from creditbank.web.office.desk import actor_of, at_desk, minute_of, show
from creditbank.web.office.downloads import csv_response
from creditbank.web.office.opening_lots import may_open
from creditbank.web.office.result_imports import may_import

COLUMNS = (
    Column("file", _("File"), link="url", second="who"),
    Column("started", _("Started")),
    Column("done", _("Rows read"), kind="number"),
    Column("stored", _("Stored"), kind="number"),
    Column("refused", _("Refused by the check"), kind="number"),
    Column("status", _("State"), kind="tag"),
)
_PROBLEMS = (
    Column("line", _("Line"), kind="number"),
    Column("column", _("Column")),
    Column("reason", _("Reason")),
)


@door("results.read_imports")
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """All runs, the newest first."""
    with at_desk(request, "results.read_imports") as scope:
        state = read_state(request.GET, columns=COLUMNS)
        runs, total = list_runs(scope, actor_of(request), offset=state.offset, limit=state.size)
        context = {
            "columns": COLUMNS,
            "rows": [row_of(run) for run in runs],
            "state": state,
            "total": total,
            "may_open": may_open(actor_of(request)),
            "may_import": may_import(actor_of(request)),
        }
        return show(request, scope, "office/imports.html", context)


@door("results.read_imports")
@require_GET
def report(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """One run: what was read, what was kept, and why each refused row was refused."""
    with at_desk(request, "results.read_imports") as scope:
        run = find_run(scope, actor_of(request), run_id)
        if run is None:
            raise NotVisible
        language = get_language() or "zh-hans"
        reasons = count_reasons(scope, run_id)
        sentences = {**wording.messages(), **ALL_MESSAGES}
        words = {code: wording.translate(sentences.get(code, code), language) for code, _count in reasons}
        filters = (
            Filter("reason", _t("Reason"), tuple((code, f"{words[code]} ({count})") for code, count in reasons)),
        )
        state = read_state(request.GET, columns=_PROBLEMS, filters=filters)
        refused, total = list_refused(
            scope, run_id, code=state.filters.get("reason", ""), offset=state.offset, limit=state.size
        )
        context = {
            "run": run,
            "status": status_of(run),
            "interrupted": run.state == "interrupted",
            "may_take_back": run.kind == KIND and run.state == "finished" and may_open(actor_of(request)),
            "reverted": run.state == "reverted",
            "asked": open_request(scope, run_id),
            "figures": _figures(run),
            "about": _about(run),
            "columns": _PROBLEMS,
            "rows": [
                {"id": at, "line": one.line, "column": one.column, "reason": said(one, language)}
                for at, one in enumerate(refused)
            ],
            "filters": filters if len(reasons) > 1 else (),
            "state": state.on_page_of(total),
            "total": total,
        }
        return show(request, scope, "office/import.html", context)


@door("results.read_imports")
@require_GET
def download(request: HttpRequest, run_id: UUID) -> HttpResponseBase:
    """Every refused row of a run."""
    with at_desk(request, "results.read_imports") as scope:
        run = find_run(scope, actor_of(request), run_id)
        if run is None:
            raise NotVisible
        language = get_language() or "zh-hans"
        rows = ((one.line, one.column, said(one, language)) for one in every_refused(scope, run_id))
        name = f"refused-{run.started_at:%Y%m%d-%H%M%S}.csv"
        return csv_response(name, (_t("Line"), _t("Column"), _t("Reason")), rows)


def said(row: RefusedRow, language: str) -> str:
    """Why a row was refused, in words."""
    return wording.say_code(row.code, row.facts, language, ALL_MESSAGES)


def row_of(run: Run) -> dict[str, Any]:
    """A run as a row of the table."""
    return {
        "id": run.run_id,
        "file": run.file_name,
        "who": run.actor.said_in(get_language() or "zh-hans"),
        "started": minute_of(run.started_at),
        "done": f"{run.done:,} / {run.total:,}" if run.done < run.total else f"{run.done:,}",
        "stored": f"{run.stored:,}",
        "refused": f"{run.refused:,}",
        "status": status_of(run),
        "url": reverse("office:data-run" if data_set_named(run.kind) else "office:import", args=[run.run_id]),
    }


def status_of(run: Run) -> tuple[str, str]:
    """A run's state as a tag; one that was cut off says how far it came."""
    if run.state == "interrupted":
        return "warn", _t("Interrupted, %(done)s of %(total)s") % {"done": f"{run.done:,}", "total": f"{run.total:,}"}
    words = {
        "running": ("info", _t("Running")),
        "finished": ("ok", _t("Finished")),
        "reverted": ("warn", _t("Reverted")),
    }
    return words.get(run.state, ("plain", run.state))


def _figures(run: Run) -> list[dict[str, Any]]:
    return [
        {"word": _t("Rows in the file"), "count": f"{run.total:,}"},
        {"word": _t("Rows read"), "count": f"{run.done:,}"},
        {"word": _t("Stored"), "count": f"{run.stored:,}"},
        {"word": _t("Repeated, ignored"), "count": f"{run.repeated:,}"},
        {"word": _t("Refused by the check"), "count": f"{run.refused:,}"},
    ]


def _about(run: Run) -> list[dict[str, Any]]:
    rows = [
        (_t("Started"), minute_of(run.started_at)),
        (_t("Finished at"), minute_of(run.finished_at) if run.finished_at else ""),
        (_t("Started by"), run.actor.said_in(get_language() or "zh-hans")),
        (_t("Encoding"), run.encoding),
        (_t("Fingerprint of the file"), run.file_hash[:16]),
    ]
    return [{"label": label, "value": value} for label, value in rows if value]
