"""What limits leave of an amount, and whether what must be there before is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditbank.domain.rules import trace
from creditbank.domain.rules.decision import Context
from creditbank.domain.rules.model import Cap, Count, NeedsCredit, Portion, Prerequisite, Ruling, Scope
from creditbank.domain.values import Hundredths

if TYPE_CHECKING:
    from collections.abc import Mapping

    from creditbank.domain.explanation import Line
    from creditbank.domain.values import Text


def left_under(
    cap: Cap, context: Context, credit: Hundredths, reasons: list[Line], *, whole: bool = False
) -> Hundredths | None:
    """What a cap leaves of an amount; ``None`` where a person decides because what a share is of is not known.

    ``whole`` leaves all or nothing, as the cap itself may say.
    """
    known = 0 if cap.scope is Scope.CLAIM else context.used.get(cap.id)
    if isinstance(cap.maximum, Count):
        reasons.append(trace.counted(cap, cap.maximum.most, known))
        return Hundredths(0) if (known or 0) >= cap.maximum.most else credit
    base: Hundredths | None = None
    if isinstance(cap.maximum, Portion):
        base = context.planned.get(cap.maximum.of)
        if base is None:
            reasons.append(trace.cap_unknown(cap, cap.maximum))
            return None
        maximum = int(cap.maximum.share * base)  # down: a share is never exceeded by rounding
    else:
        maximum = cap.maximum
    room = Hundredths(max(maximum - (known or 0), 0))
    whole = whole or cap.whole
    left = Hundredths(0) if whole and room < credit else min(credit, room)
    reasons.append(trace.capped(cap, maximum, base, known, credit, left, whole=whole))
    return left


def holds_beside(
    cap: Cap, category: str | None, context: Context, categories: Mapping[str, Text], reasons: list[Line]
) -> bool:
    """Whether a cap holds for credit of a category: always, or beside credit that is there in its scope."""
    if not cap.beside or category in cap.beside:
        return True
    there = context.beside.get(cap.id)
    reasons.append(trace.beside(cap, [categories[code] for code in cap.beside], there))
    return bool(there)


def prepared(part: Prerequisite, categories: Mapping[str, Text], context: Context, reasons: list[Line]) -> Ruling:
    """Whether what must be there before is there; a person decides where it is not known."""
    needs = part.needs
    if isinstance(needs, NeedsCredit):
        held = context.held.get(part.id)
        met = None if held is None else held >= needs.least
        category = categories[needs.category] if needs.category else None
        reasons.append(trace.needs_credit(part, needs, category, held))
    else:
        there = None if context.passed is None else [code for code in needs.courses if code in context.passed]
        met = None if there is None else len(there) >= needs.least
        reasons.append(trace.needs_courses(part, needs, there))
    if met is None:
        return Ruling.MANUAL
    return Ruling.RECOGNISE if met else part.otherwise
