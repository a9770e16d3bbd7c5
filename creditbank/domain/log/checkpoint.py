"""Checkpoints: the size and root of the log as a note that its key has signed."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from creditbank.domain.log.merkle import HASH_SIZE, MAX_SIZE

Verify = Callable[[bytes, bytes, bytes], bool]
"""Checks an Ed25519 signature: public key, message, signature."""

ED25519 = 0x01
_DASH = "—"
_MOST_SIGNATURES = 64
_LONGEST_NOTE = 1_000_000


class NoteFormatError(ValueError):
    """A note, checkpoint or key that is not written as its format wants."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name it signs under; written ``name+id+key`` (vkey)."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        if not _is_key_name(self.name):
            raise NoteFormatError(f"a key name has no spaces and no plus sign: {self.name!r}")
        if len(self.public) != 32:
            raise NoteFormatError(f"an Ed25519 key has 32 bytes, this one {len(self.public)}")

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a signature names its key."""
        return sha256(self.name.encode() + b"\n" + bytes([ED25519]) + self.public).digest()[:4]

    def __str__(self) -> str:
        encoded = base64.b64encode(bytes([ED25519]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """The key that :meth:`__str__` wrote.

        Raises:
            NoteFormatError: it is no vkey, is of another algorithm, or its id does not fit.
        """
        parts = text.strip().split("+", 2)
        if len(parts) != 3:
            raise NoteFormatError("a log key is written name+id+key")
        name, key_id, encoded = parts
        data = decoded(encoded)
        if not data or data[0] != ED25519:
            raise NoteFormatError("the log key is not an Ed25519 key")
        key = cls(name, data[1:])
        if key.key_id.hex() != key_id:
            raise NoteFormatError(f"the log key's id is {key.key_id.hex()}, not {key_id}")
        return key


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line of a note."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text, its last newline included, with the signatures under it."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def __str__(self) -> str:
        lines = [
            f"{_DASH} {item.name} {base64.b64encode(item.key_id + item.signature).decode()}\n"
            for item in self.signatures
        ]
        return f"{self.text}\n{''.join(lines)}"

    @classmethod
    def parse(cls, written: str) -> Note:
        """The note that was written.

        Raises:
            NoteFormatError: it is no signed note (c2sp.org/signed-note).
        """
        if len(written) > _LONGEST_NOTE:
            raise NoteFormatError("the note is too long")
        if any(sign < " " and sign != "\n" for sign in written):
            raise NoteFormatError("the note holds a control character")
        text, blank, below = written.rpartition("\n\n")
        if not blank or not text or not below.endswith("\n"):
            raise NoteFormatError("a note is a text, an empty line, and signature lines that end in a newline")
        lines = below.removesuffix("\n").split("\n")
        if len(lines) > _MOST_SIGNATURES:
            raise NoteFormatError(f"the note has more than {_MOST_SIGNATURES} signatures")
        return cls(text + "\n", tuple(_signature(line) for line in lines))

    def signed_by(self, keys: Iterable[VerifierKey], verify: Verify) -> tuple[VerifierKey, ...]:
        """Those of the keys that signed; empty when any signature said to be by one of them is wrong."""
        known = {(key.name, key.key_id): key for key in keys}
        signers: dict[VerifierKey, None] = {}
        for item in self.signatures:
            key = known.get((item.name, item.key_id))
            if key is None:
                continue
            if not verify(key.public, self.text.encode(), item.signature):
                return ()
            signers[key] = None
        return tuple(signers)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log: whose it is, how many leaves it has, and their root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The text to sign (c2sp.org/tlog-checkpoint), without extension lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """The checkpoint in a note's text; extension lines are read over.

        Raises:
            NoteFormatError: it is no checkpoint.
        """
        lines = text.removesuffix("\n").split("\n")
        if len(lines) < 3 or not all(lines):
            raise NoteFormatError("a checkpoint has an origin, a size and a root, each on its line")
        root = decoded(lines[2])
        if len(root) != HASH_SIZE:
            raise NoteFormatError(f"a root has {HASH_SIZE} bytes, this one {len(root)}")
        return cls(lines[0], decimal(lines[1]), root)

    def signed(self, keys: Sequence[VerifierKey], signatures: Sequence[bytes]) -> str:
        """The signed note of this checkpoint."""
        signed = zip(keys, signatures, strict=True)
        return str(Note(self.text(), tuple(NoteSignature(key.name, key.key_id, made) for key, made in signed)))


def read_checkpoint(written: str) -> tuple[Checkpoint, Note]:
    """A signed checkpoint and its note; who signed is still to be asked.

    Raises:
        NoteFormatError: it is no signed checkpoint.
    """
    note = Note.parse(written)
    return Checkpoint.parse(note.text), note


def decimal(text: str) -> int:
    """A count in its only spelling: ASCII digits without leading zeroes.

    Raises:
        NoteFormatError: it is spelled otherwise, or too large for a log.
    """
    if not text.isascii() or not text.isdigit() or len(text) > 19 or (text[0] == "0" and text != "0"):
        raise NoteFormatError(f"not a plain decimal number: {text[:40]!r}")
    if int(text) > MAX_SIZE:
        raise NoteFormatError(f"too large for a log: {text}")
    return int(text)


def decoded(text: str) -> bytes:
    """The bytes of base64 in its only spelling, padding and unused bits included.

    Raises:
        NoteFormatError: it is spelled otherwise.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise NoteFormatError(f"not base64: {text[:40]!r}") from None
    if base64.b64encode(data).decode() != text:
        raise NoteFormatError(f"not the plain form of base64: {text[:40]!r}")
    return data


def _is_key_name(name: str) -> bool:
    return bool(name) and "+" not in name and name.isprintable() and not any(sign.isspace() for sign in name)


def _signature(line: str) -> NoteSignature:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != _DASH or not _is_key_name(parts[1]):
        raise NoteFormatError(f"not a signature line: {line[:60]!r}")
    data = decoded(parts[2])
    if len(data) < 5:
        raise NoteFormatError("a signature line without a signature")
    return NoteSignature(parts[1], data[:4], data[4:])
