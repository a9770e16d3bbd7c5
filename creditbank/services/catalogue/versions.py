"""Versions of catalogue items: submit what was typed, approve, publish, bring into force."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.catalogue.items import digest_of, item_of, problems_of, version_content
from creditbank.domain.catalogue.life import (
    OPEN,
    PUBLIC,
    Act,
    Standing,
    State,
    decide,
    open_objections,
    public_until,
)
from creditbank.domain.explanation import Refusal
from creditbank.domain.masterdata.catalogue_sets import CATALOGUE
from creditbank.domain.rules.facts import form_fields
from creditbank.queries.outcome_schemas import asked_of
from creditbank.records.institutions import Institution
from creditbank.records.scope import Scope
from creditbank.services.masterdata.catalogue import renew_items
from creditbank.services.masterdata.rows import rows_of, take_turn
from creditbank.services.operations import note_operation

MOST_WORDS = 1000

_VERSIONS = """
SELECT number, state, digest, authors::text, public_until, recorded_at FROM catalogue_version
WHERE institution_id = %(institution)s AND code = %(code)s ORDER BY number
"""

_ACTS = """
SELECT act FROM catalogue_act WHERE institution_id = %(institution)s AND code = %(code)s AND number = %(number)s
ORDER BY sequence
"""

# Everybody who stated something of the row since the version before was submitted.
_AUTHORS = """
SELECT DISTINCT fact.actor_id FROM data_fact AS fact
LEFT JOIN import_run AS run ON run.institution_id = fact.institution_id AND run.run_id = fact.run_id
WHERE fact.institution_id = %(institution)s AND fact.data_set = 'catalogue' AND fact.key = %(code)s
  AND run.state IS DISTINCT FROM 'reverted'
  AND (%(since)s::timestamptz IS NULL OR fact.recorded_at > %(since)s::timestamptz)
"""

_NEW = """
INSERT INTO catalogue_version (institution_id, code, number, outcome_type, content, digest, state, published, authors,
  actor_id, recorded_at)
VALUES (%(institution)s, %(code)s, %(number)s, %(outcome_type)s, %(content)s::jsonb, %(digest)s, %(state)s, false,
  %(authors)s::jsonb, %(actor)s, %(at)s)
RETURNING 1
"""

_MOVE = """
UPDATE catalogue_version SET state = %(state)s, published = %(published)s,
  approved_by = CASE WHEN %(act)s = 'approve' THEN %(actor)s::uuid ELSE approved_by END,
  approved_at = CASE WHEN %(act)s = 'approve' THEN %(at)s::timestamptz ELSE approved_at END,
  public_until = CASE WHEN %(act)s = 'approve' THEN %(until)s::date ELSE public_until END,
  in_force_at = CASE WHEN %(act)s = 'enact' THEN %(at)s::timestamptz ELSE in_force_at END,
  ended_at = CASE WHEN %(act)s IN ('return', 'supersede', 'withdraw') THEN %(at)s::timestamptz ELSE ended_at END
WHERE institution_id = %(institution)s AND code = %(code)s AND number = %(number)s
RETURNING 1
"""

_NOTE = """
INSERT INTO catalogue_act (institution_id, code, number, sequence, act, state, words, actor_id, recorded_at)
SELECT %(institution)s, %(code)s, %(number)s, coalesce(max(sequence), 0) + 1, %(act)s, %(state)s, %(words)s, %(actor)s,
  %(at)s
FROM catalogue_act WHERE institution_id = %(institution)s AND code = %(code)s AND number = %(number)s
RETURNING sequence
"""

_DUE = """
SELECT code, number FROM catalogue_version
WHERE institution_id = %(institution)s AND state = 'publicity' AND (public_until IS NULL OR public_until < %(on)s)
ORDER BY code, number LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class _Version:
    number: int
    state: State
    digest: str
    authors: frozenset[UUID]
    public_until: date | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Moved:
    """What an act did: the version it was about and the state that version is in now."""

    code: str
    number: int
    state: State


def submit_item(
    *, scope: Scope, actor: UUID, code: str, at: datetime, on: date, request_id: str = ""
) -> Moved | Refusal:
    """Make what was typed of an item its next version, for somebody else to approve; it never changes again.

    Args:
        scope: acts for the institution.
        actor: who submits it, and so does not approve it.
        code: of the item.
        at: the moment.
        on: the same day in the institution's zone.
        request_id: the request that asked.
    """
    take_turn(scope)
    known = rows_of(scope, CATALOGUE, [code]).get(code)
    if known is None or known[0].content.get("retired"):
        return Refusal.because("catalogue.not_found")
    content = version_content({**known[0].content, "code": code})
    versions = _versions(scope, code)
    waiting = next((one for one in versions if one.state in OPEN), None)
    if waiting is not None:
        return Refusal.because("catalogue.under_way", number=waiting.number)
    digest = digest_of(content)
    last = versions[-1] if versions else None
    if last is not None and last.digest == digest and last.state is State.IN_FORCE:
        return Refusal.because("catalogue.nothing_new")
    if refusal := _refused(scope, content, on):
        return refusal
    decided = decide(Act.SUBMIT, Standing(State.DRAFT), actor=actor, on=on)
    if isinstance(decided, Refusal):
        return decided
    authors = _authors(scope, code, versions)
    number = last.number + 1 if last else 1
    _fetch(
        scope, _NEW, code=code, number=number, outcome_type=content["type"], digest=digest, state=decided.value,
        content=json.dumps(content, ensure_ascii=False), authors=json.dumps(sorted(map(str, {*authors, actor}))),
        actor=actor, at=at,
    )  # fmt: skip
    return _noted(scope, actor, Moved(code, number, decided), Act.SUBMIT, "", at, request_id)


def act_on_version(
    *,
    scope: Scope,
    actor: UUID,
    code: str,
    number: int,
    act: Act,
    at: datetime,
    on: date,
    words: str = "",
    request_id: str = "",
) -> Moved | Refusal:
    """Do one act of the table of transitions with a version.

    When a version comes into force, the one that was in force before is superseded. A version that is published for
    objections has the institution's period of publicity; without one it can enter into force at once.

    Args:
        scope: acts for the institution.
        actor: who does it.
        code: of the item.
        number: of the version.
        act: what is to happen; submitting has its own verb.
        at: the moment.
        on: the same day in the institution's zone.
        words: the reason, objection or answer.
        request_id: the request that asked.
    """
    take_turn(scope)
    versions = {one.number: one for one in _versions(scope, code)}
    version = versions.get(number)
    if version is None:
        return Refusal.because("catalogue.not_found")
    acts = [Act(name) for (name,) in _fetch(scope, _ACTS, code=code, number=number)]
    standing = Standing(version.state, version.authors, version.public_until, open_objections(acts))
    said = words.strip()[:MOST_WORDS]
    decided = decide(act, standing, actor=actor, on=on, words=said)
    if isinstance(decided, Refusal):
        return decided
    if act is Act.ENACT:
        for other in versions.values():
            if other.state is State.IN_FORCE:
                _move(scope, actor, Moved(code, other.number, State.SUPERSEDED), Act.SUPERSEDE, at)
                _note(scope, actor, Moved(code, other.number, State.SUPERSEDED), Act.SUPERSEDE, str(number), at)
    until = None
    if act is Act.APPROVE:
        days = scope.rows(Institution).values_list("publicity_days", flat=True).get(pk=scope.institution)
        until = public_until(on, days)
    moved = Moved(code, number, decided)
    _move(scope, actor, moved, act, at, until)
    return _noted(scope, actor, moved, act, said, at, request_id)


def enact_due(*, scope: Scope, at: datetime, on: date, limit: int = 200) -> int:
    """Bring into force every version whose publicity has passed without an objection left; tells how many.

    The institution itself is named as the actor.
    """
    assert scope.institution is not None
    count = 0
    for code, number in _fetch(scope, _DUE, on=on, limit=limit):
        moved = act_on_version(
            scope=scope, actor=scope.institution, code=code, number=number, act=Act.ENACT, at=at, on=on
        )
        count += isinstance(moved, Moved)
    return count


def _refused(scope: Scope, content: Mapping[str, Any], on: date) -> Refusal | None:
    assert scope.institution is not None
    outcome_type = item_of(content).outcome_type
    asked = asked_of(scope, institution=scope.institution, outcome_type=outcome_type, on=on) if outcome_type else None
    problems = problems_of(
        content,
        form_fields(asked.rules) if asked else None,
        labels={field.name: field.label for field in CATALOGUE.fields},
        kinds=asked.schema.kinds if asked and asked.schema else (),
    )
    return Refusal(problems) if problems else None


def _versions(scope: Scope, code: str) -> list[_Version]:
    return [
        _Version(number, State(state), digest, frozenset(map(UUID, json.loads(authors))), until, at)
        for number, state, digest, authors, until, at in _fetch(scope, _VERSIONS, code=code)
    ]


def _authors(scope: Scope, code: str, versions: Sequence[_Version]) -> set[UUID]:
    """Who wrote what is new: of a version that came back, its authors are still among them."""
    approved = [one for one in versions if one.state not in (State.SUBMITTED, State.RETURNED)]
    since = approved[-1].recorded_at if approved else None
    found = {actor for (actor,) in _fetch(scope, _AUTHORS, code=code, since=since)}
    after = [one for one in versions if not approved or one.number > approved[-1].number]
    return found.union(*(one.authors for one in after))


def _move(scope: Scope, actor: UUID, moved: Moved, act: Act, at: datetime, until: date | None = None) -> None:
    _fetch(
        scope, _MOVE, code=moved.code, number=moved.number, state=moved.state.value,
        published=moved.state in PUBLIC or moved.state in (State.SUPERSEDED, State.WITHDRAWN), act=act.value,
        actor=actor, at=at, until=until,
    )  # fmt: skip


def _note(scope: Scope, actor: UUID, moved: Moved, act: Act, words: str, at: datetime) -> None:
    _fetch(
        scope, _NOTE, code=moved.code, number=moved.number, act=act.value, state=moved.state.value, words=words,
        actor=actor, at=at,
    )  # fmt: skip


def _noted(scope: Scope, actor: UUID, moved: Moved, act: Act, words: str, at: datetime, request_id: str) -> Moved:
    _note(scope, actor, moved, act, words, at)
    renew_items(scope, {moved.code})
    note_operation(
        scope=scope, actor=actor, action=f"catalogue.{act.value}", outcome=moved.state.value, at=at,
        object_kind="catalogue_version", request_id=request_id,
    )  # fmt: skip
    return moved


def _fetch(scope: Scope, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    return scope.fetch(statement, {"institution": scope.institution} | values)
