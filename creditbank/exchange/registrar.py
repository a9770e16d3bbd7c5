"""The registrar's sheet as a file, and the sheet that comes back from the registrar's system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from creditbank.domain.registrar.compare import MESSAGES as COMPARED
from creditbank.domain.registrar.compare import Finding, Outcome, ReturnedRow, plain_text
from creditbank.domain.registrar.sheet import RegistrarSheet, read_registrar_sheet
from creditbank.exchange import encoding as encodings
from creditbank.exchange import sheets, workbooks
from creditbank.exchange.documents import expect_schema, read_document
from creditbank.exchange.sheets import RowProblem, SheetPlace, open_sheet
from creditbank.exchange.spreadsheets import Form, SheetContent
from creditbank.gateways import files
from creditbank.gateways.documents import packaged
from creditbank.queries.registrar.batches import Batch, batch_cells, institution_code, last_mapping
from creditbank.services.registrar.reconcile import ReturnedSheet

if TYPE_CHECKING:
    from creditbank.gateways.files import Upload
    from creditbank.records.scope import Scope

ALL_MESSAGES: dict[str, str] = files.MESSAGES | encodings.MESSAGES | workbooks.MESSAGES | sheets.MESSAGES | COMPARED
"""Sentences of everything that can be wrong with a returned sheet, by code."""

DEFAULT = "mappings/registrar-sheet.yaml"
MOST_MAPPING_BYTES = 200_000


def default_mapping() -> tuple[RegistrarSheet, dict[str, Any]]:
    """The mapping that comes with the program, and its document."""
    return read_mapping_bytes(packaged(DEFAULT), name="registrar-sheet.yaml")


def read_mapping_bytes(data: bytes, *, name: str) -> tuple[RegistrarSheet, dict[str, Any]]:
    """A mapping and its document from a file's bytes.

    Raises:
        DocumentError: it is no safe YAML or JSON, or says another schema.
        UnreadableError: a key is unknown, missing or impossible; each problem has its path.
    """
    document = read_document(data, name=name, most_bytes=MOST_MAPPING_BYTES)
    return read_registrar_sheet(expect_schema(document, "registrar_sheet", name=name)), document


def mapping_for(scope: Scope) -> tuple[RegistrarSheet, dict[str, Any]]:
    """The mapping of the institution's last batch, and its document; before the first one, that of the program."""
    document = last_mapping(scope)
    return (read_registrar_sheet(document), document) if document is not None else default_mapping()


def batch_sheet(scope: Scope, batch: Batch) -> SheetContent:
    """A batch's sheet. It is made of the lines as they were stored, so that it is the same at any time.

    Written as made at the batch's ``recorded_at``, its file has the same bytes at any time too.
    """
    sheet = batch.sheet
    return SheetContent(sheet.title, sheet.heads, batch_cells(scope, batch.batch_id), numbers=sheet.numbers)


def file_name(scope: Scope, batch: Batch, form: Form) -> str:
    """What a batch's file is called: institution, number, and the encoding where it is not the usual one."""
    tail = "-gb18030" if form is Form.GB18030 else ""
    return f"{institution_code(scope)}-registrar-{batch.number:04d}{tail}.{form.ending}"


def read_returned(upload: Upload, sheet: RegistrarSheet, *, encoding: str | None = None) -> ReturnedSheet:
    """Read a sheet that came back, by the ``returned`` part of a mapping.

    A row that cannot be read, or whose status is a word the mapping does not know, becomes a finding that says so.

    Raises:
        SheetProblem: the file is no sheet, or a column that must be there is missing or there twice.
    """
    opened = open_sheet(upload, SheetPlace(), encoding=encoding)
    back = sheet.returned
    theirs = {head: back.heads.get(head, head) for head in sheet.heads}
    voucher_head = theirs[sheet.voucher_head]
    compared = back.compare if back.compare is not None else tuple(h for h in sheet.heads if theirs[h] in opened.head)
    compared = tuple(head for head in compared if head != sheet.voucher_head)
    with_status = bool(back.status) and (back.status_required or back.status in opened.head)
    wanted = {voucher_head, *(theirs[head] for head in compared)}
    if with_status:
        wanted.add(back.status)
    if back.reason and back.reason in opened.head:
        wanted.add(back.reason)
    at = opened.find(wanted)
    rows: list[ReturnedRow] = []
    unread: list[Finding] = []
    for row in opened.rows(at.values()):
        if isinstance(row, RowProblem):
            facts = {name: fact for name, fact in row.facts.items() if isinstance(fact, str | int)}
            detail = {"code": row.code, "facts": {"column": row.column, **facts}}
            unread.append(Finding(Outcome.UNREAD, row.line, "", detail=detail))
            continue
        voucher = plain_text(row.cells[at[voucher_head]]).upper()
        status, problem = "", None
        if with_status:
            word = plain_text(row.cells[at[back.status]])
            status = (back.words or {}).get(word, "")
            if not status:
                problem = ("registrar.status_unknown", {"word": word[:100], "column": back.status})
        cells = {head: row.cells[at[theirs[head]]] for head in compared}
        reason = row.cells[at[back.reason]].strip()[:1000] if back.reason in at else ""
        rows.append(ReturnedRow(row.line, voucher[:200], status, reason, cells, problem))
    return ReturnedSheet(
        file_name=upload.name,
        file_hash=upload.sha256,
        encoding=opened.encoding,
        status_head=back.status if with_status else "",
        rows=rows,
        unread=unread,
    )
