"""Notices to the learner: the list, and putting them away."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from creditbank.gateways.clock import now
from creditbank.queries.notices import notices_of
from creditbank.services.notices import mark_read
from creditbank.web.doors import door
from creditbank.web.learner.frame import own_scope, show
from creditbank.web.learner.words import notice_said


@door("account.own")
@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """All notices, the newest first."""
    with own_scope(request) as scope:
        said = [notice_said(notice) for notice in notices_of(scope, request.visitor.actor.person)]
        unread = any(item["notice"].read_at is None for item in said)
        return show(request, scope, "notices", {"notices": said, "unread": unread})


@door("account.own")
@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Mark one notice, or all, as read."""
    named = request.POST.get("notice", "")
    chosen = None
    if named:
        try:
            chosen = [UUID(named)]
        except ValueError:
            chosen = []
    with own_scope(request) as scope:
        mark_read(scope=scope, actor=request.visitor.actor, at=now(), notices=chosen)
    return redirect("learner:passbook" if request.POST.get("back") == "passbook" else "learner:notices")
