"""Opening lots: five years of an office's earlier decisions, posted with their own dates and documents."""

from __future__ import annotations

import io
import random
from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from creditbank.domain.ledger import State
from creditbank.domain.opening_lots import OPENING
from creditbank.exchange.opening_lots import import_sheet, opening_template, plan_sheet, read_opening
from creditbank.gateways.clock import new_id
from creditbank.gateways.database_roles import user_of
from creditbank.gateways.files import open_upload
from creditbank.projections.progress import held_credit
from creditbank.queries.balances import balance_as_of
from creditbank.queries.check.whole import check_bank
from creditbank.queries.registrar.waiting import count_waiting
from creditbank.records.opening_lots import OpeningLot
from creditbank.records.scope import acting_for
from creditbank.services.people import enrol_learner
from tests.cast import AT
from tests.exchange.master_sheets import book_of
from tests.intruder import superuser

HEAD = ("学号", "姓名", "处理类别", "文号", "认定日期", "成果名称", "成果类型", "学分", "所用成果文号", "所用学分", "课程代码",
        "课程名称", "成绩", "学期")  # fmt: skip
TODAY = date(2026, 3, 1)


def recognition(
    number="S-lin", document="教务〔2023〕15号", on="2023-12-20", outcome="省赛二等奖", credit="4", name=""
):
    return (number, name, "认定", document, on, outcome, "竞赛", credit, "", "", "", "", "", "")


def conversion(number="S-lin", source="教务〔2023〕15号", used="4", credit="3", course="C01", on="2024-03-08", **more):
    document, outcome = more.get("document", "教务〔2024〕3号"), more.get("outcome", "省赛二等奖")
    return (
        number,
        "",
        "置换",
        document,
        on,
        outcome,
        "",
        credit,
        source,
        used,
        course,
        "程序设计",
        "85",
        "2023-2024-2",
    )


def read(*rows, head=HEAD, name="期初.xlsx"):
    with open_upload(io.BytesIO(book_of(期初=[head, *rows])), name=name) as upload:
        return read_opening(upload, today=TODAY)


def bring(cast, *rows, at=AT, **more):
    return import_sheet(read(*rows, **more), institution=cast.college, actor=cast.zhao.person, now=lambda: at)


def refusals(bank, run):
    with superuser(bank) as su:
        return su.execute(
            'SELECT line, "column", code FROM import_problem WHERE run_id = %s ORDER BY line', [run.run_id]
        ).fetchall()


def lots(bank, learner):
    with superuser(bank) as su:
        return su.execute(
            "SELECT title, code, lot.amount, state::text, balance.amount, earned_on, source_kind FROM lot"
            " JOIN balance USING (learner_id, lot_id) WHERE learner_id = %s ORDER BY title, state::text",
            [learner],
        ).fetchall()


LIN, MEI = "2023040117", "2023050101"


def test_a_recognition_becomes_a_lot_with_its_first_date_and_document(bank, cast):
    run = bring(cast, recognition(LIN), recognition(MEI, credit="2.5", outcome="省级论文"))
    assert (run.kind, run.rows_total, run.rows_stored, run.lots_posted, run.hundredths_posted) == (
        "opening_lots", 2, 2, 2, 650,
    )  # fmt: skip
    assert lots(bank, cast.lin.person) == [("省赛二等奖", "", 400, "available", 400, date(2023, 12, 20), "opening")]
    with superuser(bank) as su:
        posting = su.execute(
            "SELECT effective_on, recorded_at, reason, batch_id, document FROM posting"
            " JOIN opening_lot USING (learner_id, lot_id) WHERE learner_id = %s",
            [cast.lin.person],
        ).fetchall()
    assert posting == [(date(2023, 12, 20), AT, "opening.imported", run.run_id, "教务〔2023〕15号")]


def test_a_conversion_uses_the_recognition_of_its_document_and_makes_the_course(bank, cast):
    # The conversion stands above the recognition in the sheet: the day decides, not the line.
    run = bring(cast, conversion(LIN, used="3"), recognition(LIN))
    assert (run.rows_stored, run.rows_refused, run.lots_posted, run.hundredths_posted) == (2, 0, 2, 700)
    assert lots(bank, cast.lin.person) == [
        ("省赛二等奖", "", 400, "available", 100, date(2023, 12, 20), "opening"),
        ("省赛二等奖", "", 400, "converted", 300, date(2023, 12, 20), "opening"),
        ("程序设计", "C01", 300, "available", 300, date(2024, 3, 8), "opening"),
    ]
    with acting_for(institution=cast.college, purpose="test") as scope:
        before = balance_as_of(scope, cast.lin.person, date(2024, 3, 7), AT)
        (held,) = (one for one in held_credit(scope, [cast.lin.person]))
    assert [(one.state, one.hundredths) for one in before] == [(State.AVAILABLE, 400)]
    # The audit has one hundredth-exact view of it: the rest of the prize, and the course.
    assert sorted((credit.code, credit.hundredths, credit.category) for credit in held.credits) == [
        ("", 100, "innovation"), ("C01", 300, "course"),
    ]  # fmt: skip


def test_the_bank_is_sound_after_opening_lots(bank, cast):
    bring(cast, recognition(LIN), conversion(LIN), recognition(MEI), recognition("9"))
    users = {login: user_of(login) for login in ("app", "sequencer", "auditor")}
    lines, counts = check_bank(bank, users)
    assert [line.code for line in lines] == []
    assert (counts["lot"], counts["posting"]) == (3, 4)


def test_opening_lots_do_not_go_back_to_the_registrars_system(bank, cast):
    bring(cast, recognition(LIN), conversion(LIN))
    with acting_for(institution=cast.college, purpose="test") as scope:
        left_out = count_waiting(scope, cast.zhao, until=TODAY + timedelta(days=999), leave_out=["result", "opening"])
        told = count_waiting(scope, cast.zhao, until=TODAY + timedelta(days=999), leave_out=[])
    assert not left_out.anything
    assert (told.deposits, told.deposited) == (2, 700)


def test_the_same_sheet_again_posts_nothing_and_a_changed_line_is_refused(bank, cast):
    rows = [recognition(LIN), conversion(LIN), recognition(MEI)]
    bring(cast, *rows)
    with superuser(bank) as su:
        before = su.execute("SELECT count(*) FROM posting").fetchone()
    again = bring(cast, *reversed(rows), recognition(MEI), at=AT + timedelta(days=9))
    assert (again.rows_total, again.rows_stored, again.rows_repeated, again.lots_posted) == (4, 0, 4, 0)
    changed = bring(cast, recognition(LIN, credit="5"), conversion(LIN, credit="2"), conversion(LIN, course="C02"))
    assert [(line, code) for line, _column, code in refusals(bank, changed)] == [
        (2, "opening.changed"), (3, "opening.changed"), (4, "opening.not_enough"),
    ]  # fmt: skip
    with superuser(bank) as su:
        assert su.execute("SELECT count(*) FROM posting").fetchone() == before


def test_a_later_sheet_may_convert_what_an_earlier_one_recognised(bank, cast):
    bring(cast, recognition(LIN), recognition(LIN, "教务〔2023〕16号", outcome="专利", credit="2", on="2024-01-05"))
    run = bring(cast, conversion(LIN, source="教务〔2023〕15号；教务〔2023〕16号", used="5", credit="5"))
    assert run.rows_stored == 1
    left = {row[0]: row[4] for row in lots(bank, cast.lin.person) if row[3] == "available"}
    assert left == {"省赛二等奖": 0, "专利": 100, "程序设计": 500}


def test_a_conversion_that_names_no_other_document_recognises_its_outcome_itself(bank, cast):
    row = conversion(LIN, source="", used="2", credit="3", outcome="英语四级免修")
    run = bring(cast, row)
    assert (run.rows_total, run.rows_stored, run.lots_posted, run.hundredths_posted) == (1, 1, 2, 500)
    assert [found[:5] for found in lots(bank, cast.lin.person)] == [
        ("程序设计", "C01", 300, "available", 300),
        ("英语四级免修", "", 200, "available", 0),
        ("英语四级免修", "", 200, "converted", 200),
    ]
    again = bring(cast, row, at=AT + timedelta(days=1))
    assert (again.rows_stored, again.rows_repeated) == (0, 1)
    # Where the same paper recognised it in a row of its own, that is what is used.
    both = bring(cast, recognition(MEI, "甲", credit="4"), conversion(MEI, source="", used="3", document="甲"))
    assert (both.rows_stored, both.lots_posted) == (2, 2)
    users = {login: user_of(login) for login in ("app", "sequencer", "auditor")}
    assert [line.code for line in check_bank(bank, users)[0]] == []


WRONG = [
    (recognition("404"), "学号", "opening.unknown_learner"),
    (recognition(LIN, name="别人"), "姓名", "opening.name_differs"),
    (recognition(LIN, on="2026-03-02"), "认定日期", "opening.in_future"),
    (recognition(LIN, on="去年"), "认定日期", "masterdata.no_date"),
    (recognition(LIN, credit="0"), "学分", "masterdata.out_of_range"),
    (recognition(LIN, credit="4.005"), "学分", "masterdata.no_amount"),
    (recognition(LIN, document=""), "文号", "masterdata.required"),
    (conversion(LIN, course=""), "课程代码", "opening.no_course"),
    (conversion(LIN, source="没有的文号"), "所用成果文号", "opening.unknown_source"),
    (conversion(MEI), "所用成果文号", "opening.unknown_source"),
    (conversion(LIN, used="4.01"), "所用学分", "opening.not_enough"),
    (conversion(LIN, on="2023-12-19"), "所用成果文号", "opening.used_before"),
    ((LIN, "", "作废", "x", "2024-01-01", "x", "", "1", *[""] * 6), "处理类别", "masterdata.no_choice"),
]


def test_each_wrong_row_is_named_and_sinks_nothing(bank, cast):
    good = recognition(LIN, "好", outcome="好")
    base = recognition(LIN)
    run = bring(cast, base, good, *(row for row, _column, _code in WRONG))
    said = refusals(bank, run)
    # Lines of one document and outcome that differ contradict each other, and none of them is taken.
    assert "masterdata.same_key" in {code for _line, _column, code in said}
    assert [row[0] for row in lots(bank, cast.lin.person)] == ["好"]
    for at, (row, column, code) in enumerate(WRONG):
        run = bring(cast, recognition(LIN, outcome="基础"), row, at=AT + timedelta(minutes=at))
        assert [(found[1], found[2]) for found in refusals(bank, run)] == [(column, code)], row


def test_a_refused_row_names_its_cell(cast):
    plan = plan_sheet(read(recognition("404"), conversion(LIN)), institution=cast.college)
    assert [(one.line, one.column, one.facts["cell"]) for one in plan.refused] == [
        (2, "学号", "A2"), (3, "所用成果文号", "I3"),
    ]  # fmt: skip


def test_a_dry_run_says_what_the_import_does_and_posts_nothing(bank, cast):
    rows = [recognition(LIN), conversion(LIN), conversion(LIN, course="C02"), recognition("404")]
    plan = plan_sheet(read(*rows), institution=cast.college)
    assert (len(plan.recognitions), len(plan.conversions), plan.repeated) == (1, 1, 0)
    with superuser(bank) as su:
        assert su.execute("SELECT count(*) FROM posting").fetchone() == (0,)
    run = bring(cast, *rows)
    assert [(one.line, one.code) for one in plan.refused] == [
        (line, code) for line, _column, code in refusals(bank, run)
    ]
    assert run.rows_stored == len(plan.recognitions) + len(plan.conversions)


def test_another_institution_sees_nothing_of_it(bank, cast):
    bring(cast, recognition(LIN))
    with acting_for(institution=cast.university, purpose="test") as scope:
        assert scope.rows(OpeningLot).count() == 0
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        assert [row.document for row in scope.rows(OpeningLot)] == ["教务〔2023〕15号"]


def test_the_template_reads_back_as_it_explains_itself():
    for language in ("zh-hans", "en"):
        with open_upload(io.BytesIO(opening_template(language)), name="t.xlsx") as upload:
            # The first sheet is empty; the second holds the examples.
            sheet = "示例" if language == "zh-hans" else "Examples"
            found = read_opening(upload, today=TODAY, sheet=sheet)
        assert [line.act for line in found.lines] == ["recognition", "conversion"]
        assert found.lines[1].sources == (found.lines[0].document,)
        assert found.refused == ()


def test_every_heading_alias_belongs_to_one_field():
    seen = {}
    for field in OPENING.fields:
        for word in (field.label.zh, field.label.en, field.name, *field.aliases):
            assert seen.setdefault(word.casefold(), field.name) == field.name, word


few = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@few
@given(seed=st.integers(0, 2**32))
def test_the_order_of_a_sheets_rows_makes_no_difference(bank, cast, seed):
    number = new_id().hex
    with acting_for(institution=cast.college, purpose="test") as scope:
        enrol_learner(scope=scope, learner_id=(learner := new_id()), student_number=number, name="", at=AT)
    rows = [
        recognition(number, "A", credit="4", on="2023-01-01"),
        recognition(number, "B", credit="2", on="2023-02-01"),
        recognition(number, "B", credit="1", on="2023-03-01", outcome="另一项"),
        conversion(number, "A；B", used="5", credit="3", course="C1", on="2024-01-01"),
        conversion(number, "B", used="1", credit="1", course="C2", on="2024-02-01"),
        conversion(number, "A", used="1", credit="1", course="C3", on="2024-03-01"),
    ]
    random.Random(seed).shuffle(rows)
    run = bring(cast, *rows)
    # The day decides: by March nothing is left of A.
    assert [code for _line, _column, code in refusals(bank, run)] == ["opening.not_enough"]
    assert sorted((row[0], row[1], row[3], row[4]) for row in lots(bank, learner) if row[4]) == [
        ("另一项", "", "available", 100), ("省赛二等奖", "", "converted", 200), ("省赛二等奖", "", "converted", 400),
        ("程序设计", "C1", "available", 300), ("程序设计", "C2", "available", 100),
    ]  # fmt: skip
