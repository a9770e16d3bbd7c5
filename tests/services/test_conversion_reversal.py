"""Reversing a conversion: all its sides or none, once, and never under what stands on it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from creditbank.domain.explanation import Refusal
from creditbank.domain.reversal import Side, undoing_rounds
from creditbank.gateways.clock import new_id
from creditbank.queries.passbook import entry_of, lines_of
from creditbank.queries.proofs import posting_record_of
from creditbank.queries.registrar.waiting import count_waiting
from creditbank.queries.verification import standing_of
from creditbank.records.scope import acting_for
from creditbank.services.ledger.post import PostedConversion
from creditbank.services.ledger.undo import ConversionReversal, reverse_conversions
from tests.cast import AT, ON
from tests.intruder import change, superuser
from tests.services.bookings import counts, deposit, held, overtaken, post, reverse
from tests.services.exports import export, sheet_rows
from tests.services.test_conversions import code, conversion, convert, found_by_check

LATER = AT + timedelta(days=1)
few = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def undo(cast, *conversions, key="u", on=ON, at=LATER, institution=None, scope=None):
    """Reverse conversions ``(learner, conversion id)``, in a transaction of their own unless there is a scope."""
    wanted = [ConversionReversal(learner, one, f"{key}-{one}") for learner, one in conversions]
    given = {"reversals": wanted, "reason": "conversion.duplicate", "actor": cast.chen.person, "effective_on": on}
    if scope is not None:
        return reverse_conversions(scope=scope, at=at, **given)
    with acting_for(institution=institution or cast.college, purpose="test") as scope:
        return reverse_conversions(scope=scope, at=at, **given)


def postings(bank, **about):
    condition = " AND ".join(f"{name} = %s" for name in about) or "true"
    with superuser(bank) as su:
        return [row[0] for row in su.execute(
            f"SELECT posting_id FROM posting WHERE {condition} ORDER BY posting_id", list(about.values())).fetchall()]  # fmt: skip


def test_a_reversed_conversion_gives_back_what_it_used_and_takes_what_it_made(bank, cast):
    learner = cast.lin.person
    first, second = post(cast, deposit(learner, "a", 500), deposit(learner, "b", 100))
    before = held(bank, learner)
    (done,) = convert(cast, conversion(learner, (first.lot_id, 300), (second.lot_id, 100), amount=250))
    (undone,) = undo(cast, (learner, done.conversion_id))
    assert (undone.conversion_id, len(undone.written), undone.repeated) == (done.conversion_id, 3, False)
    (made,) = done.written
    assert {place: much for place, much in held(bank, learner).items() if much} == before
    with superuser(bank) as su:
        mirrors = su.execute(
            "SELECT from_state::text, to_state::text, amount, lot_id FROM posting WHERE kind = 'reverse'"
            " ORDER BY amount"
        ).fetchall()
    assert mirrors == [
        ("converted", "available", 100, second.lot_id),
        ("available", "issued", 250, made),
        ("converted", "available", 300, first.lot_id),
    ]
    assert found_by_check() == []
    # Every mirror is on its way to the log.
    with superuser(bank) as su:
        assert su.execute("SELECT count(*) FROM log_outbox WHERE stream = 'posting'").fetchone() == (8,)


def test_what_was_given_back_can_be_converted_again_and_its_deposit_reversed(bank, cast):
    learner = cast.lin.person
    (lot,) = post(cast, deposit(learner, amount=300))
    (done,) = convert(cast, conversion(learner, (lot.lot_id, 300)))
    undo(cast, (learner, done.conversion_id))
    (again,) = convert(cast, conversion(learner, (lot.lot_id, 300), key="c2"))
    assert held(bank, learner)[lot.lot_id, "available"] == 0
    undo(cast, (learner, again.conversion_id))
    assert isinstance(reverse(cast, (learner, lot.posting_id)), tuple)
    assert not any(held(bank, learner).values())
    assert found_by_check() == []


def test_a_conversion_whose_made_credit_was_used_says_what_to_reverse_first_and_in_which_order(bank, cast):
    learner = cast.lin.person
    (lot,) = post(cast, deposit(learner, amount=300))
    steps = []
    last = lot.lot_id
    for number, title in enumerate(("甲", "乙", "丙"), 1):
        made = (deposit(learner, "", 300, title=title, code=title),)
        (done,) = convert(cast, conversion(learner, (last, 200), key=title, made=made), at=AT + timedelta(hours=number))
        steps.append(done.conversion_id)
        last = done.written[0]
    before = counts(bank)
    refusal = undo(cast, (learner, steps[0]))
    assert [line.code for line in refusal.explanation] == [
        "reversal.made_in_use", "reversal.first_conversion", "reversal.first_conversion",
    ]  # fmt: skip
    assert [line.facts.get("title") for line in refusal.explanation] == ["甲", "丙", "乙"]
    assert [line.facts.get("place") for line in refusal.explanation] == [None, 1, 2]
    assert counts(bank) == before
    for step in reversed(steps):
        assert isinstance(undo(cast, (learner, step)), tuple)
    assert {place: much for place, much in held(bank, learner).items() if much} == {(lot.lot_id, "available"): 300}
    assert found_by_check() == []


def test_conversions_that_stand_on_each_other_come_undone_in_one_call_in_whatever_order_they_are_named(bank, cast):
    learner = cast.lin.person
    (lot,) = post(cast, deposit(learner, amount=300))
    (first,) = convert(cast, conversion(learner, (lot.lot_id, 100), key="a", amount=100))
    (second,) = convert(cast, conversion(learner, (first.written[0], 100), (lot.lot_id, 50), key="b", amount=10))
    (third,) = convert(cast, conversion(learner, (lot.lot_id, 50), key="c", amount=20))
    done = undo(cast, *((learner, one.conversion_id) for one in (first, third, second)))
    assert [one.conversion_id for one in done] == [first.conversion_id, third.conversion_id, second.conversion_id]
    assert {place: much for place, much in held(bank, learner).items() if much} == {(lot.lot_id, "available"): 300}
    assert found_by_check() == []


def test_a_refused_reversal_leaves_nothing_behind_not_even_of_the_others_of_the_call(bank, cast):
    lin, mei = cast.lin.person, cast.mei.person
    mine, theirs = post(cast, deposit(lin), deposit(mei))
    (good,) = convert(cast, conversion(lin, (mine.lot_id, 100), amount=100))
    (used,) = convert(cast, conversion(mei, (theirs.lot_id, 100), amount=100))
    convert(cast, conversion(mei, (used.written[0], 1), key="on top", amount=1))
    before = counts(bank)
    for wanted, reason in (
        ([(lin, good.conversion_id), (mei, used.conversion_id)], "reversal.made_in_use"),
        ([(lin, used.conversion_id)], "reversal.unknown_conversion"),
        ([(lin, new_id())], "reversal.unknown_conversion"),
    ):
        assert undo(cast, *wanted).explanation[0].code == reason
    assert code(undo(cast, (lin, good.conversion_id), on=ON - timedelta(days=1))) == "reversal.too_early"
    assert code(undo(cast, (lin, good.conversion_id), institution=cast.university)) == "reversal.unknown_conversion"
    assert counts(bank) == before
    with pytest.raises(ValueError, match="twice"):
        undo(cast, (lin, good.conversion_id), (lin, good.conversion_id))


def test_a_repeated_reversal_writes_nothing_and_another_one_is_refused(bank, cast):
    learner = cast.lin.person
    (lot,) = post(cast, deposit(learner))
    (one,) = convert(cast, conversion(learner, (lot.lot_id, 300)))
    (undone,) = undo(cast, (learner, one.conversion_id))
    before = counts(bank)
    again = undo(cast, (learner, one.conversion_id), at=LATER + timedelta(days=3), on=ON + timedelta(days=3))
    assert again == (PostedConversion(one.conversion_id, undone.written, repeated=True),)
    assert code(undo(cast, (learner, one.conversion_id), key="other")) == "reversal.reversed_before"
    (other,) = convert(cast, conversion(learner, (lot.lot_id, 300), key="c2"))
    with acting_for(institution=cast.college, purpose="test") as scope:
        taken = reverse_conversions(
            scope=scope, reversals=[ConversionReversal(learner, other.conversion_id, f"u-{one.conversion_id}")],
            reason="a.b", actor=cast.chen.person, effective_on=ON, at=LATER,
        )  # fmt: skip
    assert code(taken) == "ledger.key_reused"
    assert counts(bank)["posting"] == before["posting"] + 2


def test_of_two_reversals_at_once_only_one_is_posted(bank, cast):
    learner = cast.lin.person
    (lot,) = post(cast, deposit(learner))
    (one,) = convert(cast, conversion(learner, (lot.lot_id, 300)))
    place = (learner, one.conversion_id)
    with overtaken(bank, lambda: undo(cast, place, key="b")) as (answers, start):  # noqa: SIM117 - the order matters
        with acting_for(institution=cast.college, purpose="test") as scope:
            done = undo(cast, place, key="a", scope=scope)
            start()
    assert isinstance(done, tuple)
    assert code(answers[0]) == "reversal.reversed_before"
    assert held(bank, learner)[lot.lot_id, "available"] == 300
    assert found_by_check() == []


def test_a_retry_that_comes_while_the_first_is_at_work_answers_what_the_first_posted(bank, cast):
    learner = cast.lin.person
    (lot,) = post(cast, deposit(learner))
    (one,) = convert(cast, conversion(learner, (lot.lot_id, 300)))
    place = (learner, one.conversion_id)
    with overtaken(bank, lambda: undo(cast, place)) as (answers, start):  # noqa: SIM117 - the order matters
        with acting_for(institution=cast.college, purpose="test") as scope:
            (done,) = undo(cast, place, scope=scope)
            start()
    assert answers[0] == (PostedConversion(one.conversion_id, done.written, repeated=True),)


def test_a_conversion_that_comes_first_keeps_the_credit_it_uses_from_being_taken_back(bank, cast):
    learner = cast.lin.person
    (lot,) = post(cast, deposit(learner))
    (one,) = convert(cast, conversion(learner, (lot.lot_id, 300)))
    on_top = conversion(learner, (one.written[0], 300), key="d")
    with overtaken(bank, lambda: undo(cast, (learner, one.conversion_id))) as (answers, start):  # noqa: SIM117
        with acting_for(institution=cast.college, purpose="test") as scope:
            from creditbank.services.ledger.convert import post_conversions

            post_conversions(scope=scope, conversions=[on_top], reason="a.b", actor=cast.zhao.person, at=AT)
            start()
    assert isinstance(answers[0], Refusal)
    assert [line.code for line in answers[0].explanation] == ["reversal.made_in_use", "reversal.first_conversion"]


def test_check_names_a_conversion_that_was_reversed_by_half(bank, cast):
    learner = cast.lin.person
    first, second = post(cast, deposit(learner, "a"), deposit(learner, "b"))
    (one,) = convert(cast, conversion(learner, (first.lot_id, 100), amount=100))
    (other,) = convert(cast, conversion(learner, (second.lot_id, 100), key="c2", amount=100))
    undo(cast, (learner, one.conversion_id), (learner, other.conversion_id))
    assert found_by_check() == []
    (mirror,) = postings(bank, kind="reverse", lot_id=one.written[0])
    change(bank, ("DELETE FROM posting WHERE posting_id = %s", [mirror]))
    assert found_by_check().count("check.conversion_reversal") == 1


def test_the_application_cannot_plant_half_a_reversal_unseen(bank, cast):
    learner = cast.lin.person
    (lot,) = post(cast, deposit(learner))
    (one,) = convert(cast, conversion(learner, (lot.lot_id, 100), amount=100))
    (use,) = postings(bank, kind="convert", lot_id=lot.lot_id)
    values = {
        "new": new_id(),
        "learner": learner,
        "lot": lot.lot_id,
        "use": use,
        "place": cast.college,
        "on": ON,
        "at": AT,
    }
    with acting_for(institution=cast.college, purpose="test"), connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO posting (learner_id, posting_id, institution_id, kind, lot_id, amount, effective_on,
              recorded_at, actor_id, reason, reverses, from_state, from_version, from_after, to_state, to_version,
              to_after)
            VALUES (%(learner)s, %(new)s, %(place)s, 'reverse', %(lot)s, 100, %(on)s, %(at)s, %(learner)s, 'a.b',
              %(use)s, 'converted', 2, 0, 'available', 3, 300)
            """,
            values,
        )
    assert "check.conversion_reversal" in found_by_check()
    assert code(undo(cast, (learner, one.conversion_id))) == "reversal.reversed_before"


def test_whoever_holds_a_proof_of_a_side_is_told_that_the_conversion_was_reversed(bank, cast):
    learner = cast.lin.person
    (lot,) = post(cast, deposit(learner))
    (one,) = convert(cast, conversion(learner, (lot.lot_id, 100), amount=100))
    (use,), (make,) = postings(bank, kind="convert", lot_id=lot.lot_id), postings(bank, lot_id=one.written[0])
    undo(cast, (learner, one.conversion_id))
    (back,), (gone,) = postings(bank, reverses=use), postings(bank, reverses=make)
    said = {}
    for name, posting in (("deposit", lot.posting_id), ("use", use), ("make", make), ("back", back), ("gone", gone)):
        with acting_for(person=learner, purpose="test") as scope:
            record = posting_record_of(scope, learner, posting)
        said[name] = standing_of(record).line
    assert {name: line.code for name, line in said.items()} == {
        "deposit": "verification.stands", "use": "verification.use_reversed", "make": "verification.reversed",
        "back": "verification.is_return", "gone": "verification.is_reversal",
    }  # fmt: skip
    assert said["use"].facts == {"day": ON.isoformat()}


def test_the_passbook_shows_the_reversal_beside_the_conversion_and_its_sides_lead_to_each_other(bank, cast):
    learner = cast.lin.person
    (lot,) = post(cast, deposit(learner))
    (one,) = convert(cast, conversion(learner, (lot.lot_id, 100), amount=250))
    undo(cast, (learner, one.conversion_id))
    (use,), (make,) = (
        postings(bank, kind="convert", lot_id=lot.lot_id),
        postings(bank, kind="convert", lot_id=one.written[0]),
    )
    with acting_for(person=learner, purpose="test") as scope:
        lines = lines_of(scope, learner, limit=20)
        entries = {line.posting_id: entry_of(scope, learner, line.posting_id) for line in lines}
    assert sorted((line.kind, line.amount) for line in lines) == [
        ("convert", -100), ("convert", 250), ("deposit", 300), ("reverse", -250), ("reverse", 100),
    ]  # fmt: skip
    mirror = {line.reverses: line.posting_id for line in lines if line.reverses}
    assert {line.posting_id: line.reversed_by for line in lines if line.kind == "convert"} == {
        use: mirror[use], make: mirror[make],
    }  # fmt: skip
    together = {posting: [line.posting_id for line in entry.together] for posting, entry in entries.items()}
    assert together == {
        lot.posting_id: [], use: [make], make: [use], mirror[use]: [mirror[make]], mirror[make]: [mirror[use]],
    }  # fmt: skip


def test_the_undoing_order_is_one_statement_where_nothing_is_shared():
    def sides(used, made):
        return [Side(new_id(), lot, lot in made, 1, ON, "", 0) for lot in (*used, *made)]

    lots = [new_id() for _ in range(6)]
    apart = {new_id(): sides([lots[at]], [new_id()]) for at in range(6)}
    assert [len(part) for part in undoing_rounds(apart)] == [6]
    shared = {new_id(): sides([lots[0]], [new_id()]) for _ in range(3)}
    assert [len(part) for part in undoing_rounds(shared)] == [1, 1, 1]
    first, second, third = (new_id() for _ in range(3))
    chain = {
        first: sides([lots[0]], [lots[1]]), second: sides([lots[1]], [lots[2]]), third: sides([lots[2]], [lots[3]]),
    }  # fmt: skip
    assert undoing_rounds(chain) == [[third], [second], [first]]


tries = st.lists(
    st.tuples(st.booleans(), st.integers(0, 9), st.integers(1, 150), st.integers(1, 150)), min_size=1, max_size=10
)


@few
@given(amounts=st.lists(st.integers(50, 300), min_size=1, max_size=3), steps=tries)
def test_conversions_and_reversals_in_whatever_order_end_where_a_plain_book_says(bank, cast, amounts, steps):
    learner = new_id()
    posted = post(cast, *(deposit(learner, f"d{at}", amount) for at, amount in enumerate(amounts)))
    available = {lot.lot_id: amount for lot, amount in zip(posted, amounts, strict=True)}
    converted = dict.fromkeys(available, 0)
    done = []
    for number, (forward, at, used, made) in enumerate(steps):
        if forward or not done:
            lot = list(available)[at % len(available)]
            answer = convert(cast, conversion(learner, (lot, used), key=f"c{number}", amount=made))
            assert isinstance(answer, tuple) == (available[lot] >= used)
            if isinstance(answer, tuple):
                available[lot] -= used
                converted[lot] += used
                available[answer[0].written[0]], converted[answer[0].written[0]] = made, 0
                done.append((answer[0].conversion_id, lot, used, answer[0].written[0], made))
        else:
            one = done[at % len(done)]
            conversion_id, lot, took, new, gave = one
            answer = undo(cast, (learner, conversion_id), key=f"u{number}")
            assert isinstance(answer, tuple) == (available[new] == gave)
            if isinstance(answer, tuple):
                available[lot] += took
                converted[lot] -= took
                available[new] = -1
                done.remove(one)
    states = held(bank, learner)
    for lot, much in available.items():
        assert states[lot, "available"] == max(0, much)
        assert states.get((lot, "converted"), 0) == converted[lot]
    assert found_by_check() == []


def test_the_registrars_system_is_told_of_what_a_conversion_made_and_of_its_reversal_as_a_correction(bank, cast):
    learner = cast.lin.person
    (lot,) = post(cast, deposit(learner))
    (one,) = convert(cast, conversion(learner, (lot.lot_id, 300), amount=250))
    assert export(cast).lines == 2
    undo(cast, (learner, one.conversion_id))
    made = export(cast, at=LATER)
    # What was used went out as the deposit it was; only what was made is taken back there.
    assert (made.lines, made.offsets, made.credit) == (1, 0, -250)
    row = dict(zip(*sheet_rows(cast, 2), strict=True))
    (course,) = [line for line in sheet_rows(cast, 1) if line[3] == "高等数学"]
    assert (row["学分"], row["类型"], row["原凭证号"]) == ("-2.5", "更正", course[9])
    assert export(cast, at=LATER).explanation[0].code == "registrar.nothing"
    assert found_by_check() == []


def test_a_conversion_and_its_reversal_that_wait_together_offset_each_other(bank, cast):
    learner = cast.lin.person
    (lot,) = post(cast, deposit(learner))
    (one,) = convert(cast, conversion(learner, (lot.lot_id, 300), amount=250))
    undo(cast, (learner, one.conversion_id), at=AT)
    with acting_for(institution=cast.college, purpose="test") as scope:
        waiting = count_waiting(scope, cast.zhao, until=ON, leave_out=[])
    assert (waiting.deposits, waiting.reversals, waiting.offsets) == (2, 1, 1)
    made = export(cast)
    assert (made.lines, made.offsets, made.credit) == (1, 2, 300)
