"""What lists propose to a learner: outcomes that nobody claimed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from creditbank.domain.official_lists.outcomes import Standing
from creditbank.domain.values import Text
from creditbank.queries.official_lists.claims import Statement, ground_of, statements_in_force
from creditbank.records.institutions import Institution
from creditbank.records.scope import Scope

_OWN = """
SELECT proposal_id, institution_id, outcome_key, state, reason, claim_id, created_at, settled_at
FROM list_proposal WHERE learner_id = %(learner)s AND learner_id = %(person)s
ORDER BY created_at DESC, proposal_id DESC
"""


@dataclass(frozen=True, slots=True)
class ProposalLine:
    """An outcome that a list has and the learner did not claim; ``statement`` is none once the list was withdrawn.

    ``standing`` is what became of it: proposed, verified when it was claimed since, and so on.
    """

    proposal_id: UUID
    institution_id: UUID
    institution: Text
    outcome_key: str
    state: str
    reason: str
    claim_id: UUID | None
    created_at: datetime
    settled_at: datetime | None
    statement: Statement | None
    standing: Standing

    @property
    def is_open(self) -> bool:
        """Whether the learner can still answer it."""
        return self.state == "open" and self.statement is not None and self.standing is Standing.PROPOSED


def proposals_of(scope: Scope, learner: UUID) -> tuple[ProposalLine, ...]:
    """A learner's proposals, the newest first; only the learner reads this."""
    rows = scope.fetch(_OWN, {"learner": learner, "person": scope.person})
    places = {row[1] for row in rows}
    names = _names(scope, places)
    found: list[ProposalLine] = []
    for place in places:
        stated = statements_in_force(scope, place, [learner])
        ground = ground_of(scope, place, [learner])
        for proposal, institution, key, state, reason, claim, created_at, settled_at in rows:
            if institution != place:
                continue
            statement = stated.get((learner, key))
            standing, about = (
                ground.standing(learner, statement.listed) if statement is not None else (Standing.UNSAID, None)
            )
            found.append(
                ProposalLine(
                    proposal,
                    place,
                    names[place],
                    key,
                    state,
                    reason,
                    claim or about,
                    created_at,
                    settled_at,
                    statement,
                    standing,
                )
            )
    return tuple(sorted(found, key=lambda one: (one.created_at, one.proposal_id), reverse=True))


def find_proposal(scope: Scope, learner: UUID, proposal_id: UUID) -> ProposalLine | None:
    """One proposal of a learner, or nothing."""
    return next((one for one in proposals_of(scope, learner) if one.proposal_id == proposal_id), None)


def count_open(scope: Scope, learner: UUID) -> int:
    """How many proposals wait for the learner's answer."""
    return sum(one.is_open for one in proposals_of(scope, learner))


def _names(scope: Scope, places: set[UUID]) -> Mapping[UUID, Text]:
    rows = scope.rows(Institution).filter(pk__in=places).values_list("id", "name", "name_en")
    return {place: Text(name, name_en) for place, name, name_en in rows}
