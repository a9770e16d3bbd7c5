"""Publish rule versions: immutable, hashed, and a leaf of the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from creditbank.domain.log.leaf import commit
from creditbank.domain.rules.read import read_rule_set
from creditbank.domain.rules.write import PUBLIC_SALT, rule_set_data, rule_set_hash, rule_version_record
from creditbank.gateways.clock import new_id
from creditbank.records.rules import RuleSet, RuleVersion
from creditbank.records.scope import Scope
from creditbank.services.operations import note_operation


def publish_rule_version(
    *, scope: Scope, document: Mapping[str, Any], effective_from: date, actor: UUID, at: datetime
) -> RuleVersion:
    """Put a version of a rule set in force from a day on; the former one ends the day before.

    Content that is in force already is returned as it is.

    Raises:
        ValueError: the document is no rule set (the message names the path), or the scope has no institution.
    """
    if scope.institution is None:
        raise ValueError("a rule set belongs to an institution")
    rules = read_rule_set(document)
    content, content_hash = rule_set_data(rules), rule_set_hash(rules)
    rule_set = scope.rows(RuleSet).filter(institution_id=scope.institution, code=rules.code).first()
    if rule_set is None:
        rule_set = scope.rows(RuleSet).create(
            id=new_id(),
            institution_id=scope.institution,
            kind=rules.kind,
            code=rules.code,
            name=rules.name.zh,
            name_en=rules.name.en,
        )
    last = scope.rows(RuleVersion).filter(rule_set=rule_set).order_by("-number").first()
    if last is not None and last.content_hash == content_hash:
        return last  # type: ignore[no-any-return]
    if last is not None and last.effective_until is None:
        scope.rows(RuleVersion).filter(pk=last.pk).update(effective_until=effective_from - timedelta(days=1))
    version: RuleVersion = scope.rows(RuleVersion).create(
        id=new_id(),
        institution_id=scope.institution,
        rule_set=rule_set,
        number=(last.number if last else 0) + 1,
        content=content,
        content_hash=content_hash,
        effective_from=effective_from,
        published_at=at,
        published_by=actor,
    )
    _log_version(scope, rules.code, version)
    note_operation(
        scope=scope,
        actor=actor,
        action="rules.publish",
        outcome="done",
        at=at,
        object_kind="rule_version",
        object_id=version.id,
    )
    return version


def _log_version(scope: Scope, code: str, version: RuleVersion) -> None:
    record = rule_version_record(
        version_id=version.id,
        code=code,
        number=version.number,
        content_hash=version.content_hash,
        effective_from=version.effective_from,
    )
    scope.fetch(
        "INSERT INTO log_outbox (stream, leaf_ref, subject_id, commitment, queued_at)"
        " VALUES ('rule_version', %s, %s, %s, %s) RETURNING 1",
        [
            str(version.id),
            version.id,
            commit(PUBLIC_SALT, record),
            version.published_at,
        ],
    )
