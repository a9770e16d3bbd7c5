"""When data are overdue, and of what an office is reminded."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from creditbank.domain.masterdata.reminders import Rhythm, overdue_days, reminders_of

TODAY = date(2026, 11, 18)
TERMS = (date(2026, 2, 20), date(2026, 9, 1), date(2027, 2, 22))


def test_data_are_overdue_after_their_interval_and_not_on_its_last_day():
    rhythm = Rhythm(every_days=30)
    assert overdue_days(rhythm, TODAY - timedelta(days=30), TERMS, TODAY) == ()
    assert overdue_days(rhythm, TODAY - timedelta(days=31), TERMS, TODAY) == (TODAY - timedelta(days=1),)


def test_data_that_never_came_are_overdue_since_the_rhythm_was_set():
    assert overdue_days(Rhythm(30, None, date(2026, 11, 1)), None, TERMS, TODAY) == (date(2026, 11, 1),)
    assert overdue_days(Rhythm(30, None, TODAY), None, TERMS, TODAY) == ()


def test_data_of_a_term_are_due_by_their_day_of_the_term():
    rhythm = Rhythm(term_day=15)
    assert overdue_days(rhythm, date(2026, 8, 31), TERMS, date(2026, 9, 15)) == ()
    assert overdue_days(rhythm, date(2026, 8, 31), TERMS, date(2026, 9, 16)) == (date(2026, 9, 15),)
    assert overdue_days(rhythm, date(2026, 9, 1), TERMS, date(2026, 9, 16)) == ()
    assert overdue_days(rhythm, None, (), TODAY) == ()


def test_findings_are_remembered_a_week_after_the_newest_data():
    as_of = date(2026, 11, 1)
    assert reminders_of("students", (), as_of, 3, date(2026, 11, 8)) == ()
    (found,) = reminders_of("students", (), as_of, 3, date(2026, 11, 9))
    assert (found.code, found.due_on, found.count) == ("reminder.findings", date(2026, 11, 8), 3)
    assert reminders_of("students", (), as_of, 0, TODAY) == ()


@given(
    st.integers(1, 400), st.integers(1, 200), st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
)  # fmt: skip
def test_whoever_refreshes_today_is_reminded_of_nothing_overdue(every, term_day, since, today):
    assert overdue_days(Rhythm(every, term_day, since), today, TERMS, today) == ()
    for due in overdue_days(Rhythm(every, term_day, since), None, TERMS, today):
        assert due < today
