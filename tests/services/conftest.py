"""A log of a module's own for the tests of the sequencer, with the logins that work on it."""

from __future__ import annotations

import pytest

from creditbank.gateways.log_files import TileStore
from tests import embedded


@pytest.fixture(scope="module")
def log_database(server):
    """A migrated database of this module's own; its logins by role."""
    yield embedded.clone_database(server, "creditbank", "log_scratch")
    embedded.drop_database(server, "log_scratch")


@pytest.fixture
def clerk(log_database):
    """A connection that may put anything into the tables, as services and intruders do; it empties them first."""
    with log_database["superuser"].connect(autocommit=True) as connection:
        connection.execute("TRUNCATE log_outbox, log_leaf")
        yield connection


@pytest.fixture
def log_connection(log_database, clerk):
    """The sequencer's own login: it reads and deletes from the outbox, reads and inserts leaves, nothing more."""
    with log_database["sequencer"].connect() as connection:
        yield connection


@pytest.fixture
def store(tmp_path):
    return TileStore(tmp_path / "log")
