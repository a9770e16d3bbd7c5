"""Guards that fetch: permission and look-up are one call, so a page cannot forget either."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from creditbank.domain.access import Actor, Thing, may
from creditbank.records.people import Enrolment
from creditbank.records.recognition import Claim
from creditbank.records.scope import Scope
from creditbank.services.operations import note_access


class NotVisible(Exception):  # noqa: N818 - a page answers it with 404, whether the object exists or not
    """The object does not exist for this actor."""


def fetch_claim(
    *, scope: Scope, actor: Actor, permission: str, learner_id: UUID, claim_id: UUID, lock: bool = False
) -> Claim:
    """The claim, when the actor may do this to it.

    Raises:
        NotVisible: there is no such claim, or none for this actor.
    """
    rows = scope.rows(Claim).filter(learner_id=learner_id, claim_id=claim_id)
    claim = (rows.select_for_update() if lock else rows).first()
    if claim is None or not may(actor, permission, thing_of(claim)):
        raise NotVisible
    return claim  # type: ignore[no-any-return]


def open_record(*, scope: Scope, actor: Actor, permission: str, learner_id: UUID, at: datetime) -> Enrolment:
    """A learner as the institution knows them; writes the line that the learner can read.

    Raises:
        NotVisible: the learner is not enrolled there, or the actor may not read them.
    """
    enrolment = scope.rows(Enrolment).filter(learner_id=learner_id, institution_id=scope.institution).first()
    thing = Thing(learner_id, scope.institution, enrolment.college_id if enrolment else None)
    if enrolment is None or actor.person is None or not may(actor, permission, thing):
        raise NotVisible
    note_access(scope=scope, learner=learner_id, actor=actor.person, purpose=permission, at=at)
    return enrolment  # type: ignore[no-any-return]


def thing_of(claim: Claim) -> Thing:
    """What the access table needs to know of a claim."""
    return Thing(claim.learner_id, claim.institution_id, claim.college_id)
