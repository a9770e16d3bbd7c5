"""What the invented college offers beside its plans: courses, workshops, partners, and their terms."""

from __future__ import annotations

from datetime import date, timedelta

from creditbank.gateways.chance import Chance
from creditbank.services.demonstration.college.calendar import Calendar, Term
from creditbank.services.demonstration.college.library import Course, Library, Unit

Rows = list[tuple[str, ...]]

PROVIDERS_HEAD = (
    "机构编号", "机构名称", "英文名称", "校内外", "认证起始日期", "认证截止日期", "认证文号",
    "联系人及电话（不公开）", "机构地址",
)  # fmt: skip
RESOURCES_HEAD = (
    "资源编号", "资源名称", "资源英文名称", "资源类型", "资源机构", "资源类别", "学分", "学时", "校内对应课程",
    "咨询方式（公开）", "地点", "简介", "英文简介", "是否公开",
)  # fmt: skip
OFFERINGS_HEAD = (
    "开课编号", "教育资源", "学期", "开始日期", "结束日期", "名额", "费用", "币种", "报名截止日期",
    "报名咨询（公开）", "上课地点",
)  # fmt: skip

# Name, English name, trade, what they offer as a course, what they offer as a base; all of it invented.
_PARTNERS = (
    ("云帆智能科技有限公司", "Yunfan Intelligent Technology Ltd.", "信息技术",
     ("软件测试实务", "Software Testing in Practice"), ("软件测试实践基地", "Software Testing Base")),
    ("启衡精密机械有限公司", "Qiheng Precision Machinery Ltd.", "装备制造",
     ("数控加工工艺实务", "CNC Processes in Practice"), ("精密制造实习基地", "Precision Manufacturing Base")),
    ("汇川供应链服务有限公司", "Huichuan Supply Chain Ltd.", "财经商贸",
     ("仓储与配送实务", "Warehousing and Delivery"), ("智慧物流实习基地", "Logistics Base")),
    ("安筑工程咨询有限公司", "Anzhu Engineering Consultants Ltd.", "土木建筑",
     ("建筑信息模型应用", "Building Information Modelling"), ("绿色施工实践基地", "Green Building Base")),
    ("颐年健康服务中心", "Yinian Health Centre", "医药卫生",
     ("老年照护实务", "Care of the Elderly"), ("社区健康实践基地", "Community Health Base")),
    ("青禾文化创意工作室", "Qinghe Creative Studio", "文化艺术",
     ("数字影像创作", "Digital Imaging"), ("乡村文化实践基地", "Rural Culture Base")),
    ("星火社区学院", "Xinghuo Community College", "公共服务",
     ("志愿服务组织与管理", "Organising Volunteers"), ("社区治理实践基地", "Community Work Base")),
)  # fmt: skip
_COURSES_EACH = 3


def provider_rows(library: Library, calendar: Calendar) -> Rows:
    """The teaching units and the partners; of one partner the accreditation has run out, of one nobody entered it."""
    rows: Rows = [
        (_unit_code(unit), unit.name.zh, unit.name.en, "校内", "", "", "", "", "主校区") for unit in library.colleges
    ]
    for place, (name, name_en, *_rest) in enumerate(_PARTNERS, 1):
        first, last = date(calendar.present - 2, 1, 1), date(calendar.present + 2, 12, 31)
        if place == 2:
            # It ends while its spring courses run.
            last = calendar.terms[-1].starts_on + timedelta(days=40)
        days = ("", "") if place == len(_PARTNERS) else (str(first), str(last))
        document = f"教〔{calendar.present - 2}〕{place}号" if days[0] else ""
        contact = f"校企合作办公室 0000-8810{place:02d}"
        rows.append((_partner_code(place), name, name_en, "校外", *days, document, contact, f"示范市协作路 {place} 号"))
    return rows


def resource_rows(library: Library) -> Rows:
    """Courses and bases; a few are not published yet, and one names a provider that nobody entered."""
    rows: Rows = []
    for unit in library.colleges:
        for place, course in enumerate(_open_courses(library, unit), 1):
            rows.append(
                (
                    f"{_unit_code(unit)}-C{place}", course.name.zh, course.name.en, "课程", unit.name.zh, _field(unit),
                    course.credit_said, str(course.hours), course.code, "0000-88000000", "主校区",
                    f"面向全校开放选学的{course.name.zh}课程，按学期报名，结课后认定学分。",
                    f"{course.name.en}, open to students of all colleges; credit is recognised at its end.", "是",
                )
            )  # fmt: skip
        name = f"{unit.name.zh}实训中心"
        rows.append(
            (
                f"{_unit_code(unit)}-B1", name, f"Workshops of the {unit.name.en}", "实践基地", unit.name.zh,
                _field(unit),
                "1", "32", "", "0000-88000000", "实训楼", f"{name}在学期内分批开放，完成规定任务后认定实践学分。",
                "Open in groups through the term; practice credit after the tasks set.", "是",
            )
        )  # fmt: skip
    for place, (name, name_en, trade, course_of, base_of) in enumerate(_PARTNERS, 1):
        for mark, kind, (zh, en), credit, hours in (
            ("C1", "课程", course_of, "2", "32"),
            ("B1", "实践基地", base_of, "1.5", "48"),
        ):
            open_yet = "否" if place == len(_PARTNERS) and mark == "B1" else "是"
            rows.append(
                (
                    f"{_partner_code(place)}-{mark}", zh, en, kind, name, trade, credit, hours, "",
                    f"partner{place}@example.org", f"示范市协作路 {place} 号", f"由{name}与学校共同开设：{zh}。",
                    f"{en}, given by {name_en} together with the school.", open_yet,
                )
            )  # fmt: skip
    rows.append(
        ("W001", "待确认合作项目", "", "其他", "远航合作单位", "公共服务", "", "", "", "", "", "", "", "否")
    )  # fmt: skip
    return rows


def offering_rows(library: Library, calendar: Calendar, chance: Chance) -> Rows:
    """Each resource in the last, the present and the coming term; one day is impossible, as every office has it."""
    rows: Rows = []
    for code, *_words, published in resource_rows(library)[:-1]:
        for term in calendar.terms[-3:]:
            # Partners come every term; of the college's own not everything is open each time.
            if published == "是" and (chance.random() < 0.85 or code.startswith("P")):
                rows.append(_offering(code, term, is_base="-B" in code, inside=not code.startswith("P"), chance=chance))
    wrong = list(rows[len(rows) // 2])
    wrong[0], wrong[3] = "X-1", f"{calendar.present}-02-30"
    return [*rows, tuple(wrong)]


def _offering(code: str, term: Term, *, is_base: bool, inside: bool, chance: Chance) -> tuple[str, ...]:
    first = term.starts_on + timedelta(weeks=chance.randint(1, 4))
    last = first + timedelta(weeks=2 if is_base else 12, days=4)
    fee = "0" if inside else str(chance.choice((120, 180, 240, 360)))
    seats = str(chance.choice((20, 25, 30) if is_base else (40, 60, 120)))
    until = str(first - timedelta(days=5))
    where = f"{'实训楼' if is_base else '主校区'} {chance.randint(1, 6)}-{chance.randint(101, 412)}" if inside else ""
    return (f"{code}-{term.code}", code, term.code, str(first), str(last), seats, fee, "人民币", until, "", where)


def _open_courses(library: Library, unit: Unit) -> list[Course]:
    """Courses of a unit's majors that others may take too."""
    majors = [major for major in library.majors if major.college.code == unit.code]
    return [major.elective[0] for major in majors][:_COURSES_EACH]


def _field(unit: Unit) -> str:
    return unit.name.zh.removesuffix("学院")


def _unit_code(unit: Unit) -> str:
    return f"U{unit.code}"


def _partner_code(place: int) -> str:
    return f"P{place:03d}"
