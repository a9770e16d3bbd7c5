"""A learner's balances as they were: on an effective day, as far as they were known at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from creditbank.domain.ledger import State
from creditbank.domain.values import Hundredths
from creditbank.records.scope import Scope

_AS_OF = """
SELECT entry.lot_id, entry.state::text, sum(entry.amount)
FROM entry JOIN posting ON posting.learner_id = entry.learner_id AND posting.posting_id = entry.posting_id
WHERE entry.learner_id = %s AND entry.state <> 'issued' AND posting.effective_on <= %s AND posting.recorded_at <= %s
  AND {condition}
GROUP BY entry.lot_id, entry.state HAVING sum(entry.amount) <> 0
ORDER BY entry.lot_id, entry.state
"""


@dataclass(frozen=True, slots=True)
class LotBalance:
    """How much of a lot stood in one state."""

    lot_id: UUID
    state: State
    hundredths: Hundredths


def balance_as_of(scope: Scope, learner: UUID, effective_on: date, known_at: datetime) -> tuple[LotBalance, ...]:
    """What counted for a learner on a day, by what had been recorded up to a moment; empty accounts are left out.

    Args:
        scope: the learner, or an institution, which sees the lots it awarded.
        learner: whose balances.
        effective_on: the day on which postings must have begun to count.
        known_at: the moment by which they must have been recorded.
    """
    condition, values = scope.condition("entry", "entry")
    rows = scope.fetch(_AS_OF.format(condition=condition), [learner, effective_on, known_at, *values])
    return tuple(LotBalance(lot, State(state), Hundredths(amount)) for lot, state, amount in rows)
