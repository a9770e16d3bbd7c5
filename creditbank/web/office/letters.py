"""Decision letters at the desk: read, printed again, and corrected by a letter that names the old one."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.views.decorators.http import require_POST, require_safe

from creditbank.domain.access import Thing, may
from creditbank.domain.explanation import Refusal
from creditbank.domain.letters import CaseKind
from creditbank.gateways import clock, wording
from creditbank.queries.letters import LetterPage, letter_of
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.letters import correct_letter, fetch_letter
from creditbank.web.doors import door
from creditbank.web.letters import letter_file, letter_shown
from creditbank.web.office.desk import actor_of, at_desk, request_id, show


@door("letter.read")
@require_safe
def letter(request: HttpRequest, learner_id: UUID, letter_id: UUID) -> HttpResponse:
    """One letter, word for word as it was written."""
    with at_desk(request, "letter.read") as scope:
        page = _letter(request, scope, learner_id, letter_id)
        thing = Thing(learner_id, page.institution_id, page.college_id)
        name = "office:case" if page.case_kind is CaseKind.CLAIM else "office:application"
        context = letter_shown(page) | {
            "may_correct": may(actor_of(request), "letter.correct", thing) and not page.line.corrected,
            "case": reverse(name, args=[learner_id, page.case_id]),
        }
        return show(request, scope, "office/letter.html", context)


@door("letter.read")
@require_safe
def pdf(request: HttpRequest, learner_id: UUID, letter_id: UUID) -> HttpResponse:
    """One letter as a file to print."""
    with at_desk(request, "letter.read") as scope:
        page = _letter(request, scope, learner_id, letter_id)
    return letter_file(request, page)


@door("letter.correct")
@require_POST
def correct(request: HttpRequest, learner_id: UUID, letter_id: UUID) -> HttpResponse:
    """Write the letter again with the names of today; the old one stays."""
    with at_desk(request, "letter.correct") as scope:
        answer = correct_letter(
            scope=scope, actor=actor_of(request), learner_id=learner_id, letter_id=letter_id, at=clock.now(),
            request_id=request_id(request),
        )  # fmt: skip
    if isinstance(answer, Refusal):
        language = get_language() or "zh-hans"
        messages.info(request, " ".join(wording.say(line, language) for line in answer.explanation))
        return redirect("office:letter", learner_id, letter_id)
    messages.success(request, _t("Letter %(number)s takes its place.") % {"number": answer.number})
    return redirect("office:letter", learner_id, answer.letter_id)


def _letter(request: HttpRequest, scope: Scope, learner_id: UUID, letter_id: UUID) -> LetterPage:
    fetch_letter(
        scope=scope, actor=actor_of(request), permission="letter.read", learner_id=learner_id, letter_id=letter_id
    )
    page = letter_of(scope, learner_id, letter_id)
    if page is None:
        raise NotVisible
    return page
