"""Where a proved posting stands now, for whoever holds its proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from creditbank.domain.explanation import Line, Verdict
from creditbank.domain.ledger import Kind, State
from creditbank.domain.values import Amount, Hundredths, Text
from creditbank.records.scope import acting_for

_STANDING = """
SELECT posting.kind::text, posting.from_state::text, posting.amount, coalesce((
    SELECT sum(balance.amount) FROM balance WHERE balance.learner_id = posting.learner_id
      AND balance.lot_id = posting.lot_id AND balance.state = 'converted'), 0),
  mirror.effective_on, institution.name, institution.name_en
FROM posting JOIN institution ON institution.id = posting.institution_id
LEFT JOIN posting AS mirror ON mirror.learner_id = posting.learner_id AND mirror.reverses = posting.posting_id
WHERE posting.learner_id = %s AND posting.posting_id = %s
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """One line about the present, and who awarded the credit."""

    line: Line
    institution: Text | None


def standing_of(record: Mapping[str, Any]) -> Standing:
    """The present standing of the posting in a record whose proof holds.

    The holder of a valid proof holds the salt, which only the learner can have given them; so the look-up acts
    for the learner named in the record and reads this one posting.
    """
    try:
        learner, posting = UUID(str(record["learner"])), UUID(str(record["posting"]))
    except (KeyError, ValueError):
        return Standing(Line("verification.not_here", Verdict.NO), None)
    with acting_for(person=learner, purpose="verification") as scope:
        rows = scope.fetch(_STANDING, [learner, posting])
    if not rows:
        return Standing(Line("verification.not_here", Verdict.NO), None)
    kind, from_state, amount, converted, reversed_on, name, name_en = rows[0]
    institution = Text(name, name_en)
    gives = from_state == State.ISSUED
    if kind == Kind.REVERSE:
        if from_state == State.CONVERTED:
            return Standing(Line("verification.is_return", Verdict.ASK), institution)
        return Standing(Line("verification.is_reversal", Verdict.ASK), institution)
    if reversed_on is not None:
        code = "verification.reversed" if gives else "verification.use_reversed"
        return Standing(Line(code, Verdict.NO, {"day": reversed_on.isoformat()}), institution)
    if not gives:
        return Standing(Line("verification.is_use", Verdict.ASK), institution)
    if converted:
        facts = {"amount": Amount(amount), "converted": Amount(Hundredths(int(converted)))}
        return Standing(Line("verification.converted", Verdict.ASK, facts), institution)
    return Standing(Line("verification.stands", Verdict.YES), institution)
