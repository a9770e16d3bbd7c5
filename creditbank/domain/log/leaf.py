"""What a leaf of the log is: a salted commitment to a record, and nothing else."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from creditbank.domain.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

HASH_SIZE = 32
SALT_SIZE = 32

STREAMS = frozenset({"posting", "rule_version", "operation", "key", "credential"})
"""The kinds of record that enter the log; together with a reference they name one leaf."""


def commit(salt: bytes, record: Mapping[str, Any]) -> bytes:
    """The 32-byte commitment HMAC-SHA256(salt, JCS(record)): the whole content of a leaf.

    The salt (32 random bytes) is kept beside the record, never in the log: once it is deleted, nobody can
    tell any more what the leaf spoke of.

    Raises:
        ValueError: the salt is not 32 bytes long, or the record has no canonical form (a number beyond the
            exact range, half a surrogate pair).
        TypeError: the record holds a value that JSON keeps in no single exact form, a float for instance.
    """
    return commit_bytes(salt, canonical(record))


def commit_bytes(salt: bytes, record: bytes) -> bytes:
    """``commit`` for a record whose canonical bytes are there already.

    Raises:
        ValueError: the salt is not 32 bytes long.
    """
    if len(salt) != SALT_SIZE:
        raise ValueError(f"a salt has {SALT_SIZE} bytes, this one {len(salt)}")
    return hmac.digest(salt, record, "sha256")


def opens(commitment: bytes, salt: bytes, record: Mapping[str, Any]) -> bool:
    """Whether salt and record are what the commitment was made of."""
    return hmac.compare_digest(commitment, commit(salt, record))
