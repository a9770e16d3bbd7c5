"""Import a sheet of master data: upload, say what its columns mean, look at the dry run, apply."""

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
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from creditbank.domain.masterdata.declaration import DataSet
from creditbank.domain.masterdata.editions import handed_mapping
from creditbank.domain.masterdata.facts import Verdict
from creditbank.domain.results import RefusedRow
from creditbank.exchange.encoding import SheetProblem
from creditbank.exchange.kept_sheets import KeptSheet
from creditbank.exchange.masterdata.imports import import_sheet, open_mapped, plan_sheet, read_sheet
from creditbank.exchange.masterdata.reading import ReadTable, Table
from creditbank.exchange.masterdata.reports import MISSING, REFUSED, Report, keep_report, kept_report, mark_of
from creditbank.gateways import clock
from creditbank.gateways.files import FileRefused, Upload
from creditbank.queries.masterdata.inheritance import inheritance_of
from creditbank.queries.masterdata.pages import find_data_run
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.masterdata.imports import JudgedRow
from creditbank.services.masterdata.rows import take_turn
from creditbank.web.design.tables import Column, Filter, read_state
from creditbank.web.doors import door
from creditbank.web.office.data_forms import MappingForm, UploadForm
from creditbank.web.office.data_rows import changes_said
from creditbank.web.office.data_words import VERDICTS, Reader, row_address, set_to_write
from creditbank.web.office.desk import actor_of, at_desk, show, today_at
from creditbank.web.office.downloads import csv_response
from creditbank.web.office.staged import keep_upload, kept_state, taken

STEPS = (_("Sheet"), _("Columns"), _("Dry run"), _("Applied"))
_JUDGED = (
    Column("line", _("Line"), kind="number"),
    Column("main", _("Record"), second="by", link="url"),
    Column("changes", _("What changes")),
    Column("status", _("Verdict"), kind="tag"),
)
_REFUSED = (
    Column("reason", _("Reason"), second="column"),
    Column("line", _("Line"), kind="number"),
    Column("cell", _("Cell")),
    Column("row", _("Record")),
)
_MISSING = (Column("main", _("Record"), second="by", link="url"),)


@dataclass(slots=True)
class Sheet(KeptSheet):
    """An uploaded sheet of a data set between its steps."""

    data_set: DataSet

    def address(self, step: str) -> str:
        """The page of a step: columns, check, problems or apply."""
        return reverse(f"office:data-import-{step}", args=[self.data_set.code, self.upload_id])


@door("masterdata.write")
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, data_set: str) -> HttpResponse:
    """Take a sheet in, with the day whose state it shows."""
    with at_desk(request, "masterdata.write") as scope:
        found, reader = set_to_write(request, data_set), Reader(actor_of(request))
        form = UploadForm(request.POST or None, request.FILES or None, initial={"as_of": today_at(scope)})
        if request.method == "POST" and form.is_valid():
            institution, as_of = cast("UUID", reader.actor.institution), form.cleaned_data["as_of"]
            try:
                upload_id = keep_upload(
                    request,
                    scope,
                    form.cleaned_data["file"],
                    look=lambda upload: open_mapped(upload, found, institution=institution, as_of=as_of),
                    state={"set": found.code, "as_of": as_of.isoformat()},
                    action="masterdata.upload",
                )
            except FileRefused as refused:
                form.add_error("file", reader.fault(refused.code, refused.facts))
            else:
                return HttpResponseRedirect(reverse("office:data-import-columns", args=[found.code, upload_id]))
        context = {"data_set": found, "form": form, "steps": STEPS}
        return show(request, scope, "office/data_upload.html", context, status=422 if form.errors else 200)


@door("masterdata.write")
@require_http_methods(["GET", "POST"])
def columns(request: HttpRequest, data_set: str, upload_id: UUID) -> HttpResponse:
    """Say what each column means, and what words stand for that no code table knows."""
    with at_desk(request, "masterdata.write") as scope:
        sheet, reader = _sheet(request, data_set, upload_id), Reader(actor_of(request))
        if sheet.run_id is not None and find_data_run(scope, sheet.run_id) is not None:
            return HttpResponseRedirect(reverse("office:data-run", args=[sheet.run_id]))
        table = taken(sheet, lambda upload: _table(sheet, upload))
        read, problem = _try_to_read(scope, sheet, reader)
        headings = {column.heading: column.field for column in table.columns}
        unknown = _words_of(read, sheet)
        above = handed_mapping(inheritance_of(scope, f"mapping.{sheet.data_set.code}", sheet.as_of).rows)
        form = MappingForm(
            sheet.data_set, reader, headings, unknown, sheet.values, request.POST or None, locked=above.locked
        )
        if request.method == "POST" and form.is_valid():
            sheet.note(given=form.given(), values=form.meanings())
            read, problem = _try_to_read(scope, sheet, reader)
            asked = {(name, word) for name, word, _count in form.words}
            fresh = {(name, word) for name, said in _words_of(read, sheet).items() for word in said} - asked
            if problem:
                form.add_error(None, problem)
            elif fresh:
                # A column that has just been given may hold words nobody has explained.
                return HttpResponseRedirect(f"{sheet.address('columns')}#words")
            else:
                return HttpResponseRedirect(sheet.address("check"))
        context = {
            "data_set": sheet.data_set,
            "sheet": sheet,
            "table": table,
            "form": form,
            "columns": _column_fields(form, table),
            "words": [
                {"field": form[f"word{place}"], "count": count} for place, (_n, _w, count) in enumerate(form.words)
            ],
            "notes": [reader.fault(note.code, note.facts) for note in (read.notes if read else table.notes)],
            "problem": problem if not form.is_bound else "",
            "steps": STEPS,
        }
        return show(request, scope, "office/data_columns.html", context, status=422 if form.errors else 200)


@door("masterdata.write")
@require_GET
def check(request: HttpRequest, data_set: str, upload_id: UUID) -> HttpResponse:
    """The dry run: what every row would do, what is refused and what is missing; nothing is stored."""
    with at_desk(request, "masterdata.write") as scope:
        sheet, reader = _sheet(request, data_set, upload_id), Reader(actor_of(request))
        if sheet.run_id is not None and find_data_run(scope, sheet.run_id) is not None:
            return HttpResponseRedirect(reverse("office:data-run", args=[sheet.run_id]))
        report, problem = _report(scope, sheet, reader)
        if report is None:
            messages.warning(request, problem)
            return HttpResponseRedirect(sheet.address("columns"))
        counts = report.counts
        shown = request.GET.get("verdict", "")
        if shown not in counts:
            shown = next((name for name in (REFUSED, *Verdict, MISSING) if counts[name]), "new")
        filters = (Filter("verdict", _t("Verdict"), tuple((name, name) for name in counts)),)
        state = read_state(request.GET, columns=_JUDGED, filters=filters)
        total = report.lines[shown]
        state = state.on_page_of(total)
        page = report.page(shown, state.offset, state.size)
        context = {
            "data_set": sheet.data_set,
            "sheet": sheet,
            "groups": _groups(sheet, counts, shown),
            "shown": shown,
            "columns": {REFUSED: _REFUSED, MISSING: _MISSING}.get(shown, _JUDGED),
            "rows": [_line(sheet.data_set, one, reader) for one in page],
            "state": state.filtered("verdict", shown).on_page(state.page),
            "total": total,
            "stored": report.stored,
            "refused": counts[REFUSED],
            "changes": counts[Verdict.NEW] + counts[Verdict.CHANGED],
            "repeated": report.repeated,
            "notes": [reader.fault(note.code, note.facts) for note in report.notes],
            "steps": STEPS,
        }
        return show(request, scope, "office/data_check.html", context)


@door("masterdata.write")
@require_GET
def problems(request: HttpRequest, data_set: str, upload_id: UUID) -> HttpResponseBase:
    """Every refused row of the dry run as a sheet."""
    with at_desk(request, "masterdata.write") as scope:
        sheet, reader = _sheet(request, data_set, upload_id), Reader(actor_of(request))
        report, _problem = _report(scope, sheet, reader)
        if report is None:
            raise NotVisible
        rows = (
            (
                one.line,
                one.facts.get("cell", ""),
                one.facts.get("key", ""),
                one.column,
                reader.fault(one.code, one.facts),
            )
            for one in report.page(REFUSED)
        )
        head = (_t("Line"), _t("Cell"), _t("Record"), _t("Column"), _t("Reason"))
        return csv_response(f"refused-{sheet.data_set.code}-{sheet.as_of}.csv", head, rows)


@door("masterdata.write")
@require_POST
def apply(request: HttpRequest, data_set: str, upload_id: UUID) -> HttpResponse:
    """Store the sheet as one run, all or nothing; sending it twice applies it once."""
    with at_desk(request, "masterdata.write") as scope:
        reader = Reader(actor_of(request))
        # Whoever sends it a second time waits here until the first is through, and then finds its run.
        take_turn(scope)
        sheet = _sheet(request, data_set, upload_id)
        known = find_data_run(scope, sheet.run_id) if sheet.run_id is not None else None
        if known is not None:
            messages.info(request, _t("This sheet was applied before. Nothing was stored a second time."))
            return HttpResponseRedirect(reverse("office:data-run", args=[known.run.run_id]))
        read, problem = _try_to_read(scope, sheet, reader)
        if read is None or not read.given.rows or reader.actor.person is None:
            messages.warning(
                request, problem or _t("No row of this sheet can be stored. Correct it and upload it again.")
            )
            return HttpResponseRedirect(sheet.address("check" if read is not None else "columns"))
        run = import_sheet(
            read,
            institution=sheet.institution,
            identities=reader.identities,
            as_of=sheet.as_of,
            actor=reader.actor.person,
            now=clock.now,
            values=sheet.values,
        )
        sheet.note(run=str(run.run_id))
        messages.success(request, _t("The sheet was applied."))
        return HttpResponseRedirect(reverse("office:data-run", args=[run.run_id]))


def _sheet(request: HttpRequest, code: str, upload_id: UUID) -> Sheet:
    """The kept sheet of an address; what another institution uploaded is not there."""
    data_set = set_to_write(request, code)
    institution, state = kept_state(request, upload_id)
    if state.get("set") != data_set.code:
        raise NotVisible
    return Sheet(settings.BANK, institution, upload_id, state, data_set)


def _table(sheet: Sheet, upload: Upload) -> Table:
    return open_mapped(upload, sheet.data_set, institution=sheet.institution, given=sheet.given, as_of=sheet.as_of)[0]


def _try_to_read(scope: Scope, sheet: Sheet, reader: Reader) -> tuple[ReadTable | None, str]:
    """The rows as the mapping of now reads them, or why they cannot be read."""
    try:
        read = taken(
            sheet,
            lambda upload: read_sheet(
                upload,
                sheet.data_set,
                institution=sheet.institution,
                given=sheet.given,
                values=sheet.values,
                today=today_at(scope),
                as_of=sheet.as_of,
            ),
        )
    except SheetProblem as problem:
        return None, reader.fault(problem.code, problem.facts)
    return read, ""


def _report(scope: Scope, sheet: Sheet, reader: Reader) -> tuple[Report | None, str]:
    """The dry run as it was kept, made anew only where something it rests on has changed; or why there is none."""
    mark = mark_of(
        scope, sheet.data_set, given=sheet.given, values=sheet.values, as_of=sheet.as_of, today=today_at(scope)
    )
    kept = kept_report(settings.BANK, scope, sheet.upload_id, mark)
    if kept is not None:
        return kept, ""
    read, problem = _try_to_read(scope, sheet, reader)
    if read is None:
        return None, problem
    plan = plan_sheet(read, institution=sheet.institution, identities=reader.identities, as_of=sheet.as_of)
    return keep_report(settings.BANK, scope, sheet.upload_id, mark, plan, read.notes), ""


def _words_of(read: ReadTable | None, sheet: Sheet) -> Mapping[str, Mapping[str, int]]:
    """Words nobody knows, and those that somebody has explained for this very sheet, so that it can be changed."""
    found: dict[str, dict[str, int]] = {
        name: dict(said) for name, said in (read.unknown_values if read else {}).items()
    }
    for name, said in sheet.values.items():
        for word in said:
            found.setdefault(name, {}).setdefault(word, 0)
    return found


def _column_fields(form: MappingForm, table: Table) -> list[dict[str, Any]]:
    """Each column with its letters, what its first rows hold and how its field was found."""
    ways = {
        "remembered": ("ok", _t("remembered")),
        "matched": ("info", _t("proposed")),
        "given": ("ok", _t("chosen")),
        "left_out": ("plain", _t("left out")),
    }
    how = {column.heading: column for column in table.columns}
    return [
        {"field": form[f"heading{place}"], "letters": how[heading].letters, "how": ways[how[heading].how]}
        for place, heading in enumerate(form.headings)
    ]


def _groups(sheet: Sheet, counts: Mapping[str, int], shown: str) -> list[dict[str, Any]]:
    words = {verdict.value: str(word) for verdict, (_tone, word) in VERDICTS.items()}
    words |= {REFUSED: _t("Refused by the check"), MISSING: _t("Not in the sheet")}
    return [
        {
            "word": words[name],
            "count": f"{counts[name]:,}",
            "url": f"{sheet.address('check')}?verdict={name}",
            "here": name == shown,
        }
        for name in (*(verdict.value for verdict in Verdict), REFUSED, MISSING)
    ]


def _line(data_set: DataSet, one: Any, reader: Reader) -> dict[str, Any]:
    match one:
        case JudgedRow():
            told = changes_said(data_set, one.changes, reader)
            if one.verdict is Verdict.CHANGED:
                said = "; ".join(f"{c['field']}: {c['old'] or '—'} → {c['new'] or '—'}" for c in told)
            elif one.verdict is Verdict.NEW:
                said = "; ".join(f"{c['field']}: {c['new']}" for c in told if c["new"])
            else:
                stays = changes_said(data_set, one.older, reader)
                said = "; ".join(f"{c['field']}: {c['old'] or '—'} ← {c['new'] or '—'}" for c in stays)
            tone, word = VERDICTS[one.verdict]
            return {
                "line": one.line,
                "main": one.label,
                "by": one.key if one.key != one.label else "",
                "changes": said,
                "status": (tone, word),
                "url": "" if one.verdict is Verdict.NEW else row_address(data_set, one.key),
            }
        case RefusedRow():
            return {
                "line": one.line,
                "column": one.column if "cell" in one.facts else "",
                "cell": one.facts.get("cell", ""),
                "row": one.facts.get("key", ""),
                "reason": reader.fault(one.code, one.facts),
            }
        case _:
            key, label = one
            return {"main": label, "by": key if key != label else "", "url": row_address(data_set, key)}
