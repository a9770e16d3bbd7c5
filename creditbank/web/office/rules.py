"""Rule sets and their versions: what is in force, what each version says, its life and its next steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from creditbank.domain.conversions.read import KIND as CONVERSION
from creditbank.domain.explanation import Refusal
from creditbank.domain.rule_documents import OVERLAYS
from creditbank.domain.rule_life.states import ACT_NAMES, BY_TWO, STEPS, Act, Life, State
from creditbank.domain.rules.read import KIND as RECOGNITION
from creditbank.exchange.rule_drafts import begin_from_version, begin_overlay
from creditbank.gateways import clock
from creditbank.queries.conversion_rules import targets_not_offered
from creditbank.queries.overlays import effect_of, replaced_by
from creditbank.queries.rule_drafts import DraftLine, list_drafts
from creditbank.queries.rule_life import least_publicity, objections_of, version_history, version_life
from creditbank.queries.rule_sets import Version, VersionShown, compare_versions, list_versions, read_version
from creditbank.records.rules import RuleVersion
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.rule_life import (
    announce_version,
    answer_objection,
    ask_step,
    confirm_step,
    drop_step,
    note_objection,
    schedule_version,
)
from creditbank.web.design.forms import DesignForm
from creditbank.web.design.tables import Column
from creditbank.web.doors import door
from creditbank.web.office.desk import actor_of, at_desk, minute_of, request_id, show, today_at
from creditbank.web.office.rule_forms import AnnounceForm, AnswerForm, AskForm, ObjectionForm, ScheduleForm
from creditbank.web.office.rule_impact import effect_rows
from creditbank.web.office.rule_jdm import left_out_of_jdm
from creditbank.web.office.rule_words import (
    HOMES,
    applies_said,
    events_of,
    language_now,
    may_act,
    next_steps,
    sentences,
    stage_of,
    stages,
    tag_of,
)

COLUMNS = (
    Column("name", _("Rule set"), link="url", second="publisher"),
    Column("number", _("Version"), kind="number"),
    Column("since", _("In force from"), kind="date"),
    Column("until", _("Until"), kind="date"),
    Column("status", _("State"), kind="tag"),
)
_DRAFTS = (
    Column("name", _("Rule set"), link="url", second="origin"),
    Column("revision", _("Revision"), kind="number"),
    Column("saved", _("Saved on"), kind="date"),
    Column("status", _("State"), kind="tag"),
)


@door("rules.read")
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Every version for recognition: those in force first, then what is on its way; former ones remain readable."""
    return _listing(request, RECOGNITION)


@door("rules.read")
@require_GET
def conversions(request: HttpRequest) -> HttpResponse:
    """Every version for conversion, in the same order."""
    return _listing(request, CONVERSION)


def _listing(request: HttpRequest, kind: str) -> HttpResponse:
    with at_desk(request, "rules.read") as scope:
        versions = list_versions(scope, kind=kind, on=today_at(scope))
        actor = actor_of(request)
        wanting = targets_not_offered(scope, on=today_at(scope)) if kind == CONVERSION else ()
        drafts = list_drafts(scope, kind=kind) if may_act(actor, Act.SIGN) else ()
        context = {
            "home": HOMES[kind],
            "columns": COLUMNS,
            "current": [_row(one) for one in versions if one.state in ("in_force", "suspended")],
            "coming": [_row(one) for one in versions if one.state == "future"],
            "others": [_row(one) for one in versions if one.state == "past"],
            "draft_columns": _DRAFTS,
            "drafts": [_draft_row(one) for one in drafts],
            "may_write": may_act(actor, Act.SAVE),
            "wanting": wanting,
        }
        return show(request, scope, "office/rules.html", context)


@door("rules.read")
@require_GET
def version(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """One version: its life and next steps, its tables in words, each row with its clause."""
    with at_desk(request, "rules.read") as scope:
        return _page(request, scope, version_id)


@door("rules.read")
@require_GET
def compare(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """What changed from another version of the rule set to this one, in words; first from the one before it."""
    with at_desk(request, "rules.read") as scope:
        today = today_at(scope)
        after = read_version(scope, version_id, on=today)
        if after is None:
            raise NotVisible
        siblings = _siblings(scope, after)
        chosen = request.GET.get("with", "")
        numbers = {str(one.version_id): one for one in siblings}
        earlier = [one for one in siblings if one.number < after.version.number]
        other = numbers.get(chosen) or (earlier[0] if earlier else after.version)
        before = read_version(scope, other.version_id, on=today)
        if before is None:
            raise NotVisible
        context = {
            "nav_path": HOMES[after.version.kind].url,
            "before": before.version,
            "after": after.version,
            "others": siblings,
            "changes": compare_versions(before, after),
        }
        return show(request, scope, "office/rule_compare.html", context)


@door("rules.edit")
@require_POST
def begin(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Begin a draft of one's own from this version."""
    with at_desk(request, "rules.edit") as scope:
        if read_version(scope, version_id, on=today_at(scope)) is None:
            raise NotVisible
        verb = begin_overlay if request.POST.get("as") == "overlay" else begin_from_version
        made = verb(scope=scope, actor=actor_of(request), version_id=version_id, at=clock.now())
        if isinstance(made, Refusal):
            messages.warning(request, " ".join(sentences(made.explanation)))
            return HttpResponseRedirect(reverse("office:rule-version", args=[version_id]))
        return HttpResponseRedirect(reverse("office:rule-draft", args=[made.id]))


@door("rules.edit")
@require_POST
def objection(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Note an objection that came in during publicity."""
    with at_desk(request, "rules.edit") as scope:
        form = ObjectionForm(request.POST, prefix="object")
        if not form.is_valid():
            return _page(request, scope, version_id, form)
        answer = note_objection(version_id=version_id, said=form.cleaned_data["said"], **_common(request, scope))
        return _answered(request, scope, version_id, form, answer, _t("The objection was noted."))


@door("rules.approve")
@require_POST
def step(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Take one of the steps that follow the approval."""
    with at_desk(request, "rules.approve") as scope:
        if not may_act(actor_of(request), Act.SCHEDULE):
            raise NotVisible
        life = version_life(scope, _own(scope, version_id))
        form, act = _form(request, scope, life)
        if form is not None and not form.is_valid():
            return _page(request, scope, version_id, form)
        said = form.cleaned_data if form is not None else {}
        answer = act(said, {"version_id": version_id, **_common(request, scope)})
        return _answered(request, scope, version_id, form, answer, _t("Done. It stands in the record below."))


_Act = Callable[[Mapping[str, Any], Mapping[str, Any]], Any]


def _form(request: HttpRequest, scope: Scope, life: Life) -> tuple[DesignForm | None, _Act]:
    """The form of the step that was sent, where it has one, and what takes it."""
    post = request.POST
    match post.get("act"):
        case "announce":
            least = least_publicity(scope)
            return AnnounceForm(least, post, prefix="announce"), lambda said, to: announce_version(
                days=said["days"], **to
            )
        case "answer":
            return AnswerForm(life.objections, post, prefix="answer"), lambda said, to: answer_objection(
                number=said["number"], answer=said["answer"], **to
            )
        case "schedule":
            return ScheduleForm(post, prefix="schedule"), lambda said, to: schedule_version(
                effective_from=said["effective_from"], effective_until=said["effective_until"], **to
            )
        case "ask":
            return AskForm(_askable(life), post, prefix="ask"), lambda said, to: ask_step(
                wanted=Act(said["wanted"]), reason=said["reason"], day=said["day"], **to
            )
        case "drop":
            return None, lambda _said, to: drop_step(**to)
        case "suspend" | "resume" | "abolish" as word:
            return None, lambda _said, to: confirm_step(act=Act(word), **to)
        case _:
            raise NotVisible


def _answered(
    request: HttpRequest, scope: Scope, version_id: UUID, form: DesignForm | None, answer: Any, done: str
) -> HttpResponse:
    if isinstance(answer, Refusal):
        said = sentences(answer.explanation)
        if form is not None:
            form.add_error(None, " ".join(said))
            return _page(request, scope, version_id, form)
        messages.warning(request, " ".join(said))
    else:
        messages.success(request, done)
    return HttpResponseRedirect(reverse("office:rule-version", args=[version_id]))


def _page(request: HttpRequest, scope: Scope, version_id: UUID, sent: DesignForm | None = None) -> HttpResponse:
    found = read_version(scope, version_id, on=today_at(scope))
    if found is None:
        raise NotVisible
    actor, version = actor_of(request), found.version
    own = version.institution_id == scope.institution
    context: dict[str, Any] = {
        "home": HOMES[version.kind],
        "nav_path": HOMES[version.kind].url,
        "found": found,
        "as_tables": version.kind == RECOGNITION,
        "left_out": left_out_of_jdm(found.rules),
        "version": version,
        "status": tag_of(version.stage),
        "stages": stages(),
        "stage": 0 if version.taken_in else stage_of(version.stage),
        "applies": applies_said(found.applies),
        "events": events_of(version_history(scope, version_id)),
        "objections": objections_of(scope, version_id),
        "others": [one for one in _siblings(scope, found) if one.version_id != version_id],
        "may_write": may_act(actor, Act.SAVE),
        "own": own,
        "sent": sent,
    }
    if version.kind == CONVERSION and not own:
        wanting = targets_not_offered(scope, on=today_at(scope))
        context["wanting"] = next((one for one in wanting if one.version.version_id == version_id), None)
    effect = None if own else effect_of(scope, actor, version_id, on=today_at(scope))
    if effect is not None:
        context |= {"effect": effect, "effects": effect_rows(effect.affected, version.kind)}
    context["may_overlay"] = not own and version.kind in OVERLAYS
    if own or (context["may_overlay"] and context["may_write"]):
        kind = version.kind if own else OVERLAYS[version.kind]
        if not own or version.state == "future":
            context["gives_way"] = replaced_by(scope, code=version.code, kind=kind, on=today_at(scope))
    if own:
        context |= _steps(request, scope, version_id, sent)
    return show(request, scope, "office/rule_version.html", context, status=422 if sent is not None else 200)


def _steps(request: HttpRequest, scope: Scope, version_id: UUID, sent: DesignForm | None) -> dict[str, Any]:
    """The next steps of an own version, and the forms of those that the reader may take."""
    actor = actor_of(request)
    life = version_life(scope, _own(scope, version_id))
    forms: dict[str, DesignForm] = {}
    if may_act(actor, Act.OBJECT) and life.state in STEPS[Act.OBJECT].origins:
        forms["object"] = ObjectionForm(prefix="object")
    if may_act(actor, Act.SCHEDULE):
        if life.state is State.APPROVED:
            forms["announce"] = AnnounceForm(least_publicity(scope), prefix="announce")
        if life.state is State.PUBLICITY and life.objections:
            forms["answer"] = AnswerForm(life.objections, prefix="answer")
        elif life.state is State.PUBLICITY:
            forms["schedule"] = ScheduleForm(prefix="schedule")
        if life.asked is None and _askable(life):
            forms["ask"] = AskForm(_askable(life), prefix="ask")
    if sent is not None and sent.prefix in forms:
        forms[str(sent.prefix)] = sent
    return {
        "life": life,
        "forms": forms,
        "next": next_steps(life),
        "may_decide": may_act(actor, Act.SCHEDULE),
        "asked_by_me": life.asked is not None and life.asked.by == actor.person,
        "asked_word": ACT_NAMES[life.asked.act].said_in(language_now()) if life.asked else "",
    }


def _askable(life: Life) -> tuple[Act, ...]:
    return tuple(act for act in BY_TWO if life.state in STEPS[act].origins)


def _own(scope: Scope, version_id: UUID) -> RuleVersion:
    found = scope.rows(RuleVersion).filter(pk=version_id, institution_id=scope.institution).first()
    if found is None:
        raise NotVisible
    return found  # type: ignore[no-any-return]


def _siblings(scope: Scope, found: VersionShown) -> list[Version]:
    versions = list_versions(scope, kind=found.version.kind, on=today_at(scope))
    return [one for one in versions if one.rule_set_id == found.version.rule_set_id]


def _common(request: HttpRequest, scope: Scope) -> dict[str, Any]:
    return {
        "scope": scope,
        "actor": actor_of(request),
        "on": today_at(scope),
        "at": clock.now(),
        "request_id": request_id(request),
    }


def _row(one: Version) -> dict[str, object]:
    language = get_language() or "zh-hans"
    return {
        "id": one.version_id,
        "name": one.name.said_in(language),
        "publisher": one.publisher.said_in(language) + (f" · {_t('Overlay')}" if one.overlay else ""),
        "number": one.number,
        "since": one.effective_from,
        "until": one.effective_until,
        "status": tag_of(one.stage),
        "url": reverse("office:rule-version", args=[one.version_id]),
    }


def _draft_row(one: DraftLine) -> dict[str, object]:
    return {
        "id": one.draft_id,
        "name": one.name.said_in(language_now()),
        "origin": origin_said(one.origin),
        "revision": one.revision,
        "saved": minute_of(one.saved_at),
        "status": tag_of(one.state),
        "url": reverse("office:rule-draft", args=[one.draft_id]),
    }


def origin_said(origin: Mapping[str, Any]) -> str:
    """What a draft was made from, in words."""
    said = _t("from nothing")
    if "version" in origin:
        said = _t("from version %(number)s") % {"number": origin["version"]}
    elif "kept" in origin:
        said = _t("from overlay version %(kept)s, on inherited version %(number)s") % {
            "kept": origin["kept"],
            "number": origin["overlay"],
        }
    elif "overlay" in origin:
        said = _t("on inherited version %(number)s") % {"number": origin["overlay"]}
    elif "pack" in origin:
        said = _t("from the pack %(code)s") % {"code": origin["pack"]}
    elif "file" in origin:
        said = _t("from the file %(name)s") % {"name": origin["file"]}
    return str(said)
