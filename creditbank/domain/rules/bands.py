"""Which places among entrants fall into the bands of a rank, for walks over all outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from creditbank.domain.rules.axes import Axis
from creditbank.domain.rules.model import Choice, Fact, FactType, Interval, Rank

_MOST_TRIED = 100_000
"""Numbers of entrants that are tried; a band so narrow that none of them fits counts as one that some place is in."""


def band_axis(step: Rank, fact: Fact) -> Axis:
    """One stretch for each band of a rank, in their order."""
    choices = tuple(Choice(str(number), fact.label) for number in range(len(step.bands)))
    return Axis(Fact(f"{step.id} band", FactType.ENUM, fact.label, choices), ())


def shares(step: Rank, band: int) -> tuple[Fraction, Fraction]:
    """The shares of a band: above the first, up to the second."""
    low = step.bands[band - 1][0] if band else None
    high = step.bands[band][0]
    return low if low is not None else Fraction(0), high if high is not None else Fraction(1)


def pair_within(
    places: Interval, entrants: Interval, bands: Sequence[tuple[Fraction, Fraction]]
) -> tuple[int, int] | None:
    """A place and a number of entrants inside both intervals whose share is in all bands, or ``None``.

    Both intervals are of whole numbers from one on, each end belonging to it.
    """
    low = max((band[0] for band in bands), default=Fraction(0))
    high = min((band[1] for band in bands), default=Fraction(1))
    if low >= high:
        return None
    first, last = _end(places.low, 1), _end(places.high, None)
    assert first is not None
    fewest = max(_end(entrants.low, 1) or 1, ceil(first / high))
    most = _end(entrants.high, None)
    if last is not None and low:
        below = ceil(last / low) - 1  # more entrants than these put even the last place into a band before
        most = below if most is None else min(most, below)
    # From that many entrants on, each band has a place; among fewer it may lie between two places.
    enough = max(fewest, ceil(1 / (high - low)))
    for among in range(fewest, min(enough if most is None else min(enough, most), fewest + _MOST_TRIED) + 1):
        place = max(first, floor(low * among) + 1)
        if place <= high * among and (last is None or place <= last):
            return place, among
    return None


def _end(end: object, otherwise: int | None) -> int | None:
    return int(end) if isinstance(end, Decimal) else otherwise
