"""The invented college's calendar: four academic years of two terms, up to the present one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

_OPENS = (9, 20)
"""From this day on the sheets of an autumn are all there."""
YEARS = 4


@dataclass(frozen=True, slots=True)
class Term:
    """One term with its days; ``number`` counts from 0, the autumn in which the eldest cohort entered."""

    number: int
    code: str
    year: str
    name: str
    name_en: str
    starts_on: date
    ends_on: date
    weeks: int
    resits_from: date
    claims: tuple[date, date] | None

    @property
    def examined_on(self) -> date:
        """The day that its examinations are dated."""
        return self.ends_on - timedelta(days=4)


@dataclass(frozen=True, slots=True)
class Calendar:
    """All terms in order, the present autumn and the spring to come being the last two."""

    present: int
    terms: tuple[Term, ...]

    @property
    def cohorts(self) -> tuple[int, ...]:
        """The years of entry, the eldest first."""
        return tuple(range(self.present - YEARS + 1, self.present + 1))

    @property
    def past(self) -> tuple[Term, ...]:
        """The terms that are over."""
        return self.terms[:-2]

    @property
    def roster_day(self) -> date:
        """Whose state the registers show."""
        return date(self.present, 9, 8)

    @property
    def results_day(self) -> date:
        """Whose state the sheet of results shows: the resits of the last term are in."""
        return date(self.present, 9, 14)

    @property
    def later_day(self) -> date:
        """Whose state the corrections and the changes of enrolment show."""
        return date(self.present, 9, 20)


def present_year(today: date) -> int:
    """The academic year whose sheets there are on a day, by the calendar year in which it began."""
    return today.year if (today.month, today.day) >= _OPENS else today.year - 1


def calendar_of(present: int) -> Calendar:
    """The calendar of the four academic years that end with the one beginning in ``present``."""
    starts: list[date] = []
    for year in range(present - YEARS + 1, present + 2):
        starts += [_monday(date(year, 9, 1)), _monday(date(year + 1, 2, 20))]
    terms = []
    for number in range(2 * YEARS):
        year, spring = present - YEARS + 1 + number // 2, number % 2
        first, last = starts[number], starts[number] + timedelta(weeks=20, days=-3)
        code = f"{year}-{year + 1}"
        resits = starts[number + 1] - timedelta(days=2)
        claims = (first + timedelta(days=35), last - timedelta(days=14)) if number < 2 * YEARS - 1 else None
        terms.append(
            Term(
                number=number,
                code=f"{code}-{spring + 1}",
                year=code,
                name=f"{code}学年{'春' if spring else '秋'}季学期",
                name_en=f"{'Spring' if spring else 'Autumn'} {year + spring}",
                starts_on=first,
                ends_on=last,
                weeks=20,
                resits_from=resits,
                claims=claims,
            )
        )
    return Calendar(present, tuple(terms))


def _monday(earliest: date) -> date:
    return earliest + timedelta(days=-earliest.weekday() % 7)


def term_rows(terms: Sequence[Term]) -> list[tuple[str, ...]]:
    """The rows of the calendar's sheet, each day as ``2026-09-07``."""
    rows = []
    for term in terms:
        claims = term.claims or ("", "")
        days = (term.starts_on, term.ends_on, term.resits_from, term.resits_from + timedelta(days=1), *claims)
        first, last, *others = (str(day) for day in days)
        rows.append((term.code, term.year, term.name, term.name_en, first, last, str(term.weeks), *others))
    return rows
