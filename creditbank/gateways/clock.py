"""The only reader of time and maker of ids."""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime
from struct import iter_unpack
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - this is the one place


def today(zone: str) -> date:
    """The present calendar day in an institution's zone, for instance ``Asia/Shanghai``."""
    return now().astimezone(ZoneInfo(zone)).date()


def day_in(moment: datetime, zone: str) -> date:
    """The calendar day of a moment in an institution's zone."""
    return moment.astimezone(ZoneInfo(zone)).date()


def monotonic() -> float:
    """Seconds on a clock that never steps back, for measuring."""
    return time.monotonic()


def worked() -> float:
    """Seconds of processor time this program has used, for measuring on a machine that others use too."""
    return time.process_time()


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): sorts by its millisecond of birth."""
    return uuid7(time.time_ns() // 1_000_000, os.urandom(10))


def new_ids(count: int) -> list[UUID]:
    """As many UUIDv7 of one millisecond, several times faster than one by one."""
    start = uuid7(time.time_ns() // 1_000_000, bytes(10)).int
    noise = iter_unpack(">HQ", os.urandom(10 * count))
    return [UUID(int=start | (few & 0xFFF) << 64 | many & (1 << 62) - 1) for few, many in noise]


def id_of(within: UUID, name: str) -> UUID:
    """The id of a name within another id: the same for ever and everywhere (UUIDv5)."""
    return uuid5(within, name)


def uuid7(milliseconds: int, noise: bytes) -> UUID:
    """The UUIDv7 of a Unix time in milliseconds and ten random bytes."""
    rest = int.from_bytes(noise, "big")
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76 | (rest >> 68 & 0xFFF) << 64
    value |= 0b10 << 62 | rest & (1 << 62) - 1
    return UUID(int=value)


def new_salts(count: int) -> list[bytes]:
    """As many salts, each of thirty-two random bytes."""
    noise = os.urandom(32 * count)
    return [noise[place : place + 32] for place in range(0, 32 * count, 32)]


def new_salt() -> bytes:
    """Thirty-two random bytes, the salt of one leaf of the log."""
    return os.urandom(32)
