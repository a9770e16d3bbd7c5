"""The estimator: say what you have, see what it becomes at each institution, with nothing stored."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from creditbank.domain.explanation import Refusal
from creditbank.gateways import clock, wording
from creditbank.queries.estimates import Estimate, asked_anywhere, estimate_everywhere, offered_anywhere
from creditbank.queries.recognition import Proposed
from creditbank.records.scope import acting_for
from creditbank.web.doors import door
from creditbank.web.public.navigation import frame
from creditbank.web.questions import QuestionsForm, posted_answers


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
    return {
        "institution": one.institution,
        "proposed": one.answer if isinstance(one.answer, Proposed) else None,
        "refused": refused,
    }
