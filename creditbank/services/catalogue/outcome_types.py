"""Keep the document that makes an outcome type a schema, each version of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.catalogue.outcome_types import OutcomeSchema, disagreements, read_outcome_schema
from creditbank.domain.explanation import Refusal
from creditbank.queries.outcome_schemas import schema_of
from creditbank.queries.outcome_types import outcome_types_of
from creditbank.queries.rules import version_in_force
from creditbank.records.scope import Scope
from creditbank.services.operations import note_operation

_NEW = """
INSERT INTO outcome_schema (institution_id, code, number, document, digest, actor_id, recorded_at)
SELECT %(institution)s, %(code)s, coalesce(max(number), 0) + 1, %(document)s::jsonb, %(digest)s, %(actor)s, %(at)s
FROM outcome_schema WHERE institution_id = %(institution)s AND code = %(code)s RETURNING number
"""


def keep_outcome_schema(
    *,
    scope: Scope,
    actor: UUID,
    document: Mapping[str, Any],
    at: datetime,
    on: date,
    code: str = "",
    request_id: str = "",
) -> OutcomeSchema | Refusal:
    """Keep a document as the next version of its outcome type; the same content again changes nothing.

    Claims that were submitted keep what they were asked; drafts are asked anew.

    Args:
        scope: acts for the institution.
        actor: who keeps it.
        document: with ``schema: creditbank.outcome-type/1``.
        at: the moment.
        on: the same day in the institution's zone.
        code: of the outcome type it must be about, where that is known.
        request_id: the request that asked.

    Returns:
        The schema, or the refusal with a line for each field that differs from the rule set's fact of its name.

    Raises:
        UnreadableError: the document is no such document; each problem has its path.
    """
    schema = read_outcome_schema(document)
    if code and schema.code != code:
        return Refusal.because("outcome_type.code_differs", said=schema.code, type=code)
    assert scope.institution is not None
    scope.take_turn("catalogue")
    kind = outcome_types_of(scope, scope.institution, on).get(schema.code)
    if kind is None:
        return Refusal.because("outcome_type.no_type", type=schema.code)
    version = version_in_force(scope, institution=scope.institution, code=kind.rule_set_code, on=on)
    if version is not None and (lines := disagreements(schema, version.compiled.rules)):
        return Refusal(lines)
    known = schema_of(scope, scope.institution, schema.code)
    if known is None or known.schema.digest != schema.digest or known.institution != scope.institution:
        values = {
            "institution": scope.institution,
            "code": schema.code,
            "document": json.dumps(dict(document), ensure_ascii=False, default=str),
            "digest": schema.digest,
            "actor": actor,
            "at": at,
        }
        scope.fetch(_NEW, values)
        note_operation(
            scope=scope, actor=actor, action="catalogue.outcome_type", outcome="kept", at=at,
            object_kind="outcome_schema", request_id=request_id,
        )  # fmt: skip
    return schema
