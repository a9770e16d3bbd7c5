"""What the facts of an outcome alone lead to: exclusions, a row of a table, steps and rounding."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from creditbank.domain.rules import trace
from creditbank.domain.rules.amounts import Values, reckon
from creditbank.domain.rules.decision import Granted
from creditbank.domain.rules.model import (
    COLLECTS,
    Add,
    Divide,
    Fact,
    FromFact,
    Give,
    Hit,
    Multiply,
    Rank,
    RoundAt,
    Ruling,
    Share,
    Table,
    Value,
)
from creditbank.domain.values import Hundredths, round_fraction

if TYPE_CHECKING:
    from creditbank.domain.explanation import Line
    from creditbank.domain.rules.amounts import Reckoned
    from creditbank.domain.rules.compile import Compiled, CompiledBefore, CompiledRow, Tests

_NOTHING = Hundredths(0)


def holds(tests: Tests, values: Values) -> bool:
    """Whether all bound cells accept their values; a fact without a value fulfils no cell."""
    for index, accepts in tests:
        value = values[index]
        if value is None or not accepts(value):
            return False
    return True


def _granted(ruling: Ruling, row: str | None = None) -> Granted:
    return Granted(ruling, row, _NOTHING, None, None, None)


def grant(compiled: Compiled, given: tuple[Value | None, ...], reasons: list[Line] | None) -> Granted:
    """The one path of both ways to evaluate; it writes reasons only where they are wanted."""
    for part, tests in compiled.excludes:
        if holds(tests, given):
            if reasons is not None:
                reasons.append(trace.excluded(part))
            return _granted(part.otherwise)
    values: Values = given
    for before in compiled.befores:
        if not holds(before.tests, values):
            continue
        changed = _changed(before, values, reasons)
        if isinstance(changed, Ruling):
            return _granted(changed)
        if changed is not None:
            values = list(values)
            values[before.index] = changed
    for table in compiled.tables:
        if holds(table.tests, values):
            break
    else:
        if reasons is not None:
            reasons.append(trace.no_table())
        return _granted(Ruling.MANUAL)
    found = [row for row in table.candidates(values) if holds(row.tests, values)]
    if not found:
        if reasons is not None:
            asked = _named(compiled, table.columns, values)
            reasons.append(trace.gap(table.table, trace.facts_named(asked)))
        return _granted(table.table.on_gap)
    if len(found) > 1:
        hit = table.table.hit
        if hit is Hit.PRIORITY:
            found = [row for row in found if row.row.priority == found[0].row.priority]
        if hit in COLLECTS:
            return _rows_grant(compiled, table.table, found, values, reasons)
        if hit is not Hit.FIRST and len(found) > 1:
            if reasons is not None:
                reasons.append(trace.overlap(table.table, [row.row for row in found], compiled.facts))
            return _granted(Ruling.MANUAL)
    return _row_grants(compiled, found[0], values, reasons)


def _changed(before: CompiledBefore, values: Values, reasons: list[Line] | None) -> str | Ruling | None:
    """What a step before the tables makes of its fact; a ruling where that ends the decision."""
    step, value = before.step, values[before.index]
    if isinstance(step, Rank):
        assert before.asks is not None
        place, among = (values[index] for index in before.asks)
        if not isinstance(place, int) or not isinstance(among, int):
            return None
        if place > among:
            if reasons is not None:
                reasons.append(trace.rank_impossible(step, place, among))
            return Ruling.MANUAL
        share = Fraction(place, among)
        found = next(value for up_to, value in step.bands if up_to is None or share <= up_to)
        if reasons is not None:
            reasons.append(trace.ranked(step, before.fact, found, place, among))
        return found
    if value is None:
        return None
    rank = before.scale.index(str(value)) - step.steps
    if rank < 0:
        if reasons is not None:
            reasons.append(trace.lowered_too_far(step, before.fact, value))
        return step.below
    if reasons is not None:
        reasons.append(trace.lowered(step, before.fact, value, before.scale[rank]))
    return before.scale[rank]


def _rows_grant(
    compiled: Compiled, table: Table, found: list[CompiledRow], values: Values, reasons: list[Line] | None
) -> Granted:
    """What rows give together, by the table's hit policy; their order makes no difference."""
    for ruling in (Ruling.REFUSE, Ruling.MANUAL):
        ruled = [row for row in found if row.row.give is ruling]
        if ruled:
            return _row_grants(compiled, min(ruled, key=_id_of), values, reasons)
    reckoned = [
        (row, reckon(row.row.give.credit, values, compiled.position)) for row in found if isinstance(row.row.give, Give)
    ]
    giving = [(row, one.amount) for row, one in reckoned if one.amount is not None]
    if not giving:
        refused = [row for row, one in reckoned if one.ruling is Ruling.REFUSE]
        return _row_grants(compiled, min(refused or found, key=_id_of), values, reasons)
    if table.hit is Hit.COLLECT_MAX:
        best = min(giving, key=lambda pair: (-pair[1], pair[0].row.id))[0]
        if reasons is not None:
            reasons.append(trace.collected([row.row for row, _amount in giving], None))
        return _row_grants(compiled, best, values, reasons)
    total: int | Fraction = sum(amount for _row, amount in giving)
    if reasons is not None:
        below = [_row_line(compiled, row, one, values) for row, one in reckoned if one.amount is not None]
        reasons.append(trace.collected(below, total))
    name = "+".join(sorted(row.row.id for row, _amount in giving))
    first = min((row for row, _amount in giving), key=_id_of)
    return _finished(compiled, first.row.give, name, total, values, reasons)


def _id_of(row: CompiledRow) -> str:
    return row.row.id


def _row_grants(
    compiled: Compiled,
    row: CompiledRow,
    values: Values,
    reasons: list[Line] | None,
) -> Granted:
    give = row.row.give
    if not isinstance(give, Give):
        if reasons is not None:
            below = trace.facts_named(_named(compiled, row.columns, values))
            reasons.append(trace.row_rules(row.row, below))
        return _granted(give, row.row.id)
    reckoned = reckon(give.credit, values, compiled.position)
    if reasons is not None:
        reasons.append(_row_line(compiled, row, reckoned, values))
    if reckoned.amount is None:
        return _granted(reckoned.ruling, row.row.id)
    return _finished(compiled, give, row.row.id, reckoned.amount, values, reasons)


def _row_line(compiled: Compiled, row: CompiledRow, reckoned: Reckoned, values: Values) -> Line:
    below = trace.facts_named(_named(compiled, row.columns, values))
    return trace.row_found(row.row, reckoned, compiled.facts, below)


def _finished(
    compiled: Compiled,
    give: Give | Ruling,
    name: str,
    amount: int | Fraction,
    values: Values,
    reasons: list[Line] | None,
) -> Granted:
    """What is granted of an amount after all steps."""
    assert isinstance(give, Give)
    final = _adjusted(compiled, amount, values, reasons)
    if final == 0:
        if reasons is not None:
            reasons.append(trace.nothing_left())
        return _granted(Ruling.REFUSE, name)
    level, field = _code(compiled, give.level, values), _code(compiled, give.field, values)
    return Granted(Ruling.RECOGNISE, name, final, give.category, level, field)


def _named(compiled: Compiled, columns: tuple[int, ...], values: Values) -> list[tuple[Fact, Value]]:
    facts = compiled.rules.facts
    return [(facts[index], value) for index in columns if (value := values[index]) is not None]


def _code(compiled: Compiled, part: str | FromFact | None, values: Values) -> str | None:
    if not isinstance(part, FromFact):
        return part
    value = values[compiled.position[part.fact]]
    return None if value is None else str(value)


def _adjusted(
    compiled: Compiled,
    amount: int | Fraction,
    values: Values,
    reasons: list[Line] | None,
) -> Hundredths:
    """The amount after all steps, never below zero, and rounded."""
    each = compiled.rules.rounding.place is RoundAt.EACH
    for step, tests, index in compiled.steps:
        if not holds(tests, values):
            continue
        value = values[index] if index is not None else None
        before, change = amount, 0
        match step:
            case Multiply():
                amount = before * step.factor
            case Divide():
                if not isinstance(value, int):
                    continue
                amount = Fraction(before) / value
            case Share():
                if not isinstance(value, int):
                    continue
                amount = before * (step.parts[value - 1] if value <= len(step.parts) else step.rest)
            case Add():
                times = _times(step, value)
                if times == 0:
                    continue
                change = step.amount * times
                amount = max(before + change, 0)
        if isinstance(amount, Fraction) and amount.denominator == 1:
            amount = int(amount)
        if reasons is not None:
            reasons.append(trace.stepped(step, before, change, amount, value))
        if each:
            amount = _rounded(compiled, amount, reasons)
    return Hundredths(_rounded(compiled, amount, reasons))


def _times(step: Add, value: Value | None) -> int:
    """How often an addition applies: once, or for each unit of its fact beyond the declared one."""
    if step.each is None:
        return 1
    return max(value - step.above, 0) if isinstance(value, int) else 0


def _rounded(compiled: Compiled, amount: int | Fraction, reasons: list[Line] | None) -> int:
    rounding = compiled.rules.rounding
    if amount.denominator == 1 and amount % rounding.step == 0:
        return int(amount)
    final = int(round_fraction(Fraction(amount), rounding.step, rounding.mode))
    if reasons is not None:
        reasons.append(trace.rounded(final))
    return final
