"""The review queue of an institution: its cases in order, what the rules say, how many wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from creditbank.domain.access import Actor
from creditbank.domain.recognition import State
from creditbank.domain.values import Hundredths, Text
from creditbank.queries.outcome_types import OutcomeType, OutcomeTypes, today_at
from creditbank.records.scope import Scope


class Standing(StrEnum):
    """What the system says of an open case before a person looks."""

    SUGGESTED = "suggested"
    """The rules recognise it, the evidence it needs is there, and no reason speaks against it."""
    JUDGEMENT = "judgement"
    """The rules leave it to a person."""
    INCOMPLETE = "incomplete"
    """Evidence is missing, a reason speaks against it, or the rules give nothing."""


OPEN = (State.SUBMITTED, State.UNDER_REVIEW)
"""The states in which a case waits for the office."""

SHOWN = tuple(state for state in State if state is not State.DRAFT)
"""The states the office sees: a draft is the learner's own."""

SORTS: Mapping[str, str] = {
    "submitted": "submitted_at",
    "credit": "credit",
    "learner": "name_sort",
    "outcome": "title",
    "number": "number",
}
"""What a queue can be ordered by."""


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the queue; ``credit`` is hundredths, None where a person has to say.

    ``listed`` is what official lists say of an open case: verified, differs, or nothing.
    """

    learner_id: UUID
    claim_id: UUID
    number: str
    student_number: str
    name: Text
    title: Text
    outcome_type: str
    kind: Text
    credit: Hundredths | None
    verdict: str
    state: State
    standing: Standing
    submitted_at: datetime
    earned_on: Any
    listed: str = ""

    @property
    def approvable(self) -> bool:
        """Whether it may be approved together with others: nothing at all speaks against it."""
        return self.standing is Standing.SUGGESTED and self.state in OPEN


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many open cases there are by what the system says of them, and since when the oldest one waits."""

    suggested: int = 0
    judgement: int = 0
    incomplete: int = 0
    oldest: datetime | None = None

    @property
    def total(self) -> int:
        """All open cases."""
        return self.suggested + self.judgement + self.incomplete


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the queue and how many cases the question found."""

    cases: tuple[Case, ...]
    total: int


_LACKS_EVIDENCE = """
(claim.outcome_type = ANY(%(need)s) AND NOT EXISTS (
  SELECT FROM evidence WHERE evidence.learner_id = claim.learner_id AND evidence.claim_id = claim.claim_id
    AND evidence.institution_id = %(institution)s)
  AND NOT EXISTS (
    SELECT FROM list_proposal AS proposal JOIN listed_outcome AS stated ON stated.learner_id = proposal.learner_id
      AND stated.institution_id = proposal.institution_id AND stated.outcome_key = proposal.outcome_key
    WHERE proposal.learner_id = claim.learner_id AND proposal.claim_id = claim.claim_id
      AND proposal.institution_id = %(institution)s AND stated.withdrawn_at IS NULL))
"""
"""A file is missing; an official list in force, of whose proposal the claim was made, stands for one."""

_STANDING = f"CASE WHEN {_LACKS_EVIDENCE} THEN 'incomplete' ELSE claim.standing END"

_WITH_STANDING = {
    Standing.SUGGESTED.value: f" AND claim.standing = 'suggested' AND NOT {_LACKS_EVIDENCE}",
    Standing.JUDGEMENT.value: f" AND claim.standing = 'judgement' AND NOT {_LACKS_EVIDENCE}",
    Standing.INCOMPLETE.value: f" AND (claim.standing = 'incomplete' OR {_LACKS_EVIDENCE})",
}

_MINE = """
claim.institution_id = %(institution)s AND claim.submitted_at IS NOT NULL AND claim.state = ANY(%(states)s)
AND (%(college)s::uuid IS NULL OR claim.college_id = %(college)s)
"""

_JOIN = """
LEFT JOIN enrolment ON enrolment.learner_id = claim.learner_id AND enrolment.institution_id = %(institution)s
"""
_FROM = f"FROM claim {_JOIN}"

_COLUMNS = """
SELECT claim.learner_id, claim.claim_id, claim.number, coalesce(enrolment.student_number, ''),
  coalesce(enrolment.name, ''), coalesce(enrolment.name_en, ''), claim.title, claim.title_en, claim.outcome_type,
  claim.credit, claim.verdict, claim.state, claim.submitted_at, claim.earned_on, claim.listed
"""

_ORDER = {
    "submitted_at": "claim.submitted_at",
    "credit": "claim.credit",
    "name_sort": "coalesce(nullif(enrolment.name_sort, ''), enrolment.student_number)",
    "title": "claim.title",
    "number": "claim.number",
}


def list_cases(
    scope: Scope,
    actor: Actor,
    *,
    standing: str = "",
    state: str = "",
    outcome_type: str = "",
    listed: str = "",
    search: str = "",
    sort: str = "submitted",
    descending: bool = False,
    offset: int = 0,
    limit: int = 20,
    total: int | None = None,
    kinds: Mapping[str, OutcomeType] | None = None,
) -> Page:
    """A page of the cases the actor's desk handles; without a state those that are open.

    Args:
        scope: acts for the actor's institution.
        actor: whose desk it is; a college narrows it.
        standing: one of :class:`Standing`, or empty for all.
        state: one of :class:`State` other than draft, or empty for the open ones.
        outcome_type: the code of an outcome type, or empty for all.
        listed: what official lists say, verified or differs, or empty for all.
        search: part of a case number, a student number or a name.
        sort: a key of ``SORTS``; ties are broken by the case itself.
        descending: the other way round.
        offset: how many cases come before the page.
        limit: how many cases the page holds at most.
        total: how many cases the question finds, where the caller has counted them already.
        kinds: the outcome types of today, where the caller has read them already.
    """
    kinds = outcome_kinds(scope) if kinds is None else kinds
    values = _values(scope, actor, kinds, states=(State(state),) if state else OPEN)
    where = _MINE
    if outcome_type:
        where += " AND claim.outcome_type = %(outcome_type)s"
        values["outcome_type"] = outcome_type
    if listed:
        where += " AND claim.listed = %(listed)s"
        values["listed"] = listed
    if search:
        where += (
            " AND (claim.number ILIKE %(like)s OR enrolment.student_number ILIKE %(like)s"
            " OR enrolment.name ILIKE %(like)s OR enrolment.name_en ILIKE %(like)s)"
        )
        values["like"] = _like(search)
    where += _WITH_STANDING.get(standing, "")
    named = "like" in values or sort == "learner"
    source = _FROM if named else "FROM claim"
    way = "DESC" if descending else "ASC"
    by = f"{_ORDER[SORTS.get(sort, 'submitted_at')]} {way}, claim.claim_id {way}"

    def cut(start: int, counted: str) -> list[tuple[Any, ...]]:
        # The page is cut from narrow rows before anything is read for it.
        return scope.fetch(
            f"""
            WITH page AS MATERIALIZED (
              SELECT claim.learner_id, claim.claim_id, {counted} AS total {source} WHERE {where} ORDER BY {by}
              OFFSET %(offset)s LIMIT %(limit)s)
            {_COLUMNS}, {_STANDING}, page.total FROM page
            JOIN claim ON claim.learner_id = page.learner_id AND claim.claim_id = page.claim_id {_JOIN}
            WHERE claim.institution_id = %(institution)s ORDER BY {by}
            """,  # noqa: S608 - fixed fragments only
            values | {"offset": start, "limit": limit},
        )

    if total is None:
        # Who narrows the queue has it counted while the page is cut, so that it is searched once.
        rows = cut(offset, "count(*) OVER ()")
        if rows or not offset:
            return Page(tuple(_case(row[:-1], kinds) for row in rows), int(rows[0][-1]) if rows else 0)
        total = int(scope.fetch(f"SELECT count(*) {source} WHERE {where}", values)[0][0])
    # A page beyond the end is the last one.
    rows = cut(min(offset, max(0, (total - 1) // limit * limit)), "0")
    return Page(tuple(_case(row[:-1], kinds) for row in rows), total)


def find_cases(
    scope: Scope,
    actor: Actor,
    keys: Sequence[tuple[UUID, UUID]],
    *,
    kinds: Mapping[str, OutcomeType] | None = None,
) -> tuple[Case, ...]:
    """The cases of these (learner, claim) keys that the actor's desk handles, drafts never, in the queue's order."""
    kinds = outcome_kinds(scope) if kinds is None else kinds
    values = _values(scope, actor, kinds, states=SHOWN)
    values |= {"learners": [learner for learner, _ in keys], "claims": [claim for _, claim in keys]}
    rows = scope.fetch(
        f"{_COLUMNS}, {_STANDING} {_FROM} WHERE {_MINE}"  # noqa: S608 - fixed fragments only
        " AND (claim.learner_id, claim.claim_id) IN (SELECT * FROM unnest(%(learners)s::uuid[], %(claims)s::uuid[]))"
        " ORDER BY claim.submitted_at, claim.claim_id",
        values,
    )
    return tuple(_case(row, kinds) for row in rows)


def cases_of_learner(scope: Scope, actor: Actor, learner: UUID, *, limit: int = 200) -> tuple[Case, ...]:
    """One learner's cases that the actor's desk handles, the newest first."""
    kinds = outcome_kinds(scope)
    values = _values(scope, actor, kinds, states=SHOWN) | {"learner": learner, "limit": limit}
    rows = scope.fetch(
        f"{_COLUMNS}, {_STANDING} {_FROM} WHERE {_MINE} AND claim.learner_id = %(learner)s"
        " ORDER BY claim.submitted_at DESC, claim.claim_id LIMIT %(limit)s",
        values,
    )
    return tuple(_case(row, kinds) for row in rows)


def count_waiting(scope: Scope, actor: Actor, kinds: Mapping[str, OutcomeType] | None = None) -> Waiting:
    """How many cases wait at the actor's desk; ``kinds`` where the caller has read them already."""
    values = _values(scope, actor, outcome_kinds(scope) if kinds is None else kinds, states=OPEN)
    rows = scope.fetch(
        f"SELECT claim.standing, count(*), min(claim.submitted_at) FROM claim WHERE {_MINE} GROUP BY 1",  # noqa: S608
        values,
    )
    lacking = scope.fetch(
        f"SELECT claim.standing, count(*) FROM claim WHERE {_MINE}"  # noqa: S608 - fixed fragments only
        f" AND claim.standing <> 'incomplete' AND {_LACKS_EVIDENCE} GROUP BY 1",
        values,
    )
    counts = {row[0]: int(row[1]) for row in rows}
    for standing, count in lacking:
        counts[standing] -= int(count)
        counts["incomplete"] = counts.get("incomplete", 0) + int(count)
    return Waiting(
        suggested=counts.get("suggested", 0),
        judgement=counts.get("judgement", 0),
        incomplete=counts.get("incomplete", 0),
        oldest=min((row[2] for row in rows), default=None),
    )


def count_open(scope: Scope, actor: Actor) -> int:
    """How many cases are open, and nothing else: what the menu shows on every page."""
    values = _values(scope, actor, {}, states=OPEN)
    return int(scope.fetch(f"SELECT count(*) FROM claim WHERE {_MINE}", values)[0][0])  # noqa: S608 - fixed fragment


def count_states(scope: Scope, actor: Actor) -> Mapping[State, int]:
    """How many cases are in each state that has any, drafts left out."""
    values = _values(scope, actor, {}, states=SHOWN)
    rows = scope.fetch(f"SELECT claim.state, count(*) FROM claim WHERE {_MINE} GROUP BY 1", values)  # noqa: S608
    return {State(state): int(count) for state, count in rows}


def outcome_kinds(scope: Scope, types: OutcomeTypes | None = None) -> Mapping[str, OutcomeType]:
    """The outcome types of the scope's institution today by code, also those it no longer takes."""
    if scope.institution is None:
        return {}
    return (types or OutcomeTypes(scope, scope.institution)).on(today_at(scope, scope.institution))


def _values(scope: Scope, actor: Actor, kinds: Mapping[str, OutcomeType], *, states: Sequence[State]) -> dict[str, Any]:
    return {
        "institution": scope.institution,
        "college": actor.college,
        "states": [state.value for state in states],
        "need": [code for code, kind in kinds.items() if kind.evidence_required],
    }


def _like(search: str) -> str:
    escaped = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _case(row: tuple[Any, ...], kinds: Mapping[str, OutcomeType]) -> Case:
    (learner, claim, number, student, name, name_en, title, title_en, code, credit, verdict, state, at, earned, listed,
     standing) = row  # fmt: skip
    kind = kinds.get(code)
    decided = State(state) not in OPEN
    return Case(
        learner_id=learner,
        claim_id=claim,
        number=number,
        student_number=student,
        name=Text(name, name_en),
        title=Text(title, title_en),
        outcome_type=code,
        kind=kind.name if kind else Text(code),
        credit=Hundredths(credit) if verdict == "recognise" or (decided and credit) else None,
        verdict=verdict,
        state=State(state),
        standing=Standing(standing),
        submitted_at=at,
        earned_on=earned,
        listed="" if decided else listed,
    )
