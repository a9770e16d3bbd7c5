"""Keep shown catalogue items and their search keys in step with typed rows and versions."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connections

from creditbank.domain.catalogue.items import Item, digest_of, item_of, version_content
from creditbank.domain.catalogue.life import PUBLIC, State
from creditbank.domain.catalogue.names import spoken_name
from creditbank.domain.catalogue.search import Keys, grams_of, keys_of
from creditbank.domain.masterdata.catalogue_sets import CATALOGUE
from creditbank.domain.masterdata.declaration import DataSet
from creditbank.domain.masterdata.facts import Stored
from creditbank.domain.masterdata.reading import normal
from creditbank.gateways.chance import sort_key
from creditbank.gateways.pinyin import readings
from creditbank.gateways.postgres import run
from creditbank.records.scope import Scope

BATCH = 2000
_ENCODE = json.JSONEncoder(ensure_ascii=False).encode

_ROWS = """
SELECT key, content::text, retired FROM data_row
WHERE institution_id = %(institution_id)s AND data_set = 'catalogue' AND key = ANY(%(keys)b::text[])
"""

_VERSIONS = """
SELECT code, number, state, content::text, digest FROM catalogue_version
WHERE institution_id = %(institution_id)s AND code = ANY(%(keys)b::text[]) ORDER BY code, number
"""

_PROVIDERS = """
SELECT code, name, name_en, kind, accredited_from, accredited_until, retired FROM education_provider
WHERE institution_id = %(institution_id)s
  AND (code = ANY(%(said)b::text[]) OR normalize(name, NFKC) = ANY(%(said)b::text[]))
"""

_SAYING = """
SELECT code FROM catalogue_item WHERE institution_id = %(institution_id)s AND provider = ANY(%(said)b::text[])
"""

_ITEMS = """
INSERT INTO catalogue_item (institution_id, code, number, shown_state, content, outcome_type, kind, tier, name, name_en,
  name_sort, state, changed, published, provider, provider_name, provider_name_en, provider_kind, accredited_from,
  accredited_until, provider_retired)
SELECT %(institution_id)s::uuid, code, number, shown_state, content::jsonb, outcome_type, kind, tier, name, name_en,
  name_sort, state, changed = 1, published = 1, provider, provider_name, provider_name_en, provider_kind,
  accredited_from, accredited_until, provider_retired = 1
FROM unnest(%(code)b::text[], %(number)b::int[], %(shown_state)b::text[], %(content)b::text[], %(outcome_type)b::text[],
  %(kind)b::text[], %(tier)b::text[], %(name)b::text[], %(name_en)b::text[], %(name_sort)b::text[], %(state)b::text[],
  %(changed)b::smallint[], %(published)b::smallint[], %(provider)b::text[], %(provider_name)b::text[],
  %(provider_name_en)b::text[], %(provider_kind)b::text[], %(accredited_from)b::date[], %(accredited_until)b::date[],
  %(provider_retired)b::smallint[])
  AS given(code, number, shown_state, content, outcome_type, kind, tier, name, name_en, name_sort, state, changed,
    published, provider, provider_name, provider_name_en, provider_kind, accredited_from, accredited_until,
    provider_retired)
ON CONFLICT (institution_id, code) DO UPDATE SET number = EXCLUDED.number, shown_state = EXCLUDED.shown_state,
  content = EXCLUDED.content, outcome_type = EXCLUDED.outcome_type, kind = EXCLUDED.kind, tier = EXCLUDED.tier,
  name = EXCLUDED.name, name_en = EXCLUDED.name_en, name_sort = EXCLUDED.name_sort, state = EXCLUDED.state,
  changed = EXCLUDED.changed, published = EXCLUDED.published, provider = EXCLUDED.provider,
  provider_name = EXCLUDED.provider_name, provider_name_en = EXCLUDED.provider_name_en,
  provider_kind = EXCLUDED.provider_kind, accredited_from = EXCLUDED.accredited_from,
  accredited_until = EXCLUDED.accredited_until, provider_retired = EXCLUDED.provider_retired
RETURNING 1
"""

_KEYS = """
INSERT INTO catalogue_key (institution_id, code, outcome_type, kind, tier, keys, grams)
SELECT %(institution_id)s::uuid, code, outcome_type, kind, tier, keys::jsonb, grams::int[]
FROM unnest(%(code)b::text[], %(outcome_type)b::text[], %(kind)b::text[], %(tier)b::text[], %(keys)b::text[],
  %(grams)b::text[]) AS given(code, outcome_type, kind, tier, keys, grams)
ON CONFLICT (institution_id, code) DO UPDATE SET outcome_type = EXCLUDED.outcome_type, kind = EXCLUDED.kind,
  tier = EXCLUDED.tier, keys = EXCLUDED.keys, grams = EXCLUDED.grams
RETURNING 1
"""

_GONE = "DELETE FROM {table} WHERE institution_id = %(institution_id)s AND code = ANY(%(gone)b::text[]) RETURNING 1"


@dataclass(frozen=True, slots=True)
class _Version:
    number: int
    state: State
    content: Mapping[str, Stored]
    digest: str


@dataclass(frozen=True, slots=True)
class _Shown:
    """An item as it is shown: by which version, and how the newest one and the row stand beside it."""

    version: _Version
    newest: State
    changed: bool
    item: Item

    @property
    def published(self) -> bool:
        return self.version.state in PUBLIC


def follow_catalogue(
    *, scope: Scope, data_set: DataSet, before: Mapping[str, Any], made: Mapping[str, Mapping[str, Stored]]
) -> None:
    """Bring shown items after rows of the catalogue, or of the providers it names, that were made anew."""
    if data_set is CATALOGUE:
        renew_items(scope, {*before, *made})
        return
    said = {*before, *made} | {str(row["name"]) for row in [*before.values(), *made.values()] if row.get("name")}
    said |= {normal(name) for name in said}
    renew_items(scope, {code for (code,) in _run(scope, _SAYING, said=sorted(said))})


def renew_items(scope: Scope, keys: Collection[str]) -> None:
    """Make shown items and search keys of these codes anew; what is neither typed nor a version goes."""
    wanted = sorted(keys)
    for start in range(0, len(wanted), BATCH):
        _renew(scope, wanted[start : start + BATCH])


def search_keys(item: Item) -> Keys:
    """The keys of an item: its code, everything it is called, and how that is spoken."""
    spoken = [reading for name in item.names for reading in readings(spoken_name(name))]
    return keys_of((*item.names, item.code), spoken)


def keys_data(keys: Keys) -> dict[str, list[str]]:
    """Search keys as they are stored."""
    return {name: list(getattr(keys, name)) for name in ("names", "series", "spelled", "initials")}


def _renew(scope: Scope, keys: list[str]) -> None:
    rows = {key: (json.loads(content), retired) for key, content, retired in _run(scope, _ROWS, keys=keys)}
    versions: dict[str, list[_Version]] = {}
    for code, number, state, content, digest in _run(scope, _VERSIONS, keys=keys):
        versions.setdefault(code, []).append(_Version(number, State(state), json.loads(content), digest))
    shown = [one for key in keys if (one := _shown(key, rows.get(key), versions.get(key, [])))]
    if shown:
        _store_items(scope, shown)
    found = [one for one in shown if one.published]
    if found:
        _store_keys(scope, found)
    _run(scope, _GONE.format(table="catalogue_item"), gone=sorted(set(keys) - {one.item.code for one in shown}))
    _run(scope, _GONE.format(table="catalogue_key"), gone=sorted(set(keys) - {one.item.code for one in found}))


def _shown(key: str, row: tuple[Mapping[str, Stored], bool] | None, versions: list[_Version]) -> _Shown | None:
    """The version in force, else the one that is public, else the newest, else what was typed."""
    typed = version_content({**row[0], "code": key}) if row else {}
    if not versions:
        if row is None or row[1]:
            return None
        version = _Version(0, State.DRAFT, typed, "")
        return _Shown(version, State.DRAFT, changed=False, item=item_of(typed))
    by_state = {version.state: version for version in versions}
    newest = versions[-1]
    version = by_state.get(State.IN_FORCE) or by_state.get(State.PUBLICITY) or newest
    changed = bool(typed) and digest_of(typed) != newest.digest
    return _Shown(version, newest.state, changed, item_of(version.content))


def _store_items(scope: Scope, shown: list[_Shown]) -> None:
    said = {one.item.provider for one in shown if one.item.provider}
    known = _providers(scope, said | {normal(name) for name in said}) if said else {}
    nobody = ("", "", "", "", None, None, False)
    named = [known.get(one.item.provider) or known.get(normal(one.item.provider)) or nobody for one in shown]
    _run(
        scope,
        _ITEMS,
        code=[one.item.code for one in shown],
        number=[one.version.number for one in shown],
        shown_state=[one.version.state.value for one in shown],
        content=[_ENCODE(one.version.content) for one in shown],
        outcome_type=[one.item.outcome_type for one in shown],
        kind=[one.item.kind for one in shown],
        tier=[one.item.tier for one in shown],
        name=[one.item.name.zh for one in shown],
        name_en=[one.item.name.en for one in shown],
        name_sort=[_sorted_by(one.item.name.zh) for one in shown],
        state=[one.newest.value for one in shown],
        changed=[int(one.changed) for one in shown],
        published=[int(one.published) for one in shown],
        provider=[one.item.provider for one in shown],
        provider_name=[provider[1] for provider in named],
        provider_name_en=[provider[2] for provider in named],
        provider_kind=[provider[3] for provider in named],
        accredited_from=[provider[4] for provider in named],
        accredited_until=[provider[5] for provider in named],
        provider_retired=[int(provider[6]) for provider in named],
    )


def _store_keys(scope: Scope, found: list[_Shown]) -> None:
    keys = [search_keys(one.item) for one in found]
    _run(
        scope,
        _KEYS,
        code=[one.item.code for one in found],
        outcome_type=[one.item.outcome_type for one in found],
        kind=[one.item.kind for one in found],
        tier=[one.item.tier for one in found],
        keys=[_ENCODE(keys_data(one)) for one in keys],
        grams=["{" + ",".join(map(str, grams_of(one))) + "}" for one in keys],
    )


def _providers(scope: Scope, said: Collection[str]) -> dict[str, tuple[Any, ...]]:
    """What is known of providers, by their codes and by names that only one of them has."""
    rows = _run(scope, _PROVIDERS, said=sorted(said))
    names = list(_names(rows))
    unique = {name: row for name, row in names if sum(other == name for other, _row in names) == 1}
    return unique | {row[0]: row for row in rows}


def _names(rows: list[tuple[Any, ...]]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for row in rows:
        yield normal(row[1]), row


def _sorted_by(name: str) -> str:
    return (name if name.isascii() else sort_key(name)).lower()


def _run(scope: Scope, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    return run(connections[scope.using], statement, {"institution_id": scope.institution} | values)
