"""What the invented college knows beside its courses: earlier recognitions, and the lists of issuers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from creditbank.gateways.chance import Chance
from creditbank.services.demonstration.college.calendar import Calendar
from creditbank.services.demonstration.college.library import Library
from creditbank.services.demonstration.college.names import People
from creditbank.services.demonstration.college.students import Student
from creditbank.services.demonstration.college.study import Result

Rows = list[tuple[str, ...]]

OPENING_HEAD = (
    "序号", "学号", "姓名", "原文号", "原认定日期", "成果名称", "成果类别", "认定学分", "认定结果", "置换课程代码",
    "置换课程名称", "备注",
)  # fmt: skip
AWARDS_HEAD = (
    "序号", "竞赛名称", "级别", "奖项", "团队编号", "参赛作品", "姓名", "学号", "学院", "身份", "指导教师", "获奖日期",
)  # fmt: skip
CERTIFICATES_HEAD = ("证书名称", "等级", "证书编号", "姓名", "证件号码", "成绩", "发证日期", "培训评价组织")
CET_HEAD = ("准考证号", "姓名", "证件号码", "学号", "语言级别", "总分", "听力", "阅读", "写作和翻译", "考试日期")

_CONTESTS = (
    "中国国际大学生创新大赛", "全国大学生数学建模竞赛", "蓝桥杯软件和信息技术专业人才大赛", "全国大学生电子设计竞赛",
    "全国大学生机械创新设计大赛", "全国大学生物流设计大赛", "全国大学生广告艺术大赛", "全国大学生结构设计竞赛",
    "全国护理技能大赛", "全国大学生英语竞赛",
)  # fmt: skip
_WORKS = ("智慧", "绿色", "数字", "青禾", "星火", "云帆", "知行", "蓝图")
_THINGS = ("助老平台", "仓储系统", "巡检机器人", "乡村品牌", "护理助手", "低碳方案", "学习空间", "结构模型")
_CERTIFICATES = (
    ("Web前端开发", "中级", "XX"), ("大数据应用开发", "中级", "XX"), ("工业机器人操作与运维", "中级", "ZZ"),
    ("数控车铣加工", "初级", "ZZ"), ("财务共享服务", "中级", "JG"), ("物流管理", "中级", "JG"),
    ("建筑信息模型（BIM）", "中级", "JZ"), ("老年照护", "中级", "JK"), ("数字创意建模", "初级", "YJ"),
    ("幼儿照护", "中级", "YJ"),
)  # fmt: skip
_OPENING = (
    ("全国大学生数学建模竞赛省级二等奖", "学科竞赛", "2"), ("中国国际大学生创新大赛省级铜奖", "学科竞赛", "2"),
    ("蓝桥杯大赛省级三等奖", "学科竞赛", "1"), ("全国计算机等级考试二级", "等级考试", "1"),
    ("Web前端开发职业技能等级证书（中级）", "职业技能等级证书", "2"),
    ("老年照护职业技能等级证书（初级）", "职业技能等级证书", "1.5"),
    ("实用新型专利（第一发明人）", "专利", "3"), ("省级期刊论文（第一作者）", "论文", "2"),
    ("暑期社会实践优秀个人", "社会实践", "0.5"), ("志愿服务满100小时", "志愿服务", "1"),
    ("大学生创新训练计划项目结题（省级）", "创新项目", "2"),
)  # fmt: skip


def opening_lots(
    library: Library, calendar: Calendar, students: Sequence[Student], results: Sequence[Result], chance: Chance
) -> Rows:
    """Earlier recognitions as the office's old workbook holds them; whoever was exempted from a course had a reason."""
    rows: Rows = []
    numbers: dict[tuple[int, int], int] = {}

    def add(
        student: Student, on: date, outcome: tuple[str, str, str], course: tuple[str, str] = ("", ""), note: str = ""
    ) -> None:
        batch = (on.year, (on.month - 1) // 6)
        number = numbers.setdefault(batch, 11 + 7 * len(numbers))
        title, kind, credit = outcome
        said = f"{on.year}.{on.month}.{on.day}" if chance.random() < 0.2 else on.isoformat()
        rows.append((
            "", student.number, student.name, f"教务〔{on.year}〕{number}号", said, title, kind, credit,
            "置换" if course[0] else "认定", *course, note,
        ))  # fmt: skip

    for result in results:
        if result.remark == "免修":
            outcome = (f"{result.course.name.zh}免修（入学前已修读）", "已修课程", result.course.credit_said)
            course = (result.course.code, result.course.name.zh)
            add(result.student, result.term.starts_on + timedelta(days=25), outcome, course, "与免修登记一致")
    for student in students:
        past = len(student.stays)
        if past < 2 or chance.random() > 0.13 * past / 4:
            continue
        term = calendar.terms[2 * (student.entered - calendar.cohorts[0]) + chance.randrange(1, past)]
        on = term.starts_on + timedelta(days=chance.randint(20, 110))
        outcome = chance.choice(_OPENING)
        course = ("", "")
        if chance.random() < 0.3:
            one = chance.choice([item for item in library.electives[:16] if item.credit_said <= outcome[2]] or [None])
            course = (one.code, one.name.zh) if one is not None else course
        add(student, on, outcome, course)
    rows.sort(key=lambda row: (row[3], row[1]))
    return [(str(place), *row[1:]) for place, row in enumerate(rows, 1)]


def award_list(calendar: Calendar, students: Sequence[Student], people: People, chance: Chance) -> Rows:
    """Awards of contests, team by team; some without a number, some with a wrong one, some of other schools."""
    elder = [student for student in students if len(student.stays) >= 2]
    rows: Rows = []
    for team in range(1, max(4, len(students) // 50)):
        contest = chance.choice(_CONTESTS)
        level, prize = (
            chance.choice(("省级", "省级", "国家级")),
            chance.choice(("一等奖", "二等奖", "二等奖", "三等奖", "三等奖")),
        )
        work, teacher = chance.choice(_WORKS) + chance.choice(_THINGS), people.name()[0]
        on = date(calendar.present, 5, 10) + timedelta(days=chance.randint(0, 100))
        members = chance.sample(elder, min(len(elder), chance.choice((1, 3, 3, 4, 5))))
        for place, student in enumerate(members):
            name, number, college = student.name, student.number, student.group.major.college.name.zh
            # In turn and not by chance, so that the shortest list has each kind of row.
            turn = len(rows) % 20
            if turn in {3, 13}:
                number = ""
            elif turn == 7:
                number = number[:-1] + str((int(number[-1]) + 3) % 10)
            elif turn == 11:
                number, name = "", name.replace("·", " ") if "·" in name else name[:1] + " " + name[1:]
            elif turn == 17:
                name, number, college = people.name()[0], "", "（外校）"
            part = "负责人" if place == 0 else "成员"
            rows.append((
                "", f"{contest}（{calendar.present}）", level, prize, f"T{calendar.present}{team:03d}", work, name,
                number, college, part, teacher, on.isoformat(),
            ))  # fmt: skip
    return [(str(place), *row[1:]) for place, row in enumerate(rows, 1)]


def certificate_list(calendar: Calendar, students: Sequence[Student], people: People, chance: Chance) -> Rows:
    """Vocational skill certificates (1+X) as their organisations list them: by identity number."""
    rows: Rows = []
    for name, level, prefix in _CERTIFICATES:
        fitting = [one for one in students if one.stays and one.group.major.foundation[0].code.startswith(prefix)]
        for place, student in enumerate(chance.sample(fitting, min(len(fitting), max(2, len(students) // 120))), 1):
            person, identity = student.name, student.national_id
            turn = len(rows) % 50
            if turn == 12:
                person = people.name()[0]
                identity = people.number(people.born(calendar.present - 20), "男")
            elif turn == 37:
                identity = identity[:-1] + ("0" if identity[-1] != "0" else "1")
            number = f"{calendar.present}{prefix}{len(rows):05d}{place:03d}"
            on = date(calendar.present, 6, 18).isoformat()
            rows.append((name, level, number, person, identity, str(chance.randint(60, 96)), on, f"{name}培训评价中心"))
    return rows


def cet_list(calendar: Calendar, students: Sequence[Student], people: People, chance: Chance) -> Rows:
    """College English Test of June: numbers partly masked, results below the line included."""
    rows: Rows = []
    on = date(calendar.present, 6, 13).isoformat()
    for student in students:
        past = len(student.stays)
        if past < 2 or chance.random() > 0.55:
            continue
        six = past >= 4 and student.ability > 0.6 and chance.random() < 0.6
        listening, reading, writing = (
            max(40, min(240, round(chance.gauss(141 + 16 * student.ability, 24)))) for _ in range(3)
        )
        name, identity = student.name, student.national_id
        turn = len(rows) % 100
        if turn % 25 == 5:
            identity = f"{identity[:6]}********{identity[-4:]}"
        elif turn == 42:
            name, identity = people.name()[0], people.number(people.born(calendar.present - 19), "女")
        number = student.number if chance.random() < 0.9 else ""
        total = str(listening + reading + writing)
        rows.append((
            f"339901{calendar.present % 100}1{len(rows) + 1:05d}", name, identity, number, "CET6" if six else "CET4",
            total, str(listening), str(reading), str(writing), on,
        ))  # fmt: skip
    return rows
