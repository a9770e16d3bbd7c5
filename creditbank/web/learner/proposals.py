"""What official lists say of me and I have not claimed: make a request of it, or say why not."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from creditbank.domain.explanation import Refusal
from creditbank.domain.recognition import State
from creditbank.gateways.clock import now
from creditbank.queries.claims import claim_of, fields_of
from creditbank.queries.official_lists.claims import fact_said
from creditbank.queries.official_lists.proposals import ProposalLine, find_proposal, proposals_of
from creditbank.records.scope import Scope
from creditbank.services.official_lists.proposals import claim_proposal, decline_proposal
from creditbank.web.design.forms import Choices, DesignForm
from creditbank.web.doors import door
from creditbank.web.learner.frame import found, own_scope, show
from creditbank.web.learner.words import DECLINED, PROPOSALS, lines_said


class DeclineForm(DesignForm):
    """Why a learner does not claim what a list says."""

    reason = forms.ChoiceField(
        label=_("Why do you not claim it?"),
        choices=tuple(DECLINED.items()),
        widget=Choices,
        error_messages={"required": _("Choose why you do not claim it")},
    )


@door("lists.answer")
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Everything lists have proposed to me; those that wait come first."""
    with own_scope(request) as scope:
        said = [_shown(scope, one) for one in proposals_of(scope, request.visitor.actor.person)]
        context = {
            "waiting": [one for one in said if one["open"]],
            "settled": [one for one in said if not one["open"]],
        }
        return show(request, scope, "proposals", context)


@door("lists.answer")
@require_POST
def claim(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Make a request of a proposal with everything filled in, and go on with it; twice leads to the same one."""
    actor = request.visitor.actor
    with own_scope(request) as scope:
        answer = claim_proposal(
            scope=scope, actor=actor, proposal_id=proposal_id, at=now(), request_id=request.request_id
        )
        if isinstance(answer, Refusal):
            messages.warning(request, " ".join(lines_said(answer.explanation)))
            return redirect("learner:proposals")
        made = claim_of(scope, actor.person, answer)
    if made is not None and made.line.state is State.DRAFT:
        messages.success(request, _t("What the list says is filled in. Look at it and answer what is left."))
        return redirect("learner:deposit_facts", answer)
    return redirect("learner:request", answer)


@door("lists.answer")
@require_http_methods(["GET", "HEAD", "POST"])
def decline(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Ask why, then put the proposal away."""
    with own_scope(request) as scope:
        one = found(find_proposal(scope, request.visitor.actor.person, proposal_id))
        if not one.is_open:
            return redirect("learner:proposals")
        form = DeclineForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            answer = decline_proposal(
                scope=scope, actor=request.visitor.actor, proposal_id=proposal_id,
                reason=form.cleaned_data["reason"], at=now(), request_id=request.request_id,
            )  # fmt: skip
            if isinstance(answer, Refusal):
                messages.warning(request, " ".join(lines_said(answer.explanation)))
            else:
                messages.success(request, _t("Noted. You are not asked about it again."))
            return redirect("learner:proposals")
        context = {"form": form, "one": _shown(scope, one)}
        return show(request, scope, "proposal_decline", context, status=422 if form.errors else 200)


def _shown(scope: Scope, one: ProposalLine) -> dict[str, Any]:
    """A proposal as the page says it; what the list says of it in words."""
    state = one.state
    if one.statement is None:
        state = "gone"
    elif state == "open" and not one.is_open:
        state = "settled"
    return {
        "one": one,
        "open": one.is_open,
        "tag": PROPOSALS[state],
        "title": one.statement.listed.title if one.statement else _t("An outcome of a list that was withdrawn"),
        "reason": DECLINED.get(one.reason, ""),
        "facts": _facts(scope, one),
    }


def _facts(scope: Scope, one: ProposalLine) -> list[dict[str, Any]]:
    if one.statement is None:
        return []
    listed, language = one.statement.listed, get_language() or "zh-hans"
    fields = fields_of(
        scope, institution=one.institution_id, outcome_type=listed.outcome_type, on=one.statement.issued_on
    )
    return [
        {
            "label": field.label.said_in(language),
            "value": fact_said(field, (listed.facts[field.name],)).said_in(language),
        }
        for field in fields or ()
        if field.name in listed.facts
    ]
