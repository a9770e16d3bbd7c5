"""Whose a line of an official list is: certain, doubtful with the reasons, or nobody of ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from creditbank.domain.explanation import Explanation, Line, Verdict
from creditbank.domain.official_lists.lines import Person
from creditbank.domain.rules.sameness import normal_words

MESSAGES: dict[str, str] = {
    "lists.by_id": "The identity number is this learner's.",
    "lists.by_number": "The student number is this learner's.",
    "lists.by_name": "The list names this school, and only this learner has the name.",
    "lists.by_choice": "A person of the office chose this learner.",
    "lists.nobody_by_choice": "A person of the office said that this is nobody of this school.",
    "lists.other_school": "The list names another school.",
    "lists.nobody": "Nobody of this school has such a number or name.",
    "lists.name_differs": "The number is known, but under another name.",
    "lists.numbers_disagree": "The identity number and the student number are of two different learners.",
    "lists.id_differs": "The bank knows another identity number for this learner.",
    "lists.id_fault": "The identity number on the list cannot be right, so it was not used.",
    "lists.former_number": "The student number is a former one of this learner.",
    "lists.number_unknown": "The name fits, but the student number is nobody's here.",
    "lists.number_alone": "Only a student number is given, and the list does not say of which school.",
    "lists.namesakes": "{count} learners have this name.",
    "lists.name_alone": "Only the name fits, and the list does not say of which school the person is.",
}
"""How a line found its learner, and why it is doubtful."""

MOST_CANDIDATES = 10


class Found(StrEnum):
    """What became of a line."""

    CERTAIN = "certain"
    DOUBTFUL = "doubtful"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A learner of the school; ``identity`` is the blind index of a national number, empty where none is known."""

    learner: UUID
    number: str
    names: frozenset[str]
    identity: str = ""
    college: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Roster:
    """The school's learners by everything a list may name them with.

    ``by_number`` has former numbers too; ``by_identity`` also learners whose number another school keeps.
    """

    learners: Mapping[UUID, Candidate]
    by_number: Mapping[str, UUID]
    by_identity: Mapping[str, UUID]
    by_name: Mapping[str, tuple[UUID, ...]]


@dataclass(frozen=True, slots=True)
class Match:
    """What became of a line: its learner when certain, else those it may be, the likeliest first."""

    found: Found
    learner: UUID | None
    candidates: tuple[UUID, ...]
    explanation: Explanation


def make_roster(
    learners: Iterable[Candidate], *, numbers: Mapping[str, UUID], identities: Mapping[str, UUID]
) -> Roster:
    """A roster of learners; ``numbers`` are all student numbers ever given, ``identities`` blind indexes found."""
    known = {one.learner: one for one in learners}
    by_name: dict[str, list[UUID]] = {}
    by_identity = {one.identity: one.learner for one in known.values() if one.identity}
    for one in known.values():
        for name in one.names:
            by_name.setdefault(name, []).append(one.learner)
    return Roster(
        known,
        {number.casefold(): learner for number, learner in numbers.items() if learner in known},
        by_identity | {index: learner for index, learner in identities.items() if learner in known},
        {name: tuple(sorted(found, key=lambda one: known[one].number)) for name, found in by_name.items()},
    )


def is_ours(person: Person, schools: frozenset[str], *, all_ours: bool) -> bool | None:
    """Whether the list says that a person is of this school; None where it does not say.

    Args:
        person: whom the line names.
        schools: what the school is called, as :func:`normal_words` compares it.
        all_ours: whoever brought the list said that all of it is about this school.
    """
    if person.school:
        said = normal_words(person.school)
        if said in schools:
            return True
        # A name that only begins like ours may be one of our colleges, or a school that belongs to us and is not us.
        return None if any(len(known) >= 4 and said.startswith(known) for known in schools) else False
    return True if all_ours else None


def match_person(person: Person, identity: str, roster: Roster, *, ours: bool | None) -> Match:
    """Find a line's learner.

    Args:
        person: whom the line names.
        identity: the blind index of the line's identity number, empty without one.
        roster: the school's learners.
        ours: whether the list says that the person is of this school, None where it does not say.
    """
    if ours is False:
        return _nobody("lists.other_school")
    name = person.name_key
    namesakes = roster.by_name.get(name, ()) if name else ()
    by_id = roster.by_identity.get(identity) if identity else None
    by_number = roster.by_number.get(person.number.casefold()) if person.number else None
    one = by_id or by_number
    if one is None:
        return _by_name(person, identity, namesakes, roster, ours=ours)
    known = roster.learners[one]
    doubts: list[str] = []
    if person.id_fault:
        doubts.append("lists.id_fault")
    if by_id and by_number and by_id != by_number:
        doubts.append("lists.numbers_disagree")
    if name and known.names and name not in known.names:
        doubts.append("lists.name_differs")
    if by_id is None:
        if identity and known.identity and identity != known.identity:
            doubts.append("lists.id_differs")
        if known.number.casefold() != person.number.casefold():
            doubts.append("lists.former_number")
        if not name and ours is None:
            doubts.append("lists.number_alone")
    if not doubts:
        code = "lists.by_id" if by_id else "lists.by_number"
        return Match(Found.CERTAIN, one, (one,), (Line(code, Verdict.YES),))
    others = (by_number, *namesakes)
    return _doubtful(doubts, (one, *(other for other in others if other is not None)), person, roster)


def chosen(learner: UUID | None) -> Match:
    """What a person of the office said of a doubtful line: a learner, or nobody of this school."""
    if learner is None:
        return _nobody("lists.nobody_by_choice")
    return Match(Found.CERTAIN, learner, (learner,), (Line("lists.by_choice", Verdict.YES),))


def _by_name(person: Person, identity: str, namesakes: tuple[UUID, ...], roster: Roster, *, ours: bool | None) -> Match:
    # Somebody whose identity number is known to be another one is somebody else.
    possible = tuple(
        one
        for one in namesakes
        if not (identity and roster.learners[one].identity and roster.learners[one].identity != identity)
    )
    if not possible:
        return _nobody("lists.nobody")
    doubts: list[str] = []
    if person.id_fault:
        doubts.append("lists.id_fault")
    if person.number:
        doubts.append("lists.number_unknown")
    if len(possible) > 1:
        doubts.append("lists.namesakes")
    if ours is None:
        doubts.append("lists.name_alone")
    if not doubts:
        return Match(Found.CERTAIN, possible[0], possible, (Line("lists.by_name", Verdict.YES),))
    return _doubtful(doubts, possible, person, roster)


def _doubtful(doubts: list[str], possible: tuple[UUID, ...], person: Person, roster: Roster) -> Match:
    college = normal_words(person.college)
    listed = list(dict.fromkeys(possible))
    if college:
        listed.sort(key=lambda one: college not in roster.learners[one].college)
    lines = tuple(
        Line(code, Verdict.ASK, {"count": len(listed)} if code == "lists.namesakes" else {}) for code in doubts
    )
    return Match(Found.DOUBTFUL, None, tuple(listed[:MOST_CANDIDATES]), lines)


def _nobody(code: str) -> Match:
    return Match(Found.NOBODY, None, (), (Line(code),))
