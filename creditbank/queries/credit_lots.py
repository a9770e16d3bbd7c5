"""What a bank knows of credit lots as conversion rules ask for it, in any statement that finds them."""

from __future__ import annotations

import json
from typing import Any

from creditbank.domain.conversions.credit_lots import Lot, carried
from creditbank.domain.values import Hundredths, Text

COLUMNS = """lot.lot_id, lot.title, lot.title_en, lot.expires_on, lot.outcome_type, lot.category, lot.level, lot.grade,
  lot.code, lot.earned_on, lot.source_kind, claim.facts::text, claim.item ->> 'code', reported.mark"""
"""What :func:`lot_of` reads, in its order: of a claim what its form asked, of a result its mark, else the ledger's."""

JOINS = """LEFT JOIN claim ON lot.source_kind = 'claim' AND claim.learner_id = lot.learner_id
  AND claim.claim_id = lot.source_id
LEFT JOIN LATERAL (
  SELECT result.mark FROM result WHERE lot.source_kind = 'result' AND result.learner_id = lot.learner_id
    AND result.institution_id = lot.institution_id AND result.lot_id = lot.lot_id ORDER BY result.as_of DESC LIMIT 1
) AS reported ON true"""
"""Where they come from, after ``lot``."""

WIDTH = 14
"""How many columns they are."""


def lot_of(row: tuple[Any, ...], *, credit: int, institution: str) -> Lot:
    """A lot by its columns, with so much credit to use, in hundredths, given by the institution with this code."""
    lot, title, title_en, expires, outcome_type, category, level, grade, code, earned, source, facts, item, mark = row
    reported = None if mark is None else str(mark)
    known = {
        "outcome_type": outcome_type,
        "category": category,
        "level": None if level is None else str(level),
        "grade": grade,
        "mark": reported,
        "score": reported,
        "code": item or code,
        "title": title,
        "earned_on": earned.isoformat(),
        "valid_until": None if expires is None else expires.isoformat(),
    }
    of = carried(
        outcome_type=outcome_type, code=item or code, category=category, institution=institution,
        made=source == "conversion",
    )  # fmt: skip
    claimed = json.loads(facts) if facts else {}
    return Lot(str(lot), Text(title, title_en), Hundredths(credit), expires, known, claimed, of)
