"""Bring in an official list: match its lines and propose what nobody claimed; or withdraw it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connections

from creditbank.domain.canonical import canonical
from creditbank.domain.explanation import Refusal, to_data
from creditbank.domain.masterdata.identity import masked
from creditbank.domain.official_lists.kind import ListKind
from creditbank.domain.official_lists.lines import Entry, Person
from creditbank.domain.official_lists.matching import (
    Candidate,
    Found,
    Match,
    Roster,
    chosen,
    is_ours,
    make_roster,
    match_person,
)
from creditbank.domain.official_lists.outcomes import Standing
from creditbank.domain.results import RefusedRow
from creditbank.domain.rules.sameness import normal_words
from creditbank.domain.values import Text
from creditbank.gateways.clock import new_id
from creditbank.gateways.identities import Identities
from creditbank.gateways.postgres import run
from creditbank.queries.official_lists.claims import ground_of, listed_of
from creditbank.queries.official_lists.lists import GoneLine, gone_from
from creditbank.queries.outcome_types import outcome_type_of, today_at
from creditbank.records.institutions import Institution
from creditbank.records.scope import Scope
from creditbank.services.official_lists import statements as sql
from creditbank.services.official_lists.marks import mark_claims
from creditbank.services.official_lists.proposals import propose_unclaimed
from creditbank.services.operations import note_operation


@dataclass(frozen=True, slots=True)
class About:
    """What whoever brings a list says of it.

    Attributes:
        title: what the list is called; of one kind, lists of one title are versions of each other.
        issuer: who made it.
        issued_on: the day of this version; the latest decides, whenever it arrives.
        all_ours: whether every line is about this school, so that a name alone may be enough.
        also_called: other names of this school that the list uses.
    """

    title: str
    issuer: str
    issued_on: date
    all_ours: bool
    also_called: tuple[str, ...] = ()

    def series(self, kind: ListKind) -> str:
        """What versions of one list share."""
        return f"{kind.code}:{normal_words(self.title)}"


@dataclass(frozen=True, slots=True)
class Brought:
    """A list that was read: its file, its lines, and what was refused."""

    kind: ListKind
    name: str
    file_hash: str
    mapping_hash: str
    encoding: str
    rows: int
    entries: Sequence[Entry]
    refused: Sequence[RefusedRow]
    left: int


@dataclass(frozen=True, slots=True)
class MatchedLine:
    """A person's line, what became of it, and what it would mean; ``plain`` is the match before any choice."""

    entry: Entry
    match: Match
    plain: Match
    person_index: bytes
    standing: Standing | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A dry run: every line matched, what older versions say and this one does not, whether it was applied before."""

    lines: tuple[MatchedLine, ...]
    gone: tuple[GoneLine, ...]
    known: UUID | None

    def count(self, found: Found) -> int:
        """How many lines became this."""
        return sum(line.match.found is found for line in self.lines)

    @property
    def standings(self) -> Counter[Standing]:
        """How many certain lines mean what."""
        return Counter(line.standing for line in self.lines if line.standing is not None)


@dataclass(frozen=True, slots=True)
class Applied:
    """Where a list is kept; ``repeated`` when it had been applied before and was only matched again."""

    list_id: UUID
    repeated: bool
    certain: int
    doubtful: int
    nobody: int
    proposed: int


def plan_list(*, scope: Scope, identities: Identities, brought: Brought, about: About) -> Plan | Refusal:
    """Say of each line whose it is and what it would mean, and store nothing."""
    if refusal := outcomes_refused(scope, brought.kind):
        return refusal
    assert scope.institution is not None
    lines = _match(scope, identities, brought.entries, about)
    listed = {
        (line.entry.line, line.entry.member): (line.match.learner, listed_of(
            line.entry.outcome_type, line.entry.key, line.entry.title, content_of(line.entry)
        ))
        for line in lines
        if line.match.learner is not None
    }  # fmt: skip
    ground = ground_of(
        scope, scope.institution, sorted({learner for learner, _said in listed.values()}), listed.values()
    )
    judged = tuple(
        replace(line, standing=ground.standing(*listed[place])[0]) if place in listed else line
        for line in lines
        for place in [(line.entry.line, line.entry.member)]
    )
    certain = [line for line in lines if line.match.learner is not None]
    stated = [(line.match.learner, line.entry.key) for line in certain if line.match.learner is not None]
    return Plan(
        judged,
        gone_from(scope, about.series(brought.kind), about.issued_on, stated),
        _known(scope, brought, about),
    )


def apply_list(
    *,
    scope: Scope,
    identities: Identities,
    brought: Brought,
    about: About,
    actor: UUID,
    at: datetime,
    request_id: str = "",
) -> Applied | Refusal:
    """Keep a list and what it says of learners, and tell those who have not claimed what is theirs.

    The same file as the same version is kept once: it is matched again, which finds who has come to the roster
    since, and nobody is told a thing twice.
    """
    if refusal := outcomes_refused(scope, brought.kind):
        return refusal
    take_turn(scope)
    known = _known(scope, brought, about)
    list_id = known or new_id()
    if known is None:
        _run(
            scope, sql.NEW_LIST, list_id=list_id, kind=brought.kind.code, series=about.series(brought.kind),
            title=about.title.strip()[:200], issuer=about.issuer.strip()[:200], issued_on=about.issued_on,
            outcome_type=brought.kind.outcome_type, all_ours=about.all_ours, file_name=brought.name[:200],
            file_hash=brought.file_hash, mapping_hash=brought.mapping_hash, encoding=brought.encoding,
            rows_total=brought.rows, rows_refused=len({fault.line for fault in brought.refused}),
            rows_left=brought.left, actor_id=actor, at=at,
        )  # fmt: skip
        _keep_problems(scope, list_id, brought.refused)
    else:
        _run(scope, sql.MATCHED_AGAIN, list_id=list_id, at=at)
    lines = _match(scope, identities, brought.entries, about)
    proposed = 0
    if lines:
        changed = {(line, member) for line, member in _keep_lines(scope, list_id, lines)}
        fresh = [line for line in lines if (line.entry.line, line.entry.member) in changed]
        learners = _keep_outcomes(scope, list_id, brought.kind.outcome_type, about, fresh, at)
        # A list that is matched again proposes also what was claimed and withdrawn since.
        if known is not None:
            learners |= {line.match.learner for line in lines if line.match.learner is not None}
        proposed = propose_unclaimed(scope=scope, learners=sorted(learners), at=at)
    mark_claims(scope=scope, lists=[list_id])
    note_operation(
        scope=scope, actor=actor, action="lists.apply", outcome="repeated" if known else "done", at=at,
        object_kind="official_list", object_id=list_id, request_id=request_id,
    )  # fmt: skip
    count = Counter(line.match.found for line in lines)
    return Applied(
        list_id, known is not None, count[Found.CERTAIN], count[Found.DOUBTFUL], count[Found.NOBODY], proposed
    )


def withdraw_list(*, scope: Scope, actor: UUID, list_id: UUID, at: datetime, request_id: str = "") -> UUID | Refusal:
    """Take a list back as one: it verifies nothing more, and its open proposals are no more.

    Claims that were made of proposals stay claims. What it said of learners stays readable at the list; the names
    of people who were never chosen go.
    """
    take_turn(scope)
    found = _run(scope, sql.LIST, list_id=[list_id])
    if not found:
        return Refusal.because("lists.no_list")
    if not _run(scope, sql.WITHDRAWN, list_id=list_id, actor_id=actor, at=at):
        return Refusal.because("lists.withdrawn_before")
    _run(scope, sql.WITHDRAWN_OUTCOMES, list_id=list_id, at=at)
    _run(scope, sql.FORGOTTEN_NAMES, list_id=list_id)
    mark_claims(scope=scope, lists=[list_id])
    note_operation(
        scope=scope, actor=actor, action="lists.withdraw", outcome="done", at=at,
        object_kind="official_list", object_id=list_id, request_id=request_id,
    )  # fmt: skip
    return list_id


def take_turn(scope: Scope) -> None:
    """Wait until no other transaction writes official lists of the scope's institution.

    Raises:
        ValueError: the scope acts for no institution.
    """
    scope.take_turn("official_lists")


def content_of(entry: Entry) -> dict[str, Any]:
    """What is stored of an outcome, in plain data."""
    return {
        "facts": dict(entry.facts),
        "allowed": {fact: list(values) for fact, values in entry.allowed.items()},
        "certificate": entry.certificate,
        **entry.basis,
    }


def _run(scope: Scope, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    return run(connections[scope.using], statement, {"institution_id": scope.institution} | values)


def outcomes_refused(scope: Scope, kind: ListKind) -> Refusal | None:
    """Why this school takes no lists of such outcomes, or nothing."""
    if scope.institution is None:
        return Refusal.because("lists.no_list")
    if outcome_type_of(scope, scope.institution, kind.outcome_type, today_at(scope, scope.institution)) is None:
        return Refusal.because("lists.no_outcome_type", type=kind.outcome_type)
    return None


def _known(scope: Scope, brought: Brought, about: About) -> UUID | None:
    found = _run(
        scope, sql.SAME_LIST, series=about.series(brought.kind), issued_on=about.issued_on,
        file_hash=brought.file_hash, mapping_hash=brought.mapping_hash, all_ours=about.all_ours,
    )  # fmt: skip
    return found[0][0] if found else None


def _match(scope: Scope, identities: Identities, entries: Sequence[Entry], about: About) -> tuple[MatchedLine, ...]:
    """Every line with whose it is; what a person chose before stands for a doubtful one."""
    indexes = {
        identity: identities.index(identity)
        for identity in {entry.person.identity for entry in entries if entry.person.identity}
    }
    roster, schools = _roster(scope, list(indexes.values())), _schools(scope, about)
    found: list[tuple[Entry, Match, bytes]] = []
    for entry in entries:
        person = entry.person
        index = indexes[person.identity].hex() if person.identity else ""
        match = match_person(person, index, roster, ours=is_ours(person, schools, all_ours=about.all_ours))
        found.append((entry, match, person_index(identities, entry)))
    wanted = sorted({index for _entry, match, index in found if match.found is Found.DOUBTFUL})
    choices = dict(_run(scope, sql.CHOICES, wanted=wanted)) if wanted else {}
    choices = {bytes(index): learner for index, learner in choices.items()}
    return tuple(
        MatchedLine(
            entry,
            chosen(choices[index]) if match.found is Found.DOUBTFUL and index in choices else match,
            match,
            index,
        )
        for entry, match, index in found
    )


def person_index(identities: Identities, entry: Entry) -> bytes:
    """A keyed digest of the person as the list names them, with the outcome; equal on a corrected list."""
    person = entry.person
    said = [person.name_key, person.number, person.identity, normal_words(person.school), entry.key]
    return identities.index("official_list:" + canonical(said).decode())


def _roster(scope: Scope, indexes: list[bytes]) -> Roster:
    learners = [
        Candidate(
            learner,
            number,
            frozenset(words for said in (name, name_en) if (words := normal_words(said))),
            identity,
            frozenset(words for said in (college, college_en, code) if (words := normal_words(said))),
        )
        for learner, number, name, name_en, identity, college, college_en, code in _run(scope, sql.ROSTER)
    ]
    # A number that another school keeps is found by the one function that looks across schools.
    across = dict(_run(scope, sql.IDENTITIES, wanted=indexes)) if indexes else {}
    return make_roster(learners, numbers=dict(_run(scope, sql.NUMBERS)), identities=across)


def _schools(scope: Scope, about: About) -> frozenset[str]:
    place = scope.rows(Institution).get(pk=scope.institution)
    said = (place.name, place.name_en, place.code, *about.also_called)
    return frozenset(words for name in said if (words := normal_words(name)))


def _keep_lines(scope: Scope, list_id: UUID, lines: Sequence[MatchedLine]) -> list[tuple[int, int]]:
    asked = [line.plain.found is Found.DOUBTFUL for line in lines]
    rows = _run(
        scope,
        sql.LINES,
        list_id=list_id,
        line=[line.entry.line for line in lines],
        member=[line.entry.member for line in lines],
        found=[line.match.found.value for line in lines],
        learner_id=[line.match.learner for line in lines],
        outcome_key=[line.entry.key for line in lines],
        person_index=[line.person_index for line in lines],
        explanation=[json.dumps(to_data((*line.match.explanation, *_doubts(line)))) for line in lines],
        stated=[_json(_stated(line.entry.person)) if ask else None for line, ask in zip(lines, asked, strict=True)],
        outcome=[
            _json({"title": line.entry.title, "content": content_of(line.entry)}) if ask else None
            for line, ask in zip(lines, asked, strict=True)
        ],
        candidates=[json.dumps([str(one) for one in line.plain.candidates] if ask else [])
                    for line, ask in zip(lines, asked, strict=True)],
    )  # fmt: skip
    return [(line, member) for line, member in rows]


def _doubts(line: MatchedLine) -> tuple[Any, ...]:
    """Why a person had to choose, kept beside the choice."""
    return line.plain.explanation if line.plain is not line.match else ()


def _stated(person: Person) -> dict[str, str]:
    said = {
        "name": person.name,
        "number": person.number,
        "identity": masked(person.identity) if person.identity else "",
        "school": person.school,
        "college": person.college,
    }
    return {name: text for name, text in said.items() if text}


def _json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False)


def _keep_outcomes(
    scope: Scope, list_id: UUID, outcome_type: str, about: About, lines: Sequence[MatchedLine], at: datetime
) -> set[UUID]:
    certain = [(line.match.learner, line.entry) for line in lines if line.match.learner is not None]
    if not certain:
        return set()
    keep_outcomes(
        scope=scope,
        list_id=list_id,
        outcome_type=outcome_type,
        list_title=about.title.strip()[:200],
        issuer=about.issuer.strip()[:200],
        issued_on=about.issued_on,
        rows=[
            (learner, entry.line, entry.member, entry.key, entry.title, content_of(entry)) for learner, entry in certain
        ],
        at=at,
    )
    return {learner for learner, _entry in certain}


def keep_outcomes(
    *,
    scope: Scope,
    list_id: UUID,
    outcome_type: str,
    list_title: str,
    issuer: str,
    issued_on: date,
    rows: Sequence[tuple[UUID, int, int, str, str, Mapping[str, Any]]],
    at: datetime,
) -> None:
    """Keep what lines say of learners: learner, line, member, key, title and content of each."""
    _run(
        scope,
        sql.OUTCOMES,
        list_id=list_id,
        outcome_type=outcome_type,
        list_title=list_title,
        issuer=issuer,
        issued_on=issued_on,
        at=at,
        learner_id=[row[0] for row in rows],
        line=[row[1] for row in rows],
        member=[row[2] for row in rows],
        outcome_key=[row[3] for row in rows],
        title=[row[4] for row in rows],
        content=[_json(row[5]) for row in rows],
    )


def _keep_problems(scope: Scope, list_id: UUID, refused: Sequence[RefusedRow]) -> None:
    if not refused:
        return
    plain = [
        {name: fact.zh if isinstance(fact, Text) else fact for name, fact in fault.facts.items() if name != "key"}
        for fault in refused
    ]
    _run(
        scope,
        sql.PROBLEMS,
        list_id=list_id,
        sequence=list(range(1, len(refused) + 1)),
        line=[fault.line for fault in refused],
        column_name=[fault.column for fault in refused],
        code=[fault.code for fault in refused],
        facts=[_json(facts) for facts in plain],
    )
