"""Outcomes nobody claimed: tell the learner once, make a claim of one, or put it away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connections

from creditbank.domain.access import Actor
from creditbank.domain.explanation import Refusal
from creditbank.domain.official_lists.outcomes import DECLINED_REASONS, Standing
from creditbank.gateways.clock import new_ids
from creditbank.gateways.postgres import run
from creditbank.queries.claims import fields_of
from creditbank.queries.official_lists.claims import begun_draft, ground_of, statements_in_force
from creditbank.queries.official_lists.proposals import ProposalLine, find_proposal
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.official_lists import statements as sql
from creditbank.services.operations import note_operation, tell_learners
from creditbank.services.recognition.claim import Draft, keep_draft
from creditbank.services.recognition.history import lock_learners


def propose_unclaimed(*, scope: Scope, learners: Sequence[UUID], at: datetime) -> int:
    """Propose to these learners what lists in force say and nobody has claimed; how many proposals were made.

    An outcome is proposed to its learner once and for ever, whatever lists repeat or correct it.

    Raises:
        ValueError: the scope acts for no institution.
    """
    if scope.institution is None:
        raise ValueError("an institution proposes")
    if not learners:
        return 0
    stated = statements_in_force(scope, scope.institution, learners)
    ground = ground_of(scope, scope.institution, learners)
    unsaid = sorted(
        key for key, statement in stated.items() if ground.standing(key[0], statement.listed)[0] is Standing.UNSAID
    )
    if not unsaid:
        return 0
    made = run(
        connections[scope.using],
        sql.PROPOSALS,
        {
            "institution_id": scope.institution,
            "at": at,
            "learner_id": [learner for learner, _key in unsaid],
            "proposal_id": new_ids(len(unsaid)),
            "outcome_key": [key for _learner, key in unsaid],
        },
    )
    notices = [(learner, {"title": _title(stated[learner, key])}) for learner, key in sorted(made)]
    tell_learners(scope=scope, institution=scope.institution, code="lists.unclaimed", notices=notices, at=at)
    return len(made)


def claim_proposal(
    *, scope: Scope, actor: Actor, proposal_id: UUID, at: datetime, request_id: str = ""
) -> UUID | Refusal:
    """Make a draft of a proposal with everything the list says filled in; its claim's id.

    A proposal taken up before leads to the same claim, and a draft the learner has begun about it is used.

    Raises:
        NotVisible: the actor has no such proposal, or is enrolled there no more.
    """
    found = _own(scope, actor, proposal_id)
    if found.claim_id is not None and (found.state == "claimed" or found.standing is not Standing.PROPOSED):
        return found.claim_id
    if refusal := _closed(found):
        return refusal
    statement = found.statement
    assert statement is not None
    assert actor.person is not None
    listed = statement.listed
    begun = begun_draft(scope, found.institution_id, actor.person, listed)
    if begun is None:
        asked = fields_of(
            scope, institution=found.institution_id, outcome_type=listed.outcome_type, on=statement.issued_on
        )
        names = {field.name for field in asked or ()}
        facts = {name: value for name, value in listed.facts.items() if not names or name in names}
        draft = Draft(
            institution=found.institution_id, outcome_type=listed.outcome_type, title=listed.title, facts=facts
        )
        begun = keep_draft(scope=scope, actor=actor, draft=draft, at=at).claim_id
    _settle(scope, actor, found, at, state="claimed", reason="", claim=begun, request_id=request_id)
    return begun


def decline_proposal(
    *, scope: Scope, actor: Actor, proposal_id: UUID, reason: str, at: datetime, request_id: str = ""
) -> Refusal | None:
    """Put a proposal away with a reason; nobody proposes it again.

    Raises:
        NotVisible: the actor has no such proposal.
    """
    found = _own(scope, actor, proposal_id)
    if refusal := _closed(found):
        return refusal
    if reason not in DECLINED_REASONS:
        return Refusal.because("lists.reason_needed")
    _settle(scope, actor, found, at, state="declined", reason=reason, claim=None, request_id=request_id)
    return None


def _own(scope: Scope, actor: Actor, proposal_id: UUID) -> ProposalLine:
    if actor.person is None:
        raise NotVisible
    lock_learners(scope, {actor.person})
    found = find_proposal(scope, actor.person, proposal_id)
    if found is None:
        raise NotVisible
    return found


def _closed(found: ProposalLine) -> Refusal | None:
    if found.statement is None:
        return Refusal.because("lists.proposal_gone")
    return None if found.is_open else Refusal.because("lists.proposal_settled")


def _settle(
    scope: Scope,
    actor: Actor,
    found: ProposalLine,
    at: datetime,
    *,
    state: str,
    reason: str,
    claim: UUID | None,
    request_id: str,
) -> None:
    run(
        connections[scope.using],
        sql.SETTLED,
        {
            "learner_id": actor.person, "proposal_id": found.proposal_id, "state": state, "reason": reason,
            "claim_id": claim, "at": at,
        },
    )  # fmt: skip
    note_operation(
        scope=scope, actor=actor.person, action=f"lists.proposal.{state}", outcome="done", at=at,
        object_kind="list_proposal", object_id=found.proposal_id, request_id=request_id,
    )  # fmt: skip


def _title(statement: Any) -> str:
    return str(statement.listed.title)
