"""Sheets of master data as schools have them: each cell is read rightly, or named."""

from __future__ import annotations

from datetime import date

import pytest

from creditbank.domain.masterdata.sets import DATA_SETS
from creditbank.exchange.encoding import SheetProblem
from creditbank.exchange.masterdata.writing import export_sheet, template_bytes
from creditbank.exchange.spreadsheets import workbook_bytes
from tests.exchange.master_sheets import book_of, faults, read_book, stated
from tests.exchange.sheet_files import workbook

HEAD = ["学号", "姓名", "身份证号码", "入学日期", "年级", "备注"]
ID = "11010519491231002X"


def test_headings_of_registrars_systems_are_understood():
    read = read_book(book_of(学生=[
        ["学 号*", "姓名（必填）", "所在专业", "班级名称", "Expected to graduate", "备注"],
        ["2026010101", "张三", "软件技术", "软件2601班", "2029年6月30日", "x"],
    ]))  # fmt: skip
    assert stated(read) == {"2026010101": {
        "number": "2026010101", "name": "张三", "major": "软件技术", "class_code": "软件2601班",
        "leaves_on": "2029-06-30",
    }}  # fmt: skip
    assert [(note.code, note.facts) for note in read.notes] == [("datasheet.left_out", {"columns": "备注"})]


@pytest.mark.parametrize(
    "said",
    ["2026/9/1", "2026-09-01", "2026.9.1", "2026年9月1日", "２０２６年９月１日", 46266, "46266", "20260901",
     "2026-09-01 00:00:00", "二〇二六年九月一日", date(2026, 9, 1)],
)  # fmt: skip
def test_a_day_is_read_in_every_form_sheets_have(said):
    def fill(book):
        sheet = book.add_worksheet("学生")
        sheet.write_row(0, 0, ["学号", "入学日期"])
        sheet.write(1, 0, "1")
        if isinstance(said, date):
            sheet.write_datetime(1, 1, said, book.add_format({"num_format": "yyyy-mm-dd"}))
        else:
            sheet.write(1, 1, said)

    assert stated(read_book(workbook(fill)))["1"]["entered_on"] == "2026-09-01"


@pytest.mark.parametrize("said", ["2026年13月1日", "2026-02-30", "26/9/1", "九月", "2026", "99999"])
def test_what_is_no_day_is_refused_by_its_cell(said):
    read = read_book(book_of(学生=[["学号", "姓名", "入学日期"], ["1", "张三", said]]))
    assert faults(read) == [(2, "C2", "masterdata.no_date")]
    assert read.given.refused[0].facts["sheet"] == "学生"
    assert read.given.refused[0].facts["key"] == "1"


def test_numbers_as_text_and_full_width_digits_are_the_same_number():
    read = read_book(
        book_of(
            学生=[
                HEAD,
                [2026010101, "张三", None, None, "２０２６级"],
                ["２０２６０１０１０２", "李四", None, None, 2026],
            ]
        )
    )
    assert stated(read) == {
        "2026010101": {"number": "2026010101", "name": "张三", "cohort": 2026},
        "2026010102": {"number": "2026010102", "name": "李四", "cohort": 2026},
    }


def test_a_rare_name_is_kept_and_a_spoiled_one_named():
    read = read_book(book_of(学生=[HEAD, ["1", "𠮷𪚥"], ["2", "王\ue863"], ["3", "王\ufffd"]]))
    assert stated(read)["1"]["name"] == "𠮷𪚥"
    assert faults(read) == [(3, "B3", "masterdata.no_text"), (4, "B4", "masterdata.no_text")]


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("110105194912310021", "masterdata.id_check"),
        ("991005194912310021", "masterdata.id_check"),
        ("010105194912310021", "masterdata.id_region"),
        ("110105491331002", "masterdata.id_date"),
        ("110105500230002", "masterdata.id_date"),
        ("990105491231002", "masterdata.id_check"),
        ("1101051949123", "masterdata.id_shape"),
        (110105194912310029, "masterdata.id_shape"),
    ],
)
def test_an_impossible_identity_number_is_refused_by_its_cell_and_never_repeated(number, code):
    read = read_book(book_of(学生=[HEAD, ["1", "张三", number]]))
    if str(number).startswith("99") and len(str(number)) == 15:
        # Fifteen digits carry no check digit, and foreigners' regions begin with nine.
        assert stated(read)["1"]["national_id"].startswith("9901051949")
        return
    assert faults(read) == [(2, "C2", code)]
    assert str(number) not in str(read.given.refused)


def test_fifteen_digits_become_eighteen_and_a_passport_is_taken_as_such():
    read = read_book(book_of(学生=[
        ["学号", "证件类型", "证件号码"], ["1", "", "110105491231002"], ["2", "身份证", ID.lower()], ["3", "护照", "E1234 5678"],
    ]))  # fmt: skip
    assert [row["national_id"] for row in stated(read).values()] == [ID, ID, "E12345678"]


def test_hidden_rows_are_read_and_said():
    def fill(book):
        sheet = book.add_worksheet("学生")
        for line, cells in enumerate([["学号", "姓名"], ["1", "张三"], ["2", "李四"]]):
            sheet.write_row(line, 0, cells)
        sheet.set_row(2, None, None, {"hidden": True})

    read = read_book(workbook(fill))
    assert set(stated(read)) == {"1", "2"}
    assert ("datasheet.hidden_rows", {"count": 1, "line": 3}) in [(note.code, note.facts) for note in read.notes]


def test_of_several_sheets_the_first_that_fits_is_read_and_another_by_name():
    content = book_of(
        说明=[["填写说明"], ["请勿改动表头"]],
        甲=[["学号", "姓名"], ["1", "张三"]],
        乙=[["学号", "姓名"], ["2", "李四"]],
    )
    read = read_book(content)
    assert read.table.sheet == "甲"
    assert read.table.sheets == ("说明", "甲", "乙")
    assert [note.code for note in read.notes] == ["datasheet.sheet_chosen"]
    assert set(stated(read_book(content, sheet="乙"))) == {"2"}
    with pytest.raises(SheetProblem, match="甲"):
        read_book(content, sheet="丙")


def test_titles_and_merged_heads_above_the_columns_are_understood():
    def fill(book):
        sheet = book.add_worksheet("课程")
        sheet.merge_range("A1:E1", "2026 级课程一览表", None)
        sheet.merge_range("A2:A3", "课程代码", None)
        sheet.merge_range("B2:B3", "课程名称", None)
        sheet.merge_range("C2:E2", "学时", None)
        sheet.write_row(2, 2, ["总学时", "理论学时", "实践学时"])
        sheet.write_row(3, 0, ["C1", "数学", 64, 48, 16])

    read = read_book(workbook(fill), "courses")
    assert (read.table.head_line, [note.code for note in read.notes]) == (3, ["datasheet.merged_head"])
    assert stated(read) == {"C1": {"code": "C1", "name": "数学", "hours": 64, "theory_hours": 48, "practice_hours": 16}}


def test_formulas_errors_and_merged_cells_are_named_by_cell():
    def fill(book):
        sheet = book.add_worksheet("课程")
        sheet.write_row(0, 0, ["课程代码", "课程名称", "学分"])
        for line, code in enumerate(["C1", "C2", "C3", "C4"], start=1):
            sheet.write_row(line, 0, [code, "数学", 3])
        sheet.write_formula(1, 2, "=1+2", None, 3)
        sheet.write_formula(1, 1, '="数"&"学"', None, "数学")
        sheet.merge_range("B3:B4", "物理", None)

    read = read_book(workbook(fill), "courses")
    assert set(stated(read)) == {"C4"}
    assert faults(read) == [
        (2, "B2", "sheet.formula"), (2, "C2", "sheet.formula"), (3, "B3", "sheet.merged"), (4, "B4", "sheet.merged"),
    ]  # fmt: skip
    assert [row.facts["key"] for row in read.given.refused] == ["C1", "C1", "C2", "C3"]


def test_unknown_words_of_a_code_table_are_counted_and_can_be_explained():
    content = book_of(课程=[["课程代码", "课程性质"], ["C1", "通修"], ["C2", "通修"], ["C3", "必修课"]])
    read = read_book(content, "courses")
    assert read.unknown_values == {"nature": {"通修": 2}}
    assert faults(read) == [(2, "B2", "masterdata.no_choice"), (3, "B3", "masterdata.no_choice")]
    again = read_book(content, "courses", values={"nature": {"通修": "elective"}})
    assert [row["nature"] for row in stated(again).values()] == ["elective", "elective", "compulsory"]


def test_columns_can_be_given_and_two_for_one_field_are_refused():
    content = book_of(甲=[["编号", "称呼"], ["1", "张三"]])
    with pytest.raises(SheetProblem) as refused:
        read_book(content)
    assert refused.value.code == "datasheet.no_head"
    assert stated(read_book(content, given={"编号": "number", "称呼": "name"})) == {
        "1": {"number": "1", "name": "张三"}
    }
    with pytest.raises(SheetProblem) as refused:
        read_book(content, given={"编号": "number", "称呼": "number"})
    assert refused.value.code == "datasheet.twice"


def test_one_key_twice_is_a_repeat_or_a_contradiction():
    read = read_book(book_of(甲=[["学号", "姓名"], ["1", "张三"], ["1", "张三"], ["2", "李四"], ["2", "李五"]]))
    assert (read.given.repeated, set(stated(read))) == (1, {"1"})
    assert [(row.line, row.code, row.facts["other"]) for row in read.given.refused] == [
        (4, "masterdata.same_key", 5), (5, "masterdata.same_key", 4),
    ]  # fmt: skip


def test_a_csv_in_gb18030_with_a_title_above_its_head_is_read():
    read = read_book("学生名册,\n学号,姓名\n1,张三\n2,'=HYPERLINK()\n".encode("gb18030"), name="a.csv")
    assert stated(read) == {"1": {"number": "1", "name": "张三"}, "2": {"number": "2", "name": "=HYPERLINK()"}}


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("data_set", DATA_SETS, ids=lambda data_set: data_set.code)
def test_the_examples_of_every_template_are_read_whole(data_set, language):
    content = template_bytes(data_set, language)
    assert content == template_bytes(data_set, language)
    title = "示例" if language == "zh-hans" else "Examples"
    read = read_book(content, data_set.code, sheet=title)
    assert read.given.refused == ()
    assert len(read.given.rows) == 2
    assert {column.heading for column in read.table.columns if not column.field} == set()
    written = workbook_bytes(
        [export_sheet(data_set, [row.record.content for row in read.given.rows], language=language)]
    )
    assert stated(read_book(written, data_set.code)) == stated(read)
    with pytest.raises(SheetProblem):
        read_book(content, data_set.code)


def test_an_export_runs_nothing_in_a_spreadsheet_and_comes_back_the_same():
    names = ["=1+1", "+86", "-1", "@x", "\u3000x"]
    rows = [{"number": str(place), "name": name} for place, name in enumerate(names)]
    content = workbook_bytes([export_sheet(next(item for item in DATA_SETS if item.code == "students"), rows)])
    read = read_book(content)
    assert [row["name"] for row in stated(read).values()] == ["=1+1", "+86", "-1", "@x", "x"]
    assert faults(read) == []
