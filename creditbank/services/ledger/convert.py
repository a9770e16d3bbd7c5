"""Post conversions: credit of a learner that is used up, and the credit it becomes, all or none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connections

from creditbank.domain.canonical import canonical
from creditbank.domain.explanation import Refusal
from creditbank.domain.ledger import (
    WORDED,
    Conversion,
    Kind,
    Source,
    check_conversion,
    lot_facts,
    posting_record,
    request_bytes,
    wordings,
)
from creditbank.domain.log.leaf import commit
from creditbank.gateways.clock import new_id, new_salt
from creditbank.gateways.postgres import run
from creditbank.records.scope import Scope
from creditbank.services.ledger.post import PostedConversion, earlier_postings, institution_code
from creditbank.services.ledger.statements import LOCK_LOTS, MADE, TO_CONVERT, USED


@dataclass(frozen=True, slots=True)
class _Leg:
    """One posting of a conversion about to be written: of what is used, or (with a place in ``made``) made."""

    posting_id: UUID
    lot_id: UUID
    key: str
    amount: int
    request_hash: bytes
    made: int | None


@dataclass(frozen=True, slots=True)
class _Planned:
    conversion: Conversion
    conversion_id: UUID
    legs: tuple[_Leg, ...]


def post_conversions(
    *,
    scope: Scope,
    conversions: Sequence[Conversion],
    reason: str,
    actor: UUID,
    at: datetime,
    batch: UUID | None = None,
) -> tuple[PostedConversion, ...] | Refusal:
    """Use up credit and make other credit of it, all conversions or none, inside the scope's transaction.

    The scope's institution awarded what is used and awards what is made. A conversion may use what an earlier one of
    the same call made or left. A key used before for the same request returns what it made and writes nothing.

    Raises:
        ValueError: the scope acts for no institution, two conversions share learner and key, or one names a lot twice.
    """
    if scope.institution is None:
        raise ValueError("only an institution converts credit")
    if len({(one.learner_id, one.key) for one in conversions}) < len(conversions):
        raise ValueError("two conversions of one call share learner and key")
    if any(len({use.lot_id for use in one.used}) < len(one.used) for one in conversions):
        raise ValueError("a conversion names a lot twice")
    common = {
        "institution_id": scope.institution,
        "recorded_at": at,
        "actor_id": actor,
        "reason": reason,
        "batch_id": batch,
    }
    done: list[PostedConversion] = []
    for part in _rounds(conversions):
        posted = _post(scope, part, common)
        if isinstance(posted, Refusal):
            # Earlier rounds of this call may have been written; a refusal leaves nothing behind.
            connections[scope.using].set_rollback(rollback=True)
            return posted
        done += posted
    return tuple(done)


def sources_of(scope: Scope, lots: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], Source]:
    """What stands of lots, by learner and lot, locked until the transaction ends; those not there are left out."""
    return {place: source for place, (source, _facts) in _read(scope, lots).items()}


def _rounds(conversions: Sequence[Conversion]) -> Iterator[list[Conversion]]:
    """The conversions in their order, cut where one uses a lot that another of the same round uses."""
    part: list[Conversion] = []
    used: set[tuple[UUID, UUID]] = set()
    for one in conversions:
        mine = {(one.learner_id, use.lot_id) for use in one.used}
        if used & mine:
            yield part
            part, used = [], set()
        part.append(one)
        used |= mine
    if part:
        yield part


def _post(scope: Scope, conversions: Sequence[Conversion], common: dict[str, Any]) -> list[PostedConversion] | Refusal:
    planned = [_plan(one) for one in conversions]
    known = _known(scope, planned, common)
    if isinstance(known, Refusal):
        return known
    fresh = [one for one in planned if one.conversion_id not in known]
    sources = _read(scope, [(one.conversion.learner_id, use.lot_id) for one in fresh for use in one.conversion.used])
    for one in fresh:
        learner = one.conversion.learner_id
        mine = {lot: source for (owner, lot), (source, _facts) in sources.items() if owner == learner}
        if refusal := check_conversion(one.conversion, mine):
            return refusal
    facts = {place: said for place, (_source, said) in sources.items()}
    _write_used(scope, fresh, facts, common)
    _write_made(scope, fresh, common)
    return [
        known.get(one.conversion_id)
        or PostedConversion(one.conversion_id, tuple(leg.lot_id for leg in one.legs if leg.made is not None))
        for one in planned
    ]


def _plan(one: Conversion) -> _Planned:
    """The postings of a conversion, each with a key of its own: a posting has one request, and a request one key."""
    whole = hashlib.sha256(canonical(one.request())).digest()
    used = [_Leg(new_id(), use.lot_id, f"{one.key}#{at}", use.amount, whole, None) for at, use in enumerate(one.used)]
    made = [
        _Leg(
            new_id(), new_id(), f"{one.key}#{at + len(used)}", deposit.amount,
            hashlib.sha256(request_bytes(deposit)).digest(), at,
        )
        for at, deposit in enumerate(one.made)
    ]  # fmt: skip
    return _Planned(one, new_id(), (*used, *made))


def _known(scope: Scope, planned: Sequence[_Planned], common: dict[str, Any]) -> dict[UUID, PostedConversion] | Refusal:
    """What conversions with the same keys made before, by the id planned for each now."""
    places = [(one, leg) for one in planned for leg in one.legs]
    lookup = {
        "learner_id": [one.conversion.learner_id for one, _leg in places],
        "key": [leg.key for _one, leg in places],
        "request_hash": [leg.request_hash for _one, leg in places],
        "institution_id": common["institution_id"],
    }
    earlier = earlier_postings(scope, lookup)
    if isinstance(earlier, Refusal):
        return earlier
    found: dict[UUID, PostedConversion] = {}
    for one in planned:
        mine = [(at, leg) for at, (of, leg) in enumerate(places, 1) if of is one]
        if all(at not in earlier for at, _leg in mine):
            continue
        if any(at not in earlier for at, _leg in mine):
            return Refusal.because("ledger.key_reused", key=one.conversion.key)
        posting = earlier[mine[0][0]].posting_id
        (conversion,) = scope.fetch(
            "SELECT conversion_id FROM posting WHERE learner_id = %s AND posting_id = %s",
            [one.conversion.learner_id, posting],
        )[0]
        lots = tuple(earlier[at].lot_id for at, leg in mine if leg.made is not None)
        found[one.conversion_id] = PostedConversion(conversion, lots, repeated=True)
    return found


def _read(scope: Scope, lots: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], tuple[Source, dict[str, Any]]]:
    lookup = {
        "learner_id": [learner for learner, _lot in lots],
        "lot_id": [lot for _learner, lot in lots],
        "institution_id": scope.institution,
    }
    connection = connections[scope.using]
    run(connection, LOCK_LOTS, lookup)
    names = ("title", "title_en", "category", "level", "earned_on", "expires_on", "unit")
    return {
        (learner, lot): (
            Source(title=about[0], available=available, counts_from=counts_from),
            lot_facts(**dict(zip(names, about, strict=True))),
        )
        for learner, lot, available, counts_from, *about in run(connection, TO_CONVERT, lookup)
    }


def _write_used(
    scope: Scope,
    planned: Sequence[_Planned],
    facts: dict[tuple[UUID, UUID], dict[str, Any]],
    common: dict[str, Any],
) -> None:
    legs = [(one, leg) for one in planned for leg in one.legs if leg.made is None]
    if not legs:
        return
    columns = _columns(scope, legs, [facts[one.conversion.learner_id, leg.lot_id] for one, leg in legs], common)
    columns["effective_on"] = [one.conversion.effective_on for one, _leg in legs]
    ((written,),) = run(connections[scope.using], USED, columns | common)
    if written != len(legs):
        # The rows were locked above, so only a defect or a foreign hand can bring us here.
        raise RuntimeError("a balance changed under its lock; nothing was posted")


def _write_made(scope: Scope, planned: Sequence[_Planned], common: dict[str, Any]) -> None:
    legs = [(one, leg) for one in planned for leg in one.legs if leg.made is not None]
    if not legs:
        return
    deposits = [one.conversion.made[leg.made or 0] for one, leg in legs]
    said, places = wordings(deposits)
    facts = [
        lot_facts(
            title=one.title, title_en=one.title_en, category=one.category, level=one.level, earned_on=one.earned_on,
            expires_on=one.expires_on, unit=one.unit,
        )
        for one in deposits
    ]  # fmt: skip
    columns = _columns(scope, legs, facts, common)
    columns |= zip(WORDED, map(list, zip(*[wording.values for wording in said], strict=True)), strict=True)
    columns |= {
        # Arrays of the database count from 1.
        "wording": [place + 1 for place in places],
        "source_id": [one.source_id for one in deposits],
        "evidence_hash": [one.evidence_hash for one in deposits],
    }
    ((written,),) = run(connections[scope.using], MADE, columns | common)
    if written != len(legs):
        raise RuntimeError("a key of a conversion was taken while it was posted; nothing was posted")


def _columns(
    scope: Scope,
    legs: Sequence[tuple[_Planned, _Leg]],
    facts: Sequence[dict[str, Any]],
    common: dict[str, Any],
) -> dict[str, Any]:
    """The columns that used and made postings have in common, the commitment among them."""
    salts = [new_salt() for _ in legs]
    code = institution_code(scope)
    commitments = [
        commit(
            salt,
            posting_record(
                posting_id=leg.posting_id, kind=Kind.CONVERT, lot_id=leg.lot_id, learner_id=one.conversion.learner_id,
                institution=code, amount=leg.amount,
                effective_on=one.conversion.effective_on if leg.made is None
                else one.conversion.made[leg.made].effective_on,
                recorded_at=common["recorded_at"], actor_id=common["actor_id"], reason=common["reason"],
                request_hash=leg.request_hash, facts=said | {"conversion": str(one.conversion_id)},
            ),
        )
        for (one, leg), salt, said in zip(legs, salts, facts, strict=True)
    ]  # fmt: skip
    return {
        "learner_id": [one.conversion.learner_id for one, _leg in legs],
        "key": [leg.key for _one, leg in legs],
        "request_hash": [leg.request_hash for _one, leg in legs],
        "lot_id": [leg.lot_id for _one, leg in legs],
        "posting_id": [leg.posting_id for _one, leg in legs],
        "amount": [leg.amount for _one, leg in legs],
        "conversion_id": [one.conversion_id for one, _leg in legs],
        "salt": salts,
        "commitment": commitments,
    }
