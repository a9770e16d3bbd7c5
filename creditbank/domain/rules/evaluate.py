"""Evaluates a compiled rule set: an outcome's facts in, a proposal with its reasons out."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from creditbank.domain.canonical import content_hash
from creditbank.domain.rules import trace
from creditbank.domain.rules.compile import Explained, keep
from creditbank.domain.rules.facts import normal_words
from creditbank.domain.rules.model import (
    Add,
    Cap,
    Context,
    Expires,
    Fact,
    FromFact,
    Give,
    Granted,
    Hit,
    Multiply,
    Outcome,
    Proposal,
    RoundAt,
    Ruling,
    Scope,
    Value,
)
from creditbank.domain.values import Hundredths, round_fraction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from creditbank.domain.explanation import Explanation, Line
    from creditbank.domain.rules.compile import Compiled, CompiledRow, Tests

_NOTHING = Hundredths(0)


def evaluate(compiled: Compiled, outcome: Outcome, context: Context) -> Proposal:
    """What the rules propose for one outcome, with the whole trace.

    Dates are judged first, then facts are lowered, a table is looked up, amounts are adjusted and
    rounded; then the best of the family, the caps and the expiry. The first refusal or question ends it.
    """
    reasons: list[Line] = []
    ruling = _in_time(compiled, outcome, context, reasons)
    if ruling is not Ruling.RECOGNISE:
        return _ended(ruling, None, reasons)
    by_facts = _explained(compiled, outcome)
    if compiled.context_free:
        return by_facts.proposal
    granted, before = by_facts.granted, len(reasons)
    reasons += by_facts.proposal.explanation[0].lines
    if granted.ruling is not Ruling.RECOGNISE:
        return _ended(granted.ruling, granted.row, reasons) if before else by_facts.proposal
    own = len(reasons)
    credit = _best_of_family(compiled, outcome, context.earlier, granted.credit, reasons)
    credit = _capped(compiled, context.used, granted.category, credit, reasons)
    expires = _expires(compiled, outcome, context.claimed_on, reasons) if credit else None
    if credit == 0 or (expires is not None and expires <= context.claimed_on):
        return _ended(Ruling.REFUSE, granted.row, reasons)
    if not before and own == len(reasons):
        return by_facts.proposal  # neither dates nor families nor caps had anything to say
    return _recognised(compiled, granted, credit, expires, reasons)


def evaluate_untraced(compiled: Compiled, outcome: Outcome) -> Granted:
    """What the facts alone lead to: table, steps and rounding, without families, caps and dates.

    Equal outcomes give equal answers, so a bulk caller may remember them by outcome. Where
    ``compiled.context_free`` holds, this is the whole decision.
    """
    key = compiled.deciding(outcome.values)
    granted = compiled.granted.get(key)
    if granted is None:
        granted = _grant(compiled, outcome.values, None)
        keep(compiled.granted, key, granted)
    return granted


def explain_row(compiled: Compiled, row: str) -> Explanation:
    """What one row says for every outcome that it fits, with its clause; for decisions stored once per row.

    Raises:
        KeyError: the rule set has no such row.
    """
    return (trace.row_said(compiled.rows[row], compiled.facts),)


def family_keys(compiled: Compiled, outcome: Outcome) -> dict[str, str]:
    """By choose id, an opaque key that is equal for outcomes of one family.

    Width, case, spacing and punctuation make no difference. A service stores the keys with a
    recognised claim and looks earlier amounts up by them.
    """
    keys = {}
    for choose, tests, indexes in compiled.chooses:
        parts = [outcome.values[index] for index in indexes]
        if None not in parts and _holds(tests, outcome.values):
            words = [normal_words(str(part)) or str(part) for part in parts]
            keys[choose.id] = content_hash([compiled.rules.code, choose.id, words])
    return keys


def caps_of(compiled: Compiled, category: str | None) -> tuple[Cap, ...]:
    """The caps that bind a category, with scopes for which a service has to sum what was used."""
    return tuple(cap for cap in compiled.rules.cap if cap.category in (None, category))


def _explained(compiled: Compiled, outcome: Outcome) -> Explained:
    """The decision by facts alone with its reasons, made once for equal deciding facts."""
    key = compiled.deciding(outcome.values)
    found = compiled.explained.get(key)
    if found is None:
        reasons: list[Line] = []
        granted = _grant(compiled, outcome.values, reasons)
        if granted.ruling is Ruling.RECOGNISE:
            found = Explained(granted, _recognised(compiled, granted, granted.credit, None, reasons))
        else:
            found = Explained(granted, _ended(granted.ruling, granted.row, reasons))
        keep(compiled.explained, key, found)
    return found


def _recognised(
    compiled: Compiled, granted: Granted, credit: Hundredths, expires: date | None, reasons: list[Line]
) -> Proposal:
    category = compiled.categories[granted.category or ""]
    return Proposal(
        ruling=Ruling.RECOGNISE,
        credit=credit,
        category=granted.category,
        level=granted.level,
        field=granted.field,
        row=granted.row,
        expires_on=expires,
        explanation=trace.summary(Ruling.RECOGNISE, credit, category, reasons),
    )


def _ended(ruling: Ruling, row: str | None, reasons: list[Line]) -> Proposal:
    explanation = trace.summary(ruling, _NOTHING, None, reasons)
    return Proposal(ruling, _NOTHING, None, None, None, row, None, explanation)


def _holds(tests: Tests, values: tuple[Value | None, ...] | list[Value | None]) -> bool:
    for index, accepts in tests:
        value = values[index]
        if value is None or not accepts(value):
            return False
    return True


def _granted(ruling: Ruling, row: str | None = None) -> Granted:
    return Granted(ruling, row, _NOTHING, None, None, None)


def _grant(compiled: Compiled, given: tuple[Value | None, ...], reasons: list[Line] | None) -> Granted:
    """The one path of both ways to evaluate; it writes reasons only where they are wanted."""
    values: tuple[Value | None, ...] | list[Value | None] = given
    for step, tests, index, fact, scale in compiled.lowers:
        value = values[index]
        if value is None or not _holds(tests, values):
            continue
        rank = scale.index(value) - step.steps
        if rank < 0:
            if reasons is not None:
                reasons.append(trace.lowered_too_far(step, fact, value))
            return _granted(step.below)
        if reasons is not None:
            reasons.append(trace.lowered(step, fact, value, scale[rank]))
        values = list(values)
        values[index] = scale[rank]
    for table in compiled.tables:
        if _holds(table.tests, values):
            break
    else:
        if reasons is not None:
            reasons.append(trace.no_table())
        return _granted(Ruling.MANUAL)
    found = [row for row in table.candidates(values) if _holds(row.tests, values)]
    if not found:
        if reasons is not None:
            asked = _named(compiled, table.columns, values)
            reasons.append(trace.gap(table.table, trace.facts_named(asked)))
        return _granted(table.table.on_gap)
    if len(found) > 1 and table.table.hit is Hit.UNIQUE:
        if reasons is not None:
            reasons.append(trace.overlap(table.table, [row.row for row in found]))
        return _granted(Ruling.MANUAL)
    return _row_grants(compiled, found[0], values, reasons)


def _row_grants(
    compiled: Compiled,
    row: CompiledRow,
    values: tuple[Value | None, ...] | list[Value | None],
    reasons: list[Line] | None,
) -> Granted:
    give = row.row.give
    amount: int | Fraction | None = None
    if isinstance(give, Give):
        credit = give.credit
        amount = _declared(values[compiled.position[credit.fact]]) if isinstance(credit, FromFact) else credit
    if reasons is not None:
        below = trace.facts_named(_named(compiled, row.columns, values))
        reasons.append(trace.row_found(row.row, amount, below))
    if not isinstance(give, Give):
        return _granted(give, row.row.id)
    if amount is None:
        return _granted(Ruling.MANUAL, row.row.id)
    final = _adjusted(compiled, amount, values, reasons)
    if final == 0:
        if reasons is not None:
            reasons.append(trace.nothing_left())
        return _granted(Ruling.REFUSE, row.row.id)
    level, field = _code(compiled, give.level, values), _code(compiled, give.field, values)
    return Granted(Ruling.RECOGNISE, row.row.id, final, give.category, level, field)


def _named(
    compiled: Compiled, columns: tuple[int, ...], values: tuple[Value | None, ...] | list[Value | None]
) -> list[tuple[Fact, Value]]:
    facts = compiled.rules.facts
    return [(facts[index], value) for index in columns if (value := values[index]) is not None]


def _declared(value: Value | None) -> int | Fraction | None:
    """Declared credits in hundredths, exact."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    exact = Fraction(value) * 100
    return int(exact) if exact.denominator == 1 else exact


def _code(
    compiled: Compiled, part: str | FromFact | None, values: tuple[Value | None, ...] | list[Value | None]
) -> str | None:
    if not isinstance(part, FromFact):
        return part
    value = values[compiled.position[part.fact]]
    return None if value is None else str(value)


def _adjusted(
    compiled: Compiled,
    amount: int | Fraction,
    values: tuple[Value | None, ...] | list[Value | None],
    reasons: list[Line] | None,
) -> Hundredths:
    """The amount after all steps, never below zero, and rounded."""
    each = compiled.rules.rounding.place is RoundAt.EACH
    for step, tests, index in compiled.steps:
        if not _holds(tests, values):
            continue
        before, change = amount, 0
        if isinstance(step, Multiply):
            amount = before * step.factor
        else:
            times = _times(step, values[index] if index is not None else None)
            if times == 0:
                continue
            change = step.amount * times
            amount = max(before + change, 0)
        if reasons is not None:
            reasons.append(trace.stepped(step, before, change, amount))
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


def _best_of_family(
    compiled: Compiled,
    outcome: Outcome,
    earlier: Mapping[str, Hundredths],
    best: Hundredths,
    reasons: list[Line],
) -> Hundredths:
    """What the outcome adds to the best of its families so far."""
    credit = best
    for choose, tests, indexes in compiled.chooses:
        before = earlier.get(choose.id, 0)
        if before <= 0 or any(outcome.values[index] is None for index in indexes):
            continue
        if not _holds(tests, outcome.values):
            continue
        more = max(best - before, 0)
        reasons.append(trace.family(choose, before, best, more))
        credit = Hundredths(min(credit, more))
    return credit


def _capped(
    compiled: Compiled,
    used: Mapping[str, Hundredths],
    category: str | None,
    credit: Hundredths,
    reasons: list[Line],
) -> Hundredths:
    for cap in caps_of(compiled, category):
        if credit == 0:
            break
        known = 0 if cap.scope is Scope.CLAIM else used.get(cap.id)
        room = Hundredths(max(cap.maximum - (known or 0), 0))
        reasons.append(trace.capped(cap, known, credit, min(credit, room)))
        credit = min(credit, room)
    return credit


def _in_time(compiled: Compiled, outcome: Outcome, context: Context, reasons: list[Line]) -> Ruling:
    """Whether the dates allow the claim at all."""
    claimed = context.claimed_on
    for rule, tests, index in compiled.dates:
        earned = outcome.values[index]
        if not isinstance(earned, date) or not _holds(tests, outcome.values):
            continue
        if earned > claimed:
            reasons.append(trace.earned_in_future(earned, claimed))
            return Ruling.REFUSE
        if isinstance(rule, Expires):
            continue
        until = months_after(earned, rule.months)
        reasons.append(trace.in_time(rule, earned, claimed, until))
        if claimed > until:
            return rule.otherwise
    return Ruling.RECOGNISE


def _expires(compiled: Compiled, outcome: Outcome, claimed: date, reasons: list[Line]) -> date | None:
    """The first day on which the credit no longer counts: the earliest of all that apply."""
    earliest: date | None = None
    for rule, tests, index in compiled.dates:
        earned = outcome.values[index]
        if not isinstance(rule, Expires) or not isinstance(earned, date) or not _holds(tests, outcome.values):
            continue
        expires = months_after(earned, rule.months)
        reasons.append(trace.expiry(rule, earned, expires, claimed))
        earliest = expires if earliest is None else min(earliest, expires)
    return earliest


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last day of that month where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
