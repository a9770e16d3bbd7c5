"""Results out of other systems' sheets: a sheet and a mapping in, results and refused rows out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from creditbank.exchange import aggregates, result_rows, sheets
from creditbank.exchange.aggregates import Aggregated, Repeats
from creditbank.exchange.encoding import SheetProblem
from creditbank.exchange.result_rows import RowReader, digest_of
from creditbank.exchange.sheets import Row, RowProblem, Sheet, open_sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date

    from creditbank.domain.results import CourseResult
    from creditbank.exchange.mapping import ResultMapping, Wide
    from creditbank.gateways.files import Upload

MESSAGES: dict[str, str] = {
    "results.contradiction": "Line {other} has another result for the same learner, course and presentation. "
    "Neither is taken; correct the wrong one.",
    "results.related_problem": "Its mark cannot be made: line {other} of {sheet} is faulty.",
}
"""Sentences of the row problems this module makes, by code."""

ALL_MESSAGES: Mapping[str, str] = {
    **sheets.MESSAGES,
    **aggregates.MESSAGES,
    **result_rows.MESSAGES,
    **MESSAGES,
}
"""The sentence of every code a :class:`RowProblem` can carry."""


@dataclass(slots=True)
class Summary:
    """What a reading saw: ``rows`` and ``encoding`` from the start, the counts as far as it was read.

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
        self._wide = mapping.wide
        self._columns = self._sheet.find(mapping.headings)
        width = len(self._sheet.head)
        self._spread = {fact: width + place for place, fact in enumerate(mapping.added)}
        self._every = tuple(mapping.every.values())
        self._reader = RowReader(mapping, self._columns | self._spread, today)
        encodings = {upload.name: self._sheet.encoding}
        self._aggregated = self._aggregate(mapping, related, encodings)
        self._total = 0
        self._repeats = Repeats()
        for row in self._rows():
            self._total += 1
            if isinstance(row, Row):
                self._repeats.add(self._reader.sitting_key(row.cells))
        if not self._total:
            raise SheetProblem(sheets.MESSAGES, "sheet.no_rows", name=upload.name)
        self._twice = self._contradictions() if self._repeats.close() else {}
        self._refuse_changed()
        self.summary = self._new_summary(encodings)

    def __iter__(self) -> Iterator[CourseResult | RowProblem]:
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
        rows = self._sheet.rows(self._columns.values())
        if self._wide is not None:
            return self._cells(rows, self._wide)
        return (self._completed(row) for row in rows) if self._every else rows

    def _completed(self, row: Row | RowProblem) -> Row | RowProblem:
        """A row with what holds for every row behind its own cells."""
        return Row(row.line, (*row.cells, *self._every)) if isinstance(row, Row) else row

    def _cells(self, rows: Iterator[Row | RowProblem], wide: Wide) -> Iterator[Row | RowProblem]:
        """A row for each cell of a wide sheet that says something."""
        courses = [(self._columns[heading], code) for heading, code in wide.courses.items()]
        for row in rows:
            if isinstance(row, RowProblem):
                yield row
                continue
            for place, code in courses:
                if row.cells[place].strip():
                    yield Row(row.line, (*row.cells, code, wide.presentation, row.cells[place], *self._every))

    def _contradictions(self) -> dict[bytes, _Twice]:
        """For each key that occurs more than once: where first, what it says, and where something else."""
        twice: dict[bytes, _Twice] = {}
        for row in self._rows():
            if isinstance(row, RowProblem):
                continue
            key = self._reader.sitting_key(row.cells)
            if not self._repeats.may_hold(key):
                continue
            said = self._reader.said(row)
            seen = twice.setdefault(digest_of(key), _Twice(row.line, said))
            if said != seen.said and not seen.other:
                seen.other = row.line
        return twice

    def _judged(self, row: Row | RowProblem) -> CourseResult | RowProblem | None:
        if isinstance(row, RowProblem):
            return row
        key = self._reader.sitting_key(row.cells)
        if self._twice and self._repeats.may_hold(key):
            seen = self._twice[digest_of(key)]
            if seen.other:
                other = seen.other if row.line == seen.line else seen.line
                return self._reader.refusal(row.line, "learner_number", "results.contradiction", other=other)
            if row.line != seen.line:
                return None
        made = self._aggregated
        if made is None:
            return self._reader.read(row)
        course = self._reader.key(row.cells)
        spoiled = made.spoiled.get(course)
        if spoiled is not None:
            return RowProblem(row.line, "", "results.related_problem", {"other": spoiled.line, "sheet": spoiled.sheet})
        return self._reader.read(row, made.marks.get(course))

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


@dataclass(slots=True)
class _Twice:
    """A key met more than once: the first line, what it says, and a line that says something else, or 0."""

    line: int
    said: bytes
    other: int = 0
