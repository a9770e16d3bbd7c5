"""Sheets of transfer agreements: what a course of one institution becomes at another."""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from creditbank.domain.rules.ambiguity import Agreement, ambiguous_pairs
from creditbank.exchange.sheets import Row, RowProblem, SheetPlace, open_sheet
from creditbank.gateways.ambiguity import Ambiguous, scan_agreements
from creditbank.gateways.files import Upload

MESSAGES: dict[str, str] = {
    "agreement.empty": "The cell is empty; sending, course, receiving and target are needed.",
    "agreement.grade": "{value} is not a grade from 0 to 999999.99 with at most two decimals.",
    "agreement.day": "{value} is not a day such as 2026-03-01.",
    "agreement.credit": "{value} is not an amount of credit with at most two decimals.",
    "agreement.grades_turned": "The lowest grade {value} is above the highest, so the row holds for none.",
    "agreement.days_turned": "The first day {value} lies behind the last, so the row holds on none.",
}

NEEDED = ("sending", "course", "receiving", "target")
OPTIONAL = ("min_grade", "max_grade", "from", "until", "credit")
MOST_LISTED = 1_000
"""Refused rows that are kept with their reason; the others are counted."""

_FEW = 2_000
"""Up to so many rows are swept as they are; arrays cost more to begin with."""
_GRADE = re.compile(r"(\d{1,6})(?:\.(\d{1,2}))?")
_CREDIT = re.compile(r"(\d{1,4})(?:\.(\d{1,2}))?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
HIGHEST = 10**8
"""Stands for no highest grade."""

_FIRST, _LAST = 1, date.max.toordinal()


@dataclass(slots=True)
class Agreements:
    """All rows that could be read, as columns of whole numbers, and what the numbers stand for."""

    columns: tuple[array[int], ...] = field(default_factory=lambda: tuple(array("q") for _ in range(6)))
    lines: array[int] = field(default_factory=lambda: array("q"))
    starts: list[tuple[int, str]] = field(default_factory=list)
    """By file: the first of its rows, and its name."""
    questions: dict[tuple[str, str, str], int] = field(default_factory=dict)
    answers: dict[tuple[str, str], int] = field(default_factory=dict)
    problems: list[tuple[str, RowProblem]] = field(default_factory=list)
    refused: int = 0

    def __len__(self) -> int:
        return len(self.lines)

    def place(self, row: int) -> tuple[str, int]:
        """The file and line of a row."""
        name = next(name for start, name in reversed(self.starts) if start <= row)
        return name, self.lines[row]

    def at(self, row: int) -> Agreement:
        """One row."""
        question, low, high, since, until, answer = (column[row] for column in self.columns)
        return Agreement(question, low, high, since, until, answer)


def read_agreements(into: Agreements, upload: Upload) -> None:
    """Add the rows of a sheet; a row that cannot be read is noted with its line and column, and left out.

    Raises:
        SheetProblem: the file is no sheet, or a column that is needed is missing.
    """
    sheet = open_sheet(upload, SheetPlace())
    wanted = sheet.find([*NEEDED, *(name for name in OPTIONAL if name in sheet.head)])
    into.starts.append((len(into), sheet.name))
    for row in sheet.rows(wanted.values()):
        problem = row if isinstance(row, RowProblem) else _add(into, row, wanted)
        if problem is not None:
            into.refused += 1
            if len(into.problems) < MOST_LISTED:
                into.problems.append((sheet.name, problem))


def find_ambiguous(of: Agreements, *, most: int) -> Ambiguous:
    """All pairs that answer one question differently, counted; the first ``most`` by their rows."""
    if len(of) > _FEW:
        return scan_agreements(of.columns, most=most)
    pairs = sorted(ambiguous_pairs([of.at(row) for row in range(len(of))]))
    return Ambiguous(len(pairs), tuple(pairs[:most]), ())


def _add(into: Agreements, row: Row, wanted: Mapping[str, int]) -> RowProblem | None:
    cells = {name: _plain(row.cells[place]) for name, place in wanted.items()}

    def wrong(column: str, code: str) -> RowProblem:
        value = cells[column][:80]
        return RowProblem(row.line, column, f"agreement.{code}", {"value": value} if value else {})

    for name in NEEDED:
        if not cells[name]:
            return wrong(name, "empty")
    numbers = []
    for name, otherwise in (("min_grade", 0), ("max_grade", HIGHEST)):
        found = _hundredths(_GRADE, cells.get(name, ""), otherwise)
        if found is None:
            return wrong(name, "grade")
        numbers.append(found)
    for name, otherwise in (("from", _FIRST), ("until", _LAST)):
        found = _ordinal(cells.get(name, ""), otherwise)
        if found is None:
            return wrong(name, "day")
        numbers.append(found)
    amount = _hundredths(_CREDIT, cells.get("credit", ""), -1)
    if amount is None:
        return wrong("credit", "credit")
    low, high, since, until = numbers
    if low > high:
        return wrong("min_grade", "grades_turned")
    if since > until:
        return wrong("from", "days_turned")
    question = cells["sending"], cells["course"], cells["receiving"]
    answer = cells["target"], "" if amount < 0 else str(amount)
    values = (
        into.questions.setdefault(question, len(into.questions)), low, high, since, until,
        into.answers.setdefault(answer, len(into.answers)),
    )  # fmt: skip
    for column, value in zip(into.columns, values, strict=True):
        column.append(value)
    into.lines.append(row.line)
    return None


def _plain(text: str) -> str:
    return text.strip() if text.isascii() else unicodedata.normalize("NFKC", text).strip()


def _hundredths(pattern: re.Pattern[str], text: str, otherwise: int) -> int | None:
    if not text:
        return otherwise
    found = pattern.fullmatch(text) if text.isascii() else None
    return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0")) if found else None


def _ordinal(text: str, otherwise: int) -> int | None:
    if not text:
        return otherwise
    try:
        return date.fromisoformat(text).toordinal() if _DAY.fullmatch(text) else None
    except ValueError:
        return None
