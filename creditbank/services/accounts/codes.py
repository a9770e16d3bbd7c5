"""Codes sent to an address: ask for one, prove the address with it, and register or set a password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db.models import F

from creditbank.domain.accounts import CODE_DIGITS, CODE_MINUTES, CODE_TRIES, PROVEN_MINUTES, Address, read_digits
from creditbank.gateways.clock import new_id
from creditbank.gateways.identities import Identities
from creditbank.gateways.keys import new_digits
from creditbank.records.accounts import AccountCode
from creditbank.records.people import Account
from creditbank.records.scope import Scope
from creditbank.services.accounts.contacts import account_at, give_contact, is_taken
from creditbank.services.accounts.limits import DAY, Throttled, count_attempt, key_of, keyed, note_attempt
from creditbank.services.accounts.sessions import end_sessions, why_not
from creditbank.services.people import open_account

MOST_TO_ADDRESS = 5
"""Codes sent to one address within the window."""
MOST_TO_ADDRESS_IN_A_DAY = 12
MOST_FROM_NETWORK = 60
"""Codes asked for from one network address within the window; a school may share one."""
MOST_TYPED_FROM_NETWORK = 120
"""Codes typed in from one network address within the window."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A code on its way: its id is for the session, the code is for the message and for nothing else."""

    id: UUID
    code: str


@dataclass(frozen=True, slots=True)
class Proven:
    """An address that was proven a moment ago, and the open account it belongs to, if any."""

    address: Address
    account: Account | None
    taken: bool
    """Whether it belongs to any account, also a closed one."""
    asked_by: UUID | None


def begin_code(
    *,
    scope: Scope,
    identities: Identities,
    address: Address,
    network: str,
    at: datetime,
    account: UUID | None = None,
    request_id: str = "",
) -> Sent | Throttled:
    """Make a code for an address, the same whether anybody is known there.

    Args:
        scope: acts for nobody, or for the person who adds an address.
        identities: the keys of the bank.
        address: where the code goes.
        network: the network address of whoever asks.
        at: now.
        account: who adds the address to their own account; None for somebody who has not signed in.
        request_id: of the request.
    """
    to = f"{address.kind}:{address.value}"
    for key, most, window in (
        (key_of("code-from", network), MOST_FROM_NETWORK, None),
        (key_of("code-to", to), MOST_TO_ADDRESS, None),
        (key_of("code-day", to), MOST_TO_ADDRESS_IN_A_DAY, DAY),
    ):
        until = count_attempt(scope, key, most, at, **({"window": window} if window else {}))
        if until is not None:
            note_attempt(scope, account, "throttled", at, request_id, action="account.code")
            return Throttled(until)
    rows = AccountCode.objects.using(scope.using)
    rows.filter(expires_at__lt=at - DAY).delete()
    made = Sent(new_id(), new_digits(CODE_DIGITS))
    rows.create(
        id=made.id,
        account_id=account,
        kind=address.kind,
        address_index=identities.index(to),
        sealed=identities.seal(address.value),
        code_hash=_hash(made.id, made.code),
        sent_at=at,
        expires_at=at + timedelta(minutes=CODE_MINUTES),
    )
    note_attempt(scope, account, "done", at, request_id, action="account.code")
    return made


def prove_code(
    *, scope: Scope, code_id: UUID, typed: str, network: str, at: datetime, request_id: str = ""
) -> bool | Throttled:
    """Whether this is the code; each try is counted before it is looked at, and the last wrong one ends the code."""
    until = count_attempt(scope, key_of("code-typed", network), MOST_TYPED_FROM_NETWORK, at)
    if until is not None:
        note_attempt(scope, None, "throttled", at, request_id, action="account.prove")
        return Throttled(until)
    waiting = AccountCode.objects.using(scope.using).filter(
        id=code_id, tries__lt=CODE_TRIES, expires_at__gt=at, proven_at=None, used_at=None
    )
    code = waiting.select_for_update().first()
    if code is None:
        note_attempt(scope, None, "refused", at, request_id, action="account.prove")
        return False
    right = compare_digest(bytes(code.code_hash), _hash(code_id, read_digits(typed)))
    rows = AccountCode.objects.using(scope.using).filter(id=code_id)
    rows.update(tries=F("tries") + 1, **({"proven_at": at} if right else {}))
    note_attempt(scope, code.account_id, "done" if right else "refused", at, request_id, action="account.prove")
    return right


def tries_left(scope: Scope, code_id: UUID, at: datetime) -> int:
    """How often this code may still be typed in; 0 when a new one is needed."""
    rows = AccountCode.objects.using(scope.using).filter(id=code_id, expires_at__gt=at, proven_at=None, used_at=None)
    tries = rows.values_list("tries", flat=True).first()
    return 0 if tries is None else max(0, CODE_TRIES - tries)


def proven_by(scope: Scope, identities: Identities, code_id: UUID, at: datetime) -> Proven | None:
    """What a code that was typed in rightly has shown; None when it was used or lies too far back."""
    code = _proven(scope, code_id, at)
    return _shown(scope, identities, code) if code is not None else None


def register_account(
    *,
    scope: Scope,
    identities: Identities,
    code_id: UUID,
    name: str,
    password: str,
    at: datetime,
    request_id: str = "",
) -> Account | tuple[str, ...] | None:
    """Open the lifelong account of whoever proved an address that nobody has.

    Returns:
        The account; the sentences that say why the password will not do; or None when the code is not good any
        more, or the address belongs to somebody.
    """
    code = _proven(scope, code_id, at)
    shown = _shown(scope, identities, code) if code is not None else None
    if code is None or shown is None or shown.taken or shown.asked_by is not None:
        return None
    wrong = why_not(password)
    if wrong:
        return wrong
    account_id = new_id()
    # The name to sign in with is a proven address; this one is only there because every account has one.
    account = open_account(
        scope=scope, sign_in=f"person-{account_id.hex}", name=name, password=password, at=at, account_id=account_id
    )
    if not give_contact(scope=scope, identities=identities, account=account.id, address=shown.address, at=at):
        # Somebody else proved it in the same moment: an account that nobody can reach is not left open.
        Account.objects.using(scope.using).filter(id=account.id).update(is_active=False)
        return None
    _use(scope, code, at)
    note_attempt(scope, account.id, "done", at, request_id, action="account.register")
    return account


def reset_password(
    *, scope: Scope, identities: Identities, code_id: UUID, password: str, at: datetime, request_id: str = ""
) -> Account | tuple[str, ...] | None:
    """Set the password of the account whose address was proven; all its sessions end, its second factor stays.

    Returns:
        The account; the sentences that say why the password will not do; or None when the code is not good any
        more, or nobody open has the address.
    """
    code = _proven(scope, code_id, at)
    shown = _shown(scope, identities, code) if code is not None else None
    if code is None or shown is None or shown.account is None or shown.asked_by is not None:
        return None
    wrong = why_not(password, shown.account)
    if wrong:
        return wrong
    account = shown.account
    account.password = make_password(password)
    Account.objects.using(scope.using).filter(id=account.id).update(password=account.password)
    end_sessions(scope=scope, account=account)
    _use(scope, code, at)
    note_attempt(scope, account.id, "done", at, request_id, action="account.reset_password")
    return account


def add_contact(
    *, scope: Scope, identities: Identities, code_id: UUID, person: UUID, at: datetime, request_id: str = ""
) -> bool:
    """Add an address to the account of the person who asked for its code; False when it cannot be theirs."""
    code = _proven(scope, code_id, at)
    if code is None or code.account_id != person:
        return False
    shown = _shown(scope, identities, code)
    added = not shown.taken and give_contact(
        scope=scope, identities=identities, account=person, address=shown.address, at=at
    )
    _use(scope, code, at)
    note_attempt(scope, person, "done" if added else "refused", at, request_id, action="account.add_contact")
    return added


def _proven(scope: Scope, code_id: UUID, at: datetime) -> AccountCode | None:
    since = at - timedelta(minutes=PROVEN_MINUTES)
    rows = AccountCode.objects.using(scope.using).filter(id=code_id, proven_at__gt=since, used_at=None)
    return rows.select_for_update().first()  # type: ignore[no-any-return]


def _shown(scope: Scope, identities: Identities, code: AccountCode) -> Proven:
    address = Address(code.kind, identities.unsealed(bytes(code.sealed)))
    return Proven(
        address, account_at(scope, identities, address), is_taken(scope, identities, address), code.account_id
    )


def _use(scope: Scope, code: AccountCode, at: datetime) -> None:
    AccountCode.objects.using(scope.using).filter(id=code.id).update(used_at=at)


def _hash(code_id: UUID, code: str) -> bytes:
    return keyed("account code", f"{code_id}:{code}")
