"""The second step of signing in, and signing in with a passkey alone."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from creditbank.gateways.clock import now
from creditbank.gateways.identities import Identities
from creditbank.gateways.passkeys import Passkeys
from creditbank.queries.accounts import passkeys_of
from creditbank.records.accounts import Factor
from creditbank.records.people import Account
from creditbank.records.scope import acting_for
from creditbank.services.accounts.factors import count_passkey, prove_factor, use_passkey
from creditbank.services.accounts.limits import Throttled
from creditbank.web.account.arrival import SECOND, enter, own, throttled
from creditbank.web.account.forms import SecondForm
from creditbank.web.account.letters import tell_owner
from creditbank.web.doors import door

_SECONDS = 600
"""For how long a right password waits for its second step."""
_CHALLENGE_SECONDS = 300
_METHODS = ["GET", "HEAD", "POST"]


@door("account.sign_in")
@sensitive_post_parameters()
@never_cache
@require_http_methods(_METHODS)
def second(request: HttpRequest) -> HttpResponse:
    """After a right password: a code of the authenticator or a recovery code."""
    account = _waiting(request)
    if account is None:
        request.session.pop(SECOND, None)
        return redirect("account:sign_in")
    wanted = own(request, request.POST.get("next", request.GET.get("next", "")))
    form = SecondForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with acting_for(person=account.id, purpose="sign_in") as scope:
            kind = prove_factor(
                scope=scope,
                identities=Identities(settings.BANK),
                person=account.id,
                typed=form.cleaned_data["code"],
                at=now(),
                request_id=request.request_id,
            )
        if isinstance(kind, Throttled):
            return throttled(request, kind)
        if kind:
            if kind == Factor.Kind.RECOVERY:
                tell_owner(request, account.id, "accounts.recovery_used")
            return enter(request, account, wanted, factor=True)
        form.add_error("code", _("This code does not fit, or it was used before. Wait for the next one."))
    context = {"form": form, "next": wanted}
    return render(request, "account/second.html", context, status=422 if form.errors else 200)


@door("account.sign_in")
@sensitive_post_parameters()
@never_cache
@require_http_methods(_METHODS)
def passkey(request: HttpRequest) -> HttpResponse:
    """Sign in with a passkey: it is two factors in one, and works without name or password."""
    failed = False
    if request.method == "POST":
        found = _signed(request)
        if isinstance(found, Throttled):
            return throttled(request, found)
        if found is not None:
            return enter(request, found, own(request, request.POST.get("next", "")), factor=True)
        failed = True
    options, challenge = passkeys_here(request).options_to_sign()
    context = {
        "options": options,
        "state": sealed_challenge(challenge, "sign"),
        "next": own(request, request.GET.get("next", request.POST.get("next", ""))),
        "failed": failed,
    }
    return render(request, "account/passkey.html", context, status=422 if failed else 200)


def passkeys_here(request: HttpRequest) -> Passkeys:
    """The passkeys of the site under the name by which it was asked."""
    host = request.get_host()
    return Passkeys(host.rpartition(":")[0] or host, f"{request.scheme}://{host}", "Credit Bank")


def sealed_challenge(challenge: str, purpose: str) -> str:
    """A challenge as it travels with its form: nobody else can make one, and it is good for a few minutes."""
    return signing.dumps(challenge, salt=f"passkey.{purpose}")


def opened_challenge(state: str, purpose: str) -> str:
    """The challenge of a form, empty where it is not ours or too old."""
    try:
        return str(signing.loads(state, salt=f"passkey.{purpose}", max_age=_CHALLENGE_SECONDS))
    except signing.BadSignature:
        return ""


def _signed(request: HttpRequest) -> Account | Throttled | None:
    challenge = opened_challenge(request.POST.get("state", "")[:1000], "sign")
    answer, passkeys = request.POST.get("answer", ""), passkeys_here(request)
    person = passkeys.claimed(answer) if challenge else None
    if person is None:
        return None
    # The account may have become another one since the passkey was made.
    person = Account.objects.filter(id=person).values_list("became", flat=True).first() or person
    with acting_for(person=person, purpose="sign_in") as scope:
        network = request.META.get("REMOTE_ADDR", "")
        fresh = count_passkey(scope=scope, network=network, challenge=challenge, at=now())
        if isinstance(fresh, Throttled):
            return fresh
        known = passkeys_of(scope, person)
        asserted = passkeys.asserted(answer, challenge, known) if fresh else None
        if asserted is None or not use_passkey(
            scope=scope, person=person, asserted=asserted, at=now(), request_id=request.request_id
        ):
            return None
        return Account.objects.filter(id=person, is_active=True).first()  # type: ignore[no-any-return]


def _waiting(request: HttpRequest) -> Account | None:
    """Whose password was right in this browser a few minutes ago and is still the same."""
    waiting = request.session.get(SECOND)
    if waiting is None or now().timestamp() - waiting["at"] > _SECONDS:
        return None
    account = Account.objects.filter(id=UUID(waiting["account"]), is_active=True).first()
    same = account is not None and constant_time_compare(waiting["digest"], account.get_session_auth_hash())
    return account if same else None
