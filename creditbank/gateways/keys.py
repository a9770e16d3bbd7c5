"""Key files: JSON documents in ``keys/``, each 0600, whole or absent, never readable by others."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import stat
from typing import TYPE_CHECKING, Any

from creditbank.gateways import disk
from creditbank.gateways.problem import KeyProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from creditbank.gateways.bank import Bank


def path_of(bank: Bank, name: str) -> Path:
    """Where the key file of a name such as ``database`` lies."""
    return bank.keys / f"{name}.json"


def read(bank: Bank, name: str) -> dict[str, Any] | None:
    """The key file's content, or nothing when there is none.

    Raises:
        KeyProblem: others may read the file, or it is not the JSON object that was written.
    """
    path = path_of(bank, name)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if stat.S_IMODE(status.st_mode) & 0o077:
            raise KeyProblem(
                en=f"{path} may be read by other users (mode {stat.S_IMODE(status.st_mode):04o}). It was not "
                f"used and nothing was changed. Run: chmod 600 {path}. If others could have read it, change "
                "the keys too.",
                zh=f"{path} 可被其他用户读取（权限 {stat.S_IMODE(status.st_mode):04o}）。"
                f"没有使用它，也没有任何改动。请运行：chmod 600 {path}。如果他人可能已读取，请同时更换密钥。",
            )
        content = file.read()
    try:
        value = json.loads(content)
    except ValueError as error:
        raise _unreadable(path, str(error)) from error
    if not isinstance(value, dict):
        raise _unreadable(path, "not a JSON object")
    return value


def need(bank: Bank, name: str) -> dict[str, Any]:
    """The key file's content.

    Raises:
        KeyProblem: there is no such file, or it must not be used.
    """
    value = read(bank, name)
    if value is None:
        path = path_of(bank, name)
        raise KeyProblem(
            en=f"{path} is missing. Nothing was changed; the other folders of the bank are as they were. "
            "Restore it from the backup of the keys folder.",
            zh=f"缺少 {path}。没有任何改动，学分银行的其他文件夹保持原样。请从 keys 文件夹的备份中恢复它。",
        )
    return value


def write(bank: Bank, name: str, value: Mapping[str, Any]) -> None:
    """Write a key file whole, 0600 and durable before this returns.

    Raises:
        DiskProblem: the disk refused; the former file stands.
    """
    disk.make_folder(bank.keys, mode=0o700)
    disk.write_whole(path_of(bank, name), (json.dumps(value, indent=2) + "\n").encode(), mode=0o600)


def read_or_make(bank: Bank, name: str, make: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    """The key file's content, made and written first when there is none; the caller holds the bank's lock."""
    value = read(bank, name)
    if value is None:
        write(bank, name, make())
        value = need(bank, name)
    return value


def sealing_key(bank: Bank, name: str) -> tuple[int, bytes]:
    """The id and the bytes of a key that seals what is kept, made once in the life of a bank.

    A mark beside the files says that it was made. A key that was lost or replaced since is never made anew:
    nothing that was sealed could be opened with it, and what is sealed from then on hides the loss.

    Raises:
        KeyProblem: it is missing or another one although something was sealed, or must not be used.
    """
    mark = bank.files / f".{name}-key"
    known = mark.read_text(encoding="ascii").strip() if mark.exists() else ""
    value = read(bank, name)
    if value is None:
        if known or (name == "data" and _holds_sealed(bank)):
            raise _lost(bank, name)
        value = {"id": 1, "key": base64.b64encode(new_secret()).decode()}
        write(bank, name, value)
    key = base64.b64decode(value["key"])
    own = hashlib.sha256(key).hexdigest()[:32]
    if not known:
        disk.make_folder(bank.files, mode=0o700)
        disk.write_whole(mark, f"{own}\n".encode(), mode=0o600)
    elif known != own:
        raise _another(bank, name)
    return int(value["id"]), key


def new_password() -> str:
    """A random password of 256 bits, in letters that need no quoting anywhere."""
    return secrets.token_urlsafe(32)


def new_digits(count: int) -> str:
    """As many random digits, for a code that a person types."""
    return str(secrets.randbelow(10**count)).zfill(count)


def new_letters(count: int) -> str:
    """As many random letters and digits, for a code that a person reads from paper; none looks like another."""
    return "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(count))


def new_secret(length: int = 32) -> bytes:
    """Random bytes for a key, a salt or a seed."""
    return secrets.token_bytes(length)


def _holds_sealed(bank: Bank) -> bool:
    """Whether a bank that has no mark yet keeps files sealed with its data key: evidence, or sheets between steps."""
    return any(bank.files.glob("??/??/*")) or any((bank.files / "sheets").glob("*/*"))


def _lost(bank: Bank, name: str) -> KeyProblem:
    path = path_of(bank, name)
    return KeyProblem(
        en=f"{path} is missing, and this bank keeps files or identity numbers sealed with it. No other key was made "
        "and nothing was stored; what is kept stays as it is and can be opened again with that key. Stop the bank and "
        f"restore {path} from the backup of the keys folder.",
        zh=f"缺少 {path}，而本学分银行保存有用它加密的文件或身份证件号。没有另造密钥，也没有存入任何内容；"
        f"已有内容保持原样，找回该密钥即可解密。请停止服务，从 keys 文件夹的备份中恢复 {path}。",
    )


def _another(bank: Bank, name: str) -> KeyProblem:
    path = path_of(bank, name)
    return KeyProblem(
        en=f"{path} is not the key with which this bank has sealed its files or identity numbers. Nothing was stored "
        f"and nothing was changed. Stop the bank and restore {path} from the backup of the keys folder.",
        zh=f"{path} 不是本学分银行加密文件或身份证件号所用的密钥。没有存入任何内容，也没有任何改动。"
        f"请停止服务，从 keys 文件夹的备份中恢复 {path}。",
    )


def _unreadable(path: Path, reason: str) -> KeyProblem:
    return KeyProblem(
        en=f"{path} cannot be read ({reason}). Nothing was changed. Restore it from the backup of the keys folder.",
        zh=f"无法读取 {path}（{reason}）。没有任何改动。请从 keys 文件夹的备份中恢复它。",
    )
