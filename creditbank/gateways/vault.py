"""Evidence files: encrypted, named by the hash of their content, durable before the row commits."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from creditbank.gateways import disk, keys
from creditbank.gateways.bank import Bank
from creditbank.gateways.problem import DiskProblem

MOST_BYTES = 12 * 1024 * 1024
"""The largest file taken as evidence: a photo of a modern phone fits."""

_SHORTEST = 1 + 12 + 16
"""The bytes of anything sealed: the key's id, the nonce, and the tag of empty content."""

_SIGNS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in the vault: the hash of its content, the type its first bytes show, its size."""

    sha256: str
    media_type: str
    size: int


def sniff(content: bytes) -> str | None:
    """The media type by the first bytes, or nothing for a type that is not taken as evidence."""
    return next((media for sign, media in _SIGNS if content.startswith(sign)), None)


def store(bank: Bank, content: bytes) -> Stored | None:
    """Encrypt and keep a file; None when its type or size is not taken.

    Raises:
        DiskProblem: the disk refused; nothing half-written is left.
    """
    media_type = sniff(content)
    if media_type is None or len(content) > MOST_BYTES:
        return None
    digest = hashlib.sha256(content).hexdigest()
    path = bank.files / digest[:2] / digest[2:4] / digest
    if not path.exists():
        for folder in (path.parent.parent, path.parent):
            disk.make_folder(folder, mode=0o700)
        disk.write_whole(path, seal(bank, content, digest), mode=0o600)
    return Stored(digest, media_type, len(content))


def stored(bank: Bank) -> Iterator[str]:
    """The names of all files in the vault: each the hash of its content."""
    for path in bank.files.glob("??/??/*"):
        if len(path.name) == 64 and path.name.startswith(path.parent.parent.name + path.parent.name):
            yield path.name


def read(bank: Bank, sha256: str) -> bytes:
    """The content of a stored file.

    Raises:
        DiskProblem: the file is missing, or it is not what was stored under this name.
        KeyProblem: the key it was sealed with is missing or must not be used.
    """
    path = bank.files / sha256[:2] / sha256[2:4] / sha256
    try:
        content = unseal(bank, path.read_bytes(), sha256)
    except (OSError, InvalidTag) as error:
        raise DiskProblem(
            en=f"The evidence file {sha256[:12]}… is missing or damaged. Its record was kept. Restore the files folder"
            " from a backup.",
            zh=f"佐证文件 {sha256[:12]}… 缺失或已损坏。其记录仍保留。请从备份恢复 files 文件夹。",
        ) from error
    return content


def seal(bank: Bank, content: bytes, name: str) -> bytes:
    """Content as it lies on the disk: the key's id, a nonce, and what only the same name opens."""
    key_id, key = _key(bank)
    nonce = os.urandom(12)
    return bytes([key_id]) + nonce + AESGCM(key).encrypt(nonce, content, _sealed_with(key_id, name))


def unseal(bank: Bank, sealed: bytes, name: str) -> bytes:
    """What :func:`seal` sealed under this name.

    Raises:
        InvalidTag: it is damaged, or was sealed under another name or key.
        KeyProblem: the key is missing or must not be used.
    """
    # A lost key is never replaced by a new one here: nothing could be opened with it.
    key_id, key = _opened(keys.need(bank, "data"))
    if len(sealed) < _SHORTEST:
        raise InvalidTag
    # The key's id is sealed too: bytes under another key fail as damaged ones do.
    return AESGCM(key).decrypt(sealed[1:13], sealed[13:], _sealed_with(key_id, name))


def _sealed_with(key_id: int, sha256: str) -> bytes:
    return f"{key_id}:{sha256}".encode()


def _key(bank: Bank) -> tuple[int, bytes]:
    return keys.sealing_key(bank, "data")


def _opened(kept: dict[str, Any]) -> tuple[int, bytes]:
    return int(kept["id"]), base64.b64decode(kept["key"])
