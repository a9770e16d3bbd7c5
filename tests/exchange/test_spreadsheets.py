"""Sheets that go out: no cell can run, reading gives what was written, and the same content is the same bytes."""

from __future__ import annotations

import csv
import html
import io
import re
import time
import zipfile
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditbank.exchange.formulas import as_it_was, defused
from creditbank.exchange.sheets import Row, SheetPlace, open_sheet
from creditbank.exchange.spreadsheets import Form, SheetContent, sheet_bytes, workbook_bytes, write_sheet
from creditbank.gateways.files import open_upload
from tests.exchange.sheet_files import begins_a_formula, what_runs

AT = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
HEAD = ("学号", "名称", "学分")
EVIL = ("=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "=cmd|' /C calc'!A0", "＝1+1", "＋1", "－1", "＠x",
        '<r><t>x</t></r></is></c><c r="Z9"><f>1+1</f></c><c r="AA9" t="inlineStr"><is><r><t>y</t></r>',
        " =1+1", "\u3000＝1", "\u200b=1", "\ufeff=1", "'=1", "''=1", "﹦1")  # fmt: skip
CALM = ("a=1", "3.0", "林晓", "'tis", "''", "o'neill", "0012", "", "x\n=1", "“=1”")


def written(form, rows, head=HEAD):
    return sheet_bytes(form, SheetContent("表/1", head, rows, numbers={2}), made_at=AT)


def read(form, content):
    """The head and the rows, as the bank itself reads a sheet."""
    with open_upload(io.BytesIO(content), name=f"sheet.{form.ending}") as upload:
        sheet = open_sheet(upload, SheetPlace())
        rows = list(sheet.rows(range(len(sheet.head))))
        assert all(isinstance(row, Row) for row in rows), rows
        return sheet.head, [tuple(row.cells) for row in rows]


@pytest.mark.parametrize("form", Form)
def test_every_form_says_the_same_and_text_keeps_its_zeros(form):
    rows = [("0012", "机器人，“大赛”\n二等奖𠮷", "2.5"), ("2", "x", "-3.0")]
    head, (first, second) = read(form, written(form, rows))
    assert head == HEAD
    assert first == ("0012", "机器人，“大赛”\n二等奖𠮷", "2.5")
    assert [Decimal(second[2]), second[0]] == [Decimal("-3.0"), "2"]


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("evil", EVIL)
def test_no_cell_begins_like_a_formula_in_any_column_or_head(form, evil):
    content = written(form, [(evil, evil, evil)], head=(evil, "b", "c"))
    assert what_runs(content) == []


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("evil", EVIL)
def test_what_was_defused_is_read_as_it_was(form, evil):
    _head, rows = read(form, written(form, [("1", evil, "2")]))
    assert rows == [("1", evil, "2")]


@given(st.text(max_size=30))
def test_defusing_can_always_be_undone_and_nothing_defused_could_run(text):
    assert as_it_was(defused(text)) == text
    assert not begins_a_formula(defused(text))


@pytest.mark.parametrize("text", CALM)
def test_what_nobody_takes_for_a_formula_stays_as_it_is(text):
    assert (defused(text), as_it_was(text)) == (text, text)


@given(st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20), min_size=3, max_size=3))
def test_whatever_stands_in_a_number_column_runs_nowhere(row):
    content = written(Form.CSV, [row])
    (_head, cells) = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert not begins_a_formula(cells[0])
    assert not begins_a_formula(cells[1])
    assert not begins_a_formula(cells[2]) or float(cells[2]) <= 0


def test_the_same_content_is_the_same_bytes_at_another_time():
    rows = [("1", "x", "2.5"), ("=1", "", "")] * 50
    before = {form: written(form, rows) for form in Form}
    # Two seconds are the step of a clock in an archive.
    time.sleep(2.1)
    assert {form: written(form, rows) for form in Form} == before


def test_a_workbook_tells_its_content_by_its_bytes_and_cells_of_numbers_by_their_kind():
    one = workbook_bytes([SheetContent("a", HEAD, [("01", "x", Decimal("2.50")), ("2", None, 3)])])
    assert one == workbook_bytes([SheetContent("a", HEAD, [("01", "x", Decimal("2.50")), ("2", None, 3)])])
    assert one != workbook_bytes([SheetContent("a", HEAD, [("01", "x", Decimal("2.51")), ("2", None, 3)])])
    assert read(Form.XLSX, one)[1] == [("01", "x", "2.5"), ("2", "", "3")]


@pytest.mark.parametrize("form", Form)
def test_rows_are_taken_one_by_one_while_the_sheet_is_written(form):
    held: list[int] = []

    def rows():
        for number in range(30_000):
            held.append(number)
            if number == 20_000:
                seen.append(out.tell() if form is not Form.XLSX else 1)
            yield (str(number), "x" * 20, "1")
            held.pop()

    seen: list[int] = []
    out = io.BytesIO()
    write_sheet(out, form, SheetContent("t", HEAD, rows()), made_at=AT)
    assert seen[0] > 0
    assert held == []
    # The stream is the caller's and stays open.
    assert out.tell() > 0


def test_a_drop_down_is_one_text_whatever_its_words_hold():
    words = ('say "yes"', '"&A1&"', "=1")
    made = workbook_bytes([SheetContent("t", HEAD, [], (9, 9, 9), {0: words, 1: ("a,b", "c"), 2: ("x" * 256,)})])
    with zipfile.ZipFile(io.BytesIO(made)) as book:
        rules = re.findall(
            r'sqref="(\w)2:\w+"><formula1>(.*?)</formula1>', book.read("xl/worksheets/sheet1.xml").decode()
        )
    assert [(column, html.unescape(rule)) for column, rule in rules] == [("A", '"say ""yes"",""&A1&"",=1"')]


def test_more_rows_than_a_sheet_has_are_never_left_out_in_silence(monkeypatch):
    monkeypatch.setattr("creditbank.exchange.spreadsheets.MOST_ROWS", 3)
    with pytest.raises(ValueError, match="3 rows"):
        written(Form.XLSX, [("1", "x", "1")] * 3)
    assert len(read(Form.XLSX, written(Form.XLSX, [("1", "x", "1")] * 2))[1]) == 2
