"""Key files: JSON documents in ``keys/``, each 0600, whole or absent, never readable by others."""

from __future__ import annotations

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


def new_password() -> str:
    """A random password of 256 bits, in letters that need no quoting anywhere."""
    return secrets.token_urlsafe(32)


def new_secret(length: int = 32) -> bytes:
    """Random bytes for a key, a salt or a seed."""
    return secrets.token_bytes(length)


def _unreadable(path: Path, reason: str) -> KeyProblem:
    return KeyProblem(
        en=f"{path} cannot be read ({reason}). Nothing was changed. Restore it from the backup of the keys folder.",
        zh=f"无法读取 {path}（{reason}）。没有任何改动。请从 keys 文件夹的备份中恢复它。",
    )
