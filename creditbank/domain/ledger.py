"""The ledger's decisions: which posting moves credit between which states, and what replay yields."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from json.encoder import encode_basestring
from operator import attrgetter
from typing import Any
from uuid import UUID

from creditbank.domain.explanation import Line, Refusal, Verdict
from creditbank.domain.values import Amount, Hundredths

MESSAGES = {
    "ledger.amount_not_positive": "A posting moves a positive amount of credit, not {amount}.",
    "ledger.not_reversible": "Only a deposit can be reversed here; this posting is of the kind {kind}.",
    "ledger.already_reversed": "This posting was reversed before, by posting {posting}; nothing was changed.",
    "ledger.credit_in_use": "Of the {amount} credits deposited only {available} are still available, so the deposit"
    " cannot be reversed before their later use is; nothing was changed.",
    "ledger.reversal_too_early": "The deposit counts from {deposited}; its reversal cannot count from {reversed},"
    " which is earlier. Nothing was changed.",
    "ledger.key_reused": "The request key {key} was used before for a different request; nothing was changed.",
    "ledger.unknown_posting": "There is no such posting.",
    "ledger.unknown_lot": "There is no such credit of this learner at this institution; nothing was converted.",
    "ledger.credit_missing": "Of “{title}” {available} credits are available and {wanted} are wanted; nothing was"
    " converted.",
    "ledger.conversion_too_early": "“{title}” counts from {deposited}; a conversion cannot use it on {converted}, which"
    " is earlier. Nothing was converted.",
    "ledger.conversion_empty": "A conversion uses credit and makes credit; this one lacks one of the two.",
    "ledger.hold_missing": "Of “{title}” {available} credits are available and {wanted} are to be held; nothing was"
    " held.",
    "ledger.hold_too_early": "“{title}” counts from {deposited}; it cannot be held from {held}, which is earlier."
    " Nothing was held.",
    "ledger.unknown_hold": "There is no such hold of this learner at this institution; nothing was released.",
    "ledger.hold_resolved": "This hold was resolved before; nothing was released.",
}


class State(StrEnum):
    """The accounts of a lot; ``issued`` is the contra account and holds what the issuer gave, negative."""

    ISSUED = "issued"
    PENDING = "pending"
    AVAILABLE = "available"
    HELD = "held"
    SUSPENDED = "suspended"
    CONVERTED = "converted"
    REDEEMED = "redeemed"
    TRANSFERRED_OUT = "transferred_out"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Kind(StrEnum):
    """What a posting does."""

    DEPOSIT = "deposit"
    HOLD = "hold"
    RELEASE = "release"
    CONVERT = "convert"
    REVERSE = "reverse"


@dataclass(frozen=True, slots=True)
class Deposit:
    """One recognised outcome's credit, ready to become a lot; ``key`` makes a repeat harmless."""

    learner_id: UUID
    key: str
    amount: Hundredths
    outcome_type: str
    title: str
    category: str
    earned_on: date
    effective_on: date
    title_en: str = ""
    code: str = ""
    level: int | None = None
    field: str = ""
    unit: str = "credit"
    grade: str | None = None
    term: str = ""
    academic_year: str = ""
    expires_on: date | None = None
    source_kind: str = "claim"
    source_id: UUID | None = None
    rule_version_id: UUID | None = None
    rule_row: str = ""
    evidence_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """How much of one lot a conversion uses up, in hundredths."""

    lot_id: UUID
    amount: Hundredths


@dataclass(frozen=True, slots=True)
class Conversion:
    """Credit of one learner that turns into other credit of the same learner: what it uses, what it makes.

    The two need not be equal: a rule, or an office, says what so much of one thing is worth as another. ``key`` makes
    a repeat harmless; the keys of what is ``made`` are not looked at.
    """

    learner_id: UUID
    key: str
    used: tuple[Use, ...]
    made: tuple[Deposit, ...]
    effective_on: date

    def request(self) -> dict[str, Any]:
        """What makes two requests the same one: everything but the keys and the new ids."""
        return {
            "learner": str(self.learner_id),
            "effective_on": self.effective_on.isoformat(),
            "used": [[str(use.lot_id), use.amount] for use in self.used],
            "made": [request_bytes(made).decode() for made in self.made],
        }


@dataclass(frozen=True, slots=True)
class Source:
    """What stands of a lot that a conversion wants to use: hundredths available, the day its credit counts from."""

    title: str
    available: int
    counts_from: date


@dataclass(frozen=True, slots=True)
class Hold:
    """Credit of one lot that an open application reserves, in hundredths; ``key`` makes a repeat harmless."""

    learner_id: UUID
    key: str
    lot_id: UUID
    amount: Hundredths
    effective_on: date

    def request(self) -> dict[str, Any]:
        """What makes two requests the same one: everything but the key."""
        return {
            "learner": str(self.learner_id),
            "hold": str(self.lot_id),
            "amount": self.amount,
            "effective_on": self.effective_on.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Release:
    """The end of a hold, whatever became of its application: all of it is available again; see :class:`Hold`."""

    learner_id: UUID
    key: str
    hold_id: UUID
    effective_on: date

    def request(self) -> dict[str, Any]:
        """What makes two requests the same one: everything but the key."""
        return {
            "learner": str(self.learner_id),
            "release": str(self.hold_id),
            "effective_on": self.effective_on.isoformat(),
        }


def check_hold(hold: Hold, source: Source | None) -> Refusal | None:
    """Refuse to hold what is not there or does not count yet; None lets it pass."""
    if hold.amount <= 0:
        return Refusal.because("ledger.amount_not_positive", amount=Amount(hold.amount))
    if source is None:
        return Refusal.because("ledger.unknown_lot")
    if hold.effective_on < source.counts_from:
        return Refusal.because(
            "ledger.hold_too_early",
            title=source.title,
            deposited=source.counts_from.isoformat(),
            held=hold.effective_on.isoformat(),
        )
    if source.available < hold.amount:
        return Refusal.because(
            "ledger.hold_missing",
            title=source.title,
            available=Amount(Hundredths(source.available)),
            wanted=Amount(hold.amount),
        )
    return None


def check_conversion(conversion: Conversion, sources: Mapping[UUID, Source]) -> Refusal | None:
    """Refuse a conversion that uses nothing, makes nothing, or uses what is not there; None lets it pass."""
    if not conversion.used or not conversion.made:
        return Refusal.because("ledger.conversion_empty")
    for amount in (*(use.amount for use in conversion.used), *(made.amount for made in conversion.made)):
        if amount <= 0:
            return Refusal.because("ledger.amount_not_positive", amount=Amount(amount))
    for use in conversion.used:
        source = sources.get(use.lot_id)
        if source is None:
            return Refusal.because("ledger.unknown_lot")
        if conversion.effective_on < source.counts_from:
            # Between the two days the learner would have owed credit.
            return Refusal.because(
                "ledger.conversion_too_early",
                title=source.title,
                deposited=source.counts_from.isoformat(),
                converted=conversion.effective_on.isoformat(),
            )
        if source.available < use.amount:
            return Refusal.because(
                "ledger.credit_missing",
                title=source.title,
                available=Amount(Hundredths(source.available)),
                wanted=Amount(use.amount),
            )
    return None


def check_deposit(deposit: Deposit) -> Refusal | None:
    """Refuse a deposit that cannot be a lot; None lets it pass."""
    if deposit.amount <= 0:
        return Refusal.because("ledger.amount_not_positive", amount=Amount(deposit.amount))
    return None


def check_reversal(
    *, kind: str, amount: int, available: int, reversed_by: UUID | None, deposited_on: date, effective_on: date
) -> Refusal | None:
    """Refuse to reverse what is no deposit, was reversed, is partly used or does not count yet; None lets it pass."""
    if kind != Kind.DEPOSIT:
        return Refusal.because("ledger.not_reversible", kind=kind)
    if reversed_by is not None:
        return Refusal.because("ledger.already_reversed", posting=str(reversed_by))
    if effective_on < deposited_on:
        # Between the two days the learner would have owed credit.
        return Refusal.because(
            "ledger.reversal_too_early", deposited=deposited_on.isoformat(), reversed=effective_on.isoformat()
        )
    if available < amount:
        return Refusal(
            (
                Line(
                    "ledger.credit_in_use",
                    Verdict.NO,
                    {"amount": Amount(amount), "available": Amount(available)},
                ),
            )
        )
    return None


def replay(entries: Iterable[tuple[UUID, State, int]]) -> Mapping[tuple[UUID, State], int]:
    """The balance of every account from its entries ``(lot, state, signed amount)``; zero accounts are left out."""
    balances: dict[tuple[UUID, State], int] = defaultdict(int)
    for lot, state, amount in entries:
        balances[lot, state] += amount
    return {account: amount for account, amount in balances.items() if amount}


def request_bytes(deposit: Deposit) -> bytes:
    """What makes two deposit requests the same request: everything but the key, in the order of the fields.

    Canonical JSON, so that nothing asked for and the words for it, or two texts and one, are never the same bytes.
    """
    return _asked(deposit, _wording(_worded(deposit)), str(deposit.learner_id))


WORDED = (
    *("outcome_type", "title", "category", "earned_on", "effective_on", "title_en", "code", "level", "field", "unit"),
    *("grade", "term", "academic_year", "expires_on", "source_kind", "rule_version_id", "rule_row"),
)
"""The fields in which deposits of one batch are mostly alike, in their order."""
_worded = attrgetter(*WORDED)


@dataclass(frozen=True, slots=True)
class Wording:
    """What several deposits say in the same words: the values of ``WORDED``, and pieces of canonical JSON.

    The pieces are of a request, before and after its source, and of a record, in the order of its names.
    """

    values: tuple[Any, ...]
    before: str
    after: str
    days: str
    level: str
    names: str


def wordings(deposits: Iterable[Deposit]) -> tuple[list[Wording], list[int]]:
    """The different wordings of a batch, and for each deposit the place of its own among them, from 0."""
    places: dict[tuple[Any, ...], int] = {}
    of_each = [places.setdefault(values, len(places)) for values in map(_worded, deposits)]
    return list(map(_wording, places)), of_each


def deposit_writer(
    *, institution: str, recorded_at: datetime, actor_id: UUID, reason: str
) -> Callable[[Deposit, Wording, UUID, UUID], tuple[bytes, bytes]]:
    """A writer of two things for each deposit of one batch: the hash of its request, the canonical bytes of its record.

    It takes the deposit, its wording, its posting and its lot. Several times faster than ``posting_record``, because
    what a batch shares is written once.
    """
    actor, given_by, because = f'{{"actor":"{actor_id}",', _text(institution), _text(reason)
    owner = f',"institution":{given_by},"kind":"deposit","learner":"'
    spoken = f'","reason":{because},"recorded_at":"{_moment(recorded_at)}","request":"'

    def write(deposit: Deposit, wording: Wording, posting_id: UUID, lot_id: UUID) -> tuple[bytes, bytes]:
        learner = str(deposit.learner_id)
        request = sha256(_asked(deposit, wording, learner)).digest()
        record = (
            f'{actor}{wording.days}{deposit.amount}{owner}{learner}"{wording.level},"lot":"{lot_id}",'
            f'"posting":"{posting_id}{spoken}{request.hex()}{wording.names}'
        )
        return request, record.encode()

    return write


@lru_cache(maxsize=256)
def _wording(values: tuple[Any, ...]) -> Wording:
    of = dict(zip(WORDED, values, strict=True))
    earned, counted, expires = _day(of["earned_on"]), _day(of["effective_on"]), _day(of["expires_on"])
    level = "null" if of["level"] is None else str(of["level"])
    title, title_en, category, unit = (_text(of[name]) for name in ("title", "title_en", "category", "unit"))
    asked = (
        *(_text(of["outcome_type"]), title, category, earned, counted, title_en, _text(of["code"]), level),
        *(_text(of["field"]), unit, _text(of["grade"]), _text(of["term"]), _text(of["academic_year"]), expires),
        _text(of["source_kind"]),
    )
    lapses = f'"expires_on":{expires},' if of["expires_on"] is not None else ""
    english = f'"title_en":{title_en},' if of["title_en"] else ""
    return Wording(
        values=values,
        before=",".join(asked),
        after=f"{_id(of['rule_version_id'])},{_text(of['rule_row'])}",
        days=f'"category":{category},"earned_on":{earned},"effective_on":{counted},{lapses}"hundredths":',
        level="" if of["level"] is None else f',"level":{level}',
        names=f'","schema":"creditbank.posting/1","title":{title},{english}"unit":{unit}}}',
    )


def _asked(deposit: Deposit, wording: Wording, learner: str) -> bytes:
    evidence = None if deposit.evidence_hash is None else str(deposit.evidence_hash)
    return (
        f'["{learner}",{deposit.amount},{wording.before},{_id(deposit.source_id)},{wording.after},{_text(evidence)}]'
    ).encode()


def _text(value: str | None) -> str:
    return "null" if value is None else encode_basestring(value)


def _day(value: date | None) -> str:
    return "null" if value is None else f'"{value}"'


def _id(value: UUID | None) -> str:
    return "null" if value is None else f'"{value}"'


def posting_record(
    *,
    posting_id: UUID,
    kind: str,
    lot_id: UUID,
    learner_id: UUID,
    institution: str,
    amount: int,
    effective_on: date,
    recorded_at: datetime,
    actor_id: UUID,
    reason: str,
    request_hash: bytes,
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """The record whose salted commitment becomes the posting's leaf: ``creditbank.posting/1``.

    Amounts are hundredths; ``institution`` is the awarding institution's code; ``facts`` describe the lot. ``request``
    is the hash of everything that was asked for, so that no column of the lot can change unseen; ``actor`` is opaque.
    """
    return {
        "schema": "creditbank.posting/1",
        "posting": str(posting_id),
        "kind": kind,
        "lot": str(lot_id),
        "learner": str(learner_id),
        "institution": institution,
        "hundredths": amount,
        "effective_on": effective_on.isoformat(),
        "recorded_at": _moment(recorded_at),
        "actor": str(actor_id),
        "reason": reason,
        "request": bytes(request_hash).hex(),
        **facts,
    }


# One batch is recorded at one moment.
@lru_cache(maxsize=16)
def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def lot_facts(
    *,
    title: str,
    title_en: str,
    category: str,
    level: int | None,
    earned_on: date,
    expires_on: date | None,
    unit: str,
) -> dict[str, Any]:
    """What a posting's record says of its lot; names of people are not part of it."""
    facts: dict[str, Any] = {
        "title": title,
        "category": category,
        "earned_on": earned_on.isoformat(),
        "unit": unit,
    }
    if title_en:
        facts["title_en"] = title_en
    if level is not None:
        facts["level"] = level
    if expires_on is not None:
        facts["expires_on"] = expires_on.isoformat()
    return facts
