"""How much a row gives for the facts of an outcome, and what it says of that in words."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from creditbank.domain.rules.model import CreditOf, Fact, FromFact, PerUnit, Ruling, Tiers, Value
from creditbank.domain.values import Text, format_credit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Values = tuple[Value | None, ...] | list[Value | None]


@dataclass(frozen=True, slots=True)
class Reckoned:
    """An amount in hundredths before steps and rounding, or the ruling where there is none.

    ``value`` is the fact it was reckoned from, ``portions`` how many full portions, ``reached`` the tier. Where
    several facts are counted together, ``parts`` are those that were given, and ``value`` is their sum.
    """

    amount: int | Fraction | None
    ruling: Ruling
    value: int | Decimal | None = None
    portions: int | Fraction | None = None
    reached: Decimal | None = None
    parts: tuple[tuple[str, int | Decimal], ...] = ()


def facts_of(credit: CreditOf) -> tuple[str, ...]:
    """The facts an amount is reckoned from: none of a fixed one, several where they are counted together."""
    match credit:
        case FromFact():
            return (credit.fact,)
        case PerUnit():
            return credit.of
        case Tiers():
            return (credit.of,)
    return ()


def counted(credit: CreditOf, values: Values, position: Mapping[str, int]) -> tuple[tuple[str, int | Decimal], ...]:
    """The facts of an amount that were given, with their numbers; what was not asked or left out counts as none."""
    given = ((name, values[position[name]]) for name in facts_of(credit))
    return tuple((name, one) for name, one in given if isinstance(one, int | Decimal) and not isinstance(one, bool))


def reckon(credit: CreditOf, values: Values, position: Mapping[str, int]) -> Reckoned:
    """The exact amount of a row; without its fact a person decides."""
    if isinstance(credit, int):
        return Reckoned(credit, Ruling.RECOGNISE)
    names = facts_of(credit)
    parts = counted(credit, values, position) if len(names) > 1 else ()
    value = sum(one for _name, one in parts) if parts else values[position[names[0]]]
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return Reckoned(None, Ruling.MANUAL)
    match credit:
        case FromFact():
            return Reckoned(_plain(Fraction(value) * 100 * credit.times), Ruling.RECOGNISE, value)
        case PerUnit():
            exact = Fraction(value) / Fraction(credit.each)
            portions: int | Fraction = int(exact) if credit.whole else _plain(exact)
            return Reckoned(_plain(Fraction(portions * credit.gives)), Ruling.RECOGNISE, value, portions, parts=parts)
        case Tiers():
            reached = [tier for tier in credit.tiers if value >= tier[0]]
            if not reached:
                return Reckoned(None, credit.below, value, reached=credit.tiers[0][0])
            return Reckoned(reached[-1][1], Ruling.RECOGNISE, value, reached=reached[-1][0])


def steps_up(credit: CreditOf, value: int | Decimal) -> Sequence[Decimal]:
    """Values of the fact above this one at which the amount next rises, the nearest first; none where it never does."""
    match credit:
        case PerUnit(whole=True):
            return [(value // credit.each + 1) * credit.each]
        case Tiers():
            return [least for least, _gives in credit.tiers if least > value]
    return []


def credit_shown(credit: CreditOf, facts: Mapping[str, Fact]) -> Text:
    """What a row says of its credit, in words."""
    if isinstance(credit, int):
        amount = format_credit(credit)
        return Text(f"{amount} 学分", f"{amount} credits")
    labels = [facts[name].label for name in facts_of(credit)]
    label = Text("”与“".join(one.zh for one in labels), "” and “".join(one.en or one.zh for one in labels))
    en = label.en
    match credit:
        case FromFact(times=times) if times == 1:
            return Text(f"所填“{label.zh}”", f"the credits given as “{en}”")
        case FromFact(times=times):
            return Text(f"所填“{label.zh}”的 {times}", f"{times} of the credits given as “{en}”")
        case PerUnit():
            each, gives = plain_number(credit.each), format_credit(credit.gives)
            part = Text("", "") if credit.whole else Text("，不足一份的按比例", ", parts in proportion")
            return Text(
                f"“{label.zh}”{'合计' if len(labels) > 1 else ''}每 {each} 计 {gives} 学分{part.zh}",
                f"{gives} credits for each {each} of “{en}”{' together' if len(labels) > 1 else ''}{part.en}",
            )
        case Tiers():
            tiers = [(plain_number(least), format_credit(gives)) for least, gives in credit.tiers]
            return Text(
                f"按“{label.zh}”分档：" + "，".join(f"满 {least} 计 {gives} 学分" for least, gives in tiers),
                f"by “{en}”: " + ", ".join(f"from {least} {gives} credits" for least, gives in tiers),
            )


def plain_number(number: int | Decimal | Fraction) -> str:
    """A number without needless zeros; what is no decimal stays a fraction."""
    if isinstance(number, Decimal):
        text = format(number, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(number)


def _plain(exact: Fraction) -> int | Fraction:
    return int(exact) if exact.denominator == 1 else exact
