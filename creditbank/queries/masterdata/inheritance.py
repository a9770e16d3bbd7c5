"""What the levels above an institution hand down to it on a day: rows of master data and code tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from creditbank.domain.masterdata.codes import CODE_TABLES
from creditbank.domain.masterdata.declaration import CodeTable, DataSet
from creditbank.domain.masterdata.editions import (
    FIRST_DAY,
    code_table,
    mapping_rows,
    row_content,
    rows_by_key,
    with_packaged,
)
from creditbank.domain.masterdata.facts import Stored
from creditbank.domain.masterdata.inheritance import (
    Contents,
    Edition,
    Inherited,
    Level,
    inherit,
    inherits,
    lay,
    valid_rows,
)
from creditbank.domain.masterdata.sets import OUTCOME_TYPES
from creditbank.domain.values import Text
from creditbank.records.masterdata import SheetMapping
from creditbank.records.scope import Scope

_CHAIN = """
WITH RECURSIVE place (id, parent_id, depth) AS (
  SELECT id, parent_id, 0 FROM institution WHERE id = %(institution)s
  UNION ALL SELECT above.id, above.parent_id, depth + 1 FROM institution AS above
    JOIN place ON above.id = place.parent_id WHERE depth < 50
)
SELECT place.id, institution.name, institution.name_en FROM place JOIN institution USING (id) ORDER BY depth DESC
"""

_OUTCOME_TYPES = """
SELECT institution_id, code, name, name_en, rule_set_code, evidence_required, is_open, stated::text FROM outcome_type
WHERE institution_id = ANY(%s)
"""

_EDITIONS = """
SELECT institution_id, kind, edition_id, label, source, effective_on, rows::text FROM edition
WHERE {condition} AND kind = ANY(%s) AND published_at IS NOT NULL AND withdrawn_at IS NULL
  AND institution_id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Inheritance:
    """Rows of a kind on a day: what the levels above hand down, and the name of who takes it over."""

    kind: str
    day: date
    rows: Mapping[str, Inherited]
    name: Text

    def __bool__(self) -> bool:
        """Whether anything is handed down."""
        return bool(self.rows)


def chain_of(scope: Scope, institution: UUID | None = None) -> tuple[tuple[UUID, Text], ...]:
    """The institutions from the top of the tree down to one, by default the scope's own, each with its name."""
    found = scope.fetch(_CHAIN, {"institution": institution or scope.institution})
    return tuple((place, Text(name, name_en)) for place, name, name_en in found)


def levels_of(
    scope: Scope, *kinds: str, without: UUID | None = None, institution: UUID | None = None
) -> Mapping[str, tuple[Level, ...]]:
    """By kind the levels from the top down to an institution, each with its published editions.

    A level that has published no edition of its outcome types hands those down that it had before it stated any.

    Args:
        scope: acts for the institution; for outcome types anybody.
        kinds: what is asked for.
        without: an edition that is thought away.
        institution: down to which; the scope's own where none is given.
    """
    chain = chain_of(scope, institution)
    condition, values = scope.condition("edition")
    found: dict[tuple[UUID, str], list[Edition]] = {}
    for place, kind, edition_id, label, source, effective_on, rows in scope.fetch(
        _EDITIONS.format(condition=condition), [*values, list(kinds), [place for place, _name in chain]]
    ):
        if edition_id != without:
            read = Edition(edition_id, effective_on, rows_by_key(json.loads(rows)), label, source)
            found.setdefault((place, kind), []).append(read)
    if OUTCOME_TYPES.code in kinds:
        silent = [place for place, _name in chain if (place, OUTCOME_TYPES.code) not in found]
        for place, rows in outcome_types_as_they_stand(scope, silent, unstated=True).items():
            found[place, OUTCOME_TYPES.code] = [Edition(None, FIRST_DAY, rows)]
    return {
        kind: tuple(Level(place, name, tuple(found.get((place, kind), ()))) for place, name in chain) for kind in kinds
    }


def outcome_types_as_they_stand(
    scope: Scope, places: Sequence[UUID], *, unstated: bool = False
) -> Mapping[UUID, Contents]:
    """What each of these institutions itself says of types of outcome, by its code; those that say something.

    Args:
        scope: anybody.
        places: whose.
        unstated: only types made before they were master data, which reach those below without an edition.
    """
    found: dict[UUID, dict[str, Mapping[str, Stored]]] = {}
    for place, code, name, name_en, rule_set, evidence, is_open, stated in (
        scope.fetch(_OUTCOME_TYPES, [list(places)]) if places else ()
    ):
        if unstated and stated is not None:
            continue
        content = {"code": code, "name": name, "name_en": name_en, "rule_set": rule_set, "evidence": evidence}
        said = content | {"retired": not is_open} if stated is None else json.loads(stated)
        if said:
            found.setdefault(place, {})[code] = row_content(said)
    return found


def inheritance_of(scope: Scope, kind: str, day: date, *, without: UUID | None = None) -> Inheritance:
    """What the levels above the scope's institution hand down to it on a day."""
    levels = with_packaged(kind, levels_of(scope, kind, without=without)[kind])
    return Inheritance(kind, day, inherit(kind, levels[:-1], day), levels[-1].name if levels else Text(""))


def handed_down_to(scope: Scope, data_set: DataSet, day: date) -> Mapping[str, Inheritance]:
    """What is handed down of a data set, and of those its references name, by their codes; only what has rows."""
    codes = {data_set.code, *(field.data_set for field in data_set.references)}
    found = {code: inheritance_of(scope, code, day) for code in sorted(codes) if inherits(code)}
    return {code: one for code, one in found.items() if one}


def own_rows(scope: Scope, kind: str, day: date, *, without: UUID | None = None) -> Contents:
    """What the scope's institution itself says of a kind: its rows of master data, or its editions of a code table."""
    if kind.startswith("codes."):
        levels = with_packaged(kind, levels_of(scope, kind, without=without)[kind])
        return valid_rows(levels[-1].editions, day) if levels else {}
    if kind.startswith("mapping."):
        known = scope.rows(SheetMapping).filter(institution_id=scope.institution, data_set=kind[8:]).first()
        return rows_by_key(mapping_rows(known.headings, known.values)) if known is not None else {}
    found = scope.fetch(
        "SELECT key, content::text FROM data_row WHERE institution_id = %s AND data_set = %s", [scope.institution, kind]
    )
    return {key: json.loads(content) for key, content in found}


def rows_on(scope: Scope, kind: str, day: date) -> Mapping[str, Inherited]:
    """Every row an institution may use on a day: those from above, tightened by its own, and its own."""
    above = inheritance_of(scope, kind, day)
    return lay(kind, above.rows, own_rows(scope, kind, day), above.name).rows


def tables_on(scope: Scope, day: date) -> Mapping[str, CodeTable]:
    """Every code table by its code, in the edition valid for the scope's institution on a day."""
    kinds = [f"codes.{table.code}" for table in CODE_TABLES]
    levels = levels_of(scope, *kinds)
    return {table.code: code_table(table, levels[f"codes.{table.code}"], day) for table in CODE_TABLES}


def laid_over(found: Inheritance, key: str, own: Mapping[str, Stored]) -> Mapping[str, Stored]:
    """The values that hold of a row of the institution's own."""
    settled = lay(found.kind, {key: found.rows[key]} if key in found.rows else {}, {key: own}, found.name)
    return settled.rows[key].content
