"""A block from a sheet written over cells of a rule table: each change is looked at before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import ngettext

from creditbank.domain.explanation import Refusal
from creditbank.domain.rule_documents import AnyRules, open_table, table_words, tables_of
from creditbank.domain.rules.pasted_cells import Overwritten, Unread, read_over
from creditbank.domain.rules.pasted_rows import MOST_LETTERS
from creditbank.domain.rules.row_edits import Misfit
from creditbank.domain.rules.row_words import TableWords
from creditbank.gateways import wording
from creditbank.queries.rule_drafts import DraftDetail
from creditbank.records.scope import Scope
from creditbank.services.rule_drafts import Conflict
from creditbank.web.office.desk import show
from creditbank.web.office.rule_editor import drafted, keep, misfit_said, problems_said
from creditbank.web.office.rule_tables import shown_columns
from creditbank.web.office.rule_words import language_now, sentences

OVER = "over"
MOST_SHOWN = 200
"""So many cells are listed; the others are counted."""
_REFUSED, _CONFLICT = 422, 409


def over(
    request: HttpRequest, scope: Scope, found: DraftDetail, words: TableWords, context: dict[str, Any]
) -> HttpResponse:
    """Show which cells a block changes and which it cannot, and change them when that is confirmed."""
    rules, said = found.rules, request.POST
    assert rules is not None
    columns = shown_columns(words)

    def answer(*wrong: str, status: int) -> HttpResponse:
        return show(request, scope, "office/rule_paste.html", context | {"wrong": wrong}, status=status)

    number = said.get("row", "")
    read = read_over(
        context["pasted_text"], words, language_now(), row=int(number) if number.isdecimal() else 0,
        column=said.get("column", ""), columns=[column.key for column in columns],
        taken=row_names(rules),
    )  # fmt: skip
    if isinstance(read, Refusal):
        if len(context["pasted_text"]) > MOST_LETTERS:
            context["pasted_text"] = ""
        return answer(*sentences(read.explanation), status=_REFUSED)
    heads = {column.key: column.head.said_in(language_now()) for column in words.known}
    context |= _preview(read, heads)
    if not read.changed and not read.added:
        return answer(status=200)
    edited = open_table(rules, words.code).write(read.changed, read.added)
    if isinstance(edited, Misfit):
        context["change_count"] = 0
        return answer(*misfit_said(rules, edited), status=_REFUSED)
    if "take" not in said:
        return answer(status=200)
    saved: int | Conflict | Refusal | None = None
    if said.get("revision") == str(found.line.revision):
        saved = keep(request, scope, found, edited, found.line.revision)
    if saved is None or isinstance(saved, Conflict):
        context["line"] = drafted(request, scope, found.line.draft_id).line
        gone = _t("Somebody else saved this draft meanwhile. Nothing was written; look once more at what changes.")
        return answer(gone, status=_CONFLICT)
    if isinstance(saved, Refusal):
        return answer(*sentences(saved.explanation), status=_REFUSED)
    count = len(read.changes)
    done = ngettext("%(count)s cell was changed.", "%(count)s cells were changed.", count) % {"count": count}
    if not read.unread:
        messages.success(request, done)
        first = edited.rows[0] if edited.rows else ""
        return HttpResponseRedirect(f"{reverse('office:rule-table', args=[found.line.draft_id])}#row-{first}")
    context |= {"line": drafted(request, scope, found.line.draft_id).line, "written": done, "change_count": 0}
    return answer(status=200)


def row_names(rules: AnyRules) -> list[str]:
    """The names of the rows of every table."""
    return [row.id for code in tables_of(rules) for row in table_words(rules, code).rows]


def _preview(read: Overwritten, heads: Mapping[str, str]) -> dict[str, Any]:
    changes = [
        {"row": one.row, "number": one.number, "head": heads.get(one.key, one.key), "old": one.old, "new": one.new}
        for one in read.changes[:MOST_SHOWN]
    ]
    unread = [
        {"row": one.row, "number": one.number, "head": heads.get(one.key, ""), "typed": one.typed, "why": _why(one)}
        for one in read.unread[:MOST_SHOWN]
    ]
    return {
        "looked_over": True,
        "changes": changes,
        "change_count": len(read.changes),
        "changes_more": max(len(read.changes) - MOST_SHOWN, 0),
        "new_rows": len(read.added),
        "unread": unread,
        "unread_count": len(read.unread),
        "unread_more": max(len(read.unread) - MOST_SHOWN, 0),
    }


def _why(one: Unread) -> str:
    said = [wording.say(line, language_now()) for line in one.reasons]
    return " ".join((*said, *problems_said(one.problems)))
