"""One case as the office reads it: facts in words, the rule behind it, evidence and what happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.catalogue.outcome_types import asked_by
from creditbank.domain.explanation import Explanation, Refusal, Verdict, from_data, worst
from creditbank.domain.recognition import State
from creditbank.domain.rules.facts import fact_shown, read_outcome
from creditbank.domain.rules.model import Choice, Ruling
from creditbank.domain.values import Hundredths, Text
from creditbank.queries.official_lists.claims import Listing, listing_of
from creditbank.queries.outcome_schemas import schema_of
from creditbank.queries.outcome_types import OutcomeTypes
from creditbank.queries.queue import OPEN, Case
from creditbank.queries.recognition import propose
from creditbank.queries.rules import in_force
from creditbank.records.people import Account
from creditbank.records.recognition import Claim, ClaimEvent, Evidence
from creditbank.records.rules import RuleVersion
from creditbank.records.scope import Scope


@dataclass(frozen=True, slots=True)
class Basis:
    """The rule version a proposal rests on, and its row."""

    version_id: UUID
    name: Text
    number: int
    effective_from: date
    row: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A file of evidence, without its content."""

    evidence_id: UUID
    name: str
    media_type: str
    size: int
    added_at: datetime

    @property
    def is_image(self) -> bool:
        """Whether a page can show it as a picture."""
        return self.media_type.startswith("image/")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a case's life; ``who`` is empty where the bank acted by itself."""

    act: str
    state: State
    at: datetime
    who: Text
    reason: str
    note: str


@dataclass(frozen=True, slots=True)
class CaseDetail:
    """Everything a person needs to decide one case."""

    case: Case
    ruling: Ruling
    """What the rules say: today for an open case, else when it was last asked."""
    proposed: Hundredths
    """Hundredths that go with ``ruling``; what a reviewer sees and approves."""
    before: Hundredths | None
    """What was proposed at submission, where the rules say something else today."""
    facts: tuple[tuple[Text, str | Text], ...]
    explanation: Explanation
    listing: Listing
    """What official lists say of it; nobody's decision."""
    basis: Basis | None
    categories: tuple[Choice, ...]
    category: Text | None
    evidence: tuple[Piece, ...]
    evidence_required: bool
    steps: tuple[Step, ...]
    note: str
    reason: str
    credit: Hundredths
    decided_by: UUID | None
    final_on: date | None
    expires_on: date | None
    lot_id: UUID | None
    version: int

    @property
    def is_open(self) -> bool:
        """Whether it waits for a decision."""
        return self.case.state in OPEN

    @property
    def contradicted(self) -> bool:
        """Whether a reason speaks against it."""
        return worst(self.explanation) is Verdict.NO


def read_case(scope: Scope, case: Case, *, types: OutcomeTypes | None = None) -> CaseDetail:
    """The detail of a case that :func:`creditbank.queries.queue.find_cases` found for the actor.

    ``types`` are those of its institution, where the caller has read them already.
    """
    claim = scope.rows(Claim).get(learner_id=case.learner_id, claim_id=case.claim_id)
    types = types or OutcomeTypes(scope, claim.institution_id)
    own = {"learner_id": case.learner_id, "claim_id": case.claim_id}
    stored = scope.rows(RuleVersion).select_related("rule_set").filter(pk=claim.rule_version_id).first()
    version = in_force(scope, stored, claim.composed_of) if stored is not None else None
    facts: list[tuple[Text, str | Text]] = [(Text(name), str(value)) for name, value in claim.facts.items() if value]
    categories: tuple[Choice, ...] = ()
    basis = None
    if stored is not None and version is not None:
        rules = version.compiled.rules
        categories = rules.categories
        said = schema_of(scope, claim.institution_id, claim.outcome_type, at=claim.submitted_at)
        asked = asked_by(rules, said.schema if said else None)
        outcome = read_outcome(asked, claim.facts)
        if not isinstance(outcome, Refusal):
            facts = [
                (fact.label, fact_shown(fact, value))
                for fact, value in zip(asked.facts, outcome.values, strict=True)
                if value is not None
            ]
        basis = Basis(
            stored.id,
            Text(stored.rule_set.name, stored.rule_set.name_en),
            stored.number,
            stored.effective_from,
            claim.row,
        )
    kind = types.of_claim(claim)
    ruling, proposed, explanation = _proposal(scope, claim, case, types)
    listing = listing_of(scope, claim, types=types)
    stale = ruling != claim.verdict or (ruling is Ruling.RECOGNISE and proposed != claim.credit)
    events = list(scope.rows(ClaimEvent).filter(**own).order_by("sequence"))
    names = _names(scope, {event.actor_id for event in events if event.actor_id})
    return CaseDetail(
        case=case,
        ruling=ruling,
        proposed=proposed,
        before=Hundredths(claim.credit) if stale else None,
        facts=tuple(facts),
        explanation=explanation,
        listing=listing,
        basis=basis,
        categories=categories,
        category=next((choice.label for choice in categories if choice.code == claim.category), None),
        evidence=tuple(
            Piece(piece.evidence_id, piece.name, piece.media_type, piece.size, piece.added_at)
            for piece in scope.rows(Evidence).filter(**own).order_by("added_at", "evidence_id")
        ),
        evidence_required=bool(kind and kind.evidence_required) and not listing.verified,
        steps=tuple(
            Step(
                event.kind,
                State(event.state),
                event.recorded_at,
                names.get(event.actor_id, Text("")),
                event.reason,
                event.note,
            )
            for event in events
        ),
        note=claim.note,
        reason=claim.reason,
        credit=Hundredths(claim.credit),
        decided_by=claim.decided_by,
        final_on=claim.final_on,
        expires_on=claim.expires_on,
        lot_id=claim.lot_id,
        version=claim.version,
    )


def _proposal(scope: Scope, claim: Claim, case: Case, types: OutcomeTypes) -> tuple[Ruling, Hundredths, Explanation]:
    """What the rules say; for an open case with what the learner holds now, as the decision will ask them."""
    stored = Ruling(claim.verdict) if claim.verdict else Ruling.REFUSE
    if case.state not in OPEN:
        return stored, Hundredths(claim.credit), from_data(claim.proposal)
    asked = propose(
        scope,
        institution=claim.institution_id,
        outcome_type=claim.outcome_type,
        raw=claim.facts,
        on=claim.submitted_at.date(),
        learner=claim.learner_id,
        excluding=claim.claim_id,
        item=claim.item,
        at=claim.submitted_at,
        types=types,
    )
    if isinstance(asked, Refusal):
        return Ruling.REFUSE, Hundredths(0), asked.explanation
    return asked.proposal.ruling, asked.proposal.credit, asked.proposal.explanation


def find_evidence(scope: Scope, *, learner: UUID, claim: UUID, evidence: UUID) -> Evidence | None:
    """The record of one file of a case."""
    found: Evidence | None = (
        scope.rows(Evidence).filter(learner_id=learner, claim_id=claim, evidence_id=evidence).first()
    )
    return found


def _names(scope: Scope, people: set[Any]) -> dict[UUID, Text]:
    rows = Account.objects.using(scope.using).filter(pk__in=people).values_list("id", "name", "name_en")
    return {person: Text(name, name_en) for person, name, name_en in rows}
