"""Sheets of master data for the tests of the office: filled templates and CSV files, uploaded through its pages."""

from __future__ import annotations

import csv
import io

from django.core.files.uploadedfile import SimpleUploadedFile
from python_calamine import CalamineWorkbook

from creditbank.exchange.spreadsheets import SheetContent, workbook_bytes


def data_url(data_set, rest=""):
    """An address of a data set."""
    return f"/office/data/{data_set}/{rest}"


def filled(template, rows):
    """A sheet under the headings of a downloaded template, with rows of texts by heading without its star."""
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(template)).get_sheet_by_index(0)
    head = [str(name) for name in sheet.to_python()[0]]
    names = [name.rstrip("*") for name in head]
    assert {name for row in rows for name in row} <= set(names)
    return workbook_bytes([SheetContent(sheet.name, head, [[row.get(name, "") for name in names] for row in rows])])


def csv_sheet(rows):
    """A CSV file of rows of cells."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def upload(client, data_set, content, as_of, name="sheet.csv"):
    """Send a file in; returns the answer."""
    return client.post(data_url(data_set, "import/"), {"file": SimpleUploadedFile(name, content), "as_of": as_of})


def mapped(client, address, **chosen):
    """Send the mapping screen as it stands, with some choices made otherwise; returns the answer."""
    form = client.get(address).context["form"]
    data = {form.add_prefix(name): form.get_initial_for_field(field, name) or "" for name, field in form.fields.items()}
    labels = {str(field.label): name for name, field in form.fields.items()}
    data |= {form.add_prefix(labels[label]): value for label, value in chosen.items()}
    return client.post(address, data)


def brought(client, data_set, content, as_of, name="sheet.csv", **chosen):
    """The whole way: upload, map, apply; returns the address of the run."""
    columns = upload(client, data_set, content, as_of, name).headers["Location"]
    check = mapped(client, columns, **chosen).headers["Location"]
    return client.post(check.replace("/check/", "/apply/")).headers["Location"]


def applied(rows_page):
    """What a list page shows: its first column."""
    return [row["main"] for row in rows_page.context["rows"]]
