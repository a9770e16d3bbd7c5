"""Progress: the programmes I can reach, and one of them as a tree."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from creditbank.gateways.clock import now, today
from creditbank.queries.progress import only_missing, programmes_of, progress_of, without_programme
from creditbank.web.doors import door
from creditbank.web.learner.frame import found, own_scope, show


@door("programme.read_progress")
@require_safe
def programmes(request: HttpRequest) -> HttpResponse:
    """All programmes of my institutions, audited now."""
    person = request.visitor.actor.person
    with own_scope(request) as scope:
        unsaid = without_programme(scope, person)
        candidates = bool(unsaid) and request.GET.get("show") == "candidates"
        listed = programmes_of(scope, person, on=today(settings.TIME_ZONE), candidates=candidates)
        context = {"programmes": listed, "at": now(), "unsaid": unsaid, "candidates": candidates}
        return show(request, scope, "progress", context)


@door("programme.read_progress")
@require_safe
def programme(request: HttpRequest, programme_id: UUID) -> HttpResponse:
    """One programme: what is met, what is short, which credit counts where and why other credit does not."""
    person = request.visitor.actor.person
    with own_scope(request) as scope:
        one = found(progress_of(scope, person, programme_id, on=today(settings.TIME_ZONE)))
        missing = request.GET.get("show") == "missing"
        lines = only_missing(one.explanation) if missing else one.explanation
        context = {"progress": one, "lines": lines, "only_missing": missing, "at": now()}
        return show(request, scope, "programme", context)
