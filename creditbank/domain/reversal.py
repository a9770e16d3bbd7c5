"""Decisions on reversing conversions: what stands on one, and in which order several come undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from creditbank.domain.explanation import Explanation, Line, Refusal, Verdict
from creditbank.domain.values import Amount, Hundredths

MESSAGES = {
    "reversal.unknown_conversion": "There is no such conversion of this learner at this institution; nothing was"
    " changed.",
    "reversal.reversed_before": "This conversion was reversed before, on {day}; nothing was changed.",
    "reversal.too_early": "The conversion counts from {converted}; its reversal cannot count from {reversed}, which is"
    " earlier. Nothing was changed.",
    "reversal.made_in_use": "Of “{title}”, which the conversion made, only {available} of {amount} credits are still"
    " available. It cannot be reversed before their later use is; nothing was changed.",
    "reversal.first_conversion": "Reverse first, number {place}: the conversion of {day} into “{title}”, {amount}"
    " credits.",
    "reversal.first_posting": "Reverse first, number {place}: the later use of “{title}” on {day}, {amount} credits.",
    "reversal.second_person": "What somebody posted is reversed by somebody else; nothing was changed. A second"
    " registrar can do it.",
    "reversal.own_credit": "Nobody reverses their own credit. Nothing was changed; a colleague can do it.",
    "reversal.no_run": "There is no such import here; nothing was changed.",
    "reversal.run_of_facts": "This import brought facts, not opening lots: results are corrected by a later sheet that"
    " says as of which day it is. Nothing was changed.",
    "reversal.run_taken_back": "This import was taken back before; nothing was changed.",
    "reversal.run_in_use": "Credit that {count} lots of this import gave has been used since. An import is taken back"
    " whole or not at all; nothing was changed. Reverse first what used it:",
    "reversal.row_in_use": "Line {line}, {number}, “{title}”: on {day} {used} credits of it became “{into}”.",
    "reversal.asked_before": "Somebody has asked for it already. A second registrar confirms it, or it is withdrawn.",
    "reversal.not_asked": "Nobody is asking for it any more: it was done or withdrawn meanwhile. Nothing was changed.",
    "reversal.second_registrar": "You asked for it, so a second registrar confirms it. Nothing was changed.",
    "reversal.seen_changed": "Since you looked, what would be taken back has changed. Nothing was changed; look again.",
    "reversal.reason_needed": "Choose a reason first: the learner is told why. Nothing was changed.",
}


@dataclass(frozen=True, slots=True)
class Side:
    """One posting of a conversion: of a lot it used, or of one it ``made``; hundredths, and since when it counts.

    ``available`` is what is available of the lot now, ``reversed_on`` the day of the posting's mirror.
    """

    posting_id: UUID
    lot_id: UUID
    made: bool
    amount: int
    counts_from: date
    title: str
    available: int
    reversed_on: date | None = None


@dataclass(frozen=True, slots=True)
class LaterUse:
    """What used credit since and stands: a conversion, or (without an id) a posting of another kind.

    ``title`` and ``amount`` say what a conversion made, or what another posting used.
    """

    conversion_id: UUID | None
    title: str
    amount: int
    on: date


def first_to_reverse(uses: Sequence[LaterUse]) -> Explanation:
    """What has to be reversed before credit can be taken back, numbered in the order in which that goes.

    Args:
        uses: what stands on the credit, the last first.
    """
    return tuple(
        Line(
            "reversal.first_posting" if use.conversion_id is None else "reversal.first_conversion",
            Verdict.ASK,
            {
                "place": place,
                "day": use.on.isoformat(),
                "title": use.title,
                "amount": Amount(Hundredths(use.amount)),
            },
        )
        for place, use in enumerate(uses, 1)
    )


def check_conversion_reversal(
    sides: Sequence[Side], available: Mapping[UUID, int], effective_on: date
) -> Refusal | None:
    """Refuse to reverse what is no conversion, was reversed, counts later or whose made credit was used since.

    Args:
        sides: all postings of the conversion.
        available: hundredths available of each lot at this point, where it is another than the sides say.
        effective_on: from when the reversal counts.
    """
    if not sides:
        return Refusal.because("reversal.unknown_conversion")
    for side in sides:
        if side.reversed_on is not None:
            return Refusal.because("reversal.reversed_before", day=side.reversed_on.isoformat())
        if effective_on < side.counts_from:
            # Between the two days the learner would have had credit twice, or owed some.
            return Refusal.because(
                "reversal.too_early", converted=side.counts_from.isoformat(), reversed=effective_on.isoformat()
            )
    for side in sides:
        left = available.get(side.lot_id, side.available)
        if side.made and left < side.amount:
            return Refusal.because(
                "reversal.made_in_use",
                title=side.title,
                amount=Amount(Hundredths(side.amount)),
                available=Amount(Hundredths(left)),
            )
    return None


def undoing_rounds(conversions: Mapping[UUID, Sequence[Side]]) -> list[list[UUID]]:
    """Conversions of one learner or of many in rounds: what used the credit of another comes undone before it.

    No two of one round touch a lot together, so that each round can be one statement.
    """
    users: dict[UUID, list[UUID]] = {}
    for conversion, sides in conversions.items():
        for side in sides:
            if not side.made:
                users.setdefault(side.lot_id, []).append(conversion)
    ordered: dict[UUID, None] = {}
    for conversion in conversions:
        _after_its_users(conversion, conversions, users, ordered)
    rounds: list[list[UUID]] = []
    touched: dict[UUID, int] = {}
    for conversion in ordered:
        lots = {side.lot_id for side in conversions[conversion]}
        place = max((touched[lot] + 1 for lot in lots if lot in touched), default=0)
        if place == len(rounds):
            rounds.append([])
        rounds[place].append(conversion)
        touched |= dict.fromkeys(lots, place)
    return rounds


def _after_its_users(
    conversion: UUID,
    conversions: Mapping[UUID, Sequence[Side]],
    users: Mapping[UUID, Sequence[UUID]],
    ordered: dict[UUID, None],
) -> None:
    """Add a conversion behind all that used what it made; a long chain needs no deep stack."""
    waiting = [conversion]
    while waiting:
        one = waiting[-1]
        made = [side.lot_id for side in conversions[one] if side.made]
        first = [user for lot in made for user in users.get(lot, ()) if user not in ordered and user != one]
        if first and one not in ordered:
            waiting += first
        else:
            ordered.setdefault(waiting.pop())
