"""Is that process still the one we met: a pid together with the moment it was born."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_PROC = Path("/proc")


def birth_of(pid: int) -> str | None:
    """A word that no other process with this pid ever has, or nothing when no such process runs.

    Taken from /proc (boot id and field 22 of ``stat``); where there is no /proc, from ``ps -o lstart``.
    A zombie has ended: it holds nothing any more.
    """
    if pid <= 0:
        return None
    if (_PROC / "self" / "stat").exists():
        return _birth_from_proc(pid)
    return _birth_from_ps(pid)


def is_same(pid: int, birth: str) -> bool:
    """Whether the process met earlier still runs."""
    return birth_of(pid) == birth


def answers(pid: int) -> bool:
    """Whether the system knows the pid at all, be it a zombie's or another user's."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def works_in(pid: int, folder: Path) -> bool | None:
    """Whether the process's working folder is this one; nothing where the system does not tell."""
    try:
        return (_PROC / str(pid) / "cwd").samefile(folder)
    except OSError:
        return None


def name_of(pid: int) -> str:
    """The program's short name, or the empty text."""
    try:
        return (_PROC / str(pid) / "comm").read_text().strip()
    except OSError:
        return os.path.basename(_ps(pid, "comm="))  # noqa: PTH119 - ps prints a name, not always a path


def _birth_from_proc(pid: int) -> str | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text()
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    # The name in parentheses may hold spaces and parentheses itself: count from the last one.
    fields = text.rpartition(")")[2].split()
    state, started = fields[0], fields[19]
    return None if state in {"Z", "X"} else f"{boot}:{started}"


def _birth_from_ps(pid: int) -> str | None:
    state = _ps(pid, "stat=")
    if not state or state.startswith("Z"):
        return None
    return _ps(pid, "lstart=") or None


def _ps(pid: int, column: str) -> str:
    try:
        answer = subprocess.run(
            ["ps", "-o", column, "-p", str(pid)],
            capture_output=True,
            text=True,
            check=False,
            env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        )
    except OSError:
        return ""
    return answer.stdout.strip()
