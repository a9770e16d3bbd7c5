"""The first step of a claim: one empty draft for an errand, however often the step is sent."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from creditbank.domain.access import Actor
from creditbank.domain.recognition import State
from creditbank.records.recognition import Claim
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.recognition.claim import Draft, keep_draft
from creditbank.services.recognition.history import lock_learners


def begin_draft(*, scope: Scope, actor: Actor, institution: UUID, outcome_type: str, at: datetime) -> Claim:
    """The learner's empty draft for this institution and type of outcome, made when there is none.

    Raises:
        NotVisible: the learner is not enrolled there, or it takes no such outcomes.
    """
    if actor.person is None:
        raise NotVisible
    lock_learners(scope, {actor.person})
    empty = scope.rows(Claim).filter(
        learner_id=actor.person,
        institution_id=institution,
        outcome_type=outcome_type,
        state=State.DRAFT.value,
        title="",
        facts={},
    )
    draft = Draft(institution=institution, outcome_type=outcome_type, title="", facts={})
    return empty.first() or keep_draft(scope=scope, actor=actor, draft=draft, at=at)
