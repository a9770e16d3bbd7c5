"""The life of a conversion application: who may do what, and that every act leads where the table says."""

from __future__ import annotations

from uuid import UUID

import pytest

from creditbank.domain.conversions.application import OPEN, STEPS, Act, State, acts_from, decide
from creditbank.domain.explanation import Refusal
from creditbank.domain.recognition import Who

LEARNER, REVIEWER, SECOND = (UUID(int=number) for number in (1, 2, 3))


def answer(act: Act, state: State, actor: UUID, **more: object) -> State | str:
    said = decide(act=act, state=state, learner=LEARNER, actor=actor, **more)  # type: ignore[arg-type]
    return said.explanation[0].code if isinstance(said, Refusal) else said


@pytest.mark.parametrize("act", [Act.TAKE, Act.APPROVE, Act.REFUSE])
def test_nobody_decides_their_own_application(act: Act) -> None:
    assert answer(act, State.SUBMITTED, LEARNER, reason="not_equivalent") == "application.own_case"
    assert answer(act, State.SUBMITTED, REVIEWER, reason="not_equivalent") is STEPS[act].target


def test_who_decided_does_not_reverse_and_the_learner_neither() -> None:
    about = {"decided_by": REVIEWER, "reason": "not_equivalent"}
    assert answer(Act.REVERSE, State.POSTED, REVIEWER, **about) == "application.second_person"
    assert answer(Act.REVERSE, State.POSTED, LEARNER, **about) == "application.own_case"
    assert answer(Act.REVERSE, State.POSTED, SECOND, **about) is State.REVERSED


def test_an_act_from_any_other_state_is_refused_and_every_other_one_leads_where_the_table_says() -> None:
    for act, step in STEPS.items():
        for state in State:
            actor = LEARNER if step.who is Who.LEARNER else SECOND
            said = answer(act, state, actor, reason="not_equivalent")
            assert said == (step.target if state in step.origins else "application.wrong_state")
            assert (act in acts_from(state, step.who)) is (state in step.origins)


def test_credit_is_held_in_the_states_that_can_still_lead_to_a_conversion_and_in_no_other() -> None:
    leads = {State.POSTED}
    while more := {origin for step in STEPS.values() if step.target in leads for origin in step.origins} - leads:
        leads |= more
    # A refusal leads there by an appeal alone, which holds the credit again.
    assert {act for act, step in STEPS.items() if State.REFUSED in step.origins} == {Act.APPEAL}
    assert leads - {State.POSTED, State.REFUSED} == OPEN
