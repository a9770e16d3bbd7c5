"""Whether a provider is accredited on a day, and whether an offering can be taken up then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from creditbank.domain.explanation import Explanation, Line, Verdict

MESSAGES: dict[str, str] = {
    "resources.own": "The school itself provides this.",
    "resources.accredited": "The provider is accredited until {until}.",
    "resources.accredited_open": "The provider is accredited, without an end.",
    "resources.accreditation_begins": "The accreditation of the provider begins only on {since}.",
    "resources.accreditation_ended": "The accreditation of the provider ended on {until}. It is not offered.",
    "resources.not_accredited": "No accreditation of the provider is known. It is not offered.",
    "resources.no_provider": "Who provides this is not known. It is not offered.",
    "resources.provider_retired": "The school no longer works with this provider. It is not offered.",
    "resources.begins_before": "It begins on {starts}, before the accreditation of the provider begins ({since}).",
    "resources.runs_past": "It runs until {ends}, past the end of the provider’s accreditation ({until}).",
    "resources.over": "It ended on {ends}.",
    "resources.no_seats": "There are no seats.",
    "resources.closed": "Applications closed on {until}.",
    "resources.begun": "It began on {starts}.",
    "resources.open_until": "Applications are open until {until}.",
    "resources.open": "Applications are open.",
}
"""What is said of an education resource and its offerings on a day."""


class Kind(StrEnum):
    """Where a provider stands: a unit of the school, or a body outside it."""

    INTERNAL = "internal"
    EXTERNAL = "external"


class Accreditation(StrEnum):
    """What a provider's accreditation is on one day."""

    OWN = "own"
    """An internal provider without dates: the school itself needs no accreditation of its own."""
    HOLDS = "holds"
    COMING = "coming"
    ENDED = "ended"
    NONE = "none"

    @property
    def stands(self) -> bool:
        """Whether what the provider offers may be shown as accredited."""
        return self in (Accreditation.OWN, Accreditation.HOLDS)


class Standing(StrEnum):
    """What an offering is on one day."""

    OPEN = "open"
    CLOSED = "closed"
    """Nobody can apply any more; it begins later or has begun."""
    OVER = "over"
    WITHHELD = "withheld"
    """The accreditation does not hold, or not for its days: it is not offered."""


@dataclass(frozen=True, slots=True)
class Provider:
    """What of a provider decides: where it stands, the first and last day of its accreditation, both included."""

    kind: Kind | None
    accredited_from: date | None = None
    accredited_until: date | None = None
    retired: bool = False


@dataclass(frozen=True, slots=True)
class Offering:
    """What of an offering decides: its first and last day, its seats, and the last day of applications."""

    starts_on: date | None = None
    ends_on: date | None = None
    seats: int | None = None
    apply_until: date | None = None


def accreditation_on(provider: Provider | None, day: date) -> tuple[Accreditation, Explanation]:
    """What a provider's accreditation is on a day.

    An external provider, and one of which nobody says where it stands, is accredited only between its dates; a
    missing first day is no accreditation, a missing last day is one without an end. An internal one without any
    date needs none.
    """
    if provider is None:
        return Accreditation.NONE, (Line("resources.no_provider", Verdict.NO),)
    if provider.retired:
        return Accreditation.NONE, (Line("resources.provider_retired", Verdict.NO),)
    since, until = provider.accredited_from, provider.accredited_until
    if provider.kind is Kind.INTERNAL and since is None and until is None:
        return Accreditation.OWN, (Line("resources.own", Verdict.YES),)
    if until is not None and until < day:
        facts = {"until": until.isoformat()}
        return Accreditation.ENDED, (Line("resources.accreditation_ended", Verdict.NO, facts),)
    if since is None and provider.kind is not Kind.INTERNAL:
        return Accreditation.NONE, (Line("resources.not_accredited", Verdict.NO),)
    if since is not None and day < since:
        facts = {"since": since.isoformat()}
        return Accreditation.COMING, (Line("resources.accreditation_begins", Verdict.NO, facts),)
    if until is None:
        return Accreditation.HOLDS, (Line("resources.accredited_open", Verdict.YES),)
    return Accreditation.HOLDS, (Line("resources.accredited", Verdict.YES, {"until": until.isoformat()}),)


def standing_on(provider: Provider | None, offering: Offering, day: date) -> tuple[Standing, Explanation]:
    """Whether an offering can be taken up on a day, with the reason.

    What its provider's accreditation does not cover from the first day to the last is withheld, whatever else
    holds of it; an offering without days is covered by an accreditation that holds today.
    """
    starts, ends = offering.starts_on, offering.ends_on
    if ends is not None and ends < day:
        return Standing.OVER, (Line("resources.over", Verdict.NOTE, {"ends": ends.isoformat()}),)
    accreditation, reasons = accreditation_on(provider, day)
    if not accreditation.stands:
        return Standing.WITHHELD, reasons
    assert provider is not None
    since, until = provider.accredited_from, provider.accredited_until
    if since is not None and starts is not None and starts < since:
        facts = {"starts": starts.isoformat(), "since": since.isoformat()}
        return Standing.WITHHELD, (Line("resources.begins_before", Verdict.NO, facts),)
    last = ends or starts
    if until is not None and last is not None and until < last:
        facts = {"ends": last.isoformat(), "until": until.isoformat()}
        return Standing.WITHHELD, (Line("resources.runs_past", Verdict.NO, facts),)
    return _applications(offering, day)


def _applications(offering: Offering, day: date) -> tuple[Standing, Explanation]:
    until, starts = offering.apply_until, offering.starts_on
    if offering.seats == 0:
        return Standing.CLOSED, (Line("resources.no_seats", Verdict.NO),)
    if until is not None:
        facts = {"until": until.isoformat()}
        if until < day:
            return Standing.CLOSED, (Line("resources.closed", Verdict.NO, facts),)
        return Standing.OPEN, (Line("resources.open_until", Verdict.YES, facts),)
    if starts is not None and starts < day:
        return Standing.CLOSED, (Line("resources.begun", Verdict.NOTE, {"starts": starts.isoformat()}),)
    return Standing.OPEN, (Line("resources.open", Verdict.YES),)
