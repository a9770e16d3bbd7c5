"""The parts beside the tables as sentences with fields: limits, dates, adjustments and the others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from creditbank.domain.conversions.model import ConversionRules
from creditbank.domain.conversions.words import part_said as conversion_part_said
from creditbank.domain.explanation import Refusal
from creditbank.domain.rule_documents import AnyRules, DecidingRules, change_rules_part, rules_data
from creditbank.domain.rules.model import RuleSet
from creditbank.domain.rules.row_edits import Edited, Misfit
from creditbank.queries.rule_drafts import DraftDetail
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.rule_drafts import Conflict
from creditbank.web.doors import door
from creditbank.web.office.conversion_part_forms import CONVERSION_FORMS, CONVERSION_LISTS, SINGLES
from creditbank.web.office.desk import at_desk, show
from creditbank.web.office.rule_editor import drafted, keep, may_change, misfit_said, problems_said
from creditbank.web.office.rule_part_forms import (
    MODES,
    ROUND_PLACES,
    CapForm,
    ChooseForm,
    PartForm,
    RoundingForm,
    ValidityForm,
)
from creditbank.web.office.rule_part_words import part_said
from creditbank.web.office.rule_step_forms import (
    BEFORE,
    STEP_FORMS,
    STEP_NAMES,
    ExcludeForm,
    PrerequisiteForm,
    kind_of_step,
)
from creditbank.web.office.rule_undo import can_go_back
from creditbank.web.office.rule_words import HOMES, language_now, sentences

ROUNDING = "rounding"
STEPS = "adjust"
FORMS: Mapping[str, type[PartForm]] = {
    "cap": CapForm, "choose": ChooseForm, "validity": ValidityForm, STEPS: PartForm, "exclude": ExcludeForm,
    "prerequisite": PrerequisiteForm,
}  # fmt: skip
_LISTS = {
    "cap": (_("Limits"), _("Add a limit")),
    "choose": (_("The best of a family"), _("Add a family")),
    "validity": (_("Dates"), _("Add a rule about days")),
    STEPS: (_("Adjustments"), _("Add an adjustment")),
    "exclude": (_("Exclusions"), _("Add an exclusion")),
    "prerequisite": (_("Prerequisites"), _("Add a prerequisite")),
}
_ALONE = {ROUNDING, *SINGLES}
"""Parts of which there is one."""
_READ_ONLY = {"figures": _("Second figures")}
_REFUSED, _CONFLICT = 422, 409


@dataclass(frozen=True, slots=True)
class _Sent:
    """What was entered for one part, which is shown again where it was not taken."""

    name: str
    at: int
    form: Any
    kind: str = ""


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
        alone = name == ROUNDING or (name in SINGLES and isinstance(found.rules, ConversionRules))
        if not alone and (name not in _forms(found.rules) or not at.isdecimal()):
            raise NotVisible
        listed: Any = getattr(found.rules, name)
        if not alone and int(at) > len(listed):
            raise NotVisible
        if request.POST.get("revision") != str(found.line.revision):
            said = [_t("Somebody else saved this draft meanwhile. Below stands what is kept.")]
            return _page(request, scope, found, wrong=said, status=_CONFLICT)
        place = 0 if alone else int(at)
        path: tuple[str | int, ...] = (name,) if alone else (name, place)
        kind, sent, part = request.POST.get("kind", ""), None, None
        if "remove" not in request.POST or alone:
            form = _form(found.rules, name, place, request.POST, kind=kind)
            if form is None:
                raise NotVisible
            sent = _Sent(name, place, form, kind)
            if not form.is_valid():
                return _page(request, scope, found, sent=sent, status=_REFUSED)
            part = form.part()
            if name == STEPS and place == len(listed) and kind in BEFORE:
                # What acts before the tables stands before what acts after them.
                first = sum(kind_of_step(step) in BEFORE for step in listed)
                whole = list(rules_data(found.rules).get(STEPS, ()))
                path, part = (STEPS,), [*whole[:first], part, *whole[first:]]
        elif place == len(listed):
            raise NotVisible
        return _kept(request, scope, found, change_rules_part(found.rules, path, part), sent)


def _kept(
    request: HttpRequest, scope: Scope, found: DraftDetail, answer: Edited[Any] | Misfit, sent: _Sent | None
) -> HttpResponse:
    if isinstance(answer, Misfit):
        said = _beside(answer, sent) if sent is not None and sent.name not in _ALONE else None
        said = misfit_said(found.rules, answer) if said is None else said
        return _page(request, scope, found, wrong=said, sent=sent, status=_REFUSED)
    saved = keep(request, scope, found, answer, found.line.revision)
    if isinstance(saved, Conflict | Refusal):
        status = _CONFLICT if isinstance(saved, Conflict) else _REFUSED
        return _page(request, scope, found, wrong=sentences(saved.explanation), status=status)
    messages.success(request, _t("Saved as revision %(number)s.") % {"number": saved})
    return HttpResponseRedirect(reverse("office:rule-table-parts", args=[found.line.draft_id]))


def _beside(wrong: Misfit, sent: _Sent) -> list[str]:
    """Put each problem at the field it is about; what stands in none is answered."""
    left = [one for refusal in wrong.refusals for one in sentences(refusal.explanation)]
    problems = wrong.unreadable.problems if wrong.unreadable is not None else ()
    for problem, said in zip(problems, problems_said(problems), strict=True):
        place = re.fullmatch(rf"{sent.name}\[\d+\]\.?(.*)", problem.path)
        field = sent.form.field_at(place[1]) if place is not None else None
        if field is None:
            left.append(said)
        else:
            sent.form.add_error(field, said[:1].upper() + said[1:])
    return left


def _forms(rules: AnyRules) -> Mapping[str, type[PartForm]]:
    """The forms of each list of parts that rules of this kind have."""
    return CONVERSION_FORMS if isinstance(rules, ConversionRules) else FORMS


def _form(rules: AnyRules, name: str, at: int, data: Any = None, *, kind: str = "") -> Any:
    """The fields of a part; of a new adjustment those of its kind, and none where no such one is known."""
    assert isinstance(rules, DecidingRules)
    if name == ROUNDING:
        return RoundingForm(rules, data, prefix=ROUNDING)
    if isinstance(rules, ConversionRules) and name in SINGLES:
        return SINGLES[name][1](rules, data, prefix=name)
    listed = getattr(rules, name)
    part = listed[at] if at < len(listed) else None
    made = _forms(rules)[name]
    if name == STEPS and isinstance(rules, RuleSet):
        asked = kind_of_step(part) if part is not None else kind
        if asked not in STEP_FORMS or not STEP_FORMS[asked].fits(rules):
            return None
        made = STEP_FORMS[asked]
    form = made(rules, part, data, prefix=f"{name}-{at}")
    form.others = frozenset(one.id for one in listed if one is not part)
    return form


def _said(rules: DecidingRules, part: Any) -> str:
    """A part as one sentence."""
    if isinstance(rules, ConversionRules):
        return conversion_part_said(rules, part).said_in(language_now())
    return part_said(rules, part)


def _page(
    request: HttpRequest,
    scope: Scope,
    found: DraftDetail,
    *,
    wrong: list[str] | None = None,
    sent: _Sent | None = None,
    status: int = 200,
) -> HttpResponse:
    now = drafted(request, scope, found.line.draft_id)
    rules, line = now.rules, now.line
    assert isinstance(rules, DecidingRules)
    conversion = rules if isinstance(rules, ConversionRules) else None

    asked = sent.kind if sent is not None else request.GET.get(STEPS, "")

    def shown(name: str, at: int) -> dict[str, Any]:
        here = sent is not None and (sent.name, sent.at) == (name, at)
        form = sent.form if sent is not None and here else _form(rules, name, at, kind=asked)
        return {"at": at, "form": form, "open": here}

    lists = []
    for name, (title, add) in (CONVERSION_LISTS if conversion else _LISTS).items():
        listed = getattr(rules, name)
        parts = [
            {"id": part.id, "said": _said(rules, part), "clause": part.clause, **shown(name, at)}
            for at, part in enumerate(listed)
        ]
        one = {"name": name, "title": title, "add": add, "parts": parts, **shown(name, len(listed))}
        if name == STEPS and isinstance(rules, RuleSet):
            kinds = [(kind, STEP_NAMES[kind]) for kind, form in STEP_FORMS.items() if form.fits(rules)]
            one |= {"kinds": kinds, "kind": asked, "open": one["open"] or one["form"] is not None}
        lists.append(one)
    rounding = rules.rounding
    singles = [
        {"name": name, "title": title, "said": form.said(conversion), **shown(name, 0)}
        for name, (title, form) in SINGLES.items()
        if conversion
    ]
    context = {
        "line": line,
        "nav_path": HOMES[line.kind].url,
        "singles": singles,
        "undo": can_go_back(request, line),
        "wrong": wrong or [],
        "sent": sent.form if sent is not None else None,
        "lists": lists,
        "rounding": shown(ROUNDING, 0)["form"],
        "rounding_open": sent is not None and sent.name == ROUNDING,
        "rounding_step": rounding.step,
        "rounding_mode": MODES[rounding.mode],
        "rounding_place": ROUND_PLACES[rounding.place],
        "others": [(title, getattr(rules, name)) for name, title in _READ_ONLY.items() if getattr(rules, name, ())],
    }
    return show(request, scope, "office/rule_parts.html", context, status=status)
