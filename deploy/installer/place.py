"""Where the program lies: versions beside each other, a link to the current one, a launcher."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from installer.bundle import Bundle, running_python
from installer.words import Stop

MARK = "bundle.json"
"""Written last into a version's folder, so it stands only in a complete one."""

LAUNCHER = """#!/bin/sh
# Runs the installed program on its bank; written by install.sh.
[ -n "${{CREDITBANK_HOME:-}}" ] || CREDITBANK_HOME={bank}
export CREDITBANK_HOME
if [ -e {journal} ]; then
  echo '升级尚未完成或曾中断，学分银行暂不启动。请等待其结束；若已中断，请重新运行 install.sh，它会先恢复。' >&2
  echo 'An upgrade is under way or was interrupted; the bank is not opened. Wait for its end;' >&2
  echo 'if it was interrupted, run install.sh again: it recovers first.' >&2
  exit 75
fi
exec {program} "$@"
"""


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of ``--to``."""

    home: Path

    @property
    def current(self) -> Path:
        """The link to the version in use."""
        return self.home / "current"

    @property
    def launcher(self) -> Path:
        """The command for people and for systemd."""
        return self.home / "creditbank"

    @property
    def journal(self) -> Path:
        """Stands while an upgrade is under way: what to go back to."""
        return self.home / "upgrade.json"

    def version(self, name: str) -> Path:
        """The folder of a version."""
        return self.home / "versions" / name

    def current_name(self) -> str | None:
        """The version in use, if any."""
        return self.current.readlink().name if self.current.is_symlink() else None

    def is_complete(self, name: str) -> bool:
        """Whether a version is installed to its last file."""
        return (self.version(name) / MARK).is_file()

    def works(self, name: str) -> bool:
        """Whether a version still starts: it stops when the machine's Python is replaced by another."""
        try:
            answer = subprocess.run(
                [self.version(name) / "bin" / "creditbank", "--help"], capture_output=True, check=False
            )
        except OSError:
            return False
        return answer.returncode == 0

    def other_python(self, name: str) -> bool:
        """Whether a version runs another Python than the installer."""
        return (self.version(name) / "bin" / "python").resolve() != Path(sys.executable).resolve()

    def about(self, name: str) -> dict[str, Any]:
        """What an installed version says of itself."""
        return dict(json.loads((self.version(name) / MARK).read_bytes()))


@contextmanager
def alone(place: Place) -> Iterator[None]:
    """One installer at a time.

    Raises:
        Stop: another one works here.
    """
    place.home.mkdir(mode=0o755, parents=True, exist_ok=True)
    with (place.home / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Stop(
                zh=f"另一个安装程序正在 {place.home} 中工作。没有任何改动。请等待其结束。",
                en=f"Another installer works in {place.home}. Nothing was changed. Wait for its end.",
            ) from None
        yield


def install(place: Place, bundle: Bundle) -> None:
    """Make the version's own environment from the bundle's wheels, beside those that are there.

    Raises:
        Stop: it failed; nothing of the attempt is left, and the current version is as it was.
    """
    target = place.version(bundle.name)
    shutil.rmtree(target, ignore_errors=True)  # of an attempt that was interrupted
    try:
        _install(bundle, target)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise


def point(place: Place, name: str) -> None:
    """Make a version the current one: a link is replaced at once or not at all."""
    waiting = place.home / ".current"
    waiting.unlink(missing_ok=True)
    waiting.symlink_to(Path("versions") / name)
    waiting.rename(place.current)
    sync(place.home)


def write_launcher(place: Place, bank: Path) -> None:
    """The command that knows its bank, and that waits while an upgrade is under way."""
    text = LAUNCHER.format(
        bank=shlex.quote(str(bank)),
        journal=shlex.quote(str(place.journal)),
        program=shlex.quote(str(place.current / "bin" / "creditbank")),
    )
    write_whole(place.launcher, text, mode=0o755)


def write_whole(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Replace a file so that a power cut leaves the old one or the new one."""
    waiting = path.with_name(f".{path.name}.new")
    with waiting.open("w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    waiting.rename(path)
    sync(path.parent)


def sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _install(bundle: Bundle, target: Path) -> None:
    wheels = bundle.folder / "wheels"
    pip = next(wheels.glob("pip-*.whl")) / "pip"
    own = next(wheels.glob("creditbank-*.whl"))
    python = str(target / "bin" / "python")
    offline = [python, "-I", str(pip), "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile"]
    offline += ["--no-cache-dir", "--no-index", f"--find-links={wheels}"]
    _run([sys.executable, "-I", "-m", "venv", "--without-pip", str(target)])
    _run([*offline, "--require-hashes", "--requirement", str(bundle.requirements)])
    _run([*offline, str(own)])
    # The bank may run as a user who cannot write here, and would compile everything anew at each start.
    packages = target / "lib" / f"python{running_python()}" / "site-packages"
    compiling = [python, "-I", "-m", "compileall", "-q", "-j", "0", "-x", "/(tests?|testing)/", str(packages)]
    subprocess.run(compiling, capture_output=True, check=False)  # what does not compile is of no use, and does no harm
    _run([str(target / "bin" / "creditbank"), "--help"])
    for name in ("installer", "deploy", "docs"):
        shutil.copytree(bundle.folder / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(bundle.folder / "install.sh", target)
    os.sync()
    about = json.loads((bundle.folder / "bundle.json").read_bytes()) | {"name": bundle.name}
    write_whole(target / MARK, json.dumps(about, indent=2) + "\n")


def _run(command: list[str]) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_", "VIRTUAL"))}
    answer = subprocess.run(command, env=clean, capture_output=True, text=True, check=False)
    if answer.returncode:
        said = (answer.stderr or answer.stdout).strip().splitlines()[-5:]
        shown = "\n  ".join([" ".join(command[:4]), *said])
        raise Stop(
            zh=f"安装这一版本失败：\n  {shown}\n正在使用的版本和学分银行都没有改动。请排除上述原因后重新运行 "
            "install.sh。",
            en=f"Installing this version failed:\n  {shown}\nThe version in use and the bank are as they were. "
            "Remove the cause and run install.sh again.",
        )
