"""Conversion applications at the desk: those that wait, one in full, and its decision."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from creditbank.domain.access import Thing, may
from creditbank.domain.conversions.application import MOST_GRADE, REFUSAL_REASONS, Act, State, acts_from
from creditbank.domain.conversions.words import COUNTED
from creditbank.domain.explanation import Refusal
from creditbank.domain.recognition import Who
from creditbank.domain.rules.model import Ruling
from creditbank.gateways import clock, wording
from creditbank.queries.conversion_applications import (
    WAITING,
    ApplicationDetail,
    ApplicationLine,
    application_of,
    list_applications,
)
from creditbank.queries.conversion_options import Option, ask_again, asks_grade
from creditbank.queries.letters import letters_of_case
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.conversions.cases import DECIDED
from creditbank.services.conversions.review import (
    ApplicationKey,
    Recorded,
    approve_application,
    fetch_application,
    refuse_application,
    take_application,
)
from creditbank.web.design.forms import Choices, DesignForm
from creditbank.web.design.tables import Column, Filter, read_state
from creditbank.web.doors import door
from creditbank.web.office.appeal_words import matters_of
from creditbank.web.office.desk import actor_of, at_desk, day_of, minute_of, request_id, show, today_at
from creditbank.web.office.words import APPLICATION_ACTS, APPLICATION_REASONS, APPLICATION_STATES, REASONS

_COLUMNS = (
    Column("learner", _("Learner"), sortable=True, second="student_number", link="url"),
    Column("target", _("Becomes"), sortable=True, second="number"),
    Column("credit", _("Credits"), kind="credit", sortable=True),
    Column("tags", _("Status"), kind="tags"),
    Column("submitted", _("Submitted on"), kind="date", sortable=True),
)
_VERDICTS = {
    Ruling.RECOGNISE.value: ("ok", _("Rules agree")),
    Ruling.MANUAL.value: ("warn", _("Needs judgement")),
}


class RefusalForm(DesignForm):
    """Why a conversion is refused; the learner reads both fields."""

    reason = forms.ChoiceField(
        label=_("Reason"),
        widget=Choices,
        choices=[(code, APPLICATION_REASONS[code]) for code in REFUSAL_REASONS],
        error_messages={"required": _("Choose a reason")},
    )
    note = forms.CharField(
        label=_("What the learner should know"),
        max_length=400,
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("The learner reads this. Do not name other people."),
    )


class GradeForm(DesignForm):
    """The grade that is recorded, where the rules leave it to a person."""

    grade = forms.CharField(
        label=_("Grade to record"),
        max_length=MOST_GRADE,
        required=False,
        help_text=_("The rules leave the grade to you. Leave it empty to record the credit without a grade."),
    )


@door("conversion.read")
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """The applications of this desk, those that wait longest first."""
    filters = (
        Filter("q", _("Number, student number, name or course")),
        Filter(
            "verdict", _("What the system says"), tuple((code, str(word)) for code, (_tone, word) in _VERDICTS.items())
        ),
        Filter("state", _("State"), tuple((key.value, str(word)) for key, (_tone, word) in APPLICATION_STATES.items())),
    )
    state = read_state(request.GET, columns=_COLUMNS, filters=filters, sort="submitted")
    with at_desk(request, "conversion.read") as scope:
        lines, total = list_applications(
            scope,
            actor_of(request),
            state=state.filters.get("state", ""),
            verdict=state.filters.get("verdict", ""),
            search=state.filters.get("q", ""),
            sort=state.sort,
            descending=state.descending,
            offset=state.offset,
            limit=state.size,
        )
        context = {
            "columns": _COLUMNS,
            "rows": [_row(line) for line in lines],
            "state": state.on_page_of(total),
            "total": total,
            "filters": filters,
        }
        return show(request, scope, "office/applications.html", context)


@door("conversion.read")
@require_GET
def case(request: HttpRequest, learner_id: UUID, application_id: UUID) -> HttpResponse:
    """One application: what it uses and makes, why, what the rules say today, and what happened."""
    with at_desk(request, "conversion.read") as scope:
        return _page(request, scope, ApplicationKey(learner_id, application_id))


@door("conversion.review")
@require_POST
def take(request: HttpRequest, learner_id: UUID, application_id: UUID) -> HttpResponse:
    """Begin the review; the application stays on the page."""
    with at_desk(request, "conversion.review") as scope:
        answer = take_application(
            scope=scope, actor=actor_of(request), key=ApplicationKey(learner_id, application_id), at=clock.now(),
            request_id=request_id(request),
        )  # fmt: skip
    _say(request, answer, _t("The review has begun."))
    return redirect("office:application", learner_id, application_id)


@door("conversion.review")
@require_POST
def approve(request: HttpRequest, learner_id: UUID, application_id: UUID) -> HttpResponse:
    """Approve what the reviewer saw; where the rules leave the grade open, with the grade they entered."""
    key = ApplicationKey(learner_id, application_id)
    with at_desk(request, "conversion.review") as scope:
        recorded = None
        if "grade-grade" in request.POST:
            form = GradeForm(request.POST, prefix="grade")
            if not form.is_valid():
                return _page(request, scope, key, grade_form=form, status=422)
            recorded = Recorded(form.cleaned_data["grade"].strip() or None)
        answer = approve_application(
            scope=scope, actor=actor_of(request), key=key, seen=request.POST.get("seen", ""), recorded=recorded,
            at=clock.now(), on=today_at(scope), request_id=request_id(request),
        )  # fmt: skip
    _say(request, answer, _t("Approved. The learner has been told when it is posted."))
    return redirect("office:application", learner_id, application_id)


@door("conversion.review")
@require_http_methods(["GET", "HEAD", "POST"])
def refuse(request: HttpRequest, learner_id: UUID, application_id: UUID) -> HttpResponse:
    """Refuse, with a reason the learner reads; what was held is free again."""
    key = ApplicationKey(learner_id, application_id)
    with at_desk(request, "conversion.review") as scope:
        actor = actor_of(request)
        fetch_application(scope=scope, actor=actor, permission="conversion.review", key=key)
        form = RefusalForm(request.POST or None, prefix="refuse")
        if request.method != "POST" or not form.is_valid():
            one = _detail(scope, key)
            context = {"one": one, "title": _title(one.line), "form": form}
            return show(request, scope, "office/application_refuse.html", context, status=422 if form.errors else 200)
        answer = refuse_application(
            scope=scope, actor=actor, key=key, reason=form.cleaned_data["reason"], note=form.cleaned_data["note"],
            at=clock.now(), on=today_at(scope), request_id=request_id(request),
        )  # fmt: skip
    _say(request, answer, _t("Refused. The learner has been told, and the credit is available again."))
    return redirect("office:application", learner_id, application_id)


def _page(
    request: HttpRequest, scope: Scope, key: ApplicationKey, *, grade_form: GradeForm | None = None, status: int = 200
) -> HttpResponse:
    actor = actor_of(request)
    stored = fetch_application(scope=scope, actor=actor, permission="conversion.read", key=key)
    one = _detail(scope, key)
    thing = Thing(key.learner_id, one.institution_id, one.college_id)
    now = ask_again(scope, stored) if one.line.state in WAITING else None
    acts = set(acts_from(one.line.state, Who.REVIEWER)) if may(actor, "conversion.review", thing) else set()
    possible = now is not None and now.one.ruling is not Ruling.REFUSE
    language = get_language() or "zh-hans"
    context = {
        "one": one,
        "title": _title(one.line),
        "tags": [APPLICATION_STATES[one.line.state], *_verdict_tags(one.line)],
        "now": now,
        "stale": now is not None and _differs(now, one),
        "explanation": now.one.explanation if now is not None else one.proposal,
        "seen": now.seen if now is not None else "",
        "may_take": Act.TAKE in acts,
        "may_approve": Act.APPROVE in acts and possible,
        "may_refuse": Act.REFUSE in acts,
        "own": key.learner_id == actor.person,
        "may_attach": one.line.state in DECIDED and may(actor, "rules.edit", Thing(institution=actor.institution)),
        "letters": letters_of_case(scope, key.learner_id, key.application_id),
        "matters": matters_of(scope, key.learner_id, key.application_id),
        "grade_form": (grade_form or GradeForm(prefix="grade")) if now is not None and asks_grade(now) else None,
        "wrong": grade_form,
        "may_reverse": one.line.state is State.POSTED
        and may(actor, "recognition.reverse", thing)
        and one.decided_by != actor.person,
        "reason": APPLICATION_REASONS.get(one.reason) or REASONS.get(one.reason, ""),
        "counts": ("、" if language.startswith("zh") else ", ").join(
            word.said_in(language) for name, word in COUNTED.items() if one.counts.get(name)
        ),
        "events": [
            {
                "at": minute_of(step.at),
                "title": APPLICATION_ACTS[step.act][1],
                "tone": APPLICATION_ACTS[step.act][0],
                "detail": " · ".join(
                    str(part)
                    for part in (
                        step.who.said_in(language),
                        APPLICATION_REASONS.get(step.reason) or REASONS.get(step.reason, ""),
                        step.note,
                    )
                    if part
                ),
                "amount": "",
            }
            for step in one.steps
        ],
    }
    return show(request, scope, "office/application.html", context, status=status)


def _detail(scope: Scope, key: ApplicationKey) -> ApplicationDetail:
    found = application_of(scope, key.learner_id, key.application_id)
    if found is None:
        raise NotVisible
    return found


def _differs(now: Option, one: ApplicationDetail) -> bool:
    """Whether the rules answer otherwise today than when it was submitted."""
    return now.one.ruling.value != one.line.verdict or now.credit != one.line.credit


def _title(line: ApplicationLine) -> str:
    return line.title.said_in(get_language() or "zh-hans").strip("“”")


def _verdict_tags(line: ApplicationLine) -> list[Any]:
    return [_VERDICTS[line.verdict]] if line.state in WAITING and line.verdict in _VERDICTS else []


def _row(line: ApplicationLine) -> dict[str, Any]:
    language = get_language() or "zh-hans"
    name = line.name.said_in(language) if line.name is not None else ""
    return {
        "id": "",
        "learner": name or line.student_number,
        "student_number": line.student_number,
        "target": _title(line),
        "number": line.number,
        "credit": line.credit,
        "tags": [APPLICATION_STATES[line.state], *_verdict_tags(line)],
        "submitted": day_of(line.submitted_at),
        "url": _address(line),
    }


def _address(line: ApplicationLine) -> str:
    return reverse("office:application", args=[line.learner_id, line.application_id])


def _say(request: HttpRequest, answer: object, done: str) -> None:
    if isinstance(answer, Refusal):
        language = get_language() or "zh-hans"
        messages.error(request, " ".join(wording.say(line, language) for line in answer.explanation))
    else:
        messages.success(request, done)
