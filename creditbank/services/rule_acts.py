"""Writes a step of a rule version's life down: its row, the operation, and what the log commits to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from creditbank.domain.log.leaf import commit
from creditbank.domain.rule_life.records import LOGGED, approved_version_record, rule_act_record
from creditbank.domain.rule_life.states import Act, State
from creditbank.domain.rules.write import PUBLIC_SALT, rule_version_record
from creditbank.gateways.clock import new_id
from creditbank.records.rules import RuleAct, RuleDraft, RuleDraftAct, RuleVersion
from creditbank.records.scope import Scope
from creditbank.services.operations import note_operation


def note_act(
    *,
    scope: Scope,
    act: Act,
    state: State,
    actor: UUID,
    at: datetime,
    draft: RuleDraft | None = None,
    version: RuleVersion | None = None,
    facts: Mapping[str, Any] | None = None,
    said: str = "",
    request_id: str = "",
) -> None:
    """Write one step down in the scope's transaction; those of a version also go to the log.

    Raises:
        ValueError: the step belongs neither to a draft nor to a version.
    """
    thing = version or draft
    if thing is None:
        raise ValueError("a step of nothing")
    act_id, facts = new_id(), dict(facts or {})
    step = {
        "id": act_id,
        "institution_id": scope.institution,
        "act": act.value,
        "state": state.value,
        "facts": facts,
        "said": said.strip(),
        "actor_id": actor,
        "recorded_at": at,
    }
    if version is None:
        scope.rows(RuleDraftAct).create(draft=draft, **step)
    else:
        scope.rows(RuleAct).create(rule_set_id=version.rule_set_id, version=version, **step)
    if version is not None:
        if act in (Act.APPROVE, Act.TAKE_IN):
            _queue(scope, str(version.id), version.id, _version_record(version), at)
        elif act in LOGGED:
            record = rule_act_record(act_id=act_id, version_id=version.id, act=act, facts=facts)
            _queue(scope, str(act_id), version.id, record, at)
    note_operation(
        scope=scope,
        actor=actor,
        action="rules.publish" if act is Act.TAKE_IN else f"rules.{act.value}",
        outcome="done",
        at=at,
        object_kind="rule_draft" if version is None else "rule_version",
        object_id=thing.id,
        request_id=request_id,
    )


def _version_record(version: RuleVersion) -> dict[str, Any]:
    code, number, said = version.rule_set.code, version.number, version.content_hash
    if version.taken_in:
        return rule_version_record(
            version_id=version.id, code=code, number=number, content_hash=said, effective_from=version.effective_from
        )
    return approved_version_record(
        version_id=version.id,
        code=code,
        number=number,
        content_hash=said,
        effective=version.applies,
        meeting=version.meeting,
    )


def _queue(scope: Scope, reference: str, subject: UUID, record: Mapping[str, Any], at: datetime) -> None:
    scope.fetch(
        "INSERT INTO log_outbox (stream, leaf_ref, subject_id, commitment, queued_at)"
        " VALUES ('rule_version', %s, %s, %s, %s) RETURNING 1",
        [reference, subject, commit(PUBLIC_SALT, record), at],
    )
