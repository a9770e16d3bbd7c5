"""Publish programmes as immutable versions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from creditbank.domain.canonical import content_hash
from creditbank.domain.explanation import Refusal
from creditbank.domain.programmes.reading import read_programme
from creditbank.gateways.clock import new_id
from creditbank.records.programmes import Programme
from creditbank.records.scope import Scope
from creditbank.services.operations import note_operation


def publish_programme(
    *, scope: Scope, document: Mapping[str, Any], actor: UUID, at: datetime, invented: bool = False
) -> Programme:
    """Add a version of a programme to the scope's institution; content that is there already is returned as it is.

    Raises:
        ValueError: the document is no programme (the message names the path), or the scope has no institution.
    """
    if scope.institution is None:
        raise ValueError("a programme belongs to an institution")
    programme = read_programme(dict(document))
    digest = content_hash(document)
    rows = scope.rows(Programme).filter(institution_id=scope.institution, code=programme.code)
    last = rows.order_by("-version").first()
    if last is not None and last.content_hash == digest:
        return last  # type: ignore[no-any-return]
    made: Programme = scope.rows(Programme).create(
        id=new_id(),
        institution_id=scope.institution,
        code=programme.code,
        version=(last.version if last else 0) + 1,
        name=programme.title.zh,
        name_en=programme.title.en,
        content=dict(document),
        content_hash=digest,
        invented=invented,
        published_at=at,
    )
    note_operation(
        scope=scope,
        actor=actor,
        action="programme.publish",
        outcome="done",
        at=at,
        object_kind="programme",
        object_id=made.id,
    )
    return made


def publish_plan(
    *, scope: Scope, document: Mapping[str, Any], replaces: str | None, actor: UUID, at: datetime
) -> Programme | Refusal:
    """Publish a programme that carries a plan as the next version of its code; former versions stay as they are.

    Args:
        scope: acts for the institution whose programme it is.
        document: a programme document with a plan.
        replaces: the content hash of the version that was the newest when the plan was looked at, empty where
            there was none; None to publish whatever is there.
        actor: who publishes it.
        at: when.

    Raises:
        ValueError: the document is no programme (the message names the path), or the scope has no institution.
    """
    programme = read_programme(dict(document))
    if programme.plan is None:
        return Refusal.because("plan.missing", programme=programme.code)
    rows = scope.rows(Programme).filter(institution_id=scope.institution, code=programme.code)
    last = rows.order_by("-version").first()
    if replaces is not None and replaces != (last.content_hash if last is not None else ""):
        return Refusal.because("plan.changed_meanwhile", programme=programme.code, version=last.version if last else 0)
    return publish_programme(scope=scope, document=document, actor=actor, at=at)
