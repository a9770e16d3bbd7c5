"""Check the projections: what is stored against what would be made anew at its mark."""

from __future__ import annotations

from django.db import connections

from creditbank.domain.explanation import Line
from creditbank.projections.progress import compare_progress
from creditbank.queries.check.ledger import named
from creditbank.queries.official_lists.claims import marks_of
from creditbank.records.scope import acting_for

_WITH_LISTS = "SELECT institution_id FROM official_list UNION SELECT institution_id FROM claim WHERE listed <> ''"


def check_projections(using: str) -> list[Line]:
    """Stored progress that is not what an audit finds, and marks of claims that are not what official lists say.

    Args:
        using: the alias of the auditor's connection.
    """
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT DISTINCT institution_id FROM progress ORDER BY 1")
        institutions = [institution for (institution,) in cursor.fetchall()]
        cursor.execute(_WITH_LISTS)
        with_lists = [institution for (institution,) in cursor.fetchall()]
    found: list[Line] = []
    for institution in institutions:
        with acting_for(institution=institution, purpose="check", using=using) as scope:
            differing = list(compare_progress(scope))
        found += named("check.progress", ("learner", "programme"), differing)
    for institution in sorted(with_lists):
        with acting_for(institution=institution, purpose="check", using=using) as scope:
            marks = [(one.claim_id, one.learner_id) for one in marks_of(scope, institution) if one.kept != one.now]
        found += named("check.claim_listed", ("claim", "learner"), marks)
    return found
