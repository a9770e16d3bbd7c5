"""Short ways to state and import master data in tests."""

from __future__ import annotations

from datetime import date

from creditbank.domain.masterdata.reading import read_record
from creditbank.domain.masterdata.sets import data_set_named
from creditbank.gateways.identities import Identities
from creditbank.records.masterdata import DataRow
from creditbank.records.scope import acting_for
from creditbank.services.masterdata.imports import GivenRow, begin_run, finish_run, gather, plan_import, store_batch
from tests.cast import AT


def given_of(code, rows):
    """Rows of texts by field, as a sheet gives them."""
    data_set = data_set_named(code)
    return gather([GivenRow(line, read_record(data_set, texts)) for line, texts in enumerate(rows, start=2)], [])


def plan(bank, institution, code, rows, as_of, file="f"):
    with acting_for(institution=institution, purpose="test") as scope:
        return plan_import(
            scope=scope, identities=Identities(bank), data_set=data_set_named(code), given=given_of(code, rows),
            file_hash=file, as_of=date.fromisoformat(as_of),
        )  # fmt: skip


def bring(bank, institution, code, rows, as_of, file="f"):
    """Import rows as one finished run; a list of texts by field."""
    data_set, given = data_set_named(code), given_of(code, rows)
    with acting_for(institution=institution, purpose="test") as scope:
        run = begin_run(
            scope=scope, data_set=data_set, file_name=file, file_hash=file, mapping_hash="m", encoding="x",
            as_of=date.fromisoformat(as_of), given=given, actor=institution, at=AT,
        )  # fmt: skip
        store_batch(scope=scope, identities=Identities(bank), data_set=data_set, import_run=run, rows=given.rows, at=AT)
        return finish_run(scope=scope, run_id=run.run_id, at=AT)


def rows_in_force(institution, code):
    """The rows of a data set: values, ranks and contested fields by key."""
    with acting_for(institution=institution, purpose="test") as scope:
        return {
            row.key: (row.content, row.since, row.contested, row.label, row.retired)
            for row in scope.rows(DataRow).filter(data_set=code)
        }
