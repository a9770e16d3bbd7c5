"""Keep on waiting claims what official lists say of them, so that a long queue can be narrowed by it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connections

from creditbank.gateways.postgres import run
from creditbank.queries.official_lists.claims import marks_of
from creditbank.records.scope import Scope

_MARKED = """
UPDATE claim SET listed = given.listed
FROM unnest(%(learner_id)b::uuid[], %(claim_id)b::uuid[], %(listed)b::text[]) AS given (learner_id, claim_id, listed)
WHERE claim.learner_id = given.learner_id AND claim.claim_id = given.claim_id
  AND claim.institution_id = %(institution_id)s::uuid
RETURNING 1
"""


def mark_claims(*, scope: Scope, lists: Sequence[UUID] | None = None) -> int:
    """Compare the waiting claims of everybody of whom these lists, or any, spoke; how many are marked otherwise now.

    The page of a case always compares by itself; this mark only narrows and tags the queue.

    Raises:
        ValueError: the scope acts for no institution.
    """
    if scope.institution is None:
        raise ValueError("an official list belongs to an institution")
    changed = [one for one in marks_of(scope, scope.institution, lists) if one.kept != one.now]
    if changed:
        columns = {
            "learner_id": [one.learner_id for one in changed],
            "claim_id": [one.claim_id for one in changed],
            "listed": [one.now for one in changed],
        }
        run(connections[scope.using], _MARKED, {"institution_id": scope.institution} | columns)
    return len(changed)
