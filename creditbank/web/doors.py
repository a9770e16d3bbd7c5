"""Every page is a door with a permission; nobody passes one that names none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode

from creditbank.domain.access import NOBODY, Permission, Role, Tenant, may_enter, permission
from creditbank.gateways.clock import now
from creditbank.queries.visitors import Visitor, visitor_of
from creditbank.web.problems import prefers_json, problem_response

View = Callable[..., HttpResponse]
STAFF_SESSION_KEY = "institution"
FACTOR_SESSION_KEY = "factor"
"""Set in a session whose person has shown more than a password."""


def door(name: str) -> Callable[[View], View]:
    """Name the permission that a view needs; the middleware asks it before the view runs.

    Raises:
        KeyError: the access table has no such permission.
    """
    rule = permission(name)

    def mark(view: View) -> View:
        view.door = rule  # type: ignore[attr-defined]
        return view

    return mark


class DoorMiddleware:
    """Finds out who visits and asks the access table; a page without a door is a defect."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on with its visitor."""
        request.visitor = _visitor(request)  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, _arguments: tuple[Any, ...], _names: dict[str, Any]
    ) -> HttpResponse | None:
        """Let in, send to the sign-in page, or show nothing at all."""
        rule: Permission | None = getattr(view, "door", None)
        if rule is None:
            raise RuntimeError(f"the page {request.path} has no door")
        visitor: Visitor = request.visitor  # type: ignore[attr-defined]
        if may_enter(visitor.actor, rule.name):
            if rule.tenant is Tenant.INSTITUTION and _lacks_factor(request, visitor):
                return HttpResponseRedirect("/account/security/")
            return None
        if visitor.actor is NOBODY and request.method in ("GET", "HEAD"):
            if prefers_json(request):
                return problem_response(request, 401)
            return HttpResponseRedirect(f"{settings.LOGIN_URL}?{urlencode({'next': request.get_full_path()})}")
        raise Http404


def _lacks_factor(request: HttpRequest, visitor: Visitor) -> bool:
    """Whether this desk is entered only after a second step, and this session has shown none."""
    return bool(visitor.actor.roles & settings.FACTOR_ROLES) and not request.session.get(FACTOR_SESSION_KEY)


def _visitor(request: HttpRequest) -> Visitor:
    account_id = request.session.get("_auth_user_id") if request.session.session_key else None
    if account_id is None or not request.user.is_authenticated:
        return Visitor(NOBODY)
    return visitor_of(
        request.user.id,
        chosen=request.session.get(STAFF_SESSION_KEY),
        on=now().date(),
        name=request.user.name,
    )


def visitor(request: HttpRequest) -> dict[str, Any]:
    """The visitor for templates, and which portals they may enter."""
    found: Visitor = getattr(request, "visitor", Visitor(NOBODY))
    return {
        "visitor": found,
        "may_enter_office": may_enter(found.actor, "office.read"),
        "is_registrar": Role.REGISTRAR in found.actor.roles,
    }
