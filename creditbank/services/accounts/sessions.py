"""Accounts at the door: signing in with a limit on attempts, signing out, and a new password."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils.translation import gettext as _

from creditbank.domain.access import Actor
from creditbank.domain.accounts import read_address
from creditbank.gateways.identities import Identities
from creditbank.records.operations import Throttle
from creditbank.records.people import Account
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.accounts.contacts import account_at
from creditbank.services.accounts.limits import Throttled, count_attempt, key_of, note_attempt
from creditbank.services.operations import note_operation

MOST_FOR_ACCOUNT = 10
"""Failed attempts on one sign-in name within the window."""
MOST_FOR_ADDRESS = 50
"""Failed attempts from one network address within the window; a school may share one."""
_LONGEST_PASSWORD = 1024


def sign_in_account(
    *,
    scope: Scope,
    sign_in: str,
    password: str,
    address: str,
    at: datetime,
    request_id: str = "",
    identities: Identities | None = None,
) -> Account | Throttled | None:
    """The account, when the password is its own; None for every other case, so that no name can be guessed.

    A person signs in with their name, or with an e-mail address or mobile number they have proven. A right
    password is half of it where the account has a second factor: see ``factors.needs_factor``.

    An attempt is counted before the password is looked at, so that many at once are counted too. A success
    clears the count of the name and takes its own attempt off the count of the address.
    """
    word = sign_in.strip().lower()[:200]
    contact = read_address(word) if identities is not None else None
    word = contact.value if contact is not None else word
    limits = ((key_of("account", word), MOST_FOR_ACCOUNT), (key_of("address", address), MOST_FOR_ADDRESS))
    for key, most in limits:
        until = count_attempt(scope, key, most, at)
        if until is not None:
            note_attempt(scope, None, "throttled", at, request_id, action="account.sign_in")
            return Throttled(until)
    account = Account.objects.using(scope.using).filter(sign_in=word, is_active=True).first()
    if contact is not None and identities is not None:
        account = account or account_at(scope, identities, contact)
    stored = account.password if account is not None else _nobodys()
    right = len(password) <= _LONGEST_PASSWORD and check_password(password, stored, setter=None)
    if account is None or not right:
        note_attempt(scope, account.id if account else None, "refused", at, request_id, action="account.sign_in")
        return None
    Throttle.objects.using(scope.using).filter(key=limits[0][0]).delete()
    scope.fetch("UPDATE throttle SET attempts = attempts - 1 WHERE key = %s RETURNING 1", [limits[1][0]])
    note_attempt(scope, account.id, "done", at, request_id, action="account.sign_in")
    return account  # type: ignore[no-any-return]


def sign_out_account(*, scope: Scope, actor: Actor, at: datetime, request_id: str = "") -> None:
    """Write down that somebody left; the session itself is the door's to end."""
    note_operation(
        scope=scope, actor=actor.person, action="account.sign_out", outcome="done", at=at, request_id=request_id
    )


def change_password(
    *, scope: Scope, actor: Actor, current: str, new: str, at: datetime, request_id: str = ""
) -> Account | tuple[str, ...] | None:
    """Replace the actor's password; every other session of the account ends with it.

    Returns:
        The changed account; the sentences that say why the new password will not do; or None when the current
        one is wrong or was tried too often.

    Raises:
        NotVisible: the actor has no account.
    """
    account = Account.objects.using(scope.using).filter(id=actor.person).select_for_update().first()
    if account is None:
        raise NotVisible
    if not knows_password(scope=scope, account=account, current=current, at=at):
        note_attempt(scope, account.id, "refused", at, request_id, action="account.change_password")
        return None
    wrong = why_not(new, account)
    if wrong:
        return wrong
    account.password = make_password(new)
    Account.objects.using(scope.using).filter(id=account.id).update(password=account.password)
    note_attempt(scope, account.id, "done", at, request_id, action="account.change_password")
    return account  # type: ignore[no-any-return]


def knows_password(*, scope: Scope, account: Account, current: str, at: datetime) -> bool:
    """Whether somebody who has signed in knows the password too; asked before anything of the sign-in changes."""
    key = key_of("password", str(account.id))
    if count_attempt(scope, key, MOST_FOR_ACCOUNT, at) is not None:
        return False
    if len(current) > _LONGEST_PASSWORD or not check_password(current, account.password):
        return False
    Throttle.objects.using(scope.using).filter(key=key).delete()
    return True


def end_sessions(*, scope: Scope, account: Account) -> None:
    """End every session of an account; the one that asks puts the new digest into its own."""
    account.sessions_since += 1
    rows = Account.objects.using(scope.using).filter(id=account.id)
    rows.update(sessions_since=F("sessions_since") + 1)


def why_not(password: str, account: Account | None = None) -> tuple[str, ...]:
    """The sentences that say why a new password will not do."""
    if len(password) > _LONGEST_PASSWORD:
        return (str(_("A password has at most 1,024 characters.")),)
    try:
        validate_password(password, user=account)
    except ValidationError as error:
        return tuple(error.messages)
    return ()


_nobody: dict[str, str] = {}


def _nobodys() -> str:
    """A password hash that no password opens, so that an unknown name costs the same time as a known one."""
    return _nobody.setdefault("hash", make_password("nobody has this password"))
