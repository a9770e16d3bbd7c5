"""Signing in through a school or another provider, and connecting such a sign-in to one's account."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from creditbank.domain.accounts import Provider, Vouched
from creditbank.gateways import keys
from creditbank.gateways.clock import now
from creditbank.gateways.identities import Identities
from creditbank.gateways.outbound import OutboundProblem
from creditbank.gateways.sign_in_providers import begin_address, vouched_by_cas, vouched_by_oidc
from creditbank.queries.institutions import institution_named
from creditbank.records.scope import acting_for
from creditbank.services.accounts.external import account_vouched_for, bind_vouched, connect
from creditbank.web.account.arrival import BACKEND, arrive, own
from creditbank.web.account.letters import tell_owner
from creditbank.web.doors import FACTOR_SESSION_KEY, door

_WITH = "with"
_SECONDS = 600


@door("account.sign_in")
@never_cache
@require_safe
def sign_in_with(request: HttpRequest, provider: str) -> HttpResponse:
    """Go to the provider; coming back, sign in, or connect when somebody has signed in already."""
    chosen = next((one for one in settings.PROVIDERS if one.code == provider), None)
    if chosen is None:
        raise Http404
    if not {"code", "ticket", "error"} & request.GET.keys():
        if request.visitor.actor.person is not None:
            # Connecting begins with the password: nobody is led into it by a link.
            return redirect("account:security")
        address = leave(request, chosen, own(request, request.GET.get("next", "")))
        return HttpResponseRedirect(address) if address else unreachable(request)
    waiting = request.session.pop(_WITH, None)
    vouched = _vouched(request, chosen, waiting) if waiting else None
    if vouched is None:
        return _refuse(
            request, _("Nobody was signed in"), _("The answer of your school did not fit this visit. Try again.")
        )
    if waiting["person"] != str(request.visitor.actor.person):
        raise Http404
    if request.visitor.actor.person is not None:
        return _connect(request, chosen, vouched)
    return _enter(request, chosen, vouched, waiting["next"])


def leave(request: HttpRequest, provider: Provider, wanted: str = "") -> str:
    """Where the browser goes to sign in at a provider; empty when the provider does not say."""
    made = {name: keys.new_secret().hex() for name in ("state", "nonce", "verifier")}
    try:
        address = begin_address(provider, back=_back(request, provider), **made)
    except OutboundProblem:
        return ""
    request.session[_WITH] = made | {
        "provider": provider.code,
        "next": wanted,
        "person": str(request.visitor.actor.person),
        "at": now().timestamp(),
    }
    return address


def _vouched(request: HttpRequest, provider: Provider, waiting: dict[str, Any]) -> Vouched | None:
    """Who signed in, when the answer belongs to the question that this browser was sent with."""
    fits = constant_time_compare(request.GET.get("state", ""), waiting["state"])
    young = now().timestamp() - waiting["at"] < _SECONDS
    if not (fits and young and waiting["provider"] == provider.code) or "error" in request.GET:
        return None
    back = _back(request, provider)
    try:
        if provider.kind == "cas":
            ticket = request.GET.get("ticket", "")[:500]
            return vouched_by_cas(provider, ticket=ticket, back=back, state=waiting["state"])
        return vouched_by_oidc(
            provider,
            code=request.GET.get("code", "")[:2000],
            secret=(keys.read(settings.BANK, "sign-in") or {}).get(provider.code, ""),
            back=back,
            nonce=waiting["nonce"],
            verifier=waiting["verifier"],
        )
    except OutboundProblem:
        return None


def _enter(request: HttpRequest, provider: Provider, vouched: Vouched, wanted: str) -> HttpResponse:
    school = institution_named(provider.school) if provider.school else None
    with acting_for(institution=school.id if school else None, purpose="sign_in") as scope:
        account = account_vouched_for(
            scope=scope,
            identities=Identities(settings.BANK),
            provider=provider,
            vouched=vouched,
            at=now(),
            request_id=request.request_id,
        )
    if account is not None:
        return arrive(request, account, wanted)
    return _refuse(
        request,
        _("No account is connected to this sign-in yet"),
        _("Sign in here with your own account, or register one; then connect this sign-in under “Signing in”."),
    )


def _connect(request: HttpRequest, provider: Provider, vouched: Vouched) -> HttpResponse:
    school = institution_named(provider.school) if provider.school else None
    with acting_for(person=request.user.id, institution=school.id if school else None, purpose="binding") as scope:
        done = connect(
            scope=scope,
            identities=Identities(settings.BANK),
            provider=provider,
            vouched=vouched,
            account=request.user,
            at=now(),
            request_id=request.request_id,
        )
        account = request.user
        if done:
            account = bind_vouched(scope=scope, provider=provider, vouched=vouched, account=account, at=now())
    if not done:
        return _refuse(
            request,
            _("This sign-in could not be connected"),
            _("It belongs to another account, or your account has another sign-in there. Nothing was changed."),
        )
    if account.id != request.user.id:
        factor = request.session.get(FACTOR_SESSION_KEY)
        login(request, account, backend=BACKEND)
        if factor:
            request.session[FACTOR_SESSION_KEY] = True
    tell_owner(request, account.id, "accounts.connected")
    messages.success(request, _("You can sign in through your school now."))
    return redirect("account:security")


def _back(request: HttpRequest, provider: Provider) -> str:
    return str(request.build_absolute_uri(reverse("account:with", args=[provider.code])))


def unreachable(request: HttpRequest) -> HttpResponse:
    """The page that says a provider gave no answer."""
    why = _("It gives no answer that can be used. Nothing was changed; try again later, or sign in another way.")
    return _refuse(request, _("The sign-in of your school cannot be reached"), why, status=503)


def _refuse(request: HttpRequest, title: str, why: str, *, status: int = 422) -> HttpResponse:
    return render(request, "account/unknown.html", {"title": title, "why": why}, status=status)
