"""What a draft would change for the claims of the last months, counted by what the rules tell apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from creditbank.domain.explanation import Explanation
from creditbank.domain.rules.compile import Compiled
from creditbank.domain.rules.evaluate import explain_facts
from creditbank.domain.rules.facts import fact_shown
from creditbank.domain.rules.impact import Changed, Group, Impact, deciding_facts, impact, outcome_of
from creditbank.domain.values import Text
from creditbank.records.scope import Scope

DAYS = 366
"""How far back claims are looked at."""

MOST_SHOWN = 40

_GROUPS = """
SELECT {columns}, coalesce(programme, ''), coalesce(cohort, ''), count(*) FROM (
  SELECT claim.facts, enrolment.programme_code AS programme, enrolment.cohort::text AS cohort
  FROM claim
  JOIN rule_version ON rule_version.id = claim.rule_version_id
  JOIN rule_set ON rule_set.id = rule_version.rule_set_id
  LEFT JOIN enrolment ON enrolment.learner_id = claim.learner_id
    AND enrolment.institution_id = claim.institution_id
  WHERE claim.institution_id = %(institution)s AND rule_set.code = %(code)s AND claim.submitted_at >= %(since)s
) AS claimed
GROUP BY {places}
"""


@dataclass(frozen=True, slots=True)
class Beside:
    """A group that changes: its facts in words, and what each version says of them."""

    changed: Changed
    facts: tuple[tuple[Text, Text], ...]
    before: Explanation
    after: Explanation


@dataclass(frozen=True, slots=True)
class Affected:
    """The impact with the groups that change most, their reasons side by side; ``more`` groups are not shown."""

    since: date
    impact: Impact
    shown: tuple[Beside, ...]
    more: int


def affected_by(scope: Scope, *, code: str, before: Compiled, after: Compiled, on: date) -> Affected:
    """What a later version would change for the claims of the scope's institution in the last year."""
    assert scope.institution is not None
    since = on - timedelta(days=DAYS)
    groups = claimed_groups(scope, scope.institution, code, deciding_facts(before, after), since)
    found = impact(before, after, groups)
    shown = tuple(_beside(before, after, one) for one in found.changed[:MOST_SHOWN])
    return Affected(since, found, shown, max(len(found.changed) - MOST_SHOWN, 0))


def claimed_groups(scope: Scope, institution: UUID, code: str, names: frozenset[str], since: date) -> tuple[Group, ...]:
    """The claims under a rule set since a day, counted by the named facts, programme and cohort."""
    listed = sorted(names)
    values = {f"fact_{number}": name for number, name in enumerate(listed)}
    columns = ", ".join(f"facts ->> %({place})s" for place in values)
    places = ", ".join(str(number + 1) for number in range(len(listed) + 2))
    statement = _GROUPS.format(columns=columns, places=places)
    rows = scope.fetch(statement, {"institution": institution, "code": code, "since": since, **values})
    return tuple(
        Group(
            facts={name: value for name, value in zip(listed, row, strict=False) if value is not None},
            programme=row[-3],
            cohort=row[-2],
            count=row[-1],
        )
        for row in rows
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
