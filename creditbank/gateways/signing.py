"""Ed25519 signatures, and the key file that the log signs with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from creditbank.domain.log.checkpoint import NoteFormatError, VerifierKey
from creditbank.gateways import disk, keys
from creditbank.gateways.log_files import TileStore
from creditbank.gateways.problem import KeyProblem

if TYPE_CHECKING:
    from creditbank.gateways.bank import Bank

_SCHEMA = "creditbank.log-key/1"
_MEMBERS = {"schema", "origin", "seed", "vkey"}


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


def open_or_create_log_key(bank: Bank, origin: str) -> LogSigner:
    """The log's key of a bank: ``keys/log.json`` (private, 0600), with ``log/vkey`` (public) beside the log.

    A key is made only for a log that has none yet. The public key is written again where it is missing.

    Raises:
        KeyProblem: the key file is readable by others, damaged or of another origin, or it is missing
            although the log was signed before: a new key would break with everything signed so far.
        DiskProblem: the disk refused.
        LogStoreProblem: another process makes the key or writes the log just now.
    """
    data = keys.read(bank, "log")
    if data is None:
        with TileStore(bank.log).exclusive():
            data = keys.read(bank, "log") or _make(bank, origin)
    signer = _signer(bank, data)
    if signer.vkey.name != origin:
        raise KeyProblem(
            en=f"{keys.path_of(bank, 'log')} is the key of the log {signer.vkey.name}, not of {origin}. "
            "Nothing was changed. A log keeps its name for ever: set the former name again.",
            zh=f"{keys.path_of(bank, 'log')} 是日志 {signer.vkey.name} 的密钥，而不是 {origin} 的。"
            "没有任何改动。日志名称永久不变：请改回原来的名称。",
        )
    public = bank.log / "vkey"
    if not public.exists():
        disk.make_folder(bank.log, mode=0o700)
        disk.write_whole(public, f"{signer.vkey}\n".encode(), mode=0o644)
    elif public.read_bytes().strip() != str(signer.vkey).encode():
        raise KeyProblem(
            en=f"{public} names another key than {keys.path_of(bank, 'log')} holds. Nothing was changed. "
            "One of the two comes from another bank or an older backup.",
            zh=f"{public} 中的密钥与 {keys.path_of(bank, 'log')} 不一致。没有任何改动。"
            "两者之一来自另一家学分银行或较旧的备份。",
        )
    return signer


def read_log_key(text: str) -> VerifierKey:
    """The public key written in a text, as ``log/vkey`` holds it.

    Raises:
        KeyProblem: it is none.
    """
    try:
        return VerifierKey.parse(text)
    except NoteFormatError as error:
        raise KeyProblem(en=f"Not a log key: {error}.", zh=f"不是日志公钥：{error}。") from None


def _make(bank: Bank, origin: str) -> dict[str, Any]:
    if (bank.log / "vkey").exists() or (bank.log / "checkpoint").exists():
        keys.need(bank, "log")
    try:
        signer = LogSigner.from_seed(origin, seed := keys.new_secret())
    except NoteFormatError as error:
        raise KeyProblem(
            en=f"{origin!r} cannot name a log: {error}. Nothing was changed.",
            zh=f"{origin!r} 不能用作日志名称：{error}。没有任何改动。",
        ) from None
    data = {"schema": _SCHEMA, "origin": origin, "seed": seed.hex(), "vkey": str(signer.vkey)}
    keys.write(bank, "log", data)
    return data


def _signer(bank: Bank, data: dict[str, Any]) -> LogSigner:
    try:
        signer = LogSigner.from_seed(data["origin"], bytes.fromhex(data["seed"]))
        damage = "" if str(signer.vkey) == data["vkey"] else "seed and key do not belong together"
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        damage = repr(error)
    if damage or data.keys() != _MEMBERS or data["schema"] != _SCHEMA:
        damage = damage or f"it is not of the form {_SCHEMA}"
        path = keys.path_of(bank, "log")
        raise KeyProblem(
            en=f"{path} is damaged: {damage}. Nothing was changed. Restore it from the backup of the keys folder.",
            zh=f"{path} 已损坏：{damage}。没有任何改动。请从 keys 文件夹的备份中恢复它。",
        )
    return signer
