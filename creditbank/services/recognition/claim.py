"""The learner's side: keep a draft, add evidence, submit and withdraw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.access import Actor
from creditbank.domain.catalogue.outcome_types import OutcomeSchema, evidence_problems, identity_of
from creditbank.domain.explanation import Line, Refusal, Verdict, to_data
from creditbank.domain.recognition import Act, State, decide
from creditbank.gateways import vault
from creditbank.gateways.bank import Bank
from creditbank.gateways.clock import new_id
from creditbank.queries.official_lists.claims import listing_of
from creditbank.queries.outcome_schemas import schema_of
from creditbank.queries.outcome_types import outcome_type_of, outcome_types_of, today_at
from creditbank.queries.recognition import Proposed, propose
from creditbank.records.people import Enrolment
from creditbank.records.recognition import Claim, Evidence
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible, fetch_claim
from creditbank.services.recognition.history import move_claim

MOST_FILES = 10
_NO_CLAIM = (State.DRAFT.value, State.WITHDRAWN.value, State.REFUSED.value, State.REVERSED.value)
"""States in which a claim stands in no other one’s way."""
_EDITABLE = (State.DRAFT, State.SUPPLEMENT_REQUESTED)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a learner wrote: the facts as the form sent them, checked when the claim is submitted."""

    institution: UUID
    outcome_type: str
    title: str
    facts: Mapping[str, Any]
    title_en: str = ""
    item: Mapping[str, Any] | None = None
    """The catalogue item it was taken from; a change of the draft keeps it."""


def keep_draft(
    *,
    scope: Scope,
    actor: Actor,
    draft: Draft,
    at: datetime,
    claim_id: UUID | None = None,
) -> Claim:
    """Store a draft, or what was changed in one, for an institution where the learner is enrolled.

    Raises:
        NotVisible: the learner is not enrolled there, or the claim is not theirs or can no longer be edited.
    """
    learner = actor.person
    if learner is None:
        raise NotVisible
    enrolment = scope.rows(Enrolment).filter(learner_id=learner, institution_id=draft.institution).first()
    if enrolment is None:
        raise NotVisible
    # What was begun is kept in words, whatever the school has done with its type of outcome since.
    kind = outcome_types_of(scope, draft.institution, today_at(scope, draft.institution)).get(draft.outcome_type)
    if kind is None or not (kind.is_open or claim_id is not None):
        raise NotVisible
    words: dict[str, Any] = {
        "outcome_type": kind.code,
        "title": draft.title.strip()[:120],
        "title_en": draft.title_en.strip()[:120],
        "facts": {str(name): str(value)[:400] for name, value in draft.facts.items()},
    }
    if claim_id is not None:
        claim = fetch_claim(
            scope=scope,
            actor=actor,
            permission="recognition.claim",
            learner_id=learner,
            claim_id=claim_id,
            lock=True,
        )
        if claim.state not in _EDITABLE or claim.institution_id != draft.institution:
            raise NotVisible
        scope.rows(Claim).filter(learner_id=learner, claim_id=claim_id).update(**words)
        for name, value in words.items():
            setattr(claim, name, value)
        return claim
    if draft.item is not None:
        words["item"] = dict(draft.item)
    claim_id = new_id()
    created: Claim = scope.rows(Claim).create(
        learner_id=learner,
        claim_id=claim_id,
        institution_id=draft.institution,
        college_id=enrolment.college_id,
        number=f"{at:%Y%m%d}-{claim_id.hex[-6:].upper()}",
        state=State.DRAFT.value,
        created_at=at,
        **words,
    )
    return created


def add_evidence(
    *, scope: Scope, actor: Actor, bank: Bank, claim_id: UUID, name: str, content: bytes, at: datetime
) -> Evidence | Refusal:
    """Keep a file with a claim that can still be edited; the same file twice is kept once.

    Raises:
        NotVisible: the claim is not the actor's, or can no longer be edited.
    """
    claim = _own_editable(scope, actor, claim_id)
    files = scope.rows(Evidence).filter(learner_id=claim.learner_id, claim_id=claim_id)
    if files.count() >= MOST_FILES:
        return Refusal.because("recognition.too_many_files")
    stored = vault.store(bank, content)
    if stored is None:
        return Refusal.because("recognition.file_not_taken", name=name[:80])
    known = files.filter(sha256=stored.sha256).first()
    if known is not None:
        return known  # type: ignore[no-any-return]
    added: Evidence = scope.rows(Evidence).create(
        learner_id=claim.learner_id,
        evidence_id=new_id(),
        claim_id=claim_id,
        institution_id=claim.institution_id,
        name=name[:120],
        media_type=stored.media_type,
        size=stored.size,
        sha256=stored.sha256,
        added_at=at,
    )
    return added


def submit_claim(
    *, scope: Scope, actor: Actor, claim_id: UUID, at: datetime, on: date, request_id: str = ""
) -> Claim | Refusal:
    """Hand a draft in, or a supplemented claim again, with the proposal the rules make today.

    Args:
        scope: acts for the learner.
        actor: the learner.
        claim_id: the draft.
        at: the moment, for what was known.
        on: the same day in the institution's zone, for what counts.
        request_id: the request that asked.

    Raises:
        NotVisible: the claim is not the actor's.
    """
    claim = _own(scope, actor, claim_id)
    target = decide(act=Act.SUBMIT, state=State(claim.state), learner=claim.learner_id, actor=actor.person)
    if isinstance(target, Refusal):
        return target
    problems: list[Line] = []
    if not claim.title:
        problems.append(Line("recognition.title_needed", Verdict.NO))
    kind = outcome_type_of(scope, claim.institution_id, claim.outcome_type, on)
    files = scope.rows(Evidence).filter(learner_id=claim.learner_id, claim_id=claim_id)
    # What an official list of the school says needs no file: the list is the evidence.
    needed = kind is not None and kind.evidence_required and not files.exists()
    listing = listing_of(scope, claim)
    if needed and not listing.verified:
        problems.append(Line("recognition.evidence_needed", Verdict.NO))
    problems += _asked_by_type(scope, claim, files.values_list("name", "media_type"), verified=listing.verified)
    proposed = propose(
        scope,
        institution=claim.institution_id,
        outcome_type=claim.outcome_type,
        raw=claim.facts,
        on=on,
        learner=claim.learner_id,
        excluding=claim_id,
        item=claim.item,
    )
    if isinstance(proposed, Refusal):
        return Refusal((*problems, *proposed.explanation))
    if problems:
        return Refusal(tuple(problems))
    return move_claim(
        scope=scope,
        claim=claim,
        act=Act.SUBMIT,
        target=target,
        actor=actor.person,
        at=at,
        request_id=request_id,
        submitted_at=at,
        listed=listing.mark,
        **proposal_columns(proposed),
    )


def withdraw_claim(
    *, scope: Scope, actor: Actor, claim_id: UUID, at: datetime, request_id: str = ""
) -> Claim | Refusal:
    """Take a claim back while nobody has decided it.

    Raises:
        NotVisible: the claim is not the actor's.
    """
    claim = _own(scope, actor, claim_id)
    target = decide(act=Act.WITHDRAW, state=State(claim.state), learner=claim.learner_id, actor=actor.person)
    if isinstance(target, Refusal):
        return target
    return move_claim(
        scope=scope,
        claim=claim,
        act=Act.WITHDRAW,
        target=target,
        actor=actor.person,
        at=at,
        request_id=request_id,
    )


def proposal_columns(proposed: Proposed) -> dict[str, Any]:
    """What a claim stores of a proposal."""
    proposal = proposed.proposal
    return {
        "rule_version_id": proposed.version.version_id,
        "composed_of": proposed.version.composed_of,
        "verdict": proposal.ruling.value,
        "credit": proposal.credit,
        "category": proposal.category or "",
        "level": int(proposal.level) if proposal.level and proposal.level.isdigit() else None,
        "row": proposal.row or "",
        "families": proposed.families,
        "earned_on": proposed.earned_on,
        "expires_on": proposal.expires_on,
        "proposal": to_data(proposal.explanation),
    }


def _asked_by_type(scope: Scope, claim: Claim, files: Iterable[tuple[str, str]], *, verified: bool) -> Iterable[Line]:
    """What the type of a claim asks besides its facts: evidence, a catalogue item, and that it is claimed once."""
    stated = schema_of(scope, claim.institution_id, claim.outcome_type)
    schema = stated.schema if stated else None
    if not verified:
        yield from evidence_problems(schema, list(files))
    if schema is None:
        return
    if schema.item_needed and not claim.item:
        yield Line("outcome_type.item_needed", Verdict.NO)
    mine = _identity(schema, claim)
    if not mine:
        return
    others = scope.rows(Claim).filter(
        learner_id=claim.learner_id, institution_id=claim.institution_id, outcome_type=claim.outcome_type
    )
    for other in others.exclude(claim_id=claim.claim_id).exclude(state__in=_NO_CLAIM).order_by("claim_id"):
        if _identity(schema, other) == mine:
            yield Line("outcome_type.claimed_already", Verdict.NO, {"number": other.number})
            return


def _identity(schema: OutcomeSchema, claim: Claim) -> str:
    picked = claim.item or {}
    item = f"{picked['institution']} {picked['code']}" if picked else ""
    return identity_of(schema, claim.facts, title=claim.title, item=item)


def _own(scope: Scope, actor: Actor, claim_id: UUID) -> Claim:
    if actor.person is None:
        raise NotVisible
    return fetch_claim(
        scope=scope,
        actor=actor,
        permission="recognition.claim",
        learner_id=actor.person,
        claim_id=claim_id,
        lock=True,
    )


def _own_editable(scope: Scope, actor: Actor, claim_id: UUID) -> Claim:
    claim = _own(scope, actor, claim_id)
    if claim.state not in _EDITABLE:
        raise NotVisible
    return claim
