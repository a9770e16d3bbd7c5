"""Check what stands around the ledger: rule versions, evidence files, policies and grants."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from creditbank.domain.canonical import content_hash
from creditbank.domain.explanation import Line, Verdict
from creditbank.domain.log.leaf import opens
from creditbank.domain.rules.write import PUBLIC_SALT, rule_version_record
from creditbank.gateways import vault
from creditbank.gateways.bank import Bank
from creditbank.gateways.database import DatabaseProblem
from creditbank.gateways.database_roles import check_text
from creditbank.gateways.problem import Problem
from creditbank.queries.check.access import check_access


def check_house(connection: Any, bank: Bank, users: Mapping[str, str]) -> list[Line]:
    """Everything around the ledger that is not as it was declared or stored.

    Args:
        connection: Django's connection of the auditor.
        bank: whose files are read.
        users: the PostgreSQL role of each login, ``app``, ``sequencer`` and ``auditor``.
    """
    found: list[Line] = []
    try:
        connection.ensure_connection()
        check_text(connection.connection)
    except DatabaseProblem:
        found.append(Line("check.text", Verdict.NO))
    with connection.cursor() as cursor:
        found += _rule_versions(cursor)
        found += check_access(cursor, users)
        found += _evidence(cursor, bank)
    return found


def _evidence(cursor: Any, bank: Bank) -> list[Line]:
    """Files that are missing or damaged, and how many no record names (an upload that was not finished)."""
    # The files first: one that is stored meanwhile is not mistaken for a stray one.
    stored = set(vault.stored(bank))
    cursor.execute("SELECT sha256, min(claim_id::text) FROM evidence GROUP BY sha256 ORDER BY sha256")
    found = []
    for sha256, claim in cursor.fetchall():
        stored.discard(sha256)
        try:
            vault.read(bank, sha256)
        except Problem:
            found.append(Line("check.evidence", Verdict.NO, {"sha256": sha256, "claim": claim}))
    if stored:
        found.append(Line("check.files_without_record", Verdict.NOTE, {"count": len(stored)}))
    return found


def _rule_versions(cursor: Any) -> list[Line]:
    """Versions whose content or place in the log is not what was published."""
    cursor.execute(
        "SELECT rule_version.id, rule_set.code, number, content::text, content_hash, effective_from,"
        " coalesce(log_leaf.commitment, log_outbox.commitment)"
        " FROM rule_version JOIN rule_set ON rule_set.id = rule_set_id"
        " LEFT JOIN log_leaf ON log_leaf.stream = 'rule_version' AND log_leaf.leaf_ref = rule_version.id::text"
        " LEFT JOIN log_outbox ON log_outbox.stream = 'rule_version' AND log_outbox.leaf_ref = rule_version.id::text"
        " ORDER BY 2, 3"
    )
    found, known = [], set()
    for version_id, code, number, content, said, effective_from, commitment in cursor.fetchall():
        known.add(str(version_id))
        facts = {"code": code, "version": number}
        if content_hash(json.loads(content)) != said:
            found.append(Line("check.rule_version", Verdict.NO, facts))
        record = rule_version_record(
            version_id=version_id, code=code, number=number, content_hash=said, effective_from=effective_from
        )
        if commitment is None or not opens(bytes(commitment), PUBLIC_SALT, record):
            found.append(Line("check.rule_version_log", Verdict.NO, facts))
    cursor.execute(
        "SELECT leaf_ref FROM log_leaf WHERE stream = 'rule_version'"
        " UNION SELECT leaf_ref FROM log_outbox WHERE stream = 'rule_version'"
    )
    gone = sorted({leaf for (leaf,) in cursor.fetchall()} - known)
    return found + [Line("check.log_without_rule_version", Verdict.NO, {"version": leaf}) for leaf in gone]
