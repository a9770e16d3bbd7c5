"""Proofs of one leaf: written, read, and judged line by line without the bank that made them."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from creditbank.domain.explanation import Explanation, Line, Verdict
from creditbank.domain.log.checkpoint import (
    Checkpoint,
    Note,
    NoteFormatError,
    VerifierKey,
    Verify,
    decimal,
    decoded,
    read_checkpoint,
)
from creditbank.domain.log.leaf import SALT_SIZE, commit
from creditbank.domain.log.merkle import HASH_SIZE, leaf_hash, verify_inclusion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from creditbank.domain.explanation import Fact

SCHEMA = "creditbank.proof/1"
_HEAD = "c2sp.org/tlog-proof@v1"
_LONGEST_PATH = 63
_SALT = re.compile(f"[0-9a-f]{{{2 * SALT_SIZE}}}")

MESSAGES: dict[str, str] = {
    "log.proof_read": "The file is a proof of the form {schema}.",
    "log.commitment_made": "Record and salt give the commitment {commitment}.",
    "log.commitment_impossible": "Record and salt do not give a commitment: {reason}.",
    "log.proof_misshapen": "The inclusion proof cannot be read: {reason}.",
    "log.parts_agree": "Index and checkpoint stand in the file twice, and both times alike.",
    "log.parts_differ": "The file contradicts itself: the {part} in the proof is not the one beside it.",
    "log.record_included": "The record is leaf {index} of a log of {size} leaves with the root {root}.",
    "log.record_not_included": (
        "The record is not leaf {index} of the log of {size} leaves: record, salt, index or proof was changed."
    ),
    "log.key_misshapen": "The log key in the file cannot be read: {reason}.",
    "log.key_pinned": "The log's key is one you named: {key}.",
    "log.key_other": "The file names another log key than you did: {key}.",
    "log.key_unpinned": (
        "The log's key came with the file: compare {key} with the key the bank publishes, or name it with --log-key."
    ),
    "log.checkpoint_signed": "The log {origin} signed this state of {size} leaves.",
    "log.checkpoint_unsigned": "The state of {size} leaves carries no valid signature of the log {origin}.",
    "log.origin_differs": "The state belongs to the log {origin}, the key to {name}.",
    "log.unreadable_json": "The file is not JSON from line {line}, column {column} on.",
    "log.unreadable_figure": "The file is not JSON: it holds a number that JSON does not have or that is too long.",
    "log.unreadable_depth": "The file is nested too deeply.",
    "log.unreadable_object": "The file does not hold a JSON object.",
    "log.unreadable_schema": "The file is no proof: its schema is not {schema}.",
    "log.unreadable_double": "The file names the member {name} twice.",
    "log.unreadable_unknown": "The file has a member that a proof does not have: {name}.",
    "log.unreadable_missing": "The file lacks the member {name}.",
    "log.unreadable_text": "The member {name} of the file is not a text.",
    "log.unreadable_number": "The member {name} of the file is not a whole number.",
    "log.unreadable_record": "The member {name} of the file is not an object.",
    "log.verdict_valid": "VALID: the record is in the log, unchanged.",
    "log.verdict_invalid": "NOT VALID: do not rely on this file.",
    "log.verdict_unpinned": "CONSISTENT, but the log's key was not named: anyone could have made this file.",
}


class ProofUnreadableError(ValueError):
    """What was given is not a proof file at all; ``line`` says why."""

    def __init__(self, code: str, **facts: Fact) -> None:
        super().__init__(MESSAGES[code].format(**facts))
        self.line = Line(code, Verdict.NO, facts)


@dataclass(frozen=True, slots=True)
class LeafProof:
    """That a leaf stands in a log: its index, the hashes up to the root, and the signed checkpoint."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str

    def __str__(self) -> str:
        lines = [_HEAD, f"index {self.index}", *(base64.b64encode(item).decode() for item in self.path)]
        return "\n".join(lines) + "\n\n" + self.checkpoint

    @classmethod
    def parse(cls, written: str) -> Self:
        """The proof in c2sp.org/tlog-proof form; extra data are read over.

        Raises:
            NoteFormatError: it is not of that form.
        """
        head, blank, checkpoint = written.partition("\n\n")
        if not blank:
            raise NoteFormatError("there is no empty line before the checkpoint")
        lines = head.split("\n")
        if lines.pop(0) != _HEAD:
            raise NoteFormatError(f"it does not begin with {_HEAD}")
        if lines and lines[0].startswith("extra "):
            decoded(lines.pop(0).removeprefix("extra "))
        if not lines or not lines[0].startswith("index "):
            raise NoteFormatError("there is no index line")
        index = decimal(lines.pop(0).removeprefix("index "))
        if len(lines) > _LONGEST_PATH:
            raise NoteFormatError(f"it has more than {_LONGEST_PATH} hashes")
        path = tuple(decoded(line) for line in lines)
        if any(len(item) != HASH_SIZE for item in path):
            raise NoteFormatError(f"one of its hashes is not {HASH_SIZE} bytes long")
        return cls(index, path, checkpoint)


@dataclass(frozen=True, slots=True)
class ProofFile:
    """What a ``creditbank.proof/1`` file says, believed or not.

    ``record`` is JSON data, ``salt`` 64 hexadecimal digits, ``proof`` a tlog-proof, ``checkpoint`` a signed
    checkpoint, ``log_key`` the vkey the maker of the file calls the log's.
    """

    record: Mapping[str, Any]
    salt: str
    index: int
    proof: str
    checkpoint: str
    log_key: str

    def to_data(self) -> dict[str, Any]:
        """The JSON data of the file."""
        return {
            "schema": SCHEMA,
            "record": dict(self.record),
            "salt": self.salt,
            "index": self.index,
            "proof": self.proof,
            "checkpoint": self.checkpoint,
            "log_key": self.log_key,
        }

    def to_json(self) -> str:
        """The text of the file."""
        return json.dumps(self.to_data(), ensure_ascii=False, indent=2) + "\n"

    @classmethod
    def of(cls, *, record: Mapping[str, Any], salt: bytes, proof: LeafProof, log_key: str) -> Self:
        """The file that proves a record by its salt and the proof of its leaf."""
        return cls(record, salt.hex(), proof.index, str(proof), proof.checkpoint, log_key)


_TYPES: dict[str, type] = {
    "schema": str,
    "record": dict,
    "salt": str,
    "index": int,
    "proof": str,
    "checkpoint": str,
    "log_key": str,
}


def read_proof(text: str) -> ProofFile:
    """The proof file in a text.

    Raises:
        ProofUnreadableError: it is no JSON, not of this schema, or a member is missing, unknown, double or
            of another type; the message names it.
    """
    try:
        data = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except RecursionError:
        raise ProofUnreadableError("log.unreadable_depth") from None
    except ProofUnreadableError:
        raise
    except json.JSONDecodeError as error:
        raise ProofUnreadableError("log.unreadable_json", line=error.lineno, column=error.colno) from None
    except ValueError:
        raise ProofUnreadableError("log.unreadable_figure") from None
    if not isinstance(data, dict):
        raise ProofUnreadableError("log.unreadable_object")
    if data.get("schema") != SCHEMA:
        raise ProofUnreadableError("log.unreadable_schema", schema=SCHEMA)
    if unknown := sorted(data.keys() - _TYPES.keys()):
        raise ProofUnreadableError("log.unreadable_unknown", name=unknown[0])
    for name, kind in _TYPES.items():
        if name not in data:
            raise ProofUnreadableError("log.unreadable_missing", name=name)
        if type(data[name]) is not kind:
            raise ProofUnreadableError(_MISTYPED[kind], name=name)
    return ProofFile(**{name: data[name] for name in _TYPES if name != "schema"})


_MISTYPED: dict[type, str] = {
    str: "log.unreadable_text",
    int: "log.unreadable_number",
    dict: "log.unreadable_record",
}


def judge(file: ProofFile, pinned: Sequence[VerifierKey], verify: Verify) -> Explanation:
    """Every check of a proof file, one line each, in the order of the argument.

    The worst verdict says all: NO = invalid; ASK = consistent, but the log's key came with the file; else
    the record is in the log of a key that was named.
    """
    lines = [Line("log.proof_read", Verdict.YES, {"schema": SCHEMA})]
    commitment = _judge_commitment(file, lines)
    proof = _judge_shape(file, lines)
    if proof is not None:
        leaf_proof, checkpoint, note = proof
        if commitment is not None:
            included = verify_inclusion(
                leaf_hash(commitment), leaf_proof.index, checkpoint.size, leaf_proof.path, checkpoint.root
            )
            code = "log.record_included" if included else "log.record_not_included"
            facts: dict[str, Fact] = {"index": leaf_proof.index, "size": checkpoint.size}
            if included:
                facts["root"] = checkpoint.root.hex()
            lines.append(Line(code, _verdict(good=included), facts))
        _judge_key(file, checkpoint, note, pinned, verify, lines)
    return tuple(lines)


def _judge_commitment(file: ProofFile, lines: list[Line]) -> bytes | None:
    try:
        commitment = commit(_salt(file.salt), file.record)
    except (TypeError, ValueError, RecursionError) as error:
        reason = "the record holds a broken character" if isinstance(error, UnicodeError) else str(error)
        lines.append(Line("log.commitment_impossible", Verdict.NO, {"reason": reason}))
        return None
    lines.append(Line("log.commitment_made", Verdict.YES, {"commitment": commitment.hex()}))
    return commitment


def _salt(text: str) -> bytes:
    if not _SALT.fullmatch(text):
        raise ValueError(f"the salt is not {2 * SALT_SIZE} lower-case hexadecimal digits")
    return bytes.fromhex(text)


def _judge_shape(file: ProofFile, lines: list[Line]) -> tuple[LeafProof, Checkpoint, Note] | None:
    try:
        proof = LeafProof.parse(file.proof)
        checkpoint, note = read_checkpoint(proof.checkpoint)
    except NoteFormatError as error:
        lines.append(Line("log.proof_misshapen", Verdict.NO, {"reason": str(error)}))
        return None
    differing = [
        name
        for name, same in (
            ("index", proof.index == file.index),
            ("checkpoint", proof.checkpoint == file.checkpoint),
        )
        if not same
    ]
    lines += [Line("log.parts_differ", Verdict.NO, {"part": name}) for name in differing]
    if not differing:
        lines.append(Line("log.parts_agree", Verdict.YES))
    return proof, checkpoint, note


def _judge_key(
    file: ProofFile,
    checkpoint: Checkpoint,
    note: Note,
    pinned: Sequence[VerifierKey],
    verify: Verify,
    lines: list[Line],
) -> None:
    try:
        key = VerifierKey.parse(file.log_key)
    except NoteFormatError as error:
        lines.append(Line("log.key_misshapen", Verdict.NO, {"reason": str(error)}))
        return
    signed = key in note.signed_by([key], verify)
    code = "log.checkpoint_signed" if signed else "log.checkpoint_unsigned"
    facts: dict[str, Fact] = {"origin": key.name, "size": checkpoint.size}
    lines.append(Line(code, _verdict(good=signed), facts))
    if checkpoint.origin != key.name:
        lines.append(Line("log.origin_differs", Verdict.NO, {"origin": checkpoint.origin, "name": key.name}))
    if not pinned:
        lines.append(Line("log.key_unpinned", Verdict.ASK, {"key": str(key)}))
    elif key in pinned:
        lines.append(Line("log.key_pinned", Verdict.YES, {"key": str(key)}))
    else:
        lines.append(Line("log.key_other", Verdict.NO, {"key": str(key)}))


def _verdict(*, good: bool) -> Verdict:
    return Verdict.YES if good else Verdict.NO


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise ProofUnreadableError("log.unreadable_double", name=double)
    return made


def _no_constant(_name: str) -> None:
    raise ProofUnreadableError("log.unreadable_figure")
