"""Limits on attempts: how often a name, an address or a network may try within a window."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from creditbank.records.scope import Scope
from creditbank.services.operations import note_operation

WINDOW = timedelta(minutes=15)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Throttled:
    """Too many attempts; ``until`` says when the next one is read."""

    until: datetime


_COUNT = """
INSERT INTO throttle AS kept (key, attempts, window_ends_at) VALUES (%(key)s, 1, %(ends)s)
ON CONFLICT (key) DO UPDATE SET
  attempts = CASE WHEN kept.window_ends_at <= %(at)s THEN 1 ELSE least(kept.attempts + 1, 100000) END,
  window_ends_at = CASE WHEN kept.window_ends_at <= %(at)s THEN %(ends)s ELSE kept.window_ends_at END
RETURNING attempts, window_ends_at
"""


def count_attempt(scope: Scope, key: str, most: int, at: datetime, *, window: timedelta = WINDOW) -> datetime | None:
    """Count one attempt; when there were too many in this window, the moment the window ends."""
    attempts, ends = scope.fetch(_COUNT, {"key": key, "at": at, "ends": at + window})[0]
    return ends if attempts > most else None


def key_of(kind: str, value: str) -> str:
    """An opaque name of what is limited: whoever reads the table learns neither names nor addresses."""
    return f"{kind}:{keyed('throttle', value).hex()}"


def keyed(purpose: str, value: str) -> bytes:
    """A digest of thirty-two bytes that only this bank can make."""
    secret = hashlib.sha256(purpose.encode() + settings.SECRET_KEY.encode()).digest()
    return hmac.digest(secret, value.encode(), "sha256")


def note_attempt(scope: Scope, actor: UUID | None, outcome: str, at: datetime, request_id: str, *, action: str) -> None:
    """Write one line of the operation log about an account."""
    note_operation(scope=scope, actor=actor, action=action, outcome=outcome, at=at, request_id=request_id)
