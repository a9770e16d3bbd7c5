"""The life of rule versions on PostgreSQL: reviewed, published, in force, suspended, abolished."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

import pytest
from django.db import DatabaseError, connections, transaction

from creditbank.domain.access import Role
from creditbank.domain.explanation import Refusal
from creditbank.domain.rule_life.states import Act, State
from creditbank.exchange.documents import read_document
from creditbank.exchange.rule_drafts import save_text
from creditbank.queries.check.house import check_house
from creditbank.queries.rule_life import objections_of, version_history
from creditbank.queries.rules import candidates, recorded_steps, version_for, version_in_force
from creditbank.records.rules import RuleAct, RuleDraft, RuleVersion
from creditbank.services.rule_life import (
    announce_version,
    answer_objection,
    approve_draft,
    ask_step,
    confirm_step,
    drop_step,
    note_objection,
    schedule_version,
)
from creditbank.services.rules import publish_rule_version
from tests.cast import AT, ON
from tests.intruder import superuser
from tests.services.rule_drafts import (
    CASE,
    TEXT,
    approved,
    at,
    colleague,
    done,
    moved,
    refused,
    reviewed,
    scheduled,
    text_of,
    written,
)  # fmt: skip

DAY = timedelta(days=1)
DEARER = TEXT.replace('credit: "1"', 'credit: "2"')
DEARER_CASE = CASE | {"expect": {"ruling": "recognise", "credit": "2"}}


@pytest.fixture
def staff(bank, cast):
    """Who writes, and two who agree."""
    return cast.zhao, cast.chen, colleague(cast, "liu", Role.REGISTRAR)


def step(actor, verb, version, **more):
    """A step with a version in a transaction of its own."""
    with at(actor) as scope:
        return verb(scope=scope, actor=actor, version_id=version, **({"on": ON, "at": AT} | more))


def in_force(actor, on=ON, **more):
    """The number of the version that decides, or why none does."""
    with at(actor) as scope:
        found = version_for(scope, institution=actor.institution, code="service", claimed_on=on, **more)
    return refused(found)[0] if isinstance(found, Refusal) else found.number


def test_a_draft_goes_its_whole_way_and_decides_from_its_day_on(staff):
    zhao, chen, liu = staff
    version = scheduled(zhao, (chen, liu), since=ON + DAY)
    assert in_force(zhao) == "rule_life.none_applies"
    assert in_force(zhao, ON + DAY) == 1
    with at(zhao) as scope:
        acts = [one.act.value for one in version_history(scope, version)]
        assert acts == ["save", "test", "submit", "sign", "sign", "approve", "announce", "schedule"]
        row = scope.rows(RuleVersion).get(pk=version)
        assert (row.meeting, row.taken_in, row.number) == ("纪要7", False, 1)
        leaves = scope.fetch(
            "SELECT count(*) FROM log_outbox WHERE stream = 'rule_version' AND subject_id = %s", [version]
        )
        assert leaves == [(3,)]


def test_check_reads_the_whole_life_and_names_what_was_changed_behind_it(bank, staff):
    zhao, chen, liu = staff
    version = scheduled(zhao, (chen, liu))

    def found():
        users = {
            role: connections[role if role != "app" else "default"].settings_dict["USER"]
            for role in ("app", "sequencer", "auditor")
        }
        lines = check_house(connections["auditor"], bank, users)
        return {line.code for line in lines}

    assert found() == set()
    with superuser(bank) as administrator:
        administrator.execute(
            "UPDATE rule_act SET facts = jsonb_set(facts, '{from}', '\"2026-11-17\"') WHERE act = 'schedule'"
        )
    assert found() == {"check.rule_act_log", "check.rule_version_life"}
    with superuser(bank) as administrator:
        administrator.execute("SET session_replication_role = replica")
        administrator.execute("UPDATE rule_version SET meeting = 'x' WHERE id = %s", [version])
    assert "check.rule_version_log" in found()


def test_two_approvers_at_once_make_one_version(staff):
    zhao, chen, liu = staff
    draft = reviewed(zhao, (chen, liu))
    together = Barrier(2)

    def approve(actor):
        try:
            together.wait()
            with at(actor) as scope:
                return approve_draft(scope=scope, actor=actor, draft_id=draft, meeting="7", on=ON, at=AT)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(approve, (chen, liu)))
    assert [refused(one) for one in answers if isinstance(one, Refusal)] == [["rule_life.wrong_state"]]
    with at(zhao) as scope:
        assert scope.rows(RuleVersion).filter(rule_set__code="service").count() == 1


def test_publicity_takes_its_days_and_an_open_objection_stops_it(staff, bank):
    zhao, chen, liu = staff
    with superuser(bank) as administrator:
        administrator.execute("UPDATE institution SET publicity_days = 7 WHERE code = 'svc'")
    version = approved(zhao, (chen, liu))
    assert refused(step(chen, schedule_version, version, effective_from=ON)) == ["rule_life.wrong_state"]
    assert refused(step(chen, announce_version, version, days=6)) == ["rule_life.publicity_short"]
    done(step(chen, announce_version, version, days=7))
    assert refused(step(chen, schedule_version, version, effective_from=ON + 7 * DAY)) == ["rule_life.publicity_runs"]
    over = ON + 7 * DAY
    assert step(zhao, note_objection, version, said="32 小时过高") == 1
    assert step(zhao, note_objection, version, said="第二条") == 2
    answer = step(chen, schedule_version, version, effective_from=over, on=over)
    assert refused(answer) == ["rule_life.objections_open"]
    assert refused(step(chen, answer_objection, version, number=3, answer="?")) == ["rule_life.no_objection"]
    for number in (2, 1):
        done(step(chen, answer_objection, version, number=number, answer=f"答复 {number}"))
    assert refused(step(chen, answer_objection, version, number=1, answer="?")) == ["rule_life.no_objection"]
    with at(zhao) as scope:
        assert [(one.said, one.answer) for one in objections_of(scope, version)] == [
            ("32 小时过高", "答复 1"),
            ("第二条", "答复 2"),
        ]
    assert refused(step(chen, schedule_version, version, effective_from=ON, on=over)) == ["rule_life.from_past"]
    backwards = step(chen, schedule_version, version, effective_from=over, effective_until=ON, on=over)
    assert refused(backwards) == ["rule_life.until_before"]
    assert step(chen, schedule_version, version, effective_from=over, on=over) is State.SCHEDULED


def test_the_next_version_ends_the_former_one_and_both_remain_readable(staff):
    zhao, chen, liu = staff
    first = scheduled(zhao, (chen, liu))
    second = scheduled(zhao, (chen, liu), text=DEARER, cases=(DEARER_CASE,), since=ON + 10 * DAY)
    assert [in_force(zhao, ON + days * DAY) for days in (0, 9, 10)] == [1, 1, 2]
    with at(zhao) as scope:
        assert scope.rows(RuleVersion).get(pk=first).effective_until == ON + 9 * DAY
        rule_set = scope.rows(RuleVersion).get(pk=second).rule_set_id
        assert list(recorded_steps(scope, rule_set)) == list(candidates(scope, zhao.institution, "service"))


def test_a_version_that_only_overlaps_another_is_refused_with_its_number(staff):
    zhao, chen, liu = staff
    scheduled(zhao, (chen, liu))
    other = approved(zhao, (chen, liu), text=DEARER, cases=(DEARER_CASE,), applies={"cohorts": {"from": 2026}})
    done(step(chen, announce_version, other, days=0))
    answer = step(chen, schedule_version, other, effective_from=ON + DAY)
    assert refused(answer) == ["rule_life.collides"]
    assert answer.explanation[0].facts["number"] == 1
    assert in_force(zhao, ON + DAY) == 1


def test_a_transitional_clause_keeps_what_was_earned_before_under_the_former_version(staff):
    zhao, chen, liu = staff
    scheduled(zhao, (chen, liu))
    clause = {"zh": "过渡条款", "en": "transition"}
    applies = {"stays": [{"under": 1, "earned": {"until": "2026-08-31"}, "until": "2027-08-31", "clause": clause}]}
    scheduled(zhao, (chen, liu), text=DEARER, cases=(DEARER_CASE,), applies=applies, since=ON + DAY)
    later = date(2027, 1, 1)
    assert in_force(zhao, later, earned_on=date(2026, 8, 31)) == 1
    assert in_force(zhao, later, earned_on=date(2026, 9, 1)) == 2
    assert in_force(zhao, date(2027, 9, 1), earned_on=date(2026, 8, 31)) == 2


def test_a_clause_that_names_a_version_nobody_has_is_not_ready(staff):
    zhao = staff[0]
    applies = {"stays": [{"under": 7, "cohorts": {"to": 2025}, "clause": {"zh": "过渡", "en": "x"}}]}
    assert refused(moved(zhao, written(zhao, applies=applies), Act.TEST))[1:] == ["rule_life.stays_unknown"]


def test_what_it_applies_to_is_refused_with_the_path_where_it_cannot_be_read(staff):
    zhao = staff[0]
    draft = written(zhao)
    with at(zhao) as scope:
        answer = save_text(
            scope=scope, actor=zhao, draft_id=draft, revision=2, text=DEARER, at=AT, applies={"earned": {"from": "x"}}
        )
    assert refused(answer) == ["rule_draft.effective_unreadable"]
    assert text_of(zhao, draft) == (TEXT, 2)


def test_as_known_at_a_moment_answers_with_the_versions_of_then(staff):
    zhao, chen, liu = staff
    scheduled(zhao, (chen, liu))
    later = AT + 30 * DAY
    scheduled(
        zhao, (chen, liu), text=DEARER, cases=(DEARER_CASE,), moment=later, today=ON + 30 * DAY, since=ON + 30 * DAY
    )
    claimed = ON + 40 * DAY
    assert in_force(zhao, claimed) == 2
    assert in_force(zhao, claimed, known_at=later - DAY) == 1
    assert in_force(zhao, claimed, known_at=later) == 2
    assert in_force(zhao, claimed, known_at=AT - DAY) == "rule_life.none_applies"


def test_two_people_suspend_and_resume_and_meanwhile_nothing_is_decided(staff):
    zhao, chen, liu = staff
    version = scheduled(zhao, (chen, liu))
    assert refused(step(chen, confirm_step, version, act=Act.SUSPEND)) == ["rule_life.not_asked"]
    assert refused(step(chen, ask_step, version, wanted=Act.SUSPEND, reason=" ")) == ["rule_life.reason_needed"]
    done(step(chen, ask_step, version, wanted=Act.SUSPEND, reason="审计发现"))
    assert refused(step(chen, confirm_step, version, act=Act.SUSPEND)) == ["rule_life.second_person"]
    assert in_force(zhao) == 1
    done(step(liu, confirm_step, version, act=Act.SUSPEND))
    assert in_force(zhao) == "rule_life.suspended"
    with at(zhao) as scope:
        assert version_in_force(scope, institution=zhao.institution, code="service", on=ON) is None
    done(step(liu, ask_step, version, wanted=Act.RESUME, reason="已更正"))
    done(step(liu, drop_step, version))
    assert refused(step(chen, confirm_step, version, act=Act.RESUME)) == ["rule_life.not_asked"]
    done(step(liu, ask_step, version, wanted=Act.RESUME, reason="已更正"))
    done(step(chen, confirm_step, version, act=Act.RESUME))
    assert in_force(zhao) == 1


def test_an_abolished_version_ends_on_its_day_and_what_it_was_to_replace_goes_on(staff):
    zhao, chen, liu = staff
    scheduled(zhao, (chen, liu))
    second = scheduled(zhao, (chen, liu), text=DEARER, cases=(DEARER_CASE,), since=ON + 10 * DAY)
    done(step(chen, ask_step, second, wanted=Act.ABOLISH, reason="撤销", day=ON + 5 * DAY))
    done(step(liu, confirm_step, second, act=Act.ABOLISH))
    assert [in_force(zhao, ON + days * DAY) for days in (9, 10, 400)] == [1, 1, 1]
    with at(zhao) as scope:
        first = scope.rows(RuleVersion).get(number=1, rule_set__code="service")
        assert first.effective_until is None
        assert list(recorded_steps(scope, first.rule_set_id)) == list(candidates(scope, zhao.institution, "service"))
    done(step(chen, ask_step, first.id, wanted=Act.ABOLISH, reason="不再适用", day=ON + 20 * DAY))
    done(step(liu, confirm_step, first.id, act=Act.ABOLISH))
    assert in_force(zhao, ON + 19 * DAY) == 1
    assert in_force(zhao, ON + 20 * DAY) == "rule_life.none_applies"


def test_nothing_is_abolished_for_days_that_are_past(staff):
    zhao, chen, liu = staff
    version = scheduled(zhao, (chen, liu))
    answer = step(chen, ask_step, version, wanted=Act.ABOLISH, reason="x", day=ON - DAY)
    assert refused(answer) == ["rule_life.from_past"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE rule_version SET content = '{}' WHERE id = %s", "UPDATE rule_version SET applies = '{\"a\": 1}' WHERE id = %s",
        "UPDATE rule_version SET meeting = 'x' WHERE id = %s", "UPDATE rule_version SET effective_from = '2020-01-01' WHERE id = %s",
        "UPDATE rule_version SET number = 9 WHERE id = %s",
    ],
)  # fmt: skip
def test_the_database_itself_keeps_an_approved_version(staff, statement):
    zhao, chen, liu = staff
    version = scheduled(zhao, (chen, liu))
    with pytest.raises(DatabaseError), at(zhao) as scope:
        scope.fetch(statement + " RETURNING 1", [version])
    with pytest.raises(DatabaseError, match="never changed"), connections["owner"].cursor() as cursor:
        cursor.execute(statement, [version])


def test_the_database_itself_keeps_a_draft_in_review_and_its_record(staff):
    zhao, chen, liu = staff
    draft = reviewed(zhao, (chen, liu))
    for values in ({"text": "x"}, {"applies": {"a": 1}}, {"authors": []}):
        with pytest.raises(DatabaseError, match="not changed"), at(zhao) as scope:
            scope.rows(RuleDraft).filter(pk=draft).update(**values)
    version = scheduled(zhao, (chen, liu))
    for statement in ("UPDATE rule_act SET said = 'x'", "DELETE FROM rule_act", "DELETE FROM rule_draft_act"):
        with pytest.raises(DatabaseError), at(zhao) as scope:
            scope.fetch(statement + " RETURNING 1")
    with at(zhao) as scope:
        assert scope.rows(RuleAct).filter(version_id=version).count() == 3
        assert transaction.get_connection().in_atomic_block


def test_rules_taken_in_at_setup_have_a_recorded_life_and_give_way_like_others(staff):
    zhao, chen, liu = staff
    with at(zhao) as scope:
        taken = publish_rule_version(
            scope=scope, document=read_document(TEXT.encode(), name="t"), effective_from=date(2020, 1, 1), actor=zhao.person, at=AT
        )  # fmt: skip
        assert [one.act for one in version_history(scope, taken.id)] == [Act.TAKE_IN]
    scheduled(zhao, (chen, liu), text=DEARER, cases=(DEARER_CASE,))
    assert (in_force(zhao, ON - DAY), in_force(zhao)) == (1, 2)
    with at(zhao) as scope:
        publish_rule_version(
            scope=scope, document=read_document(TEXT.encode(), name="t"), effective_from=ON + DAY, actor=zhao.person, at=AT
        )  # fmt: skip
        assert list(recorded_steps(scope, taken.rule_set_id)) == list(candidates(scope, zhao.institution, "service"))
    assert (in_force(zhao), in_force(zhao, ON + DAY)) == (2, 3)
