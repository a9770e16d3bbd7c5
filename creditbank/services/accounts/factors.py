"""Second factors: authenticators, passkeys and recovery codes, added by their owner."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from creditbank.domain.accounts import read_digits, totp_step
from creditbank.gateways.clock import new_id
from creditbank.gateways.identities import Identities
from creditbank.gateways.keys import new_letters
from creditbank.gateways.passkeys import Asserted, Made, id_of
from creditbank.queries.accounts import SECOND
from creditbank.records.accounts import Factor
from creditbank.records.scope import Scope
from creditbank.services.accounts.limits import DAY, Throttled, count_attempt, key_of, keyed, note_attempt

MOST_TRIES = 10
"""Second steps tried for one account within the window."""
MOST_TRIES_IN_A_DAY = 30
MOST_PASSKEYS_FROM_NETWORK = 120
RECOVERY_CODES = 10
MOST_FACTORS = 10
"""Authenticators and passkeys of one account."""
_LETTERS = 10


def add_authenticator(
    *, scope: Scope, identities: Identities, person: UUID, secret: bytes, typed: str, at: datetime, request_id: str = ""
) -> bool:
    """Keep an authenticator once it has shown a right code; False where the code is wrong."""
    step = totp_step(secret, read_digits(typed), seconds=int(at.timestamp()), after=0)
    if step is None or _full(scope, person):
        return False
    scope.rows(Factor).create(
        id=new_id(),
        account_id=person,
        kind=Factor.Kind.TOTP,
        secret=identities.seal(secret.hex()),
        counter=step,
        created_at=at,
    )
    note_attempt(scope, person, "done", at, request_id, action="account.add_factor")
    return True


def add_passkey(*, scope: Scope, person: UUID, made: Made, name: str, at: datetime, request_id: str = "") -> bool:
    """Keep a passkey; False where the account has it, or has as many as it may."""
    rows = scope.rows(Factor).filter(account_id=person, kind=Factor.Kind.PASSKEY)
    known = {id_of(bytes(one)) for one in rows.values_list("secret", flat=True)}
    if id_of(made.credential) in known or _full(scope, person):
        return False
    rows.create(
        id=new_id(),
        account_id=person,
        kind=Factor.Kind.PASSKEY,
        name=name,
        secret=made.credential,
        counter=made.counter,
        created_at=at,
    )
    note_attempt(scope, person, "done", at, request_id, action="account.add_factor")
    return True


def remove_factor(*, scope: Scope, person: UUID, factor: UUID, at: datetime, request_id: str = "") -> bool:
    """Take a second step away; with the last one the recovery codes go too."""
    gone, _kinds = scope.rows(Factor).filter(account_id=person, id=factor, kind__in=SECOND).delete()
    if gone and not scope.rows(Factor).filter(account_id=person, kind__in=SECOND).exists():
        scope.rows(Factor).filter(account_id=person, kind=Factor.Kind.RECOVERY).delete()
    outcome = "done" if gone else "refused"
    note_attempt(scope, person, outcome, at, request_id, action="account.remove_factor")
    return bool(gone)


def make_recovery(*, scope: Scope, person: UUID, at: datetime, request_id: str = "") -> tuple[str, ...]:
    """New recovery codes in place of the old ones, shown this once; only their digests are kept."""
    scope.rows(Factor).filter(account_id=person, kind=Factor.Kind.RECOVERY).delete()
    codes = tuple(new_letters(_LETTERS) for _ in range(RECOVERY_CODES))
    for code in codes:
        scope.rows(Factor).create(
            id=new_id(),
            account_id=person,
            kind=Factor.Kind.RECOVERY,
            secret=_recovery_hash(code),
            created_at=at,
        )
    note_attempt(scope, person, "done", at, request_id, action="account.make_recovery")
    return codes


def prove_factor(
    *, scope: Scope, identities: Identities, person: UUID, typed: str, at: datetime, request_id: str = ""
) -> str | Throttled:
    """The kind of second step that what was typed has proven, empty for none; each code is good once.

    The scope acts for the person whose password was right a moment ago.
    """
    until = count_attempt(scope, key_of("factor", str(person)), MOST_TRIES, at) or count_attempt(
        scope, key_of("factor-day", str(person)), MOST_TRIES_IN_A_DAY, at, window=DAY
    )
    if until is not None:
        note_attempt(scope, person, "throttled", at, request_id, action="account.second_step")
        return Throttled(until)
    kind = _prove_authenticator(scope, identities, person, typed, at) or _prove_recovery(scope, person, typed)
    if kind:
        scope.fetch("DELETE FROM throttle WHERE key = %s RETURNING 1", [key_of("factor", str(person))])
    note_attempt(scope, person, "done" if kind else "refused", at, request_id, action="account.second_step")
    return kind


def count_passkey(*, scope: Scope, network: str, challenge: str, at: datetime) -> bool | Throttled:
    """Whether this challenge is answered for the first time; a recorded answer is worth nothing later."""
    until = count_attempt(scope, key_of("passkey-from", network), MOST_PASSKEYS_FROM_NETWORK, at)
    if until is not None:
        return Throttled(until)
    return count_attempt(scope, key_of("challenge", challenge), 1, at) is None


def use_passkey(*, scope: Scope, person: UUID, asserted: Asserted, at: datetime, request_id: str = "") -> bool:
    """Note that a passkey signed; False when it counts backwards, as a copy would."""
    for row in scope.rows(Factor).filter(account_id=person, kind=Factor.Kind.PASSKEY).select_for_update():
        if id_of(bytes(row.secret)) != asserted.credential_id:
            continue
        forward = asserted.counter > row.counter or (asserted.counter == 0 and row.counter == 0)
        if forward:
            scope.rows(Factor).filter(id=row.id).update(counter=asserted.counter, used_at=at)
        note_attempt(scope, person, "done" if forward else "refused", at, request_id, action="account.passkey")
        return forward
    note_attempt(scope, person, "refused", at, request_id, action="account.passkey")
    return False


def _prove_authenticator(scope: Scope, identities: Identities, person: UUID, typed: str, at: datetime) -> str:
    digits = read_digits(typed)
    rows = scope.rows(Factor).filter(account_id=person, kind=Factor.Kind.TOTP)
    for row in rows.select_for_update():
        secret = bytes.fromhex(identities.unsealed(bytes(row.secret)))
        step = totp_step(secret, digits, seconds=int(at.timestamp()), after=row.counter)
        if step is not None:
            rows.filter(id=row.id).update(counter=step, used_at=at)
            return Factor.Kind.TOTP
    return ""


def _prove_recovery(scope: Scope, person: UUID, typed: str) -> str:
    code = "".join(letter for letter in typed.lower() if letter.isalnum())
    wanted = _recovery_hash(code)
    rows = scope.rows(Factor).filter(Q(account_id=person, kind=Factor.Kind.RECOVERY, secret=wanted))
    return Factor.Kind.RECOVERY if rows.delete()[0] else ""


def _recovery_hash(code: str) -> bytes:
    return keyed("recovery code", code)


def _full(scope: Scope, person: UUID) -> bool:
    return scope.rows(Factor).filter(account_id=person, kind__in=SECOND).count() >= MOST_FACTORS  # type: ignore[no-any-return]
