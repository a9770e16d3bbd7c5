"""The life of a rule version as pure decisions: its table, who decides what, and which claims it is for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditbank.domain.access import permission
from creditbank.domain.explanation import Line, Refusal, Verdict
from creditbank.domain.rule_life.applies import (
    Applies,
    Candidate,
    Chosen,
    Cohorts,
    Days,
    applies_data,
    choose,
    collisions,
    read_applies,
    superseded,
)
from creditbank.domain.rule_life.history import Done, known_versions
from creditbank.domain.rule_life.states import BY_TWO, STEPS, Act, Asked, Life, State, decide, publicity_ends, standing
from creditbank.domain.rules.places import UnreadableError

ON = date(2026, 11, 18)
ZHAO, CHEN, QIAN, LIU = (UUID(int=number) for number in range(1, 5))
RED = (Line("rule_draft.no_cases", Verdict.NO),)
REVIEWED = Life(State.IN_REVIEW, frozenset({ZHAO}), (CHEN, QIAN))


def code_of(answer):
    return answer.explanation[0].code if isinstance(answer, Refusal) else None


def taken(act, state, **more):
    """A step by somebody to whom nothing in particular is forbidden."""
    asked = Asked(act, CHEN, "why") if act in BY_TWO else None
    life = Life(state, frozenset({ZHAO}), (CHEN, QIAN), asked)
    if act is Act.DROP:
        life = replace(life, asked=Asked(Act.ABOLISH, CHEN, "why"))
    if act is Act.ASK and "wanted" not in more:
        more["wanted"] = next(wanted for wanted in BY_TWO if state in STEPS[wanted].origins)
    return decide(act, life, by=LIU, on=ON, reason="why", **more)


@pytest.mark.parametrize("act", [act for act in Act if act is not Act.TAKE_IN])
def test_a_step_is_open_from_its_origins_and_leads_to_its_target(act):
    for state in STEPS[act].origins:
        assert taken(act, state) == (STEPS[act].target or state)


@pytest.mark.parametrize("act", list(Act))
def test_from_any_other_state_it_is_refused(act):
    for state in set(State) - STEPS[act].origins:
        answer = decide(act, Life(state), by=LIU, on=ON, reason="why", wanted=Act.ABOLISH)
        assert code_of(answer) == "rule_life.wrong_state", state


def test_only_a_version_in_force_or_superseded_is_never_stored_and_never_an_origin():
    derived = {State.EFFECTIVE, State.SUPERSEDED}
    assert not any(step.origins & derived or step.target in derived for step in STEPS.values())


def test_every_step_of_people_has_a_permission_of_the_access_table():
    for act, step in STEPS.items():
        assert act is Act.TAKE_IN or permission(step.permission).roles


@pytest.mark.parametrize("act", [Act.SIGN, Act.SEND_BACK, Act.APPROVE])
def test_who_wrote_a_draft_does_not_decide_on_it(act):
    assert code_of(decide(act, REVIEWED, by=ZHAO, on=ON, reason="why")) == "rule_life.own_draft"


def test_two_who_did_not_write_it_agree_before_it_is_approved():
    for signed in ((), (CHEN,), (CHEN, CHEN), (CHEN, ZHAO)):
        life = replace(REVIEWED, signed=signed)
        assert code_of(decide(Act.APPROVE, life, by=CHEN, on=ON, reason="7")) == "rule_life.two_reviews", signed
    assert decide(Act.APPROVE, REVIEWED, by=CHEN, on=ON, reason="7") is State.APPROVED
    assert code_of(decide(Act.SIGN, REVIEWED, by=CHEN, on=ON)) == "rule_life.signed_before"


def test_an_approval_needs_the_number_of_the_minutes():
    assert code_of(decide(Act.APPROVE, REVIEWED, by=CHEN, on=ON, reason=" ")) == "rule_life.meeting_needed"


@pytest.mark.parametrize(
    ("act", "state"), [(act, state) for act, step in STEPS.items() if step.ready for state in step.origins]
)
def test_nothing_red_is_tested_sent_for_review_or_approved(act, state):
    answer = taken(act, state, red=RED)
    assert code_of(answer) == "rule_life.not_ready"
    assert answer.explanation[1:] == RED


@pytest.mark.parametrize("act", [act for act, step in STEPS.items() if step.reason_needed])
def test_a_reason_is_needed_where_the_table_says_so(act):
    for state in STEPS[act].origins:
        life = Life(state, frozenset({ZHAO}))
        assert code_of(decide(act, life, by=LIU, on=ON, reason="\n", wanted=Act.ABOLISH)) == "rule_life.reason_needed"


@pytest.mark.parametrize("act", BY_TWO)
def test_what_two_decide_is_asked_by_one_and_confirmed_by_another(act):
    for state in STEPS[act].origins:
        asked = Life(state, asked=Asked(act, CHEN, "why"))
        assert code_of(decide(act, Life(state), by=LIU, on=ON)) == "rule_life.not_asked"
        assert code_of(decide(act, asked, by=CHEN, on=ON)) == "rule_life.second_person"
        assert decide(act, asked, by=LIU, on=ON) is STEPS[act].target
        assert code_of(decide(Act.ASK, asked, by=LIU, on=ON, reason="x", wanted=act)) == "rule_life.asked_before"
        other = replace(asked, asked=Asked(next(one for one in BY_TWO if one is not act), CHEN, "why"))
        assert code_of(decide(act, other, by=LIU, on=ON)) == "rule_life.not_asked"
        assert code_of(decide(Act.DROP, Life(state), by=LIU, on=ON)) == "rule_life.not_asked"


def test_nothing_is_asked_for_that_is_not_open_or_not_for_two():
    for wanted in (None, Act.SIGN, Act.RESUME):
        answer = decide(Act.ASK, Life(State.SCHEDULED), by=LIU, on=ON, reason="why", wanted=wanted)
        assert code_of(answer) == "rule_life.wrong_state"


def test_no_day_is_set_while_publicity_runs_or_an_objection_is_open():
    life = Life(State.PUBLICITY, publicity_until=ON + timedelta(days=1))
    assert code_of(decide(Act.SCHEDULE, life, by=LIU, on=ON)) == "rule_life.publicity_runs"
    over = replace(life, publicity_until=ON)
    assert code_of(decide(Act.SCHEDULE, replace(over, objections=(2,)), by=LIU, on=ON)) == "rule_life.objections_open"
    assert decide(Act.SCHEDULE, over, by=LIU, on=ON) is State.SCHEDULED


def test_publicity_lasts_at_least_as_long_as_the_setting_says():
    assert publicity_ends(ON, 7, least=7) == ON + timedelta(days=7)
    assert code_of(publicity_ends(ON, 6, least=7)) == "rule_life.publicity_short"
    assert code_of(publicity_ends(ON, 10_000, least=7)) == "rule_life.publicity_short"


def test_being_in_force_follows_from_the_days():
    first, last = ON, ON + timedelta(days=9)
    day = timedelta(days=1)
    for state, on, expected in (
        (State.SCHEDULED, first - day, State.SCHEDULED), (State.SCHEDULED, first, State.EFFECTIVE),
        (State.SCHEDULED, last, State.EFFECTIVE), (State.SCHEDULED, last + day, State.SUPERSEDED),
        (State.ABOLISHED, last, State.EFFECTIVE), (State.ABOLISHED, last + day, State.ABOLISHED),
        (State.SUSPENDED, first, State.SUSPENDED), (State.ABOLISHED, first - day, State.ABOLISHED),
    ):  # fmt: skip
        assert standing(state, first, last, on) is expected, (state, on)
    assert standing(State.APPROVED, None, None, ON) is State.APPROVED


PEOPLE = st.sampled_from((ZHAO, CHEN, QIAN, LIU))
MOVES = st.lists(
    st.tuples(st.sampled_from(list(Act)), PEOPLE, st.booleans(), st.sampled_from((None, *BY_TWO))), max_size=60
)


@given(MOVES)
def test_whatever_people_do_no_version_is_approved_by_its_author_or_while_red(moves):
    life, saved, approved = Life(State.DRAFT, frozenset({ZHAO})), 1, None
    for act, by, green, wanted in moves:
        answer = decide(act, life, by=by, on=ON, reason="7", wanted=wanted, red=() if green else RED)
        if isinstance(answer, Refusal):
            assert answer.explanation
            continue
        assert life.state in STEPS[act].origins
        assert answer is (STEPS[act].target or life.state)
        assert answer in {State.DRAFT, *(step.target for step in STEPS.values() if step.target)}
        before, life = life, replace(life, state=answer)
        match act:
            case Act.SAVE:
                life, saved = replace(life, authors=life.authors | {by}), saved + 1
            case Act.SUBMIT:
                life = replace(life, signed=())
            case Act.SIGN:
                life = replace(life, signed=(*life.signed, by))
            case Act.APPROVE:
                assert green
                assert by not in life.authors
                assert len(set(life.signed) - life.authors) >= 2
                approved = saved
            case Act.ASK:
                life = replace(life, asked=Asked(wanted, by, "7"))
            case Act.SUSPEND | Act.RESUME | Act.ABOLISH:
                assert before.asked.by != by
                life = replace(life, asked=None)
            case Act.DROP:
                life = replace(life, asked=None)
        assert approved is None or saved == approved, "an approved version changed"


def version(number, first=None, last=None, *, state=State.SCHEDULED, **applies):
    period = Days(first, last) if first else None
    return Candidate(UUID(int=number), number, state, read_applies(applies), period)


def chosen(versions, *, claimed=ON, earned=None, cohort=None):
    answer = choose("r", versions, claimed_on=claimed, earned_on=earned, cohort=cohort)
    return answer.version.number if isinstance(answer, Chosen) else answer and code_of(answer)


BEFORE, SINCE = {"until": "2026-08-31"}, {"from": "2026-09-01"}
CLAUSE = {"zh": "过渡", "en": "transition"}


def test_the_version_in_force_on_the_day_of_the_claim_decides():
    versions = [version(1, date(2020, 1, 1), ON - timedelta(days=1)), version(2, ON), version(3)]
    assert chosen(versions) == 2
    assert chosen(versions, claimed=ON - timedelta(days=1)) == 1
    assert chosen(versions, claimed=date(2019, 1, 1)) is None


def test_the_day_it_was_earned_and_the_cohort_choose_between_versions():
    versions = [version(1, ON, earned=BEFORE), version(2, ON, earned=SINCE, cohorts={"from": 2025})]
    assert chosen(versions, earned=date(2026, 8, 31), cohort=2023) == 1
    assert chosen(versions, earned=date(2026, 9, 1), cohort=2025) == 2
    assert chosen(versions, earned=date(2026, 9, 1), cohort=2024) == "rule_life.none_fits"
    assert chosen(versions, cohort=2025) == "rule_life.fact_needed"
    assert chosen([version(1, ON), version(2, ON)]) == "rule_life.several_apply"


def test_a_transitional_clause_leaves_what_was_earned_before_under_the_earlier_version():
    stays = [{"under": 3, "earned": BEFORE, "until": "2027-08-31", "clause": CLAUSE}]
    versions = [version(3, date(2020, 1, 1), date(2026, 8, 31)), version(4, date(2026, 9, 1), stays=stays)]
    assert chosen(versions, earned=date(2026, 8, 31)) == 3
    assert chosen(versions, earned=date(2026, 9, 1)) == 4
    assert chosen(versions, earned=date(2026, 8, 31), claimed=date(2027, 8, 31)) == 3
    assert chosen(versions, earned=date(2026, 8, 31), claimed=date(2027, 9, 1)) == 4
    assert chosen(versions) == 4
    answer = choose("r", versions, claimed_on=ON, earned_on=date(2026, 8, 31), cohort=None)
    assert answer.why.code == "rule_life.by_transition"
    assert answer.why.clause.en == "transition"


def test_a_suspended_version_decides_nothing_and_says_so():
    assert chosen([version(1, ON, state=State.SUSPENDED)]) == "rule_life.suspended"
    stays = [{"under": 1, "earned": BEFORE, "clause": CLAUSE}]
    gone = [version(1, date(2020, 1, 1), ON, state=State.SUSPENDED), version(2, ON + timedelta(days=1), stays=stays)]
    assert chosen(gone, claimed=ON + timedelta(days=1), earned=date(2026, 1, 1)) == "rule_life.suspended"


def test_a_version_that_is_not_scheduled_decides_nothing():
    assert chosen([version(1, ON, state=State.PUBLICITY)]) is None


def test_what_a_new_version_covers_whole_gives_way_and_what_it_only_overlaps_collides():
    def said(new, *others):
        return [one.number for one in superseded(new, others)], [one.number for one in collisions(new, others)]

    new = version(9, ON)
    assert said(new, version(1, date(2020, 1, 1))) == ([1], [])
    assert said(new, version(1, date(2020, 1, 1), ON - timedelta(days=1)), version(2)) == ([], [])
    assert said(new, version(1, ON)) == ([], [1])
    assert said(new, version(1, ON + timedelta(days=30))) == ([], [1])
    assert said(version(9, ON, earned=SINCE), version(1, date(2020, 1, 1))) == ([], [1])
    assert said(version(9, ON, earned=SINCE), version(1, date(2020, 1, 1), earned=BEFORE)) == ([], [])
    assert said(version(9, ON, ON), version(1, date(2020, 1, 1))) == ([], [1])
    assert said(new, version(1, date(2020, 1, 1), cohorts={"to": 2020}), version(2, date(2021, 1, 1), cohorts={"from": 2021})) == (
        [1, 2], [],
    )  # fmt: skip


DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))


@st.composite
def spans(draw, of, kind):
    first, last = (draw(st.none() | of) for _ in range(2))
    return kind(first, last) if first is None or last is None or first <= last else kind(last, first)


SIMPLE = st.builds(Applies, spans(DAYS, Days), spans(st.integers(2020, 2026), Cohorts))


@given(st.lists(st.tuples(SIMPLE, spans(DAYS, Days)), max_size=6), DAYS, DAYS, st.integers(2020, 2026))
def test_versions_that_were_all_scheduled_are_never_ambiguous(asked, claimed, earned, cohort):
    standing_now = []
    for number, (applies, period) in enumerate(asked, 1):
        new = Candidate(
            UUID(int=number), number, State.SCHEDULED, applies, Days(period.first or date(2026, 1, 1), period.last)
        )
        if collisions(new, standing_now):
            continue
        ending = {one.version_id for one in superseded(new, standing_now)}
        last = new.period.first - timedelta(days=1)
        standing_now = [
            replace(one, period=Days(one.period.first, last)) if one.version_id in ending else one
            for one in standing_now
        ] + [new]
    answer = choose("r", standing_now, claimed_on=claimed, earned_on=earned, cohort=cohort)
    assert code_of(answer) not in {"rule_life.several_apply", "rule_life.fact_needed"}


@given(SIMPLE)
def test_what_a_version_applies_to_reads_back_as_it_was_written(applies):
    assert read_applies(applies_data(applies)) == applies


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"earnd": {}}, "effective.earnd"), ({"earned": {}}, "effective.earned"),
        ({"earned": {"from": "2026-13-01"}}, "effective.earned.from"),
        ({"earned": {"from": "2026-02-02", "until": "2026-02-01"}}, "effective.earned.until"),
        ({"cohorts": {"from": "2026"}}, "effective.cohorts.from"), ({"cohorts": {"from": 2026, "to": 2025}}, "effective.cohorts.to"),
        ({"stays": [{"under": 1, "clause": CLAUSE}]}, "effective.stays[0]"),
        ({"stays": [{"under": 0, "earned": BEFORE, "clause": CLAUSE}]}, "effective.stays[0].under"),
        ({"stays": [{"under": 1, "earned": BEFORE}]}, "effective.stays[0]"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_path(data, path):
    with pytest.raises(UnreadableError) as refused:
        read_applies(data)
    assert refused.value.problems[0].path == path


def test_the_record_tells_what_was_known_then():
    one, two = UUID(int=1), UUID(int=2)
    versions = {one: (1, {}), two: (2, {})}
    steps = [
        Done(one, Act.TAKE_IN, {"from": "2020-01-01", "closed": []}),
        Done(two, Act.APPROVE, {}), Done(two, Act.ANNOUNCE, {"until": "2026-01-01"}),
        Done(two, Act.SCHEDULE, {"from": "2026-12-01", "closed": [str(one)]}),
        Done(one, Act.SUSPEND, {}),
        Done(two, Act.ABOLISH, {"from": "2026-12-01", "reopened": {str(one): None}}),
    ]  # fmt: skip

    def after(count):
        told = known_versions(steps[:count], versions)
        return [(found.number, found.state.value, found.period) for found in told.values()]

    open_end, closed = Days(date(2020, 1, 1)), Days(date(2020, 1, 1), date(2026, 11, 30))
    assert after(1) == [(1, "scheduled", open_end)]
    assert after(3) == [(1, "scheduled", open_end), (2, "publicity", None)]
    assert after(4) == [(1, "scheduled", closed), (2, "scheduled", Days(date(2026, 12, 1)))]
    assert after(5)[0] == (1, "suspended", closed)
    assert after(6) == [(1, "suspended", open_end), (2, "abolished", Days(date(2026, 12, 1), date(2026, 11, 30)))]
