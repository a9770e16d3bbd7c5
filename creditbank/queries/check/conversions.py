"""Check that every hold is for one open application, and that applications are what the ledger says."""

from __future__ import annotations

from typing import Any

from creditbank.domain.explanation import Line
from creditbank.queries.check.ledger import named

_INVARIANTS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "check.held",
        ("hold", "learner"),
        """
        SELECT hold.posting_id, hold.learner_id FROM posting AS hold
        LEFT JOIN conversion_use AS used ON used.learner_id = hold.learner_id AND used.hold_id = hold.posting_id
          AND used.lot_id = hold.lot_id AND used.amount = hold.amount
        LEFT JOIN conversion_application AS application ON application.learner_id = used.learner_id
          AND application.application_id = used.application_id
        WHERE hold.kind = 'hold' AND NOT EXISTS (SELECT FROM posting AS release
            WHERE release.learner_id = hold.learner_id AND release.resolves = hold.posting_id)
          AND (application.state IN ('submitted', 'under_review', 'approved', 'objected', 'appealed')) IS NOT TRUE
        """,
    ),
    (
        "check.application",
        ("application", "learner", "state"),
        """
        SELECT application.application_id, application.learner_id, application.state
        FROM conversion_application AS application
        CROSS JOIN LATERAL (
          SELECT count(*) AS uses, count(release.posting_id) AS released,
            count(*) FILTER (WHERE hold.kind = 'hold' AND (hold.amount, hold.lot_id) = (used.amount, used.lot_id))
              AS held,
            coalesce(sum(used.amount), 0) AS amount
          FROM conversion_use AS used
          LEFT JOIN posting AS hold ON hold.learner_id = used.learner_id AND hold.posting_id = used.hold_id
          LEFT JOIN posting AS release ON release.learner_id = used.learner_id AND release.resolves = used.hold_id
          WHERE used.learner_id = application.learner_id AND used.application_id = application.application_id
        ) AS using_
        CROSS JOIN LATERAL (
          SELECT coalesce(sum(side.amount) FILTER (WHERE side.from_state = 'available'), 0) AS used,
            coalesce(sum(side.amount) FILTER (WHERE side.from_state = 'issued'), 0) AS made,
            count(mirror.posting_id) AS mirrors
          FROM posting AS side
          LEFT JOIN posting AS mirror ON mirror.learner_id = side.learner_id AND mirror.reverses = side.posting_id
          WHERE side.learner_id = application.learner_id AND side.conversion_id = application.conversion_id
        ) AS posted
        WHERE uses = 0 OR held <> uses
          OR released <> CASE WHEN state IN ('submitted', 'under_review', 'approved', 'objected', 'appealed')
            THEN 0 ELSE uses END
          OR (state IN ('posted', 'reversed')) <> (conversion_id IS NOT NULL)
          OR (conversion_id IS NOT NULL AND (posted.used <> using_.amount OR posted.made <> application.credit))
          OR (state = 'reversed') <> (mirrors > 0)
        """,
    ),
)


def check_conversions(connection: Any) -> list[Line]:
    """Every hold without an open application, and every application that the ledger contradicts.

    Args:
        connection: Django's connection of the auditor, who reads across tenants.
    """
    found: list[Line] = []
    with connection.cursor() as cursor:
        for code, names, sql in _INVARIANTS:
            cursor.execute(sql)
            found += named(code, names, cursor.fetchall())
    return found
