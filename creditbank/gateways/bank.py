"""The bank's folder: where it lies, what is in it, and which format it has."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from creditbank.gateways import disk
from creditbank.gateways.problem import BankProblem

FORMAT = 1
"""The format of the bank's folder that this program reads and writes."""

SCHEMA = "creditbank.bank"
SYSTEM_HOME = Path("/var/lib/creditbank")

_OURS = {"keys", "files", "log", "db", "pg", "sheets", "outbox", "bank.json", "lost+found"}


@dataclass(frozen=True, slots=True)
class Bank:
    """One bank's folder; ``keys``, ``files``, ``log`` and ``db`` are siblings in it."""

    home: Path

    @property
    def keys(self) -> Path:
        """Secrets, each file 0600, outside the database folder."""
        return self.home / "keys"

    @property
    def files(self) -> Path:
        """Evidence, named by its SHA-256."""
        return self.home / "files"

    @property
    def log(self) -> Path:
        """The transparency log's tiles and checkpoints."""
        return self.home / "log"

    @property
    def db(self) -> Path:
        """The embedded server: its data, its own log, and who uses it now."""
        return self.home / "db"

    @property
    def sheets(self) -> Path:
        """The sheets of simulated colleges."""
        return self.home / "sheets"

    @property
    def label(self) -> Path:
        """The file that says what this folder is; written last, so it stands only in a complete bank."""
        return self.home / "bank.json"


def locate(explicit: str | None = None) -> Bank:
    """The bank of ``--bank``, else of CREDITBANK_HOME, else root's system folder, otherwise ``./bank``."""
    chosen = explicit or os.environ.get("CREDITBANK_HOME")
    if chosen:
        home = Path(chosen).expanduser()
    elif os.geteuid() == 0:
        home = SYSTEM_HOME
    else:
        home = Path("bank")
    return Bank(Path(os.path.abspath(home)))  # noqa: PTH100 - resolve() would follow links the user chose


def exists(bank: Bank) -> bool:
    """Whether the folder holds a complete bank, made by ``found``."""
    return bank.label.is_file()


def check_format(bank: Bank) -> None:
    """Refuse a folder of a newer format, or one that is something else.

    Raises:
        BankProblem: the folder must not be used by this program; it is untouched.
    """
    if not bank.label.exists():
        _refuse_strange_folder(bank)
        return
    try:
        label = json.loads(bank.label.read_bytes())
        schema, number = label["schema"], label["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BankProblem(
            en=f"{bank.label} cannot be read ({error}). Nothing was changed. Restore that file from a "
            "backup, or name another folder with --bank.",
            zh=f"无法读取 {bank.label}（{error}）。没有任何改动。请从备份恢复该文件，或用 --bank 指定其他文件夹。",
        ) from error
    if schema != SCHEMA or not isinstance(number, int):
        raise BankProblem(
            en=f"{bank.label} does not describe a credit bank. Nothing was changed. Name another folder with --bank.",
            zh=f"{bank.label} 描述的不是学分银行。没有任何改动。请用 --bank 指定其他文件夹。",
        )
    if number > FORMAT:
        raise BankProblem(
            en=f"The bank in {bank.home} has format {number}; this program knows formats up to {FORMAT}. "
            "It was not opened and nothing was changed. Install the program version that wrote it, or "
            "a newer one.",
            zh=f"{bank.home} 中的学分银行格式为 {number}，本程序只支持到格式 {FORMAT}。"
            "没有打开它，也没有任何改动。请安装写入它的程序版本或更新的版本。",
        )


def lay_folders(bank: Bank) -> None:
    """Make the bank's folders, each closed to everyone else; those that exist are left as they are."""
    disk.make_folder(bank.home, mode=0o755 if bank.home == SYSTEM_HOME else 0o700)
    for folder in (bank.keys, bank.files, bank.log, bank.db):
        disk.make_folder(folder, mode=0o700)


def found(bank: Bank) -> None:
    """Write the label that makes the folder a bank, if it is not there yet; the last step."""
    if exists(bank):
        return
    text = json.dumps({"schema": SCHEMA, "format": FORMAT}, indent=2) + "\n"
    disk.write_whole(bank.label, text.encode(), mode=0o644)


def _refuse_strange_folder(bank: Bank) -> None:
    try:
        strange = sorted(
            entry.name for entry in bank.home.iterdir() if entry.name not in _OURS and not entry.name.startswith(".")
        )
    except FileNotFoundError:
        return
    except OSError as error:
        raise BankProblem(
            en=f"The folder {bank.home} cannot be opened ({error.strerror}). Nothing was changed. "
            "Name another folder with --bank, or run the command as the user who owns it.",
            zh=f"无法打开文件夹 {bank.home}（{error.strerror}）。没有任何改动。"
            "请用 --bank 指定其他文件夹，或以其所有者身份运行。",
        ) from error
    if strange:
        shown = ", ".join(strange[:3])
        raise BankProblem(
            en=f"{bank.home} is not a bank's folder: it already holds other things ({shown}). Nothing was "
            "changed. Name an empty folder, or one that does not exist yet, with --bank.",
            zh=f"{bank.home} 不是学分银行的文件夹：其中已有其他内容（{shown}）。没有任何改动。"
            "请用 --bank 指定空文件夹或尚不存在的文件夹。",
        )
