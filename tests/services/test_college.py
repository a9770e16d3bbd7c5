"""The demonstration college's sheets: how many, for which seed, with every kind of mark, and whose faults they have."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditbank.domain.masterdata.identity import read_identity
from creditbank.domain.programmes.plan import faults, remarks
from creditbank.exchange.college import Simulated, packaged_library, simulate
from creditbank.gateways.chance import romanised, seeded
from creditbank.services.demonstration.college.calendar import calendar_of, present_year
from creditbank.services.demonstration.college.names import _RARE, People
from creditbank.services.demonstration.college.students import populate

ASKED = Simulated(seed=7, students=400, results=4_800, present=2026)


@pytest.fixture(scope="module")
def college():
    return simulate(ASKED)


def rows(college, name):
    """The rows of a sheet by their headings."""
    sheet = college.sheets[name]
    return [dict(zip(sheet.head, row, strict=True)) for row in sheet.rows]


def test_a_college_has_six_colleges_fourteen_majors_and_four_cohorts(college):
    units = Counter(row["单位类别"] for row in rows(college, "colleges"))
    assert units == {"学院": 6, "部门": 4}
    assert len({row["专业名称"] for row in rows(college, "majors")}) == 14
    assert {row["年级"] for row in rows(college, "classes")} == {"2023", "2024", "2025", "2026"}
    assert {row["所属学院"] for row in rows(college, "classes")} == {
        row["单位名称"] for row in rows(college, "colleges") if row["单位类别"] == "学院"
    }
    assert len(rows(college, "terms")) == 8
    assert 500 <= len(rows(college, "courses")) <= 700


def test_as_many_students_and_results_as_were_asked_for(college):
    assert len({row["学号"] for row in rows(college, "students")}) == 400
    assert len(rows(college, "results")) == 4_800


@settings(max_examples=8)
@given(st.integers(300, 1_500), st.integers(0, 99))
def test_a_college_of_any_size_has_just_so_many_students_each_in_a_class_of_their_own_cohort(count, seed):
    library, calendar = packaged_library(), calendar_of(2026)
    made = populate(library, calendar, People(seeded(seed, "p"), romanised), seeded(seed, "s"), count=count)
    assert len({one.number for one in made.students}) == len(made.students) == count
    assert all(one.cohort == one.group.cohort for one in made.students)
    assert {one.sign_in for one in [*_stars(made.students)]} == {"lin", "mei", "jiang"}


def _stars(students):
    from creditbank.services.demonstration.college.students import STARS

    named = {star.name: star for star in STARS}
    return [named[one.name] for one in students if one.manner]


def test_the_same_seed_gives_the_same_sheets_and_another_seed_gives_others(college):
    again, other = simulate(ASKED), simulate(Simulated(8, 400, 4_800, 2026))
    for name, sheet in college.sheets.items():
        assert again.sheets[name] == sheet
    assert again.plans == college.plans
    assert other.sheets["students"].rows != college.sheets["students"].rows
    assert other.sheets["results"].rows != college.sheets["results"].rows


def test_every_identity_number_checks_and_none_belongs_to_a_district_that_exists(college):
    wrong = []
    for name, column in (("staff", "证件号码"), ("students", "身份证件号码")):
        for row in rows(college, name):
            number = row[column]
            if not number:
                continue
            if not isinstance(read_identity(number), str):
                wrong.append(number)
            elif number[2:4] != "99":
                pytest.fail(f"{number[:6]} may be a district")
            if name == "students" and row["出生日期"].startswith("20") and isinstance(read_identity(number), str):
                sex = "男" if int(number[16]) % 2 else "女"
                assert sex == row["性别"]
    # A digit changed, one lost, a day that is none, a region that is none.
    assert len(wrong) == 4


def test_there_are_rare_characters_double_families_and_names_with_a_dot():
    people = People(seeded(3), romanised)
    names = [people.name() for _ in range(3_000)]
    assert any("·" in zh and " " in latin for zh, latin, _sex in names)
    assert any(set(zh) & set(_RARE) for zh, _latin, _sex in names)
    assert any(zh.startswith("欧阳") and latin.startswith("Ouyang ") for zh, latin, _sex in names)
    assert all(zh.isprintable() and sex in "男女" for zh, _latin, sex in names)


def test_every_kind_of_mark_and_every_sitting_occurs(college):
    found = rows(college, "results")
    said = {row["成绩"] for row in found} | {row["备注"] for row in found}
    assert {"优秀", "良好", "中等", "及格", "合格", "缓考", "缺考", "免修", "作弊", "退课"} <= said
    assert any(row["成绩"].isdigit() and int(row["成绩"]) >= 90 for row in found)
    assert {"正考", "补考", "重修", "缓考"} <= {row["考试性质"] for row in found}


def test_nobody_has_results_from_before_they_came_or_after_the_sheet_was_made(college):
    terms = {row["学年学期"]: row for row in rows(college, "terms")}
    entered = {row["学号"]: row["学号"][:4] for row in rows(college, "students")}
    seen = 0
    for row in rows(college, "results")[:-14]:
        term = terms[row["学年学期"]]
        assert term["开学日期"][:4] >= entered[row["学号"]]
        assert term["开学日期"] < row["考试日期"] <= str(college.calendar.results_day)
        seen += 1
    assert seen == 4_786


def test_whoever_sits_again_has_failed_and_whoever_failed_a_resit_takes_the_course_again_a_year_later(college):
    order = {term.code: term.number for term in college.calendar.terms}
    sittings = defaultdict(list)
    for row in rows(college, "results")[:-14]:
        sittings[row["学号"], row["课程代码"]].append(row)
    resits = retakes = 0
    for taken in sittings.values():
        for row in taken:
            before = [one for one in taken if one["考试日期"] < row["考试日期"]]
            if row["考试性质"] == "补考":
                resits += 1
                assert any(one["考试性质"] == "正考" and not _passed(one) for one in before)
                assert before[-1]["学年学期"] == row["学年学期"]
            if row["考试性质"] == "重修":
                retakes += 1
                assert not any(_passed(one) for one in before)
                assert order[row["学年学期"]] >= order[before[-1]["学年学期"]] + 2
    assert resits > 20
    assert retakes > 3


def _passed(row):
    if row["备注"] or row["成绩"] in {"缓考", "不及格", "不合格"}:
        return False
    return not row["成绩"][:1].isdigit() or float(row["成绩"]) >= 60


def test_nobody_passes_one_course_twice(college):
    passed = Counter((row["学号"], row["课程代码"]) for row in rows(college, "results")[:-14] if _passed(row))
    assert {pair for pair, count in passed.items() if count > 1} == set()


def test_each_major_has_two_editions_of_its_plan_and_each_has_eight_modules_and_more_than_sixty_courses(college):
    assert len({plan.code for plan in college.plans}) == 28
    for one in college.plans:
        assert (len(one.plan.modules), len(list(one.plan.courses())) > 60) == (8, True)
        assert (faults(one.plan), remarks(one.plan)) == ((), ())
    named = {row["培养方案"] for row in rows(college, "students")} - {""}
    assert named <= {plan.code for plan in college.plans}


def test_a_course_that_is_exempted_has_its_earlier_recognition(college):
    exempted = {(row["学号"], row["课程代码"]) for row in rows(college, "results") if row["备注"] == "免修"}
    opening = {(row["学号"], row["置换课程代码"]) for row in rows(college, "opening") if row["认定结果"] == "置换"}
    assert exempted
    assert exempted <= opening


def test_the_award_list_has_people_who_match_people_in_doubt_and_people_nobody_knows(college):
    students = {row["学号"]: row["姓名"] for row in rows(college, "students")}
    listed = rows(college, "awards")
    assert sum(students.get(row["学号"]) == row["姓名"] for row in listed) > len(listed) / 2
    assert any(not row["学号"] and row["学院"] != "（外校）" for row in listed)
    assert any(row["学院"] == "（外校）" for row in listed)
    assert any(count > 1 for count in Counter(row["团队编号"] for row in listed).values())


@pytest.mark.parametrize("present", [2015, 2024, 2026, 2031])
def test_the_terms_of_any_year_follow_each_other_and_resits_lie_between_them(present):
    terms = calendar_of(present).terms
    for one, following in pairwise(terms):
        assert one.starts_on < one.examined_on < one.ends_on < one.resits_from < following.starts_on
        assert one.starts_on < one.claims[0] < one.claims[1] < one.ends_on
    assert terms[-3].resits_from < calendar_of(present).results_day
    assert terms[-2].starts_on < calendar_of(present).roster_day


def test_the_sheets_of_an_autumn_are_there_from_the_twentieth_of_september():
    assert (present_year(date(2026, 9, 19)), present_year(date(2026, 9, 20))) == (2025, 2026)
    assert present_year(date(2027, 8, 31)) == 2026


def test_the_college_offers_resources_of_its_own_and_of_partners_each_term(college):
    providers = {row["机构名称"]: row for row in rows(college, "providers")}
    resources = {row["资源编号"]: row for row in rows(college, "resources")}
    offerings = rows(college, "offerings")
    assert Counter(row["校内外"] for row in providers.values()) == {"校内": 6, "校外": 7}
    assert Counter(row["资源类型"] for row in resources.values()) == {"课程": 21, "实践基地": 13, "其他": 1}
    named = [row for row in resources.values() if row["资源机构"] not in providers]
    assert [row["资源编号"] for row in named] == ["W001"]
    courses = {row["课程代码"] for row in rows(college, "courses")}
    assert {row["校内对应课程"] for row in resources.values() if row["校内对应课程"]} <= courses
    assert {row["教育资源"] for row in offerings} <= resources.keys()
    assert {row["学期"] for row in offerings} == {term.code for term in college.calendar.terms[-3:]}
    assert [row["开课编号"] for row in offerings if row["开始日期"].endswith("-02-30")] == ["X-1"]
    # A partner's accreditation ends while a course of theirs runs.
    ends = {code: providers[row["资源机构"]]["认证截止日期"] for code, row in resources.items() if code != "W001"}
    assert [row for row in offerings if ends[row["教育资源"]] and row["结束日期"] > ends[row["教育资源"]]]
