"""``creditbank demo`` makes the bank that the README's tour walks through."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from contextlib import contextmanager
from uuid import UUID

import pytest
from django.db import connections

from creditbank.cli import demo
from creditbank.cli.main import main
from creditbank.gateways.database_roles import user_of
from creditbank.queries.check.whole import check_bank

USERS = {login: user_of(login) for login in ("app", "sequencer", "auditor")}


@pytest.fixture
def made(empty_bank, monkeypatch, capsys):
    """A small demonstration, and the cast it printed."""

    @contextmanager
    def opened(_arguments, _purpose, **_more):
        yield empty_bank

    monkeypatch.setattr(demo, "opened", opened)
    assert main(["demo", "--no-serve", "--students", "300", "--json"]) == 0
    yield empty_bank, json.loads(capsys.readouterr().out)
    for name in ("demo", "simulated"):
        (empty_bank.keys / f"{name}.json").unlink(missing_ok=True)
    shutil.rmtree(empty_bank.sheets, ignore_errors=True)


def rows(sql, *values):
    with connections["auditor"].cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


@pytest.mark.slow
def test_the_demonstration_is_what_the_tour_says(made):
    bank, cast = made
    people = {person["sign_in"]: person for person in cast["people"]}
    roles = Counter((person["role"], person["place"]) for person in people.values())
    # Two, because two people take an import back.
    assert roles["registrar", "南溟应用技术学院"] == 2
    assert roles["reviewer", "南溟应用技术学院"] == roles["reviewer", "信息工程学院"] == 1
    assert roles["learner", "南溟应用技术学院"] == 3
    assert {"submitted", "deposited", "refused", "supplement_requested", "draft", "reversed"} <= cast["claims"].keys()

    # The office finds applications to convert, and a course that was converted already.
    assert {"posted", "submitted", "under_review", "refused"} <= cast["conversions"].keys()
    assert rows("SELECT count(*) FROM lot WHERE source_kind = 'conversion'")[0][0] == cast["conversions"]["posted"]

    def standing(sign_in):
        return rows(
            "SELECT enrolment.name, counted, short_by FROM progress JOIN enrolment USING (learner_id, institution_id)"
            " WHERE learner_id = %s",
            UUID(people[sign_in]["id"]),
        )

    # Each of the three is followed in one programme, their own.
    ((lin, _counted, _short),) = standing("lin")
    ((mei, behind, _short),) = standing("mei")
    ((jiang, ahead, short),) = standing("jiang")
    assert (lin, mei, jiang) == ("林晓", "梅雨", "江临川")
    assert ahead > behind
    assert short < 4500
    failed = rows("SELECT count(*) FROM result WHERE learner_id = %s AND outcome = 'fail'", UUID(people["mei"]["id"]))
    assert failed[0][0] >= 5
    states = {state for (state,) in rows("SELECT state FROM claim WHERE learner_id = %s", UUID(people["lin"]["id"]))}
    assert states == {"deposited", "submitted", "supplement_requested"}
    assert [line.code for line in check_bank(bank, USERS)[0] if line.verdict.value == "no"] == []
