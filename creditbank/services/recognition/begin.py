"""The first step of a claim: one empty draft for an errand, however often the step is sent."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from creditbank.domain.access import Actor
from creditbank.domain.explanation import Refusal
from creditbank.domain.recognition import State
from creditbank.queries.catalogue.items import item_offered
from creditbank.queries.masterdata.inheritance import chain_of
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
    return empty.filter(item__isnull=True).first() or keep_draft(scope=scope, actor=actor, draft=draft, at=at)


def begin_from_item(
    *, scope: Scope, actor: Actor, institution: UUID, item_of: UUID, code: str, at: datetime
) -> Claim | Refusal:
    """The learner's draft of an outcome picked from the catalogue, its name and what the item fixes filled in.

    A draft that was begun from the same item and is not submitted yet is taken up again.

    Args:
        scope: acts for the learner.
        actor: the learner.
        institution: where it is claimed.
        item_of: whose catalogue the item is in: that institution's, or one's above it.
        code: of the item.
        at: the moment.

    Raises:
        NotVisible: the learner is not enrolled there, or it takes no such outcomes.
    """
    if actor.person is None:
        raise NotVisible
    places = [place for place, _name in chain_of(scope, institution)]
    line = item_offered(scope, item_of, code, places)
    if line is None:
        return Refusal.because("catalogue.not_offered")
    lock_learners(scope, {actor.person})
    picked = {"institution": str(line.institution), "code": line.code, "number": line.number}
    begun = scope.rows(Claim).filter(
        learner_id=actor.person, institution_id=institution, state=State.DRAFT.value, item=picked
    )
    if (found := begun.first()) is not None:
        return found  # type: ignore[no-any-return]
    draft = Draft(
        institution=institution,
        outcome_type=line.item.outcome_type,
        title=line.item.name.zh,
        title_en=line.item.name.en,
        facts=line.item.facts,
        item=picked,
    )
    return keep_draft(scope=scope, actor=actor, draft=draft, at=at)
