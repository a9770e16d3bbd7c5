"""Check what stands around the ledger: rule versions, evidence files, policies and grants."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from creditbank.domain.canonical import content_hash
from creditbank.domain.explanation import Line, Verdict
from creditbank.gateways import vault
from creditbank.gateways.bank import Bank
from creditbank.gateways.database import DatabaseProblem
from creditbank.gateways.database_roles import check_text
from creditbank.gateways.problem import Problem
from creditbank.records.tables import TABLES, Rows

_POLICIES = ("adds", "audits", "changes", "reads", "removes")


def check_house(connection: Any, bank: Bank, users: Mapping[str, str]) -> list[Line]:
    """Everything around the ledger that is not as it was declared or stored.

    Args:
        connection: Django's connection of the auditor.
        bank: whose files are read.
        users: the PostgreSQL role of each login, ``app`` and ``sequencer``.
    """
    found: list[Line] = []
    try:
        connection.ensure_connection()
        check_text(connection.connection)
    except DatabaseProblem:
        found.append(Line("check.text", Verdict.NO))
    with connection.cursor() as cursor:
        found += _rule_versions(cursor)
        found += _access(cursor, users)
        cursor.execute("SELECT sha256, min(claim_id::text) FROM evidence GROUP BY sha256 ORDER BY sha256")
        rows = cursor.fetchall()
    for sha256, claim in rows:
        try:
            vault.read(bank, sha256)
        except Problem:
            found.append(Line("check.evidence", Verdict.NO, {"sha256": sha256, "claim": claim}))
    return found


def _rule_versions(cursor: Any) -> list[Line]:
    cursor.execute(
        "SELECT rule_set.code, rule_version.number, content::text, content_hash"
        " FROM rule_version JOIN rule_set ON rule_set.id = rule_set_id ORDER BY 1, 2"
    )
    return [
        Line("check.rule_version", Verdict.NO, {"code": code, "version": number})
        for code, number, content, said in cursor.fetchall()
        if content_hash(json.loads(content)) != said
    ]


def _access(cursor: Any, users: Mapping[str, str]) -> list[Line]:
    """Tables whose policies or grants differ from the declaration."""
    cursor.execute(
        "SELECT tablename, array_agg(policyname::text ORDER BY policyname) FROM pg_policies"
        " WHERE schemaname = 'public' GROUP BY 1"
    )
    policies = dict(cursor.fetchall())
    cursor.execute(
        "SELECT relname, relrowsecurity FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace"
        " WHERE nspname = 'public' AND relkind = 'r'"
    )
    secured = dict(cursor.fetchall())
    cursor.execute(
        "SELECT table_name, array_agg(DISTINCT privilege_type::text ORDER BY privilege_type::text)"
        " FROM information_schema.role_table_grants WHERE grantee = %s GROUP BY 1",
        [users["app"]],
    )
    granted = dict(cursor.fetchall())
    found = []
    for table in TABLES:
        wanted = [] if table.rows is Rows.OPAQUE else list(_POLICIES)
        if policies.get(table.name, []) != wanted or secured.get(table.name) != bool(wanted):
            found.append(Line("check.policy", Verdict.NO, {"table": table.name, "what": "row policies"}))
        whole = sorted(word.strip() for word in table.app.split(", ") if "(" not in word and ")" not in word)
        # Most logins are shown only their own grants; then the policies alone are compared.
        if granted and granted.get(table.name, []) != whole:
            found.append(Line("check.policy", Verdict.NO, {"table": table.name, "what": "grants"}))
    return found
