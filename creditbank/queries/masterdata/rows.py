"""Rows of a data set page by page, one row with its history, and what hangs on a course."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from creditbank.domain.masterdata.declaration import Check, DataSet, Field, Kind
from creditbank.domain.masterdata.facts import effect_of_change
from creditbank.domain.masterdata.identity import masked
from creditbank.domain.masterdata.reading import normal, say_value
from creditbank.domain.masterdata.sets import STUDENTS
from creditbank.domain.recognition import State
from creditbank.domain.values import Text
from creditbank.gateways.chance import sort_key
from creditbank.gateways.identities import Identities
from creditbank.queries.masterdata.conditions import of_figure, of_search
from creditbank.queries.masterdata.inheritance import Inheritance, laid_over
from creditbank.records.scope import Scope

MOST_FILTERS = 8
NOTHING: Mapping[str, Inheritance] = MappingProxyType({})
"""Nothing is handed down."""
_ENDED = frozenset({State.DEPOSITED, State.REFUSED, State.WITHDRAWN, State.REVERSED})


@dataclass(frozen=True, slots=True)
class RowLine:
    """One row in force: its key, its label, its values as stored, and since when each stands."""

    key: str
    label: str
    content: Mapping[str, Any]
    since: Mapping[str, str]
    contested: tuple[str, ...]
    retired: bool

    def since_day(self, field: str) -> date | None:
        """The day of the fact that a field comes from."""
        rank = self.since.get(field)
        return date.fromisoformat(rank[:10]) if rank else None


@dataclass(frozen=True, slots=True)
class FactLine:
    """One fact in a row's history: what was stated of which day, from where, by whom, and whether it still counts."""

    as_of: date
    recorded_at: datetime
    run_id: UUID | None
    file_name: str
    line: int | None
    actor: Text
    content: Mapping[str, Any]
    counts: bool
    event: str = ""
    """For a student: the key of the change of enrolment that this is the effect of."""


@dataclass(frozen=True, slots=True)
class RowDetail:
    """One row with its history, the latest day first."""

    row: RowLine
    history: tuple[FactLine, ...]


@dataclass(frozen=True, slots=True)
class Dependents:
    """What names a course: programmes by code and name, results and open claims in numbers."""

    programmes: tuple[tuple[str, Text], ...]
    results: int
    claims: int


def page_of_rows(
    scope: Scope,
    data_set: DataSet,
    *,
    search: str = "",
    filters: Mapping[str, str] | None = None,
    figure: Check | None = None,
    retired: bool | None = None,
    sort: str = "key",
    descending: bool = False,
    offset: int = 0,
    limit: int = 20,
    handed_down: Mapping[str, Inheritance] = NOTHING,
) -> tuple[tuple[RowLine, ...], int]:
    """A page of rows in force and how many there are in all.

    Args:
        scope: acts for the institution.
        data_set: whose rows.
        search: part of a key, a label or a label's pinyin.
        filters: by field, the value it has as stored, as text.
        figure: only the rows that this figure of the source register counts.
        retired: only the retired ones, or only the others.
        sort: ``key``, ``label`` or a field of the data set.
        descending: the other way round.
        offset: how many rows come before the page.
        limit: how many it holds at most.
        handed_down: by data set what the levels above hand down; rows of this one are listed too, tightened by those of
            the institution, and what they and others name is known.
    """
    values: dict[str, Any] = {}
    where = _where(scope, data_set, values, search, filters or {}, figure, retired, handed_down)
    rows = rows_with(scope, data_set, values, handed_down)
    total = int(scope.fetch(f"SELECT count(*) FROM {rows} AS stored WHERE {where}", values)[0][0])  # noqa: S608 - fixed
    start = min(offset, max(0, (total - 1) // limit * limit))
    order = {"key": "stored.key", "label": "stored.label_sort"}.get(sort)
    if order is None:
        values["sort"] = data_set.field(sort).name
        order = "stored.content->%(sort)s"
    way = "DESC" if descending else "ASC"
    values |= {"offset": start, "limit": limit}
    found = scope.fetch(
        f"SELECT key, label, content::text, since::text, contested::text, retired FROM {rows} AS stored"  # noqa: S608 - fixed
        f" WHERE {where} ORDER BY {order} {way} NULLS LAST, stored.key OFFSET %(offset)s LIMIT %(limit)s",
        values,
    )
    return tuple(_row(*one) for one in found), total


def every_row(scope: Scope, data_set: DataSet, *, batch: int = 5000) -> Iterator[RowLine]:
    """All rows in force by key, the retired ones too, read in pieces."""
    last = ""
    while True:
        found = scope.fetch(
            "SELECT key, label, content::text, since::text, contested::text, retired FROM data_row AS stored"
            " WHERE institution_id = %(institution)s AND data_set = %(data_set)s AND key > %(last)s"
            " ORDER BY key LIMIT %(batch)s",
            {"institution": scope.institution, "data_set": data_set.code, "last": last, "batch": batch},
        )
        yield from (_row(*one) for one in found)
        if len(found) < batch:
            return
        last = found[-1][0]


def find_row(scope: Scope, data_set: DataSet, key: str) -> RowDetail | None:
    """One row with every fact ever stated of it."""
    values = {"institution": scope.institution, "data_set": data_set.code, "key": key}
    rows = scope.fetch(
        "SELECT key, label, content::text, since::text, contested::text, retired FROM data_row"
        " WHERE institution_id = %(institution)s AND data_set = %(data_set)s AND key = %(key)s",
        values,
    )
    if not rows:
        return None
    facts = scope.fetch(
        "SELECT fact.as_of, fact.recorded_at, fact.run_id, coalesce(run.file_name, ''), fact.line,"
        " account.name, account.name_en, fact.content::text, run.state IS DISTINCT FROM 'reverted'"
        " FROM data_fact AS fact"
        " LEFT JOIN import_run AS run ON run.institution_id = fact.institution_id AND run.run_id = fact.run_id"
        " LEFT JOIN account ON account.id = fact.actor_id"
        " WHERE fact.institution_id = %(institution)s AND fact.data_set = %(data_set)s AND fact.key = %(key)s",
        values,
    )
    history = [
        FactLine(as_of, at, run, file, line, Text(name or "", name_en or ""), json.loads(content), counts)
        for as_of, at, run, file, line, name, name_en, content, counts in facts
    ]
    if data_set is STUDENTS:
        history += _effects(scope, key)
    history.sort(key=lambda fact: (fact.as_of, fact.recorded_at), reverse=True)
    return RowDetail(_row(*rows[0]), tuple(history))


def labels_of(
    scope: Scope, data_set: DataSet, rows: Sequence[RowLine], handed_down: Mapping[str, Inheritance] = NOTHING
) -> Mapping[tuple[str, str], str]:
    """What the rows that these name are called, by data set and the text that names them."""
    named: dict[str, set[str]] = defaultdict(set)
    for field in data_set.references:
        named[field.data_set] |= {str(row.content[field.name]) for row in rows if row.content.get(field.name)}
    found: dict[tuple[str, str], str] = {}
    for target, keys in named.items():
        answer = scope.fetch(
            "SELECT key, label FROM data_row WHERE institution_id = %(institution)s AND data_set = %(target)s"
            " AND key = ANY(%(keys)s)",
            {"institution": scope.institution, "target": target, "keys": sorted(keys)},
        )
        above = handed_down[target].rows if target in handed_down else {}
        found |= {(target, key): str(above[key].content.get("name") or key) for key in keys & above.keys()}
        found |= {(target, key): label for key, label in answer if key not in above}
    return found


def dependents_of_course(scope: Scope, code: str) -> Dependents:
    """What would miss a course: the newest versions of programmes that name it, its results, its open claims."""
    values = {
        "institution": scope.institution,
        "code": code,
        "said": json.dumps(code, ensure_ascii=False),
        "ended": sorted(_ENDED),
    }
    programmes = scope.fetch(
        "SELECT code, name, name_en FROM (SELECT DISTINCT ON (code) code, name, name_en, content FROM programme"
        " WHERE institution_id = %(institution)s ORDER BY code, version DESC) AS latest"
        " WHERE strpos(content::text, %(said)s) > 0 ORDER BY code",
        values,
    )
    results, claims = scope.fetch(
        "SELECT (SELECT count(*) FROM result WHERE institution_id = %(institution)s AND course = %(code)s),"
        " (SELECT count(*) FROM claim WHERE institution_id = %(institution)s AND NOT state = ANY(%(ended)s)"
        " AND strpos(facts::text, %(said)s) > 0)",
        values,
    )[0]
    return Dependents(
        tuple((found, Text(name, name_en)) for found, name, name_en in programmes), int(results), int(claims)
    )


def say_stored(
    field: Field, value: Any, language: str, *, identities: Identities | None = None, whole: bool = False
) -> str:
    """A stored value in words: an identity number masked, or dots where nobody opens it.

    Args:
        field: of which field.
        value: as stored.
        language: of the labels of codes.
        identities: opens identity numbers for those who may see them masked.
        whole: show the number whole, for those who may.
    """
    if field.kind is Kind.PERSON_ID and isinstance(value, dict):
        if identities is None:
            return "••••••"
        number = identities.opened(value)
        return number if whole else masked(number)
    return say_value(field, value, language)


def find_identity(scope: Scope, data_set: DataSet, index: bytes) -> tuple[str, ...]:
    """The keys of rows with an identity number, by its blind index."""
    found = scope.fetch(
        "SELECT key FROM data_row WHERE institution_id = %(institution)s AND data_set = %(data_set)s"
        " AND content->'national_id'->>'index' = %(index)s ORDER BY key",
        {"institution": scope.institution, "data_set": data_set.code, "index": index.hex()},
    )
    return tuple(key for (key,) in found)


def figures_condition(
    scope: Scope,
    data_set: DataSet,
    checks: Collection[Check],
    values: dict[str, Any],
    handed_down: Mapping[str, Inheritance] = NOTHING,
) -> Sequence[str]:
    """The condition of each figure, with the values they bind."""
    values |= {"institution": scope.institution, "data_set": data_set.code}
    names = _names(handed_down)
    return [of_figure(data_set, check, values, f"f{place}_", handed_down=names) for place, check in enumerate(checks)]


def rows_with(
    scope: Scope, data_set: DataSet, values: dict[str, Any], handed_down: Mapping[str, Inheritance] = NOTHING
) -> str:
    """The SQL of the rows of a data set, with those that are handed down where there are any."""
    found = handed_down.get(data_set.code)
    return _joined(scope, data_set, values, found) if found else "data_row"


def _names(handed_down: Mapping[str, Inheritance]) -> dict[str, str]:
    """By data set what may be written for a row from above, its key or its name, as JSON."""
    names = {}
    for code, found in handed_down.items():
        said = {normal(str(row.content.get("name") or key)) for key, row in found.rows.items()}
        names[code] = json.dumps(sorted({*found.rows, *said}), ensure_ascii=False)
    return names


def _where(
    scope: Scope,
    data_set: DataSet,
    values: dict[str, Any],
    search: str,
    filters: Mapping[str, str],
    figure: Check | None,
    retired: bool | None,  # noqa: FBT001 - three answers: yes, no, both
    handed_down: Mapping[str, Inheritance],
) -> str:
    values |= {"institution": scope.institution, "data_set": data_set.code}
    parts = ["stored.institution_id = %(institution)s AND stored.data_set = %(data_set)s"]
    if search.strip():
        parts.append(of_search(search, values))
    for place, (name, wanted) in enumerate(list(filters.items())[:MOST_FILTERS]):
        values |= {f"name{place}": data_set.field(name).name, f"wanted{place}": wanted}
        parts.append(f"stored.content->>%(name{place})s = %(wanted{place})s")
    if retired is not None:
        parts.append("stored.retired" if retired else "NOT stored.retired")
    if figure is not None:
        parts.append(of_figure(data_set, figure, values, handed_down=_names(handed_down)))
    return " AND ".join(parts)


def _joined(scope: Scope, data_set: DataSet, values: dict[str, Any], found: Inheritance) -> str:
    """The institution's rows and those from above as one list; where both speak of a row, what holds."""
    own = scope.fetch(
        "SELECT key, content::text FROM data_row WHERE institution_id = %s AND data_set = %s AND key = ANY(%s)",
        [scope.institution, data_set.code, list(found.rows)],
    )
    said = {key: json.loads(content) for key, content in own}
    whole = []
    for key, row in found.rows.items():
        content = laid_over(found, key, said[key]) if key in said else row.content
        label = str(content.get(data_set.label) or key)
        sort = (label if label.isascii() else sort_key(label)).lower()
        whole.append({"key": key, "label": label, "sort": sort, "content": content})
    # One text is bound a hundred times faster than arrays of thousands of them.
    values["handed_down"] = json.dumps(whole, ensure_ascii=False)
    return (
        "(WITH above AS MATERIALIZED (SELECT * FROM jsonb_to_recordset(%(handed_down)s::jsonb)"
        " AS given (key text, label text, sort text, content jsonb))"
        " SELECT institution_id, data_set, key, label, label_sort, content, since, contested, retired FROM data_row"
        " WHERE institution_id = %(institution)s AND data_set = %(data_set)s AND NOT key IN (SELECT key FROM above)"
        " UNION ALL SELECT %(institution)s::uuid, %(data_set)s, above.key, above.label, above.sort, above.content,"
        " coalesce(own.since, '{}'), coalesce(own.contested, '[]'),"
        " coalesce((above.content->>'retired')::boolean, false)"
        " FROM above LEFT JOIN data_row AS own ON own.institution_id = %(institution)s"
        " AND own.data_set = %(data_set)s AND own.key = above.key)"
    )


def _row(key: str, label: str, content: str, since: str, contested: str, retired: bool) -> RowLine:  # noqa: FBT001 - as read
    return RowLine(key, label, json.loads(content), json.loads(since), tuple(json.loads(contested)), retired)


def _effects(scope: Scope, number: str) -> list[FactLine]:
    """What changes of enrolment state of a student."""
    found = []
    for key, content, recorded_at in scope.fetch(
        "SELECT stored.key, stored.content::text, (SELECT max(recorded_at) FROM data_fact AS fact"
        " WHERE fact.institution_id = stored.institution_id AND fact.data_set = 'changes' AND fact.key = stored.key)"
        " FROM data_row AS stored WHERE stored.institution_id = %(institution)s AND stored.data_set = 'changes'"
        " AND stored.content->>'student' = %(number)s",
        {"institution": scope.institution, "number": number},
    ):
        effect = effect_of_change(json.loads(content))
        if effect is not None:
            found.append(
                FactLine(effect.as_of, recorded_at, None, "", None, Text(""), effect.content, counts=True, event=key)
            )
    return found
