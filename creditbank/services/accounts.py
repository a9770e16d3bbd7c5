"""Accounts at the door: signing in with a limit on attempts, signing out, and a new password."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from creditbank.domain.access import Actor
from creditbank.records.operations import Throttle
from creditbank.records.people import Account
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.operations import note_operation

WINDOW = timedelta(minutes=15)
MOST_FOR_ACCOUNT = 10
"""Failed attempts on one sign-in name within the window."""
MOST_FOR_ADDRESS = 50
"""Failed attempts from one network address within the window; a school may share one."""
_LONGEST_PASSWORD = 1024


@dataclass(frozen=True, slots=True)
class Throttled:
    """Too many attempts; ``until`` says when the next one is read."""

    until: datetime


def sign_in_account(
    *, scope: Scope, sign_in: str, password: str, address: str, at: datetime, request_id: str = ""
) -> Account | Throttled | None:
    """The account, when the password is its own; None for every other case, so that no name can be guessed.

    An attempt is counted before the password is looked at, so that many at once are counted too. A success
    clears the count of the name and takes its own attempt off the count of the address.
    """
    word = sign_in.strip().lower()[:200]
    limits = ((_key("account", word), MOST_FOR_ACCOUNT), (_key("address", address), MOST_FOR_ADDRESS))
    for key, most in limits:
        until = _count(scope, key, most, at)
        if until is not None:
            _note(scope, None, "throttled", at, request_id)
            return Throttled(until)
    account = Account.objects.using(scope.using).filter(sign_in=word, is_active=True).first()
    stored = account.password if account is not None else _nobodys()
    right = len(password) <= _LONGEST_PASSWORD and check_password(password, stored, setter=None)
    if account is None or not right:
        _note(scope, account.id if account else None, "refused", at, request_id)
        return None
    Throttle.objects.using(scope.using).filter(key=limits[0][0]).delete()
    scope.fetch("UPDATE throttle SET attempts = attempts - 1 WHERE key = %s RETURNING 1", [limits[1][0]])
    _note(scope, account.id, "done", at, request_id)
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
    key = _key("password", str(account.id))
    if _count(scope, key, MOST_FOR_ACCOUNT, at) is not None or not check_password(current, account.password):
        _note(scope, account.id, "refused", at, request_id, action="account.change_password")
        return None
    try:
        validate_password(new, user=account)
    except ValidationError as error:
        return tuple(error.messages)
    account.password = make_password(new)
    Account.objects.using(scope.using).filter(id=account.id).update(password=account.password)
    Throttle.objects.using(scope.using).filter(key=key).delete()
    _note(scope, account.id, "done", at, request_id, action="account.change_password")
    return account  # type: ignore[no-any-return]


def too_often(*, scope: Scope, kind: str, value: str, most: int, at: datetime) -> datetime | None:
    """Count one attempt of a kind by whoever ``value`` names; past ``most`` in a window, the moment the window ends."""
    return _count(scope, _key(kind, value), most, at)


_COUNT = """
INSERT INTO throttle AS kept (key, attempts, window_ends_at) VALUES (%(key)s, 1, %(ends)s)
ON CONFLICT (key) DO UPDATE SET
  attempts = CASE WHEN kept.window_ends_at <= %(at)s THEN 1 ELSE least(kept.attempts + 1, 100000) END,
  window_ends_at = CASE WHEN kept.window_ends_at <= %(at)s THEN %(ends)s ELSE kept.window_ends_at END
RETURNING attempts, window_ends_at
"""


def _count(scope: Scope, key: str, most: int, at: datetime) -> datetime | None:
    """Count one attempt; when there were too many in this window, the moment the window ends."""
    attempts, ends = scope.fetch(_COUNT, {"key": key, "at": at, "ends": at + WINDOW})[0]
    return ends if attempts > most else None


def _key(kind: str, value: str) -> str:
    """An opaque name of what is limited: whoever reads the table learns neither names nor addresses."""
    secret = hashlib.sha256(b"throttle" + settings.SECRET_KEY.encode()).digest()
    return f"{kind}:{hmac.digest(secret, value.encode(), 'sha256').hex()}"


_nobody: dict[str, str] = {}


def _nobodys() -> str:
    """A password hash that no password opens, so that an unknown name costs the same time as a known one."""
    return _nobody.setdefault("hash", make_password("nobody has this password"))


def _note(
    scope: Scope, actor: UUID | None, outcome: str, at: datetime, request_id: str, action: str = "account.sign_in"
) -> None:
    note_operation(scope=scope, actor=actor, action=action, outcome=outcome, at=at, request_id=request_id)
