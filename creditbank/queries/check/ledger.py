"""Check the ledger: every invariant as one statement that returns what breaks it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from creditbank.domain.explanation import Line, Verdict
from creditbank.domain.ledger import Deposit, State, lot_facts, posting_record, request_bytes
from creditbank.domain.log.leaf import opens
from creditbank.records.ledger import ENTRY

SHOWN = 20
"""How many of one kind are named; the rest are counted."""

# The legs as the declaration reads them: the view of that name in the database may have been changed.
_BY_LEG = f"WITH entry AS ({ENTRY.query})"

_INVARIANTS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "check.entry_kind",
        ("leg", "posting", "learner", "state", "kind"),
        """
        SELECT entry.leg, entry.posting_id, entry.learner_id, entry.state::text, posting.kind::text
        FROM entry JOIN posting USING (learner_id, posting_id)
        WHERE (posting.kind::text, posting.from_state::text, posting.to_state::text) NOT IN (
            ('deposit', 'issued', 'available'), ('reverse', 'available', 'issued'),
            ('reverse', 'converted', 'available'),
            ('convert', 'available', 'converted'), ('convert', 'issued', 'available'),
            ('hold', 'available', 'held'), ('release', 'held', 'available'))
          OR sign(entry.amount) <> CASE entry.leg WHEN 1 THEN -1 ELSE 1 END
        """,
    ),
    (
        "check.balance",
        ("lot", "learner", "state", "balance", "entries"),
        """
        SELECT lot_id, learner_id, state::text, coalesce(balance.amount, 0), coalesce(found.amount, 0)
        FROM balance FULL JOIN (
          SELECT learner_id, lot_id, state, sum(amount) AS amount FROM entry WHERE state <> 'issued' GROUP BY 1, 2, 3
        ) AS found USING (learner_id, lot_id, state)
        WHERE balance.amount IS DISTINCT FROM found.amount
        """,
    ),
    (
        "check.chain",
        ("leg", "posting", "learner", "said", "sum"),
        """
        SELECT leg, posting_id, learner_id, balance_after, running FROM (
          SELECT *, sum(amount) OVER account AS running, row_number() OVER account AS place
          FROM entry WHERE state <> 'issued'
          WINDOW account AS (PARTITION BY learner_id, lot_id, state ORDER BY version)
        ) AS found WHERE balance_after <> running OR version <> place
        """,
    ),
    (
        "check.lot",
        ("lot", "learner", "amount", "deposit"),
        """
        SELECT lot.lot_id, lot.learner_id, lot.amount, coalesce(sum(posting.amount), 0)
        FROM lot LEFT JOIN posting ON posting.learner_id = lot.learner_id AND posting.lot_id = lot.lot_id
          AND posting.from_state = 'issued'
        GROUP BY lot.learner_id, lot.lot_id HAVING sum(posting.amount) IS DISTINCT FROM lot.amount
        """,
    ),
    (
        "check.institution",
        ("what", "id", "learner"),
        """
        SELECT what, id, found.learner_id FROM (
          SELECT 'posting' AS what, posting_id AS id, learner_id, lot_id, institution_id FROM posting
          UNION ALL SELECT 'balance', lot_id, learner_id, lot_id, institution_id FROM balance
          UNION ALL SELECT 'idempotency', posting_id, learner_id, lot_id, idempotency.institution_id
            FROM idempotency JOIN posting USING (learner_id, posting_id)
          UNION ALL SELECT 'leaf_salt', posting_id, learner_id, lot_id, leaf_salt.institution_id
            FROM leaf_salt JOIN posting USING (learner_id) WHERE posting_id = leaf_ref
        ) AS found JOIN lot USING (learner_id, lot_id) WHERE lot.institution_id <> found.institution_id
        """,
    ),
    (
        "check.idempotency",
        ("posting", "learner"),
        """
        SELECT posting_id, learner_id
        FROM posting FULL JOIN idempotency USING (learner_id, posting_id)
        GROUP BY 1, 2 HAVING count(idempotency.key) <> 1 OR count(posting.kind) <> 1
        """,
    ),
    (
        "check.reversal",
        ("posting", "learner", "reverses"),
        """
        SELECT mirror.posting_id, mirror.learner_id, mirror.reverses
        FROM posting AS mirror LEFT JOIN posting AS original
          ON original.learner_id = mirror.learner_id AND original.posting_id = mirror.reverses
        WHERE mirror.kind = 'reverse' AND (original.kind IS NULL OR original.kind NOT IN ('deposit', 'convert')
          OR original.lot_id <> mirror.lot_id OR original.amount <> mirror.amount
          OR (original.from_state, original.to_state) <> (mirror.to_state, mirror.from_state))
        """,
    ),
    (
        "check.conversion_reversal",
        ("conversion", "learner", "sides", "reversed"),
        """
        SELECT side.conversion_id, side.learner_id, count(*), count(mirror.posting_id)
        FROM posting AS side LEFT JOIN posting AS mirror
          ON mirror.learner_id = side.learner_id AND mirror.reverses = side.posting_id
        WHERE side.conversion_id IS NOT NULL GROUP BY side.conversion_id, side.learner_id
        HAVING count(mirror.posting_id) NOT IN (0, count(*)) OR count(DISTINCT mirror.recorded_at) > 1
          OR count(DISTINCT mirror.actor_id) > 1
        """,
    ),
    (
        "check.conversion",
        ("conversion", "learner", "used", "made"),
        """
        SELECT conversion_id, min(learner_id::text), count(*) FILTER (WHERE from_state = 'available'),
          count(*) FILTER (WHERE from_state = 'issued')
        FROM posting WHERE conversion_id IS NOT NULL OR kind = 'convert' GROUP BY conversion_id
        HAVING conversion_id IS NULL OR bool_or(kind <> 'convert') OR count(DISTINCT learner_id) > 1
          OR count(DISTINCT institution_id) > 1 OR count(DISTINCT recorded_at) > 1
          OR count(*) FILTER (WHERE from_state = 'available') = 0 OR count(*) FILTER (WHERE from_state = 'issued') = 0
        """,
    ),
    (
        "check.hold",
        ("release", "learner", "hold"),
        """
        SELECT release.posting_id, release.learner_id, release.resolves
        FROM posting AS release LEFT JOIN posting AS hold
          ON hold.learner_id = release.learner_id AND hold.posting_id = release.resolves
        WHERE (release.kind = 'release' OR release.resolves IS NOT NULL)
          AND (release.kind <> 'release' OR hold.kind IS DISTINCT FROM 'hold' OR hold.lot_id <> release.lot_id
            OR hold.amount <> release.amount)
        """,
    ),
    (
        "check.not_in_log",
        ("posting", "learner"),
        """
        SELECT posting.posting_id, posting.learner_id FROM posting
        WHERE NOT EXISTS (SELECT FROM log_leaf WHERE stream = 'posting' AND leaf_ref = posting.posting_id::text)
          AND NOT EXISTS (SELECT FROM log_outbox WHERE stream = 'posting' AND leaf_ref = posting.posting_id::text)
        """,
    ),
    (
        "check.log_without_posting",
        ("posting",),
        """
        SELECT leaf_ref FROM (
          SELECT leaf_ref FROM log_leaf WHERE stream = 'posting'
          UNION SELECT leaf_ref FROM log_outbox WHERE stream = 'posting'
        ) AS logged
        WHERE NOT EXISTS (SELECT FROM posting WHERE posting_id::text = logged.leaf_ref)
        """,
    ),
    (
        "check.claim",
        ("claim", "learner", "state"),
        """
        SELECT claim.claim_id, claim.learner_id, claim.state FROM claim
        LEFT JOIN posting USING (learner_id, posting_id)
        LEFT JOIN posting AS mirror ON mirror.learner_id = claim.learner_id AND mirror.reverses = claim.posting_id
        WHERE (claim.state IN ('deposited', 'reversed') AND posting.amount IS DISTINCT FROM claim.credit)
          OR (claim.state = 'reversed') <> (mirror.posting_id IS NOT NULL)
        """,
    ),
    (
        "check.result",
        ("learner", "course", "presentation", "lot"),
        """
        SELECT learner_id, course, presentation, result.lot_id FROM result
        LEFT JOIN lot USING (learner_id, lot_id) WHERE result.lot_id IS NOT NULL AND lot.lot_id IS NULL
        """,
    ),
    (
        "check.run",
        ("run", "said", "found"),
        """
        SELECT run_id, lots_posted, count(posting.posting_id)
        FROM import_run LEFT JOIN posting ON posting.batch_id = run_id AND posting.from_state = 'issued'
        GROUP BY run_id, lots_posted HAVING lots_posted <> count(posting.posting_id)
        """,
    ),
    (
        "check.run_taken_back",
        ("run", "standing"),
        """
        SELECT run_id, count(*) FROM import_run JOIN posting ON posting.batch_id = run_id AND posting.kind <> 'reverse'
        WHERE import_run.state = 'reverted' AND NOT EXISTS (SELECT FROM posting AS mirror
          WHERE mirror.learner_id = posting.learner_id AND mirror.reverses = posting.posting_id)
        GROUP BY run_id
        """,
    ),
    (
        "check.opening_lot",
        ("line", "run", "learner"),
        """
        SELECT line, run_id, opening_lot.learner_id FROM opening_lot
        JOIN posting ON posting.learner_id = opening_lot.learner_id AND posting.lot_id = opening_lot.lot_id
          AND posting.from_state = 'issued'
        LEFT JOIN posting AS mirror ON mirror.learner_id = posting.learner_id AND mirror.reverses = posting.posting_id
        WHERE (taken_back > 0) <> (mirror.posting_id IS NOT NULL)
        """,
    ),
    (
        "check.run_rows",
        ("run", "stored", "results", "refused", "problems"),
        """
        SELECT run_id, rows_stored, results, rows_refused, problems FROM import_run
        CROSS JOIN LATERAL (SELECT
          (SELECT count(*) FROM result
            WHERE result.institution_id = import_run.institution_id AND result.run_id = import_run.run_id)
          + (SELECT count(*) FROM data_fact
            WHERE data_fact.institution_id = import_run.institution_id AND data_fact.run_id = import_run.run_id)
          + (SELECT count(DISTINCT line) FROM opening_lot
            WHERE opening_lot.institution_id = import_run.institution_id AND opening_lot.run_id = import_run.run_id)
          AS results) AS kept
        -- A row of master data can have several faults, and rows that a sheet lacks are listed beside them.
        CROSS JOIN LATERAL (SELECT
          CASE WHEN kind = 'results' THEN count(*) ELSE count(DISTINCT line) FILTER (WHERE line > 0) END AS problems
          FROM import_problem WHERE import_problem.institution_id = import_run.institution_id
            AND import_problem.run_id = import_run.run_id) AS named
        WHERE rows_stored <> results OR rows_refused <> problems
          OR rows_done <> rows_stored + rows_repeated + rows_refused
          OR (state = 'finished' AND rows_done <> rows_total)
        """,
    ),
)

_RECORDS = """
SELECT posting.posting_id, posting.kind::text, posting.lot_id, posting.learner_id, institution.code, posting.amount,
  posting.effective_on, posting.recorded_at, posting.reverses, posting.actor_id, posting.reason, leaf_salt.salt,
  coalesce(log_leaf.commitment, log_outbox.commitment), request_hash,
  lot.title, lot.title_en, lot.category, lot.level, lot.earned_on, lot.expires_on, lot.unit,
  lot.outcome_type, lot.code, lot.field, lot.grade, lot.term, lot.academic_year, lot.source_kind, lot.source_id,
  lot.rule_version_id, lot.rule_row, lot.evidence_hash, posting.rule_version_id, posting.conversion_id,
  posting.resolves, posting.from_state::text
FROM posting JOIN lot USING (learner_id, lot_id)
JOIN institution ON institution.id = posting.institution_id
LEFT JOIN leaf_salt ON leaf_salt.learner_id = posting.learner_id AND leaf_salt.leaf_ref = posting.posting_id
LEFT JOIN idempotency ON idempotency.learner_id = posting.learner_id
  AND idempotency.posting_id = posting.posting_id
LEFT JOIN log_leaf ON log_leaf.stream = 'posting' AND log_leaf.leaf_ref = posting.posting_id::text
LEFT JOIN log_outbox ON log_outbox.stream = 'posting' AND log_outbox.leaf_ref = posting.posting_id::text
"""


_ABOUT = ("title", "title_en", "category", "level", "earned_on", "expires_on", "unit")
_MORE = (
    "outcome_type",
    "code",
    "field",
    "grade",
    "term",
    "academic_year",
    "source_kind",
    "source_id",
    "rule_version_id",
    "rule_row",
    "evidence_hash",
)


def check_ledger(connection: Any) -> list[Line]:
    """Everything that breaks a promise of the ledger, named by its ids; none when all is well.

    Args:
        connection: Django's connection of the auditor, who reads across tenants.
    """
    found: list[Line] = []
    with connection.cursor() as cursor:
        for code, names, sql in _INVARIANTS:
            cursor.execute(_BY_LEG + sql)
            found += named(code, names, cursor.fetchall())
    changed: dict[str, list[tuple[Any, ...]]] = {"check.salt": [], "check.commitment": [], "check.request": []}
    for code, posting, learner in _changed(connection):
        changed[code].append((posting, learner))
    for code, rows in changed.items():
        found += named(code, ("posting", "learner"), rows)
    return found


def _changed(connection: Any) -> Iterator[tuple[str, Any, Any]]:
    """Postings whose record no longer opens the commitment in the log, or whose lot is not what was asked for."""
    connection.ensure_connection()
    with connection.connection.transaction(), connection.connection.cursor(name="check_records") as cursor:
        cursor.itersize = 5000
        cursor.execute(_RECORDS)
        for row in cursor:
            (posting, kind, lot, learner, code, amount, effective_on, recorded_at, reverses), rest = row[:9], row[11:]
            actor, reason = row[9:11]
            (salt, commitment, request_hash), about, more = rest[:3], rest[3:10], rest[10:]
            *more, posting_version, conversion, resolves, from_state = more
            described = dict(zip(_ABOUT, about, strict=True))
            facts = lot_facts(**described)
            facts |= {"reverses": str(reverses)} if reverses else {}
            facts |= {"conversion": str(conversion)} if conversion else {}
            facts |= {"resolves": str(resolves)} if resolves else {}
            record = posting_record(
                posting_id=posting,
                kind=kind,
                lot_id=lot,
                learner_id=learner,
                institution=code,
                amount=amount,
                effective_on=effective_on,
                recorded_at=recorded_at,
                actor_id=actor,
                reason=reason,
                request_hash=request_hash or b"",
                facts=facts,
            )
            if salt is None:
                yield "check.salt", posting, learner
            elif commitment is not None and not opens(bytes(commitment), bytes(salt), record):
                yield "check.commitment", posting, learner
            if from_state == State.ISSUED and request_hash is not None:
                asked = Deposit(
                    learner_id=learner,
                    key="",
                    amount=amount,
                    effective_on=effective_on,
                    **described,
                    **dict(zip(_MORE, more, strict=True)),
                )
                said = hashlib.sha256(request_bytes(asked)).digest()
                if said != bytes(request_hash) or asked.rule_version_id != posting_version:
                    yield "check.request", posting, learner


def named(code: str, names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> list[Line]:
    """A line for each of the first rows, and one that counts the rest."""
    lines = [
        Line(code, Verdict.NO, {name: _plain(value) for name, value in zip(names, row, strict=True)})
        for row in rows[:SHOWN]
    ]
    if len(rows) > SHOWN:
        lines.append(Line("check.more", Verdict.NO, {"count": len(rows) - SHOWN}))
    return lines


def _plain(value: Any) -> str | int:
    return value if isinstance(value, int) else str(value)
