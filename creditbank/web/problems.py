"""Errors in words, and as RFC 9457 problem details for clients that ask for JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

MEDIA_TYPE = "application/problem+json"
_ACCEPTABLE = ("text/html", MEDIA_TYPE, "application/json")
STATUSES = (400, 401, 403, 404, 405, 413, 429, 500, 503)
"""The errors that have words of their own."""


def problem_details(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: an error page becomes problem details for a client that asks for JSON and not for pages."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code not in STATUSES:
            return response
        patch_vary_headers(response, ("Accept",))
        if not prefers_json(request) or "json" in response.headers.get("Content-Type", ""):
            return response
        response.close()
        said = problem_response(request, response.status_code)
        for name in ("Retry-After", "Allow", "Vary", "WWW-Authenticate"):
            if name in response.headers:
                said.headers[name] = response.headers[name]
        return said

    return answer


def prefers_json(request: HttpRequest) -> bool:
    """Whether the client would rather have JSON than a page; one that takes anything gets the page."""
    return request.get_preferred_type(list(_ACCEPTABLE)) in _ACCEPTABLE[1:]


def problem_response(request: HttpRequest, status: int) -> HttpResponse:
    """The problem details of one error: type, title, status, detail, instance and the id of the request."""
    title, cause, todo = words_of(status)
    members = {
        "type": type_of(status),
        "title": title,
        "status": status,
        "detail": f"{cause} {todo}",
        "instance": request.path,
        "request_id": getattr(request, "request_id", ""),
    }
    body = json.dumps(members, ensure_ascii=False)
    response = HttpResponse(body, status=status, content_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})
    if status == HTTPStatus.UNAUTHORIZED:
        # The bank's sessions begin on a page; there is no scheme that a client could answer with by itself.
        response.headers["WWW-Authenticate"] = 'Session realm="creditbank"'
    return response


def type_of(status: int) -> str:
    """The name of an error's kind, stable for ever."""
    return f"urn:problem-type:creditbank:{HTTPStatus(status).phrase.lower().replace(' ', '-')}"


def without_key() -> tuple[str, str, str]:
    """Title, cause and what to do where the bank's own keys are not as they were; which one stands in its log."""
    return (
        _("A key of the bank is missing"),
        _("Files and identity numbers are kept sealed, and the key for them is missing. Nothing was stored, and what "
          "is kept stays as it is."),
        _("Tell those who run the bank: the key has to come back from its backup. Then do this step again."),
    )  # fmt: skip


def words_of(status: int) -> tuple[str, str, str]:
    """Title, cause and what to do, in the reader's language.

    Raises:
        KeyError: the status is none of ``STATUSES``.
    """
    words = {
        400: (
            _("The request could not be read"),
            _("Something in the address or the form was not as expected. Nothing was changed."),
            _("Go back, check what you entered and send it again."),
        ),
        401: (
            _("Sign in first"),
            _("This is not public, and nobody is signed in here. Nothing was changed."),
            _("Sign in at /account/sign-in/ and ask again with the session."),
        ),
        403: (
            _("You may not do this here"),
            _("Your role does not include this, or the page was open too long. Nothing was changed."),
            _("Reload the page and try again, or ask your institution for the role you need."),
        ),
        404: (
            _("This page does not exist"),
            _("The address is wrong, the page has moved, or it is not yours to see."),
            _("Check the address, or start again from the first page."),
        ),
        405: (
            _("This address is not used like that"),
            _("It does not take this method. Nothing was changed."),
            _("Use one of the methods named in the Allow header."),
        ),
        413: (
            _("That is more than can be sent at once"),
            _(
                "What was entered is larger than 12 MB, so none of it was taken. Nothing was changed: a draft stays as "
                "it was last saved."
            ),
            _(
                "Go back and send it in parts. A rule table takes 2,000 rows or 1,000,000 characters at a time, or a "
                "workbook of at most 5 MB; what you copied still stands in your sheet."
            ),
        ),
        429: (
            _("Too many requests at once"),
            _("More requests came from you than we can serve at a time. What you had saved is kept."),
            _("Wait a minute, then try again."),
        ),
        500: (
            _("Something went wrong on our side"),
            _("The fault has been recorded. What you had saved is kept; this step was not carried out."),
            _("Try again. If it happens once more, tell us the reference number below."),
        ),
        503: (
            _("The bank is closed for a moment"),
            _("It is being maintained or is very busy. Your credits and applications are kept."),
            _("Try again in a few minutes."),
        ),
    }
    return words[status]
