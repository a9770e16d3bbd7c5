"""What official lists say of learners' claims, worked out anew at each look."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from creditbank.domain.explanation import Explanation, Fact, Line, Verdict
from creditbank.domain.official_lists.outcomes import (
    Claimed,
    Comparison,
    Difference,
    Listed,
    Standing,
    best_comparison,
    compare,
    in_force,
    standing_of,
)
from creditbank.domain.recognition import State
from creditbank.domain.rules.facts import Field, form_fields
from creditbank.domain.rules.model import FactType
from creditbank.domain.values import Text
from creditbank.queries.outcome_types import OutcomeTypes
from creditbank.queries.rules import version_in_force
from creditbank.records.scope import Scope

_STATED = """
SELECT learner_id, list_id, line, member, institution_id, title, list_title, issuer, issued_on, outcome_type,
  outcome_key, content::text
FROM listed_outcome
WHERE learner_id = ANY(%(learners)s::uuid[]) AND institution_id = %(institution)s
  AND (withdrawn_at IS NULL OR list_id = %(also)s) AND {condition}
"""
_WAITING = """
SELECT learner_id, claim_id, outcome_type, title, facts::text, state, listed
FROM claim
WHERE institution_id = %(institution)s AND state = ANY(%(states)s) AND (listed <> '' OR learner_id IN (
  SELECT stated.learner_id FROM listed_outcome AS stated
  WHERE stated.institution_id = %(institution)s
    AND (%(lists)s::uuid[] IS NULL OR stated.list_id = ANY(%(lists)s::uuid[]))))
"""
_CLAIMS = """
SELECT learner_id, claim_id, outcome_type, title, facts::text, state
FROM claim
WHERE learner_id = ANY(%(learners)s::uuid[]) AND institution_id = %(institution)s AND {condition}
"""
# A claim's own lot stands for its claim, and a course result is no outcome of a list.
_CREDIT = """
SELECT learner_id, title, earned_on FROM lot
WHERE learner_id = ANY(%(learners)s::uuid[]) AND institution_id = %(institution)s
  AND source_kind NOT IN ('claim', 'result') AND {condition}
"""
_PROPOSALS = """
SELECT learner_id, outcome_key, state FROM list_proposal
WHERE learner_id = ANY(%(learners)s::uuid[]) AND institution_id = %(institution)s AND {condition}
"""


@dataclass(frozen=True, slots=True)
class Statement:
    """What one line of an official list says of a learner."""

    learner_id: UUID
    list_id: UUID
    line: int
    member: int
    institution_id: UUID
    list_title: str
    issuer: str
    issued_on: date
    listed: Listed
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ground:
    """Everything a list is compared with, by learner."""

    claims: Mapping[UUID, Sequence[Claimed]]
    credit: Mapping[UUID, Sequence[tuple[str, date]]]
    proposals: Mapping[tuple[UUID, str], str]
    stated: Mapping[UUID, Sequence[Listed]]

    def standing(self, learner: UUID, listed: Listed) -> tuple[Standing, UUID | None]:
        """What a listed outcome means for a learner, and the claim that it is about."""
        proposal = self.proposals.get((learner, listed.key), "")
        claims, credit = self.claims.get(learner, ()), self.credit.get(learner, ())
        return standing_of(listed, claims, credit, proposal, self.stated.get(learner, ()))


def listed_of(outcome_type: str, key: str, title: str, content: Mapping[str, Any]) -> Listed:
    """A listed outcome from what is stored of it."""
    return Listed(
        outcome_type=outcome_type,
        key=key,
        title=title,
        facts=content.get("facts", {}),
        allowed=content.get("allowed", {}),
        same=tuple(content.get("same", ())),
        names=tuple(content.get("names", ())),
        days=content.get("days", {}),
        certificate=content.get("certificate", ""),
    )


def statements_of(
    scope: Scope, institution: UUID, learners: Sequence[UUID], *, also: UUID | None = None
) -> tuple[Statement, ...]:
    """Every statement of lists about these learners that was not withdrawn; ``also`` those of one list in any case."""
    return tuple(
        Statement(
            learner, list_id, line, member, place, list_title, issuer, issued_on,
            listed_of(outcome_type, key, title, content := json.loads(stored)), content,
        )
        for (
            learner, list_id, line, member, place, title, list_title, issuer, issued_on, outcome_type, key, stored,
        ) in _fetch(scope, "listed_outcome", _STATED, institution, learners, also=also)
    )  # fmt: skip


def statements_in_force(scope: Scope, institution: UUID, learners: Sequence[UUID]) -> dict[tuple[UUID, str], Statement]:
    """By learner and outcome, the statement that counts: that of the latest list."""
    grouped: dict[tuple[UUID, str], list[tuple[date, Mapping[str, object], Statement]]] = defaultdict(list)
    for one in statements_of(scope, institution, learners):
        said = {**one.content, "title": one.listed.title}
        grouped[one.learner_id, one.listed.key].append((one.issued_on, said, one))
    return {key: found for key, stated in grouped.items() if (found := in_force(stated)) is not None}


def ground_of(
    scope: Scope, institution: UUID, learners: Sequence[UUID], more: Iterable[tuple[UUID, Listed]] = ()
) -> Ground:
    """The claims, the credit that came otherwise and the proposals of these learners at one institution.

    ``more`` is what a list says of learners before it is applied.
    """
    claims: dict[UUID, list[Claimed]] = defaultdict(list)
    for learner, claim, outcome_type, title, facts, state in _fetch(scope, "claim", _CLAIMS, institution, learners):
        claims[learner].append(Claimed(claim, outcome_type, title, json.loads(facts), State(state)))
    credit: dict[UUID, list[tuple[str, date]]] = defaultdict(list)
    for learner, title, earned_on in _fetch(scope, "lot", _CREDIT, institution, learners):
        credit[learner].append((title, earned_on))
    proposals = {
        (learner, key): state
        for learner, key, state in _fetch(scope, "list_proposal", _PROPOSALS, institution, learners)
    }
    stated: dict[UUID, list[Listed]] = defaultdict(list)
    for (learner, _key), one in statements_in_force(scope, institution, learners).items():
        stated[learner].append(one.listed)
    for learner, listed in more:
        stated[learner].append(listed)
    return Ground(claims, credit, proposals, stated)


@dataclass(frozen=True, slots=True)
class Listing:
    """What the lists say of one claim: whether it is borne out, and the sentences that tell it."""

    verified: bool
    lines: Explanation

    @property
    def mark(self) -> str:
        """What a claim keeps of it while it waits: verified, differs, or nothing."""
        return marked(self.verified if self.lines else None)


VERIFIED, DIFFERS = "verified", "differs"
WAITING = (State.SUBMITTED, State.UNDER_REVIEW, State.SCHEDULED)
"""The states in which a claim waits for a decision and keeps what lists say of it."""


def marked(verified: bool | None) -> str:  # noqa: FBT001 - a claim is verified, differs, or no list speaks of it
    """The mark a claim keeps: of one that a list bears out, of one that lists only contradict, of any other."""
    return "" if verified is None else VERIFIED if verified else DIFFERS


NOT_LISTED = Listing(verified=False, lines=())


def listing_of(scope: Scope, claim: Any, *, types: OutcomeTypes | None = None) -> Listing:
    """What official lists say of a claim (a row of ``records.recognition.Claim``); nothing where they are silent.

    ``types`` are the outcome types of its institution, where they were read already.
    """
    own = Claimed(claim.claim_id, claim.outcome_type, claim.title, claim.facts, State(claim.state))
    answers = [
        (statement, answer)
        for statement in statements_in_force(scope, claim.institution_id, [claim.learner_id]).values()
        if (answer := compare(statement.listed, own)) is not None
    ]
    if not answers:
        return NOT_LISTED
    # A claim that one line bears out is not about its neighbour of another level.
    answers = [one for one in answers if one[1].verified] or answers
    # Only a difference is told by the names of the facts.
    differing = any(not answer.verified for _statement, answer in answers)
    fields = _fields(scope, claim, types or OutcomeTypes(scope, claim.institution_id)) if differing else {}
    answers.sort(key=lambda one: (len(one[1].differences), one[0].list_title, one[0].line))
    return Listing(answers[0][1].verified, tuple(_line(statement, answer, fields) for statement, answer in answers))


@dataclass(frozen=True, slots=True)
class Marked:
    """A claim that waits, what it keeps of what lists say, and what they say now."""

    learner_id: UUID
    claim_id: UUID
    kept: str
    now: str


def marks_of(scope: Scope, institution: UUID, lists: Sequence[UUID] | None = None) -> tuple[Marked, ...]:
    """Every waiting claim of learners of whom lists speak, or of those of whom some lists spoke, compared anew."""
    rows = scope.fetch(
        _WAITING,
        {
            "institution": institution,
            "states": [state.value for state in WAITING],
            "lists": list(lists) if lists is not None else None,
        },
    )
    stated: dict[UUID, list[Listed]] = defaultdict(list)
    for (learner, _key), one in statements_in_force(scope, institution, sorted({row[0] for row in rows})).items():
        stated[learner].append(one.listed)
    found = []
    for learner, claim, outcome_type, title, facts, state, kept in rows:
        own = Claimed(claim, outcome_type, title, json.loads(facts), State(state))
        answers = [answer for listed in stated.get(learner, ()) if (answer := compare(listed, own)) is not None]
        found.append(Marked(learner, claim, kept, marked(any(one.verified for one in answers) if answers else None)))
    return tuple(found)


def begun_draft(scope: Scope, institution: UUID, learner: UUID, listed: Listed) -> UUID | None:
    """A draft of the learner about this outcome, so that no second one is made."""
    claims = ground_of(scope, institution, [learner]).claims.get(learner, ())
    found = best_comparison(listed, (one for one in claims if one.state is State.DRAFT))
    return found[0].claim_id if found else None


def _line(statement: Statement, answer: Comparison, fields: Mapping[str, Field]) -> Line:
    facts: dict[str, Fact] = {
        "list": statement.list_title, "day": statement.issued_on.isoformat(), "line": statement.line,
    }  # fmt: skip
    if answer.verified:
        return Line("lists.verified", Verdict.YES, facts)
    below = tuple(
        Line(
            "lists.difference",
            Verdict.ASK,
            _difference(one, fields.get(one.fact)),
        )
        for one in answer.differences
    )
    return Line("lists.differs", Verdict.ASK, facts, lines=below)


def _difference(one: Difference, field: Field | None) -> dict[str, Fact]:
    return {
        "fact": field.label if field else one.fact,
        "claimed": fact_said(field, (one.claimed,)),
        "listed": fact_said(field, one.listed),
    }


def fact_said(field: Field | None, values: Sequence[str]) -> Text:
    """Values of a fact in words: the labels of choices, else as they are."""
    labels = {choice.code: choice.label for choice in field.choices} if field else {}
    if field is not None and field.kind is FactType.BOOLEAN:
        labels = {"true": Text("是", "yes"), "false": Text("否", "no")}
    said = [labels.get(value, Text(value, value)) for value in values]
    return Text("或".join(one.zh for one in said), " or ".join(one.said_in("en") for one in said))


def _fields(scope: Scope, claim: Any, types: OutcomeTypes) -> dict[str, Field]:
    on = claim.created_at.date()
    kind = types.open_on(claim.outcome_type, on)
    if kind is None:
        return {}
    version = version_in_force(scope, institution=claim.institution_id, code=kind.rule_set_code, on=on)
    return {field.name: field for field in form_fields(version.compiled.rules)} if version else {}


def _fetch(
    scope: Scope, table: str, sql: str, institution: UUID, learners: Sequence[UUID], *, also: UUID | None = None
) -> list[tuple[Any, ...]]:
    """Rows of a learner's table; the scope's own narrowing stands beside the row policy."""
    narrowed, values = scope.condition(table)
    names = {f"own{place}": value for place, value in enumerate(values)}
    for name in names:
        narrowed = narrowed.replace("%s", f"%({name})s", 1)
    return scope.fetch(
        sql.format(condition=narrowed), {"learners": list(learners), "institution": institution, "also": also} | names
    )
