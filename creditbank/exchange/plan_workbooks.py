"""Writes programmes as workbooks: the plan that can be read back, what it asks for, and the template."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from creditbank.domain.programmes.model import ANYTHING, NO_TEXT, Filter, Kind, Part, Programme, Requirement
from creditbank.domain.programmes.plan import Module, Nature, Plan, PlannedCourse
from creditbank.domain.values import Hundredths, Text
from creditbank.exchange import plan_words as words
from creditbank.exchange.plan_modules import Labels, ModuleRow
from creditbank.exchange.spreadsheets import Cell, SheetContent, workbook_bytes

COURSES_HEAD = ("模块", "课程代码", "课程名称", "英文名称", "课程性质", "学分", "学时", "学期", "考核方式")
MODULES_HEAD = ("模块代码", "模块名称", "英文名称", "上级模块", "最低学分", "可计入类别")
_COURSES_WIDTHS = (24, 14, 32, 32, 10, 8, 8, 8, 10)
_MODULES_WIDTHS = (12, 24, 24, 24, 10, 24)
_KINDS = {
    Kind.ALL: "全部满足",
    Kind.ANY: "满足其一",
    Kind.N_OF: "满足若干项",
    Kind.CREDITS_FROM: "学分",
    Kind.COURSES_FROM: "课程门数",
}
_FILTER = {"fields": "学科", "categories": "类别", "codes": "课程", "sources": "来源"}

_GUIDE = (
    "怎样填写本表",
    "1. “方案”填写方案代码和名称；“模块”每个模块一行，写明最低学分；“课程”每门课程一行。示例行可以删除或改写。",
    "2. 课程的“模块”栏填写模块名称；名称重复时写“上级模块 / 模块”，或者写模块代码。",
    "3. 课程性质：必修的课程必须全部取得；限选、选修的课程按模块最低学分选修。",
    "4. 学分写数字，最多两位小数；学时写数字，实践环节可以写“2周”。",
    "5. 学期写 1 到 12；连续多个学期写“1-4”，不连续的写“1,3”。请先把单元格设为文本，以免被改成日期。",
    "6. “可计入类别”填写认定成果的类别代码，多个用顿号隔开；属于这些类别的认定学分计入本模块。",
    "7. 方案要么整份收下，要么一条不收：有错误时列出全部错误和所在单元格。",
)


def programme_workbook(programme: Programme) -> bytes:
    """A programme as a workbook; one with a plan is read back as the same plan.

    A programme without a plan gives its requirements, to read and not to upload.
    """
    asked = SheetContent(
        "毕业要求",
        ("层级", "要求", "英文", "方式", "至少", "范围"),
        [*_requirements(programme.requirement, 1)],
        (8, 40, 40, 14, 10, 60),
    )
    about = _about_sheet(programme.code, programme.title, programme.note, programme.plan)
    if programme.plan is None:
        return workbook_bytes((asked, about))
    labels = _labels(programme.plan)
    return workbook_bytes(
        (_courses_sheet(programme.plan, labels), _modules_sheet(programme.plan, labels), about, asked)
    )


def template_workbook() -> bytes:
    """An empty plan with drop-downs, a few example rows and a sheet that says how to fill it in."""
    plan = _example()
    labels = _labels(plan)
    return workbook_bytes(
        (
            _courses_sheet(plan, labels),
            _modules_sheet(plan, labels),
            _about_sheet(
                "2026-software", Text("软件技术专业培养方案（示例）", "Software technology (example)"), NO_TEXT, plan
            ),
            SheetContent("填写说明", (), [(line,) for line in _GUIDE], (110,)),
        )
    )


def _courses_sheet(plan: Plan, labels: Labels) -> SheetContent:
    named = {row.id: labels.label_of(row) for row in labels.rows}
    rows: list[tuple[Cell, ...]] = [
        (
            named[module.id],
            course.code,
            course.title.zh,
            course.title.en,
            words.NATURES[course.nature],
            _credit(course.credit),
            f"{course.weeks}周" if course.weeks is not None else course.hours,
            course.terms[0] if len(course.terms) == 1 else words.terms_text(course.terms),
            course.assessment,
        )
        for module in plan.walk()
        for course in module.courses
    ]
    choices = {0: tuple(named.values()), 4: tuple(words.NATURES.values()), 8: words.ASSESSMENTS}
    return SheetContent("课程", COURSES_HEAD, rows, _COURSES_WIDTHS, choices)


def _modules_sheet(plan: Plan, labels: Labels) -> SheetContent:
    categories = {module.id: "、".join(sorted(module.categories)) for module in plan.walk()}
    rows: list[tuple[Cell, ...]] = [
        (
            row.id,
            row.title.zh,
            row.title.en,
            labels.label_of(row.above) if row.above is not None else None,
            _credit(row.minimum or Hundredths(0)),
            categories[row.id],
        )
        for row in labels.rows
    ]
    return SheetContent("模块", MODULES_HEAD, rows, _MODULES_WIDTHS)


def _about_sheet(code: str, title: Text, note: Text, plan: Plan | None) -> SheetContent:
    minimum = plan.minimum if plan is not None else None
    rows: list[tuple[Cell, ...]] = [
        ("方案代码", code),
        ("方案名称", title.zh),
        ("英文名称", title.en),
        ("总学分", _credit(minimum) if minimum is not None else None),
        ("备注", note.zh),
        ("英文备注", note.en),
    ]
    return SheetContent("方案", ("项目", "内容"), rows, (14, 60))


def _labels(plan: Plan) -> Labels:
    labels = Labels(is_closed=True)

    def add(module: Module, above: ModuleRow | None) -> None:
        row = ModuleRow(
            len(labels.rows),
            module.id,
            module.title,
            above,
            module.minimum,
            ("", ""),
            module.categories,
            is_listed=True,
        )
        labels.rows.append(row)
        for inner in module.modules:
            add(inner, row)

    for module in plan.modules:
        add(module, None)
    return labels


def _requirements(node: Requirement, level: int) -> Iterator[tuple[Cell, ...]]:
    least: Cell = None
    if node.kind is Kind.CREDITS_FROM:
        least = _credit(node.minimum)
    elif node.kind in {Kind.COURSES_FROM, Kind.N_OF}:
        least = node.n
    yield level, node.title.zh, node.title.en, _KINDS[node.kind], least, _said(node.accepts)
    for part in node.parts:
        yield from _part(part, level + 1)
    for child in node.children:
        yield from _requirements(child, level + 1)


def _part(part: Part, level: int) -> Iterator[tuple[Cell, ...]]:
    if part.minimum is not None:
        yield level, part.title.zh, part.title.en, "其中学分", _credit(part.minimum), _said(part.accepts)
    if part.maximum is not None:
        yield level, part.title.zh, part.title.en, "其中学分至多", _credit(part.maximum), _said(part.accepts)


def _said(accepts: Filter) -> str:
    """What is accepted, in words."""
    if accepts == ANYTHING:
        return ""
    parts = [
        f"{word}：{'、'.join(sorted(getattr(accepts, name)))}"
        for name, word in _FILTER.items()
        if getattr(accepts, name)
    ]
    if accepts.levels:
        parts.append(f"层次：{'、'.join(str(level) for level in sorted(accepts.levels))}")
    if accepts.level_at_least is not None:
        parts.append(f"层次不低于 {accepts.level_at_least}")
    if accepts.grade_at_least is not None:
        parts.append(f"成绩不低于 {accepts.grade_at_least}")
    if accepts.earned_from is not None:
        parts.append(f"取得日期不早于 {accepts.earned_from}")
    if accepts.earned_until is not None:
        parts.append(f"取得日期不晚于 {accepts.earned_until}")
    parts += [f"不含（{_said(besides)}）" for besides in accepts.besides]
    return "；".join(parts)


def _credit(amount: Hundredths) -> Decimal:
    return Decimal(amount) / 100


def _example() -> Plan:
    """The plan of the template: small, invented, and one that can be uploaded as it is."""
    required, limited, elective = Nature.REQUIRED, Nature.LIMITED, Nature.ELECTIVE

    def course(
        code: str, zh: str, nature: Nature, credit: int, hours: int | None, *terms: int, weeks: int | None = None
    ) -> PlannedCourse:
        way = "考试" if nature is required and weeks is None else "考查"
        return PlannedCourse(code, Text(zh), nature, Hundredths(credit), hours, weeks, terms, way)

    return Plan(
        (
            Module(
                "general",
                Text("公共基础课", "General education"),
                Hundredths(1100),
                (
                    course("GE101", "高等数学（一）", required, 400, 64, 1),
                    course("GE102", "大学英语", required, 400, 64, 1, 2),
                    course("GE103", "形势与政策", required, 100, 32, 1, 2, 3, 4),
                    course("GE201", "美术鉴赏", elective, 200, 32, 2),
                    course("GE202", "音乐鉴赏", elective, 200, 32, 2),
                ),
            ),
            Module(
                "major",
                Text("专业课", "Major"),
                Hundredths(1200),
                modules=(
                    Module(
                        "core",
                        Text("专业核心课", "Core courses"),
                        Hundredths(800),
                        (
                            course("SW201", "程序设计基础", required, 400, 64, 1),
                            course("SW202", "网页设计", required, 400, 64, 2),
                        ),
                    ),
                    Module(
                        "choice",
                        Text("专业选修课", "Major electives"),
                        Hundredths(400),
                        (
                            course("SW301", "移动应用开发", limited, 300, 48, 3),
                            course("SW302", "软件测试", limited, 300, 48, 4),
                            course("SW390", "企业实践", elective, 100, None, 4, weeks=2),
                        ),
                    ),
                ),
            ),
            Module(
                "innovation",
                Text("创新实践", "Innovation and practice"),
                Hundredths(200),
                categories=frozenset({"innovation"}),
            ),
        ),
        Hundredths(2500),
    )
