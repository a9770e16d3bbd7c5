"""My decision letters: each on a page and as a file, and the appeal against what it tells."""

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
from django.views.decorators.http import require_http_methods, require_safe

from creditbank.domain.appeals.life import MOST_GROUNDS, OPEN, State
from creditbank.domain.explanation import Refusal
from creditbank.domain.letters import CaseKind
from creditbank.gateways.clock import now
from creditbank.queries.appeals import AppealLine, appeal_of_letter
from creditbank.queries.letters import LetterPage, letter_of
from creditbank.records.scope import Scope, acting_for
from creditbank.services.appeals.file import file_appeal, withdraw_appeal
from creditbank.web.design.forms import DesignForm
from creditbank.web.doors import door
from creditbank.web.learner.frame import day_in, found, own_scope, show
from creditbank.web.learner.words import APPEALS, lines_said
from creditbank.web.letters import letter_file, letter_shown


class GroundsForm(DesignForm):
    """Why another decision is asked for."""

    grounds = forms.CharField(
        label=_("Why should it be decided otherwise?"),
        max_length=MOST_GROUNDS,
        widget=forms.Textarea({"rows": 7}),
        help_text=_("Say what was overlooked or read wrongly. People who had no part in the decision read this."),
    )


@door("letter.read_own")
@require_safe
def letter(request: HttpRequest, letter_id: UUID) -> HttpResponse:
    """One letter, word for word as it was written, and how its appeal stands."""
    with own_scope(request) as scope:
        page = _letter(request, scope, letter_id)
        filed = appeal_of_letter(scope, page.line.learner_id, page.root)
        context = letter_shown(page) | {
            "appeal": filed,
            "appeal_tag": APPEALS[filed.state] if filed else None,
            "may_appeal": filed is None and _in_time(scope, page),
            "back": _case_address(page),
        }
        return show(request, scope, "letter", context)


@door("letter.read_own")
@require_safe
def pdf(request: HttpRequest, letter_id: UUID) -> HttpResponse:
    """One letter as a file."""
    with own_scope(request) as scope:
        page = _letter(request, scope, letter_id)
    return letter_file(request, page)


@door("appeal.file")
@require_http_methods(["GET", "HEAD", "POST"])
def appeal(request: HttpRequest, letter_id: UUID) -> HttpResponse:
    """The appeal against a letter's decision: file it, see where it stands, take it back."""
    actor = request.visitor.actor
    with own_scope(request) as own:
        page = _letter(request, own, letter_id)
        filed = appeal_of_letter(own, page.line.learner_id, page.root)
    form = GroundsForm(request.POST if request.method == "POST" and filed is None else None)
    answer: Any = None
    if request.method == "POST":
        with acting_for(person=actor.person, institution=page.institution_id, purpose="appeal") as scope:
            common = {"scope": scope, "actor": actor, "at": now(), "on": day_in(scope, page.institution_id),
                      "request_id": request.request_id}  # fmt: skip
            if filed is not None and request.POST.get("act") == "withdraw":
                answer = withdraw_appeal(appeal_id=filed.appeal_id, **common)
            elif filed is None and form.is_valid():
                answer = file_appeal(letter_id=letter_id, grounds=form.cleaned_data["grounds"], **common)
        if isinstance(answer, Refusal) and filed is None:
            form.add_error("grounds", " ".join(lines_said(answer.explanation)))
        elif isinstance(answer, Refusal):
            messages.warning(request, " ".join(lines_said(answer.explanation)))
        elif answer is not None:
            messages.success(request, _said(State(answer.state), answer.number))
        if filed is not None or (answer is not None and not isinstance(answer, Refusal)):
            return redirect("learner:appeal", letter_id)
    with own_scope(request) as scope:
        return _page(request, scope, page, filed, form)


def _page(
    request: HttpRequest, scope: Scope, page: LetterPage, filed: AppealLine | None, form: GroundsForm
) -> HttpResponse:
    context = {
        "letter": page,
        "title": page.line.name.said_in(get_language() or "zh-hans"),
        "decision": page.content["decision"]["zh" if (get_language() or "zh").startswith("zh") else "en"],
        "appeal": filed,
        "tag": APPEALS[filed.state] if filed else None,
        "may_withdraw": filed is not None and filed.state in OPEN,
        "may_appeal": filed is None and _in_time(scope, page),
        "form": form,
    }
    return show(request, scope, "appeal", context, status=422 if form.errors else 200)


def _said(state: State, number: str) -> str:
    if state is State.WITHDRAWN:
        return _t("The appeal is withdrawn; the decision stands.")
    return _t("Your appeal %(number)s is filed. You are told here how it goes on.") % {"number": number}


def _letter(request: HttpRequest, scope: Scope, letter_id: UUID) -> LetterPage:
    page: LetterPage = found(letter_of(scope, request.visitor.actor.person, letter_id))
    # The scope's person reads no other letters, and an office's scope is not opened here.
    if page.line.learner_id != request.visitor.actor.person:
        return found(None)
    return page


def _in_time(scope: Scope, page: LetterPage) -> bool:
    until = page.line.appeal_until
    return until is not None and day_in(scope, page.institution_id) <= until


def _case_address(page: LetterPage) -> tuple[str, UUID]:
    """The name of the page of the case, and which case it is."""
    return ("learner:request" if page.case_kind is CaseKind.CLAIM else "learner:application"), page.case_id
