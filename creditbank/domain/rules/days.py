"""What days do to a claim: too late, no longer valid, until when the credit counts."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import TYPE_CHECKING

from creditbank.domain.rules import trace
from creditbank.domain.rules.grant import holds
from creditbank.domain.rules.model import Expires, FromFact, Ruling, Until, Validity, Within

if TYPE_CHECKING:
    from collections.abc import Mapping

    from creditbank.domain.explanation import Line
    from creditbank.domain.rules.amounts import Values
    from creditbank.domain.rules.compile import Tests

    Dates = tuple[tuple[Validity, Tests, int], ...]


def in_time(dates: Dates, values: Values, claimed: date, reasons: list[Line]) -> Ruling:
    """Whether the days allow the claim at all; the first that does not ends it."""
    for rule, tests, index in dates:
        day = values[index]
        if not isinstance(day, date) or not holds(tests, values):
            continue
        if isinstance(rule, Until):
            reasons.append(trace.valid_until(rule, day, claimed))
            if claimed > day:
                return rule.otherwise
            continue
        if day > claimed:
            reasons.append(trace.earned_in_future(day, claimed))
            return Ruling.REFUSE
        if isinstance(rule, Expires):
            continue
        until = months_after(day, rule.months)
        reasons.append(trace.in_time(rule, day, claimed, until))
        if claimed > until:
            return rule.otherwise
    return Ruling.RECOGNISE


def expiry(
    dates: Dates, values: Values, position: Mapping[str, int], claimed: date, reasons: list[Line]
) -> date | None:
    """The first day on which the credit no longer counts: the earliest of all that apply."""
    earliest: date | None = None
    for rule, tests, index in dates:
        day = values[index]
        if isinstance(rule, Within) or not isinstance(day, date) or not holds(tests, values):
            continue
        expires = _ends(rule, day, values, position)
        if expires is None:
            continue
        reasons.append(trace.expiry(rule, day, expires, claimed))
        earliest = expires if earliest is None else min(earliest, expires)
    return earliest


def _ends(rule: Expires | Until, day: date, values: Values, position: Mapping[str, int]) -> date | None:
    if isinstance(rule, Until):
        return day + timedelta(days=1) if rule.ends_credit and day < date.max else None
    period = values[position[rule.months.fact]] if isinstance(rule.months, FromFact) else rule.months
    return months_after(day, period) if isinstance(period, int) else None


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last day of that month where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
