"""Which claims a rule version decides: by the day of the claim, when it was earned, which cohort."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from creditbank.domain.explanation import Line, Refusal, Verdict
from creditbank.domain.rule_life.states import State
from creditbank.domain.rules.places import Place
from creditbank.domain.values import Text

MESSAGES = {
    "rule_life.none_applies": "No version of {rules} decides what is claimed on {day}.",
    "rule_life.none_fits": "Versions of {rules} are in force on {day}, but none applies to what was earned on {earned}"
    " by somebody of cohort {cohort}.",
    "rule_life.fact_needed": "Which version of {rules} decides depends on the day it was earned or on the cohort, and"
    " that is not known here.",
    "rule_life.several_apply": "Several versions of {rules} apply to this claim: {numbers}. A person has to decide"
    " which holds.",
    "rule_life.suspended": "Version {number} of {rules} is suspended, so nothing is decided by these rules until it is"
    " resumed or replaced. What was claimed is kept and waits.",
    "rule_life.by_days": "Version {number} decides: it is in force on {day}.",
    "rule_life.by_transition": "Version {number} decides by the transitional clause of version {newer}.",
}

_FIRST, _LAST = date.min, date.max
_COHORTS = (1900, 2999)
MOST_CLAUSES = 20


@dataclass(frozen=True, slots=True)
class Days:
    """Days from one to another, both included; a missing end is open."""

    first: date | None = None
    last: date | None = None

    def holds(self, day: date | None) -> bool | None:
        """Whether a day lies inside; ``None`` where that depends on a day nobody knows."""
        if self == Days():
            return True
        if day is None:
            return None
        return (self.first or _FIRST) <= day <= (self.last or _LAST)

    def within(self, other: Days) -> bool:
        """Whether all of these days are among those of another span."""
        return (other.first or _FIRST) <= (self.first or _FIRST) and (self.last or _LAST) <= (other.last or _LAST)

    def meets(self, other: Days) -> bool:
        """Whether they have a day in common."""
        return (self.first or _FIRST) <= (other.last or _LAST) and (other.first or _FIRST) <= (self.last or _LAST)


@dataclass(frozen=True, slots=True)
class Cohorts:
    """Cohorts from one year to another, both included; a missing end is open."""

    first: int | None = None
    last: int | None = None

    def holds(self, cohort: int | None) -> bool | None:
        """Whether a cohort lies inside; ``None`` where that depends on a cohort nobody knows."""
        if self == Cohorts():
            return True
        if cohort is None:
            return None
        return (self.first or 0) <= cohort <= (self.last or 9999)

    def within(self, other: Cohorts) -> bool:
        """Whether all of these cohorts are among those of another span."""
        return (other.first or 0) <= (self.first or 0) and (self.last or 9999) <= (other.last or 9999)

    def meets(self, other: Cohorts) -> bool:
        """Whether they have a cohort in common."""
        return (self.first or 0) <= (other.last or 9999) and (other.first or 0) <= (self.last or 9999)


@dataclass(frozen=True, slots=True)
class Stays:
    """A transitional clause: what fits stays under an earlier version, to the last day of claims ``until``."""

    under: int
    earned: Days
    cohorts: Cohorts
    until: date | None
    clause: Text

    def holds(self, claimed_on: date, earned_on: date | None, cohort: int | None) -> bool:
        """Whether a claim is known to be one of those that stay."""
        open_still = self.until is None or claimed_on <= self.until
        return open_still and bool(self.earned.holds(earned_on)) and bool(self.cohorts.holds(cohort))


@dataclass(frozen=True, slots=True)
class Applies:
    """What a version says about itself: what was earned when, whose cohort, and what stays under an earlier one."""

    earned: Days = Days()
    cohorts: Cohorts = Cohorts()
    stays: tuple[Stays, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version as the choice between several sees it; ``period`` are the days of claims it decides, if any yet.

    ``content_hash`` is that of its rules, where whoever made this knows it.
    """

    version_id: UUID
    number: int
    state: State
    applies: Applies
    period: Days | None
    content_hash: str = field(default="", compare=False)
    kind: str = field(default="", compare=False)
    """Of the rule set, where whoever made this knows it."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The version that decides, and the line that says why it is this one."""

    version: Candidate
    why: Line


def read_applies(data: Any) -> Applies:
    """What a version applies to, from plain data; an empty object applies to everything.

    Raises:
        UnreadableError: with every problem found, each with its path.
    """
    place = Place(data, "effective").object((), ("earned", "cohorts", "stays"))
    return Applies(
        _days(place.named("earned")), _cohorts(place.named("cohorts")), place.named("stays").each(_stays, MOST_CLAUSES)
    )


def applies_data(applies: Applies) -> dict[str, Any]:
    """Plain JSON data that :func:`read_applies` reads back as equal; what is open is left out."""
    data: dict[str, Any] = _spans(applies.earned, applies.cohorts)
    if applies.stays:
        data["stays"] = [
            {
                "under": one.under,
                **_spans(one.earned, one.cohorts),
                **({"until": one.until.isoformat()} if one.until else {}),
                "clause": {"zh": one.clause.zh, "en": one.clause.en},
            }
            for one in applies.stays
        ]
    return data


def choose(
    code: str, versions: Sequence[Candidate], *, claimed_on: date, earned_on: date | None, cohort: int | None
) -> Chosen | Refusal | None:
    """The one version of a rule set that decides a claim, why there is none, or nothing where none is in force.

    Nothing is told from a refusal so that a rule set from further up can answer instead.
    """
    open_now = [one for one in versions if one.period is not None and one.period.holds(claimed_on)]
    open_now = [one for one in open_now if one.state in (State.SCHEDULED, State.SUSPENDED, State.ABOLISHED)]
    if not open_now:
        return None
    day = claimed_on.isoformat()
    said = [(one, _fits(one.applies, earned_on, cohort)) for one in open_now]
    fitting = [one for one, fits in said if fits]
    if any(fits is None for _one, fits in said):
        return Refusal.because("rule_life.fact_needed", rules=code)
    if not fitting:
        return Refusal.because(
            "rule_life.none_fits",
            rules=code,
            day=day,
            earned=earned_on.isoformat() if earned_on else "—",
            cohort=str(cohort) if cohort else "—",
        )
    if len(fitting) > 1:
        numbers = ", ".join(str(one.number) for one in sorted(fitting, key=lambda one: one.number))
        return Refusal.because("rule_life.several_apply", rules=code, numbers=numbers)
    return _decides(code, fitting[0], versions, claimed_on, earned_on, cohort)


def _decides(
    code: str,
    found: Candidate,
    versions: Sequence[Candidate],
    claimed_on: date,
    earned_on: date | None,
    cohort: int | None,
) -> Chosen | Refusal:
    """A version, or the earlier one under which its transitional clause leaves the claim."""
    why = Line("rule_life.by_days", Verdict.NOTE, {"number": found.number, "day": claimed_on.isoformat()})
    for clause in found.applies.stays if found.state is not State.SUSPENDED else ():
        if clause.holds(claimed_on, earned_on, cohort):
            facts = {"number": clause.under, "newer": found.number}
            why = Line("rule_life.by_transition", Verdict.NOTE, facts, clause.clause)
            earlier = [one for one in versions if one.number == clause.under and one.period is not None]
            if not earlier:
                return Refusal.because("rule_life.none_applies", rules=code, day=claimed_on.isoformat())
            found = earlier[0]
            break
    if found.state is State.SUSPENDED:
        return Refusal.because("rule_life.suspended", rules=code, number=found.number)
    return Chosen(found, why)


def collisions(new: Candidate, others: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """The versions that would decide some of the same claims as a new one and do not simply give way to it."""
    return tuple(one for one in _meeting(new, others) if not _gives_way(one, new))


def superseded(new: Candidate, others: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """The versions that end the day before a new one begins, because it decides all that they would."""
    return tuple(one for one in _meeting(new, others) if _gives_way(one, new))


def ended(one: Candidate, day: date) -> Candidate:
    """A version whose last day is the one before ``day``."""
    assert one.period is not None
    return replace(one, period=Days(one.period.first, day - timedelta(days=1)))


def _meeting(new: Candidate, others: Iterable[Candidate]) -> list[Candidate]:
    period = new.period
    return [
        one
        for one in others
        if period is not None
        and one.period is not None
        and one.version_id != new.version_id
        and one.period.meets(period)
        and one.applies.earned.meets(new.applies.earned)
        and one.applies.cohorts.meets(new.applies.cohorts)
    ]


def _gives_way(one: Candidate, new: Candidate) -> bool:
    assert one.period is not None
    assert new.period is not None
    begun = (one.period.first or _FIRST) < (new.period.first or _FIRST)
    outlived = (one.period.last or _LAST) <= (new.period.last or _LAST)
    inside = one.applies.earned.within(new.applies.earned) and one.applies.cohorts.within(new.applies.cohorts)
    return begun and outlived and inside


def _fits(applies: Applies, earned_on: date | None, cohort: int | None) -> bool | None:
    said = (applies.earned.holds(earned_on), applies.cohorts.holds(cohort))
    if False in said:
        return False
    return None if None in said else True


def _spans(earned: Days, cohorts: Cohorts) -> dict[str, Any]:
    days = (("from", earned.first), ("until", earned.last))
    years = (("from", cohorts.first), ("to", cohorts.last))
    found: dict[str, Any] = {}
    if earned != Days():
        found["earned"] = {name: day.isoformat() for name, day in days if day is not None}
    if cohorts != Cohorts():
        found["cohorts"] = {name: year for name, year in years if year is not None}
    return found


def _days(place: Place) -> Days:
    if place.value is None:
        return Days()
    place.object((), ("from", "until"))
    first, last = (place.named(name).day() if place.given(name) else None for name in ("from", "until"))
    if first is None and last is None:
        place.fail("expected a first day (from), a last day (until) or both")
    if first is not None and last is not None and last < first:
        place.named("until").fail("the last day is before the first")
    return Days(first, last)


def _cohorts(place: Place) -> Cohorts:
    if place.value is None:
        return Cohorts()
    place.object((), ("from", "to"))
    first, last = (place.named(name).whole(*_COHORTS) if place.given(name) else None for name in ("from", "to"))
    if first is None and last is None:
        place.fail("expected a first cohort (from), a last one (to) or both")
    if first is not None and last is not None and last < first:
        place.named("to").fail("the last cohort is before the first")
    return Cohorts(first, last)


def _stays(place: Place) -> Stays:
    place.object(("under", "clause"), ("earned", "cohorts", "until"))
    earned, cohorts = _days(place.named("earned")), _cohorts(place.named("cohorts"))
    if earned == Days() and cohorts == Cohorts():
        place.fail("expected which days of earning (earned) or which cohorts stay")
    return Stays(
        under=place.named("under").whole(1, 9999),
        earned=earned,
        cohorts=cohorts,
        until=place.named("until").day() if place.given("until") else None,
        clause=place.named("clause").both(),
    )
