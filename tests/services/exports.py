"""Export batches as tests make them, and what the database then holds of them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import xlsxwriter

from creditbank.exchange import spreadsheets
from creditbank.exchange.registrar import batch_sheet, default_mapping, read_mapping_bytes, read_returned
from creditbank.exchange.spreadsheets import Form
from creditbank.gateways.documents import packaged
from creditbank.gateways.files import open_upload
from creditbank.queries.registrar.batches import numbered_batch
from creditbank.records.scope import acting_for
from creditbank.services.registrar.export import make_batch
from creditbank.services.registrar.reconcile import ask_resend, keep_returned
from tests.cast import AT, ON
from tests.intruder import superuser

HEADS = ("学号", "姓名", "课程代码", "课程名称", "学分", "成绩", "学年学期", "认定类别", "认定日期", "凭证号", "类型", "原凭证号", "申请编号")  # fmt: skip


def changed_mapping(*changes):
    """The default mapping with pieces of its text replaced."""
    text = packaged("mappings/registrar-sheet.yaml").decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return read_mapping_bytes(text.encode(), name="changed.yaml")


def export(cast, *, at=AT, until=None, mapping=None, actor=None):
    """Make the next batch in a transaction of its own."""
    sheet, document = mapping or default_mapping()
    actor = actor or cast.zhao
    with acting_for(institution=actor.institution, purpose="test") as scope:
        return make_batch(scope=scope, actor=actor, sheet=sheet, document=document, until=until, at=at)


def sheet_rows(cast, number, form=Form.CSV):
    """A batch's sheet as rows of texts, the head first."""
    text = sheet_bytes(cast, number, form).decode("gb18030" if form is Form.GB18030 else "utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def sheet_bytes(cast, number, form=Form.CSV, actor=None):
    """A batch's sheet as its bytes."""
    with acting_for(institution=(actor or cast.zhao).institution, purpose="test") as scope:
        batch = numbered_batch(scope, number)
        return spreadsheets.sheet_bytes(form, batch_sheet(scope, batch), made_at=batch.recorded_at)


def lines(bank):
    """Every line of every batch, as the database holds them."""
    with superuser(bank) as connection:
        return connection.execute(
            "SELECT number, line, posting_id, kind, written, sent.hundredths, names_line FROM export_line sent"
            " JOIN export_batch USING (institution_id, batch_id) ORDER BY number, line"
        ).fetchall()


def batch_id(bank, number, cast):
    """The id of a batch of the college."""
    with superuser(bank) as connection:
        return connection.execute(
            "SELECT batch_id FROM export_batch WHERE number = %s AND institution_id = %s", [number, cast.college]
        ).fetchone()[0]


def csv_file(folder: Path, rows, name="returned.csv"):
    """A returned sheet on disk."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    path = folder / name
    path.write_bytes(text.getvalue().encode("utf-8-sig"))
    return path


def xlsx_file(folder: Path, rows, name="returned.xlsx"):
    """A returned workbook on disk; a cell that is a pair is written as a formula with its stored value."""
    path = folder / name
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("回执")
    for line, row in enumerate(rows):
        for place, cell in enumerate(row):
            if isinstance(cell, tuple):
                sheet.write_formula(line, place, cell[0], None, cell[1])
            else:
                sheet.write(line, place, cell)
    book.close()
    return path


def take_back(cast, bank, number, path, *, sheet_on=ON, at=AT, mapping=None):
    """Upload a returned sheet for a batch."""
    sheet, _ = mapping or default_mapping()
    with open_upload(path) as upload:
        returned = read_returned(upload, sheet)
    of = batch_id(bank, number, cast)
    with acting_for(institution=cast.college, purpose="test") as scope:
        return keep_returned(
            scope=scope, actor=cast.zhao, batch_id=of, sheet=sheet, returned=returned, sheet_on=sheet_on, at=at
        )


def found(bank, kept):
    """What a returned sheet came to: outcome, row, voucher."""
    with superuser(bank) as connection:
        return connection.execute(
            "SELECT outcome, sheet_row, voucher FROM reconciliation_line WHERE reconciliation_id = %s ORDER BY sequence",
            [kept.reconciliation_id],
        ).fetchall()


def resend(cast, bank, number, *places, at=AT):
    """Set lines of a batch to be sent again."""
    of = batch_id(bank, number, cast)
    with acting_for(institution=cast.college, purpose="test") as scope:
        return ask_resend(scope=scope, actor=cast.zhao, batch_id=of, lines=places, at=at)
