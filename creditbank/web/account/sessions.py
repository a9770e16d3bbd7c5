"""Signing in and out, and the choice of a desk."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from creditbank.domain.access import NOBODY
from creditbank.gateways.clock import now
from creditbank.queries.visitors import visitor_of
from creditbank.records.scope import acting_for
from creditbank.services.accounts import Throttled, sign_in_account, sign_out_account
from creditbank.web.account.forms import SignInForm
from creditbank.web.doors import STAFF_SESSION_KEY, door

_BACKEND = "django.contrib.auth.backends.ModelBackend"


@door("account.sign_in")
@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page; one message for every way of being wrong."""
    wanted = request.POST.get("next", request.GET.get("next", ""))
    if request.method != "POST" and request.visitor.actor is not NOBODY:
        return HttpResponseRedirect(_onward(request, wanted, request.visitor))
    form = SignInForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        found = _try(request, form) if form.is_valid() else None
        if isinstance(found, Throttled):
            return _throttled(request, found)
        if found is not None:
            login(request, found, backend=_BACKEND)
            visitor = visitor_of(found.id, chosen=None, on=now().date(), name=found.name)
            return HttpResponseRedirect(_onward(request, wanted, visitor))
        if not form.errors:
            form.add_error(None, _("Account and password do not fit together. Check both and try again."))
        status = 422
    return render(request, "account/sign_in.html", {"form": form, "next": _own(request, wanted)}, status=status)


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
    return HttpResponseRedirect(_own(request, request.POST.get("next", "")) or "/office/")


def _try(request: HttpRequest, form: SignInForm):  # noqa: ANN202 - the service's own answer
    with acting_for(purpose="sign_in") as scope:
        return sign_in_account(
            scope=scope,
            sign_in=form.cleaned_data["sign_in"],
            password=form.cleaned_data["password"],
            address=request.META.get("REMOTE_ADDR", ""),
            at=now(),
            request_id=request.request_id,
        )


def _throttled(request: HttpRequest, found: Throttled) -> HttpResponse:
    seconds = max(1, int((found.until - now()).total_seconds()))
    context = {"until": found.until, "minutes": -(-seconds // 60)}
    response = render(request, "account/throttled.html", context, status=429)
    response.headers["Retry-After"] = str(seconds)
    return response


def _own(request: HttpRequest, address: str) -> str:
    """The address when it leads to this very site, else nothing."""
    here = {request.get_host()}
    safe = url_has_allowed_host_and_scheme(address, allowed_hosts=here, require_https=request.is_secure())
    return address if safe and address.startswith("/") else ""


def _onward(request: HttpRequest, wanted: str, visitor) -> str:  # noqa: ANN001 - a Visitor
    return _own(request, wanted) or ("/office/" if visitor.desk else "/learner/")
