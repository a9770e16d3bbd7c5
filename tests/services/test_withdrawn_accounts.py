"""Reverting a roster withdraws the accounts it opened that nobody has used, and keeps and names the others."""

from __future__ import annotations

import pytest
from django.db import DatabaseError

from creditbank.gateways.clock import new_id
from creditbank.queries.imports import every_refused
from creditbank.records.people import Enrolment, Learner, LearnerNumber
from creditbank.records.scope import acting_for
from creditbank.services.masterdata.imports import revert_run
from creditbank.services.people import enrol_learner, open_account
from tests.cast import AT, ON, PASSWORD
from tests.intruder import superuser
from tests.services.editions import brought

ROSTER = [
    {"学号": f"26{place:02}", "姓名": name} for place, name in enumerate(("赵一", "钱二", "孙三", "李四"), start=1)
]


def reverted(cast, run):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return revert_run(scope=scope, run_id=run.run_id, actor=cast.zhao.person, at=AT)


def learner_of(cast, number):
    with acting_for(institution=cast.college, purpose="test") as scope:
        found = scope.rows(LearnerNumber).filter(institution_id=cast.college, student_number=number).first()
        return found.learner_id if found else None


def left(cast):
    """Numbers, accounts and enrolments of the roster that are still there."""
    with acting_for(institution=cast.college, purpose="test") as scope:
        own = {"institution_id": cast.college}
        numbers = set(scope.rows(LearnerNumber).filter(**own, student_number__startswith="26").values_list(
            "student_number", flat=True))  # fmt: skip
        enrolled = set(scope.rows(Enrolment).filter(**own, student_number__startswith="26").values_list(
            "student_number", flat=True))  # fmt: skip
        return numbers, enrolled, scope.rows(Learner).filter(**own).count()


def test_unused_accounts_of_a_reverted_roster_are_withdrawn(bank, cast):
    before = left(cast)
    _refused, run = brought(bank, cast.college, "students", ROSTER, ON)
    assert left(cast)[2] == before[2] + 4
    done = reverted(cast, run)
    assert (done.run.state, done.withdrawn, done.kept) == ("reverted", 4, ())
    assert left(cast) == before
    # The same sheet again opens them anew.
    _refused, again = brought(bank, cast.college, "students", ROSTER, ON)
    assert again.rows_new == 4
    assert left(cast)[2] == before[2] + 4


@pytest.mark.parametrize("use", ["account", "notice", "other school", "notice elsewhere"])
def test_an_account_that_was_used_stays_and_is_named(bank, cast, use):
    _refused, run = brought(bank, cast.college, "students", ROSTER, ON)
    learner = learner_of(cast, "2602")
    with acting_for(institution=cast.university, purpose="test") as scope:
        if use == "account":
            open_account(scope=scope, sign_in="qian2", name="钱二", password=PASSWORD, at=AT, account_id=learner)
        if use == "other school":
            enrol_learner(scope=scope, learner_id=learner, student_number="K1", name="钱二", at=AT)
    if use.startswith("notice"):
        place = cast.college if use == "notice" else cast.university
        with superuser(bank) as administrator, administrator.transaction():
            administrator.execute("SET LOCAL session_replication_role = replica")
            administrator.execute(
                "INSERT INTO notice (learner_id, notice_id, institution_id, code, facts, created_at)"
                " VALUES (%s, %s, %s, 'x', '{}', %s)",
                [learner, new_id(), place, AT],
            )
    done = reverted(cast, run)
    assert (done.withdrawn, done.kept) == (3, ("2602",))
    assert left(cast)[0] == left(cast)[1] == {"2602"}
    with acting_for(institution=cast.college, purpose="test") as scope:
        named = [one for one in every_refused(scope, run.run_id) if one.code == "masterdata.account_kept"]
    assert [(one.facts["key"], one.facts["name"]) for one in named] == [("2602", "钱二")]


def test_accounts_that_were_there_before_or_that_another_sheet_states_stay(bank, cast):
    with acting_for(institution=cast.college, purpose="test") as scope:
        earlier = new_id()
        enrol_learner(
            scope=scope, learner_id=earlier, student_number="2601", name="赵一", at=AT.replace(year=2025)
        )  # fmt: skip
    _refused, run = brought(bank, cast.college, "students", ROSTER, ON)
    brought(bank, cast.college, "students", [{"学号": "2603", "姓名": "孙三"}], ON.replace(month=12))
    done = reverted(cast, run)
    assert (done.withdrawn, done.kept) == (2, ())
    assert left(cast)[0] == {"2601", "2603"}
    assert learner_of(cast, "2601") == earlier


def test_nobody_withdraws_the_accounts_of_another_school_nor_by_hand(bank, cast):
    brought(bank, cast.college, "students", ROSTER, ON)
    call = "SELECT * FROM withdraw_learners(%s, %s, %s)"
    for who in ({"institution": cast.university}, {"person": cast.lin.person}):
        with pytest.raises(DatabaseError), acting_for(purpose="test", **who) as scope:
            scope.fetch(call, [cast.college, AT, ["2601"]])
    with acting_for(institution=cast.college, purpose="test") as scope:
        # While its row is in force an account is nobody's to withdraw.
        assert scope.fetch(call, [cast.college, AT, ["2601"]]) == []
        # Somebody who signs in is never withdrawn, whatever is asked.
        assert scope.fetch(call, [cast.college, AT, ["2023040117"]]) == [("2023040117", False)]
    with pytest.raises(DatabaseError), acting_for(institution=cast.college, purpose="test") as scope:
        scope.fetch("DELETE FROM learner WHERE institution_id = %s RETURNING 1", [cast.college])
    assert len(left(cast)[0]) == 4
