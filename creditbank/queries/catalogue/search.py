"""Search among published catalogue items: by name, alias, pinyin and initials, also with mistakes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from creditbank.domain.catalogue.search import (
    Keys,
    Match,
    Question,
    asked_grams,
    match,
    question_of,
    rare_grams,
)
from creditbank.records.scope import Scope

MOST = 100
"""So many of the best answers are ranked; who finds more asks more exactly."""
_EACH = 120
"""How many items each way to ask brings at most."""
_SIMILAR = 6_000
"""How many similar items are weighed at most: with fewer, the one that is meant is often not among them."""
_WEIGHED = 60
"""How many of them are compared letter by letter."""
_SAMPLE = 300
"""From how many items it is told which grams are rare."""

# The planner does not know how often grams meet, and would rather read all rows than trust its guess.
_BY_INDEX = "SELECT current_setting('enable_seqscan'), set_config('enable_seqscan', 'off', true)"
_AS_BEFORE = "SELECT set_config('enable_seqscan', %s, true)"

_SIZE = "SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'catalogue_key'::regclass"

_CANDIDATE = "one.institution_id, one.code, one.keys::text"


@dataclass(frozen=True, slots=True)
class FoundItem:
    """An item that answers a question: whose it is, its code, and how well it answers."""

    institution: UUID
    code: str
    match: Match


def search_items(
    scope: Scope,
    text: str,
    *,
    institutions: Sequence[UUID] = (),
    outcome_type: str = "",
    kind: str = "",
    tier: str = "",
    most: int = MOST,
) -> tuple[FoundItem, ...]:
    """The published items that answer a typed text, the best first.

    Args:
        scope: any; what is published is for everybody.
        text: a name or part of it, an alias, full pinyin or initials, with or without mistakes, edition and year.
        institutions: whose items; empty for all.
        outcome_type: only of this type.
        kind: only of this kind.
        tier: only of this tier.
        most: how many at most.
    """
    question = question_of(text)
    if question is None:
        return ()
    where, values = _narrowed(institutions, outcome_type, kind, tier)
    before = scope.fetch(_BY_INDEX)[0][0]
    try:
        found = _answers(question, _exact(scope, question, where, values))
        if not found:
            found = _answers(question, _similar(scope, question, where, values))
    finally:
        scope.fetch(_AS_BEFORE, [before])
    return tuple(found[:most])


def _exact(scope: Scope, question: Question, where: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """What has the whole question as a name, or contains it; of too many, first those that begin with it."""
    channels = [(list(question.whole), "&&"), *((list(one.grams), "@>") for one in question.within)]
    rows = _candidates(scope, channels, where, values)
    if not question.within or len(rows) >= _EACH:
        rows += _candidates(scope, [(list(one.grams), "@>") for one in question.starts], where, values)
    return rows


def _candidates(
    scope: Scope, channels: Sequence[tuple[list[int], str]], where: str, values: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    """Items by each way to ask, from each a few."""
    parts = [
        f"(SELECT {_CANDIDATE} FROM catalogue_key AS one"  # noqa: S608 - fixed fragments only
        f" WHERE one.grams {operator} %(grams{place})s::int[]{where} LIMIT {_EACH})"
        for place, (_grams, operator) in enumerate(channels)
    ]
    more = {f"grams{place}": grams for place, (grams, _operator) in enumerate(channels)}
    return scope.fetch(" UNION ".join(parts), {**values, **more})


def _similar(scope: Scope, question: Question, where: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """What shares the grams that few items have, the most of them first."""
    if not question.grams:
        return []
    rare = rare_grams(question, *_counts(scope, question))
    asked = asked_grams(rare)
    if not asked:
        return []
    weights = " + ".join(f"(grams @> ARRAY[{gram}])::int * {weight:.3f}" for gram, weight in rare)
    return scope.fetch(
        f"SELECT institution_id, code, keys::text FROM (SELECT one.* FROM catalogue_key AS one"  # noqa: S608 - numbers
        f" WHERE one.grams && %(asked)s::int[]{where} LIMIT {_SIMILAR}) AS found"
        f" ORDER BY {weights} DESC LIMIT {_WEIGHED}",
        {**values, "asked": list(asked)},
    )


def _counts(scope: Scope, question: Question) -> tuple[dict[int, int], int]:
    """How often each gram of the question occurs among so many items that were drawn."""
    size = int(scope.fetch(_SIZE)[0][0])
    share = 100.0 if size <= _SAMPLE else _SAMPLE / size * 100
    each = ", ".join(f"count(*) FILTER (WHERE grams @> ARRAY[{gram}])" for gram in question.grams)
    row = scope.fetch(
        f"SELECT count(*), {each} FROM catalogue_key"  # noqa: S608 - numbers only
        " TABLESAMPLE SYSTEM (%(share)s) REPEATABLE (7)",
        {"share": share},
    )[0]
    return dict(zip(question.grams, row[1:], strict=True)), row[0]


def _narrowed(institutions: Sequence[UUID], outcome_type: str, kind: str, tier: str) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {"outcome_type": outcome_type, "kind": kind, "tier": tier}
    where = "".join(f" AND one.{name} = %({name})s" for name, value in values.items() if value)
    if institutions:
        where += " AND one.institution_id = ANY(%(places)s)"
        values["places"] = list(institutions)
    return where, values


def _answers(question: Question, rows: Sequence[tuple[Any, ...]]) -> list[FoundItem]:
    """What really answers, the best first; of equal answers the order of institution and code."""
    found: dict[tuple[UUID, str], FoundItem] = {}
    for institution, code, text in rows:
        if (institution, code) not in found and (answer := match(question, _keys(json.loads(text)))):
            found[institution, code] = FoundItem(institution, code, answer)
    return sorted(found.values(), key=lambda one: (-one.match.score, one.code, str(one.institution)))


def _keys(data: Mapping[str, Sequence[str]]) -> Keys:
    return Keys(**{name: tuple(words) for name, words in data.items()})
