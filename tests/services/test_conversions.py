"""Conversions: credit is used up once, what it becomes says so, and both sides stand or neither."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from creditbank.domain.explanation import Refusal, Verdict
from creditbank.domain.ledger import Conversion, Use
from creditbank.domain.values import Amount, Hundredths
from creditbank.gateways.clock import new_id
from creditbank.queries.check.ledger import check_ledger
from creditbank.queries.proofs import posting_record_of
from creditbank.queries.verification import standing_of
from creditbank.records.scope import acting_for
from creditbank.services.ledger.convert import post_conversions
from creditbank.services.ledger.post import PostedConversion
from tests.cast import AT, ON
from tests.intruder import change, superuser
from tests.services.bookings import counts, deposit, held, overtaken, post, reverse

few = settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])


BY_HAND = """
INSERT INTO posting (learner_id, posting_id, institution_id, kind, lot_id, amount, effective_on, recorded_at, actor_id,
  reason, conversion_id, from_state, from_version, from_after, to_state, to_version, to_after)
VALUES (%(learner)s, %(new)s, %(institution)s, %(kind)s, %(lot)s, 5, %(on)s, %(at)s, %(learner)s, 'a.b',
  %(conversion)s, 'available', 2, 295, 'converted', 1, 5)
"""
"""Five hundredths of a credit converted past the service."""


def conversion(learner, *used, key="c1", amount=300, on=ON, made=None):
    made = made or (deposit(learner, "", amount, title="高等数学", code="MATH1", category="course"),)
    return Conversion(
        learner_id=learner, key=key, used=tuple(Use(lot, Hundredths(much)) for lot, much in used), made=made,
        effective_on=on,
    )  # fmt: skip


def convert(cast, *conversions, institution=None, at=AT):
    """Post conversions in a transaction of their own."""
    with acting_for(institution=institution or cast.college, purpose="test") as scope:
        return post_conversions(
            scope=scope, conversions=conversions, reason="opening.imported", actor=cast.zhao.person, at=at
        )


def code(refusal):
    assert isinstance(refusal, Refusal), refusal
    return refusal.explanation[0].code


def found_by_check():
    with connections["auditor"].cursor():
        return [line.code for line in check_ledger(connections["auditor"]) if line.verdict is Verdict.NO]


def test_what_is_used_is_converted_and_what_is_made_is_available(bank, cast):
    learner = cast.lin.person
    (lot,) = post(cast, deposit(learner, amount=500))
    (done,) = convert(cast, conversion(learner, (lot.lot_id, 300), amount=250))
    (made,) = done.written
    assert held(bank, learner) == {
        (lot.lot_id, "available"): 200, (lot.lot_id, "converted"): 300, (made, "available"): 250,
    }  # fmt: skip
    with superuser(bank) as su:
        legs = su.execute(
            "SELECT kind::text, from_state::text, to_state::text, amount, conversion_id FROM posting"
            " WHERE conversion_id IS NOT NULL ORDER BY from_state::text"
        ).fetchall()
    assert legs == [
        ("convert", "available", "converted", 300, done.conversion_id),
        ("convert", "issued", "available", 250, done.conversion_id),
    ]
    assert found_by_check() == []


def test_several_lots_become_several_lots(bank, cast):
    learner = cast.lin.person
    first, second = post(cast, deposit(learner, "a", 200), deposit(learner, "b", 100))
    made = tuple(deposit(learner, "", amount, title=title, code=title) for amount, title in ((150, "X"), (150, "Y")))
    (done,) = convert(cast, conversion(learner, (first.lot_id, 200), (second.lot_id, 100), made=made))
    assert len(done.written) == 2
    assert sum(amount for (_lot, state), amount in held(bank, learner).items() if state == "available") == 300
    assert sum(amount for (_lot, state), amount in held(bank, learner).items() if state == "converted") == 300
    assert found_by_check() == []


def test_what_one_conversion_leaves_or_makes_another_of_the_same_call_may_use(bank, cast):
    learner = cast.lin.person
    (lot,) = post(cast, deposit(learner, amount=500))
    first, second = convert(
        cast,
        conversion(learner, (lot.lot_id, 300), key="a"),
        conversion(learner, (lot.lot_id, 200), key="b", amount=200),
    )
    convert(cast, conversion(learner, (first.written[0], 100), key="c", amount=100))
    assert held(bank, learner)[lot.lot_id, "converted"] == 500
    assert held(bank, learner)[lot.lot_id, "available"] == 0
    assert held(bank, learner)[first.written[0], "converted"] == 100
    assert first.conversion_id != second.conversion_id
    assert found_by_check() == []


def test_a_refused_conversion_leaves_nothing_behind_not_even_those_before_it(bank, cast):
    lin, mei = cast.lin.person, cast.mei.person
    mine, theirs = post(cast, deposit(lin, amount=300), deposit(mei, amount=300))
    elsewhere = post(cast, deposit(lin, "k2"), institution=cast.university)[0]
    before = counts(bank)
    good = conversion(lin, (mine.lot_id, 300), key="good")
    for refused, reason in (
        (conversion(lin, (mine.lot_id, 301)), "ledger.credit_missing"),
        (conversion(lin, (theirs.lot_id, 100)), "ledger.unknown_lot"),
        (conversion(lin, (elsewhere.lot_id, 100)), "ledger.unknown_lot"),
        (conversion(lin, (mine.lot_id, 300), on=ON - timedelta(days=1)), "ledger.conversion_too_early"),
        (conversion(lin, (mine.lot_id, 0)), "ledger.amount_not_positive"),
        (conversion(lin), "ledger.conversion_empty"),
        (replace(conversion(lin, (mine.lot_id, 300)), made=()), "ledger.conversion_empty"),
        (conversion(lin, (mine.lot_id, 300), amount=0), "ledger.amount_not_positive"),
    ):
        assert code(convert(cast, refused)) == reason
        assert counts(bank) == before
    # The lot is used up by the first, so that the second is refused after the first was written.
    assert code(convert(cast, good, conversion(lin, (mine.lot_id, 1), key="late"))) == "ledger.credit_missing"
    assert counts(bank) == before
    with pytest.raises(ValueError, match="a lot twice"):
        convert(cast, conversion(lin, (mine.lot_id, 1), (mine.lot_id, 2)))
    with pytest.raises(ValueError, match="learner and key"):
        convert(cast, good, good)


def test_a_repeated_conversion_writes_nothing_and_another_body_is_refused(bank, cast):
    learner = cast.lin.person
    (lot,) = post(cast, deposit(learner, amount=500))
    (first,) = convert(cast, conversion(learner, (lot.lot_id, 300)))
    before = counts(bank)
    assert convert(cast, conversion(learner, (lot.lot_id, 300)), at=AT + timedelta(hours=1)) == (
        PostedConversion(first.conversion_id, first.written, repeated=True),
    )
    for other in (
        conversion(learner, (lot.lot_id, 200)),
        conversion(learner, (lot.lot_id, 300), amount=1),
        conversion(learner, (lot.lot_id, 300), on=ON + timedelta(days=1)),
    ):
        assert code(convert(cast, other)) == "ledger.key_reused"
    assert counts(bank) == before


def test_of_two_conversions_at_once_only_one_uses_the_credit(bank, cast):
    learner = cast.lin.person
    (lot,) = post(cast, deposit(learner))
    with overtaken(bank, lambda: convert(cast, conversion(learner, (lot.lot_id, 300), key="b"))) as (answers, start):  # noqa: SIM117 - the order matters
        with acting_for(institution=cast.college, purpose="test") as scope:
            done = post_conversions(
                scope=scope, conversions=[conversion(learner, (lot.lot_id, 300), key="a")], reason="opening.imported",
                actor=cast.zhao.person, at=AT,
            )  # fmt: skip
            start()
    assert isinstance(done, tuple)
    assert code(answers[0]) == "ledger.credit_missing"
    assert held(bank, learner)[lot.lot_id, "converted"] == 300


def test_a_deposit_whose_credit_was_converted_cannot_be_reversed(bank, cast):
    learner = cast.lin.person
    (lot,) = post(cast, deposit(learner))
    (done,) = convert(cast, conversion(learner, (lot.lot_id, 1), amount=1))
    assert code(reverse(cast, (learner, lot.posting_id))) == "ledger.credit_in_use"
    with superuser(bank) as su:
        postings = su.execute("SELECT posting_id FROM posting WHERE kind = 'convert'").fetchall()
    assert len(postings) == 2
    for (posting,) in postings:
        assert code(reverse(cast, (learner, posting), key="other")) == "ledger.not_reversible"
    assert held(bank, learner)[done.written[0], "available"] == 1


def test_whoever_holds_a_proof_is_told_what_was_converted_since(bank, cast):
    learner = cast.lin.person
    first, second = post(cast, deposit(learner, "a"), deposit(learner, "b"))
    convert(cast, conversion(learner, (first.lot_id, 100), amount=100))
    with superuser(bank) as su:
        use, make = (row[0] for row in su.execute(
            "SELECT posting_id FROM posting WHERE kind = 'convert' ORDER BY to_state DESC").fetchall())  # fmt: skip
    said = {}
    for name, posting in (("first", first.posting_id), ("second", second.posting_id), ("use", use), ("make", make)):
        with acting_for(person=learner, purpose="test") as scope:
            record = posting_record_of(scope, learner, posting)
        said[name] = standing_of(record).line
    assert {name: line.code for name, line in said.items()} == {
        "first": "verification.converted", "second": "verification.stands", "use": "verification.is_use",
        "make": "verification.stands",
    }  # fmt: skip
    assert said["first"].facts == {"converted": Amount(Hundredths(100)), "amount": Amount(Hundredths(300))}


def test_the_database_refuses_a_conversion_without_its_id_and_an_id_without_a_conversion(bank, cast):
    learner = cast.lin.person
    (lot,) = post(cast, deposit(learner))
    place = {"learner": learner, "lot": lot.lot_id, "institution": cast.college, "at": AT, "on": ON}
    for more in ({"kind": "convert", "conversion": None}, {"kind": "hold", "conversion": new_id()}):
        with (
            pytest.raises(DatabaseError, match="posting_books"),
            acting_for(institution=cast.college, purpose="test"),
            connection.cursor() as cursor,
        ):
            cursor.execute(BY_HAND, place | more | {"new": new_id()})
    with acting_for(institution=cast.college, purpose="test"), connection.cursor() as cursor:
        cursor.execute(BY_HAND, place | {"kind": "convert", "conversion": new_id(), "new": new_id()})


def test_check_names_a_conversion_that_lost_a_side(bank, cast):
    learner = cast.lin.person
    (lot,) = post(cast, deposit(learner))
    convert(cast, conversion(learner, (lot.lot_id, 100), amount=100))
    assert found_by_check() == []
    change(
        bank, "UPDATE posting SET conversion_id = gen_random_uuid() WHERE from_state = 'issued' AND kind = 'convert'"
    )
    found = found_by_check()
    assert found.count("check.conversion") == 2
    assert "check.commitment" in found


lots = st.lists(st.integers(1, 500), min_size=1, max_size=4)
wishes = st.lists(
    st.tuples(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 400)), min_size=1, max_size=3), st.integers(1, 300)),
    max_size=5,
)


@few
@given(amounts=lots, wanted=wishes, together=st.booleans())
def test_no_credit_is_used_twice_whatever_is_converted_in_whatever_order(bank, cast, amounts, wanted, together):
    learner = new_id()
    posted = post(cast, *(deposit(learner, f"d{at}", amount) for at, amount in enumerate(amounts)))
    left = {lot.lot_id: amount for lot, amount in zip(posted, amounts, strict=True)}
    order = list(left)
    asked = []
    for number, (uses, amount) in enumerate(wanted):
        used = {order[at % len(order)]: much for at, much in uses}
        asked.append(conversion(learner, *used.items(), key=f"c{number}", amount=amount))
    made = 0
    for call in [asked] if together and asked else [[one] for one in asked]:
        after = dict(left)
        for one in call:
            for use in one.used:
                after[use.lot_id] -= use.amount
        fits, done = min(after.values()) >= 0, convert(cast, *call)
        # Within one call what comes first counts; a call none of which fits, or of which a later one does not, is refused.
        assert isinstance(done, tuple) == fits
        if fits:
            left, made = after, made + sum(one.made[0].amount for one in call)
    balances = held(bank, learner)
    assert (
        sum(amount for (_lot, state), amount in balances.items() if state == "available") == sum(left.values()) + made
    )
    assert sum(amount for (_lot, state), amount in balances.items() if state == "converted") == sum(amounts) - sum(
        left.values()
    )
    assert found_by_check() == []
