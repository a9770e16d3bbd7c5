"""The sentences of a proposal: what each row, step, family, date and cap did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditbank.domain.explanation import Explanation, Line, Verdict
from creditbank.domain.explanation import Fact as Said
from creditbank.domain.rules.facts import fact_shown
from creditbank.domain.rules.model import (
    Add,
    Cap,
    Choose,
    Expires,
    Fact,
    FromFact,
    Give,
    Lower,
    Multiply,
    Row,
    Ruling,
    Table,
    Value,
    Within,
)
from creditbank.domain.values import Amount, Hundredths, Text

if TYPE_CHECKING:
    from datetime import date
    from fractions import Fraction

MESSAGES: dict[str, str] = {
    "rules.would_give": "Would give {amount} credits ({category}).",
    "rules.would_ask": "A person has to decide this one.",
    "rules.would_refuse": "Would give no credit.",
    "rules.fact": "{fact}: {value}",
    "rules.row_gives": "Row {row} gives {amount}.",
    "rules.row_gives_declared": "Row {row} gives the declared {amount}.",
    "rules.row_takes_over": "Row {row} takes over the credits given as “{fact}”.",
    "rules.row_refuses": "Row {row} gives no credit.",
    "rules.row_asks": "Row {row} leaves this to a person.",
    "rules.no_table": "No table of these rules is about such an outcome.",
    "rules.gap_asks": "No row of table {table} fits these facts, so a person decides.",
    "rules.gap_refuses": "No row of table {table} fits these facts.",
    "rules.rows_overlap": "Rows {rows} of table {table} all fit these facts, so a person decides.",
    "rules.lowered": "{fact} counts as {to} instead of {value}.",
    "rules.lowered_too_far": "{fact} would count lower than {value}, and there is nothing below {lowest}.",
    "rules.added": "{change} added to {before} makes {amount}.",
    "rules.taken_off": "{change} taken off {before} leaves {amount}.",
    "rules.multiplied": "{factor} of {before} makes {amount}.",
    "rules.not_below_zero": "An amount is never below zero.",
    "rules.rounded": "Rounded to {amount}.",
    "rules.nothing_left": "After these steps nothing is left, so there is no credit to recognise.",
    "rules.only_the_difference": "Only the best counts: {earlier} before, so {amount} of {best} is added.",
    "rules.already_counted": "Only the best counts: {earlier} counted before, and this is worth {best}.",
    "rules.cap_kept": "Within the limit of {maximum}: {used} used, {amount} now.",
    "rules.cap_binds": "Limit of {maximum}: {used} used, so {amount} of {before} count.",
    "rules.cap_full": "The limit of {maximum} is used up.",
    "rules.cap_assumed": "Limit of {maximum}, reckoned as if nothing had been used of it before.",
    "rules.in_time": "Earned on {earned}, in time for a claim on {claimed} (until {until}).",
    "rules.too_late": "Earned on {earned}: a claim was possible until {until}, this one is of {claimed}.",
    "rules.earned_in_future": "Earned on {earned}, which is after the claim of {claimed}.",
    "rules.expires": "Counts until the day before {expires}.",
    "rules.already_expired": "Earned on {earned}: the credit would have expired on {expires}.",
}

_ANSWER = {
    Ruling.MANUAL: ("rules.would_ask", Verdict.ASK),
    Ruling.REFUSE: ("rules.would_refuse", Verdict.NO),
}


def summary(ruling: Ruling, credit: Hundredths, category: Text | None, reasons: list[Line]) -> Explanation:
    """The one line that answers, with the reasons underneath."""
    if ruling is Ruling.RECOGNISE:
        facts: dict[str, Said] = {"amount": Amount(credit), "category": category or ""}
        return (Line("rules.would_give", Verdict.YES, facts, None, tuple(reasons)),)
    code, verdict = _ANSWER[ruling]
    return (Line(code, verdict, {}, None, tuple(reasons)),)


def facts_named(pairs: list[tuple[Fact, Value]]) -> tuple[Line, ...]:
    """The facts that a row was found by."""
    return tuple(
        Line("rules.fact", Verdict.NOTE, {"fact": fact.label, "value": fact_shown(fact, value)})
        for fact, value in pairs
    )


def row_found(row: Row, amount: int | Fraction | None, below: tuple[Line, ...]) -> Line:
    """The row that fits, and what it says."""
    if row.give is Ruling.REFUSE:
        return Line("rules.row_refuses", Verdict.NO, {"row": row.id}, row.clause, below)
    if row.give is Ruling.MANUAL or amount is None:
        return Line("rules.row_asks", Verdict.ASK, {"row": row.id}, row.clause, below)
    declared = isinstance(row.give, Give) and isinstance(row.give.credit, FromFact)
    code = "rules.row_gives_declared" if declared else "rules.row_gives"
    return Line(code, Verdict.YES, {"row": row.id, "amount": shown(amount)}, row.clause, below)


def row_said(row: Row, facts: dict[str, Fact]) -> Line:
    """What a row says by itself, for every outcome that it fits."""
    if isinstance(row.give, Give) and isinstance(row.give.credit, FromFact):
        label = facts[row.give.credit.fact].label
        return Line("rules.row_takes_over", Verdict.YES, {"row": row.id, "fact": label}, row.clause)
    return row_found(row, row.give.credit if isinstance(row.give, Give) else None, ())  # type: ignore[arg-type]


def no_table() -> Line:
    """No table speaks about such an outcome."""
    return Line("rules.no_table", Verdict.ASK)


def gap(table: Table, below: tuple[Line, ...]) -> Line:
    """No row of the table fits."""
    if table.on_gap is Ruling.REFUSE:
        return Line("rules.gap_refuses", Verdict.NO, {"table": table.code}, None, below)
    return Line("rules.gap_asks", Verdict.ASK, {"table": table.code}, None, below)


def overlap(table: Table, rows: list[Row]) -> Line:
    """Several rows fit; each stands underneath with its clause."""
    below = tuple(
        row_found(
            row,
            row.give.credit if isinstance(row.give, Give) and isinstance(row.give.credit, int) else None,
            (),
        )
        for row in rows
    )
    names = ", ".join(row.id for row in rows)
    return Line("rules.rows_overlap", Verdict.ASK, {"table": table.code, "rows": names}, None, below)


def lowered(step: Lower, fact: Fact, value: Value, to: str) -> Line:
    """An ordered fact counts lower."""
    facts: dict[str, Said] = {
        "fact": fact.label,
        "value": fact_shown(fact, value),
        "to": fact_shown(fact, to),
    }
    return Line("rules.lowered", Verdict.NOTE, facts, step.clause)


def lowered_too_far(step: Lower, fact: Fact, value: Value) -> Line:
    """There is no value so far below."""
    verdict = Verdict.NO if step.below is Ruling.REFUSE else Verdict.ASK
    facts: dict[str, Said] = {
        "fact": fact.label,
        "value": fact_shown(fact, value),
        "lowest": fact.choices[0].label,
    }
    return Line("rules.lowered_too_far", verdict, facts, step.clause)


def stepped(step: Add | Multiply, before: int | Fraction, change: int, after: int | Fraction) -> Line:
    """What an amount step did."""
    facts: dict[str, Said] = {"before": shown(before), "amount": shown(after)}
    if isinstance(step, Multiply):
        facts["factor"] = str(step.factor)
        return Line("rules.multiplied", Verdict.NOTE, facts, step.clause)
    facts["change"] = Amount(abs(change))
    below = (Line("rules.not_below_zero"),) if before + change < 0 else ()
    return Line("rules.taken_off" if change < 0 else "rules.added", Verdict.NOTE, facts, step.clause, below)


def rounded(amount: int) -> Line:
    """An amount was rounded."""
    return Line("rules.rounded", Verdict.NOTE, {"amount": Amount(amount)})


def nothing_left() -> Line:
    """The steps have used the amount up."""
    return Line("rules.nothing_left", Verdict.NO)


def family(choose: Choose, earlier: int, best: int, amount: int) -> Line:
    """Only the best of a family counts."""
    facts: dict[str, Said] = {"earlier": Amount(earlier), "best": Amount(best)}
    if amount <= 0:
        return Line("rules.already_counted", Verdict.NO, facts, choose.clause)
    return Line("rules.only_the_difference", Verdict.NOTE, {**facts, "amount": Amount(amount)}, choose.clause)


def capped(cap: Cap, used: int | None, before: int, amount: int) -> Line:
    """What a cap let through; ``used`` is ``None`` where it is not known."""
    facts: dict[str, Said] = {
        "maximum": Amount(cap.maximum),
        "used": Amount(used or 0),
        "amount": Amount(amount),
    }
    below = (Line("rules.cap_assumed", Verdict.NOTE, {"maximum": Amount(cap.maximum)}),) if used is None else ()
    if amount == before:
        return Line("rules.cap_kept", Verdict.NOTE, facts, cap.clause, below)
    if amount <= 0:
        return Line("rules.cap_full", Verdict.NO, {"maximum": Amount(cap.maximum)}, cap.clause, below)
    return Line("rules.cap_binds", Verdict.NOTE, {**facts, "before": Amount(before)}, cap.clause, below)


def in_time(rule: Within, earned: date, claimed: date, until: date) -> Line:
    """Whether the claim came in time."""
    facts: dict[str, Said] = {"earned": str(earned), "claimed": str(claimed), "until": str(until)}
    if claimed <= until:
        return Line("rules.in_time", Verdict.NOTE, facts, rule.clause)
    return Line("rules.too_late", Verdict.NO if rule.otherwise is Ruling.REFUSE else Verdict.ASK, facts, rule.clause)


def earned_in_future(earned: date, claimed: date) -> Line:
    """The outcome lies after the claim."""
    return Line("rules.earned_in_future", Verdict.NO, {"earned": str(earned), "claimed": str(claimed)})


def expiry(rule: Expires, earned: date, expires: date, claimed: date) -> Line:
    """When the credit stops counting."""
    if expires <= claimed:
        return Line("rules.already_expired", Verdict.NO, {"earned": str(earned), "expires": str(expires)}, rule.clause)
    return Line("rules.expires", Verdict.NOTE, {"expires": str(expires)}, rule.clause)


def shown(amount: int | Fraction) -> Said:
    """An amount as an explanation holds it: exact hundredths, or a fraction of them in words."""
    if amount.denominator == 1:
        return Amount(int(amount))
    return str(amount / 100)
