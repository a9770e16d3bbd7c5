"""Workbooks: values as people see them, and nothing that a value hides is taken."""

from __future__ import annotations

import contextlib
import io
import resource
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditbank.exchange import workbooks
from creditbank.exchange.encoding import SheetProblem
from creditbank.exchange.workbooks import cell_text, column_letters, open_workbook_sheet
from creditbank.gateways.files import FileRefused, open_upload
from tests.exchange.sheet_files import HEAD, document, read, replaced, workbook, workbook_of

GOOD = ["L1", "MATH", "2024A", "Pass", 85]
SHEET = "xl/worksheets/sheet1.xml"


def codes(problems):
    return [(problem.line, problem.column, problem.code) for problem in problems]


def rows_of(*rows):
    return [HEAD, *rows]


def refused(content, mapping=None):
    with pytest.raises(FileRefused) as problem:
        read(content, mapping)
    assert "{" not in str(problem.value)
    return problem.value


def test_a_workbook_reads_like_the_same_text_file():
    reading, results, problems = read(workbook_of(rows_of(GOOD, ["L2", "MATH", "2024A", "Fail", 40.5])))
    assert problems == []
    assert [(r.line, r.learner_number, r.mark) for r in results] == [
        (2, "L1", Decimal(85)),
        (3, "L2", Decimal("40.5")),
    ]
    assert reading.summary.encoding == "UTF-8 (XLSX)"


def test_a_number_stored_as_text_and_one_stored_as_number_are_both_numbers():
    _, results, problems = read(
        workbook_of(rows_of([20240001, *GOOD[1:]], ["0020240002", "MATH", "2024A", "Pass", "77"]))
    )
    assert problems == []
    assert [(r.learner_number, r.mark) for r in results] == [
        ("20240001", Decimal(85)),
        ("0020240002", Decimal(77)),
    ]


def test_an_identity_number_that_the_program_rounded_is_refused():
    _, _, problems = read(workbook_of(rows_of([110101199003071234, *GOOD[1:]], ["110101199003071234", *GOOD[1:]])))
    assert codes(problems) == [(2, "number", "results.number_rounded")]


def test_a_formula_in_a_mapped_column_refuses_its_row_and_elsewhere_nothing():
    def change(book, sheet):
        sheet.write_formula(1, 4, "=80+5", None, 85)
        sheet.write_formula(2, 6, "=1+1", None, 2)

    rows = rows_of(GOOD, ["L2", *GOOD[1:]])
    rows[0] = (*HEAD, "a", "b")
    _, results, problems = read(workbook_of(rows, change))
    assert codes(problems) == [(2, "mark", "sheet.formula")]
    assert [result.learner_number for result in results] == ["L2"]


def test_a_formula_over_several_cells_marks_them_all():
    def change(book, sheet):
        sheet.write_array_formula("E2:E3", "{=A1:A2}", None, 85)
        sheet.write_number("E3", 85)

    _, results, problems = read(workbook_of(rows_of(GOOD, ["L2", *GOOD[1:]], ["L3", *GOOD[1:]]), change))
    assert codes(problems) == [(2, "mark", "sheet.formula"), (3, "mark", "sheet.formula")]
    assert len(results) == 1


def test_an_error_cell_and_a_hidden_row_are_refused():
    def change(book, sheet):
        sheet.write_formula(1, 5, "=NA()", None, "#N/A")
        sheet.set_row(2, None, None, {"hidden": True})

    content = replaced(
        workbook_of(rows_of(["L1", "MATH", "2024A", "Pass"], ["L2", *GOOD[1:]], GOOD), change),
        SHEET,
        b'<c r="F2" t="e"><f>NA()</f>',
        b'<c r="E2" t="e">',
    )
    _, results, problems = read(content)
    assert codes(problems) == [(2, "mark", "sheet.error_cell"), (3, "", "sheet.hidden_row")]
    assert [result.line for result in results] == [4]


def test_merged_cells_in_rows_refuse_the_rows_they_cover():
    def change(book, sheet):
        sheet.merge_range("B3:B4", "MATH")

    _, results, problems = read(
        workbook_of(rows_of(GOOD, ["L2", *GOOD[1:]], ["L3", *GOOD[1:]], ["L4", *GOOD[1:]]), change)
    )
    assert codes(problems) == [(3, "course", "sheet.merged"), (4, "course", "sheet.merged")]
    assert problems[0].facts == {"range": "B3:B4"}
    assert [result.line for result in results] == [2, 5]


def test_a_merged_head_refuses_the_file_and_a_merged_title_above_it_does_not():
    def title(book, sheet):
        sheet.merge_range("A1:E1", "成绩表")

    content = workbook_of([["成绩表"], HEAD, GOOD], title)
    assert refused(content).code == "sheet.merged_head"
    _, results, _ = read(content, document(sheet={"head_line": 2}))
    assert [result.line for result in results] == [3]


def test_a_formula_in_the_head_refuses_the_file():
    def change(book, sheet):
        sheet.write_formula(0, 4, '="ma"&"rk"', None, "mark")

    assert refused(workbook_of(rows_of(GOOD), change)).code == "sheet.formula_head"


def test_values_beside_the_head_make_a_row_too_long():
    _, results, problems = read(workbook_of(rows_of([*GOOD, "", "stray"], ["L2", *GOOD[1:]])))
    assert codes(problems) == [(2, "", "sheet.row_too_long")]
    assert len(results) == 1


def test_a_sheet_that_begins_further_down_keeps_its_line_numbers():
    content = workbook_of([[], [], HEAD, GOOD, [], ["L2", "MATH", "2024A", "Pass", "bad"]])
    _, results, problems = read(content, document(sheet={"head_line": 3}))
    assert [result.line for result in results] == [4]
    assert codes(problems) == [(6, "mark", "results.mark_not_number")]


def test_days_are_read_from_date_cells():
    def change(book, sheet):
        style = book.add_format({"num_format": "yyyy/m/d"})
        sheet.write_datetime(1, 5, datetime(2024, 6, 30), style)
        sheet.write_string(2, 5, "2024-06-31")

    mapping = document(columns={**document()["columns"], "earned_on": "day"})
    rows = [(*HEAD, "day"), GOOD, ["L2", *GOOD[1:]]]
    _, results, problems = read(workbook_of(rows, change), mapping)
    assert results[0].earned_on == date(2024, 6, 30)
    assert codes(problems) == [(3, "day", "results.date_impossible")]


def test_the_first_visible_sheet_is_read_unless_the_mapping_names_another():
    def fill(book):
        for name, row in (("hidden", ["H", *GOOD[1:]]), ("first", GOOD), ("other", ["O", *GOOD[1:]])):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, HEAD)
            sheet.write_row(1, 0, row)
            if name == "hidden":
                sheet.hide()
            if name == "first":
                sheet.activate()
                sheet.set_first_sheet()

    content = workbook(fill)
    assert read(content)[1][0].learner_number == "L1"
    assert read(content, document(sheet={"name": "other"}))[1][0].learner_number == "O"
    problem = refused(content, document(sheet={"name": "none"}))
    assert (problem.code, problem.facts["sheets"]) == ("workbook.no_sheet", "hidden, first, other")


def test_ten_thousand_columns_refuse_a_workbook():
    assert refused(workbook_of([[*HEAD, *range(9_995)], GOOD])).code == "sheet.too_many_columns"


def test_an_empty_workbook_and_one_with_only_a_head_are_refused():
    assert refused(workbook_of([])).code == "sheet.no_head"
    assert refused(workbook_of([HEAD])).code == "sheet.no_rows"


# --- workbooks made to harm


def test_a_document_type_is_refused_wherever_it_stands():
    bomb = b'<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><worksheet'
    content = replaced(workbook_of(rows_of(GOOD)), SHEET, b"<worksheet", bomb)
    assert refused(content).code == "workbook.document_type"
    strings = replaced(workbook_of(rows_of(GOOD)), "xl/sharedStrings.xml", b"<sst", b"<!DOCTYPE sst><sst")
    assert refused(strings).code == "workbook.document_type"


def test_two_far_cells_do_not_make_a_sheet_of_all_cells():
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    content = replaced(workbook_of(rows_of(GOOD)), SHEET, b"</sheetData>", far)
    assert refused(content).code == "workbook.too_wide_apart"


def test_a_lying_dimension_takes_no_memory():
    content = replaced(
        workbook_of(rows_of(GOOD)), SHEET, b'<dimension ref="A1:E2"/>', b'<dimension ref="A1:XFD1048576"/>'
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _, results, _ = read(content)
    assert len(results) == 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_more_cells_than_allowed_are_refused_and_as_many_are_read():
    with open_upload(io.BytesIO(workbook_of(rows_of(GOOD))), name="a.xlsx") as upload:
        open_workbook_sheet(upload, most_cells=10)
        with pytest.raises(SheetProblem) as problem:
            open_workbook_sheet(upload, most_cells=9)
    assert problem.value.code == "workbook.too_many_cells"


def test_one_long_text_named_by_very_many_cells_is_refused(monkeypatch):
    monkeypatch.setattr(workbooks, "_MOST_TEXT", 50_000)
    rows = [["x" * 1_000] for _ in range(60)]
    assert refused(workbook_of([HEAD, *rows])).code == "workbook.too_much_text"
    _, _, problems = read(workbook_of([HEAD, *rows[:40]]))
    assert {problem.code for problem in problems} == {"results.too_long"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'<row r="2"', b'<row r="1"'),
        (b'<row r="2"', b'<row r="99999999999999999999"'),
        (b'<c r="A2"', b'<c r="A9"'),
        (b'<c r="B2"', b'<c r="A2"'),
        (b'<c r="A2"', b'<c r="AAAA2"'),
        (b'<c r="A2"', b'<c r="a2"'),
        (b"</worksheet>", b""),
        (b"</sheetData>", b"</sheetData><mergeCells><mergeCell ref='B9:A1'/></mergeCells>"),
        (b'<c r="A2" t="s"><v>5</v>', b'<c r="A2" t="s"><v>500</v>'),
        (b'<c r="A2" t="s"><v>5</v>', b'<c r="A2" t="s"><v>-1</v>'),
    ],
)
def test_a_sheet_out_of_order_is_damaged(old, new):
    assert refused(replaced(workbook_of(rows_of(GOOD)), SHEET, old, new)).code == "workbook.damaged"


def test_a_workbook_that_names_a_sheet_it_does_not_have_is_damaged():
    content = replaced(
        workbook_of(rows_of(GOOD)),
        "xl/_rels/workbook.xml.rels",
        b"worksheets/sheet1.xml",
        b"../../etc/passwd",
    )
    assert refused(content).code == "workbook.damaged"


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("xl/workbook.xml", b'r:id="rId1"', b'r:id="rId1" x:id="rId2" xmlns:x="urn:x"'),
        ("xl/workbook.xml", b'r:id="rId1"', b""),
        ("xl/_rels/workbook.xml.rels", b'Id="rId2"', b'Id="rId1"'),
    ],
)
def test_a_sheet_that_two_readers_could_find_in_two_places_is_damaged(part, old, new):
    assert refused(replaced(workbook_of(rows_of(GOOD)), part, old, new)).code == "workbook.damaged"


def test_a_sheet_named_from_the_root_of_the_archive_is_found():
    target = b"/xl/worksheets/sheet1.xml"
    content = replaced(workbook_of(rows_of(GOOD)), "xl/_rels/workbook.xml.rels", b"worksheets/sheet1.xml", target)
    assert len(read(content)[1]) == 1


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_sheet_with_bytes_changed_is_read_or_refused(data):
    content = workbook_of(rows_of(GOOD, ["L2", *GOOD[1:]]))
    xml = (
        b'<row r="2"><c r="A2" t="inlineStr"><is><t>L1</t></is></c><c r="B2"><v>1</v></c>'
        b'<c r="C2" t="d"><v>2024-01-01</v></c></row>'
    )
    parts = [
        b"<row",
        b"<c",
        b' r="B1"',
        b' t="s"',
        b' t="e"',
        b"<v>",
        b"9e999",
        b"</v>",
        b"<f>",
        b"&lt;",
        b"\x00",
        b"-1",
        b"/>",
    ]
    at = data.draw(st.integers(0, len(xml)))
    put = data.draw(st.sampled_from(parts))
    cut = data.draw(st.integers(0, 12))
    changed = replaced(
        content,
        SHEET,
        b"</sheetData>",
        xml.replace(b'"2"', b'"9"').replace(b'2"', b'9"')[:at] + put + xml[at + cut :] + b"</sheetData>",
    )
    with contextlib.suppress(FileRefused):
        reading, _, _ = read(changed)
        assert reading.summary.rows >= 2


# --- values


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("  as it is ", "  as it is "),
        (3.0, "3"),
        (-0.0, "0"),
        (2.5, "2.5"),
        (0.1 + 0.2, "0.3"),
        (79.995, "79.995"),
        (0.00001, "0.00001"),
        (999_999_999_999_999.0, "999999999999999"),
        (1.1010119900307123e17, "1.10101199003071e+17"),
        (float("inf"), "inf"),
        (True, "TRUE"),
        (date(2024, 6, 30), "2024-06-30"),
        (datetime(2024, 6, 30, tzinfo=UTC), "2024-06-30"),
        (datetime(2024, 6, 30, 8, 5), "2024-06-30 08:05:00"),
        (time(8, 5), "08:05:00"),
    ],
)
def test_a_cell_says_what_a_person_sees(value, text):
    assert cell_text(value) == text


def test_columns_have_their_letters():
    assert [column_letters(column) for column in (0, 25, 26, 701, 702, 16_383)] == [
        "A",
        "Z",
        "AA",
        "ZZ",
        "AAA",
        "XFD",
    ]
