"""Open the bank for a command: its folder, its database, and Django."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager

from creditbank.gateways import bank as banks
from creditbank.gateways import database, keys
from creditbank.gateways.bank import Bank


def bank_of(arguments: argparse.Namespace) -> Bank:
    """The bank a command means; child processes find the same one."""
    bank = banks.locate(arguments.bank)
    os.environ["CREDITBANK_HOME"] = str(bank.home)
    return bank


@contextmanager
def opened(arguments: argparse.Namespace, purpose: str, *, migrated: bool = True) -> Iterator[Bank]:
    """Hold a lease on the bank's database with Django ready; a login that could do too much is refused.

    Raises:
        Problem: what stands in the way, and what to do next.
    """
    bank = bank_of(arguments)
    with database.lease(bank, purpose):
        keys.read_or_make(bank, "session", lambda: {"secret": keys.new_password()})
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditbank.config.settings")
        import django

        django.setup()
        from django.db import connections

        if migrated:
            from creditbank.services.bank import require_migrated

            require_migrated()
            database.refuse_dangerous_login(connections["default"])
        try:
            yield bank
        finally:
            connections.close_all()
