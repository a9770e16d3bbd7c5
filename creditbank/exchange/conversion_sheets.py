"""Conversion rules as sheets: the matrix, and a workbook that is read back as the same rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from creditbank.domain.conversions.matrix import Matrix, MatrixCell
from creditbank.domain.conversions.model import CARRIERS, ConversionRules, Standing
from creditbank.domain.conversions.row_words import ConversionWords
from creditbank.domain.conversions.words import RULING, STANDING
from creditbank.domain.conversions.write import conversion_row_data, conversion_rules_data
from creditbank.domain.rule_documents import DecidingRules
from creditbank.domain.values import Text
from creditbank.exchange.rule_sheets import (
    ABOUT,
    ABOUT_HEAD,
    ABOUT_ROWS,
    CATEGORIES,
    CATEGORY_HEAD,
    FACT_HEAD,
    FACTS,
    GUIDE,
    NAME,
    ROW_ENDS,
    VALUE_HEAD,
    VALUES,
    about_rows,
    cap_sheet,
    fact_rows,
    heads_of,
    part_sheet,
    row_heads,
    rules_workbook,
    sheet_of,
    told_apart,
)
from creditbank.exchange.rule_texts import flow_text
from creditbank.exchange.spreadsheets import Cell, Form, SheetContent, sheet_bytes, workbook_bytes

ROWS, CLOSED = heads_of("置换规则=Conversion rules", "不得置换=Closed")
MORE = "more"
ENDS = {NAME: ROW_ENDS[NAME], MORE: Text("其他内容", "Anything else")}
"""What stands before and behind the words of a row: its id, and what no column says."""
CLOSED_HEAD = heads_of(
    "代码=Code", "课程=Courses", "课程性质=Natures", "类别=Categories", "条款（中文）=Clause (Chinese)",
    "条款（英文）=Clause (English)",
)  # fmt: skip
CLOSED_KEYS = ("id", "courses", "natures", "categories", "zh", "en")
CAPS_WITHOUT = ("when", "by", "beside")
"""Columns of limits that conversion rules have no use for."""
PARTS = ("validity", "exclude", "prerequisite")
_CARRIED = {
    "course": Text("课程由此信息项说明", "Course is said by the fact"),
    "certificate": Text("证书由此信息项说明", "Certificate is said by the fact"),
    "outcome": Text("成果由此信息项说明", "Outcome is said by the fact"),
    "category": Text("类别由此信息项说明", "Category is said by the fact"),
    "institution": Text("授予机构由此信息项说明", "Institution is said by the fact"),
}
ASKED = tuple(one for one in Standing if one is not Standing.OPEN)
"""The standings that rules may rule for."""
ABOUT_CONVERSIONS: Mapping[str, Text] = {
    **ABOUT_ROWS,
    "held_unit": Text("所持学分的单位", "Unit of what is held"),
    **{f"carriers.{name}": _CARRIED[name] for name in CARRIERS},
    **{
        f"standings.{one.value}": Text(f"课程{STANDING[one].zh}时", f"Where the course is: {STANDING[one].en}")
        for one in ASKED
    },
    MORE: ENDS[MORE],
}
_SAID = frozenset({"schema", "rules", "facts", "categories", "cap", "closed", *PARTS})
_GUIDE_ZH = """\
一行是一条置换规则；行可以修改、增加、删除和移动。
条件：写取值，多个用顿号隔开；有序的写“≥ 中级”。数值写 60、60–100、≥ 60、< 60；不限制写“任意”。
“认证单元”写代码，多个用逗号隔开；“单项至少”“合计至少”写学分；“项数”写 1、2，或“够用为止”。
“或者”写可以代替的成果，每项用花括号：{[信息项] 取值；[信息项] 取值 | 认证单元 U1 | 至少 2} 或 {…}。
“同时需要”写还要一起使用的成果：{[信息项] 取值} × 2 合计 3 + {…} 或 {…}。
“置换为”写课程代码；任一课程 类别；类别学分 类别；毕业要求 代码；免修 代码；任选学分；多个用 + 连接。
学分：课程学分；课程学分，不足亦可；所持学分；所持学分 × 1/2；或 3。
成绩：只记学分；90；[信息项] 表示沿用；[信息项] 取值 → 95；其余 → 75。
“计入”写成绩单、毕业、排名、平均学分绩点，或“均不计入”；留空为成绩单、毕业。
上限“最多”：8 为学分；1/2 programme 为占培养方案的比例；3 × 为件数。
整份收下，要么一条不收：错误会指明表、行和列。"""
_GUIDE_EN = """\
One row is one conversion rule; rows may be changed, added, removed and moved.
Conditions: a value, several with commas; of a scale “≥ intermediate”. Numbers: 60, 60–100, ≥ 60, < 60; “any”.
Certification unit: codes with commas. Each at least, Together at least: credit. How many: 1, 2, or “as needed”.
Or: what serves in its place, each in braces: {[fact] value; [fact] value | unit U1 | at least 2} or {…}.
And: what is needed beside it: {[fact] value} × 2 together 3 + {…} or {…}.
Becomes: a course's code; any of CATEGORY; credit of CATEGORY; requirement CODE; waiver CODE; elective credit; with +.
Credit: course credit; course credit, even if short; credit held; credit held × 1/2; or 3.
Grade: credit only; 90; [fact] takes a grade over; [fact] value → 95; else → 75.
Counts in: transcript, graduation, rank, GPA, or “nowhere”; empty is transcript and graduation.
Limits, at most: 8 is credit; 1/2 programme is a share of the programme; 3 × is a count of outcomes.
All is taken or nothing: an error names sheet, row and column."""

_TITLE = Text("课证对照表", "Matrix")
_OUTCOME = Text("证书或成果", "Certificate or outcome")
_TOGETHER = Text("须与其他成果一起", "together with others")


def matrix_sheet(found: Matrix, language: str) -> bytes:
    """The matrix as a workbook of one sheet, in one language; each cell says on its lines what its rows say."""
    head = [_OUTCOME.said_in(language), *(target.said_in(language) for target in found.targets)]
    rows = (
        [row.outcome.said_in(language), *("\n".join(_said(one, language) for one in cells) for cells in row.cells)]
        for row in found.rows
    )
    return sheet_bytes(Form.XLSX, SheetContent(_TITLE.said_in(language), head, rows))


def _said(cell: MatrixCell, language: str) -> str:
    comma, colon = ("；", "：") if language.startswith("zh") else ("; ", ": ")
    parts = [cell.condition, cell.credit, *cell.grade, *([_TOGETHER] if cell.together else [])]
    return cell.row + colon + comma.join(said for part in parts if (said := part.said_in(language)))


def any_workbook(rules: DecidingRules, language: str) -> bytes:
    """Rules of either kind as a workbook in words of a language; reading it gives rules of the same hash."""
    if isinstance(rules, ConversionRules):
        return conversion_workbook(rules, language)
    return rules_workbook(rules, language)


def conversion_workbook(rules: ConversionRules, language: str) -> bytes:
    """Conversion rules as a workbook in words of a language; reading it gives rules of the same hash."""
    data = conversion_rules_data(rules)
    facts = {fact.name: fact for fact in rules.facts}
    guide = _GUIDE_ZH if language.lower().startswith("zh") else _GUIDE_EN
    values = ((fact.name, one.code, one.label.zh, one.label.en) for fact in rules.facts for one in fact.choices)
    categories = ((one.code, one.label.zh, one.label.en) for one in rules.categories)
    return workbook_bytes(
        (
            _row_sheet(rules, language),
            cap_sheet(rules, facts, language, without=CAPS_WITHOUT),
            sheet_of(CLOSED, CLOSED_HEAD, _closed(data), language),
            part_sheet(rules, data, facts, language, PARTS),
            sheet_of(FACTS, FACT_HEAD, fact_rows(rules, facts, language), language),
            sheet_of(VALUES, VALUE_HEAD, values, language),
            sheet_of(CATEGORIES, CATEGORY_HEAD, categories, language),
            sheet_of(ABOUT, ABOUT_HEAD, _about(rules, data, language), language, widths=(30, 80)),
            SheetContent(GUIDE.said_in(language), (), [(line,) for line in guide.split("\n")], (110,)),
        )
    )


def _row_sheet(rules: ConversionRules, language: str) -> SheetContent:
    # Columns that no row uses yet stand there too, so that one may be filled in.
    words = ConversionWords.of(rules, every=True)
    head = told_apart(row_heads(words, language, ENDS), [NAME, *(one.key for one in words.columns), MORE])
    choices = {
        place: listed
        for place, column in enumerate(words.columns, start=1)
        if column.fact is not None and (listed := words.suggested(column, language))
    }
    rows = []
    for row in rules.rows:
        data, (made, _wrong) = conversion_row_data(row), words.read(words.said(row, language), {"id": row.id})
        more = {key: value for key, value in data.items() if key not in made and key != "counts"}
        rows.append([row.id, *words.said(row, language).values(), flow_text(more) if more else ""])
    return SheetContent(ROWS.said_in(language), head, rows, (), choices)


def _closed(data: Mapping[str, Any]) -> Iterator[tuple[Cell, ...]]:
    for one in data.get("closed", ()):
        named = (", ".join(one.get(key, ())) for key in ("courses", "natures", "categories"))
        yield (one["id"], *named, one["clause"]["zh"], one["clause"]["en"])


def _about(rules: ConversionRules, data: Mapping[str, Any], language: str) -> Iterator[tuple[str, str]]:
    standings = {one.value: RULING[rules.standings[one]].said_in(language) for one in ASKED}
    # One that has a clause is written as in the text, so that the clause stays with it.
    standings |= {one.value: flow_text(data["standings"][one.value]) for one in rules.standing_clauses}
    known = {path.partition(".")[0] for path in ABOUT_CONVERSIONS}
    more = {key: one for key, one in data.items() if key not in _SAID and key not in known}
    said = {"carriers": {}, **data, "held_unit": rules.held_unit, "standings": standings}
    said |= {MORE: flow_text(more)} if more else {}
    labels = {path: label for path, label in ABOUT_CONVERSIONS.items() if _said_at(said, path)}
    return about_rows(said, language, labels)


def _said_at(data: Mapping[str, Any], path: str) -> bool:
    outer, _dot, inner = path.partition(".")
    return inner in data[outer] if inner else outer in data
