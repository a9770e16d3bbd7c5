"""What one row of an official list says: the people in it, and the outcome of each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from creditbank.domain.canonical import content_hash
from creditbank.domain.masterdata.declaration import Kind
from creditbank.domain.masterdata.identity import read_identity
from creditbank.domain.masterdata.reading import Fault, Value, normal, say_value
from creditbank.domain.official_lists.kind import ListKind, Source, title_of
from creditbank.domain.rules.sameness import normal_words

MESSAGES: dict[str, str] = {
    "lists.uneven": "{names} names and {others} of {field} stand in this row, so it is unclear whose is whose. "
    "Write one person in a row, or as many numbers as names.",
    "lists.too_many": "{names} names stand in one cell, more than {most}. Write one person in a row.",
    "lists.nobody_named": "This row names nobody: neither a name nor a number stands in it.",
}
"""Why a row of a list is refused, beside what is said of its cells."""

MOST_MEMBERS = 50
_MOST_NAME, _MOST_NUMBER = 60, 40
_BRACKET = re.compile(r"^(.*?)\s*[(\[【<]([^()\[\]【】<>]*)[)\]】>]$")
_NUMBER = re.compile(r"[A-Za-z]{0,4}\d{5,20}")
_IDENTITY = re.compile(r"\d{17}[\dXx]|\d{15}")


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a line names.

    ``identity`` is a national number of eighteen digits, empty where none can be read; ``id_fault`` is the code of
    what is wrong with a number that stands there all the same. A number hidden by stars counts as none.
    """

    name: str = ""
    number: str = ""
    identity: str = ""
    id_fault: str = ""
    school: str = ""
    college: str = ""

    @property
    def name_key(self) -> str:
        """The name as it is compared: without width, case, spaces and middle dots."""
        return normal_words(self.name)


@dataclass(frozen=True, slots=True)
class Entry:
    """One person's outcome on a list.

    ``line`` and ``member`` say where it stands: the row of the sheet, and the person's place in it from 1. ``facts``
    are answers to the questions of a claim; ``allowed`` are facts that may be one of several. ``key`` is equal for
    two lines that speak of the same outcome, whoever earned it.
    """

    line: int
    member: int
    person: Person
    outcome_type: str
    title: str
    facts: Mapping[str, str]
    allowed: Mapping[str, tuple[str, ...]]
    certificate: str
    key: str
    basis: Mapping[str, object] = field(default_factory=dict)


def is_absent(kind: ListKind, texts: Mapping[str, str]) -> bool:
    """Whether a row says in words that there is no outcome, for instance 缺考 in the place of a score."""
    return any(normal(texts.get(column, "")) in words for column, words in kind.absent.items())


def counts(kind: ListKind, content: Mapping[str, Value]) -> bool:
    """Whether a row that was read is an outcome: passed, and high enough."""
    for condition in kind.conditions:
        value = content.get(condition.column)
        if condition.at_least is not None:
            if not isinstance(value, int) or value < condition.at_least:
                return False
        elif value not in condition.one_of:
            return False
    return True


def read_entries(kind: ListKind, line: int, content: Mapping[str, Value]) -> tuple[Entry, ...] | Fault:
    """The people of a row, each with the outcome; or why it cannot be said whose it is."""
    people = read_people(kind, content)
    if isinstance(people, Fault):
        return people
    said = {
        one.name: say_value(one, content[one.name]) for one in kind.columns.fields if content.get(one.name) is not None
    }
    shared = {name: text for name, text in said.items() if kind.columns.field(name) in kind.stated}
    title = title_of(kind, shared)
    facts: dict[str, str] = {}
    for source in kind.sources:
        value = source.constant or (str(content[source.column]) if content.get(source.column) is not None else "")
        if value:
            facts[source.fact] = value
    certificate = normal_words(shared.get(kind.certificate, "")) if kind.certificate else ""
    key = content_hash([kind.outcome_type, [_identity(kind, name, content) for name in kind.identity]])
    made = Entry(line, 1, people[0], kind.outcome_type, title, facts, {}, certificate, key, _basis(kind, shared))
    entries = []
    for place, person in enumerate(people, 1):
        own, allowed = _placed(kind.sources, facts, place, len(people))
        entries.append(replace(made, member=place, person=person, facts=own, allowed=allowed))
    return tuple(entries)


def read_people(kind: ListKind, content: Mapping[str, Value]) -> tuple[Person, ...] | Fault:
    """The people a row names; a cell of a whole team is divided, and numbers go to the names in order."""
    cells = {name: str(content.get(name) or "") for name in ("name", "student_number", "id_number")}
    parts = {
        name: _divided(text, kind.separators) if name in kind.several else ([text] if text.strip() else [])
        for name, text in cells.items()
    }
    count = max(len(found) for found in parts.values())
    if not count:
        return Fault("name", "lists.nobody_named")
    if count > MOST_MEMBERS:
        return Fault("name", "lists.too_many", {"names": count, "most": MOST_MEMBERS})
    for name, found in parts.items():
        if found and len(found) != count:
            label = kind.columns.field(name).label
            return Fault(name, "lists.uneven", {"names": len(parts["name"]), "others": len(found), "field": label})
    school, college = (str(content.get(name) or "") for name in ("school", "college"))
    return tuple(
        _person({name: found[place] if found else "" for name, found in parts.items()}, school, college)
        for place in range(count)
    )


def _divided(text: str, separators: str) -> list[str]:
    plain = normal(text)
    return [part.strip() for part in re.split(f"[{re.escape(normal(separators))}\n]", plain) if part.strip()]


def _person(said: Mapping[str, str], school: str, college: str) -> Person:
    name = " ".join(normal(said["name"]).split())
    number, identity = said["student_number"], said["id_number"]
    # Many lists write a number, or a part in the team, in brackets behind the name.
    if found := _BRACKET.match(name):
        name, inside = found[1].strip(), found[2].replace(" ", "")
        if _IDENTITY.fullmatch(inside) and not identity:
            identity = inside
        elif _NUMBER.fullmatch(inside) and not number:
            number = inside
    identity = normal(identity).replace(" ", "").upper()
    read: str | tuple[str, object] = "" if not identity or "*" in identity else read_identity(identity)
    return Person(
        name=name[:_MOST_NAME],
        number=normal(number).replace(" ", "")[:_MOST_NUMBER],
        identity=read if isinstance(read, str) else "",
        id_fault="" if isinstance(read, str) else str(read[0]),
        school=normal(school),
        college=normal(college),
    )


def _identity(kind: ListKind, name: str, content: Mapping[str, Value]) -> str:
    """A naming column as it is compared; of a day the month counts, since issuers correct days."""
    value = content.get(name)
    if kind.columns.field(name).kind is Kind.DATE and isinstance(value, str):
        return date.fromisoformat(value).strftime("%Y-%m")
    return normal_words(str(value or ""))


def _placed(
    sources: tuple[Source, ...], facts: Mapping[str, str], place: int, members: int
) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """The facts of one member, and those that the place in the team leaves open."""
    own, allowed = dict(facts), {}
    for source in sources:
        possible = source.alone if members == 1 else source.first if place == 1 else source.other
        if len(possible) == 1:
            own[source.fact] = possible[0]
        elif possible:
            allowed[source.fact] = possible
    return own, allowed


def _basis(kind: ListKind, said: Mapping[str, str]) -> dict[str, object]:
    """What a comparison with claims needs of the mapping, in plain data."""
    return {
        "same": [
            source.fact for source in kind.sources if source.constant or (source.column and source.column in kind.about)
        ],
        "names": [said[name] for name in kind.names if name in said],
        "days": {source.fact: source.days for source in kind.sources if source.days},
    }
