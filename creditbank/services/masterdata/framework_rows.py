"""Keep what everybody reads of frameworks in step with the rows of master data."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import connections

from creditbank.domain.masterdata.declaration import DataSet
from creditbank.domain.masterdata.framework_sets import (
    CERTIFICATION_UNITS,
    CREDIT_RATIOS,
    CREDIT_UNITS,
    FRAMEWORK_LEVELS,
    FRAMEWORK_SETS,
    FRAMEWORKS,
    UNIT_CARRIERS,
)
from creditbank.gateways.postgres import run
from creditbank.records.scope import Scope

_OWN = "coalesce((stored.content->>'published')::boolean, false)"
_OF = """EXISTS (SELECT FROM data_row AS whole WHERE whole.institution_id = %(institution_id)s
  AND whole.data_set = '{data_set}' AND whole.key = stored.content->>'{field}' AND NOT whole.retired
  AND coalesce((whole.content->>'published')::boolean, false))"""

_PARTS = {
    FRAMEWORK_LEVELS.code: (FRAMEWORKS.code, "framework"),
    UNIT_CARRIERS.code: (CERTIFICATION_UNITS.code, "unit"),
}
"""By data set of parts, of which data set they are parts, and the field that names the whole."""

_UPSERT = """
INSERT INTO framework_row (institution_id, data_set, key, content, published)
SELECT %(institution_id)s::uuid, stored.data_set, stored.key, stored.content, NOT stored.retired AND {published}
FROM data_row AS stored
WHERE stored.institution_id = %(institution_id)s AND stored.data_set = %(data_set)s AND {which}
ON CONFLICT (institution_id, data_set, key) DO UPDATE SET content = EXCLUDED.content, published = EXCLUDED.published
RETURNING 1
"""

_GONE = """
DELETE FROM framework_row WHERE institution_id = %(institution_id)s AND data_set = %(data_set)s
  AND key = ANY(%(keys)b::text[]) AND NOT EXISTS (SELECT FROM data_row AS stored
    WHERE stored.institution_id = %(institution_id)s AND stored.data_set = %(data_set)s
      AND stored.key = framework_row.key)
RETURNING 1
"""

CODES = frozenset(one.code for one in FRAMEWORK_SETS)


def follow_frameworks(*, scope: Scope, data_set: DataSet, keys: Collection[str]) -> None:
    """Bring the rows of these keys after, and of wholes also their parts, which are published with them."""
    named = {"data_set": data_set.code, "keys": sorted(keys)}
    _run(scope, _upsert(data_set.code, "stored.key = ANY(%(keys)b::text[])"), **named)
    _run(scope, _GONE, **named)
    for part, (whole, field) in _PARTS.items():
        if whole == data_set.code:
            which = f"stored.content->>'{field}' = ANY(%(keys)b::text[])"
            _run(scope, _upsert(part, which), **(named | {"data_set": part}))


def _upsert(data_set: str, which: str) -> str:
    if data_set in (CREDIT_UNITS.code, CREDIT_RATIOS.code):
        published = "true"
    elif data_set in _PARTS:
        whole, field = _PARTS[data_set]
        published = _OF.format(data_set=whole, field=field)
    else:
        published = _OWN
    return _UPSERT.format(published=published, which=which)


def _run(scope: Scope, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    return run(connections[scope.using], statement, {"institution_id": scope.institution} | values)
