"""Batch approval: scheduled for ten seconds, undone until then, executed once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from creditbank.domain.access import Actor, Role
from creditbank.domain.explanation import Refusal, Verdict, from_data, to_data, worst
from creditbank.domain.recognition import Act, State, decide
from creditbank.domain.rules.model import Ruling
from creditbank.domain.values import Hundredths
from creditbank.gateways.clock import new_id
from creditbank.queries.queue import find_cases
from creditbank.records.recognition import Claim, ScheduledCommand
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible, fetch_claim
from creditbank.services.recognition.history import lock_learners, move_claim
from creditbank.services.recognition.review import CaseKey, Decided, approve_claim, step_claim

UNDO_SECONDS = 10
"""How long a batch approval waits before anything is posted."""


def schedule_approval(
    *,
    scope: Scope,
    actor: Actor,
    keys: Sequence[CaseKey],
    at: datetime,
    request_id: str = "",
) -> tuple[UUID | None, list[Decided]]:
    """Set cases aside for approval in ten seconds; until then :func:`undo_command` puts all of them back.

    Only cases that the rules propose without a single objection, with the evidence they need, are taken; the others
    come back with their refusal.
    Nothing is posted here. Returns the command, or none when no case was taken.
    """
    command_id = new_id()
    taken: list[CaseKey] = []
    results: list[Decided] = []
    asked = find_cases(scope, actor, [(key.learner_id, key.claim_id) for key in keys])
    suggested = {CaseKey(case.learner_id, case.claim_id) for case in asked if case.approvable}
    for key in sorted(set(keys), key=lambda item: (item.learner_id, item.claim_id)):
        try:
            claim = fetch_claim(
                scope=scope,
                actor=actor,
                permission="recognition.review",
                learner_id=key.learner_id,
                claim_id=key.claim_id,
                lock=True,
            )
        except NotVisible:
            continue
        target = decide(
            act=Act.SCHEDULE, state=State(claim.state), learner=claim.learner_id, actor=actor.person,
            decided_by=claim.decided_by,
        )  # fmt: skip
        if not isinstance(target, Refusal) and (key not in suggested or not _recommended(claim)):
            target = Refusal.because("recognition.not_recommended")
        if isinstance(target, Refusal):
            results.append(Decided(key, claim.number, Hundredths(0), target))
            continue
        move_claim(
            scope=scope,
            claim=claim,
            act=Act.SCHEDULE,
            target=target,
            actor=actor.person,
            at=at,
            request_id=request_id,
        )
        taken.append(key)
        results.append(Decided(key, claim.number, Hundredths(claim.credit)))
    if not taken:
        return None, results
    scope.rows(ScheduledCommand).create(
        institution_id=scope.institution,
        command_id=command_id,
        kind="recognition.approve",
        payload={
            "cases": [[str(key.learner_id), str(key.claim_id)] for key in taken],
            "seen": {str(item.key.claim_id): item.credit for item in results if item.refusal is None},
            "college": str(actor.college) if actor.college else None,
            "roles": sorted(actor.roles),
        },
        actor_id=actor.person,
        scheduled_at=at,
        execute_at=at + timedelta(seconds=UNDO_SECONDS),
    )
    return command_id, results


def undo_command(*, scope: Scope, actor: Actor, command_id: UUID, at: datetime, request_id: str = "") -> int:
    """Take a scheduled approval back before it runs; tells how many cases are under review again, 0 when too late.

    Raises:
        NotVisible: there is no such command of this actor.
    """
    rows = scope.rows(ScheduledCommand).filter(
        institution_id=scope.institution, command_id=command_id, actor_id=actor.person
    )
    command = rows.select_for_update().first()
    if command is None:
        raise NotVisible
    if command.executed_at is not None:
        return 0
    for learner, claim_id in command.payload["cases"]:
        key = CaseKey(UUID(learner), UUID(claim_id))
        step_claim(scope, actor, key, Act.UNDO, at, request_id=request_id)
    rows.delete()
    return len(command.payload["cases"])


def execute_command(*, scope: Scope, command_id: UUID, at: datetime, on: date) -> list[Decided]:
    """Run a scheduled approval whose time has come; a second run does nothing.

    Cases whose proposal changed meanwhile go back under review, each with its reason in the command's outcome.
    """
    rows = scope.rows(ScheduledCommand).filter(institution_id=scope.institution, command_id=command_id)
    command = rows.select_for_update().first()
    if command is None or command.executed_at is not None or command.execute_at > at:
        return []
    actor = Actor(
        person=command.actor_id,
        institution=scope.institution,
        college=UUID(command.payload["college"]) if command.payload["college"] else None,
        roles=frozenset(Role(name) for name in command.payload["roles"]),
    )
    keys = [CaseKey(UUID(learner), UUID(claim)) for learner, claim in command.payload["cases"]]
    lock_learners(scope, {key.learner_id for key in keys})
    decided = []
    for key in keys:
        seen = int(command.payload["seen"][str(key.claim_id)])
        answer = approve_claim(scope=scope, actor=actor, key=key, at=at, on=on, seen=seen)
        if answer.refusal is not None:
            step_claim(scope, actor, key, Act.UNDO, at)
        decided.append(answer)
    rows.update(
        executed_at=at,
        outcome=[
            {
                "claim": str(item.key.claim_id),
                "learner": str(item.key.learner_id),
                "number": item.number,
                "credit": item.credit,
                "refusal": to_data(item.refusal.explanation) if item.refusal else None,
            }
            for item in decided
        ],
    )
    return decided


def _recommended(claim: Claim) -> bool:
    """Whether a claim, now that it is held, still has rules that propose credit and no reason against it."""
    return claim.verdict == Ruling.RECOGNISE.value and worst(from_data(claim.proposal)) is not Verdict.NO
