"""The ledger on a real bank with the application's own login: deposits, reversals, repeats and races."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from creditbank.domain.explanation import Refusal
from creditbank.domain.ledger import State
from creditbank.domain.values import Amount
from creditbank.gateways.clock import new_id
from creditbank.queries.balances import LotBalance, balance_as_of
from creditbank.records.scope import acting_for
from creditbank.services.ledger.post import Posted, Reversal, _codes, post_deposits, reverse_postings
from tests.cast import AT, ON
from tests.intruder import change, superuser
from tests.services.bookings import content, counts, deposit, held, overtaken, post, reverse

NOTHING = dict.fromkeys(("lot", "posting", "entry", "balance", "idempotency", "leaf_salt", "dirty", "log_outbox"), 0)


@pytest.fixture
def before(bank):
    return counts(bank)


def code(refusal):
    assert isinstance(refusal, Refusal), refusal
    return refusal.explanation[0].code


def written(bank, before):
    return {table: count - before[table] for table, count in counts(bank).items()}


def test_a_deposit_writes_each_of_its_rows_once(bank, cast, before):
    learner = cast.lin.person
    (posted,) = post(cast, deposit(learner))
    assert written(bank, before) == NOTHING | {
        "lot": 1, "posting": 1, "entry": 2, "balance": 1, "idempotency": 1, "leaf_salt": 1, "dirty": 1, "log_outbox": 1,
    }  # fmt: skip
    found = content(bank, learner)
    assert [row[1:] for row in found["entry"]] == [(1, "issued", -300, None, None), (2, "available", 300, 1, 300)]
    assert found["posting"] == [(1, "deposit", 300, ON, AT, cast.zhao.person, "recognition.approved")]
    assert held(bank, learner) == {(posted.lot_id, "available"): 300}


def test_a_batch_posts_the_same_rows_as_its_deposits_one_by_one(bank, cast):
    one, other = [new_id(), new_id()], [new_id(), new_id()]

    def wanted(learners):
        return [
            deposit(learner, key, amount, expires_on=expires, level=level, grade=grade)
            for learner in learners
            for key, amount, expires, level, grade in (
                ("a", 300, None, 3, None), ("b", 1, ON + timedelta(days=9), None, "pass"), ("c", 6000, None, 0, "良"),
            )
        ]  # fmt: skip

    batch = post(cast, *wanted(one))
    singles = [post(cast, item)[0] for item in wanted(other)]
    assert len(batch) == len(singles) == 6
    assert len({item.posting_id for item in (*batch, *singles)}) == 12
    mine, theirs = content(bank, *one), content(bank, *other)
    # The request hash covers the learner, so it alone differs.
    assert {row[:2] for row in mine.pop("idempotency")} == {row[:2] for row in theirs.pop("idempotency")}
    assert mine == theirs


def test_a_repeated_request_returns_the_first_posting_and_writes_nothing(bank, cast):
    first = post(cast, deposit(cast.lin.person))[0]
    once = counts(bank)
    again = post(cast, deposit(cast.lin.person), at=AT + timedelta(hours=1))[0]
    assert again == Posted(first.posting_id, first.lot_id, repeated=True)
    assert counts(bank) == once


def test_a_batch_that_was_partly_posted_before_posts_only_the_rest(bank, cast):
    learner = cast.lin.person
    first = post(cast, deposit(learner, "b"))[0]
    done = post(cast, deposit(learner, "a"), deposit(learner, "b"), deposit(learner, "c"))
    assert [item.repeated for item in done] == [False, True, False]
    assert done[1].posting_id == first.posting_id
    assert sum(held(bank, learner).values()) == 900
    assert len(held(bank, learner)) == 3


def test_the_same_key_serves_another_learner_and_another_institution(bank, cast, before):
    post(cast, deposit(cast.lin.person))
    post(cast, deposit(cast.mei.person))
    post(cast, deposit(cast.lin.person, amount=500), institution=cast.university)
    assert written(bank, before)["lot"] == 3


@pytest.mark.parametrize(
    "other", [{"amount": 301}, {"title": "另一项"}, {"effective_on": ON - timedelta(days=1)}, {"field": "arts"}, {"level": None}]
)  # fmt: skip
def test_a_key_used_for_another_request_is_refused_and_nothing_is_written(bank, cast, other):
    post(cast, deposit(cast.lin.person))
    once = counts(bank)
    refusal = post(
        cast, deposit(cast.mei.person, "new"), deposit(cast.lin.person, **other), deposit(cast.lin.person, "z")
    )
    assert code(refusal) == "ledger.key_reused"
    assert refusal.explanation[0].facts["key"] == "k1"
    assert counts(bank) == once


def test_a_refused_batch_inside_a_wider_scope_undoes_only_its_own_block(bank, cast):
    post(cast, deposit(cast.lin.person))
    with acting_for(institution=cast.university, purpose="test") as scope:
        refusal = post(cast, deposit(cast.lin.person, "new"), deposit(cast.lin.person, amount=1))
        # The outer scope goes on, as itself.
        assert scope.fetch("SELECT current_setting('bank.institution')") == [(str(cast.university),)]
    assert code(refusal) == "ledger.key_reused"
    assert sum(held(bank, cast.lin.person).values()) == 300


@pytest.mark.parametrize("amount", [0, -1, -300])
def test_an_amount_that_is_not_positive_is_refused_with_its_whole_batch(bank, cast, before, amount):
    refusal = post(cast, deposit(cast.lin.person, "a"), deposit(cast.lin.person, "b", amount))
    assert code(refusal) == "ledger.amount_not_positive"
    assert refusal.explanation[0].facts["amount"] == Amount(amount)
    assert counts(bank) == before


def test_a_batch_whose_last_deposit_the_database_refuses_leaves_nothing(bank, cast, before):
    spoiled = deposit(cast.mei.person, "b", expires_on=ON - timedelta(days=1))
    with pytest.raises((DatabaseError, psycopg.Error), match="posting_books"):
        post(cast, deposit(cast.lin.person, "a"), spoiled)
    assert counts(bank) == before


def test_no_institution_no_ledger_and_no_key_twice_in_one_batch(bank, cast, before):
    with (
        pytest.raises(ValueError, match="only an institution"),
        acting_for(person=cast.lin.person, purpose="t") as scope,
    ):
        post_deposits(scope=scope, deposits=[deposit(cast.lin.person)], reason="x", actor=new_id(), at=AT)
    with pytest.raises(ValueError, match="share learner and key"):
        post(cast, deposit(cast.lin.person), deposit(cast.lin.person, amount=5))
    assert counts(bank) == before
    assert post(cast) == ()


def test_a_reversal_is_the_exact_mirror_and_the_deposit_stays(bank, cast, before):
    learner = cast.lin.person
    (posted,) = post(cast, deposit(learner))
    (mirror,) = reverse(cast, (learner, posted.posting_id), at=AT + timedelta(days=1), on=ON + timedelta(days=1))
    assert mirror.lot_id == posted.lot_id
    with superuser(bank) as connection_:
        rows = connection_.execute(
            "SELECT posting_id, leg, state::text, amount, version, balance_after FROM entry WHERE learner_id = %s"
            " ORDER BY posting_id, leg",
            [learner],
        ).fetchall()
    assert rows == [
        (posted.posting_id, 1, "issued", -300, None, None), (posted.posting_id, 2, "available", 300, 1, 300),
        (mirror.posting_id, 1, "available", -300, 2, 0), (mirror.posting_id, 2, "issued", 300, None, None),
    ]  # fmt: skip
    assert held(bank, learner) == {(posted.lot_id, "available"): 0}
    assert written(bank, before)["log_outbox"] == 2


def test_a_repeated_reversal_returns_the_first_one_and_another_key_is_told_by_whom(bank, cast):
    (posted,) = post(cast, deposit(cast.lin.person))
    (mirror,) = reverse(cast, (cast.lin.person, posted.posting_id))
    once = counts(bank)
    (again,) = reverse(cast, (cast.lin.person, posted.posting_id))
    assert again == replace(mirror, repeated=True)
    refusal = reverse(cast, (cast.lin.person, posted.posting_id), key="r2")
    assert code(refusal) == "ledger.already_reversed"
    assert refusal.explanation[0].facts["posting"] == str(mirror.posting_id)
    assert counts(bank) == once


def test_what_cannot_be_reversed_is_refused_and_the_batch_with_it(bank, cast):
    lin, mei = cast.lin.person, cast.mei.person
    (good,) = post(cast, deposit(lin))
    (done,) = post(cast, deposit(mei))
    (mirror,) = reverse(cast, (mei, done.posting_id))
    once = counts(bank)
    for wrong, said in (
        ((mei, mirror.posting_id), "ledger.not_reversible"),
        ((mei, done.posting_id), "ledger.already_reversed"),
        ((lin, new_id()), "ledger.unknown_posting"),
        ((mei, good.posting_id), "ledger.unknown_posting"),
    ):
        assert code(reverse(cast, (lin, good.posting_id), wrong, key="r9")) == said
    assert counts(bank) == once
    assert code(reverse(cast, (lin, good.posting_id), institution=cast.university)) == "ledger.unknown_posting"
    assert counts(bank) == once


def test_credit_in_use_cannot_be_reversed(bank, cast):
    (posted,) = post(cast, deposit(cast.lin.person))
    change(bank, ("UPDATE balance SET amount = 120 WHERE lot_id = %s", [posted.lot_id]))
    refusal = reverse(cast, (cast.lin.person, posted.posting_id))
    assert code(refusal) == "ledger.credit_in_use"
    assert refusal.explanation[0].facts == {"amount": Amount(300), "available": Amount(120)}
    assert sum(held(bank, cast.lin.person).values()) == 120


def test_a_reversal_cannot_count_before_its_deposit_does(bank, cast):
    (posted,) = post(cast, deposit(cast.lin.person))
    refusal = reverse(cast, (cast.lin.person, posted.posting_id), on=ON - timedelta(days=1))
    assert code(refusal) == "ledger.reversal_too_early"
    assert sum(held(bank, cast.lin.person).values()) == 300


def test_one_batch_of_reversals_names_each_posting_and_each_key_once(bank, cast):
    first, second = post(cast, deposit(cast.lin.person, "a"), deposit(cast.lin.person, "b"))
    for pair in (((first, "r1"), (first, "r2")), ((first, "r1"), (second, "r1"))):
        with acting_for(institution=cast.college, purpose="test") as scope, pytest.raises(ValueError, match="twice"):
            reverse_postings(
                scope=scope,
                reversals=[Reversal(cast.lin.person, item.posting_id, key) for item, key in pair],
                reason="duplicate", actor=new_id(), effective_on=ON, at=AT,
            )  # fmt: skip


def test_identical_requests_at_the_same_moment_post_once(bank, cast, before):
    def again():
        return post(cast, deposit(cast.lin.person, "b"), deposit(cast.lin.person, "a"))

    with overtaken(bank, again) as (answers, let_the_other_try):  # noqa: SIM117 - the order matters
        with acting_for(institution=cast.college, purpose="test") as scope:
            first = post_deposits(
                scope=scope, deposits=[deposit(cast.lin.person, "a"), deposit(cast.lin.person, "b")],
                reason="recognition.approved", actor=cast.zhao.person, at=AT,
            )  # fmt: skip
            let_the_other_try()
    assert answers == [tuple(replace(item, repeated=True) for item in reversed(first))]
    assert written(bank, before)["lot"] == 2


def test_another_request_under_the_same_key_at_the_same_moment_is_refused_whole(bank, cast, before):
    def other():
        return post(cast, deposit(cast.lin.person, "b"), deposit(cast.lin.person, "a", 999))

    with overtaken(bank, other) as (answers, let_the_other_try):  # noqa: SIM117 - the order matters
        with acting_for(institution=cast.college, purpose="test") as scope:
            post_deposits(
                scope=scope, deposits=[deposit(cast.lin.person, "a")], reason="x", actor=cast.zhao.person, at=AT
            )
            let_the_other_try()
    assert code(answers[0]) == "ledger.key_reused"
    assert written(bank, before)["lot"] == 1


def test_two_reversals_of_one_deposit_at_the_same_moment_post_once(bank, cast):
    (posted,) = post(cast, deposit(cast.lin.person))

    for key, said in (("r2", "ledger.already_reversed"),):
        with overtaken(bank, lambda key=key: reverse(cast, (cast.lin.person, posted.posting_id), key=key)) as (  # noqa: SIM117
            answers,
            let_the_other_try,
        ):
            with acting_for(institution=cast.college, purpose="test") as scope:
                (mirror,) = reverse_postings(
                    scope=scope, reversals=[Reversal(cast.lin.person, posted.posting_id, "r1-0")], reason="duplicate",
                    actor=cast.chen.person, effective_on=ON, at=AT,
                )  # fmt: skip
                let_the_other_try()
        assert code(answers[0]) == said
        assert answers[0].explanation[0].facts["posting"] == str(mirror.posting_id)
    assert held(bank, cast.lin.person) == {(posted.lot_id, "available"): 0}


def test_the_same_reversal_twice_at_the_same_moment_is_one(bank, cast):
    (posted,) = post(cast, deposit(cast.lin.person))
    wanted = (cast.lin.person, posted.posting_id)
    with overtaken(bank, lambda: reverse(cast, wanted)) as (answers, let_the_other_try):  # noqa: SIM117 - the order matters
        with acting_for(institution=cast.college, purpose="test") as scope:
            (mirror,) = reverse_postings(
                scope=scope, reversals=[Reversal(*wanted, "r1-0")], reason="duplicate", actor=cast.chen.person,
                effective_on=ON, at=AT,
            )  # fmt: skip
            let_the_other_try()
    assert answers == [(replace(mirror, repeated=True),)]


APPEND_ONLY = [
    f"{verb} {table}{rest}"
    for table in ("lot", "posting", "idempotency")
    for verb, rest in (("UPDATE", " SET learner_id = learner_id"), ("DELETE FROM", ""), ("TRUNCATE", ""))
] + [
    "UPDATE lot SET amount = amount + 1", "UPDATE lot SET title = 'x'", "UPDATE posting SET amount = amount + 1",
    "UPDATE posting SET to_after = 1", "DELETE FROM balance", "UPDATE balance SET lot_id = lot_id",
    "UPDATE leaf_salt SET salt = salt", "DELETE FROM log_outbox", "UPDATE log_outbox SET commitment = commitment",
    "DELETE FROM log_leaf", "INSERT INTO log_leaf VALUES (0, 'posting', 'x', sha256('x'))",
    "UPDATE rule_version SET content = '{}'", "DELETE FROM rule_version", "DELETE FROM result",
    "UPDATE result SET outcome = 'pass'", "ALTER TABLE lot DISABLE ROW LEVEL SECURITY", "DROP TABLE lot",
    "CREATE TABLE extra (id int)", "DELETE FROM operation", "UPDATE operation SET outcome = 'x'",
]  # fmt: skip


def test_the_database_refuses_to_edit_history_for_the_applications_login(bank, cast):
    post(cast, deposit(cast.lin.person))
    for statement in APPEND_ONLY:
        with (
            acting_for(institution=cast.college, purpose="test"),
            pytest.raises(DatabaseError, match=r"permission denied|must be owner"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_the_database_itself_refuses_what_would_break_the_books(bank, cast):
    learner = cast.lin.person
    (posted,) = post(cast, deposit(learner))
    (mirror,) = reverse(cast, (learner, posted.posting_id))
    (second,) = post(cast, deposit(learner, "k2"))
    place = {
        "learner": learner, "lot": second.lot_id, "posting": second.posting_id, "new": new_id(), "mirror": mirror.posting_id,
        "reversed": posted.posting_id, "institution": cast.college, "actor": cast.zhao.person,
    }  # fmt: skip
    posting = (
        "INSERT INTO posting (learner_id, posting_id, institution_id, kind, lot_id, amount, effective_on, recorded_at,"
        " actor_id, reason, reverses, from_state, from_version, from_after, to_state, to_version, to_after)"
        " VALUES (%(learner)s, %(new)s, %(institution)s, '{kind}', {lot}, {amount}, '2026-11-18', now(), %(actor)s,"
        " '{reason}', {reverses}, {given}, {taken})"
    )
    usual = {
        "kind": "hold", "lot": "%(lot)s", "amount": "5", "reason": "x", "reverses": "NULL",
        "given": "'available', 2, 295", "taken": "'held', 1, 5",
    }  # fmt: skip

    def posted_with(**different):
        return posting.format(**usual | different)

    contra = "'issued', NULL, NULL"
    for statement, named in (
        ("UPDATE balance SET amount = 301", "permission denied"),
        ("UPDATE balance SET version = 1", "row-level security"),
        (
            "INSERT INTO balance VALUES (%(learner)s, %(lot)s, 'held', %(institution)s, 5, 1, %(new)s)",
            "permission denied",
        ),
        (posted_with(given="'available', 2, 294"), "what a posting says it was"),
        (posted_with(given="'available', 2, 300"), "what a posting says it was"),
        (posted_with(given="'available', 3, 295"), "what a posting says it was"),
        (posted_with(given="'suspended', 2, 295"), "what a posting says it was"),
        (posted_with(given="'available', 2, -5", amount="305", taken="'held', 1, 305"), "posting_books"),
        (posted_with(given="'available', 1, 295"), "posting_books"),
        (posted_with(given="'available', 2, NULL"), "posting_books"),
        (posted_with(given="'available', NULL, NULL"), "posting_books"),
        (posted_with(given="'issued', 1, 1"), "posting_books"),
        (posted_with(given="'issued', NULL, 1"), "posting_books"),
        (posted_with(taken="'held', 1, 6"), "posting_books"),
        (posted_with(taken="'held', 0, 5"), "posting_books"),
        (posted_with(taken="'held', 2, 4"), "posting_books"),
        (posted_with(taken="'held', 2, 5"), "what a posting says it was"),
        (posted_with(taken="'held', NULL, NULL"), "posting_books"),
        (posted_with(taken="'held', 1, NULL"), "posting_books"),
        (posted_with(taken="'issued', 1, 5"), "posting_books"),
        (posted_with(taken="'available', 3, 300"), "posting_books"),
        (posted_with(given=contra, taken=contra), "posting_books"),
        (posted_with(given=contra, taken="'available', 2, 305"), "posting_books"),
        (posted_with(given=contra), "posting_books"),
        (posted_with(kind="deposit", given=contra, amount="300", taken="'available', 1, 300"), "balance_pkey"),
        (posted_with(lot="%(new)s"), "posting_books"),
        (
            posted_with(kind="reverse", reverses="%(reversed)s", taken="'suspended', 1, 5"),
            "posting_reversed_once",
        ),
        (posted_with(kind="suspend"), "posting_books"),
        (posted_with(taken="'suspended', 1, 5"), "posting_books"),
        (posted_with(kind="release", given="'held', 2, 295", taken="'available', 3, 300"), "posting_books"),
        (posted_with(kind="reverse"), "posting_books"),
        (posted_with(reverses="%(posting)s"), "posting_books"),
        (posted_with(kind="convert"), "posting_books"),
        (posted_with(amount="0", given="'available', 2, 300", taken="'held', 1, 0"), "posting_books"),
        (posted_with(reason="Lin Xiao asked"), "posting_books"),
    ):
        with (
            pytest.raises(DatabaseError, match=named),
            acting_for(institution=cast.college, purpose="test"),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, place)
    assert sum(held(bank, learner).values()) == 300
    with acting_for(institution=cast.college, purpose="test"), connection.cursor() as cursor:
        cursor.execute(posted_with(), place)
    assert held(bank, learner)[second.lot_id, "available"] == 295
    assert held(bank, learner)[second.lot_id, "held"] == 5


def test_two_postings_of_one_statement_move_a_balance_one_after_the_other_or_not_at_all(bank, cast):
    learner = cast.lin.person
    (lot,) = post(cast, deposit(learner))
    place = {"learner": learner, "lot": lot.lot_id, "institution": cast.college, "a": new_id(), "b": new_id()}
    both = (
        "INSERT INTO posting (learner_id, posting_id, institution_id, kind, lot_id, amount, effective_on, recorded_at,"
        " actor_id, reason, from_state, from_version, from_after, to_state, to_version, to_after) SELECT %(learner)s,"
        " id, %(institution)s, 'hold', %(lot)s, 200, '2026-11-18', now(), %(learner)s, 'x', 'available', 1 + at, after,"
        " 'held', at, 200 * at FROM (VALUES (%(a)s::uuid, 1, 100), (%(b)s, 2, {})) AS two(id, at, after)"
    )
    for after in (-100, 100):
        with pytest.raises(DatabaseError, match="posting_books"), acting_for(institution=cast.college, purpose="test"):
            connection.cursor().execute(both.format(after), place)
    assert held(bank, learner) == {(lot.lot_id, "available"): 300}
    with acting_for(institution=cast.college, purpose="test"):
        connection.cursor().execute(both.replace("200", "100").format(100).replace("1, 100)", "1, 200)"), place)
    assert held(bank, learner) == {(lot.lot_id, "available"): 100, (lot.lot_id, "held"): 200}


def test_nobody_posts_on_another_institutions_lot(bank, cast):
    (lot,) = post(cast, deposit(cast.lin.person))
    statement = (
        "INSERT INTO posting (learner_id, posting_id, institution_id, kind, lot_id, amount, effective_on, recorded_at,"
        " actor_id, reason, from_state, from_version, from_after, to_state, to_version, to_after) VALUES (%s, %s, %s,"
        " '{}', %s, {}, '2026-11-18', now(), %s, 'x', {}, 'held', 1, {})"
    )
    other = cast.university
    # The second would issue the lot once more: no balance that stood before could refuse it.
    for of in (("hold", 5, "'available', 2, 295", 5), ("deposit", 300, "'issued', NULL, NULL", 300)):
        with (
            pytest.raises(DatabaseError, match="a posting has its lot"),
            acting_for(institution=other, purpose="test"),
        ):
            connection.cursor().execute(
                statement.format(*of), [cast.lin.person, new_id(), other, lot.lot_id, cast.zhao.person]
            )


def test_no_posting_names_an_institution_that_is_not_there(bank, cast, before):
    stranger = new_id()
    # Its code is asked for first; a process that read it before the institution vanished is what is tried here.
    _codes[connection.settings_dict["NAME"], stranger] = "gone"
    with pytest.raises(psycopg.errors.CheckViolation, match="posting_books"):
        post(cast, deposit(cast.lin.person), institution=stranger)
    assert counts(bank) == before


def test_both_dates_say_what_counted_when_and_what_was_known_when(bank, cast):
    learner, day, hour = cast.lin.person, timedelta(days=1), timedelta(hours=1)
    (late,) = post(cast, deposit(learner, effective_on=ON - 30 * day, earned_on=ON - 40 * day), at=AT)
    (ahead,) = post(cast, deposit(learner, "k2", 100, effective_on=ON + 10 * day), at=AT + hour)
    reverse(cast, (learner, late.posting_id), on=ON + 5 * day, at=AT + 2 * hour)

    def as_of(on, at, **who):
        with acting_for(purpose="test", **who or {"person": learner}) as scope:
            return {(item.lot_id, item.hundredths) for item in balance_as_of(scope, learner, on, at)}

    first, second = (late.lot_id, 300), (ahead.lot_id, 100)
    assert as_of(ON - 31 * day, AT + 9 * hour) == set()
    assert as_of(ON - 30 * day, AT + 9 * hour) == {first}
    assert as_of(ON, AT - hour) == set()
    assert as_of(ON + 4 * day, AT + 9 * hour) == {first}
    assert as_of(ON + 5 * day, AT + 9 * hour) == set()
    assert as_of(ON + 5 * day, AT + hour) == {first}
    assert as_of(ON + 10 * day, AT + hour) == {first, second}
    assert as_of(ON + 10 * day, AT) == {first}
    assert as_of(ON + 10 * day, AT + 9 * hour) == {second}
    assert as_of(ON + 10 * day, AT + 9 * hour, institution=cast.college) == {second}
    assert as_of(ON + 10 * day, AT + 9 * hour, institution=cast.university) == set()
    with acting_for(person=learner, purpose="test") as scope:
        (found,) = balance_as_of(scope, learner, ON + 10 * day, AT + 9 * hour)
    assert found == LotBalance(ahead.lot_id, State.AVAILABLE, 100)
