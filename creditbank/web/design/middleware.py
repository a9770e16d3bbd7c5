"""Middleware: a request id for every answer, and the reader's language and theme."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.utils import translation
from django.utils.cache import patch_vary_headers

from creditbank.gateways import clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

THEMES = ("auto", "light", "dark")
"""``auto`` follows the reader's system."""
THEME_COOKIE = "theme"
SHORTCUTS_COOKIE = "shortcuts"

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


def request_id(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Give each request an id (``request.request_id``) and say it in ``X-Request-ID``.

    A well-formed id from a proxy in front is kept, so that one id leads through both logs.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        identity = given if _REQUEST_ID.fullmatch(given) else str(clock.new_id())
        request.request_id = identity  # type: ignore[attr-defined]
        response = get_response(request)
        response.headers["X-Request-ID"] = identity
        return response

    return answer


def appearance(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Set ``request.html_language``, ``request.theme`` and ``request.shortcuts``, and activate the language.

    The language comes from the cookie ``LANGUAGE_COOKIE_NAME``, then Accept-Language, then the bank's own,
    Simplified Chinese. Takes the place of Django's ``LocaleMiddleware``.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        language = translation.get_language_from_request(request)
        theme = request.COOKIES.get(THEME_COOKIE, "auto")
        request.LANGUAGE_CODE = language  # type: ignore[attr-defined]
        request.html_language = html_language(language)  # type: ignore[attr-defined]
        request.theme = theme if theme in THEMES else "auto"  # type: ignore[attr-defined]
        request.shortcuts = request.COOKIES.get(SHORTCUTS_COOKIE) != "off"  # type: ignore[attr-defined]
        with translation.override(language):
            response = get_response(request)
        response.headers.setdefault("Content-Language", html_language(language))
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response

    return answer


def context(request: HttpRequest) -> dict[str, object]:
    """A context processor with the words of a page's frame, for templates that show them themselves."""
    return {
        "html_language": getattr(request, "html_language", "zh-Hans"),
        "theme": getattr(request, "theme", "auto"),
        "request_id": getattr(request, "request_id", ""),
    }


def html_language(language: str) -> str:
    """The tag for ``<html lang>``: ``zh-hans`` is written ``zh-Hans``."""
    return "zh-Hans" if language.lower().startswith("zh") else language
