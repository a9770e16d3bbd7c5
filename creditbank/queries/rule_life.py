"""The life of drafts and versions as it is recorded: what happened, by whom, and what is open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.rule_life.states import STEPS, Act, Asked, Life, State
from creditbank.domain.values import Text
from creditbank.queries.rule_drafts import draft_acts
from creditbank.records.institutions import Institution
from creditbank.records.people import Account
from creditbank.records.rules import RuleAct, RuleDraft, RuleVersion
from creditbank.records.scope import Scope


@dataclass(frozen=True, slots=True)
class StepDone:
    """One recorded step; ``who`` is empty where the reader may not know the name."""

    act: Act
    state: State
    at: datetime
    actor_id: UUID
    who: Text
    facts: Mapping[str, Any]
    said: str


@dataclass(frozen=True, slots=True)
class Objection:
    """An objection noted in publicity, with its answer once there is one."""

    number: int
    said: str
    noted_at: datetime
    answer: str = ""
    answered_at: datetime | None = None


def version_life(scope: Scope, version: RuleVersion) -> Life:
    """Where an approved version stands, with what its next steps depend on."""
    asked: Asked | None = None
    until: date | None = None
    open_objections: list[int] = []
    for act, actor, facts, said in _acts(scope, version.id).values_list("act", "actor_id", "facts", "said"):
        if act == Act.ASK:
            day = facts.get("from")
            asked = Asked(Act(facts["asked"]), actor, said, date.fromisoformat(day) if day else None)
        elif act == Act.DROP or STEPS[Act(act)].second:
            asked = None
        elif act == Act.ANNOUNCE:
            until = date.fromisoformat(facts["until"])
        elif act == Act.OBJECT:
            open_objections.append(facts["objection"])
        elif act == Act.ANSWER:
            open_objections.remove(facts["objection"])
    return Life(state=State(version.state), asked=asked, objections=tuple(open_objections), publicity_until=until)


def objections_of(scope: Scope, version_id: UUID) -> tuple[Objection, ...]:
    """The objections that were noted against a version, in their order."""
    found: dict[int, Objection] = {}
    for step in _acts(scope, version_id).filter(act__in=(Act.OBJECT.value, Act.ANSWER.value)):
        number = step.facts["objection"]
        if step.act == Act.OBJECT:
            found[number] = Objection(number, step.said, step.recorded_at)
        else:
            one = found[number]
            found[number] = Objection(number, one.said, one.noted_at, step.said, step.recorded_at)
    return tuple(found.values())


def draft_history(scope: Scope, draft_id: UUID) -> tuple[StepDone, ...]:
    """What happened to a draft of the scope's institution, with names."""
    return _done(scope, draft_acts(scope, draft_id))


def version_history(scope: Scope, version_id: UUID) -> tuple[StepDone, ...]:
    """What happened to a version; for its own institution with the steps of the draft that it was."""
    draft = scope.rows(RuleDraft).filter(version_id=version_id).values_list("id", flat=True).first()
    before = draft_history(scope, draft) if draft is not None else ()
    return (*before, *_done(scope, _acts(scope, version_id)))


def least_publicity(scope: Scope) -> int:
    """How many days the scope's institution keeps a version in publicity at least: as long as a decision on a claim."""
    return int(scope.rows(Institution).values_list("publicity_days", flat=True).get(pk=scope.institution))


def scheduling_of(scope: Scope, version_id: UUID) -> Mapping[str, Any]:
    """The facts of the step that set a version's day; empty before that."""
    rows = _acts(scope, version_id).filter(act__in=(Act.SCHEDULE.value, Act.TAKE_IN.value))
    return dict(rows.values_list("facts", flat=True).first() or {})


def _acts(scope: Scope, version_id: UUID) -> Any:
    return scope.rows(RuleAct).filter(version_id=version_id).order_by("recorded_at", "id")


def _done(scope: Scope, rows: Iterable[Any]) -> tuple[StepDone, ...]:
    steps = list(rows)
    accounts = scope.rows(Account).filter(pk__in={step.actor_id for step in steps})
    names = {key: Text(name, name_en) for key, name, name_en in accounts.values_list("id", "name", "name_en")}
    return tuple(
        StepDone(
            Act(step.act),
            State(step.state),
            step.recorded_at,
            step.actor_id,
            names.get(step.actor_id, Text("")) if step.institution_id == scope.institution else Text(""),
            step.facts,
            step.said,
        )
        for step in steps
    )
