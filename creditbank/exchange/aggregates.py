"""One fact of each result made from many rows of related sheets, exactly."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from creditbank.exchange.mapping import KEY, Aggregate, Reference, ResultMapping
from creditbank.exchange.sheets import Row, RowProblem, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from creditbank.domain.explanation import Fact

MESSAGES: dict[str, str] = {
    "results.value_not_number": "The value {found} is not a plain number. The result it belongs to is not taken.",
    "results.value_out_of_range": "The value {found} lies outside {low} to {high}. "
    "The result it belongs to is not taken.",
    "results.weight_not_number": "The weight {found} is not a plain number from 0. Results that need it are not taken.",
    "results.join_unknown": "No row of {sheet} has {column} {found}, so this row counts for no result.",
    "results.join_twice": "Line {other} has the same {column} {found} and says something else. "
    "Results that need it are not taken.",
    "results.value_contradicted": "Line {other} has another value for the same learner and item. "
    "The result is not taken.",
}
"""Sentences of the row problems of related sheets, by code."""

ResultKey = tuple[str, str, str]
"""Learner number, course and presentation as the sheet writes them."""

_NUMBER = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,15})?")
_SCALE = 10**15


@dataclass(frozen=True, slots=True)
class Aggregated:
    """The marks by result key; the keys whose related rows are faulty, with one such row; the problems."""

    marks: Mapping[ResultKey, Decimal]
    spoiled: Mapping[ResultKey, RowProblem]
    problems: tuple[RowProblem, ...]
    rows: int


@dataclass(slots=True)
class _Group:
    """Sums so far: of value x weight in units of 10^-30, and of weights in units of 10^-15."""

    products: int = 0
    weights: int = 0


@dataclass(slots=True)
class _Item:
    """A row of the sheet that is looked up, its exact weight, and what is wrong with it if anything."""

    row: Row
    weight: int
    problem: RowProblem | None = None


class Repeats:
    """Finds keys that occur more than once, at eight bytes for each key while counting."""

    def __init__(self) -> None:
        self._hashes = array("q")
        self._suspects: frozenset[int] = frozenset()

    def add(self, key: tuple[str, ...]) -> None:
        """Count one key."""
        self._hashes.append(hash(key))

    def close(self) -> bool:
        """Stop counting; whether any key may occur more than once."""
        ordered = sorted(self._hashes)
        self._hashes = array("q")
        # Equal hashes of different keys only mean a closer look at rows that then prove single.
        self._suspects = frozenset(one for one, other in pairwise(ordered) if one == other)
        return bool(self._suspects)

    def may_hold(self, key: tuple[str, ...]) -> bool:
        """False for a key that certainly occurs once."""
        return hash(key) in self._suspects


def exact_number(text: str) -> int | None:
    """A plain decimal number as a whole number of 10^-15, or nothing when it is none."""
    if _NUMBER.fullmatch(text) is None:
        return None
    whole, _, part = text.partition(".")
    value = int(whole.lstrip("-")) * _SCALE + int(part.ljust(15, "0"))
    return -value if text.startswith("-") else value


def rounded(numerator: int, denominator: int, places: int) -> Decimal:
    """A quotient rounded half up (away from zero at the half) to a number of decimals, exactly."""
    sign = -1 if (numerator < 0) != (denominator < 0) else 1
    doubled = 2 * abs(numerator) * 10**places + abs(denominator)
    return Decimal(sign * (doubled // (2 * abs(denominator)))).scaleb(-places)


def aggregate(mapping: ResultMapping, plan: Aggregate, sheets: Mapping[str, Sheet]) -> Aggregated:
    """Compute the weighted mean of each group over the related sheets.

    Raises:
        SheetProblem: a column that the plan names is missing or double in its sheet.
    """
    return _Run(mapping, plan, sheets).result()


class _Run:
    def __init__(self, mapping: ResultMapping, plan: Aggregate, sheets: Mapping[str, Sheet]) -> None:
        self.plan = plan
        self.low, self.high = mapping.mark_at_least, mapping.mark_at_most
        self.sheets = sheets
        self.groups: dict[ResultKey, _Group] = {}
        self.spoiled: dict[ResultKey, RowProblem] = {}
        self.problems: list[RowProblem] = []
        self.rows = 0
        self._numbers: dict[str, int | None] = {}

    def result(self) -> Aggregated:
        items = self.items()
        self.take_values(items)
        marks = {
            key: rounded(group.products, group.weights * _SCALE, self.plan.places) for key, group in self.groups.items()
        }
        return Aggregated(marks, self.spoiled, tuple(self.problems), self.rows)

    def columns_of(self, sheet: str) -> dict[str, int]:
        """The columns the plan uses in one sheet, with their places."""
        plan = self.plan
        used: list[Reference] = [plan.value, *plan.group.values(), *(plan.join or ())]
        if plan.weight is not None:
            used.append(plan.weight)
        return self.sheets[sheet].find(reference.column for reference in used if reference.sheet == sheet)

    def rows_of(self, sheet: str, columns: Mapping[str, int]) -> Iterator[Row]:
        """The good rows of a sheet; the bad ones are noted."""
        for row in self.sheets[sheet].rows(columns.values()):
            self.rows += 1
            if isinstance(row, RowProblem):
                self.note(replace(row, sheet=sheet))
            else:
                yield row

    def note(self, problem: RowProblem) -> RowProblem:
        self.problems.append(problem)
        return problem

    def number(self, text: str) -> int | None:
        """The exact number of a text; few different ones occur, so each is read once."""
        if text not in self._numbers:
            if len(self._numbers) > 100_000:
                self._numbers.clear()
            self._numbers[text] = exact_number(text)
        return self._numbers[text]

    def weight_of(self, text: str) -> int | None:
        """The exact weight a text says; no text is no weight, and a negative one is none at all."""
        weight = self.number(text) if text else 0
        return None if weight is None or weight < 0 else weight

    def items(self) -> dict[str, _Item]:
        """The rows of the sheet that is looked up, by the text that the other sheet names them with."""
        join = self.plan.join
        if join is None:
            return {}
        sheet, key_column = join[1].sheet, join[1].column
        columns = self.columns_of(sheet)
        weight = self.plan.weight
        own_weight = weight is not None and weight.sheet == sheet
        items: dict[str, _Item] = {}
        for row in self.rows_of(sheet, columns):
            key = row.cells[columns[key_column]].strip()
            exact: int | None = _SCALE
            if weight is not None and own_weight:
                text = row.cells[columns[weight.column]].strip()
                exact = self.weight_of(text)
            earlier = items.get(key)
            if earlier is not None:
                if any(row.cells[place] != earlier.row.cells[place] for place in columns.values()):
                    facts: dict[str, Fact] = {
                        "other": earlier.row.line,
                        "column": key_column,
                        "found": key[:60],
                    }
                    problem = RowProblem(row.line, key_column, "results.join_twice", facts, sheet)
                    earlier.problem = self.note(problem)
            elif exact is None and weight is not None:
                problem = RowProblem(row.line, weight.column, "results.weight_not_number", {"found": text[:60]}, sheet)
                items[key] = _Item(row, 0, self.note(problem))
            else:
                items[key] = _Item(row, exact or 0)
        return items

    def take_values(self, items: Mapping[str, _Item]) -> None:
        """Add every value to its group; only where values are there twice is the sheet read once more."""
        before = self.rows, len(self.problems)
        repeats = Repeats()
        self.walk(items, repeats, known=False)
        if repeats.close():
            self.rows, kept = before
            del self.problems[kept:]
            self.groups.clear()
            self.spoiled.clear()
            self.walk(items, repeats, known=True)

    def walk(self, items: Mapping[str, _Item], repeats: Repeats, *, known: bool) -> None:
        plan = self.plan
        sheet, value_column = plan.value.sheet, plan.value.column
        columns = self.columns_of(sheet)
        at_value = columns[value_column]
        at_join = columns[plan.join[0].column] if plan.join else -1
        own_weight = columns[plan.weight.column] if plan.weight and plan.weight.sheet == sheet else -1
        other = self.columns_of(plan.join[1].sheet) if plan.join else {}
        # For each part of the key: whether the looked-up row has it, and its place there.
        (first_there, first_at), (second_there, second_at), (third_there, third_at) = (
            (reference.sheet != sheet, (columns if reference.sheet == sheet else other)[reference.column])
            for reference in (plan.group[fact] for fact in KEY)
        )
        earlier: dict[tuple[str, ...], tuple[int, str, str]] = {}
        for row in self.rows_of(sheet, columns):
            cells = found = row.cells
            item: _Item | None = None
            if plan.join:
                join_text = cells[at_join].strip()
                item = items.get(join_text)
                if item is None:
                    facts: dict[str, Fact] = {
                        "sheet": plan.join[1].sheet,
                        "column": plan.join[1].column,
                        "found": join_text[:60],
                    }
                    problem = RowProblem(row.line, plan.join[0].column, "results.join_unknown", facts, sheet)
                    self.note(problem)
                    continue
                found = item.row.cells
            key = (
                (found if first_there else cells)[first_at].strip(),
                (found if second_there else cells)[second_at].strip(),
                (found if third_there else cells)[third_at].strip(),
            )
            value_text = cells[at_value].strip()
            weight_text = cells[own_weight].strip() if own_weight >= 0 else ""
            if item is not None:
                identity = (*key, join_text)
                if not known:
                    repeats.add(identity)
                elif repeats.may_hold(identity):
                    line, *said = earlier.setdefault(identity, (row.line, value_text, weight_text))
                    if said != [value_text, weight_text]:
                        problem = RowProblem(
                            row.line, value_column, "results.value_contradicted", {"other": line}, sheet
                        )
                        self.spoiled.setdefault(key, self.note(problem))
                    if line != row.line:
                        continue
                if item.problem is not None:
                    self.spoiled.setdefault(key, item.problem)
                    continue
            weight: int | None = item.weight if item else _SCALE
            if own_weight >= 0:
                weight = self.weight_of(weight_text)
                if weight is None:
                    column = plan.weight.column if plan.weight else ""
                    problem = RowProblem(
                        row.line, column, "results.weight_not_number", {"found": weight_text[:60]}, sheet
                    )
                    self.spoiled.setdefault(key, self.note(problem))
                    continue
            if value_text and weight:
                self.add(key, row.line, value_text, weight)

    def add(self, key: ResultKey, line: int, text: str, weight: int) -> None:
        value = self.number(text)
        if value is None or not self.low * _SCALE <= value <= self.high * _SCALE:
            facts: dict[str, Fact] = {"found": text[:60]}
            code = "results.value_not_number"
            if value is not None:
                facts |= {"low": str(self.low), "high": str(self.high)}
                code = "results.value_out_of_range"
            problem = RowProblem(line, self.plan.value.column, code, facts, self.plan.value.sheet)
            self.spoiled.setdefault(key, self.note(problem))
            return
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = _Group()
        group.products += value * weight
        group.weights += weight
