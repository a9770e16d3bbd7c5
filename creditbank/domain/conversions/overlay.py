"""The document by which a school adds to inherited conversion rules and tightens what is left open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from creditbank.domain.canonical import content_hash
from creditbank.domain.conversions.model import Standing
from creditbank.domain.rules.model import Ruling
from creditbank.domain.rules.overlay import Overlay, overlay_data, read_half
from creditbank.domain.rules.places import Place

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = "creditbank.conversion-overlay/1"
KIND = "conversion_overlay"

ADDED = ("rules", "closed", "exclude", "prerequisite", "cap", "validity")
"""What an overlay on conversion rules may add; a row only where the rules are open."""
CHANGES: Mapping[str, tuple[str, ...]] = {
    "rules": ("from", "credit", "surplus", "counts", "ruling"),
    "standings": ("ruling",),
    "cap": ("maximum",),
    "validity": ("within", "expires"),
}
"""What of the inherited rules it may make stricter, and in which respects; of a row in several at once."""
STRICTER = (Ruling.MANUAL, Ruling.REFUSE)


def read_conversion_overlay(data: Mapping[str, Any]) -> Overlay:
    """The overlay that plain data describe (the shape is ``creditbank schema conversion-overlay``).

    Raises:
        UnreadableError: with every problem found, each with its path; unknown keys are refused. Whether rows, facts and
            limits are those of the rules below is not known here.
    """
    place = Place(data).object(("schema", "code", "kind", "name", "source"), ("add", "tighten"))
    if place.named("schema").value != SCHEMA:
        place.named("schema").fail(f"expected {SCHEMA}")
    if place.named("kind").value != KIND:
        place.named("kind").fail(f"expected {KIND}")
    return Overlay(
        code=place.named("code").code(),
        kind=KIND,
        name=place.named("name").both(),
        source=place.named("source").both(),
        add=read_half(place.named("add"), ADDED, _added),
        tighten=read_half(place.named("tighten"), tuple(CHANGES), _tightened),
    )


def conversion_overlay_data(overlay: Overlay) -> dict[str, Any]:
    """Plain JSON data that ``read_conversion_overlay`` reads back as an equal overlay."""
    return overlay_data(overlay) | {"schema": SCHEMA}


def conversion_overlay_hash(overlay: Overlay) -> str:
    """The SHA-256 of the canonical normal form: 64 hexadecimal digits, equal for equal content."""
    return content_hash(conversion_overlay_data(overlay))


def _added(_name: str, item: Place) -> None:
    """The parts of an added item that mean the same whatever lies below."""
    if not isinstance(item.value, dict):
        item.fail("expected an object")
    item.named("id").code()
    item.named("clause").both()


def _tightened(name: str, item: Place) -> None:
    """The parts of a tightened item: which part is meant, what it says now, and by which clause."""
    changes = CHANGES[name]
    item.object(("id", "clause"), changes)
    item.named("id").code()
    item.named("clause").both()
    given = sum(item.given(change) for change in changes)
    if name == "rules" and not given:
        item.fail(f"what is tightened says one or more of {', '.join(changes)}")
    if name != "rules" and given != 1:
        item.fail(f"what is tightened says exactly one of {', '.join(changes)}")
    if name == "standings":
        item.named("id").one_of(tuple(one.value for one in Standing if one is not Standing.OPEN))
    if item.given("ruling"):
        item.named("ruling").one_of(STRICTER)
