"""Conversion rules as a sheet: a line for each certificate, a column for what it becomes."""

from __future__ import annotations

from creditbank.domain.conversions.matrix import Matrix, MatrixCell
from creditbank.domain.values import Text
from creditbank.exchange.spreadsheets import Form, SheetContent, sheet_bytes

_TITLE = Text("课证对照表", "Matrix")
_OUTCOME = Text("证书或成果", "Certificate or outcome")
_TOGETHER = Text("须与其他成果一起", "together with others")


def matrix_sheet(found: Matrix, language: str) -> bytes:
    """The matrix as a workbook of one sheet, in one language; each cell says on its lines what its rows say."""
    head = [_OUTCOME.said_in(language), *(target.said_in(language) for target in found.targets)]
    rows = (
        [row.outcome.said_in(language), *("\n".join(_said(one, language) for one in cells) for cells in row.cells)]
        for row in found.rows
    )
    return sheet_bytes(Form.XLSX, SheetContent(_TITLE.said_in(language), head, rows))


def _said(cell: MatrixCell, language: str) -> str:
    comma, colon = ("；", "：") if language.startswith("zh") else ("; ", ": ")
    parts = [cell.condition, cell.credit, *cell.grade, *([_TOGETHER] if cell.together else [])]
    return cell.row + colon + comma.join(said for part in parts if (said := part.said_in(language)))
