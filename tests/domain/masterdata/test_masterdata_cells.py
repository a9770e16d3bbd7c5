"""Cells of master data, declarations of data sets, and identity numbers."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditbank.domain.masterdata.declaration import Kind
from creditbank.domain.masterdata.identity import _WEIGHTS, masked, read_identity
from creditbank.domain.masterdata.reading import Fault, key_of, read_date, read_record, read_value, say_value
from creditbank.domain.masterdata.sets import CHANGES, COURSES, DATA_SETS, data_set_named, figure_facts
from creditbank.gateways.wording import say_code


def test_no_heading_of_a_data_set_means_two_fields_unless_one_is_its_own_label():
    for data_set in DATA_SETS:
        labels = [label for field in data_set.fields for label in (field.label.zh, field.label.en)]
        assert len(set(labels)) == len(labels), data_set.code
        names = [field.name for field in data_set.fields]
        assert len(set(names)) == len(names)
        assert set(data_set.key) <= {field.name for field in data_set.fields if field.required}
        for field in data_set.references:
            assert data_set_named(field.data_set) is not None
        for field in data_set.fields:
            assert (field.kind is Kind.CHOICE) == (field.table is not None)


def test_every_figure_can_be_said_in_both_languages():
    for data_set in DATA_SETS:
        for check in data_set.figures():
            sentence, facts = figure_facts(data_set, check)
            assert "{" not in say_code(sentence, facts, "en")
            assert data_set.name.zh in say_code(sentence, facts, "zh-hans")


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_a_day_is_the_same_in_all_its_forms(day):
    forms = [day.isoformat(), f"{day.year}/{day.month}/{day.day}", f"{day.year}年{day.month}月{day.day}日",
             f"{day.year}.{day.month:02d}.{day.day:02d}"]  # fmt: skip
    assert {read_date(form) for form in forms} == {day}


@given(st.dates(date(1930, 1, 2), date(2099, 12, 30)))
def test_an_excel_serial_is_its_day(day):
    assert read_date(str((day - date(1899, 12, 30)).days)) == day


@given(st.sampled_from(["11", "44", "65", "81"]), st.dates(date(1900, 1, 1), date(2024, 1, 1)), st.integers(0, 999),
       st.integers(0, 16), st.integers(1, 9))  # fmt: skip
def test_one_wrong_digit_of_an_identity_number_is_found(province, born, number, place, off):
    front = f"{province}0105{born:%Y%m%d}{number:03d}"
    right = front + "10X98765432"[sum(int(one) * weight for one, weight in zip(front, _WEIGHTS, strict=True)) % 11]
    assert read_identity(right) == right
    wrong = right[:place] + str((int(right[place]) + off) % 10) + right[place + 1 :]
    assert not isinstance(read_identity(wrong), str)


def test_nobody_is_born_after_today_and_a_number_is_shown_masked():
    assert read_identity("11010519491231002X", date(1949, 12, 30))[0] == "masterdata.id_date"
    assert masked("11010519491231002X") == "1101************2X"
    assert masked("E1") == "**"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("credit", "2.50", 250), ("credit", "３学分", 300), ("credit", "0", 0), ("hours", "64.0", 64),
     ("nature", "公共选修课", "elective"), ("nature", "COMPULSORY", "compulsory"), ("retired", "是", True),
     ("code", "ＳＷ－１", "SW-1")],
)  # fmt: skip
def test_a_cell_is_read_as_its_field(name, text, value):
    assert read_value(COURSES.field(name), text) == value


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [("credit", "2.125", "no_amount"), ("credit", "-1", "no_amount_or_range"), ("credit", "999", "out_of_range"),
     ("hours", "六十四", "no_integer"), ("nature", "随便", "no_choice"), ("retired", "也许", "no_yes_no"),
     ("code", "A B", "no_code"), ("code", "2.02601010101E+17", "no_code"), ("name", "字" * 501, "too_long")],
)  # fmt: skip
def test_a_cell_that_cannot_be_its_field_says_why(name, text, code):
    found = read_value(COURSES.field(name), text)
    assert isinstance(found, Fault)
    assert found.code.removeprefix("masterdata.") in (["out_of_range", "no_amount"] if "_or_" in code else [code])


def test_what_a_value_says_is_read_back_as_the_value():
    for name, value in (("credit", 250), ("credit", 5), ("nature", "elective"), ("retired", True), ("hours", 64)):
        for language in ("zh-hans", "en"):
            assert read_value(COURSES.field(name), say_value(COURSES.field(name), value, language)) == value


def test_a_key_of_several_fields_keeps_its_bars_apart():
    one = {"student": "a|b", "kind": "drop", "happened_on": "2026-01-01"}
    other = {"student": "a", "kind": "b|drop", "happened_on": "2026-01-01"}
    assert key_of(CHANGES, one) != key_of(CHANGES, other)


def test_all_faults_of_a_row_are_said_at_once():
    faults = read_record(COURSES, {"credit": "x", "hours": "y"})
    assert [fault.field for fault in faults] == ["code", "credit", "hours"]
