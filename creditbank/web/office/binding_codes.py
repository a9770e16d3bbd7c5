"""Codes with which the learners of a cohort bind their student numbers: how many, and a new sheet."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from creditbank.exchange.spreadsheets import Form, SheetContent
from creditbank.gateways import clock
from creditbank.queries.accounts import cohorts_of
from creditbank.services.accounts.bindings import issue_codes
from creditbank.web.doors import door
from creditbank.web.office.desk import actor_of, at_desk, request_id, show
from creditbank.web.office.downloads import sheet_response


@door("binding.issue")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def issue(request: HttpRequest) -> HttpResponseBase:
    """How far each cohort has come; sending makes new codes and gives them as a sheet."""
    with at_desk(request, "binding.issue") as scope:
        actor, now = actor_of(request), clock.now()
        lines = cohorts_of(scope, actor, at=now)
        if request.method == "POST":
            wanted = request.POST.get("cohort")
            line = next((one for one in lines if str(one.cohort or "") == wanted), None)
            if line is None:
                raise Http404
            issued = issue_codes(scope=scope, actor=actor, cohort=line.cohort, at=now, request_id=request_id(request))
            if issued:
                head = (_t("Student number"), _t("Name"), _t("Binding code"), _t("Good until"))
                rows = [
                    (one.student_number, one.name, one.code, f"{timezone.localtime(one.expires_at):%Y-%m-%d}")
                    for one in issued
                ]
                name = f"{_t('Codes for learners')}-{wanted or now.year}.xlsx"
                return sheet_response(name, Form.XLSX, SheetContent(_t("Codes for learners"), head, rows))
        return show(request, scope, "office/binding_codes.html", {"lines": lines, "empty": request.method == "POST"})
