"""Bring the bank's database to the shape this program knows."""

from __future__ import annotations

import argparse

from creditbank.cli.boot import opened


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Takes no arguments of its own."""


def run(arguments: argparse.Namespace) -> int:
    """Migrate; safe to repeat."""
    with opened(arguments, "migrate", migrated=False):
        from creditbank.gateways import clock
        from creditbank.services.bank import migrate_bank
        from creditbank.services.masterdata.existing import take_existing_everywhere

        migrate_bank()
        taken = take_existing_everywhere(clock.now())
    if taken:
        print(f"{taken} rows that the bank held before its sheets are in the lists of master data now.")
    print("The bank's database is up to date.")
    return 0
