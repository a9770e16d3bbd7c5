"""Taking an import of opening lots back: two people, whole or nothing, and the sheet can come again."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from creditbank.domain.access import Actor, Role
from creditbank.domain.explanation import Refusal
from creditbank.gateways.clock import new_id
from creditbank.gateways.database_roles import user_of
from creditbank.queries.check.whole import check_bank
from creditbank.queries.notices import notices_of
from creditbank.queries.reversals import open_request, preview_run
from creditbank.records.opening_lots import OpeningLot
from creditbank.records.results import ImportRun
from creditbank.records.scope import acting_for
from creditbank.services.access import NotVisible
from creditbank.services.conversions.reverse import reverse_conversion
from creditbank.services.people import enrol_learner, give_role, open_account
from creditbank.services.reversals import TakenBack, ask_reversal, confirm_reversal, withdraw_reversal
from tests.cast import AT, ON
from tests.exchange.test_opening_lots import LIN, MEI, bring, conversion, lots, recognition, refusals
from tests.intruder import change, superuser
from tests.services.bookings import overtaken

LATER = AT + timedelta(days=2)


def second_registrar(cast, name="liu"):
    with acting_for(institution=cast.college, purpose="test") as scope:
        account = open_account(scope=scope, sign_in=name, name=name, password="a long enough password", at=AT)
        give_role(scope=scope, account=account.id, role=Role.REGISTRAR, since=AT.date() - timedelta(9))
    return Actor(account.id, cast.college, None, frozenset({Role.REGISTRAR}))


def ask(cast, run, actor=None, reason="duplicate"):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return ask_reversal(scope=scope, actor=actor or cast.zhao, run_id=run.run_id, reason=reason, at=LATER)


def confirm(cast, run, actor, seen=None, scope=None):
    if scope is None:
        with acting_for(institution=cast.college, purpose="test") as scope:
            return confirm(cast, run, actor, seen, scope)
    seen = seen or preview_run(scope, run.run_id).digest
    return confirm_reversal(scope=scope, actor=actor, run_id=run.run_id, seen=seen, at=LATER, on=LATER.date())


def take_back(cast, run, actor):
    assert not isinstance(ask(cast, run), Refusal)
    return confirm(cast, run, actor)


def undo_conversion(cast, learner, posting_line):
    """Reverse the conversion behind one line of an import, at the office's desk."""
    with acting_for(institution=cast.college, purpose="test") as scope:
        (lot,) = [
            one.lot_id for one in scope.rows(OpeningLot).filter(learner_id=learner, course=posting_line, taken_back=0)
        ]
        ((found,),) = scope.fetch(
            "SELECT conversion_id FROM posting WHERE lot_id = %s AND from_state = 'issued'", [lot]
        )
        return found, reverse_conversion(
            scope=scope, actor=second_registrar(cast, f"r{new_id().hex[-8:]}"), learner_id=learner,
            conversion_id=found, reason="duplicate", at=LATER, on=LATER.date(),
        )  # fmt: skip


def check(bank):
    users = {login: user_of(login) for login in ("app", "sequencer", "auditor")}
    return [line.code for line in check_bank(bank, users)[0]]


def money(bank):
    with superuser(bank) as su:
        return su.execute(
            "SELECT lot.title, state::text, balance.amount FROM balance JOIN lot USING (learner_id, lot_id)"
            " WHERE balance.amount > 0 ORDER BY 1, 2, 3"
        ).fetchall()


def test_an_import_is_taken_back_whole_by_two_people_and_its_postings_stay(bank, cast):
    run = bring(cast, recognition(LIN), conversion(LIN, used="3"), recognition(MEI, credit="2"))
    liu = second_registrar(cast)
    assert check(bank) == []
    done = take_back(cast, run, liu)
    assert isinstance(done, TakenBack)
    # Two deposits, and both sides of the conversion.
    assert (done.mirrors, done.lots, done.learners) == (4, 3, 2)
    assert money(bank) == []
    assert check(bank) == []
    with superuser(bank) as su:
        kinds = su.execute("SELECT kind::text, count(*) FROM posting GROUP BY 1 ORDER BY 1").fetchall()
        batches = su.execute(
            "SELECT DISTINCT batch_id, reason, actor_id FROM posting WHERE kind = 'reverse'"
        ).fetchall()
        state = su.execute("SELECT state, reverted_at, reverted_by FROM import_run").fetchall()
        request = su.execute("SELECT state, asked_by, decided_by, postings FROM reversal_request").fetchall()
    assert sorted(kinds) == [("convert", 2), ("deposit", 2), ("reverse", 4)]
    assert batches == [(done.request_id, "opening.duplicate", liu.person)]
    assert state == [("reverted", LATER, liu.person)]
    assert request == [("done", cast.zhao.person, liu.person, 4)]
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        told = [(one.code, one.facts["title"]) for one in notices_of(scope, cast.lin.person, limit=9)]
    assert sorted(told) == [("imports.reversed", "省赛二等奖"), ("imports.reversed", "程序设计")]


def test_the_same_sheet_posts_again_after_it_was_taken_back_and_again(bank, cast):
    rows = [recognition(LIN), conversion(LIN, used="3"), conversion(MEI, source="", used="2", outcome="英语四级")]
    liu = second_registrar(cast)
    held = []
    for turn in range(3):
        run = bring(cast, *rows, at=AT + timedelta(hours=turn))
        assert (run.rows_stored, run.rows_repeated, run.lots_posted) == (3, 0, 4)
        # While it stands, once more posts nothing.
        assert bring(cast, *rows, at=AT + timedelta(hours=turn, minutes=5)).rows_repeated == 3
        held.append(money(bank))
        assert check(bank) == []
        assert isinstance(take_back(cast, run, liu), TakenBack)
        assert money(bank) == []
    assert held[0] == held[1] == held[2]
    assert check(bank) == []


def test_another_sheet_may_say_otherwise_once_the_first_was_taken_back(bank, cast):
    liu = second_registrar(cast)
    run = bring(cast, recognition(LIN, credit="40"))
    assert bring(cast, recognition(LIN)).rows_refused == 1
    take_back(cast, run, liu)
    assert bring(cast, recognition(LIN), at=LATER).rows_stored == 1
    assert money(bank) == [("省赛二等奖", "available", 400)]
    assert check(bank) == []


def test_credit_of_an_earlier_import_that_a_run_used_is_given_back(bank, cast):
    bring(cast, recognition(LIN))
    run = bring(cast, conversion(LIN, used="3"), at=AT + timedelta(hours=1))
    with acting_for(institution=cast.college, purpose="test") as scope:
        (effect,) = preview_run(scope, run.run_id).learners
    assert (effect.taken, effect.given_back, effect.available, effect.then) == (300, 300, 400, 400)
    take_back(cast, run, second_registrar(cast))
    assert money(bank) == [("省赛二等奖", "available", 400)]
    assert check(bank) == []


def test_while_its_credit_is_in_use_nothing_is_taken_back_and_the_rows_are_named(bank, cast):
    run = bring(cast, recognition(LIN), recognition(MEI))
    later = bring(cast, conversion(LIN, used="3"), at=AT + timedelta(hours=1))
    liu, before = second_registrar(cast), money(bank)
    refusal = ask(cast, run)
    assert [line.code for line in refusal.explanation] == ["reversal.run_in_use", "reversal.row_in_use"]
    named = refusal.explanation[1].facts
    assert (named["line"], named["number"], named["into"], named["day"]) == (2, LIN, "程序设计", "2024-03-08")
    with acting_for(institution=cast.college, purpose="test") as scope:
        (row,) = preview_run(scope, run.run_id).in_the_way
    assert (row.number, [use.file_name for use in row.uses]) == (LIN, ["期初.xlsx"])
    assert money(bank) == before
    # The later import first, then this one.
    assert isinstance(take_back(cast, later, liu), TakenBack)
    assert isinstance(take_back(cast, run, liu), TakenBack)
    assert money(bank) == []
    assert check(bank) == []


def test_what_was_used_between_asking_and_confirming_stops_it(bank, cast):
    run = bring(cast, recognition(LIN))
    liu = second_registrar(cast)
    ask(cast, run)
    bring(cast, conversion(LIN, used="3"), at=AT + timedelta(hours=1))
    assert confirm(cast, run, liu).explanation[0].code == "reversal.run_in_use"
    assert [row[2] for row in money(bank)] == [100, 300, 300]


def test_nobody_takes_an_import_back_alone_and_one_request_is_enough(bank, cast):
    run = bring(cast, recognition(LIN))
    liu = second_registrar(cast)
    assert confirm(cast, run, liu).explanation[0].code == "reversal.not_asked"
    assert ask(cast, run, reason="whatever").explanation[0].code == "reversal.reason_needed"
    ask(cast, run)
    assert ask(cast, run, liu).explanation[0].code == "reversal.asked_before"
    assert confirm(cast, run, cast.zhao).explanation[0].code == "reversal.second_registrar"
    assert confirm(cast, run, liu, seen="something else").explanation[0].code == "reversal.seen_changed"
    assert money(bank) == [("省赛二等奖", "available", 400)]
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert withdraw_reversal(scope=scope, actor=liu, run_id=run.run_id, at=LATER) is None
        assert withdraw_reversal(scope=scope, actor=liu, run_id=run.run_id, at=LATER).explanation
        assert open_request(scope, run.run_id) is None
    assert confirm(cast, run, liu).explanation[0].code == "reversal.not_asked"
    assert isinstance(take_back(cast, run, liu), TakenBack)
    assert ask(cast, run).explanation[0].code == "reversal.run_taken_back"
    assert confirm(cast, run, liu).explanation[0].code == "reversal.run_taken_back"


def test_nobody_takes_back_their_own_credit_nor_without_the_desk_of_the_whole_school(bank, cast):
    liu = second_registrar(cast)
    with acting_for(institution=cast.college, purpose="test") as scope:
        enrol_learner(scope=scope, learner_id=liu.person, student_number="L1", name="", at=AT)
    run = bring(cast, recognition(LIN), recognition("L1"))
    ask(cast, run)
    assert confirm(cast, run, liu).explanation[0].code == "reversal.own_credit"
    in_college = Actor(cast.zhao.person, cast.college, cast.software, frozenset({Role.REGISTRAR}))
    for actor in (cast.chen, cast.sun, in_college):
        with pytest.raises(NotVisible):
            ask(cast, run, actor)
    assert [row[2] for row in money(bank)] == [400, 400]


def test_runs_of_other_kinds_and_other_schools_are_not_taken_back(bank, cast):
    run = new_id()
    with acting_for(institution=cast.college, purpose="test") as scope:
        made = scope.rows(ImportRun).create(
            institution_id=cast.college, run_id=run, kind="results", file_name="x", file_hash="0", mapping_hash="0",
            actor_id=cast.zhao.person, state="finished", started_at=AT,
        )  # fmt: skip
    assert ask(cast, made).explanation[0].code == "reversal.run_of_facts"
    opening = bring(cast, recognition(LIN))
    with acting_for(institution=cast.university, purpose="test") as scope:
        refused = ask_reversal(scope=scope, actor=cast.sun, run_id=opening.run_id, reason="duplicate", at=LATER)
    assert refused.explanation[0].code == "reversal.no_run"


def test_of_two_registrars_who_confirm_at_once_one_takes_it_back(bank, cast):
    run = bring(cast, recognition(LIN), conversion(LIN, used="3"))
    liu, han = second_registrar(cast), second_registrar(cast, "han")
    ask(cast, run)
    with overtaken(bank, lambda: confirm(cast, run, han)) as (answers, start):  # noqa: SIM117 - the order matters
        with acting_for(institution=cast.college, purpose="test") as scope:
            done = confirm(cast, run, liu, scope=scope)
            start()
    assert isinstance(done, TakenBack)
    assert answers[0].explanation[0].code == "reversal.run_taken_back"
    assert check(bank) == []


def test_a_conversion_that_was_reversed_alone_is_left_out_and_its_line_stays_away(bank, cast):
    rows = [recognition(LIN), conversion(LIN, used="3")]
    run = bring(cast, *rows)
    _conversion, done = undo_conversion(cast, cast.lin.person, "C01")
    assert not isinstance(done, Refusal)
    # Its own sheet does not bring it back; a line that says otherwise takes its place.
    again = bring(cast, *rows, at=LATER)
    assert (again.rows_stored, again.rows_repeated) == (0, 2)
    corrected = bring(cast, conversion(LIN, used="2", credit="2"), at=LATER + timedelta(hours=1))
    assert corrected.rows_stored == 1
    assert refusals(bank, corrected) == []
    assert [row[:2] + row[3:5] for row in lots(bank, cast.lin.person) if row[4]] == [
        ("省赛二等奖", "", "available", 200), ("省赛二等奖", "", "converted", 200), ("程序设计", "C01", "available", 200),
    ]  # fmt: skip
    liu = second_registrar(cast)
    take_back(cast, corrected, liu)
    done = take_back(cast, run, liu)
    assert (done.mirrors, done.lots) == (1, 1)
    assert money(bank) == []
    assert check(bank) == []


def test_check_names_a_run_that_was_taken_back_by_half(bank, cast):
    run = bring(cast, recognition(LIN), recognition(MEI))
    take_back(cast, run, second_registrar(cast))
    change(bank, "DELETE FROM posting WHERE kind = 'reverse' AND learner_id = (SELECT learner_id FROM enrolment"
                 f" WHERE student_number = '{LIN}')")  # fmt: skip
    found = check(bank)
    assert {"check.run_taken_back", "check.opening_lot"} <= set(found)


def test_a_run_counts_from_the_day_it_is_taken_back_and_stands_before(bank, cast):
    from creditbank.queries.balances import balance_as_of

    run = bring(cast, recognition(LIN))
    take_back(cast, run, second_registrar(cast))
    with acting_for(institution=cast.college, purpose="test") as scope:
        before = balance_as_of(scope, cast.lin.person, ON, LATER)
        after = balance_as_of(scope, cast.lin.person, LATER.date(), LATER)
    assert [one.hundredths for one in before] == [400]
    assert after == ()
    assert date(2023, 12, 20) < ON
