"""The office's side: take, ask for more, decide, post, undo and reverse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.access import Actor
from creditbank.domain.explanation import Refusal, from_data
from creditbank.domain.ledger import Deposit
from creditbank.domain.letters import Kind
from creditbank.domain.recognition import Act, State, decide, final_on
from creditbank.domain.reversal import first_to_reverse
from creditbank.domain.rules.model import Ruling
from creditbank.domain.values import Amount, Hundredths
from creditbank.queries.conversions import later_uses
from creditbank.queries.recognition import Proposed, propose
from creditbank.records.institutions import Institution
from creditbank.records.recognition import Claim, Evidence
from creditbank.records.scope import Scope
from creditbank.services.access import fetch_claim
from creditbank.services.ledger.post import Reversal, post_deposits, reverse_postings
from creditbank.services.letters import Told, case_of_claim, write_letter
from creditbank.services.operations import note_operation, tell_learner
from creditbank.services.recognition.claim import proposal_columns
from creditbank.services.recognition.history import lock_learners, move_claim

MOST_CREDIT = 6000
"""The most that a person may recognise in one case, in hundredths."""


@dataclass(frozen=True, slots=True)
class CaseKey:
    """Names one case: a learner and one of their claims."""

    learner_id: UUID
    claim_id: UUID


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of one case of a batch; ``refusal`` says why nothing was changed."""

    key: CaseKey
    number: str
    credit: Hundredths
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a reviewer recognises where the rules leave it to a person: hundredths and a category."""

    credit: Hundredths
    category: str


def take_claim(*, scope: Scope, actor: Actor, key: CaseKey, at: datetime, request_id: str = "") -> Claim | Refusal:
    """Begin the review of a case.

    Raises:
        NotVisible: there is no such case for this actor.
    """
    return step_claim(scope, actor, key, Act.TAKE, at, request_id=request_id)


def request_supplement(
    *,
    scope: Scope,
    actor: Actor,
    key: CaseKey,
    reason: str,
    at: datetime,
    note: str = "",
    request_id: str = "",
) -> Claim | Refusal:
    """Send a case back for more material, with a reason the learner reads.

    Raises:
        NotVisible: there is no such case for this actor.
    """
    return step_claim(scope, actor, key, Act.REQUEST_SUPPLEMENT, at, reason=reason, note=note, request_id=request_id)


def refuse_claim(
    *,
    scope: Scope,
    actor: Actor,
    key: CaseKey,
    reason: str,
    at: datetime,
    note: str = "",
    request_id: str = "",
) -> Claim | Refusal:
    """Decide not to recognise, with a reason the learner reads.

    Raises:
        NotVisible: there is no such case for this actor.
    """
    return step_claim(
        scope,
        actor,
        key,
        Act.REFUSE,
        at,
        reason=reason,
        note=note,
        request_id=request_id,
        decided_at=at,
        decided_by=actor.person,
    )


def approve_claim(
    *,
    scope: Scope,
    actor: Actor,
    key: CaseKey,
    at: datetime,
    on: date,
    judgement: Judgement | None = None,
    seen: int | None = None,
    request_id: str = "",
) -> Decided:
    """Recognise one case and, when the publicity period has no days, post it in the same transaction.

    The rules are asked again, with what the learner holds now; when the amount is not the one the reviewer
    saw (``seen``, hundredths), nothing is decided. ``judgement`` is taken only where the rules leave the
    amount to a person.

    Raises:
        NotVisible: there is no such case for this actor.
    """
    lock_learners(scope, {key.learner_id})
    claim = fetch_claim(
        scope=scope,
        actor=actor,
        permission="recognition.review",
        learner_id=key.learner_id,
        claim_id=key.claim_id,
        lock=True,
    )
    target = decide(
        act=Act.APPROVE, state=State(claim.state), learner=claim.learner_id, actor=actor.person,
        decided_by=claim.decided_by,
    )  # fmt: skip
    refusal = target if isinstance(target, Refusal) else None
    proposed = None if refusal else _propose_again(scope, claim, on)
    if isinstance(proposed, Refusal):
        refusal = proposed
    columns: dict[str, Any] = {}
    if proposed is not None and not isinstance(proposed, Refusal):
        columns = proposal_columns(proposed)
        refusal = _settle(columns, proposed, judgement, claim.credit if seen is None else seen)
    if refusal is not None:
        note_operation(
            scope=scope,
            actor=actor.person,
            action="recognition.approve",
            outcome=refusal.explanation[0].code,
            at=at,
            object_kind="claim",
            object_id=claim.claim_id,
            request_id=request_id,
        )
        return Decided(key, claim.number, Hundredths(0), refusal)
    assert isinstance(target, State)
    assert isinstance(proposed, Proposed)
    institution = scope.rows(Institution).get(pk=claim.institution_id)
    due = final_on(on, institution.publicity_days)
    move_claim(
        scope=scope,
        claim=claim,
        act=Act.APPROVE,
        target=target,
        actor=actor.person,
        at=at,
        request_id=request_id,
        decided_at=at,
        decided_by=actor.person,
        final_on=due,
        **columns,
    )
    _write(scope, claim, Told(Kind.RECOGNISED), actor.person, at, request_id)
    if due <= on:
        _deposit(scope, claim, proposed.term, proposed.academic_year, actor=actor.person, at=at, on=on)
    return Decided(key, claim.number, Hundredths(claim.credit))


def grant_claim(
    *, scope: Scope, claim: Claim, actor: Actor, judgement: Judgement, told: Told, at: datetime, on: date,
    request_id: str = "",
) -> Claim | Refusal:  # fmt: skip
    """Recognise a claim on appeal, as a panel has decided; it is published and posted as any other decision is.

    Args:
        scope: acts for the institution.
        claim: under appeal, its row locked.
        actor: whose vote was the last.
        judgement: what the panel recognises.
        told: what the letter says.
        at: the moment.
        on: the same day in the institution's zone.
        request_id: the request that asked.
    """
    target = decide(
        act=Act.GRANT, state=State(claim.state), learner=claim.learner_id, actor=actor.person,
        decided_by=claim.decided_by,
    )  # fmt: skip
    if isinstance(target, Refusal):
        return target
    due = final_on(on, scope.rows(Institution).get(pk=claim.institution_id).publicity_days)
    move_claim(
        scope=scope, claim=claim, act=Act.GRANT, target=target, actor=actor.person, at=at, request_id=request_id,
        decided_at=at, decided_by=actor.person, final_on=due, credit=judgement.credit, category=judgement.category,
    )  # fmt: skip
    _write(scope, claim, told, actor.person, at, request_id)
    if due <= on:
        proposed = _propose_again(scope, claim, on)
        term, year = ("", "") if isinstance(proposed, Refusal) else (proposed.term, proposed.academic_year)
        _deposit(scope, claim, term, year, actor=actor.person, at=at, on=on)
    return claim


def finalise_due(*, scope: Scope, at: datetime, on: date, limit: int = 200) -> int:
    """Post the decisions of the scope's institution whose publicity period has passed; tells how many."""
    due = scope.rows(Claim).filter(institution_id=scope.institution, state=State.RECOGNISED.value, final_on__lte=on)
    count = 0
    for claim in due.select_for_update(skip_locked=True).order_by("learner_id", "claim_id")[:limit]:
        proposed = _propose_again(scope, claim, on)
        term, year = ("", "") if isinstance(proposed, Refusal) else (proposed.term, proposed.academic_year)
        _deposit(scope, claim, term, year, actor=claim.decided_by, at=at, on=on)
        count += 1
    return count


def reverse_claim(
    *, scope: Scope, actor: Actor, key: CaseKey, reason: str, at: datetime, on: date, request_id: str = ""
) -> Claim | Refusal:
    """Reverse the deposit of a case: its mirror is posted, nothing is edited. Never by who decided it.

    Raises:
        NotVisible: there is no such case for this actor.
    """
    claim = fetch_claim(
        scope=scope,
        actor=actor,
        permission="recognition.reverse",
        learner_id=key.learner_id,
        claim_id=key.claim_id,
        lock=True,
    )
    target = decide(
        act=Act.REVERSE,
        state=State(claim.state),
        learner=claim.learner_id,
        actor=actor.person,
        decided_by=claim.decided_by,
        reason=reason,
    )
    if isinstance(target, Refusal):
        return target
    assert actor.person is not None
    posted = reverse_postings(
        scope=scope,
        reversals=[Reversal(claim.learner_id, claim.posting_id, f"claim.reverse:{claim.claim_id}")],
        reason=f"recognition.{reason}",
        actor=actor.person,
        effective_on=on,
        at=at,
    )
    if isinstance(posted, Refusal):
        stands = later_uses(scope, claim.learner_id, [claim.lot_id])
        return Refusal((*posted.explanation, *first_to_reverse(stands)))
    tell_learner(
        scope=scope,
        learner=claim.learner_id,
        institution=claim.institution_id,
        code="recognition.reversed",
        facts={"title": claim.title, "reason": reason},
        claim=claim.claim_id,
        at=at,
    )
    return move_claim(
        scope=scope,
        claim=claim,
        act=Act.REVERSE,
        target=target,
        actor=actor.person,
        at=at,
        reason=reason,
        request_id=request_id,
    )


def step_claim(
    scope: Scope,
    actor: Actor,
    key: CaseKey,
    act: Act,
    at: datetime,
    *,
    reason: str = "",
    note: str = "",
    request_id: str = "",
    **changes: Any,
) -> Claim | Refusal:
    """One act of a reviewer on one case, told to the learner where it concerns them.

    Raises:
        NotVisible: there is no such case for this actor.
    """
    claim = fetch_claim(
        scope=scope,
        actor=actor,
        permission="recognition.review",
        learner_id=key.learner_id,
        claim_id=key.claim_id,
        lock=True,
    )
    target = decide(
        act=act, state=State(claim.state), learner=claim.learner_id, actor=actor.person, reason=reason,
        decided_by=claim.decided_by,
    )  # fmt: skip
    if isinstance(target, Refusal):
        return target
    moved = move_claim(
        scope=scope,
        claim=claim,
        act=act,
        target=target,
        actor=actor.person,
        at=at,
        reason=reason,
        note=note,
        request_id=request_id,
        **changes,
    )
    if act is Act.REFUSE:
        _write(scope, moved, Told(Kind.REFUSED, words=(note,)), actor.person, at, request_id)
    if act in (Act.REFUSE, Act.REQUEST_SUPPLEMENT):
        tell_learner(
            scope=scope,
            learner=claim.learner_id,
            institution=claim.institution_id,
            code=f"recognition.{target.value}",
            facts={"title": claim.title, "reason": reason},
            claim=claim.claim_id,
            at=at,
        )
    return moved


def _write(scope: Scope, claim: Claim, told: Told, actor: UUID | None, at: datetime, request_id: str) -> None:
    case = case_of_claim(scope, claim)
    write_letter(scope=scope, case=case, told=told, actor=actor, at=at, request_id=request_id)


def _propose_again(scope: Scope, claim: Claim, on: date) -> Proposed | Refusal:
    return propose(
        scope,
        institution=claim.institution_id,
        outcome_type=claim.outcome_type,
        raw=claim.facts,
        on=claim.submitted_at.date() if claim.submitted_at else on,
        learner=claim.learner_id,
        excluding=claim.claim_id,
        item=claim.item,
        at=claim.submitted_at,
    )


def _settle(columns: dict[str, Any], proposed: Proposed, judgement: Judgement | None, seen: int) -> Refusal | None:
    """Fix the amount to recognise in ``columns``: the rules' own, or a person's where the rules leave it to one."""
    ruling = proposed.proposal.ruling
    if ruling is Ruling.RECOGNISE:
        if columns["credit"] != seen:
            return Refusal.because("recognition.proposal_changed", before=Amount(seen), after=Amount(columns["credit"]))
        return None
    if ruling is Ruling.REFUSE:
        return Refusal(from_data(columns["proposal"]))
    if judgement is None:
        return Refusal.because("recognition.amount_needed")
    if not 0 < judgement.credit <= MOST_CREDIT:
        return Refusal.because("recognition.amount_out_of_range", amount=Amount(judgement.credit))
    if judgement.category not in proposed.version.compiled.categories:
        return Refusal.because("recognition.amount_needed")
    columns |= {"credit": judgement.credit, "category": judgement.category}
    return None


def _deposit(
    scope: Scope,
    claim: Claim,
    term: str,
    academic_year: str,
    *,
    actor: UUID | None,
    at: datetime,
    on: date,
) -> None:
    """Turn a final decision into a lot, in the decision's own transaction."""
    assert actor is not None
    files = scope.rows(Evidence).filter(learner_id=claim.learner_id, claim_id=claim.claim_id).order_by("evidence_id")
    first = files.values_list("sha256", flat=True).first()
    posted = post_deposits(
        scope=scope,
        deposits=[
            Deposit(
                learner_id=claim.learner_id,
                key=f"claim:{claim.claim_id}",
                amount=Hundredths(claim.credit),
                outcome_type=claim.outcome_type,
                title=claim.title,
                title_en=claim.title_en,
                category=claim.category,
                level=claim.level,
                earned_on=claim.earned_on or on,
                effective_on=on,
                term=term,
                academic_year=academic_year,
                expires_on=claim.expires_on,
                source_id=claim.claim_id,
                rule_version_id=claim.rule_version_id,
                rule_row=claim.row,
                evidence_hash=bytes.fromhex(first) if first else None,
            )
        ],
        reason="recognition.approved",
        actor=actor,
        at=at,
    )
    if isinstance(posted, Refusal):
        raise TypeError(f"a decided claim cannot be posted: {posted.explanation[0].code}")
    tell_learner(
        scope=scope,
        learner=claim.learner_id,
        institution=claim.institution_id,
        code="recognition.deposited",
        facts={"title": claim.title, "credit": claim.credit},
        claim=claim.claim_id,
        at=at,
    )
    move_claim(
        scope=scope,
        claim=claim,
        act=Act.DEPOSIT,
        target=State.DEPOSITED,
        actor=None,
        at=at,
        lot_id=posted[0].lot_id,
        posting_id=posted[0].posting_id,
    )
