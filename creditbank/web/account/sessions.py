"""Signing in and out, and the choice of a desk."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from creditbank.domain.access import NOBODY
from creditbank.gateways.clock import now
from creditbank.gateways.identities import Identities
from creditbank.records.scope import acting_for
from creditbank.services.accounts.limits import Throttled
from creditbank.services.accounts.sessions import sign_in_account, sign_out_account
from creditbank.web.account.arrival import arrive, onward, own, throttled
from creditbank.web.account.forms import SignInForm
from creditbank.web.doors import STAFF_SESSION_KEY, door


@door("account.sign_in")
@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page; one message for every way of being wrong."""
    wanted = request.POST.get("next", request.GET.get("next", ""))
    if request.method != "POST" and request.visitor.actor is not NOBODY:
        return HttpResponseRedirect(onward(request, wanted, request.visitor))
    form = SignInForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        found = _try(request, form) if form.is_valid() else None
        if isinstance(found, Throttled):
            return throttled(request, found)
        if found is not None:
            return arrive(request, found, wanted)
        if not form.errors:
            form.add_error(None, _("Account and password do not fit together. Check both and try again."))
        status = 422
    return render(
        request,
        "account/sign_in.html",
        {
            "form": form,
            "next": own(request, wanted),
            "registration": settings.REGISTRATION,
            "providers": settings.PROVIDERS,
        },
        status=status,
    )


@door("account.own")
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    with acting_for(person=request.visitor.actor.person, purpose="account") as scope:
        sign_out_account(scope=scope, actor=request.visitor.actor, at=now(), request_id=request.request_id)
    logout(request)
    messages.success(request, _("You have signed out."))
    return redirect("account:sign_in")


@door("account.own")
@require_POST
def choose_desk(request: HttpRequest) -> HttpResponse:
    """Sit down at another desk of one's own."""
    chosen = request.POST.get("desk", "")
    if chosen not in {desk.key for desk in request.visitor.desks}:
        raise Http404
    request.session[STAFF_SESSION_KEY] = chosen
    return HttpResponseRedirect(own(request, request.POST.get("next", "")) or "/office/")


def _try(request: HttpRequest, form: SignInForm):  # noqa: ANN202 - the service's own answer
    with acting_for(purpose="sign_in") as scope:
        return sign_in_account(
            scope=scope,
            sign_in=form.cleaned_data["sign_in"],
            password=form.cleaned_data["password"],
            address=request.META.get("REMOTE_ADDR", ""),
            at=now(),
            request_id=request.request_id,
            identities=Identities(settings.BANK),
        )
