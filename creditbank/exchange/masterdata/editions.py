"""Code tables as sheets and documents: read for an edition, written so that they read back the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from creditbank.domain.explanation import Sentence
from creditbank.domain.masterdata.declaration import CodeTable
from creditbank.domain.masterdata.editions import row_content
from creditbank.domain.masterdata.facts import Stored
from creditbank.domain.masterdata.inheritance import Inherited
from creditbank.domain.masterdata.reading import Fault, read_record
from creditbank.domain.masterdata.sets import CODES
from creditbank.domain.results import RefusedRow
from creditbank.domain.values import Text
from creditbank.exchange.documents import DocumentError, read_document
from creditbank.exchange.masterdata.reading import open_table, read_table
from creditbank.exchange.masterdata.writing import export_sheet
from creditbank.exchange.spreadsheets import SheetContent
from creditbank.gateways.files import Upload

MESSAGES: dict[str, str] = {
    "codes.parent_unknown": "The code above, {value}, is not among the codes of this table. Correct it or leave it "
    "empty.",
    "codes.own_parent": "A code cannot stand below itself ({value}). Correct the code above.",
    "codes.unknown_name": "unknown name",
    "codes.expected": "expected {expected}",
    "codes.expected_objects": "expected a list of objects",
    "codes.expected_day": "expected a day like 2027-09-01",
    "codes.expected_text": "expected text",
}
"""What is wrong with a code table as a whole."""

SCHEMA = "creditbank.codes/1"
_HEAD = frozenset({"schema", "table", "edition", "source", "effective_on", "codes"})
_LISTED = {"aliases"}


@dataclass(frozen=True, slots=True)
class ReadCodes:
    """A code table that was read: its rows in order, what is wrong with it, and what it says of itself."""

    rows: tuple[Mapping[str, Stored], ...]
    refused: tuple[RefusedRow, ...]
    label: str = ""
    source: str = ""
    effective_on: date | None = None


def read_codes(upload: Upload) -> ReadCodes:
    """The codes of a sheet, XLSX or CSV, under the headings of the template.

    Raises:
        SheetProblem: the file cannot be read as a sheet of codes.
    """
    read = read_table(open_table(upload, CODES))
    rows = tuple(dict(row.record.content) for row in read.given.rows)
    lines = [(row.line, dict(row.record.content)) for row in read.given.rows]
    return ReadCodes(tuple(row_content(row) for row in rows), (*read.given.refused, *_parents(lines)))


def read_codes_document(data: bytes, *, name: str, table: CodeTable) -> ReadCodes:
    """The codes of a YAML or JSON document ``creditbank.codes/1``.

    Raises:
        DocumentError: it is no such document, is about another table or holds unknown names.
    """
    document = read_document(data, name=name)
    unknown = sorted(document.keys() - _HEAD)
    if unknown:
        raise _problem(name, f"/{unknown[0]}", _said("unknown_name"))
    if document.get("schema") != SCHEMA:
        raise _problem(name, "/schema", _said("expected", expected=SCHEMA))
    if document.get("table") != table.code:
        raise _problem(name, "/table", _said("expected", expected=table.code))
    codes = document.get("codes")
    if not isinstance(codes, list) or not all(isinstance(one, dict) for one in codes):
        raise _problem(name, "/codes", _said("expected_objects"))
    day = document.get("effective_on")
    try:
        effective_on = date.fromisoformat(str(day)) if day else None
    except ValueError as error:
        raise _problem(name, "/effective_on", _said("expected_day")) from error
    fields = {field.name for field in CODES.fields}
    rows, refused, lines = [], [], []
    seen: dict[str, int] = {}
    for place, one in enumerate(codes):
        more = sorted(one.keys() - fields)
        if more:
            raise _problem(name, f"/codes/{place}/{more[0]}", _said("unknown_name"))
        read = read_record(CODES, {field: _text(name, f"/codes/{place}/{field}", one[field]) for field in one})
        if isinstance(read, tuple):
            refused += [_refused(place, fault) for fault in read]
            continue
        if read.key in seen:
            refused.append(RefusedRow(place + 1, "", "masterdata.same_key", {"other": seen[read.key], "key": read.key}))
            continue
        seen[read.key] = place + 1
        rows.append(row_content(read.content))
        lines.append((place + 1, dict(read.content)))
    return ReadCodes(
        tuple(rows),
        (*refused, *_parents(lines)),
        str(document.get("edition") or ""),
        str(document.get("source") or ""),
        effective_on,
    )


def codes_sheet(rows: Mapping[str, Inherited], language: str = "zh-hans") -> SheetContent:
    """Codes as a sheet under the template's headings."""
    return export_sheet(CODES, (row.content for _key, row in sorted(rows.items())), language=language)


def _text(name: str, path: str, value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case str():
            return value
        case int() | Decimal():
            return str(value)
        case list() if all(isinstance(one, str) for one in value):
            return "、".join(value)
        case _:
            raise _problem(name, path, _said("expected_text"))


def _said(code: str, **facts: str) -> Sentence:
    return Sentence(MESSAGES, f"codes.{code}", **facts)


def _problem(name: str, path: str, what: str) -> DocumentError:
    return DocumentError(name, what, path=path)


def _refused(place: int, fault: Fault) -> RefusedRow:
    return RefusedRow(place + 1, fault.field, fault.code, dict(fault.facts))


def _parents(lines: Sequence[tuple[int, Mapping[str, Stored]]]) -> list[RefusedRow]:
    """The rows whose code above is not there."""
    known = {str(row["code"]) for _line, row in lines}
    found = []
    for line, row in lines:
        parent = row.get("parent")
        facts = {"value": str(parent), "field": Text("上级代码", "Code above")}
        if parent and parent == row["code"]:
            found.append(RefusedRow(line, "parent", "codes.own_parent", facts))
        elif parent and parent not in known:
            found.append(RefusedRow(line, "parent", "codes.parent_unknown", facts))
    return found
