"""Holds: reserved credit serves nobody else, and each hold ends once and whole."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from creditbank.domain.explanation import Refusal
from creditbank.domain.ledger import Hold, Release
from creditbank.domain.values import Amount, Hundredths
from creditbank.gateways.clock import new_id
from creditbank.queries.proofs import posting_record_of
from creditbank.records.scope import acting_for
from creditbank.services.ledger.hold import hold_credit, release_holds
from tests.cast import AT, ON
from tests.intruder import change
from tests.services.bookings import counts, deposit, held, overtaken, post, reverse
from tests.services.test_conversions import code, conversion, convert, found_by_check

few = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def hold(cast, *places, key="h", at=AT, on=ON, institution=None):
    """Hold ``(learner, lot, hundredths)`` in a transaction of their own."""
    wanted = [
        Hold(learner, f"{key}-{place}", lot, Hundredths(amount), on)
        for place, (learner, lot, amount) in enumerate(places)
    ]
    with acting_for(institution=institution or cast.college, purpose="test") as scope:
        return hold_credit(scope=scope, holds=wanted, reason="conversion.applied", actor=cast.lin.person, at=at)


def release(cast, *holds, key="r", at=AT, institution=None):
    """Release holds ``(learner, posting)`` in a transaction of their own."""
    wanted = [Release(learner, f"{key}-{place}", one, ON) for place, (learner, one) in enumerate(holds)]
    with acting_for(institution=institution or cast.college, purpose="test") as scope:
        return release_holds(scope=scope, releases=wanted, reason="conversion.refused", actor=cast.chen.person, at=at)


def test_held_credit_is_not_available_and_a_release_gives_it_back(bank, cast):
    learner = cast.lin.person
    (lot,) = post(cast, deposit(learner, amount=500))
    (one,) = hold(cast, (learner, lot.lot_id, 300))
    assert held(bank, learner) == {(lot.lot_id, "available"): 200, (lot.lot_id, "held"): 300}
    refusal = convert(cast, conversion(learner, (lot.lot_id, 201)))
    assert (code(refusal), refusal.explanation[0].facts["available"]) == ("ledger.credit_missing", Amount(200))
    assert code(reverse(cast, (learner, lot.posting_id))) == "ledger.credit_in_use"
    assert found_by_check() == []
    (back,) = release(cast, (learner, one.posting_id))
    assert held(bank, learner) == {(lot.lot_id, "available"): 500, (lot.lot_id, "held"): 0}
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert posting_record_of(scope, learner, back.posting_id)["resolves"] == str(one.posting_id)
    assert found_by_check() == []


def test_more_than_is_there_is_not_held_and_nothing_of_the_call_stays(bank, cast):
    learner = cast.lin.person
    first, second = post(cast, deposit(learner, "a", 300), deposit(learner, "b", 100))
    before = counts(bank)
    assert code(hold(cast, (learner, first.lot_id, 300), (learner, second.lot_id, 101))) == "ledger.hold_missing"
    assert code(hold(cast, (learner, new_id(), 1))) == "ledger.unknown_lot"
    assert code(hold(cast, (learner, first.lot_id, 0))) == "ledger.amount_not_positive"
    assert code(hold(cast, (learner, first.lot_id, 1), on=ON - timedelta(days=1))) == "ledger.hold_too_early"
    assert code(hold(cast, (learner, first.lot_id, 1), institution=cast.university)) == "ledger.unknown_lot"
    assert counts(bank) == before


def test_a_hold_is_released_once_and_by_its_institution_alone(bank, cast):
    learner = cast.lin.person
    (lot,) = post(cast, deposit(learner))
    (one,) = hold(cast, (learner, lot.lot_id, 300))
    assert code(release(cast, (learner, one.posting_id), institution=cast.university)) == "ledger.unknown_hold"
    assert code(release(cast, (learner, lot.posting_id))) == "ledger.unknown_hold"
    release(cast, (learner, one.posting_id))
    assert code(release(cast, (learner, one.posting_id), key="again")) == "ledger.hold_resolved"
    # The same request again is answered with what it did.
    (same,) = release(cast, (learner, one.posting_id))
    assert same.repeated
    assert held(bank, learner)[lot.lot_id, "held"] == 0


def test_the_same_hold_sent_again_holds_once_and_another_under_its_key_is_refused(bank, cast):
    learner = cast.lin.person
    (lot,) = post(cast, deposit(learner))
    (one,) = hold(cast, (learner, lot.lot_id, 100))
    before = counts(bank)
    (same,) = hold(cast, (learner, lot.lot_id, 100))
    assert (same.posting_id, same.repeated) == (one.posting_id, True)
    assert code(hold(cast, (learner, lot.lot_id, 50))) == "ledger.key_reused"
    assert counts(bank) == before


def test_holds_of_one_lot_are_released_together(bank, cast):
    learner = cast.lin.person
    (lot,) = post(cast, deposit(learner))
    (first,) = hold(cast, (learner, lot.lot_id, 100), key="a")
    (second,) = hold(cast, (learner, lot.lot_id, 150), key="b")
    assert held(bank, learner) == {(lot.lot_id, "available"): 50, (lot.lot_id, "held"): 250}
    assert len(release(cast, (learner, first.posting_id), (learner, second.posting_id))) == 2
    assert held(bank, learner) == {(lot.lot_id, "available"): 300, (lot.lot_id, "held"): 0}
    assert found_by_check() == []


def test_of_two_that_want_the_same_credit_one_holds_it(bank, cast):
    learner = cast.lin.person
    (lot,) = post(cast, deposit(learner))
    wanted = [Hold(learner, "first", lot.lot_id, Hundredths(200), ON)]
    with (
        overtaken(bank, lambda: hold(cast, (learner, lot.lot_id, 200), key="second")) as (answers, begin),
        acting_for(institution=cast.college, purpose="test") as scope,
    ):
        hold_credit(scope=scope, holds=wanted, reason="conversion.applied", actor=learner, at=AT)
        begin()
    assert code(answers[0]) == "ledger.hold_missing"
    assert held(bank, learner) == {(lot.lot_id, "available"): 100, (lot.lot_id, "held"): 200}


def test_the_database_refuses_a_release_that_is_not_of_its_hold(bank, cast):
    learner = cast.lin.person
    first, second = post(cast, deposit(learner, "a"), deposit(learner, "b"))
    one, other = hold(cast, (learner, first.lot_id, 100), (learner, second.lot_id, 100))
    by_hand = (
        "INSERT INTO posting (learner_id, posting_id, institution_id, kind, lot_id, amount, effective_on, recorded_at,"
        " actor_id, reason, resolves, from_state, from_version, from_after, to_state, to_version, to_after) VALUES"
        " (%s, %s, %s, 'release', %s, %s, '2026-11-18', now(), %s, 'x', %s, 'held', 2, %s, 'available', 3, %s)"
    )
    for amount, resolves in ((100, other.posting_id), (50, one.posting_id), (100, first.posting_id), (100, None)):
        values = [
            learner, new_id(), cast.college, first.lot_id, amount, learner, resolves, 100 - amount, 200 + amount,
        ]  # fmt: skip
        with (
            pytest.raises(DatabaseError, match="posting_books"),
            acting_for(institution=cast.college, purpose="test"),
            connection.cursor() as cursor,
        ):
            cursor.execute(by_hand, values)


def test_check_finds_a_release_that_a_foreign_hand_made(bank, cast):
    learner = cast.lin.person
    (lot,) = post(cast, deposit(learner))
    (one,) = hold(cast, (learner, lot.lot_id, 100))
    release(cast, (learner, one.posting_id))
    change(bank, "UPDATE posting SET resolves = lot_id WHERE kind = 'release'")
    assert {"check.hold", "check.commitment"} <= set(found_by_check())


@few
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["hold", "release", "convert"]), st.integers(0, 1), st.integers(1, 400)), max_size=12
    )
)
def test_whatever_is_held_released_and_converted_a_lot_is_the_sum_of_its_states(bank, cast, steps):
    learner, mark = cast.lin.person, new_id()
    lots = [one.lot_id for one in post(cast, deposit(learner, f"{mark}a", 400), deposit(learner, f"{mark}b", 300))]
    model = {lot: {"available": total, "held": 0, "converted": 0} for lot, total in zip(lots, (400, 300), strict=True)}
    standing: list = []
    for number, (act, which, amount) in enumerate(steps):
        lot, key = lots[which], f"{mark}-{number}"
        fits = model[lot]["available"] >= amount
        if act == "hold":
            answer = hold(cast, (learner, lot, amount), key=key)
            assert isinstance(answer, Refusal) is not fits
            if fits:
                standing.append((answer[0].posting_id, lot, amount))
        elif act == "convert":
            assert isinstance(convert(cast, conversion(learner, (lot, amount), key=key)), Refusal) is not fits
        elif standing:
            one, of, much = standing.pop(which % len(standing))
            release(cast, (learner, one), key=key)
            model[of]["held"] -= much
            model[of]["available"] += much
        if act != "release" and fits:
            model[lot]["available"] -= amount
            model[lot]["held" if act == "hold" else "converted"] += amount
    now = held(bank, learner)
    for lot, states in model.items():
        assert {name: now.get((lot, name), 0) for name in states} == states
    assert found_by_check() == []
