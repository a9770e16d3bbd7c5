"""Applications of the demonstration to convert credit, in every state an office meets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from creditbank.domain.access import Actor, Role
from creditbank.domain.conversions.application import REFUSAL_REASONS
from creditbank.domain.explanation import Refusal
from creditbank.domain.rules.model import Ruling
from creditbank.gateways.clock import new_id
from creditbank.queries.conversion_options import Option, ask_again, holdings_of, options_of
from creditbank.queries.progress import planned_courses
from creditbank.records.conversions import ConversionApplication
from creditbank.records.scope import acting_for
from creditbank.services.conversions.apply import Wish, apply_for_conversion, withdraw_application
from creditbank.services.conversions.review import (
    ApplicationKey,
    approve_application,
    refuse_application,
    take_application,
)
from creditbank.services.demonstration.learners import Learner

_STATES = ("approved", "submitted", "under_review", "submitted", "refused", "approved", "submitted", "withdrawn")
"""What becomes of the applications, one after the other; the first is that of a learner who can sign in."""


def convert_credit(
    place: UUID, learners: Sequence[Learner], reviewer: UUID, *, at: datetime, on: date
) -> Mapping[str, int]:
    """Applications of learners who hold enough for a course of their programme; tells how many came to which state."""
    counts: dict[str, int] = {}
    states: Iterator[str] = iter(_STATES)
    office = Actor(reviewer, place, None, frozenset({Role.REVIEWER}))
    for learner in learners:
        with acting_for(person=learner.id, institution=place, purpose="demo") as scope:
            planned = planned_courses(scope, learner.id, place)
            chosen = _first(options_of(holdings_of(scope, learner.id, on=on)), planned)
            state = next(states, None) if chosen is not None else ""
            if state is None:
                break
            if chosen is None:
                continue
            wish = Wish(new_id(), chosen.regulation.code, chosen.one.row, chosen.course, chosen.seen)
            made = apply_for_conversion(scope=scope, actor=Actor(learner.id), wish=wish, at=at, on=on)
            if isinstance(made, Refusal):
                raise TypeError(f"what is possible was refused: {made.explanation[0].code}")
            if state == "withdrawn":
                withdraw_application(
                    scope=scope, actor=Actor(learner.id), application_id=made.application_id, at=at, on=on
                )
        with acting_for(institution=place, purpose="demo") as scope:
            key = ApplicationKey(learner.id, made.application_id)
            if state == "under_review":
                take_application(scope=scope, actor=office, key=key, at=at)
            elif state == "refused":
                refuse_application(scope=scope, actor=office, key=key, reason=REFUSAL_REASONS[1], at=at, on=on)
            elif state == "approved":
                now = ask_again(scope, made)
                assert now is not None
                approve_application(scope=scope, actor=office, key=key, seen=now.seen, at=at, on=on)
            rows = scope.rows(ConversionApplication).filter(application_id=made.application_id)
            reached = rows.values_list("state", flat=True).get()
        counts[reached] = counts.get(reached, 0) + 1
    return counts


def _first(options: Sequence[Option], planned: frozenset[str]) -> Option | None:
    """The first course of the programme that is possible, nothing where there is none."""
    possible = (one for one in options if one.one.ruling is Ruling.RECOGNISE)
    return next((one for one in possible if any(target.code in planned for target in one.one.targets)), None)
