"""The rules in public: every approved version, in force or not, in words with its clauses."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from creditbank.domain.rule_life.states import STATE_NAMES, State
from creditbank.domain.rules.read import KIND as RECOGNITION
from creditbank.gateways import clock
from creditbank.queries.rule_sets import Version, public_version, public_versions
from creditbank.web.design.tables import Column
from creditbank.web.doors import door
from creditbank.web.public.navigation import frame

_COLUMNS = (
    Column("name", _("Rule set"), link="url", second="publisher"),
    Column("number", _("Version"), kind="number"),
    Column("since", _("In force from"), kind="date"),
    Column("until", _("Until"), kind="date"),
    Column("status", _("State"), kind="tag"),
)
_TONES = {State.EFFECTIVE: "ok", State.SUSPENDED: "bad", State.ABOLISHED: "bad", State.SUPERSEDED: "plain"}


@door("public.read")
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """What is up for publicity, what is in force, and everything that was."""
    versions = public_versions(kind=RECOGNITION, on=clock.today(settings.TIME_ZONE))
    groups = (
        (_t("In publicity"), [one for one in versions if one.stage is State.PUBLICITY]),
        (_t("In force"), [one for one in versions if one.stage in (State.EFFECTIVE, State.SUSPENDED)]),
        (_t("Approved, to come"), [one for one in versions if one.stage in (State.APPROVED, State.SCHEDULED)]),
        (_t("Former versions"), [one for one in versions if one.stage in (State.SUPERSEDED, State.ABOLISHED)]),
    )
    shown = [(title, [_row(one) for one in found]) for title, found in groups if found]
    return render(request, "public/rules.html", frame(request) | {"columns": _COLUMNS, "groups": shown})


@door("public.read")
@require_safe
def version(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """One approved version: its tables in words, and in publicity how to object."""
    found = public_version(version_id, on=clock.today(settings.TIME_ZONE))
    if found is None:
        raise Http404
    one = found.shown.version
    context = {
        "page": found,
        "found": found.shown,
        "version": one,
        "status": _tag(one.stage),
        "in_publicity": one.stage is State.PUBLICITY,
    }
    return render(request, "public/rule.html", frame(request) | context)


def _row(one: Version) -> dict[str, object]:
    language = get_language() or "zh-hans"
    return {
        "id": one.version_id,
        "name": one.name.said_in(language),
        "publisher": one.publisher.said_in(language),
        "number": one.number,
        "since": one.effective_from,
        "until": one.effective_until,
        "status": _tag(one.stage),
        "url": reverse("public:rule", args=[one.version_id]),
    }


def _tag(state: State) -> tuple[str, str]:
    word = STATE_NAMES[state].said_in(get_language() or "zh-hans")
    return _TONES.get(state, "info"), word[:1].upper() + word[1:]
