"""One hash over what a bank holds: business keys and amounts, no ids and no recording times."""

from __future__ import annotations

import hashlib
from typing import Any

_CONTENT: tuple[tuple[str, str], ...] = (
    ("institution", "SELECT code, name FROM institution"),
    (
        "rule_version",
        """
        SELECT institution.code, rule_set.code, number, content_hash, effective_from, effective_until
        FROM rule_version JOIN rule_set ON rule_set.id = rule_set_id
        JOIN institution ON institution.id = rule_version.institution_id
        """,
    ),
    (
        "programme",
        """
        SELECT institution.code, programme.code, version, content_hash
        FROM programme JOIN institution ON institution.id = institution_id
        """,
    ),
    (
        "enrolment",
        """
        SELECT code, student_number FROM enrolment JOIN institution ON institution.id = institution_id
        """,
    ),
    (
        "result",
        """
        SELECT code, student_number, course, presentation, sitting, term, earned_on, outcome, mark, result.grade,
          credit, result.level, result.field, result.lot_id IS NOT NULL
        FROM result JOIN institution ON institution.id = result.institution_id
        LEFT JOIN enrolment USING (learner_id, institution_id)
        """,
    ),
    (
        "lot",
        """
        SELECT institution.code, student_number, lot.code, title, category, lot.level, lot.field, term, earned_on,
          expires_on, lot.amount, state::text, balance.amount
        FROM lot JOIN institution ON institution.id = lot.institution_id
        LEFT JOIN enrolment ON enrolment.learner_id = lot.learner_id AND enrolment.institution_id = lot.institution_id
        LEFT JOIN balance ON balance.learner_id = lot.learner_id AND balance.lot_id = lot.lot_id
        """,
    ),
    (
        "posting",
        """
        SELECT institution.code, student_number, posting.kind::text, posting.amount, effective_on, reason
        FROM posting JOIN institution ON institution.id = posting.institution_id
        LEFT JOIN enrolment ON enrolment.learner_id = posting.learner_id
          AND enrolment.institution_id = posting.institution_id
        """,
    ),
    (
        "claim",
        """
        SELECT institution.code, student_number, title, state, credit, category, earned_on
        FROM claim JOIN institution ON institution.id = claim.institution_id
        LEFT JOIN enrolment ON enrolment.learner_id = claim.learner_id
          AND enrolment.institution_id = claim.institution_id
        """,
    ),
)

# Rows as text, in an order that no locale changes.
_SORTED = 'SELECT line FROM (SELECT content::text AS line FROM ({sql}) AS content) AS lines ORDER BY line COLLATE "C"'


def digest(connection: Any) -> str:
    """The SHA-256 of the bank's content as 64 hexadecimal digits, equal for banks that hold the same."""
    whole = hashlib.sha256()
    connection.ensure_connection()
    for name, sql in _CONTENT:
        whole.update(f"\x1d{name}".encode())
        with connection.connection.transaction(), connection.connection.cursor(name=f"digest_{name}") as cursor:
            cursor.itersize = 5000
            cursor.execute(_SORTED.format(sql=sql))
            for (line,) in cursor:
                whole.update(f"\x1e{line}".encode())
    return whole.hexdigest()
