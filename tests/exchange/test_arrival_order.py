"""Any order of files of different kinds, and of different as-of days, gives the same bank: the day decides."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from creditbank.exchange.documents import read_document
from creditbank.exchange.mapping import read_mapping
from creditbank.exchange.opening_lots import import_sheet, read_opening
from creditbank.gateways.clock import new_id
from creditbank.gateways.files import open_upload
from creditbank.records.institutions import Institution
from creditbank.records.scope import acting_for
from creditbank.services.bank import found_institution
from tests.cast import AT
from tests.exchange.small_import import PACKS, publish_transfer_rules, run_import
from tests.exchange.test_opening_lots import HEAD as OPENING_HEAD
from tests.intruder import superuser
from tests.services.editions import brought, published
from tests.web.office_sheets import csv_sheet

few = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
RESULTS_HEAD = ("学号", "课程代码", "课程名称", "学年学期", "学分", "成绩", "考试性质", "备注")
NUMBERS = ("S1", "S2", "S3")


@dataclass(frozen=True)
class File:
    """One file as an office sends it: what it holds, rows by heading or as cells, and the day whose state it shows."""

    kind: str
    rows: tuple
    as_of: date
    name: str


def days(first=1, last=12):
    return st.integers(first, last).map(lambda month: date(2026, month, 1))


def sheet(kind, heads, always=(), **values):
    """Files of a data set: some rows with some of their cells, each key once in a file."""
    key, *rest = heads
    given = {head: values[head] for head in rest if head in always}
    cells = st.fixed_dictionaries(given, optional={head: values[head] for head in rest if head not in always})
    rows = st.dictionaries(values[key], cells, min_size=1, max_size=3)

    def file(given):
        said, day = given
        made = tuple(tuple(({key: name} | cells).items()) for name, cells in said.items())
        return kind, made, day

    return st.tuples(rows, days()).map(file)


def some(*words):
    return st.sampled_from(words)


UNITS = some("sw", "软件学院", "de", "设计学院", "商学院")
DAYS = some("2026-09-01", "2027-01-20", "2027-02-22", "2027-07-10", "2027-08-31")
MASTER = (
    sheet("years", ("学年", "开始日期", "结束日期"), ("开始日期",), 学年=some("2026-2027", "2027-2028"), 开始日期=DAYS, 结束日期=DAYS),
    sheet("terms", ("学期代码", "学年", "学期名称", "开始日期", "结束日期", "教学周数"), ("开始日期", "结束日期"), 学期代码=some("2026-2027-1", "春季"),
          学年=some("2026-2027", "2027-2028"), 学期名称=some("秋", "春"), 开始日期=DAYS, 结束日期=DAYS,
          教学周数=some("18", "20")),
    sheet("colleges", ("院系代码", "院系名称", "单位类型"), 院系代码=some("sw", "de"),
          院系名称=some("软件学院", "设计学院", "商学院"), 单位类型=some("学院", "部门")),
    sheet("majors", ("专业代码", "专业名称", "所属院系", "学制"), 专业代码=some("5102", "5301"),
          专业名称=some("软件技术", "会计"), 所属院系=UNITS, 学制=some("3", "4")),
    sheet("classes", ("班级代码", "班级名称", "所属专业", "年级"), 班级代码=some("SW1", "SW2"), 班级名称=some("软件1班", "软件2班"),
          所属专业=some("5102", "会计"), 年级=some("2025", "2026")),
    sheet("students", ("学号", "姓名", "所属院系", "专业", "班级", "年级", "学籍状态", "培养方案代码"), 学号=some(*NUMBERS),
          姓名=some("甲", "乙"), 所属院系=UNITS, 专业=some("5102", "5301"), 班级=some("SW1", "SW2"),
          年级=some("2025", "2026"), 学籍状态=some("在读", "休学"), 培养方案代码=some("p1", "p2")),
    sheet("staff", ("工号", "姓名", "所属院系", "职务"), 工号=some("T1", "T2"), 姓名=some("张", "李"), 所属院系=UNITS,
          职务=some("辅导员", "科长")),
    sheet("courses", ("课程代码", "课程名称", "学分", "课程性质", "开课院系"), 课程代码=some("C1", "C2"), 课程名称=some("程序设计", "数据库"),
          学分=some("0", "2", "3.5"), 课程性质=some("必修", "选修", "学位课"), 开课院系=UNITS),
)  # fmt: skip
CHANGES = st.builds(
    lambda rows, day: ("changes", tuple(
        tuple({"学号": number, "异动类型": kind, "异动日期": on, "转入班级": to}.items())
        for number, (kind, on, to) in rows.items()), day),
    st.dictionaries(some(*NUMBERS), st.tuples(some("转专业", "休学", "复学", "退学"), some("2026-03-15", "2026-07-01"),
                                              some("SW1", "SW2")), min_size=1, max_size=2), days(),
)  # fmt: skip
RESULTS = st.builds(
    lambda rows, day: ("results", tuple((number, course, "高等数学", "2023-2024-1", credit, mark, sitting, "")
                                        for (number, course, sitting), (mark, credit) in rows.items()), day),
    st.dictionaries(st.tuples(some(*NUMBERS, "S4"), some("C1", "C2"), some("正考", "补考")),
                    st.tuples(some("85", "59", "优秀", "缺考"), some("2", "4")), min_size=1, max_size=4), days(),
)  # fmt: skip
YEARS, TERMS, COLLEGES, MAJORS, CLASSES, STUDENTS, STAFF, COURSES = MASTER
GROUPS = {
    "calendar": st.one_of(YEARS, TERMS, TERMS),
    "students": st.one_of(COLLEGES, STUDENTS, STUDENTS, CHANGES),
    "classes": st.one_of(COLLEGES, MAJORS, CLASSES, STAFF),
    "courses": st.one_of(COURSES, COURSES, COLLEGES),
}
"""Data sets that speak of each other: in one case few of them, so that its files meet in the same rows."""
OPENING = st.lists(
    st.tuples(some(*NUMBERS), some("甲文", "乙文"), st.booleans()),
    min_size=1,
    max_size=4,
    unique_by=lambda row: row[:2],
)


def opening_rows(lines):
    """Recognitions of two documents, some with a conversion of a part; the same line says the same in every file."""
    rows = []
    for number, document, converted in lines:
        rows.append(
            (number, "", "认定", document, "2023-12-20", f"{document}成果", "竞赛", "4", "", "", "", "", "", "")
        )
        if converted:
            rows.append((number, "", "置换", f"{document}换", "2024-03-08", f"{document}成果", "", "3", document, "3",
                         "C9", "免修课", "85", "2023-2024-2"))  # fmt: skip
    return tuple(rows)


@st.composite
def files(draw):
    """Files of several kinds; no two of results show the same day, as each is a later export."""
    groups = draw(st.lists(st.sampled_from(sorted(GROUPS)), min_size=1, max_size=2, unique=True))
    made = draw(st.lists(st.one_of(*(GROUPS[group] for group in groups)), min_size=1, max_size=6))
    results = draw(st.lists(RESULTS, max_size=3, unique_by=lambda file: file[2]))
    opening = [("opening", opening_rows(draw(OPENING)), date(2026, 1, 1)) for _ in range(draw(st.integers(0, 2)))]
    codes = [("codes", (), date(2026, 1, 1))] if draw(st.booleans()) else []
    return [File(kind, rows, day, f"{at}.csv") for at, (kind, rows, day) in enumerate(made + results + opening + codes)]


def school_of(cast):
    """A new school of the centre, so that every order begins with nothing."""
    return found_institution(
        institution_id=new_id(), kind=Institution.Kind.INSTITUTION, code=f"s{new_id().hex[-10:]}", name="学校", name_en="School",
        parent=cast.centre,
    ).id  # fmt: skip


SCHOOL_LONG = read_mapping(
    read_document((PACKS / "mappings" / "school-long.yaml").read_bytes(), name="school-long.yaml")
)
NATURE = [{"code": "compulsory", "name": "必修"}, {"code": "elective", "name": "选修"},
          {"code": "degree", "name": "学位课"}]  # fmt: skip


def apply(bank, cast, school, file, folder) -> int:
    """Bring one file in the way its page does; how many rows were refused."""
    if file.kind == "codes":
        with acting_for(institution=school, purpose="test") as scope:
            there = scope.fetch("SELECT 1 FROM edition WHERE institution_id = %s", [school])
        if not there:
            published(school, "codes.course_nature", NATURE, day=file.as_of)
        return 0
    if file.kind == "results":
        path = folder / f"{school}-{file.name}"
        path.write_bytes(csv_sheet([RESULTS_HEAD, *file.rows]))
        return run_import(
            cast, path, mapping=SCHOOL_LONG, institution=school, actor=school, as_of=file.as_of
        ).rows_refused
    if file.kind == "opening":
        content = io.BytesIO(csv_sheet([OPENING_HEAD, *file.rows]))
        with open_upload(content, name=file.name) as upload:
            sheet = read_opening(upload, today=date(2026, 3, 1))
        return import_sheet(sheet, institution=school, actor=school, now=lambda: AT).rows_refused
    refused, _run = brought(bank, school, file.kind, [dict(row) for row in file.rows], file.as_of)
    return len(refused)


def bring_all(bank, cast, order, folder) -> UUID:
    """Bring files into a new school one after the other, and again those of which rows were refused."""
    school = school_of(cast)
    waiting = list(order)
    for _turn in range(3):
        waiting = [file for file in waiting if apply(bank, cast, school, file, folder)]
    return school


LIVE = {
    "rows": "SELECT data_set, key, content::text, since::text, contested::text, retired, label FROM data_row"
            " WHERE institution_id = %(school)s",
    "years": "SELECT code, starts_on, ends_on FROM academic_year WHERE institution_id = %(school)s",
    "terms": "SELECT term.code, year.code, name, term.starts_on, term.ends_on, weeks FROM term"
             " JOIN academic_year AS year ON year.id = academic_year_id WHERE term.institution_id = %(school)s",
    "units": "SELECT replace(unit.code, school.code || '-', ''), unit.name, unit.kind FROM institution AS unit"
             " JOIN institution AS school ON school.id = unit.parent_id WHERE unit.parent_id = %(school)s",
    "students": "SELECT student_number, enrolment.name, name_sort, cohort, programme_code, major_code, class_code, status,"
                " (SELECT unit.name FROM institution AS unit WHERE unit.id = college_id) FROM enrolment"
                " WHERE institution_id = %(school)s",
    "courses": "SELECT code, name, credit, nature FROM course WHERE institution_id = %(school)s AND NOT retired",
    "results": "SELECT DISTINCT ON (student_number, course, presentation, sitting) student_number, course, presentation,"
               " sitting, as_of, outcome, mark, grade, credit, lot_id IS NOT NULL FROM result"
               " JOIN learner_number USING (learner_id, institution_id) WHERE institution_id = %(school)s"
               " ORDER BY student_number, course, presentation, sitting, as_of DESC",
    "facts": "SELECT student_number, course, presentation, sitting, as_of, outcome, mark FROM result"
             " JOIN learner_number USING (learner_id, institution_id) WHERE institution_id = %(school)s",
    "credit": "SELECT student_number, lot.code, title, category, lot.amount, term, earned_on, source_kind, state::text,"
              " balance.amount FROM balance JOIN lot USING (learner_id, lot_id)"
              " JOIN learner_number ON learner_number.learner_id = lot.learner_id"
              "   AND learner_number.institution_id = lot.institution_id"
              " WHERE lot.institution_id = %(school)s AND balance.amount > 0",
}  # fmt: skip
"""What counts in a school, by business keys: master data as of the latest day, results, and credit that stands."""


def live(bank, school):
    with superuser(bank) as su:
        return {name: sorted(su.execute(sql, {"school": school}).fetchall(), key=repr) for name, sql in LIVE.items()}


def same_in_both_orders(bank, cast, folder, given, chance):
    shuffled = list(given)
    random.Random(chance).shuffle(shuffled)
    first, second = (live(bank, bring_all(bank, cast, order, folder)) for order in (given, shuffled))
    assert first == second


@few
@given(given=files(), chance=st.integers(0, 2**32))
def test_any_order_of_files_of_different_kinds_gives_the_same_bank(bank, cast, tmp_path_factory, given, chance):
    publish_once(cast)
    same_in_both_orders(bank, cast, tmp_path_factory.mktemp("sheets"), given, chance)


@few
@pytest.mark.parametrize("group", sorted(GROUPS))
@given(data=st.data(), chance=st.integers(0, 2**32))
def test_any_order_of_files_about_the_same_rows_gives_the_same_bank(bank, cast, tmp_path_factory, group, data, chance):
    made = data.draw(st.lists(GROUPS[group], min_size=2, max_size=4))
    given = [File(kind, rows, day, f"{at}.csv") for at, (kind, rows, day) in enumerate(made)]
    same_in_both_orders(bank, cast, tmp_path_factory.mktemp("sheets"), given, chance)


_published = set()


def publish_once(cast):
    if cast.centre not in _published:
        _published.add(cast.centre)
        publish_transfer_rules(cast)
