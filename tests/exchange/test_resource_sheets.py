"""Sheets of education resources: headings schools use, templates with drop-downs, exports that come back the same."""

from __future__ import annotations

import html
import io
import re
import zipfile
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditbank.domain.masterdata.reading import key_of, normal
from creditbank.domain.masterdata.resource_sets import OFFERINGS, PROVIDERS, RESOURCES
from creditbank.exchange.masterdata.writing import export_sheet, template_bytes
from creditbank.exchange.spreadsheets import workbook_bytes
from creditbank.exchange.workbooks import column_letters
from tests.exchange.master_sheets import book_of, faults, read_book, stated
from tests.exchange.sheet_files import what_runs

SETS = (PROVIDERS, RESOURCES, OFFERINGS)
EVIL = ["=1+1", "+1", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x")']
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)


def test_headings_of_cooperation_lists_are_understood():
    read = read_book(book_of(校企合作=[
        ["2026 年校企合作单位一览表", None, None, None],
        ["单位编号", "合作单位名称", "校内/校外", "合作截止日期"],
        ["P1", "云帆智能", "合作企业", "2028年12月31日"],
    ]), "providers")  # fmt: skip
    assert stated(read) == {
        "P1": {"code": "P1", "name": "云帆智能", "kind": "external", "accredited_until": "2028-12-31"}
    }


def test_fees_seats_and_currencies_are_read_exactly_and_their_faults_named_by_cell():
    read = read_book(book_of(开课=[
        ["班次编号", "资源名称", "容量", "收费标准", "货币", "报名截止"],
        ["1", "测试基地", "２５人", "360.5元", "￥", 46100], ["2", "测试基地", "25", "0", "美金", ""],
        ["3", "测试基地", "二十", "0.005", "bitcoin", "明天"],
    ]), "offerings")  # fmt: skip
    assert stated(read) == {
        "1": {"code": "1", "resource": "测试基地", "seats": 25, "fee": 36050, "currency": "CNY", "apply_until": "2026-03-19"},
        "2": {"code": "2", "resource": "测试基地", "seats": 25, "fee": 0, "currency": "USD"},
    }  # fmt: skip
    assert faults(read) == [
        (4, "C4", "masterdata.no_integer"), (4, "D4", "masterdata.no_amount"), (4, "E4", "masterdata.no_choice"),
        (4, "F4", "masterdata.no_date"),
    ]  # fmt: skip


def test_a_description_may_have_line_breaks_and_two_thousand_letters():
    said = "第一行\n  第二行\r\n第三行"
    read = read_book(book_of(资源=[["资源编号", "资源名称", "简介"], ["1", "a", said], ["2", "b", "字" * 2000],
                                  ["3", "c", "字" * 2001], ["4", "换\n行", ""]]), "resources")  # fmt: skip
    assert stated(read)["1"]["about"] == "第一行 第二行 第三行"
    assert len(stated(read)["2"]["about"]) == 2000
    assert faults(read) == [(4, "C4", "masterdata.too_long"), (5, "B5", "masterdata.no_text")]


def parts(content):
    """The first sheet of a workbook, as XML."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return book.read("xl/worksheets/sheet1.xml").decode()


@pytest.mark.parametrize("data_set", SETS, ids=lambda data_set: data_set.code)
def test_a_template_offers_its_codes_as_drop_downs(data_set):
    sheet = html.unescape(parts(template_bytes(data_set)))
    for place, field in enumerate(data_set.fields):
        if field.table is not None:
            offered = ",".join(choice.label.zh for choice in field.table.choices)
            letters = column_letters(place)
            assert re.search(rf'sqref="{letters}2:{letters}\d+"><formula1>"{re.escape(offered)}"<', sheet), field.name


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("data_set", SETS, ids=lambda data_set: data_set.code)
def test_no_text_of_an_export_is_run_by_a_spreadsheet(data_set, evil):
    row = {field.name: evil for field in data_set.fields if field.kind in ("text", "code", "reference")}
    content = workbook_bytes([export_sheet(data_set, [row])])
    assert html.unescape(parts(content)).count(evil) == len(row)
    assert what_runs(content) == []


def _values(data_set):
    """Any row a data set can hold, as facts store it."""
    kinds = {
        "text": WORDS, "code": st.from_regex(r"[A-Za-z0-9._-]{1,20}", fullmatch=True), "reference": WORDS.map(normal).filter(bool),
        "date": st.dates(date(1930, 1, 1), date(2099, 12, 31)).map(date.isoformat), "yes_no": st.booleans(),
    }  # fmt: skip

    def of(field):
        if field.table is not None:
            return st.sampled_from([choice.code for choice in field.table.choices])
        if field.kind in ("integer", "amount"):
            return st.integers(field.least, field.most)
        return kinds[field.kind]

    needed = {field.name: of(field) for field in data_set.fields if field.required}
    return st.fixed_dictionaries(
        needed, optional={field.name: of(field) for field in data_set.fields if not field.required}
    )


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("data_set", SETS, ids=lambda data_set: data_set.code)
def test_whatever_a_set_holds_comes_back_the_same_from_its_own_export(data_set, language):
    @settings(max_examples=25)
    @given(st.lists(_values(data_set), min_size=1, max_size=4, unique_by=lambda row: key_of(data_set, row)))
    def comes_back(rows):
        read = read_book(workbook_bytes([export_sheet(data_set, rows, language=language)]), data_set.code)
        assert faults(read) == []
        assert stated(read) == {key_of(data_set, row): row for row in rows}

    comes_back()
