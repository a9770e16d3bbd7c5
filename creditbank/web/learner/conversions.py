"""What my credit can become: look, choose, apply, and see what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from creditbank.domain.audit.model import Credit
from creditbank.domain.conversions.application import State, acts_from
from creditbank.domain.conversions.words import COUNTED
from creditbank.domain.explanation import Refusal
from creditbank.domain.recognition import Who
from creditbank.domain.rules.model import Ruling
from creditbank.gateways.clock import new_id, now, today
from creditbank.queries.conversion_applications import ApplicationDetail, application_of, applications_of
from creditbank.queries.conversion_options import (
    Holdings,
    Option,
    holdings_of,
    made_titles,
    option_of,
    options_of,
    pinned,
    usable,
)
from creditbank.queries.passbook import Holder, enrolments_of
from creditbank.queries.progress import effects_of, planned_courses
from creditbank.records.scope import Scope, acting_for
from creditbank.services.access import NotVisible
from creditbank.services.conversions.apply import Wish, apply_for_conversion, withdraw_application
from creditbank.web.doors import door
from creditbank.web.learner.frame import day_in, found, own_scope, show
from creditbank.web.learner.words import CONVERSION_ACTS, CONVERSION_REASONS, CONVERSION_STATES, lines_said

_MOST_SHOWN, _MOST_LOTS = 30, 500


@door("conversion.apply")
@require_safe
def options(request: HttpRequest) -> HttpResponse:
    """Every target my credit could become at one of my institutions, and why not for the rest."""
    person = request.visitor.actor.person
    with own_scope(request) as scope:
        holders = enrolments_of(scope, person)
        place = _place(holders, request.GET.get("at", ""))
        search = request.GET.get("q", "").strip()[:60]
        context: dict[str, Any] = {
            "holders": holders,
            "place": place,
            "search": search,
            "applications": [_line_shown(line) for line in applications_of(scope, person)],
        }
        if place is not None:
            with _at(scope, place.institution_id) as inside:
                held = holdings_of(inside, person, on=day_in(scope, place.institution_id))
                planned = planned_courses(inside, person, place.institution_id)
            context |= _listed(held, search, place, planned)
        return show(request, scope, "conversions", context)


@door("conversion.apply")
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest) -> HttpResponse:
    """One possibility in full: what it uses and makes, why, what it does to my programme; then apply."""
    person = request.visitor.actor.person
    given = request.POST if request.method == "POST" else request.GET
    with own_scope(request) as scope:
        place = found(_place(enrolments_of(scope, person), given.get("at", ""), exact=True))
        day = today(place.zone)
        with _at(scope, place.institution_id) as inside:
            if request.method == "POST":
                answer = apply_for_conversion(
                    scope=inside, actor=request.visitor.actor, wish=_wish(given), at=now(), on=day,
                    request_id=request.request_id,
                )  # fmt: skip
                if not isinstance(answer, Refusal):
                    messages.success(request, _t("Applied. What it uses is held until it is decided."))
                    return redirect("learner:application", answer.application_id)
                messages.warning(request, " ".join(lines_said(answer.explanation)))
            everything = holdings_of(inside, person, on=day)
            chosen = _chosen_lots(given)
            held = pinned(everything, chosen)
            one = found(option_of(held, given.get("rules", ""), given.get("row", ""), given.get("course", "")))
        effects = effects_of(scope, person, on=day, used=_used(one), made=_made(one, place, day)) if one.credit else []
        context = {
            "place": place,
            "one": one,
            "shown": _option_shown(one, held, place),
            "effects": effects,
            "lots": [(lot, chosen is None or lot.id in chosen) for lot in usable(everything, one)],
            "chosen": chosen,
            "may_apply": one.one.ruling is not Ruling.REFUSE and not one.open and one.credit > 0 and bool(_used(one)),
            "application": new_id(),
            "made": list(zip(made_titles(held, one.one, one.regulation.compiled), one.one.made, strict=True)),
        }
        return show(request, scope, "conversion_choose", context, status=409 if request.method == "POST" else 200)


@door("conversion.apply")
@require_safe
def application(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """One application: where it stands, what happened, what is held, and what comes next."""
    with own_scope(request) as scope:
        one = found(application_of(scope, request.visitor.actor.person, application_id))
        return show(request, scope, "application", _detail_shown(one))


@door("conversion.apply")
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Ask once, then take the application back; what is held for it is free again."""
    with own_scope(request) as scope:
        one = found(application_of(scope, request.visitor.actor.person, application_id))
        if request.method != "POST":
            return show(request, scope, "application_withdraw", _detail_shown(one))
        with _at(scope, one.institution_id) as inside:
            answer = withdraw_application(
                scope=inside, actor=request.visitor.actor, application_id=application_id, at=now(),
                on=day_in(scope, one.institution_id), request_id=request.request_id,
            )  # fmt: skip
    if isinstance(answer, Refusal):
        messages.warning(request, " ".join(lines_said(answer.explanation)))
    else:
        messages.success(request, _t("The application is withdrawn. What it held is available again."))
    return redirect("learner:application", application_id)


@contextmanager
def _at(scope: Scope, institution: UUID) -> Iterator[Scope]:
    """Act for the learner at one of their institutions, which is what holds and converts."""
    try:
        with acting_for(person=scope.person, institution=institution, purpose="conversion") as inside:
            yield inside
    except NotVisible:
        raise Http404 from None


def _place(holders: list[Holder], asked: str, *, exact: bool = False) -> Holder | None:
    named = next((one for one in holders if str(one.institution_id) == asked), None)
    return named or (None if exact or not holders else holders[0])


def _wish(given: Any) -> Wish:
    try:
        token = UUID(given.get("application", ""))
    except ValueError:
        raise Http404 from None
    return Wish(
        token, given.get("rules", ""), given.get("row", ""), given.get("course", ""), given.get("seen", ""),
        _chosen_lots(given),
    )  # fmt: skip


def _chosen_lots(given: Any) -> tuple[str, ...] | None:
    """The lots that alone may be used, where the page let the learner choose."""
    return tuple(given.getlist("lot")[:_MOST_LOTS]) if given.get("choosing") else None


def _listed(held: Holdings, search: str, place: Holder, planned: frozenset[str]) -> dict[str, Any]:
    every = options_of(held)
    asked = [one for one in every if _fits(one, search)]
    possible = [one for one in asked if one.one.ruling is Ruling.RECOGNISE]
    mine = [one for one in possible if any(target.code in planned for target in one.one.targets)]
    others = [one for one in possible if one not in mine] if mine else possible
    groups = (
        ("mine", _("Possible now, in my programme"), mine),
        ("possible", _("Possible now, outside my programme") if mine else _("Possible now"), others),
        ("asked", _("Left to a person"), [one for one in asked if one.one.ruling is Ruling.MANUAL]),
    )
    refused = [one for one in asked if one.one.ruling is Ruling.REFUSE]
    refused.sort(key=lambda one: not any(target.code in planned for target in one.one.targets))
    return {
        "groups": [
            {"id": name, "title": title, "count": len(found), "items": _shown(found, held, place)}
            for name, title, found in groups
            if found
        ],
        "possible": len(possible),
        "not_now": _shown(refused, held, place),
        "not_now_count": len(refused),
        "has_rules": bool(held.regulations),
        "has_credit": bool(held.lots),
        "available": sum(lot.credit for lot in held.lots),
        "total": len(every),
        "most": _MOST_SHOWN,
    }


def _shown(options: Sequence[Option], held: Holdings, place: Holder) -> list[dict[str, Any]]:
    return [_option_shown(one, held, place) for one in options[:_MOST_SHOWN]]


def _fits(one: Option, search: str) -> bool:
    text = f"{one.targets.zh} {one.targets.en} {' '.join(target.code for target in one.one.targets)}".casefold()
    return all(word in text for word in search.casefold().split())


def _option_shown(one: Option, held: Holdings, place: Holder) -> dict[str, Any]:
    language = get_language() or "zh-hans"
    titles = {lot.id: lot.title for lot in held.lots}
    return {
        "one": one,
        "title": one.targets.said_in(language).strip("“”"),
        "credit": one.credit,
        "uses": [
            {"title": titles[use.item].said_in(language), "credit": use.credit, "left": use.left}
            for use in one.one.uses
            if use.credit
        ],
        "grade": one.one.grade,
        "counts": _counts(asdict(one.one.counts), language),
        "rules": one.regulation.name.said_in(language),
        "why": one.one.explanation,
        "query": _query(one, place),
    }


def _counts(counts: Mapping[str, bool], language: str) -> str:
    """Where what is made counts, in words."""
    said = [word.said_in(language) for name, word in COUNTED.items() if counts.get(name)]
    return ("、" if language.startswith("zh") else ", ").join(said)


def _query(one: Option, place: Holder) -> dict[str, str]:
    return {
        "at": str(place.institution_id),
        "rules": one.regulation.code,
        "row": one.one.row,
        "course": one.course,
    }


def _used(one: Option) -> dict[UUID, int]:
    return {UUID(use.item): use.credit for use in one.one.uses if use.credit}


def _made(one: Option, place: Holder, day: Any) -> list[Credit]:
    """What a programme would have of it; nothing where it does not count towards graduation."""
    if not one.one.counts.graduation:
        return []
    return [
        Credit(
            id=f"made-{number}",
            hundredths=made.credit,
            category=made.category or made.target.code,
            level=None,
            field="",
            code=made.target.code if made.target.kind.value == "course" else "",
            source=str(place.institution_id),
            grade=_mark(one.one.grade),
            earned_on=day,
            expires_on=None,
        )
        for number, made in enumerate(one.one.made)
        if made.credit
    ]


def _mark(grade: str | None) -> Decimal | None:
    try:
        return Decimal(grade) if grade else None
    except InvalidOperation:
        return None


def _line_shown(line: Any) -> dict[str, Any]:
    return {
        "line": line,
        "tag": CONVERSION_STATES[line.state],
        "title": line.title.said_in(get_language() or "zh-hans"),
    }


def _detail_shown(one: ApplicationDetail) -> dict[str, Any]:
    language = get_language() or "zh-hans"
    events = [
        {
            "moment": step.at,
            "title": CONVERSION_ACTS[step.act][1],
            "tone": CONVERSION_ACTS[step.act][0],
            "detail": " ".join(str(words) for words in (CONVERSION_REASONS.get(step.reason, ""), step.note) if words),
        }
        for step in one.steps
        if step.act in CONVERSION_ACTS
    ]
    return {
        "one": one,
        "tag": CONVERSION_STATES[one.line.state],
        "title": one.line.title.said_in(language).strip("“”"),
        "held": one.line.state in (State.SUBMITTED, State.UNDER_REVIEW, State.APPROVED),
        "reason": CONVERSION_REASONS.get(one.reason, ""),
        "counts": _counts(one.counts, language),
        "may_withdraw": bool(acts_from(one.line.state, Who.LEARNER)),
        "events": events[::-1],
    }
