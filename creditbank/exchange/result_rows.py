"""One row of a sheet of results as a result, or the first thing that makes it none."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from creditbank.domain.results import EARNS_ONCE, OUTCOMES, SITTINGS, CourseResult
from creditbank.domain.values import Hundredths, Text, format_credit, parse_credit
from creditbank.exchange.aggregates import ResultKey, exact_number
from creditbank.exchange.mapping import (
    EARLIEST_DAY,
    KEY,
    SPREAD,
    Course,
    Declared,
    Presentation,
    ResultMapping,
)
from creditbank.exchange.sheets import Row, RowProblem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from creditbank.domain.explanation import Fact

MESSAGES: dict[str, str] = {
    "results.key_empty": "The cell is empty, so it is unclear whose result of what this is.",
    "results.too_long": "The text has {count} characters, more than {limit}.",
    "results.control_character": "The text holds a character that cannot be shown. Type it again.",
    "results.number_rounded": "The number {found} was rounded by a spreadsheet program. "
    "Store such numbers as text and export again.",
    "results.course_unknown": "The mapping knows no course {found}.",
    "results.presentation_unknown": "The mapping knows no presentation {found} of the course {course}.",
    "results.outcome_unknown": "The result {found} is not one the mapping knows: {known}.",
    "results.sitting_unknown": "The sitting {found} is not one the mapping knows: {known}.",
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
}
"""Sentences of the row problems this module makes, by code."""

_MOST_CHARACTERS = 64
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ROUNDED = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+[0-9]+")
_LEVEL = re.compile(r"[0-9]{1,2}(?:\.0)?")
_DATE_PATTERNS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "YYYY-MM-DD": (re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII), "ymd"),
    "YYYY/M/D": (re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})", re.ASCII), "ymd"),
    "YYYY.M.D": (re.compile(r"(\d{4})\.(\d{1,2})\.(\d{1,2})", re.ASCII), "ymd"),
    "YYYYMMDD": (re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII), "ymd"),
    "YYYY年M月D日": (re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日", re.ASCII), "ymd"),
    "D/M/YYYY": (re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII), "dmy"),
    "M/D/YYYY": (re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII), "mdy"),
}


def digest_of(parts: Sequence[str]) -> bytes:
    """Sixteen bytes that stand for some texts in their order."""
    return hashlib.blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class _Offering:
    """What the mapping states about one presentation of one course."""

    name: Text | None
    presentation: Presentation | None
    declared: Declared


class _Refused(Exception):  # noqa: N818 - carries a row problem out of the reading of one row
    def __init__(self, fact: str, code: str, /, **facts: Fact) -> None:
        super().__init__(code)
        self.fact = fact
        self.code = code
        self.facts = facts


_FIELDS = tuple(part.name for part in fields(CourseResult) if part.name != "line")
_FULL_WIDTH = str.maketrans("０１２３４５６７８９．", "0123456789.")


class RowReader:
    """Makes a result of one row's cells."""

    def __init__(self, mapping: ResultMapping, columns: Mapping[str, int], today: date | None) -> None:
        self.mapping = mapping
        self.today = today
        self.places = {fact: columns[column] for fact, column in mapping.columns.items()}
        self.values = mapping.values
        self.learner_at, self.course_at, self.presentation_at = (self.places[fact] for fact in KEY)
        self.sitting_at = self.places.get("sitting")
        self.headings = {code: heading for heading, code in mapping.wide.courses.items()} if mapping.wide else {}
        self.offerings: dict[tuple[str, str], _Offering] = {}
        self.days: dict[str, date] = {}

    def key(self, cells: Sequence[str]) -> ResultKey:
        """What names the course a row is about, exactly as far as white space at the ends."""
        return (
            cells[self.learner_at].strip(),
            cells[self.course_at].strip(),
            cells[self.presentation_at].strip(),
        )

    def sitting_key(self, cells: Sequence[str]) -> tuple[str, ...]:
        """What names the one result of a row: the course and, where the sheet tells sittings apart, the sitting."""
        key = self.key(cells)
        return key if self.sitting_at is None else (*key, cells[self.sitting_at].strip())

    def said(self, row: Row) -> bytes:
        """What a row says, to compare with another of its key: one result may be written in two ways."""
        result = self.read(row)
        if isinstance(result, RowProblem):
            return digest_of(["?", *(row.cells[place].strip() for place in self.places.values())])
        return digest_of([repr(getattr(result, name)) for name in _FIELDS])

    def refusal(self, line: int, fact: str, code: str, **facts: Fact) -> RowProblem:
        """A problem in the column that a fact comes from."""
        return RowProblem(line, self.mapping.columns.get(fact, ""), code, facts)

    def read(self, row: Row, made_mark: Decimal | None = None) -> CourseResult | RowProblem:
        """The result of a row, or the first thing that makes it none."""
        try:
            return self._read(row, made_mark)
        except _Refused as refused:
            problem = self.refusal(row.line, refused.fact, refused.code, **refused.facts)
            if self.headings and refused.fact in SPREAD:
                return replace(problem, column=self.headings[row.cells[self.course_at]])
            return problem

    def _read(self, row: Row, made_mark: Decimal | None) -> CourseResult:
        cells = row.cells
        learner, course, presentation = (self._named(cells, fact) for fact in KEY)
        offering = self.offerings.get((course, presentation))
        if offering is None:
            offering = self.offerings[course, presentation] = self._offering(course, presentation)
        declared, dates = offering.declared, offering.presentation
        outcome, mark, grade = self._reported(cells, made_mark)
        starts_on = self._day(cells, "starts_on", dates.starts_on if dates else None)
        earned_on = self._day(cells, "earned_on", dates.ends_on if dates else None)
        if earned_on < starts_on:
            raise _Refused(
                "earned_on",
                "results.dates_order",
                earned_on=earned_on.isoformat(),
                starts_on=starts_on.isoformat(),
            )
        if self.today is not None and earned_on > self.today:
            raise _Refused("earned_on", "results.date_in_future", found=earned_on.isoformat())
        name = self._said(cells, "course_name")
        return CourseResult(
            line=row.line,
            learner_number=learner,
            course=course,
            course_name=Text(name) if name else offering.name,
            presentation=presentation,
            term=self._text(cells, "term", dates.term if dates else None),
            starts_on=starts_on,
            earned_on=earned_on,
            outcome=outcome,
            mark=mark,
            credit=self._credit(cells, declared.credit),
            level=self._level(cells, declared.level),
            field=self._text(cells, "field", declared.field),
            rule_set=declared.rule_set or "",
            sitting=self._sitting(cells),
            grade=grade,
            repeat=declared.repeat or EARNS_ONCE,
        )

    def _reported(self, cells: Sequence[str], made_mark: Decimal | None) -> tuple[str, Decimal | None, str]:
        """The outcome of a row, its mark if there is one, and the word that stood in the place of a mark."""
        marks = self.mapping.marks
        outcome = self._said(cells, "outcome") if "outcome" in self.places else ""
        if marks is None or (outcome and outcome in OUTCOMES):
            if outcome not in OUTCOMES:
                known = ", ".join(self.values.get("outcome", {})) or ", ".join(OUTCOMES)
                raise _Refused("outcome", "results.outcome_unknown", found=outcome[:60], known=known[:200])
            if marks is None:
                return outcome, self._mark(cells) if "mark" in self.places else made_mark, ""
        written = self._said(cells, "mark")
        # A remark such as an absence says more than the zero that some systems write beside it.
        remark = marks.words.get(outcome) or marks.words.get(written)
        if remark is not None:
            word = outcome if outcome in marks.words else written
            return remark.outcome, remark.mark, self._short("mark", word)
        if outcome and outcome not in OUTCOMES:
            known = ", ".join(marks.words)
            raise _Refused("outcome", "results.outcome_unknown", found=outcome[:60], known=known[:200])
        mark = self._mark(cells)
        if mark is None:
            if outcome:
                return outcome, None, ""
            raise _Refused("mark", "results.empty")
        return outcome or ("pass" if mark >= marks.pass_mark else "fail"), mark, ""

    def _sitting(self, cells: Sequence[str]) -> str:
        sitting = self._said(cells, "sitting") or SITTINGS[0]
        if sitting not in SITTINGS:
            known = ", ".join(self.values.get("sitting", {})) or ", ".join(SITTINGS)
            raise _Refused("sitting", "results.sitting_unknown", found=sitting[:60], known=known[:200])
        return sitting

    def _said(self, cells: Sequence[str], fact: str) -> str:
        """What the row says of a fact, through the value map; empty when no column has it."""
        place = self.places.get(fact)
        if place is None:
            return ""
        text = cells[place].strip()
        values = self.values.get(fact)
        if values is not None:
            text = values.get(text, text)
        if _CONTROL.search(text):
            raise _Refused(fact, "results.control_character")
        return text

    def _named(self, cells: Sequence[str], fact: str) -> str:
        text = self._said(cells, fact)
        if not text:
            raise _Refused(fact, "results.key_empty")
        if _ROUNDED.fullmatch(text):
            raise _Refused(fact, "results.number_rounded", found=text)
        return self._short(fact, text)

    def _short(self, fact: str, text: str) -> str:
        if len(text) > _MOST_CHARACTERS:
            raise _Refused(fact, "results.too_long", count=len(text), limit=_MOST_CHARACTERS)
        return text

    def _offering(self, course: str, presentation: str) -> _Offering:
        mapping = self.mapping
        known: Course | None = None
        if mapping.courses is not None:
            known = mapping.courses.get(course)
            if known is None:
                raise _Refused("course", "results.course_unknown", found=course)
        presentations = (known.presentations if known else None) or mapping.presentations
        dates = presentations.get(presentation)
        if presentations and dates is None:
            raise _Refused("presentation", "results.presentation_unknown", found=presentation, course=course)
        declared = mapping.defaults
        if known is not None:
            declared = known.declared.over(declared)
        if dates is not None:
            declared = dates.declared.over(declared)
        return _Offering(known.name if known else None, dates, declared)

    def _text(self, cells: Sequence[str], fact: str, otherwise: str | None) -> str:
        text = self._said(cells, fact) or otherwise
        if not text:
            raise _Refused(fact, "results.empty")
        return self._short(fact, text)

    def _day(self, cells: Sequence[str], fact: str, otherwise: date | None) -> date:
        text = self._said(cells, fact)
        if not text:
            if otherwise is None:
                raise _Refused(fact, "results.empty")
            return otherwise
        day = self.days.get(text)
        if day is None:
            if len(self.days) > 10_000:
                self.days.clear()
            day = self.days[text] = self._new_day(fact, text)
        return day

    def _new_day(self, fact: str, text: str) -> date:
        for form in self.mapping.date_forms:
            pattern, order = _DATE_PATTERNS[form]
            match = pattern.fullmatch(text)
            if match is None:
                continue
            parts = dict(zip(order, (int(part) for part in match.groups()), strict=True))
            try:
                day = date(parts["y"], parts["m"], parts["d"])
            except ValueError:
                continue
            if day < EARLIEST_DAY:
                raise _Refused(fact, "results.date_too_early", found=text)
            return day
        forms = ", ".join(self.mapping.date_forms)
        raise _Refused(fact, "results.date_impossible", found=text[:60], forms=forms)

    def _mark(self, cells: Sequence[str]) -> Decimal | None:
        text = self._said(cells, "mark").translate(_FULL_WIDTH)
        if not text:
            return None
        if exact_number(text) is None:
            raise _Refused("mark", "results.mark_not_number", found=text[:60])
        mark = Decimal(text).quantize(Decimal("0.01"), ROUND_HALF_UP)
        low, high = self.mapping.mark_at_least, self.mapping.mark_at_most
        if not low <= mark <= high:
            raise _Refused("mark", "results.mark_out_of_range", found=text[:60], low=str(low), high=str(high))
        return mark

    def _credit(self, cells: Sequence[str], otherwise: Hundredths | None) -> Hundredths:
        text = self._said(cells, "credit")
        if not text:
            if otherwise is None:
                raise _Refused("credit", "results.empty")
            return otherwise
        try:
            credit = parse_credit(text if text.isascii() else "")
        except ValueError as problem:
            raise _Refused("credit", "results.credit_not_number", found=text[:60]) from problem
        low, high = self.mapping.credit_more_than, self.mapping.credit_at_most
        if not low < credit <= high:
            raise _Refused(
                "credit",
                "results.credit_out_of_range",
                found=text[:60],
                low=format_credit(low),
                high=format_credit(high),
            )
        return credit

    def _level(self, cells: Sequence[str], otherwise: int | None) -> int:
        text = self._said(cells, "level")
        if not text:
            if otherwise is None:
                raise _Refused("level", "results.empty")
            return otherwise
        if not _LEVEL.fullmatch(text):
            raise _Refused("level", "results.level_not_number", found=text[:60])
        return int(text.partition(".")[0])
