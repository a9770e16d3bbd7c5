"""Code tables as editions: what is packaged, what levels published, and the table valid on a day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from creditbank.domain.masterdata.codes import CODE_TABLES
from creditbank.domain.masterdata.declaration import Choice, CodeTable, DataSet, Field
from creditbank.domain.masterdata.facts import Stored
from creditbank.domain.masterdata.inheritance import Contents, Edition, Inherited, Level, inherit, inherits
from creditbank.domain.masterdata.sets import CODES, COURSES, DATA_SETS, MAPPING, OUTCOME_TYPES
from creditbank.domain.values import Text

MESSAGES: dict[str, str] = {
    "edition.no_rows": "There is no row to publish. Nothing was prepared.",
    "edition.no_kind": "{kind} is nothing that can be published. Nothing was prepared.",
    "edition.no_label": "An edition needs a name by which it is told from others, for instance 2027-1.",
    "edition.day_taken": "There is a published edition of {day} already. Choose another day, or withdraw it first.",
    "edition.day_past": "{day} is not after today. Schools must see what changes before it takes effect: choose a "
    "later day.",
    "edition.not_found": "There is no such edition. Nothing was changed.",
    "edition.published_before": "This edition was published before. Nothing was changed.",
    "edition.withdrawn_before": "This edition was withdrawn before. Nothing was changed.",
    "edition.in_force": "This edition has been in force since {day} and cannot be withdrawn. Publish another edition.",
    "edition.above_locks": "{count} rows say what a level above does not allow. Correct them: {rows}.",
}
"""Why an edition is not prepared, published or withdrawn."""

KINDS: tuple[str, ...] = (
    COURSES.code,
    OUTCOME_TYPES.code,
    *(f"codes.{table.code}" for table in CODE_TABLES),
    *(f"mapping.{data_set.code}" for data_set in DATA_SETS),
)
"""What can be published: course library, outcome types, every code table, and the mapping of every data set."""

FIRST_DAY = date(1900, 1, 1)
"""The day of what was there before anybody gave a day: everything that has one stands over it."""

_TABLES = {table.code: table for table in CODE_TABLES}
_APART = re.compile(r"[、,，;；|\s]+")


def is_kind(kind: str) -> bool:
    """Whether editions of this kind exist."""
    return kind in KINDS and inherits(kind)


def table_of(kind: str) -> CodeTable | None:
    """The packaged code table that a kind such as ``codes.sex`` is about."""
    return _TABLES.get(kind.removeprefix("codes.")) if kind.startswith("codes.") else None


def kind_name(kind: str) -> Text:
    """What a kind is called."""
    table = table_of(kind)
    if table is not None:
        return table.name
    name = next(one.name for one in DATA_SETS if one.code == kind.removeprefix("mapping."))
    return Text(f"对应关系：{name.zh}", f"Mapping: {name.en}") if kind.startswith("mapping.") else name


def shape_of(kind: str) -> DataSet:
    """What the rows of a kind are like."""
    if kind.startswith("mapping."):
        return MAPPING
    if table_of(kind) is not None:
        return CODES
    return OUTCOME_TYPES if kind == OUTCOME_TYPES.code else COURSES


def mapping_rows(
    headings: Mapping[str, str], values: Mapping[str, Mapping[str, str]], *, locked: bool = False
) -> list[dict[str, Stored]]:
    """A remembered mapping as rows: what each heading means, and by field what each word means."""
    mark = {"locked": True} if locked else {}
    rows: list[dict[str, Stored]] = [
        {"code": f"heading:{heading}", "name": heading, "field": field, **mark}
        for heading, field in sorted(headings.items())
        if field
    ]
    for field, said in sorted(values.items()):
        rows += [
            {"code": f"word:{field}:{word}", "name": word, "field": field, "meaning": meaning, **mark}
            for word, meaning in sorted(said.items())
        ]
    return rows


@dataclass(frozen=True, slots=True)
class HandedMapping:
    """What the levels above say that headings and words of a data set's sheets mean; locked headings apart."""

    headings: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    locked: Mapping[str, tuple[str, Text]]
    """By heading the field it means and who locked it."""

    def under(self, headings: Mapping[str, str]) -> dict[str, str]:
        """An office's own headings laid on these; a locked heading stays."""
        return {**self.headings, **headings, **{heading: field for heading, (field, _who) in self.locked.items()}}


def handed_mapping(rows: Mapping[str, Inherited]) -> HandedMapping:
    """The mapping that rows of an edition make."""
    headings: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    locked: dict[str, tuple[str, Text]] = {}
    for key, row in rows.items():
        if row.retired:
            continue
        name, field = str(row.content.get("name") or ""), str(row.content.get("field") or "")
        if key.startswith("heading:"):
            headings[name] = field
            if row.locked_by is not None:
                locked[name] = field, row.locked_by
        else:
            values.setdefault(field, {})[name] = str(row.content.get("meaning") or "")
    return HandedMapping(headings, values, locked)


def row_content(content: Mapping[str, Stored]) -> dict[str, Stored]:
    """A row as an edition keeps it: only what is said, further words always divided alike."""
    kept = {name: value for name, value in content.items() if value not in (None, "", False)}
    if isinstance(kept.get("aliases"), str):
        kept["aliases"] = "、".join(word for word in _APART.split(kept["aliases"]) if word)
    return kept


def packaged(table: CodeTable) -> Edition:
    """The first edition of a code table, which every bank begins with."""
    rows: dict[str, Mapping[str, Stored]] = {}
    for choice in table.choices:
        said = {"code": choice.code, "name": choice.label.zh, "name_en": choice.label.en}
        rows[choice.code] = row_content(said | {"aliases": "、".join(choice.aliases), "parent": choice.parent})
    return Edition(None, FIRST_DAY, rows, table.edition, table.source)


def with_packaged(kind: str, levels: Sequence[Level]) -> tuple[Level, ...]:
    """The levels of a code table, the topmost one beginning with the packaged edition."""
    table = table_of(kind)
    if table is None or not levels:
        return tuple(levels)
    top = levels[0]
    return (replace(top, editions=(packaged(table), *top.editions)), *levels[1:])


def code_table(table: CodeTable, levels: Sequence[Level], day: date) -> CodeTable:
    """A code table on a day, as the levels down to a school make it.

    Args:
        table: the packaged table.
        levels: from the top to the school itself, without the packaged edition.
        day: which day.
    """
    kind = f"codes.{table.code}"
    rows = inherit(kind, with_packaged(kind, levels), day)
    latest = [one for level in levels for one in level.editions if one.effective_on <= day]
    newest = max(latest, key=lambda one: one.effective_on, default=None)
    order = {choice.code: place for place, choice in enumerate(table.choices)}
    keys = sorted(rows, key=lambda key: (order.get(key, len(order)), key))
    choices = tuple(_choice(key, rows[key], day) for key in keys)
    if newest is None:
        return table
    return replace(table, edition=newest.label, source=newest.source, choices=choices)


def choices_of(rows: Mapping[str, Inherited], day: date) -> tuple[Choice, ...]:
    """Rows of a code table as its codes."""
    return tuple(_choice(key, row, day) for key, row in sorted(rows.items()))


def _choice(key: str, row: Inherited, day: date) -> Choice:
    content = row.content
    until = content.get("until")
    ended = isinstance(until, str) and until < day.isoformat()
    return Choice(
        key,
        Text(str(content.get("name") or key), str(content.get("name_en") or "")),
        tuple(word for word in str(content.get("aliases") or "").split("、") if word),
        str(content.get("parent") or ""),
        retired=row.retired or ended,
    )


def with_table(field: Field, tables: Mapping[str, CodeTable]) -> Field:
    """A field with the edition of its code table that is among these."""
    if field.table is None or field.table.code not in tables or tables[field.table.code] is field.table:
        return field
    return replace(field, table=tables[field.table.code])


def with_tables(data_set: DataSet, tables: Mapping[str, CodeTable]) -> DataSet:
    """A data set for writing templates and sheets with these editions; it equals no other."""
    return replace(data_set, fields=tuple(with_table(field, tables) for field in data_set.fields))


def users_of(table: CodeTable) -> Iterable[tuple[DataSet, Field]]:
    """The fields of the data sets whose values are codes of a table."""
    for data_set in DATA_SETS:
        for field in data_set.fields:
            if field.table is not None and field.table.code == table.code:
                yield data_set, field


def rows_by_key(rows: Iterable[Mapping[str, Stored]]) -> Contents:
    """Rows as an edition stores them, by their code."""
    return {str(row["code"]): dict(row) for row in rows}
