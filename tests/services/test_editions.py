"""Editions go down the tree and never sideways; who takes note is told upwards, and nothing else is."""

from __future__ import annotations

import itertools
from contextlib import nullcontext
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from creditbank.domain.explanation import Refusal
from creditbank.domain.values import Text
from creditbank.gateways.clock import new_id
from creditbank.queries.masterdata.inheritance import tables_on
from creditbank.queries.masterdata.updates import (
    adoption_of,
    editions_from_above,
    find_edition,
    pending_updates,
    uses_of_courses,
)
from creditbank.records.editions import Adoption, Edition
from creditbank.records.institutions import Institution
from creditbank.records.people import Enrolment
from creditbank.records.programmes import Programme
from creditbank.records.results import ImportRun
from creditbank.records.scope import acting_for
from creditbank.services.bank import found_institution
from creditbank.services.masterdata.editions import take_note, withdraw_edition
from tests.cast import AT, ON
from tests.intruder import superuser
from tests.services.editions import DAY, brought, drafted, in_use, publish, published
from tests.services.masterdata_rows import bring
from tests.services.test_tenancy import refusal_of, unfiltered

ROWS = [{"code": "PUB1", "name": "思想道德与法治", "credit": 300, "locked": True}]
OPEN = [{"code": "PUB2", "name": "大学英语", "credit": 400}]


@pytest.fixture
def tree(bank, cast):
    """A centre of a region between the bank's centre and two schools of its own, beside the cast's schools."""
    places = {"top": cast.centre, "svc": cast.college, "dou": cast.university}
    for code, kind, above in (
        ("region", Institution.Kind.CENTRE, "top"), ("one", Institution.Kind.INSTITUTION, "region"),
        ("two", Institution.Kind.INSTITUTION, "region"),
    ):  # fmt: skip
        places[code] = found_institution(
            institution_id=new_id(), kind=kind, code=code, name=code, name_en=code, parent=places[above]
        ).id
    return places


def visible(place, model=Edition):
    """The editions or adoptions a place is given, whichever way it asks."""
    with acting_for(institution=place, purpose="test") as scope:
        name = model._meta.db_table
        condition, values = scope.condition(name)
        found = scope.fetch(f"SELECT edition_id FROM {name} WHERE {condition}", values)
        assert {one for (one,) in found} == set(scope.rows(model).values_list("edition_id", flat=True))
        return {one for (one,) in found}


def everything(tree):
    """An edition and a draft of each place, by place."""
    made = {}
    for code, place in tree.items():
        row = [{"code": f"C-{code}", "name": code, "credit": 100}]
        made[code] = (
            published(place, "courses", row),
            drafted(place, "courses", row, DAY + timedelta(days=1)).edition_id,
        )
    return made


EXPECTED = {
    "top": ("top",), "region": ("region", "top"), "one": ("one", "region", "top"), "two": ("two", "region", "top"),
    "svc": ("svc", "top"), "dou": ("dou", "top"),
}  # fmt: skip


def holds(tree, made):
    return {
        code: visible(place) == {made[one][0] for one in EXPECTED[code]} | {made[code][1]}
        for code, place in tree.items()
    }


def test_a_place_reads_what_is_published_above_it_and_never_beside_or_below_it(tree):
    made = everything(tree)
    assert all(holds(tree, made).values())
    with acting_for(purpose="test") as scope:
        assert scope.rows(Edition).count() == 0


def test_row_security_alone_keeps_editions_from_going_sideways(tree, monkeypatch):
    made = everything(tree)
    with unfiltered(monkeypatch):
        assert all(holds(tree, made).values())


def test_the_scopes_filter_alone_keeps_editions_from_going_sideways(bank, tree):
    made = everything(tree)
    with superuser(bank) as administrator:
        administrator.execute("ALTER TABLE edition DISABLE ROW LEVEL SECURITY")
    assert all(holds(tree, made).values())


def test_with_neither_of_the_two_every_edition_leaks(bank, tree, monkeypatch):
    made = everything(tree)
    with superuser(bank) as administrator:
        administrator.execute("ALTER TABLE edition DISABLE ROW LEVEL SECURITY")
    with unfiltered(monkeypatch):
        assert not any(holds(tree, made).values())


def test_the_centre_reads_who_took_note_and_a_sibling_does_not(bank, tree, monkeypatch):
    edition = published(tree["region"], "courses", ROWS)
    for code in ("one", "two"):
        with acting_for(institution=tree[code], purpose="test") as scope:
            take_note(scope=scope, edition_id=edition, actor=tree[code], at=AT, today=ON, acknowledge=code == "one")

    def seen(code):
        with acting_for(institution=tree[code], purpose="test") as scope:
            return set(scope.rows(Adoption).values_list("institution_id", flat=True))

    def as_promised():
        assert seen("region") == {tree["one"], tree["two"]}
        assert seen("one") == {tree["one"]}
        assert seen("top") == seen("svc") == set()

    as_promised()
    with unfiltered(monkeypatch):
        as_promised()
    with superuser(bank) as administrator:
        administrator.execute("ALTER TABLE adoption DISABLE ROW LEVEL SECURITY")
    as_promised()
    with acting_for(institution=tree["region"], purpose="test") as scope:
        lines = {line.code: (line.seen_at, line.acknowledged_at) for line in adoption_of(scope, edition)}
    assert lines == {"one": (AT, AT), "two": (AT, None)}


def test_a_centre_does_not_see_the_students_rows_or_imports_of_its_schools(bank, cast, monkeypatch):
    published(cast.centre, "courses", ROWS)
    bring(bank, cast.college, "students", [{"number": "S1", "name": "林晓"}], "2026-09-01")
    for patch in (nullcontext(), unfiltered(monkeypatch)):
        with patch, acting_for(institution=cast.centre, purpose="test") as scope:
            assert scope.rows(Enrolment).count() == 0
            assert scope.rows(ImportRun).count() == 0
            condition, values = scope.condition("data_row")
            assert scope.fetch(f"SELECT count(*) FROM data_row WHERE {condition}", values) == [(0,)]


def test_no_school_changes_an_edition_or_moves_itself_below_another_place(tree):
    edition = published(tree["region"], "courses", ROWS)
    with acting_for(institution=tree["one"], purpose="test") as scope:
        assert scope.rows(Edition).filter(edition_id=edition).update(withdrawn_at=AT) == 0
    for statement in (
        f"UPDATE institution SET parent_id = '{tree['dou']}' WHERE id = %s",
        "UPDATE edition SET rows = '[]' WHERE institution_id = %s",
        "UPDATE edition SET effective_on = '2020-01-01' WHERE institution_id = %s",
        "DELETE FROM edition WHERE institution_id = %s",
    ):
        assert "permission denied" in str(refusal_of(statement, [tree["one"]], institution=tree["one"]))
    added = (
        "INSERT INTO adoption (institution_id, publisher_id, edition_id, seen_at, conflicts, counted_at)"
        " VALUES (%s, %s, %s, %s, 0, %s)"
    )
    values = [tree["two"], tree["region"], edition, AT, AT]
    assert "row-level security" in str(refusal_of(added, values, institution=tree["one"]))
    assert refusal_of(added, values, institution=tree["two"]) == 1


def test_rows_go_down_through_every_level_and_the_middle_may_tighten_and_lock(bank, tree):
    published(tree["top"], "courses", OPEN, date(2026, 11, 25))
    draft = drafted(tree["region"], "courses", [{"code": "PUB2", "credit": 500}])
    assert isinstance(draft, Refusal)
    assert draft.explanation[0].facts["rows"] == "PUB2"
    published(tree["region"], "courses", [{"code": "PUB2", "credit": 300, "locked": True}])
    assert in_use(tree["one"], "courses", DAY)["PUB2"]["credit"] == 300
    assert in_use(tree["svc"], "courses", DAY)["PUB2"]["credit"] == 400
    refused, _run = brought(bank, tree["one"], "courses", [{"课程代码": "PUB2", "学分": "2"}], DAY)
    assert (refused[0].code, refused[0].facts["publisher"].zh) == ("inheritance.locked", "region")


def test_of_one_day_there_is_one_edition(bank, cast):
    published(cast.centre, "courses", ROWS)
    draft = drafted(cast.centre, "courses", OPEN)
    assert publish(cast.centre, draft.edition_id).explanation[0].code == "edition.day_taken"


def test_a_withdrawn_edition_makes_room_and_changes_nothing(bank, cast):
    edition = published(cast.centre, "courses", ROWS)
    with acting_for(institution=cast.centre, purpose="test") as scope:
        withdraw_edition(scope=scope, edition_id=edition, actor=cast.centre, at=AT, today=DAY - timedelta(days=1))
        again = withdraw_edition(scope=scope, edition_id=edition, actor=cast.centre, at=AT, today=ON)
    assert again.explanation[0].code == "edition.withdrawn_before"
    assert in_use(cast.college, "courses", DAY) == {}
    published(cast.centre, "courses", OPEN)
    assert set(in_use(cast.college, "courses", DAY)) == {"PUB2"}


def test_an_edition_in_force_is_not_withdrawn(bank, cast):
    edition = published(cast.centre, "courses", ROWS)
    with acting_for(institution=cast.centre, purpose="test") as scope:
        found = withdraw_edition(scope=scope, edition_id=edition, actor=cast.centre, at=AT, today=DAY)
    assert found.explanation[0].code == "edition.in_force"
    assert "PUB1" in in_use(cast.college, "courses", DAY)


def test_an_update_waits_until_it_is_acknowledged_and_the_newest_of_the_past_still_does(bank, cast):
    old = published(cast.centre, "courses", ROWS, date(2026, 9, 1), "1")
    newer = published(cast.centre, "courses", ROWS, date(2026, 10, 1), "2")
    coming = published(cast.centre, "courses", [*ROWS, *OPEN], DAY, "3")

    def waiting():
        with acting_for(institution=cast.college, purpose="test") as scope:
            return [line.edition_id for line in pending_updates(scope, ON)]

    assert waiting() == [newer, coming]
    with acting_for(institution=cast.college, purpose="test") as scope:
        take_note(scope=scope, edition_id=coming, actor=cast.zhao.person, at=AT, today=ON, acknowledge=True)
        take_note(scope=scope, edition_id=newer, actor=cast.zhao.person, at=AT, today=ON, acknowledge=False)
    assert waiting() == [newer]
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert {line.edition_id for line in editions_from_above(scope)} == {old, newer, coming}
        assert find_edition(scope, coming).acknowledged_at == AT


def test_the_number_of_conflicts_a_centre_reads_is_that_of_the_schools_own_rows(bank, cast):
    bring(bank, cast.college, "courses", [
        {"code": "PUB1", "name": "思想道德与法治", "credit": "5"}, {"code": "PUB2", "name": "大学英语", "credit": "2"},
    ], "2026-09-01")  # fmt: skip
    edition = published(cast.centre, "courses", [*ROWS, *OPEN])
    with acting_for(institution=cast.college, purpose="test") as scope:
        found = take_note(scope=scope, edition_id=edition, actor=cast.zhao.person, at=AT, today=ON, acknowledge=True)
    assert found.conflicts == 1
    bring(bank, cast.college, "courses", [{"code": "PUB1", "credit": "3"}], "2026-09-02", "b")
    with acting_for(institution=cast.college, purpose="test") as scope:
        again = take_note(scope=scope, edition_id=edition, actor=cast.zhao.person, at=AT, today=ON, acknowledge=False)
    assert (again.conflicts, again.acknowledged_at) == (0, AT)


def test_nobody_takes_note_of_their_own_edition_of_a_draft_or_of_a_siblings(bank, cast):
    own = published(cast.college, "courses", OPEN)
    draft = drafted(cast.centre, "courses", ROWS).edition_id
    sibling = published(cast.university, "courses", OPEN)
    for edition in (own, draft, sibling, new_id()):
        with acting_for(institution=cast.college, purpose="test") as scope:
            found = take_note(scope=scope, edition_id=edition, actor=cast.college, at=AT, today=ON, acknowledge=True)
        assert found.explanation[0].code == "edition.not_found"


def test_what_names_a_retired_course_is_counted_in_the_school_alone(bank, cast):
    for place, code in ((cast.college, "sw"), (cast.university, "km")):
        with acting_for(institution=place, purpose="test") as scope:
            scope.rows(Programme).create(
                id=new_id(), institution_id=place, code=code, name=code, content={"courses": ["PUB1", "PUB10"]},
                content_hash="x", published_at=AT,
            )  # fmt: skip
            scope.rows(Enrolment).update(programme_code=code)
    with acting_for(institution=cast.college, purpose="test") as scope:
        (found,) = uses_of_courses(scope, ["PUB1", "PUB"])
    assert (found.key, found.programmes, found.students, found.results) == ("PUB1", (("sw", Text("sw")),), 2, 0)


def test_a_school_without_a_centre_begins_its_code_tables_with_the_packaged_edition(bank, cast):
    with acting_for(institution=cast.college, purpose="test") as scope:
        table = tables_on(scope, ON)["course_nature"]
    assert (table.edition, len(table.in_use)) == ("2026-1", 5)


def arrivals(bank, place, centre, editions, sheets, order, prefix):
    """Publish editions and bring sheets in one order; all codes carry the prefix."""
    for what, number in order:
        if what == "edition":
            at, credit, locked = editions[number]
            rows = [{"code": f"{prefix}X", "name": "x", "credit": credit * 100, "locked": locked}]
            published(centre, "courses", rows, at, f"{prefix}{number}")
        else:
            at, credit = sheets[number]
            brought(bank, place, "courses", [{"课程代码": f"{prefix}X", "学分": str(credit)}], at)


DAYS = st.integers(0, 9).map(lambda number: date(2026, 9, 1) + timedelta(days=number))


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(DAYS, st.integers(2, 4), st.booleans()), min_size=1, max_size=2, unique_by=lambda one: one[0]),
    st.lists(st.tuples(DAYS, st.integers(1, 5)), min_size=1, max_size=2, unique_by=lambda one: one[0]),
)
def test_any_order_of_arrival_gives_the_same_rows_on_every_day(bank, cast, editions, sheets):
    """An edition is published before its day, so it precedes the sheets of its day and later; else any order."""
    events = [("edition", place) for place in range(len(editions))] + [("sheet", place) for place in range(len(sheets))]
    possible = [
        order
        for order in itertools.permutations(events)
        if not any(
            order.index(("sheet", sheet)) < order.index(("edition", edition))
            and sheets[sheet][0] >= editions[edition][0]
            for sheet in range(len(sheets))
            for edition in range(len(editions))
        )
    ]
    found = []
    for number, order in enumerate(possible[:6]):
        code = f"t{new_id().hex[-12:]}"
        centre, place = (new_id(), new_id())
        # A tree of its own for every order: nothing of the one before is there.
        found_institution(
            institution_id=centre, kind=Institution.Kind.INSTITUTION, code=f"{code}c", name="c", name_en="",
            parent=cast.centre,
        )  # fmt: skip
        found_institution(
            institution_id=place,
            kind=Institution.Kind.INSTITUTION,
            code=f"{code}s",
            name="s",
            name_en="",
            parent=centre,
        )
        arrivals(bank, place, centre, editions, sheets, order, "O")
        days = [date(2026, 9, 1) + timedelta(days=one) for one in range(-1, 11)]
        found.append([in_use(place, "courses", one) for one in days])
        assert found[-1] == found[0], (number, order)
