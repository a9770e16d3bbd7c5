"""The modules of a plan's workbook: from a sheet of their own, or as the list of courses names them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from creditbank.domain.programmes.fields import ProgrammeError
from creditbank.domain.programmes.plan import DEEPEST
from creditbank.domain.programmes.plan_document import module_id
from creditbank.domain.values import Hundredths, Text
from creditbank.exchange import plan_words as words
from creditbank.exchange.plan_cells import Grid, Head, PlanProblem, find_head, plain
from creditbank.exchange.plan_words import WordProblem
from creditbank.exchange.workbooks import column_letters

SEPARATOR = " / "
"""Between the names of an outer and an inner module."""

_LISTED = re.compile(r"[,、;，；]")


@dataclass(slots=True)
class ModuleRow:
    """A module and the cell that says it; ``minimum`` is None until something says it."""

    place: int
    id: str
    title: Text
    above: ModuleRow | None
    minimum: Hundredths | None
    at: tuple[str, str]
    categories: frozenset[str] = frozenset()
    is_listed: bool = False
    is_left_out: bool = False

    @property
    def path(self) -> str:
        """Its name after those of the modules it stands in."""
        return self.title.zh if self.above is None else f"{self.above.path}{SEPARATOR}{self.title.zh}"

    @property
    def depth(self) -> int:
        """1 for a module that stands in no other."""
        return 1 if self.above is None else self.above.depth + 1


@dataclass(slots=True)
class Labels:
    """All modules by what a row may call them: code, name where only one has it, or path.

    ``is_closed`` where a sheet lists them all: another name is a mistake then.
    """

    rows: list[ModuleRow] = field(default_factory=list)
    is_closed: bool = False

    def find(self, label: str, outer: str = "") -> ModuleRow | Literal["ambiguous", "unknown"]:
        """The module that is meant."""
        for row in self.rows:
            if row.is_listed and row.id == label:
                return row
        named = [row for row in self.rows if row.title.zh == label]
        if outer and outer != label:
            named = [row for row in named if row.above is not None and outer in (row.above.title.zh, row.above.path)]
        if len(named) == 1:
            return named[0]
        by_path = [row for row in self.rows if row.path == label or _joined(row.path) == _joined(label)]
        if len(by_path) == 1:
            return by_path[0]
        return "ambiguous" if named or by_path else "unknown"

    def label_of(self, row: ModuleRow) -> str:
        """The shortest label that means this module and no other."""
        labels = (row.title.zh, row.path, row.id)
        return next(label for label in labels if self.find(label) is row and not words.is_nothing(label))

    def add(
        self, title: Text, above: ModuleRow | None, minimum: Hundredths | None, grid: Grid, row: int, column: int
    ) -> ModuleRow:
        """A module that the list of courses names first in one of its cells; its code is given by its place."""
        made = ModuleRow(
            place=len(self.rows),
            id=self.free_id(),
            title=title,
            above=above,
            minimum=minimum,
            at=(grid.title, f"{column_letters(column)}{row}"),
        )
        self.rows.append(made)
        return made

    def free_id(self) -> str:
        """The next code that no module has."""
        taken = {row.id for row in self.rows}
        number = len(self.rows) + 1
        while f"m{number}" in taken:
            number += 1
        return f"m{number}"

    def below(self, above: ModuleRow | None) -> Iterator[ModuleRow]:
        """The modules that stand in one, or in none, in order."""
        return (row for row in self.rows if row.above is above)

    def up_from(self, place: int) -> Iterator[ModuleRow]:
        """A module and those it stands in."""
        row: ModuleRow | None = self.rows[place]
        while row is not None:
            yield row
            row = row.above

    def shown(self) -> str:
        """Their names for a message."""
        text = "、".join(row.path for row in self.rows)
        return text if len(text) <= 300 else text[:299] + "…"


def read_modules(grids: list[Grid]) -> tuple[Labels, list[PlanProblem]]:
    """The modules of the sheet that lists them, none where there is no such sheet; and what is wrong in it."""
    labels, problems = Labels(), list[PlanProblem]()
    for grid in grids:
        head = find_head(grid, words.MODULES, ("title", "minimum"))
        if head is not None:
            _read_sheet(grid, head, labels, problems)
            labels.is_closed = True
            break
    return labels, problems


def _read_sheet(grid: Grid, head: Head, labels: Labels, problems: list[PlanProblem]) -> None:
    columns = head.columns
    given = {
        plain(grid.text(row, columns["id"])) for row in range(head.last + 1, len(grid.values) + 1) if "id" in columns
    }
    for row in range(head.last + 1, len(grid.values) + 1):
        title = grid.text(row, columns["title"])
        name = plain(grid.text(row, columns.get("id")))
        if not title or (words.is_total(title) and not name):
            continue
        problems += [
            grid.problem(row, column, f"plans.{fault}")
            for column in columns.values()
            if (fault := grid.fault(row, column))
        ]
        if grid.faults.row_is_hidden(row):
            problems.append(grid.problem(row, columns["title"], "plans.hidden_row"))
        if name:
            try:
                module_id(name, "")
            except ProgrammeError:
                problems.append(grid.problem(row, columns["id"], "plans.module_id", value=name[:60]))
        above = _above(grid, row, columns, labels, problems)
        english = grid.text(row, columns.get("title_en"))
        for key, text in (("title", title), ("title_en", english)):
            if len(text) > 200:
                problems.append(grid.problem(row, columns[key], "plans.text_long", limit=200))
        if any(one.title.zh == title and one.above is above for one in labels.rows) or (
            name and any(one.id == name for one in labels.rows)
        ):
            problems.append(grid.problem(row, columns["title"], "plans.module_twice"))
            continue
        listed = grid.text(row, columns.get("categories"))
        made = ModuleRow(
            place=len(labels.rows),
            id=name or _free(labels, given),
            title=Text(title, english),
            above=above,
            minimum=_minimum(grid, row, columns["minimum"], problems),
            at=(grid.title, f"{column_letters(columns['minimum'])}{row}"),
            categories=frozenset(word for part in _LISTED.split(listed) if (word := part.strip())),
            is_listed=True,
        )
        labels.rows.append(made)
        if made.depth > DEEPEST:
            problems.append(grid.problem(row, columns["parent"], "plans.module_deep", limit=DEEPEST))


def _free(labels: Labels, given: set[str]) -> str:
    number = len(labels.rows) + 1
    taken = {row.id for row in labels.rows} | given
    while f"m{number}" in taken:
        number += 1
    return f"m{number}"


def _above(
    grid: Grid, row: int, columns: Mapping[str, int], labels: Labels, problems: list[PlanProblem]
) -> ModuleRow | None:
    name = grid.text(row, columns.get("parent"))
    if words.is_nothing(name):
        return None
    found = labels.find(name)
    if isinstance(found, ModuleRow):
        return found
    code = "plans.module_ambiguous" if found == "ambiguous" else "plans.module_above"
    problems.append(grid.problem(row, columns["parent"], code, value=name[:60]))
    return None


def _minimum(grid: Grid, row: int, column: int, problems: list[PlanProblem]) -> Hundredths | None:
    text = grid.text(row, column)
    if words.is_nothing(text):
        return None
    if grid.is_date(row, column):
        problems.append(grid.problem(row, column, "plans.date"))
        return None
    try:
        return words.read_credit(text)
    except WordProblem as problem:
        problems.append(grid.problem(row, column, problem.code, value=text[:60]))
        return None


def _joined(path: str) -> str:
    """A path as it is compared: whatever stands around its separators."""
    return re.sub(r"\s*[/／>＞]\s*", "/", path)
