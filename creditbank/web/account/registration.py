"""Proving an address with a code: to register, to set a lost password anew, or to add it."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from creditbank.domain.accounts import Address
from creditbank.gateways.clock import now
from creditbank.gateways.identities import Identities
from creditbank.records.people import Account
from creditbank.records.scope import acting_for
from creditbank.services.accounts.codes import (
    Proven,
    add_contact,
    begin_code,
    prove_code,
    proven_by,
    register_account,
    reset_password,
    tries_left,
)
from creditbank.services.accounts.limits import Throttled
from creditbank.services.accounts.sessions import knows_password
from creditbank.web.account.arrival import arrive, throttled
from creditbank.web.account.forms import AddForm, AddressForm, CodeForm, NewPasswordForm, RegisterForm
from creditbank.web.account.letters import send_code, tell_owner
from creditbank.web.doors import door

_CODE = "code"
_METHODS = ["GET", "HEAD", "POST"]


@door("account.sign_in")
@never_cache
@require_http_methods(_METHODS)
def begin(request: HttpRequest) -> HttpResponse:
    """Ask for a code; what happens next is the same whether anybody is known at the address."""
    if not settings.REGISTRATION:
        raise Http404
    form = AddressForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        address: Address = form.cleaned_data["address"]
        person = request.visitor.actor.person
        with acting_for(person=person, purpose="account") as scope:
            sent = begin_code(
                scope=scope,
                identities=Identities(settings.BANK),
                address=address,
                network=request.META.get("REMOTE_ADDR", ""),
                account=person,
                at=now(),
                request_id=request.request_id,
            )
        if isinstance(sent, Throttled):
            return throttled(request, sent)
        if send_code(request, address, sent.code):
            request.session[_CODE] = {"id": str(sent.id), "to": address.masked}
            return redirect("account:code")
        form.add_error(None, _("The message could not be sent just now. Nothing was changed; try again in a minute."))
    return _page(request, "begin", {"form": form})


@door("account.sign_in")
@sensitive_post_parameters()
@never_cache
@require_http_methods(_METHODS)
def code(request: HttpRequest) -> HttpResponse:
    """Type in the code; only the browser that asked for it can."""
    waiting = request.session.get(_CODE)
    if waiting is None:
        return redirect("account:begin")
    code_id = UUID(waiting["id"])
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        network = request.META.get("REMOTE_ADDR", "")
        with acting_for(purpose="account") as scope:
            right = prove_code(
                scope=scope,
                code_id=code_id,
                typed=form.cleaned_data["code"],
                network=network,
                at=now(),
                request_id=request.request_id,
            )
        if isinstance(right, Throttled):
            return throttled(request, right)
        if right:
            request.session.cycle_key()
            return redirect("account:finish")
        form.add_error("code", _("This is not the code, or it is too old or was tried too often."))
    with acting_for(purpose="account") as scope:
        left = tries_left(scope, code_id, now())
    return _page(request, "code", {"form": form, "to": waiting["to"], "left": left})


@door("account.sign_in")
@sensitive_post_parameters()
@never_cache
@require_http_methods(_METHODS)
def finish(request: HttpRequest) -> HttpResponse:
    """After the code: register, set the password anew, or add the address."""
    waiting = request.session.get(_CODE)
    if waiting is None:
        return redirect("account:begin")
    code_id = UUID(waiting["id"])
    with acting_for(purpose="account") as scope:
        shown = proven_by(scope, Identities(settings.BANK), code_id, now())
    if shown is None or shown.asked_by != request.visitor.actor.person:
        return redirect("account:code")
    if shown.asked_by is not None:
        return _add(request, code_id, shown)
    if shown.account is not None:
        return _reset(request, code_id, shown)
    return _page(request, "taken", {"to": shown.address.masked}) if shown.taken else _register(request, code_id, shown)


def _register(request: HttpRequest, code_id: UUID, shown: Proven) -> HttpResponse:
    form = RegisterForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with acting_for(purpose="account") as scope:
            done = register_account(
                scope=scope,
                identities=Identities(settings.BANK),
                code_id=code_id,
                name=form.cleaned_data["name"],
                password=form.cleaned_data["new"],
                at=now(),
                request_id=request.request_id,
            )
        if isinstance(done, Account):
            messages.success(request, _("Your account is open. It is yours for life."))
            return _arrived(request, done)
        _refuse(form, done)
    return _page(request, "register", {"form": form, "to": shown.address.masked})


def _reset(request: HttpRequest, code_id: UUID, shown: Proven) -> HttpResponse:
    form = NewPasswordForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with acting_for(purpose="account") as scope:
            done = reset_password(
                scope=scope,
                identities=Identities(settings.BANK),
                code_id=code_id,
                password=form.cleaned_data["new"],
                at=now(),
                request_id=request.request_id,
            )
        if isinstance(done, Account):
            tell_owner(request, done.id, "accounts.password_set")
            messages.success(request, _("Your new password is set. All devices were signed out."))
            return _arrived(request, done)
        _refuse(form, done)
    return _page(request, "reset", {"form": form, "to": shown.address.masked})


def _add(request: HttpRequest, code_id: UUID, shown: Proven) -> HttpResponse:
    form = AddForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        person = request.visitor.actor.person
        with acting_for(person=person, purpose="account") as scope:
            current = form.cleaned_data["current"]
            known = knows_password(scope=scope, account=request.user, current=current, at=now())
            added = known and add_contact(
                scope=scope,
                identities=Identities(settings.BANK),
                code_id=code_id,
                person=person,
                at=now(),
                request_id=request.request_id,
            )
        if added:
            del request.session[_CODE]
            tell_owner(request, person, "accounts.contact_added", but=(shown.address,))
            messages.success(request, _("The address is yours now: you can sign in with it."))
            return redirect("account:security")
        if known:
            del request.session[_CODE]
            return _page(request, "taken", {"to": shown.address.masked})
        form.add_error("current", _("This is not your present password, or it was tried too often. Nothing changed."))
    return _page(request, "add", {"form": form, "to": shown.address.masked})


def _arrived(request: HttpRequest, account: Account) -> HttpResponseRedirect:
    request.session.pop(_CODE, None)
    return arrive(request, account, "")


def _refuse(form: AddForm | NewPasswordForm | RegisterForm, said: tuple[str, ...] | None) -> None:
    if said is None:
        form.add_error(None, _("The code is no longer good. Nothing was changed; ask for a new one."))
    else:
        form.add_error("new", list(said))


def _page(request: HttpRequest, name: str, context: dict[str, object]) -> HttpResponse:
    form = context.get("form")
    return render(request, f"account/{name}.html", context, status=422 if form is not None and form.errors else 200)
