"""A learner's own claims: the list, one in full, and what can be claimed where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.catalogue.outcome_types import Evidence
from creditbank.domain.explanation import Explanation, from_data
from creditbank.domain.recognition import State
from creditbank.domain.rules.facts import Field, form_fields
from creditbank.domain.values import Hundredths, Text
from creditbank.queries.official_lists.claims import Listing, listing_of
from creditbank.queries.outcome_schemas import asked_of, schema_of
from creditbank.queries.outcome_types import OutcomeTypes, outcome_types_of
from creditbank.queries.rules import in_force
from creditbank.records.recognition import Claim, ClaimEvent
from creditbank.records.recognition import Evidence as EvidenceRow
from creditbank.records.rules import RuleVersion
from creditbank.records.scope import Scope


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """One claim in the learner's list; ``credit`` is what is proposed or was recognised, in hundredths."""

    claim_id: UUID
    number: str
    title: Text
    outcome_type: str
    institution: Text
    state: State
    credit: Hundredths
    changed_at: datetime
    zone: str


@dataclass(frozen=True, slots=True)
class ClaimStep:
    """One line of a claim's history."""

    act: str
    state: State
    reason: str
    note: str
    at: datetime
    by_learner: bool


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file that supports a claim."""

    evidence_id: UUID
    claim_id: UUID
    name: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class RuleUsed:
    """The rule version that made a claim's proposal."""

    name: Text
    number: int
    effective_from: date


@dataclass(frozen=True, slots=True)
class ClaimPage:
    """One claim in full, for its learner."""

    line: ClaimLine
    institution_id: UUID
    contact: str
    """Where the learner can ask about it; empty where the institution says nothing."""
    outcome_type: Text
    outcome_type_code: str
    evidence_needed: bool
    answers: dict[str, str]
    earned_on: date | None
    verdict: str
    category: Text
    proposal: Explanation
    listing: Listing
    """What official lists say of it; where they bear it out, no file is needed."""
    rule: RuleUsed | None
    reason: str
    final_on: date | None
    posting_id: UUID | None
    steps: tuple[ClaimStep, ...]
    files: tuple[EvidenceFile, ...]
    item: Mapping[str, Any] | None
    """The catalogue item it was taken from, as the claim stores it."""
    evidence: tuple[Evidence, ...]
    """Which kinds of evidence its type asks for."""

    @property
    def claim_id(self) -> UUID:
        """Which claim it is."""
        return self.line.claim_id


@dataclass(frozen=True, slots=True)
class Offer:
    """A type of outcome that an institution takes."""

    code: str
    name: Text
    rule_name: Text
    evidence_needed: bool


def claims_of(scope: Scope, learner: UUID, *, states: frozenset[State] | None = None) -> list[ClaimLine]:
    """A learner's claims, the newest first."""
    rows = scope.rows(Claim).filter(learner_id=learner).select_related("institution")
    if states is not None:
        rows = rows.filter(state__in=[state.value for state in states])
    moved = {
        (claim, last)
        for claim, last in scope.rows(ClaimEvent)
        .filter(learner_id=learner)
        .order_by("claim_id", "sequence")
        .values_list("claim_id", "recorded_at")
    }
    latest: dict[UUID, datetime] = {}
    for claim, at in moved:
        latest[claim] = max(at, latest.get(claim, at))
    lines = [_line(claim, latest.get(claim.claim_id, claim.created_at)) for claim in rows]
    return sorted(lines, key=lambda line: (line.changed_at, line.number), reverse=True)


def claim_of(scope: Scope, learner: UUID, claim_id: UUID) -> ClaimPage | None:
    """One claim of a learner in full, or nothing when there is none for this scope."""
    rows = scope.rows(Claim).filter(learner_id=learner, claim_id=claim_id)
    claim = rows.select_related("institution").first()
    if claim is None:
        return None
    events = scope.rows(ClaimEvent).filter(learner_id=learner, claim_id=claim_id).order_by("sequence")
    types = OutcomeTypes(scope, claim.institution_id)
    kind = types.of_claim(claim)
    files = scope.rows(EvidenceRow).filter(learner_id=learner, claim_id=claim_id).order_by("evidence_id")
    steps = tuple(
        ClaimStep(
            act=event.kind,
            state=State(event.state),
            reason=event.reason,
            note=event.note,
            at=event.recorded_at,
            by_learner=event.actor_id == learner,
        )
        for event in events
    )
    version = (
        scope.rows(RuleVersion).filter(pk=claim.rule_version_id).select_related("rule_set").first()
        if claim.rule_version_id
        else None
    )
    listing = listing_of(scope, claim, types=types)
    stated = schema_of(scope, claim.institution_id, claim.outcome_type, at=claim.submitted_at)
    return ClaimPage(
        line=_line(claim, steps[-1].at if steps else claim.created_at),
        institution_id=claim.institution_id,
        contact=claim.institution.contact,
        outcome_type=kind.name if kind else Text(claim.outcome_type),
        outcome_type_code=claim.outcome_type,
        evidence_needed=bool(kind and kind.evidence_required) and not listing.verified,
        answers=dict(claim.facts),
        earned_on=claim.earned_on,
        verdict=claim.verdict,
        category=_category(scope, claim, version),
        proposal=from_data(claim.proposal),
        listing=listing,
        rule=RuleUsed(Text(version.rule_set.name, version.rule_set.name_en), version.number, version.effective_from)
        if version
        else None,
        reason=claim.reason,
        final_on=claim.final_on,
        posting_id=claim.posting_id,
        steps=steps,
        files=tuple(_file(file) for file in files),
        item=claim.item,
        evidence=stated.schema.evidence if stated else (),
    )


def evidence_of(scope: Scope, learner: UUID, evidence_id: UUID) -> EvidenceFile | None:
    """One file of a learner."""
    file = scope.rows(EvidenceRow).filter(learner_id=learner, evidence_id=evidence_id).first()
    return _file(file) if file else None


def offers_of(scope: Scope, institution: UUID, on: date) -> list[Offer]:
    """What an institution takes on a day: the types of outcome handed down to it and its own."""
    rule_sets = scope.fetch("SELECT code, name, name_en FROM rule_set ORDER BY code")
    names = {code: Text(name, name_en) for code, name, name_en in rule_sets}
    return [
        Offer(kind.code, kind.name, names.get(kind.rule_set_code, Text("")), kind.evidence_required)
        for kind in outcome_types_of(scope, institution, on).values()
        if kind.is_open
    ]


def fields_of(scope: Scope, *, institution: UUID, outcome_type: str, on: date) -> tuple[Field, ...] | None:
    """What the rules in force on a day and its type ask about an outcome; None when no rule is in force."""
    asked = asked_of(scope, institution=institution, outcome_type=outcome_type, on=on)
    return form_fields(asked.rules) if asked else None


def _line(claim: Any, changed_at: datetime) -> ClaimLine:
    return ClaimLine(
        claim_id=claim.claim_id,
        number=claim.number,
        title=Text(claim.title, claim.title_en),
        outcome_type=claim.outcome_type,
        institution=Text(claim.institution.name, claim.institution.name_en),
        state=State(claim.state),
        credit=Hundredths(claim.credit),
        changed_at=changed_at,
        zone=claim.institution.zone,
    )


def _file(file: Any) -> EvidenceFile:
    return EvidenceFile(file.evidence_id, file.claim_id, file.name, file.media_type, file.size, file.sha256)


def _category(scope: Scope, claim: Claim, version: Any) -> Text:
    code = claim.category
    decided = in_force(scope, version, claim.composed_of) if version is not None else None
    choices = decided.compiled.rules.categories if decided is not None else ()
    return next((choice.label for choice in choices if choice.code == code), Text(code))
