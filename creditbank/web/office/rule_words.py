"""Words of the life of rule versions: states, steps, who may take the next one, and problems."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from creditbank.domain.access import Actor, Role, Thing, may, permission
from creditbank.domain.conversions.read import KIND as CONVERSION
from creditbank.domain.explanation import Explanation
from creditbank.domain.rule_documents import OVERLAYS
from creditbank.domain.rule_life.applies import Applies, Cohorts, Days, read_applies
from creditbank.domain.rule_life.states import ACT_NAMES, STATE_NAMES, STEPS, Act, Life, State
from creditbank.domain.rules.read import KIND as RECOGNITION
from creditbank.gateways import wording
from creditbank.queries.rule_life import StepDone
from creditbank.web.office.desk import minute_of


@dataclass(frozen=True, slots=True)
class Home:
    """Where the rules of a kind are listed, and what the list is called."""

    kind: str
    name: Any
    route: str
    begin: str

    @property
    def url(self) -> str:
        """The address of the list."""
        return reverse(self.route)

    @property
    def begin_url(self) -> str:
        """Where a draft of the kind is begun."""
        return reverse(self.begin)


HOMES = {
    RECOGNITION: Home(RECOGNITION, _("Recognition rules"), "office:rules", "office:rule-begin"),
    CONVERSION: Home(CONVERSION, _("Conversion rules"), "office:conversion-rules", "office:conversion-rule-begin"),
}
"""Rules of two kinds stand on no list together; an overlay stands with the rules it is laid on."""
HOMES |= {overlay: HOMES[kind] for kind, overlay in OVERLAYS.items()}

TONES = {
    State.DRAFT: "plain",
    State.TESTED: "info",
    State.IN_REVIEW: "info",
    State.DISCARDED: "plain",
    State.APPROVED: "info",
    State.PUBLICITY: "info",
    State.SCHEDULED: "info",
    State.EFFECTIVE: "ok",
    State.SUPERSEDED: "plain",
    State.SUSPENDED: "bad",
    State.ABOLISHED: "bad",
}

STAGES = (
    State.DRAFT,
    State.TESTED,
    State.IN_REVIEW,
    State.APPROVED,
    State.PUBLICITY,
    State.SCHEDULED,
    State.EFFECTIVE,
)
"""The way of a version to its effect, as the bar above it shows it."""

DONE = {
    Act.SAVE: ("plain", _("Written")),
    Act.DISCARD: ("plain", _("Discarded")),
    Act.TEST: ("info", _("Tested: every case green")),
    Act.SUBMIT: ("info", _("Sent for review")),
    Act.RECALL: ("warn", _("Recalled from review")),
    Act.SEND_BACK: ("warn", _("Sent back")),
    Act.SIGN: ("ok", _("Agreed to")),
    Act.APPROVE: ("ok", _("Version approved")),
    Act.ANNOUNCE: ("info", _("Publicity begun")),
    Act.OBJECT: ("warn", _("Objection noted")),
    Act.ANSWER: ("info", _("Objection answered")),
    Act.SCHEDULE: ("ok", _("Day set")),
    Act.ASK: ("warn", _("Asked for")),
    Act.DROP: ("plain", _("Request let go")),
    Act.SUSPEND: ("bad", _("Version suspended")),
    Act.RESUME: ("ok", _("Resumed")),
    Act.ABOLISH: ("bad", _("Abolished")),
    Act.TAKE_IN: ("ok", _("Taken in at setup")),
}

ROLES = {Role.REGISTRAR: _("registrars"), Role.REVIEWER: _("reviewers")}
_ALWAYS = (Act.SAVE, Act.DISCARD, Act.DROP)


def language_now() -> str:
    """The reader's language."""
    return get_language() or "zh-hans"


def tag_of(state: State) -> tuple[str, str]:
    """A state as a tag."""
    return TONES[state], _begun(STATE_NAMES[state].said_in(language_now()))


def stages() -> list[str]:
    """The names of the bar's steps."""
    return [_begun(STATE_NAMES[state].said_in(language_now())) for state in STAGES]


def _begun(word: str) -> str:
    """A word as a label begins with it."""
    return word[:1].upper() + word[1:]


def stage_of(state: State) -> int:
    """Which of the bar's steps a state is, from 1; 0 where the way ended elsewhere."""
    return STAGES.index(state) + 1 if state in STAGES else 0


def sentences(explanation: Explanation) -> list[str]:
    """A refusal in words, its reasons underneath included."""
    return [line.strip() for line in wording.say_all(explanation, language_now(), indent="")]


def may_act(actor: Actor, act: Act) -> bool:
    """Whether somebody's role at this desk allows a step at all."""
    return may(actor, STEPS[act].permission, Thing(institution=actor.institution))


def next_steps(life: Life) -> list[dict[str, Any]]:
    """What can happen next, and who may do it."""
    found = []
    for act, step in STEPS.items():
        if life.state not in step.origins or act in _ALWAYS or (step.second and life.asked is None):
            continue
        if step.second and life.asked is not None and life.asked.act is not act:
            continue
        if (act is Act.ANSWER and not life.objections) or (act is Act.SCHEDULE and life.objections):
            continue
        roles = [str(ROLES[role]) for role in ROLES if role in permission(step.permission).roles]
        limit = _t("not an author of it") if step.others else _t("a second person") if step.second else ""
        found.append(
            {
                "label": _begun(ACT_NAMES[act].said_in(language_now())),
                "who": _t(" or ").join(roles) + (f" ({limit})" if limit else ""),
            }
        )
    return found


def events_of(steps: Iterable[StepDone]) -> list[dict[str, Any]]:
    """What happened, the last first, as the timeline shows it."""
    return [
        {
            "at": minute_of(step.at),
            "title": DONE[step.act][1],
            "tone": DONE[step.act][0],
            "detail": " · ".join(part for part in (step.who.said_in(language_now()), _said(step)) if part),
        }
        for step in reversed(list(steps))
    ]


def applies_said(data: Any) -> list[dict[str, str]]:
    """What a version applies to, in words; empty where it applies to everything."""
    applies = read_applies(data) if data else Applies()
    rows = [(_t("Day of earning"), _days(applies.earned)), (_t("Cohorts"), _cohorts(applies.cohorts))]
    for one in applies.stays:
        parts = [part for part in (_days(one.earned), _cohorts(one.cohorts)) if part]
        who = _t("; ").join(parts)
        until = _t("for claims until %(day)s") % {"day": one.until.isoformat()} if one.until else _t("without an end")
        rows.append(
            (
                _t("Stays under version %(number)s") % {"number": one.under},
                f"{who} · {until} · {one.clause.said_in(language_now())}",
            )
        )
    return [{"label": label, "value": value} for label, value in rows if value]


def _said(step: StepDone) -> str:
    facts = step.facts
    parts = []
    if step.act is Act.APPROVE:
        parts.append(_t("minutes %(number)s") % {"number": facts.get("meeting", "")})
    if step.act is Act.ASK:
        parts.append(ACT_NAMES[Act(facts["asked"])].said_in(language_now()))
    if facts.get("undone"):
        parts.append(_t("revision %(number)s undone") % {"number": facts["undone"]})
    if facts.get("objection"):
        parts.append(_t("number %(number)s") % {"number": facts["objection"]})
    if facts.get("from") and step.act is not Act.SAVE:
        parts.append(_t("from %(day)s") % {"day": facts["from"]})
    if facts.get("until"):
        parts.append(_t("until %(day)s") % {"day": facts["until"]})
    if step.said:
        parts.append(step.said)
    return " · ".join(parts)


def _days(days: Days) -> str:
    if days == Days():
        return ""
    return f"{days.first.isoformat() if days.first else '…'} — {days.last.isoformat() if days.last else '…'}"


def _cohorts(cohorts: Cohorts) -> str:
    if cohorts == Cohorts():
        return ""
    span = f"{cohorts.first or '…'} — {cohorts.last or '…'}"
    return str(_t("cohorts %(span)s") % {"span": span})
