"""The office is reminded once for each data set and due day, and no more when the data have come."""

from __future__ import annotations

from datetime import date, timedelta

from creditbank.domain.masterdata.sets import COURSES, STUDENTS
from creditbank.jobs import schedule
from creditbank.queries.masterdata.sources import source_of
from creditbank.queries.notices import notices_of_desk
from creditbank.records.operations import DeskNotice
from creditbank.records.scope import acting_for
from creditbank.services.masterdata.facts import set_source
from creditbank.services.masterdata.reminders import remind_office
from creditbank.services.notices import set_aside
from tests.cast import AT
from tests.services.masterdata_rows import bring

WHOLE = {
    "code": "SW1", "name": "程序设计", "nature": "必修", "credit": "4", "hours": "64", "assessment": "考试", "college": "svc-sw",
}  # fmt: skip


def kept(cast, data_set=COURSES, **more):
    said = {"owner": "教务处", "contact": "", "every_days": None, "note": "", **more}
    with acting_for(institution=cast.college, purpose="test") as scope:
        set_source(scope=scope, data_set=data_set, actor=cast.zhao.person, at=AT, **said)


def reminded(cast, today):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return remind_office(scope=scope, at=AT, today=today)


def open_notices(cast, actor):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return [(line.code, line.subject, line.due_on) for line in notices_of_desk(scope, actor)]


def test_overdue_data_leave_one_notice_for_their_day_however_often_one_looks(bank, cast):
    bring(bank, cast.college, "courses", [WHOLE], "2026-09-01")
    kept(cast, every_days=30)
    assert reminded(cast, date(2026, 10, 1)) == 0
    assert [reminded(cast, date(2026, 10, 2)) for _time in range(3)] == [1, 0, 0]
    assert open_notices(cast, cast.zhao) == [("reminder.overdue", "courses", date(2026, 10, 1))]
    with acting_for(institution=cast.college, purpose="test") as scope:
        notice = scope.rows(DeskNotice).get()
    assert notice.facts == {"owner": "教务处", "as_of": "2026-09-01", "count": 0}


def test_only_those_who_keep_the_data_true_for_the_whole_school_read_it(bank, cast):
    bring(bank, cast.college, "courses", [WHOLE], "2026-09-01")
    kept(cast, every_days=1)
    reminded(cast, date(2026, 9, 9))
    assert len(open_notices(cast, cast.zhao)) == 1
    assert open_notices(cast, cast.chen) == open_notices(cast, cast.qian) == open_notices(cast, cast.sun) == []


def test_a_notice_settles_itself_when_the_data_have_come_and_returns_when_they_are_reverted(bank, cast):
    from creditbank.services.masterdata.imports import revert_run

    bring(bank, cast.college, "courses", [WHOLE], "2026-09-01", "a")
    kept(cast, every_days=30)
    reminded(cast, date(2026, 10, 2))
    run = bring(bank, cast.college, "courses", [WHOLE], "2026-10-02", "b")
    assert reminded(cast, date(2026, 10, 2)) == 0
    assert open_notices(cast, cast.zhao) == []
    with acting_for(institution=cast.college, purpose="test") as scope:
        revert_run(scope=scope, run_id=run.run_id, actor=cast.zhao.person, at=AT)
    reminded(cast, date(2026, 10, 2))
    assert open_notices(cast, cast.zhao) == [("reminder.overdue", "courses", date(2026, 10, 1))]


def test_a_notice_that_was_set_aside_stays_aside(bank, cast):
    bring(bank, cast.college, "courses", [WHOLE], "2026-09-01")
    kept(cast, every_days=30)
    reminded(cast, date(2026, 10, 2))
    with acting_for(institution=cast.college, purpose="test") as scope:
        said = {"scope": scope, "code": "reminder.overdue", "subject": "courses", "due_on": date(2026, 10, 1)}
        assert set_aside(**said, actor=cast.zhao.person, at=AT)
        assert not set_aside(**said, actor=cast.zhao.person, at=AT)
    assert reminded(cast, date(2026, 10, 5)) == 0
    assert open_notices(cast, cast.zhao) == []


def test_findings_that_stand_for_a_week_are_remembered_with_their_number(bank, cast):
    bring(bank, cast.college, "courses", [{"code": "SW1", "name": "a"}], "2026-09-01")
    assert reminded(cast, date(2026, 9, 8)) == 0
    assert reminded(cast, date(2026, 9, 9)) == 1
    with acting_for(institution=cast.college, purpose="test") as scope:
        count = sum(figure.count for figure in source_of(scope, COURSES, today=date(2026, 9, 9)).figures)
        assert scope.rows(DeskNotice).get().facts["count"] == count == 5


def test_data_of_each_term_are_due_by_their_day_and_called_stale_after_it(bank, cast):
    kept(cast, STUDENTS, term_day=15)
    due = date(2026, 9, 15)
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert not source_of(scope, STUDENTS, today=due).stale
        assert source_of(scope, STUDENTS, today=due + timedelta(days=1)).overdue == (due,)
        assert source_of(scope, STUDENTS, today=due + timedelta(days=1)).stale
    assert reminded(cast, due + timedelta(days=1)) == 1
    assert open_notices(cast, cast.zhao) == [("reminder.absent", "students", due)]


def test_the_worker_reminds_every_institution(bank, cast):
    bring(bank, cast.college, "courses", [WHOLE], "2026-09-01")
    bring(bank, cast.university, "courses", [{"code": "K1", "name": "a"}], "2026-09-01")
    kept(cast, every_days=30)
    assert [schedule.remind_offices(at=AT) for _time in range(2)] == [2, 0]
