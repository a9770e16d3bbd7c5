"""Opening lots: what an office recognised and converted before it came to the bank, line by line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from creditbank.domain.canonical import content_hash
from creditbank.domain.explanation import Fact
from creditbank.domain.ledger import Conversion, Deposit, Use
from creditbank.domain.masterdata.declaration import Choice, CodeTable, DataSet, Field, Kind
from creditbank.domain.masterdata.reading import Record, Value, normal
from creditbank.domain.results import RefusedRow
from creditbank.domain.values import Hundredths, Text, format_credit

MESSAGES = {
    "opening.unknown_learner": "No learner of this institution has the number {number}. The row was not taken; bring"
    " the roster in first, or correct the number.",
    "opening.name_differs": "The roster calls {number} “{known}”, the sheet “{said}”. The row was not taken; one of the"
    " two is wrong.",
    "opening.in_future": "{day} is still to come; an opening lot was decided before today. The row was not taken.",
    "opening.order": "It was earned on {earned} and decided on {decided}, which is earlier. The row was not taken.",
    "opening.expired_before": "It expires on {expires}, before it was earned on {earned}. The row was not taken.",
    "opening.no_course": "A conversion says the code of the course that it became. The row was not taken.",
    "opening.unknown_source": "This learner has no recognition with the document {document} in the bank or in this"
    " sheet. The row was not taken.",
    "opening.not_enough": "{documents} has {available} credits left, and this conversion uses {wanted}. The row was not"
    " taken.",
    "opening.used_before": "{document} counts from {counts_from}; it cannot be used on {day}, which is earlier. The row"
    " was not taken.",
    "opening.changed": "Line {line} of an earlier import says something else of the same learner, document, outcome and"
    " course. What was posted stands; this row was not taken.",
}

RECOGNITION, CONVERSION = "recognition", "conversion"

ACT = CodeTable(
    "opening_act",
    Text("处理类别", "Kind of decision"),
    "2026-1",
    "credit bank",
    (
        Choice(RECOGNITION, Text("认定", "Recognition"), ("学分认定", "成果认定", "存入")),
        Choice(CONVERSION, Text("置换", "Conversion"), ("学分置换", "课程置换", "转换", "学分转换", "免修置换")),
    ),
)

OUTCOME = CodeTable(
    "opening_outcome",
    Text("成果类型", "Kind of outcome"),
    "2026-1",
    "credit bank",
    (
        Choice("course", Text("课程", "Course"), ("课程学分", "外校课程", "已修课程", "慕课", "MOOC")),
        Choice(
            "innovation",
            Text("创新创业成果", "Innovation"),
            ("竞赛", "竞赛获奖", "学科竞赛", "论文", "专利", "创新项目", "成果"),
        ),
        Choice(
            "certificate",
            Text("证书", "Certificate"),
            ("职业资格证书", "技能等级证书", "职业技能等级证书", "1+X证书", "资格证书", "等级考试"),
        ),
        Choice("practice", Text("社会实践", "Practice"), ("志愿服务", "社会实践活动", "实践", "实习")),
        Choice("training", Text("培训", "Training"), ("培训项目", "继续教育")),
        Choice("work", Text("工作经历", "Work"), ("工作业绩", "工作成果")),
        Choice("other", Text("其他", "Other"), ("其它",)),
    ),
)


def _field(name: str, zh: str, en: str, kind: Kind, aliases: str, **more: Any) -> Field:
    return Field(name, Text(zh, en), kind, tuple(aliases.split()), **more)


OPENING = DataSet(
    "opening_lots",
    Text("期初学分", "Opening lots"),
    Text(
        "建行以前已认定、已置换的学分，每行一项，保留原日期和文号。",
        "Credit recognised or converted before the bank opened, a row each, with the first date and document.",
    ),
    ("number", "document", "act", "outcome", "course"),
    (
        _field("number", "学号", "Student number", Kind.CODE, "学生学号 学籍号", required=True,
               examples=("2023010101", "2023010101")),
        _field("name", "姓名", "Name", Kind.TEXT, "学生姓名", personal=True, examples=("张三", "张三")),
        _field("act", "处理类别", "Kind of decision", Kind.CHOICE,
               "类别 业务类型 处理类型 认定或置换 认定结果 处理结果", required=True,
               table=ACT, examples=("认定", "置换")),
        _field("document", "文号", "Document", Kind.TEXT, "认定文号 公文号 文件号 批次号 凭证号 原文号 审批文号",
               required=True, examples=("教务〔2023〕15号", "教务〔2024〕3号")),
        _field("decided_on", "认定日期", "Decided on", Kind.DATE, "日期 审批日期 发文日期 置换日期 处理日期 原认定日期",
               required=True, examples=("2023-12-20", "2024-03-08")),
        _field("outcome", "成果名称", "Outcome", Kind.TEXT, "项目名称 成果 获奖名称 证书名称 原成果名称", required=True,
               examples=("省级职业技能大赛二等奖", "省级职业技能大赛二等奖")),
        _field("kind", "成果类型", "Kind of outcome", Kind.CHOICE, "类型 成果类别", table=OUTCOME,
               examples=("创新创业成果", "")),
        _field("credit", "学分", "Credits", Kind.AMOUNT, "认定学分 置换学分 获得学分 学分数", required=True, least=1,
               most=100_000, units=("学分", "分"), examples=("4", "3")),
        _field("category", "学分类别", "Category", Kind.CODE, "学分性质 计入类别", examples=("", "")),
        _field("source", "所用成果文号", "Document used", Kind.TEXT, "原认定文号 来源文号 使用文号 所用文号",
               examples=("", "教务〔2023〕15号")),
        _field("used", "所用学分", "Credits used", Kind.AMOUNT, "使用学分 消耗学分 扣减学分", least=1, most=100_000,
               units=("学分", "分"), examples=("", "4")),
        _field("course", "置换课程代码", "Course code", Kind.CODE, "课程代码 课程编号 课程号", examples=("", "C0101")),
        _field("course_name", "置换课程名称", "Name of the course", Kind.TEXT, "课程名称 置换课程",
               examples=("", "程序设计基础")),
        _field("grade", "成绩", "Grade", Kind.TEXT, "置换成绩 认定成绩", examples=("", "85")),
        _field("term", "学年学期", "Term", Kind.CODE, "学期 开课学期 置换学期", examples=("", "2023-2024-2")),
        _field("earned_on", "取得日期", "Earned on", Kind.DATE, "获奖日期 发证日期 获得日期",
               examples=("2023-11-05", "")),
        _field("expires_on", "有效期至", "Expires on", Kind.DATE, "失效日期 有效期", examples=("", "")),
    ),
    label="outcome",
    personal=True,
)  # fmt: skip
"""What a sheet of opening lots can say; its rows are posted, not kept as master data."""

_DOCUMENTS = str.maketrans(dict.fromkeys("；;、", "\n"))


@dataclass(frozen=True, slots=True)
class OpeningLine:
    """One line of the sheet: a recognition, or a conversion of what ``sources`` recognised into ``course``.

    ``credit`` is what the learner got, ``used`` what a conversion used up; both in hundredths. ``kind`` is that of the
    credit, ``outcome_kind`` that of the outcome: they differ where an outcome became a course.
    """

    line: int
    number: str
    name: str
    act: str
    document: str
    decided_on: date
    earned_on: date
    outcome: str
    kind: str
    outcome_kind: str
    credit: Hundredths
    used: Hundredths
    category: str
    sources: tuple[str, ...]
    course: str
    course_name: str
    grade: str
    term: str
    expires_on: date | None
    again: int = 0
    """How often it was posted and taken back before."""

    @property
    def key(self) -> str:
        """The request key of what it posts: a colon within a part cannot be taken for the end of it.

        What was taken back is posted again under a key of its own: the first one belongs to what was reversed.
        """
        parts = (self.act, self.document, self.outcome, self.course)
        key = ":".join(["opening", *(part.replace("\\", "\\\\").replace(":", "\\:") for part in parts)])
        return f"{key}:{self.again}" if self.again else key

    def recognition(self) -> OpeningLine | None:
        """What a conversion that names no other document recognised itself: its outcome, as much as it used."""
        if self.act != CONVERSION or self.sources:
            return None
        return replace(
            self, act=RECOGNITION, kind=self.outcome_kind, category=self.outcome_kind, credit=self.used, course="",
            course_name="", grade="", term="", expires_on=None, again=0,
        )  # fmt: skip

    @property
    def content_hash(self) -> str:
        """Of everything the line says of the credit; the learner's name is not part of it."""
        said = {name: getattr(self, name) for name in self.__slots__ if name not in {"line", "name", "again"}}
        return content_hash({name: value if type(value) is int else str(value) for name, value in said.items()})


@dataclass(frozen=True, slots=True)
class Recognised:
    """A recognition that a conversion may use: its lot, since when it counts, how many hundredths are left."""

    lot_id: UUID
    document: str
    outcome: str
    counts_from: date
    left: int


def read_line(record: Record, line: int, *, today: date) -> OpeningLine | RefusedRow:
    """A row of the sheet as a line, or the first thing that contradicts itself in it."""
    said = record.content
    act = str(said["act"])
    decided = date.fromisoformat(str(said["decided_on"]))
    earned = _day(said.get("earned_on")) or decided
    expires = _day(said.get("expires_on"))
    course = str(said.get("course") or "")
    sources = tuple(part.strip() for part in str(said.get("source") or "").translate(_DOCUMENTS).split("\n"))
    sources = tuple(dict.fromkeys(part for part in sources if part))

    def refused(column: str, code: str, **facts: Fact) -> RefusedRow:
        return RefusedRow(line, OPENING.field(column).label.zh, code, {"key": str(said["number"]), **facts})

    if decided > today:
        return refused("decided_on", "opening.in_future", day=decided.isoformat())
    if earned > decided:
        return refused("earned_on", "opening.order", earned=earned.isoformat(), decided=decided.isoformat())
    if expires is not None and expires <= earned:
        return refused("expires_on", "opening.expired_before", expires=expires.isoformat(), earned=earned.isoformat())
    if act == CONVERSION and not course:
        return refused("course", "opening.no_course")
    credit = Hundredths(int(str(said["credit"])))
    outcome_kind = str(said.get("kind") or "other")
    kind = "course" if act == CONVERSION else outcome_kind
    return OpeningLine(
        line=line,
        number=str(said["number"]),
        name=str(said.get("name") or ""),
        act=act,
        document=str(said["document"]),
        decided_on=decided,
        earned_on=earned,
        outcome=str(said["outcome"]),
        kind=kind,
        outcome_kind=outcome_kind,
        credit=credit,
        used=Hundredths(int(str(said["used"]))) if said.get("used") else credit,
        category=str(said.get("category") or kind),
        sources=sources,
        course=course,
        course_name=str(said.get("course_name") or ""),
        grade=str(said.get("grade") or ""),
        term=str(said.get("term") or ""),
        expires_on=expires,
    )


def check_learner(line: OpeningLine, known: tuple[UUID, str] | None) -> RefusedRow | None:
    """Refuse a line of somebody the roster does not have, or has under another name; an empty name says nothing."""
    facts: dict[str, Fact] = {"number": line.number, "key": line.number}
    if known is None:
        return RefusedRow(line.line, OPENING.field("number").label.zh, "opening.unknown_learner", facts)
    if line.name and known[1] and _bare(line.name) != _bare(known[1]):
        facts |= {"known": known[1], "said": line.name}
        return RefusedRow(line.line, OPENING.field("name").label.zh, "opening.name_differs", facts)
    return None


def choose_uses(line: OpeningLine, recognised: Sequence[Recognised]) -> tuple[Use, ...] | RefusedRow:
    """What of the learner's recognitions a conversion uses: document by document, the outcome of its name first.

    Args:
        line: the conversion.
        recognised: what the learner has, in the order in which it was decided.
    """
    wanted = int(line.used)
    uses: list[Use] = []
    for document in line.sources or (line.document,):
        mine = [one for one in recognised if one.document == document]
        if not mine:
            return _refused(line, "source", "opening.unknown_source", {"document": document})
        if (first := min(one.counts_from for one in mine)) > line.decided_on:
            facts: dict[str, Fact] = {"document": document, "counts_from": first.isoformat()}
            return _refused(line, "source", "opening.used_before", facts | {"day": line.decided_on.isoformat()})
        mine = [one for one in mine if one.counts_from <= line.decided_on]
        for one in sorted(mine, key=lambda one: one.outcome != line.outcome):
            taken = min(wanted, one.left)
            if taken:
                uses.append(Use(one.lot_id, Hundredths(taken)))
                wanted -= taken
    if wanted:
        return _refused(
            line,
            "used",
            "opening.not_enough",
            {
                "documents": "、".join(line.sources or (line.document,)),
                "available": format_credit(int(line.used) - wanted),
                "wanted": format_credit(line.used),
            },
        )
    return tuple(uses)


def deposit_of(line: OpeningLine, learner: UUID) -> Deposit:
    """The credit that a line gave, as the ledger takes it, with its first dates."""
    converted = line.act == CONVERSION
    return Deposit(
        learner_id=learner,
        key=line.key,
        amount=line.credit,
        outcome_type=line.kind,
        title=(line.course_name or line.course) if converted else line.outcome,
        code=line.course,
        category=line.category,
        grade=line.grade or None,
        earned_on=line.decided_on if converted else line.earned_on,
        effective_on=line.decided_on,
        term=line.term,
        expires_on=line.expires_on,
        source_kind="opening",
    )


def conversion_of(line: OpeningLine, learner: UUID, uses: tuple[Use, ...]) -> Conversion:
    """A line as a conversion of the ledger."""
    return Conversion(
        learner_id=learner,
        key=line.key,
        used=uses,
        made=(deposit_of(line, learner),),
        effective_on=line.decided_on,
    )


def changed(line: OpeningLine, earlier: int) -> RefusedRow:
    """Why a line is refused that says something else than an earlier import did; ``earlier`` is its line there."""
    return _refused(line, "document", "opening.changed", {"line": earlier})


def _refused(line: OpeningLine, column: str, code: str, facts: Mapping[str, Fact]) -> RefusedRow:
    return RefusedRow(line.line, OPENING.field(column).label.zh, code, {"key": line.number, **facts})


def _day(value: Value | None) -> date | None:
    return date.fromisoformat(str(value)) if value else None


def _bare(name: str) -> str:
    return "".join(normal(name).replace("•", "·").replace("・", "·").split()).casefold()
