"""The desk of whoever works in the office: scope, menu, and the address of a case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from creditbank.domain.access import Actor, may_enter
from creditbank.gateways import clock
from creditbank.queries.appeals import count_open as count_matters
from creditbank.queries.conversion_applications import count_applications
from creditbank.queries.official_lists.lists import count_doubtful
from creditbank.queries.queue import count_open
from creditbank.queries.visitors import Visitor
from creditbank.records.institutions import Institution
from creditbank.records.scope import Scope, acting_for
from creditbank.services.access import NotVisible
from creditbank.services.recognition.review import CaseKey
from creditbank.web.design.navigation import Group, Place
from creditbank.web.office.pending import pending_of

QUEUE = "office:queue"
APPLICATIONS = "office:applications"
APPEALS = "office:appeals"
LISTS = "office:lists"
_MENU = (
    (
        _("Today"),
        (
            (Place(_("Workbench"), "office:today", "home", "h"), "office.read"),
            (Place(_("Recognition review"), QUEUE, "clipboard-document-check", "q"), "recognition.read"),
            (Place(_("Conversion review"), APPLICATIONS, "arrows-right-left", "n"), "conversion.read"),
            (Place(_("Appeals and objections"), APPEALS, "megaphone", "a"), "appeal.read"),
        ),
    ),
    (
        _("Rules"),
        (
            (Place(_("Recognition rules"), "office:rules", "scale", "r"), "rules.read"),
            (Place(_("Conversion rules"), "office:conversion-rules", "arrows-right-left", "v"), "rules.read"),
            (Place(_("Outcome catalogue"), "office:catalogue", "bookmark-square", "k"), "catalogue.read"),
            (Place(_("Programmes"), "office:programmes", "academic-cap", "p"), "programme.read"),
        ),
    ),
    (_("Learners"), ((Place(_("Learner records"), "office:learners", "users", "l"), "learner.read"),)),
    (
        _("Data"),
        (
            (Place(_("Data sets"), "office:data", "circle-stack", "d"), "masterdata.read"),
            (Place(_("Official lists"), LISTS, "document-check", "o"), "lists.read"),
            (Place(_("Frameworks"), "office:frameworks", "squares-2x2", "f"), "masterdata.read"),
            (Place(_("Code tables"), "office:code-tables", "tag", "t"), "edition.read"),
            (Place(_("Centre and schools"), "office:centre", "building-library", "c"), "edition.read"),
        ),
    ),
    (
        _("Administration"),
        (
            (Place(_("Imports"), "office:imports", "arrow-up-tray", "i"), "results.read_imports"),
            (Place(_("Exports"), "office:exports", "arrow-down-tray", "e"), "export.read"),
        ),
    ),
)


def actor_of(request: HttpRequest) -> Actor:
    """Who works here; the door has seen to it that there is one."""
    visitor: Visitor = request.visitor  # type: ignore[attr-defined]
    return visitor.actor


@contextmanager
def at_desk(request: HttpRequest, purpose: str) -> Iterator[Scope]:
    """Act for the visitor's institution; what they may not see is not there."""
    try:
        with (
            acting_for(institution=actor_of(request).institution, purpose=purpose) as scope,
            timezone.override(zone_of(scope)),
        ):
            yield scope
    except NotVisible:
        raise Http404 from None


def show(
    request: HttpRequest, scope: Scope, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page in the office's frame: its menu, what waits, and where else this person works."""
    actor = actor_of(request)
    visitor: Visitor = request.visitor  # type: ignore[attr-defined]
    menu = [
        Group(label, tuple(place for place, permission in places if may_enter(actor, permission)))
        for label, places in _MENU
    ]
    counts = {}
    if may_enter(actor, "recognition.read") and "nav_counts" not in context:
        counts = {QUEUE: count_open(scope, actor)}
    if may_enter(actor, "lists.write") and "nav_counts" not in context and (doubtful := count_doubtful(scope, actor)):
        counts[LISTS] = doubtful
    if may_enter(actor, "conversion.read") and (waiting := count_applications(scope, actor)):
        counts[APPLICATIONS] = waiting
    if may_enter(actor, "appeal.read") and (matters := count_matters(scope, actor)):
        counts[APPEALS] = matters
    pending = None
    if may_enter(actor, "recognition.review"):
        pending = pending_of(scope, actor, request.GET.get("batch", ""))
    frame = {"pending": pending, "nav": menu, "nav_counts": counts, "desk": visitor.desk, "desks": visitor.desks}
    return render(request, template, frame | dict(context), status=status)


def zone_of(scope: Scope) -> str:
    """The time zone in which the scope's institution counts its days."""
    return str(scope.rows(Institution).values_list("zone", flat=True).get(pk=scope.institution))


def today_at(scope: Scope) -> date:
    """The present day of the scope's institution."""
    return clock.today(zone_of(scope))


def day_of(at: datetime) -> str:
    """A moment's day in the institution's zone."""
    return f"{timezone.localtime(at):%Y-%m-%d}"


def minute_of(at: datetime) -> str:
    """A moment's day and minute in the institution's zone."""
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"


def request_id(request: HttpRequest) -> str:
    """The id of this request, for the operation log."""
    return str(getattr(request, "request_id", ""))


def key_text(learner: UUID, claim: UUID) -> str:
    """What a box selects: both ids in 64 letters."""
    return learner.hex + claim.hex


def key_of(text: str) -> CaseKey | None:
    """The case that a selected box names, or nothing for any other text."""
    try:
        return CaseKey(UUID(text[:32]), UUID(text[32:])) if len(text) == 64 else None
    except ValueError:
        return None
