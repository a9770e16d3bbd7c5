"""The lives of appeals and objections, the panel's arithmetic, and that no sequence of acts leaves the tables."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditbank.domain import recognition
from creditbank.domain.appeals import life, objection, panel
from creditbank.domain.conversions import application
from creditbank.domain.explanation import Refusal
from creditbank.domain.letters import MESSAGES, CaseKind, Kind, reason_code, sealed_hash
from creditbank.domain.recognition import Who
from creditbank.domain.values import Hundredths

LEARNER, CHEN, ZHAO, JIA, YI, BING, GUEST = (UUID(int=number) for number in range(1, 8))
FRIDAY = date(2026, 11, 20)


def code(answer):
    assert isinstance(answer, Refusal), answer
    return answer.explanation[0].code


def vote(credit, person=JIA, reason="x", category="practice"):
    return panel.Vote(person, Hundredths(credit), reason, category)


@pytest.mark.parametrize(
    ("amounts", "act", "credit"),
    [
        ((0, 0, 300), life.Act.UPHOLD, 0),
        ((0, 300, 300), life.Act.GRANT, 300),
        ((0, 200, 300), life.Act.AMEND, 200),
        ((400, 200, 400), life.Act.GRANT, 400),
        ((0,), life.Act.UPHOLD, 0),
        ((100, 0, 300, 0, 200), life.Act.AMEND, 100),
    ],
)
def test_a_panel_grants_what_more_than_half_of_it_would_grant_at_least(amounts, act, credit):
    found = panel.settle([vote(one) for one in amounts], before=Hundredths(0), asked=Hundredths(300))
    assert (found.act, found.credit) == (act, credit)


@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=9).filter(lambda found: len(found) % 2 == 1),
    st.integers(0, 3),
)
@settings(max_examples=50)
def test_what_a_panel_decides_has_a_majority_and_more_has_none(amounts, before):
    amounts = [max(one, before) for one in amounts]
    found = panel.settle([vote(one) for one in amounts], before=Hundredths(before), asked=Hundredths(6))
    half = len(amounts) / 2
    assert sum(one >= found.credit for one in amounts) > half
    assert sum(one > found.credit for one in amounts) < half
    assert found.credit >= before
    assert len(found.reasons) > half
    assert (found.act is life.Act.UPHOLD) == (found.credit == before)


def test_an_even_panel_is_no_panel():
    with pytest.raises(ValueError, match="odd"):
        panel.settle([vote(0), vote(100)], before=Hundredths(0), asked=Hundredths(100))


def test_the_reasons_of_a_letter_are_those_of_the_majority():
    votes = [vote(0, JIA, "no"), vote(300, YI, "yes"), vote(300, BING, "also")]
    assert panel.settle(votes, before=Hundredths(0), asked=Hundredths(300)).reasons == ("yes", "also")


@pytest.mark.parametrize(
    ("people", "refused"),
    [
        ((JIA, YI, BING), None),
        ((JIA, YI), "appeal.panel_size"),
        ((JIA, YI, YI), "appeal.panel_twice"),
        ((JIA, YI, CHEN), "appeal.panel_unfit"),
        ((JIA, YI, LEARNER), "appeal.panel_unfit"),
        ((JIA, YI, GUEST), "appeal.panel_stranger"),
    ],
)
def test_nobody_who_took_part_sits_on_the_panel(people, refused):
    found = panel.check_panel(
        people=people, size=3, office={LEARNER, CHEN, ZHAO, JIA, YI, BING}, involved={CHEN}, learner=LEARNER, names={}
    )
    assert (found is None) if refused is None else code(found) == refused


def test_working_days_leave_out_the_weekend():
    assert life.working_days_after(FRIDAY, 1) == date(2026, 11, 23)
    assert life.working_days_after(FRIDAY, 10) == date(2026, 12, 4)
    assert life.working_days_after(date(2026, 11, 21), 0) == date(2026, 11, 21)


def test_an_appeal_is_filed_once_in_time_and_with_grounds():
    good = {"until": FRIDAY, "on": FRIDAY, "filed": "", "grounds": "证书由教育部门颁发，请重新认定。"}
    assert life.may_file(**good) is None
    assert code(life.may_file(**good | {"on": date(2026, 11, 21)})) == "appeal.too_late"
    assert code(life.may_file(**good | {"until": None})) == "appeal.not_open"
    assert code(life.may_file(**good | {"filed": "20261118-X"})) == "appeal.filed_before"
    assert code(life.may_file(**good | {"grounds": "  不服  "})) == "appeal.grounds_needed"
    assert code(life.may_file(**good | {"grounds": "长" * 2001})) == "appeal.grounds_too_long"


def test_public_notice_goes_on_with_the_days_that_were_left():
    left = {"final_on": date(2026, 11, 23), "stopped_on": date(2026, 11, 20)}
    assert objection.goes_on_until(**left, on=date(2026, 12, 1)) == date(2026, 12, 4)
    assert objection.goes_on_until(final_on=FRIDAY, stopped_on=date(2026, 11, 22), on=FRIDAY) == FRIDAY


def test_an_objection_needs_words_and_from_a_guest_a_contact():
    said = "该项成果不是本人完成的，请核查。"
    assert objection.may_raise(said=said, signed_in=True, name="", contact="") is None
    assert code(objection.may_raise(said=said, signed_in=False, name="", contact="x")) == "objection.contact_needed"
    assert code(objection.may_raise(said="不对", signed_in=True, name="", contact="")) == "objection.said_needed"


@pytest.mark.parametrize("days", [2, 91, 0, -1])
def test_the_time_for_an_appeal_has_bounds(days):
    assert code(life.read_days(days)) == "appeal.days_out_of_range"


def test_every_reason_of_a_refusal_has_its_sentence_in_the_letter():
    for kind, reasons in (
        (CaseKind.CLAIM, recognition.REFUSAL_REASONS),
        (CaseKind.APPLICATION, application.REFUSAL_REASONS),
        (CaseKind.CLAIM, life.REJECTION_REASONS),
    ):
        assert all(reason_code(kind, reason) in MESSAGES for reason in reasons)
    assert {f"letter.{kind.value}" for kind in Kind} <= MESSAGES.keys()
    assert reason_code(CaseKind.CLAIM, "evidence_insufficient") != reason_code(
        CaseKind.APPLICATION, "evidence_insufficient"
    )


def test_the_hash_of_a_letter_changes_with_every_word():
    assert sealed_hash({"a": "1", "b": "2"}) == sealed_hash({"b": "2", "a": "1"}) != sealed_hash({"a": "1", "b": "3"})


def test_who_took_part_neither_hears_an_appeal_nor_decides_the_case_again():
    seated = {"act": life.Act.UPHOLD, "state": life.State.HEARD, "learner": LEARNER, "involved": frozenset({CHEN})}
    assert life.decide(**seated, actor=JIA) is life.State.UPHELD
    assert code(life.decide(**seated, actor=CHEN)) == "appeal.involved"
    assert code(life.decide(**seated, actor=LEARNER)) == "appeal.own_case"
    for decide, act, state in (
        (recognition.decide, recognition.Act.GRANT, recognition.State.APPEALED),
        (recognition.decide, recognition.Act.RESUME, recognition.State.OBJECTED),
        (application.decide, application.Act.GRANT, application.State.APPEALED),
        (application.decide, application.Act.REOPEN, application.State.OBJECTED),
    ):
        asked = {"act": act, "state": state, "learner": LEARNER, "decided_by": CHEN}
        assert not isinstance(decide(**asked, actor=JIA), Refusal)
        assert code(decide(**asked, actor=CHEN)).endswith(".decided_before")
        assert code(decide(**asked, actor=LEARNER)).endswith(".own_case")
    raised = {"act": objection.Act.DISMISS, "state": objection.State.OPEN, "learner": LEARNER, "answer": "x"}
    assert code(objection.decide(**raised, actor=CHEN, involved=frozenset({CHEN}))) == "objection.involved"


STAFF = (CHEN, ZHAO, JIA, YI, BING, LEARNER)
_CLAIM_STEPS = [act for act in recognition.Act if act not in (recognition.Act.SCHEDULE, recognition.Act.UNDO)]


@given(
    st.lists(
        st.tuples(st.sampled_from(["claim", "appeal", "objection"]), st.integers(0, 30), st.sampled_from(STAFF)),
        max_size=40,
    ),
    st.sampled_from([recognition.State.DRAFT, recognition.State.REFUSED, recognition.State.RECOGNISED]),
)
@settings(max_examples=50)
def test_no_sequence_of_acts_leaves_the_tables_or_is_decided_by_who_decided_before(acts, begun):
    """The claim, its appeal and an objection walk side by side, as the services lead them."""
    claim, appeal, raised = begun, None, None
    decided_by, involved, final = None, frozenset(), False
    if begun is not recognition.State.DRAFT:
        decided_by, involved, final = CHEN, frozenset({CHEN}), begun is recognition.State.RECOGNISED
    for noun, number, somebody in acts:
        actor = somebody
        if noun == "claim":
            act = _CLAIM_STEPS[number % len(_CLAIM_STEPS)]
            who = recognition.STEPS[act].who
            if who is Who.LEARNER and act is not recognition.Act.APPEAL:
                actor = LEARNER
            if act in (recognition.Act.APPEAL, recognition.Act.GRANT, recognition.Act.STAND, recognition.Act.OBJECT,
                       recognition.Act.RESUME, recognition.Act.REOPEN):  # fmt: skip
                continue  # only an appeal or an objection takes these
            target = recognition.decide(act=act, state=claim, learner=LEARNER, actor=actor, decided_by=decided_by,
                                        reason=recognition.REFUSAL_REASONS[0])  # fmt: skip
            if isinstance(target, Refusal):
                continue
            if act in (recognition.Act.APPROVE, recognition.Act.REFUSE):
                assert actor not in {LEARNER, decided_by}
                decided_by, involved, final = actor, involved | {actor}, act is recognition.Act.APPROVE
            if act is recognition.Act.DEPOSIT:
                assert final
                assert raised is not objection.State.OPEN
            claim = target
        elif noun == "appeal":
            if appeal is None or appeal not in life.OPEN:
                if claim is recognition.State.REFUSED and appeal is None:
                    claim, appeal = recognition.STEPS[recognition.Act.APPEAL].target, life.State.FILED
                continue
            act = list(life.Act)[number % len(life.Act)]
            who = LEARNER if life.STEPS[act].who is Who.LEARNER else actor
            target = life.decide(act=act, state=appeal, learner=LEARNER, actor=who, involved=involved,
                                 reason=life.REJECTION_REASONS[0])  # fmt: skip
            if isinstance(target, Refusal):
                continue
            if life.STEPS[act].who in (Who.REGISTRAR, Who.PANEL):
                assert who not in involved | {LEARNER}
            appeal = target
            if act in (life.Act.GRANT, life.Act.AMEND):
                claim = recognition.decide(act=recognition.Act.GRANT, state=claim, learner=LEARNER, actor=who,
                                           decided_by=decided_by)  # fmt: skip
                decided_by, involved, final = who, involved | {who}, True
            elif target not in life.OPEN:
                claim = recognition.decide(act=recognition.Act.STAND, state=claim, learner=LEARNER, actor=None)
        elif raised is objection.State.OPEN:
            act = list(objection.Act)[1 + number % 2]
            target = objection.decide(act=act, state=raised, learner=LEARNER, actor=actor, answer="x",
                                      involved=frozenset({decided_by}))  # fmt: skip
            if isinstance(target, Refusal):
                continue
            raised = target
            step = recognition.Act.REOPEN if act is objection.Act.ACCEPT else recognition.Act.RESUME
            claim = recognition.decide(act=step, state=claim, learner=LEARNER, actor=actor, decided_by=decided_by)
            final = final and step is recognition.Act.RESUME
        elif claim is recognition.State.RECOGNISED:
            claim, raised = recognition.decide(
                act=recognition.Act.OBJECT, state=claim, learner=LEARNER, actor=None
            ), objection.State.OPEN  # fmt: skip
        assert isinstance(claim, recognition.State), claim
        assert (claim is recognition.State.APPEALED) == (appeal in life.OPEN)
        assert (claim is recognition.State.OBJECTED) == (raised is objection.State.OPEN)
        assert claim is not recognition.State.DEPOSITED or final
