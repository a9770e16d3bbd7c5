"""A conversion at the desk: what it used and made, what stands on it, and its reversal as a whole."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse as address_of
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from creditbank.domain.explanation import Refusal
from creditbank.domain.reversal import first_to_reverse
from creditbank.gateways import clock, wording
from creditbank.queries.conversions import ConversionSide, ConversionView
from creditbank.services.access import open_record
from creditbank.services.conversions.reverse import PERMISSION, fetch_conversion, reverse_conversion
from creditbank.web.design.tables import Column
from creditbank.web.doors import door
from creditbank.web.office.desk import actor_of, at_desk, minute_of, request_id, show, today_at
from creditbank.web.office.forms import ReversalForm

_USED = (
    Column("title", _("Outcome"), second="document"),
    Column("amount", _("Used, comes back"), kind="credit"),
    Column("after", _("Then available"), kind="credit"),
    Column("on", _("Since"), kind="date"),
)
_MADE = (
    Column("title", _("Outcome"), second="document"),
    Column("amount", _("Made, is taken back"), kind="credit"),
    Column("available", _("Still available"), kind="credit"),
    Column("on", _("Since"), kind="date"),
)
_DONE = (
    Column("title", _("Outcome"), second="document"),
    Column("amount", _("Credits"), kind="credit"),
    Column("on", _("Since"), kind="date"),
)


@door("recognition.reverse")
@require_http_methods(["GET", "POST"])
def reverse(request: HttpRequest, learner_id: UUID, conversion_id: UUID) -> HttpResponse:
    """Show each lot that the reversal of a conversion touches, ask for a reason, and reverse it."""
    with at_desk(request, "conversion.reverse") as scope:
        actor = actor_of(request)
        found = fetch_conversion(scope=scope, actor=actor, learner_id=learner_id, conversion_id=conversion_id)
        enrolment = open_record(scope=scope, actor=actor, permission=PERMISSION, learner_id=learner_id, at=clock.now())
        record = address_of("office:learner", args=[learner_id])
        form = ReversalForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            answer = reverse_conversion(
                scope=scope,
                actor=actor,
                learner_id=learner_id,
                conversion_id=conversion_id,
                reason=form.cleaned_data["reason"],
                at=clock.now(),
                on=today_at(scope),
                request_id=request_id(request),
            )
            if isinstance(answer, Refusal):
                messages.error(request, " ".join(wording.say(line, _language()) for line in answer.explanation))
                return HttpResponseRedirect(address_of("office:conversion", args=[learner_id, conversion_id]))
            messages.success(request, _t("The conversion was reversed as a whole. The learner has been told."))
            return HttpResponseRedirect(record)
        context = {
            "enrolment": enrolment,
            "back": record,
            "found": found,
            "used_columns": _DONE if found.reversed_on else _USED,
            "used": [_row(side) for side in found.used],
            "made_columns": _DONE if found.reversed_on else _MADE,
            "made": [_row(side) for side in found.made],
            "about": _about(found),
            "first": [wording.say(line, _language()) for line in first_to_reverse(found.stands_on_it)],
            "second_person": found.actor_id == actor.person,
            "form": form,
        }
        return show(request, scope, "office/conversion.html", context, status=422 if form.errors else 200)


def _language() -> str:
    return get_language() or "zh-hans"


def _row(side: ConversionSide) -> dict[str, Any]:
    return {
        "id": side.posting_id,
        "title": side.title.said_in(_language()),
        "document": side.document,
        "amount": side.amount,
        "available": side.available,
        "after": side.available + side.amount,
        "on": side.on,
    }


def _about(found: ConversionView) -> list[dict[str, Any]]:
    rows = [
        (_t("Posted at"), minute_of(found.recorded_at)),
        (_t("Posted by"), found.actor.said_in(_language())),
        (_t("Reversed on"), str(found.reversed_on or "")),
    ]
    return [{"label": label, "value": value} for label, value in rows if value]
