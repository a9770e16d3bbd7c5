"""Import course results: upload, say what columns and words mean, look at the dry run, import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from creditbank.domain.access import Actor, Thing, may
from creditbank.domain.rules.places import UnreadableError
from creditbank.exchange.encoding import SheetProblem
from creditbank.exchange.kept_sheets import SheetGone
from creditbank.exchange.masterdata.reading import heading_key
from creditbank.exchange.result_imports import (
    AT_ONCE,
    IMPORT,
    PLAN,
    KeptResults,
    answers_of,
    find_kept,
    import_kept,
    keep_results,
    plan_kept,
    refused_rows,
    whole_problem,
)
from creditbank.exchange.result_sheets import (
    COURSE,
    RESULTS,
    SITTING,
    WIDE,
    School,
    default_every,
    known_words,
    make_document,
    open_result_sheet,
    read_answers,
    read_school,
    results_template,
    scan_sheet,
)
from creditbank.exchange.results import ALL_MESSAGES
from creditbank.exchange.spreadsheets import Form
from creditbank.gateways import clock, queue, wording
from creditbank.gateways.files import FileRefused, open_upload
from creditbank.queries.results import count_done
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.operations import note_operation
from creditbank.web.design.tables import Column, Filter, read_state
from creditbank.web.doors import door
from creditbank.web.office.data_words import MESSAGES as SHEET_MESSAGES
from creditbank.web.office.data_words import Reader
from creditbank.web.office.desk import actor_of, at_desk, request_id, show, today_at
from creditbank.web.office.downloads import csv_response, file_response
from creditbank.web.office.result_forms import ResultMappingForm, ResultUploadForm
from creditbank.web.office.unreadable import unreadable_said
from creditbank.web.office.words import RESULTS as OUTCOMES

ALL_SENTENCES = {**SHEET_MESSAGES, **ALL_MESSAGES}
STEPS = (_("Sheet"), _("Columns"), _("Dry run"), _("Imported"))
_REFUSED = (
    Column("reason", _("Reason"), second="column"),
    Column("line", _("Line"), kind="number"),
)
_NOTHING_TO_SAY = {"datasheet.left_out"}
"""Of a wide sheet every course is a column that no field takes."""


@door("results.write")
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Take a sheet in and keep it sealed until it is imported."""
    with at_desk(request, "results.write") as scope:
        actor, today = _whole_school(request), today_at(scope)
        institution = cast("UUID", actor.institution)
        school = read_school(institution, today)
        sent = request.method == "POST"
        form = ResultUploadForm(today, request.POST if sent else None, request.FILES if sent else None)
        if sent and form.is_valid() and school.terms and school.rules:
            given, shape, upload_id = form.cleaned_data["file"], form.cleaned_data["shape"], clock.new_id()
            try:
                with open_upload(given.file, name=given.name[:200]) as taken:
                    open_result_sheet(taken, school.columns(shape), institution=institution)
                    content = taken.reader().read()
            except (FileRefused, SheetProblem) as refused:
                form.add_error("file", _said(refused.code, refused.facts))
            else:
                keep_results(
                    settings.BANK, institution, upload_id, content,
                    name=given.name[:200], as_of=form.cleaned_data["as_of"], shape=shape,
                )  # fmt: skip
                note_operation(
                    scope=scope, actor=actor.person, action="results.upload", outcome="kept", at=clock.now(),
                    object_kind="sheet", object_id=upload_id, request_id=request_id(request),
                )  # fmt: skip
                return HttpResponseRedirect(reverse("office:results-columns", args=[upload_id]))
        context = {
            "form": form,
            "steps": STEPS,
            "no_terms": not school.terms,
            "no_rules": not school.rules,
            "stands": school.terms and school.rules,
        }
        return show(request, scope, "office/results_upload.html", context, status=422 if form.errors else 200)


@door("results.write")
@require_GET
def template(request: HttpRequest) -> HttpResponse:
    """The workbook to fill in."""
    with at_desk(request, "results.write"):
        _whole_school(request)
        language = get_language() or "zh-hans"
        return file_response(f"{RESULTS.name.said_in(language)}.xlsx", Form.XLSX, results_template(language))


@door("results.write")
@require_http_methods(["GET", "POST"])
def columns(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Say what each column and each word means, and what holds for every row."""
    with at_desk(request, "results.write") as scope:
        kept = _kept(request, upload_id)
        if kept.run_id:
            return HttpResponseRedirect(reverse("office:import", args=[kept.run_id]))
        school = read_school(kept.institution, kept.as_of)
        sheet = _Sheet(kept, school, Reader(actor_of(request)))
        form = sheet.form(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            return sheet.answered(form, request, scope)
        context = {
            "kept": kept,
            "table": sheet.table,
            "form": form,
            "columns": sheet.column_fields(form),
            "library": list(school.library.values()) if kept.shape == WIDE else (),
            "words": [
                {"field": form[f"word{place}"], "count": count} for place, (_n, _w, count) in enumerate(form.words)
            ],
            "from_library": kept.shape == WIDE or "credit" not in sheet.headings.values(),
            "notes": sheet.notes,
            "steps": STEPS,
        }
        return show(request, scope, "office/results_columns.html", context, status=422 if form.errors else 200)


@door("results.write")
@require_GET
def check(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """The dry run: what would be stored, and why each refused row would be; nothing is stored."""
    with at_desk(request, "results.write") as scope:
        kept = _kept(request, upload_id)
        if kept.run_id:
            return HttpResponseRedirect(reverse("office:import", args=[kept.run_id]))
        report = kept.report()
        if kept.waits_for == IMPORT or (report is None and kept.waits_for):
            return show(request, scope, "office/results_waiting.html", _waiting(scope, kept))
        if report is None:
            return HttpResponseRedirect(reverse("office:results-columns", args=[upload_id]))
        if (problem := whole_problem(report)) is not None:
            messages.warning(request, _said(*problem))
            return HttpResponseRedirect(reverse("office:results-columns", args=[upload_id]))
        plan, refused = report["plan"], refused_rows(report)
        reasons = _reasons(refused)
        filters = (Filter("reason", _t("Reason"), tuple(reasons.items())),)
        state = read_state(request.GET, columns=_REFUSED, filters=filters)
        shown = [row for row in refused if state.filters.get("reason", "") in ("", row.code)]
        state = state.on_page_of(len(shown))
        context = {
            "kept": kept,
            "plan": plan,
            "tiles": _tiles(plan),
            "about": _about(plan),
            "columns": _REFUSED,
            "rows": [
                {"line": row.line, "column": row.column, "reason": _said(row.code, row.facts)}
                for row in shown[state.offset : state.offset + state.size]
            ],
            "filters": filters if len(reasons) > 1 else (),
            "state": state,
            "total": len(shown),
            "refused": len(refused),
            "takes": plan["new"] + plan["corrections"] + plan["same"],
            "steps": STEPS,
        }
        return show(request, scope, "office/results_check.html", context)


@door("results.write")
@require_GET
def progress(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """How far the worker is, asked for every other second; when it is done the page is loaded anew."""
    with at_desk(request, "results.write") as scope:
        kept = _kept(request, upload_id)
        response = render(request, "office/parts/results_progress.html", _waiting(scope, kept))
        if kept.run_id or (kept.waits_for == PLAN and kept.report() is not None) or not kept.waits_for:
            response.headers["HX-Refresh"] = "true"
        return response


@door("results.write")
@require_GET
def problems(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Every refused row of the dry run as a sheet."""
    with at_desk(request, "results.write"):
        report = _kept(request, upload_id).report()
        if report is None or "plan" not in report:
            raise NotVisible
        rows = ((row.line, row.column, _said(row.code, row.facts)) for row in refused_rows(report))
        return csv_response("refused-results.csv", (_t("Line"), _t("Column"), _t("Reason")), rows)


@door("results.write")
@require_POST
def apply(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Import the sheet as one run; sending it twice, or again after it was cut off, posts nothing twice."""
    with at_desk(request, "results.write") as scope:
        kept, actor = _kept(request, upload_id), actor_of(request)
        if actor.person is None:
            raise NotVisible
        if kept.run_id:
            messages.info(request, _t("This sheet was imported before. Nothing was posted a second time."))
            return HttpResponseRedirect(reverse("office:import", args=[kept.run_id]))
        here = HttpResponseRedirect(reverse("office:results-check", args=[upload_id]))
        report = kept.report()
        if kept.waits_for == IMPORT or (kept.waits_for == PLAN and report is None):
            # Somebody asks again, perhaps because the worker was stopped: a job more does no harm.
            queue.defer(queue.WORK_ON_RESULTS, institution_id=kept.institution, upload_id=upload_id)
            return here
        if report is None or "plan" not in report:
            return here
        kept.note(actor=str(actor.person))
        if report["plan"]["rows"] > AT_ONCE:
            kept.note(waits_for=IMPORT, asked_at=clock.now().isoformat())
            queue.defer(queue.WORK_ON_RESULTS, institution_id=kept.institution, upload_id=upload_id)
            return here
        today = today_at(scope)
    # Each batch is a transaction of its own, so the desk's has ended.
    try:
        run = import_kept(kept, today=today, now=clock.now)
    except BlockingIOError:
        messages.warning(request, _t("This sheet is being imported at this moment. Look again in a while."))
        return HttpResponseRedirect(reverse("office:imports"))
    told = ngettext(
        "The results were imported; %(count)s lot of credit was posted.",
        "The results were imported; %(count)s lots of credit were posted.",
        run.lots_posted,
    ) % {"count": f"{run.lots_posted:,}"}
    messages.success(request, told)
    return HttpResponseRedirect(reverse("office:import", args=[run.run_id]))


def may_import(actor: Actor) -> bool:
    """Whether this desk imports results: it works for the whole school."""
    return may(actor, "results.write", Thing(institution=actor.institution))


class _Sheet:
    """A kept sheet with what is known of its columns and words so far."""

    def __init__(self, kept: KeptResults, school: School, reader: Reader) -> None:
        self.kept, self.school, self.reader = kept, school, reader
        try:
            with kept.opened() as taken:
                self.table, self.remembered = open_result_sheet(
                    taken, school.columns(kept.shape), institution=kept.institution, given=kept.given
                )
                self.headings = {column.heading: column.field for column in self.table.columns}
                said = kept.state.get("courses") or self.remembered.get("course", {})
                self.courses = {
                    heading: said.get(heading) or ("" if kept.given else school.course_of(heading))
                    for heading, field in self.headings.items()
                    if kept.shape == WIDE and not field
                }
                marks = {heading: code for heading, code in self.courses.items() if code}
                self.scan = scan_sheet(taken, self.table, self.headings, marks)
        except SheetGone as gone:
            raise NotVisible from gone
        self.every = default_every() | self.remembered.get("every", {}) | kept.state.get("every", {})
        if kept.given is None:
            # The term of the last sheet is rarely that of the next.
            self.every["presentation"] = ""

    @property
    def words(self) -> dict[str, dict[str, str]]:
        """What words stand for: as said now, else as remembered, else as schools usually write."""
        said = self.kept.state.get("words", {})
        return {
            field: {**known, **self.remembered.get(field, {}), **said.get(field, {})}
            for field, known in known_words(self.school).items()
        }

    @property
    def notes(self) -> list[str]:
        """What a reader should know about how the sheet was read."""
        quiet = _NOTHING_TO_SAY if self.kept.shape == WIDE else set()
        return [self.reader.fault(note.code, note.facts) for note in self.table.notes if note.code not in quiet]

    def form(self, data: Any) -> ResultMappingForm:
        """The mapping screen."""
        return ResultMappingForm(
            self.kept.shape, self.school, self.reader, self.headings, self.scan.words, self.words, self.courses,
            self.every, data,
        )  # fmt: skip

    def column_fields(self, form: ResultMappingForm) -> list[dict[str, Any]]:
        """Each column with its letters, how its field was found, and the code of its course."""
        ways = {
            "remembered": ("ok", _t("remembered")),
            "matched": ("info", _t("proposed")),
            "given": ("ok", _t("chosen")),
            "left_out": ("plain", _t("left out")),
        }
        how = {column.heading: column for column in self.table.columns}
        return [
            {
                "field": form[f"heading{place}"],
                "code": form[f"code{place}"] if form[f"heading{place}"].value() == COURSE else None,
                "letters": how[heading].letters,
                "how": ways["matched" if self.courses.get(heading) else how[heading].how],
            }
            for place, heading in enumerate(form.headings)
        ]

    def answered(self, form: ResultMappingForm, request: HttpRequest, scope: Scope) -> HttpResponse:
        """Keep what was said; back to the words where a column that has just been chosen holds new ones, else on."""
        kept, actor = self.kept, actor_of(request)
        asked = {(name, word) for name, word, _count in form.words}
        kept.note(given=form.given(), courses=form.courses(), words=form.meanings(), every=form.every())
        now = _Sheet(kept, self.school, self.reader)
        fresh = {(name, word) for name, said in now.scan.words.items() for word in said} - asked
        if fresh:
            return HttpResponseRedirect(f"{reverse('office:results-columns', args=[kept.upload_id])}#words")
        document = make_document(now.table, self.school, answers_of(kept))
        try:
            mapping = read_answers(document)
        except UnreadableError as unreadable:
            messages.warning(request, unreadable_said(unreadable))
            return HttpResponseRedirect(reverse("office:results-columns", args=[kept.upload_id]))
        kept.note(
            mapping=document, digest=mapping.digest, actor=str(actor.person), headings=_headings(now.headings),
            waits_for=PLAN if now.scan.rows > AT_ONCE else "", asked_at=clock.now().isoformat(),
        )  # fmt: skip
        if kept.report() is None:
            if now.scan.rows > AT_ONCE:
                queue.defer(queue.WORK_ON_RESULTS, institution_id=kept.institution, upload_id=kept.upload_id)
            else:
                plan_kept(kept, today=today_at(scope))
        return HttpResponseRedirect(reverse("office:results-check", args=[kept.upload_id]))


def _whole_school(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    if not may_import(actor):
        raise NotVisible
    return actor


def _kept(request: HttpRequest, upload_id: UUID) -> KeptResults:
    """The kept sheet of an address; what another institution uploaded is not there."""
    kept = find_kept(settings.BANK, cast("UUID", _whole_school(request).institution), upload_id)
    if kept is None:
        raise NotVisible
    return kept


def _headings(headings: Mapping[str, str]) -> dict[str, str]:
    return {heading_key(heading): field for heading, field in headings.items()}


def _said(code: str, facts: Mapping[str, Any]) -> str:
    return wording.say_code(code, facts, get_language() or "zh-hans", ALL_SENTENCES)


def _reasons(refused: list[Any]) -> dict[str, str]:
    counts: dict[str, int] = {}
    for row in refused:
        counts[row.code] = counts.get(row.code, 0) + 1
    language = get_language() or "zh-hans"
    sentences = {**wording.messages(), **ALL_SENTENCES}
    return {
        code: f"{wording.translate(sentences.get(code, code), language)} ({count})"
        for code, count in sorted(counts.items(), key=lambda one: -one[1])
    }


def _tiles(plan: Mapping[str, Any]) -> list[dict[str, str]]:
    words = {
        "new": _t("New"), "corrections": _t("Corrections"), "repeated": _t("Known already"),
        "refused": _t("Refused by the check"),
    }  # fmt: skip
    counts = {**plan, "refused": len(plan["refused"]), "repeated": plan["repeated"] + plan["same"]}
    return [{"word": word, "count": f"{counts[name]:,}"} for name, word in words.items()]


def _about(plan: Mapping[str, Any]) -> list[dict[str, str]]:
    language = get_language() or "zh-hans"
    sittings = {one.code: one.label.said_in(language) for one in SITTING.choices}
    listed = [
        (_t("Results"), {OUTCOMES.get(code, code): count for code, count in plan["outcomes"].items()}),
        (_t("Sittings"), {sittings[code]: count for code, count in plan["sittings"].items()}),
    ]
    return [
        {"label": label, "value": " · ".join(f"{word} {count:,}" for word, count in counts.items()) or "—"}
        for label, counts in listed
    ]


def _waiting(scope: Scope, kept: KeptResults) -> dict[str, Any]:
    done = count_done(scope, kept.file_hash) if kept.waits_for == IMPORT else None
    return {
        "kept": kept,
        "importing": kept.waits_for == IMPORT,
        "done": f"{done[0]:,}" if done else "",
        "rows": f"{done[1]:,}" if done else "",
        "steps": STEPS,
    }
