"""Reverse conversions: the mirrors of all their sides together, or none."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connections

from creditbank.domain.canonical import canonical
from creditbank.domain.explanation import Refusal
from creditbank.domain.ledger import Kind, State, lot_facts, posting_record
from creditbank.domain.log.leaf import commit
from creditbank.domain.reversal import Side, check_conversion_reversal, first_to_reverse, undoing_rounds
from creditbank.gateways.clock import new_id, new_salt
from creditbank.gateways.postgres import run
from creditbank.queries.conversions import later_uses
from creditbank.records.scope import Scope
from creditbank.services.ledger.post import PostedConversion, earlier_postings, institution_code
from creditbank.services.ledger.statements import LOCK_SIDES, SIDES, UNDO

_ABOUT = ("title", "title_en", "category", "level", "earned_on", "expires_on", "unit")


@dataclass(frozen=True, slots=True)
class ConversionReversal:
    """A request to reverse one conversion as a whole; ``key`` makes a repeat harmless."""

    learner_id: UUID
    conversion_id: UUID
    key: str


@dataclass(frozen=True, slots=True)
class _Mirror:
    """One posting about to be written: the mirror of a side."""

    side: Side
    posting_id: UUID
    key: str
    facts: Mapping[str, Any]


def reverse_conversions(
    *,
    scope: Scope,
    reversals: Sequence[ConversionReversal],
    reason: str,
    actor: UUID,
    effective_on: date,
    at: datetime,
    batch: UUID | None = None,
) -> tuple[PostedConversion, ...] | Refusal:
    """Post the mirrors of all sides of conversions, all or none, inside the scope's transaction.

    What a conversion used is available again, what it made goes back to the issuer. One of the call may have used what
    another made: it comes undone first. Nothing is edited. A key used before for the same conversion returns what it
    posted. The refusal names the first conversion that is not there, was reversed before, counts later than
    ``effective_on``, or whose made credit was used since, with all that has to be reversed first, in order.

    Raises:
        ValueError: the scope acts for no institution, or two requests name one conversion or share learner and key.
    """
    if scope.institution is None:
        raise ValueError("only an institution reverses credit")
    if not reversals:
        return ()
    conversions = {(item.learner_id, item.conversion_id) for item in reversals}
    if min(len(conversions), len({(item.learner_id, item.key) for item in reversals})) < len(reversals):
        raise ValueError("one call reverses a conversion or names a key twice")
    connection = connections[scope.using]
    lookup = {
        "learner_id": [item.learner_id for item in reversals],
        "conversion_id": [item.conversion_id for item in reversals],
        "institution_id": scope.institution,
    }
    run(connection, LOCK_SIDES, lookup)
    mirrors = _mirrors(reversals, run(connection, SIDES, lookup))
    done = _known(scope, reversals, mirrors)
    if isinstance(done, Refusal):
        return done
    fresh = {item.conversion_id: item for item in reversals if item.conversion_id not in done}
    rounds = undoing_rounds({one: [mirror.side for mirror in mirrors[one]] for one in fresh})
    if refusal := _refused(scope, fresh, mirrors, rounds, effective_on):
        return refusal
    common = {
        "institution_id": scope.institution,
        "recorded_at": at,
        "actor_id": actor,
        "reason": reason,
        "batch_id": batch,
    }
    for part in rounds:
        legs = [(fresh[one], mirror) for one in part for mirror in mirrors[one]]
        ((written,),) = run(connection, UNDO, _columns(scope, legs, effective_on, common) | common)
        if written != len(legs):
            # The rows were locked above, so only a defect or a foreign hand can bring us here.
            raise RuntimeError("a balance changed under its lock; nothing was posted")
    return tuple(
        done.get(item.conversion_id)
        or PostedConversion(item.conversion_id, tuple(mirror.posting_id for mirror in mirrors[item.conversion_id]))
        for item in reversals
    )


def _mirrors(
    reversals: Sequence[ConversionReversal], rows: Sequence[tuple[Any, ...]]
) -> dict[UUID, tuple[_Mirror, ...]]:
    """The mirrors to be posted, by conversion; none for a conversion that is not there."""
    found: dict[UUID, list[_Mirror]] = {item.conversion_id: [] for item in reversals}
    for place, posting, lot, made, amount, counts_from, available, reversed_on, *about in rows:
        item = reversals[place - 1]
        side = Side(posting, lot, made, amount, counts_from, about[0], available, reversed_on)
        mine = found[item.conversion_id]
        facts = lot_facts(**dict(zip(_ABOUT, about, strict=True)))
        mine.append(_Mirror(side, new_id(), f"{item.key}#{len(mine)}", facts | {"reverses": str(posting)}))
    return {conversion: tuple(mine) for conversion, mine in found.items()}


def _known(
    scope: Scope, reversals: Sequence[ConversionReversal], mirrors: Mapping[UUID, Sequence[_Mirror]]
) -> dict[UUID, PostedConversion] | Refusal:
    """What the same requests posted before, by conversion."""
    places = [(item, mirror) for item in reversals for mirror in mirrors[item.conversion_id]]
    lookup = {
        "learner_id": [item.learner_id for item, _mirror in places],
        "key": [mirror.key for _item, mirror in places],
        "request_hash": [_request_hash(item) for item, _mirror in places],
        "institution_id": scope.institution,
    }
    earlier = earlier_postings(scope, lookup)
    if isinstance(earlier, Refusal):
        return earlier
    found: dict[UUID, list[UUID]] = {}
    for place, (item, _mirror) in enumerate(places, 1):
        if place in earlier:
            found.setdefault(item.conversion_id, []).append(earlier[place].posting_id)
    return {one: PostedConversion(one, tuple(postings), repeated=True) for one, postings in found.items()}


def _refused(
    scope: Scope,
    fresh: Mapping[UUID, ConversionReversal],
    mirrors: Mapping[UUID, Sequence[_Mirror]],
    rounds: Sequence[Sequence[UUID]],
    effective_on: date,
) -> Refusal | None:
    """Why one of the conversions cannot be reversed, after those before it in the order were."""
    available: dict[tuple[UUID, UUID], int] = {}
    for one in (one for part in rounds for one in part):
        learner, sides = fresh[one].learner_id, [mirror.side for mirror in mirrors[one]]
        here = {side.lot_id: available.get((learner, side.lot_id), side.available) for side in sides}
        if refusal := check_conversion_reversal(sides, here, effective_on):
            made = [side.lot_id for side in sides if side.made]
            # What this call reverses itself is no obstacle.
            stands = [use for use in later_uses(scope, learner, made) if use.conversion_id not in fresh]
            return Refusal((*refusal.explanation, *first_to_reverse(stands)))
        for side in sides:
            moved = -side.amount if side.made else side.amount
            available[learner, side.lot_id] = here[side.lot_id] + moved
    return None


def _request_hash(item: ConversionReversal) -> bytes:
    return hashlib.sha256(
        canonical({"learner_id": str(item.learner_id), "reverses_conversion": str(item.conversion_id)})
    ).digest()


def _columns(
    scope: Scope,
    legs: Sequence[tuple[ConversionReversal, _Mirror]],
    effective_on: date,
    common: Mapping[str, Any],
) -> dict[str, Any]:
    code = institution_code(scope)
    salts = [new_salt() for _ in legs]
    commitments = [
        commit(
            salt,
            posting_record(
                posting_id=mirror.posting_id, kind=Kind.REVERSE, lot_id=mirror.side.lot_id,
                learner_id=item.learner_id, institution=code, amount=mirror.side.amount, effective_on=effective_on,
                recorded_at=common["recorded_at"], actor_id=common["actor_id"], reason=common["reason"],
                request_hash=_request_hash(item), facts=mirror.facts,
            ),
        )
        for (item, mirror), salt in zip(legs, salts, strict=True)
    ]  # fmt: skip
    return {
        "learner_id": [item.learner_id for item, _mirror in legs],
        "key": [mirror.key for _item, mirror in legs],
        "request_hash": [_request_hash(item) for item, _mirror in legs],
        "reverses": [mirror.side.posting_id for _item, mirror in legs],
        "lot_id": [mirror.side.lot_id for _item, mirror in legs],
        "posting_id": [mirror.posting_id for _item, mirror in legs],
        "amount": [mirror.side.amount for _item, mirror in legs],
        "effective_on": [effective_on] * len(legs),
        "from_state": [str(State.AVAILABLE if mirror.side.made else State.CONVERTED) for _item, mirror in legs],
        "salt": salts,
        "commitment": commitments,
    }
