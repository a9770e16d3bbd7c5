"""Views of the design system: appearance, error pages, and the component page while debugging."""

from __future__ import annotations

import sys
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from creditbank.gateways.problem import KeyProblem
from creditbank.web.design import samples
from creditbank.web.design.middleware import SHORTCUTS_COOKIE, THEME_COOKIE, THEMES, html_language
from creditbank.web.doors import door
from creditbank.web.problems import without_key, words_of

if TYPE_CHECKING:
    from collections.abc import Callable

_YEAR = 365 * 24 * 3600


@door("account.set_appearance")
@require_POST
def choose_appearance(request: HttpRequest) -> HttpResponse:
    """Remember language, theme or shortcuts in cookies and go back to where the reader was."""
    back = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    response = HttpResponseRedirect(back if safe else "/")
    choices = {
        settings.LANGUAGE_COOKIE_NAME: ("language", {code for code, _name in settings.LANGUAGES}),
        THEME_COOKIE: ("theme", set(THEMES)),
        SHORTCUTS_COOKIE: ("shortcuts", {"on", "off"}),
    }
    for cookie, (name, allowed) in choices.items():
        value = request.POST.get(name, "")
        if value in allowed:
            response.set_cookie(cookie, value, max_age=_YEAR, samesite="Lax", secure=request.is_secure(), httponly=True)
    return response


def error_page(request: HttpRequest, status: int, words: tuple[str, str, str] | None = None) -> HttpResponse:
    """A whole page for one error; needs no database, no session and no context processor."""
    language = translation.get_language() or "zh-hans"
    title, cause, todo = words or words_of(status)
    context = {
        "title": title,
        "cause": cause,
        "todo": todo,
        "status": status,
        "html_language": html_language(language),
        "theme": getattr(request, "theme", "auto"),
        "request_id": getattr(request, "request_id", ""),
    }
    return HttpResponse(render_to_string("design/error.html", context), status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """``handler400``; of a form that is larger than any, that it was."""
    return error_page(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django gives it
    """``handler403``."""
    return error_page(request, 403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django gives it
    """``CSRF_FAILURE_VIEW``."""
    return error_page(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django gives it
    """``handler404``; also what a reader sees of a thing that is not theirs to see."""
    return error_page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """``handler500``."""
    # Django calls it while it handles what went wrong.
    return error_page(request, 500, without_key() if isinstance(sys.exception(), KeyProblem) else None)


def _only_while_debugging(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def guarded(request: HttpRequest, **arguments: Any) -> HttpResponse:
        if not settings.DEBUG:
            raise Http404
        return view(request, **arguments)

    return guarded


@door("public.read")
@require_GET
@_only_while_debugging
def components(request: HttpRequest) -> HttpResponse:
    """Every component on one page; also the page the visual tests look at."""
    return render(request, "design/examples/components.html", samples.components(request.GET))


@door("public.read")
@require_GET
@_only_while_debugging
def example(request: HttpRequest, example: str) -> HttpResponse:
    """A whole screen made of components: passbook, queue or verification."""
    if example not in samples.SCREENS:
        raise Http404
    return render(request, f"design/examples/{example}.html", samples.SCREENS[example](request.GET))


@door("public.read")
@require_GET
@_only_while_debugging
def error_example(request: HttpRequest, status: int) -> HttpResponse:
    """One of the error pages, to be looked at."""
    if status not in {400, 403, 404, 429, 500, 503}:
        raise Http404
    return error_page(request, status)
