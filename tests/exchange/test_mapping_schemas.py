"""The schemas of mappings know what their readers know: what comes with the program fits, what is wrong does not."""

from __future__ import annotations

import copy
import json

import pytest

from creditbank.cli.schema import schema_of
from creditbank.domain.official_lists.kind import KINDS, read_list_kind
from creditbank.domain.registrar.sheet import read_registrar_sheet
from creditbank.domain.rules.places import UnreadableError
from creditbank.exchange.documents import read_document
from creditbank.gateways.documents import packaged
from tests.cli.test_rules import _check as problems

READERS = {"list_mapping": read_list_kind, "registrar_sheet": read_registrar_sheet}


def documents():
    yield "registrar_sheet", read_document(packaged("mappings/registrar-sheet.yaml"), name="sheet")
    for code in KINDS:
        yield "list_mapping", read_document(packaged(f"mappings/list-{code}.yaml"), name=code)


def fits(name, document):
    schema = schema_of(name)
    return problems(json.loads(json.dumps(document)), schema, schema) == []


def reads(name, document):
    try:
        READERS[name](document)
    except UnreadableError:
        return False
    return True


@pytest.mark.parametrize(("name", "document"), list(documents()), ids=lambda one: one if isinstance(one, str) else "")
def test_what_comes_with_the_program_fits_its_schema(name, document):
    assert fits(name, document)


@pytest.mark.parametrize(("name", "document"), list(documents()), ids=lambda one: one if isinstance(one, str) else "")
def test_schema_and_reader_know_the_same_keys(name, document):
    # Each key taken away in turn, and one nobody knows added at each place: both say the same of it.
    tried = 0
    for path in places(document):
        for change in ("drop", "add"):
            other = copy.deepcopy(document)
            *above, last = path
            place = other
            for step in above:
                place = place[step]
            if change == "drop":
                del place[last]
            elif isinstance(place[last], dict) and free(path) is False:
                place[last]["nobody_knows"] = 1
            else:
                continue
            tried += 1
            if fits(name, other) is False:
                assert not reads(name, other), (change, path)
            elif change == "add":
                pytest.fail(f"the schema takes an unknown key at {path}")
    assert tried > 20


def places(value, path=()):
    """The path of every key of a document that is no list item."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield (*path, key)
            yield from places(below, (*path, key))
    elif isinstance(value, list):
        for place, below in enumerate(value):
            yield from places(below, (*path, place))


def free(path):
    """Whether the keys at a place are names that the document itself gives."""
    return path[-1] in ("columns", "facts", "words", "values", "heads", "person")
