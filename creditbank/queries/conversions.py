"""Conversions: one of a learner with all its sides, what stands on it, and all that were posted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from creditbank.domain.access import Actor
from creditbank.domain.conversions.credit_lots import Lot
from creditbank.domain.conversions.impact import PastConversion
from creditbank.domain.conversions.model import Target, TargetKind
from creditbank.domain.reversal import LaterUse
from creditbank.domain.values import Hundredths, Text
from creditbank.queries import credit_lots
from creditbank.records.institutions import Institution
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


# Conversions are narrowed, and cut to the newest, before anything is read of their lots and learners.
_POSTED = f"""
WITH done AS MATERIALIZED (
  SELECT posting.learner_id, posting.conversion_id, max(posting.effective_on) AS counts_from,
    max(posting.recorded_at) AS recorded_at
  FROM posting LEFT JOIN enrolment ON enrolment.learner_id = posting.learner_id
    AND enrolment.institution_id = posting.institution_id
  WHERE posting.institution_id = %(institution)s AND posting.conversion_id IS NOT NULL AND posting.kind = 'convert'
    AND (%(college)s::uuid IS NULL OR enrolment.college_id = %(college)s)
    AND (%(learner)s::uuid IS NULL OR posting.learner_id = %(learner)s)
    AND (%(conversion)s::uuid IS NULL OR posting.conversion_id = %(conversion)s)
    AND NOT EXISTS (SELECT FROM posting AS mirror
      WHERE mirror.learner_id = posting.learner_id AND mirror.reverses = posting.posting_id)
  GROUP BY posting.learner_id, posting.conversion_id
  ORDER BY 3 DESC, 4 DESC, 2 LIMIT %(limit)s
)
SELECT done.learner_id, done.conversion_id, done.counts_from, posting.from_state = 'issued',
  coalesce(posting.from_after, 0) + posting.amount, coalesce(enrolment.student_number, ''),
  coalesce(enrolment.name, ''), coalesce(enrolment.name_en, ''), coalesce(enrolment.programme_code, ''),
  coalesce(enrolment.cohort::text, ''), {credit_lots.COLUMNS}
FROM done JOIN posting ON posting.learner_id = done.learner_id AND posting.conversion_id = done.conversion_id
  AND posting.kind = 'convert'
JOIN lot ON lot.learner_id = posting.learner_id AND lot.lot_id = posting.lot_id
LEFT JOIN enrolment ON enrolment.learner_id = done.learner_id AND enrolment.institution_id = %(institution)s
{credit_lots.JOINS}
ORDER BY done.counts_from DESC, done.recorded_at DESC, done.conversion_id, posting.from_state = 'issued',
  posting.posting_id
"""  # noqa: S608 - fixed fragments only
_PERSON = 5
"""How many columns tell whose a conversion is, before those of a lot."""


@dataclass(frozen=True, slots=True)
class PostedConversion:
    """A conversion as rules look at it, with its learner as the institution knows them."""

    past: PastConversion
    student_number: str
    name: Text


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


def posted_conversions(
    scope: Scope, actor: Actor, *, most: int, learner: UUID | None = None, conversion: UUID | None = None
) -> tuple[PostedConversion, ...]:
    """The conversions of an institution that stand, the newest first; of one college, learner or conversion alone.

    Whoever works for one college sees those of its learners. What was reversed is left out.
    """
    values = {
        "institution": scope.institution, "college": actor.college, "learner": learner, "conversion": conversion,
        "limit": most,
    }  # fmt: skip
    code = scope.rows(Institution).filter(pk=scope.institution).values_list("code", flat=True).first() or ""
    together = groupby(scope.fetch(_POSTED, values), key=lambda row: row[1])
    return tuple(_posted(list(rows), code) for _conversion, rows in together)


def _posted(rows: list[tuple[Any, ...]], institution: str) -> PostedConversion:
    used: list[Lot] = []
    targets: list[Target] = []
    titles: list[Text] = []
    for _learner, _conversion, _on, gives, credit, *rest in rows:
        lot = credit_lots.lot_of(tuple(rest[_PERSON:]), credit=credit, institution=institution)
        if gives:
            targets.append(_target(lot))
            titles.append(lot.title)
            continue
        used.append(lot)
    learner, conversion, on, _gives, _credit, number, name, name_en, programme, cohort, *_lot = rows[0]
    made = Text(
        "、".join(one.zh for one in titles),
        ", ".join(one.en for one in titles) if all(one.en for one in titles) else "",
    )
    past = PastConversion(learner, conversion, on, tuple(used), tuple(targets), made, programme, cohort)
    return PostedConversion(past, number, Text(name, name_en))


def _target(lot: Lot) -> Target:
    """What a conversion made, as rules name it."""
    if code := lot.known["code"]:
        return Target(TargetKind.COURSE, code)
    category = lot.known["category"]
    return Target(TargetKind.CATEGORY, category) if category else Target(TargetKind.ELECTIVE)


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
