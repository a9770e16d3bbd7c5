"""Catalogue items as they are shown: lists, one with its versions, and what it means for a claim."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.catalogue.items import Item, item_of, notes_on
from creditbank.domain.catalogue.life import Act, Standing, State, open_objections
from creditbank.domain.education_resources import Kind, Provider
from creditbank.domain.explanation import Explanation
from creditbank.domain.rules.model import Fact
from creditbank.domain.values import Text
from creditbank.queries.catalogue.search import FoundItem, search_items
from creditbank.queries.masterdata.inheritance import chain_of
from creditbank.records.people import Account
from creditbank.records.scope import Scope

_COLUMNS = """
SELECT one.institution_id, place.code, place.name, place.name_en, one.number, one.shown_state, one.content::text,
  one.state, one.changed, one.provider_name, one.provider_name_en, one.provider_kind, one.accredited_from,
  one.accredited_until, one.provider_retired
FROM catalogue_item AS one JOIN institution AS place ON place.id = one.institution_id
"""

_VERSIONS = """
SELECT number, state, content::text, digest, authors::text, actor_id, recorded_at, approved_by, approved_at,
  public_until, in_force_at, ended_at
FROM catalogue_version WHERE institution_id = %(institution)s AND code = %(code)s AND (published OR %(own)s)
ORDER BY number DESC
"""

_ACTS = """
SELECT number, act, state, words, actor_id, recorded_at FROM catalogue_act
WHERE institution_id = %(institution)s AND code = %(code)s ORDER BY number, sequence
"""


@dataclass(frozen=True, slots=True)
class ItemLine:
    """An item as it is shown: by which version, whose it is, and what is known of its provider.

    ``state`` is where the newest version stands, ``shown_state`` where the shown one does; ``changed`` tells whether
    something else was typed since the newest version.
    """

    institution: UUID
    institution_code: str
    institution_name: Text
    number: int
    shown_state: State
    item: Item
    state: State
    changed: bool
    provider_name: Text
    provider: Provider | None

    @property
    def code(self) -> str:
        """The item’s code."""
        return self.item.code


@dataclass(frozen=True, slots=True)
class ActLine:
    """Something that happened to a version: by whom, with which words."""

    act: Act
    state: State
    words: str
    actor: Text
    at: datetime


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version with what happened to it; ``acts`` are known to its institution alone."""

    number: int
    item: Item
    content: Mapping[str, Any]
    digest: str
    standing: Standing
    submitted_at: datetime
    approved_at: datetime | None
    in_force_at: datetime | None
    ended_at: datetime | None
    acts: tuple[ActLine, ...]


def items_found(scope: Scope, found: Sequence[FoundItem]) -> tuple[ItemLine, ...]:
    """The items that a search found, in its order."""
    if not found:
        return ()
    rows = scope.fetch(
        f"{_COLUMNS} JOIN unnest(%(places)s::uuid[], %(codes)s::text[]) AS asked(place, code)"
        " ON asked.place = one.institution_id AND asked.code = one.code WHERE one.published",
        {"places": [one.institution for one in found], "codes": [one.code for one in found]},
    )
    lines = {(row[0], line.code): line for row in rows for line in [_line(row)]}
    return tuple(line for one in found if (line := lines.get((one.institution, one.code))))


def page_of_items(
    scope: Scope, *, filters: Mapping[str, str], offset: int = 0, limit: int = 20, institution: UUID | None = None
) -> tuple[tuple[ItemLine, ...], int]:
    """A page of items, and how many there are in all.

    Args:
        scope: any.
        filters: any of ``q``, ``kind``, ``tier``, ``type`` and ``place`` (the code of an institution); for an
            institution’s own list also ``state`` (a state, or ``changed``). With ``q`` the best answers come first.
        offset: how many come before the page.
        limit: how many it holds at most.
        institution: whose list with everything that is not published; without one, what is published anywhere.
    """
    asked = filters.get("q", "").strip()
    if asked and institution is None:
        return _searched(scope, asked, filters, offset, limit)
    values: dict[str, Any] = {"institution": institution}
    where = ["one.published" if institution is None else "one.institution_id = %(institution)s"]
    for name, column in _FILTERS.items():
        if filters.get(name):
            values[name] = filters[name]
            where.append(f"{column} = %({name})s")
    state = filters.get("state", "") if institution else ""
    if state:
        values["state"] = state
        where.append("one.changed" if state == "changed" else "%(state)s IN (one.state, one.shown_state)")
    if asked:
        keys = {one.code for one in search_items(scope, asked, institutions=[institution])} if institution else set()
        values |= {"found": sorted(keys), "like": f"%{_escaped(asked.lower())}%"}
        where.append(_TYPED)
    condition = " AND ".join(where)
    total = int(
        scope.fetch(
            "SELECT count(*) FROM catalogue_item AS one"  # noqa: S608 - fixed fragments only
            " JOIN institution AS place ON place.id = one.institution_id"
            f" WHERE {condition}",
            values,
        )[0][0]
    )
    start = min(offset, max(0, (total - 1) // limit * limit))
    rows = scope.fetch(
        f"{_COLUMNS} WHERE {condition} ORDER BY one.name_sort, place.code, one.code OFFSET %(offset)s LIMIT %(limit)s",
        values | {"offset": start, "limit": limit},
    )
    return tuple(map(_line, rows)), total


_FILTERS = {"kind": "one.kind", "tier": "one.tier", "type": "one.outcome_type", "place": "place.code"}
_TYPED = """(one.code = ANY(%(found)s) OR lower(concat_ws(' ', one.code, one.name, one.name_en, one.name_sort,
  one.content->>'aliases')) LIKE %(like)s)"""


def _searched(
    scope: Scope, asked: str, filters: Mapping[str, str], offset: int, limit: int
) -> tuple[tuple[ItemLine, ...], int]:
    places: list[UUID] = []
    if filters.get("place"):
        places = [row[0] for row in scope.fetch("SELECT id FROM institution WHERE code = %s", [filters["place"]])]
        if not places:
            return (), 0
    found = search_items(
        scope,
        asked,
        institutions=places,
        outcome_type=filters.get("type", ""),
        kind=filters.get("kind", ""),
        tier=filters.get("tier", ""),
    )
    start = min(offset, max(0, (len(found) - 1) // limit * limit))
    return items_found(scope, found[start : start + limit]), len(found)


def places_of_items(scope: Scope) -> tuple[tuple[str, Text], ...]:
    """The institutions that have published items, by code."""
    rows = scope.fetch(
        "SELECT place.code, place.name, place.name_en FROM institution AS place WHERE EXISTS ("
        " SELECT FROM catalogue_item AS one WHERE one.institution_id = place.id AND one.published) ORDER BY place.code"
    )
    return tuple((code, Text(name, name_en)) for code, name, name_en in rows)


def find_item(scope: Scope, institution: str, code: str) -> ItemLine | None:
    """A published item by the codes of its institution and its own."""
    rows = scope.fetch(
        f"{_COLUMNS} WHERE place.code = %(place)s AND one.code = %(code)s AND one.published",
        {"place": institution, "code": code},
    )
    return _line(rows[0]) if rows else None


def find_own_item(scope: Scope, code: str) -> ItemLine | None:
    """An item of the scope’s institution, published or not."""
    rows = scope.fetch(
        f"{_COLUMNS} WHERE one.institution_id = %(institution)s AND one.code = %(code)s",
        {"institution": scope.institution, "code": code},
    )
    return _line(rows[0]) if rows else None


def item_offered(scope: Scope, institution: UUID, code: str, places: Sequence[UUID]) -> ItemLine | None:
    """An item in force that is offered at places: the institutions whose items a learner there picks from."""
    if institution not in places:
        return None
    rows = scope.fetch(
        f"{_COLUMNS} WHERE one.institution_id = %(institution)s AND one.code = %(code)s AND one.published"
        " AND one.shown_state = 'in_force'",
        {"institution": institution, "code": code},
    )
    return _line(rows[0]) if rows else None


def takes_item(scope: Scope, place: UUID, line: ItemLine) -> bool:
    """Whether learners of an institution can claim an item: it is in its catalogue, or in one above it."""
    return line.shown_state is State.IN_FORCE and line.institution in {one for one, _name in chain_of(scope, place)}


def versions_of(scope: Scope, institution: UUID, code: str) -> tuple[VersionLine, ...]:
    """The versions of an item, the newest first: its institution sees all, others those that were published."""
    own = scope.institution == institution
    values = {"institution": institution, "code": code, "own": own}
    rows = scope.fetch(_VERSIONS, values)
    acts: dict[int, list[ActLine]] = {}
    if own:
        lines = scope.fetch(_ACTS, values)
        names = _people(scope, {line[4] for line in lines})
        for number, act, state, words, actor, at in lines:
            line = ActLine(Act(act), State(state), words, names.get(actor, Text("")), at)
            acts.setdefault(number, []).append(line)
    return tuple(_version(row, tuple(acts.get(row[0], ()))) for row in rows)


def codes_in_state(scope: Scope, state: State, *, limit: int) -> tuple[tuple[str, int], ...]:
    """The items of the scope’s institution whose newest version stands so, each with that version’s number.

    What was typed and is no version yet is a draft, with the number 0.
    """
    if state is State.DRAFT:
        rows = scope.fetch(
            "SELECT code, 0 FROM catalogue_item WHERE institution_id = %s AND number = 0 ORDER BY name_sort, code"
            " LIMIT %s",
            [scope.institution, limit],
        )
    else:
        rows = scope.fetch(
            "SELECT code, max(number) FROM catalogue_version WHERE institution_id = %s AND state = %s GROUP BY code"
            " ORDER BY code LIMIT %s",
            [scope.institution, state.value, limit],
        )
    return tuple((code, number) for code, number in rows)


def notes_on_claim(
    scope: Scope,
    picked: Mapping[str, Any] | None,
    *,
    earned_on: date | None,
    answers: Mapping[str, Any],
    asked: Sequence[Fact],
) -> Explanation:
    """What a reviewer should know of a claim that was taken from a catalogue item; nothing of one that was not.

    Args:
        scope: any that reads published versions.
        picked: what the claim stores of the item: ``institution``, ``code`` and ``number``.
        earned_on: when the outcome was earned.
        answers: the facts of the claim, as they were read.
        asked: what its type and rules ask.
    """
    if not picked:
        return ()
    values = {"institution": picked["institution"], "code": picked["code"], "number": picked["number"]}
    rows = scope.fetch(
        "SELECT content::text, state FROM catalogue_version WHERE institution_id = %(institution)s"
        " AND code = %(code)s AND number = %(number)s AND published",
        values,
    )
    if not rows:
        return ()
    shown = scope.fetch(
        f"{_COLUMNS} WHERE one.institution_id = %(institution)s AND one.code = %(code)s AND one.published", values
    )
    line = _line(shown[0]) if shown else None
    return notes_on(
        item_of(json.loads(rows[0][0])),
        version=picked["number"],
        # A claim that was begun by an earlier version is no worse for it, as long as the item stands.
        in_force=line is not None and line.shown_state is State.IN_FORCE,
        provider=line.provider if line else None,
        provider_name=line.provider_name if line else Text(""),
        earned_on=earned_on,
        answers=answers,
        asked=asked,
    )


def _line(row: tuple[Any, ...]) -> ItemLine:
    item = item_of(json.loads(row[6]))
    kind = Kind(row[11]) if row[11] else None
    known = bool(row[9])
    return ItemLine(
        institution=row[0],
        institution_code=row[1],
        institution_name=Text(row[2], row[3]),
        number=row[4],
        shown_state=State(row[5]),
        item=item,
        state=State(row[7]),
        changed=row[8],
        provider_name=Text(row[9], row[10]) if known else Text(item.provider),
        provider=Provider(kind, row[12], row[13], row[14]) if known else None,
    )


def _version(row: tuple[Any, ...], acts: tuple[ActLine, ...]) -> VersionLine:
    content = json.loads(row[2])
    authors = frozenset(map(UUID, json.loads(row[4])))
    return VersionLine(
        number=row[0],
        item=item_of(content),
        content=content,
        digest=row[3],
        standing=Standing(State(row[1]), authors, row[9], open_objections([line.act for line in acts])),
        submitted_at=row[6],
        approved_at=row[8],
        in_force_at=row[10],
        ended_at=row[11],
        acts=acts,
    )


def _people(scope: Scope, ids: set[UUID]) -> dict[UUID, Text]:
    found = Account.objects.using(scope.using).filter(pk__in=ids).values_list("id", "name", "name_en")
    return {person: Text(name, name_en) for person, name, name_en in found}


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
