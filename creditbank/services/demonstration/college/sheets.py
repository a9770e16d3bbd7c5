"""The invented college's sheets, as its offices would send them, with the faults such sheets have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from creditbank.domain.programmes.plan import Plan
from creditbank.domain.values import Text
from creditbank.gateways.chance import Chance
from creditbank.services.demonstration.college import outcomes, resources
from creditbank.services.demonstration.college.calendar import Calendar, calendar_of, term_rows
from creditbank.services.demonstration.college.library import Library, plan_of
from creditbank.services.demonstration.college.names import People
from creditbank.services.demonstration.college.rosters import (
    CHANGES_HEAD,
    CLASSES_HEAD,
    STAFF_HEAD,
    STUDENTS_HEAD,
    change_rows,
    class_rows,
    staff_rows,
    student_rows,
)
from creditbank.services.demonstration.college.students import (
    STARS,
    Population,
    editions,
    populate,
    programme_code,
)
from creditbank.services.demonstration.college.study import Result, correct, hand_in, study

_FAULTY = 14
RESULTS_EACH = 12
"""Results for each student where nobody says how many."""

_YEARS_HEAD = ("学年", "开始日期", "结束日期")
_TERMS_HEAD = (
    "学年学期", "学年", "学期名称", "英文名称", "开学日期", "放假日期", "教学周数", "补考开始日期", "补考结束日期",
    "成果申报开始日期", "成果申报结束日期",
)  # fmt: skip
_UNITS_HEAD = ("单位代码", "单位名称", "英文名称", "单位类别", "联系电话")
_MAJORS_HEAD = ("专业代码", "专业名称", "专业英文名称", "所属学院", "培养层次", "学制", "国标专业代码", "学科门类")
_COURSES_HEAD = (
    "课程代码", "课程名称", "课程英文名称", "课程性质", "学分", "总学时", "理论学时", "实践学时", "开课学期",
    "考核方式", "课程类别", "开课学院", "是否停用", "替代课程代码",
)  # fmt: skip
_RESULTS_HEAD = (
    "学号", "姓名", "课程代码", "课程名称", "学年学期", "学分", "成绩", "考试性质", "备注", "考试日期",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet to be written: ``name`` is the front of its file's name, ``numbers`` the columns that hold numbers."""

    name: str
    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class PlanSheet:
    """One plan to be written as a workbook of its own."""

    code: str
    title: Text
    plan: Plan


@dataclass(frozen=True, slots=True)
class College:
    """The college on the day it sends its sheets; ``stars`` goes from sign-in to student number."""

    name: Text
    calendar: Calendar
    sheets: Mapping[str, Sheet]
    plans: tuple[PlanSheet, ...]
    stars: Mapping[str, str]


def make_college(
    library: Library,
    *,
    present: int,
    students: int,
    results: int,
    draw: Callable[[str], Chance],
    romanised: Callable[[str], str],
) -> College:
    """The college of a seed: the same arguments give the same sheets, to the letter.

    Args:
        library: what it teaches.
        present: the calendar year in which the present academic year began.
        students: how many students it has, all cohorts together.
        results: how many rows the sheet of results has, as far as there are so many.
        draw: gives each part of the college a source of chance of its own.
        romanised: writes a Chinese name in Latin letters.
    """
    calendar = calendar_of(present)
    people = People(draw("people"), romanised)
    population = populate(library, calendar, people, draw("students"), count=students)
    taken = study(library, calendar, population.students, draw("study"))
    handed_in = hand_in(taken, results - _FAULTY, draw("lists of marks"))
    faulty = _faulty_results(library, calendar, handed_in)
    corrected = correct(handed_in, draw("corrections"))
    members, chance = population.students, draw("outcomes")
    opening = outcomes.opening_lots(library, calendar, members, handed_in, chance)
    awards = outcomes.award_list(calendar, members, people, chance)
    certificates = outcomes.certificate_list(calendar, members, people, chance)
    cet = outcomes.cet_list(calendar, members, people, chance)
    offered = resources.offering_rows(library, calendar, draw("resources"))
    sheets = (
        Sheet("01-学年", "学年", _YEARS_HEAD, _year_rows(calendar)),
        Sheet("02-校历", "校历", _TERMS_HEAD, term_rows(calendar.terms), (6,)),
        Sheet("03-院系部门", "院系部门", _UNITS_HEAD, _unit_rows(library)),
        Sheet("04-专业", "专业", _MAJORS_HEAD, _major_rows(library), (5,)),
        Sheet("05-班级", "班级", CLASSES_HEAD, class_rows(population), (4,)),
        Sheet("06-教职工", "教职工", STAFF_HEAD, staff_rows(population)),
        Sheet("07-课程库", "课程库", _COURSES_HEAD, _course_rows(library), (4, 5, 6, 7)),
        Sheet("08-学生名册", "学生名册", STUDENTS_HEAD, student_rows(population, calendar, draw("roster")), (9,)),
        Sheet("09-学籍异动", "学籍异动", CHANGES_HEAD, change_rows(population), (6,)),
        Sheet("10-成绩", "成绩", _RESULTS_HEAD, [*map(_result_row, handed_in), *faulty], (5,)),
        Sheet("11-成绩更正", "成绩更正", _RESULTS_HEAD, [*map(_result_row, corrected)], (5,)),
        Sheet("12-期初学分", "期初学分", outcomes.OPENING_HEAD, opening, (7,)),
        Sheet("13-竞赛获奖名单", "竞赛获奖名单", outcomes.AWARDS_HEAD, awards),
        Sheet("14-职业技能等级证书名单", "1+X证书名单", outcomes.CERTIFICATES_HEAD, certificates),
        Sheet("15-英语四六级名单", "四六级成绩", outcomes.CET_HEAD, cet),
        Sheet("16-资源机构", "资源机构", resources.PROVIDERS_HEAD, resources.provider_rows(library, calendar)),
        Sheet("17-教育资源", "教育资源", resources.RESOURCES_HEAD, resources.resource_rows(library), (6, 7)),
        Sheet("18-开课", "开课", resources.OFFERINGS_HEAD, offered, (5, 6)),
    )
    keys = (
        "years", "terms", "colleges", "majors", "classes", "staff", "courses", "students", "changes", "results",
        "corrections", "opening", "awards", "certificates", "cet", "providers", "resources", "offerings",
    )  # fmt: skip
    return College(
        name=library.name,
        calendar=calendar,
        sheets=dict(zip(keys, sheets, strict=True)),
        plans=tuple(_plans(library, calendar)),
        stars=_stars(population),
    )


def results_mapping(calendar: Calendar, document: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping of the sheet of results: the usual one of a school, with the days of this calendar."""
    made = dict(document)
    made["note"] = {
        "zh": "列含义与“教务系统成绩导出（长表）”相同；学期日期取自本校校历。",
        "en": "As school-long, with this calendar.",
    }
    made["columns"] = {**document["columns"], "earned_on": "考试日期"}
    made["presentations"] = {
        term.code: {"term": term.code, "starts_on": str(term.starts_on), "ends_on": str(term.ends_on)}
        for term in calendar.past
    }
    return made


def _stars(population: Population) -> dict[str, str]:
    numbers = {one.name: one.number for one in population.students if one.manner}
    return {star.sign_in: numbers[star.name] for star in STARS}


def _plans(library: Library, calendar: Calendar) -> list[PlanSheet]:
    years = editions(calendar)
    return [
        PlanSheet(
            programme_code(major, year),
            Text(f"{major.name.zh}专业人才培养方案（{year}版）", f"{major.name.en}, edition {year}"),
            plan_of(library, major, newer=year == years[-1]),
        )
        for major in library.majors
        for year in years
    ]


def _year_rows(calendar: Calendar) -> list[tuple[str, ...]]:
    years = [term for term in calendar.terms if term.number % 2 == 0]
    return [(one.year, str(one.starts_on), str(date(one.starts_on.year + 1, 8, 31))) for one in years]


def _unit_rows(library: Library) -> list[tuple[str, ...]]:
    return [
        (unit.code, unit.name.zh, unit.name.en, "学院" if unit.is_college else "部门", f"0000-8800{place:02d}")
        for place, unit in enumerate(library.units, 1)
    ]


def _major_rows(library: Library) -> list[tuple[str, ...]]:
    """The majors; of the newest one the national code has not been entered."""
    rows = [
        (
            f"{place:02d}",
            major.name.zh,
            major.name.en,
            major.college.name.zh,
            "本科",
            "4",
            major.national,
            major.discipline,
        )
        for place, major in enumerate(library.majors, 1)
    ]
    return [*rows[:-1], (*rows[-1][:6], "", rows[-1][7])]


def _course_rows(library: Library) -> list[tuple[str, ...]]:
    """The library of courses: a few lack credit or hours, the former ones name what replaces them."""
    replaced = {former.code: present.code for former, present in library.replaced()}
    units = {unit.code: unit.name.zh for unit in library.units}
    unsettled = {course.code for course in library.electives[-6:]}
    unmeasured = {major.elective[-1].code for major in library.majors[::3]}
    # One course of a plan never came into the library.
    forgotten = library.majors[0].elective[-1].code
    return [
        (
            course.code,
            course.name.zh,
            course.name.en,
            course.nature_said,
            "" if course.code in unsettled else course.credit_said,
            *("" if course.code in unmeasured else str(hours) for hours in (
                course.hours, course.hours - course.practice_hours, course.practice_hours,
            )),
            f"{course.terms[0]}-{course.terms[-1]}" if len(course.terms) > 1 else str(course.terms[0]),
            "考试" if course.is_exam else "考查",
            course.category,
            units[course.unit],
            "是" if course.former else "",
            replaced.get(course.code, ""),
        )
        for course in library.courses()
        if course.code != forgotten
    ]  # fmt: skip


def _result_row(result: Result) -> tuple[str, ...]:
    course = result.course
    return (
        result.student.number, result.student.name, course.code, course.name.zh, result.term.code, course.credit_said,
        result.mark, result.sitting, result.remark, str(result.on),
    )  # fmt: skip


def _faulty_results(library: Library, calendar: Calendar, results: Sequence[Result]) -> list[tuple[str, ...]]:
    """Rows as every office finds them in its sheet: twice, contradictory, impossible."""
    last = calendar.past[-1].number
    recent = [one for one in results if one.term.number == last and one.sitting == "正考" and not one.remark]
    if len(recent) < 20:
        return []
    # From here on the general electives stand in nobody's plan.
    spare = library.electives[20:]
    row = [_result_row(one) for one in recent[:: len(recent) // 20]]

    def other(place: int, heading: str, cell: str) -> tuple[str, ...]:
        cells = dict(zip(_RESULTS_HEAD, row[place], strict=True))
        cells |= {"课程代码": spare[place].code, "课程名称": spare[place].name.zh, "学分": spare[place].credit_said}
        return tuple((cells | {"成绩": "80", heading: cell}).values())

    return [
        *row[10:15],
        other(0, "成绩", "105"),
        other(1, "成绩", "免考"),
        other(2, "考试性质", "清考"),
        other(3, "学号", ""),
        other(4, "学分", "三"),
        other(5, "学年学期", "2019-2020-2"),
        other(6, "考试日期", f"{calendar.present}-02-30"),
        other(7, "成绩", "71"),
        other(7, "成绩", "77"),
    ]
