"""The review queue with one case beside it, and the page of a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from creditbank.domain.access import Actor, Thing, may
from creditbank.domain.recognition import Act, State, Who, acts_from
from creditbank.domain.rules.model import Ruling
from creditbank.gateways import clock
from creditbank.queries.cases import CaseDetail, read_case
from creditbank.queries.letters import letters_of_case
from creditbank.queries.outcome_types import OutcomeType, OutcomeTypes
from creditbank.queries.queue import (
    OPEN,
    Case,
    Page,
    Standing,
    Waiting,
    count_waiting,
    find_cases,
    list_cases,
    outcome_kinds,
)
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.web.design.tables import Column, Filter, read_state
from creditbank.web.design.tables import State as TableState
from creditbank.web.doors import door
from creditbank.web.office.appeal_words import matters_of
from creditbank.web.office.desk import QUEUE, actor_of, at_desk, day_of, key_of, key_text, minute_of, show
from creditbank.web.office.forms import JudgementForm, ReasonForm
from creditbank.web.office.words import ACTS, LISTED, REASONS, STANDINGS, STATES

COLUMNS = (
    Column("learner", _("Learner"), sortable=True, second="student_number", link="url"),
    Column("outcome", _("Outcome"), sortable=True, second="kind"),
    Column("credit", _("Proposed"), kind="credit", sortable=True),
    Column("tags", _("Status"), kind="tags", second="since"),
    Column("submitted", _("Submitted on"), kind="date", sortable=True),
)


@door("recognition.read")
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """The list at the left and one case at the right; on a phone the list alone."""
    with at_desk(request, "recognition.read") as scope:
        actor = actor_of(request)
        types = OutcomeTypes(scope, actor.institution)
        kinds = outcome_kinds(scope, types)
        state, filters = read_queue(request.GET, scope, kinds)
        waiting = count_waiting(scope, actor, kinds)
        page = cases_of(scope, actor, state, total=None if state.filters else waiting.total, kinds=kinds)
        chosen = _chosen(scope, actor, request.GET.get("case", ""), page.cases, kinds)
        context = {
            "columns": COLUMNS,
            "rows": [row_of(case, state) for case in page.cases],
            "state": state.on_page_of(page.total),
            "total": page.total,
            "filters": filters,
            "nav_counts": {QUEUE: waiting.total},
            "lead": _lead(waiting),
            "groups": _groups(state, waiting),
            "may_review": any(case.approvable for case in page.cases) and _reviews(actor),
            "current": "",
        }
        if chosen is not None:
            context |= case_context(request, scope, chosen, state=state, around=page.cases, in_queue=True, types=types)
            context["current"] = key_text(chosen.learner_id, chosen.claim_id)
        return show(request, scope, "office/queue.html", context)


@door("recognition.read")
@require_GET
def case(request: HttpRequest, learner_id: UUID, claim_id: UUID) -> HttpResponse:
    """One case by itself; the queue asks for its part of the page alone."""
    with at_desk(request, "recognition.read") as scope:
        actor = actor_of(request)
        types = OutcomeTypes(scope, actor.institution)
        kinds = outcome_kinds(scope, types)
        found = find_cases(scope, actor, [(learner_id, claim_id)], kinds=kinds)
        if not found:
            raise NotVisible
        state, _filters = read_queue(request.GET, scope, kinds)
        in_queue = request.headers.get("HX-Target") == "case"
        around = cases_of(scope, actor, state, kinds=kinds).cases
        context = case_context(request, scope, found[0], state=state, around=around, in_queue=in_queue, types=types)
        return show(request, scope, "office/case_pane.html" if in_queue else "office/case.html", context)


def read_queue(
    query: Any, scope: Scope, kinds: Mapping[str, OutcomeType] | None = None
) -> tuple[TableState, tuple[Filter, ...]]:
    """The state of the list that an address asks for, and what it can be narrowed by."""
    language = get_language() or "zh-hans"
    standings = tuple((key.value, str(word)) for key, (_tone, word) in STANDINGS.items())
    states = tuple((key.value, str(word)) for key, (_tone, word) in STATES.items())
    types = tuple(
        (kind.code, kind.name.said_in(language)) for kind in (outcome_kinds(scope) if kinds is None else kinds).values()
    )
    filters = (
        Filter("q", _("Number, student number or name")),
        Filter("standing", _("What the system says"), standings),
        Filter("state", _("State"), states),
        Filter("kind", _("Outcome type"), types),
        Filter("listed", _("Official lists"), tuple((key, str(word)) for key, (_tone, word) in LISTED.items())),
    )
    return read_state(query, columns=COLUMNS, filters=filters, sort="submitted"), filters


def cases_of(
    scope: Scope,
    actor: Actor,
    state: TableState,
    *,
    total: int | None = None,
    kinds: Mapping[str, OutcomeType] | None = None,
) -> Page:
    """The page of cases that a state of the list means."""
    return list_cases(
        scope,
        actor,
        standing=state.filters.get("standing", ""),
        state=state.filters.get("state", ""),
        outcome_type=state.filters.get("kind", ""),
        listed=state.filters.get("listed", ""),
        search=state.filters.get("q", ""),
        sort=state.sort,
        descending=state.descending,
        offset=state.offset,
        limit=state.size,
        total=total,
        kinds=kinds,
    )


def case_context(
    request: HttpRequest,
    scope: Scope,
    found: Case,
    *,
    state: TableState,
    around: Sequence[Case],
    in_queue: bool,
    types: OutcomeTypes | None = None,
    forms: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What the part of a page that shows one case needs."""
    actor = actor_of(request)
    detail = read_case(scope, found, types=types)
    thing = Thing(found.learner_id, actor.institution, actor.college)
    reviews = may(actor, "recognition.review", thing)
    acts = set(acts_from(found.state, Who.REVIEWER)) if reviews else set()
    judged = found.state in OPEN and detail.ruling is Ruling.MANUAL
    taken = [step for step in detail.steps if step.act == Act.TAKE.value]
    return {
        "detail": detail,
        "case": found,
        "key": key_text(found.learner_id, found.claim_id),
        "address": case_address(found, state),
        "query": state.querystring(),
        "next": _next(found, around),
        "in_queue": in_queue,
        "status": _status(detail),
        "listed": LISTED.get(detail.listing.mark) if detail.is_open else None,
        "state_word": STATES[found.state][1],
        "taken_by": taken[-1].who if taken and found.state is State.UNDER_REVIEW else None,
        "may_take": Act.TAKE in acts,
        "may_decide": Act.APPROVE in acts and found.state in OPEN,
        "may_approve": Act.APPROVE in acts and found.state in OPEN and detail.ruling is not Ruling.REFUSE,
        "judged": judged,
        "own": not reviews and found.learner_id == actor.person,
        "may_reverse": found.state is State.DEPOSITED
        and may(actor, "recognition.reverse", thing)
        and detail.decided_by != actor.person,
        "second_person": found.state is State.DEPOSITED and detail.decided_by == actor.person,
        "may_attach": detail.basis is not None
        and found.state in (State.RECOGNISED, State.DEPOSITED, State.REFUSED)
        and may(actor, "rules.edit", Thing(institution=actor.institution)),
        "judgement_form": JudgementForm(detail.categories),
        "supplement_form": ReasonForm(Act.REQUEST_SUPPLEMENT),
        "refuse_form": ReasonForm(Act.REFUSE),
        "reverse_form": ReasonForm(Act.REVERSE),
        "reason": REASONS.get(detail.reason, ""),
        "letters": letters_of_case(scope, found.learner_id, found.claim_id),
        "matters": matters_of(scope, found.learner_id, found.claim_id),
        "facts": [{"label": label, "value": value} for label, value in detail.facts],
        "events": [_event(step, detail) for step in detail.steps],
    } | (forms or {})


def _status(detail: CaseDetail) -> tuple[str, Any]:
    """A case's tag: what the system says of an open one, unless it says something else today than it did then."""
    if not detail.is_open:
        return STATES[detail.case.state]
    return ("warn", _("Proposal changed")) if detail.before is not None else STANDINGS[detail.case.standing]


def case_address(found: Case, state: TableState) -> str:
    """The address of a case, which remembers the list it was reached from."""
    path = reverse("office:case", args=[found.learner_id, found.claim_id])
    query = state.querystring()
    return path + (query if query != "?" else "")


def row_of(found: Case, state: TableState, *, standing: bool = True) -> dict[str, Any]:
    """A case as a row of the table; only one that may go into a batch has something to select.

    With ``standing`` an open case is tagged with what the system says of it, else with its state.
    """
    language = get_language() or "zh-hans"
    is_open = found.state in OPEN
    status = STANDINGS[found.standing] if is_open and standing else STATES[found.state]
    return {
        "id": key_text(found.learner_id, found.claim_id) if found.approvable else "",
        "key": key_text(found.learner_id, found.claim_id),
        "learner": found.name.said_in(language) or found.student_number,
        "student_number": found.student_number,
        "outcome": found.title.said_in(language),
        "kind": found.kind.said_in(language),
        "credit": found.credit,
        "status": status,
        "tags": [status, *([LISTED[found.listed]] if found.listed else [])],
        "since": STATES[found.state][1] if found.state is State.UNDER_REVIEW else "",
        "submitted": day_of(found.submitted_at),
        "url": case_address(found, state),
    }


def _chosen(
    scope: Scope, actor: Actor, asked: str, cases: Sequence[Case], kinds: Mapping[str, OutcomeType]
) -> Case | None:
    key = key_of(asked)
    if key is not None:
        found = find_cases(scope, actor, [(key.learner_id, key.claim_id)], kinds=kinds)
        if found:
            return found[0]
    return cases[0] if cases else None


def _next(found: Case, around: Sequence[Case]) -> str:
    """The case that comes after this one in the list, else the one before it."""
    keys = [key_text(one.learner_id, one.claim_id) for one in around]
    here = key_text(found.learner_id, found.claim_id)
    if here not in keys:
        return keys[0] if keys else ""
    at = keys.index(here)
    rest = keys[at + 1 :] or keys[:at][-1:]
    return rest[0] if rest else ""


def _event(step: Any, detail: CaseDetail) -> dict[str, Any]:
    tone, word = ACTS[Act(step.act)]
    language = get_language() or "zh-hans"
    parts = [step.who.said_in(language), str(REASONS.get(step.reason, "")), step.note]
    return {
        "at": minute_of(step.at),
        "title": word,
        "detail": " · ".join(part for part in parts if part),
        "tone": tone,
        "amount": detail.credit if step.act == Act.DEPOSIT.value else "",
    }


def _groups(state: TableState, waiting: Waiting) -> list[dict[str, Any]]:
    """The three tags above the list: each opens its part, the present one leads back to all."""
    counts = {
        Standing.SUGGESTED: waiting.suggested,
        Standing.JUDGEMENT: waiting.judgement,
        Standing.INCOMPLETE: waiting.incomplete,
    }
    words = {
        Standing.SUGGESTED: ("info", _("The system suggests approval")),
        Standing.JUDGEMENT: ("warn", _("Needs judgement")),
        Standing.INCOMPLETE: ("bad", _("Incomplete or contradicting")),
    }
    open_state = state.without("state").without("q").without("kind").without("listed")
    return [
        {
            "tone": words[standing][0],
            "word": words[standing][1],
            "count": count,
            "current": state.filters.get("standing") == standing.value,
            "url": (
                state.without("standing")
                if state.filters.get("standing") == standing.value
                else open_state.filtered("standing", standing.value)
            ).querystring(),
        }
        for standing, count in counts.items()
    ]


def _lead(waiting: Waiting) -> str:
    if not waiting.total or waiting.oldest is None:
        return str(_("Nothing waits."))
    days = (clock.now() - waiting.oldest).days
    return str(_("%(count)s cases wait, the oldest for %(days)s days")) % {"count": waiting.total, "days": days}


def _reviews(actor: Actor) -> bool:
    return may(actor, "recognition.review", Thing(None, actor.institution, actor.college))


def found_or_404(scope: Scope, actor: Actor, learner_id: UUID, claim_id: UUID) -> Case:
    """The case, or nothing at all."""
    found = find_cases(scope, actor, [(learner_id, claim_id)])
    if not found:
        raise Http404
    return found[0]
