"""Rows pasted from a sheet into a rule table: looked at cell by cell, taken when that is confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from creditbank.domain.explanation import Refusal
from creditbank.domain.rule_documents import AnyRules, open_table, table_words, tables_of
from creditbank.domain.rule_life.states import Act
from creditbank.domain.rules.pasted_rows import (
    MOST_LETTERS,
    MOST_ROWS,
    Pasted,
    PastedRow,
    block_of,
    heads_of,
    read_pasted,
)
from creditbank.domain.rules.row_edits import Misfit
from creditbank.domain.rules.row_words import TableWords
from creditbank.gateways import wording
from creditbank.queries.rule_drafts import DraftDetail
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.rule_drafts import Conflict
from creditbank.web.doors import door
from creditbank.web.office.desk import actor_of, at_desk, show
from creditbank.web.office.rule_editor import drafted, keep, may_change, misfit_said
from creditbank.web.office.rule_overwrite import OVER, over, row_names
from creditbank.web.office.rule_tables import shown_columns
from creditbank.web.office.rule_words import HOMES, language_now, may_act, sentences

_REFUSED, _CONFLICT = 422, 409


@door("rules.edit")
@require_http_methods(["GET", "POST"])
def paste(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Take a block, show every cell that cannot be read, and add the good rows when that is confirmed."""
    with at_desk(request, "rules.edit") as scope:
        found = drafted(request, scope, draft_id)
        if not may_act(actor_of(request), Act.SAVE):
            raise NotVisible
        if found.rules is None or not may_change(request, found):
            return HttpResponseRedirect(reverse("office:rule-table", args=[draft_id]))
        asked = request.POST if request.method == "POST" else request.GET
        words = _words(found.rules, asked.get("table", tables_of(found.rules)[0]))
        block, after = asked.get("block", ""), asked.get("after", "")
        names = [row.id for row in words.rows]
        context: dict[str, Any] = _asked(asked, words) | {
            "line": found.line,
            "nav_path": HOMES[found.line.kind].url,
            "table": words.code,
            "pasted_text": block,
            "after": after if after in names else "",
            "after_number": names.index(after) + 1 if after in names else len(names),
            "heads": [column.head.said_in(language_now()) for column in words.columns],
            "most_rows": MOST_ROWS,
            "most_letters": MOST_LETTERS,
        }
        if request.method == "GET":
            return show(request, scope, "office/rule_paste.html", context)
        if context["mode"] == OVER:
            return over(request, scope, found, words, context)
        pasted = read_pasted(block, words, language_now(), row_names(found.rules))
        if isinstance(pasted, Refusal):
            # A block too long to be read is too long to be sent back as well; it still stands in the sheet.
            context |= {
                "wrong": sentences(pasted.explanation),
                "pasted_text": block if len(block) <= MOST_LETTERS else "",
            }
            return show(request, scope, "office/rule_paste.html", context, status=_REFUSED)
        context |= _preview(pasted, words)
        opened = open_table(found.rules, words.code)
        edited = opened.add(pasted.good, after=context["after"]) if pasted.good else None
        if isinstance(edited, Misfit):
            context |= {"wrong": misfit_said(found.rules, edited), "good": 0}
            return show(request, scope, "office/rule_paste.html", context, status=_REFUSED)
        if "take" not in request.POST or edited is None:
            return show(request, scope, "office/rule_paste.html", context)
        saved: int | Conflict | Refusal = _REVISION_GONE
        if request.POST.get("revision") == str(found.line.revision):
            saved = keep(request, scope, found, edited, found.line.revision)
        if isinstance(saved, Conflict) or saved == _REVISION_GONE:
            context |= {"line": drafted(request, scope, draft_id).line}
            context["wrong"] = [
                _t("Somebody else saved this draft meanwhile. Nothing was added; look and add once more.")
            ]
            return show(request, scope, "office/rule_paste.html", context, status=_CONFLICT)
        if isinstance(saved, Refusal):
            context["wrong"] = sentences(saved.explanation)
            return show(request, scope, "office/rule_paste.html", context, status=_REFUSED)
        return _taken(request, scope, found, words.code, pasted, len(edited.rows), edited.rows[0])


_REVISION_GONE = 0


def _taken(
    request: HttpRequest, scope: Scope, found: DraftDetail, table: str, pasted: Pasted, count: int, first: str
) -> HttpResponse:
    """To the table, or to the rows that were left because a cell could not be read."""
    said = ngettext("%(count)s row was added.", "%(count)s rows were added.", count) % {"count": count}
    messages.success(request, said)
    if not pasted.left:
        return HttpResponseRedirect(f"{reverse('office:rule-table', args=[found.line.draft_id])}#row-{first}")
    now = drafted(request, scope, found.line.draft_id)
    assert now.rules is not None
    words = _words(now.rules, table)
    heads = [heads_of(pasted, words, language_now())] if pasted.headed else []
    block = block_of([*heads, *pasted.left])
    left = read_pasted(block, words, language_now())
    context: dict[str, Any] = _asked({}, words) | {
        "line": now.line,
        "nav_path": HOMES[now.line.kind].url,
        "table": table,
        "pasted_text": block,
        "after": "",
        "after_number": len(words.rows),
        "heads": [column.head.said_in(language_now()) for column in words.columns],
        "most_rows": MOST_ROWS,
        "most_letters": MOST_LETTERS,
        "added": said,
    }
    context |= _preview(left, words) if isinstance(left, Pasted) else {}
    return show(request, scope, "office/rule_paste.html", context)


def _asked(asked: Mapping[str, str], words: TableWords) -> dict[str, Any]:
    """Whether rows are added or cells written over, and from which cell on."""
    columns = shown_columns(words)
    return {
        "mode": OVER if asked.get("mode") == OVER else "add",
        "row_number": asked.get("row", "1"),
        "column": asked.get("column", columns[0].key),
        "columns": [{"key": column.key, "head": column.head.said_in(language_now())} for column in columns],
        "row_count": len(words.rows),
    }


def _preview(pasted: Pasted, words: TableWords) -> dict[str, Any]:
    width = max(len(pasted.keys), *(len(one.cells) for one in pasted.rows)) if pasted.rows else len(pasted.keys)
    heads = (*heads_of(pasted, words, language_now()), *[""] * (width - len(pasted.keys)))
    return {
        "pasted": [_row_shown(one, heads) for one in pasted.rows],
        "pasted_heads": heads,
        "good": len(pasted.good),
        "bad": len(pasted.left),
    }


def _row_shown(one: PastedRow, heads: tuple[str, ...]) -> dict[str, Any]:
    cells = []
    for place in range(len(heads)):
        said = [wording.say(line, language_now()) for line in one.wrong.get(place, ())]
        cells.append({"text": one.cells[place] if place < len(one.cells) else "", "wrong": " ".join(said)})
    return {"number": one.number, "good": one.row is not None, "cells": cells}


def _words(rules: AnyRules, code: str) -> TableWords:
    if code not in tables_of(rules):
        raise NotVisible
    return table_words(rules, code)
