"""Bring the bank's database to the shape this program knows."""

from __future__ import annotations

import argparse

from creditbank.cli.boot import opened


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Takes no arguments of its own."""


def run(arguments: argparse.Namespace) -> int:
    """Migrate; safe to repeat."""
    with opened(arguments, "migrate", migrated=False):
        from creditbank.services.bank import migrate_bank

        migrate_bank()
    print("The bank's database is up to date.")
    return 0
