"""Sheets for other programs: no cell can run, numbers stay numbers, and the same content is the same bytes."""

from __future__ import annotations

import csv
import io
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import load_workbook

from creditbank.exchange.outgoing import Form, write_sheet

AT = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
HEAD = ("学号", "名称", "学分")
STARTS = ("=", "+", "-", "@", "\t", "\r")


def written(form, rows, head=HEAD):
    return write_sheet(form, title="表/1", head=head, rows=rows, made_at=AT, numbers={2})


def read(form, content):
    if form is Form.XLSX:
        return load_workbook(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    text = content.decode("gb18030" if form is Form.GB18030 else "utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("form", Form)
def test_every_form_says_the_same_and_text_keeps_its_zeros(form):
    rows = [("0012", "机器人，“大赛”\n二等奖𠮷", "2.5"), ("2", "x", "-3.0")]
    head, first, second = read(form, written(form, rows))
    assert tuple(head) == HEAD
    assert first[:2] == ["0012", "机器人，“大赛”\n二等奖𠮷"]
    assert [float(first[2]), float(second[2])] == [2.5, -3.0]


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"])
def test_no_cell_begins_like_a_formula_in_any_column_or_head(form, evil):
    content = written(form, [(evil, evil, evil)], head=(evil, "b", "c"))
    cells = [cell for row in read(form, content) for cell in row]
    assert [cell for cell in cells if str(cell).startswith(STARTS)] == []
    assert sum(str(cell).startswith("'") for cell in cells) == 4


@given(st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20), min_size=3, max_size=3))
def test_whatever_stands_in_a_number_column_runs_nowhere(row):
    _, cells = read(Form.CSV, written(Form.CSV, [row]))
    for cell in cells:
        assert not cell.startswith(STARTS) or float(cell) <= 0


def test_the_same_content_is_the_same_bytes_at_another_time():
    rows = [("1", "x", "2.5")] * 50
    before = {form: written(form, rows) for form in Form}
    # Two seconds are the step of a clock in an archive.
    time.sleep(2.1)
    assert {form: written(form, rows) for form in Form} == before
