"""Who is affected by a draft: the claims of the last year under it and under the version in force."""

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

from creditbank.domain.rule_life.states import Act
from creditbank.domain.rules.compile import Compiled, compile_rules
from creditbank.domain.rules.decision import Granted
from creditbank.domain.rules.impact import Effect, Tally
from creditbank.domain.rules.model import RuleSet, Ruling
from creditbank.domain.values import Text, format_credit
from creditbank.gateways import clock
from creditbank.queries.overlays import standing_of
from creditbank.queries.rule_drafts import DraftDetail, find_draft
from creditbank.queries.rule_impact import (
    Affected,
    AffectedClaim,
    Beside,
    affected_by,
    affected_claims,
    both_sides,
    first_affected,
)
from creditbank.queries.rules import InForce, version_in_force
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible, fetch_claim, open_record
from creditbank.web.design.tables import Column, Filter, read_state
from creditbank.web.doors import door
from creditbank.web.office.desk import actor_of, at_desk, day_of, show, today_at
from creditbank.web.office.rule_words import language_now, may_act

EFFECTS = {
    Effect.SAME: ("plain", _("Same as before")),
    Effect.UP: ("ok", _("More credit")),
    Effect.DOWN: ("warn", _("Less credit")),
    Effect.GAINED: ("ok", _("Newly recognised")),
    Effect.REFUSED: ("bad", _("Newly refused")),
    Effect.MANUAL: ("warn", _("Newly for a person")),
    Effect.MOVED: ("info", _("Another category or level")),
    Effect.UNREAD: ("warn", _("Asks what was not asked")),
}
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


@dataclass(frozen=True, slots=True)
class _Compared:
    """A draft that can be compared, and with what."""

    now: InForce
    after: Compiled
    today: date

    def asked(self, code: str) -> dict[str, Any]:
        return {"code": code, "before": self.now.compiled, "after": self.after, "on": self.today}


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
            "line": found.line, "in_force": compared.now.number if compared else _number(scope, found), "full": True,
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
            "line": found.line, "in_force": compared.now.number if compared else _number(scope, found),
            "full": "full" in request.GET,
        }  # fmt: skip
        return render(request, "office/parts/rule_impact.html", context)


@door("rules.approve")
@require_GET
def claims(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """The claims that would be decided otherwise, the newest first; of one effect, programme or cohort alone."""
    filters = (
        Filter("effect", _t("Effect"), tuple((effect.value, str(EFFECTS[effect][1])) for effect in _CHANGES)),
        Filter("programme", _t("Programme")),
        Filter("cohort", _t("Cohort")),
    )
    with at_desk(request, "rules.approve") as scope:
        found = _draft(scope, draft_id)
        compared = _compared(scope, found)
        state = read_state(request.GET, columns=COLUMNS, filters=filters)
        rows, total = (
            affected_claims(
                scope,
                actor_of(request),
                **compared.asked(found.line.code),
                effect=Effect(chosen) if (chosen := state.filters.get("effect")) else None,
                **{name: _asked_for(state.filters.get(name)) for name in ("programme", "cohort")},
                offset=state.offset,
                limit=state.size,
            )
            if compared
            else ((), 0)
        )
        context = {
            "line": found.line, "columns": COLUMNS, "filters": filters, "state": state.on_page_of(total),
            "total": total, "rows": [_row(found, one) for one in rows],
        }  # fmt: skip
        return show(request, scope, "office/rule_impact_claims.html", context)


@door("rules.approve")
@require_GET
def claim(request: HttpRequest, draft_id: UUID, learner_id: UUID, claim_id: UUID) -> HttpResponse:
    """One claim under the version in force and under the draft, both traces side by side."""
    with at_desk(request, "rules.approve") as scope:
        found = _draft(scope, draft_id)
        actor = actor_of(request)
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
            "line": found.line, "claim": one, "claimed_on": day_of(one.submitted_at),
            "in_force": compared.now.number if compared else None, "student_number": learner.student_number,
            "learner": Text(learner.name, learner.name_en).said_in(language_now()),
        }  # fmt: skip
        if compared:
            context["sides"] = both_sides(
                scope, one, before=compared.now.compiled, after=compared.after, version=compared.now.version_id,
                on=timezone.localtime(one.submitted_at).date(),
            )  # fmt: skip
        return show(request, scope, "office/rule_impact_claim.html", context)


def _draft(scope: Scope, draft_id: UUID) -> DraftDetail:
    """A draft of this institution. Whoever works for one college of it sees what changes there."""
    found = find_draft(scope, draft_id)
    if found is None:
        raise NotVisible
    return found


def _number(scope: Scope, found: DraftDetail) -> int | None:
    assert scope.institution is not None
    now = version_in_force(scope, institution=scope.institution, code=found.line.code, on=today_at(scope))
    return now.number if now else None


def _compared(scope: Scope, found: DraftDetail) -> _Compared | None:
    """What is compared; nothing where the draft cannot be read, stands on nothing, or nothing is in force."""
    if found.rules is None or scope.institution is None:
        return None
    today = today_at(scope)
    now = version_in_force(scope, institution=scope.institution, code=found.line.code, on=today)
    decides = standing_of(scope, found.rules, institution=scope.institution, on=today, laid_on=found.line.origin).rules
    if now is None or not isinstance(decides, RuleSet):
        return None
    return _Compared(now, compile_rules(decides), today)


def _figures(request: HttpRequest, scope: Scope, found: DraftDetail, compared: _Compared | None) -> dict[str, Any]:
    if compared is None:
        return {"answer": None}
    ask = affected_by if "all" in request.GET else first_affected
    answer: Affected = ask(scope, actor_of(request), **compared.asked(found.line.code))
    listed = reverse("office:rule-draft-impact-claims", args=[found.line.draft_id])
    return {
        "answer": answer,
        "college": actor_of(request).college,
        "listed": listed,
        "effects": [
            one | {"url": "" if one["effect"] is Effect.SAME else f"{listed}?effect={one['effect'].value}"}
            for one in effect_rows(answer)
        ],
        "tables": [
            (_t("By programme"), _rows(answer.impact.programmes, _t("no programme"), f"{listed}?programme=")),
            (_t("By cohort"), _rows(answer.impact.cohorts, _t("no cohort"), f"{listed}?cohort=")),
        ],
        "shown": [_shown(one) for one in answer.shown],
    }


def effect_rows(answer: Affected | None) -> list[dict[str, Any]]:
    """How many claims each effect is about."""
    tallies = answer.impact.effects if answer is not None else {}
    return [
        {"effect": effect, "tag": EFFECTS[effect], "tally": tallies[effect]} for effect in Effect if effect in tallies
    ]


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


def _shown(one: Beside) -> dict[str, Any]:
    return {"beside": one, "tag": EFFECTS[one.changed.effect], "group": one.changed.group}


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


def _given(granted: Granted | None) -> str:
    if granted is None:
        return _t("cannot read the facts")
    if granted.ruling is Ruling.RECOGNISE:
        return format_credit(granted.credit)
    return _t("refused") if granted.ruling is Ruling.REFUSE else _t("left to a person")
