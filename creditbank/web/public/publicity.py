"""Public notice: what an institution has decided and not yet made final, and objecting to it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from creditbank.domain.appeals.objection import MOST_CONTACT, MOST_NAME, MOST_SAID
from creditbank.domain.explanation import Refusal
from creditbank.domain.letters import CaseKind
from creditbank.gateways import clock, wording
from creditbank.gateways.identities import Identities
from creditbank.queries.institutions import all_institutions
from creditbank.queries.publicity import Entry, entries_of
from creditbank.records.institutions import Institution
from creditbank.records.scope import acting_for
from creditbank.services.access import NotVisible
from creditbank.services.appeals.objections import Said, raise_objection
from creditbank.web.design.forms import DesignForm
from creditbank.web.design.tables import Column
from creditbank.web.doors import door
from creditbank.web.public.navigation import frame

_COLUMNS = (
    Column("name", _("Learner"), second="student_number"),
    Column("title", _("Decided"), second="number", link="url"),
    Column("credit", _("Credits"), kind="credit"),
    Column("college", _("College")),
    Column("until", _("Final on"), kind="date"),
    Column("status", _("Status"), kind="tag"),
)


class ObjectionForm(DesignForm):
    """What is wrong with a decision; who says so, where they are not signed in."""

    said = forms.CharField(
        label=_("What is wrong?"),
        max_length=MOST_SAID,
        widget=forms.Textarea({"rows": 6}),
        help_text=_("The learner concerned reads this. Do not say who you are here."),
    )
    name = forms.CharField(label=_("Your name"), max_length=MOST_NAME, help_text=_("Only the office sees it."))
    contact = forms.CharField(
        label=_("Where we can reach you"),
        max_length=MOST_CONTACT,
        help_text=_("Phone or e-mail. Only the office sees it."),
    )
    # People do not see this field; what fills it in is no person.
    website = forms.CharField(required=False, widget=forms.TextInput({"tabindex": "-1", "autocomplete": "off"}))

    def __init__(self, *values: Any, signed_in: bool, **options: Any) -> None:
        super().__init__(*values, **options)
        if signed_in:
            del self.fields["name"], self.fields["contact"]


@door("public.read")
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """The entries of one institution, what ends first first."""
    places = [place for place in all_institutions() if place.kind in ("centre", "institution")]
    wanted = request.GET.get("at", "")
    chosen = next((place for place in places if place.code == wanted), None)
    if wanted and chosen is None:
        raise Http404
    if chosen is None:
        chosen = next((place for place in places if _entries(place)), places[-1] if places else None)
    language = get_language() or "zh-hans"
    entries = _entries(chosen) if chosen is not None else ()
    context = {
        "places": [{"name": _name(place, language), "code": place.code, "chosen": place == chosen} for place in places],
        "place": _name(chosen, language) if chosen is not None else "",
        "columns": _COLUMNS,
        "rows": [_row(one, chosen, language) for one in entries if chosen is not None],
    }
    return render(request, "public/publicity.html", frame(request) | context)


@door("objection.raise")
@require_http_methods(["GET", "HEAD", "POST"])
def objection(request: HttpRequest, institution: UUID, kind: str, case_id: UUID) -> HttpResponse:
    """Object to one entry, signed in or with a name and where to reach you."""
    person = request.visitor.actor.person
    place = next((one for one in all_institutions() if one.id == institution), None)
    if place is None or kind not in set(CaseKind):
        raise Http404
    with acting_for(institution=institution, purpose="publicity") as scope:
        entry = next((one for one in entries_of(scope, case=case_id) if one.kind == kind), None)
    if entry is None:
        raise Http404
    form = ObjectionForm(request.POST if request.method == "POST" else None, signed_in=person is not None)
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["website"]:
            return _thanks(request, place)
        said = Said(
            form.cleaned_data["said"], person, form.cleaned_data.get("name", ""), form.cleaned_data.get("contact", ""),
            request.META.get("REMOTE_ADDR", ""),
        )  # fmt: skip
        answer = _raise(request, institution, CaseKind(kind), case_id, said)
        if not isinstance(answer, Refusal):
            return _thanks(request, place)
        language = get_language() or "zh-hans"
        form.add_error(None, " ".join(wording.say(line, language) for line in answer.explanation))
    language = get_language() or "zh-hans"
    context = {
        "entry": entry,
        "title": entry.title.said_in(language),
        "form": form,
        "place": _name(place, language),
        "back": _list_address(place),
    }
    return render(request, "public/objection.html", frame(request) | context, status=422 if form.errors else 200)


def _raise(request: HttpRequest, institution: UUID, kind: CaseKind, case_id: UUID, said: Said) -> object:
    identities = Identities(settings.BANK)
    try:
        with acting_for(institution=institution, purpose="publicity") as scope:
            zone = scope.rows(Institution).values_list("zone", flat=True).get(pk=institution)
            return raise_objection(
                scope=scope, kind=kind, case_id=case_id, said=said, seal=identities.seal, at=clock.now(),
                on=clock.today(zone), request_id=request.request_id,
            )  # fmt: skip
    except NotVisible:
        raise Http404 from None


def _thanks(request: HttpRequest, place: Institution) -> HttpResponse:
    messages.success(request, _t("Your objection was received. Nothing becomes final before the office has answered."))
    return redirect(_list_address(place))


def _entries(place: Institution) -> tuple[Entry, ...]:
    with acting_for(institution=place.id, purpose="publicity") as scope:
        return entries_of(scope)


def _row(one: Entry, place: Institution, language: str) -> dict[str, Any]:
    return {
        "id": "",
        "name": one.name,
        "student_number": one.student_number,
        "title": one.title.said_in(language),
        "number": one.number,
        "credit": one.credit,
        "college": one.college.said_in(language) if one.college.zh else "",
        "until": one.final_on.isoformat(),
        "status": ("warn", _("An objection is being answered")) if one.stopped else _KINDS[one.kind],
        "url": reverse("public:objection", args=[place.id, one.kind.value, one.case_id]),
    }


_KINDS = {CaseKind.CLAIM: ("info", _("Recognition")), CaseKind.APPLICATION: ("info", _("Conversion"))}


def _list_address(place: Institution) -> str:
    return f"{reverse('public:publicity')}?{urlencode({'at': place.code})}"


def _name(place: Institution, language: str) -> str:
    return place.name if language.startswith("zh") or not place.name_en else place.name_en
