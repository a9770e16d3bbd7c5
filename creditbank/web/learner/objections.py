"""An objection to what was decided for me: what it says, my reply, and its answer."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from creditbank.domain.appeals.objection import MOST_ANSWER, State
from creditbank.domain.explanation import Refusal
from creditbank.domain.letters import CaseKind
from creditbank.gateways.clock import now
from creditbank.queries.appeals import objection_of
from creditbank.records.appeals import Objection
from creditbank.records.scope import acting_for
from creditbank.services.appeals.objections import reply_to_objection
from creditbank.web.design.forms import DesignForm
from creditbank.web.doors import door
from creditbank.web.learner.frame import found, own_scope, show
from creditbank.web.learner.words import OBJECTIONS, lines_said


class ReplyForm(DesignForm):
    """What the learner says to an objection."""

    reply = forms.CharField(
        label=_("What you say to it"),
        max_length=MOST_ANSWER,
        widget=forms.Textarea({"rows": 5}),
        help_text=_("Your academic office reads it before it answers. You can reply once."),
    )


@door("objection.reply")
@require_http_methods(["GET", "HEAD", "POST"])
def objection(request: HttpRequest, objection_id: UUID) -> HttpResponse:
    """What somebody objects, never who; a reply while it is open."""
    actor = request.visitor.actor
    form = ReplyForm(request.POST if request.method == "POST" else None)
    with own_scope(request) as scope:
        one = found(objection_of(scope, actor.person, objection_id))
        place = scope.rows(Objection).get(learner_id=actor.person, objection_id=objection_id).institution_id
    if request.method == "POST" and form.is_valid():
        with acting_for(person=actor.person, institution=place, purpose="objection") as scope:
            answer = reply_to_objection(
                scope=scope, actor=actor, objection_id=objection_id, reply=form.cleaned_data["reply"], at=now(),
                request_id=request.request_id,
            )  # fmt: skip
        if isinstance(answer, Refusal):
            messages.warning(request, " ".join(lines_said(answer.explanation)))
        else:
            messages.success(request, _t("Your reply is kept with the objection."))
        return redirect("learner:objection", objection_id)
    with own_scope(request) as scope:
        context = {
            "one": one,
            "tag": OBJECTIONS[one.state],
            "form": form,
            "may_reply": one.state is State.OPEN and one.replied_at is None,
            "case": ("learner:request" if one.kind is CaseKind.CLAIM else "learner:application", one.case_id),
        }
        return show(request, scope, "objection", context, status=422 if form.errors else 200)
