"""Which postings go out in a batch, in what order, and what each line of the sheet says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

from creditbank.domain.registrar.sheet import CORRECTION, NEW, RESEND, Column, RegistrarSheet

MESSAGES = {
    "registrar.nothing": "Nothing waits to go out: every posting recorded up to {until} is in a batch already.",
    "registrar.not_sent_back": "Line {voucher} cannot be sent again: it was neither refused nor missing in the last"
    " sheet that spoke of it.",
    "registrar.already_resent": "Line {voucher} was set to be sent again before; nothing was changed.",
    "registrar.resend_reversed": "Line {voucher} cannot be sent again: its deposit has been reversed since.",
    "registrar.no_selection": "No line was chosen; nothing was changed.",
    "registrar.whole_house": "An export concerns the whole institution; it is made at the institution's own desk.",
    "registrar.until_future": "The day {until} has not come yet; choose today or an earlier day.",
}
"""Sentences of the refusals around an export, by code."""

_FIVE = frozenset({"优", "优秀", "良", "良好", "中", "中等", "及格", "不及格", "a", "b", "c", "d", "e"})
_TWO = frozenset({"合格", "不合格", "通过", "不通过", "未通过", "pass", "fail", "p", "f"})
SIGNS = {"deposit": 1, "reverse": -1}
"""The kinds of posting that go out, and how each moves what the institution has recognised."""


@dataclass(frozen=True, slots=True)
class LineName:
    """A line by its batch; ``number`` is the batch's own number."""

    batch_id: UUID
    number: int
    line: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A posting that waits to go out, or a line that waits to go out again, with what the sheet may say of it.

    ``original`` is the line that carried the deposit a reversal undoes, or the line to be sent again.
    """

    posting_id: UUID
    learner_id: UUID
    kind: str
    amount: int
    reverses: UUID | None
    original: LineName | None
    facts: Facts


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one posting, its lot and its learner on the day it goes out."""

    student_number: str
    name: str
    name_en: str
    college: str
    college_code: str
    cohort: int | None
    programme: str
    course_code: str
    course_name: str
    course_name_en: str
    category: str
    outcome_type: str
    outcome_type_name: str
    level: int | None
    field: str
    grade: str
    term: str
    academic_year: str
    earned_on: date
    recognised_on: date
    recorded_on: date
    document_number: str
    reason: str
    mark: str = ""
    grade_scale: str = ""
    sitting: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """One line of a batch: its place, its kind, its signed hundredths, and whether the sheet shows it.

    ``names`` is the line that a correction or a re-send is about.
    """

    line: int
    kind: str
    written: bool
    hundredths: int
    names: LineName | None
    waiting: Waiting


def plan_lines(
    postings: Sequence[Waiting], resends: Sequence[Waiting], *, batch_id: UUID, number: int, both_of_offset: bool
) -> tuple[Planned, ...]:
    """The lines of a batch, numbered: re-sends, then new ones, then corrections, each by student number.

    A deposit and its reversal that wait together offset each other: unless ``both_of_offset`` is set they become
    lines that the sheet does not show, at the end, so that each posting is in exactly one batch all the same.
    """
    reversed_here = {one.reverses for one in postings if one.kind == "reverse"}
    here = {one.posting_id for one in postings}

    def offset(one: Waiting) -> bool:
        return one.posting_id in reversed_here if one.kind == "deposit" else one.reverses in here

    hidden = [] if both_of_offset else [one for one in postings if offset(one)]
    shown = postings if both_of_offset else [one for one in postings if not offset(one)]
    deposits = [one for one in shown if one.kind == "deposit"]
    reversals = [one for one in shown if one.kind == "reverse"]
    places: dict[UUID, int] = {}
    planned: list[Planned] = []

    def add(one: Waiting, kind: str, *, written: bool) -> None:
        line = len(planned) + 1
        names = one.original
        if kind == NEW:
            places[one.posting_id] = line
            names = None
        elif kind == CORRECTION and names is None and one.reverses in places:
            names = LineName(batch_id, number, places[one.reverses])
        planned.append(Planned(line, kind, written, SIGNS[one.kind] * one.amount, names, one))

    for one in _ordered(resends):
        add(one, RESEND, written=True)
    for one in _ordered(deposits):
        add(one, NEW, written=True)
    for one in _ordered(reversals):
        add(one, CORRECTION, written=True)
    for one in _ordered([one for one in hidden if one.kind == "deposit"]):
        add(one, NEW, written=False)
    for one in _ordered([one for one in hidden if one.kind == "reverse"]):
        add(one, CORRECTION, written=False)
    return tuple(planned)


def _ordered(waiting: Iterable[Waiting]) -> list[Waiting]:
    return sorted(waiting, key=lambda one: (one.facts.student_number, one.facts.recorded_on, one.posting_id))


def voucher_of(institution: str, number: int, line: int) -> str:
    """The name of a line in every sheet, for instance ``SVC-0003-000017``."""
    return f"{institution.upper()}-{number:04d}-{line:06d}"


def parse_voucher(institution: str, voucher: str) -> tuple[int, int] | None:
    """The batch number and line that a voucher of this institution names, or nothing."""
    head, _, tail = voucher.strip().upper().rpartition("-")
    code, _, number = head.rpartition("-")
    plain = all(part.isascii() and part.isdigit() and len(part) < 10 for part in (number, tail))
    if code != institution.upper() or not plain or voucher_of(institution, int(number), int(tail)) != f"{head}-{tail}":
        return None
    return int(number), int(tail)


def cell_writer(sheet: RegistrarSheet, *, institution: str, number: int) -> Callable[[Planned], list[str]]:
    """A function that writes the cells of one line, in the order of the sheet's columns."""
    makers = [_maker(column, sheet, institution, number) for column in sheet.columns]
    return lambda planned: [make(planned) for make in makers]


def _maker(column: Column, sheet: RegistrarSheet, institution: str, number: int) -> Callable[[Planned], str]:
    if not column.field:
        return lambda _planned: column.constant
    said = _said(column.field, sheet, institution, number)
    if column.values is None and not column.empty:
        return said
    values = column.values or {}

    def make(planned: Planned) -> str:
        text = said(planned)
        return values.get(text, text) or column.empty

    return make


def _said(name: str, sheet: RegistrarSheet, institution: str, number: int) -> Callable[[Planned], str]:
    match name:
        case "credit":
            return lambda planned: write_credit(planned.hundredths, sheet.credit_form)
        case "amount":
            return lambda planned: write_credit(abs(planned.hundredths), sheet.credit_form)
        case "voucher":
            return lambda planned: voucher_of(institution, number, planned.line)
        case "original":
            return lambda planned: (
                voucher_of(institution, planned.names.number, planned.names.line) if planned.names else ""
            )
        case "batch":
            return lambda _planned: str(number)
        case "line":
            return lambda planned: str(planned.line)
        case "kind":
            return lambda planned: planned.kind

    def fact(planned: Planned) -> str:
        value = getattr(planned.waiting.facts, name)
        if isinstance(value, date):
            return write_day(value, sheet.date_form)
        return "" if value is None else str(value)

    return fact


def write_day(day: date, form: str) -> str:
    """A day in one of the forms of ``sheet.DATE_FORMS``."""
    match form:
        case "YYYY/M/D":
            return f"{day.year}/{day.month}/{day.day}"
        case "YYYY.M.D":
            return f"{day.year}.{day.month}.{day.day}"
        case "YYYYMMDD":
            return f"{day.year:04d}{day.month:02d}{day.day:02d}"
        case "YYYY年M月D日":
            return f"{day.year}年{day.month}月{day.day}日"
    return day.isoformat()


def write_credit(hundredths: int, form: str) -> str:
    """Hundredths in one of the forms of ``sheet.CREDIT_FORMS``, with the plain minus sign machines read."""
    sign = "-" if hundredths < 0 else ""
    whole, part = divmod(abs(hundredths), 100)
    tail = f"{part:02d}"
    if form == "two_places" or tail[1] != "0":
        return f"{sign}{whole}.{tail}"
    if form == "shortest" and not part:
        return f"{sign}{whole}"
    return f"{sign}{whole}.{tail[0]}"


def mark_said(mark: Decimal | None, word: str) -> str:
    """A result's mark as the school wrote it: its word, else the number without needless zeros."""
    if word or mark is None:
        return word
    return f"{mark:f}".rstrip("0").rstrip(".") if mark % 1 else str(int(mark))


def grade_scale_of(mark: Decimal | None, word: str) -> str:
    """How a result's mark was given, one of ``sheet.GRADE_SCALES``; empty where it has none."""
    if word:
        plain = word.strip().casefold()
        return "two" if plain in _TWO else "five" if plain in _FIVE else "words"
    return "percent" if mark is not None else ""


def lines_hash(lines: Iterable[tuple[int, bool, Sequence[str]]]) -> str:
    """The SHA-256 of a batch's lines in order, each with its number, whether it is shown, and its cells."""
    whole = sha256()
    for line, written, cells in lines:
        whole.update("\x1f".join((f"\x1e{line}", "1" if written else "0", *cells)).encode())
    return whole.hexdigest()
