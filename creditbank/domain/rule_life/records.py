"""The records of approved versions and their later steps, to which leaves of the log commit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from creditbank.domain.rule_life.states import Act

LOGGED = (Act.ANNOUNCE, Act.SCHEDULE, Act.SUSPEND, Act.RESUME, Act.ABOLISH)
"""The steps after approval that have a leaf of their own; the approval's leaf is the version's."""


def approved_version_record(
    *, version_id: UUID, code: str, number: int, content_hash: str, effective: Mapping[str, Any], meeting: str
) -> dict[str, Any]:
    """The record of a version that was approved here: ``creditbank.rule_version/2``; its day has a leaf of its own."""
    return {
        "schema": "creditbank.rule_version/2",
        "rule_version": str(version_id),
        "code": code,
        "number": number,
        "content_hash": content_hash,
        "effective": dict(effective),
        "meeting": meeting,
    }


def rule_act_record(*, act_id: UUID, version_id: UUID, act: Act, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The record of a step of an approved version: ``creditbank.rule_act/1``; its days and versions, no words."""
    return {
        "schema": "creditbank.rule_act/1",
        "rule_act": str(act_id),
        "rule_version": str(version_id),
        "act": act.value,
        "facts": dict(facts),
    }
