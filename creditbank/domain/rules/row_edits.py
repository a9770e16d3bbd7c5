"""One edit of a rule table: rows changed, added, removed or moved, as a document read anew."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from creditbank.domain.explanation import Refusal
from creditbank.domain.rules.model import COLLECTS, Condition, Row, RuleSet, Ruling, Table
from creditbank.domain.rules.places import Place, Problem, UnreadableError
from creditbank.domain.rules.read import read_rule_set
from creditbank.domain.rules.read_amounts import MOST_ROWS, Amounts
from creditbank.domain.rules.row_words import RowWords, free_id, numbered_id
from creditbank.domain.rules.write import condition_data, row_data, rule_set_data

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,79}")
_AT = re.compile(r"tables\[(\d+)\]\.rows\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Edited:
    """The rules after an edit, as a document and as they read; ``rows`` names those that are new or changed."""

    document: Mapping[str, Any]
    rules: RuleSet
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Misfit:
    """An edit that was not made: what is wrong with which column, and what else the rules say against it."""

    columns: Mapping[str, Refusal] = field(default_factory=lambda: MappingProxyType({}))
    refusals: tuple[Refusal, ...] = ()
    unreadable: UnreadableError | None = None


def change_row(rules: RuleSet, table: str, row: str, typed: Mapping[str, str], *, name: str = "") -> Edited | Misfit:
    """Put typed words into cells of a row; a cell left out stays as it is. ``name`` gives the row another name."""
    words, document, rows = _opened(rules, table)
    at = _place(rows, row)
    if at is None:
        return _gone(row)
    made, wrong = words.read(typed, rows[at])
    if name and name != row:
        if _CODE.fullmatch(name) is None or name in _names(document):
            return Misfit({**wrong, "id": Refusal.because("cell.row_id", typed=name[:80])})
        made["id"] = name
    if wrong:
        return Misfit(wrong)
    rows[at] = made
    return _with_rows(rules, table, document, {at: made})


def add_rows(
    rules: RuleSet, table: str, made: Sequence[Mapping[str, Any]], *, after: str = "", before: str = ""
) -> Edited | Misfit:
    """Put rows into a table, behind or before another one or at its end; a row without a name gets a number."""
    _words, document, rows = _opened(rules, table)
    at = _place(rows, before) if before else _place(rows, after) if after else len(rows) - 1
    if at is None:
        return _gone(before or after)
    place = at if before else at + 1
    names = _names(document)
    for number, row in enumerate(made):
        named = dict(row)
        if not named.get("id"):
            named["id"] = numbered_id(names)
        names.append(named["id"])
        rows.insert(place + number, {"id": named["id"], **named})
    if len(names) != len(set(names)):
        return _read(document, tuple(row["id"] for row in rows[place : place + len(made)]))
    return _with_rows(rules, table, document, {place + number: rows[place + number] for number in range(len(made))})


def write_rows(
    rules: RuleSet, table: str, changed: Mapping[str, Mapping[str, Any]], added: Sequence[Mapping[str, Any]]
) -> Edited | Misfit:
    """Put rows in the place of those of the same names, and others behind the last."""
    _words, document, rows = _opened(rules, table)
    made: dict[int, Mapping[str, Any]] = {at: changed[row["id"]] for at, row in enumerate(rows) if row["id"] in changed}
    if len(made) < len(changed):
        return _gone(next(name for name in changed if _place(rows, name) is None))
    for at, row in made.items():
        rows[at] = dict(row)
    for row in added:
        made[len(rows)] = row
        rows.append(dict(row))
    return _with_rows(rules, table, document, made)


def new_row(rules: RuleSet, table: str, *, after: str = "") -> Edited | Misfit:
    """Add a row that fits everything and leaves it to a person, to be written then."""
    give = Ruling.MANUAL.value
    return add_rows(rules, table, [{"give": give, "clause": dict(_UNWRITTEN)}], after=after)


_UNWRITTEN = {"zh": "待填写", "en": "To be filled in"}


def copy_row(rules: RuleSet, table: str, row: str) -> Edited | Misfit:
    """Put a copy behind a row, under a name of its own."""
    _words, document, rows = _opened(rules, table)
    at = _place(rows, row)
    if at is None:
        return _gone(row)
    return add_rows(rules, table, [{**rows[at], "id": free_id(_names(document), row)}], after=row)


def remove_row(rules: RuleSet, table: str, row: str) -> Edited | Misfit:
    """Take a row out of a table, which keeps at least one."""
    _words, document, rows = _opened(rules, table)
    at = _place(rows, row)
    if at is None:
        return _gone(row)
    if len(rows) == 1:
        return Misfit(refusals=(Refusal.because("cell.last_row"),))
    del rows[at]
    return _with_rows(rules, table, document, {})


def move_row(rules: RuleSet, table: str, row: str, by: int) -> Edited | Misfit:
    """Move a row up (below zero) or down by so many places; at the end of the table it stays."""
    _words, document, rows = _opened(rules, table)
    at = _place(rows, row)
    if at is None:
        return _gone(row)
    place = min(max(at + by, 0), len(rows) - 1)
    rows.insert(place, rows.pop(at))
    return _with_rows(rules, table, document, {place: rows[place]})


def close_gap(rules: RuleSet, table: str, conditions: Iterable[Condition]) -> Edited | Misfit:
    """Add the rows that close a gap; each leaves it to a person until its credit is written."""
    words = RowWords.of(rules, _table(rules, table))
    made = []
    for condition in conditions:
        row = {"when": condition_data(condition), "give": Ruling.MANUAL.value}
        made.append({**row, "clause": words.clause_said(row)})
    return add_rows(rules, table, made)


def change_part(rules: RuleSet, path: Sequence[str | int], part: Any) -> Edited | Misfit:
    """Put something else at a place of the document, such as ``("cap", 0)``; ``None`` takes it out of its list."""
    document = rule_set_data(rules)
    inner: Any = document
    for step in path[:-1]:
        # A document leaves some lists out where they are empty.
        inner = inner.setdefault(step, []) if isinstance(inner, dict) else inner[step]
    if part is None:
        del inner[path[-1]]
    elif isinstance(inner, list) and path[-1] == len(inner):
        inner.append(part)
    else:
        inner[path[-1]] = part
    return _read(document, ())


def row_at(document: Mapping[str, Any], path: str) -> str:
    """The name of the row that a path of the document leads to or into, empty where it leads elsewhere."""
    found = _AT.match(path)
    if found is None:
        return ""
    return str(document["tables"][int(found[1])]["rows"][int(found[2])].get("id", ""))


def _opened(rules: RuleSet, code: str) -> tuple[RowWords, dict[str, Any], list[dict[str, Any]]]:
    """The words of a table, the whole document, and that table's rows in it.

    Raises:
        LookupError: there is no such table.
    """
    document = rule_set_data(rules)
    rows = next(table["rows"] for table in document["tables"] if table["code"] == _table(rules, code).code)
    return RowWords.of(rules, _table(rules, code)), document, rows


def _table(rules: RuleSet, code: str) -> Table:
    found = next((table for table in rules.tables if table.code == code), None)
    if found is None:
        raise LookupError(f"there is no table {code}")
    return found


def _names(document: Mapping[str, Any]) -> list[str]:
    return [row["id"] for table in document["tables"] for row in table["rows"]]


def _place(rows: Sequence[Mapping[str, Any]], name: str) -> int | None:
    return next((at for at, row in enumerate(rows) if row["id"] == name), None)


def _gone(row: str) -> Misfit:
    return Misfit(refusals=(Refusal.because("cell.row_gone", row=row[:80]),))


def _with_rows(
    rules: RuleSet, code: str, document: dict[str, Any], made: Mapping[int, Mapping[str, Any]]
) -> Edited | Misfit:
    """The rules with new or changed rows of one table; only these are read, for a table has hundreds of others.

    What is collected must be of one kind, which the table as a whole has to say.
    """
    number = next(place for place, table in enumerate(rules.tables) if table.code == code)
    table = rules.tables[number]
    names = tuple(str(row["id"]) for row in made.values())
    data = document["tables"][number]["rows"]
    if table.hit in COLLECTS or len(data) > MOST_ROWS:
        return _read(document, names)
    reads = Amounts({fact.name: fact for fact in rules.facts}, tuple(one.code for one in rules.categories))
    kept = {row.id: row for row in table.rows}
    rows: list[Row] = []
    problems: list[Problem] = []
    for at, row in enumerate(data):
        if at not in made:
            rows.append(kept[row["id"]])
            continue
        try:
            rows.append(reads.row(Place(row, f"tables[{number}].rows[{at}]"), table.columns, table.hit))
        except UnreadableError as unreadable:
            problems += unreadable.problems
    if problems:
        return Misfit(unreadable=UnreadableError(tuple(problems)))
    tables = (*rules.tables[:number], replace(table, rows=tuple(rows)), *rules.tables[number + 1 :])
    # The rows that were read are written again in their normal form; the others are in it already.
    document["tables"][number]["rows"] = [row_data(row) if at in made else data[at] for at, row in enumerate(rows)]
    return Edited(document, replace(rules, tables=tables), names)


def _read(document: dict[str, Any], rows: tuple[str, ...]) -> Edited | Misfit:
    try:
        rules = read_rule_set(document)
    except UnreadableError as unreadable:
        return Misfit(unreadable=unreadable)
    return Edited(rule_set_data(rules), rules, rows)
