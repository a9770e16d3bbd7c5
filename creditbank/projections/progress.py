"""Each learner's progress in each programme: applied for the dirty, or rebuilt and compared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import groupby, islice
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db import connections

from creditbank.domain.audit.compiled import Compiled, compile_programme
from creditbank.domain.audit.model import Credit
from creditbank.domain.audit.population import Standing, population, rows
from creditbank.domain.programmes.reading import read_programme
from creditbank.domain.values import Hundredths
from creditbank.gateways.postgres import run
from creditbank.gateways.solver import solve
from creditbank.records.conversions import TOWARDS_AWARDS
from creditbank.records.programmes import Programme
from creditbank.records.scope import Scope

CHUNK = 5000
"""Learners whose rows are written by one statement."""

_LOTS = f"""
SELECT enrolment.learner_id, enrolment.programme_code, lot.lot_id, balance.amount, lot.category, lot.level, lot.field,
  lot.code, lot.outcome_type, lot.earned_on, lot.expires_on
FROM enrolment
LEFT JOIN balance ON balance.learner_id = enrolment.learner_id AND balance.institution_id = enrolment.institution_id
  AND balance.state = 'available' AND balance.amount > 0
LEFT JOIN lot ON lot.learner_id = balance.learner_id AND lot.lot_id = balance.lot_id AND {TOWARDS_AWARDS}
WHERE enrolment.institution_id = %(institution)s
  AND (%(only)s::uuid[] IS NULL OR enrolment.learner_id = ANY(%(only)s::uuid[]))
ORDER BY enrolment.learner_id, lot.earned_on, lot.lot_id
"""  # noqa: S608 - fixed fragments only

_WRITE = """
INSERT INTO progress (learner_id, programme_id, institution_id, met, counted, short_by, answer, as_of)
SELECT learner_id, %(programme)s::uuid, %(institution)s::uuid, met, counted, short_by, answer::jsonb,
  %(at)s::timestamptz
FROM unnest(%(learner_id)b::uuid[], %(met)b::bool[], %(counted)b::int[], %(short_by)b::int[], %(answer)b::text[])
  AS given(learner_id, met, counted, short_by, answer)
ON CONFLICT (learner_id, programme_id) DO UPDATE
SET met = excluded.met, counted = excluded.counted, short_by = excluded.short_by, answer = excluded.answer,
  as_of = excluded.as_of
RETURNING 1
"""


_STORED = """
SELECT learner_id, (as_of AT TIME ZONE zone)::date, met, counted, short_by, answer::text
FROM progress JOIN institution ON institution.id = institution_id
WHERE institution_id = %s AND programme_id = %s
"""

_HAVE_ROW = "SELECT learner_id FROM progress WHERE institution_id = %s AND programme_id = %s"


@dataclass(frozen=True, slots=True)
class Held:
    """A learner with the credit an audit looks at, and the code of the programme their school says they follow."""

    learner: UUID
    programme_code: str
    credits: tuple[Credit, ...]


@lru_cache(maxsize=256)
def _compiled(_content_hash: str, content: str) -> Compiled:
    return compile_programme(read_programme(json.loads(content)))


def compiled_programme(programme: Programme) -> Compiled:
    """A stored programme ready for audits, made once per content."""
    return _compiled(programme.content_hash, json.dumps(programme.content))


def held_credit(scope: Scope, only: Iterable[UUID] | None = None) -> Iterator[Held]:
    """The available credit of the scope's institution's learners, learner by learner.

    Expiry: a lot's ``expires_on`` is the first day it no longer counts, an audit's the last day it does.
    """
    found = scope.fetch(_LOTS, {"institution": scope.institution, "only": list(only) if only is not None else None})
    for (learner, code), lots in groupby(found, itemgetter(0, 1)):
        yield Held(learner, code, tuple(_credit(row) for row in lots if row[2] is not None))


def _credit(row: tuple[Any, ...]) -> Credit:
    _learner, _programme, lot, amount, category, level, field, code, source, earned_on, expires_on = row
    return Credit(
        id=str(lot),
        hundredths=Hundredths(amount),
        category=category,
        level=level,
        field=field,
        code=code,
        source=source,
        earned_on=earned_on,
        expires_on=expires_on - timedelta(days=1) if expires_on else None,
    )


def programmes_of(scope: Scope) -> list[Programme]:
    """The newest version of each programme of the scope's institution."""
    newest: dict[str, Programme] = {}
    for programme in scope.rows(Programme).filter(institution_id=scope.institution).order_by("code", "version"):
        newest[programme.code] = programme
    return list(newest.values())


def concerns(compiled: Compiled, code: str, followed: str) -> bool:
    """Whether a programme is about somebody: who follows it, and of whom nothing is said all that are no plans.

    A plan 培养方案 is what a school admitted somebody to; without a word of the school it is not guessed.
    """
    return followed == code or (not followed and compiled.programme.plan is None)


def standings(compiled: Compiled, code: str, learners: Iterable[Held], on: date) -> Iterator[tuple[UUID, Standing]]:
    """The standing of each learner whom a programme concerns."""
    concerned = ((held.learner, held.credits) for held in learners if concerns(compiled, code, held.programme_code))
    for result in population(compiled, concerned, solve=solve, on=on):
        yield result.learner, result.standing


def rebuild_progress(scope: Scope, *, at: datetime, on: date) -> int:
    """Audit all learners of the scope's institution against its programmes and store it; tells how many audits."""
    learners = list(held_credit(scope))
    return sum(_store(scope, programme, learners, at, on) for programme in programmes_of(scope))


def drain_progress(scope: Scope, *, at: datetime, on: date, limit: int = 1000) -> int:
    """Audit the learners of the scope's institution whose ledger changed; tells how many learners."""
    dirty = scope.fetch(
        "SELECT learner_id, cause FROM dirty WHERE institution_id = %s ORDER BY learner_id, cause LIMIT %s",
        [scope.institution, limit],
    )
    if not dirty:
        return 0
    learners = list(held_credit(scope, {row[0] for row in dirty}))
    for programme in programmes_of(scope):
        _store(scope, programme, learners, at, on)
    values = {"learner_id": [row[0] for row in dirty], "cause": [row[1] for row in dirty]}
    run(
        connections[scope.using],
        "DELETE FROM dirty USING unnest(%(learner_id)b::uuid[], %(cause)b::uuid[]) AS given(learner_id, cause)"
        " WHERE dirty.learner_id = given.learner_id AND dirty.cause = given.cause RETURNING 1",
        values,
    )
    return len({row[0] for row in dirty})


def compare_progress(scope: Scope) -> Iterator[tuple[UUID, str]]:
    """Learners, dirty ones aside, whose stored progress is not what an audit finds, with the programme's code.

    Each row is compared at its mark, the day it was stored on in the institution's zone: expiry alone makes no row
    wrong. A learner who has credit must have a row of each programme that has been audited at all.
    """
    dirty = {
        row[0] for row in scope.fetch("SELECT learner_id FROM dirty WHERE institution_id = %s", [scope.institution])
    }
    learners = {held.learner: held for held in held_credit(scope) if held.learner not in dirty}
    for programme in programmes_of(scope):
        compiled = compiled_programme(programme)
        names = rows(compiled)
        stored = {
            learner: row
            for learner, *row in scope.fetch(_STORED, [scope.institution, programme.id])
            if learner not in dirty
        }
        if not stored:
            continue
        for day in sorted({row[0] for row in stored.values()}):
            then = (held for learner, held in learners.items() if learner in stored and stored[learner][0] == day)
            for learner, standing in standings(compiled, programme.code, then, day):
                # As JSON gives it back: lists where the audit has tuples.
                answer = json.loads(json.dumps(dict(zip(names, standing.by_requirement, strict=True))))
                _day, *said, said_answer = stored.pop(learner)
                if said != [standing.met, standing.counted, standing.shortage] or json.loads(said_answer) != answer:
                    yield learner, programme.code
            audited = {learner for learner, row in stored.items() if row[0] == day}
            # Whoever is left has a row of a programme that does not concern them.
            for learner in sorted(audited):
                del stored[learner]
                yield learner, programme.code
        kept = {row[0] for row in scope.fetch(_HAVE_ROW, [scope.institution, programme.id])}
        for learner, held in learners.items():
            if held.credits and learner not in kept and concerns(compiled, programme.code, held.programme_code):
                yield learner, programme.code


def _store(scope: Scope, programme: Programme, learners: list[Held], at: datetime, on: date) -> int:
    compiled = compiled_programme(programme)
    names = rows(compiled)
    said: dict[Standing, str] = {}
    count = 0
    found = standings(compiled, programme.code, learners, on)
    while chunk := list(islice(found, CHUNK)):
        for _learner, standing in chunk:
            if standing not in said:
                said[standing] = json.dumps(dict(zip(names, standing.by_requirement, strict=True)))
        values = {
            "programme": programme.id,
            "institution": scope.institution,
            "at": at,
            "learner_id": [learner for learner, _standing in chunk],
            "met": [standing.met for _learner, standing in chunk],
            "counted": [standing.counted for _learner, standing in chunk],
            "short_by": [standing.shortage for _learner, standing in chunk],
            "answer": [said[standing] for _learner, standing in chunk],
        }
        run(connections[scope.using], _WRITE, values)
        count += len(chunk)
    return count
