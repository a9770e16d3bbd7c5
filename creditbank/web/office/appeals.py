"""Appeals and objections at the desk: what waits, each in full, the panel, the votes and the answers."""

from __future__ import annotations

import base64
import json
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from creditbank.domain.access import Thing, may
from creditbank.domain.appeals import life, objection
from creditbank.domain.appeals.panel import MOST_REASON
from creditbank.domain.explanation import Refusal
from creditbank.domain.letters import CaseKind
from creditbank.domain.values import format_credit
from creditbank.gateways import clock, wording
from creditbank.gateways.identities import Identities
from creditbank.queries.appeals import (
    AppealLine,
    AppealPage,
    ObjectionLine,
    appeal_page,
    appeals_at,
    objection_of,
    objections_at,
    source_of,
)
from creditbank.records.institutions import Institution
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.appeals.hear import (
    AppealKey,
    Ballot,
    cast_vote,
    fetch_appeal,
    fill_seat,
    reject_appeal,
    seat_panel,
    step_aside,
)
from creditbank.services.appeals.objections import answer_objection
from creditbank.services.recognition.review import MOST_CREDIT
from creditbank.web.design.forms import Choices, CreditField, DesignForm, Ticks
from creditbank.web.design.tables import Column
from creditbank.web.doors import door
from creditbank.web.office.appeal_words import APPEALS, OBJECTIONS, REJECTIONS
from creditbank.web.office.desk import actor_of, at_desk, day_of, request_id, show, today_at

_APPEAL_COLUMNS = (
    Column("learner", _("Learner"), second="student_number", link="url"),
    Column("about", _("About"), second="number"),
    Column("status", _("Status"), kind="tag"),
    Column("day", _("Filed on"), kind="date"),
)
_OBJECTION_COLUMNS = (
    Column("learner", _("Learner"), second="student_number", link="url"),
    Column("about", _("Against"), second="number"),
    Column("status", _("Status"), kind="tag"),
    Column("day", _("Raised on"), kind="date"),
)


class PanelForm(DesignForm):
    """Who hears an appeal."""

    people = forms.TypedMultipleChoiceField(label=_("Who hears it"), coerce=UUID, widget=Ticks)

    def __init__(self, page: AppealPage, *values: Any) -> None:
        super().__init__(*values, prefix="panel")
        language = get_language() or "zh-hans"
        self.fields["people"].choices = [(str(one.person_id), one.name.said_in(language)) for one in page.free]
        self.fields["people"].help_text = _t("%(size)s people. Whoever took part in the decision is not listed.") % {
            "size": page.empty_seats or page.size
        }


class RejectionForm(DesignForm):
    """Why an appeal is not heard."""

    reason = forms.ChoiceField(
        label=_("Reason"),
        widget=Choices,
        choices=list(REJECTIONS.items()),
        error_messages={"required": _("Choose a reason")},
    )
    note = forms.CharField(
        label=_("What the learner should know"),
        max_length=400,
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("It stands in the letter. Do not name other people."),
    )


class VoteForm(DesignForm):
    """How a member votes, and why."""

    verdict = forms.ChoiceField(
        label=_("Your vote"),
        widget=Choices,
        choices=[("stand", _("The decision stands")), ("grant", _("Decide otherwise"))],
        error_messages={"required": _("Choose how you vote")},
    )
    credit = CreditField(label=_("Credits to recognise"), least=1, most=MOST_CREDIT, required=False)
    category = forms.ChoiceField(label=_("Category"), required=False)
    grade = forms.CharField(label=_("Grade to record"), max_length=12, required=False)
    reason = forms.CharField(
        label=_("Why"),
        max_length=MOST_REASON,
        widget=forms.Textarea({"rows": 4}),
        help_text=_("The reasons of the majority stand in the letter, without names."),
    )

    def __init__(self, page: AppealPage, *values: Any) -> None:
        initial = {"credit": page.line.asked or None, "category": page.category}
        super().__init__(*values, prefix="vote", initial=initial)
        self.page = page
        language = get_language() or "zh-hans"
        if page.line.kind is CaseKind.CLAIM:
            self.fields["category"].choices = [(code, label.said_in(language)) for code, label in page.categories]
            del self.fields["grade"]
        else:
            del self.fields["credit"], self.fields["category"]
            if not page.asks_grade:
                del self.fields["grade"]

    def clean(self) -> dict[str, Any]:
        """Whoever decides otherwise says how many credits."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("verdict") == "grant" and "credit" in self.fields and not values.get("credit"):
            self.add_error("credit", _("Enter how many credits to recognise"))
        return values

    def ballot(self) -> Ballot:
        """The vote as the service takes it."""
        values, line = self.cleaned_data, self.page.line
        grants = values["verdict"] == "grant"
        credit = (values.get("credit") if "credit" in self.fields else line.asked) if grants else line.before
        return Ballot(credit, values["reason"], values.get("category", ""), values.get("grade", ""))


class AnswerForm(DesignForm):
    """What the office finds of an objection."""

    verdict = forms.ChoiceField(
        label=_("What you find"),
        widget=Choices,
        choices=[
            ("dismiss", _("It is not right: public notice goes on")),
            ("accept", _("It is right: the case is reviewed again")),
        ],
        error_messages={"required": _("Choose what you find")},
    )
    answer = forms.CharField(
        label=_("Why"),
        max_length=objection.MOST_ANSWER,
        widget=forms.Textarea({"rows": 4}),
        help_text=_("The learner reads this. Do not name who objected."),
    )


@door("appeal.read")
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """What waits at this desk, and what was decided last."""
    with at_desk(request, "appeal.read") as scope:
        actor = actor_of(request)
        closed = request.GET.get("closed") == "1"
        context = {
            "closed": closed,
            "appeal_columns": _APPEAL_COLUMNS,
            "appeals": [_appeal_row(one) for one in appeals_at(scope, actor, decided=closed)],
            "objection_columns": _OBJECTION_COLUMNS,
            "objections": [_objection_row(one) for one in objections_at(scope, actor, answered=closed)],
        }
        return show(request, scope, "office/appeals.html", context)


@door("appeal.read")
@require_GET
def appeal(request: HttpRequest, learner_id: UUID, appeal_id: UUID) -> HttpResponse:
    """One appeal: what the learner says, who hears it, and what this person can do."""
    with at_desk(request, "appeal.read") as scope:
        return _page(request, scope, AppealKey(learner_id, appeal_id))


@door("appeal.conduct")
@require_POST
def conduct(request: HttpRequest, learner_id: UUID, appeal_id: UUID) -> HttpResponse:
    """Name the panel, fill a seat that was left, or do not admit the appeal."""
    key = AppealKey(learner_id, appeal_id)
    with at_desk(request, "appeal.conduct") as scope:
        actor = actor_of(request)
        fetch_appeal(scope=scope, actor=actor, permission="appeal.conduct", key=key)
        page = _found(scope, key)
        common = {"scope": scope, "actor": actor, "key": key, "at": clock.now(), "on": today_at(scope),
                  "request_id": request_id(request)}  # fmt: skip
        answer: Any
        if request.POST.get("act") == "reject":
            form: DesignForm = RejectionForm(request.POST, prefix="reject")
            if not form.is_valid():
                return _page(request, scope, key, forms_given={"reject_form": form, "wrong": form}, status=422)
            answer = reject_appeal(**common, **form.cleaned_data)
            done = _t("The appeal is not admitted. The letter is written and the learner has been told.")
        else:
            form = PanelForm(page, request.POST)
            if not form.is_valid():
                return _page(request, scope, key, forms_given={"panel_form": form, "wrong": form}, status=422)
            people = form.cleaned_data["people"]
            if page.line.state is life.State.HEARD and len(people) == 1:
                answer = fill_seat(**common, person=people[0])
            else:
                answer = seat_panel(**common, people=people)
            done = _t("The panel is named. Its members find the appeal here.")
    _say(request, answer, done)
    return redirect("office:appeal", learner_id, appeal_id)


@door("appeal.vote")
@require_POST
def vote(request: HttpRequest, learner_id: UUID, appeal_id: UUID) -> HttpResponse:
    """Vote, or step aside; the last vote decides."""
    key = AppealKey(learner_id, appeal_id)
    with at_desk(request, "appeal.vote") as scope:
        actor = actor_of(request)
        fetch_appeal(scope=scope, actor=actor, permission="appeal.vote", key=key)
        common = {"scope": scope, "actor": actor, "key": key, "at": clock.now(), "request_id": request_id(request)}
        answer: Any
        if request.POST.get("act") == "aside":
            answer = step_aside(**common)
            done = _t("You stepped aside. A registrar names somebody else.")
        else:
            form = VoteForm(_found(scope, key), request.POST)
            if not form.is_valid():
                return _page(request, scope, key, forms_given={"vote_form": form, "wrong": form}, status=422)
            answer = cast_vote(**common, on=today_at(scope), ballot=form.ballot())
            done = _t("Your vote is kept.")
    _say(request, answer, done)
    return redirect("office:appeal", learner_id, appeal_id)


@door("objection.answer")
@require_http_methods(["GET", "HEAD", "POST"])
def one_objection(request: HttpRequest, learner_id: UUID, objection_id: UUID) -> HttpResponse:
    """One objection: what it says and who raised it, what the learner replies, and its answer."""
    with at_desk(request, "objection.answer") as scope:
        actor = actor_of(request)
        one = objection_of(scope, learner_id, objection_id)
        if one is None or not _may_answer(request, scope, one):
            raise NotVisible
        form = AnswerForm(request.POST if request.method == "POST" else None, prefix="answer")
        if request.method != "POST" or not form.is_valid():
            context = {
                "one": one,
                "tag": OBJECTIONS[one.state],
                "source": _source(scope, objection_id),
                "form": form,
                "open": one.state is objection.State.OPEN,
                "case": _case(one.kind, learner_id, one.case_id),
            }
            return show(request, scope, "office/objection.html", context, status=422 if form.errors else 200)
        answer = answer_objection(
            scope=scope, actor=actor, learner_id=learner_id, objection_id=objection_id,
            accept=form.cleaned_data["verdict"] == "accept", answer=form.cleaned_data["answer"], at=clock.now(),
            on=today_at(scope), request_id=request_id(request),
        )  # fmt: skip
    _say(request, answer, _t("Answered. The learner has been told."))
    return redirect("office:objection", learner_id, objection_id)


def _page(
    request: HttpRequest, scope: Scope, key: AppealKey, *, forms_given: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    actor = actor_of(request)
    stored = fetch_appeal(scope=scope, actor=actor, permission="appeal.read", key=key)
    page = _found(scope, key)
    thing = Thing(stored.learner_id, stored.institution_id, stored.college_id)
    conducts = may(actor, "appeal.conduct", thing) and actor.person not in page.involved
    seat = next((one for one in page.seats if one.person_id == actor.person and not one.stepped_aside), None)
    decided = page.line.state not in life.OPEN
    line = page.line
    context = {
        "page": page,
        "line": line,
        "tag": APPEALS[line.state],
        "about": line.title.said_in(get_language() or "zh-hans"),
        "asked": format_credit(line.asked) if line.asked else "",
        "seats": [
            {"seat": one, "word": _seat_word(one, told=decided or one.person_id == actor.person)} for one in page.seats
        ],
        "involved": actor.person in page.involved,
        "may_seat": conducts and line.state is life.State.FILED,
        "may_fill": conducts and line.state is life.State.HEARD and page.empty_seats > 0,
        "may_vote": line.state is life.State.HEARD and seat is not None and seat.voted_at is None,
        "reason": REJECTIONS.get(line.reason, ""),
        "panel_form": PanelForm(page),
        "reject_form": RejectionForm(prefix="reject"),
        "vote_form": VoteForm(page),
        "case": _case(line.kind, line.learner_id, line.case_id),
    } | (forms_given or {})
    return show(request, scope, "office/appeal.html", context, status=status)


def _found(scope: Scope, key: AppealKey) -> AppealPage:
    size = scope.rows(Institution).values_list("appeal_panel", flat=True).get(pk=scope.institution)
    page = appeal_page(scope, key.learner_id, key.appeal_id, size=size, on=today_at(scope))
    if page is None:
        raise NotVisible
    return page


def _seat_word(seat: Any, *, told: bool) -> str:
    """How a member voted, once it is decided; before that nobody sees another one's vote."""
    if seat.stepped_aside:
        return _t("stepped aside")
    if seat.voted_at is None:
        return _t("has not voted yet")
    if not told:
        return _t("has voted")
    return _t("voted for %(credit)s credits") % {"credit": format_credit(seat.credit or 0)}


def _source(scope: Scope, objection_id: UUID) -> dict[str, str]:
    """Who raised an objection, in words; the envelope is opened for this page alone."""
    found = source_of(scope, objection_id)
    if found is None or (found.person is None and found.sealed is None):
        return {"name": "—", "contact": ""}
    if found.person is not None:
        return {"name": found.person.said_in(get_language() or "zh-hans"), "contact": _t("signed in")}
    stored = {"index": "", "sealed": base64.b64encode(found.sealed or b"").decode()}
    return dict(json.loads(Identities(settings.BANK).opened(stored)))


def _may_answer(request: HttpRequest, scope: Scope, one: ObjectionLine) -> bool:
    return may(actor_of(request), "objection.answer", Thing(one.learner_id, scope.institution, one.college_id))


def _case(kind: CaseKind, learner: UUID, case: UUID) -> str:
    return reverse("office:case" if kind is CaseKind.CLAIM else "office:application", args=[learner, case])


def _appeal_row(one: AppealLine) -> dict[str, Any]:
    return _row(one) | {
        "status": APPEALS[one.state],
        "day": day_of(one.filed_at),
        "url": reverse("office:appeal", args=[one.learner_id, one.appeal_id]),
    }


def _objection_row(one: ObjectionLine) -> dict[str, Any]:
    return _row(one) | {
        "status": OBJECTIONS[one.state],
        "day": day_of(one.raised_at),
        "url": reverse("office:objection", args=[one.learner_id, one.objection_id]),
    }


def _row(one: AppealLine | ObjectionLine) -> dict[str, Any]:
    language = get_language() or "zh-hans"
    name = one.name.said_in(language) if one.name is not None else ""
    return {
        "id": "",
        "learner": name or one.student_number,
        "student_number": one.student_number,
        "about": one.title.said_in(language),
        "number": one.number,
    }


def _say(request: HttpRequest, answer: object, done: str) -> None:
    if isinstance(answer, Refusal):
        language = get_language() or "zh-hans"
        messages.error(request, " ".join(wording.say(line, language) for line in answer.explanation))
    else:
        messages.success(request, done)
