"""What a draft would change for past claims or conversions, counted by what rules tell apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from creditbank.domain.access import Actor
from creditbank.domain.conversions.credit_lots import Lot, item_of
from creditbank.domain.conversions.impact import (
    Comparison,
    PastConversion,
    comparing,
    conversion_impact,
)
from creditbank.domain.conversions.model import Around, ConversionRules
from creditbank.domain.conversions.trace import targets_said
from creditbank.domain.explanation import Explanation, Refusal
from creditbank.domain.rules.compile import Compiled
from creditbank.domain.rules.decision import Context
from creditbank.domain.rules.evaluate import evaluate, explain_facts
from creditbank.domain.rules.facts import fact_shown, read_outcome
from creditbank.domain.rules.impact import (
    Changed,
    Effect,
    Group,
    Impact,
    alike,
    deciding_facts,
    impact,
    outcome_of,
)
from creditbank.domain.values import Text, format_credit
from creditbank.queries.conversions import PostedConversion, posted_conversions
from creditbank.queries.courses import course_library
from creditbank.queries.frameworks import library_at, whole_units
from creditbank.queries.rule_context import known_around
from creditbank.records.recognition import Claim
from creditbank.records.scope import Scope

DAYS = 366
"""How far back claims are looked at."""

NEWEST = 5_000
"""Of so many claims are the first figures."""

MOST_SHOWN = 40

# Claims are narrowed, and cut to the newest, before anything is read of their learners.
_CLAIMED = """
SELECT claim.learner_id, claim.claim_id, claim.facts, claim.submitted_at, claim.number, claim.title, claim.title_en
FROM claim
WHERE claim.institution_id = %(institution)s AND claim.submitted_at >= %(since)s
  AND (%(college)s::uuid IS NULL OR claim.college_id = %(college)s)
  AND claim.rule_version_id = ANY(%(versions)s)
"""

# Looked up before: then the planner knows how many claims there are, and does not take them one by one.
_VERSIONS = """
SELECT rule_version.id FROM rule_version JOIN rule_set ON rule_set.id = rule_version.rule_set_id
WHERE rule_set.code = %(code)s
"""

_ENROLLED = """
LEFT JOIN enrolment ON enrolment.learner_id = claimed.learner_id AND enrolment.institution_id = %(institution)s
"""

_GROUPS = """
SELECT {columns}, coalesce(enrolment.programme_code, ''), coalesce(enrolment.cohort::text, ''), count(*)
FROM ({claimed} {newest}) AS claimed {enrolled}
GROUP BY {places}
"""

_OPENED = """
SELECT claimed.learner_id, claimed.claim_id, claimed.number, claimed.submitted_at, claimed.title, claimed.title_en,
  coalesce(enrolment.student_number, ''), coalesce(enrolment.name, ''), coalesce(enrolment.name_en, ''),
  coalesce(enrolment.programme_code, ''), coalesce(enrolment.cohort::text, ''), claimed.alike, count(*) OVER ()
FROM (SELECT listed.*, array_to_string(ARRAY[{columns}]::text[], {between}, {nothing}) AS alike
  FROM ({claimed}) AS listed) AS claimed {enrolled}
WHERE claimed.alike = ANY(%(keys)s)
  AND (%(programme)s::text IS NULL OR coalesce(enrolment.programme_code, '') = %(programme)s)
  AND (%(cohort)s::text IS NULL OR coalesce(enrolment.cohort::text, '') = %(cohort)s)
ORDER BY claimed.submitted_at DESC, claimed.claim_id OFFSET %(offset)s LIMIT %(limit)s
"""
_BETWEEN, _NOTHING = "\x1f", "\x1e"
"""Signs that no fact holds: they are not printable."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Outcomes that change alike: their facts in words, and what each version says of them."""

    changed: Changed
    facts: tuple[tuple[Text, Text], ...]
    before: Explanation
    after: Explanation


@dataclass(frozen=True, slots=True)
class Affected:
    """The impact with what changes most, the reasons side by side; ``more`` kinds of outcomes are not shown.

    ``complete`` says whether these are all claims, or the newest of them alone.
    """

    since: date
    impact: Impact
    shown: tuple[Beside, ...]
    more: int
    complete: bool


@dataclass(frozen=True, slots=True)
class AffectedClaim:
    """One claim that would be decided otherwise: whose it is, and what it changes from and to by its facts."""

    learner_id: UUID
    claim_id: UUID
    number: str
    submitted_at: datetime
    title: Text
    student_number: str
    name: Text
    programme: str
    cohort: str
    changed: Changed


@dataclass(frozen=True, slots=True)
class Side:
    """What one version says of a claim, with all that is known of its learner; ``credit`` is ``None`` where none is."""

    credit: int | None
    explanation: Explanation


def affected_by(scope: Scope, actor: Actor, *, code: str, before: Compiled, after: Compiled, on: date) -> Affected:
    """What a later version would change for the claims of the last year that the actor's desk handles.

    A college narrows it: whoever works for one sees the figures and the learners of that one alone.
    """
    since = on - timedelta(days=DAYS)
    found = impact(before, after, claimed_groups(scope, actor, code, deciding_facts(before, after), since))
    return _affected(before, after, since, found, complete=True)


def first_affected(scope: Scope, actor: Actor, *, code: str, before: Compiled, after: Compiled, on: date) -> Affected:
    """The same of the newest claims alone, where all of them would take longer than somebody who writes waits."""
    since = on - timedelta(days=DAYS)
    groups = claimed_groups(scope, actor, code, deciding_facts(before, after), since, newest=NEWEST)
    found = impact(before, after, groups)
    return _affected(before, after, since, found, complete=found.count < NEWEST)


FIRST_CONVERSIONS = 2_000
"""Of so many conversions are the first figures."""

MOST_CONVERSIONS = 50_000
"""Of so many conversions, the newest, are the figures of a draft for conversion."""


@dataclass(frozen=True, slots=True)
class AffectedConversions:
    """What a draft of conversion rules changes: figures as for claims, and every conversion that changes.

    ``elsewhere`` conversions are into what neither version names; ``all`` is how many were looked at.
    """

    affected: Affected
    changed: tuple[tuple[PostedConversion, Changed], ...]
    elsewhere: int
    all: int


def conversions_compared(scope: Scope, *, before: ConversionRules, after: ConversionRules, on: date) -> Comparison:
    """Two versions with the courses and certification units of the scope's institution."""
    assert scope.institution is not None
    library = course_library(scope, scope.institution, on)
    around = Around(Context(on), library, whole_units(library_at(scope)), complete=bool(library))
    return comparing(before, after, around)


def affected_conversions(
    scope: Scope, actor: Actor, comparison: Comparison, *, on: date, every: bool = True
) -> AffectedConversions:
    """What a later version would change for the conversions that stand at the actor's desk, the newest alone or all."""
    most = MOST_CONVERSIONS if every else FIRST_CONVERSIONS
    posted = posted_conversions(scope, actor, most=most)
    by_id = {one.past.conversion_id: one for one in posted}
    found = conversion_impact(comparison, (one.past for one in posted))
    kinds = alike(found.impact.changed)
    shown = tuple(
        _conversion_beside(comparison, found.examples[str(one.group.facts["like"])], one) for one in kinds[:MOST_SHOWN]
    )
    since = posted[-1].past.on if posted else on
    more = max(len(kinds) - MOST_SHOWN, 0)
    return AffectedConversions(
        Affected(since, found.impact, shown, more, complete=every or len(posted) < most),
        tuple((by_id[past.conversion_id], changed) for past, changed in found.changed),
        found.elsewhere,
        len(posted),
    )


def _conversion_beside(comparison: Comparison, past: PastConversion, changed: Changed) -> Beside:
    """Conversions that change alike: what was used in words, what it made, and both reasons."""
    before, after = comparison.answers(past)
    facts: list[tuple[Text, Text]] = []
    for lot in past.used:
        facts += _lot_said(comparison, lot)
        amount = format_credit(lot.credit)
        facts.append((Text("学分", "Credits"), Text(amount, amount)))
    said = targets_said(past.targets, comparison.around.courses, comparison.after.categories)
    return Beside(changed, (*facts, (Text("置换为", "Becomes"), said)), before.explanation, after.explanation)


def _lot_said(comparison: Comparison, lot: Lot) -> list[tuple[Text, Text]]:
    rules = comparison.after.rules
    shown = [
        (fact.label, fact_shown(fact, value))
        for fact, value in zip(rules.facts, item_of(rules, lot).outcome.values, strict=True)
        if value is not None
    ]
    if not shown:
        return [(Text("成果", "Outcome"), lot.title)]
    return [(label, one if isinstance(one, Text) else Text(one, one)) for label, one in shown]


def claimed_groups(
    scope: Scope, actor: Actor, code: str, names: frozenset[str], since: date, *, newest: int | None = None
) -> tuple[Group, ...]:
    """The claims under a rule set since a day, counted by the named facts, programme and cohort."""
    assert scope.institution is not None
    listed = sorted(names)
    columns, values = _columns(listed, "claimed")
    statement = _GROUPS.format(
        columns=", ".join((*columns, "NULL")),  # a rule set may ask nothing that decides
        places=", ".join(str(number + 1) for number in range(len(listed) + 3)),
        claimed=_CLAIMED,
        newest="ORDER BY claim.submitted_at DESC LIMIT %(newest)s" if newest else "",
        enrolled=_ENROLLED,
    )
    rows = scope.fetch(statement, _values(scope, actor, code, since) | values | {"newest": newest})
    return tuple(
        Group(
            facts={name: value for name, value in zip(listed, row, strict=False) if value is not None},
            programme=row[-3],
            cohort=row[-2],
            count=row[-1],
        )
        for row in rows
    )


def affected_claims(
    scope: Scope,
    actor: Actor,
    *,
    code: str,
    before: Compiled,
    after: Compiled,
    on: date,
    effect: Effect | None = None,
    programme: str | None = None,
    cohort: str | None = None,
    offset: int = 0,
    limit: int = 20,
) -> tuple[tuple[AffectedClaim, ...], int]:
    """The claims that change, the newest first, and how many there are; of one effect, programme or cohort alone."""
    names = deciding_facts(before, after)
    since = on - timedelta(days=DAYS)
    found = impact(before, after, claimed_groups(scope, actor, code, names, since))
    listed = sorted(names)
    keys = {_key(one.group, listed): one for one in found.changed if effect is None or one.effect is effect}
    columns, values = _columns(listed, "listed")
    between, nothing = "%(between)s", "%(nothing)s"
    statement = _OPENED.format(
        columns=", ".join(columns), between=between, nothing=nothing, claimed=_CLAIMED, enrolled=_ENROLLED
    )
    values |= _values(scope, actor, code, since)
    values |= {"keys": list(keys), "between": _BETWEEN, "nothing": _NOTHING, "offset": offset, "limit": limit}
    rows = scope.fetch(statement, values | {"programme": programme, "cohort": cohort})
    return tuple(_opened(row, keys) for row in rows), int(rows[0][-1]) if rows else 0


def both_sides(scope: Scope, claim: Claim, *, before: Compiled, after: Compiled, version: UUID, on: date) -> list[Side]:
    """What each of two versions says of a claim, with the families, limits and days of its learner.

    ``version`` is that in force, whose rule set says what was used of each limit; ``on`` is the day of the claim.
    """
    return [_side(scope, claim, of, version, on) for of in (before, after)]


def _side(scope: Scope, claim: Claim, of: Compiled, version: UUID, on: date) -> Side:
    known = {fact.name for fact in of.rules.facts}
    outcome = read_outcome(of.rules, {name: value for name, value in claim.facts.items() if name in known})
    if isinstance(outcome, Refusal):
        return Side(None, outcome.explanation)
    around = known_around(
        scope,
        institution=claim.institution_id,
        learner=claim.learner_id,
        compiled=of,
        version=version,
        outcome=outcome,
        earned_on=claim.earned_on,
        on=on,
        excluding=claim.claim_id,
    )
    proposal = evaluate(of, outcome, around.context)
    return Side(proposal.credit, proposal.explanation)


def _affected(before: Compiled, after: Compiled, since: date, found: Impact, *, complete: bool) -> Affected:
    kinds = alike(found.changed)
    shown = tuple(_beside(before, after, one) for one in kinds[:MOST_SHOWN])
    return Affected(since, found, shown, max(len(kinds) - MOST_SHOWN, 0), complete)


def _values(scope: Scope, actor: Actor, code: str, since: date) -> dict[str, Any]:
    versions = [version for (version,) in scope.fetch(_VERSIONS, {"code": code})]
    return {"institution": scope.institution, "college": actor.college, "versions": versions, "since": since}


def _columns(listed: Sequence[str], table: str) -> tuple[list[str], dict[str, Any]]:
    """The expressions of facts by name, and the values of their places."""
    values: dict[str, Any] = {f"fact_{number}": name for number, name in enumerate(listed)}
    return [f"{table}.facts ->> %({place})s" for place in values], values


def _key(group: Group, listed: Iterable[str]) -> str:
    """What tells claims apart, as the statement writes it."""
    return _BETWEEN.join(str(group.facts.get(name, _NOTHING)) for name in listed)


def _opened(row: tuple[Any, ...], keys: Mapping[str, Changed]) -> AffectedClaim:
    learner, claim, number, at, title, title_en, student, name, name_en, programme, cohort, key, _count = row
    return AffectedClaim(
        learner, claim, number, at, Text(title, title_en), student, Text(name, name_en), programme, cohort, keys[key]
    )


def _beside(before: Compiled, after: Compiled, changed: Changed) -> Beside:
    sides = [(of, outcome_of(of, changed.group)) for of in (before, after)]
    said = [explain_facts(of, outcome) if outcome is not None else () for of, outcome in sides]
    facts: dict[str, tuple[Text, Text]] = {}
    for of, outcome in sides:
        if outcome is not None:
            for fact, value in zip(of.rules.facts, outcome.values, strict=True):
                if value is not None:
                    shown = fact_shown(fact, value)
                    facts.setdefault(fact.name, (fact.label, shown if isinstance(shown, Text) else Text(shown, shown)))
    return Beside(changed, tuple(facts.values()), said[0], said[1])
