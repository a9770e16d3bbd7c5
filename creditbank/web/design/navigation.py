"""Navigation: what a portal offers, and which of it is the present place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import NoReverseMatch, reverse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Place:
    """One place to go: a word (``gettext_lazy``), a URL name, a heroicon and the letter after ``g``."""

    label: Any
    url: str
    icon: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Places under one heading of the office's menu."""

    label: Any
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A place as the page shows it: address, whether we are there, and how much waits there."""

    place: Place
    address: str
    current: bool
    count: int | None


def shown_places(
    places: Sequence[Place], path: str, counts: Mapping[str, int] | None = None, *, known: Sequence[str] = ()
) -> list[Shown]:
    """The places with an address; the one whose address is the longest beginning of ``path`` is current.

    ``known`` adds addresses that compete for being current, so that of several groups only one place is.
    """
    addresses = {place.url: found for place in places if (found := _address(place.url)) is not None}
    rivals = [address for address in (*addresses.values(), *known) if _leads_to(address, path)]
    here = max(rivals, key=len, default=None)
    return [
        Shown(place, addresses[place.url], addresses[place.url] == here, (counts or {}).get(place.url))
        for place in places
        if place.url in addresses
    ]


def shown_groups(
    groups: Sequence[Group], path: str, counts: Mapping[str, int] | None = None
) -> Iterator[tuple[Group, list[Shown]]]:
    """The office's menu; a group without a single address is left out."""
    known = [found for group in groups for place in group.places if (found := _address(place.url)) is not None]
    for group in groups:
        if places := shown_places(group.places, path, counts, known=known):
            yield group, places


def _address(name: str) -> str | None:
    """The address of a URL name, or of a path given as it is; nothing for a page that is not built."""
    if name.startswith("/"):
        return name
    try:
        return reverse(name)
    except NoReverseMatch:
        return None


def _leads_to(address: str, path: str) -> bool:
    return path == address or (address != "/" and path.startswith(address.rstrip("/") + "/"))
