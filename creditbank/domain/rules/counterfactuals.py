"""What would have given more: the nearest single change of each fact that can grow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING

from creditbank.domain.explanation import Explanation, Line, Verdict
from creditbank.domain.explanation import Fact as Said
from creditbank.domain.rules.amounts import counted, facts_of, plain_number, steps_up
from creditbank.domain.rules.decision import Outcome
from creditbank.domain.rules.evaluate import evaluate_untraced
from creditbank.domain.rules.facts import fact_shown, holds
from creditbank.domain.rules.model import Condition, Fact, FactType, Give, Interval, RuleSet, Ruling, Value
from creditbank.domain.values import Amount

if TYPE_CHECKING:
    from creditbank.domain.rules.compile import Compiled

MESSAGES: dict[str, str] = {
    "rules.if_value": "With {fact} “{value}” it would give {amount}.",
    "rules.if_more": "With {more} more of “{fact}”, {value} in all, it would give {amount}.",
}

MOST_PORTIONS = 8
"""How many further portions are tried before rounding makes them count."""


def what_would_give_more(compiled: Compiled, outcome: Outcome) -> Explanation:
    """For each ordered fact and each number, the nearest higher value at which the facts alone give more.

    One fact is changed at a time, and only where no other question would then be asked. Families, limits and days are
    not looked at: they say what is left of what this gives.
    """
    now = evaluate_untraced(compiled, outcome)
    least = now.credit if now.ruling is Ruling.RECOGNISE else 0
    lines = []
    for index, fact in enumerate(compiled.rules.facts):
        value = outcome.values[index]
        if value is None:
            continue
        for higher in _higher(compiled, fact, value, outcome):
            changed = list(outcome.values)
            changed[index] = higher
            if not _asks_alike(compiled.rules, outcome.values, changed):
                continue
            granted = evaluate_untraced(compiled, replace(outcome, values=tuple(changed)))
            if granted.ruling is Ruling.RECOGNISE and granted.credit > least:
                lines.append(_line(fact, value, higher, granted.credit))
                break
    return tuple(lines)


def _higher(compiled: Compiled, fact: Fact, value: Value, outcome: Outcome) -> Iterator[Value]:
    """Values above one at which something may change, the nearest first; other facts stay as they are."""
    rules = compiled.rules
    if fact.type is FactType.ENUM:
        scale = [choice.code for choice in fact.choices]
        if fact.ordered:
            yield from scale[scale.index(str(value)) + 1 :]
        return
    if isinstance(value, bool | str | date):
        return
    found: set[Decimal] = set()
    for condition in _conditions(rules):
        for cell in condition:
            if cell.fact == fact.name and isinstance(cell.accept, Interval):
                found |= set(_ends(fact, cell.accept))
    for table in rules.tables:
        for row in table.rows:
            if isinstance(row.give, Give) and fact.name in facts_of(row.give.credit):
                parts = counted(row.give.credit, outcome.values, compiled.position)
                others = sum((one for name, one in parts if name != fact.name), start=Decimal(0))
                step: int | Decimal = value + others
                for _ in range(MOST_PORTIONS):
                    more = steps_up(row.give.credit, step)
                    if not more:
                        break
                    found |= {_reached(fact, least - others) for least in more}
                    step = more[0]
    for end in sorted(one for one in found if one > value):
        higher: Value = int(end) if fact.type is FactType.INTEGER else end
        if (fact.type is FactType.NUMBER or end == end.to_integral_value()) and (
            fact.range is None or fact.range.accepts(higher)
        ):
            yield higher


def _reached(fact: Fact, least: Decimal) -> Decimal:
    """The first value of a fact that is so much or more: beside parts of others a whole number may lie above it."""
    return least.to_integral_value(ROUND_CEILING) if fact.type is FactType.INTEGER else least


def _ends(fact: Fact, interval: Interval) -> Iterator[Decimal]:
    """Where an interval begins, and where what follows it does; an open end of a number has no nearest value."""
    if isinstance(interval.low, Decimal) and not interval.low_open:
        yield interval.low
    if isinstance(interval.high, Decimal):
        if interval.high_open:
            yield interval.high
        elif fact.type is FactType.INTEGER:
            yield interval.high + 1


def _conditions(rules: RuleSet) -> Iterator[Condition]:
    for part in (*rules.adjust, *rules.exclude):
        yield part.when
    for table in rules.tables:
        yield table.when
        for row in table.rows:
            yield row.when


def _asks_alike(rules: RuleSet, before: tuple[Value | None, ...], after: list[Value | None]) -> bool:
    """Whether the same questions are asked after a change."""
    names = [fact.name for fact in rules.facts]
    one, other = dict(zip(names, before, strict=True)), dict(zip(names, after, strict=True))
    return all(holds(fact.when, one) == holds(fact.when, other) for fact in rules.facts)


def _line(fact: Fact, value: Value, higher: Value, credit: int) -> Line:
    facts: dict[str, Said] = {"fact": fact.label, "value": fact_shown(fact, higher), "amount": Amount(credit)}
    if isinstance(value, str) or isinstance(higher, str | bool | date):
        return Line("rules.if_value", Verdict.NOTE, facts)
    more = higher - value  # type: ignore[operator]
    return Line("rules.if_more", Verdict.NOTE, facts | {"more": plain_number(more), "value": plain_number(higher)})
