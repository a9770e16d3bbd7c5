"""The installer's steps with a small program in the place of the bank's: backup, upgrade, and every way back."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from creditbank.gateways import bank as bank_gateway
from tests.bundle.making import ROOT, Stop, banks, builder, bundles, main, places

PROGRAM = """#!/bin/sh
# A bank's program that notes what it is asked, and changes the bank as a migration does.
echo "$(basename "$(dirname "$(dirname "$(readlink -f "$0")")")") $*" >> "$CREDITBANK_HOME/asked"
case $1 in migrate) echo changed > "$CREDITBANK_HOME/db/data/table"; rm "$CREDITBANK_HOME/keys/old.json" ;; esac
{behaviour}
"""
DRIVER = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.bundle.test_installer import installing
sys.exit(installing(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
"""


def make_bundle(folder: Path, *, committed: int) -> Path:
    """A sealed bundle without wheels; ``installing`` puts a small program in their place."""
    (folder / "installer").mkdir(parents=True)
    about = {"version": "1.0", "committed": committed, "pythons": [bundles.running_python()]}
    machine = {"machine": bundles.platform.machine(), "glibc": [2, 0]}
    (folder / "bundle.json").write_text(json.dumps(about | machine))
    builder.seal(folder)
    return folder


def installing(world: Path, bundle: Path, behaviour: str, *words: str) -> int:
    """Run the installer with a program that behaves so."""

    def install(place, found):
        program = place.version(found.name) / "bin" / "creditbank"
        program.parent.mkdir(parents=True)
        program.write_text(PROGRAM.format(behaviour=f"case $1 in {behaviour} --help) ;; esac"))
        program.chmod(0o755)
        (place.version(found.name) / places.MARK).write_text((found.folder / "bundle.json").read_text())

    before, places.install = places.install, install
    arguments = ["--bundle", str(bundle), "--to", str(world / "opt"), "--bank", str(world / "bank"), "--lang", "en"]
    kept, sys.argv = sys.argv, ["install.sh", *arguments, *words]
    handler = signal.getsignal(signal.SIGTERM)
    try:
        return main.main()
    finally:
        sys.argv, places.install = kept, before
        signal.signal(signal.SIGTERM, handler)


@pytest.fixture
def world(tmp_path):
    """A program installed from the first bundle, and a bank at rest."""
    assert installing(tmp_path, make_bundle(tmp_path / "first", committed=1), "") == 0
    bank = tmp_path / "bank"
    for name, text in {
        "bank.json": "{}",
        "db/data/table": "as it was",
        "db/run/server.json": "run state",
        "db/run/lock": "",
        "files/ab/cd/abcd": "evidence",
        "log/tile": "tile",
        "keys/old.json": "secret",
    }.items():
        (bank / name).parent.mkdir(parents=True, exist_ok=True)
        (bank / name).write_text(text)
    (bank / "keys" / "old.json").chmod(0o600)
    return tmp_path


def content(bank: Path) -> dict[str, tuple[str, int]]:
    """Every file of the bank's parts with its text and mode."""
    return {
        path.relative_to(bank).as_posix(): (path.read_text(), path.stat().st_mode)
        for part in banks.PARTS
        for path in [bank / part, *(bank / part).rglob("*")]
        if path.is_file()
    }


def version(world: Path) -> str:
    return (world / "opt" / "current").readlink().name


def upgrade(world: Path, behaviour: str, *words: str) -> int:
    second = world / "second"
    return installing(world, second if second.exists() else make_bundle(second, committed=2), behaviour, *words)


def test_the_parts_of_a_bank_are_those_the_bank_has():
    parts = {part.split("/")[0] for part in banks.PARTS}
    # The sheets of an invented college can be written again; letters in the outbox hold codes that end in minutes.
    assert parts | {"pg", "lost+found", "sheets", "outbox"} == bank_gateway._OURS


def test_an_upgrade_backs_up_migrates_checks_and_switches(world, capsys):
    before, was = version(world), content(world / "bank")
    assert upgrade(world, "") == 0
    assert version(world) != before
    asked = (world / "bank" / "asked").read_text().splitlines()
    assert [line.split()[1:] for line in asked if "--help" not in line] == [["migrate"], ["check"]]
    backup = next((world / "opt" / "backups").iterdir())
    assert content(backup) == was
    assert backup.stat().st_mode & 0o777 == 0o700
    assert not (backup / "db" / "run").exists()
    said = capsys.readouterr().out.splitlines()
    assert len([line for line in said if not line.startswith("This Python lies in")]) == 7  # a line for each step


@pytest.mark.parametrize("behaviour", ["migrate) exit 1 ;;", "check) echo broken; exit 1 ;;"])
def test_what_fails_is_taken_back_whole(world, behaviour, capsys):
    before, was = version(world), content(world / "bank")
    assert upgrade(world, behaviour) == 3
    assert (version(world), content(world / "bank")) == (before, was)
    assert [path.name for path in (world / "opt" / "versions").iterdir()] == [before]
    assert "Everything is as before the upgrade" in capsys.readouterr().err
    assert upgrade(world, "") == 0  # with a corrected program


def test_stopping_the_installer_lets_the_command_end_and_takes_it_back(world):
    before, was = version(world), content(world / "bank")
    process = begin(world, "migrate) trap 'exit 1' TERM; touch $CREDITBANK_HOME/busy; sleep 60 & wait ;;")
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 3
    assert (version(world), content(world / "bank")) == (before, was)


def test_after_a_power_cut_the_next_run_recovers_first_and_the_bank_stays_closed_until_then(world, capsys):
    before, was = version(world), content(world / "bank")
    process = begin(world, "migrate) touch $CREDITBANK_HOME/busy; sleep 1 ;;")
    process.kill()
    process.wait()
    launched = subprocess.run([world / "opt" / "creditbank", "serve"], capture_output=True, text=True, check=False)
    assert launched.returncode == 75
    assert "run install.sh again" in launched.stderr
    assert content(world / "bank") != was
    assert installing(world, world / "first", "") == 0
    assert "interrupted" in capsys.readouterr().out
    assert (version(world), content(world / "bank")) == (before, was)
    assert not (world / "opt" / "upgrade.json").exists()


def begin(world: Path, behaviour: str) -> subprocess.Popen[bytes]:
    """An upgrade in a process of its own, until its migration is under way."""
    make_bundle(world / "second", committed=2)
    command = [sys.executable, "-c", DRIVER.format(root=str(ROOT)), world, world / "second", behaviour]
    process = subprocess.Popen(command)
    until = time.monotonic() + 30
    while not (world / "bank" / "busy").exists():
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.02)
    return process


def test_a_bank_in_use_is_not_touched(world, capsys):
    was = content(world / "bank")
    lease = world / "bank" / "db" / "run" / "leases" / "1.json"
    lease.parent.mkdir()
    lease.write_text('{"pid": 7, "purpose": "serve"}')
    with lease.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert upgrade(world, "") == 2
        assert "in use (serve 7)" in capsys.readouterr().err
        assert installing(world, world / "first", "", "--back-up") == 2
    assert content(world / "bank") == was
    assert not (world / "opt" / "backups").exists() or not list((world / "opt" / "backups").iterdir())
    assert upgrade(world, "") == 0  # its holder has ended, however


def test_the_same_bundle_again_changes_nothing(world, capsys):
    assert upgrade(world, "") == 0
    was, backups = content(world / "bank"), list((world / "opt" / "backups").iterdir())
    assert upgrade(world, "") == 0
    assert "nothing to upgrade" in capsys.readouterr().out
    assert (content(world / "bank"), list((world / "opt" / "backups").iterdir())) == (was, backups)


def test_an_older_bundle_is_refused(world, capsys):
    assert upgrade(world, "") == 0
    assert installing(world, world / "first", "") == 2
    assert "older" in capsys.readouterr().err


def test_without_room_nothing_is_begun(world, capsys, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(1, 1, 1000))
    was = content(world / "bank")
    assert upgrade(world, "") == 2
    assert "not enough room" in capsys.readouterr().err
    assert content(world / "bank") == was


def test_a_backup_is_restored_by_hand_with_its_own_program(world):
    before, was = version(world), content(world / "bank")
    assert installing(world, world / "first", "", "--back-up") == 0
    assert upgrade(world, "") == 0
    backup = min((world / "opt" / "backups").iterdir())
    assert installing(world, world / "second", "", "--restore", str(backup)) == 0
    assert (version(world), content(world / "bank")) == (before, was)
    aside = next(path for path in (world / "bank").iterdir() if path.name.startswith(".before-restore-"))
    assert (aside / "db" / "data" / "table").read_text() == "changed\n"


@pytest.mark.parametrize("harm", ["shorter", "missing", "no record"])
def test_a_backup_that_is_not_whole_is_refused(world, harm):
    assert installing(world, world / "first", "", "--back-up") == 0
    backup = next((world / "opt" / "backups").iterdir())
    if harm == "shorter":
        (backup / "db" / "data" / "table").write_text("as it")
    elif harm == "missing":
        (backup / "keys" / "old.json").unlink()
    else:
        (backup / "backup.json").unlink()
    was = content(world / "bank")
    with pytest.raises(Stop, match="Nothing was changed"):
        banks.restore(banks.Bank(world / "bank"), backup, aside=world / "aside")
    assert installing(world, world / "first", "", "--restore", str(backup)) == 2
    assert content(world / "bank") == was


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can keep other users' files theirs")
def test_a_backup_keeps_owners(world):
    for path in [world / "bank" / "db" / "data", world / "bank" / "db" / "data" / "table"]:
        os.chown(path, 12345, 12346)
    was = content(world / "bank")
    backup = world / "kept"
    banks.back_up(banks.Bank(world / "bank"), backup, program="x")
    shutil.rmtree(world / "bank" / "db" / "data")
    banks.restore(banks.Bank(world / "bank"), backup, aside=world / "aside")
    status = (world / "bank" / "db" / "data").stat()
    assert (status.st_uid, status.st_gid) == (12345, 12346)
    assert (world / "bank" / "db" / "data" / "table").stat().st_uid == 12345
    assert content(world / "bank") == was


def test_install_sh_says_which_python_is_missing(tmp_path):
    answer = subprocess.run(
        ["/bin/sh", ROOT / "deploy" / "install.sh", "--python", tmp_path / "none"],
        env={"PATH": "/usr/bin:/bin", "LANG": "zh_CN.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 2
    assert "需要 Python 3.11" in answer.stderr
