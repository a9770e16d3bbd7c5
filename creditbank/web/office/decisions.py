"""Decisions on one case: take, approve, ask for more, refuse, reverse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse as address_of
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from creditbank.domain.access import Thing, may
from creditbank.domain.explanation import Refusal
from creditbank.domain.recognition import Act
from creditbank.domain.values import format_credit
from creditbank.gateways import clock, wording
from creditbank.queries.cases import read_case
from creditbank.queries.queue import Case
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.recognition.review import (
    CaseKey,
    approve_claim,
    refuse_claim,
    request_supplement,
    reverse_claim,
    take_claim,
)
from creditbank.web.doors import door
from creditbank.web.office.desk import actor_of, at_desk, key_of, request_id, show, today_at
from creditbank.web.office.forms import JudgementForm, ReasonForm
from creditbank.web.office.recognition import case_address, case_context, cases_of, found_or_404, read_queue


@door("recognition.review")
@require_POST
def take(request: HttpRequest, learner_id: UUID, claim_id: UUID) -> HttpResponse:
    """Begin the review; the case stays on the page."""
    with at_desk(request, "recognition.review") as scope:
        found = found_or_404(scope, actor_of(request), learner_id, claim_id)
        answer = take_claim(
            scope=scope,
            actor=actor_of(request),
            key=CaseKey(learner_id, claim_id),
            at=clock.now(),
            request_id=request_id(request),
        )
        if isinstance(answer, Refusal):
            _say_refusal(request, answer)
        return _stay(request, scope, found)


@door("recognition.review")
@require_POST
def approve(request: HttpRequest, learner_id: UUID, claim_id: UUID) -> HttpResponse:
    """Recognise one case at the amount the reviewer saw, or at their own where the rules leave it to them."""
    with at_desk(request, "recognition.review") as scope:
        actor = actor_of(request)
        found = found_or_404(scope, actor, learner_id, claim_id)
        judgement = None
        if "judgement-credit" in request.POST:
            form = JudgementForm(read_case(scope, found).categories, request.POST)
            if not form.is_valid():
                return _again(request, scope, found, {"judgement_form": form, "wrong": form})
            judgement = form.judgement()
        seen = request.POST.get("seen", "")
        decided = approve_claim(
            scope=scope,
            actor=actor,
            key=CaseKey(learner_id, claim_id),
            at=clock.now(),
            on=today_at(scope),
            judgement=judgement,
            seen=int(seen) if seen.isdecimal() and len(seen) < 8 else None,
            request_id=request_id(request),
        )
        if decided.refusal is not None:
            _say_refusal(request, decided.refusal)
            return _stay(request, scope, found)
        words = {"number": decided.number, "credit": format_credit(decided.credit)}
        messages.success(request, _("Approved: %(number)s, %(credit)s credits.") % words)
        return _go_on(request, scope, found)


@door("recognition.review")
@require_http_methods(["GET", "POST"])
def supplement(request: HttpRequest, learner_id: UUID, claim_id: UUID) -> HttpResponse:
    """Ask the learner for more, with a reason they read."""
    return _with_reason(request, learner_id, claim_id, Act.REQUEST_SUPPLEMENT, request_supplement)


@door("recognition.review")
@require_http_methods(["GET", "POST"])
def refuse(request: HttpRequest, learner_id: UUID, claim_id: UUID) -> HttpResponse:
    """Do not recognise, with a reason the learner reads."""
    return _with_reason(request, learner_id, claim_id, Act.REFUSE, refuse_claim)


@door("recognition.reverse")
@require_http_methods(["GET", "POST"])
def reverse(request: HttpRequest, learner_id: UUID, claim_id: UUID) -> HttpResponse:
    """Reverse the deposit of a case that somebody else decided."""
    return _with_reason(request, learner_id, claim_id, Act.REVERSE, reverse_claim)


def _with_reason(
    request: HttpRequest, learner_id: UUID, claim_id: UUID, act: Act, service: Callable[..., Any]
) -> HttpResponse:
    """One thing a page: choose a reason, say more, do it; also what the dialog in the queue posts to."""
    with at_desk(request, f"recognition.{act.value}") as scope:
        actor = actor_of(request)
        found = found_or_404(scope, actor, learner_id, claim_id)
        permission = "recognition.reverse" if act is Act.REVERSE else "recognition.review"
        if not may(actor, permission, Thing(found.learner_id, actor.institution, actor.college)):
            raise NotVisible
        form = ReasonForm(act, request.POST or None)
        if request.method != "POST" or not form.is_valid():
            state, _filters = read_queue(request.POST or request.GET, scope)
            context = {
                "case": found,
                "form": form,
                "act": act.value,
                "address": case_address(found, state),
                "query": state.querystring(),
                "next": request.POST.get("next", ""),
                "in_queue": request.POST.get("from") == "queue",
            }
            return show(request, scope, "office/reason.html", context)
        answer = service(
            scope=scope,
            actor=actor,
            key=CaseKey(learner_id, claim_id),
            at=clock.now(),
            request_id=request_id(request),
            **({"on": today_at(scope)} if act is Act.REVERSE else {"note": form.cleaned_data["note"]}),
            reason=form.cleaned_data["reason"],
        )
        if isinstance(answer, Refusal):
            _say_refusal(request, answer)
            return _stay(request, scope, found)
        words = {
            Act.REQUEST_SUPPLEMENT: _("Supplement requested: %(number)s. The learner has been told."),
            Act.REFUSE: _("Refused: %(number)s. The learner has been told."),
            Act.REVERSE: _("Deposit reversed: %(number)s. The learner has been told."),
        }
        messages.success(request, words[act] % {"number": found.number})
        return _stay(request, scope, found) if act is Act.REVERSE else _go_on(request, scope, found)


def _say_refusal(request: HttpRequest, refusal: Refusal) -> None:
    language = get_language() or "zh-hans"
    messages.error(request, " ".join(wording.say(line, language) for line in refusal.explanation))


def _again(request: HttpRequest, scope: Scope, found: Case, forms: dict[str, Any]) -> HttpResponse:
    """The page of the case with what was entered and what is wrong with it."""
    state, _filters = read_queue(_remembered(request), scope)
    around = cases_of(scope, actor_of(request), state).cases
    context = case_context(request, scope, found, state=state, around=around, in_queue=False, forms=forms)
    return show(request, scope, "office/case.html", context, status=422)


def _stay(request: HttpRequest, scope: Scope, found: Case) -> HttpResponse:
    """Back to the same case, where it was read."""
    state, _filters = read_queue(_remembered(request), scope)
    if request.POST.get("from") == "queue":
        return _to_queue(state.querystring(), found.learner_id.hex + found.claim_id.hex)
    return HttpResponseRedirect(case_address(found, state))


def _go_on(request: HttpRequest, scope: Scope, found: Case) -> HttpResponse:
    """To the next case of the list, beside it or on a page of its own; to the list when there is none."""
    state, _filters = read_queue(_remembered(request), scope)
    following = request.POST.get("next", "")
    key = key_of(following)
    if request.POST.get("from") == "queue" or key is None or key == CaseKey(found.learner_id, found.claim_id):
        return _to_queue(state.querystring(), following if key else "")
    query = state.querystring()
    path = address_of("office:case", args=[key.learner_id, key.claim_id])
    return HttpResponseRedirect(path + (query if query != "?" else ""))


def _to_queue(query: str, case: str) -> HttpResponse:
    rest = urlencode({"case": case}) if case else ""
    joined = "&".join(part for part in (query.removeprefix("?"), rest) if part)
    return HttpResponseRedirect(address_of("office:queue") + (f"?{joined}" if joined else ""))


def _remembered(request: HttpRequest) -> Any:
    """The list that a form remembers in ``back``, as a query."""
    from django.http import QueryDict

    return QueryDict(request.POST.get("back", "").removeprefix("?"))
