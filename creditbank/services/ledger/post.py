"""Post deposits and reversals: one batch is one transaction and one statement."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import starmap
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db import connections

from creditbank.domain.canonical import canonical
from creditbank.domain.explanation import Refusal
from creditbank.domain.ledger import (
    WORDED,
    Deposit,
    Wording,
    check_deposit,
    check_reversal,
    deposit_writer,
    lot_facts,
    posting_record,
    wordings,
)
from creditbank.domain.log.leaf import commit, commit_bytes
from creditbank.gateways.clock import new_id, new_ids, new_salt, new_salts
from creditbank.gateways.postgres import run, run_each
from creditbank.records.scope import Scope
from creditbank.services.ledger.statements import DEPOSIT, DEPOSIT_ONE, LOCK, REPEATED, REVERSE, TO_REVERSE

_COLUMNS = ("learner_id", "key", "amount", "source_id", "evidence_hash")
_VALUES = attrgetter(*_COLUMNS)
_FIRST, _LARGEST = 32, 256
"""Deposits of the first statement and of the largest: while the server works on one, the next is prepared.

The first is small so that the server need not wait; each is twice the one before, because a larger one costs less.
"""


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a request ended up; ``repeated`` when an earlier identical request had posted it already."""

    posting_id: UUID
    lot_id: UUID
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class PostedConversion:
    """Where a conversion, or what reverses one, ended up.

    ``written`` are the lots it made, or the postings that mirror its sides; ``repeated`` when an earlier identical
    request had written them already.
    """

    conversion_id: UUID
    written: tuple[UUID, ...]
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
    write = deposit_writer(institution=institution_code(scope), recorded_at=at, actor_id=actor, reason=reason)
    common = {
        "institution_id": scope.institution,
        "recorded_at": at,
        "actor_id": actor,
        "reason": reason,
        "batch_id": batch,
    }
    written: list[dict[str, Any]] = []

    def parts() -> Iterator[dict[str, Any]]:
        start, size = 0, _FIRST
        while start < len(deposits):
            written.append(_deposit_columns(deposits[start : start + size], write) | common)
            yield written[-1]
            start, size = start + size, min(2 * size, _LARGEST)

    if len(deposits) == 1:
        one = {name: value[0] if isinstance(value, list) else value for name, value in next(parts()).items()}
        answers = [_run(scope, DEPOSIT_ONE, one)]
    else:
        answers = run_each(connections[scope.using], DEPOSIT, parts())
    found: list[Posted] = []
    for columns, rows in zip(written, answers, strict=True):
        ((fresh,),) = rows
        posted = _posted(scope, columns, fresh)
        if isinstance(posted, Refusal):
            return posted
        found += posted
    return tuple(found)


def _deposit_columns(
    deposits: Sequence[Deposit], write: Callable[[Deposit, Wording, UUID, UUID], tuple[bytes, bytes]]
) -> dict[str, Any]:
    """A list for each column that differs from deposit to deposit, and for each of the wordings they share.

    Ids and salts are made here.
    """
    said, places = wordings(deposits)
    shared = zip(WORDED, map(list, zip(*[wording.values for wording in said], strict=True)), strict=True)
    own = zip(_COLUMNS, map(list, zip(*map(_VALUES, deposits), strict=True)), strict=True)
    lots, postings, salts = new_ids(len(deposits)), new_ids(len(deposits)), new_salts(len(deposits))
    written = map(write, deposits, [said[place] for place in places], postings, lots)
    requests, records = zip(*written, strict=True)
    return {
        **dict(shared),
        **dict(own),
        # Arrays of the database count from 1.
        "wording": [place + 1 for place in places],
        "request_hash": list(requests),
        "lot_id": lots,
        "posting_id": postings,
        "salt": salts,
        "commitment": list(map(commit_bytes, salts, records)),
    }


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
    done = earlier_postings(scope, lookup)
    if isinstance(done, Refusal):
        return done
    code = institution_code(scope)
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


def _posted(scope: Scope, columns: dict[str, Any], fresh: int) -> list[Posted] | Refusal:
    pairs = zip(columns["posting_id"], columns["lot_id"], strict=True)
    if fresh == len(columns["posting_id"]):
        return list(starmap(Posted, pairs))
    earlier = earlier_postings(scope, columns)
    if isinstance(earlier, Refusal):
        # Some deposits of this batch were written above; a refusal must leave nothing behind.
        connections[scope.using].set_rollback(rollback=True)
        return earlier
    return [
        Posted(posting, lot) if earlier[place].posting_id == posting else earlier[place]
        for place, (posting, lot) in enumerate(pairs, 1)
    ]


def earlier_postings(scope: Scope, columns: dict[str, Any]) -> dict[int, Posted] | Refusal:
    """What earlier requests with the same keys posted, by place; or the refusal of a key used for another body."""
    found: dict[int, Posted] = {}
    for place, posting, lot, same in _run(scope, REPEATED, columns):
        if not same:
            return Refusal.because("ledger.key_reused", key=columns["key"][place - 1])
        found[place] = Posted(posting, lot, repeated=True)
    return found


def _reversal_hash(item: Reversal) -> bytes:
    return hashlib.sha256(canonical({"learner_id": str(item.learner_id), "reverses": str(item.posting_id)})).digest()


_codes: dict[tuple[str, UUID], str] = {}


def institution_code(scope: Scope) -> str:
    """The code of the scope's institution."""
    # A code never changes once given, so each process reads it once.
    assert scope.institution is not None
    place = (connections[scope.using].settings_dict["NAME"], scope.institution)
    if place not in _codes:
        _codes[place] = scope.fetch("SELECT code FROM institution WHERE id = %s", [scope.institution])[0][0]
    return _codes[place]


def _run(scope: Scope, sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    return run(connections[scope.using], sql, values)
