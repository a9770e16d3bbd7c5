"""The SQL conditions of lists and figures of master data, on ``data_row`` under the alias ``stored``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from creditbank.domain.masterdata.declaration import Check, CheckKind, DataSet
from creditbank.domain.masterdata.sets import fields_on

_NOTHING: Mapping[str, str] = MappingProxyType({})

_KNOWN = """
stored.content->>%({name})s IN (
  SELECT key FROM data_row WHERE institution_id = %(institution)s AND data_set = %({target})s
  UNION ALL SELECT normalize(label, NFKC) FROM data_row
  WHERE institution_id = %(institution)s AND data_set = %({target})s
)"""

_HANDED_DOWN = """
stored.content->>%({name})s IN (SELECT jsonb_array_elements_text(%({handed})s::jsonb))"""

# A unit may be in the bank's tree without a row of its own.
_PLACES = """
stored.content->>%({name})s IN (
  SELECT unnest(ARRAY[place.code, normalize(place.name, NFKC), substr(place.code, length(own.code) + 2)])
  FROM institution AS place JOIN institution AS own ON own.id = place.parent_id
  WHERE own.id = %(institution)s AND place.kind <> 'institution'
)"""

_TWICE = """
stored.content->%({name})s->>'index' IN (
  SELECT content->%({name})s->>'index' FROM data_row
  WHERE institution_id = %(institution)s AND data_set = %(data_set)s AND NOT retired
    AND content->%({name})s->>'index' IS NOT NULL
  GROUP BY 1 HAVING count(*) > 1
)"""


_UNPLACED = """
stored.content->>%({name})s <> '' AND stored.content->>%({name})s NOT IN (
  SELECT code FROM institution WHERE kind = 'institution'
)"""


def _named_key(said: str, data_set: str) -> str:
    """The SQL of the key of the row that a reference names: by its key, else by a name that only one row has.

    References are read with ordinary brackets and digits, names stay as they were typed: they are compared as
    references are read.

    Args:
        said: the SQL of what the reference says.
        data_set: the code of the data set that is named; never what somebody typed.
    """
    rows = f"FROM data_row WHERE institution_id = %(institution)s AND data_set = '{data_set}'"
    by_name = f"SELECT min(key) {rows} AND normalize(label, NFKC) = {said} HAVING count(*) = 1"
    return f"coalesce((SELECT key {rows} AND key = {said}), ({by_name}))"


def _of_path(data_set: DataSet, path: str, name: str, values: dict[str, Any]) -> str:
    """The SQL of the value at the end of a path through references; binds the steps of the path."""
    fields = fields_on(data_set, path)
    for place, field in enumerate(fields):
        values[f"{name}_{place}"] = field.name
    value = f"stored.content->>%({name}_0)s"
    for place, field in enumerate(fields[:-1], start=1):
        value = (
            f"(SELECT named.content->>%({name}_{place})s FROM data_row AS named"  # noqa: S608 - names of fields are bound
            f" WHERE named.institution_id = %(institution)s AND named.data_set = '{field.data_set}'"
            f" AND named.key = {_named_key(value, field.data_set)})"
        )
    return value


def of_figure(
    data_set: DataSet,
    check: Check,
    values: dict[str, Any],
    mark: str = "",
    *,
    handed_down: Mapping[str, str] = _NOTHING,
) -> str:
    """The condition of a figure; what it binds is added to ``values`` under names that begin with ``mark``.

    ``handed_down`` has by data set the keys and names of rows from above, as a JSON array.
    """
    names = []
    for place, field in enumerate(check.fields):
        values[f"{mark}field{place}"] = field
        names.append(f"{mark}field{place}")
    match check.kind:
        case CheckKind.MISSING:
            said = f"coalesce(stored.content->>%({names[0]})s, '') = ''"
        case CheckKind.UNKNOWN:
            target = data_set.field(check.fields[0]).data_set
            values[f"{mark}target"] = target
            said = f"stored.content->>%({names[0]})s IS NOT NULL AND NOT ("
            said += _KNOWN.format(name=names[0], target=f"{mark}target")
            if target in handed_down:
                values[f"{mark}handed"] = handed_down[target]
                said += " OR " + _HANDED_DOWN.format(name=names[0], handed=f"{mark}handed")
            if target == "colleges":
                said += " OR " + _PLACES.format(name=names[0])
            said += ")"
        case CheckKind.ORDER:
            # Days are stored so that their texts sort as they do.
            first, second = (_of_path(data_set, path, names[i], values) for i, path in enumerate(check.fields))
            said = f"{first} > {second}"
        case CheckKind.TWICE:
            said = _TWICE.format(name=names[0])
        case CheckKind.CONTESTED:
            said = "stored.contested <> '[]'::jsonb"
        case CheckKind.UNPLACED:
            said = _UNPLACED.format(name=names[0])
    if check.where is not None:
        values[f"{mark}where"], values[f"{mark}code"] = check.where
        said = f"stored.content->>%({mark}where)s = %({mark}code)s AND {said}"
    return f"(NOT stored.retired AND {said})"


def of_search(search: str, values: dict[str, Any]) -> str:
    """The condition that a row's key, label or label in pinyin holds a text."""
    escaped = search.strip().lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    values["like"] = f"%{escaped}%"
    values["tight"] = f"%{escaped.replace(' ', '')}%"
    return (
        "(lower(stored.key) LIKE %(like)s OR lower(stored.label) LIKE %(like)s"
        " OR stored.label_sort LIKE %(like)s OR replace(stored.label_sort, ' ', '') LIKE %(tight)s)"
    )
