"""My own page: name, institutions, appearance, who opened my record, password."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from creditbank.gateways.clock import now
from creditbank.queries.notices import accesses_of, count_unread
from creditbank.queries.passbook import enrolments_of
from creditbank.records.scope import acting_for
from creditbank.services.accounts.sessions import change_password
from creditbank.web.account.forms import PasswordForm
from creditbank.web.account.frame import frame_of
from creditbank.web.account.letters import tell_owner
from creditbank.web.account.words import purpose_said
from creditbank.web.doors import door


@door("account.own")
@never_cache
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """Who I am here, how the site looks, and who opened my record."""
    person = request.visitor.actor.person
    with acting_for(person=person, purpose="account") as scope:
        accesses = [(note, purpose_said(note.purpose)) for note in accesses_of(scope, person)]
        context = {
            "enrolments": enrolments_of(scope, person),
            "accesses": accesses,
            "unread": count_unread(scope, person),
        }
    return render(request, "account/mine.html", context | frame_of(request))


@door("account.own")
@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change the password; all other sessions end with the old one."""
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with acting_for(person=request.visitor.actor.person, purpose="account") as scope:
            answer = change_password(
                scope=scope, actor=request.visitor.actor, at=now(), request_id=request.request_id, **form.cleaned_data
            )
        if answer is None:
            form.add_error(
                "current", _("This is not your present password, or it was tried too often. Nothing changed.")
            )
        elif isinstance(answer, tuple):
            form.add_error("new", list(answer))
        else:
            update_session_auth_hash(request, answer)
            tell_owner(request, answer.id, "accounts.password_set")
            messages.success(request, _("Your password is changed. Other devices have to sign in again."))
            return redirect("account:mine")
    return render(
        request, "account/password.html", {"form": form} | frame_of(request), status=422 if form.errors else 200
    )
