"""Drafts of rule versions: begin one, write it, see what is wrong, test it, and decide on it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from creditbank.domain.conversions.read import KIND as CONVERSION
from creditbank.domain.explanation import Refusal
from creditbank.domain.rule_documents import AnyRules, kind_decided, rules_differences
from creditbank.domain.rule_life.states import STEPS, Act
from creditbank.domain.rules.read import KIND as RECOGNITION
from creditbank.domain.values import Text
from creditbank.exchange.documents import MOST_BYTES, DocumentError, read_document, write_document
from creditbank.exchange.rule_drafts import begin_blank, begin_from_pack, begin_from_text, reading_of, save_text
from creditbank.gateways import clock
from creditbank.queries.courses import findings_of
from creditbank.queries.overlays import replaced_by, standing_of
from creditbank.queries.rule_cases import list_cases, run_cases
from creditbank.queries.rule_drafts import DraftDetail, find_draft, list_drafts
from creditbank.queries.rule_life import draft_history
from creditbank.queries.rules import rules_in_force, version_in_force
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.rule_drafts import Conflict, move_draft
from creditbank.services.rule_life import approve_draft
from creditbank.web.design.forms import DesignForm
from creditbank.web.doors import door
from creditbank.web.office.desk import actor_of, at_desk, request_id, show, today_at
from creditbank.web.office.rule_cases import run_rows
from creditbank.web.office.rule_forms import FILE, PACK, PACKS, ApproveForm, BeginForm, ReasonForm
from creditbank.web.office.rule_words import (
    HOMES,
    applies_said,
    events_of,
    may_act,
    next_steps,
    sentences,
    stage_of,
    stages,
    tag_of,
)
from creditbank.web.office.rules import origin_said

_WRITE, _DECIDE = (Act.TEST, Act.SUBMIT, Act.RECALL, Act.DISCARD), (Act.SIGN, Act.SEND_BACK)


@door("rules.edit")
@require_http_methods(["GET", "POST"])
def begin(request: HttpRequest) -> HttpResponse:
    """Begin a draft of rules for recognition from a pack, from a document or from nothing."""
    return _begin(request, RECOGNITION)


@door("rules.edit")
@require_http_methods(["GET", "POST"])
def begin_conversion(request: HttpRequest) -> HttpResponse:
    """Begin a draft of rules for conversion, in the same ways."""
    return _begin(request, CONVERSION)


def _begin(request: HttpRequest, kind: str) -> HttpResponse:
    with at_desk(request, "rules.edit") as scope:
        if not may_act(actor_of(request), Act.SAVE):
            raise NotVisible
        form = BeginForm(PACKS[kind](), request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            made = _begun(request, scope, form, kind)
            if made is not None:
                return HttpResponseRedirect(reverse("office:rule-draft", args=[made]))
        context = {"form": form, "home": HOMES[kind]}
        return show(request, scope, "office/rule_begin.html", context, status=422 if form.errors else 200)


@door("rules.approve")
@require_GET
def one(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """A draft: its text with its problems, lint, cases, what changes, and its next steps."""
    with at_desk(request, "rules.approve") as scope:
        return _page(request, scope, draft_id)


@door("rules.edit")
@require_POST
def save(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Keep the text as it was typed, readable or not."""
    with at_desk(request, "rules.edit") as scope:
        text, typed = request.POST.get("text", ""), request.POST.get("effective", "")
        try:
            revision = int(request.POST.get("revision", ""))
            applies = read_document(typed.encode("utf-8", "replace"), name="effective") if typed.strip() else {}
        except DocumentError as error:
            wrong = _t("What the version applies to cannot be read, line %(line)s: %(why)s") % {
                "line": error.line,
                "why": error.message,
            }
            return _page(request, scope, draft_id, typed=(text, typed), wrong=[wrong])
        except ValueError:
            raise NotVisible from None
        answer = save_text(
            scope=scope, actor=actor_of(request), draft_id=draft_id, revision=revision, text=text, at=clock.now(),
            applies=applies,
        )  # fmt: skip
        if isinstance(answer, Conflict):
            said = sentences(answer.explanation)
            return _page(request, scope, draft_id, typed=(text, typed), wrong=said, conflict=answer)
        if isinstance(answer, Refusal):
            return _page(request, scope, draft_id, typed=(text, typed), wrong=sentences(answer.explanation))
        messages.success(request, _t("The draft was saved as revision %(number)s.") % {"number": answer.revision})
        return HttpResponseRedirect(reverse("office:rule-draft", args=[draft_id]))


@door("rules.edit")
@require_POST
def write_step(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Test a draft, send it for review, recall it or discard it."""
    return _step(request, draft_id, "rules.edit", tuple(act.value for act in _WRITE))


@door("rules.approve")
@require_POST
def decide_step(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Agree to a draft, send it back, or approve it."""
    return _step(request, draft_id, "rules.approve", tuple(act.value for act in (*_DECIDE, Act.APPROVE)))


def _step(request: HttpRequest, draft_id: UUID, permission: str, allowed: tuple[str, ...]) -> HttpResponse:
    with at_desk(request, permission) as scope:
        actor, word = actor_of(request), request.POST.get("act", "")
        found = find_draft(scope, draft_id)
        if found is None or not may_act(actor, Act(allowed[0])):
            raise NotVisible
        if word not in allowed:
            raise NotVisible
        act = Act(word)
        common: dict[str, Any] = {
            "scope": scope, "actor": actor, "draft_id": draft_id, "on": today_at(scope), "at": clock.now(),
            "request_id": request_id(request),
        }  # fmt: skip
        form: DesignForm | None = None
        if act is Act.APPROVE:
            form = ApproveForm(request.POST, prefix="approve")
        elif act is Act.SEND_BACK:
            form = ReasonForm(request.POST, prefix="back")
        if form is not None and not form.is_valid():
            return _page(request, scope, draft_id, sent=form)
        answer: Any
        if act is Act.APPROVE and form is not None:
            answer = approve_draft(meeting=form.cleaned_data["meeting"], **common)
        else:
            answer = move_draft(act=act, reason=form.cleaned_data["reason"] if form else "", **common)
        if isinstance(answer, Refusal):
            return _page(request, scope, draft_id, sent=form, refused=answer)
        messages.success(request, _t("Done. It stands in the record below."))
        if act is Act.APPROVE:
            return HttpResponseRedirect(reverse("office:rule-version", args=[answer.id]))
        if act is Act.DISCARD:
            return HttpResponseRedirect(HOMES[found.line.kind].url)
        return HttpResponseRedirect(reverse("office:rule-draft", args=[draft_id]))


def _begun(request: HttpRequest, scope: Scope, form: BeginForm, kind: str) -> UUID | None:
    """The draft that was begun; nothing where the form now says why not."""
    said, actor, at = form.cleaned_data, actor_of(request), clock.now()
    made: Any
    match said["start"]:
        case start if start == PACK:
            made = begin_from_pack(scope=scope, actor=actor, pack=said["pack"], at=at)
        case start if start == FILE:
            data = said["file"].read(MOST_BYTES + 1)
            made = begin_from_text(scope=scope, actor=actor, data=data, name=said["file"].name, at=at)
        case _:
            name = Text(said["name"], said["name"])
            made = begin_blank(scope=scope, actor=actor, kind=kind, code=said["code"], name=name, at=at)
    if isinstance(made, DocumentError):
        for problem in (made, *made.more[:9]):
            form.add_error("file", str(problem))
        return None
    if isinstance(made, Refusal):
        for sentence in sentences(made.explanation):
            form.add_error(None, sentence)
        return None
    return made.id  # type: ignore[no-any-return]


def _page(
    request: HttpRequest,
    scope: Scope,
    draft_id: UUID,
    *,
    typed: tuple[str, str] | None = None,
    wrong: list[str] | None = None,
    conflict: Conflict | None = None,
    sent: DesignForm | None = None,
    refused: Refusal | None = None,
) -> HttpResponse:
    actor = actor_of(request)
    found = find_draft(scope, draft_id)
    if found is None or not may_act(actor, Act.SIGN):
        raise NotVisible
    life = found.life
    effective = write_document(found.effective) if found.effective else ""
    text, effective = typed or (found.text, effective)
    forms: dict[str, DesignForm] = {"approve": ApproveForm(prefix="approve"), "back": ReasonForm(prefix="back")}
    if sent is not None:
        forms[str(sent.prefix)] = sent
    writes, decides = may_act(actor, Act.SAVE), may_act(actor, Act.SIGN)
    own = actor.person in life.authors
    context: dict[str, Any] = {
        "home": HOMES[found.line.kind],
        "nav_path": HOMES[found.line.kind].url,
        "draft": found,
        "line": found.line,
        "origin": origin_said(found.line.origin),
        "status": tag_of(found.line.state),
        "stages": stages(),
        "stage": stage_of(found.line.state),
        "text": text,
        "lines": min(max(text.count("\n") + 2, 12), 36),
        "effective": effective,
        "applies": applies_said(found.effective),
        "problems": reading_of(found.text).problems if found.rules is None else (),
        "wrong": wrong or [],
        "refused": refused.explanation if refused else (),
        "conflict": conflict,
        "events": events_of(draft_history(scope, draft_id)),
        "next": next_steps(life),
        "signed": len(life.signed),
        "own": own,
        "forms": forms,
        "sent": sent,
        "editable": writes and found.line.state in STEPS[Act.SAVE].origins,
        "steps": [act.value for act in _WRITE if writes and found.line.state in STEPS[act].origins],
        "may_sign": decides and not own and found.line.state in STEPS[Act.SIGN].origins,
        "signed_by_me": actor.person in life.signed,
        "gives_way": replaced_by(scope, code=found.line.code, kind=found.line.kind, on=today_at(scope)),
        "also_open": [
            one
            for one in list_drafts(scope, kind=found.line.kind)
            if one.rule_set_id == found.line.rule_set_id and one.draft_id != draft_id
        ],
        **_said(scope, found),
    }
    bad = bool(wrong or refused or (sent is not None and sent.errors))
    return show(request, scope, "office/rule_draft.html", context, status=422 if bad else 200)


def _said(scope: Scope, found: DraftDetail) -> dict[str, Any]:
    """What lint, the cases and the version in force say about a draft that can be read."""
    if found.rules is None or scope.institution is None:
        return {"readable": False, "case_count": len(list_cases(scope, found.line.rule_set_id))}
    decides = standing_of(
        scope, found.rules, institution=scope.institution, on=today_at(scope), laid_on=found.line.origin
    )
    if decides.rules is None:
        count = len(list_cases(scope, found.line.rule_set_id))
        return {"readable": True, "colliding": decides.refused, "case_count": count, "red_count": 0}
    runs = run_cases(decides.rules, list_cases(scope, found.line.rule_set_id))
    kind, code = found.rules.kind, found.line.code
    checked = findings_of(scope, decides.rules, institution=scope.institution, on=today_at(scope))
    before = _in_force(scope, kind, code)
    # An overlay is compared as it decides, laid on what it inherits.
    after = decides.rules
    return {
        "readable": True,
        "colliding": decides.refused,
        "findings": tuple(finding.line for finding in checked),
        "runs": run_rows(runs),
        "case_count": len(runs),
        "red_count": sum(not run.green for run in runs),
        "in_force": before[0] if before else None,
        "changes": rules_differences(before[1], after) if before and before[1].kind == after.kind else (),
    }


def _in_force(scope: Scope, kind: str, code: str) -> tuple[int, AnyRules] | None:
    """The number of what decides at this institution today, and what it says; with an overlay, as it is laid."""
    asked: dict[str, Any] = {"institution": scope.institution, "code": code, "on": today_at(scope)}
    if kind_decided(kind) == RECOGNITION:
        laid = version_in_force(scope, **asked)
        return (laid.number, laid.compiled.rules) if laid else None
    now = rules_in_force(scope, kind=kind_decided(kind), **asked)
    return (now.number, now.rules) if now else None
