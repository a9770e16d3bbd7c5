"""Reconciliation: what comes back is compared line by line, kept, superseded by date, and sent again on request."""

from __future__ import annotations

from datetime import timedelta

import pytest

from creditbank.domain.explanation import Refusal
from creditbank.exchange.encoding import SheetProblem
from creditbank.queries.registrar.batches import count_standings, list_lines
from creditbank.records.scope import acting_for
from creditbank.services.access import NotVisible
from tests.cast import AT, ON
from tests.intruder import superuser
from tests.services.bookings import deposit, post, reverse
from tests.services.exports import (
    HEADS,
    batch_id,
    changed_mapping,
    csv_file,
    export,
    found,
    lines,
    resend,
    sheet_bytes,
    sheet_rows,
    take_back,
    xlsx_file,
)

STATUS = (*HEADS, "处理结果", "原因")


@pytest.fixture
def sent(bank, cast):
    """A batch of four lines: its rows without the head."""
    post(
        cast,
        *(deposit(cast.lin.person, f"k{place}", 100 * place, title=f"课程{place}") for place in (1, 2)),
        *(deposit(cast.mei.person, f"m{place}", 100 * place, title=f"竞赛{place}", grade="优秀") for place in (3, 4)),
    )
    export(cast)
    return sheet_rows(cast, 1)[1:]


def standings(bank, cast, number=1):
    of = batch_id(bank, number, cast)
    with acting_for(institution=cast.college, purpose="test") as scope:
        counts = count_standings(scope, of)
        rows = {row.line: row for row in list_lines(scope, of, limit=100)}
    return counts, rows


def test_the_sheet_itself_sent_back_is_accepted_in_full_in_every_form(bank, cast, sent, tmp_path):
    from creditbank.exchange.spreadsheets import Form

    for form in Form:
        path = tmp_path / f"back.{form}"
        path.write_bytes(sheet_bytes(cast, 1, form))
        kept = take_back(cast, bank, 1, path)
        assert not kept.repeated
        assert [outcome for outcome, *_ in found(bank, kept)] == ["accepted"] * 4
    assert standings(bank, cast)[0] == {"accepted": 4}


def test_each_line_is_accepted_refused_missing_different_or_unknown(bank, cast, sent, tmp_path):
    different = [*sent[2]]
    different[4] = "9"
    path = csv_file(
        tmp_path,
        [
            STATUS,
            [*sent[0], "成功", ""],
            [*sent[1], "失败", "课程代码不存在"],
            [*different, "成功", ""],
            [*sent[2][:9], "SVC-0001-000099", *sent[2][10:], "成功", ""],
            [*sent[2][:9], "DOU-0001-000001", *sent[2][10:], "成功", ""],
        ],
    )
    kept = take_back(cast, bank, 1, path)
    assert found(bank, kept) == [
        ("accepted", 2, "SVC-0001-000001"),
        ("refused", 3, "SVC-0001-000002"),
        ("different", 4, "SVC-0001-000003"),
        ("unknown", 5, "SVC-0001-000099"),
        ("unknown", 6, "DOU-0001-000001"),
        ("missing", None, "SVC-0001-000004"),
    ]
    counts, rows = standings(bank, cast)
    assert counts == {"accepted": 1, "refused": 1, "different": 1, "missing": 1}
    assert rows[2].reason == "课程代码不存在"
    assert rows[3].detail == {"columns": [{"head": "学分", "ours": sent[2][4], "theirs": "9"}]}


def test_what_programs_change_in_passing_is_no_difference(bank, cast, tmp_path):
    post(cast, deposit(cast.lin.person, "a", 300, title="=机器人(A)", code="001", grade="90"))
    export(cast)
    (row,) = sheet_rows(cast, 1)[1:]
    assert (row[2], row[3], row[4]) == ("001", "'=机器人(A)", "3.0")
    row[3], row[4], row[5], row[0] = "＝机器人（A） ", "3", "90.0", f" {row[0]}"
    path = xlsx_file(tmp_path, [HEADS, [float(cell) if place == 4 else cell for place, cell in enumerate(row)]])
    assert found(bank, take_back(cast, bank, 1, path))[0][0] == "accepted"
    # A course code that lost its zeros is another code.
    row[2] = "1"
    assert found(bank, take_back(cast, bank, 1, csv_file(tmp_path, [HEADS, row])))[0][0] == "different"


def test_the_same_file_again_changes_nothing(bank, cast, sent, tmp_path):
    path = csv_file(tmp_path, [HEADS, *sent])
    first = take_back(cast, bank, 1, path)
    again = take_back(cast, bank, 1, path, sheet_on=ON + timedelta(9), at=AT + timedelta(9))
    assert again.repeated
    assert again.reconciliation_id == first.reconciliation_id
    with superuser(bank) as connection:
        assert connection.execute("SELECT count(*) FROM reconciliation_line").fetchone() == (4,)


def test_the_later_day_of_a_sheet_decides_line_by_line_whenever_it_arrives(bank, cast, sent, tmp_path):
    late = csv_file(tmp_path, [STATUS, [*sent[0], "成功", ""], [*sent[1], "成功", ""]], "late.csv")
    early = csv_file(tmp_path, [STATUS, *([*row, "失败", "窗口已关闭"] for row in sent)], "early.csv")
    take_back(cast, bank, 1, late, sheet_on=ON + timedelta(2))
    take_back(cast, bank, 1, early, sheet_on=ON, at=AT + timedelta(5))
    assert standings(bank, cast)[0] == {"accepted": 2, "missing": 2}
    newest = csv_file(tmp_path, [STATUS, *([*row, "退回", "x"] for row in sent[:1])], "newest.csv")
    take_back(cast, bank, 1, newest, sheet_on=ON + timedelta(3))
    assert standings(bank, cast)[0] == {"refused": 1, "missing": 3}


def test_a_sheet_may_speak_of_lines_of_other_batches_too(bank, cast, sent, tmp_path):
    post(cast, deposit(cast.lin.person, "later"))
    export(cast)
    (later,) = sheet_rows(cast, 2)[1:]
    take_back(cast, bank, 2, csv_file(tmp_path, [HEADS, later, sent[0]]))
    assert standings(bank, cast, 2)[0] == {"accepted": 1}
    assert standings(bank, cast, 1)[0] == {"accepted": 1, "waiting": 3}


def test_another_mapping_may_read_the_sheet(bank, cast, sent, tmp_path):
    mapping = changed_mapping(
        (
            "  status: 处理结果",
            "  heads: {凭证号: 外部流水号, 学分: 获得学分}\n  status: 状态\n  status_required: true",
        ),
        ("compare: [学号, 课程代码, 课程名称, 学分, 成绩]", "compare: [学分]"),
    )
    rows = [[row[9].lower(), row[4], "通过"] for row in sent]
    rows[1][1] = "7.5"
    path = xlsx_file(tmp_path, [("外部流水号", "获得学分", "状态"), *rows])
    kept = take_back(cast, bank, 1, path, mapping=mapping)
    assert [outcome for outcome, *_ in found(bank, kept)] == ["accepted", "different", "accepted", "accepted"]
    with pytest.raises(SheetProblem, match="状态"):
        take_back(cast, bank, 1, csv_file(tmp_path, [("外部流水号", "获得学分"), rows[0][:2]]), mapping=mapping)


# Hostile sheets


def test_a_formula_a_word_nobody_knows_and_a_row_without_a_voucher_are_named_and_not_taken(bank, cast, sent, tmp_path):
    formula = [("=1+1", 2) if place == 4 else cell for place, cell in enumerate(sent[0])]
    path = xlsx_file(
        tmp_path,
        [
            STATUS,
            [*formula, "成功", ""],
            [*sent[1], "大概成功", ""],
            [*sent[2][:9], "", *sent[2][10:], "成功", ""],
            [*sent[3], "成功", ""],
        ],
    )
    kept = take_back(cast, bank, 1, path)
    with superuser(bank) as connection:
        said = connection.execute(
            "SELECT outcome, sheet_row, coalesce(line, 0), detail->>'code', detail->'blind' FROM reconciliation_line"
            " WHERE reconciliation_id = %s ORDER BY sequence",
            [kept.reconciliation_id],
        ).fetchall()
    assert said == [
        ("unread", 2, 0, "sheet.formula", None),
        ("unread", 3, 0, "registrar.status_unknown", None),
        ("unread", 4, 0, "registrar.no_voucher", None),
        ("accepted", 5, 4, None, None),
        # These two may stand in the rows that could not be read, and the result says so.
        ("missing", None, 1, None, 2),
        ("missing", None, 3, None, 2),
    ]
    assert standings(bank, cast)[0] == {"accepted": 1, "missing": 2, "waiting": 1}


def test_two_rows_of_one_line_count_once_when_they_agree_and_not_at_all_when_they_do_not(bank, cast, sent, tmp_path):
    path = csv_file(
        tmp_path,
        [
            STATUS,
            *([*row, "成功", ""] for row in sent),
            [*sent[0], "成功", ""],
            [*sent[1], "失败", "重复"],
        ],
    )
    outcomes = found(bank, take_back(cast, bank, 1, path))
    assert [(outcome, row) for outcome, row, _ in outcomes] == [
        ("accepted", 2), ("unread", 3), ("accepted", 4), ("accepted", 5), ("unread", 6), ("unread", 7),
    ]  # fmt: skip
    assert standings(bank, cast)[0] == {"accepted": 3, "waiting": 1}


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ([head for head in HEADS if head != "凭证号"], "no column named 凭证号"),
        ([head for head in HEADS if head != "学分"], "no column named 学分"),
        ([*HEADS, "凭证号"], "more than once"),
    ],
)
def test_a_sheet_without_its_columns_or_with_one_twice_is_refused_as_a_whole(bank, cast, sent, tmp_path, head, message):
    with pytest.raises(SheetProblem, match=message):
        take_back(cast, bank, 1, csv_file(tmp_path, [head, ["x"] * len(head)]))
    with superuser(bank) as connection:
        assert connection.execute("SELECT count(*) FROM reconciliation").fetchone() == (0,)


# Sending again


def test_a_refused_line_goes_out_again_once_when_a_person_says_so(bank, cast, sent, tmp_path):
    path = csv_file(tmp_path, [STATUS, [*sent[0], "成功", ""], [*sent[1], "失败", "x"], [*sent[2], "成功", ""]])
    take_back(cast, bank, 1, path)
    assert isinstance(export(cast), Refusal), "nothing goes out again by itself"
    assert resend(cast, bank, 1, 1).explanation[0].code == "registrar.not_sent_back"
    assert resend(cast, bank, 1, 2, 4) == 2
    assert resend(cast, bank, 1, 2).explanation[0].code == "registrar.already_resent"
    post(cast, deposit(cast.lin.person, "new", 50))
    made = export(cast)
    assert (made.lines, made.resent, made.credit) == (3, 2, 50)
    again = [dict(zip(HEADS, row, strict=True)) for row in sheet_rows(cast, 2)[1:]]
    assert [(row["类型"], row["原凭证号"], row["学分"]) for row in again] == [
        ("重发", "SVC-0001-000002", sent[1][4]), ("重发", "SVC-0001-000004", sent[3][4]), ("新增", "", "0.5"),
    ]  # fmt: skip
    assert isinstance(export(cast), Refusal)
    with superuser(bank) as connection:
        assert connection.execute("SELECT sum(hundredths) FROM export_batch").fetchone()[0] == 1050


def test_a_line_that_was_sent_again_and_refused_again_can_go_a_third_time(bank, cast, sent, tmp_path):
    for number, name in ((1, "a.csv"), (2, "b.csv")):
        rows = sheet_rows(cast, number)[1:]
        take_back(cast, bank, number, csv_file(tmp_path, [STATUS, *([*row, "失败", "x"] for row in rows)], name))
        assert resend(cast, bank, number, 1) == 1
        assert export(cast).resent == 1
    assert [line[3] for line in lines(bank) if line[0] > 1] == ["resend", "resend"]


def test_a_line_whose_deposit_was_reversed_is_not_sent_again(bank, cast, sent, tmp_path):
    take_back(cast, bank, 1, csv_file(tmp_path, [STATUS, *([*row, "失败", "x"] for row in sent)]))
    with superuser(bank) as connection:
        learner, posting = connection.execute(
            "SELECT learner_id, posting_id FROM export_line WHERE line = 1"
        ).fetchone()
    reverse(cast, (learner, posting))
    assert resend(cast, bank, 1, 1).explanation[0].code == "registrar.resend_reversed"
    assert resend(cast, bank, 1, 2) == 1


def test_no_other_institution_takes_a_sheet_in_for_a_batch(bank, cast, sent, tmp_path):
    of = batch_id(bank, 1, cast)
    from creditbank.services.registrar.reconcile import ask_resend

    with acting_for(institution=cast.university, purpose="test") as scope, pytest.raises(NotVisible):
        ask_resend(scope=scope, actor=cast.sun, batch_id=of, lines=[1], at=AT)
