"""Who is affected by a draft: past claims or conversions under it and under the version in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from creditbank.domain.conversions.impact import Comparison
from creditbank.domain.conversions.model import ConversionRules
from creditbank.domain.conversions.read import KIND as CONVERSION
from creditbank.domain.rule_documents import kind_decided
from creditbank.domain.rule_life.states import Act
from creditbank.domain.rules.compile import Compiled, compile_rules
from creditbank.domain.rules.decision import Granted
from creditbank.domain.rules.impact import Changed, Effect, Tally
from creditbank.domain.rules.model import RuleSet, Ruling
from creditbank.domain.rules.read import KIND as RECOGNITION
from creditbank.domain.values import Text, format_credit
from creditbank.gateways import clock
from creditbank.queries.conversions import PostedConversion, posted_conversions
from creditbank.queries.overlays import standing_of
from creditbank.queries.rule_drafts import DraftDetail, find_draft
from creditbank.queries.rule_impact import (
    Affected,
    AffectedClaim,
    Beside,
    Side,
    affected_by,
    affected_claims,
    affected_conversions,
    both_sides,
    conversions_compared,
    first_affected,
)
from creditbank.queries.rules import InForce, rules_in_force, version_in_force
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible, fetch_claim, open_record
from creditbank.web.design.tables import Column, Filter, State, read_state
from creditbank.web.doors import door
from creditbank.web.office.desk import actor_of, at_desk, day_of, show, today_at
from creditbank.web.office.impact_words import (
    CONVERSION_EFFECTS,
    EFFECTS,
    converted_said,
    counted,
    effects_of,
    elsewhere_said,
    figure_words,
    page_words,
)
from creditbank.web.office.rule_words import HOMES, language_now, may_act

_CHANGES = tuple(effect for effect in Effect if effect is not Effect.SAME)
_NOBODY = "-"
"""In an address: the claims of learners without a programme or cohort."""

COLUMNS = (
    Column("learner", _("Learner"), second="student_number", link="url"),
    Column("outcome", _("Outcome"), second="number"),
    Column("effect", _("Effect"), kind="tag"),
    Column("before", _("In force")),
    Column("after", _("Draft")),
    Column("programme", _("Programme"), second="cohort"),
    Column("submitted", _("Submitted on"), kind="date"),
)
_CONVERTED = (
    COLUMNS[0],
    Column("outcome", _("Becomes"), second="number"),
    *COLUMNS[2:-1],
    Column("submitted", _("Counts from"), kind="date"),
)


@dataclass(frozen=True, slots=True)
class _Compared:
    """A draft that can be compared, and with what."""

    now: InForce
    after: Compiled
    today: date

    @property
    def number(self) -> int:
        return self.now.number

    def asked(self, code: str) -> dict[str, Any]:
        return {"code": code, "before": self.now.compiled, "after": self.after, "on": self.today}


@dataclass(frozen=True, slots=True)
class _Converted:
    """The same of conversion rules."""

    number: int
    comparison: Comparison
    today: date


@door("rules.approve")
@require_GET
def page(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Counts by effect, programme and cohort, and what changes most with both reasons side by side.

    It opens with the newest claims and fetches the figures of all; ``?all=1`` waits for them.
    """
    with at_desk(request, "rules.approve") as scope:
        found = _draft(scope, draft_id)
        compared = _compared(scope, found)
        context = _figures(request, scope, found, compared) | {
            **_about(found), "in_force": compared.number if compared else _number(scope, found), "full": True,
            "back": _back(request, found),
        }  # fmt: skip
        return show(request, scope, "office/rule_impact.html", context)


@door("rules.approve")
@require_GET
def part(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """The figures alone, for a pane beside the rules; ``?all=1`` of all claims, ``?full=1`` with what changes most."""
    with at_desk(request, "rules.approve") as scope:
        found = _draft(scope, draft_id)
        compared = _compared(scope, found)
        context = _figures(request, scope, found, compared) | {
            **_about(found), "in_force": compared.number if compared else _number(scope, found),
            "full": "full" in request.GET,
        }  # fmt: skip
        return render(request, "office/parts/rule_impact.html", context)


@door("rules.approve")
@require_GET
def claims(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """The claims or conversions that change, the newest first; of one effect, programme or cohort alone."""
    with at_desk(request, "rules.approve") as scope:
        found = _draft(scope, draft_id)
        kind = kind_decided(found.line.kind)
        columns = _CONVERTED if kind == CONVERSION else COLUMNS
        filters = (
            Filter("effect", _t("Effect"), tuple((one.value, str(effects_of(kind)[one][1])) for one in _CHANGES)),
            Filter("programme", _t("Programme")),
            Filter("cohort", _t("Cohort")),
        )
        state = read_state(request.GET, columns=columns, filters=filters)
        rows, total = _changing(request, scope, found, state)
        context = {
            **_about(found), "columns": columns, "filters": filters, "state": state.on_page_of(total),
            "total": total, "rows": rows, "words": page_words(kind),
        }  # fmt: skip
        return show(request, scope, "office/rule_impact_claims.html", context)


@door("rules.approve")
@require_GET
def claim(request: HttpRequest, draft_id: UUID, learner_id: UUID, claim_id: UUID) -> HttpResponse:
    """One claim or conversion under the version in force and under the draft, both traces side by side."""
    with at_desk(request, "rules.approve") as scope:
        found = _draft(scope, draft_id)
        actor = actor_of(request)
        if kind_decided(found.line.kind) == CONVERSION:
            return _conversion(request, scope, found, learner_id, claim_id)
        one = fetch_claim(
            scope=scope, actor=actor, permission="rules.approve", learner_id=learner_id, claim_id=claim_id
        )
        if one.submitted_at is None:
            raise NotVisible
        learner = open_record(
            scope=scope, actor=actor, permission="rules.approve", learner_id=learner_id, at=clock.now()
        )
        compared = _compared(scope, found)
        context: dict[str, Any] = {
            **_about(found), "claim": one, "claimed_on": day_of(one.submitted_at),
            "words": page_words(kind_decided(found.line.kind)),
            "in_force": compared.number if compared else None, "student_number": learner.student_number,
            "learner": Text(learner.name, learner.name_en).said_in(language_now()),
        }  # fmt: skip
        if isinstance(compared, _Compared):
            context["sides"] = both_sides(
                scope, one, before=compared.now.compiled, after=compared.after, version=compared.now.version_id,
                on=timezone.localtime(one.submitted_at).date(),
            )  # fmt: skip
        return show(request, scope, "office/rule_impact_claim.html", context)


def _conversion(
    request: HttpRequest, scope: Scope, found: DraftDetail, learner_id: UUID, conversion_id: UUID
) -> HttpResponse:
    """One conversion that stands, under both versions."""
    actor = actor_of(request)
    posted = posted_conversions(scope, actor, most=1, learner=learner_id, conversion=conversion_id)
    if not posted:
        raise NotVisible
    open_record(scope=scope, actor=actor, permission="rules.approve", learner_id=learner_id, at=clock.now())
    one, compared = posted[0], _compared(scope, found)
    context: dict[str, Any] = {
        **_about(found), "words": page_words(CONVERSION), "converted": one.past,
        "in_force": compared.number if compared else None, "student_number": one.student_number,
        "learner": one.name.said_in(language_now()),
        "used": [(lot.title, lot.credit) for lot in one.past.used],
    }  # fmt: skip
    if isinstance(compared, _Converted):
        context["sides"] = [
            Side(answer.granted.credit if answer.granted else None, answer.explanation)
            for answer in compared.comparison.answers(one.past)
        ]
    return show(request, scope, "office/rule_impact_claim.html", context)


def _changing(request: HttpRequest, scope: Scope, found: DraftDetail, state: State) -> tuple[list[dict[str, Any]], int]:
    """The rows of one page of what changes, and how many there are in all."""
    compared, actor = _compared(scope, found), actor_of(request)
    effect = Effect(chosen) if (chosen := state.filters.get("effect")) else None
    programme, cohort = (_asked_for(state.filters.get(name)) for name in ("programme", "cohort"))
    if isinstance(compared, _Converted):
        answer = affected_conversions(scope, actor, compared.comparison, on=compared.today)
        kept = [
            (posted, changed)
            for posted, changed in answer.changed
            if (effect is None or changed.effect is effect)
            and (programme is None or posted.past.programme == programme)
            and (cohort is None or posted.past.cohort == cohort)
        ]
        shown = kept[state.offset : state.offset + state.size]
        return [_converted_row(found, posted, changed) for posted, changed in shown], len(kept)
    if compared is None:
        return [], 0
    rows, total = affected_claims(
        scope, actor, **compared.asked(found.line.code), effect=effect, programme=programme, cohort=cohort,
        offset=state.offset, limit=state.size,
    )  # fmt: skip
    return [_row(found, one) for one in rows], total


def _about(found: DraftDetail) -> dict[str, Any]:
    return {"line": found.line, "nav_path": HOMES[found.line.kind].url}


def _draft(scope: Scope, draft_id: UUID) -> DraftDetail:
    """A draft of this institution. Whoever works for one college of it sees what changes there."""
    found = find_draft(scope, draft_id)
    if found is None:
        raise NotVisible
    return found


def _number(scope: Scope, found: DraftDetail) -> int | None:
    assert scope.institution is not None
    asked: dict[str, Any] = {"institution": scope.institution, "code": found.line.code, "on": today_at(scope)}
    if kind_decided(found.line.kind) == CONVERSION:
        now = rules_in_force(scope, kind=CONVERSION, **asked)
        return now.number if now else None
    decides = version_in_force(scope, **asked)
    return decides.number if decides else None


def _compared(scope: Scope, found: DraftDetail) -> _Compared | _Converted | None:
    """What is compared; nothing where the draft cannot be read, stands on nothing, or nothing is in force."""
    if found.rules is None or scope.institution is None:
        return None
    today = today_at(scope)
    decides = standing_of(scope, found.rules, institution=scope.institution, on=today, laid_on=found.line.origin).rules
    if isinstance(decides, ConversionRules):
        stands = rules_in_force(scope, institution=scope.institution, kind=CONVERSION, code=found.line.code, on=today)
        if stands is None or not isinstance(stands.rules, ConversionRules):
            return None
        comparison = conversions_compared(scope, before=stands.rules, after=decides, on=today)
        return _Converted(stands.number, comparison, today)
    now = version_in_force(scope, institution=scope.institution, code=found.line.code, on=today)
    if now is None or not isinstance(decides, RuleSet):
        return None
    return _Compared(now, compile_rules(decides), today)


def _figures(
    request: HttpRequest, scope: Scope, found: DraftDetail, compared: _Compared | _Converted | None
) -> dict[str, Any]:
    kind = kind_decided(found.line.kind)
    words = page_words(kind)
    if compared is None:
        return {"answer": None, "words": words}
    every, actor = "all" in request.GET, actor_of(request)
    elsewhere, looked_at = "", 0
    if isinstance(compared, _Converted):
        converted = affected_conversions(scope, actor, compared.comparison, on=compared.today, every=every)
        answer, looked_at = converted.affected, converted.all
        elsewhere = elsewhere_said(converted.elsewhere) if converted.elsewhere and answer.impact.count else ""
    else:
        ask = affected_by if every else first_affected
        answer = ask(scope, actor, **compared.asked(found.line.code))
    listed = reverse("office:rule-draft-impact-claims", args=[found.line.draft_id])
    return {
        "answer": answer,
        "college": actor.college,
        "words": words | figure_words(kind, answer, looked_at=looked_at),
        "elsewhere": elsewhere,
        "listed": listed,
        "effects": [
            one | {"url": "" if one["effect"] is Effect.SAME else f"{listed}?effect={one['effect'].value}"}
            for one in effect_rows(answer, kind)
        ],
        "tables": [
            (_t("By programme"), _rows(answer.impact.programmes, _t("no programme"), f"{listed}?programme=")),
            (_t("By cohort"), _rows(answer.impact.cohorts, _t("no cohort"), f"{listed}?cohort=")),
        ],
        "shown": [_shown(one, kind) for one in answer.shown],
    }


def effect_rows(answer: Affected | None, kind: str = RECOGNITION) -> list[dict[str, Any]]:
    """How many claims or conversions each effect is about."""
    tallies, tags = answer.impact.effects if answer is not None else {}, effects_of(kind)
    return [{"effect": effect, "tag": tags[effect], "tally": tallies[effect]} for effect in Effect if effect in tallies]


def _back(request: HttpRequest, found: DraftDetail) -> str:
    """The draft, for those who may open it."""
    if may_act(actor_of(request), Act.SIGN):
        return reverse("office:rule-draft", args=[found.line.draft_id])
    return reverse("office:rules")


def _rows(tallies: Mapping[str, Tally], nameless: str, address: str) -> list[tuple[str, str, Tally]]:
    return [
        (name or nameless, address + (urlencode({"": name})[1:] if name else _NOBODY), tally)
        for name, tally in sorted(tallies.items(), key=lambda pair: -pair[1].count)
    ]


def _shown(one: Beside, kind: str) -> dict[str, Any]:
    group = one.changed.group
    return {
        "beside": one, "tag": effects_of(kind)[one.changed.effect], "group": group, "said": counted(kind, group.count),
    }  # fmt: skip


def _asked_for(given: str | None) -> str | None:
    """What a filter asks for: ``None`` for everything, empty for those that have none."""
    return None if not given else "" if given == _NOBODY else given


def _row(found: DraftDetail, one: AffectedClaim) -> dict[str, Any]:
    language = language_now()
    return {
        "id": one.claim_id.hex,
        "learner": one.name.said_in(language) or one.student_number,
        "student_number": one.student_number,
        "url": reverse("office:rule-draft-impact-claim", args=[found.line.draft_id, one.learner_id, one.claim_id]),
        "outcome": one.title.said_in(language) or one.number,
        "number": one.number,
        "effect": EFFECTS[one.changed.effect],
        "before": _given(one.changed.before),
        "after": _given(one.changed.after),
        "programme": one.programme,
        "cohort": one.cohort,
        "submitted": day_of(one.submitted_at),
    }


def _converted_row(found: DraftDetail, one: PostedConversion, changed: Changed) -> dict[str, Any]:
    language, past = language_now(), one.past
    return {
        "id": past.conversion_id.hex,
        "learner": one.name.said_in(language) or one.student_number,
        "student_number": one.student_number,
        "url": reverse(
            "office:rule-draft-impact-claim", args=[found.line.draft_id, past.learner_id, past.conversion_id]
        ),
        "outcome": past.made.said_in(language),
        "number": "、".join(lot.title.said_in(language) for lot in past.used),
        "effect": CONVERSION_EFFECTS[changed.effect],
        "before": converted_said(changed.before),
        "after": converted_said(changed.after),
        "programme": past.programme,
        "cohort": past.cohort,
        "submitted": past.on,
    }


def _given(granted: Granted | None) -> str:
    if granted is None:
        return _t("cannot read the facts")
    if granted.ruling is Ruling.RECOGNISE:
        return format_credit(granted.credit)
    return _t("refused") if granted.ruling is Ruling.REFUSE else _t("left to a person")
