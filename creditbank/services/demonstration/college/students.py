"""Classes, staff and students of the invented college, and what changed in their enrolment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from creditbank.gateways.chance import Chance
from creditbank.services.demonstration.college.calendar import Calendar
from creditbank.services.demonstration.college.library import Library, Major, Unit
from creditbank.services.demonstration.college.names import People

_SHARES = (9, 18, 28, 45)
"""How many of a hundred students each cohort has: the college is young, and has grown every year."""
_CLASS = 40
_TITLES = ("教授", "副教授", "副教授", "讲师", "讲师", "讲师", "助教", "实验师")
_PLAN_YEARS = 2
"""An edition of the plans holds for so many cohorts."""


@dataclass(frozen=True, slots=True)
class Star:
    """A learner whom the demonstration names; ``manner`` is ``steady``, ``struggling`` or ``finishing``."""

    sign_in: str
    name: str
    sex: str
    major: str
    cohort: int
    manner: str


STARS = (
    Star("lin", "林晓", "女", "SE", 1, "steady"),
    Star("mei", "梅雨", "女", "FM", 1, "struggling"),
    Star("jiang", "江临川", "男", "NU", 0, "finishing"),
)
"""``cohort`` counts from the eldest one."""


@dataclass(frozen=True, slots=True)
class ClassGroup:
    """One class of a major and a cohort."""

    code: str
    name: str
    major: Major
    cohort: int
    adviser: str


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the staff."""

    number: str
    name: str
    name_en: str
    sex: str
    national_id: str
    unit: Unit
    title: str
    position: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a student's enrolment, effective on a day; the empty fields do not change."""

    student: str
    kind: str
    on: date
    to_class: ClassGroup | None = None
    to_cohort: int | None = None
    to_programme: str = ""
    until: date | None = None
    reason: str = ""


@dataclass(slots=True)
class Student:
    """One student: who they are, where they are now, and how they study.

    ``stays`` says, for each past term since entry, which major's plan was followed in which edition; None for a term
    away.
    """

    number: str
    name: str
    name_en: str
    sex: str
    born: date
    national_id: str
    entered: int
    group: ClassGroup
    cohort: int
    edition: int
    ability: float
    status: str = "在读"
    manner: str = ""
    stays: list[tuple[Major, int] | None] = field(default_factory=list)

    @property
    def programme(self) -> str:
        """The code of the plan in force for the student."""
        return programme_code(self.group.major, self.edition)


@dataclass(frozen=True, slots=True)
class Population:
    """Everybody of the college."""

    classes: tuple[ClassGroup, ...]
    staff: tuple[Member, ...]
    students: tuple[Student, ...]
    changes: tuple[Change, ...]


def programme_code(major: Major, year: int) -> str:
    """The code of a major's plan, by the first cohort it holds for."""
    return f"{major.code}-{year}"


def editions(calendar: Calendar) -> tuple[int, ...]:
    """The editions of the plans, each by the first cohort it holds for."""
    return calendar.cohorts[::_PLAN_YEARS]


def edition_for(calendar: Calendar, cohort: int) -> int:
    """The edition that holds for a cohort."""
    return max(year for year in editions(calendar) if year <= cohort)


def populate(
    library: Library, calendar: Calendar, people: People, chance: Chance, *, count: int, stars: Sequence[Star] = STARS
) -> Population:
    """Classes, staff and students, the changes of their enrolment applied as far as the roster shows them."""
    staff = _Staff(library, people, chance, count)
    classes: list[ClassGroup] = []
    students: list[Student] = []
    for at, cohort in enumerate(calendar.cohorts):
        of_cohort = _portion(count, _SHARES, at)
        for place, major in enumerate(library.majors):
            size = _portion(of_cohort, [item.weight for item in library.majors], place)
            groups = [
                ClassGroup(
                    f"{major.code}{cohort % 100:02d}{number:02d}",
                    f"{major.short}{cohort % 100:02d}{number:02d}班",
                    major,
                    cohort,
                    staff.adviser(major.college),
                )
                for number in range(1, max(1, -(-size // _CLASS)) + 1)
            ]
            classes += groups
            named = [star for star in stars if (star.major, star.cohort) == (major.code, at)]
            for seat in range(max(size, len(named))):
                star = named[seat] if seat < len(named) else None
                group = groups[seat % len(groups)]
                students.append(_student(calendar, people, chance, group, place, seat // len(groups), star))
    changes = tuple(_Registry(calendar, classes, chance).change(students))
    _enter_again(students)
    return Population(tuple(classes), tuple(staff.members), tuple(students), changes)


def _enter_again(students: Sequence[Student]) -> None:
    """Two who had left have come back as new students: the same persons under new numbers."""
    left = [one for one in students if one.status == "退学"][:2]
    new = [one for one in reversed(students) if not one.stays and one.status == "在读" and not one.manner]
    for old, one in zip(left, new, strict=False):
        one.name, one.name_en, one.sex = old.name, old.name_en, old.sex
        one.born, one.national_id = old.born, old.national_id


def _portion(whole: int, weights: Sequence[int], place: int) -> int:
    """The share of one of the weights, so that all shares together are the whole."""
    total, before = sum(weights), sum(weights[:place])
    return whole * (before + weights[place]) // total - whole * before // total


def _student(
    calendar: Calendar, people: People, chance: Chance, group: ClassGroup, place: int, seat: int, star: Star | None
) -> Student:
    name, latin, sex = people.name()
    ability = chance.gauss(0, 1)
    manner = ""
    if star is not None:
        name, sex, manner = star.name, star.sex, star.manner
        latin = people.latin(name)
        ability = {"steady": 0.9, "struggling": -2.4, "finishing": 1.6}[manner]
    born = people.born(group.cohort - 18 - (1 if chance.random() < 0.3 else 0))
    edition = edition_for(calendar, group.cohort)
    past = 2 * (calendar.present - group.cohort)
    return Student(
        number=f"{group.cohort}{place + 1:02d}{int(group.code[-2:]):02d}{seat + 1:02d}",
        name=name,
        name_en=latin,
        sex=sex,
        born=born,
        national_id=people.number(born, sex),
        entered=group.cohort,
        group=group,
        cohort=group.cohort,
        edition=edition,
        ability=ability,
        manner=manner,
        stays=[(group.major, edition)] * past,
    )


class _Staff:
    """The staff: teachers of each college by its size, advisers, and the people of the departments."""

    def __init__(self, library: Library, people: People, chance: Chance, students: int) -> None:
        self.members: list[Member] = []
        self._people, self._chance = people, chance
        self._advisers: dict[str, list[str]] = {}
        weights = {
            unit.code: sum(m.weight for m in library.majors if m.college.code == unit.code) for unit in library.units
        }
        whole = sum(weights.values())
        for unit in library.units:
            size = max(2, students * weights[unit.code] // whole // 19) if unit.is_college else 5
            for place in range(size):
                position = (
                    ("院长" if unit.is_college else "处长") if place == 0 else "教学秘书" if place == 1 else "教师"
                )
                self._add(
                    unit,
                    chance.choice(_TITLES) if unit.is_college else "",
                    position if unit.is_college or not place else "科员",
                )
            if unit.is_college:
                self._advisers[unit.code] = [
                    self._add(unit, "讲师" if place % 3 else "", "辅导员")
                    for place in range(max(1, students * weights[unit.code] // whole // 190))
                ]

    def adviser(self, unit: Unit) -> str:
        """The staff number of one of a college's advisers, in turn."""
        found = self._advisers[unit.code]
        found.append(found.pop(0))
        return found[-1]

    def _add(self, unit: Unit, title: str, position: str) -> str:
        name, latin, sex = self._people.name()
        born = self._people.born(self._chance.randint(1966, 1996))
        number = f"T{len(self.members) + 1:04d}"
        identity = self._people.number(born, sex)
        self.members.append(Member(number, name, latin, sex, identity, unit, title, position))
        return number


class _Registry:
    """Changes of enrolment over the years: most of them past, a few of them after the day of the roster."""

    def __init__(self, calendar: Calendar, classes: Sequence[ClassGroup], chance: Chance) -> None:
        self._calendar, self._chance = calendar, chance
        self._classes = classes

    def change(self, students: Sequence[Student]) -> Iterator[Change]:
        """What changed, each applied to its student unless it came after the roster."""
        chance = self._chance
        for student in students:
            drawn = chance.random()
            if student.manner:
                continue
            past = len(student.stays)
            if drawn < 0.012 and past >= 2:
                yield from self._transfer(student)
            elif drawn < 0.026 and past >= 2:
                yield from self._leave(student, chance.randrange(past // 2 + 1))
            elif drawn < 0.034 and past >= 2:
                yield self._drop(student, chance.randrange(1, past + 1))
            elif drawn < 0.038 and past >= 1:
                yield self._army(student)
            elif drawn < 0.046 and not past:
                yield from self._recent(student)
            elif drawn < 0.052 and past == 2 * _PLAN_YEARS:
                yield self._plan(student)

    def _group(self, major: Major, cohort: int) -> ClassGroup:
        return self._chance.choice([one for one in self._classes if (one.major, one.cohort) == (major, cohort)])

    def _start(self, student: Student, year: int) -> date:
        return self._calendar.terms[2 * (student.entered + year - self._calendar.cohorts[0])].starts_on

    def _other(self, student: Student) -> ClassGroup:
        majors = sorted({one.major.code for one in self._classes} - {student.group.major.code})
        code = self._chance.choice(majors)
        major = next(one.major for one in self._classes if one.major.code == code)
        return self._group(major, student.cohort)

    def _transfer(self, student: Student) -> Iterator[Change]:
        group = self._other(student)
        student.stays = [*student.stays[:2], *[(group.major, student.edition)] * (len(student.stays) - 2)]
        student.group = group
        yield Change(
            student.number,
            "转专业",
            self._start(student, 1),
            to_class=group,
            to_programme=student.programme,
            reason="本人申请，转入专业考核合格",
        )

    def _leave(self, student: Student, year: int) -> Iterator[Change]:
        """A year away, and back into the class of the following cohort when it is over."""
        began = self._start(student, year)
        back = student.entered + year + 1
        ends = date(back, 8, 31)
        reason = self._chance.choice(("因病休学", "创业休学", "因病休学", "家庭原因"))
        yield Change(student.number, "休学", began, until=ends, reason=reason)
        before = student.stays[: 2 * year]
        if back > self._calendar.present:
            student.stays, student.status = before, "休学"
            return
        cohort = student.cohort + 1
        student.group, student.cohort = self._group(student.group.major, cohort), cohort
        student.edition = edition_for(self._calendar, cohort)
        after = [(student.group.major, student.edition)] * (len(student.stays) - 2 * year - 2)
        student.stays = [*before, None, None, *after]
        yield Change(
            student.number,
            "复学",
            self._start(student, year + 1),
            to_class=student.group,
            to_cohort=cohort,
            to_programme=student.programme,
        )

    def _drop(self, student: Student, term: int) -> Change:
        first = 2 * (student.entered - self._calendar.cohorts[0])
        ended = self._calendar.terms[first + term - 1].ends_on - timedelta(days=self._chance.randint(5, 60))
        student.stays, student.status = student.stays[: term - 1], "退学"
        reason = self._chance.choice(("本人申请退学", "未达到最低学分要求", "休学期满未申请复学"))
        return Change(student.number, "退学", ended, reason=reason)

    def _army(self, student: Student) -> Change:
        began = self._start(student, len(student.stays) // 2)
        student.status = "保留学籍"
        return Change(student.number, "保留学籍", began, until=date(began.year + 2, 8, 31), reason="应征入伍")

    def _recent(self, student: Student) -> Iterator[Change]:
        """What the roster does not know yet."""
        day = self._calendar.roster_day + timedelta(days=self._chance.randint(3, 11))
        drawn = self._chance.random()
        if drawn < 0.5:
            group = self._other(student)
            yield Change(
                student.number,
                "转专业",
                day,
                to_class=group,
                to_programme=programme_code(group.major, student.edition),
                reason="高考成绩和面试符合转入要求",
            )
        elif drawn < 0.75:
            yield Change(student.number, "休学", day, until=date(day.year + 1, 8, 31), reason="因病休学")
        else:
            same = [one for one in self._classes if (one.major, one.cohort) == (student.group.major, student.cohort)]
            yield Change(student.number, "转班", day, to_class=self._chance.choice(same), reason="分级教学调整")

    def _plan(self, student: Student) -> Change:
        student.edition = editions(self._calendar)[-1]
        student.stays = [*student.stays[:2], *[(student.group.major, student.edition)] * (len(student.stays) - 2)]
        day = self._start(student, 1) + timedelta(days=20)
        return Change(student.number, "变更培养方案", day, to_programme=student.programme, reason="随新方案修读")
