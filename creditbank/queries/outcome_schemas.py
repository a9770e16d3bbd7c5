"""What an outcome type asks on a day: the facts of its rule set, and its own further fields."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.catalogue.outcome_types import OutcomeSchema, asked_by, read_outcome_schema
from creditbank.domain.rules.model import RuleSet
from creditbank.queries.outcome_types import OutcomeType, outcome_type_of
from creditbank.queries.rules import InForce, Versions
from creditbank.records.scope import Scope

# The nearest institution that says something stands for the ones below it.
_NEAREST = """
WITH RECURSIVE above(id, parent_id, far) AS (
  SELECT id, parent_id, 0 FROM institution WHERE id = %(institution)s
  UNION ALL SELECT place.id, place.parent_id, far + 1 FROM institution AS place JOIN above ON place.id = above.parent_id
)
SELECT stated.institution_id, stated.number, stated.document::text, stated.actor_id, stated.recorded_at
FROM outcome_schema AS stated JOIN above ON above.id = stated.institution_id
WHERE stated.code = %(code)s AND (%(at)s::timestamptz IS NULL OR stated.recorded_at <= %(at)s::timestamptz)
ORDER BY far, number DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class StatedSchema:
    """A schema in use: the document it was read from, whose it is, which version, who kept it and when."""

    schema: OutcomeSchema
    document: Mapping[str, Any]
    institution: UUID
    number: int
    actor: UUID
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about an outcome: its type, the rules in force, and the rules with the type’s further fields."""

    kind: OutcomeType
    version: InForce
    rules: RuleSet
    schema: OutcomeSchema | None


def schema_of(scope: Scope, institution: UUID, code: str, *, at: datetime | None = None) -> StatedSchema | None:
    """The schema of an outcome type at an institution, now or at a moment: its own, else the nearest from above."""
    found = scope.fetch(_NEAREST, {"institution": institution, "code": code, "at": at})
    if not found:
        return None
    place, number, text, actor, at = found[0]
    document = json.loads(text)
    return StatedSchema(read_outcome_schema(document), document, place, number, actor, at)


def asked_of(
    scope: Scope, *, institution: UUID, outcome_type: str, on: date, at: datetime | None = None
) -> Asked | None:
    """What is asked about an outcome on a day; nothing where the type is closed or no rules are in force.

    With ``at``, the type's further fields are those of that moment: what was submitted then is asked no more.
    """
    kind = outcome_type_of(scope, institution, outcome_type, on)
    if kind is None:
        return None
    version = Versions(scope, institution, kind.rule_set_code).asking(on)
    if version is None:
        return None
    stated = schema_of(scope, institution, outcome_type, at=at)
    schema = stated.schema if stated else None
    return Asked(kind, version, asked_by(version.compiled.rules, schema), schema)
