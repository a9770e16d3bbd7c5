"""The invented college's units, majors and courses, read from the documents that come along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from creditbank.domain.programmes.plan import Module, Nature, Plan, PlannedCourse
from creditbank.domain.values import Hundredths, Text, format_credit

FACULTIES = ("it", "manufacturing", "economics", "building", "health", "arts")
"""The documents of the colleges, beside ``general``."""

ELECTIVES_PLANNED = 16
"""How many of the general electives stand in every plan; the others are in the library only."""

_NATURES = {Nature.REQUIRED: "必修", Nature.LIMITED: "限选", Nature.ELECTIVE: "选修"}
_TWO_GRADES = ("军事课", "劳动教育", "大学生职业发展与就业指导")


@dataclass(frozen=True, slots=True)
class Course:
    """One course: its terms are those of a plan; it is taken, and marked, in the last of them.

    ``scale`` is ``percent``, ``five`` or ``two``: how its results are written.
    """

    code: str
    name: Text
    credit: Hundredths
    terms: tuple[int, ...]
    nature: Nature
    category: str
    unit: str
    scale: str
    weeks: int | None = None
    former: bool = False

    @property
    def hours(self) -> int:
        """Sixteen class hours a credit, and as many for a week of practice."""
        return int(self.credit) * 16 // 100

    @property
    def practice_hours(self) -> int:
        """The part of the hours that is spent in a workshop or laboratory."""
        if self.weeks is not None:
            return self.hours
        return self.hours // 3 // 2 * 2 if self.category in {"专业核心课", "专业选修课"} else 0

    @property
    def is_exam(self) -> bool:
        """Whether it ends with an examination."""
        return self.nature is Nature.REQUIRED and self.scale == "percent" and self.weeks is None

    @property
    def nature_said(self) -> str:
        """Its nature as the course library writes it."""
        return "实践" if self.weeks is not None else _NATURES[self.nature]

    @property
    def credit_said(self) -> str:
        """Its credit as a sheet writes it: 3, 2.5."""
        return format_credit(self.credit).removesuffix(".0")


@dataclass(frozen=True, slots=True)
class Unit:
    """A college or a department."""

    code: str
    name: Text
    is_college: bool


@dataclass(frozen=True, slots=True)
class Major:
    """A major with its courses by module, and the one course that its newer plan has in place of a former one."""

    code: str
    name: Text
    college: Unit
    national: str
    discipline: str
    weight: int
    foundation: tuple[Course, ...]
    basic: tuple[Course, ...]
    core: tuple[Course, ...]
    elective: tuple[Course, ...]
    practice: tuple[Course, ...]
    former: Course
    present: Course

    @property
    def short(self) -> str:
        """The front of a class's name: 软件 of 软件工程."""
        return self.name.zh[:2]


@dataclass(frozen=True, slots=True)
class Library:
    """Everything the college teaches."""

    name: Text
    units: tuple[Unit, ...]
    majors: tuple[Major, ...]
    compulsory: tuple[Course, ...]
    computing_former: Course
    computing_present: Course
    enterprise: tuple[Course, ...]
    electives: tuple[Course, ...]

    @property
    def colleges(self) -> tuple[Unit, ...]:
        """The units that teach."""
        return tuple(unit for unit in self.units if unit.is_college)

    def courses(self) -> Iterator[Course]:
        """Every course once, the general ones first."""
        yield from (*self.compulsory, self.computing_former, self.computing_present)
        yield from (*self.enterprise, *self.electives)
        seen: set[str] = set()
        for major in self.majors:
            for course in major.foundation:
                if course.code not in seen:
                    seen.add(course.code)
                    yield course
            yield from (*major.basic, *major.core, *major.elective, *major.practice, major.former, major.present)

    def replaced(self) -> Iterator[tuple[Course, Course]]:
        """Each course that newer plans have no more, with the one in its place."""
        yield self.computing_former, self.computing_present
        for major in self.majors:
            yield major.former, major.present


def read_library(document: Mapping[str, Any], faculties: Sequence[Mapping[str, Any]]) -> Library:
    """The college of its documents: the general one and one for each college, in order."""
    office = Unit("jw", Text(""), is_college=False)
    made = _Numbers("GY", office.code)
    compulsory = tuple(made.course(row, "通识必修课", Nature.REQUIRED) for row in document["compulsory"])
    former = made.course(document["computing"]["former"], "通识必修课", Nature.REQUIRED, former=True)
    present = made.course(document["computing"]["present"], "通识必修课", Nature.REQUIRED)
    enterprise = tuple(made.course(row, "创新创业课", Nature.REQUIRED) for row in document["enterprise"])
    electives = tuple(made.course(row, "通识选修课", Nature.ELECTIVE) for row in document["electives"])
    units, majors = [], []
    for faculty in faculties:
        college = Unit(faculty["code"], Text(**faculty["name"]), is_college=True)
        units.append(college)
        shared = _Numbers(faculty["prefix"], college.code)
        foundation = tuple(shared.course(row, "学科基础课", Nature.REQUIRED) for row in faculty["foundation"])
        majors += [_major(item, college, foundation) for item in faculty["majors"]]
    departments = [Unit(item["code"], Text(**item["name"]), is_college=False) for item in document["departments"]]
    return Library(
        name=Text(**document["name"]),
        units=(*units, *departments),
        majors=tuple(majors),
        compulsory=compulsory,
        computing_former=former,
        computing_present=present,
        enterprise=enterprise,
        electives=electives,
    )


def _major(item: Mapping[str, Any], college: Unit, foundation: tuple[Course, ...]) -> Major:
    made = _Numbers(item["code"], college.code)
    basic = tuple(made.course(row, "专业基础课", Nature.REQUIRED) for row in item["basic"])
    core = tuple(made.course(row, "专业核心课", Nature.REQUIRED) for row in item["core"])
    elective = tuple(made.course(row, "专业选修课", Nature.LIMITED) for row in item["elective"])
    rows = [
        *item["practice"],
        ["毕业实习", "Graduation Internship", 8, 8],
        ["毕业设计（论文）", "Graduation Project", 10, 8],
    ]
    practice = tuple(made.course(row, "集中实践", Nature.REQUIRED, practice=True) for row in rows)
    return Major(
        code=item["code"],
        name=Text(**item["name"]),
        college=college,
        national=item["national"],
        discipline=item["discipline"],
        weight=item["weight"],
        foundation=foundation,
        basic=basic,
        core=core,
        elective=elective,
        practice=practice,
        former=made.course(item["former"], "专业选修课", Nature.LIMITED, former=True),
        present=made.course(item["present"], "专业选修课", Nature.LIMITED),
    )


class _Numbers:
    """Gives the courses of one prefix their codes: the first digit is the year in which a course is taken."""

    def __init__(self, prefix: str, unit: str) -> None:
        self.prefix = prefix
        self.unit = unit
        self.given = 0

    def course(
        self, row: Sequence[Any], category: str, nature: Nature, *, practice: bool = False, former: bool = False
    ) -> Course:
        """The course of a row: Chinese name, English name, credit, and its term or its first and last."""
        zh, en, credit, first, *last = row
        self.given += 1
        amount = Hundredths(int(Decimal(credit) * 100))
        terms = tuple(range(first, (last[0] if last else first) + 1))
        scale = "percent"
        if zh in _TWO_GRADES:
            scale = "two"
        elif practice or (nature is not Nature.REQUIRED and self.given % 2):
            scale = "five"
        return Course(
            code=f"{self.prefix}{(terms[-1] + 1) // 2}{self.given:03d}",
            name=Text(zh, en),
            credit=amount,
            terms=terms,
            nature=nature,
            category=category,
            unit=self.unit,
            scale=scale,
            weeks=max(1, int(amount) // 100) if practice else None,
            former=former,
        )


def plan_of(library: Library, major: Major, *, newer: bool) -> Plan:
    """The major's plan in its former or its newer edition: more than sixty courses in eight modules."""
    computing = library.computing_present if newer else library.computing_former
    changed = major.present if newer else major.former
    choice = (*major.elective, changed)

    def module(name: str, zh: str, en: str, least: int, courses: Sequence[Course], *categories: str) -> Module:
        required = sum(course.credit for course in courses if course.nature is Nature.REQUIRED)
        return Module(
            name,
            Text(zh, en),
            Hundredths(least or required),
            tuple(_planned(course) for course in courses),
            categories=frozenset(categories),
        )

    enterprise = sum(course.credit for course in library.enterprise)
    return Plan(
        (
            module("general", "通识必修", "General education", 0, (*library.compulsory, computing)),
            module("culture", "通识选修", "General electives", 800, library.electives[:ELECTIVES_PLANNED]),
            module("foundation", "学科基础", "Foundations of the discipline", 0, major.foundation),
            module("basic", "专业基础", "Foundations of the major", 0, major.basic),
            module("core", "专业核心", "Core of the major", 0, major.core),
            module("choice", "专业选修", "Electives of the major", 1400, choice),
            module("practice", "集中实践", "Practice", 0, major.practice),
            module(
                "innovation",
                "创新创业与素质拓展",
                "Innovation and personal development",
                enterprise + 300,
                library.enterprise,
                "innovation",
                "practice",
            ),
        )
    )


def _planned(course: Course) -> PlannedCourse:
    return PlannedCourse(
        course.code,
        course.name,
        course.nature,
        course.credit,
        None if course.weeks is not None else course.hours,
        course.weeks,
        course.terms,
        "考试" if course.is_exam else "考查",
    )
