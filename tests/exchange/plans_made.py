"""Plans for tests: an invented one of a real shape, generated ones, and workbooks made of them."""

from __future__ import annotations

import io
import unicodedata

from hypothesis import strategies as st

from creditbank.domain.programmes.plan import RESERVED, ROOT, Module, Nature, Plan, PlannedCourse, faults
from creditbank.domain.programmes.plan_document import MOST_CREDIT, programme_document
from creditbank.domain.programmes.reading import read_programme
from creditbank.domain.values import Hundredths, Text
from creditbank.exchange.plan_workbooks import programme_workbook
from creditbank.exchange.plans import read_plan_workbook
from creditbank.gateways.files import open_upload
from tests.exchange.sheet_files import workbook


def modules_of(text):
    """The modules of a text like the one below, each its own words and those of its courses."""
    found = []
    for line in text.strip().splitlines():
        words = [word.strip() for word in line.split("|")]
        if line.startswith(" "):
            found[-1][1].append(words)
        else:
            found.append((words, []))
    return found


# Of each module its name, English name and least credit; below it code, name, nature, credit, hours or weeks, terms,
# assessment of each course: three years of an invented college.
MODULES = modules_of("""
思想政治课 | Ideology and politics | 12
  SZ101 | 思想道德与法治 | R | 3 | 48 | 1 | 考试
  SZ102 | 毛泽东思想和中国特色社会主义理论体系概论 | R | 2 | 32 | 2 | 考试
  SZ103 | 习近平新时代中国特色社会主义思想概论 | R | 3 | 48 | 3 | 考试
  SZ104 | 形势与政策 | R | 1 | 40 | 1-5 | 考查
  SZ105 | 劳动教育 | R | 1 | 16 | 1,3 | 考查
  SZ106 | 心理健康教育 | R | 2 | 32 | 1 | 考查
公共基础课 | General courses | 26
  GG101 | 高等数学（一） | R | 4 | 64 | 1 | 考试
  GG102 | 高等数学（二） | R | 4 | 64 | 2 | 考试
  GG103 | 大学英语（一） | R | 4 | 64 | 1 | 考试
  GG104 | 大学英语（二） | R | 4 | 64 | 2 | 考试
  GG105 | 体育（一） | R | 1 | 32 | 1 | 考查
  GG106 | 体育（二） | R | 1 | 32 | 2 | 考查
  GG107 | 体育（三） | R | 1 | 32 | 3 | 考查
  GG108 | 体育（四） | R | 1 | 32 | 4 | 考查
  GG109 | 信息技术 | R | 3 | 48 | 1 | 考试
  GG110 | 职业生涯规划 | R | 1 | 16 | 1 | 考查
  GG111 | 就业指导 | R | 1 | 16 | 4 | 考查
  GG112 | 军事理论 | R | 1 | 36 | 1 | 考查
通识选修课 | Liberal electives | 6
  TS201 | 美术鉴赏 | E | 2 | 32 | 2-4 | 考查
  TS202 | 音乐鉴赏 | E | 2 | 32 | 2-4 | 考查
  TS203 | 书法 | E | 1.5 | 24 | 2-4 | 考查
  TS204 | 中国茶文化 | E | 1.5 | 24 | 2-4 | 考查
  TS205 | 生态文明 | E | 2 | 32 | 2-4 | 考查
  TS206 | 应用文写作 | L | 2 | 32 | 2 | 考查
  TS207 | 数学建模入门 | E | 2 | 32 | 3 | 考查
专业基础课 | Foundations | 20
  RJ101 | 程序设计基础 | R | 4.5 | 72 | 1 | 考试
  RJ102 | 计算机网络 | R | 3 | 48 | 2 | 考试
  RJ103 | 数据库原理 | R | 4 | 64 | 2 | 考试
  RJ104 | 数据结构 | R | 4 | 64 | 3 | 考试
  RJ105 | 操作系统 | R | 2.5 | 40 | 3 | 考试
  RJ106 | 软件工程导论 | R | 2 | 32 | 3 | 考查
专业核心课 | Core courses | 24
  RJ201 | 面向对象程序设计 | R | 4 | 64 | 2 | 考试
  RJ202 | 网页设计与制作 | R | 3 | 48 | 2 | 考查
  RJ203 | Web 前端框架 | R | 4 | 64 | 3 | 考查
  RJ204 | 后端开发技术 | R | 4 | 64 | 4 | 考试
  RJ205 | 移动应用开发 | R | 4 | 64 | 4 | 考查
  RJ206 | 软件测试技术 | R | 3 | 48 | 4 | 考试
  RJ207 | 项目管理 | R | 2 | 32 | 4 | 考查
专业拓展课 | Further courses | 8
  RJ301 | 人工智能概论 | L | 2 | 32 | 4 | 考查
  RJ302 | 云计算技术 | L | 3 | 48 | 4 | 考查
  RJ303 | 大数据基础 | L | 3 | 48 | 5 | 考查
  RJ304 | 信息安全 | L | 2 | 32 | 5 | 考查
  RJ305 | 游戏开发基础 | L | 2.25 | 36 | 5 | 考查
  RJ306 | 数字媒体 | E | 2 | 32 | 5 | 考查
  RJ307 | 小程序开发 | E | 2 | 32 | 5 | 考查
  RJ308 | 用户界面设计 | E | 2 | 32 | 5 | 考查
实践教学 | Practice | 38
  SJ401 | 军事技能 | R | 2 | 2周 | 1 | 考查
  SJ402 | 程序设计实训 | R | 2 | 2周 | 2 | 考查
  SJ403 | 数据库实训 | R | 2 | 2周 | 3 | 考查
  SJ404 | 综合项目实训 | R | 4 | 4周 | 4 | 考查
  SJ405 | 认识实习 | R | 1 | 1周 | 2 | 考查
  SJ406 | 岗位实习（一） | R | 6 | 8周 | 5 | 考查
  SJ407 | 岗位实习（二） | R | 16 | 16周 | 6 | 考查
  SJ408 | 毕业设计 | R | 4 | 6周 | 5,6 | 答辩
  SJ409 | 社会实践 | R | 1 | 2周 | 3 | 考查
创新创业 | Innovation | 4
  CX501 | 创新创业基础 | R | 2 | 32 | 3 | 考查
  CX502 | 创业模拟 | E | 1 | 16 | 4 | 考查
  CX503 | 发明与专利 | E | 1 | 16 | 4 | 考查
  CX504 | 学科竞赛指导 | E | 1 | 16 | 4 | 考查
  CX505 | 毕业教育 | R | 0 |  | 6 |
""")
NATURES = {"R": Nature.REQUIRED, "L": Nature.LIMITED, "E": Nature.ELECTIVE}


def credit(text):
    return Hundredths(round(float(text) * 100))


def terms(text):
    first, _, last = text.partition("-")
    return tuple(range(int(first), int(last) + 1)) if last else tuple(int(term) for term in text.split(","))


def course_of(code, name, nature, amount, length, when, assessment):
    weeks = int(length[:-1]) if length.endswith("周") else None
    hours = int(length) if length and weeks is None else None
    return PlannedCourse(code, Text(name), NATURES[nature], credit(amount), hours, weeks, terms(when), assessment)


def college_plan():
    """Eight modules and sixty courses; innovation accepts recognised outcomes too."""
    return Plan(
        tuple(
            Module(
                f"m{number}",
                Text(zh, en),
                credit(minimum),
                tuple(course_of(*course) for course in courses),
                categories=frozenset({"innovation"}) if number == 8 else frozenset(),
            )
            for number, ((zh, en, minimum), courses) in enumerate(MODULES, start=1)
        ),
        Hundredths(14_000),
    )


CODE, TITLE = "2026-RJ", Text("2026 级软件技术专业人才培养方案", "Software technology, entry 2026")


def college_document(**changes):
    return programme_document(code=CODE, title=TITLE, plan=college_plan(), note=Text("虚构", "Invented")) | changes


def college_workbook():
    return programme_workbook(read_programme(college_document()))


def reading_of(content, *, code="", title=None, name="plan.xlsx"):
    """What is read from the bytes of a workbook."""
    with open_upload(io.BytesIO(content), name=name) as upload:
        return read_plan_workbook(upload, code=code, title=title)


def sheets(*named, change=None):
    """A workbook of several sheets, each a title and rows; ``change(book, sheets)`` may spoil it."""

    def fill(book):
        made = {}
        for title, rows in named:
            made[title] = sheet = book.add_worksheet(title)
            for at, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    if cell is not None:
                        sheet.write(at, column, cell)
        if change is not None:
            change(book, made)

    return workbook(fill, strings_to_formulas=False)


HEAD = ("模块", "课程代码", "课程名称", "课程性质", "学分", "学时", "学期", "考核方式")
COURSES = (
    ("公共课", "A1", "数学", "必修", 4, 64, 1, "考试"),
    ("公共课", "A2", "英语", "必修", 4, 64, "1-2", "考试"),
    ("选修课", "B1", "书法", "选修", 2, 32, 2, "考查"),
    ("选修课", "B2", "音乐", "选修", 2, 32, 3, "考查"),
)
MODULE_ROWS = (("模块名称", "最低学分"), ("公共课", 8), ("选修课", 2))
ABOUT_ROWS = (("方案代码", "P-1"), ("方案名称", "小方案"))


def small(head=HEAD, courses=COURSES, modules=MODULE_ROWS, about=ABOUT_ROWS, change=None):
    """A small workbook of three sheets."""
    parts = [("课程", (head, *courses))]
    parts += [("模块", modules)] if modules else []
    parts += [("方案", about)] if about else []
    return sheets(*parts, change=change)


def with_cell(courses, row, column, value):
    """The rows with one cell replaced; rows count from 0."""
    return [
        tuple(value if (at, place) == (row, column) else cell for place, cell in enumerate(cells))
        for at, cells in enumerate(courses)
    ]


# --- generated plans

_letters = st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co", "Zl", "Zp"))
names = st.text(_letters, min_size=1, max_size=30).map(str.strip).filter(bool)
codes = (
    st.text(_letters, min_size=1, max_size=12)
    .map(lambda text: unicodedata.normalize("NFKC", text).strip())
    .filter(lambda text: 0 < len(text) <= 64 and text == unicodedata.normalize("NFKC", text))
)
amounts = st.integers(0, 4_000).map(Hundredths)
texts = st.builds(Text, names, st.one_of(st.just(""), names))
identities = st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True).filter(
    lambda name: name != ROOT and not name.endswith(RESERVED)
)


@st.composite
def courses(draw, code):
    length = draw(st.sampled_from(("hours", "weeks", "none")))
    number = draw(st.integers(0, 999))
    return PlannedCourse(
        code,
        draw(texts),
        draw(st.sampled_from(Nature)),
        draw(amounts),
        number if length == "hours" else None,
        number if length == "weeks" else None,
        tuple(sorted(draw(st.sets(st.integers(1, 12), max_size=5)))),
        draw(st.one_of(st.just(""), names)),
    )


@st.composite
def plans(draw):
    """Plans of any shape that can be published."""
    all_codes = draw(st.lists(codes, min_size=1, max_size=9, unique=True))
    ids = draw(st.lists(identities, min_size=9, max_size=9, unique=True))
    left = iter(all_codes)

    def module(depth):
        taken = [code for code, _ in zip(left, range(draw(st.integers(0, 4))), strict=False)]
        own = tuple(draw(courses(code)) for code in taken)
        # Each module on the way down still needs a name of its own.
        below = draw(st.integers(0, 2)) if depth < 3 else 0
        inner = tuple(module(depth + 1) for _ in range(below) if len(ids) > depth)
        categories = draw(st.frozensets(st.sampled_from(("innovation", "certificate", "讲座")), max_size=2))
        if not own and not inner and not categories:
            categories = frozenset({"practice"})
        made = Module(ids.pop(), draw(texts), Hundredths(0), own, inner, categories)
        most = MOST_CREDIT if made.is_open else made.offered
        return Module(made.id, made.title, Hundredths(draw(st.integers(0, most))), own, inner, categories)

    modules = tuple(module(1) for _ in range(draw(st.integers(1, 3))) if ids)
    plan = Plan(modules, draw(st.one_of(st.none(), st.integers(0, 3_000).map(Hundredths))))
    return plan if not faults(plan) else None
