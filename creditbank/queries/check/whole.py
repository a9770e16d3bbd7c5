"""Bring all checks of a bank together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connections, transaction

from creditbank.domain.explanation import Line, Verdict
from creditbank.domain.log.checkpoint import VerifierKey
from creditbank.gateways import keys
from creditbank.gateways.bank import Bank
from creditbank.gateways.log_files import TileStore, read_small_text
from creditbank.gateways.signing import read_log_key
from creditbank.queries.check.conversions import check_conversions
from creditbank.queries.check.house import check_house
from creditbank.queries.check.ledger import check_ledger
from creditbank.queries.check.projections import check_projections
from creditbank.queries.check.registrar import check_exports
from creditbank.queries.log import check_log

AUDITOR = "auditor"
_COUNTED = (
    "institution",
    "learner",
    "lot",
    "posting",
    "result",
    "claim",
    "conversion_application",
    "log_leaf",
    "progress",
    "export_line",
)


def check_bank(bank: Bank, users: Mapping[str, str]) -> tuple[list[Line], dict[str, int]]:
    """Everything found in the bank, and how many rows of each kind were looked at.

    All tables are read as they stand at one moment, so that a bank at work is not called broken.
    """
    auditor = connections[AUDITOR]
    auditor.ensure_connection()
    # The log's files move on while we look, so it is compared before the tables are held still.
    found = _check_log(auditor.connection, bank)
    with transaction.atomic(using=AUDITOR), auditor.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        found = (
            check_ledger(auditor)
            + check_conversions(auditor)
            + check_house(auditor, bank, users)
            + check_projections(AUDITOR)
            + check_exports(auditor)
            + found
        )
        counts = {}
        for table in _COUNTED:
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - the names stand above
            counts[table] = cursor.fetchone()[0]
    return found, counts


def _check_log(connection: Any, bank: Bank) -> list[Line]:
    vkey = _log_key(bank)
    if isinstance(vkey, VerifierKey):
        return list(check_log(connection, TileStore(bank.log), vkey))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM log_leaf")
        leaves = cursor.fetchone()[0]
    # A bank whose worker never ran has no log yet.
    return [Line("check.log_key", Verdict.NO, {"leaves": leaves})] if leaves or vkey == _DIFFER else []


_DIFFER = "differ"


def _log_key(bank: Bank) -> VerifierKey | str | None:
    """The log's public key; ``_DIFFER`` when key file and published key are not one; nothing when one is missing."""
    kept, public = keys.read(bank, "log"), bank.log / "vkey"
    if not public.exists():
        return None
    published = read_small_text(public, 10_000).strip()
    if kept and str(kept.get("vkey", "")).strip() != published:
        return _DIFFER
    return read_log_key(published)
