"""Conversions of a learner: one with all its sides, and what stands on credit that was given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from creditbank.domain.reversal import LaterUse
from creditbank.domain.values import Hundredths, Text
from creditbank.records.people import Account
from creditbank.records.scope import Scope

# Whoever used what another use made stands on it, at a depth of one more; the deepest comes undone first.
_USES = """
WITH RECURSIVE uses AS (
  SELECT posting.posting_id, posting.conversion_id, 1 AS depth FROM posting
  WHERE posting.learner_id = %(learner)s AND posting.lot_id = ANY(%(lots)s) AND {use}
  UNION
  SELECT posting.posting_id, posting.conversion_id, uses.depth + 1 FROM uses
  JOIN posting AS made ON made.learner_id = %(learner)s AND made.conversion_id = uses.conversion_id
    AND made.from_state = 'issued'
  JOIN posting ON posting.learner_id = %(learner)s AND posting.lot_id = made.lot_id
  WHERE {use}
), found AS (
  SELECT coalesce(conversion_id, posting_id) AS what, conversion_id, max(depth) AS depth FROM uses GROUP BY 1, 2
)
SELECT found.conversion_id, string_agg(lot.title, '、' ORDER BY posting.posting_id), sum(posting.amount),
  max(posting.effective_on)
FROM found JOIN posting ON posting.learner_id = %(learner)s AND CASE WHEN found.conversion_id IS NULL
  THEN posting.posting_id = found.what ELSE posting.conversion_id = found.conversion_id AND from_state = 'issued' END
JOIN lot ON lot.learner_id = posting.learner_id AND lot.lot_id = posting.lot_id
GROUP BY found.conversion_id, found.what, found.depth
ORDER BY found.depth DESC, max(posting.recorded_at) DESC, max(posting.posting_id::text) DESC
"""
_STANDS = """posting.from_state = 'available' AND posting.kind <> 'reverse' AND NOT EXISTS (
    SELECT FROM posting AS mirror WHERE mirror.learner_id = posting.learner_id AND mirror.reverses = posting.posting_id)
"""
_LATER = _USES.format(use=_STANDS)

_SIDES = """
SELECT posting.posting_id, posting.lot_id, posting.from_state = 'issued', lot.title, lot.title_en, posting.amount,
  posting.effective_on, coalesce(balance.amount, 0), coalesce(opening_lot.document, ''), mirror.effective_on,
  posting.recorded_at, posting.actor_id
FROM posting JOIN lot ON lot.learner_id = posting.learner_id AND lot.lot_id = posting.lot_id
LEFT JOIN opening_lot ON opening_lot.learner_id = lot.learner_id AND opening_lot.lot_id = lot.lot_id
LEFT JOIN posting AS mirror ON mirror.learner_id = posting.learner_id AND mirror.reverses = posting.posting_id
LEFT JOIN balance ON balance.learner_id = posting.learner_id AND balance.lot_id = posting.lot_id
  AND balance.state = 'available'
WHERE posting.learner_id = %(learner)s AND posting.conversion_id = %(conversion)s
  AND posting.institution_id = %(institution)s
ORDER BY posting.from_state = 'issued', posting.posting_id
"""


@dataclass(frozen=True, slots=True)
class ConversionSide:
    """One lot of a conversion, used or made, in hundredths; ``available`` is what can be used of it now."""

    posting_id: UUID
    lot_id: UUID
    title: Text
    amount: Hundredths
    on: date
    available: Hundredths
    document: str


@dataclass(frozen=True, slots=True)
class ConversionView:
    """A conversion as a whole: what it used, what it made, who posted it when, and the day of its reversal."""

    used: tuple[ConversionSide, ...]
    made: tuple[ConversionSide, ...]
    recorded_at: datetime
    actor_id: UUID
    actor: Text
    reversed_on: date | None
    stands_on_it: tuple[LaterUse, ...]
    """What used the made credit since and has to be reversed first, in that order."""


def later_uses(scope: Scope, learner: UUID, lots: Sequence[UUID]) -> tuple[LaterUse, ...]:
    """What used credit of these lots, or credit made of it, and stands; the last first, as it has to come undone."""
    rows = scope.fetch(_LATER, {"learner": learner, "lots": list(lots)})
    return tuple(LaterUse(conversion, title, int(amount), on) for conversion, title, amount, on in rows)


def read_conversion(scope: Scope, learner: UUID, conversion: UUID) -> ConversionView | None:
    """A conversion that the scope's institution posted, or nothing."""
    values = {"learner": learner, "conversion": conversion, "institution": scope.institution}
    rows = scope.fetch(_SIDES, values)
    if not rows:
        return None
    used: list[ConversionSide] = []
    made: list[ConversionSide] = []
    for posting, lot, gives, title, title_en, amount, on, available, document, *_rest in rows:
        side = ConversionSide(
            posting, lot, Text(title, title_en), Hundredths(amount), on, Hundredths(available), document
        )
        (made if gives else used).append(side)
    *_side, reversed_on, recorded_at, actor = rows[0]
    person = Account.objects.using(scope.using).filter(pk=actor).values_list("name", "name_en").first()
    return ConversionView(
        used=tuple(used),
        made=tuple(made),
        recorded_at=recorded_at,
        actor_id=actor,
        actor=Text(*person) if person else Text(""),
        reversed_on=reversed_on,
        stands_on_it=later_uses(scope, learner, [side.lot_id for side in made]),
    )
