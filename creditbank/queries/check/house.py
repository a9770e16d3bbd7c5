"""Check what stands around the ledger: rule versions, evidence files, policies and grants."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from creditbank.domain.canonical import content_hash
from creditbank.domain.explanation import Line, Verdict
from creditbank.domain.log.leaf import opens
from creditbank.domain.rule_life.history import Done, known_versions
from creditbank.domain.rule_life.records import LOGGED, approved_version_record, rule_act_record
from creditbank.domain.rule_life.states import Act
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
    """Versions whose content, life or place in the log is not what was published."""
    cursor.execute(
        "SELECT rule_version.id, rule_set.code, number, content::text, content_hash, effective_from, taken_in,"
        " applies::text, meeting, state, effective_until, coalesce(log_leaf.commitment, log_outbox.commitment)"
        " FROM rule_version JOIN rule_set ON rule_set.id = rule_set_id"
        " LEFT JOIN log_leaf ON log_leaf.stream = 'rule_version' AND log_leaf.leaf_ref = rule_version.id::text"
        " LEFT JOIN log_outbox ON log_outbox.stream = 'rule_version' AND log_outbox.leaf_ref = rule_version.id::text"
        " ORDER BY 2, 3"
    )
    rows = cursor.fetchall()
    found, known = _rule_acts(cursor, {row[0]: row for row in rows})
    for version_id, code, number, content, said, first, taken_in, applies, meeting, _state, _last, commitment in rows:
        known.add(str(version_id))
        facts = {"code": code, "version": number}
        if content_hash(json.loads(content)) != said:
            found.append(Line("check.rule_version", Verdict.NO, facts))
        about: dict[str, Any] = {"version_id": version_id, "code": code, "number": number, "content_hash": said}
        record = (
            rule_version_record(**about, effective_from=first)
            if taken_in
            else approved_version_record(**about, effective=json.loads(applies), meeting=meeting)
        )
        if commitment is None or not opens(bytes(commitment), PUBLIC_SALT, record):
            found.append(Line("check.rule_version_log", Verdict.NO, facts))
    cursor.execute(
        "SELECT leaf_ref FROM log_leaf WHERE stream = 'rule_version'"
        " UNION SELECT leaf_ref FROM log_outbox WHERE stream = 'rule_version'"
    )
    gone = sorted({leaf for (leaf,) in cursor.fetchall()} - known)
    return found + [Line("check.log_without_rule_version", Verdict.NO, {"version": leaf}) for leaf in gone]


def _rule_acts(cursor: Any, versions: dict[UUID, tuple[Any, ...]]) -> tuple[list[Line], set[str]]:
    """Versions that do not stand where their recorded steps led them; and the references of steps in the log."""
    cursor.execute(
        "SELECT rule_act.id, version_id, act, facts::text, coalesce(log_leaf.commitment, log_outbox.commitment)"
        " FROM rule_act"
        " LEFT JOIN log_leaf ON log_leaf.stream = 'rule_version' AND log_leaf.leaf_ref = rule_act.id::text"
        " LEFT JOIN log_outbox ON log_outbox.stream = 'rule_version' AND log_outbox.leaf_ref = rule_act.id::text"
        " ORDER BY recorded_at, rule_act.id"
    )
    found, known, steps = [], set(), []
    for act_id, version_id, act, said, commitment in cursor.fetchall():
        facts = json.loads(said)
        steps.append(Done(version_id, Act(act), facts))
        if act not in LOGGED:
            continue
        known.add(str(act_id))
        record = rule_act_record(act_id=act_id, version_id=version_id, act=Act(act), facts=facts)
        if commitment is None or not opens(bytes(commitment), PUBLIC_SALT, record):
            named = {"code": versions[version_id][1], "version": versions[version_id][2], "act": act}
            found.append(Line("check.rule_act_log", Verdict.NO, named))
    told = known_versions(steps, {key: (row[2], json.loads(row[7])) for key, row in versions.items()})
    for key, row in versions.items():
        one = told.get(key)
        stands = (row[9], row[5], row[10])
        period = (one.period.first, one.period.last) if one is not None and one.period is not None else (None, None)
        if one is None or (one.state.value, *period) != stands:
            found.append(Line("check.rule_version_life", Verdict.NO, {"code": row[1], "version": row[2]}))
    return found, known
