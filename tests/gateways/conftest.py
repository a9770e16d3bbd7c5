"""One embedded server for the session, and one finished bank that single tests copy."""

from __future__ import annotations

import pytest

from creditbank.gateways import database
from creditbank.gateways.bank import Bank
from tests.embedded import end_session_server, session_server
from tests.gateways import banks


@pytest.fixture(autouse=True)
def _no_server_of_ones_own(monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)


@pytest.fixture(scope="session")
def running_bank(tmp_path_factory):
    """A bank whose server runs for the whole session, with fsync off."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        bank = session_server(tmp_path_factory.mktemp("running"))
        yield bank
        end_session_server(bank)


@pytest.fixture(scope="session")
def finished_bank(tmp_path_factory):
    """A bank with one note in it, its server stopped."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        bank = Bank(tmp_path_factory.mktemp("finished") / "bank")
        with database._hold(bank, "tests", tell=banks.quiet, unsafe_fsync_off=True):
            banks.write_note(bank, "kept")
        return bank


@pytest.fixture
def bank(finished_bank, tmp_path):
    """A copy of the finished bank, for one test."""
    own = banks.copy_of(finished_bank, tmp_path / "bank")
    yield own
    banks.end_server(own)


@pytest.fixture
def hold():
    """Start holders as processes; those still there at the end are ended."""
    made = []

    def start(bank, **options):
        made.append(banks.Holder(bank, **options))
        return made[-1]

    yield start
    for holder in made:
        holder.clear()
