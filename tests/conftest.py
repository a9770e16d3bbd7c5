"""The suite's ground: Django without a bank, and for those who ask a bank of their own, cloned in a moment."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import pytest

# A busy machine is no defect; every run sees the same cases, so a red test is red again.
hypothesis.settings.register_profile("bank", deadline=None, derandomize=True)
hypothesis.settings.load_profile("bank")

HOME = Path(tempfile.mkdtemp(prefix="cb-", dir="/tmp"))
HOME.chmod(0o755)
os.environ["CREDITBANK_HOME"] = str(HOME / "bank")
os.environ["DJANGO_SETTINGS_MODULE"] = "creditbank.config.settings"
os.environ.pop("DATABASE_URL", None)

import django  # noqa: E402 - the environment must be set first

django.setup()

from django.conf import settings  # noqa: E402 - Django must be ready first
from django.db import connections  # noqa: E402 - Django must be ready first
from django.test.utils import setup_test_environment, teardown_test_environment  # noqa: E402

from tests import embedded  # noqa: E402
from tests.cast import Cast, gather_cast  # noqa: E402

# Real hashing takes a second for each account; what is tested is never the hash.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
_numbers = itertools.count(1)


def pytest_unconfigure(config):
    """Leave nothing behind."""
    shutil.rmtree(HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def server():
    """One embedded server for the session, its database migrated once as the template of all others."""
    from creditbank.gateways import database, keys
    from creditbank.services.bank import migrate_bank

    bank = embedded.session_server(HOME)
    keys.read_or_make(bank, "session", lambda: {"secret": keys.new_password()})
    _use(database.logins(bank))
    migrate_bank()
    connections.close_all()
    yield bank
    connections.close_all()
    embedded.end_session_server(bank)


@pytest.fixture(scope="session")
def template(server):
    """The name of a migrated database in which the cast lives, and the cast."""
    _use(embedded.clone_database(server, "creditbank", "cast"))
    cast = gather_cast()
    connections.close_all()
    return "cast", cast


@pytest.fixture
def bank(server, template):
    """A bank of this test's own: a clone with the cast in it, and empty folders."""
    yield from _clone(server, template[0])


@pytest.fixture
def empty_bank(server):
    """A bank of this test's own with tables and nothing in them."""
    yield from _clone(server, "creditbank")


@pytest.fixture
def another_bank(server, template):
    """A way to a bank with the cast, as often as a test needs a new one: ``with another_bank() as (bank, cast)``."""

    @contextmanager
    def opened():
        for one in _clone(server, template[0]):
            yield one, template[1]

    return opened


@pytest.fixture
def cast(bank, template) -> Cast:
    """The people every test knows, in their institutions."""
    return template[1]


def _clone(server, template):
    name = f"t{next(_numbers)}"
    _use(embedded.clone_database(server, template, name))
    for folder in (server.files, server.log):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
    # The key belongs to the log: a new log begins with a new one.
    (server.keys / "log.json").unlink(missing_ok=True)
    yield server
    connections.close_all()
    embedded.drop_database(server, name)


def _use(logins):
    connections.close_all()
    for alias, role in (("default", "app"), ("owner", "owner"), ("sequencer", "sequencer"), ("auditor", "auditor")):
        login = logins[role]
        connections[alias].settings_dict.update(
            NAME=login.dbname,
            USER=login.user,
            PASSWORD=login.password,
            HOST=login.host,
            PORT=str(login.port),
            CONN_MAX_AGE=None,
            OPTIONS={"options": "-c plan_cache_mode=force_generic_plan -c jit=off"},
        )


@pytest.fixture(scope="module")
def contexts():
    """Django's own instrumentation: a response knows the context of its templates."""
    setup_test_environment()
    yield
    teardown_test_environment()
