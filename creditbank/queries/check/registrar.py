"""Check the export batches: every line's posting and amount, every batch's counts and content."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from creditbank.domain.explanation import Line
from creditbank.domain.registrar.lines import lines_hash
from creditbank.queries.check.ledger import named

_SIGNED = (
    "CASE 'issued'::lot_state WHEN posting.from_state THEN posting.amount"
    " WHEN posting.to_state THEN -posting.amount END"
)
_LINES = f"""
SELECT sent.line, batch.number, institution.code, sent.hundredths, sent.posting_id,
  coalesce({_SIGNED}::text,
    'nothing')
FROM export_line sent
LEFT JOIN export_batch batch USING (institution_id, batch_id)
LEFT JOIN institution ON institution.id = sent.institution_id
LEFT JOIN posting ON posting.learner_id = sent.learner_id AND posting.posting_id = sent.posting_id
  AND posting.institution_id = sent.institution_id
WHERE sent.hundredths IS DISTINCT FROM
    {_SIGNED}
  OR batch.number IS NULL
ORDER BY institution.code, batch.number, sent.line
"""  # noqa: S608 - the piece is the constant above
_BATCHES = """
SELECT number, code, said, found FROM (
  SELECT batch.number, institution.code,
    format('%s lines, %s offset, %s sent again, %s hundredths', line_count, offset_count, resent_count, hundredths)
      AS said,
    (SELECT format('%s lines, %s offset, %s sent again, %s hundredths', count(*) FILTER (WHERE written),
      count(*) FILTER (WHERE NOT written), count(*) FILTER (WHERE kind = 'resend'),
      coalesce(sum(sent.hundredths) FILTER (WHERE kind <> 'resend'), 0))
      FROM export_line sent WHERE sent.institution_id = batch.institution_id AND sent.batch_id = batch.batch_id)
      AS found
  FROM export_batch batch JOIN institution ON institution.id = batch.institution_id
) AS compared WHERE said <> found ORDER BY code, number
"""
_CONTENT = """
SELECT batch.batch_id, batch.number, institution.code, batch.content_hash, sent.line, sent.written, sent.cells::text
FROM export_batch batch JOIN institution ON institution.id = batch.institution_id
JOIN export_line sent ON sent.institution_id = batch.institution_id AND sent.batch_id = batch.batch_id
ORDER BY institution.code, batch.number, sent.line
"""


def check_exports(connection: Any) -> list[Line]:
    """Everything in the export batches that is not what the ledger says, or not as it was made.

    Args:
        connection: Django's connection of the auditor, who reads across tenants.
    """
    found: list[Line] = []
    with connection.cursor() as cursor:
        cursor.execute(_LINES)
        found += named(
            "check.export_line", ("line", "batch", "institution", "said", "posting", "found"), cursor.fetchall()
        )
        cursor.execute(_BATCHES)
        found += named("check.export_batch", ("batch", "institution", "said", "found"), cursor.fetchall())
    return found + named("check.export_content", ("batch", "institution"), list(_changed(connection)))


def _changed(connection: Any) -> Iterator[tuple[Any, ...]]:
    """Batches whose lines no longer have the hash they were made with."""
    connection.ensure_connection()
    with connection.connection.transaction(), connection.connection.cursor(name="check_exports") as cursor:
        cursor.itersize = 5000
        cursor.execute(_CONTENT)
        for (_, number, code, said), rows in groupby(cursor, key=itemgetter(0, 1, 2, 3)):
            if lines_hash((line, written, json.loads(cells)) for *_, line, written, cells in rows) != said:
                yield number, code
