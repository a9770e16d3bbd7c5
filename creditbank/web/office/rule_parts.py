"""The parts beside the tables as sentences with fields: limits, families, dates and rounding."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from creditbank.domain.explanation import Refusal
from creditbank.domain.rules.model import RuleSet
from creditbank.domain.rules.row_edits import Edited, Misfit, change_part
from creditbank.queries.rule_drafts import DraftDetail
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.rule_drafts import Conflict
from creditbank.web.doors import door
from creditbank.web.office.desk import at_desk, show
from creditbank.web.office.rule_editor import drafted, keep, may_change, misfit_said
from creditbank.web.office.rule_part_forms import (
    FORMS,
    MODES,
    ROUND_PLACES,
    RoundingForm,
    can_be_fields,
    part_said,
)
from creditbank.web.office.rule_undo import can_go_back
from creditbank.web.office.rule_words import sentences

ROUNDING = "rounding"
_LISTS = {
    "cap": (_("Limits"), _("Add a limit")),
    "choose": (_("The best of a family"), _("Add a family")),
    "validity": (_("Dates"), _("Add a rule about days")),
}
_READ_ONLY = {"adjust": _("Adjustments"), "exclude": _("Exclusions"), "prerequisite": _("Prerequisites")}
_REFUSED, _CONFLICT = 422, 409


@door("rules.edit")
@require_http_methods(["GET", "POST"])
def parts(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Every part beside the tables; one is changed, added or taken out at a time."""
    with at_desk(request, "rules.edit") as scope:
        found = drafted(request, scope, draft_id)
        if found.rules is None or not may_change(request, found):
            return HttpResponseRedirect(reverse("office:rule-table", args=[draft_id]))
        if request.method != "POST":
            return _page(request, scope, found)
        name, at = request.POST.get("part", ""), request.POST.get("at", "0")
        if name != ROUNDING and (name not in FORMS or not at.isdecimal()):
            raise NotVisible
        listed: Any = getattr(found.rules, name)
        if name != ROUNDING and int(at) > len(listed):
            raise NotVisible
        if request.POST.get("revision") != str(found.line.revision):
            said = [_t("Somebody else saved this draft meanwhile. Below stands what is kept.")]
            return _page(request, scope, found, wrong=said, status=_CONFLICT)
        path: tuple[str | int, ...] = (ROUNDING,) if name == ROUNDING else (name, int(at))
        form: Any = None
        part: Any = None
        if "remove" not in request.POST or name == ROUNDING:
            form = _form(found.rules, name, int(at), request.POST)
            if not form.is_valid():
                return _page(request, scope, found, sent=(name, int(at), form), status=_REFUSED)
            part = form.part()
        elif int(at) == len(listed):
            raise NotVisible
        return _kept(request, scope, found, change_part(found.rules, path, part), (name, int(at), form))


def _kept(
    request: HttpRequest, scope: Scope, found: DraftDetail, answer: Edited | Misfit, sent: tuple[str, int, Any]
) -> HttpResponse:
    if isinstance(answer, Misfit):
        said = misfit_said(found.rules, answer)
        return _page(request, scope, found, wrong=said, sent=sent if sent[2] else None, status=_REFUSED)
    saved = keep(request, scope, found, answer, found.line.revision)
    if isinstance(saved, Conflict | Refusal):
        status = _CONFLICT if isinstance(saved, Conflict) else _REFUSED
        return _page(request, scope, found, wrong=sentences(saved.explanation), status=status)
    messages.success(request, _t("Saved as revision %(number)s.") % {"number": saved})
    return HttpResponseRedirect(reverse("office:rule-table-parts", args=[found.line.draft_id]))


def _form(rules: RuleSet, name: str, at: int, data: Any = None) -> Any:
    if name == ROUNDING:
        return RoundingForm(rules, data, prefix=ROUNDING)
    listed = getattr(rules, name)
    return FORMS[name](rules, listed[at] if at < len(listed) else None, data, prefix=f"{name}-{at}")


def _page(
    request: HttpRequest,
    scope: Scope,
    found: DraftDetail,
    *,
    wrong: list[str] | None = None,
    sent: tuple[str, int, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    now = drafted(request, scope, found.line.draft_id)
    rules, line = now.rules, now.line
    assert rules is not None

    def form(name: str, at: int) -> Any:
        return sent[2] if sent is not None and sent[:2] == (name, at) else _form(rules, name, at)

    lists = []
    for name, (title, add) in _LISTS.items():
        shown = [
            {
                "at": at,
                "id": part.id,
                "said": part_said(rules, part),
                "clause": part.clause,
                "form": form(name, at) if can_be_fields(part) else None,
                "open": sent is not None and sent[:2] == (name, at),
            }
            for at, part in enumerate(getattr(rules, name))
        ]
        new = len(shown)
        lists.append({"name": name, "title": title, "add": add, "parts": shown, "at": new, "form": form(name, new),
                      "open": sent is not None and sent[:2] == (name, new)})  # fmt: skip
    rounding = rules.rounding
    context = {
        "line": line,
        "undo": can_go_back(request, line),
        "wrong": wrong or [],
        "sent": sent[2] if sent is not None else None,
        "lists": lists,
        "rounding": form(ROUNDING, 0),
        "rounding_open": sent is not None and sent[0] == ROUNDING,
        "rounding_step": rounding.step,
        "rounding_mode": MODES[rounding.mode],
        "rounding_place": ROUND_PLACES[rounding.place],
        "others": [(title, getattr(rules, name)) for name, title in _READ_ONLY.items() if getattr(rules, name)],
    }
    return show(request, scope, "office/rule_parts.html", context, status=status)
