"""A pasted block written over the cells of a rule table: what changes, and what cannot be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from creditbank.domain.explanation import Explanation, Line, Refusal, Verdict
from creditbank.domain.rules.pasted_rows import lines_of
from creditbank.domain.rules.places import Problem, UnreadableError
from creditbank.domain.rules.row_words import CLAUSE_EN, CLAUSE_ZH, TableWords, numbered_id

MESSAGES: dict[str, str] = {
    "cell.pasted_place": "There is no such cell to begin at: rows 1 to {rows}, or {next} for new rows at the end.",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One cell that becomes another: the row's name and its number from 1, the column's key, words before and after."""

    row: str
    number: int
    key: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Unread:
    """One cell of the block that is left out: where it would have stood, what it says, and why not."""

    row: str
    number: int
    key: str
    typed: str
    reasons: Explanation = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Overwritten:
    """What a block does to a table: rows by name as a document writes them, rows behind the last, cell by cell."""

    changed: Mapping[str, Mapping[str, Any]]
    added: tuple[Mapping[str, Any], ...]
    changes: tuple[Change, ...]
    unread: tuple[Unread, ...]


def read_over(
    block: str, words: TableWords, language: str, *, row: int, column: str, columns: Sequence[str], taken: Sequence[str]
) -> Overwritten | Refusal:
    """What a block does that is written over a table from one cell to the right and below.

    A cell that cannot be read stays as it was and is named; every other one is taken. A line without any cell leaves
    its row alone; an empty cell empties what it is written over. What reaches below the last row makes new rows.

    Args:
        block: cells between tabs, as spreadsheet programs copy them.
        words: of the table.
        language: in which cells are said before and after.
        row: the first row, from 1; one more than there are begins behind the last.
        column: the key of the first column.
        columns: the keys of the columns in the order in which they stand on the page.
        taken: the names of all rows of the rule set.
    """
    lines = lines_of(block)
    if isinstance(lines, Refusal):
        return lines
    rows = words.rows
    if not 1 <= row <= len(rows) + 1 or column not in columns:
        return Refusal.because("cell.pasted_place", rows=len(rows), next=len(rows) + 1)
    keys, names = columns[columns.index(column) :], list(taken)
    writer = _Writer(words, language)
    added: list[Mapping[str, Any]] = []
    changed: dict[str, Mapping[str, Any]] = {}
    for number, cells in enumerate(lines, start=row):
        before = rows[number - 1] if number <= len(rows) else None
        if before is None and not any(cell.strip() for cell in cells):
            continue
        name = before.id if before is not None else numbered_id(names)
        made = writer.write(name, number, before, cells, keys)
        if before is None and made is not None:
            names.append(name)
            added.append(made)
        elif made is not None:
            changed[name] = made
    return Overwritten(changed, tuple(added), tuple(writer.changes), tuple(writer.unread))


class _Writer:
    """Writes lines over rows and keeps what changed and what could not be read."""

    def __init__(self, words: TableWords, language: str) -> None:
        self.words, self.language = words, language
        self.changes: list[Change] = []
        self.unread: list[Unread] = []

    def write(
        self, name: str, number: int, before: Any, cells: Sequence[str], keys: Sequence[str]
    ) -> Mapping[str, Any] | None:
        """One row as it becomes; nothing where it stays as it is."""
        for beyond in filter(str.strip, cells[len(keys) :]):
            said = Line("cell.pasted_beyond", Verdict.NO, {"typed": beyond[:80]})
            self.unread.append(Unread(name, number, "", beyond, (said,)))
        typed = dict(zip(keys, cells, strict=False))
        onto = self.words.row_data(before) if before is not None else {"id": name}
        while typed:
            made, wrong = self._read(typed, onto, new=before is None)
            if not wrong:
                try:
                    after = self.words.read_row(made)
                except UnreadableError as unreadable:
                    self._leave(name, number, typed, self._placed(unreadable, typed))
                    continue
                return self._noted(number, before, after)
            blamed: dict[str, tuple[Explanation, tuple[Problem, ...]]] = {}
            for key, refusal in wrong.items():
                # What a typed cell lacks beside it is wrong with that cell.
                own = key if key in typed else self.words.blamed if self.words.blamed in typed else next(iter(typed))
                blamed[own] = ((*blamed.get(own, ((), ()))[0], *refusal.explanation), ())
            self._leave(name, number, typed, blamed)
        return None

    def _read(
        self, typed: Mapping[str, str], onto: Mapping[str, Any], *, new: bool
    ) -> tuple[dict[str, Any], dict[str, Refusal]]:
        if not new:
            return self.words.read(typed, onto)
        cells = {key: word for key, word in typed.items() if key not in (CLAUSE_ZH, CLAUSE_EN)}
        made, wrong = self.words.read(cells, onto)
        made = self.words.completed(made)
        said = {} if wrong else self.words.clause_said(made)
        clause = {side: typed.get(key, "").strip() for key, side in ((CLAUSE_ZH, "zh"), (CLAUSE_EN, "en"))}
        made["clause"] = {side: clause[side] or said.get(side, "") for side in ("zh", "en")}
        return made, wrong

    def _leave(
        self,
        name: str,
        number: int,
        typed: dict[str, str],
        blamed: Mapping[str, tuple[Explanation, tuple[Problem, ...]]],
    ) -> None:
        for key, (reasons, problems) in blamed.items():
            self.unread.append(Unread(name, number, key, typed.pop(key), reasons, problems))

    def _noted(self, number: int, before: Any, after: Any) -> Mapping[str, Any] | None:
        if after == before:
            return None
        old = self.words.said(before, self.language) if before is not None else {}
        for key, word in self.words.said(after, self.language).items():
            if old.get(key, "") != word:
                self.changes.append(Change(after.id, number, key, old.get(key, ""), word))
        return self.words.row_data(after)

    def _placed(
        self, unreadable: UnreadableError, typed: Mapping[str, str]
    ) -> dict[str, tuple[Explanation, tuple[Problem, ...]]]:
        """The problems of a row by the typed cell they stand in; in none: it is wrong with all that was typed."""
        found: dict[str, tuple[Explanation, tuple[Problem, ...]]] = {}
        for problem in unreadable.problems:
            key = self.words.key_of(problem.path)
            for one in (key,) if key in typed else tuple(typed):
                found[one] = ((), (*found.get(one, ((), ()))[1], problem))
        return found
