"""Keep kinds of official lists that a school makes itself, each version of them, and retire them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from creditbank.domain.explanation import Refusal
from creditbank.domain.official_lists.kind import KINDS, ListKind, read_list_kind
from creditbank.queries.official_lists.kinds import OwnKind, own_kind
from creditbank.records.scope import Scope
from creditbank.services.official_lists.imports import outcomes_refused, take_turn
from creditbank.services.operations import note_operation

_NEW = """
INSERT INTO list_kind (institution_id, code, number, document, digest, retired, actor_id, recorded_at)
SELECT %(institution)s, %(code)s, coalesce(max(number), 0) + 1, %(document)s::jsonb, %(digest)s, %(retired)s, %(actor)s,
  %(at)s
FROM list_kind WHERE institution_id = %(institution)s AND code = %(code)s RETURNING number
"""


def keep_kind(
    *, scope: Scope, actor: UUID, document: Mapping[str, Any], at: datetime, request_id: str = ""
) -> ListKind | Refusal:
    """Keep a kind of list as the next version of its code; the same content again changes nothing.

    Lists that were brought in by an earlier version stay as they were read.

    Raises:
        UnreadableError: the document is no mapping; each problem has its path.
    """
    kind = read_list_kind(document)
    if kind.code in KINDS:
        return Refusal.because("lists.kind_packaged", kind=kind.code)
    if refusal := outcomes_refused(scope, kind):
        return refusal
    take_turn(scope)
    known = own_kind(scope, kind.code)
    if known is None or known.kind.digest != kind.digest:
        _keep(scope, actor, kind, document, at, retired=False)
        _note(scope, actor, "lists.kind", at, request_id)
    return kind


def retire_kind(*, scope: Scope, actor: UUID, code: str, at: datetime, request_id: str = "") -> OwnKind | Refusal:
    """Offer a kind of list no more; what was brought in by it stays."""
    take_turn(scope)
    known = own_kind(scope, code)
    if known is None:
        return Refusal.because("lists.no_kind")
    _keep(scope, actor, known.kind, known.document, at, retired=True)
    _note(scope, actor, "lists.kind_retired", at, request_id)
    return known


def _keep(
    scope: Scope, actor: UUID, kind: ListKind, document: Mapping[str, Any], at: datetime, *, retired: bool
) -> None:
    scope.fetch(
        _NEW,
        {
            "institution": scope.institution,
            "code": kind.code,
            "document": json.dumps(dict(document), ensure_ascii=False),
            "digest": kind.digest,
            "retired": retired,
            "actor": actor,
            "at": at,
        },
    )


def _note(scope: Scope, actor: UUID, action: str, at: datetime, request_id: str) -> None:
    note_operation(
        scope=scope, actor=actor, action=action, outcome="done", at=at, object_kind="list_kind", request_id=request_id
    )
