"""The editor of a draft's rule tables: the page, its check, its effects, one row as a form, edits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _t
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from creditbank.domain.conversions.model import ConversionRules
from creditbank.domain.conversions.row_words import ConversionWords
from creditbank.domain.explanation import Refusal
from creditbank.domain.rule_documents import AnyRules, open_table, rules_data, table_words, tables_of
from creditbank.domain.rule_life.states import STEPS, Act
from creditbank.domain.rules.lint import lint
from creditbank.domain.rules.model import RuleSet
from creditbank.domain.rules.places import Problem, UnreadableError
from creditbank.domain.rules.row_edits import Edited, Misfit, close_gap, row_at
from creditbank.domain.rules.row_words import RowWords, TableWords
from creditbank.exchange.rule_drafts import save_text
from creditbank.exchange.rule_texts import comments_inside, rules_text
from creditbank.exchange.unreadable import ALL_MESSAGES, faults_of
from creditbank.gateways import clock, wording
from creditbank.queries.courses import findings_of
from creditbank.queries.rule_cases import list_cases, run_cases
from creditbank.queries.rule_drafts import DraftDetail, find_draft
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.rule_drafts import Conflict, save_draft
from creditbank.web.doors import door
from creditbank.web.office.conversion_row_forms import ConversionRowForm
from creditbank.web.office.desk import actor_of, at_desk, show, today_at
from creditbank.web.office.overlay_table import is_overlay
from creditbank.web.office.rule_row_forms import RowForm
from creditbank.web.office.rule_tables import (
    CHECKED_AT_ONCE,
    Said,
    findings_said,
    row_markup,
    shown_columns,
    tables_shown,
)
from creditbank.web.office.rule_undo import can_go_back, note_change, text_before, went_back
from creditbank.web.office.rule_words import HOMES, language_now, may_act, sentences, tag_of

CELL, ROW, ADD, COPY, REMOVE, UP, DOWN, CLOSE = "cell", "row", "add", "copy", "remove", "up", "down", "close"
UNDO = "undo"
_MOST_PROBLEMS = 10
_CONFLICT, _REFUSED = 409, 422


@door("rules.approve")
@require_GET
def page(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Every table of a draft, row by row; that of an overlay has a page of its own."""
    with at_desk(request, "rules.approve") as scope:
        found = find_draft(scope, draft_id)
        if found is not None and is_overlay(found):
            return HttpResponseRedirect(reverse("office:overlay-table", args=[draft_id]))
        return table_page(request, scope, draft_id)


@door("rules.approve")
@require_GET
def checks(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """What the check finds, as the part of the page that is fetched after each change."""
    with at_desk(request, "rules.approve") as scope:
        found = drafted(request, scope, draft_id)
        findings = _findings(scope, found.rules) if found.rules is not None else ()
        context = {"line": found.line, "findings": findings, "editable": may_change(request, found), "checked": True}
        return render(request, "office/parts/rule_checks.html", context)


@door("rules.approve")
@require_GET
def effects(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Which cases are green, as the part of the page beside the tables; it fetches who is affected by itself."""
    with at_desk(request, "rules.approve") as scope:
        found = drafted(request, scope, draft_id)
        runs = run_cases(found.rules, list_cases(scope, found.line.rule_set_id)) if found.rules is not None else ()
        red = [run.case for run in runs if not run.green]
        context = {"line": found.line, "case_count": len(runs), "red": red}
        return render(request, "office/parts/rule_effects.html", context)


@door("rules.edit")
@require_GET
def row(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """One row as a form, with what else can be done with it."""
    with at_desk(request, "rules.edit") as scope:
        found = drafted(request, scope, draft_id)
        return _row_page(request, scope, found, request.GET.get("table", ""), request.GET.get("row", ""))


@door("rules.edit")
@require_POST
def change(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """One edit, of a cell, of a row, or of the order; saved at once under the next revision."""
    with at_desk(request, "rules.edit") as scope:
        found = drafted(request, scope, draft_id)
        if not may_act(actor_of(request), Act.SAVE):
            raise NotVisible
        said = request.POST
        operation, table, name = said.get("op", ""), said.get("table", ""), said.get("row", "")
        try:
            revision = int(said.get("revision", ""))
        except ValueError:
            raise NotVisible from None
        if found.rules is None:
            return HttpResponseRedirect(reverse("office:rule-table", args=[draft_id]))
        if revision != found.line.revision:
            return _conflict(request, scope, found)
        if operation == UNDO:
            return _undone(request, scope, found)
        form: RowForm | None = None
        if operation == ROW:
            form = _row_form(found.rules, table, name, said)
            if not form.is_valid():
                return _row_page(request, scope, found, table, name, form=form)
        answer = _edit(found.rules, operation, table, name, form, said)
        if isinstance(answer, Misfit):
            return _misfit(request, scope, found, answer, form)
        saved = keep(request, scope, found, answer, revision)
        if isinstance(saved, Conflict):
            return _conflict(request, scope, drafted(request, scope, draft_id))
        if isinstance(saved, Refusal):
            return _answer(request, scope, found, sentences(saved.explanation))
        return _done(request, found, answer, saved, table, name)


def drafted(request: HttpRequest, scope: Scope, draft_id: UUID) -> DraftDetail:
    """A draft of rules that are written row by row, at this desk.

    Raises:
        NotVisible: there is none, or it is not for this person.
    """
    found = find_draft(scope, draft_id)
    if found is None or not may_act(actor_of(request), Act.SIGN):
        raise NotVisible
    if found.rules is not None and not tables_of(found.rules):
        raise NotVisible
    return found


def may_change(request: HttpRequest, found: DraftDetail) -> bool:
    """Whether this person may write the draft as it stands."""
    return may_act(actor_of(request), Act.SAVE) and found.line.state in STEPS[Act.SAVE].origins


def keep(
    request: HttpRequest, scope: Scope, found: DraftDetail, edited: Edited[Any], revision: int
) -> int | Conflict | Refusal:
    """Save what an edit made of a draft, its text written anew; the new revision."""
    text = rules_text(edited.document, before=found.text)
    saved = save_draft(
        scope=scope, actor=actor_of(request), draft_id=found.line.draft_id, revision=revision, text=text,
        rules=edited.rules, at=clock.now(),
    )  # fmt: skip
    if isinstance(saved, Conflict | Refusal):
        return saved
    if saved.revision > revision:
        note_change(request, found.line.draft_id, found.text, text, saved.revision)
    return saved.revision


def table_page(
    request: HttpRequest,
    scope: Scope,
    draft_id: UUID,
    *,
    wrong: list[str] | None = None,
    conflict: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of the tables, with what was not saved and why."""
    found = drafted(request, scope, draft_id)
    editable = may_change(request, found)
    context: dict[str, Any] = {
        "line": found.line,
        "nav_path": HOMES[found.line.kind].url,
        "status": tag_of(found.line.state),
        "editable": editable,
        "wrong": wrong or [],
        "conflict": conflict,
        "undo": editable and can_go_back(request, found.line),
        "readable": found.rules is not None,
    }
    if found.rules is not None:
        count = sum(len(table_words(found.rules, code).rows) for code in tables_of(found.rules))
        checked = count <= CHECKED_AT_ONCE or "check" in request.GET
        findings = _findings(scope, found.rules) if checked else ()
        context |= {
            "findings": findings,
            "checked": checked,
            "tables": tables_shown(found.rules, draft_id, editable=editable, findings=findings),
            "comments": comments_inside(found.text) if editable else 0,
        }
    return show(request, scope, "office/rule_table.html", context, status=status)


def _findings(scope: Scope, rules: AnyRules) -> tuple[Said, ...]:
    """What the check finds where the rules stand: among the courses, units and other rules of the institution."""
    assert scope.institution is not None
    return findings_said(rules, findings_of(scope, rules, institution=scope.institution, on=today_at(scope)))


def _edit(
    rules: AnyRules, operation: str, table: str, name: str, form: RowForm | None, said: Any
) -> Edited[Any] | Misfit:
    if operation == CLOSE and isinstance(rules, RuleSet):
        return _closed(rules, said.get("finding", ""))
    try:
        opened = open_table(rules, table)
    except LookupError:
        raise NotVisible from None
    match operation:
        case "cell":
            return opened.change(name, {said.get("column", ""): said.get("typed", "")})
        case "row" if form is not None:
            return opened.change(name, form.typed(), name=form.cleaned_data["id"].strip())
        case "add":
            return opened.new(after=name)
        case "copy":
            return opened.copy(name)
        case "remove":
            return opened.remove(name)
        case "up":
            return opened.move(name, -1)
        case "down":
            return opened.move(name, 1)
    raise NotVisible


def _closed(rules: RuleSet, number: str) -> Edited[RuleSet] | Misfit:
    """The rows that close the gap of a finding, which has the same number while the draft has the same revision."""
    findings = lint(rules)
    if not number.isdecimal() or int(number) >= len(findings) or not findings[int(number)].close:
        raise NotVisible
    finding = findings[int(number)]
    return close_gap(rules, str(finding.line.facts["table"]), finding.close)


def _done(
    request: HttpRequest, found: DraftDetail, edited: Edited[Any], revision: int, table: str, name: str
) -> HttpResponse:
    operation = request.POST.get("op", "")
    if not _scripted(request):
        said = ngettext("%(count)s row was added.", "%(count)s rows were added.", len(edited.rows))
        done = said % {"count": len(edited.rows)} if operation == CLOSE else _t("Saved as revision %(number)s.")
        messages.success(request, done % {"number": revision} if operation != CLOSE else done)
        there = edited.rows[0] if edited.rows else ""
        if there and operation in (ADD, COPY):
            address = reverse("office:rule-table-row", args=[found.line.draft_id])
            return HttpResponseRedirect(f"{address}?{urlencode({'table': table, 'row': there})}")
        address = reverse("office:rule-table", args=[found.line.draft_id])
        return HttpResponseRedirect(f"{address}#row-{there}" if there else address)
    rows = [
        shown
        for code in tables_of(edited.rules)
        for shown in _rows_shown(request, found, edited.rules, code, frozenset(edited.rows))
    ]
    gone = [name] if operation == REMOVE else []
    said = _t("Saved as revision %(number)s.") % {"number": revision}
    return JsonResponse({"revision": revision, "rows": rows, "gone": gone, "said": said, "undo": True})


def _rows_shown(
    request: HttpRequest, found: DraftDetail, rules: AnyRules, code: str, names: frozenset[str]
) -> list[dict[str, str]]:
    """Some rows of a table as the script puts them into the page, each with the row it stands behind.

    They have the columns that the page has, which may have had others when it was shown.
    """
    words = table_words(rules, code, every=True)
    known = {column.key: column for column in words.columns}
    asked = [known[key] for key in request.POST.get("columns", "").split() if key in known]
    columns = asked or shown_columns(table_words(rules, code))
    row_page = reverse("office:rule-table-row", args=[found.line.draft_id])
    return [
        {
            "id": made.id,
            "after": words.rows[at - 1].id if at else "",
            "html": row_markup(words, made, at + 1, row_page=row_page, columns=columns),
        }
        for at, made in enumerate(words.rows)
        if made.id in names
    ]


def _undone(request: HttpRequest, scope: Scope, found: DraftDetail) -> HttpResponse:
    """Make the text before the last change the next revision; what somebody else saved since stays."""
    undone = found.line.revision
    text = text_before(request, found.line, found.text)
    if text is None:
        said = _t("There is no change of yours to undo: the draft stands as it was opened, or somebody saved it since.")
        return _answer(request, scope, found, [said])
    saved = save_text(
        scope=scope, actor=actor_of(request), draft_id=found.line.draft_id, revision=undone, text=text,
        at=clock.now(), undoes=undone,
    )  # fmt: skip
    if isinstance(saved, Conflict):
        return _conflict(request, scope, drafted(request, scope, found.line.draft_id))
    if isinstance(saved, Refusal):
        return _answer(request, scope, found, sentences(saved.explanation))
    went_back(request, saved.revision)
    now = drafted(request, scope, found.line.draft_id)
    done = _t("Revision %(undone)s was undone: saved as revision %(number)s.")
    said = done % {"undone": undone, "number": saved.revision}
    changed = _changed_rows(request, found, now) if _scripted(request) else None
    if changed is None:
        messages.success(request, said)
        address = reverse("office:rule-table", args=[found.line.draft_id])
        return JsonResponse({"address": address}) if _scripted(request) else HttpResponseRedirect(address)
    undo = can_go_back(request, now.line)
    return JsonResponse({"revision": saved.revision, "said": said, "undo": undo, **changed})


def _changed_rows(request: HttpRequest, before: DraftDetail, after: DraftDetail) -> dict[str, Any] | None:
    """What differs between two revisions that differ in rows of one table alone; nothing where more does."""
    if before.rules is None or after.rules is None or before.line.kind != after.line.kind:
        return None
    old, new = tables_of(before.rules), tables_of(after.rules)
    pairs = [(table_words(before.rules, code), table_words(after.rules, code)) for code in old if old == new]
    differ = [(was, now) for was, now in pairs if list(was.rows) != list(now.rows)]
    if len(differ) != 1 or not _alike(rules_data(before.rules), rules_data(after.rules), differ[0][0].code):
        return None
    was, now = differ[0]
    if [column.key for column in was.columns] != [column.key for column in now.columns]:
        return None
    start, end = 0, 0
    shorter = min(len(was.rows), len(now.rows))
    while start < shorter and was.rows[start] == now.rows[start]:
        start += 1
    while end < shorter - start and was.rows[-1 - end] == now.rows[-1 - end]:
        end += 1
    names = [row.id for row in now.rows[start : len(now.rows) - end]]
    gone = [row.id for row in was.rows[start : len(was.rows) - end] if row.id not in names]
    shown = _rows_shown(request, after, after.rules, now.code, frozenset(names))
    return {"table": now.code, "rows": shown, "gone": gone}


def _alike(before: dict[str, Any], after: dict[str, Any], code: str) -> bool:
    """Whether two documents differ in the rows of one table at most."""
    for document in (before, after):
        for table in document.get("tables", ()):
            if table["code"] == code:
                table["rows"] = []
        if "tables" not in document:
            document[code] = []
    return before == after


def _misfit(
    request: HttpRequest, scope: Scope, found: DraftDetail, wrong: Misfit, form: RowForm | None
) -> HttpResponse:
    """Say what is wrong beside its field, or at the top of the page; nothing was saved."""
    said = misfit_said(found.rules, wrong)
    if form is not None:
        for column, refusal in wrong.columns.items():
            form.refuse(column, refusal)
        for one in said:
            form.add_error(None, one)
        return _row_page(request, scope, found, request.POST.get("table", ""), request.POST.get("row", ""), form=form)
    said += [one for refusal in wrong.columns.values() for one in sentences(refusal.explanation)]
    return _answer(request, scope, found, said)


def misfit_said(rules: AnyRules | None, wrong: Misfit) -> list[str]:
    """What the rules as a whole say against an edit; what is wrong with its columns stands apart."""
    said = [one for refusal in wrong.refusals for one in sentences(refusal.explanation)]
    if wrong.unreadable is None or rules is None:
        return said
    problems = wrong.unreadable.problems[:_MOST_PROBLEMS]
    for problem, text in zip(problems, problems_said(problems), strict=True):
        name = row_at(rules_data(rules), problem.path)
        said.append(f"{name}{_t(': ')}{text}" if name else text)
    return said


def problems_said(problems: Sequence[Problem]) -> list[str]:
    """What is wrong with places of a document, each as a sentence without its path."""
    said = []
    for problem in problems:
        fault = faults_of(UnreadableError((problem,)))[0]
        known = fault.code != "place.something"
        said.append(
            wording.say_code(fault.code, fault.facts, language_now(), ALL_MESSAGES) if known else problem.message
        )
    return said


def _answer(
    request: HttpRequest, scope: Scope, found: DraftDetail, said: list[str], status: int = _REFUSED
) -> HttpResponse:
    if _scripted(request):
        return JsonResponse({"said": said}, status=status)
    return table_page(request, scope, found.line.draft_id, wrong=said, status=status)


def _conflict(request: HttpRequest, scope: Scope, found: DraftDetail) -> HttpResponse:
    """Show what is kept beside what was typed, with one button that does it on what is kept."""
    if _scripted(request):
        return JsonResponse({"said": [_t("Somebody else saved this draft meanwhile.")]}, status=_CONFLICT)
    undo = request.POST.get("op") == UNDO
    posted = {key: value for key, value in request.POST.items() if key not in ("csrfmiddlewaretoken", "revision")}
    table, name, column = (posted.get(key, "") for key in ("table", "row", "column"))
    kept = ""
    if found.rules is not None and (place := _place(found.rules, table, name)) is not None:
        said = place[0].said(place[1], language_now())
        kept = said.get(column) or _t("; ").join(word for word in said.values() if word)
    conflict = {
        "revision": found.line.revision,
        "row": name,
        "typed": posted.get("typed", ""),
        "kept": kept,
        "again": posted.items(),
        "fits": found.rules is not None and not undo,
    }
    return table_page(request, scope, found.line.draft_id, conflict=conflict, status=_CONFLICT)


def _scripted(request: HttpRequest) -> bool:
    return bool(request.headers.get("X-Requested-With") == "table")


def _place(rules: AnyRules, table: str, name: str) -> tuple[TableWords, Any] | None:
    """A row with the words of its table."""
    if table not in tables_of(rules):
        return None
    words = table_words(rules, table)
    return next(((words, row) for row in words.rows if row.id == name), None)


def _row_form(rules: AnyRules, table: str, name: str, data: Any = None) -> RowForm:
    place = _place(rules, table, name)
    if place is None:
        raise NotVisible
    words, row = place
    if isinstance(rules, ConversionRules):
        return ConversionRowForm(ConversionWords.of(rules, every=True), row, data)
    assert isinstance(words, RowWords)
    return RowForm(words, row, data)


def _row_page(
    request: HttpRequest, scope: Scope, found: DraftDetail, table: str, name: str, *, form: RowForm | None = None
) -> HttpResponse:
    if not may_act(actor_of(request), Act.SAVE):
        raise NotVisible
    place = _place(found.rules, table, name) if found.rules is not None and may_change(request, found) else None
    if found.rules is None or place is None:
        # Somebody may have taken the row out since the table was shown.
        return table_page(request, scope, found.line.draft_id)
    names = [row.id for row in place[0].rows]
    at = names.index(name)
    context = {
        "line": found.line,
        "nav_path": HOMES[found.line.kind].url,
        "table": place[0].code,
        "row": name,
        "number": at + 1,
        "count": len(names),
        "before": names[at - 1] if at else "",
        "next": names[at + 1] if at + 1 < len(names) else "",
        "form": form or _row_form(found.rules, table, name),
        "findings": [one for one in _findings(scope, found.rules) if name in one.row_names.split()],
    }
    bad = form is not None and bool(form.errors)
    return show(request, scope, "office/rule_row.html", context, status=_REFUSED if bad else 200)
