"""Conversion rules in words: what each row takes and makes, its grade, its limits, in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from creditbank.domain.conversions.model import (
    Closed,
    ConversionRow,
    ConversionRules,
    CreditOnly,
    FixedGrade,
    Full,
    Grade,
    Group,
    Held,
    KeptGrade,
    Source,
    Standing,
    Surplus,
    Target,
    TargetKind,
    Worth,
)
from creditbank.domain.rules.facts import cell_shown
from creditbank.domain.rules.model import (
    Cap,
    Condition,
    Count,
    NeedsCredit,
    Portion,
    Prerequisite,
    Ruling,
    Until,
    Within,
)
from creditbank.domain.rules.model import Scope as CapScope
from creditbank.domain.values import Text, format_credit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from creditbank.domain.rules.model import Exclude, Fact, Validity

COUNTED = {
    "gpa": Text("平均学分绩点", "GPA"),
    "rank": Text("排名", "rank"),
    "transcript": Text("成绩单", "transcript"),
    "graduation": Text("毕业", "graduation"),
}
SURPLUS = {
    Surplus.LOST: Text("不结转", "not carried over"),
    Surplus.KEPT: Text("留在原学分中", "stays where it is"),
    Surplus.ELECTIVE: Text("转为任选学分", "becomes unspecified elective credit"),
}
STANDING = {
    Standing.OPEN: Text("尚未修读", "not studied yet"),
    Standing.PASSED: Text("已通过", "passed"),
    Standing.FAILED: Text("修读不及格", "failed"),
    Standing.IN_PROGRESS: Text("正在修读", "being studied"),
    Standing.SELECTED: Text("已选课", "selected"),
    Standing.CONVERTED: Text("已置换", "converted before"),
}
RULING = {
    Ruling.RECOGNISE: Text("可以置换", "may be converted into"),
    Ruling.MANUAL: Text("由人工决定", "a person decides"),
    Ruling.REFUSE: Text("不得置换", "not converted into"),
}
_OTHERWISE = {
    Ruling.RECOGNISE: Text("", ""),
    Ruling.MANUAL: Text("否则由人工决定", "otherwise a person decides"),
    Ruling.REFUSE: Text("否则不得置换", "otherwise nothing is converted"),
}
_SCOPE = {
    CapScope.CLAIM: Text("每次置换", "Each time"),
    CapScope.TERM: Text("每学期", "In a term"),
    CapScope.ACADEMIC_YEAR: Text("每学年", "In an academic year"),
    CapScope.EVER: Text("在学期间累计", "In all"),
}
NO_NAMES: Mapping[str, Text] = {}


@dataclass(frozen=True, slots=True)
class RowSaid:
    """A row in words: all of ``takes`` together become all of ``makes``."""

    id: str
    takes: tuple[Text, ...]
    makes: tuple[Text, ...]
    credit: Text
    grade: tuple[Text, ...]
    counts: Text
    surplus: Text
    clause: Text
    ruling: Ruling
    locked: bool
    """Whether nobody further down may tighten it."""
    own: bool
    """Whether an overlay added or tightened it."""


@dataclass(frozen=True, slots=True)
class PartSaid:
    """What a limit, exclusion or closed part says, beside the clause it stands for; marks as :class:`RowSaid` has."""

    id: str
    said: Text
    clause: Text
    locked: bool
    own: bool


@dataclass(frozen=True, slots=True)
class StandingSaid:
    """What a standing to a course leads to, with its clause where one is named."""

    standing: Text
    ruling: Text
    clause: Text | None
    own: bool


@dataclass(frozen=True, slots=True)
class RulesSaid:
    """Conversion rules in words."""

    rows: tuple[RowSaid, ...]
    parts: tuple[PartSaid, ...]
    standings: tuple[StandingSaid, ...]
    open: bool
    """Whether rows may be added further down."""


def rules_said(
    rules: ConversionRules, names: Mapping[str, Text] = NO_NAMES, own: frozenset[tuple[str, str]] = frozenset()
) -> RulesSaid:
    """The rules in words.

    ``names`` are those of courses by code, where they are known; ``own`` as list and id what an overlay added or
    tightened.
    """
    labels = {category.code: category.label for category in rules.categories}
    facts = {fact.name: fact for fact in rules.facts}
    parts: list[tuple[str, Any, Text]] = [
        *(("closed", part, _closed_said(part, names, labels)) for part in rules.closed),
        *(("exclude", part, _excluded_said(part, facts)) for part in rules.exclude),
        *(("prerequisite", part, _needed_said(part, names, labels)) for part in rules.prerequisite),
        *(("cap", part, cap_said(part, labels)) for part in rules.cap),
        *(("validity", part, _valid_said(part, facts)) for part in rules.validity),
    ]
    return RulesSaid(
        rows=tuple(row_said(row, facts, labels, names, own=("rules", row.id) in own) for row in rules.rows),
        parts=tuple(
            PartSaid(part.id, said, part.clause, getattr(part, "locked", False), (name, part.id) in own)
            for name, part, said in parts
        ),
        standings=tuple(
            StandingSaid(
                STANDING[one],
                RULING[rules.standings[one]],
                rules.standing_clauses.get(one),
                ("standings", one.value) in own,
            )
            for one in Standing
            if one in rules.standings
        ),
        open=rules.open,
    )


def row_said(
    row: ConversionRow,
    facts: Mapping[str, Fact],
    labels: Mapping[str, Text],
    names: Mapping[str, Text],
    *,
    own: bool = False,
) -> RowSaid:
    """One row in words."""
    return RowSaid(
        id=row.id,
        takes=tuple(_group_said(group, facts) for group in row.groups),
        makes=tuple(target_said(target, names, labels) for target in row.targets),
        credit=given_said(row),
        grade=tuple(grade_said(row.grade, facts)),
        counts=counts_said(row),
        surplus=SURPLUS[row.surplus],
        clause=row.clause,
        ruling=row.ruling,
        locked=row.locked,
        own=own,
    )


def target_said(target: Target, names: Mapping[str, Text], labels: Mapping[str, Text]) -> Text:
    """What credit becomes."""
    match target.kind:
        case TargetKind.COURSE:
            return _course_said(target.code, names)
        case TargetKind.WAIVER:
            course = _course_said(target.code, names)
            return Text(f"免修{course.zh}，不计学分", f"exemption from {course.en}, without credit")
        case TargetKind.COURSE_OF:
            label = labels[target.code]
            return Text(f"{label.zh}类任一课程", f"any course of {label.en or label.zh}")
        case TargetKind.CATEGORY:
            label = labels[target.code]
            return Text(f"{label.zh}学分", f"credit of {label.en or label.zh}")
        case TargetKind.REQUIREMENT:
            return Text(f"毕业要求 {target.code}", f"requirement {target.code}")
    return Text("任选学分", "unspecified elective credit")


def sources_said(sources: Iterable[Source], facts: Mapping[str, Fact]) -> Text:
    """What serves: any of these sources."""
    return _joined([_source_said(source, facts) for source in sources], " 或 ", " or ")


def cap_said(cap: Cap, labels: Mapping[str, Text]) -> Text:
    """A limit as a sentence."""
    scope = _SCOPE[cap.scope]
    what = (
        _joined([labels[code] for code in cap.categories], "、", ", ") if cap.categories else Text("各类", "any kind")
    )
    whole = Text("，不足时不作部分置换", "; a part is not granted") if cap.whole else Text("", "")
    match cap.maximum:
        case Portion():
            of = labels.get(cap.maximum.of) or _planned(cap.maximum.of)
            most = Text(
                f"不超过培养方案中{of.zh}学分的 {cap.maximum.share}",
                f"at most {cap.maximum.share} of what the plan holds of {of.en or of.zh}",
            )
        case Count():
            most = Text(f"不超过 {cap.maximum.most} 项", f"at most {cap.maximum.most}")
        case _:
            amount = format_credit(cap.maximum)
            most = Text(f"不超过 {amount} 学分", f"at most {amount} credits")
    return Text(
        f"{scope.zh}，{what.zh}{most.zh}{whole.zh}。", f"{scope.en}, of {what.en or what.zh}: {most.en}{whole.en}."
    )


def counts_said(row: ConversionRow) -> Text:
    """Where what is converted counts."""
    words = [label for name, label in COUNTED.items() if getattr(row.counts, name)]
    if not words:
        return Text("均不计入", "nowhere")
    return _joined(words, "、", ", ")


def _course_said(code: str, names: Mapping[str, Text]) -> Text:
    named = names.get(code)
    if named is None or named.zh == code:
        return Text(f"课程 {code}", f"course {code}")
    return Text(f"“{named.zh}”（{code}）", f"“{named.en or named.zh}” ({code})")


def _group_said(group: Group, facts: Mapping[str, Fact]) -> Text:
    what = sources_said(group.sources, facts)
    zh, en = what.zh, what.en
    if group.count is None:
        zh, en = f"若干项（够用为止）：{zh}", f"as many as it takes of: {en}"
    elif group.count > 1:
        zh, en = f"{group.count} 项：{zh}", f"{group.count} of: {en}"
    if group.credit is not None:
        amount = format_credit(group.credit)
        zh, en = f"{zh}，合计至少 {amount} 学分", f"{en}, at least {amount} credits together"
    return Text(zh, en)


def _source_said(source: Source, facts: Mapping[str, Fact]) -> Text:
    said = condition_said(source.when, facts)
    if source.units:
        zh, en = "、".join(source.units), ", ".join(source.units)
        more = said if source.when else Text("", "")
        said = Text(
            f"含认证单元 {zh} 的成果{'，' if more.zh else ''}{more.zh}",
            f"whatever carries the certification unit {en}{', ' if more.en else ''}{more.en}",
        )
    if source.credit is None:
        return said
    amount = format_credit(source.credit)
    return Text(f"{said.zh}，至少 {amount} 学分", f"{said.en}, at least {amount} credits")


def condition_said(condition: Condition, facts: Mapping[str, Fact]) -> Text:
    """What has to be the case, fact by fact."""
    if not condition:
        return Text("任何成果", "any outcome")
    cells = [(facts[cell.fact].label, cell_shown(facts[cell.fact], cell.accept)) for cell in condition]
    return Text(
        "，".join(f"{label.zh}：{shown.zh}" for label, shown in cells),
        ", ".join(f"{label.en or label.zh}: {shown.en or shown.zh}" for label, shown in cells),
    )


def given_said(row: ConversionRow) -> Text:
    """What a row gives: nothing where it refuses; where it asks a person, that beside the amount."""
    if row.ruling is Ruling.REFUSE:
        return RULING[Ruling.REFUSE]
    amount = worth_said(row.worth)
    if row.ruling is Ruling.MANUAL:
        asked = RULING[Ruling.MANUAL]
        return Text(f"{amount.zh}，{asked.zh}", f"{amount.en}; {asked.en}")
    return amount


def worth_said(worth: Worth) -> Text:
    """How much is made."""
    match worth:
        case Full(short=True):
            return Text("课程学分，成果学分不足亦可", "the course's own credit, even if the items hold less")
        case Full():
            return Text("课程学分，成果学分须足够", "the course's own credit, which the items must hold")
        case Held(times=times) if times == 1:
            return Text("成果所含学分", "what the items hold")
        case Held(times=times):
            return Text(f"成果所含学分的 {times}", f"{times} of what the items hold")
    amount = format_credit(worth)
    return Text(f"{amount} 学分", f"{amount} credits")


def grade_said(grade: Grade, facts: Mapping[str, Fact]) -> list[Text]:
    """What is recorded; of a table of grades one line for each of its rows."""
    match grade:
        case CreditOnly():
            return [Text("只记学分，不记成绩", "credit only, no grade")]
        case FixedGrade():
            return [Text(f"记 {grade.grade}", f"recorded with {grade.grade}")]
        case KeptGrade():
            label = facts[grade.fact].label
            return [Text(f"沿用“{label.zh}”", f"“{label.en or label.zh}” is taken over")]
    said = []
    for when, word in grade.rows:
        condition = condition_said(when, facts) if when else Text("其余", "else")
        said.append(Text(f"{condition.zh} → {word}", f"{condition.en} → {word}"))
    return said


def _closed_said(part: Closed, names: Mapping[str, Text], labels: Mapping[str, Text]) -> Text:
    courses = [_course_said(code, names) for code in sorted(part.courses)]
    natures = [Text(f"性质为“{code}”的课程", f"courses of the nature “{code}”") for code in sorted(part.natures)]
    kinds = [labels.get(code, Text(code, code)) for code in sorted(part.categories)]
    what = _joined([*courses, *natures, *kinds], "、", ", ")
    return Text(f"不得置换：{what.zh}。", f"Nothing is converted into: {what.en}.")


def _excluded_said(part: Exclude, facts: Mapping[str, Fact]) -> Text:
    what = condition_said(part.when, facts)
    if part.otherwise is Ruling.MANUAL:
        return Text(f"由人工决定能否使用：{what.zh}。", f"A person decides whether this is used: {what.en}.")
    return Text(f"不得用于置换：{what.zh}。", f"Not used for conversion: {what.en}.")


def _needed_said(part: Prerequisite, names: Mapping[str, Text], labels: Mapping[str, Text]) -> Text:
    otherwise = _OTHERWISE[part.otherwise]
    if isinstance(part.needs, NeedsCredit):
        amount = format_credit(part.needs.least)
        of = labels.get(part.needs.category or "", Text("", ""))
        zh, en = f"须已持有{of.zh}学分 {amount}", f"{amount} credits {f'of {of.en} ' if of.en else ''}are held before"
    else:
        what = _joined([_course_said(code, names) for code in part.needs.courses], "、", ", ")
        zh, en = f"须已通过其中至少 {part.needs.least} 门：{what.zh}", f"{part.needs.least} of {what.en} passed before"
    return Text(f"{zh}；{otherwise.zh}。", f"{en}; {otherwise.en}.")


def _valid_said(part: Validity, facts: Mapping[str, Fact]) -> Text:
    label = facts[part.fact].label
    zh, en = f"“{label.zh}”", f"“{label.en or label.zh}”"
    match part:
        case Within():
            return Text(f"{zh}须在最近 {part.months} 个月内。", f"{en} lies within the last {part.months} months.")
        case Until():
            return Text(f"到{zh}当日为止可以使用。", f"It is used up to the day of {en}.")
    return Text(f"期限自{zh}起算。", f"Its term begins with {en}.")


def _planned(code: str) -> Text:
    return Text("全部", "everything") if code == "programme" else Text(code, code)


def _joined(texts: list[Text], zh: str, en: str) -> Text:
    return Text(zh.join(text.zh for text in texts), en.join(text.en or text.zh for text in texts))
