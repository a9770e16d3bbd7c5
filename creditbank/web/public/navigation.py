"""The public portal's top bar."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from creditbank.domain.access import NOBODY
from creditbank.web.design.navigation import Place

_PLACES = (
    Place(_("Home"), "public:home", "home"),
    Place(_("Directory"), "public:outcomes", "bookmark-square"),
    Place(_("Verify"), "public:verify", "shield-check"),
    Place(_("Rules"), "public:rules", "scale"),
    Place(_("Public notice"), "public:publicity", "megaphone"),
    Place(_("Education resources"), "public:resources", "academic-cap"),
    Place(_("Frameworks"), "public:frameworks", "scale"),
    Place(_("Public log"), "public:log", "queue-list"),
    Place(_("Help"), "public:help", "question-mark-circle"),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """What the public frame shows: its places, and the way in or to one's own pages."""
    visitor = request.visitor  # type: ignore[attr-defined]
    if visitor.actor is NOBODY:
        own = Place(_("Sign in"), "account:sign_in", "arrow-right-end-on-rectangle")
    elif visitor.desk is not None:
        own = Place(_("Office"), "office:today", "building-library")
    else:
        own = Place(_("My passbook"), "learner:passbook", "book-open")
    return {"nav": [*_PLACES, own]}
