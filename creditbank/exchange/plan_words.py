"""The words of plan sheets: headings, course natures, terms, credit and hours as schools write them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from creditbank.domain.programmes.plan import LAST_TERM, Nature
from creditbank.domain.programmes.plan_document import MOST_CREDIT, MOST_HOURS
from creditbank.domain.values import Hundredths, parse_credit
from creditbank.exchange.plan_cells import plain, term_number


def _aliases(names: Mapping[str, str]) -> dict[str, str]:
    return {plain(alias).casefold(): name for name, listed in names.items() for alias in listed.split()}


LIST = _aliases({
    "parent": "上级模块 课程大类 课程类别 课程类型 模块大类 parentmodule",
    "module": "模块 课程模块 所属模块 模块名称 课程平台 课程组 课程体系 module",
    "code": "课程代码 课程编号 课程编码 课程号 代码 编号 coursecode code",
    "name": "课程名称 课程名 课程中文名称 课程 coursename name",
    "name_en": "英文名称 课程英文名称 课程英文名 英文名 课程名称(英文) englishname",
    "nature": "课程性质 性质 修读性质 选修类型 修课方式 修读方式 nature",
    "credit": "学分 总学分 课程学分 学分数 credit credits",
    "hours": "学时 总学时 学时数 课程学时 总学时数 学时/周数 hours",
    "terms": "学期 开课学期 开设学期 建议修读学期 修读学期 授课学期 建议学期 term terms",
    "assessment": "考核方式 考核 考核形式 考试方式 考核类型 assessment",
})  # fmt: skip
"""Headings of the list of courses, by what they mean."""

MODULES = _aliases({
    "id": "模块代码 模块编号 modulecode id",
    "title": "模块 模块名称 课程模块 课程类别 module",
    "title_en": "英文名称 模块英文名称 englishname",
    "parent": "上级模块 所属大类 课程大类 parentmodule",
    "minimum": "最低学分 要求学分 应修学分 最低要求学分 学分要求 应修最低学分 毕业最低学分 minimum minimumcredit",
    "categories": "可计入类别 可计入的类别 认定类别 成果类别 categories",
})  # fmt: skip
"""Headings of the sheet of modules."""

ABOUT = _aliases({
    "code": "方案代码 方案编号 培养方案代码 培养方案编号 programmecode",
    "title": "方案名称 培养方案名称 培养方案 programmename",
    "title_en": "方案英文名称 英文名称 englishname",
    "minimum": "总学分 毕业总学分 毕业最低学分 最低总学分 毕业学分 总学分要求 totalcredit",
    "note": "备注 说明 note",
    "note_en": "英文备注 备注(英文) englishnote",
})  # fmt: skip
"""What the sheet about the programme says, by its first column."""

NATURES: Mapping[Nature, str] = {Nature.REQUIRED: "必修", Nature.LIMITED: "限选", Nature.ELECTIVE: "选修"}
"""How a nature is written."""

ASSESSMENTS = ("考试", "考查")
"""What the template offers; any other word is kept as it is."""

_NATURES = {
    plain(alias).casefold(): nature
    for nature, listed in {
        Nature.REQUIRED: "必修 必 必修课 必修课程 compulsory required",
        Nature.LIMITED: "限选 限定选修 限制选修 限定性选修 限制性选修 限选课 指定选修 limited",
        Nature.ELECTIVE: "选修 选 选修课 选修课程 任选 任意选修 任选课 公选 公选课 自选 elective optional",
    }.items()
    for alias in listed.split()
}
_NOTHING = {"", "-", "—", "–", "/", "无", "\\"}
_CREDIT = re.compile(r"([0-9]+(?:\.[0-9]+)?)(?:学分|分|credits?)?", re.IGNORECASE)
_HOURS = re.compile(r"([0-9]+)(?:\.0+)?(?:学时|课时|hours?|h)?", re.IGNORECASE)
_WEEKS = re.compile(r"([0-9]+)(?:\.0+)?(?:周|weeks?|w)", re.IGNORECASE)
_MINIMUM = re.compile(
    r"(?:最低|至少|不少于|不低于|应修|须修|需修|≥|>=|修满|要求)\D{0,6}?([0-9]+(?:\.[0-9]+)?)\s*学?分"
    r"|[(\[]\s*([0-9]+(?:\.[0-9]+)?)\s*学分\s*[)\]]"
)
_NUMBERING = re.compile(r"^[(]?(?:[一二三四五六七八九十]{1,3}|[0-9]{1,2})[)、.]\s*")
_TOTAL = re.compile(r"^(?:.{0,20})?(?:小计|合计|总计|共计)|^(?:sub)?total\b", re.IGNORECASE)


class WordProblem(ValueError):  # noqa: N818 - a word that is a problem, named as people name it
    """A cell that says nothing we understand; ``code`` names the sentence."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def is_nothing(text: str) -> bool:
    """Whether a cell is empty or holds a mark for it, such as a dash."""
    return plain(text) in _NOTHING


def read_nature(text: str) -> Nature:
    """The nature a word means.

    Raises:
        WordProblem: the word is not known.
    """
    word = plain(text).replace(" ", "").casefold()
    found = _NATURES.get(word)
    if found is not None:
        return found
    # Longer words such as 专业必修课 and 专业限选 say it in a part.
    required, chosen = "必修" in word, "选" in word
    if required != chosen:
        return Nature.REQUIRED if required else Nature.LIMITED if "限" in word else Nature.ELECTIVE
    raise WordProblem("plans.nature" if word else "plans.nature_missing")


def read_credit(text: str) -> Hundredths:
    """Credit as a number or a text, perhaps with its unit: 3, ３．５, 2.0学分.

    Raises:
        WordProblem: it is empty, no number, or has more than two decimals.
    """
    word = plain(text).replace(" ", "")
    if not word:
        raise WordProblem("plans.credit_missing")
    match = _CREDIT.fullmatch(word)
    if match is None:
        raise WordProblem("plans.credit")
    number = match[1].rstrip("0").rstrip(".") if "." in match[1] else match[1]
    try:
        amount = parse_credit(number)
    except ValueError:
        raise WordProblem("plans.credit") from None
    if amount > MOST_CREDIT:
        raise WordProblem("plans.credit")
    return amount


def read_hours(text: str) -> tuple[int | None, int | None]:
    """Hours or weeks: 48 and 48学时 are hours, 2周 is weeks; a dash is neither.

    Raises:
        WordProblem: it is something else.
    """
    if is_nothing(text):
        return None, None
    word = plain(text).replace(" ", "")
    hours, weeks = _HOURS.fullmatch(word), _WEEKS.fullmatch(word)
    match = hours or weeks
    if match is None or int(match[1]) > MOST_HOURS:
        raise WordProblem("plans.hours")
    return (int(match[1]), None) if hours else (None, int(match[1]))


def read_terms(text: str) -> tuple[int, ...]:
    """The terms of a course: 3, 第三学期, 1-4, 1、3; a dash is none.

    Raises:
        WordProblem: it is something else, or no term from 1 to 12.
    """
    if is_nothing(text):
        return ()
    terms: set[int] = set()
    for part in re.split(r"[,、;/和及]", plain(text)):
        ends = [term_number(end) for end in re.split(r"[-–—~至到]", part)]
        if len(ends) > 2 or any(end is None or not 1 <= end <= LAST_TERM for end in ends):
            raise WordProblem("plans.terms")
        first, last = ends[0] or 0, ends[-1] or 0
        if first > last:
            raise WordProblem("plans.terms")
        terms.update(range(first, last + 1))
    return tuple(sorted(terms))


def terms_text(terms: tuple[int, ...]) -> str:
    """Terms as a sheet writes them: 3, 1-4 or 1,3."""
    if len(terms) > 2 and terms == tuple(range(terms[0], terms[-1] + 1)):
        return f"{terms[0]}-{terms[-1]}"
    return ",".join(str(term) for term in terms)


def length_text(hours: int | None, weeks: int | None) -> str:
    """Hours or weeks as a sheet writes them: 48 or 2周."""
    if weeks is not None:
        return f"{weeks}周"
    return "" if hours is None else str(hours)


def read_header(text: str) -> tuple[str, Hundredths | None]:
    """The name of a module in a row of its own, without numbering, and the minimum that stands beside it."""
    word = plain(text)
    match = _MINIMUM.search(word)
    minimum = None
    if match is not None:
        minimum = read_credit(match[1] or match[2])
        text = re.sub(r"[\s(（\[,，:：]*$", "", word[: match.start()])
    return _NUMBERING.sub("", text.strip()), minimum


def is_total(text: str) -> bool:
    """Whether a row only adds up others: 小计, 合计."""
    return _TOTAL.match(plain(text)) is not None
