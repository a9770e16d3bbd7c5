"""Batches to the registrar's system: each posting once, reversals as corrections, the same bytes at any time."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from creditbank.domain.explanation import Refusal
from creditbank.exchange.registrar import default_mapping
from creditbank.exchange.spreadsheets import Form
from creditbank.records.scope import acting_for
from creditbank.services.access import NotVisible
from creditbank.services.registrar.export import make_batch
from tests.cast import AT, ON
from tests.intruder import change, superuser
from tests.services.bookings import deposit, overtaken, post, reverse
from tests.services.exports import HEADS, changed_mapping, export, lines, sheet_bytes, sheet_rows

LATER = AT + timedelta(days=3)


def test_a_deposit_goes_out_once_with_the_columns_of_the_mapping(bank, cast):
    post(cast, deposit(cast.lin.person, title="机器人大赛", code="INN-01", grade="优秀", amount=250))
    made = export(cast)
    assert (made.number, made.lines, made.credit) == (1, 1, 250)
    head, row = sheet_rows(cast, 1)
    assert tuple(head) == HEADS
    assert row == [
        "2023040117", "lin", "INN-01", "机器人大赛", "2.5", "优秀", "2026-2027-1", "创新实践", "2026-11-18",
        "SVC-0001-000001", "新增", "", "",
    ]  # fmt: skip
    assert export(cast).explanation[0].code == "registrar.nothing"
    assert len(lines(bank)) == 1


def test_a_reversal_after_its_export_goes_out_as_a_correction_that_names_the_line(bank, cast):
    first, second = post(cast, deposit(cast.mei.person, "a"), deposit(cast.lin.person, "b", 100))
    export(cast)
    reverse(cast, (cast.mei.person, first.posting_id), at=LATER)
    made = export(cast, at=LATER)
    assert (made.number, made.lines, made.credit) == (2, 1, -300)
    row = dict(zip(*sheet_rows(cast, 2), strict=True))
    assert (row["学分"], row["类型"], row["原凭证号"]) == ("-3.0", "更正", "SVC-0001-000002")
    assert [line[2] for line in lines(bank)][:2] == [second.posting_id, first.posting_id]


def test_a_deposit_and_its_reversal_that_wait_together_are_on_no_sheet_and_in_one_batch(bank, cast):
    gone, _kept = post(cast, deposit(cast.lin.person, "a"), deposit(cast.lin.person, "b", 100))
    reverse(cast, (cast.lin.person, gone.posting_id))
    made = export(cast)
    assert (made.lines, made.offsets, made.credit) == (1, 2, 100)
    assert [(kind, written, hundredths) for _, _, _, kind, written, hundredths, _ in lines(bank)] == [
        ("new", True, 100), ("new", False, 300), ("correction", False, -300),
    ]  # fmt: skip
    assert len(sheet_rows(cast, 1)) == 2
    assert isinstance(export(cast), Refusal)


def test_a_mapping_may_ask_for_both_of_them(bank, cast):
    (gone,) = post(cast, deposit(cast.lin.person, "a"))
    reverse(cast, (cast.lin.person, gone.posting_id))
    assert export(cast).explanation[0].code == "registrar.nothing"
    made = export(cast, mapping=changed_mapping(("offset: neither", "offset: both")))
    assert (made.lines, made.offsets, made.credit) == (2, 0, 0)
    _, new, correction = sheet_rows(cast, 1)
    assert (new[4], correction[4], correction[11]) == ("3.0", "-3.0", "SVC-0001-000001")


def test_only_what_was_recorded_up_to_the_day_goes_out(bank, cast):
    post(cast, deposit(cast.lin.person, "a"))
    (late,) = post(cast, deposit(cast.lin.person, "b"), at=LATER)
    assert export(cast, at=LATER, until=ON).lines == 1
    assert export(cast, at=LATER, until=LATER.date()).lines == 1
    assert lines(bank)[-1][2] == late.posting_id
    assert export(cast, at=LATER, until=date(2030, 1, 1)).explanation[0].code == "registrar.until_future"


def test_what_came_from_the_registrars_system_is_not_sent_back(bank, cast):
    post(cast, deposit(cast.lin.person, "a", source_kind="result"), deposit(cast.lin.person, "b", 100))
    assert export(cast).credit == 100


def test_another_institutions_postings_stay_with_it(bank, cast):
    post(cast, deposit(cast.wei.person, "a"), institution=cast.university)
    assert isinstance(export(cast), Refusal)
    assert export(cast, actor=cast.sun).number == 1


def test_downloading_a_batch_again_gives_the_same_bytes_also_after_a_name_has_changed(bank, cast):
    post(cast, deposit(cast.lin.person, "a", title="=cmd|' /C calc'!A0"), deposit(cast.mei.person, "b"))
    export(cast)
    before = {form: sheet_bytes(cast, 1, form) for form in Form}
    change(bank, "UPDATE enrolment SET name = '改名', student_number = student_number || '9'")
    change(bank, "UPDATE institution SET name = 'x'", "UPDATE outcome_type SET name = 'x'")
    assert {form: sheet_bytes(cast, 1, form) for form in Form} == before
    # The encodings say the same.
    assert sheet_rows(cast, 1, Form.GB18030) == sheet_rows(cast, 1)
    assert sheet_rows(cast, 1)[1][3] == "'=cmd|' /C calc'!A0"


def test_a_learner_without_a_student_number_waits(bank, cast):
    (posted,) = post(cast, deposit(cast.stranger.person, "a"))
    assert isinstance(export(cast), Refusal)
    assert posted.posting_id not in {line[2] for line in lines(bank)}


def test_the_desk_of_one_college_and_a_reviewer_export_nothing(bank, cast):
    post(cast, deposit(cast.lin.person, "a"))
    of_design = dataclasses.replace(cast.zhao, college=cast.design)
    assert export(cast, actor=of_design).explanation[0].code == "registrar.whole_house"
    with pytest.raises(NotVisible):
        export(cast, actor=cast.chen)
    assert lines(bank) == []


# Exactly once


def test_two_exports_at_once_share_the_postings_and_take_none_twice(bank, cast):
    post(cast, *(deposit(cast.lin.person, f"k{place}") for place in range(5)))
    sheet, document = default_mapping()
    with (
        overtaken(bank, lambda: export(cast)) as (answers, begin),
        acting_for(institution=cast.college, purpose="test") as scope,
    ):
        first = make_batch(scope=scope, actor=cast.zhao, sheet=sheet, document=document, until=None, at=AT)
        begin()
    assert first.lines == 5
    (second,) = answers
    assert isinstance(second, Refusal)
    assert len(lines(bank)) == 5


def test_the_database_itself_refuses_a_posting_in_a_second_batch(bank, cast):
    post(cast, deposit(cast.lin.person, "a"))
    export(cast)
    with superuser(bank) as connection, pytest.raises(psycopg.errors.UniqueViolation, match="export_line_once"):
        connection.execute(
            "INSERT INTO export_line SELECT institution_id, batch_id, line + 1, learner_id, posting_id, kind, written,"
            " hundredths, names_batch, names_line, cells FROM export_line"
        )


def test_nobody_may_change_or_remove_what_went_out(bank, cast):
    post(cast, deposit(cast.lin.person, "a"))
    export(cast)
    for table in ("export_batch", "export_line", "export_resend", "reconciliation", "reconciliation_line"):
        for statement in (f"DELETE FROM {table} RETURNING 1", f"UPDATE {table} SET institution_id = NULL RETURNING 1"):
            with (
                pytest.raises(Exception, match="permission denied"),
                acting_for(institution=cast.college, purpose="test") as scope,
            ):
                scope.fetch(statement)


def test_a_crash_before_the_commit_leaves_no_batch_and_the_next_one_is_whole(bank, cast):
    post(cast, *(deposit(cast.lin.person, f"k{place}") for place in range(3)))
    sheet, document = default_mapping()

    def cut_off():
        with acting_for(institution=cast.college, purpose="test") as scope:
            made = make_batch(scope=scope, actor=cast.zhao, sheet=sheet, document=document, until=None, at=AT)
            assert made.lines == 3
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut_off()
    assert lines(bank) == []
    assert (export(cast).number, len(lines(bank))) == (1, 3)


ACTS = st.lists(
    st.tuples(st.sampled_from(["deposit", "deposit", "reverse", "export", "export_both"]), st.integers(0, 30)),
    max_size=18,
)


@given(acts=ACTS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_interleaving_sends_each_posting_once_and_the_batches_sum_to_the_ledger(bank, cast, acts):
    _empty(bank)
    both, standing, key = changed_mapping(("offset: neither", "offset: both")), [], 0
    for nth, (act, which) in enumerate([*acts, ("deposit", 1), ("export", 0)]):
        at = AT + timedelta(hours=nth)
        on = at.date()
        if act == "deposit":
            who = (cast.lin, cast.mei)[which % 2].person
            key += 1
            (posted,) = post(cast, deposit(who, f"k{key}", 50 * (which + 1)), at=at)
            standing.append((who, posted.posting_id))
        elif act == "reverse" and standing:
            reverse(cast, standing.pop(which % len(standing)), key=f"r{nth}", at=at, on=max(on, ON))
        elif act.startswith("export"):
            export(cast, at=at + timedelta(minutes=1), mapping=both if act == "export_both" else None)
    with superuser(bank) as connection:
        ledger = dict(
            connection.execute(
                "SELECT posting_id, CASE kind WHEN 'deposit' THEN amount ELSE -amount END FROM posting"
            ).fetchall()
        )
        sums = connection.execute("SELECT coalesce(sum(hundredths), 0)::int FROM export_batch").fetchone()[0]
    sent = [(line[2], line[5]) for line in lines(bank)]
    assert len(sent) == len(dict(sent))
    assert dict(sent) == ledger
    assert sums == sum(ledger.values())
    assert sums == sum(line[5] for line in lines(bank) if line[4])


def _empty(bank):
    tables = (
        "export_resend, export_line, export_batch, posting, balance, lot, idempotency, leaf_salt, dirty, log_outbox"
    )
    with superuser(bank) as connection:
        connection.execute(f"TRUNCATE {tables} CASCADE")
