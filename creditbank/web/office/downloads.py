"""Sheets as files that a spreadsheet opens without running anything."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from creditbank.exchange.spreadsheets import Form, SheetContent, write_sheet
from creditbank.gateways.disk import scratch

_SHORT = 1 << 20


def csv_response(name: str, head: Sequence[object], rows: Iterable[Sequence[object]]) -> HttpResponseBase:
    """A UTF-8 CSV with a byte order mark, so that spreadsheets read Chinese, offered as a file."""
    texts = (["" if cell is None else str(cell) for cell in row] for row in rows)
    return sheet_response(name, Form.CSV, SheetContent("", [str(cell) for cell in head], texts))


def sheet_response(
    name: str, form: Form, content: SheetContent, *, made_at: datetime | None = None
) -> HttpResponseBase:
    """A sheet, offered as a file; a long one waits on disk and not in memory."""
    out = scratch()
    write_sheet(out, form, content, **({"made_at": made_at} if made_at else {}))
    size = out.seek(0, os.SEEK_END)
    out.seek(0)
    if size > _SHORT:
        response = FileResponse(out, content_type=form.media_type)
        return _as_file(response, name)
    with out:
        return file_response(name, form, out.read())


def file_response(name: str, form: Form, content: bytes) -> HttpResponse:
    """The bytes of a sheet, offered as a file under a name that may be Chinese."""
    response = HttpResponse(content, content_type=form.media_type)
    _as_file(response, name)
    return response


def _as_file(response: HttpResponseBase, name: str) -> HttpResponseBase:
    response.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    # It holds data of a school and is not kept on the way.
    response.headers["Cache-Control"] = "no-store"
    return response
