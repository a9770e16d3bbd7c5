"""How the students of the invented college study: what they take, and every kind of mark it ends with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from creditbank.domain.programmes.plan import Nature
from creditbank.gateways.chance import Chance
from creditbank.services.demonstration.college.calendar import Calendar, Term
from creditbank.services.demonstration.college.library import ELECTIVES_PLANNED, Course, Library, Major
from creditbank.services.demonstration.college.students import Student, editions

_HARD = {
    "学科基础课": 4.0,
    "专业基础课": 2.5,
    "专业核心课": 1.5,
    "集中实践": -5.0,
    "通识选修课": -5.0,
    "创新创业课": -6.0,
}
_FIVE = ((90, "优秀"), (80, "良好"), (70, "中等"), (60, "及格"), (0, "不及格"))
_FINISHED = 6
"""The terms after which somebody who is early has taken the courses of the seventh too."""


@dataclass(frozen=True, slots=True)
class Result:
    """One row of the sheet of results; ``mark`` is what stands in its cell."""

    student: Student
    course: Course
    term: Term
    mark: str
    sitting: str
    remark: str
    on: date

    @property
    def passed(self) -> bool:
        """Whether it brings credit."""
        if self.remark or self.mark in {"不及格", "不合格", "缺考", "缓考", "作弊"}:
            return False
        return not self.mark[:1].isdigit() or float(self.mark) >= 60


def study(library: Library, calendar: Calendar, students: Sequence[Student], chance: Chance) -> list[Result]:
    """All results of all past terms, term by term as a school's system lists them."""
    found: list[Result] = []
    plans = _Plans(library, calendar)
    for student in students:
        found += _Learning(plans, calendar, student, chance).results()
    found.sort(key=lambda result: (result.term.number, result.on))
    return found


def hand_in(results: Sequence[Result], most: int, chance: Chance) -> list[Result]:
    """As many results as there is room for: of the last term, some lists of marks have not been handed in yet."""
    over = len(results) - most
    if over <= 0:
        return list(results)
    last = max(result.term.number for result in results)
    again = {(id(one.student), one.course.code) for one in results if one.sitting != "正考"}
    lists: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, one in enumerate(results):
        named = bool(one.student.manner)
        if one.term.number == last and not named and (id(one.student), one.course.code) not in again:
            lists[one.student.group.code, one.course.code].append(place)
    keys = sorted(lists)
    chance.shuffle(keys)
    left = {place for key in keys for place in lists[key]}
    order = [place for key in keys for place in lists[key]]
    if over > len(order):
        # A small number is asked for: the oldest terms go too.
        order += [place for place in range(len(results)) if place not in left]
    gone = set(order[:over])
    return [one for place, one in enumerate(results) if place not in gone]


def correct(results: Sequence[Result], chance: Chance) -> list[Result]:
    """Some results as they should have been: marks misread either way, an absence that was excused."""
    passed = {(id(one.student), one.course.code) for one in results if one.passed}
    again = {(id(one.student), one.course.code) for one in results if one.sitting != "正考"}
    last = max((one.term.number for one in results), default=0)
    recent = [one for one in results if one.sitting == "正考" and one.term.number >= last - 1]
    alone = [one for one in recent if (id(one.student), one.course.code) not in again and _plain(one)]
    # Whoever has not passed at all may be told that it was a pass from the first.
    failed = [one for one in recent if (id(one.student), one.course.code) not in passed and _plain(one)]
    near = [one for one in alone if one.passed and int(one.mark) < 70]
    absent = [one for one in recent if one.remark == "缺考" and (id(one.student), one.course.code) not in again]
    few = max(1, len(results) // 6000)
    corrected = [replace(one, mark=str(60 + chance.randint(1, 12))) for one in _some(failed, few, chance)]
    corrected += [replace(one, mark=str(int(one.mark) - 15)) for one in _some(near, few, chance)]
    corrected += [replace(one, mark="", remark="缓考") for one in _some(absent, few, chance)]
    known = {(id(one.student), one.course.code) for one in corrected}
    for one in _some(alone, 8 * few, chance):
        if (id(one.student), one.course.code) not in known and one.passed:
            corrected.append(replace(one, mark=str(max(60, min(99, int(one.mark) + chance.choice((-9, 9, 10, 18)))))))
    return corrected


def _plain(one: Result) -> bool:
    return one.mark.isdigit() and not one.remark


def _some(results: Sequence[Result], most: int, chance: Chance) -> list[Result]:
    return chance.sample(results, min(most, len(results)))


class _Plans:
    """What each plan asks for in which of its terms, made once."""

    def __init__(self, library: Library, calendar: Calendar) -> None:
        self.library = library
        self.newest = editions(calendar)[-1]
        self._made: dict[tuple[str, int], tuple[dict[int, list[Course]], list[Course]]] = {}

    def of(self, major: Major, edition: int) -> tuple[dict[int, list[Course]], list[Course]]:
        """The required courses by the term they end in, and what can be chosen in the major."""
        key = (major.code, edition)
        if key not in self._made:
            library, newer = self.library, edition == self.newest
            computing = library.computing_present if newer else library.computing_former
            required: dict[int, list[Course]] = defaultdict(list)
            for course in (
                *library.compulsory, computing, *library.enterprise, *major.foundation, *major.basic, *major.core,
                *major.practice,
            ):  # fmt: skip
                required[course.terms[-1]].append(course)
            self._made[key] = required, [*major.elective, major.present if newer else major.former]
        return self._made[key]


class _Learning:
    """One student's way through the terms."""

    def __init__(self, plans: _Plans, calendar: Calendar, student: Student, chance: Chance) -> None:
        self._plans, self._calendar, self._student, self._chance = plans, calendar, student, chance
        self._first = 2 * (student.entered - calendar.cohorts[0])
        self._done: set[str] = set()
        self._again: dict[int, list[Course]] = defaultdict(list)
        culture = plans.library.electives[:ELECTIVES_PLANNED]
        early = [course for course in culture if course.terms[0] < 5]
        self._culture = {course.code for course in chance.sample(early, 4)}

    def results(self) -> Iterator[Result]:
        """Every result of the student, sitting by sitting."""
        reached = 0
        for place, stay in enumerate(self._student.stays):
            if stay is None:
                continue
            reached += 1
            term = self._calendar.terms[self._first + place]
            for course in self._again.pop(place, []):
                yield from self._sit(course, term, place, "重修")
            for course in self._taken(*stay, reached):
                if course.code not in self._done:
                    self._done.add(course.code)
                    yield from self._sit(course, term, place, "正考")

    def _taken(self, major: Major, edition: int, reached: int) -> list[Course]:
        required, choice = self._plans.of(major, edition)
        library = self._plans.library
        taken = [*required.get(reached, [])]
        taken += [one for one in library.electives if one.code in self._culture and one.terms[0] == reached]
        offered = [course for course in choice if course.terms[0] == reached]
        if offered:
            taken += self._chance.sample(offered, min(len(offered), 1 if reached == 4 else 2))
        if self._student.manner == "finishing" and reached == _FINISHED:
            taken += [*required.get(7, []), *[course for course in choice if course.terms[0] == 7][:2]]
            # The rest of the general electives, so that only the last year's practice is left.
            taken += [one for one in library.electives[:ELECTIVES_PLANNED] if one.code not in self._done][:1]
        return taken

    def _sit(self, course: Course, term: Term, place: int, sitting: str) -> Iterator[Result]:
        student, chance = self._student, self._chance

        def row(mark: str, sitting: str, remark: str = "", on: date = term.examined_on) -> Result:
            return Result(student, course, term, mark, sitting, remark, on)

        drawn = chance.random()
        if sitting == "正考" and not student.manner:
            if drawn < 0.003 and course.nature is Nature.REQUIRED and course.weeks is None:
                yield row("", sitting, "免修")
                return
            if drawn < 0.009 and course.is_exam:
                yield row("缓考", sitting)
                yield row(self._mark(course), "缓考", on=term.resits_from)
                return
            if drawn < 0.0105 and course.nature is not Nature.REQUIRED:
                yield row("", sitting, "退课")
                return
        if drawn > 0.9985 and course.is_exam:
            yield row("0", sitting, "作弊")
            self._repeat(course, place)
            return
        absent = drawn > 0.993 and course.is_exam
        found = row("0" if absent else self._mark(course), sitting, "缺考" if absent else "")
        yield found
        if found.passed:
            return
        if sitting == "正考" and course.weeks is None:
            resit = row(self._mark(course, resit=True), "补考", on=term.resits_from)
            yield resit
            if resit.passed:
                return
        self._repeat(course, place)

    def _repeat(self, course: Course, place: int) -> None:
        """Take it again a year later, unless it is an elective that can be left alone."""
        if course.nature is Nature.REQUIRED:
            self._again[place + 2].append(course)

    def _mark(self, course: Course, *, resit: bool = False) -> str:
        chance = self._chance
        # Whoever sits again has learned meanwhile, or not.
        ability = min(self._student.ability, 0) * 0.6 if resit else self._student.ability
        raw = 76 - _HARD.get(course.category, 0.0) + 7 * ability + 7 * chance.gauss(0, 1)
        mark = max(12, min(99, round(raw - (8 if resit else 0))))
        if 55 <= mark < 60 and chance.random() < 0.6:
            mark = 60
        if resit and mark >= 60:
            # A resit that is passed counts sixty.
            mark = 60
        if course.scale == "two":
            return "合格" if mark >= 52 else "不合格"
        if course.scale == "five":
            return next(word for least, word in _FIVE if mark >= least)
        if course.credit <= 400 and chance.random() < 0.02:
            return f"{min(mark, 98)}.5" if mark >= 60 and not resit else str(mark)
        return str(mark)
