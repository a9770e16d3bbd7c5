"""What an import of results would do, row by row, with nothing stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from creditbank.domain.results import CourseResult, RefusedRow
from creditbank.domain.rules.model import Ruling
from creditbank.records.scope import Scope
from creditbank.services.results.corrections import judge, stored_facts
from creditbank.services.results.deciding import Deciding
from creditbank.services.results.imports import known_learners

MOST_NAMED = 20
"""So many student numbers nobody has yet are named."""


@dataclass(slots=True)
class ResultPlan:
    """Rows by what they would be, and what those that are taken say; ``earning`` bring credit by themselves."""

    new: int = 0
    corrections: int = 0
    same: int = 0
    """What an earlier day says too: kept with the later day, and nothing changes."""
    repeated: int = 0
    earning: int = 0
    refused: list[RefusedRow] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    sittings: Counter[str] = field(default_factory=Counter)
    strangers: set[str] = field(default_factory=set)
    """Student numbers for which the import would open an account."""


def plan_batch(
    *,
    scope: Scope,
    plan: ResultPlan,
    items: Sequence[CourseResult | RefusedRow],
    deciding: Deciding,
    as_of: date,
) -> None:
    """Add to a plan what a batch of rows would do, as ``store_batch`` of a dated run would do it.

    Whether credit that a correction takes back is in use shows only when it is taken back.
    """
    plan.refused += [item for item in items if isinstance(item, RefusedRow)]
    results = [item for item in items if isinstance(item, CourseResult)]
    learners = known_learners(scope, {result.learner_number for result in results})
    stored = stored_facts(scope, [one for one in results if one.learner_number in learners], learners, as_of)
    for result in results:
        before = stored.get(result.place)
        judged = before is None or judge(result, before, as_of, dated=True)
        if judged is False:
            plan.repeated += 1
            continue
        granted = deciding.weigh(scope, result) if judged is True else judged
        if isinstance(granted, RefusedRow):
            plan.refused.append(granted)
            continue
        if before is None:
            plan.new += 1
        elif before.said == result.said():
            plan.same += 1
        else:
            plan.corrections += 1
        plan.earning += granted.ruling is Ruling.RECOGNISE
        plan.outcomes[result.outcome] += 1
        plan.sittings[result.sitting] += 1
        if result.learner_number not in learners:
            plan.strangers.add(result.learner_number)
