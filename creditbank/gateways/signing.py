"""Ed25519 signatures, and the key file that the log signs with."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from creditbank.domain.log.checkpoint import NoteFormatError, VerifierKey

if TYPE_CHECKING:
    from pathlib import Path

_SCHEMA = "creditbank.log-key/1"
_MEMBERS = {"schema", "origin", "seed", "vkey"}


class LogKeyError(Exception):
    """The log's key cannot be used; the message says why and what to do."""


def verify_ed25519(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the 64-byte signature of the message was made with the private half of this 32-byte key."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class LogSigner:
    """The log's private key with the public key it answers to."""

    vkey: VerifierKey
    _private: Ed25519PrivateKey

    @classmethod
    def from_seed(cls, origin: str, seed: bytes) -> LogSigner:
        """The signer of an origin from the 32 secret bytes of its key."""
        private = Ed25519PrivateKey.from_private_bytes(seed)
        return cls(VerifierKey(origin, private.public_key().public_bytes_raw()), private)

    def sign(self, message: bytes) -> bytes:
        """The 64-byte Ed25519 signature of a message."""
        return self._private.sign(message)

    def __repr__(self) -> str:
        return f"LogSigner({self.vkey})"


def open_or_create_log_key(keys_folder: Path, origin: str) -> LogSigner:
    """The log's key of a bank: ``keys/log.json`` (private, 0600), with ``log/vkey`` (public) beside it.

    A key is made only for a log that has none yet. The public key is written again where it is missing.

    Raises:
        LogKeyError: the key file is readable by others, damaged or of another origin, or it is missing
            although the log was signed before: a new key would break with everything signed so far.
    """
    public = keys_folder.parent / "log" / "vkey"
    private = keys_folder / "log.json"
    if not private.exists():
        if public.exists() or (public.parent / "checkpoint").exists():
            raise LogKeyError(
                f"{private} is missing, but this log was signed before. Nothing was changed. "
                "Bring the key back from the backup of the keys folder."
            )
        _create(private, origin)
    signer = _read(private, origin)
    if not public.exists():
        public.parent.mkdir(parents=True, exist_ok=True)
        _put(public, f"{signer.vkey}\n".encode(), 0o644)
    elif public.read_text(encoding="utf-8").strip() != str(signer.vkey):
        raise LogKeyError(
            f"{public} names another key than {private} holds. Nothing was changed. "
            "One of the two comes from another bank or an older backup."
        )
    return signer


def read_log_key(text: str) -> VerifierKey:
    """The public key written in a text, as ``log/vkey`` holds it.

    Raises:
        LogKeyError: it is none.
    """
    try:
        return VerifierKey.parse(text)
    except NoteFormatError as error:
        raise LogKeyError(f"not a log key: {error}") from None


def _create(path: Path, origin: str) -> None:
    try:
        signer = LogSigner.from_seed(origin, seed := os.urandom(32))
    except NoteFormatError as error:
        raise LogKeyError(f"{origin!r} cannot name a log: {error}") from None
    data = {"schema": _SCHEMA, "origin": origin, "seed": seed.hex(), "vkey": str(signer.vkey)}
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _put(path, (json.dumps(data, indent=2) + "\n").encode(), 0o600)


def _read(path: Path, origin: str) -> LogSigner:
    if path.stat().st_mode & 0o077:
        raise LogKeyError(f"{path} may be read by other users. Make it private: chmod 600 {path}")
    try:
        data: Any = json.loads(path.read_bytes())
        if not isinstance(data, dict) or data.keys() != _MEMBERS or data["schema"] != _SCHEMA:
            raise LogKeyError(f"{path} is not a {_SCHEMA} file. Bring it back from the backup.")
        signer = LogSigner.from_seed(data["origin"], bytes.fromhex(data["seed"]))
    except (ValueError, TypeError) as error:
        raise LogKeyError(f"{path} is damaged ({error}). Bring it back from the backup.") from None
    if str(signer.vkey) != data["vkey"]:
        raise LogKeyError(
            f"{path} is damaged: seed and key do not belong together. Bring it back from the backup."
        )
    if signer.vkey.name != origin:
        raise LogKeyError(f"{path} is the key of the log {signer.vkey.name}, not of {origin}.")
    return signer


def _put(path: Path, data: bytes, mode: int) -> None:
    """Write a small file that is there whole or not at all; another process's earlier file wins."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
    finally:
        temporary.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
