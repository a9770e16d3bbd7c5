"""Rule sets as workbooks: what is written is read back as the same rules, what was typed wrongly has its cell."""

from __future__ import annotations

import io

import pytest
import python_calamine

from creditbank.domain.rules.read import read_rule_set
from creditbank.domain.rules.write import rule_set_data, rule_set_hash
from creditbank.exchange.rule_sheet_reading import read_rules_workbook
from creditbank.exchange.rule_sheets import rules_workbook
from creditbank.exchange.rules import load_pack
from creditbank.exchange.spreadsheets import SheetContent, workbook_bytes
from creditbank.gateways.documents import pack_codes
from creditbank.gateways.files import open_upload


def read(data):
    with open_upload(io.BytesIO(data), name="rules.xlsx") as upload:
        return read_rules_workbook(upload)


def changed(data, title, edit):
    """The workbook with one sheet's cells edited as a person would, everything else as it was."""
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    sheets = []
    for name in book.sheet_names:
        rows = [[str(cell) for cell in row] for row in book.get_sheet_by_name(name).iter_rows()]
        if name == title:
            edit(rows)
        sheets.append(SheetContent(name, rows[0], rows[1:]))
    return workbook_bytes(sheets)


@pytest.mark.parametrize("code", pack_codes())
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_pack_comes_back_with_its_hash(code, language):
    rules = load_pack(code)
    found = read(rules_workbook(rules, language))
    assert found.faults == ()
    assert found.rules is not None
    assert rule_set_hash(found.rules) == rule_set_hash(rules)


def locked(code, *places):
    """A pack whose centre says what schools may touch: a word for each part, by its list, number and perhaps row."""
    document = rule_set_data(load_pack(code))
    for word, *path in places:
        part = document
        for step in path:
            part = part[step]
        part[word] = True
    return read_rule_set(document)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize(
    ("code", "places"),
    [
        ("cn-innovation", [("locked", "tables", 0), ("open", "tables", 1), ("locked", "tables", 1, "rows", 0)]),
        ("example-limits", [("locked", "cap", 0), ("locked", "validity", 0)]),
    ],
)
def test_what_a_centre_locked_or_opened_comes_back_locked_and_open(code, places, language):
    rules = locked(code, *places)
    assert rules != load_pack(code)
    found = read(rules_workbook(rules, language))
    assert found.faults == ()
    assert found.rules == rules


def test_a_workbook_from_before_there_were_locks_is_read_as_it_was():
    rules = load_pack("cn-innovation")

    def edit(rows):
        place = rows[0].index("锁定")
        for row in rows:
            del row[place:]

    data = rules_workbook(rules, "zh-hans")
    for title in ("1 contest", "表", "上限"):
        data = changed(data, title, edit)
    found = read(data)
    assert found.faults == ()
    assert found.rules == rules


def at(rows, name, head):
    """Where a cell stands: its row, by what the first cell says, and its column."""
    return next(row for row in rows if row[0] == name), rows[0].index(head)


def test_a_changed_cell_an_added_row_and_a_moved_one_are_read_as_typed():
    rules = load_pack("cn-innovation")

    def edit(rows):
        row, column = at(rows, "national-first", "Credit")
        row[column] = "7"
        rows.append(["new", "≥ 省部级", "special", "per cent", "", "中文", "English"])
        rows[-1][3:5] = ["a person decides", ""]
        rows[1], rows[2] = rows[2], rows[1]

    found = read(changed(rules_workbook(rules, "en"), "1 contest", edit))
    assert found.faults == ()
    table = found.rules.tables[0]
    assert [row.id for row in table.rows][:2] == ["national-first", "national-special"]
    assert table.rows[0].give.credit == 700
    assert table.rows[-1].when[0].accept.values == ("provincial", "national")


def test_what_was_typed_wrongly_is_named_by_sheet_row_and_column():
    rules = load_pack("example-limits")

    def edit(rows):
        rows[1][1] = "许多"
        rows[2][rows[0].index("学分")] = "三"

    (first, second) = read(changed(rules_workbook(rules, "zh-hans"), "1 volunteering", edit)).faults
    assert (first.sheet, first.row, first.column) == ("1 volunteering", 2, "服务时数")
    assert (second.sheet, second.row, second.column) == ("1 volunteering", 3, "学分")
    assert (first.line.code, second.line.code) == ("cell.number", "cell.amount")

    def scope(rows):
        rows[2][rows[0].index("Scope")] = "week"

    (fault,) = read(changed(rules_workbook(rules, "en"), "Limits", scope)).faults
    assert (fault.sheet, fault.row, fault.line.code) == ("Limits", 3, "place.one_of")


def test_a_sheet_that_is_missing_and_a_head_that_was_removed_are_named():
    data = rules_workbook(load_pack("example-language"), "en")

    def heads(rows):
        rows[0][1] = "something"

    faults = read(changed(data, "Tables", heads)).faults
    assert [(one.sheet, one.line.code) for one in faults][:1] == [("Tables", "rule_sheets.no_column")]
    with open_upload(io.BytesIO(workbook_bytes([SheetContent("x", ("a",), [("b",)])])), name="x.xlsx") as upload:
        assert {one.line.code for one in read_rules_workbook(upload).faults} == {"rule_sheets.no_sheet"}
