"""The rows of conversion rules as words under named columns, for editors, pasted blocks and sheets."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from creditbank.domain.conversions.cell_words import (
    ELECTIVE,
    FULL,
    HELD,
    SHORT,
    count_words,
    grade_words,
    group_parts,
    groups_words,
    joined_group,
    read_count,
    read_grade,
    read_groups,
    read_least,
    read_sources,
    read_targets,
    read_units,
    read_worth,
    sources_words,
    targets_words,
    worth_words,
)
from creditbank.domain.conversions.model import ConversionRow, ConversionRules, Counts, Surplus
from creditbank.domain.conversions.read import MOST_ITEMS, row_reader
from creditbank.domain.conversions.words import COUNTED, NO_NAMES, RULING, SURPLUS, row_said
from creditbank.domain.conversions.write import conversion_row_data
from creditbank.domain.explanation import Refusal
from creditbank.domain.rules.cell_words import cell_words, plain, read_cell, suggested_words
from creditbank.domain.rules.model import Accept, Fact, Ruling
from creditbank.domain.rules.places import Place, UnreadableError
from creditbank.domain.rules.row_words import CELL, CLAUSE_EN, CLAUSE_ZH, CREDIT, WordColumn
from creditbank.domain.rules.row_words import HEADS as SHARED_HEADS
from creditbank.domain.values import Text, format_credit

TABLE = "rules"
"""The one table of conversion rules, by the name that a document gives its rows."""

UNIT, LEAST, OTHER, COUNT, TOGETHER, AND = "unit", "least", "or", "count", "together", "and"
TO, GRADE, COUNTS, LEFT, RULED, LOCKED = "to", "grade", "counts", "surplus", "ruling", "locked"
HEADS = {
    UNIT: Text("认证单元", "Certification unit"),
    LEAST: Text("单项至少", "Each at least"),
    OTHER: Text("或者", "Or"),
    COUNT: Text("项数", "How many"),
    TOGETHER: Text("合计至少", "Together at least"),
    AND: Text("同时需要", "And"),
    TO: Text("置换为", "Becomes"),
    CREDIT: Text("学分", "Credit"),
    GRADE: Text("成绩", "Grade"),
    COUNTS: Text("计入", "Counts in"),
    LEFT: Text("剩余学分", "What is left"),
    RULED: Text("处理", "Ruling"),
    LOCKED: Text("锁定", "Locked"),
    CLAUSE_ZH: SHARED_HEADS[CLAUSE_ZH],
    CLAUSE_EN: SHARED_HEADS[CLAUSE_EN],
}
YES = Text("是", "yes")
NOWHERE = Text("均不计入", "nowhere")
UNKNOWN_TARGET = "TO-BE-FILLED-IN"
"""The course of a row that is still to be written: no library has it, so that it is granted by nobody."""

_FROM = (UNIT, LEAST, OTHER, COUNT, TOGETHER, AND)
_MADE = (TO, CREDIT, GRADE, COUNTS, LEFT)
_FIGURES, _LONG = (LEAST, TOGETHER), (OTHER, AND, GRADE, CLAUSE_ZH, CLAUSE_EN)
_COMMA = re.compile(r"\s*[,，、;；]\s*")
_PATHS = (
    (r"from\[0\](?:\.any\[0\])?\.when\.([a-z0-9_]+)", CELL), (r"from\[0\](?:\.any\[0\])?\.unit", UNIT),
    (r"from\[0\](?:\.any\[0\])?\.credit", LEAST), (r"from\[0\]\.any", OTHER), (r"from\[0\]\.count", COUNT),
    (r"from\[0\]\.together", TOGETHER), (r"from\[\d+\]", AND), (r"to\b", TO), (r"credit\b", CREDIT),
    (r"grade\b", GRADE), (r"counts\b", COUNTS), (r"surplus\b", LEFT), (r"ruling\b", RULED), (r"locked\b", LOCKED),
    (r"clause\.zh", CLAUSE_ZH),
    (r"clause\.en", CLAUSE_EN),
)  # fmt: skip
_LONGEST = 4_000


@dataclass(frozen=True, slots=True)
class ConversionWords:
    """The words of the rows of conversion rules.

    The cells of the first source of the first group have a column for each fact; what else serves in its place, and
    what is needed beside it, stand in a column each. Columns that no row uses are left out of ``columns``.
    """

    rules: ConversionRules
    facts: Mapping[str, Fact]
    columns: tuple[WordColumn, ...]
    known: tuple[WordColumn, ...]
    _said: dict[Any, str] = field(default_factory=dict, repr=False, compare=False)

    @staticmethod
    def of(rules: ConversionRules, *, every: bool = False) -> ConversionWords:
        """The columns of the rows: what goes in, what comes out, the clause; ``every`` also those no row uses."""
        facts = {fact.name: fact for fact in rules.facts}
        known = (
            *(WordColumn(CELL + fact.name, fact.label, fact) for fact in rules.facts),
            *(
                WordColumn(key, HEADS[key], figure=key in _FIGURES, long=key in _LONG)
                for key in (*_FROM, *_MADE, RULED, LOCKED, CLAUSE_ZH, CLAUSE_EN)
            ),
        )
        used = {CELL + cell.fact for row in rules.rows for cell in row.groups[0].sources[0].when}
        used |= {key for row in rules.rows for key, says in _USED.items() if says(row)}
        used |= {*_MADE, CLAUSE_ZH, CLAUSE_EN} | (
            set() if any(one.startswith(CELL) for one in used) else {known[0].key}
        )
        return ConversionWords(rules, facts, known if every else tuple(one for one in known if one.key in used), known)

    @property
    def code(self) -> str:
        """The code of the table."""
        return TABLE

    @property
    def rows(self) -> tuple[ConversionRow, ...]:
        """The rows of the rules."""
        return self.rules.rows

    @property
    def blamed(self) -> str:
        """What a row lacks beside a typed cell is said of what it becomes."""
        return TO

    def said(self, row: ConversionRow, language: str) -> dict[str, str]:
        """A row as words by column; :meth:`read` reads them back as the same row."""
        first = row.groups[0]
        source = first.sources[0]
        cells = {cell.fact: cell.accept for cell in source.when}
        words = {
            column.key: self._cell(column.fact, cells.get(column.fact.name), language)
            for column in self.columns
            if column.fact is not None
        }
        words |= {
            UNIT: ", ".join(source.units),
            LEAST: "" if source.credit is None else format_credit(source.credit),
            OTHER: self._kept(sources_words, first.sources[1:], language) if len(first.sources) > 1 else "",
            COUNT: count_words(first.count, language),
            TOGETHER: "" if first.credit is None else format_credit(first.credit),
            AND: self._kept(groups_words, row.groups[1:], language) if len(row.groups) > 1 else "",
            TO: targets_words(row.targets, self.rules.categories, language),
            CREDIT: worth_words(row.worth, language),
            GRADE: self._kept(grade_words, row.grade, language),
            COUNTS: self._kept(_counts_said, row.counts, language),
            LEFT: SURPLUS[row.surplus].said_in(language),
            RULED: RULING[row.ruling].said_in(language),
            LOCKED: YES.said_in(language) if row.locked else "",
            CLAUSE_ZH: row.clause.zh,
            CLAUSE_EN: row.clause.en,
        }
        return {column.key: words[column.key] for column in self.columns}

    def _cell(self, fact: Fact, accept: Accept | None, language: str) -> str:
        # Most cells of a table say what another one said, and a fact is long to compare.
        key = (language, fact.name, accept)
        if key not in self._said:
            self._said[key] = cell_words(fact, accept, language)
        return self._said[key]

    def _kept(self, say: Callable[[Any, Mapping[str, Fact], str], str], part: Any, language: str) -> str:
        key = (language, say.__name__, part)
        if key not in self._said:
            self._said[key] = say(part, self.facts, language)
        return self._said[key]

    def read(self, typed: Mapping[str, str], onto: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Refusal]]:
        """A row as a document writes it, changed by what was typed; what cannot be read is named by its column.

        Args:
            typed: words by column; a column left out stays as it is.
            onto: the row before, as a document writes it, or a new one with its ``id``.
        """
        row, wrong = dict(onto), dict[str, Refusal]()
        groups = [dict(group) for group in row.get("from", [{}])]
        sources, shared = group_parts(groups[0])
        self._read_source(typed, sources, wrong)
        if OTHER in typed and (found := _good(OTHER, read_sources(self.facts, typed[OTHER]), wrong)) is not None:
            sources = [sources[0], *found]
        if COUNT in typed and (count := _good(COUNT, read_count(typed[COUNT], MOST_ITEMS), wrong)) is not None:
            shared = {key: one for key, one in shared.items() if key != "count"} | (
                {} if count == 1 else {"count": count}
            )
        if TOGETHER in typed:
            _put(TOGETHER, "together", read_least(typed[TOGETHER]), shared, wrong)
        groups[0] = joined_group(sources, shared)
        if AND in typed:
            more = _good(AND, read_groups(self.facts, typed[AND]), wrong)
            groups[1:] = groups[1:] if more is None else more
        row["from"] = groups
        self._read_made(typed, row, wrong)
        clause = dict(row.get("clause", {}))
        for key, side in ((CLAUSE_ZH, "zh"), (CLAUSE_EN, "en")):
            if key in typed:
                clause[side] = typed[key].strip()
            if key in typed and not clause[side]:
                wrong[key] = Refusal.because("cell.clause_needed")
        return row | {"clause": clause}, wrong

    def _read_source(self, typed: Mapping[str, str], sources: list[dict[str, Any]], wrong: dict[str, Refusal]) -> None:
        source = dict(sources[0])
        when = dict(source.pop("when", {}))
        for column in self.known:
            if column.fact is None or column.key not in typed:
                continue
            cell = read_cell(column.fact, typed[column.key])
            if isinstance(cell, Refusal):
                wrong[column.key] = cell
            elif cell is None:
                when.pop(column.fact.name, None)
            else:
                when[column.fact.name] = cell
        if LEAST in typed:
            _put(LEAST, "credit", read_least(typed[LEAST]), source, wrong)
        if UNIT in typed:
            _put(UNIT, "unit", read_units(typed[UNIT]), source, wrong)
        sources[0] = ({"when": when} if when else {}) | source

    def _read_made(self, typed: Mapping[str, str], row: dict[str, Any], wrong: dict[str, Refusal]) -> None:
        if TO in typed:
            _put(TO, "to", read_targets(self.rules.categories, typed[TO]), row, wrong)
        if CREDIT in typed:
            _put(CREDIT, "credit", read_worth(typed[CREDIT]), row, wrong)
        if GRADE in typed:
            _put(GRADE, "grade", read_grade(self.facts, typed[GRADE]), row, wrong)
        if COUNTS in typed:
            _put(COUNTS, "counts", read_counts(typed[COUNTS]), row, wrong)
        if LEFT in typed:
            _put(LEFT, "surplus", _read_word(SURPLUS, typed[LEFT], Surplus.LOST.value), row, wrong)
        if RULED in typed:
            _put(RULED, "ruling", _read_word(RULING, typed[RULED], None), row, wrong)
        if LOCKED in typed:
            _put(LOCKED, "locked", _read_locked(typed[LOCKED]), row, wrong)

    def completed(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A new row; what it does not say is any outcome for a course that no library has, recorded without a grade."""
        to = row.get("to") or [{"course": UNKNOWN_TARGET}]
        whole = isinstance(to[0], dict) and not {"category", "requirement"} & to[0].keys()
        given: dict[str, Any] = {"from": [{}], "to": to, "credit": "full" if whole else "held", "grade": "credit_only"}
        return {**row, **{key: row.get(key) or value for key, value in given.items()}}

    def suggested(self, column: WordColumn, language: str) -> tuple[str, ...]:
        """Words that a cell of a column may hold, as a list to choose from."""
        if column.fact is not None:
            return tuple(dict.fromkeys(suggested_words(column.fact, language)))
        words: Sequence[Text] = {
            CREDIT: (FULL, SHORT, HELD),
            LEFT: tuple(SURPLUS.values()),
            RULED: tuple(RULING.values()),
            LOCKED: (YES,),
            COUNTS: (_listed("transcript", "graduation"), _listed(*COUNTED), NOWHERE),
            TO: (ELECTIVE,),
        }.get(column.key, ())
        counted = ("1", count_words(None, language)) if column.key == COUNT else ()
        return (*(word.said_in(language) for word in words), *counted)

    def clause_said(self, row: Mapping[str, Any]) -> dict[str, str]:
        """A clause for a row that came without one: what it takes and what that becomes, in both languages."""
        unwritten = {"zh": "待填写", "en": "To be filled in"}
        try:
            read = self.read_row({"id": "row", **self.completed(row), "clause": unwritten})
        except UnreadableError:
            return unwritten
        labels = {category.code: category.label for category in self.rules.categories}
        words = row_said(read, self.facts, labels, NO_NAMES)
        zh = f"{'；并且'.join(one.zh for one in words.takes)}，置换为{'、'.join(one.zh for one in words.makes)}"
        en = f"{'; and '.join(one.en for one in words.takes)} becomes {', '.join(one.en for one in words.makes)}"
        return {"zh": zh[:_LONGEST], "en": en[:_LONGEST]}

    def row_data(self, row: ConversionRow) -> dict[str, Any]:
        """A row as a document writes it."""
        return conversion_row_data(row)

    def read_row(self, row: Mapping[str, Any]) -> ConversionRow:
        """A row of a document as the rules hold it.

        Raises:
            UnreadableError: with every problem, each with its path inside the row.
        """
        return row_reader(self.rules.facts, [one.code for one in self.rules.categories])(Place(dict(row)))

    def key_of(self, path: str) -> str:
        """The column in which a path inside a row stands, empty where none does."""
        if path in ("from", "from[0]"):
            return self.columns[0].key
        for pattern, key in _PATHS:
            if found := re.match(pattern, path):
                return key + found[1] if key == CELL else key
        return ""


_USED: Mapping[str, Callable[[ConversionRow], bool]] = {
    UNIT: lambda row: bool(row.groups[0].sources[0].units),
    LEAST: lambda row: row.groups[0].sources[0].credit is not None,
    OTHER: lambda row: len(row.groups[0].sources) > 1,
    COUNT: lambda row: row.groups[0].count != 1,
    TOGETHER: lambda row: row.groups[0].credit is not None,
    AND: lambda row: len(row.groups) > 1,
    RULED: lambda row: row.ruling is not Ruling.RECOGNISE,
    LOCKED: lambda row: row.locked,
}
"""Which rows have something to say in a column that is left out where none does."""


def counts_words(counts: Counts, language: str) -> str:
    """Where what is converted counts, in words that :func:`read_counts` reads back."""
    return _listed(*(name for name, value in asdict(counts).items() if value)).said_in(language)


def _counts_said(counts: Counts, _facts: Mapping[str, Fact], language: str) -> str:
    return counts_words(counts, language)


def read_counts(typed: str) -> dict[str, bool] | Refusal:
    """Where what is converted counts, as a document writes it; nothing is where it usually does."""
    if not typed.strip():
        return asdict(Counts())
    known = {plain(word): name for name, text in COUNTED.items() for word in (text.zh, text.en, name)}
    known |= {"绩点": "gpa", "平均绩点": "gpa"}
    parts = [plain(part) for part in _COMMA.split(typed.strip()) if part.strip()]
    if parts in ([plain(NOWHERE.zh)], [plain(NOWHERE.en)]):
        parts = []
    if not all(part in known for part in parts):
        values = Text("、".join(one.zh for one in COUNTED.values()), ", ".join(one.en for one in COUNTED.values()))
        return Refusal.because("cell.one_of", typed=typed[:80], values=values)
    named = {known[part] for part in parts}
    return {name: name in named for name in COUNTED}


def _listed(*names: str) -> Text:
    if not names:
        return NOWHERE
    return Text("、".join(COUNTED[name].zh for name in names), ", ".join(COUNTED[name].en for name in names))


def _read_locked(typed: str) -> bool | Refusal | None:
    word = plain(typed)
    if word in ("yes", "y", "true", "是", "√"):
        return True
    values = Text("是，或留空", "yes, or empty")
    return None if word in ("", "no", "否") else Refusal.because("cell.one_of", typed=typed[:80], values=values)


def _read_word(listed: Mapping[Any, Text], typed: str, nothing: str | None) -> Any:
    words = {plain(word): one.value for one, text in listed.items() for word in (text.zh, text.en, one.value)}
    values = Text("、".join(one.zh for one in listed.values()), ", ".join(one.en for one in listed.values()))
    if not typed.strip():
        return nothing
    return words.get(plain(typed)) or Refusal.because("cell.one_of", typed=typed[:80], values=values)


def _good(key: str, found: Any, wrong: dict[str, Refusal]) -> Any:
    if isinstance(found, Refusal):
        wrong[key] = found
        return None
    return found


def _put(key: str, name: str, found: Any, onto: dict[str, Any], wrong: dict[str, Refusal]) -> None:
    """Put what a cell means into a part of a document; nothing takes it out."""
    if isinstance(found, Refusal):
        wrong[key] = found
    elif found is None:
        onto.pop(name, None)
    else:
        onto[name] = found
