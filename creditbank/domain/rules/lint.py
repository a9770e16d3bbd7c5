"""What is wrong with a rule set whatever is claimed under it, each with an example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, product

from creditbank.domain.explanation import Fact as Said
from creditbank.domain.explanation import Line, Verdict
from creditbank.domain.rules.axes import Axis
from creditbank.domain.rules.facts import cell_shown, fact_shown
from creditbank.domain.rules.figures import weights_missing
from creditbank.domain.rules.finding import Finding
from creditbank.domain.rules.lint_limits import limits
from creditbank.domain.rules.model import Cell, Condition, Hit, RuleSet, Table
from creditbank.domain.rules.space import Space, TooManyError
from creditbank.domain.rules.walks import Box, deciding, holes, witness
from creditbank.domain.values import Text

MESSAGES: dict[str, str] = {
    "lint.overlap": "Rows {first} and {second} of table {table} both fit {box}; for example {example}.",
    "lint.more_overlaps": "Table {table} has {count} more pairs of rows that meet.",
    "lint.gap": "No row of table {table} fits {box}; for example {example}.",
    "lint.more_gaps": "Table {table} has more gaps than are listed here.",
    "lint.unreachable": "No outcome fits row {row} of table {table}: its cells exclude each other.",
    "lint.shadowed": "Row {row} of table {table} never decides: the rows before it take everything it fits.",
    "lint.redundant": "Without row {row} of table {table} every outcome would be decided alike.",
    "lint.mergeable": "Rows {first} and {second} of table {table} differ in {fact} alone: one row says both.",
    "lint.table_unreached": "No outcome ever comes to table {table}.",
    "lint.never_applies": "{part} never applies: no outcome fulfils its condition.",
    "lint.not_finished": "Table {table} is too intertwined to be looked at completely: {what} were not found out.",
}

MOST_BOXES = 50
MOST_PAIRS = 200


def lint(rules: RuleSet) -> tuple[Finding, ...]:
    """Everything that is wrong with a rule set, table by table; an empty answer means none of it is.

    Overlaps, gaps, rows and steps that never act, rows that could be left out or be one, limits that contradict rows.
    Lowered facts and facts that are not asked are taken into account: what no outcome can be is no finding.
    """
    found: list[Finding] = []
    for number, table in enumerate(rules.tables):
        path = f"tables[{number}]"
        paths = {row.id: f"{path}.rows[{place}]" for place, row in enumerate(table.rows)}
        if table.hit is Hit.PRIORITY:  # the rows in the order in which they are asked
            table = replace(table, rows=tuple(sorted(table.rows, key=lambda row: -row.priority)))  # noqa: PLW2901
        found += _of_table(rules, table, path, paths)
    return (*found, *_of_steps(rules), *limits(rules), *weights_missing(rules))


def _of_table(rules: RuleSet, table: Table, path: str, paths: Mapping[str, str]) -> Iterator[Finding]:
    space = Space(rules, [row.when for row in table.rows], table.when)
    looks = (
        (_reached, Text("不可达的行", "rows out of reach")),
        (_overlaps, Text("重叠", "overlaps")),
        (_gaps, Text("空缺", "gaps")),
    )
    if witness(Space(rules, [()], table.when), [0]) is None:
        yield Finding(_line("lint.table_unreached", Verdict.NO, table), (path,))
        return
    for look, what in looks:
        space.steps = 0
        try:
            yield from list(look(space, table, path, paths))
        except TooManyError:
            yield Finding(_line("lint.not_finished", Verdict.ASK, table, what=what), (path,))
    if table.hit is Hit.UNIQUE:
        yield from _mergeable(rules, table, paths)


def _reached(space: Space, table: Table, _path: str, paths: Mapping[str, str]) -> Iterator[Finding]:
    fits = [witness(space, [number]) is not None for number in range(len(table.rows))]
    reached, needed = space.all_rows, space.all_rows
    if table.hit is Hit.FIRST:
        reached, needed = deciding(space, [row.give for row in table.rows])
    elif table.hit is Hit.PRIORITY:
        free = [n for n, fit in enumerate(fits) if fit and witness(space, [n], _higher(table, n)) is not None]
        reached = sum(1 << number for number in free)
    for number, row in enumerate(table.rows):
        place = (paths[row.id],)
        if not fits[number]:
            yield Finding(_line("lint.unreachable", Verdict.NO, table, row=row.id), place)
        elif not reached >> number & 1:
            yield Finding(_line("lint.shadowed", Verdict.NO, table, row=row.id), place)
        elif not needed >> number & 1:
            yield Finding(_line("lint.redundant", Verdict.ASK, table, row=row.id), place)


def _higher(table: Table, number: int) -> list[int]:
    """The rows that go before a row by their priority."""
    return [other for other, row in enumerate(table.rows) if row.priority > table.rows[number].priority]


def _overlaps(space: Space, table: Table, path: str, paths: Mapping[str, str]) -> Iterator[Finding]:
    if table.hit not in (Hit.UNIQUE, Hit.PRIORITY):
        return
    listed, more = 0, 0
    for first in range(len(table.rows)):
        others = space.meeting(first) >> (first + 1)
        while others:
            second = first + (others & -others).bit_length()
            others &= others - 1
            before: list[int] = []
            if table.hit is Hit.PRIORITY:
                if table.rows[first].priority != table.rows[second].priority:
                    continue
                before = _higher(table, first)
            both = witness(space, [first, second], before)
            if both is None:
                continue
            if listed == MOST_PAIRS:
                more += 1
                continue
            listed += 1
            box = _both(space, first, second)
            names = {"first": table.rows[first].id, "second": table.rows[second].id}
            facts = names | {"box": _box_said(space, box), "example": example_said(space, both)}
            yield Finding(
                _line("lint.overlap", Verdict.NO, table, **facts),
                (paths[table.rows[first].id], paths[table.rows[second].id]),
                space.example(both),
            )
    if more:
        yield Finding(_line("lint.more_overlaps", Verdict.NO, table, count=more), (path,))


def _gaps(space: Space, table: Table, path: str, _paths: Mapping[str, str]) -> Iterator[Finding]:
    found = holes(space, MOST_BOXES)
    for box in found.boxes:
        facts = {"box": _box_said(space, box), "example": example_said(space, box)}
        yield Finding(
            _line("lint.gap", Verdict.ASK, table, **facts),
            (path,),
            space.example(box),
            tuple(_closing(space, table, box)),
        )
    if found.more:
        yield Finding(_line("lint.more_gaps", Verdict.ASK, table), (path,))


def _mergeable(rules: RuleSet, table: Table, paths: Mapping[str, str]) -> Iterator[Finding]:
    """Pairs that one row could say, of the same clause; each row is named once."""
    labels = {fact.name: fact.label for fact in rules.facts}
    used: set[int] = set()
    for column in table.columns:
        seen: dict[tuple[object, ...], int] = {}
        for number, row in enumerate(table.rows):
            mine = [cell for cell in row.when if cell.fact == column]
            if not mine or number in used:
                continue
            rest = (row.give, row.clause, tuple(cell for cell in row.when if cell.fact != column))
            other = seen.setdefault(rest, number)
            if other == number:
                continue
            theirs = next(cell for cell in table.rows[other].when if cell.fact == column)
            if _one_cell(rules, theirs, mine[0]):
                used |= {other, number}
                facts: dict[str, Said] = {"first": table.rows[other].id, "second": row.id, "fact": labels[column]}
                places = (paths[table.rows[other].id], paths[row.id])
                yield Finding(_line("lint.mergeable", Verdict.NOTE, table, **facts), places)
            seen[rest] = number


def _one_cell(rules: RuleSet, one: Cell, other: Cell) -> bool:
    """Whether one cell accepts what the two accept."""
    space = Space(rules, [(one,), (other,)], befores=0)
    axis = next(axis for axis in space.axes if axis.fact.name == one.fact)
    cells = axis.cells(axis.mask(one.accept) | axis.mask(other.accept))
    return cells is not None and len(cells) == 1


def _of_steps(rules: RuleSet) -> Iterator[Finding]:
    """Steps, families and dates whose condition nothing fulfils."""
    parts: list[tuple[str, int, str, Condition, int]] = []
    # What an earlier step made of a fact is what a later one sees. The steps before the tables stand before the others.
    parts += [("adjust", number, step.id, step.when, number) for number, step in enumerate(rules.adjust)]
    for name in ("choose", "cap", "validity", "exclude", "prerequisite"):
        parts += [(name, number, part.id, part.when, 0) for number, part in enumerate(getattr(rules, name))]
    for name, number, identifier, when, befores in parts:
        if when and witness(Space(rules, [when], befores=befores), [0]) is None:
            facts: dict[str, Said] = {"part": identifier}
            yield Finding(Line("lint.never_applies", Verdict.ASK, facts), (f"{name}[{number}]",))


def _line(code: str, verdict: Verdict, table: Table, **facts: Said) -> Line:
    return Line(code, verdict, {"table": table.code, **facts})


def _both(space: Space, first: int, second: int) -> Box:
    """What the cells of two rows accept together."""
    box = [axis.given | axis.absent for axis in space.axes]
    for number in (first, second):
        for depth, mask in space.cells[number].items():
            box[depth] &= mask
    return tuple(box)


def _closing(space: Space, table: Table, box: Box) -> Iterator[Condition]:
    """Conditions of rows that would fit exactly what is in a box; none where a cell cannot say it."""
    choices: list[Sequence[Cell]] = []
    for depth, answers in enumerate(box):
        axis = space.axes[depth]
        # Rows look at the table's columns alone; the rest of the box is the table's own condition.
        if axis.fact.name not in table.columns or space.said_any(depth, answers):
            continue
        cells = axis.cells(answers)
        if cells is None:
            return
        choices.append([Cell(axis.fact.name, accept) for accept in cells])
    yield from islice(product(*choices), MOST_BOXES)


def _box_said(space: Space, box: Box) -> Text:
    parts = []
    for depth, answers in enumerate(box):
        if space.said_any(depth, answers):
            continue
        axis = space.axes[depth]
        parts.append((axis.fact.label, [*_answers_said(axis, answers)]))
    if not parts:
        return Text("任何成果", "any outcome")
    return Text(
        "；".join(f"{label.zh}：{'、'.join(text.zh for text in shown)}" for label, shown in parts),
        "; ".join(f"{label.en}: {', '.join(text.en for text in shown)}" for label, shown in parts),
    )


def _answers_said(axis: Axis, answers: int) -> Iterator[Text]:
    """A set of answers in words, also where no cell says it: codes that no row names, and no answer."""
    sayable = sum(1 << place for place, stretch in enumerate(axis.stretches) if stretch.accept is not None)
    if answers & sayable:
        yield from (cell_shown(axis.fact, accept) for accept in axis.cells(answers & sayable) or ())
    if answers & axis.given & ~sayable:
        yield Text("其他", "any other")
    if answers & axis.absent:
        yield Text("未填", "no answer")


def example_said(space: Space, box: Box) -> Text:
    """One outcome of a box in words."""
    """One outcome of a box in words."""
    facts = {axis.fact.name: axis.fact for axis in space.axes}
    shown = [
        (facts[name].label, said if isinstance(said := fact_shown(facts[name], value), Text) else Text(said, said))
        for name, value in space.example(box).items()
    ]
    return Text(
        "；".join(f"{label.zh} {value.zh}" for label, value in shown) or "任何成果",
        "; ".join(f"{label.en} {value.en}" for label, value in shown) or "any outcome",
    )
