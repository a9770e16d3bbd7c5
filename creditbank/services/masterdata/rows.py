"""Make rows anew from their facts, and keep what hangs on them in step."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connections

from creditbank.domain.masterdata.declaration import DataSet
from creditbank.domain.masterdata.facts import Row, Stated, Stored, effect_of_change, project
from creditbank.domain.masterdata.sets import STUDENTS
from creditbank.gateways.chance import sort_key
from creditbank.gateways.postgres import run
from creditbank.records.scope import Scope
from creditbank.services.masterdata import typed
from creditbank.services.masterdata.statements import CHANGES_OF, FACTS, GONE_ROWS, NEW_ROWS, ROWS

BATCH = 5000
_ENCODE = json.JSONEncoder(ensure_ascii=False).encode


def take_turn(scope: Scope) -> None:
    """Wait until no other transaction writes master data of the scope's institution.

    Raises:
        ValueError: the scope acts for no institution.
    """
    scope.take_turn("masterdata")


def run_for(scope: Scope, sql: str, **values: Any) -> list[tuple[Any, ...]]:
    """Run a statement with the scope's institution among its values."""
    return run(connections[scope.using], sql, {"institution_id": scope.institution} | values)


def rows_of(scope: Scope, data_set: DataSet, keys: Collection[str]) -> dict[str, tuple[Row, str]]:
    """The rows in force of these keys, each with its label."""
    found = run_for(scope, ROWS, data_set=data_set.code, keys=list(keys))
    return {key: (Row(json.loads(content), json.loads(since), ()), label) for key, content, since, label in found}


def renew_rows(*, scope: Scope, data_set: DataSet, keys: Iterable[str], at: datetime) -> None:
    """Make the rows of these keys from their facts; a row without facts goes.

    The tables that the rest of the bank reads follow in the same transaction.
    """
    wanted = sorted(set(keys))
    for start in range(0, len(wanted), BATCH):
        _renew(scope, data_set, wanted[start : start + BATCH], at)


def _renew(scope: Scope, data_set: DataSet, keys: list[str], at: datetime) -> None:
    before = rows_of(scope, data_set, keys)
    facts: dict[str, list[Stated]] = defaultdict(list)
    for key, as_of, typed_in, recorded_at, content in run_for(scope, FACTS, data_set=data_set.code, keys=keys):
        facts[key].append(Stated(as_of, json.loads(content), recorded_at if typed_in else None))
    if data_set is STUDENTS and facts:
        for key, content in run_for(scope, CHANGES_OF, keys=list(facts)):
            effect = effect_of_change(json.loads(content))
            if effect is not None and key in facts:
                facts[key].append(effect)
    made = {key: row for key in keys if (row := project(facts[key])) is not None}
    gone = {key for key in keys if key not in made and key in before}
    if made:
        labels = [label_of(data_set, key, row.content) for key, row in made.items()]
        run_for(
            scope,
            NEW_ROWS,
            data_set=data_set.code,
            key=list(made),
            content=[_json(row.content) for row in made.values()],
            since=[_json(row.since) for row in made.values()],
            contested=[_json(row.contested) for row in made.values()],
            retired=[int(row.retired) for row in made.values()],
            label=labels,
            label_sort=[sorted_by(label) for label in labels],
        )
    if gone:
        run_for(scope, GONE_ROWS, data_set=data_set.code, keys=sorted(gone))
    # A row that says what it said before changes nothing elsewhere.
    moved = {key: row for key, row in made.items() if key not in before or before[key][0].content != row.content}
    typed.follow(
        scope=scope,
        data_set=data_set,
        before={key: row.content for key, (row, _label) in before.items() if key in moved or key in gone},
        made={key: row.content for key, row in moved.items()},
        at=at,
    )
    if data_set.code == "changes":
        students = {str(content.get("student")) for content in _contents(before, made)}
        renew_rows(scope=scope, data_set=STUDENTS, keys=students, at=at)


def _contents(before: Mapping[str, tuple[Row, str]], made: Mapping[str, Row]) -> list[Mapping[str, Stored]]:
    return [*(row.content for row, _label in before.values()), *(row.content for row in made.values())]


def label_of(data_set: DataSet, key: str, content: Mapping[str, Stored]) -> str:
    """What a row is called in lists."""
    return str(content.get(data_set.label) or key)


@lru_cache(maxsize=50_000)
def sorted_by(label: str) -> str:
    """What a row is ordered by: its label as pinyin in lower case."""
    return (label if label.isascii() else sort_key(label)).lower()


def _json(value: Any) -> str:
    return _ENCODE(value)
