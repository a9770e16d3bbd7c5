"""Kinds of official lists that a school keeps itself: the one in use of each code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from creditbank.domain.official_lists.kind import ListKind, read_list_kind
from creditbank.domain.values import Text
from creditbank.queries.registrar.batches import document_of
from creditbank.records.people import Account
from creditbank.records.scope import Scope

_LAST = """
SELECT DISTINCT ON (code) code, number, document, retired, actor_id, recorded_at FROM list_kind
WHERE institution_id = %s ORDER BY code, number DESC
"""


@dataclass(frozen=True, slots=True)
class OwnKind:
    """A kind in use: the document it was read from, which version it is, who kept it and when."""

    kind: ListKind
    document: Mapping[str, Any]
    number: int
    actor: Text
    recorded_at: datetime


def own_kinds(scope: Scope) -> tuple[OwnKind, ...]:
    """The kinds that the scope's institution keeps itself and has not retired, by code."""
    rows = [row for row in scope.fetch(_LAST, [scope.institution]) if not row[3]]
    people = Account.objects.using(scope.using).filter(pk__in={row[4] for row in rows})
    names = {person: Text(name, name_en) for person, name, name_en in people.values_list("id", "name", "name_en")}
    return tuple(
        OwnKind(read_list_kind(document), document, number, names.get(actor, Text("")), at)
        for _code, number, stored, _retired, actor, at in rows
        for document in [document_of(stored)]
    )


def own_kind(scope: Scope, code: str) -> OwnKind | None:
    """The kind of that code that the scope's institution keeps itself."""
    return next((one for one in own_kinds(scope) if one.kind.code == code), None)
