"""What a person of the office says of doubtful lines: a learner, or nobody of this school."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connections

from creditbank.domain.explanation import Refusal, to_data
from creditbank.domain.official_lists.matching import chosen
from creditbank.gateways.postgres import run
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.official_lists import statements as sql
from creditbank.services.official_lists.imports import keep_outcomes, take_turn
from creditbank.services.official_lists.marks import mark_claims
from creditbank.services.official_lists.proposals import propose_unclaimed
from creditbank.services.operations import note_operation


def choose_learners(
    *,
    scope: Scope,
    actor: UUID,
    list_id: UUID,
    choices: Mapping[tuple[int, int], UUID | None],
    at: datetime,
    request_id: str = "",
) -> int | Refusal:
    """Say of doubtful lines whose they are; how many proposals were made of it.

    The same person with the same outcome on another version of the list has the same answer, now and later. A choice
    can be made again: what the line said of the learner chosen before counts no more.

    Args:
        scope: acts for the institution.
        actor: who chooses.
        list_id: whose lines.
        choices: by line and member, a learner of the school, or None for nobody of ours.
        at: the moment.
        request_id: the request that asked.

    Raises:
        NotVisible: a learner is not one of this school's.
    """
    if not choices:
        return Refusal.because("lists.no_choice")
    take_turn(scope)
    lists = {row[0]: row for row in _run(scope, sql.LIST, list_id=[list_id])}
    if list_id not in lists:
        return Refusal.because("lists.no_list")
    wanted = sorted({learner for learner in choices.values() if learner is not None})
    if len(_run(scope, sql.ENROLLED, learner_id=wanted)) != len(wanted):
        raise NotVisible
    places = sorted(choices)
    rows = _run(
        scope,
        sql.WAITING_LINES,
        list_id=list_id,
        line=[line for line, _member in places],
        member=[member for _line, member in places],
    )
    by_person: dict[bytes, UUID | None] = {}
    waiting = {(row[1], row[2]): bytes(row[5]) for row in rows if row[0] == list_id}
    for place in places:
        if place not in waiting:
            return Refusal.because("lists.not_doubtful", line=place[0])
        by_person[waiting[place]] = choices[place]
    _run(scope, sql.CHOSEN, actor_id=actor, at=at, person_index=list(by_person), learner_id=list(by_person.values()))
    lists |= {row[0]: row for row in _run(scope, sql.LIST, list_id=sorted({row[0] for row in rows}))}
    learners: set[UUID] = set()
    for one, about in lists.items():
        mine = [row for row in rows if row[0] == one and bytes(row[5]) in by_person]
        if mine:
            learners |= _follow(scope, about, mine, by_person, at)
    proposed = propose_unclaimed(scope=scope, learners=sorted(learners), at=at)
    mark_claims(scope=scope, lists=sorted(lists))
    note_operation(
        scope=scope, actor=actor, action="lists.choose", outcome="done", at=at,
        object_kind="official_list", object_id=list_id, request_id=request_id,
    )  # fmt: skip
    return proposed


def _follow(
    scope: Scope,
    about: tuple[Any, ...],
    rows: list[tuple[Any, ...]],
    by_person: Mapping[bytes, UUID | None],
    at: datetime,
) -> set[UUID]:
    """Bring the lines of one list after the choices."""
    list_id, title, issuer, issued_on, outcome_type, _state = about
    answers = [chosen(by_person[bytes(row[5])]) for row in rows]
    places: dict[str, list[Any]] = {
        "line": [row[1] for row in rows],
        "member": [row[2] for row in rows],
        "learner_id": [answer.learner for answer in answers],
    }
    _run(
        scope,
        sql.CHOSEN_LINES,
        list_id=list_id,
        found=[answer.found.value for answer in answers],
        explanation=[json.dumps(to_data(answer.explanation)) for answer in answers],
        **places,
    )
    _run(scope, sql.OTHER_LEARNERS_OUTCOMES, list_id=list_id, at=at, **places)
    stated = []
    for row, answer in zip(rows, answers, strict=True):
        if answer.learner is not None:
            outcome = json.loads(row[7])
            stated.append((answer.learner, row[1], row[2], row[4], outcome["title"], outcome["content"]))
    if stated:
        keep_outcomes(
            scope=scope, list_id=list_id, outcome_type=outcome_type, list_title=title, issuer=issuer,
            issued_on=issued_on, rows=stated, at=at,
        )  # fmt: skip
    return {row[0] for row in stated}


def _run(scope: Scope, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    return run(connections[scope.using], statement, {"institution_id": scope.institution} | values)
