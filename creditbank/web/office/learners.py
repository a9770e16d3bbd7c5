"""Learners of the institution: the list, and one record, which the learner sees was opened."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from creditbank.domain.access import Thing, may
from creditbank.gateways import clock
from creditbank.queries.learners import LotLine, PostingLine, Record, list_learners, read_record
from creditbank.queries.queue import cases_of_learner
from creditbank.services.access import open_record
from creditbank.web.design.tables import Column, Filter, State, read_state
from creditbank.web.doors import door
from creditbank.web.office.desk import actor_of, at_desk, minute_of, show
from creditbank.web.office.recognition import row_of
from creditbank.web.office.words import POSTINGS, RESULTS

COLUMNS = (
    Column("name", _("Learner"), sortable=True, second="number", link="url"),
    Column("available", _("Available credit"), kind="credit"),
    Column("college", _("College")),
    Column("cohort", _("Cohort"), kind="number", sortable=True),
)
FILTERS = (Filter("q", _("Student number or name")),)
_CASES = (
    Column("outcome", _("Outcome"), link="url", second="kind"),
    Column("credit", _("Credit"), kind="credit"),
    Column("status", _("State"), kind="tag"),
    Column("submitted", _("Submitted on"), kind="date"),
)
_LOTS = (
    Column("title", _("Outcome"), second="where"),
    Column("amount", _("Credit"), kind="credit"),
    Column("earned_on", _("Earned on"), kind="date"),
    Column("expires_on", _("Counts until"), kind="date"),
)
_RESULTS = (
    Column("course", _("Course"), second="presentation"),
    Column("credit", _("Credit"), kind="credit"),
    Column("outcome", _("Result")),
    Column("mark", _("Score"), kind="number"),
    Column("earned_on", _("Earned on"), kind="date"),
)


@door("learner.read")
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Who is enrolled here; a search by number or name."""
    with at_desk(request, "learner.read") as scope:
        state = read_state(request.GET, columns=COLUMNS, filters=FILTERS, sort="name")
        page = list_learners(
            scope,
            actor_of(request),
            search=state.filters.get("q", ""),
            sort=state.sort,
            descending=state.descending,
            offset=state.offset,
            limit=state.size,
        )
        language = get_language() or "zh-hans"
        rows = [
            {
                "id": line.learner_id.hex,
                "name": line.name.said_in(language) or line.student_number,
                "number": line.student_number,
                "college": line.college.said_in(language),
                "cohort": line.cohort,
                "available": line.available,
                "url": reverse("office:learner", args=[line.learner_id]),
            }
            for line in page.learners
        ]
        context = {
            "columns": COLUMNS,
            "rows": rows,
            "filters": FILTERS,
            "state": state.on_page_of(page.total),
            "total": page.total,
        }
        return show(request, scope, "office/learners.html", context)


@door("learner.read")
@require_GET
def record(request: HttpRequest, learner_id: UUID) -> HttpResponse:
    """One learner's record at this institution; opening it leaves a line the learner can read."""
    with at_desk(request, "learner.read") as scope:
        actor = actor_of(request)
        enrolment = open_record(
            scope=scope, actor=actor, permission="learner.read", learner_id=learner_id, at=clock.now()
        )
        found = read_record(scope, learner_id)
        cases = cases_of_learner(scope, actor, learner_id)
        may_reverse = may(actor, "recognition.reverse", Thing(learner_id, scope.institution, enrolment.college_id))
        context = {
            "enrolment": enrolment,
            "available": found.totals.get("available", 0),
            "figures": _figures(found),
            "case_columns": _CASES,
            "cases": [row_of(case, State(), standing=False) for case in cases],
            "lot_columns": _LOTS,
            "lots": [_lot(lot) for lot in found.lots],
            "postings": [_posting(posting, learner_id, may_reverse=may_reverse) for posting in found.postings],
            "result_columns": _RESULTS,
            "results": [
                {
                    "course": result.course,
                    "presentation": result.presentation,
                    "credit": result.credit or None,
                    "outcome": RESULTS.get(result.outcome.lower(), result.outcome),
                    "mark": result.mark,
                    "earned_on": result.earned_on,
                }
                for result in found.results
            ],
        }
        return show(request, scope, "office/learner.html", context)


def _figures(found: Record) -> list[tuple[str, int]]:
    """The parts of the balance that hold anything besides what is available."""
    words = {
        "pending": _t("Pending"),
        "held": _t("Held"),
        "suspended": _t("Suspended"),
        "converted": _t("Converted"),
        "redeemed": _t("Redeemed"),
        "transferred_out": _t("Transferred out"),
        "expired": _t("Expired"),
        "revoked": _t("Revoked"),
    }
    return [(word, found.totals[state]) for state, word in words.items() if found.totals.get(state)]


def _lot(lot: LotLine) -> dict[str, Any]:
    where = "" if lot.states else _t("Reversed")
    return {
        "id": lot.lot_id,
        "title": lot.title.said_in(get_language() or "zh-hans"),
        "where": where,
        "amount": lot.amount,
        "earned_on": lot.earned_on,
        "expires_on": lot.expires_on,
    }


def _posting(posting: PostingLine, learner_id: UUID, *, may_reverse: bool) -> dict[str, Any]:
    language = get_language() or "zh-hans"
    parts = [str(POSTINGS.get(posting.kind, posting.kind)), posting.actor.said_in(language)]
    url = ""
    if posting.conversion_id is not None and may_reverse:
        url = reverse("office:conversion", args=[learner_id, posting.conversion_id])
    return {
        "url": url,
        "at": minute_of(posting.recorded_at),
        "title": posting.title.said_in(language),
        "detail": " · ".join(part for part in parts if part),
        "amount": posting.amount,
        "tone": "bad" if posting.kind == "reverse" else "ok",
    }
