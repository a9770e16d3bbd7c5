"""Edits of an overlay: its parts put in, changed and taken away, and what is closed to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from creditbank.domain.explanation import Explanation, Line, Refusal, Verdict
from creditbank.domain.rules.composition import Composed, compose
from creditbank.domain.rules.model import (
    Cap,
    Exclude,
    Expires,
    Give,
    Prerequisite,
    Row,
    RuleSet,
    Ruling,
    Table,
    Until,
    Validity,
    Within,
)
from creditbank.domain.rules.overlay import Overlay, overlay_data, read_overlay
from creditbank.domain.rules.places import Place, UnreadableError
from creditbank.domain.rules.read_amounts import Amounts
from creditbank.domain.rules.read_limits import Limits, months
from creditbank.domain.rules.write import cap_data, credit_of_data, validity_data
from creditbank.domain.values import Text

MESSAGES: dict[str, str] = {
    "overlay.item_gone": "Your part {name} is not there any more.",
    "overlay.item_taken": "Another part of yours is called {name} already; give this one another name.",
    "overlay.gives_none": "It gives no credit as it is, so nothing can be made stricter.",
    "overlay.no_period": "It names a day, not a period; to be stricter, add a rule about days of your own.",
}

ADD, TIGHTEN = "add", "tighten"
Part = Row | Cap | Validity | Exclude | Prerequisite
"""What an item of an overlay adds, or makes of what it inherits."""

_PATH = re.compile(r"(add|tighten)\.([a-z_]+)\[(\d+)\]")


def item_of(overlay: Overlay, half: str, name: str, item: str) -> Mapping[str, Any] | None:
    """An item by its half (``add`` or ``tighten``), its list and its id."""
    items = (overlay.add if half == ADD else overlay.tighten).get(name, ())
    return next((one for one in items if one["id"] == item), None)


def put_item(
    overlay: Overlay, half: str, name: str, item: Mapping[str, Any], *, instead: str = ""
) -> Overlay | Refusal:
    """An overlay with one more item, or with an item in the place of another.

    Args:
        overlay: as it stands.
        half: ``add`` or ``tighten``.
        name: of the list, such as ``rows``.
        item: as a document writes it.
        instead: the id of the item in whose place it comes; empty for a new one, at the end. In ``tighten`` an item of
            the same id is always replaced, for a part is made stricter once.

    Raises:
        UnreadableError: the document could not hold such an item; the paths lead into it, as ``add.cap[0].clause``.
    """
    document = overlay_data(overlay)
    items = document[half].setdefault(name, [])
    ids = [one["id"] for one in items]
    asked = instead or (str(item.get("id")) if half == TIGHTEN and item.get("id") in ids else "")
    if asked and asked not in ids:
        return Refusal.because("overlay.item_gone", name=asked[:80])
    if item.get("id") in ids and item.get("id") != asked:
        return Refusal.because("overlay.item_taken", name=str(item.get("id"))[:80])
    if asked:
        items[ids.index(asked)] = dict(item)
    else:
        items.append(dict(item))
    return read_overlay(document)


def take_item(overlay: Overlay, half: str, name: str, item: str) -> Overlay | Refusal:
    """An overlay without an item; of something made stricter the inherited part holds again."""
    if item_of(overlay, half, name, item) is None:
        return Refusal.because("overlay.item_gone", name=item[:80])
    document = overlay_data(overlay)
    document[half][name] = [one for one in document[half][name] if one["id"] != item]
    return read_overlay(document)


def write_head(overlay: Overlay, *, name: Text, source: Text) -> Overlay:
    """An overlay with another name and source; its items stay as they are."""
    return replace(overlay, name=name, source=source)


def own_id(base: RuleSet, overlay: Overlay, name: str) -> str:
    """A name for something added to a list that neither the inherited rules nor the overlay has there."""
    rows = [row for table in base.tables for row in table.rows]
    taken = {part.id for part in (rows if name == "rows" else getattr(base, name))}
    taken |= {str(one["id"]) for one in overlay.add.get(name, ())}
    number = 1
    while f"own-{number}" in taken:
        number += 1
    return f"own-{number}"


def conflicts_by_item(overlay: Overlay, composed: Composed) -> dict[tuple[str, str, str], Explanation]:
    """Why items do not hold, by half, list and id; an item with several problems has several lines.

    What is wrong with the overlay as a whole stands under three empty names.
    """
    found: dict[tuple[str, str, str], Explanation] = {}
    for conflict in composed.conflicts:
        place = _PATH.match(conflict.path)
        key = ("", "", "")
        if place is not None:
            items = (overlay.add if place[1] == ADD else overlay.tighten)[place[2]]
            key = (place[1], place[2], str(items[int(place[3])]["id"]))
        found[key] = (*found.get(key, ()), conflict.line)
    return found


def closed_parts(base: RuleSet) -> dict[tuple[str, str], Line]:
    """The inherited rows, limits and rules about days of which nothing can be made stricter, by list and id.

    It is asked of the laying itself: a row is refused, a limit and a period are said once more as they are, and what
    does not even take that is closed, for the reason that the laying gives.
    """
    rows = [row for table in base.tables for row in table.rows]
    tried = {
        "rows": tuple(_item(row, give=Ruling.REFUSE.value) for row in rows),
        "cap": tuple(_item(cap, maximum=cap_data(cap)["maximum"]) for cap in base.cap),
        "validity": tuple(_item(rule, **_period(rule)) for rule in base.validity if rule.locked or not _ends(rule)),
    }
    found = _refused(base, tried)
    ends = {("validity", rule.id): Line("overlay.no_period", Verdict.NO) for rule in base.validity if _ends(rule)}
    none = Line("overlay.gives_none", Verdict.NO)
    return {("rows", row.id): none for row in rows if row.give is Ruling.REFUSE} | ends | found


def amount_closed(base: RuleSet, row: Row) -> Line | None:
    """Why no lower amount can stand in a row that can be refused; nothing where one can."""
    if not isinstance(row.give, Give):
        return Line("overlay.gives_nothing", Verdict.NO, {"path": "", "name": row.id})
    refused = _refused(base, {"rows": (_item(row, credit=credit_of_data(row.give.credit)),)})
    return refused.get(("rows", row.id))


def table_of(base: RuleSet, row: str) -> tuple[Table, Row] | None:
    """The table in which an inherited row stands, with the row."""
    for table in base.tables:
        for one in table.rows:
            if one.id == row:
                return table, one
    return None


def said_by(base: RuleSet, half: str, name: str, item: Mapping[str, Any]) -> Part | None:
    """What an item adds, or makes of the inherited part, whether it holds or not; nothing where it cannot be read."""
    facts = {fact.name: fact for fact in base.facts}
    codes = tuple(category.code for category in base.categories)
    place = Place(dict(item))
    try:
        if half == ADD:
            return _added(base, name, place, Amounts(facts, codes), Limits(facts, codes))
        return _tightened(base, name, place, Amounts(facts, codes), Limits(facts, codes))
    except UnreadableError:
        return None


def _added(base: RuleSet, name: str, place: Place, amounts: Amounts, limits: Limits) -> Part | None:
    if name == "rows":
        table = next((one for one in base.tables if one.code == place.value.get("table")), None)
        rest = {key: value for key, value in place.value.items() if key != "table"}
        return amounts.row(Place(rest), table.columns, table.hit) if table is not None else None
    made: Part = getattr(limits, name)(place)
    return made


def _tightened(base: RuleSet, name: str, place: Place, amounts: Amounts, limits: Limits) -> Part | None:
    clause = place.named("clause").both()
    if name == "rows":
        found = table_of(base, place.value["id"])
        if found is None:
            return None
        row = found[1]
        if not place.given("credit"):
            return replace(row, give=Ruling.REFUSE, clause=clause)
        credit = amounts.credit(place.named("credit"))
        if not isinstance(row.give, Give):
            return None
        return replace(row, give=replace(row.give, credit=credit), clause=clause)
    part = next((one for one in getattr(base, name) if one.id == place.value["id"]), None)
    if isinstance(part, Cap):
        return replace(part, maximum=limits.maximum(place.named("maximum"), part.scope), clause=clause)
    kind = "within" if isinstance(part, Within) else "expires"
    if not isinstance(part, Within | Expires) or not place.given(kind):
        return None
    return replace(part, months=months(place.named(kind)), clause=clause)


def _refused(base: RuleSet, tried: Mapping[str, tuple[Mapping[str, Any], ...]]) -> dict[tuple[str, str], Line]:
    """Which items of ``tighten`` the laying refuses, by list and id."""
    head = {"code": base.code, "kind": "overlay", "name": base.name, "source": base.source}
    overlay = Overlay(**head, add={}, tighten=tried)  # type: ignore[arg-type]
    found = conflicts_by_item(overlay, compose(base, overlay))
    return {(name, item): lines[0] for (_half, name, item), lines in found.items()}


def _item(part: Row | Cap | Validity, **says: Any) -> dict[str, Any]:
    return {"id": part.id, "clause": {"zh": part.clause.zh, "en": part.clause.en}, **says}


def _ends(rule: Validity) -> bool:
    """Whether a rule about days says the day itself."""
    return isinstance(rule, Until)


def _period(rule: Validity) -> dict[str, Any]:
    data = validity_data(rule)
    months_of = isinstance(rule, Within | Expires) and isinstance(rule.months, int)
    # Of a period that something else says, any is tried: the laying says why none is taken.
    kind = "within" if isinstance(rule, Within) else "expires"
    return {kind: data[kind] if months_of else {"months": 1}}
