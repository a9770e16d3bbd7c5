"""The sentences of a proposal: what each row, step, family, date and cap did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditbank.domain.explanation import Explanation, Line, Verdict
from creditbank.domain.explanation import Fact as Said
from creditbank.domain.rules.amounts import credit_shown, facts_of, plain_number
from creditbank.domain.rules.facts import fact_shown
from creditbank.domain.rules.model import (
    Cap,
    Choose,
    Divide,
    Exclude,
    Expires,
    Fact,
    FromFact,
    Give,
    Lower,
    Multiply,
    NeedsCourses,
    NeedsCredit,
    PerUnit,
    Portion,
    Prerequisite,
    Rank,
    Row,
    Ruling,
    Share,
    Table,
    Tiers,
    Until,
    Value,
    Within,
)
from creditbank.domain.values import Amount, Hundredths, Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from fractions import Fraction

    from creditbank.domain.rules.amounts import Reckoned
    from creditbank.domain.rules.model import After

MESSAGES: dict[str, str] = {
    "rules.would_give": "Would give {amount} credits ({category}).",
    "rules.would_ask": "A person has to decide this one.",
    "rules.would_refuse": "Would give no credit.",
    "rules.fact": "{fact}: {value}",
    "rules.row_gives": "Row {row} gives {amount}.",
    "rules.row_gives_declared": "Row {row} gives the declared {amount}.",
    "rules.row_gives_part": "Row {row} gives {factor} of the {declared} given as “{fact}”, which makes {amount}.",
    "rules.row_gives_each": "Row {row} gives {gives} for each {each} of “{fact}”: {portions} times makes {amount}.",
    "rules.row_gives_together": (
        "Row {row} counts {parts} = {value} and gives {gives} for each {each}: {portions} times makes {amount}."
    ),
    "rules.row_gives_tier": "Row {row}: “{fact}” {value} reaches the step from {least}, which gives {amount}.",
    "rules.row_below_tiers": "Row {row}: “{fact}” {value} is below {least}, where the first step begins.",
    "rules.row_takes_over": "Row {row} takes over the credits given as “{fact}”.",
    "rules.row_says": "Row {row} gives {gives}.",
    "rules.most_counts": "Rows {rows} all fit; the one that gives most counts.",
    "rules.sum_counts": "Rows {rows} all fit and are added up to {amount}.",
    "rules.row_refuses": "Row {row} gives no credit.",
    "rules.row_asks": "Row {row} leaves this to a person.",
    "rules.no_table": "No table of these rules is about such an outcome.",
    "rules.gap_asks": "No row of table {table} fits these facts, so a person decides.",
    "rules.gap_refuses": "No row of table {table} fits these facts.",
    "rules.rows_overlap": "Rows {rows} of table {table} all fit these facts, so a person decides.",
    "rules.lowered": "{fact} counts as {to} instead of {value}.",
    "rules.lowered_too_far": "{fact} would count lower than {value}, and there is nothing below {lowest}.",
    "rules.ranked": "Place {place} of {among} counts as {fact} {value}.",
    "rules.rank_impossible": "There is no place {place} among {among}, so a person decides.",
    "rules.excluded": "Such an outcome brings no credit.",
    "rules.excluded_asks": "Such an outcome is left to a person.",
    "rules.divided": "{before} shared equally by {count} makes {amount}.",
    "rules.shared": "Place {place} takes {factor} of {before}, which makes {amount}.",
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
    "rules.cap_portion": "{factor} of {base} as planned.",
    "rules.cap_unknown": "The limit is {factor} of what is planned ({of}), which is not known here: a person decides.",
    "rules.cap_whole": "Limit of {maximum}: {used} used, so {before} do not fit, and a part is not granted.",
    "rules.cap_beside": "There is {amount} of {categories} beside it, so the next limit holds.",
    "rules.cap_not_beside": "This limit holds only beside credit of {categories}, and there is none.",
    "rules.beside_assumed": "Whether there is any was not known, and it was reckoned as none.",
    "rules.count_kept": "{used} such outcomes counted before; at most {most} count.",
    "rules.count_full": "At most {most} such outcomes count, and {used} do already.",
    "rules.count_assumed": "At most {most} such outcomes count, reckoned as if none had counted before.",
    "rules.needs_credit_met": "{least} credits are needed before, and {held} are held.",
    "rules.needs_credit_short": "{least} credits are needed before, and {held} are held: {missing} short.",
    "rules.needs_credit_unknown": "{least} credits are needed before; how many are held is not known here.",
    "rules.needs_of": "Credits of {category}.",
    "rules.needs_courses_met": "{least} of these courses are needed before, and {passed} were passed.",
    "rules.needs_courses_short": "{least} of these courses are needed before: {courses}. Passed: {passed}.",
    "rules.needs_courses_unknown": (
        "{least} of these courses are needed before: {courses}. Which were passed is not known here."
    ),
    "rules.valid_until": "Valid until {until}, so in force on {claimed}.",
    "rules.no_longer_valid": "Valid until {until}, so no longer in force on {claimed}.",
    "rules.in_time": "Earned on {earned}, in time for a claim on {claimed} (until {until}).",
    "rules.too_late": "Earned on {earned}: a claim was possible until {until}, this one is of {claimed}.",
    "rules.earned_in_future": "Earned on {earned}, which is after the claim of {claimed}.",
    "rules.expires": "Counts until the day before {expires}.",
    "rules.already_expired": "Counted from {earned}: the credit would have expired on {expires}.",
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


def row_found(row: Row, reckoned: Reckoned, facts: Mapping[str, Fact], below: tuple[Line, ...]) -> Line:
    """The row that fits, and how its amount comes about."""
    assert isinstance(row.give, Give)
    credit = row.give.credit
    said: dict[str, Said] = {"row": row.id}
    names = facts_of(credit)
    if names:
        said["fact"] = facts[names[0]].label
        if reckoned.value is not None:
            said["value"] = plain_number(reckoned.value)
    if reckoned.amount is None:
        if not isinstance(credit, Tiers) or reckoned.reached is None:
            return Line("rules.row_asks", Verdict.ASK, {"row": row.id}, row.clause, below)
        said["least"] = plain_number(reckoned.reached)
        verdict = Verdict.NO if reckoned.ruling is Ruling.REFUSE else Verdict.ASK
        return Line("rules.row_below_tiers", verdict, said, row.clause, below)
    said["amount"] = shown(reckoned.amount)
    code = "rules.row_gives"
    match credit:
        case FromFact(times=times) if times == 1:
            code = "rules.row_gives_declared"
        case FromFact(times=times):
            code = "rules.row_gives_part"
            said |= {"factor": str(times), "declared": said.pop("value")}
        case PerUnit():
            code = "rules.row_gives_each"
            portions = plain_number(reckoned.portions or 0)
            said |= {"gives": Amount(credit.gives), "each": plain_number(credit.each), "portions": portions}
            if reckoned.parts:
                code = "rules.row_gives_together"
                del said["fact"]
                listed = [(facts[name].label, plain_number(value)) for name, value in reckoned.parts]
                said["parts"] = Text(
                    " + ".join(f"{label.zh} {value}" for label, value in listed),
                    " + ".join(f"{label.en or label.zh} {value}" for label, value in listed),
                )
        case Tiers():
            code = "rules.row_gives_tier"
            said["least"] = plain_number(reckoned.reached or 0)
    return Line(code, Verdict.YES, said, row.clause, below)


def row_rules(row: Row, below: tuple[Line, ...]) -> Line:
    """A row that refuses or leaves it to a person."""
    if row.give is Ruling.REFUSE:
        return Line("rules.row_refuses", Verdict.NO, {"row": row.id}, row.clause, below)
    return Line("rules.row_asks", Verdict.ASK, {"row": row.id}, row.clause, below)


def row_said(row: Row, facts: dict[str, Fact]) -> Line:
    """What a row says by itself, for every outcome that it fits."""
    if not isinstance(row.give, Give):
        return row_rules(row, ())
    if isinstance(row.give.credit, int):
        said: dict[str, Said] = {"row": row.id, "amount": Amount(row.give.credit)}
        return Line("rules.row_gives", Verdict.YES, said, row.clause)
    if isinstance(row.give.credit, FromFact) and row.give.credit.times == 1:
        label = facts[row.give.credit.fact].label
        return Line("rules.row_takes_over", Verdict.YES, {"row": row.id, "fact": label}, row.clause)
    gives = credit_shown(row.give.credit, facts)
    return Line("rules.row_says", Verdict.YES, {"row": row.id, "gives": gives}, row.clause)


def collected(rows: Sequence[Row] | Sequence[Line], total: int | Fraction | None) -> Line:
    """Several rows fit, and the table takes the most, or with a total their sum."""
    if total is None:
        names = ", ".join(sorted(row.id for row in rows if isinstance(row, Row)))
        return Line("rules.most_counts", Verdict.NOTE, {"rows": names})
    below = tuple(line for line in rows if isinstance(line, Line))
    names = ", ".join(sorted(str(line.facts["row"]) for line in below))
    return Line("rules.sum_counts", Verdict.YES, {"rows": names, "amount": shown(total)}, None, below)


def no_table() -> Line:
    """No table speaks about such an outcome."""
    return Line("rules.no_table", Verdict.ASK)


def gap(table: Table, below: tuple[Line, ...]) -> Line:
    """No row of the table fits."""
    if table.on_gap is Ruling.REFUSE:
        return Line("rules.gap_refuses", Verdict.NO, {"table": table.code}, None, below)
    return Line("rules.gap_asks", Verdict.ASK, {"table": table.code}, None, below)


def overlap(table: Table, rows: list[Row], facts: dict[str, Fact]) -> Line:
    """Several rows fit; each stands underneath with its clause."""
    below = tuple(row_said(row, facts) for row in rows)
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


def ranked(step: Rank, fact: Fact, value: str, place: int, among: int) -> Line:
    """A place among entrants counts as a value of a fact."""
    said: dict[str, Said] = {"fact": fact.label, "value": fact_shown(fact, value), "place": place, "among": among}
    return Line("rules.ranked", Verdict.NOTE, said, step.clause)


def rank_impossible(step: Rank, place: int, among: int) -> Line:
    """A place beyond the number of entrants."""
    return Line("rules.rank_impossible", Verdict.ASK, {"place": place, "among": among}, step.clause)


def excluded(part: Exclude) -> Line:
    """An outcome that brings nothing whatever a table says."""
    if part.otherwise is Ruling.REFUSE:
        return Line("rules.excluded", Verdict.NO, {}, part.clause)
    return Line("rules.excluded_asks", Verdict.ASK, {}, part.clause)


def stepped(step: After, before: int | Fraction, change: int, after: int | Fraction, value: Value | None) -> Line:
    """What an amount step did."""
    facts: dict[str, Said] = {"before": shown(before), "amount": shown(after)}
    match step:
        case Multiply():
            return Line("rules.multiplied", Verdict.NOTE, facts | {"factor": str(step.factor)}, step.clause)
        case Divide():
            return Line("rules.divided", Verdict.NOTE, facts | {"count": str(value)}, step.clause)
        case Share():
            assert isinstance(value, int)
            factor = step.parts[value - 1] if value <= len(step.parts) else step.rest
            said = facts | {"place": value, "factor": str(factor)}
            return Line("rules.shared", Verdict.NOTE, said, step.clause)
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


def capped(
    cap: Cap, maximum: int, base: int | None, used: int | None, before: int, amount: int, *, whole: bool
) -> Line:
    """What a cap let through; ``used`` is ``None`` where it is not known, ``base`` what a share is taken of."""
    facts: dict[str, Said] = {"maximum": Amount(maximum), "used": Amount(used or 0), "amount": Amount(amount)}
    below: tuple[Line, ...] = ()
    if isinstance(cap.maximum, Portion) and base is not None:
        said: dict[str, Said] = {"factor": str(cap.maximum.share), "base": Amount(base)}
        below = (Line("rules.cap_portion", Verdict.NOTE, said),)
    if used is None:
        below += (Line("rules.cap_assumed", Verdict.NOTE, {"maximum": Amount(maximum)}),)
    if amount == before:
        return Line("rules.cap_kept", Verdict.NOTE, facts, cap.clause, below)
    if amount <= 0 and whole and maximum > (used or 0):
        said = {"maximum": Amount(maximum), "used": Amount(used or 0), "before": Amount(before)}
        return Line("rules.cap_whole", Verdict.NO, said, cap.clause, below)
    if amount <= 0:
        return Line("rules.cap_full", Verdict.NO, {"maximum": Amount(maximum)}, cap.clause, below)
    return Line("rules.cap_binds", Verdict.NOTE, {**facts, "before": Amount(before)}, cap.clause, below)


def beside(cap: Cap, categories: Sequence[Text], there: int | None) -> Line:
    """Whether a cap holds because there is other credit in its scope; ``there`` is ``None`` where it is not known."""
    names = Text("、".join(one.zh for one in categories), ", ".join(one.en or one.zh for one in categories))
    said: dict[str, Said] = {"categories": names}
    if there:
        return Line("rules.cap_beside", Verdict.NOTE, said | {"amount": Amount(there)})
    below = (Line("rules.beside_assumed"),) if there is None else ()
    return Line("rules.cap_not_beside", Verdict.NOTE, said, cap.clause, below)


def cap_unknown(cap: Cap, portion: Portion) -> Line:
    """What a limit is a share of is not known."""
    return Line("rules.cap_unknown", Verdict.ASK, {"factor": str(portion.share), "of": portion.of}, cap.clause)


def counted(cap: Cap, most: int, used: int | None) -> Line:
    """Whether one more outcome counts."""
    said: dict[str, Said] = {"most": most, "used": used or 0}
    if (used or 0) >= most:
        return Line("rules.count_full", Verdict.NO, said, cap.clause)
    below = (Line("rules.count_assumed", Verdict.NOTE, {"most": most}),) if used is None else ()
    return Line("rules.count_kept", Verdict.NOTE, said, cap.clause, below)


def needs_credit(part: Prerequisite, needs: NeedsCredit, category: Text | None, held: int | None) -> Line:
    """Whether enough credit is held before; ``held`` is ``None`` where it is not known."""
    said: dict[str, Said] = {"least": Amount(needs.least)}
    below = (Line("rules.needs_of", Verdict.NOTE, {"category": category}),) if category else ()
    if held is None:
        return Line("rules.needs_credit_unknown", Verdict.ASK, said, part.clause, below)
    said["held"] = Amount(held)
    if held >= needs.least:
        return Line("rules.needs_credit_met", Verdict.NOTE, said, part.clause, below)
    said["missing"] = Amount(needs.least - held)
    return Line("rules.needs_credit_short", _against(part.otherwise), said, part.clause, below)


def needs_courses(part: Prerequisite, needs: NeedsCourses, passed: list[str] | None) -> Line:
    """Whether enough of some courses were passed before; ``passed`` is ``None`` where it is not known."""
    said: dict[str, Said] = {"least": needs.least, "courses": ", ".join(needs.courses)}
    if passed is None:
        return Line("rules.needs_courses_unknown", Verdict.ASK, said, part.clause)
    said["passed"] = ", ".join(passed) or "0"
    if len(passed) >= needs.least:
        return Line("rules.needs_courses_met", Verdict.NOTE, said, part.clause)
    return Line("rules.needs_courses_short", _against(part.otherwise), said, part.clause)


def valid_until(rule: Until, until: date, claimed: date) -> Line:
    """Whether a certificate is still in force."""
    said: dict[str, Said] = {"until": str(until), "claimed": str(claimed)}
    if claimed <= until:
        return Line("rules.valid_until", Verdict.NOTE, said, rule.clause)
    return Line("rules.no_longer_valid", _against(rule.otherwise), said, rule.clause)


def _against(ruling: Ruling) -> Verdict:
    return Verdict.NO if ruling is Ruling.REFUSE else Verdict.ASK


def in_time(rule: Within, earned: date, claimed: date, until: date) -> Line:
    """Whether the claim came in time."""
    facts: dict[str, Said] = {"earned": str(earned), "claimed": str(claimed), "until": str(until)}
    if claimed <= until:
        return Line("rules.in_time", Verdict.NOTE, facts, rule.clause)
    return Line("rules.too_late", Verdict.NO if rule.otherwise is Ruling.REFUSE else Verdict.ASK, facts, rule.clause)


def earned_in_future(earned: date, claimed: date) -> Line:
    """The outcome lies after the claim."""
    return Line("rules.earned_in_future", Verdict.NO, {"earned": str(earned), "claimed": str(claimed)})


def expiry(rule: Expires | Until, earned: date, expires: date, claimed: date) -> Line:
    """When the credit stops counting."""
    if expires <= claimed:
        return Line("rules.already_expired", Verdict.NO, {"earned": str(earned), "expires": str(expires)}, rule.clause)
    return Line("rules.expires", Verdict.NOTE, {"expires": str(expires)}, rule.clause)


def shown(amount: int | Fraction) -> Said:
    """An amount as an explanation holds it: exact hundredths, or a fraction of them in words."""
    if amount.denominator == 1:
        return Amount(int(amount))
    return str(amount / 100)
