"""Keep education resources that everybody reads in step with the rows of master data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from django.db import connections

from creditbank.domain.masterdata.declaration import DataSet
from creditbank.domain.masterdata.facts import Stored
from creditbank.domain.masterdata.reading import normal
from creditbank.gateways.postgres import run
from creditbank.records.scope import Scope

SAYING = """
SELECT key FROM data_row WHERE institution_id = %(institution_id)s AND data_set = %(data_set)s
  AND content->>%(field)s = ANY(%(said)b::text[])
"""

PROVIDERS_OF = """
SELECT DISTINCT provider FROM education_resource
WHERE institution_id = %(institution_id)s AND code = ANY(%(keys)b::text[]) AND provider <> ''
"""

STATED = """
SELECT key, coalesce(content->>%(field)s, '') FROM data_row
WHERE institution_id = %(institution_id)s AND data_set = %(data_set)s AND key = ANY(%(keys)b::text[])
"""

NAMED = """
SELECT key, normalize(label, NFKC) FROM data_row WHERE institution_id = %(institution_id)s AND data_set = %(data_set)s
  AND (key = ANY(%(said)b::text[]) OR normalize(label, NFKC) = ANY(%(said)b::text[]))
"""

_GONE = """
DELETE FROM {table} WHERE institution_id = %(institution_id)s AND code = ANY(%(keys)b::text[])
RETURNING 1
"""

# What the rows name comes as an array beside their keys: a look-up for each of them would depend on the planner.
_UPSERT = """
INSERT INTO {table} (institution_id, code, {names})
SELECT %(institution_id)s::uuid, stored.key, {values}
FROM unnest(%(keys)b::text[], %(named)b::text[]) AS given(key, named)
JOIN data_row AS stored ON stored.institution_id = %(institution_id)s AND stored.data_set = %(data_set)s
  AND stored.key = given.key
{more}
ON CONFLICT (institution_id, code) DO UPDATE SET {changes}
RETURNING 1
"""


def _text(name: str) -> str:
    return f"coalesce(stored.content->>'{name}', '')"


def _typed(name: str, kind: str) -> str:
    return f"(stored.content->>'{name}')::{kind}"


_WORDS = (
    f"lower(concat_ws(' ', stored.key, stored.label, {_text('name_en')}, stored.label_sort,"
    f" replace(stored.label_sort, ' ', ''), {_text('category')}))"
)

_PROVIDER: dict[str, str] = {
    "name": "stored.label",
    "name_en": _text("name_en"),
    "kind": _text("kind"),
    "bank_code": _text("bank_code"),
    "accredited_from": _typed("accredited_from", "date"),
    "accredited_until": _typed("accredited_until", "date"),
    "retired": "stored.retired",
    "published": "EXISTS (SELECT FROM education_resource AS offered WHERE offered.institution_id = %(institution_id)s"
    " AND offered.provider = stored.key AND offered.published)",
    "search": _WORDS,
}

_RESOURCE: dict[str, str] = {
    "name": "stored.label",
    "name_sort": "stored.label_sort",
    **{name: _text(name) for name in ("name_en", "kind", "category", "course", "contact", "address", "about")},
    "about_en": _text("about_en"),
    "provider": "given.named",
    "credit": _typed("credit", "int"),
    "hours": _typed("hours", "int"),
    "published": f"coalesce({_typed('published', 'boolean')}, false) AND NOT stored.retired",
    "search": _WORDS,
}

_OFFERING: dict[str, str] = {
    "resource": "given.named",
    "term": _text("term"),
    "starts_on": _typed("starts_on", "date"),
    "ends_on": _typed("ends_on", "date"),
    "seats": _typed("seats", "int"),
    "fee": _typed("fee", "int"),
    "currency": "coalesce(stored.content->>'currency', 'CNY')",
    "apply_until": _typed("apply_until", "date"),
    "contact": _text("contact"),
    "place": _text("place"),
    "published": "coalesce(named.published, false) AND NOT stored.retired",
}

_OF_RESOURCE = """
LEFT JOIN education_resource AS named ON named.institution_id = %(institution_id)s AND named.code = given.named
"""


def _upsert(table: str, columns: Mapping[str, str], more: str = "") -> str:
    return _UPSERT.format(
        table=table,
        names=", ".join(columns),
        values=", ".join(columns.values()),
        more=more,
        changes=", ".join(f"{name} = EXCLUDED.{name}" for name in columns),
    )


_RENEW = {
    "providers": (_upsert("education_provider", _PROVIDER), _GONE.format(table="education_provider")),
    "resources": (_upsert("education_resource", _RESOURCE), _GONE.format(table="education_resource")),
    "offerings": (_upsert("education_offering", _OFFERING, _OF_RESOURCE), _GONE.format(table="education_offering")),
}

_NAMES = {"resources": ("provider", "providers"), "offerings": ("resource", "resources")}
"""By data set, the field that names a row of another one, and which one that is."""


def follow_resources(
    *, scope: Scope, data_set: DataSet, before: Mapping[str, Any], made: Mapping[str, Mapping[str, Stored]]
) -> None:
    """Bring providers, resources and offerings after rows that were made anew.

    Rows name each other by code or by name, and may arrive in any order, so that whatever names a row that
    moved, by what it is called now or was called before, is made anew with it.
    """
    keys = {*before, *made}
    said = keys | {normal(str(row["name"])) for row in [*before.values(), *made.values()] if row.get("name")}
    match data_set.code:
        case "providers":
            _renew_resources(scope, _saying(scope, "resources", said), keys)
        case "resources":
            _renew_resources(scope, keys, set())
            _renew(scope, "offerings", _saying(scope, "offerings", said))
        case "offerings":
            _renew(scope, "offerings", keys)
        case _:
            return


def _renew_resources(scope: Scope, keys: Collection[str], providers: set[str]) -> None:
    """Resources, and every provider that they named, name, or that is given."""
    wanted = set(providers) | _providers_of(scope, keys)
    _renew(scope, "resources", keys)
    _renew(scope, "providers", wanted | _providers_of(scope, keys))


def _renew(scope: Scope, data_set: str, keys: Collection[str]) -> None:
    """Make the rows of these keys as everybody reads them; those that are no longer stated go."""
    upsert, gone = _RENEW[data_set]
    field, target = _NAMES.get(data_set, ("", ""))
    stated = dict(_run(scope, STATED, data_set=data_set, field=field, keys=sorted(keys)))
    if stated:
        found = _named(scope, target, set(stated.values()) - {""}) if target else {}
        named = [found.get(said, "") for said in stated.values()]
        _run(scope, upsert, data_set=data_set, keys=list(stated), named=named)
    if lost := sorted(set(keys) - stated.keys()):
        _run(scope, gone, keys=lost)


def _named(scope: Scope, data_set: str, said: Collection[str]) -> dict[str, str]:
    """The key of each row that is named: by its key, else by a name that only one row has."""
    keys: set[str] = set()
    by_name: dict[str, list[str]] = defaultdict(list)
    for key, name in _run(scope, NAMED, data_set=data_set, said=sorted(said)):
        keys.add(key)
        by_name[name].append(key)
    unique = {name: found[0] for name, found in by_name.items() if len(found) == 1}
    return {one: one if one in keys else unique.get(one, "") for one in said}


def _saying(scope: Scope, data_set: str, said: Collection[str]) -> set[str]:
    field, _target = _NAMES[data_set]
    return {key for (key,) in _run(scope, SAYING, data_set=data_set, field=field, said=sorted(said))}


def _providers_of(scope: Scope, keys: Collection[str]) -> set[str]:
    return {code for (code,) in _run(scope, PROVIDERS_OF, keys=sorted(keys))} if keys else set()


def _run(scope: Scope, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    return run(connections[scope.using], statement, {"institution_id": scope.institution} | values)
