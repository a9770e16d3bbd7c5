"""Hold credit for an open application, and release it again; all of a call or none."""

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
from creditbank.domain.ledger import Hold, Kind, Release, Source, check_hold, lot_facts, posting_record
from creditbank.domain.log.leaf import commit
from creditbank.gateways.clock import new_id, new_salt
from creditbank.gateways.postgres import run
from creditbank.records.scope import Scope
from creditbank.services.ledger.post import Posted, earlier_postings, institution_code
from creditbank.services.ledger.statements import HOLD, HOLDS, LOCK_HOLDS, LOCK_LOTS, RELEASE, TO_CONVERT

_ABOUT = ("title", "title_en", "category", "level", "earned_on", "expires_on", "unit")


@dataclass(frozen=True, slots=True)
class _Move:
    """One posting about to be written, of a hold or its release."""

    learner_id: UUID
    key: str
    request_hash: bytes
    lot_id: UUID
    amount: int
    effective_on: date
    resolves: UUID | None
    posting_id: UUID
    about: Sequence[Any]


def hold_credit(
    *, scope: Scope, holds: Sequence[Hold], reason: str, actor: UUID, at: datetime
) -> tuple[Posted, ...] | Refusal:
    """Reserve available credit, all or none, inside the scope's transaction; what is held nobody else can use.

    The scope's institution awarded it. A key used before for the same request returns its hold and writes nothing.

    Raises:
        ValueError: the scope acts for no institution, or two holds of one call share a lot or a key.
    """
    _once(scope, [(one.learner_id, one.key) for one in holds], [(one.learner_id, one.lot_id) for one in holds])
    lots = _lookup(scope, [(one.learner_id, one.lot_id) for one in holds], "lot_id")
    connection = connections[scope.using]
    run(connection, LOCK_LOTS, lots)
    found = {
        (learner, lot): (Source(about[0], available, counts_from), about)
        for learner, lot, available, counts_from, *about in run(connection, TO_CONVERT, lots)
    }
    known = _known(scope, holds)
    if isinstance(known, Refusal):
        return known
    moves: dict[int, _Move] = {}
    for place, one in enumerate(holds, 1):
        if place in known:
            continue
        source, about = found.get((one.learner_id, one.lot_id), (None, ()))
        if refusal := check_hold(one, source):
            return refusal
        moves[place] = _Move(
            one.learner_id, one.key, _hash(one), one.lot_id, one.amount, one.effective_on, None, new_id(), about
        )
    _write(scope, HOLD, Kind.HOLD, list(moves.values()), reason=reason, actor=actor, at=at)
    return _answer(len(holds), known, moves)


def release_holds(
    *, scope: Scope, releases: Sequence[Release], reason: str, actor: UUID, at: datetime
) -> tuple[Posted, ...] | Refusal:
    """End holds, all or none, inside the scope's transaction: what they held is available again, each whole and once.

    A key used before for the same request returns its release and writes nothing.

    Raises:
        ValueError: the scope acts for no institution, or two releases of one call share a hold or a key.
    """
    _once(scope, [(one.learner_id, one.key) for one in releases], [(one.learner_id, one.hold_id) for one in releases])
    lookup = _lookup(scope, [(one.learner_id, one.hold_id) for one in releases], "posting_id")
    connection = connections[scope.using]
    run(connection, LOCK_HOLDS, lookup)
    found = {(learner, hold): (lot, amount, done, about) for learner, hold, lot, amount, done, *about in run(
        connection, HOLDS, lookup
    )}  # fmt: skip
    known = _known(scope, releases)
    if isinstance(known, Refusal):
        return known
    moves: dict[int, _Move] = {}
    for place, one in enumerate(releases, 1):
        if place in known:
            continue
        if (one.learner_id, one.hold_id) not in found:
            return Refusal.because("ledger.unknown_hold")
        lot, amount, done, about = found[one.learner_id, one.hold_id]
        if done:
            return Refusal.because("ledger.hold_resolved")
        moves[place] = _Move(
            one.learner_id, one.key, _hash(one), lot, amount, one.effective_on, one.hold_id, new_id(), about
        )
    for part in _rounds(list(moves.values())):
        _write(scope, RELEASE, Kind.RELEASE, part, reason=reason, actor=actor, at=at)
    return _answer(len(releases), known, moves)


def _rounds(moves: Sequence[_Move]) -> list[list[_Move]]:
    """The moves in rounds, of which none touches a lot twice: a lot can be held for several applications."""
    rounds: list[list[_Move]] = []
    touched: dict[tuple[UUID, UUID], int] = {}
    for move in moves:
        place = touched.get((move.learner_id, move.lot_id), 0)
        touched[move.learner_id, move.lot_id] = place + 1
        if place == len(rounds):
            rounds.append([])
        rounds[place].append(move)
    return rounds


def _once(scope: Scope, keys: Sequence[tuple[UUID, str]], things: Sequence[tuple[UUID, UUID]]) -> None:
    if scope.institution is None:
        raise ValueError("only an institution holds and releases credit")
    if len(set(keys)) < len(keys) or len(set(things)) < len(things):
        raise ValueError("one call names a key, a lot or a hold twice")


def _lookup(scope: Scope, places: Sequence[tuple[UUID, UUID]], name: str) -> dict[str, Any]:
    return {
        "learner_id": [learner for learner, _thing in places],
        name: [thing for _learner, thing in places],
        "institution_id": scope.institution,
    }


def _hash(one: Hold | Release) -> bytes:
    return hashlib.sha256(canonical(one.request())).digest()


def _known(scope: Scope, asked: Sequence[Hold | Release]) -> Mapping[int, Posted] | Refusal:
    return earlier_postings(
        scope,
        {
            "learner_id": [one.learner_id for one in asked],
            "key": [one.key for one in asked],
            "request_hash": [_hash(one) for one in asked],
            "institution_id": scope.institution,
        },
    )


def _write(
    scope: Scope, statement: str, kind: Kind, moves: Sequence[_Move], *, reason: str, actor: UUID, at: datetime
) -> None:
    if not moves:
        return
    code, salts = institution_code(scope), [new_salt() for _ in moves]
    commitments = [
        commit(
            salt,
            posting_record(
                posting_id=move.posting_id, kind=kind, lot_id=move.lot_id, learner_id=move.learner_id,
                institution=code, amount=move.amount, effective_on=move.effective_on, recorded_at=at, actor_id=actor,
                reason=reason, request_hash=move.request_hash,
                facts=lot_facts(**dict(zip(_ABOUT, move.about, strict=True)))
                | ({"resolves": str(move.resolves)} if move.resolves else {}),
            ),
        )
        for move, salt in zip(moves, salts, strict=True)
    ]  # fmt: skip
    names = ("learner_id", "key", "request_hash", "lot_id", "posting_id", "amount", "effective_on", "resolves")
    columns: dict[str, Any] = {name: [getattr(move, name) for move in moves] for name in names}
    columns |= {"salt": salts, "commitment": commitments, "institution_id": scope.institution}
    columns |= {"recorded_at": at, "actor_id": actor, "reason": reason, "batch_id": None}
    ((written,),) = run(connections[scope.using], statement, columns)
    if written != len(moves):
        # The rows were locked above, so only a defect or a foreign hand can bring us here.
        raise RuntimeError("a balance changed under its lock; nothing was posted")


def _answer(count: int, known: Mapping[int, Posted], moves: Mapping[int, _Move]) -> tuple[Posted, ...]:
    return tuple(
        known[place] if place in known else Posted(moves[place].posting_id, moves[place].lot_id)
        for place in range(1, count + 1)
    )
