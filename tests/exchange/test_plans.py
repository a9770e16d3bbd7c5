"""Plans as workbooks: nothing is lost on the way out and back, and every error names its cell."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from creditbank.domain.programmes.plan_document import programme_document
from creditbank.domain.programmes.reading import read_programme
from creditbank.domain.values import Text
from creditbank.exchange.documents import read_document
from creditbank.exchange.plan_workbooks import programme_workbook, template_workbook
from creditbank.exchange.plans import ALL_MESSAGES
from creditbank.exchange.programmes import load_packaged_programme
from creditbank.gateways import wording
from tests.exchange import plans_made
from tests.exchange.plans_made import (
    ABOUT_ROWS,
    COURSES,
    HEAD,
    MODULE_ROWS,
    college_document,
    college_plan,
    college_workbook,
    names,
    plans,
    reading_of,
    sheets,
    small,
    texts,
    with_cell,
)


def said(reading):
    """Each error as its sheet, cell and code."""
    return [(problem.sheet, problem.cell, problem.code) for problem in reading.errors]


def test_a_plan_of_sixty_courses_in_eight_modules_comes_back_without_loss():
    plan = college_plan()
    assert (len(list(plan.courses())), len(plan.modules)) == (60, 8)
    reading = reading_of(college_workbook())
    assert reading.errors == ()
    assert reading.plan == plan
    assert reading.document == college_document()


@settings(max_examples=60)
@given(plans(), names.filter(lambda name: len(name) <= 60), texts, st.one_of(st.just(Text("")), texts))
def test_any_plan_comes_back_from_its_workbook_as_it_was(plan, code, title, note):
    assume(plan is not None)
    code = plans_made.unicodedata.normalize("NFKC", code).strip()[:60].strip()
    assume(code and code == plans_made.unicodedata.normalize("NFKC", code))
    document = programme_document(code=code, title=title, plan=plan, note=note)
    programme = read_programme(document)
    assert programme.plan == plan
    reading = reading_of(programme_workbook(programme))
    assert reading.errors == ()
    assert reading.document == document


def test_equal_programmes_give_equal_bytes():
    assert college_workbook() == college_workbook()


def test_the_template_can_be_uploaded_as_it_is():
    reading = reading_of(template_workbook())
    assert (reading.errors, reading.remarks) == ((), ())
    assert read_programme(reading.document).plan == reading.plan


def test_a_programme_without_a_plan_is_written_to_be_read_and_not_taken_for_one():
    content = programme_workbook(load_packaged_programme("demo-award-60"))
    assert said(reading_of(content)) == [("", "", "plans.no_list")]


def test_a_small_plan_is_read():
    reading = reading_of(small())
    assert reading.errors == ()
    assert (reading.code, reading.title.zh) == ("P-1", "小方案")
    first, second = reading.plan.modules
    assert (first.title.zh, first.minimum, [course.code for course in first.courses]) == ("公共课", 800, ["A1", "A2"])
    assert (second.minimum, second.courses[0].terms, first.courses[1].terms) == (200, (2,), (1, 2))


@pytest.mark.parametrize(
    ("column", "value", "attribute", "meant"),
    [
        (4, "４", "credit", 400),
        (4, "4.0学分", "credit", 400),
        (4, " 4.00 ", "credit", 400),
        (4, "３．５", "credit", 350),
        (5, "６４学时", "hours", 64),
        (5, "—", "hours", None),
        (5, "2周", "weeks", 2),
        (6, "第三学期", "terms", (3,)),
        (6, "１～４", "terms", (1, 2, 3, 4)),
        (6, "一、三", "terms", (1, 3)),
        (6, "2;5", "terms", (2, 5)),
        (1, "Ａ１", "code", "A1"),
        (1, 20240101, "code", "20240101"),
        (2, "高等\n数学", "title", Text("高等 数学")),
        (7, "机考", "assessment", "机考"),
    ],
)
def test_a_cell_is_read_as_schools_write_it(column, value, attribute, meant):
    reading = reading_of(
        small(courses=with_cell(COURSES, 0, column, value), modules=(*MODULE_ROWS[:1], ("公共课", 1), ("选修课", 2)))
    )
    assert reading.errors == ()
    assert getattr(next(reading.plan.courses()), attribute) == meant


@pytest.mark.parametrize("word", ["必修课", "必", " 必 修 ", "专业必修", "Required"])
def test_a_nature_has_many_names(word):
    reading = reading_of(small(courses=with_cell(COURSES, 0, 3, word)))
    assert reading.errors == ()
    assert next(reading.plan.courses()).nature == "required"


WRONG = [
    (0, 1, None, "B2", "plans.code_missing"),
    (0, 1, "一" * 65, "B2", "plans.code"),
    (0, 1, 123456789012345678.0, "B2", "plans.code"),
    (0, 2, None, "C2", "plans.name_missing"),
    (1, 2, "名" * 201, "C3", "plans.text_long"),
    (1, 3, "研讨", "D3", "plans.nature"),
    (1, 3, None, "D3", "plans.nature_missing"),
    (2, 4, None, "E4", "plans.credit_missing"),
    (2, 4, "两分", "E4", "plans.credit"),
    (2, 4, "2.125", "E4", "plans.credit"),
    (2, 4, -2, "E4", "plans.credit"),
    (2, 5, "2周半", "F4", "plans.hours"),
    (3, 6, 13, "G5", "plans.terms"),
    (3, 6, "3-1", "G5", "plans.terms"),
    (3, 6, "春", "G5", "plans.terms"),
    (3, 6, 1.5, "G5", "plans.terms"),
    (3, 0, "体育课", "A5", "plans.module_unknown"),
    (3, 1, "A1", "B5", "plan.course_twice"),
    (3, 7, "考" * 65, "H5", "plans.text_long"),
]


@pytest.mark.parametrize(("row", "column", "value", "cell", "code"), WRONG)
def test_an_error_names_its_cell(row, column, value, cell, code):
    reading = reading_of(small(courses=with_cell(COURSES, row, column, value)))
    assert said(reading) == [("课程", cell, code)]
    assert reading.document is None
    assert reading.plan is None


def test_a_plan_is_refused_whole_and_all_its_errors_are_listed():
    rows = with_cell(with_cell(with_cell(COURSES, 0, 4, "四"), 1, 3, "?"), 1, 6, "0")
    reading = reading_of(small(courses=rows, modules=(*MODULE_ROWS, ("选修课", 3)), about=(("方案代码", "P-1"),)))
    assert reading.document is None
    assert said(reading) == [
        ("模块", "A4", "plans.module_twice"),
        ("课程", "E2", "plans.credit"),
        ("课程", "D3", "plans.nature"),
        ("课程", "G3", "plans.terms"),
        ("", "", "plans.title_needed"),
    ]


def test_a_date_made_of_a_range_of_terms_is_named():
    def change(book, made):
        made["课程"].write_datetime(2, 6, datetime(2026, 1, 2), book.add_format({"num_format": "m-d"}))

    assert said(reading_of(small(change=change))) == [("课程", "G3", "plans.date")]


def test_formulas_errors_hidden_rows_and_merged_cells_are_named():
    def change(_book, made):
        made["课程"].write_formula(1, 4, "=2+2", value=4)
        made["课程"].set_row(2, None, None, {"hidden": True})
        made["课程"].merge_range(3, 4, 4, 4, 2)
        made["模块"].write_formula(1, 1, "=8", value=8)

    found = said(reading_of(small(change=change)))
    assert sorted(found) == [
        ("模块", "B2", "plans.formula"),
        ("课程", "B3", "plans.hidden_row"),
        ("课程", "E2", "plans.formula"),
        ("课程", "E4", "plans.merged"),
        ("课程", "E5", "plans.merged"),
    ]


def test_a_minimum_that_no_choice_can_reach_is_named_at_the_minimum():
    reading = reading_of(small(modules=(MODULE_ROWS[0], ("公共课", 8), ("选修课", "4.5"))))
    assert said(reading) == [("模块", "B3", "plan.module_unreachable")]
    assert "4.5" in wording.say_code(reading.errors[0].code, reading.errors[0].facts, "en", ALL_MESSAGES)


def test_a_module_without_a_minimum_takes_that_of_its_required_courses():
    reading = reading_of(small(modules=(MODULE_ROWS[0], ("公共课", None), ("选修课", 2))))
    assert reading.errors == ()
    assert reading.plan.modules[0].minimum == 800
    reading = reading_of(small(modules=(MODULE_ROWS[0], ("公共课", 8), ("选修课", None))))
    assert said(reading) == [("模块", "B3", "plans.minimum_missing")]


def test_modules_may_be_rows_of_their_own_in_the_list():
    rows = [
        ("一、公共课（最低 8 学分）",),
        (None, *COURSES[0][1:]),
        (None, *COURSES[1][1:]),
        (None, None, "小计", None, 8),
        ("二、选修课", None, None, None, "2"),
        (None, *COURSES[2][1:]),
        (None, *COURSES[3][1:]),
        (None, None, "合计", None, 12),
        ("注：本方案自 2026 级起执行。",),
    ]
    reading = reading_of(small(courses=rows, modules=None))
    assert reading.errors == ()
    assert [(module.title.zh, module.minimum, len(module.courses)) for module in reading.plan.modules] == [
        ("公共课", 800, 2),
        ("选修课", 200, 2),
    ]
    assert [(remark.cell, remark.code) for remark in reading.remarks] == [("A10", "plans.row_ignored")]


def test_merged_heads_and_merged_modules_are_read():
    top = (
        "课程类别",
        "课程代码",
        "课程名称",
        "课程性质",
        "学分",
        "学时",
        None,
        None,
        "各学期周学时",
        None,
        None,
        "考核方式",
    )
    below = (None, None, None, None, None, "总学时", "讲课", "实验", 1, 2, 3, None)
    rows = [
        ("公共课", "A1", "数学", "必修", 4, 64, 60, 4, 4, None, None, "考试"),
        (None, "A2", "英语", "必修", 4, 64, 64, 0, 2, 2, None, "考试"),
        ("选修课", "B1", "书法", "选修", 2, 32, 0, 32, None, 2, None, "考查"),
        (None, "B2", "音乐", "选修", 2, 32, 0, 32, None, None, "√", "考查"),
    ]

    def change(book, made):
        sheet = made["教学计划"]
        plain = book.add_format()
        sheet.merge_range(0, 0, 0, 11, "2026 级示范专业教学计划", plain)
        for column in (0, 1, 2, 3, 4, 11):
            sheet.merge_range(1, column, 2, column, top[column], plain)
        sheet.merge_range(1, 5, 1, 7, "学时", plain)
        sheet.merge_range(1, 8, 1, 10, "各学期周学时", plain)
        sheet.merge_range(3, 0, 4, 0, "公共课", plain)
        sheet.merge_range(5, 0, 6, 0, "选修课", plain)

    content = sheets(("教学计划", ((None,), top, below, *rows)), ("模块", MODULE_ROWS), change=change)
    reading = reading_of(content, code="P-2")
    assert reading.errors == ()
    assert reading.title.zh == "2026 级示范专业教学计划"
    wanted = reading_of(small()).plan
    assert [module.title for module in reading.plan.modules] == [module.title for module in wanted.modules]
    assert list(reading.plan.courses()) == list(wanted.courses())


def test_inner_modules_are_named_by_a_column_or_by_their_path():
    head = ("上级模块", *HEAD)
    rows = [
        ("公共课", "必选", *COURSES[0][1:]),
        ("公共课", "必选", *COURSES[1][1:]),
        ("专业课", "必选", *COURSES[2][1:]),
    ]
    modules = (
        ("模块名称", "上级模块", "最低学分"),
        ("公共课", None, 8),
        ("必选", "公共课", 8),
        ("专业课", None, 2),
        ("必选", "专业课", 2),
    )
    reading = reading_of(small(head=head, courses=rows, modules=modules))
    assert reading.errors == ()
    assert [len(module.modules[0].courses) for module in reading.plan.modules] == [2, 1]
    paths = [("公共课/必选", *COURSES[0][1:]), ("专业课 ／ 必选", *COURSES[2][1:])]
    modules = (modules[0], ("公共课", None, 4), ("必选", "公共课", 4), *modules[3:])
    assert reading_of(small(courses=paths, modules=modules)).errors == ()
    vague = reading_of(small(courses=[("必选", *COURSES[0][1:]), *paths[1:]], modules=modules))
    assert ("课程", "A2", "plans.module_ambiguous") in said(vague)


def test_remarks_stand_in_nobodys_way():
    rows = with_cell(COURSES, 0, 6, None)
    reading = reading_of(small(courses=rows, modules=(MODULE_ROWS[0], ("公共课", 5), ("选修课", 2))))
    assert reading.errors == ()
    assert [(one.sheet, one.cell, one.code) for one in reading.remarks] == [
        ("模块", "B2", "plan.minimum_below_required"),
        ("课程", "B2", "plan.course_without_term"),
    ]


def test_a_workbook_that_holds_no_plan_or_two_says_so():
    assert said(reading_of(sheets(("表", (("姓名", "学号"), ("张三", 1)))))) == [("", "", "plans.no_list")]
    two = sheets(("一班", (HEAD, *COURSES)), ("二班", (HEAD, *COURSES)))
    assert said(reading_of(two)) == [("二班", "", "plans.two_lists")]
    assert said(reading_of(small(courses=()), code="P")) == [
        ("课程", "B1", "plans.no_courses"),
        ("模块", "B2", "plan.module_empty"),
        ("模块", "B3", "plan.module_empty"),
    ]
    assert said(reading_of(small(about=None))) == [("", "", "plans.code_needed"), ("", "", "plans.title_needed")]
    assert said(reading_of(b"a,b\n1,2\n", name="plan.csv")) == [("", "", "plans.not_a_workbook")]
    doubled = small(head=(*HEAD[:5], "学分", *HEAD[6:]))
    assert said(reading_of(doubled)) == [("课程", "F1", "plans.heading_twice")]
    without = [tuple(cell for place, cell in enumerate(row) if place != 3) for row in (HEAD, *COURSES)]
    assert said(reading_of(small(head=without[0], courses=without[1:])))[0] == ("课程", "", "plans.heading_missing")


def test_a_hidden_sheet_is_not_read():
    def change(_book, made):
        made["旧版"].hide()

    content = sheets(
        ("课程", (HEAD, *COURSES)),
        ("旧版", (HEAD, *COURSES)),
        ("模块", MODULE_ROWS),
        ("方案", ABOUT_ROWS),
        change=change,
    )
    assert reading_of(content).errors == ()


def test_a_text_that_looks_like_a_formula_stays_text():
    document = college_document()
    document["plan"]["modules"][0]["courses"][0]["title"] = {"zh": '=HYPERLINK("x")', "en": "+1"}
    document["plan"]["modules"][0]["courses"][1]["assessment"] = "@SUM(1)"
    content = programme_workbook(read_programme(document))
    reading = reading_of(content)
    assert reading.errors == ()
    assert reading.document["plan"] == document["plan"]


def test_every_sentence_has_chinese_words():
    spoken = [wording.translate(sentence, "zh-hans") for sentence in ALL_MESSAGES.values()]
    assert [words for words in spoken if words in ALL_MESSAGES.values()] == []


def test_a_programme_document_with_a_plan_is_read_from_yaml_too():
    text = (
        "schema: creditbank.programme/1\ncode: P\ntitle: 方案\nplan:\n  modules:\n"
        "    - id: a\n      title: 模块\n      minimum: 3\n      courses:\n"
        "        - {code: C1, title: 课程, nature: required, credit: 3, terms: [1, 2]}\n"
    )
    programme = read_programme(read_document(text.encode(), name="p.yaml"))
    assert programme.plan.credit_by_term() == {1: 150, 2: 150}
    assert [node.id for node in programme.requirement.walk()] == ["programme", "a"]
