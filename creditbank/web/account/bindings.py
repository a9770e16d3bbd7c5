"""Binding the number of a school to one's account."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from creditbank.domain.accounts import Binding
from creditbank.gateways.clock import now
from creditbank.queries.accounts import schools
from creditbank.queries.institutions import institution_named
from creditbank.records.scope import acting_for
from creditbank.services.accounts.bindings import Bound, bind_school
from creditbank.services.accounts.limits import Throttled
from creditbank.web.account.arrival import BACKEND, throttled
from creditbank.web.account.forms import BindForm
from creditbank.web.account.frame import frame_of
from creditbank.web.doors import FACTOR_SESSION_KEY, door

_REFUSED = {
    Binding.TAKEN: _(
        "Another account signs in for this number. If it is yours, sign in there; if it is not, tell the academic"
        " office."
    ),
    Binding.MERGE: _(
        "Both this account and the number have credit or requests of their own. Joining them is decided by people:"
        " show the academic office this page. Your code stays good."
    ),
}


@door("account.own")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def bind(request: HttpRequest) -> HttpResponse:
    """Number, name and code of a school; what fits makes it one of mine."""
    with acting_for(purpose="account") as scope:
        known = schools(scope)
    choices = [(code, name.said_in(get_language() or "zh-hans")) for code, name in known]
    form = BindForm(request.POST if request.method == "POST" else None, schools=choices)
    refused = None
    if request.method == "POST" and form.is_valid():
        found = _bind(request, form)
        if isinstance(found, Throttled):
            return throttled(request, found)
        if found is None:
            form.add_error(None, _t("Number, name and code do not fit together. Nothing was changed."))
        elif found.account is None and found.outcome in _REFUSED:
            refused = _REFUSED[found.outcome]
        else:
            return _bound(request, found)
    context = {"form": form, "refused": refused, "refused_title": _t("Nothing was changed")} | frame_of(request)
    return render(request, "account/bind.html", context, status=422 if form.errors or refused else 200)


def _bind(request: HttpRequest, form: BindForm) -> Bound | Throttled | None:
    values = form.cleaned_data
    place = institution_named(values["school"])
    with acting_for(person=request.user.id, institution=place.id, purpose="binding") as scope:
        return bind_school(
            scope=scope,
            account=request.user,
            student_number=values["student_number"],
            name=values["name"],
            code=values["code"],
            at=now(),
            request_id=request.request_id,
        )


def _bound(request: HttpRequest, found: Bound) -> HttpResponse:
    if found.account is not None and found.account.id != request.user.id:
        factor = request.session.get(FACTOR_SESSION_KEY)
        login(request, found.account, backend=BACKEND)
        if factor:
            request.session[FACTOR_SESSION_KEY] = True
    messages.success(request, _t("The school is bound to your account."))
    return redirect("account:mine")
