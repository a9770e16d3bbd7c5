"""``creditbank work`` as a process of its own: it shares the bank's server, keeps the log, and ends when asked."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from creditbank.gateways import database
from creditbank.gateways.bank import Bank
from creditbank.gateways.log_files import TileStore
from tests.gateways.banks import ENVIRONMENT, end_server, quiet

PATIENCE = 60.0


@pytest.fixture
def bank():
    # A socket's path is short, and the server's own user must be able to reach it.
    folder = Path(tempfile.mkdtemp(prefix="cbw-", dir="/tmp"))
    folder.chmod(0o755)
    bank = Bank(folder / "bank")
    creditbank(bank, "init", "--code", "centre", "--name", "中心", "--name-en", "Centre")
    yield bank
    end_server(bank)
    shutil.rmtree(folder)


def creditbank(bank, *words):
    command = [sys.executable, "-m", "creditbank.cli.main", "--bank", str(bank.home), *words]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, cwd="/", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def worker(bank):
    command = [sys.executable, "-m", "creditbank.cli.main", "--bank", str(bank.home), "work"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=ENVIRONMENT, cwd="/"
    )
    yield process
    if process.poll() is None:
        process.kill()
    process.wait()
    process.stdout.close()


def leaf(bank, name):
    """One more leaf waits, written through the application's login."""
    with database.lease(bank, "test", tell=quiet), database.logins(bank)["app"].connect() as connection:
        commitment = hashlib.sha256(name.encode()).digest()
        connection.execute("INSERT INTO log_outbox VALUES ('operation', %s, NULL, %s)", [name, commitment])


def size(bank):
    text = TileStore(bank.log).read_checkpoint()
    return int(text.splitlines()[1]) if text else 0


def wait_for(what):
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


def test_the_worker_takes_what_waits_into_the_log_beside_others_and_stops_when_asked(bank, worker):
    leaf(bank, "before")
    assert re.search("is at work", worker.stdout.readline())
    wait_for(lambda: size(bank) == 1)
    # Other processes come and go on the same server while it works.
    leaf(bank, "during")
    wait_for(lambda: size(bank) == 2)
    creditbank(bank, "institution", "list")
    assert worker.poll() is None
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=PATIENCE) == 0
    assert "The worker has stopped." in worker.stdout.read()
    leaf(bank, "after")
    assert size(bank) == 2


def test_a_worker_that_was_killed_leaves_nothing_that_the_next_one_stumbles_over(bank, worker):
    assert re.search("is at work", worker.stdout.readline())
    leaf(bank, "one")
    wait_for(lambda: size(bank) == 1)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    leaf(bank, "two")
    command = [sys.executable, "-m", "creditbank.cli.main", "--bank", str(bank.home), "work"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT, cwd="/") as second:
        wait_for(lambda: size(bank) == 2)
        second.send_signal(signal.SIGINT)
        assert second.wait(timeout=PATIENCE) == 0
