"""The document by which a school adds to inherited rules and tightens what is left open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from creditbank.domain.canonical import content_hash
from creditbank.domain.rules.places import Place, Problem, UnreadableError
from creditbank.domain.rules.read_cells import no_doubles
from creditbank.domain.values import Text

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA = "creditbank.rules-overlay/1"
KIND = "overlay"

ADDED = ("rows", "cap", "validity", "exclude", "prerequisite")
"""What an overlay may add; a row only where the table is open or the row refuses."""
TIGHTENED = ("rows", "cap", "validity")
"""What of the inherited rules it may make stricter."""

MOST_ITEMS = 1_000


@dataclass(frozen=True, slots=True)
class Overlay:
    """One immutable version of what a school adds and tightens, on rules of the kind that its own says.

    ``add`` and ``tighten`` hold, by the name of a list, its items as plain JSON data. What an item means depends on the
    rules below it, so :func:`creditbank.domain.rules.composition.compose` reads it.
    """

    code: str
    kind: str
    name: Text
    source: Text
    add: Mapping[str, tuple[Mapping[str, Any], ...]]
    tighten: Mapping[str, tuple[Mapping[str, Any], ...]]


def read_overlay(data: Mapping[str, Any]) -> Overlay:
    """The overlay that plain data describe (the shape is ``creditbank schema rules-overlay``).

    Raises:
        UnreadableError: with every problem found, each with its path; unknown keys are refused. Whether tables, rows
            and facts are those of the rules below is not known here.
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
        tighten=read_half(place.named("tighten"), TIGHTENED, _tightened),
    )


def overlay_data(overlay: Overlay) -> dict[str, Any]:
    """Plain JSON data that ``read_overlay`` reads back as an equal overlay; lists without an item are left out."""
    return {
        "schema": SCHEMA,
        "code": overlay.code,
        "kind": overlay.kind,
        "name": {"zh": overlay.name.zh, "en": overlay.name.en},
        "source": {"zh": overlay.source.zh, "en": overlay.source.en},
        "add": {name: [dict(item) for item in items] for name, items in overlay.add.items()},
        "tighten": {name: [dict(item) for item in items] for name, items in overlay.tighten.items()},
    }


def overlay_hash(overlay: Overlay) -> str:
    """The SHA-256 of the canonical normal form: 64 hexadecimal digits, equal for equal content."""
    return content_hash(overlay_data(overlay))


def read_half(
    place: Place, known: tuple[str, ...], check: Callable[[str, Place], None]
) -> dict[str, tuple[Mapping[str, Any], ...]]:
    """The lists of one half of an overlay with their items as plain data, in the order in which they are known.

    Raises:
        UnreadableError: with every problem found; ``check`` looks at each item by the name of its list.
    """
    if place.value is None:
        return {}
    place.object((), known)
    problems: list[Problem] = []
    found: dict[str, tuple[Mapping[str, Any], ...]] = {}
    for name in known:

        def read(item: Place, name: str = name) -> Mapping[str, Any]:
            check(name, item)
            made: dict[str, Any] = _plain(item.value)
            return made

        try:
            items = place.named(name).each(read, MOST_ITEMS)
            no_doubles(place.named(name), [item["id"] for item in items])
        except UnreadableError as unreadable:
            problems.extend(unreadable.problems)
        else:
            found |= {name: items} if items else {}
    if problems:
        raise UnreadableError(tuple(problems))
    return found


def _added(name: str, item: Place) -> None:
    """The parts of an added item that mean the same whatever lies below."""
    if not isinstance(item.value, dict):
        item.fail("expected an object")
    item.named("id").code()
    item.named("clause").both()
    if name == "rows":
        item.named("table").code()


def _tightened(name: str, item: Place) -> None:
    """The parts of a tightened item: which part is meant, what it says now, and by which clause."""
    changes = {"rows": ("credit", "give"), "cap": ("maximum",), "validity": ("within", "expires")}[name]
    item.object(("id", "clause"), changes)
    item.named("id").code()
    item.named("clause").both()
    if sum(item.given(change) for change in changes) != 1:
        item.fail(f"what is tightened says exactly one of {', '.join(changes)}")
    if item.given("give") and item.named("give").value != "refuse":
        item.named("give").fail("expected refuse; a lower amount is written as `credit`")


def _plain(value: Any) -> Any:
    """A value as JSON has it: exact numbers and days as text."""
    match value:
        case dict():
            return {str(name): _plain(part) for name, part in value.items()}
        case list() | tuple():
            return [_plain(part) for part in value]
        case Decimal():
            return format(value, "f")
        case date():
            return value.isoformat()
    return value
