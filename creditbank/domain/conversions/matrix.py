"""Conversion rules as a matrix: each certificate or other outcome against what it becomes (课证融通)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from creditbank.domain.conversions.words import NO_NAMES, condition_said, given_said, grade_said, target_said
from creditbank.domain.rules.model import Cell, OneOf
from creditbank.domain.values import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from creditbank.domain.conversions.model import ConversionRow, ConversionRules, Source
    from creditbank.domain.rules.model import Fact


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """What one row of the rules says where an outcome meets a target; ``together``: others are needed beside it."""

    row: str
    condition: Text
    credit: Text
    grade: tuple[Text, ...]
    together: bool


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """An outcome, and beneath each target what it becomes there; nothing where the rules say nothing."""

    outcome: Text
    cells: tuple[tuple[MatrixCell, ...], ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Targets as columns, outcomes as rows, both in the order in which the rules name them."""

    targets: tuple[Text, ...]
    rows: tuple[MatrixRow, ...]


def matrix(rules: ConversionRules, names: Mapping[str, Text] = NO_NAMES) -> Matrix:
    """The rules as a matrix; ``names`` are those of courses by code, where they are known.

    An outcome is what the first cell of a source names, such as a certificate; its other cells, such as the level,
    stand where it meets the target. Sources that name the same are one line.
    """
    labels = {category.code: category.label for category in rules.categories}
    facts = {fact.name: fact for fact in rules.facts}
    targets = list(dict.fromkeys(target for row in rules.rows for target in row.targets))
    place = {target: number for number, target in enumerate(targets)}
    lines: dict[Text, list[list[MatrixCell]]] = {}
    for row in rules.rows:
        for group in row.groups:
            for source in group.sources:
                outcome, cell = _cell(row, source, facts)
                line = lines.setdefault(outcome, [[] for _target in targets])
                for target in row.targets:
                    if cell not in line[place[target]]:
                        line[place[target]].append(cell)
    return Matrix(
        tuple(target_said(target, names, labels) for target in targets),
        tuple(MatrixRow(outcome, tuple(tuple(cells) for cells in line)) for outcome, line in lines.items()),
    )


def _cell(row: ConversionRow, source: Source, facts: Mapping[str, Fact]) -> tuple[Text, MatrixCell]:
    named = _naming(source)
    rest = tuple(cell for cell in source.when if cell is not named)
    if source.units:
        outcome = Text(f"认证单元 {'、'.join(source.units)}", f"certification unit {', '.join(source.units)}")
    else:
        outcome = condition_said((named,) if named else (), facts)
    several = any(group.count != 1 for group in row.groups)
    return outcome, MatrixCell(
        row.id,
        condition_said(rest, facts) if rest else Text("", ""),
        given_said(row),
        tuple(grade_said(row.grade, facts)),
        len(row.groups) > 1 or several,
    )


def _naming(source: Source) -> Cell | None:
    """The cell that names what serves: the first that lists values."""
    if source.units:
        return None
    return next((cell for cell in source.when if isinstance(cell.accept, OneOf)), None)
