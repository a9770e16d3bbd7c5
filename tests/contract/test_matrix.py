"""The access matrix, generated: every route, every person, every kind of thing, against the access table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.urls import reverse

from creditbank.cli.urls import routes
from creditbank.domain.access import NOBODY, PERMISSIONS, Actor, Thing, may, may_enter
from creditbank.records.tables import TABLES
from tests.contract.matrix_world import World, build_world
from tests.intruder import superuser


@dataclass(frozen=True)
class Sample:
    """One address to try: its arguments, the thing behind it, and what else has to hold to reach it."""

    label: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    thing: Thing | None = None
    also: Callable[[Actor], bool] = lambda actor: True


@dataclass(frozen=True)
class Entry:
    """How a route is tried, and what it answers those who may: statuses for reading and for sending."""

    samples: Callable[[World], list[Sample]] = lambda world: [Sample()]
    get: frozenset[int] = frozenset({200})
    post: frozenset[int] = frozenset({200, 302, 422})
    data: dict[str, Any] = field(default_factory=dict)
    hidden: frozenset[int] = frozenset({404})
    """What it answers about a thing that is not there for this person."""


def _of_learner(**names: str) -> Callable[[World], list[Sample]]:
    """Samples of each learner's things: argument name -> attribute of ``Owned``."""

    def samples(world: World) -> list[Sample]:
        return [
            Sample(owned.label, {name: getattr(owned, attribute) for name, attribute in names.items()}, owned.thing)
            for owned in world.owned
        ]

    return samples


def _cases(**more: str) -> Callable[[World], list[Sample]]:
    """Cases as the office addresses them."""

    def samples(world: World) -> list[Sample]:
        return [
            Sample(
                owned.label,
                {"learner_id": owned.thing.learner, "claim_id": owned.claim}
                | {name: getattr(owned, attribute) for name, attribute in more.items()},
                owned.thing,
            )
            for owned in world.owned
        ]

    return samples


def _records(world: World) -> list[Sample]:
    return [Sample(owned.label, {"learner_id": owned.thing.learner}, owned.thing) for owned in world.owned]


def _runs(world: World) -> list[Sample]:
    return [Sample(run.label, {"run_id": run.run}, run.thing) for run in world.runs]


def _batches(world: World) -> list[Sample]:
    """A batch belongs to its author at the desk where it was begun."""
    return [
        Sample(
            batch.label,
            {"command_id": batch.command},
            batch.thing,
            lambda actor, author=batch.author: actor.person == author,
        )
        for batch in world.batches
    ]


def _versions(world: World) -> list[Sample]:
    """What an institution publishes is read there and in every place below it."""
    return [
        Sample(
            version.label,
            {"version_id": version.identity},
            also=lambda actor, place=version.institution: place in world.above.get(actor.institution, ()),
        )
        for version in world.versions
    ]


def _programmes(world: World) -> list[Sample]:
    """Programmes are published for everybody; the progress shown is the reader's own."""
    return [Sample(programme.label, {"programme_id": programme.identity}) for programme in world.programmes]


_NOT_DEBUGGING = frozenset({404})
_REDIRECT = frozenset({302})
REGISTRY: dict[str, Entry] = {
    "public:home": Entry(),
    "public:verify": Entry(),
    "public:help": Entry(),
    "public:log": Entry(),
    "public:checkpoint": Entry(),
    "public:log_key": Entry(),
    "public:tile": Entry(lambda world: [Sample(arguments={"tile": world.tile})]),
    "public:health": Entry(),
    "public:ready": Entry(),
    "design:appearance": Entry(),
    "design:components": Entry(get=_NOT_DEBUGGING),
    "design:example": Entry(lambda _world: [Sample(arguments={"example": "passbook"})], get=_NOT_DEBUGGING),
    "design:error": Entry(lambda _world: [Sample(arguments={"status": 404})], get=_NOT_DEBUGGING),
    "account:mine": Entry(),
    "account:password": Entry(),
    "account:sign_in": Entry(get=frozenset({200, 302})),
    "account:sign_out": Entry(),
    "account:desk": Entry(post=frozenset({302, 404})),  # nobody has the desk that is not named
    "learner:passbook": Entry(),
    "learner:entries": Entry(),
    "learner:entry": Entry(_of_learner(posting_id="posting")),
    "learner:proof": Entry(_of_learner(posting_id="posting")),
    "learner:deposit": Entry(),
    "learner:deposit_facts": Entry(_of_learner(claim_id="draft")),
    "learner:deposit_proposal": Entry(_of_learner(claim_id="draft")),
    "learner:deposit_evidence": Entry(_of_learner(claim_id="draft")),
    "learner:deposit_check": Entry(_of_learner(claim_id="draft")),
    "learner:deposit_done": Entry(_of_learner(claim_id="claim")),
    "learner:requests": Entry(),
    "learner:request": Entry(_of_learner(claim_id="claim")),
    "learner:withdraw": Entry(_of_learner(claim_id="draft")),
    "learner:evidence": Entry(_of_learner(evidence_id="claim_file")),
    "learner:notices": Entry(),
    "learner:read_notices": Entry(),
    "learner:progress": Entry(),
    "learner:programme": Entry(_programmes),
    "office:today": Entry(),
    "office:queue": Entry(),
    "office:batch-confirm": Entry(),
    "office:batch-approve": Entry(),
    "office:batch": Entry(_batches),
    # 286 and nothing in it: a page that asks each second must be told to stop.
    "office:batch-progress": Entry(_batches, hidden=frozenset({286})),
    "office:batch-csv": Entry(_batches),
    "office:batch-undo": Entry(_batches),
    "office:case": Entry(_cases()),
    "office:take": Entry(_cases()),
    "office:approve": Entry(_cases(), data={"seen": "1"}),  # not what was proposed, so nothing is decided
    "office:supplement": Entry(_cases()),
    "office:refuse": Entry(_cases()),
    "office:reverse": Entry(_cases()),
    "office:evidence": Entry(_cases(evidence_id="claim_file")),
    "office:learners": Entry(),
    "office:learner": Entry(_records),
    "office:imports": Entry(),
    "office:import": Entry(_runs),
    "office:import-csv": Entry(_runs),
    "office:rules": Entry(),
    "office:rule-version": Entry(_versions),
    "office:programmes": Entry(),
}
"""One entry for each route; a new page adds its line here."""

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
        f"Say in REGISTRY of {__name__} how these routes are tried: an Entry with samples that give the address its"
        f" arguments from the world, one for each place a thing can belong to: {missing}"
    )
    assert sorted(REGISTRY.keys() - names) == [], "these routes exist no longer"


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
    if not may_enter(actor, route["permission"]):
        return _REDIRECT if actor is NOBODY and method == "GET" else frozenset({404})
    if method not in route["methods"]:
        return frozenset({405})
    reaches = sample.thing is None or may(actor, route["permission"], sample.thing)
    if not (reaches and sample.also(actor)):
        return entry.hidden
    return entry.get if method == "GET" else entry.post


def cells_of(route: dict[str, Any], world: World) -> Iterator[tuple[Cell, Any, str, dict[str, Any]]]:
    """Every cell of a route with the browser, address and data to try it; those who may not come first."""
    entry = REGISTRY[route["name"]]
    found = []
    for sample in entry.samples(world):
        address = reverse(route["name"], kwargs=sample.arguments)
        for person in world.people:
            for method in ("GET", "POST"):
                expected = promised(route, entry, sample, method, person.actor)
                cell = Cell(route["name"], method, person.label, sample.label, expected)
                found.append((cell, person.client, address, entry.data))
    return iter(sorted(found, key=lambda item: _allowed(item[0], entry)))


def _allowed(cell: Cell, entry: Entry) -> bool:
    return cell.expected in (entry.get, entry.post) and cell.expected != _NOT_DEBUGGING


def try_cell(cell: Cell, client: Any, address: str, data: dict[str, Any]) -> Cell:
    """Ask the page itself."""
    response = client.get(address) if cell.method == "GET" else client.post(address, data)
    response.close()
    location = response.headers.get("Location", "")
    if cell.expected == _REDIRECT and not location.startswith("/account/sign-in/?next="):
        location = ""
    return Cell(cell.route, cell.method, cell.who, cell.what, cell.expected, response.status_code, location)


def stored(bank) -> dict[str, str]:
    """A fingerprint of every table; the sessions and the throttle of the sign-in page are left out."""
    with superuser(bank) as connection:
        return {
            table.name: connection.execute(
                f"SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {table.name} AS t"
            ).fetchone()[0]
            for table in TABLES
            if table.name != "throttle"
        }


def walk(bank, world: World, portal: str) -> tuple[list[Cell], list[str]]:
    """Try every cell of a portal; returns them, and the routes where somebody who may not changed something."""
    tried, changed = [], []
    for route in ROUTES:
        if route["name"].partition(":")[0] != portal or route["name"] in _LAST:
            continue
        tried += _walk_route(bank, world, route, changed)
    for route in ROUTES:
        if route["name"].partition(":")[0] == portal and route["name"] in _LAST:
            tried += _walk_route(bank, world, route, changed)
    return tried, changed


_LAST = ("learner:deposit_check", "learner:withdraw", "account:sign_out")
"""What ends a draft or a session is tried last."""


def _walk_route(bank, world: World, route: dict[str, Any], changed: list[str]) -> list[Cell]:
    before, looked, tried = stored(bank), False, []
    entry = REGISTRY[route["name"]]
    for cell, client, address, data in cells_of(route, world):
        if _allowed(cell, entry) and not looked:
            looked = True
            changed += [f"{route['name']}: {name}" for name, now in stored(bank).items() if now != before[name]]
        tried.append(try_cell(cell, client, address, data))
    return tried


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
    samples = sum(
        len(REGISTRY[route["name"]].samples(world)) for route in ROUTES if route["name"].startswith(f"{portal}:")
    )
    assert len(tried) == samples * len(world.people) * 2
