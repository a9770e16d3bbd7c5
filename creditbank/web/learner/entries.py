"""All entries of the passbook, one in full, and the file that proves it."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from creditbank.gateways.problem import Problem
from creditbank.queries.passbook import count_lines, entry_of, figures_of, lines_of
from creditbank.queries.proofs import proof_of_posting
from creditbank.queries.results import explain_lot
from creditbank.web.design.tables import read_state
from creditbank.web.doors import door
from creditbank.web.learner.frame import found, own_scope, show
from creditbank.web.learner.passbook import line_shown
from creditbank.web.learner.words import ACCOUNTS, kind_said, reason_said


@door("passbook.read")
@require_safe
def entries(request: HttpRequest) -> HttpResponse:
    """Every line, page by page."""
    person = request.visitor.actor.person
    with own_scope(request) as scope:
        total = count_lines(scope, person)
        state = read_state(request.GET, columns=()).on_page_of(total)
        lines = lines_of(scope, person, limit=state.size, offset=state.offset)
        context = {
            "lines": [line_shown(line, whole_date=True) for line in lines],
            "state": state,
            "total": total,
            "figures": figures_of(scope, person),
        }
        return show(request, scope, "entries", context)


@door("passbook.read")
@require_safe
def entry(request: HttpRequest, posting_id: UUID) -> HttpResponse:
    """One line in full: both sides, both dates, the rule, the request, its place in the log."""
    with own_scope(request) as scope:
        one = found(entry_of(scope, request.visitor.actor.person, posting_id))
        context = {
            "entry": one,
            "kind": kind_said(one.line.kind, one.line.amount),
            "reason": reason_said(one.reason),
            "together": [line_shown(line, whole_date=True) for line in one.together],
            "repeats": explain_lot(scope, request.visitor.actor.person, one.lot_id),
            "legs": [(ACCOUNTS[leg.state], leg) for leg in one.legs],
        }
        return show(request, scope, "entry", context)


@door("passbook.read")
@require_safe
def proof(request: HttpRequest, posting_id: UUID) -> HttpResponse:
    """The proof file of one line; nothing while its leaf waits for the log."""
    with own_scope(request) as scope:
        try:
            file = proof_of_posting(scope, settings.BANK, request.visitor.actor.person, posting_id)
        except Problem as problem:
            raise Http404 from problem
    body = found(file).to_json()
    name = f"proof-{posting_id}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store, private"}
    return HttpResponse(body, content_type="application/json; charset=utf-8", headers=headers)
