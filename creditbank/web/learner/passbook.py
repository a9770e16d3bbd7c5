"""The learner's first page: the passbook."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from creditbank.gateways.clock import now, today
from creditbank.queries.notices import notices_of
from creditbank.queries.passbook import PassbookLine, enrolments_of, figures_of, lines_of
from creditbank.queries.progress import rings_of
from creditbank.web.design.templatetags.design import spoken
from creditbank.web.doors import door
from creditbank.web.learner.frame import own_scope, show
from creditbank.web.learner.words import kind_said, notice_said

_LINES_SHOWN = 8
_RANK = {"warn": 0, "bad": 1, "ok": 2, "info": 3}


@door("passbook.read")
@require_safe
def passbook(request: HttpRequest) -> HttpResponse:
    """What I have, what waits for me, and the newest lines."""
    person = request.visitor.actor.person
    with own_scope(request) as scope:
        figures = figures_of(scope, person)
        unread = [notice_said(notice) for notice in notices_of(scope, person, limit=20, unread=True)]
        context = {
            "holders": enrolments_of(scope, person),
            "figures": figures,
            "cover": [
                (word, amount)
                for word, amount, always in (
                    (_("Recognised in all"), figures.recognised, True),
                    (_("Converted"), figures.converted, False),
                    (_("Held"), figures.held, False),
                    (_("In review"), figures.in_review, True),
                )
                if amount or always
            ],
            "notice": min(unread, key=lambda said: _RANK[said["tone"]], default=None),
            "more_notices": max(0, len(unread) - 1),
            "lines": [line_shown(line) for line in lines_of(scope, person, limit=_LINES_SHOWN)],
            "progresses": rings_of(scope, person, on=today(settings.TIME_ZONE)),
            "at": now(),
        }
        return show(request, scope, "passbook", context)


def line_shown(line: PassbookLine, *, whole_date: bool = False) -> dict[str, Any]:
    """A posting as the component of the ledger's lines wants it."""
    language = get_language() or "zh-hans"
    detail = f"{line.institution.said_in(language)} · {kind_said(line.kind, line.amount)}"
    if line.reverses_on is not None:
        detail = gettext("Reversal of the entry of %(day)s") % {"day": line.reverses_on.isoformat()}
    elif line.reversed_by is not None:
        detail = gettext("%(detail)s, reversed later") % {"detail": detail}
    return {
        "on": line.on.isoformat() if whole_date else f"{line.on:%m-%d}",
        "title": spoken(line.title),
        "detail": detail,
        "amount": line.amount,
        "url": reverse("learner:entry", args=[line.posting_id]),
    }
