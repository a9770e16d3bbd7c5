"""The rows of a rule table as words under named columns, for editors, pasted blocks and sheets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from creditbank.domain.explanation import Refusal
from creditbank.domain.rules.amount_words import RULINGS, bracketed, credit_words, read_bracketed, read_credit
from creditbank.domain.rules.cell_words import (
    any_word,
    cell_words,
    choice_words,
    listed_words,
    plain,
    read_cell,
    read_choice_words,
    suggested_words,
)
from creditbank.domain.rules.model import Accept, Fact, FromFact, Give, Hit, OneOf, Row, RuleSet, Ruling, Table
from creditbank.domain.rules.places import Place
from creditbank.domain.rules.read_amounts import Amounts
from creditbank.domain.rules.write import row_data
from creditbank.domain.values import Text

MESSAGES: dict[str, str] = {
    "cell.category": "“{typed}” is no category of these rules. Expected: {values}.",
    "cell.category_needed": "A row that gives credit says its category: {values}.",
    "cell.nothing_given": "“{typed}” cannot stand beside “{ruling}”: such a row gives no credit.",
    "cell.code": "“{typed}” is no code. Expected: letters, digits and _ . : -, or [fact].",
    "cell.priority": "“{typed}” is no priority. Expected: a whole number from 0 to 1000000.",
    "cell.clause_needed": "A row says its clause in both languages.",
    "cell.last_row": "A table keeps at least one row. Change this row, or add another one first.",
    "cell.row_gone": "Row {row} is not there any more.",
    "cell.row_id": "“{typed}” cannot name the row: letters, digits and _ . : -, and every row has a name of its own.",
}

CREDIT, CATEGORY, LEVEL, FIELD = "credit", "category", "level", "field"
PRIORITY, CLAUSE_ZH, CLAUSE_EN = "priority", "clause-zh", "clause-en"
CELL = "when-"
"""What stands before the name of a fact in the key of its column."""

HEADS = {
    "id": Text("行", "Row"),
    CREDIT: Text("学分", "Credit"),
    CATEGORY: Text("类别", "Category"),
    LEVEL: Text("层次", "Level"),
    FIELD: Text("领域", "Field"),
    PRIORITY: Text("优先级", "Priority"),
    CLAUSE_ZH: Text("条款（中文）", "Clause (Chinese)"),
    CLAUSE_EN: Text("条款（英文）", "Clause (English)"),
}
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,79}")
_WHEN = re.compile(r"when\.([a-z0-9_]+)")
_PLACES = (
    ("give.category", CATEGORY), ("give.level", LEVEL), ("give.field", FIELD), ("give", CREDIT), ("priority", PRIORITY),
    ("clause.zh", CLAUSE_ZH), ("clause.en", CLAUSE_EN),
)  # fmt: skip
_LONGEST = 4_000


@dataclass(frozen=True, slots=True)
class WordColumn:
    """One column: its key, what stands above it, and the fact it asks for where it is a condition.

    A ``figure`` holds numbers, a ``long`` one whole sentences.
    """

    key: str
    head: Text
    fact: Fact | None = None
    figure: bool = False
    long: bool = False


class TableWords(Protocol):
    """The words of one table's rows, whatever kind of rules they are: what editors, pasted blocks and sheets use."""

    @property
    def code(self) -> str:
        """The code of the table."""

    @property
    def columns(self) -> tuple[WordColumn, ...]:
        """What a page shows, the clause last in both languages."""

    @property
    def known(self) -> tuple[WordColumn, ...]:
        """Every column that a row could have words in, also those that none does now."""

    @property
    def rows(self) -> Sequence[Any]:
        """The rows as the rules hold them; each has an ``id``."""

    def said(self, row: Any, language: str) -> dict[str, str]:
        """A row as words by column, as :meth:`read` reads them back."""

    def read(self, typed: Mapping[str, str], onto: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Refusal]]:
        """A row as a document writes it, changed by what was typed; what cannot be read is named by its column."""

    def completed(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A new row with what it has to say and does not, which leaves it to a person."""

    def suggested(self, column: WordColumn, language: str) -> tuple[str, ...]:
        """Words that a cell of a column may hold, as a list to choose from."""

    def clause_said(self, row: Mapping[str, Any]) -> dict[str, str]:
        """A clause for a row that came without one, in both languages."""

    def row_data(self, row: Any) -> dict[str, Any]:
        """A row as a document writes it."""

    def read_row(self, row: Mapping[str, Any]) -> Any:
        """A row of a document as the rules hold it.

        Raises:
            UnreadableError: with every problem, each with its path inside the row.
        """

    def key_of(self, path: str) -> str:
        """The column in which a path inside a row stands, empty where none does."""

    @property
    def blamed(self) -> str:
        """The column that is wrong where a row lacks something that no typed cell is about."""


@dataclass(frozen=True, slots=True)
class RowWords:
    """The words of one table's rows."""

    rules: RuleSet
    table: Table
    facts: Mapping[str, Fact]
    columns: tuple[WordColumn, ...]
    category: str | None
    _said: dict[tuple[str, str, Any], str] = field(default_factory=dict, repr=False, compare=False)

    @staticmethod
    def of(rules: RuleSet, table: Table, *, every: bool = False) -> RowWords:
        """The columns of a table: its conditions, what a row gives, its clause; ``every`` also those no row uses."""
        facts = {fact.name: fact for fact in rules.facts}
        gives = [row.give for row in table.rows if isinstance(row.give, Give)]
        keys = [CREDIT, CATEGORY]
        keys += [LEVEL] if every or any(give.level is not None for give in gives) else []
        keys += [FIELD] if every or any(give.field is not None for give in gives) else []
        keys += [PRIORITY] if table.hit is Hit.PRIORITY else []
        columns = [WordColumn(CELL + name, facts[name].label, facts[name]) for name in table.columns]
        columns += [WordColumn(key, HEADS[key], figure=key == CREDIT) for key in keys]
        columns += [WordColumn(key, HEADS[key], long=True) for key in (CLAUSE_ZH, CLAUSE_EN)]
        common = Counter(give.category for give in gives).most_common(1)
        usual = common[0][0] if common else (rules.categories[0].code if len(rules.categories) == 1 else None)
        return RowWords(rules, table, facts, tuple(columns), usual)

    @property
    def code(self) -> str:
        """The code of the table."""
        return self.table.code

    @property
    def known(self) -> tuple[WordColumn, ...]:
        """The columns; of what no row uses a document or the row's form says the first."""
        return self.columns

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of the table."""
        return self.table.rows

    @property
    def blamed(self) -> str:
        """What a row lacks beside a typed cell is said of its credit."""
        return CREDIT

    def row_data(self, row: Row) -> dict[str, Any]:
        """A row as a document writes it."""
        return row_data(row)

    def read_row(self, row: Mapping[str, Any]) -> Row:
        """A row of a document as the rules hold it.

        Raises:
            UnreadableError: with every problem, each with its path inside the row.
        """
        reads = Amounts(dict(self.facts), tuple(one.code for one in self.rules.categories))
        return reads.row(Place(row), self.table.columns, self.table.hit)

    def completed(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A new row; without an amount it leaves the credit to a person."""
        return {**row, "give": row.get("give") or Ruling.MANUAL.value}

    def key_of(self, path: str) -> str:
        """The column in which a path inside a row stands, empty where none does."""
        cell = _WHEN.match(path)
        return CELL + cell[1] if cell else next((key for start, key in _PLACES if path.startswith(start)), "")

    def said(self, row: Row, language: str) -> dict[str, str]:
        """A row as words by column; :meth:`read` reads them back as the same row."""
        cells = {cell.fact: cell.accept for cell in row.when}
        words = {
            column.key: self._cell(column.fact, cells.get(column.fact.name), language)
            for column in self.columns
            if column.fact is not None
        }
        give = row.give
        if isinstance(give, Give):
            words[CREDIT] = credit_words(give.credit, self.facts, language)
            words[CATEGORY] = self._category(give.category, language)
            words[LEVEL], words[FIELD] = (self._code_said(part, language) for part in (give.level, give.field))
        else:
            words |= {CREDIT: credit_words(give, self.facts, language), CATEGORY: "", LEVEL: "", FIELD: ""}
        words[PRIORITY] = str(row.priority) if row.priority else ""
        words[CLAUSE_ZH], words[CLAUSE_EN] = row.clause.zh, row.clause.en
        return {column.key: words[column.key] for column in self.columns}

    def _cell(self, fact: Fact, accept: Accept | None, language: str) -> str:
        # Most cells of a table say what another one said, and a fact is long to compare.
        key = (language, fact.name, accept)
        if key not in self._said:
            self._said[key] = cell_words(fact, accept, language)
        return self._said[key]

    def _category(self, code: str, language: str) -> str:
        key = (language, CATEGORY, code)
        if key not in self._said:
            self._said[key] = choice_words(self.rules.categories, code, language)
        return self._said[key]

    def _code_said(self, part: str | FromFact | None, language: str) -> str:
        return bracketed(part.fact, self.facts, language) if isinstance(part, FromFact) else part or ""

    def read(self, typed: Mapping[str, str], onto: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Refusal]]:
        """A row as a document writes it, changed by what was typed; what cannot be read is named by its column.

        Args:
            typed: words by column; a column left out stays as it is.
            onto: the row before, as a document writes it, or a new one with its ``id``.
        """
        row, wrong = dict(onto), dict[str, Refusal]()
        when = dict(row.get("when", {}))
        for column in self.columns:
            if column.fact is None or column.key not in typed:
                continue
            cell = read_cell(column.fact, typed[column.key])
            if isinstance(cell, Refusal):
                wrong[column.key] = cell
            elif cell is None:
                when.pop(column.fact.name, None)
            else:
                when[column.fact.name] = cell
        row = {key: value for key, value in row.items() if key != "when"} | ({"when": when} if when else {})
        self._read_give(typed, row, wrong)
        if PRIORITY in typed:
            self._read_priority(typed[PRIORITY], row, wrong)
        clause = dict(row.get("clause", {}))
        for key, side in ((CLAUSE_ZH, "zh"), (CLAUSE_EN, "en")):
            if key in typed:
                clause[side] = typed[key].strip()
            if key in typed and not clause[side]:
                wrong[key] = Refusal.because("cell.clause_needed")
        return row | {"clause": clause}, wrong

    def _read_give(self, typed: Mapping[str, str], row: dict[str, Any], wrong: dict[str, Refusal]) -> None:
        give = row.get("give")
        credit = read_credit(self.facts, typed[CREDIT]) if CREDIT in typed else None
        if isinstance(credit, Refusal):
            wrong[CREDIT] = credit
        elif isinstance(credit, Ruling):
            give = credit.value
        elif credit is not None:
            give = {**(give if isinstance(give, dict) else {}), "credit": credit}
        named = typed.get(CATEGORY, "").strip()
        if isinstance(give, dict):
            code = read_choice_words(self.rules.categories, named) if named else give.get("category", self.category)
            values = listed_words(self.rules.categories)
            if code is None and named:
                wrong[CATEGORY] = Refusal.because("cell.category", typed=named[:80], values=values)
            elif code is None:
                wrong[CATEGORY] = Refusal.because("cell.category_needed", values=values)
            give = {**give, "category": code}
            for key in (LEVEL, FIELD):
                if key in typed:
                    self._read_code(key, typed[key].strip(), give, wrong)
        elif isinstance(give, str):
            said = RULINGS[Ruling(give)]
            for key in (CATEGORY, LEVEL, FIELD):
                if typed.get(key, "").strip():
                    wrong[key] = Refusal.because("cell.nothing_given", typed=typed[key][:80], ruling=Text(*said))
        row["give"] = give

    def _read_code(self, key: str, typed: str, give: dict[str, Any], wrong: dict[str, Refusal]) -> None:
        give.pop(key, None)
        if typed.startswith("[") and typed.endswith("]"):
            fact = read_bracketed(typed[1:-1], self.facts)
            if isinstance(fact, Refusal):
                wrong[key] = fact
            else:
                give[key] = {"fact": fact}
        elif typed and _CODE.fullmatch(typed) is None:
            wrong[key] = Refusal.because("cell.code", typed=typed[:80])
        elif typed:
            give[key] = typed

    @staticmethod
    def _read_priority(typed: str, row: dict[str, Any], wrong: dict[str, Refusal]) -> None:
        row.pop("priority", None)
        if not typed.strip():
            return
        if re.fullmatch(r"\d{1,7}", plain(typed)) and int(plain(typed)) <= 1_000_000:
            row["priority"] = int(plain(typed))
        else:
            wrong[PRIORITY] = Refusal.because("cell.priority", typed=typed[:80])

    def suggested(self, column: WordColumn, language: str) -> tuple[str, ...]:
        """Words that a cell of a column may hold, as a list to choose from."""
        if column.fact is not None:
            return tuple(dict.fromkeys(suggested_words(column.fact, language)))
        if column.key == CATEGORY:
            return tuple(choice_words(self.rules.categories, one.code, language) for one in self.rules.categories)
        if column.key == CREDIT:
            return tuple(words[0 if language.lower().startswith("zh") else 1] for words in RULINGS.values())
        return ()

    def clause_said(self, row: Mapping[str, Any]) -> dict[str, str]:
        """A clause for a row that came without one: its cells and its credit, in both languages."""
        said = {}
        for side, language, colon, between in (("zh", "zh-hans", "：", "；"), ("en", "en", ": ", "; ")):
            when = row.get("when", {})
            asked = [column for column in self.columns if column.fact is not None and column.fact.name in when]
            parts = [
                column.head.said_in(language) + colon + _cell_said(column.fact, when[column.fact.name], language)
                for column in asked
                if column.fact is not None
            ]
            parts = parts or [any_word(language)]
            give = row.get("give")
            gives = give.get("credit") if isinstance(give, dict) else give
            amount = RULINGS[Ruling(gives)][side == "en"] if gives in ("refuse", "manual") else None
            if amount is None and isinstance(gives, str):
                amount = f"{gives} 学分" if side == "zh" else f"{gives} credits"
            said[side] = between.join((*parts, *((amount,) if amount else ())))[:_LONGEST]
        return said


_ENDS = {"from": "≥", "above": ">", "to": "≤", "below": "<"}


def _cell_said(fact: Fact, cell: Any, language: str) -> str:
    """A cell as a document writes it, in words."""
    if isinstance(cell, dict):
        return " ".join(f"{_ENDS[end]} {value}" for end, value in cell.items())
    words = []
    for one in cell if isinstance(cell, list) else [cell]:
        if isinstance(one, bool):
            words.append(cell_words(fact, OneOf((one,)), language))
        else:
            words.append(choice_words(fact.choices, one, language) if fact.choices else str(one))
    return ("、" if language.startswith("zh") else ", ").join(words)


def free_id(rows: Iterable[str], like: str) -> str:
    """A name for a row that no other has, made from another one: ``first`` gives ``first-2``."""
    taken = frozenset(rows)
    stem = re.sub(r"-\d{1,4}$", "", like)[:70] or "row"
    number = 2
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"


def numbered_id(rows: Sequence[str]) -> str:
    """A name for a new row of a table: the next number that is free."""
    taken, number = frozenset(rows), len(rows) + 1
    while f"row-{number}" in taken:
        number += 1
    return f"row-{number}"
