"""The registers of classes, staff, students and changes, with what such registers lack or contradict."""

from __future__ import annotations

from datetime import date

from creditbank.gateways.chance import Chance
from creditbank.services.demonstration.college.calendar import Calendar
from creditbank.services.demonstration.college.students import Change, Population, Student

Rows = list[tuple[str, ...]]

CLASSES_HEAD = ("班级编号", "班级名称", "专业名称", "所属学院", "年级", "辅导员工号", "校区")
STAFF_HEAD = ("工号", "姓名", "姓名拼音", "性别", "证件类型", "证件号码", "所在部门", "职称", "职务", "电子邮箱")
STUDENTS_HEAD = (
    "学号", "姓名", "姓名拼音", "性别", "证件类型", "身份证件号码", "出生日期", "学院", "专业", "年级", "班级",
    "培养层次", "学制", "学籍状态", "入学日期", "预计毕业日期", "培养方案", "邮箱",
)  # fmt: skip
CHANGES_HEAD = (
    "学号", "异动类型", "异动日期", "异动后学院", "异动后专业", "异动后班级", "异动后年级", "异动后培养方案",
    "截止日期", "文号", "异动原因",
)  # fmt: skip
_IDENTITY, _BORN, _CLASS, _PROGRAMME = 5, 6, 10, 16


def class_rows(population: Population) -> Rows:
    """The classes; some have no adviser yet, and one names an adviser who has left."""
    rows: Rows = []
    for place, group in enumerate(population.classes):
        adviser = "" if place % 41 == 7 else "T9001" if place == 3 else group.adviser
        major = group.major
        campus = "" if place % 60 == 11 else "主校区"
        rows.append((group.code, group.name, major.name.zh, major.college.name.zh, str(group.cohort), adviser, campus))
    return rows


def staff_rows(population: Population) -> Rows:
    """The staff; those of the departments have no title."""
    return [
        (
            one.number, one.name, one.name_en, one.sex, "居民身份证", one.national_id, one.unit.name.zh, one.title,
            one.position, f"{one.number.lower()}@nanming.example",
        )
        for one in population.staff
    ]  # fmt: skip


def change_rows(population: Population) -> Rows:
    """The changes of enrolment, the latest last; each has its document."""
    numbers: dict[date, int] = {}
    rows: Rows = []
    for change in sorted(population.changes, key=lambda one: (one.on, one.student)):
        number = numbers.setdefault(change.on, len(numbers) % 30 + 3)
        rows.append(_change_row(change, number))
    return rows


def _change_row(change: Change, number: int) -> tuple[str, ...]:
    group = change.to_class
    moved = change.kind == "转专业" and group is not None
    return (
        change.student,
        change.kind,
        str(change.on),
        group.major.college.name.zh if moved and group else "",
        group.major.name.zh if moved and group else "",
        group.code if group else "",
        str(change.to_cohort or ""),
        change.to_programme,
        str(change.until or ""),
        f"学籍〔{change.on.year}〕{number}号",
        change.reason,
    )


def student_rows(population: Population, calendar: Calendar, chance: Chance) -> Rows:
    """The roster with the faults of a roster: among the new students only, so that nobody's results hang in the air."""
    rows = [_student_row(one, calendar) for one in population.students]
    changed = {change.student for change in population.changes}
    free = [
        place for place, one in enumerate(population.students)
        if one.entered == calendar.present and one.number not in changed
    ]  # fmt: skip
    chance.shuffle(free)
    scale = max(1, len(rows) // 1000)

    def put(count: int, column: int, *texts: str) -> None:
        for turn in range(count):
            place = free.pop()
            rows[place] = (*rows[place][:column], texts[turn % len(texts)], *rows[place][column + 1 :])

    put(8 * scale, _CLASS, "")
    put(2, _CLASS, f"SE{calendar.present % 100}99")
    put(3 * scale, _IDENTITY, "")
    put(2 * scale, _PROGRAMME, "")
    put(2, _BORN, f"{calendar.present - 18}年5月8日", f"{calendar.present - 18}/11/3")
    # Four numbers that cannot be: a digit changed, a digit lost, a day that is none, a region that is none.
    for spoil in (_changed, _lost, _no_day, _no_region):
        place = free.pop()
        rows[place] = (*rows[place][:_IDENTITY], spoil(rows[place][_IDENTITY]), *rows[place][_IDENTITY + 1 :])
    contested = rows[free.pop()]
    twice = [rows[place] for place in free[:3]]
    return [*rows, *twice, (*contested[:1], f"{contested[1][:1]}某某", *contested[2:])]


def _student_row(one: Student, calendar: Calendar) -> tuple[str, ...]:
    entered = calendar.terms[2 * (one.entered - calendar.cohorts[0])].starts_on
    major = one.group.major
    return (
        one.number,
        one.name,
        one.name_en,
        one.sex,
        "居民身份证",
        one.national_id,
        str(one.born),
        major.college.name.zh,
        major.name.zh,
        str(one.cohort),
        one.group.code,
        "本科",
        "4年",
        one.status,
        str(entered),
        str(date(one.cohort + 4, 6, 30)),
        one.programme,
        f"{one.number}@nanming.example",
    )


def _changed(number: str) -> str:
    return number[:9] + str((int(number[9]) + 1) % 10) + number[10:]


def _lost(number: str) -> str:
    return number[:17]


def _no_day(number: str) -> str:
    return f"{number[:10]}0230{number[14:]}"


def _no_region(number: str) -> str:
    return f"66{number[2:]}"
