"""Conversion applied for: credit is held while it waits, becomes the course once, and comes back when it does not."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from creditbank.domain.conversions.application import State
from creditbank.domain.explanation import Refusal, Verdict
from creditbank.domain.rules.model import Ruling
from creditbank.gateways.clock import new_id
from creditbank.jobs.schedule import finalise_all
from creditbank.projections.progress import held_credit
from creditbank.queries.check.conversions import check_conversions
from creditbank.queries.passbook import figures_of
from creditbank.queries.progress import progress_of
from creditbank.records.conversions import ConversionApplication
from creditbank.records.institutions import Institution
from creditbank.records.operations import Notice
from creditbank.records.scope import acting_for
from creditbank.services.access import NotVisible
from creditbank.services.conversions.apply import apply_for_conversion
from creditbank.services.conversions.reverse import reverse_conversion
from creditbank.services.conversions.review import Recorded
from creditbank.services.programmes import publish_programme
from tests.cast import AT, ON
from tests.intruder import change, superuser
from tests.services.bookings import counts, deposit, held, overtaken, post, reverse
from tests.services.conversion_applications import (
    RULES,
    apply_for,
    decide,
    found_rules,
    option,
    refused,
    state_of,
    wish,
    withdraw,
)
from tests.services.exports import export, sheet_rows
from tests.services.test_conversions import found_by_check

few = settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture
def lot(bank, cast):
    """Five credits of innovation that the learner holds, and the college's rules."""
    found_rules(cast)
    (posted,) = post(cast, deposit(cast.lin.person, amount=500, earned_on=ON, expires_on=None))
    return posted


def found():
    """Everything that a check of ledger and applications finds."""
    with connections["auditor"].cursor():
        more = [line.code for line in check_conversions(connections["auditor"]) if line.verdict is Verdict.NO]
    return found_by_check() + more


def without_publicity(cast):
    with acting_for(institution=cast.college, purpose="test") as scope:
        scope.rows(Institution).filter(pk=cast.college).update(publicity_days=0)


def test_credit_becomes_a_course_that_is_exempt_and_goes_out_to_the_registrar(bank, cast, lot):
    without_publicity(cast)
    application = apply_for(cast)
    assert (application.state, application.credit, application.grade) == ("submitted", 300, "90")
    assert held(bank, cast.lin.person) == {(lot.lot_id, "available"): 200, (lot.lot_id, "held"): 300}
    assert found() == []
    decide(cast, application, "take")
    decide(cast, application)
    assert state_of(cast, application) is State.POSTED
    with superuser(bank) as su:
        made = su.execute(
            "SELECT lot_id, code, title, amount, grade, source_kind, term FROM lot WHERE source_kind = 'conversion'"
        ).fetchall()
    assert [row[1:] for row in made] == [("EL301", "嵌入式系统", 300, "90", "conversion", "2026-2027-1")]
    assert {place: much for place, much in held(bank, cast.lin.person).items() if much} == {
        (lot.lot_id, "available"): 200, (lot.lot_id, "converted"): 300, (made[0][0], "available"): 300,
    }  # fmt: skip
    assert found() == []
    export(cast)
    rows = [dict(zip(sheet_rows(cast, 1)[0], row, strict=True)) for row in sheet_rows(cast, 1)[1:]]
    course = next(row for row in rows if row["课程代码"] == "EL301")
    assert (course["成绩"], course["学分"], course["申请编号"]) == ("90", "3.0", application.number)
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        assert "conversion.posted" in set(scope.rows(Notice).values_list("code", flat=True))


@pytest.mark.parametrize("counting", [True, False])
def test_a_course_counts_towards_graduation_where_the_rules_say_so_and_not_otherwise(bank, cast, lot, counting):
    document = copy.deepcopy(RULES)
    document["rules"][0]["counts"]["graduation"] = counting
    found_rules(cast, document | {"code": "college-conversion"})
    without_publicity(cast)
    decide(cast, apply_for(cast))
    programme = {
        "schema": "creditbank.programme/1", "code": "BA", "title": {"zh": "文科", "en": "Arts"},
        "requirement": {"id": "all", "title": {"zh": "总", "en": "all"}, "credits_from": {}, "minimum": "60"},
    }  # fmt: skip
    with acting_for(institution=cast.college, purpose="job") as scope:
        made = publish_programme(scope=scope, document=programme, actor=cast.zhao.person, at=AT)
        [stored] = [one.credits for one in held_credit(scope, [cast.lin.person])]
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        progress = progress_of(scope, cast.lin.person, made.id, on=ON)
    assert {one.code for one in stored if one.code} == ({"EL301"} if counting else set())
    assert sum(one.hundredths for one in stored) == progress.counted == (500 if counting else 200)


def test_converted_credit_was_recognised_once(bank, cast, lot):
    without_publicity(cast)
    decide(cast, apply_for(cast))
    apply_for(cast, course="EL303")
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        figures = figures_of(scope, cast.lin.person)
    assert (figures.recognised, figures.available, figures.converted, figures.held) == (500, 300, 300, 200)


def test_a_refusal_and_a_withdrawal_give_back_what_was_held(bank, cast, lot):
    first, second = apply_for(cast), apply_for(cast, course="EL303")
    assert held(bank, cast.lin.person) == {(lot.lot_id, "available"): 0, (lot.lot_id, "held"): 500}
    decide(cast, first, "refuse")
    withdraw(cast, second)
    assert held(bank, cast.lin.person) == {(lot.lot_id, "available"): 500, (lot.lot_id, "held"): 0}
    assert (state_of(cast, first), state_of(cast, second)) == (State.REFUSED, State.WITHDRAWN)
    assert found() == []
    # What came back can be applied for again.
    assert apply_for(cast).state == "submitted"


def test_the_conversion_waits_for_its_publicity_and_is_posted_when_that_has_passed(bank, cast, lot):
    with acting_for(institution=cast.college, purpose="test") as scope:
        scope.rows(Institution).filter(pk=cast.college).update(publicity_days=5)
    application = apply_for(cast)
    decide(cast, application)
    assert state_of(cast, application) is State.APPROVED
    assert held(bank, cast.lin.person)[lot.lot_id, "held"] == 300
    assert finalise_all(at=AT + timedelta(days=4)) == 0
    assert finalise_all(at=AT + timedelta(days=5)) == 1
    assert finalise_all(at=AT + timedelta(days=6)) == 0
    assert state_of(cast, application) is State.POSTED
    assert found() == []


def test_the_same_wish_sent_twice_is_one_application(bank, cast, lot):
    chosen = wish(cast)
    first = apply_for(cast, chosen=chosen)
    before = counts(bank)
    again = apply_for(cast, chosen=chosen)
    assert again.application_id == first.application_id
    assert counts(bank) == before
    # Another wish for the same course is refused, and holds nothing.
    assert refused(apply_for(cast, seen="x")) == "application.open_before"
    assert counts(bank) == before


def test_two_wishes_at_once_for_the_same_course_are_one_application(bank, cast, lot):
    first, second = wish(cast), wish(cast)
    with (
        overtaken(bank, lambda: apply_for(cast, chosen=second)) as (answers, begin),
        acting_for(person=cast.lin.person, institution=cast.college, purpose="test") as scope,
    ):
        apply_for_conversion(scope=scope, actor=cast.lin, wish=first, at=AT, on=ON)
        begin()
    assert refused(answers[0]) == "application.open_before"
    assert held(bank, cast.lin.person)[lot.lot_id, "held"] == 300


def test_what_is_seen_is_what_is_applied_for(bank, cast, lot):
    seen = option(cast).seen
    post(cast, deposit(cast.lin.person, "second", 300, earned_on=ON, expires_on=ON + timedelta(days=90)))
    before = counts(bank)
    # The rules would now use the lot that expires first.
    assert refused(apply_for(cast, seen=seen)) == "application.changed"
    assert counts(bank) == before


def test_credit_held_for_one_course_is_not_offered_for_another(bank, cast, lot):
    apply_for(cast)
    assert option(cast, course="EL302").one.ruling is Ruling.REFUSE
    assert option(cast, course="EL303").one.ruling is Ruling.RECOGNISE
    assert refused(apply_for(cast, course="EL302")) == "application.not_possible"


def test_open_applications_count_under_the_limit(bank, cast, lot):
    post(cast, deposit(cast.lin.person, "more", 500, earned_on=ON))
    apply_for(cast)
    apply_for(cast, course="EL303")
    third = option(cast, course="EL302")
    assert third.one.ruling is Ruling.REFUSE
    assert "rules.cap_whole" in [line.code for line in third.one.explanation[0].lines]


def test_a_course_that_was_converted_is_not_converted_again(bank, cast, lot):
    without_publicity(cast)
    decide(cast, apply_for(cast))
    post(cast, deposit(cast.lin.person, "more", 500, earned_on=ON))
    again = option(cast)
    assert again.one.ruling is Ruling.REFUSE
    assert "conversion.converted" in [line.code for line in again.one.explanation[0].lines]


def test_nobody_decides_their_own_application_and_others_do_not_see_it(bank, cast, lot):
    application = apply_for(cast)
    for actor in (cast.qian, cast.sun):
        with pytest.raises(NotVisible):
            decide(cast, application, "take", actor)
    with pytest.raises(NotVisible):
        withdraw(cast, application, cast.mei)
    assert state_of(cast, application) is State.SUBMITTED


def test_two_reviewers_decide_once(bank, cast, lot):
    without_publicity(cast)
    application = apply_for(cast)
    decide(cast, application)
    assert refused(decide(cast, application, "refuse", cast.zhao)) == "application.wrong_state"
    assert refused(withdraw(cast, application)) == "application.wrong_state"
    assert found() == []


def test_what_a_reviewer_saw_is_what_is_decided(bank, cast, lot):
    application = apply_for(cast)
    assert refused(decide(cast, application, seen="another")) == "application.proposal_changed"
    assert state_of(cast, application) is State.SUBMITTED


def test_a_refusal_says_why(bank, cast, lot):
    application = apply_for(cast)
    assert refused(decide(cast, application, "refuse", reason="because")) == "application.reason_needed"
    assert held(bank, cast.lin.person)[lot.lot_id, "held"] == 300


def test_a_grade_that_the_rules_leave_open_is_entered_by_the_reviewer(bank, cast, lot):
    without_publicity(cast)
    with superuser(bank) as su:
        su.execute("UPDATE lot SET level = NULL")
    application = apply_for(cast, "thesis", "")
    assert (application.verdict, application.credit) == ("manual", 200)
    assert refused(decide(cast, application)) == "application.grade_needed"
    decide(cast, application, recorded=Recorded("良好"))
    with superuser(bank) as su:
        assert su.execute("SELECT grade FROM lot WHERE code = 'TH400'").fetchone() == ("良好",)


def test_credit_that_is_held_is_not_reversed_under_its_application(bank, cast, lot):
    application = apply_for(cast)
    assert refused(reverse(cast, (cast.lin.person, lot.posting_id))) == "ledger.credit_in_use"
    withdraw(cast, application)
    assert isinstance(reverse(cast, (cast.lin.person, lot.posting_id)), tuple)


def test_a_posted_conversion_is_reversed_by_a_second_person_and_its_application_says_so(bank, cast, lot):
    without_publicity(cast)
    application = apply_for(cast)
    decide(cast, application, actor=cast.zhao)
    with acting_for(institution=cast.college, purpose="test") as scope:
        posted = scope.rows(ConversionApplication).get(application_id=application.application_id)
    about = {
        "learner_id": cast.lin.person, "conversion_id": posted.conversion_id, "reason": "recognised_by_mistake",
        "at": AT, "on": ON,
    }  # fmt: skip
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert refused(reverse_conversion(scope=scope, actor=cast.zhao, **about)) == "reversal.second_person"
    second = replace(cast.zhao, person=cast.stranger.person)
    with acting_for(institution=cast.college, purpose="test") as scope:
        reverse_conversion(scope=scope, actor=second, **about)
    assert state_of(cast, application) is State.REVERSED
    assert {place: much for place, much in held(bank, cast.lin.person).items() if much} == {
        (lot.lot_id, "available"): 500
    }
    assert found() == []


@pytest.mark.parametrize(
    ("hand", "code"),
    [
        ("UPDATE conversion_application SET state = 'refused'", "check.application"),
        ("UPDATE conversion_application SET state = 'refused'", "check.held"),
        ("UPDATE conversion_use SET amount = 1", "check.held"),
        ("DELETE FROM conversion_use", "check.application"),
        ("UPDATE conversion_application SET state = 'posted'", "check.application"),
    ],
)
def test_check_finds_a_hold_and_an_application_that_contradict_each_other(bank, cast, lot, hand, code):
    apply_for(cast)
    change(bank, hand)
    assert code in found()


def test_somebody_who_is_not_enrolled_here_cannot_apply(bank, cast, lot):
    with pytest.raises(NotVisible):
        apply_for(cast, learner=cast.wei, chosen=wish(cast, seen="x", application=new_id()))


ACTS = ("apply", "take", "approve", "refuse", "withdraw", "finalise", "reverse")
WHO = ("lin", "mei", "chen", "qian", "zhao", "sun")


@few
@given(
    days=st.sampled_from([0, 3]),
    steps=st.lists(
        st.tuples(st.sampled_from(ACTS), st.sampled_from(WHO), st.sampled_from(["EL301", "EL302", "EL303"])),
        max_size=14,
    ),
)
def test_no_sequence_of_acts_by_anybody_leaves_a_hold_without_an_application_or_a_conversion_without_a_decision(
    bank, cast, days, steps
):
    found_rules(cast)
    with acting_for(institution=cast.college, purpose="test") as scope:
        scope.rows(Institution).filter(pk=cast.college).update(publicity_days=days)
    key = new_id()
    (lot,) = post(cast, deposit(cast.lin.person, f"sequence {key}", amount=500, earned_on=ON))
    mine: list = []
    for act, who, course in steps:
        actor = getattr(cast, who)
        target = mine[-1] if mine else None
        try:
            if act == "apply":
                answer = apply_for(
                    cast, course=course, learner=actor, seen=option(cast, course=course, learner=actor).seen
                )
                if not isinstance(answer, Refusal) and who == "lin":
                    mine.append(answer)
            elif act == "finalise":
                finalise_all(at=AT + timedelta(days=days))
            elif target is not None and act == "withdraw":
                withdraw(cast, target, actor)
            elif target is not None and act == "reverse":
                _reverse(cast, target, actor)
            elif target is not None:
                decide(cast, target, act, actor, **({"seen": None} if act == "approve" else {}))
        except NotVisible:
            continue
    assert found() == []
    with acting_for(institution=cast.college, purpose="test") as scope:
        for one in scope.rows(ConversionApplication).all():
            if one.state in ("approved", "posted", "reversed"):
                assert one.decided_by not in (None, one.learner_id)
    # Nobody of another college or school ever decides, and what is not held or converted is still there.
    with superuser(bank) as su:
        states = dict(
            su.execute(
                "SELECT state::text, sum(amount) FROM balance WHERE lot_id = %s GROUP BY 1", [lot.lot_id]
            ).fetchall()
        )
    assert sum(states.values()) == 500
    # The next sequence begins with no course converted or applied for.
    for one in mine:
        decide(cast, one, "refuse", cast.chen)
        finalise_all(at=AT + timedelta(days=days))
        _reverse(cast, one, cast.zhao)
        _reverse(cast, one, replace(cast.zhao, person=cast.stranger.person))


def _reverse(cast, application, actor):
    with acting_for(institution=cast.college, purpose="test") as scope:
        stored = scope.rows(ConversionApplication).get(application_id=application.application_id)
        if stored.conversion_id is None:
            return None
        return reverse_conversion(
            scope=scope, actor=actor, learner_id=stored.learner_id, conversion_id=stored.conversion_id,
            reason="recognised_by_mistake", at=AT, on=ON + timedelta(days=5),
        )  # fmt: skip
