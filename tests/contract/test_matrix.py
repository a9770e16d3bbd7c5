"""The access matrix, generated: every route, every person, every kind of thing, against the access table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.urls import reverse

from creditbank.cli.urls import routes
from creditbank.domain.access import NOBODY, PERMISSIONS, Actor, may, may_enter
from creditbank.records.tables import TABLES
from tests.contract.matrix_lines import NOT_DEBUGGING, REDIRECT, REGISTRY, Entry
from tests.contract.matrix_samples import Sample
from tests.contract.matrix_things import World
from tests.contract.matrix_world import build_world
from tests.intruder import superuser

ROUTES = routes()
PORTALS = sorted({route["name"].partition(":")[0] for route in ROUTES})


def test_every_route_names_a_permission_of_the_access_table():
    known = {permission.name for permission in PERMISSIONS}
    assert [route["path"] for route in ROUTES if route["permission"] not in known] == []


def test_every_permission_of_the_access_table_guards_a_route():
    assert {permission.name for permission in PERMISSIONS} - {route["permission"] for route in ROUTES} == set()


def test_every_route_has_its_line_in_the_matrix():
    names = {route["name"] for route in ROUTES}
    missing = sorted(names - REGISTRY.keys())
    assert missing == [], (
        f"Say in REGISTRY of {__name__} how these routes are tried: an Entry with the permission and samples that give the address its"
        f" arguments from the world, one for each place a thing can belong to: {missing}"
    )
    assert sorted(REGISTRY.keys() - names) == [], "these routes exist no longer"


def test_every_route_has_the_permission_that_the_matrix_says():
    wrong = [
        f"{route['name']}: {route['permission']}, here {REGISTRY[route['name']].permission}"
        for route in ROUTES
        if route["permission"] != REGISTRY[route["name"]].permission
    ]
    assert wrong == [], "if the page is right, change the line in REGISTRY, and say why in the commit"


@dataclass(frozen=True)
class Cell:
    """One combination, what the access table promises and, after it was tried, what came."""

    route: str
    method: str
    who: str
    what: str
    expected: frozenset[int]
    came: int = 0
    location: str = ""

    @property
    def as_promised(self) -> bool:
        """Whether the answer is one of those promised."""
        signing_in = 302 not in self.expected or self.came != 302 or bool(self.location)
        return self.came in self.expected and signing_in


def promised(route: dict[str, Any], entry: Entry, sample: Sample, method: str, actor: Actor) -> frozenset[int]:
    """What the access table promises for one cell; it never asks the pages."""
    if not may_enter(actor, entry.permission):
        return REDIRECT if actor is NOBODY and method == "GET" else frozenset({404})
    if method not in route["methods"]:
        return frozenset({405})
    reaches = sample.thing is None or may(actor, entry.permission, sample.thing)
    if not (reaches and sample.also(actor)):
        return entry.hidden
    return entry.get if method == "GET" else entry.post


def cells_of(route: dict[str, Any], world: World) -> Iterator[tuple[Cell, Any, str, dict[str, Any]]]:
    """Every cell of a route with the browser, address and data to try it.

    The door and the method are decided before anything is looked at: who is stopped there is tried at one thing.
    """
    entry = REGISTRY[route["name"]]
    for number, sample in enumerate(entry.samples(world)):
        address = reverse(route["name"], kwargs=sample.arguments)
        for person in world.people:
            for method in ("GET", "POST"):
                if number and _stopped_before(route, entry, method, person.actor):
                    continue
                expected = promised(route, entry, sample, method, person.actor)
                cell = Cell(route["name"], method, person.label, sample.label, expected)
                yield cell, person.client, address, entry.data


def _stopped_before(route: dict[str, Any], entry: Entry, method: str, actor: Actor) -> bool:
    return method not in route["methods"] or not may_enter(actor, entry.permission)


def _allowed(cell: Cell) -> bool:
    entry = REGISTRY[cell.route]
    return cell.expected in (entry.get, entry.post) and cell.expected != NOT_DEBUGGING


def try_cell(cell: Cell, client: Any, address: str, data: dict[str, Any]) -> Cell:
    """Ask the page itself."""
    response = client.get(address) if cell.method == "GET" else client.post(address, data)
    response.close()
    location = response.headers.get("Location", "")
    if cell.expected == REDIRECT and not location.startswith("/account/sign-in/?next="):
        location = ""
    return Cell(cell.route, cell.method, cell.who, cell.what, cell.expected, response.status_code, location)


_FINGERPRINTS = " UNION ALL ".join(
    f"SELECT '{table.name}', coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {table.name} AS t"
    for table in TABLES
    if table.name != "throttle"
)


def stored(bank) -> dict[str, str]:
    """A fingerprint of every table; the sessions and the throttle of the sign-in page are left out."""
    with superuser(bank) as connection:
        return dict(connection.execute(_FINGERPRINTS).fetchall())


def walk(bank, world: World, portal: str) -> tuple[list[Cell], list[str]]:
    """Try every cell of a portal, all that nobody may first; returns them, and what those changed among some routes."""
    routes = [route for route in ROUTES if route["name"].partition(":")[0] == portal]
    routes.sort(key=lambda route: route["name"] in _LAST)
    cells = {route["name"]: list(cells_of(route, world)) for route in routes}
    tried, changed, before = [], [], stored(bank)
    for some in (routes[start : start + _AT_ONCE] for start in range(0, len(routes), _AT_ONCE)):
        for route in some:
            tried += [try_cell(*cell) for cell in cells[route["name"]] if not _allowed(cell[0])]
        now = stored(bank)
        tables = [name for name in now if now[name] != before[name]]
        changed += [f"{table}, by one of {[route['name'] for route in some]}" for table in tables]
        before = now
    for route in routes:
        tried += [try_cell(*cell) for cell in cells[route["name"]] if _allowed(cell[0])]
    return tried, changed


_AT_ONCE = 20
"""Routes between two looks at every table."""

_LAST = (
    "office:data-import-apply",
    "office:opening-post",
    "office:results-apply",
    "learner:deposit_check",
    "learner:withdraw",
    "account:sign_out",
)
"""What ends a sheet, a draft or a session is tried last."""


@pytest.mark.slow
@pytest.mark.parametrize("portal", PORTALS)
def test_each_person_reaches_exactly_what_the_access_table_gives_them(bank, cast, portal):
    world = build_world(bank, cast)
    tried, changed = walk(bank, world, portal)
    wrong = [
        f"{cell.method} {cell.route} {cell.what or '-'} by {cell.who}: promised {sorted(cell.expected)}, came {cell.came}"
        for cell in tried
        if not cell.as_promised
    ]
    assert wrong == [], f"{len(wrong)} of {len(tried)} cells:\n" + "\n".join(wrong)
    assert changed == [], "somebody who may not do this changed these tables"
    assert len(tried) >= len({cell.route for cell in tried}) * len(world.people) * 2
    assert {cell.route for cell in tried} == {name for name in REGISTRY if name.startswith(f"{portal}:")}
