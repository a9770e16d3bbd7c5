"""My requests: the list, one with its history, and withdrawing it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from creditbank.domain.explanation import Refusal
from creditbank.domain.recognition import Act, State, Who, acts_from
from creditbank.gateways.clock import now
from creditbank.queries.appeals import objections_of_case
from creditbank.queries.claims import ClaimLine, ClaimPage, claim_of, claims_of
from creditbank.queries.letters import letters_of_case
from creditbank.queries.official_lists.proposals import proposals_of
from creditbank.services.recognition.claim import withdraw_claim
from creditbank.web.doors import door
from creditbank.web.learner.answers import answers_shown
from creditbank.web.learner.frame import found, own_scope, show
from creditbank.web.learner.words import ACTS, OBJECTIONS, STATES, lines_said, reason_said

_RAISES_QUESTIONS = frozenset({State.SUPPLEMENT_REQUESTED, State.REFUSED, State.REVERSED})


@door("recognition.claim")
@require_safe
def requests(request: HttpRequest) -> HttpResponse:
    """All requests, those that changed last first."""
    with own_scope(request) as scope:
        lines = [_shown(line) for line in claims_of(scope, request.visitor.actor.person)]
        proposed = proposals_of(scope, request.visitor.actor.person)
        waiting = sum(one.is_open for one in proposed)
        context = {"claims": lines, "proposals": len(proposed), "open_proposals": waiting}
        return show(request, scope, "requests", context)


@door("recognition.claim")
@require_safe
def request_page(request: HttpRequest, claim_id: UUID) -> HttpResponse:
    """One request: where it stands, what happened, what was entered, and what can be done now."""
    with own_scope(request) as scope:
        claim = found(claim_of(scope, request.visitor.actor.person, claim_id))
        acts = acts_from(claim.line.state, Who.LEARNER)
        context = {
            "claim": claim,
            "tag": STATES[claim.line.state],
            "events": _events(claim),
            "answers": answers_shown(scope, claim),
            "may_edit": Act.SUBMIT in acts,
            "may_withdraw": Act.WITHDRAW in acts,
            "reason": reason_said(claim.reason),
            "letters": letters_of_case(scope, request.visitor.actor.person, claim_id),
            "objections": [
                {"one": one, "tag": OBJECTIONS[one.state]}
                for one in objections_of_case(scope, request.visitor.actor.person, claim_id)
            ],
            "asks": claim.contact and claim.line.state in _RAISES_QUESTIONS,
        }
        return show(request, scope, "request", context)


@door("recognition.claim")
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, claim_id: UUID) -> HttpResponse:
    """Ask once, then take the request back."""
    with own_scope(request) as scope:
        claim = found(claim_of(scope, request.visitor.actor.person, claim_id))
        if request.method != "POST":
            return show(request, scope, "withdraw", {"claim": claim, "tag": STATES[claim.line.state]})
        answer = withdraw_claim(
            scope=scope, actor=request.visitor.actor, claim_id=claim_id, at=now(), request_id=request.request_id
        )
    if isinstance(answer, Refusal):
        messages.warning(request, " ".join(lines_said(answer.explanation)))
    else:
        messages.success(request, _("The request is withdrawn. What you entered is kept here."))
    return redirect("learner:request", claim_id)


def _shown(line: ClaimLine) -> dict[str, Any]:
    return {"line": line, "tag": STATES[line.state], "title": line.title.said_in(get_language() or "zh-hans")}


def _events(claim: ClaimPage) -> list[dict[str, Any]]:
    events = []
    for step in claim.steps:
        if step.act not in ACTS:
            continue
        tone, title = ACTS[step.act]
        detail = " ".join(str(words) for words in (reason_said(step.reason), step.note) if words)
        events.append({"moment": step.at, "title": title, "detail": detail, "tone": tone})
    return events[::-1]
