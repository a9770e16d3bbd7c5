"""My sign-in: addresses, second steps and recovery codes; every change asks for the password."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from creditbank.domain.accounts import Provider
from creditbank.gateways.clock import now
from creditbank.gateways.identities import Identities
from creditbank.gateways.keys import new_secret
from creditbank.gateways.passkeys import base32_of
from creditbank.queries.accounts import connected, contacts_of, count_recovery, factors_of, passkeys_of
from creditbank.records.scope import Scope, acting_for
from creditbank.services.accounts.external import disconnect
from creditbank.services.accounts.factors import (
    add_authenticator,
    add_passkey,
    count_passkey,
    make_recovery,
    remove_factor,
)
from creditbank.services.accounts.sessions import end_sessions, knows_password
from creditbank.web.account.external import leave, unreachable
from creditbank.web.account.forms import AddForm, AuthenticatorForm, PasskeyForm
from creditbank.web.account.frame import frame_of
from creditbank.web.account.letters import tell_owner
from creditbank.web.account.second import opened_challenge, passkeys_here, sealed_challenge
from creditbank.web.doors import FACTOR_SESSION_KEY, door

_METHODS = ["GET", "HEAD", "POST"]
_SECRET_SECONDS = 1800
_SALT = "authenticator"


@door("account.own")
@sensitive_post_parameters()
@never_cache
@require_http_methods(_METHODS)
def security(request: HttpRequest) -> HttpResponse:
    """What I sign in with; removing a step and making recovery codes need the password."""
    person, form, codes = request.visitor.actor.person, AddForm(), ()
    if request.method == "POST":
        form = AddForm(request.POST)
        if form.is_valid():
            with acting_for(person=person, purpose="account") as scope:
                if _knows(request, scope, form):
                    codes = _changed(request, scope, person, form)
            if codes:
                form = AddForm()
            elif not form.errors and (wanted := _wanted(request)) is not None:
                address = leave(request, wanted)
                context = {"address": address, "provider": wanted} | frame_of(request)
                return render(request, "account/leave.html", context) if address else unreachable(request)
            elif not form.errors:
                tell_owner(request, person, "accounts.factor_removed")
                messages.success(request, _("The sign-in of your account is changed."))
                return redirect("account:security")
    with acting_for(person=person, purpose="account") as scope:
        have = connected(scope, person)
        context = {
            "contacts": [address.masked for address in contacts_of(scope, Identities(settings.BANK), person)],
            "factors": factors_of(scope, person),
            "recovery": count_recovery(scope, person),
            "codes": codes,
            "providers": [(one, one.code in have) for one in settings.PROVIDERS],
            "form": form,
            "required": bool(request.visitor.actor.roles & settings.FACTOR_ROLES)
            and not request.session.get(FACTOR_SESSION_KEY),
        }
    return _page(request, "security", context, form)


@door("account.own")
@sensitive_post_parameters()
@never_cache
@require_http_methods(_METHODS)
def authenticator(request: HttpRequest) -> HttpResponse:
    """Add a program that shows a new code every thirty seconds."""
    person = request.visitor.actor.person
    form = AuthenticatorForm(request.POST if request.method == "POST" else None)
    secret = _secret(request.POST.get("secret", ""), person) if request.method == "POST" else None
    if request.method == "POST" and secret is None:
        messages.warning(request, _("The page lay open too long. Nothing was changed; here is a new key."))
        return redirect("account:authenticator")
    if request.method == "POST" and form.is_valid():
        with acting_for(person=person, purpose="account") as scope:
            added = _knows(request, scope, form) and add_authenticator(
                scope=scope,
                identities=Identities(settings.BANK),
                person=person,
                secret=secret,
                typed=form.cleaned_data["code"],
                at=now(),
                request_id=request.request_id,
            )
            codes = _added(request, scope, person) if added else ()
        if added:
            return _told(request, codes)
        if not form.errors:
            form.add_error("code", _("This code does not fit. Look whether the clocks agree, and type the next one."))
    secret = secret or new_secret(20)
    label = quote(f"Credit Bank:{request.visitor.name}")
    address = f"otpauth://totp/{label}?{urlencode({'secret': base32_of(secret), 'issuer': 'Credit Bank'})}"
    drawn = segno.make(address, error="m").svg_inline(scale=5, border=2, dark="#000", light="#fff")
    context = {
        "form": form,
        "key": " ".join(base32_of(secret)[start : start + 4] for start in range(0, 32, 4)),
        "secret": _sealed(secret, person),
        "drawn": mark_safe(drawn),  # noqa: S308 - drawn from letters of base32, by us
    }
    return _page(request, "authenticator", context, form)


@door("account.own")
@sensitive_post_parameters()
@never_cache
@require_http_methods(_METHODS)
def make_passkey(request: HttpRequest) -> HttpResponse:
    """Add a passkey of this device or of a key that is plugged in."""
    person, passkeys = request.visitor.actor.person, passkeys_here(request)
    form = PasskeyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        challenge = opened_challenge(form.cleaned_data["state"], f"make.{person}")
        made = passkeys.made(form.cleaned_data["answer"], challenge) if challenge else None
        with acting_for(person=person, purpose="account") as scope:
            network = request.META.get("REMOTE_ADDR", "")
            fresh = made is not None and count_passkey(scope=scope, network=network, challenge=challenge, at=now())
            added = (
                _knows(request, scope, form)
                and made is not None
                and fresh is True
                and add_passkey(
                    scope=scope,
                    person=person,
                    made=made,
                    name=form.cleaned_data["name"],
                    at=now(),
                    request_id=request.request_id,
                )
            )
            codes = _added(request, scope, person) if added else ()
        if added:
            return _told(request, codes)
        if not form.errors:
            form.add_error(None, _("The device gave no new passkey. Nothing was changed; try again."))
    with acting_for(person=person, purpose="account") as scope:
        options, challenge = passkeys.options_to_make(person, request.visitor.name, passkeys_of(scope, person))
    context = {"form": form, "options": options, "state": sealed_challenge(challenge, f"make.{person}")}
    return _page(request, "make_passkey", context, form)


def _changed(request: HttpRequest, scope: Scope, person: UUID, form: AddForm) -> tuple[str, ...]:
    """Do what the form asks: new recovery codes, which are shown, or a step removed."""
    if request.POST.get("connect"):
        return ()
    if request.POST.get("disconnect"):
        code = request.POST["disconnect"][:32]
        if not disconnect(scope=scope, account=request.user, provider=code, at=now(), request_id=request.request_id):
            form.add_error(None, _("This sign-in is not connected any more. Nothing changed."))
        return ()
    if request.POST.get("act") == "recovery":
        return make_recovery(scope=scope, person=person, at=now(), request_id=request.request_id)
    named = request.POST.get("factor", "")
    factor = next((line.id for line in factors_of(scope, person) if str(line.id) == named), None)
    if factor is None:
        form.add_error(None, _("This second step is not there any more. Nothing changed."))
        return ()
    remove_factor(scope=scope, person=person, factor=factor, at=now(), request_id=request.request_id)
    end_sessions(scope=scope, account=request.user)
    update_session_auth_hash(request, request.user)
    if not factors_of(scope, person):
        request.session.pop(FACTOR_SESSION_KEY, None)
    return ()


def _wanted(request: HttpRequest) -> Provider | None:
    """The provider that is to be connected."""
    named = request.POST.get("connect", "")
    return next((one for one in settings.PROVIDERS if one.code == named), None)


def _added(request: HttpRequest, scope: Scope, person: UUID) -> tuple[str, ...]:
    """End the other sessions, count this one as having shown the factor, and make the first recovery codes."""
    end_sessions(scope=scope, account=request.user)
    update_session_auth_hash(request, request.user)
    request.session[FACTOR_SESSION_KEY] = True
    if count_recovery(scope, person):
        return ()
    return make_recovery(scope=scope, person=person, at=now(), request_id=request.request_id)


def _told(request: HttpRequest, codes: tuple[str, ...]) -> HttpResponse:
    tell_owner(request, request.visitor.actor.person, "accounts.factor_added")
    if not codes:
        messages.success(request, _("The second step is added. Other devices have to sign in again."))
        return redirect("account:security")
    return render(request, "account/recovery.html", {"codes": codes} | frame_of(request))


def _knows(request: HttpRequest, scope: Scope, form: AddForm) -> bool:
    current = form.cleaned_data["current"]
    if knows_password(scope=scope, account=request.user, current=current, at=now()):
        return True
    form.add_error("current", _("This is not your present password, or it was tried too often. Nothing changed."))
    return False


def _sealed(secret: bytes, person: UUID) -> str:
    """The key as it travels with its form; it is on that page anyhow."""
    return signing.dumps(base64.b64encode(secret).decode(), salt=f"{_SALT}.{person}")


def _secret(text: str, person: UUID) -> bytes | None:
    try:
        return base64.b64decode(signing.loads(text[:500], salt=f"{_SALT}.{person}", max_age=_SECRET_SECONDS))
    except signing.BadSignature:
        return None


def _page(request: HttpRequest, name: str, context: dict[str, Any], form: AddForm) -> HttpResponse:
    status = 422 if form.errors else 200
    return render(request, f"account/{name}.html", context | frame_of(request), status=status)
