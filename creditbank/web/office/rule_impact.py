"""Who is affected by a draft: the claims of the last year under it and under the version in force."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from creditbank.domain.rule_life.states import Act
from creditbank.domain.rules.compile import compile_rules
from creditbank.domain.rules.impact import Effect, Tally
from creditbank.domain.rules.model import RuleSet
from creditbank.queries.overlays import standing_of
from creditbank.queries.rule_drafts import find_draft
from creditbank.queries.rule_impact import Affected, Beside, affected_by
from creditbank.queries.rules import version_in_force
from creditbank.services.access import NotVisible
from creditbank.web.doors import door
from creditbank.web.office.desk import actor_of, at_desk, show, today_at
from creditbank.web.office.rule_words import may_act

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


@door("rules.approve")
@require_GET
def page(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Counts by effect, programme and cohort, and the groups that change most with both reasons side by side."""
    with at_desk(request, "rules.approve") as scope:
        found = find_draft(scope, draft_id)
        if found is None or scope.institution is None or not may_act(actor_of(request), Act.SIGN):
            raise NotVisible
        today = today_at(scope)
        now = version_in_force(scope, institution=scope.institution, code=found.line.code, on=today)
        context: dict[str, Any] = {"line": found.line, "in_force": now.number if now else None}
        decides = standing_of(scope, found.rules, institution=scope.institution, on=today) if found.rules else None
        if decides is not None and isinstance(decides.rules, RuleSet) and now is not None:
            after = compile_rules(decides.rules)
            answer = affected_by(scope, code=found.line.code, before=now.compiled, after=after, on=today)
            context |= {
                "answer": answer,
                "effects": effect_rows(answer),
                "tables": [
                    (_t("By programme"), _rows(answer.impact.programmes, _t("no programme"))),
                    (_t("By cohort"), _rows(answer.impact.cohorts, _t("no cohort"))),
                ],
                "shown": [_shown(one) for one in answer.shown],
            }
        return show(request, scope, "office/rule_impact.html", context)


def effect_rows(answer: Affected | None) -> list[dict[str, Any]]:
    """How many claims each effect is about."""
    tallies = answer.impact.effects if answer is not None else {}
    return [{"tag": EFFECTS[effect], "tally": tallies[effect]} for effect in Effect if effect in tallies]


def _rows(tallies: Mapping[str, Tally], nameless: str) -> list[tuple[str, Tally]]:
    return [(name or nameless, tally) for name, tally in sorted(tallies.items(), key=lambda pair: -pair[1].count)]


def _shown(one: Beside) -> dict[str, Any]:
    return {"beside": one, "tag": EFFECTS[one.changed.effect], "group": one.changed.group}
