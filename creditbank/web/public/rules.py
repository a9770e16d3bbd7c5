"""The rules in public: every approved version, in force or not, in words with its clauses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from creditbank.domain.conversions.read import KIND as CONVERSION
from creditbank.domain.rule_documents import OVERLAYS
from creditbank.domain.rule_life.states import STATE_NAMES, State
from creditbank.domain.rules.read import KIND as RECOGNITION
from creditbank.gateways import clock
from creditbank.queries.conversion_rules import Passage, passages
from creditbank.queries.outcome_types import outcome_types_by_rules
from creditbank.queries.rule_sets import Version, public_version, public_versions
from creditbank.web.design.tables import Column, Filter, read_state
from creditbank.web.design.tables import State as Shown
from creditbank.web.doors import door
from creditbank.web.public.navigation import frame

_NAME = Column("name", _("Rule set"), link="url", second="publisher")
_VERSION = (
    Column("number", _("Version"), kind="number"),
    Column("since", _("In force from"), kind="date"),
    Column("until", _("Until"), kind="date"),
    Column("status", _("State"), kind="tag"),
)
_RECOGNITION_COLUMNS = (_NAME, Column("types", _("Outcome types")), *_VERSION)
_CONVERSION_COLUMNS = (_NAME, Column("sends", _("Credit from")), Column("receives", _("Converted at")), *_VERSION)
_HOMES = {
    RECOGNITION: ("public:rules", _("Recognition rules")),
    CONVERSION: ("public:conversion-rules", _("Conversion rules")),
}
_HOMES |= {overlay: _HOMES[kind] for kind, overlay in OVERLAYS.items()}
_TONES = {State.EFFECTIVE: "ok", State.SUSPENDED: "bad", State.ABOLISHED: "bad", State.SUPERSEDED: "plain"}


@door("public.read")
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Rules for recognition by outcome type: up for publicity, in force, and everything that was."""
    language = _language()
    types = {
        code: [name.said_in(language) for name in names]
        for code, names in outcome_types_by_rules(on=clock.today(settings.TIME_ZONE)).items()
    }
    named = sorted({name for names in types.values() for name in names})
    filters = (Filter("type", _t("Outcome type"), tuple((name, name) for name in named)),)
    state = read_state(request.GET, columns=_RECOGNITION_COLUMNS, filters=filters)
    wanted = state.filters.get("type", "")
    rows = [
        (one.stage, _row(one) | {"types": _t(", ").join(types.get(one.code, ()))})
        for one in public_versions(kind=RECOGNITION, on=clock.today(settings.TIME_ZONE))
        if not wanted or wanted in types.get(one.code, ())
    ]
    context = {
        "title": _t("Recognition rules"),
        "lead": _t(
            "What an outcome becomes is decided by these rules. Every version that was ever approved can be read here."
        ),
        "other": (reverse("public:conversion-rules"), _t("Conversion rules")),
        "columns": _RECOGNITION_COLUMNS,
    }
    return _listing(request, context, filters, state, rows)


@door("public.read")
@require_safe
def conversions(request: HttpRequest) -> HttpResponse:
    """Rules for conversion by the institution that sends credit and the one that receives it."""
    language = _language()
    found = passages(on=clock.today(settings.TIME_ZONE))
    receivers = {(one.code, one.name.said_in(language)) for passage in found for one in passage.receivers}
    senders = receivers | {(one.code, one.name.said_in(language)) for passage in found for one in passage.senders}
    places = tuple(sorted(senders)), tuple(sorted(receivers))
    filters = (Filter("from", _t("Credit from"), places[0]), Filter("to", _t("Converted at"), places[1]))
    state = read_state(request.GET, columns=_CONVERSION_COLUMNS, filters=filters)
    wanted = state.filters.get("from", ""), state.filters.get("to", "")
    rows = [(one.version.stage, _row(one.version) | _ways(one)) for one in found if one.serves(*wanted)]
    context = {
        "title": _t("Conversion rules"),
        "lead": _t("Which courses and requirements held credit can become: from which institution, and at which."),
        "other": (reverse("public:rules"), _t("Recognition rules")),
        "columns": _CONVERSION_COLUMNS,
    }
    return _listing(request, context, filters, state, rows)


def _listing(
    request: HttpRequest,
    context: Mapping[str, Any],
    filters: Sequence[Filter],
    state: Shown,
    rows: Sequence[tuple[State, Mapping[str, object]]],
) -> HttpResponse:
    groups = (
        (_t("In publicity"), (State.PUBLICITY,)),
        (_t("In force"), (State.EFFECTIVE, State.SUSPENDED)),
        (_t("Approved, to come"), (State.APPROVED, State.SCHEDULED)),
        (_t("Former versions"), (State.SUPERSEDED, State.ABOLISHED)),
    )
    shown = [(title, [row for stage, row in rows if stage in stages]) for title, stages in groups]
    more = {"filters": filters, "state": state, "groups": [(title, listed) for title, listed in shown if listed]}
    return render(request, "public/rules.html", frame(request) | dict(context) | more)


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
        "home": _HOMES[one.kind],
        "found": found.shown,
        "version": one,
        "status": _tag(one.stage),
        "in_publicity": one.stage is State.PUBLICITY,
    }
    return render(request, "public/rule.html", frame(request) | context)


def _ways(one: Passage) -> dict[str, object]:
    """From where to where a version leads, in words."""
    language = _language()
    senders = [place.name.said_in(language) for place in one.senders]
    if one.anywhere:
        senders.append(_t("any institution"))
    receivers = [place.name.said_in(language) for place in one.receivers]
    return {"sends": _t(", ").join(senders), "receives": _t(", ").join(receivers)}


def _language() -> str:
    return get_language() or "zh-hans"


def _row(one: Version) -> dict[str, object]:
    language = _language()
    return {
        "id": one.version_id,
        "name": one.name.said_in(language),
        "publisher": one.publisher.said_in(language) + (f" · {_t('Overlay')}" if one.overlay else ""),
        "number": one.number,
        "since": one.effective_from,
        "until": one.effective_until,
        "status": _tag(one.stage),
        "url": reverse("public:rule", args=[one.version_id]),
    }


def _tag(state: State) -> tuple[str, str]:
    word = STATE_NAMES[state].said_in(_language())
    return _TONES.get(state, "info"), word[:1].upper() + word[1:]
