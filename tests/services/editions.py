"""Short ways to publish an edition and to read what an institution takes over."""

from __future__ import annotations

import csv
import io
from datetime import date

from creditbank.domain.explanation import Refusal
from creditbank.domain.masterdata.sets import data_set_named
from creditbank.exchange.masterdata.imports import import_sheet, read_sheet
from creditbank.gateways.files import open_upload
from creditbank.gateways.identities import Identities
from creditbank.queries.masterdata.inheritance import rows_on
from creditbank.records.scope import acting_for
from creditbank.services.masterdata.editions import prepare_edition, publish_edition
from tests.cast import AT, ON

DAY = date(2026, 12, 1)
"""When the editions of tests take effect, unless they say otherwise."""


def drafted(institution, kind, rows, day=DAY, label="2026-2"):
    """A draft, or the refusal."""
    with acting_for(institution=institution, purpose="test") as scope:
        return prepare_edition(
            scope=scope, kind=kind, rows=rows, label=label, source="GB/T 1", note="", effective_on=day,
            actor=institution, at=AT,
        )  # fmt: skip


def publish(institution, edition_id, today=ON):
    with acting_for(institution=institution, purpose="test") as scope:
        return publish_edition(scope=scope, edition_id=edition_id, actor=institution, at=AT, today=today)


def published(institution, kind, rows, day=DAY, label="2026-2", today=date(2000, 1, 1)):
    """An edition that was published in time."""
    draft = drafted(institution, kind, rows, day, label)
    assert not isinstance(draft, Refusal), draft
    found = publish(institution, draft.edition_id, today)
    assert not isinstance(found, Refusal), found
    return found.edition_id


def in_use(institution, kind, day):
    """The values of every row an institution may use on a day, by key."""
    with acting_for(institution=institution, purpose="test") as scope:
        return {key: row.content for key, row in rows_on(scope, kind, day).items()}


def sheet_of(rows):
    """A CSV of rows by heading."""
    text = io.StringIO()
    head = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, head)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def read(institution, data_set, rows, as_of):
    """A sheet as it is read, held to what is handed down."""
    with open_upload(io.BytesIO(sheet_of(rows)), name="sheet.csv") as upload:
        return read_sheet(upload, data_set_named(data_set), institution=institution, as_of=as_of, today=as_of)


def brought(bank, institution, data_set, rows, as_of):
    """The whole way of a sheet; returns what was refused and the finished run."""
    found = read(institution, data_set, rows, as_of)
    run = import_sheet(
        found, institution=institution, identities=Identities(bank), as_of=as_of, actor=institution, now=lambda: AT
    )
    return found.given.refused, run
