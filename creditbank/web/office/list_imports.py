"""Bring in an official list: upload, say what its columns mean, look at the dry run, apply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from creditbank.domain.explanation import Refusal
from creditbank.domain.official_lists.kind import ListKind
from creditbank.domain.official_lists.matching import Found
from creditbank.domain.official_lists.outcomes import Standing
from creditbank.domain.results import RefusedRow
from creditbank.exchange.encoding import SheetProblem
from creditbank.exchange.kept_sheets import KeptSheet
from creditbank.exchange.masterdata.reading import Table
from creditbank.exchange.official_lists import (
    ReadList,
    kind_here,
    kinds_here,
    open_list,
    read_list,
    remember_columns,
    template_bytes,
)
from creditbank.exchange.spreadsheets import Form
from creditbank.gateways import clock
from creditbank.gateways.files import FileRefused, Upload
from creditbank.gateways.identities import Identities
from creditbank.queries.official_lists.lists import GoneLine, find_list
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.official_lists.imports import (
    MatchedLine,
    Plan,
    apply_list,
    plan_list,
    take_turn,
)
from creditbank.web.design.tables import Column, Filter, read_state
from creditbank.web.doors import door
from creditbank.web.office.data_words import Reader
from creditbank.web.office.desk import actor_of, at_desk, request_id, show, today_at
from creditbank.web.office.downloads import csv_response, file_response
from creditbank.web.office.list_forms import ListMappingForm, ListUploadForm, about_of
from creditbank.web.office.list_words import (
    FOUND,
    STANDINGS,
    fault_said,
    language_now,
    reasons_said,
    to_write,
)
from creditbank.web.office.staged import keep_upload, kept_state, taken

STEPS = (_("Official list"), _("Columns"), _("Dry run"), _("Applied"))
REFUSED, GONE = "refused", "gone"
_LINES = (
    Column("main", _("On the list"), second="by"),
    Column("line", _("Line"), kind="number"),
    Column("outcome", _("Outcome"), second="why"),
    Column("status", _("What it means"), kind="tag"),
)
_REFUSED = (
    Column("reason", _("Reason"), second="column"),
    Column("line", _("Line"), kind="number"),
    Column("cell", _("Cell")),
)
_GONE = (
    Column("main", _("Learner"), second="by"),
    Column("outcome", _("Outcome"), second="why"),
    Column("line", _("Line"), kind="number"),
)


@dataclass(slots=True)
class Kept(KeptSheet):
    """An uploaded list between its steps."""

    kind: ListKind

    def address(self, step: str) -> str:
        """The page of a step: columns, check, problems or apply."""
        return str(reverse(f"office:list-{step}", args=[self.upload_id]))

    @property
    def applied(self) -> UUID | None:
        """The list that it became."""
        return UUID(self.state["list"]) if self.state.get("list") else None


@door("lists.write")
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Take a list in, with what it is and the day it was issued."""
    with at_desk(request, "lists.write") as scope:
        to_write(request)
        institution = cast("UUID", actor_of(request).institution)
        form = ListUploadForm(kinds_here(scope), today_at(scope), request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            given, kind = form.cleaned_data["file"], form.chosen()
            try:
                upload_id = keep_upload(
                    request,
                    scope,
                    given,
                    look=lambda upload: open_list(upload, kind, institution=institution),
                    state=form.state(),
                    action="lists.upload",
                )
            except FileRefused as refused:
                form.add_error("file", fault_said(refused.code, refused.facts))
            else:
                return HttpResponseRedirect(reverse("office:list-columns", args=[upload_id]))
        context = {"form": form, "steps": STEPS}
        return show(request, scope, "office/list_upload.html", context, status=422 if form.errors else 200)


@door("lists.write")
@require_http_methods(["GET", "POST"])
def columns(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Say what each column means, what words stand for, and what holds for every row."""
    with at_desk(request, "lists.write") as scope:
        kept, reader = _kept(request, scope, upload_id), Reader(actor_of(request))
        if found := _applied(request, scope, kept):
            return found
        table = taken(kept, lambda upload: _table(kept, upload))
        read, problem = _try_to_read(scope, kept)
        headings = {column.heading: column.field for column in table.columns}
        form = ListMappingForm(kept.kind, reader, headings, _words_of(read, kept), kept.state, request.POST or None)
        if request.method == "POST" and form.is_valid():
            kept.note(given=form.given(), values=form.meanings(), every=form.every())
            read, problem = _try_to_read(scope, kept)
            asked = {(name, word) for name, word, _count in form.words}
            fresh = {(name, word) for name, said in _words_of(read, kept).items() for word in said} - asked
            if problem:
                form.add_error(None, problem)
            else:
                # A column that has just been given may hold words nobody has explained.
                return HttpResponseRedirect(f"{kept.address('columns')}#words" if fresh else kept.address("check"))
        context = {
            "kept": kept,
            "table": table,
            "form": form,
            "columns": _column_fields(form, table),
            "every": form.every_fields(),
            "words": [
                {"field": form[f"word{place}"], "count": count} for place, (_n, _w, count) in enumerate(form.words)
            ],
            "notes": [fault_said(note.code, note.facts) for note in (read.notes if read else table.notes)],
            "problem": problem if not form.is_bound else "",
            "steps": STEPS,
        }
        return show(request, scope, "office/list_columns.html", context, status=422 if form.errors else 200)


@door("lists.write")
@require_GET
def check(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """The dry run: whose each line is and what it would mean; nothing is stored."""
    with at_desk(request, "lists.write") as scope:
        kept = _kept(request, scope, upload_id)
        if found := _applied(request, scope, kept):
            return found
        read, problem = _try_to_read(scope, kept)
        if read is None:
            messages.warning(request, problem)
            return HttpResponseRedirect(kept.address("columns"))
        plan = _plan(scope, kept, read)
        if isinstance(plan, Refusal):
            messages.warning(request, reasons_said(plan.explanation))
            return HttpResponseRedirect(reverse("office:lists"))
        groups = _groups(plan, read)
        shown = request.GET.get("what", "")
        if shown not in groups:
            shown = next((name for name in (Found.DOUBTFUL.value, REFUSED) if groups[name]), Found.CERTAIN.value)
        filters = (Filter("what", _t("What became of it"), tuple((name, name) for name in groups)),)
        rows = groups[shown]
        state = read_state(request.GET, columns=_LINES, filters=filters).on_page_of(len(rows))
        page = rows[state.offset : state.offset + state.size]
        context = {
            "kept": kept,
            "about": about_of(kept.state),
            "groups": _tiles(kept, groups, shown),
            "meanings": [(STANDINGS[one], count) for one, count in sorted(plan.standings.items())],
            "shown": shown,
            "columns": {REFUSED: _REFUSED, GONE: _GONE}.get(shown, _LINES),
            "rows": [_row(one) for one in page],
            "state": state.filtered("what", shown).on_page(state.page),
            "total": len(rows),
            "refused": len(read.refused),
            "left": read.left,
            "proposed": plan.standings[Standing.UNSAID],
            "doubtful": plan.count(Found.DOUBTFUL),
            "stored": len(plan.lines),
            "notes": [fault_said(note.code, note.facts) for note in read.notes],
            "steps": STEPS,
        }
        return show(request, scope, "office/list_check.html", context)


@door("lists.write")
@require_GET
def problems(request: HttpRequest, upload_id: UUID) -> HttpResponseBase:
    """Every refused row of the dry run as a sheet."""
    with at_desk(request, "lists.write") as scope:
        read, _problem = _try_to_read(scope, _kept(request, scope, upload_id))
        if read is None:
            raise NotVisible
        return refused_csv("refused.csv", read.refused)


@door("lists.write")
@require_POST
def apply(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Keep the list, all or nothing; sending it twice applies it once."""
    with at_desk(request, "lists.write") as scope:
        actor = actor_of(request)
        # Whoever sends it a second time waits here until the first is through, and then finds its list.
        take_turn(scope)
        kept = _kept(request, scope, upload_id)
        if found := _applied(request, scope, kept):
            return found
        read, problem = _try_to_read(scope, kept)
        if read is None or not read.entries or actor.person is None:
            messages.warning(
                request, problem or _t("No row of this list can be taken. Correct it and upload it again.")
            )
            return HttpResponseRedirect(kept.address("columns" if read is None else "check"))
        applied = apply_list(
            scope=scope, identities=Identities(settings.BANK), brought=read.brought(), about=about_of(kept.state),
            actor=actor.person, at=clock.now(), request_id=request_id(request),
        )  # fmt: skip
        if isinstance(applied, Refusal):
            messages.warning(request, reasons_said(applied.explanation))
            return HttpResponseRedirect(reverse("office:lists"))
        remember_columns(
            scope=scope, kind=kept.kind, given=kept.given, values=kept.values,
            actor=actor.person, at=clock.now(),
        )  # fmt: skip
        kept.note(list=str(applied.list_id))
        told = ngettext(
            "The list was applied; %(count)s outcome was proposed to its learner.",
            "The list was applied; %(count)s outcomes were proposed to their learners.",
            applied.proposed,
        ) % {"count": applied.proposed}
        messages.success(request, told)
        return HttpResponseRedirect(reverse("office:list", args=[applied.list_id]))


@door("lists.read")
@require_GET
def template(request: HttpRequest, kind: str) -> HttpResponse:
    """The workbook to fill in."""
    with at_desk(request, "lists.read") as scope:
        found = kind_here(scope, kind)
        if found is None:
            raise NotVisible
        return file_response(f"list-{found.code}.xlsx", Form.XLSX, template_bytes(found, language_now()))


def refused_csv(name: str, refused: Any) -> HttpResponseBase:
    """Refused rows as a sheet."""
    rows = ((one.line, one.facts.get("cell", ""), one.column, fault_said(one.code, one.facts)) for one in refused)
    return csv_response(name, (_t("Line"), _t("Cell"), _t("Column"), _t("Reason")), rows)


def _kept(request: HttpRequest, scope: Scope, upload_id: UUID) -> Kept:
    """The kept list of an address; what another institution uploaded is not there."""
    to_write(request)
    institution, state = kept_state(request, upload_id)
    if "list_kind" not in state:
        raise NotVisible
    kind = kind_here(scope, state["list_kind"])
    if kind is None:
        raise NotVisible
    return Kept(settings.BANK, institution, upload_id, state, kind)


def _applied(request: HttpRequest, scope: Scope, kept: Kept) -> HttpResponse | None:
    """The page of the list, when the upload has become one."""
    if kept.applied is None or find_list(scope, actor_of(request), kept.applied) is None:
        return None
    return HttpResponseRedirect(reverse("office:list", args=[kept.applied]))


def _table(kept: Kept, upload: Upload) -> Table:
    return open_list(upload, kept.kind, institution=kept.institution, given=kept.given)[0]


def _try_to_read(scope: Scope, kept: Kept) -> tuple[ReadList | None, str]:
    """The rows as the mapping of now reads them, or why they cannot be read."""
    try:
        read = taken(
            kept,
            lambda upload: read_list(
                upload,
                kept.kind,
                institution=kept.institution,
                given=kept.given,
                values=kept.values,
                every=kept.state.get("every", {}),
                today=today_at(scope),
            ),
        )
    except SheetProblem as problem:
        return None, fault_said(problem.code, problem.facts)
    return read, ""


def _words_of(read: ReadList | None, kept: Kept) -> Mapping[str, Mapping[str, int]]:
    """Words nobody knows, and those that somebody has explained for this very list."""
    found: dict[str, dict[str, int]] = {
        name: dict(said) for name, said in (read.unknown_values if read else {}).items()
    }
    for name, said in kept.values.items():
        for word in said:
            found.setdefault(name, {}).setdefault(word, 0)
    return found


def _column_fields(form: ListMappingForm, table: Table) -> list[dict[str, Any]]:
    letters = {column.heading: column.letters for column in table.columns}
    return [
        {"field": form[f"heading{place}"], "letters": letters[heading]} for place, heading in enumerate(form.headings)
    ]


def _plan(scope: Scope, kept: Kept, read: ReadList) -> Plan | Refusal:
    return plan_list(
        scope=scope, identities=Identities(settings.BANK), brought=read.brought(), about=about_of(kept.state)
    )


def _groups(plan: Plan, read: ReadList) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {
        found.value: [line for line in plan.lines if line.match.found is found] for found in Found
    }
    return groups | {REFUSED: list(read.refused), GONE: list(plan.gone)}


def _tiles(kept: Kept, groups: Mapping[str, list[Any]], shown: str) -> list[dict[str, Any]]:
    words = {found.value: str(word) for found, (_tone, word) in FOUND.items()}
    words |= {REFUSED: _t("Refused by the check"), GONE: _t("Only on an earlier version")}
    return [
        {
            "word": words[name],
            "count": f"{len(rows):,}",
            "url": f"{kept.address('check')}?what={name}",
            "here": name == shown,
        }
        for name, rows in groups.items()
    ]


def _row(one: Any) -> dict[str, Any]:
    match one:
        case MatchedLine():
            person = one.entry.person
            return {
                "main": person.name or person.number,
                "by": person.number if person.name else "",
                "line": one.entry.line,
                "outcome": one.entry.title,
                "why": reasons_said(one.match.explanation),
                "status": STANDINGS[one.standing] if one.standing is not None else FOUND[one.match.found],
            }
        case RefusedRow():
            return {
                "line": one.line,
                # Without a cell the column is not in the sheet, and its name is ours.
                "column": one.column if "cell" in one.facts else "",
                "cell": one.facts.get("cell", ""),
                "reason": fault_said(one.code, one.facts),
            }
        case GoneLine():
            return {
                "main": one.name.said_in(language_now()) or one.number,
                "by": one.number,
                "outcome": one.title,
                "why": f"{one.list_title} · {one.issued_on}",
                "line": one.line,
            }
        case _:
            raise TypeError(one)
