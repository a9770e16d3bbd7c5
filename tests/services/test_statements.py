"""Statements bound by the server: every value arrives as it was sent, and many statements are one transaction."""

from __future__ import annotations

import time
from datetime import date
from uuid import UUID

import psycopg
import pytest
from django.db import connection, transaction

from creditbank.gateways.postgres import run, run_each
from creditbank.records.scope import acting_for

KINDS = {
    "uuid": [UUID(int=1), None, UUID(int=2**128 - 1), UUID(int=1)],
    "text": ["", "学分", None, 'a\\"{},NULL', "NULL", "x" * 70_000],
    "bytea": [b"", None, b"\x00\xff", b"x"],
    "smallint": [0, -1, 2**15 - 1, -(2**15), None],
    "int": [0, -1, 2**31 - 1, -(2**31), None],
    "bigint": [0, 2**63 - 1, -(2**63), None],
    "date": [date(1, 1, 1), date(1999, 12, 31), date(2000, 1, 1), None, date(9999, 12, 31)],
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_arrives_as_the_array_it_was(bank, kind):
    values = KINDS[kind]
    filled = [value for value in values if value is not None]
    for sent in (values, filled, filled[:1], [values[0]] * 3, [None, None], []):
        sql = f"SELECT given FROM unnest(%(sent)b::{kind}[]) WITH ORDINALITY AS row(given, place) ORDER BY place"
        with acting_for(purpose="test"):
            rows = run(connection, sql, {"sent": sent})
        assert [row[0] if not isinstance(row[0], memoryview) else bytes(row[0]) for row in rows] == sent


def test_lists_of_other_types_and_single_values_are_left_to_the_driver(bank):
    sql = "SELECT %(flags)b::bool[], %(one)s::int, %(many)b::text[]"
    with acting_for(purpose="test"):
        assert run(connection, sql, {"flags": [True, None], "one": 5, "many": None}) == [([True, None], 5, None)]


def test_the_answers_of_many_statements_come_in_their_order(bank):
    sql = "SELECT sum(given) FROM unnest(%(given)b::int[]) AS given"
    with acting_for(purpose="test"):
        answers = run_each(connection, sql, ({"given": list(range(size))} for size in range(40)))
        assert answers == [[(sum(range(size)) if size else None,)] for size in range(40)]
        assert run_each(connection, sql, iter(())) == []


def test_parts_are_prepared_while_the_server_works(bank):
    made = []

    def parts():
        for place in range(3):
            made.append(time.monotonic())
            yield {"given": [place]}

    sql = "SELECT pg_sleep(0.3) FROM unnest(%(given)b::int[])"
    with acting_for(purpose="test"):
        run(connection, sql, {"given": []})
        began = time.monotonic()
        run_each(connection, sql, parts())
    assert time.monotonic() - began >= 0.9
    assert made[-1] - began < 0.3


def test_a_part_that_fails_takes_the_others_with_it(bank, cast):
    sql = "INSERT INTO dirty SELECT %(learner)s, given, %(institution)s FROM unnest(%(given)b::uuid[]) AS given RETURNING 1"
    common = {"learner": cast.lin.person, "institution": cast.college}
    parts = [common | {"given": [UUID(int=place)]} for place in (1, 2, 2, 3)]
    with (
        pytest.raises(psycopg.errors.UniqueViolation),
        acting_for(institution=cast.college, purpose="test"),
        transaction.atomic(),
    ):
        run_each(connection, sql, parts)
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert scope.fetch("SELECT count(*) FROM dirty WHERE cause <= %s", [UUID(int=3)]) == [(0,)]
        # The connection is as good as before.
        assert run_each(connection, sql, parts[:2]) == [[(1,)], [(1,)]]
