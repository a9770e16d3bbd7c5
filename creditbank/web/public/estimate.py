"""The estimator: say what you have, see what it becomes at each institution, with nothing stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from creditbank.domain.explanation import Refusal
from creditbank.domain.rules.model import Ruling
from creditbank.gateways import clock, wording
from creditbank.queries.conversion_options import Option
from creditbank.queries.estimates import Estimate, asked_anywhere, estimate_everywhere, offered_anywhere
from creditbank.queries.recognition import Proposed
from creditbank.records.scope import acting_for
from creditbank.web.doors import door
from creditbank.web.public.navigation import frame
from creditbank.web.questions import QuestionsForm, posted_answers

_MOST_TARGETS = 8
"""So many things that credit can become are listed for each institution."""


@door("public.read")
@require_http_methods(["GET", "HEAD"])
def begin(request: HttpRequest) -> HttpResponse:
    """Which kind of outcome it is."""
    with acting_for(purpose="public") as scope:
        offers = offered_anywhere(scope, clock.today(settings.TIME_ZONE))
    return render(request, "public/estimate_begin.html", frame(request) | {"offers": offers})


@door("public.read")
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, kind: str) -> HttpResponse:
    """The questions of all institutions that take it, and with answers what each would give."""
    on = clock.today(settings.TIME_ZONE)
    with acting_for(purpose="public") as scope:
        offer = next((one for one in offered_anywhere(scope, on) if one.code == kind), None)
        if offer is None:
            raise Http404
        fields = asked_anywhere(scope, kind, on)
        answers = posted_answers(fields, request.POST)
        form = QuestionsForm(fields, answers=answers, bound=request.method == "POST")
        context: dict[str, Any] = {"offer": offer, "form": form, "estimates": ()}
        if request.method == "POST" and request.POST.get("asked", "") != form.asked_names:
            # Questions that the page did not show yet come first, without blame.
            context["form"] = QuestionsForm(fields, answers=form.kept, bound=False)
        elif request.method == "POST" and form.is_valid():
            estimates = estimate_everywhere(scope, kind, form.kept, on)
            _blame(form, estimates)
            context["estimates"] = () if form.errors else [_shown(one) for one in estimates]
        status = 422 if context["form"].errors else 200
        return render(request, "public/estimate.html", frame(request) | context, status=status)


def _blame(form: QuestionsForm, estimates: tuple[Estimate, ...]) -> None:
    """What no institution can read goes to its question; what one of them reads is answered."""
    if any(isinstance(one.answer, Proposed) for one in estimates):
        return
    for one in estimates:
        if isinstance(one.answer, Refusal):
            for line in one.answer.explanation:
                form.blame(str(line.facts.get("name", "")), wording.say(line, get_language() or "zh-hans"))


def _shown(one: Estimate) -> dict[str, Any]:
    refused = one.answer.explanation if isinstance(one.answer, Refusal) else ()
    proposed = one.answer if isinstance(one.answer, Proposed) else None
    return {
        "institution": one.institution,
        "proposed": proposed,
        "refused": refused,
        "becomes": _becomes(one) if proposed and proposed.proposal.ruling is Ruling.RECOGNISE else None,
    }


def _becomes(one: Estimate) -> dict[str, Any]:
    """What the credit could become there: what is possible, else what a person decides, else what is missing."""
    language = get_language() or "zh-hans"
    ruled = {ruling: [option for option in one.options if option.one.ruling is ruling] for ruling in Ruling}
    possible = ruled[Ruling.RECOGNISE]
    shown = [(option, 0) for option in possible or ruled[Ruling.MANUAL]] or _by_row(ruled[Ruling.REFUSE])
    return {
        "possible": len(possible),
        "ruling": shown[0][0].one.ruling.value if shown else "",
        "more": len(shown) - _MOST_TARGETS,
        "rules": f"{reverse('public:conversion-rules')}?{urlencode({'to': one.code})}",
        "targets": [
            {
                "title": option.targets.said_in(language).strip("“”"),
                "alike": alike,
                "credit": option.credit,
                "left": sum(use.left for use in option.one.uses),
                "grade": option.one.grade,
                "why": option.one.explanation,
                "version": option.regulation.version_id,
                "rules": option.regulation.name.said_in(language),
            }
            for option, alike in shown[:_MOST_TARGETS]
        ],
    }


def _by_row(options: Sequence[Option]) -> list[tuple[Option, int]]:
    """One for each row, and for how many more courses it asks the same."""
    rows: dict[tuple[UUID, str], list[Option]] = {}
    for option in options:
        rows.setdefault((option.regulation.version_id, option.one.row), []).append(option)
    return [(found[0], len(found) - 1) for found in rows.values()]
