"""Writes a rule set as a workbook that is read back as the same rules: tables, scales, limits, steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from creditbank.domain.rule_documents import DecidingRules
from creditbank.domain.rules.amount_words import RULINGS
from creditbank.domain.rules.cell_words import cell_words
from creditbank.domain.rules.condition_words import categories_words, condition_words
from creditbank.domain.rules.model import Choice, Fact, RuleSet, Table
from creditbank.domain.rules.row_words import FIELD, LEVEL, PRIORITY, RowWords, TableWords
from creditbank.domain.rules.write import cap_data, rule_set_data
from creditbank.domain.values import Text
from creditbank.exchange.rule_texts import flow_text
from creditbank.exchange.spreadsheets import Cell, SheetContent, workbook_bytes


def heads_of(*pairs: str) -> tuple[Text, ...]:
    """Words in both languages, written ``中文=English``."""
    return tuple(Text(*pair.split("=")) for pair in pairs)


ABOUT, CATEGORIES, FACTS, VALUES, TABLES, CAPS, PARTS, GUIDE = heads_of(
    "规则=Rules", "类别=Categories", "信息项=Facts", "取值=Values", "表=Tables", "上限=Limits", "其他条文=Other parts",
    "填写说明=How to fill it in",
)  # fmt: skip
ABOUT_HEAD = heads_of("项目=What", "内容=Content")
ABOUT_ROWS = {
    "code": Text("代码", "Code"),
    "kind": Text("种类", "Kind"),
    "name.zh": Text("名称（中文）", "Name (Chinese)"),
    "name.en": Text("名称（英文）", "Name (English)"),
    "source.zh": Text("出处（中文）", "Source (Chinese)"),
    "source.en": Text("出处（英文）", "Source (English)"),
    "unit": Text("单位", "Unit"),
    "rounding.step": Text("取整单位", "Rounding step"),
    "rounding.mode": Text("取整方式", "Rounding mode"),
    "rounding.place": Text("取整时机", "Rounding place"),
}
_CLAUSES = ("条款（中文）=Clause (Chinese)", "条款（英文）=Clause (English)")
CATEGORY_HEAD = heads_of("代码=Code", "中文=Chinese", "英文=English")
FACT_HEAD = heads_of(
    "名称=Name", "类型=Type", "中文=Chinese", "英文=English", "有序=Ordered", "可不填=Optional", "何时询问=Asked when",
    "范围=Range", "说明（中文）=Help (Chinese)", "说明（英文）=Help (English)",
)  # fmt: skip
VALUE_HEAD = (Text("信息项", "Fact"), *CATEGORY_HEAD)
TABLE_HEAD = heads_of(
    "代码=Code", "所在表=Sheet", "条件列=Columns", "适用条件=When", "命中方式=Hit", "无行符合时=On gap", "锁定=Locked",
    "可加行=Open",
)  # fmt: skip
CAP_HEAD = heads_of(
    "代码=Code", "适用条件=When", "类别=Categories", "范围=Scope", "分别计算=Counted apart",
    "最多=At most", "整项计入=Whole", *_CLAUSES, "锁定=Locked",
    "另有时才适用=Only beside",
)  # fmt: skip
CAP_KEYS = ("id", "when", "category", "scope", "by", "maximum", "whole", "zh", "en", "locked", "beside")
"""What each column of the limits is called in a document."""
PART_HEAD = heads_of("部分=Part", "代码=Code", "适用条件=When", "内容=Content", *_CLAUSES)
PART_NAMES = ("adjust", "choose", "validity", "exclude", "prerequisite", "figures", "abbreviations")
YES = Text("是", "yes")
NAME = "id"
ROW_ENDS = {NAME: Text("行", "Row"), "locked": Text("锁定", "Locked")}
"""What stands before and behind the words of a row: its id, and whether nobody further down may tighten it."""
_GUIDE_ZH = """\
一行是一条条款；行可以修改、增加、删除和移动。
条件：写取值，多个用顿号隔开；有序的写“≥ 二等奖”或“三等奖–一等奖”。
数值写 60、60–100、≥ 60、< 60；不限制写“任意”。
学分：3 或 0.5；不予认定；由人工决定；[信息项] 或 [信息项] × 2/3。
学分还可以写：每 16 [信息项] 0.5；每 8 [信息项] + [信息项] 1（合计）；[信息项] ≥ 16: 1; ≥ 32: 2。
适用条件：[信息项] 取值；[信息项] 取值。
上限“最多”：8 为学分；1/2 programme 为占培养方案的比例；3 × 为件数。
“锁定”写“是”：下级不得收紧；“可加行”写“是”：下级可以加行。
“取值”表中有序信息项从低到高排列。整份收下，要么一条不收：错误会指明表、行和列。"""
_GUIDE_EN = """\
One row is one clause; rows may be changed, added, removed and moved.
Conditions: a value, several with commas; of a scale “≥ second prize” or “third prize–first prize”.
Numbers: 60, 60–100, ≥ 60, < 60; “any” restricts nothing.
Credit: 3 or 0.5; no credit; a person decides; [fact] or [fact] × 2/3.
Credit may also be: 0.5 per 16 [fact]; 1 per 8 [fact] + [fact] (together); [fact] ≥ 16: 1; ≥ 32: 2.
When: [fact] value; [fact] value.
Limits, at most: 8 is credit; 1/2 programme is a share of the programme; 3 × is a count of outcomes.
“Yes” under “Locked”: nobody further down may tighten it; under “Open”: they may add rows.
Values of an ordered fact run from the lowest to the highest.
All is taken or nothing: an error names sheet, row and column."""


def rules_workbook(rules: RuleSet, language: str) -> bytes:
    """A rule set as a workbook in words of a language; reading it gives rules of the same hash."""
    data = rule_set_data(rules)
    facts = {fact.name: fact for fact in rules.facts}
    guide = _GUIDE_ZH if _zh(language) else _GUIDE_EN
    titles = {table.code: f"{number} {table.code}"[:31] for number, table in enumerate(rules.tables, start=1)}
    return workbook_bytes(
        (
            *(_table_sheet(rules, table, titles[table.code], language) for table in rules.tables),
            cap_sheet(rules, facts, language),
            part_sheet(rules, data, facts, language),
            sheet_of(
                TABLES,
                TABLE_HEAD,
                _tables(rules, titles, facts, language),
                language,
                widths=(16, 24, 40, 40, 14, 14, 10, 10),
            ),
            sheet_of(FACTS, FACT_HEAD, fact_rows(rules, facts, language), language),
            sheet_of(
                VALUES,
                VALUE_HEAD,
                ((fact.name, one.code, one.label.zh, one.label.en) for fact in rules.facts for one in fact.choices),
                language,
            ),
            sheet_of(
                CATEGORIES,
                CATEGORY_HEAD,
                ((one.code, one.label.zh, one.label.en) for one in rules.categories),
                language,
            ),
            sheet_of(ABOUT, ABOUT_HEAD, about_rows(data, language), language, widths=(20, 80)),
            SheetContent(GUIDE.said_in(language), (), [(line,) for line in guide.split("\n")], (110,)),
        )
    )


def sheet_of(
    title: Text, head: Sequence[Text], rows: Any, language: str, *, widths: Sequence[int] = (), choices: Any = None
) -> SheetContent:
    """A sheet with a title and heads in one language."""
    names = [one.said_in(language) for one in head]
    return SheetContent(title.said_in(language), names, rows, widths, choices or {})


def _table_sheet(rules: RuleSet, table: Table, title: str, language: str) -> SheetContent:
    words = RowWords.of(rules, table)
    # Columns that no row uses yet stand there too, so that one may be filled in.
    first, last = ROW_ENDS
    keys = [first, *(column.key for column in words.columns), last]
    head = told_apart(row_heads(words, language), keys)
    choices = {
        place: listed
        for place, column in enumerate(words.columns, start=1)
        if (listed := words.suggested(column, language)) and column.key not in (LEVEL, FIELD, PRIORITY)
    }
    rows = [[row.id, *words.said(row, language).values(), flag_word(row.locked, language)] for row in table.rows]
    return SheetContent(title, head, rows, (), choices)


def row_heads(words: TableWords, language: str, ends: Mapping[str, Text] = ROW_ENDS) -> list[str]:
    """The heads above the rows of a table, as they are said in a language."""
    first, last = ends.values()
    return [one.said_in(language) for one in (first, *(column.head for column in words.columns), last)]


def told_apart(heads: Sequence[str], keys: Sequence[str]) -> list[str]:
    """Heads that differ from each other: the key stands behind one that another column has as well."""
    return [head if list(heads).count(head) == 1 else f"{head} ({key})" for head, key in zip(heads, keys, strict=True)]


def about_rows(
    data: Mapping[str, Any], language: str, labels: Mapping[str, Text] = ABOUT_ROWS
) -> Iterator[tuple[str, str]]:
    """What rules say of themselves, a line for each value that a document has at the path of a label."""
    for path, label in labels.items():
        value: Any = data
        for step in path.split("."):
            value = value[step]
        yield label.said_in(language), value


def fact_rows(rules: DecidingRules, facts: Mapping[str, Fact], language: str) -> Iterator[tuple[Cell, ...]]:
    """The declared facts, a line for each."""
    for fact in rules.facts:
        bounds = cell_words(fact, fact.range, language) if fact.range is not None else ""
        helps = (fact.help.zh, fact.help.en) if fact.help else ("", "")
        flags = [flag_word(flag, language) for flag in (fact.ordered, fact.optional)]
        asked = condition_words(fact.when, facts, language)
        yield (fact.name, fact.type.value, fact.label.zh, fact.label.en, *flags, asked, bounds, *helps)


def _tables(
    rules: RuleSet, titles: Mapping[str, str], facts: Mapping[str, Fact], language: str
) -> Iterator[tuple[Cell, ...]]:
    for table in rules.tables:
        when, gap = condition_words(table.when, facts, language), RULINGS[table.on_gap][0 if _zh(language) else 1]
        flags = [flag_word(flag, language) for flag in (table.locked, table.open)]
        yield (table.code, titles[table.code], ", ".join(table.columns), when, table.hit.value, gap, *flags)


def cap_sheet(
    rules: DecidingRules, facts: Mapping[str, Fact], language: str, *, without: Sequence[str] = ()
) -> SheetContent:
    """The limits of rules, without the columns of some keys that they do not know."""
    rows = [
        (
            cap.id,
            condition_words(cap.when, facts, language),
            categories_words(rules.categories, cap.categories, language),
            cap.scope.value,
            ", ".join(cap.by),
            maximum_words(cap_data(cap)["maximum"]),
            flag_word(cap.whole, language),
            cap.clause.zh,
            cap.clause.en,
            flag_word(cap.locked, language),
            categories_words(rules.categories, cap.beside, language) if cap.beside else "",
        )
        for cap in rules.cap
    ]
    kept = [place for place, key in enumerate(CAP_KEYS) if key not in without]
    choices = {CAP_KEYS.index("scope"): ("claim", "term", "academic_year", "ever"), 6: (YES.said_in(language),)}
    choices = {kept.index(place): listed for place, listed in choices.items()}
    cells = [tuple(row[place] for place in kept) for row in rows]
    return sheet_of(CAPS, [CAP_HEAD[place] for place in kept], cells, language, choices=choices)


def maximum_words(maximum: Any) -> str:
    """A limit as a cell writes it: credit, a share of something planned, or a count of outcomes."""
    if isinstance(maximum, dict):
        return f"{maximum['count']} ×" if "count" in maximum else f"{maximum['share']} {maximum['of']}"
    return str(maximum).rstrip("0").rstrip(".") or "0"


def part_sheet(
    rules: DecidingRules,
    data: Mapping[str, Any],
    facts: Mapping[str, Fact],
    language: str,
    names: Sequence[str] = PART_NAMES,
) -> SheetContent:
    """The parts that have no sheet of their own, each with what it says on one line."""
    rows: list[tuple[Cell, ...]] = []
    for name in names:
        for part, item in zip(getattr(rules, name), data.get(name, ()), strict=True):
            said = {key: value for key, value in item.items() if key not in ("id", "when", "clause")}
            when = condition_words(part.when, facts, language) if "when" in item else ""
            clause = item.get("clause", {"zh": "", "en": ""})
            rows.append((name, item.get("id", ""), when, flow_text(said), clause["zh"], clause["en"]))
    return sheet_of(PARTS, PART_HEAD, rows, language, choices={0: tuple(names)})


def _choices(choices: Sequence[Choice]) -> Iterator[tuple[str, str, str]]:
    return ((one.code, one.label.zh, one.label.en) for one in choices)


def flag_word(said: bool, language: str) -> str:  # noqa: FBT001 - a cell that says yes, or nothing
    """A cell that says yes, or nothing."""
    return YES.said_in(language) if said else ""


def _zh(language: str) -> bool:
    return language.lower().startswith("zh")
