"""The life of a rule version after its review: approval, publicity, its day, suspension, abolition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from creditbank.domain.access import Actor
from creditbank.domain.explanation import Line, Refusal, Verdict
from creditbank.domain.rule_documents import is_overlay, read_rules
from creditbank.domain.rule_life.applies import Candidate, Days, collisions, superseded
from creditbank.domain.rule_life.states import BY_TWO, Act, State, decide, publicity_ends
from creditbank.gateways.clock import new_id
from creditbank.queries.overlays import standing_of
from creditbank.queries.rule_drafts import draft_life, readiness, unknown_stays
from creditbank.queries.rule_life import least_publicity, objections_of, scheduling_of, version_life
from creditbank.queries.rules import candidates
from creditbank.records.rules import RuleDraft, RuleVersion
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.rule_acts import note_act
from creditbank.services.rule_drafts import TURN, allowed, fetch_draft
from creditbank.services.rules import next_number

_MOST_SAID = 2000


def approve_draft(
    *, scope: Scope, actor: Actor, draft_id: UUID, meeting: str, on: date, at: datetime, request_id: str = ""
) -> RuleVersion | Refusal:
    """Make a draft to which two people agreed a version: from here on it is never changed, and stands in the log.

    Its cases and lint are looked at once more in this transaction.

    Args:
        scope: acts for the institution.
        actor: who approves; not one of its authors.
        draft_id: which draft.
        meeting: the number of the minutes.
        on: the present day of the institution.
        at: the moment.
        request_id: of the page's request, for the operation log.

    Raises:
        NotVisible: there is no such draft, or the actor approves no rules here.
    """
    person = allowed(scope, actor, Act.APPROVE)
    scope.take_turn(TURN)
    draft = fetch_draft(scope, draft_id)
    meeting = meeting.strip()[:120]
    red = readiness(scope, draft)
    target = decide(Act.APPROVE, draft_life(scope, draft), by=person, on=on, reason=meeting, red=red)
    if isinstance(target, Refusal):
        return target
    version: RuleVersion = scope.rows(RuleVersion).create(
        id=new_id(),
        institution_id=scope.institution,
        rule_set=draft.rule_set,
        number=next_number(scope, draft.rule_set),
        content=draft.content,
        content_hash=draft.content_hash,
        applies=draft.applies,
        meeting=meeting,
        taken_in=False,
        state=target.value,
        published_at=at,
        published_by=person,
    )
    scope.rows(RuleDraft).filter(pk=draft_id).update(state=target.value, version_id=version.id)
    note_act(
        scope=scope, act=Act.APPROVE, state=target, actor=person, at=at, version=version,
        facts={"meeting": meeting, "content_hash": draft.content_hash}, request_id=request_id,
    )  # fmt: skip
    return version


def announce_version(
    *, scope: Scope, actor: Actor, version_id: UUID, days: int, on: date, at: datetime, request_id: str = ""
) -> State | Refusal:
    """Put an approved version up for publicity for so many days, at least as many as the institution's setting.

    Raises:
        NotVisible: there is no such version here, or the actor approves no rules here.
    """
    person, version = _begin(scope, actor, version_id, Act.ANNOUNCE)
    target = decide(Act.ANNOUNCE, version_life(scope, version), by=person, on=on)
    if isinstance(target, Refusal):
        return target
    until = publicity_ends(on, days, least=least_publicity(scope))
    if isinstance(until, Refusal):
        return until
    facts = {"from": on.isoformat(), "until": until.isoformat()}
    return _move(scope, version, Act.ANNOUNCE, target, person, at, facts, request_id=request_id)


def note_objection(
    *, scope: Scope, actor: Actor, version_id: UUID, said: str, on: date, at: datetime, request_id: str = ""
) -> int | Refusal:
    """Note an objection that somebody made in publicity, and give its number; until it is answered no day is set.

    Raises:
        NotVisible: there is no such version here, or the actor writes no rules here.
    """
    person, version = _begin(scope, actor, version_id, Act.OBJECT)
    target = decide(Act.OBJECT, version_life(scope, version), by=person, on=on, reason=said)
    if isinstance(target, Refusal):
        return target
    number = len(objections_of(scope, version_id)) + 1
    _move(scope, version, Act.OBJECT, target, person, at, {"objection": number}, said, request_id)
    return number


def answer_objection(
    *,
    scope: Scope,
    actor: Actor,
    version_id: UUID,
    number: int,
    answer: str,
    on: date,
    at: datetime,
    request_id: str = "",
) -> State | Refusal:
    """Answer an open objection; where it is right, the version is abolished and a new draft begun.

    Raises:
        NotVisible: there is no such version here, or the actor approves no rules here.
    """
    person, version = _begin(scope, actor, version_id, Act.ANSWER)
    life = version_life(scope, version)
    target = decide(Act.ANSWER, life, by=person, on=on, reason=answer)
    if isinstance(target, Refusal):
        return target
    if number not in life.objections:
        return Refusal.because("rule_life.no_objection", number=number)
    return _move(scope, version, Act.ANSWER, target, person, at, {"objection": number}, answer, request_id)


def schedule_version(
    *,
    scope: Scope,
    actor: Actor,
    version_id: UUID,
    effective_from: date,
    effective_until: date | None = None,
    on: date,
    at: datetime,
    request_id: str = "",
) -> State | Refusal:
    """Set the first day, and perhaps the last, of the claims that a version decides after its publicity.

    The versions whose claims it takes over whole end the day before; one that it only overlaps is named in a refusal.
    An overlay begins on a day on which all of it holds.

    Raises:
        NotVisible: there is no such version here, or the actor approves no rules here.
    """
    person, version = _begin(scope, actor, version_id, Act.SCHEDULE)
    target = decide(Act.SCHEDULE, version_life(scope, version), by=person, on=on)
    if isinstance(target, Refusal):
        return target
    refusal = _days_refused(effective_from, effective_until, on) or _not_fitting(scope, version, effective_from)
    stays = unknown_stays(scope, version.rule_set_id, version.applies)
    if refusal is not None or stays:
        return refusal or Refusal(tuple(stays))
    ending = _ending(scope, version, Days(effective_from, effective_until))
    if isinstance(ending, Refusal):
        return ending
    versions = scope.rows(RuleVersion)
    before = {}
    for one in ending:
        assert one.period is not None
        before[str(one.version_id)] = one.period.last.isoformat() if one.period.last else None
        versions.filter(pk=one.version_id).update(effective_until=effective_from - timedelta(days=1))
    versions.filter(pk=version_id).update(effective_from=effective_from, effective_until=effective_until)
    facts: dict[str, Any] = {"from": effective_from.isoformat(), "closed": list(before), "closed_until": before}
    if effective_until is not None:
        facts["until"] = effective_until.isoformat()
    return _move(scope, version, Act.SCHEDULE, target, person, at, facts, request_id=request_id)


def ask_step(
    *,
    scope: Scope,
    actor: Actor,
    version_id: UUID,
    wanted: Act,
    reason: str,
    on: date,
    at: datetime,
    day: date | None = None,
    request_id: str = "",
) -> State | Refusal:
    """Ask that a version be suspended, resumed or abolished; nothing happens before a second person confirms it.

    Args:
        scope: acts for the institution.
        actor: who asks.
        version_id: which version.
        wanted: one of ``BY_TWO``.
        reason: in words that everybody may read.
        on: the present day of the institution.
        at: the moment.
        day: the first day without it, where it is to be abolished; today when it is left out.
        request_id: of the page's request, for the operation log.

    Raises:
        NotVisible: there is no such version here, or the actor approves no rules here.
    """
    person, version = _begin(scope, actor, version_id, Act.ASK)
    target = decide(Act.ASK, version_life(scope, version), by=person, on=on, reason=reason, wanted=wanted)
    if isinstance(target, Refusal):
        return target
    facts: dict[str, Any] = {"asked": wanted.value}
    if wanted is Act.ABOLISH:
        first = day or on
        if first < on:
            return Refusal.because("rule_life.from_past", today=on.isoformat(), day=first.isoformat())
        facts["from"] = first.isoformat()
    return _move(scope, version, Act.ASK, target, person, at, facts, reason, request_id)


def drop_step(
    *, scope: Scope, actor: Actor, version_id: UUID, on: date, at: datetime, request_id: str = ""
) -> State | Refusal:
    """Let go what somebody asked for; the version stays as it is.

    Raises:
        NotVisible: there is no such version here, or the actor approves no rules here.
    """
    person, version = _begin(scope, actor, version_id, Act.DROP)
    target = decide(Act.DROP, version_life(scope, version), by=person, on=on)
    if isinstance(target, Refusal):
        return target
    return _move(scope, version, Act.DROP, target, person, at, {}, request_id=request_id)


def confirm_step(
    *, scope: Scope, actor: Actor, version_id: UUID, act: Act, on: date, at: datetime, request_id: str = ""
) -> State | Refusal:
    """Suspend, resume or abolish a version for which somebody else asked.

    Raises:
        NotVisible: there is no such version here, or the actor approves no rules here.
        ValueError: the step is not one that two people take.
    """
    if act not in BY_TWO:
        raise ValueError(f"{act} is not a step of two")
    person, version = _begin(scope, actor, version_id, act)
    life = version_life(scope, version)
    target = decide(act, life, by=person, on=on)
    if isinstance(target, Refusal):
        return target
    assert life.asked is not None
    facts: dict[str, Any] = {}
    if act is Act.ABOLISH:
        facts = _abolish(scope, version, max(life.asked.day or on, on))
    return _move(scope, version, act, target, person, at, facts, life.asked.reason, request_id)


def _begin(scope: Scope, actor: Actor, version_id: UUID, act: Act) -> tuple[UUID, RuleVersion]:
    """Who takes the step, and the version as it stands once it is our turn."""
    person = allowed(scope, actor, act)
    scope.take_turn(TURN)
    rows = scope.rows(RuleVersion).filter(pk=version_id, institution_id=scope.institution)
    version = rows.select_related("rule_set").first()
    if version is None:
        raise NotVisible
    return person, version


def _move(
    scope: Scope,
    version: RuleVersion,
    act: Act,
    target: State,
    person: UUID,
    at: datetime,
    facts: Mapping[str, Any],
    said: str = "",
    request_id: str = "",
) -> State:
    scope.rows(RuleVersion).filter(pk=version.id).update(state=target.value)
    note_act(
        scope=scope, act=act, state=target, actor=person, at=at, version=version, facts=facts, said=said[:_MOST_SAID],
        request_id=request_id,
    )  # fmt: skip
    return target


def _days_refused(first: date, last: date | None, on: date) -> Refusal | None:
    if first < on:
        return Refusal.because("rule_life.from_past", today=on.isoformat(), day=first.isoformat())
    if last is not None and last < first:
        return Refusal.because("rule_life.until_before", until=last.isoformat(), day=first.isoformat())
    return None


def _not_fitting(scope: Scope, version: RuleVersion, first: date) -> Refusal | None:
    """Why an overlay cannot begin on a day: some of it would not hold with the rules that are inherited then."""
    rules = read_rules(version.content) if is_overlay(version.kind) else None
    if rules is None or scope.institution is None:
        return None
    refused = standing_of(scope, rules, institution=scope.institution, on=first).refused
    if not refused:
        return None
    return Refusal((Line("rule_life.overlay_unfit", Verdict.NO, {"day": first.isoformat()}), *refused))


def _ending(scope: Scope, version: RuleVersion, period: Days) -> tuple[Candidate, ...] | Refusal:
    """The versions that give way to this one, or a refusal that names those with which it collides."""
    assert scope.institution is not None
    known = candidates(scope, scope.institution, version.rule_set.code)
    new = replace(next(one for one in known if one.version_id == version.id), period=period)
    others = [one for one in known if one.version_id != version.id]
    if colliding := collisions(new, others):
        lines = [Line("rule_life.collides", Verdict.NO, {"number": one.number}) for one in colliding]
        return Refusal(tuple(lines))
    return superseded(new, others)


def _abolish(scope: Scope, version: RuleVersion, first_without: date) -> dict[str, Any]:
    """End a version; what it was to replace before its day ever came goes on as it was."""
    if version.effective_from is None:
        return {}
    versions = scope.rows(RuleVersion)
    began = version.effective_from
    reopened: dict[str, str | None] = {}
    if first_without <= began:
        first_without = began
        for key, last in scheduling_of(scope, version.id).get("closed_until", {}).items():
            open_again = versions.filter(pk=UUID(key), effective_until=began - timedelta(days=1))
            if open_again.exclude(state=State.ABOLISHED.value).update(effective_until=last):
                reopened[key] = last
    versions.filter(pk=version.id).update(effective_until=first_without - timedelta(days=1))
    facts: dict[str, Any] = {"from": first_without.isoformat()}
    return facts | ({"reopened": reopened} if reopened else {})
