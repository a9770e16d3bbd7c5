"""Results out of other systems' sheets: a sheet and a mapping in, a stream of results and refused rows out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

from creditbank.domain.explanation import Fact
from creditbank.domain.values import Hundredths, Text, format_credit, parse_credit
from creditbank.exchange import aggregates, sheets
from creditbank.exchange.aggregates import Aggregated, Repeats, ResultKey
from creditbank.exchange.encoding import SheetProblem
from creditbank.exchange.mapping import KEY, OUTCOMES, Course, Declared, Presentation, ResultMapping
from creditbank.exchange.sheets import Row, RowProblem, Sheet, SheetPlace, open_sheet
from creditbank.gateways.files import Upload

MESSAGES: dict[str, str] = {
    "results.key_empty": "The cell is empty, so it is unclear whose result of what this is.",
    "results.too_long": "The text has {count} characters, more than {limit}.",
    "results.control_character": "The text holds a character that cannot be shown. Type it again.",
    "results.number_rounded": "The number {found} was rounded by a spreadsheet program. "
    "Store such numbers as text and export again.",
    "results.course_unknown": "The mapping knows no course {found}.",
    "results.presentation_unknown": "The mapping knows no presentation {found} of the course {course}.",
    "results.outcome_unknown": "The result {found} is not one the mapping knows: {known}.",
    "results.mark_not_number": "The mark {found} is not a plain number. Map the word in the mapping or correct it.",
    "results.mark_out_of_range": "The mark {found} lies outside {low} to {high}.",
    "results.credit_not_number": "The credit {found} is not a number with at most two decimals.",
    "results.credit_out_of_range": "The credit {found} is not more than {low} and at most {high}.",
    "results.level_not_number": "The level {found} is not a whole number from 0 to 99.",
    "results.date_impossible": "There is no day {found} in the forms the mapping allows ({forms}).",
    "results.date_too_early": "The day {found} lies before 1900.",
    "results.date_in_future": "The result is dated {found}, which is still to come.",
    "results.dates_order": "The result was earned on {earned_on}, before the course started on {starts_on}.",
    "results.empty": "The cell is empty and nothing else says it.",
    "results.contradiction": "Line {other} has another result for the same learner, course and presentation. "
    "Neither is taken; correct the wrong one.",
    "results.related_problem": "Its mark cannot be made: line {other} of {sheet} is faulty.",
}
"""Sentences of the row problems this module makes, by code."""

ALL_MESSAGES: Mapping[str, str] = {**sheets.MESSAGES, **aggregates.MESSAGES, **MESSAGES}
"""The sentence of every code a :class:`RowProblem` can carry."""

_MOST_CHARACTERS = 64
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ROUNDED = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+[0-9]+")
_LEVEL = re.compile(r"[0-9]{1,2}(?:\.0)?")
_EARLIEST = date(1900, 1, 1)
_DATE_PATTERNS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "YYYY-MM-DD": (re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII), "ymd"),
    "YYYY/M/D": (re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})", re.ASCII), "ymd"),
    "YYYY.M.D": (re.compile(r"(\d{4})\.(\d{1,2})\.(\d{1,2})", re.ASCII), "ymd"),
    "YYYYMMDD": (re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII), "ymd"),
    "YYYY年M月D日": (re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日", re.ASCII), "ymd"),
    "D/M/YYYY": (re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII), "dmy"),
    "M/D/YYYY": (re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII), "mdy"),
}


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One result of one learner in one presentation of a course.

    ``outcome`` is one of :data:`creditbank.exchange.mapping.OUTCOMES`; distinction and pass earn ``credit``
    (hundredths), whatever the ``mark`` says, and no mark is None, never zero. ``rule_set`` is the code of the
    rule set that decides.
    """

    line: int
    learner_number: str
    course: str
    course_name: Text | None
    presentation: str
    term: str
    starts_on: date
    earned_on: date
    outcome: str
    mark: Decimal | None
    credit: Hundredths
    level: int
    field: str
    rule_set: str

    @property
    def earns_credit(self) -> bool:
        """Whether the outcome is one that earns the credit."""
        return self.outcome in {"distinction", "pass"}


@dataclass(slots=True)
class Summary:
    """What a reading saw. ``rows`` and ``encoding`` are known from the start, the counts grow while it is read.

    ``rows`` counts the rows of results that are not blank, refused ones included; ``refused`` counts their
    problems, ``related_problems`` those of related sheets; ``encodings`` goes from file to encoding.
    """

    encodings: dict[str, str]
    rows: int
    related_rows: int = 0
    results: int = 0
    refused: int = 0
    ignored_repeats: int = 0
    without_mark: int = 0
    related_problems: int = 0

    @property
    def encoding(self) -> str:
        """The encoding of the sheet of results."""
        return next(iter(self.encodings.values()))


def say(problem: RowProblem) -> str:
    """The English sentence of a row problem."""
    return ALL_MESSAGES[problem.code].format(**problem.facts)


def read_results(
    upload: Upload,
    mapping: ResultMapping,
    related: Callable[[str], Upload],
    *,
    encoding: str | None = None,
    today: date | None = None,
) -> Reading:
    """Open a sheet of results for reading.

    The whole of it is looked through once before the first row comes out, so that whatever makes the file
    unreadable is known while nothing has been posted, and so that a row can be refused for one far below it.

    Args:
        upload: the sheet of results, which passed the door.
        mapping: what its columns mean.
        related: gives the upload of a related sheet by the file name in the mapping; the caller closes it.
        encoding: the encoding of the sheet of results, named by a person; by default it is found.
        today: a result earned later than this day is refused; without it the future is not judged.

    Returns:
        An iterable of results and row problems in the order of their lines, problems of related sheets first.
        It can be gone through again; its ``summary`` then counts from zero.

    Raises:
        SheetProblem: the file, or a related one, cannot be read as such a sheet.
    """
    return Reading(upload, mapping, related, encoding, today)


class Reading:
    """One sheet of results being read; see :func:`read_results`."""

    def __init__(
        self,
        upload: Upload,
        mapping: ResultMapping,
        related: Callable[[str], Upload],
        encoding: str | None,
        today: date | None,
    ) -> None:
        self._upload = upload
        self._sheet = open_sheet(upload, mapping.place, encoding=encoding)
        self._columns = self._sheet.find(mapping.columns.values())
        self._reader = _RowReader(mapping, self._columns, today)
        encodings = {upload.name: self._sheet.encoding}
        self._aggregated = self._aggregate(mapping, related, encodings)
        self._total = 0
        self._repeats = Repeats(self._keys())
        if not self._total:
            raise SheetProblem(sheets.MESSAGES, "sheet.no_rows", name=upload.name)
        self._twice = self._contradictions() if self._repeats else {}
        self._refuse_changed()
        self.summary = self._new_summary(encodings)

    def __iter__(self) -> Iterator[ResultRow | RowProblem]:
        summary = self.summary = self._new_summary(self.summary.encodings)
        if self._aggregated is not None:
            yield from self._aggregated.problems
        for row in self._rows():
            result = self._judged(row)
            if result is None:
                summary.ignored_repeats += 1
                continue
            if isinstance(result, RowProblem):
                summary.refused += 1
            else:
                summary.results += 1
                summary.without_mark += result.mark is None
            yield result
        self._refuse_changed()

    def _new_summary(self, encodings: dict[str, str]) -> Summary:
        made = self._aggregated
        return Summary(
            encodings,
            self._total,
            related_rows=made.rows if made else 0,
            related_problems=len(made.problems) if made else 0,
        )

    def _refuse_changed(self) -> None:
        if self._upload.changed():
            raise SheetProblem(sheets.MESSAGES, "sheet.changed", name=self._upload.name)

    def _rows(self) -> Iterator[Row | RowProblem]:
        return self._sheet.rows(self._columns.values())

    def _keys(self) -> Iterator[tuple[str, ...]]:
        for row in self._rows():
            self._total += 1
            if isinstance(row, Row):
                yield self._reader.key(row.cells)

    def _contradictions(self) -> dict[bytes, _Twice]:
        """For each key that occurs more than once: where first, what it says, and where something else."""
        twice: dict[bytes, _Twice] = {}
        for row in self._rows():
            if isinstance(row, RowProblem):
                continue
            key = self._reader.key(row.cells)
            if not self._repeats.may_hold(key):
                continue
            said = self._reader.said(row)
            seen = twice.setdefault(_digest(key), _Twice(row.line, said))
            if said != seen.said and not seen.other:
                seen.other = row.line
        return twice

    def _judged(self, row: Row | RowProblem) -> ResultRow | RowProblem | None:
        if isinstance(row, RowProblem):
            return row
        key = self._reader.key(row.cells)
        if self._twice and self._repeats.may_hold(key):
            seen = self._twice[_digest(key)]
            if seen.other:
                other = seen.other if row.line == seen.line else seen.line
                return self._reader.refusal(row.line, "learner_number", "results.contradiction", other=other)
            if row.line != seen.line:
                return None
        made = self._aggregated
        if made is None:
            return self._reader.read(row)
        spoiled = made.spoiled.get(key)
        if spoiled is not None:
            return RowProblem(
                row.line, "", "results.related_problem", {"other": spoiled.line, "sheet": spoiled.sheet}
            )
        return self._reader.read(row, made.marks.get(key))

    def _aggregate(
        self, mapping: ResultMapping, related: Callable[[str], Upload], encodings: dict[str, str]
    ) -> Aggregated | None:
        plan = mapping.aggregate
        if plan is None:
            return None
        used = {plan.value.sheet, *(reference.sheet for reference in plan.join or ())}
        opened: dict[str, Sheet] = {}
        for name in sorted(used):
            place = mapping.related[name]
            upload = related(place.file) if place.file is not None else self._upload
            opened[name] = open_sheet(upload, place.place)
            encodings[place.file or f"{upload.name}: {place.place.sheet}"] = opened[name].encoding
        return aggregates.aggregate(mapping, plan, opened)
