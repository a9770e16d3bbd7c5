"""What follows a right password: perhaps a second step, the session, and the page asked for."""

from __future__ import annotations

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from creditbank.gateways.clock import now
from creditbank.queries.accounts import needs_factor
from creditbank.queries.visitors import Visitor, visitor_of
from creditbank.records.people import Account
from creditbank.records.scope import acting_for
from creditbank.services.accounts.limits import Throttled
from creditbank.web.doors import FACTOR_SESSION_KEY

BACKEND = "django.contrib.auth.backends.ModelBackend"
SECOND = "second"
"""Where a session keeps whose password was right and when, until the second step."""


def arrive(request: HttpRequest, account: Account, wanted: str) -> HttpResponseRedirect:
    """Sign somebody in whose password was right, or ask for the second step first."""
    with acting_for(person=account.id, purpose="sign_in") as scope:
        second = needs_factor(scope, account.id)
    if not second:
        return enter(request, account, wanted)
    # Nothing of a session that somebody may have fixed beforehand goes on; nobody is signed in yet.
    request.session.flush()
    request.session[SECOND] = {"account": str(account.id), "digest": account.get_session_auth_hash(), "at": _moment()}
    address = redirect("account:second").url
    return HttpResponseRedirect(f"{address}?{urlencode({'next': wanted})}" if wanted else address)


def enter(request: HttpRequest, account: Account, wanted: str, *, factor: bool = False) -> HttpResponseRedirect:
    """Begin the session of somebody who has shown all that the account asks for."""
    request.session.pop(SECOND, None)
    login(request, account, backend=BACKEND)
    if factor:
        request.session[FACTOR_SESSION_KEY] = True
    visitor = visitor_of(account.id, chosen=None, on=now().date(), name=account.name)
    return HttpResponseRedirect(onward(request, wanted, visitor))


def throttled(request: HttpRequest, found: Throttled) -> HttpResponse:
    """The page that says when the next attempt is read."""
    seconds = max(1, int((found.until - now()).total_seconds()))
    context = {"until": found.until, "minutes": -(-seconds // 60)}
    response = render(request, "account/throttled.html", context, status=429)
    response.headers["Retry-After"] = str(seconds)
    return response


def own(request: HttpRequest, address: str) -> str:
    """The address when it leads to this very site, else nothing."""
    here = {request.get_host()}
    safe = url_has_allowed_host_and_scheme(address, allowed_hosts=here, require_https=request.is_secure())
    return address if safe and address.startswith("/") else ""


def onward(request: HttpRequest, wanted: str, visitor: Visitor) -> str:
    """Where somebody goes who has signed in: what they wanted, their desk, their passbook, or their own page."""
    first = "/office/" if visitor.desk else "/learner/" if visitor.is_learner else "/account/"
    return own(request, wanted) or first


def _moment() -> float:
    return now().timestamp()
