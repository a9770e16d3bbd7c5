"""Banks for the tests of the database gateway, and holders that are processes of their own."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from creditbank.gateways import database
from creditbank.gateways import postgres_state as state
from creditbank.gateways.bank import Bank

REPOSITORY = Path(__file__).resolve().parents[2]

ENVIRONMENT = {
    "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *(path for path in sys.path if path.endswith("site-packages"))]),
    "PYTHONDONTWRITEBYTECODE": "1",
    "PATH": os.environ["PATH"],
}

# What a holder's process does: hold a lease, say "held", and end when its input does.
HOLDER = """
import sys
from pathlib import Path
from creditbank.gateways import database
from creditbank.gateways.bank import Bank
from creditbank.gateways import postgres_state as state
from creditbank.gateways.problem import Problem
bank = Bank(Path(sys.argv[1]))
try:
    with database.lease(bank, "holder"):
        with database.logins(bank)["app"].connect() as connection:
            user = connection.execute("SELECT current_user").fetchone()[0]
        running = state.find(bank)
        print("held", running.pid, user, running.host, flush=True)
        sys.stdin.read()
except Problem as problem:
    print("refused", problem.en, flush=True)
print("ended", flush=True)
"""


@dataclass
class Heard:
    """Collects what a lease tells."""

    english: list[str] = field(default_factory=list)
    chinese: list[str] = field(default_factory=list)

    def __call__(self, said):
        self.english.append(said.en)
        self.chinese.append(said.zh)

    def __contains__(self, part):
        return any(part in line for line in self.english)


def quiet(said):
    """Tell nobody."""


class Holder:
    """Another process with a lease; ``word`` is what it said when it had it, or why not."""

    def __init__(self, bank, *, user=None, python=None):
        self.process = subprocess.Popen(
            [python or sys.executable, "-c", HOLDER, str(bank.home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            env=ENVIRONMENT,
            **({"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}),
        )

    def wait_until_held(self):
        self.word = self.process.stdout.readline().strip()
        assert self.word.startswith("held"), self.word + self.process.stderr.read()
        return self

    @property
    def server(self):
        return int(self.word.split()[1])

    def end(self):
        out, err = self.process.communicate(timeout=90)
        assert "ended" in out, out + err
        return out, err

    def kill(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        self.process.wait(timeout=60)

    def clear(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()


def copy_of(bank: Bank, home: Path) -> Bank:
    """The same bank in another folder, owners kept; the original is stopped."""
    subprocess.run(["cp", "-a", str(bank.home), str(home)], check=True)
    return Bank(home)


def end_server(bank: Bank) -> None:
    """Whatever a test left running on this folder ends; nothing else does."""
    running = state.find(bank)
    if running:
        with contextlib.suppress(ProcessLookupError):
            os.kill(running.pid, signal.SIGCONT)
        with database._hold(bank, "clearing", tell=quiet):
            pass


def fingerprint(folder: Path) -> str:
    """One hash over names and contents, to show that nothing was touched."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        found.update(str(path.relative_to(folder)).encode())
        if path.is_file() and not path.is_symlink():
            found.update(path.read_bytes())
    return found.hexdigest()


def write_note(bank: Bank, text: str) -> None:
    """Commit one row that must be there for ever after."""
    with database.logins(bank)["owner"].connect() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS note (text text)")
        connection.execute("INSERT INTO note VALUES (%s)", [text])


def notes(bank: Bank) -> list[str]:
    with database.logins(bank)["owner"].connect() as connection:
        return [text for (text,) in connection.execute("SELECT text FROM note ORDER BY text")]


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that has ended but is not yet collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@functools.cache
def ordinary_user():
    """A user without rights and a Python it can run this project with, or nothing and the reason."""
    user = pwd.getpwnam("nobody")
    program = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{program}", f"/usr/local/bin/{program}"):
        with contextlib.suppress(OSError):
            answer = subprocess.run(
                [python, "-c", "import creditbank.gateways.database"],
                cwd="/",
                env=ENVIRONMENT,
                user=user.pw_uid,
                group=user.pw_gid,
                extra_groups=[],
                capture_output=True,
                check=False,
            )
            if answer.returncode == 0:
                return user, python, ""
    return None, None, "the user nobody cannot read this project or its Python environment"


@contextlib.contextmanager
def folder_of(user):
    """A folder at a short open path that belongs to the user."""
    folder = Path(tempfile.mkdtemp(prefix="cb-", dir="/tmp"))
    try:
        if user:
            os.chown(folder, user.pw_uid, user.pw_gid)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def refused(bank, kind, said):
    """A lease is refused with this message, which also says what was kept; returns it."""
    with pytest.raises(kind, match=said) as caught, database.lease(bank, "test", tell=quiet):
        pytest.fail("the bank was opened")
    problem = caught.value
    assert any(kept in problem.en for kept in ("othing was changed", "not touched", "is kept", "else was changed"))
    assert any(kept in problem.zh for kept in ("没有任何改动", "未受影响", "均未改动", "均已保留", "没有其他改动"))
    assert len(problem.zh) > 20
    return problem


def end_of(pid, *, seconds=20):
    """Wait until a process has ended."""
    began = time.monotonic()
    while is_alive(pid) and time.monotonic() - began < seconds:
        time.sleep(0.02)
    assert not is_alive(pid)
