"""What every page of the learner's portal shares: acting for oneself, the five places, what waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from creditbank.gateways.clock import today
from creditbank.queries.notices import count_unread
from creditbank.records.institutions import Institution
from creditbank.records.scope import Scope, acting_for
from creditbank.services.access import NotVisible
from creditbank.web.places import LEARNER


@contextmanager
def own_scope(request: HttpRequest) -> Iterator[Scope]:
    """Act for the visitor; what is not theirs to see is a page that does not exist."""
    try:
        with acting_for(person=request.visitor.actor.person, purpose="learner") as scope:
            yield scope
    except NotVisible:
        raise Http404 from None


def show(
    request: HttpRequest, scope: Scope, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page of the portal, written while the scope is open."""
    frame = {
        "nav": LEARNER,
        "home": "/learner/",
        "nav_counts": {"account:mine": count_unread(scope, request.visitor.actor.person)},
    }
    response = render(request, f"learner/{template}.html", {**frame, **context}, status=status)
    response.headers["Cache-Control"] = "no-store, private"
    return response


def found(thing: Any) -> Any:
    """The thing, or a page that does not exist."""
    if thing is None:
        raise Http404
    return thing


def day_in(scope: Scope, institution: UUID) -> date:
    """Today as the institution counts days."""
    return today(scope.rows(Institution).get(pk=institution).zone)
