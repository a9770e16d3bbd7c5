"""Bring all checks of a bank together."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connections

from creditbank.domain.explanation import Line
from creditbank.gateways.bank import Bank
from creditbank.gateways.log_files import TileStore, read_small_text
from creditbank.gateways.signing import read_log_key
from creditbank.queries.check.house import check_house
from creditbank.queries.check.ledger import check_ledger
from creditbank.queries.log import check_log

_COUNTED = ("institution", "learner", "lot", "posting", "result", "claim", "log_leaf")


def check_bank(bank: Bank, users: Mapping[str, str]) -> tuple[list[Line], dict[str, int]]:
    """Everything found in the bank, and how many rows of each kind were looked at."""
    auditor = connections["auditor"]
    found = check_ledger(auditor) + check_house(auditor, bank, users)
    if (bank.log / "vkey").exists():
        vkey = read_log_key(read_small_text(bank.log / "vkey", 10_000))
        auditor.ensure_connection()
        found += check_log(auditor.connection, TileStore(bank.log), vkey)
    with auditor.cursor() as cursor:
        counts = {}
        for table in _COUNTED:
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - the names stand above
            counts[table] = cursor.fetchone()[0]
    return found, counts
