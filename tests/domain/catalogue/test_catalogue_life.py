"""The life of a version is one table; whoever wrote it never approves it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from creditbank.domain.catalogue.life import (
    OPEN,
    TRANSITIONS,
    Act,
    Standing,
    State,
    Who,
    acts_in,
    decide,
    open_objections,
    public_until,
)  # fmt: skip
from creditbank.domain.explanation import Refusal

AUTHOR, OTHER = UUID(int=1), UUID(int=2)
ON = date(2026, 11, 18)
STANDINGS = st.builds(
    Standing, st.sampled_from(State), st.just(frozenset({AUTHOR})), st.none() | st.dates(date(2026, 1, 1), date(2027, 1, 1)),
    st.integers(0, 2),
)  # fmt: skip


@given(st.sampled_from(Act), STANDINGS, st.sampled_from([AUTHOR, OTHER, None]), st.sampled_from(["", "why"]))
def test_nothing_happens_that_the_table_does_not_say(act, standing, actor, words):
    done = decide(act, standing, actor=actor, on=ON, words=words)
    if isinstance(done, Refusal):
        return
    line = next(one for one in TRANSITIONS if one.act is act and one.origin is standing.state)
    assert done is line.target
    assert (line.who is Who.BANK) == (actor is None)
    assert not (line.who is Who.ANOTHER and actor in standing.authors)
    assert words or not line.words
    if act is Act.ENACT:
        assert standing.objections == 0
        assert standing.public_until is None or standing.public_until < ON


@given(STANDINGS, st.sampled_from([AUTHOR, OTHER]))
def test_what_is_offered_can_be_done_but_for_days_and_words(standing, actor):
    for act in acts_in(standing, actor):
        done = decide(act, standing, actor=actor, on=date(2030, 1, 1), words="why")
        assert isinstance(done, State) or [line.code for line in done.explanation] == ["catalogue.objections_open"]


def test_no_way_leads_into_force_but_through_approval_and_publicity():
    into = {(line.act, line.origin) for line in TRANSITIONS if line.target is State.IN_FORCE}
    assert into == {(Act.ENACT, State.PUBLICITY)}
    assert {line.who for line in TRANSITIONS if line.target is State.PUBLICITY and line.origin is State.SUBMITTED} == {
        Who.ANOTHER
    }
    assert frozenset({State.SUBMITTED, State.PUBLICITY}) == OPEN


def test_each_answer_answers_one_objection():
    assert open_objections([Act.OBJECT, Act.OBJECT, Act.ANSWER]) == 1
    assert public_until(ON, 5) == date(2026, 11, 23)
    assert public_until(ON, 0) is None


def test_the_guide_shows_every_transition():
    guide = (Path(__file__).parents[3] / "docs" / "how-to" / "outcome-catalogue.md").read_text(encoding="utf-8")
    for line in TRANSITIONS:
        assert f"| {line.origin.value} | {line.act.value} | {line.target.value} |" in guide


def test_an_author_never_approves_and_anybody_else_does():
    waiting = Standing(State.SUBMITTED, frozenset({AUTHOR}))
    refused = decide(Act.APPROVE, waiting, actor=AUTHOR, on=ON)
    assert [line.code for line in refused.explanation] == ["catalogue.own_version"]
    assert decide(Act.APPROVE, waiting, actor=OTHER, on=ON) is State.PUBLICITY
    assert Act.APPROVE not in acts_in(waiting, AUTHOR)
