"""The mapping document of the registrar's sheet, and how days, credit and vouchers are written."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditbank.domain.registrar.compare import plain_text
from creditbank.domain.registrar.lines import parse_voucher, voucher_of, write_credit, write_day
from creditbank.domain.registrar.sheet import CREDIT_FORMS, DATE_FORMS, read_registrar_sheet
from creditbank.domain.rules.places import UnreadableError
from creditbank.domain.values import parse_credit

COLUMNS = [
    {"head": "学号", "field": "student_number"},
    {"head": "学分", "field": "credit"},
    {"head": "凭证号", "field": "voucher"},
]


def document(**changes):
    return {
        "schema": "creditbank.registrar_sheet/1",
        "name": {"zh": "表", "en": "Sheet"},
        "columns": COLUMNS,
    } | changes


def refused(**changes):
    with pytest.raises(UnreadableError) as caught:
        read_registrar_sheet(document(**changes))
    return str(caught.value)


def test_a_small_mapping_has_the_usual_answers_where_it_says_nothing():
    sheet = read_registrar_sheet(document())
    assert sheet.heads == ("学号", "学分", "凭证号")
    assert (sheet.date_form, sheet.credit_form, sheet.both_of_offset, sheet.leave_out) == (
        "YYYY-MM-DD", "one_place", False, (),
    )  # fmt: skip
    assert sheet.numbers == {1}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"surprise": 1}, "surprise: unknown key"),
        ({"columns": COLUMNS[:2]}, "columns: exactly one column has the field voucher"),
        ({"columns": COLUMNS[1:]}, "no column has the field student_number"),
        ({"columns": [COLUMNS[0], COLUMNS[2]]}, "no column has the field credit"),
        ({"columns": [*COLUMNS, COLUMNS[1]]}, "the heading 学分 is given to more than one column"),
        ({"columns": [*COLUMNS, {"head": "x", "field": "iq"}]}, "columns[3].field: expected one of"),
        ({"columns": [*COLUMNS, {"head": "x"}]}, "columns[3]: a column has either a field or a constant"),
        (
            {"columns": [*COLUMNS, {"head": "x", "constant": "y", "empty": "z"}]},
            "columns[3].empty: a constant is written as it is",
        ),
        (
            {"columns": [*COLUMNS[:2], {"head": "v", "field": "voucher", "values": {"a": "b"}}]},
            "columns[2].values: the voucher names the line",
        ),
        ({"dates": "DD/MM/YY"}, "dates: expected one of"),
        ({"offset": "maybe"}, "offset: expected one of"),
        ({"returned": {"status": "状态"}}, "returned: status and words belong together"),
        ({"returned": {"compare": ["成绩"]}}, "returned.compare[0]: there is no column with the heading 成绩"),
        ({"returned": {"heads": {"x": "y"}}}, "returned.heads.x: there is no column with the heading x"),
        ({"returned": {"status": "s", "words": {"ok": "maybe"}}}, "returned.words.ok: expected one of"),
        ({"note": 3.5}, "note: expected an object"),
    ],
)
def test_an_impossible_mapping_is_refused_with_its_path(changes, message):
    assert message in refused(**changes)


@given(st.integers(-10_000, 10_000), st.sampled_from(CREDIT_FORMS))
def test_credit_written_in_any_form_is_read_back_exactly(hundredths, form):
    assert parse_credit(write_credit(hundredths, form)) == hundredths


def test_days_are_written_as_the_mapping_says():
    day = date(2026, 3, 9)
    assert [write_day(day, form) for form in DATE_FORMS] == [
        "2026-03-09", "2026/3/9", "2026.3.9", "20260309", "2026年3月9日",
    ]  # fmt: skip


@given(st.integers(1, 99_999), st.integers(1, 9_999_999))
def test_a_voucher_names_its_batch_and_line_and_no_other_institutions(number, line):
    voucher = voucher_of("svc-2", number, line)
    assert parse_voucher("svc-2", f" {voucher.lower()} ") == (number, line)
    assert parse_voucher("svc", voucher) is None


@pytest.mark.parametrize("text", ["", "SVC", "SVC-1-1", "SVC-0001-00001x", "SVC-٠٠٠١-000001", "-0001-000001", "SVC--000001", "SVC-0001--00001"])  # fmt: skip
def test_what_is_no_voucher_names_nothing(text):
    assert parse_voucher("svc", text) is None


def test_width_and_spaces_around_are_no_difference():
    assert plain_text("　ＳＶＣ ") == plain_text("SVC") == "SVC"
