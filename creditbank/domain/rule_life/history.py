"""What was known of rule versions at a moment, told again from the record of their steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from creditbank.domain.rule_life.applies import Applies, Candidate, Days, ended, read_applies
from creditbank.domain.rule_life.states import STEPS, Act, State


@dataclass(frozen=True, slots=True)
class Done:
    """One step of the record that concerns a version: what was done, with its days and versions."""

    version_id: UUID
    act: Act
    facts: Mapping[str, Any]


def known_versions(
    steps: Iterable[Done], versions: Mapping[UUID, tuple[int, Mapping[str, Any]]]
) -> dict[UUID, Candidate]:
    """The versions after these steps, the oldest first: their states, and the days that each decides.

    Args:
        steps: what is recorded, in the order in which it happened.
        versions: number and ``effective`` of each version by its id.
    """
    found: dict[UUID, Candidate] = {}
    for step in steps:
        if step.version_id not in found:
            number, effective = versions[step.version_id]
            applies = read_applies(effective) if effective else Applies()
            found[step.version_id] = Candidate(step.version_id, number, State.APPROVED, applies, None)
        one = found[step.version_id]
        one = replace(one, state=STEPS[step.act].target or one.state)
        if step.act in (Act.SCHEDULE, Act.TAKE_IN):
            first = date.fromisoformat(step.facts["from"])
            until = step.facts.get("until")
            one = replace(one, period=Days(first, date.fromisoformat(until) if until else None))
            for closed in step.facts.get("closed", ()):
                found[UUID(closed)] = ended(found[UUID(closed)], first)
        if step.act is Act.ABOLISH and one.period is not None:
            one = ended(one, date.fromisoformat(step.facts["from"]))
            for reopened, last in step.facts.get("reopened", {}).items():
                place = found[UUID(reopened)]
                assert place.period is not None
                again = Days(place.period.first, date.fromisoformat(last) if last else None)
                found[UUID(reopened)] = replace(place, period=again)
        found[step.version_id] = one
    return found
