"""One edit of a rule table: rows changed, added, removed or moved, as a document read anew."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from creditbank.domain.explanation import Refusal
from creditbank.domain.rules.model import COLLECTS, Condition, Row, RuleSet, Ruling, Table
from creditbank.domain.rules.places import Place, Problem, UnreadableError
from creditbank.domain.rules.read import read_rule_set
from creditbank.domain.rules.read_amounts import MOST_ROWS, Amounts
from creditbank.domain.rules.row_words import RowWords, TableWords, free_id, numbered_id
from creditbank.domain.rules.write import condition_data, row_data, rule_set_data

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,79}")
_AT = re.compile(r"(?:tables\[(\d+)\]\.rows\[(\d+)\]|rules\[(\d+)\])")
_Row = TypeVar("_Row")
_Rules = TypeVar("_Rules")


@dataclass(frozen=True, slots=True)
class Edited(Generic[_Rules]):
    """The rules after an edit, as a document and as they read; ``rows`` names those that are new or changed."""

    document: Mapping[str, Any]
    rules: _Rules
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Misfit:
    """An edit that was not made: what is wrong with which column, and what else the rules say against it."""

    columns: Mapping[str, Refusal] = field(default_factory=lambda: MappingProxyType({}))
    refusals: tuple[Refusal, ...] = ()
    unreadable: UnreadableError | None = None


UNWRITTEN = {"zh": "待填写", "en": "To be filled in"}
"""The clause of a row that is still to be written."""


class OpenTable(ABC, Generic[_Rules]):
    """One table of rules opened for one edit: its words, the whole document, and that table's rows in it.

    What is the same of every kind of rules stands here; a kind says what a row is and how one is read.
    """

    rules: _Rules
    words: TableWords
    document: dict[str, Any]
    data: list[dict[str, Any]]

    def change(self, row: str, typed: Mapping[str, str], *, name: str = "") -> Edited[_Rules] | Misfit:
        """Put typed words into cells of a row; a cell left out stays as it is. ``name`` gives the row another name."""
        at = self._place(row)
        if at is None:
            return _gone(row)
        made, wrong = self.words.read(typed, self.data[at])
        if name and name != row:
            if _CODE.fullmatch(name) is None or name in self.names():
                return Misfit({**wrong, "id": Refusal.because("cell.row_id", typed=name[:80])})
            made["id"] = name
        if wrong:
            return Misfit(wrong)
        self.data[at] = made
        return self.with_rows({at: made})

    def add(self, made: Sequence[Mapping[str, Any]], *, after: str = "", before: str = "") -> Edited[_Rules] | Misfit:
        """Put rows behind or before another one or at the end; a row without a name gets a number."""
        at = self._place(before) if before else self._place(after) if after else len(self.data) - 1
        if at is None:
            return _gone(before or after)
        place = at if before else at + 1
        names = self.names()
        for number, row in enumerate(made):
            named = dict(row)
            if not named.get("id"):
                named["id"] = numbered_id(names)
            names.append(named["id"])
            self.data.insert(place + number, {"id": named["id"], **named})
        if len(names) != len(set(names)):
            return self.read_whole(tuple(row["id"] for row in self.data[place : place + len(made)]))
        return self.with_rows({place + number: self.data[place + number] for number in range(len(made))})

    def write(
        self, changed: Mapping[str, Mapping[str, Any]], added: Sequence[Mapping[str, Any]]
    ) -> Edited[_Rules] | Misfit:
        """Put rows in the place of those of the same names, and others behind the last."""
        made: dict[int, Mapping[str, Any]] = {
            at: changed[row["id"]] for at, row in enumerate(self.data) if row["id"] in changed
        }
        if len(made) < len(changed):
            return _gone(next(name for name in changed if self._place(name) is None))
        for at, row in made.items():
            self.data[at] = dict(row)
        for row in added:
            made[len(self.data)] = row
            self.data.append(dict(row))
        return self.with_rows(made)

    def new(self, *, after: str = "") -> Edited[_Rules] | Misfit:
        """Add a row that leaves what it says to a person, to be written then."""
        return self.add([self.words.completed({"clause": dict(UNWRITTEN)})], after=after)

    def copy(self, row: str) -> Edited[_Rules] | Misfit:
        """Put a copy behind a row, under a name of its own."""
        at = self._place(row)
        if at is None:
            return _gone(row)
        return self.add([{**self.data[at], "id": free_id(self.names(), row)}], after=row)

    def remove(self, row: str) -> Edited[_Rules] | Misfit:
        """Take a row out of a table, which keeps at least one."""
        at = self._place(row)
        if at is None:
            return _gone(row)
        if len(self.data) == 1:
            return Misfit(refusals=(Refusal.because("cell.last_row"),))
        del self.data[at]
        return self.with_rows({})

    def move(self, row: str, by: int) -> Edited[_Rules] | Misfit:
        """Move a row up (below zero) or down by so many places; at the end of the table it stays."""
        at = self._place(row)
        if at is None:
            return _gone(row)
        place = min(max(at + by, 0), len(self.data) - 1)
        self.data.insert(place, self.data.pop(at))
        return self.with_rows({place: self.data[place]})

    @abstractmethod
    def names(self) -> list[str]:
        """The names of all rows of the rules."""

    @abstractmethod
    def with_rows(self, made: Mapping[int, Mapping[str, Any]]) -> Edited[_Rules] | Misfit:
        """The rules with the rows as they stand in ``data``, of which those of ``made`` are new or changed."""

    @abstractmethod
    def read_whole(self, rows: tuple[str, ...]) -> Edited[_Rules] | Misfit:
        """The rules that the whole document says; ``rows`` are named as changed."""

    def _place(self, name: str) -> int | None:
        return next((at for at, row in enumerate(self.data) if row["id"] == name), None)

    def _read_rows(
        self, made: Mapping[int, Mapping[str, Any]], kept: Mapping[str, _Row], read: Callable[[int], _Row]
    ) -> tuple[_Row, ...] | Misfit:
        """Every row, of which only those that are new or changed are read, for a table has hundreds of others."""
        rows: list[_Row] = []
        problems: list[Problem] = []
        for at, row in enumerate(self.data):
            if at not in made:
                rows.append(kept[row["id"]])
                continue
            try:
                rows.append(read(at))
            except UnreadableError as unreadable:
                problems += unreadable.problems
        return Misfit(unreadable=UnreadableError(tuple(problems))) if problems else tuple(rows)


class RuleTable(OpenTable[RuleSet]):
    """One table of a rule set for recognition opened for an edit."""

    def __init__(self, rules: RuleSet, code: str) -> None:
        """Open the table of a code.

        Raises:
            LookupError: there is no such table.
        """
        self.rules, self.table = rules, _table(rules, code)
        self.words = RowWords.of(rules, self.table)
        self.document = rule_set_data(rules)
        self.number = next(place for place, table in enumerate(rules.tables) if table.code == code)
        self.data = self.document["tables"][self.number]["rows"]

    def names(self) -> list[str]:
        """The names of the rows of every table."""
        return [row["id"] for table in self.document["tables"] for row in table["rows"]]

    def with_rows(self, made: Mapping[int, Mapping[str, Any]]) -> Edited[RuleSet] | Misfit:
        """The rules with new or changed rows of one table.

        What is collected must be of one kind, which the table as a whole has to say.
        """
        rules, number, table = self.rules, self.number, self.table
        names = tuple(str(row["id"]) for row in made.values())
        if table.hit in COLLECTS or len(self.data) > MOST_ROWS:
            return self.read_whole(names)
        reads = Amounts({fact.name: fact for fact in rules.facts}, tuple(one.code for one in rules.categories))

        def read(at: int) -> Row:
            return reads.row(Place(self.data[at], f"tables[{number}].rows[{at}]"), table.columns, table.hit)

        rows = self._read_rows(made, {row.id: row for row in table.rows}, read)
        if isinstance(rows, Misfit):
            return rows
        tables = (*rules.tables[:number], replace(table, rows=rows), *rules.tables[number + 1 :])
        # The rows that were read are written again in their normal form; the others are in it already.
        data = [row_data(row) if at in made else self.data[at] for at, row in enumerate(rows)]
        self.document["tables"][number]["rows"] = data
        return Edited(self.document, replace(rules, tables=tables), names)

    def read_whole(self, rows: tuple[str, ...]) -> Edited[RuleSet] | Misfit:
        """The rules that the whole document says."""
        return _read(self.document, rows)


def change_row(
    rules: RuleSet, table: str, row: str, typed: Mapping[str, str], *, name: str = ""
) -> Edited[RuleSet] | Misfit:
    """Put typed words into cells of a row of a table; see :meth:`OpenTable.change`."""
    return RuleTable(rules, table).change(row, typed, name=name)


def add_rows(
    rules: RuleSet, table: str, made: Sequence[Mapping[str, Any]], *, after: str = "", before: str = ""
) -> Edited[RuleSet] | Misfit:
    """Put rows into a table, behind or before another one or at its end; see :meth:`OpenTable.add`."""
    return RuleTable(rules, table).add(made, after=after, before=before)


def write_rows(
    rules: RuleSet, table: str, changed: Mapping[str, Mapping[str, Any]], added: Sequence[Mapping[str, Any]]
) -> Edited[RuleSet] | Misfit:
    """Put rows in the place of those of the same names, and others behind the last."""
    return RuleTable(rules, table).write(changed, added)


def new_row(rules: RuleSet, table: str, *, after: str = "") -> Edited[RuleSet] | Misfit:
    """Add a row that fits everything and leaves it to a person, to be written then."""
    return RuleTable(rules, table).new(after=after)


def copy_row(rules: RuleSet, table: str, row: str) -> Edited[RuleSet] | Misfit:
    """Put a copy behind a row, under a name of its own."""
    return RuleTable(rules, table).copy(row)


def remove_row(rules: RuleSet, table: str, row: str) -> Edited[RuleSet] | Misfit:
    """Take a row out of a table, which keeps at least one."""
    return RuleTable(rules, table).remove(row)


def move_row(rules: RuleSet, table: str, row: str, by: int) -> Edited[RuleSet] | Misfit:
    """Move a row up (below zero) or down by so many places; at the end of the table it stays."""
    return RuleTable(rules, table).move(row, by)


def close_gap(rules: RuleSet, table: str, conditions: Iterable[Condition]) -> Edited[RuleSet] | Misfit:
    """Add the rows that close a gap; each leaves it to a person until its credit is written."""
    words = RowWords.of(rules, _table(rules, table))
    made = []
    for condition in conditions:
        row = {"when": condition_data(condition), "give": Ruling.MANUAL.value}
        made.append({**row, "clause": words.clause_said(row)})
    return add_rows(rules, table, made)


def change_part(rules: RuleSet, path: Sequence[str | int], part: Any) -> Edited[RuleSet] | Misfit:
    """Put something else at a place of the document, such as ``("cap", 0)``; ``None`` takes it out of its list."""
    return _read(put_part(rule_set_data(rules), path, part), ())


def put_part(document: dict[str, Any], path: Sequence[str | int], part: Any) -> dict[str, Any]:
    """A document with something else at a place; a part of ``None`` is taken out."""
    inner: Any = document
    for step in path[:-1]:
        # A document leaves some lists out where they are empty.
        inner = inner.setdefault(step, []) if isinstance(inner, dict) else inner[step]
    if part is None and isinstance(inner, dict):
        inner.pop(path[-1], None)
    elif part is None:
        del inner[path[-1]]
    elif isinstance(inner, list) and path[-1] == len(inner):
        inner.append(part)
    else:
        inner[path[-1]] = part
    return document


def row_at(document: Mapping[str, Any], path: str) -> str:
    """The name of the row that a path of the document leads to or into, empty where it leads elsewhere."""
    found = _AT.match(path)
    if found is None:
        return ""
    rows = document["tables"][int(found[1])]["rows"] if found[1] else document["rules"]
    return str(rows[int(found[2] or found[3])].get("id", ""))


def _table(rules: RuleSet, code: str) -> Table:
    found = next((table for table in rules.tables if table.code == code), None)
    if found is None:
        raise LookupError(f"there is no table {code}")
    return found


def _gone(row: str) -> Misfit:
    return Misfit(refusals=(Refusal.because("cell.row_gone", row=row[:80]),))


def _read(document: dict[str, Any], rows: tuple[str, ...]) -> Edited[RuleSet] | Misfit:
    try:
        rules = read_rule_set(document)
    except UnreadableError as unreadable:
        return Misfit(unreadable=unreadable)
    return Edited(rule_set_data(rules), rules, rows)
