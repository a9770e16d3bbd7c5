"""Programmes of an institution, with how many of its learners have met each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from creditbank.domain.values import Text
from creditbank.records.scope import Scope


@dataclass(frozen=True, slots=True)
class ProgrammeLine:
    """The newest version of a programme; ``audited`` learners have an answer, ``met`` of them meet it."""

    programme_id: UUID
    code: str
    version: int
    name: Text
    invented: bool
    audited: int
    met: int
    as_of: datetime | None


_LINES = """
WITH RECURSIVE place AS (
  SELECT id, parent_id FROM institution WHERE id = %(institution)s
  UNION ALL SELECT above.id, above.parent_id FROM institution AS above JOIN place ON above.id = place.parent_id
), newest AS (
  SELECT DISTINCT ON (code) programme.* FROM programme JOIN place ON place.id = programme.institution_id
  ORDER BY code, version DESC
)
SELECT newest.id, newest.code, newest.version, newest.name, newest.name_en, newest.invented,
  count(progress.learner_id), count(progress.learner_id) FILTER (WHERE progress.met), min(progress.as_of)
FROM newest LEFT JOIN progress
  ON progress.programme_id = newest.id AND progress.institution_id = %(institution)s
GROUP BY newest.id, newest.code, newest.version, newest.name, newest.name_en, newest.invented ORDER BY newest.code
"""


def list_programmes(scope: Scope) -> tuple[ProgrammeLine, ...]:
    """The programmes of the scope's institution and of those above it."""
    return tuple(
        ProgrammeLine(row[0], row[1], row[2], Text(row[3], row[4]), row[5], int(row[6]), int(row[7]), row[8])
        for row in scope.fetch(_LINES, {"institution": scope.institution})
    )
