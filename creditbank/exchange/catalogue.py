"""Whitelists of catalogue items as documents: ``creditbank.catalogue/1``, read as the rows of a sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from creditbank.domain.masterdata.catalogue_sets import CATALOGUE
from creditbank.domain.rules.places import Place
from creditbank.exchange.documents import expect_schema, read_document
from creditbank.exchange.spreadsheets import Form, SheetContent, sheet_bytes

MOST_BYTES = 20_000_000
MOST_ITEMS = 100_000
_FIELDS = tuple(field.name for field in CATALOGUE.fields if field.name != "retired")


def read_catalogue(data: bytes, *, name: str) -> Sequence[Mapping[str, str]]:
    """The items of a document, each as texts by field, as a sheet would give them.

    ``aliases`` may be a list and ``facts`` an object; whether a value means anything is for the data set to say.

    Raises:
        DocumentError: it is no YAML or JSON of this schema.
        UnreadableError: a key is unknown, or stands where it cannot; each problem has its path.
    """
    document = expect_schema(read_document(data, name=name, most_bytes=MOST_BYTES), "catalogue", name=name)
    root = Place(document).object(("schema", "items"))
    return root.named("items").each(_item, MOST_ITEMS)


def sheet_of(items: Sequence[Mapping[str, str]]) -> bytes:
    """The same items as a CSV sheet under the headings of the data set; item 1 stands on line 2."""
    head = tuple(CATALOGUE.field(name).label.zh for name in _FIELDS)
    rows = [tuple(item.get(name, "") for name in _FIELDS) for item in items]
    return sheet_bytes(Form.CSV, SheetContent(CATALOGUE.name.zh, head, rows))


def _item(place: Place) -> Mapping[str, str]:
    place.object(("code", "name"), tuple(name for name in _FIELDS if name not in ("code", "name")))
    return {name: _text(at) for name, at in place.names() if at.value is not None}


def _text(place: Place) -> str:
    value: Any = place.value
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "；".join(_text(one) for one in place.items(100))
    if isinstance(value, dict):
        return "；".join(f"{name}={_fact(at)}" for name, at in place.names())
    if isinstance(value, date):
        return value.isoformat()
    if not isinstance(value, str | int):
        place.fail("expected a text")
    return str(value)


def _fact(place: Place) -> str:
    if isinstance(place.value, bool):
        return "true" if place.value else "false"
    return _text(place)
