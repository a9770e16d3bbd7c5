"""Post deposits and reversals: one batch is one transaction and one statement."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connections

from creditbank.domain.canonical import canonical
from creditbank.domain.explanation import Refusal
from creditbank.domain.ledger import (
    Deposit,
    check_deposit,
    check_reversal,
    lot_facts,
    posting_record,
    request_bytes,
)
from creditbank.domain.log.leaf import commit
from creditbank.gateways.clock import new_id, new_salt
from creditbank.gateways.postgres import run
from creditbank.records.scope import Scope
from creditbank.services.ledger.statements import DEPOSIT, LOCK, REPEATED, REVERSE, TO_REVERSE

_COLUMNS = (
    "learner_id",
    "key",
    "amount",
    "source_kind",
    "source_id",
    "outcome_type",
    "title",
    "title_en",
    "code",
    "category",
    "level",
    "field",
    "unit",
    "grade",
    "earned_on",
    "effective_on",
    "term",
    "academic_year",
    "expires_on",
    "rule_version_id",
    "rule_row",
    "evidence_hash",
)


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a request ended up; ``repeated`` when an earlier identical request had posted it already."""

    posting_id: UUID
    lot_id: UUID
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Reversal:
    """A request to reverse one posting; ``key`` makes a repeat harmless."""

    learner_id: UUID
    posting_id: UUID
    key: str


def post_deposits(
    *,
    scope: Scope,
    deposits: Sequence[Deposit],
    reason: str,
    actor: UUID,
    at: datetime,
    batch: UUID | None = None,
) -> tuple[Posted, ...] | Refusal:
    """Turn deposits into lots, all or none, inside the scope's transaction.

    The scope's institution is the awarding one. A key used before for the same request returns the earlier
    posting and writes nothing.

    Raises:
        ValueError: the scope acts for no institution, or two deposits of one batch share learner and key.
    """
    if scope.institution is None:
        raise ValueError("only an institution awards credit")
    for deposit in deposits:
        if refusal := check_deposit(deposit):
            return refusal
    if not deposits:
        return ()
    if len({(deposit.learner_id, deposit.key) for deposit in deposits}) < len(deposits):
        raise ValueError("two deposits of one batch share learner and key")
    code = _institution_code(scope)
    columns: dict[str, Any] = {name: [getattr(deposit, name) for deposit in deposits] for name in _COLUMNS}
    lots = [new_id() for _ in deposits]
    postings = [new_id() for _ in deposits]
    salts = [new_salt() for _ in deposits]
    requests = [_request_hash(deposit) for deposit in deposits]
    columns.update(
        request_hash=requests,
        lot_id=lots,
        posting_id=postings,
        salt=salts,
        commitment=[
            commit(salt, _deposit_record(deposit, posting, lot, code, at, actor, reason, request))
            for deposit, posting, lot, salt, request in zip(deposits, postings, lots, salts, requests, strict=True)
        ],
        institution_id=scope.institution,
        recorded_at=at,
        actor_id=actor,
        reason=reason,
        batch_id=batch,
    )
    fresh = {row[0] for row in _run(scope, DEPOSIT, columns)}
    if len(fresh) == len(deposits):
        return tuple(Posted(posting, lot) for posting, lot in zip(postings, lots, strict=True))
    return _with_repeats(scope, columns, fresh, postings, lots)


def reverse_postings(
    *,
    scope: Scope,
    reversals: Sequence[Reversal],
    reason: str,
    actor: UUID,
    effective_on: date,
    at: datetime,
    batch: UUID | None = None,
) -> tuple[Posted, ...] | Refusal:
    """Post the mirror of deposits, all or none, inside the scope's transaction.

    Nothing is edited: the deposit stays and its mirror stands beside it. The refusal names the first posting
    that is no deposit, was reversed before, or whose credit is in use.

    Raises:
        ValueError: the scope acts for no institution, or one batch names a posting or a learner's key twice.
    """
    if scope.institution is None:
        raise ValueError("only an institution reverses credit")
    if not reversals:
        return ()
    wanted = {(item.learner_id, item.posting_id): item for item in reversals}
    if min(len(wanted), len({(item.learner_id, item.key) for item in reversals})) < len(reversals):
        raise ValueError("one batch of reversals names a posting or a key twice")
    lookup = {
        "learner_id": [item.learner_id for item in wanted.values()],
        "key": [item.key for item in wanted.values()],
        "request_hash": [_reversal_hash(item) for item in wanted.values()],
        "posting_id": [item.posting_id for item in wanted.values()],
        "institution_id": scope.institution,
    }
    _run(scope, LOCK, lookup)
    found = {(row[0], row[1]): row for row in _run(scope, TO_REVERSE, lookup)}
    done = _earlier(scope, lookup)
    if isinstance(done, Refusal):
        return done
    code = _institution_code(scope)
    columns: dict[str, list[Any]] = {
        name: []
        for name in (
            "learner_id",
            "key",
            "request_hash",
            "reverses",
            "lot_id",
            "posting_id",
            "amount",
            "salt",
            "commitment",
        )
    }
    for place, (learner_posting, item) in enumerate(wanted.items(), 1):
        if place in done:
            continue
        row = found.get(learner_posting)
        if row is None:
            return Refusal.because("ledger.unknown_posting")
        learner, original, kind, lot, amount, deposited_on, available, reversed_by, *about = row
        if refusal := check_reversal(
            kind=kind,
            amount=amount,
            available=available,
            reversed_by=reversed_by,
            deposited_on=deposited_on,
            effective_on=effective_on,
        ):
            return refusal
        posting, salt = new_id(), new_salt()
        title, title_en, category, level, earned_on, expires_on, unit = about
        facts = lot_facts(
            title=title,
            title_en=title_en,
            category=category,
            level=level,
            earned_on=earned_on,
            expires_on=expires_on,
            unit=unit,
        )
        record = posting_record(
            posting_id=posting,
            kind="reverse",
            lot_id=lot,
            learner_id=learner,
            institution=code,
            amount=amount,
            effective_on=effective_on,
            recorded_at=at,
            actor_id=actor,
            reason=reason,
            request_hash=_reversal_hash(item),
            facts={**facts, "reverses": str(original)},
        )
        for name, value in zip(
            columns,
            (
                learner,
                item.key,
                _reversal_hash(item),
                original,
                lot,
                posting,
                amount,
                salt,
                commit(salt, record),
            ),
            strict=True,
        ):
            columns[name].append(value)
    moved: set[UUID] = set()
    if columns["posting_id"]:
        common = {
            "institution_id": scope.institution,
            "effective_on": effective_on,
            "recorded_at": at,
            "actor_id": actor,
            "reason": reason,
            "batch_id": batch,
        }
        moved = {row[0] for row in _run(scope, REVERSE, {**columns, **common})}
    if len(moved) != len(columns["posting_id"]):
        # The rows were locked above, so only a defect or a foreign hand can bring us here.
        raise RuntimeError("a balance changed under its lock; nothing was posted")
    fresh = iter(zip(columns["posting_id"], columns["lot_id"], strict=True))
    return tuple(done[place] if place in done else Posted(*next(fresh)) for place in range(1, len(wanted) + 1))


def _deposit_record(
    deposit: Deposit,
    posting: UUID,
    lot: UUID,
    code: str,
    at: datetime,
    actor: UUID,
    reason: str,
    request: bytes,
) -> dict[str, Any]:
    return posting_record(
        posting_id=posting,
        kind="deposit",
        lot_id=lot,
        learner_id=deposit.learner_id,
        institution=code,
        amount=deposit.amount,
        effective_on=deposit.effective_on,
        recorded_at=at,
        actor_id=actor,
        reason=reason,
        request_hash=request,
        facts=lot_facts(
            title=deposit.title,
            title_en=deposit.title_en,
            category=deposit.category,
            level=deposit.level,
            earned_on=deposit.earned_on,
            expires_on=deposit.expires_on,
            unit=deposit.unit,
        ),
    )


def _with_repeats(
    scope: Scope, columns: dict[str, Any], fresh: set[UUID], postings: list[UUID], lots: list[UUID]
) -> tuple[Posted, ...] | Refusal:
    earlier = _earlier(scope, columns)
    if isinstance(earlier, Refusal):
        # Some deposits of this batch were written above; a refusal must leave nothing behind.
        connections[scope.using].set_rollback(rollback=True)
        return earlier
    return tuple(
        Posted(posting, lot) if posting in fresh else earlier[place]
        for place, (posting, lot) in enumerate(zip(postings, lots, strict=True), 1)
    )


def _earlier(scope: Scope, columns: dict[str, Any]) -> dict[int, Posted] | Refusal:
    """What earlier requests with the same keys posted, by place; or the refusal of a key used for another body."""
    found: dict[int, Posted] = {}
    for place, posting, lot, same in _run(scope, REPEATED, columns):
        if not same:
            return Refusal.because("ledger.key_reused", key=columns["key"][place - 1])
        found[place] = Posted(posting, lot, repeated=True)
    return found


def _request_hash(deposit: Deposit) -> bytes:
    return hashlib.sha256(request_bytes(deposit)).digest()


def _reversal_hash(item: Reversal) -> bytes:
    return hashlib.sha256(canonical({"learner_id": str(item.learner_id), "reverses": str(item.posting_id)})).digest()


_codes: dict[tuple[str, UUID], str] = {}


def _institution_code(scope: Scope) -> str:
    # A code never changes once given, so each process reads it once.
    assert scope.institution is not None
    place = (connections[scope.using].settings_dict["NAME"], scope.institution)
    if place not in _codes:
        _codes[place] = scope.fetch("SELECT code FROM institution WHERE id = %s", [scope.institution])[0][0]
    return _codes[place]


def _run(scope: Scope, sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    return run(connections[scope.using], sql, values)
