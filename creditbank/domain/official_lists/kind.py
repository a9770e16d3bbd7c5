"""A kind of official list: what its columns mean, read from ``creditbank.list_mapping/1``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from creditbank.domain.canonical import content_hash
from creditbank.domain.explanation import Fact, Sentence
from creditbank.domain.masterdata.declaration import Choice, CodeTable, DataSet, Field, Kind
from creditbank.domain.rules.places import Place
from creditbank.domain.values import Text

SCHEMA = "creditbank.list_mapping/1"

MESSAGES: dict[str, str] = {
    "list_mapping.columns": "from one to {most} columns are expected",
    "list_mapping.identity": "name at least one column that tells two outcomes of one person apart",
    "list_mapping.no_column": "there is no column {column}",
    "list_mapping.several": "only a name, a student number or an identity number stands for several",
    "list_mapping.nobody": "a list names people: by name, student_number or id_number",
    "list_mapping.about_the_person": "this column is about the person; it belongs under person",
    "list_mapping.column_name": "a column has a name of small letters, digits and _",
    "list_mapping.words": "words belong to a column of the kind word, and such a column has them",
    "list_mapping.source": "a fact is one of: is (a constant), column, place (of the person in the team)",
    "list_mapping.days": "only a day may lie some days apart",
    "list_mapping.condition": "a condition has either at_least or one_of",
    "list_mapping.least": "only a column of the kind whole has a least number",
    "list_mapping.no_codes": "these are not codes of the column {column}",
}
"""What can be wrong with a kind beyond the shape of its document, by code."""

KINDS = ("contest", "one-plus-x", "cet")
"""The kinds of list that come with the program."""

PERSON = ("name", "student_number", "id_number", "school", "college")
"""Columns about whose line it is; their usual headings are known, a mapping adds others."""

_PERSON_FIELDS: Mapping[str, tuple[Text, tuple[str, ...]]] = {
    "name": (Text("姓名", "Name"), ("学生姓名", "考生姓名", "获奖者", "获奖人", "证书持有人")),
    "student_number": (Text("学号", "Student number"), ("学生学号", "学籍号", "学生编号")),
    "id_number": (
        Text("证件号码", "Identity number"),
        ("身份证号", "身份证号码", "身份证", "身份证件号", "公民身份号码", "证件号"),
    ),
    "school": (
        Text("学校", "School"),
        ("学校名称", "院校", "院校名称", "所在学校", "参赛学校", "培养单位", "考点学校"),
    ),
    "college": (Text("院系", "College"), ("学院", "所在院系", "所在学院", "二级学院", "院系名称")),
}
COLUMN_KINDS = {"text": Kind.TEXT, "code": Kind.CODE, "date": Kind.DATE, "whole": Kind.INTEGER, "word": Kind.CHOICE}
_TITLE_PLACE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_MOST = 60


@dataclass(frozen=True, slots=True)
class Condition:
    """What a line must say to be an outcome at all: a least number, or one of a few codes."""

    column: str
    at_least: int | None = None
    one_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact of a claim comes from: a constant, a column, or the person's place in a team.

    ``alone``, ``first`` and ``other`` hold what a member may be; one value is a fact, several are only compared.
    ``days`` is how far a claim's day may lie from the list's.
    """

    fact: str
    constant: str = ""
    column: str = ""
    alone: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    days: int = 0


@dataclass(frozen=True, slots=True)
class ListKind:
    """A whole mapping; ``digest`` is the SHA-256 of its canonical JSON.

    ``several`` names the person columns that hold a whole team, divided at ``separators``; ``identity`` the columns
    that, with the learner, name one outcome; ``about`` those by which a claim is about it, although its other facts
    may differ; ``certificate`` the column of the certificate's number, or nothing.
    """

    code: str
    name: Text
    note: Text | None
    digest: str
    outcome_type: str
    title: str
    columns: DataSet
    several: frozenset[str]
    separators: str
    identity: tuple[str, ...]
    about: tuple[str, ...]
    certificate: str
    conditions: tuple[Condition, ...]
    absent: Mapping[str, frozenset[str]]
    sources: tuple[Source, ...]
    all_ours: bool
    """Whether such lists are usually about one school alone, so that a name may be enough."""

    @property
    def stated(self) -> tuple[Field, ...]:
        """The columns about the outcome, which one text may say for every row."""
        return tuple(field for field in self.columns.fields if field.name not in PERSON)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns a claim is about that always say something and become no fact; its title says them."""
        used = {source.column for source in self.sources}
        named = (self.columns.field(name) for name in self.about if name not in used)
        return tuple(field.name for field in named if field.kind is Kind.TEXT and field.required)


def read_list_kind(document: Mapping[str, Any]) -> ListKind:
    """Make a kind of the data of a document with ``schema: creditbank.list_mapping/1``.

    Raises:
        UnreadableError: keys are unknown, missing or of the wrong kind, or a statement is impossible; each of its
            problems has the path.
    """
    root = Place(document).object(
        ("schema", "code", "name", "outcome_type", "title", "person", "columns", "identity", "facts"),
        ("note", "about", "all_ours", "separators", "certificate", "conditions"),
    )
    root.named("schema").one_of((SCHEMA,))
    code = root.named("code").code()
    name = root.named("name").both()
    person, several = _person(root.named("person"))
    columns: list[Field] = []
    absent: dict[str, frozenset[str]] = {}
    for key, place in root.named("columns").names():
        field, words = _column(key, place)
        columns.append(field)
        if words:
            absent[key] = words
    if not columns or len(columns) > _MOST:
        root.named("columns").fail(_said("columns", most=_MOST))
    known = {field.name: field for field in columns}
    identity = root.named("identity").each(lambda place: place.one_of(tuple(known)), 10)
    if not identity:
        root.named("identity").fail(_said("identity"))
    about = root.named("about").each(lambda place: place.one_of(tuple(known)), 10) or identity
    title = root.named("title").text()
    for one in _TITLE_PLACE.findall(title):
        if one not in known:
            root.named("title").fail(_said("no_column", column=one))
    certificate = root.named("certificate").one_of(tuple(known)) if root.given("certificate") else ""
    facts = root.named("facts")
    sources = tuple(_source(fact, place, known) for fact, place in facts.names())
    conditions = root.named("conditions").each(lambda place: _condition(place, known), 10)
    data_set = DataSet(
        f"list-{code}",
        name,
        root.named("note").both() if root.given("note") else name,
        (person[0].name,),
        (*person, *columns),
        label=person[0].name,
        personal=True,
    )
    return ListKind(
        code=code,
        name=name,
        note=root.named("note").both() if root.given("note") else None,
        digest=content_hash(dict(document)),
        outcome_type=root.named("outcome_type").code(),
        title=title,
        columns=data_set,
        several=several,
        separators=root.named("separators").text() if root.given("separators") else "、;,/",
        identity=identity,
        about=about,
        certificate=certificate,
        conditions=conditions,
        absent=absent,
        sources=sources,
        all_ours=root.named("all_ours").flag(),
    )


def _said(code: str, **facts: Fact) -> Sentence:
    return Sentence(MESSAGES, f"list_mapping.{code}", **facts)


def _headings(place: Place) -> tuple[str, ...]:
    return place.named("headings").each(lambda one: one.text().strip(), 40)


def _examples(place: Place) -> tuple[str, str]:
    if not place.given("examples"):
        return "", ""
    said = place.named("examples").each(lambda one: one.value if one.value == "" else one.text(), 2)
    return (said[0] if said else ""), (said[1] if len(said) > 1 else "")


def _person(place: Place) -> tuple[tuple[Field, ...], frozenset[str]]:
    place.object((), PERSON)
    fields: list[Field] = []
    several: set[str] = set()
    for name, below in place.names():
        label, usual = _PERSON_FIELDS[name]
        below.object((), ("headings", "several", "required", "examples"))
        if below.named("several").flag():
            if name not in ("name", "student_number", "id_number"):
                below.named("several").fail(_said("several"))
            several.add(name)
        fields.append(
            Field(
                name,
                label,
                aliases=(*_headings(below), *usual),
                required=below.named("required").flag(),
                personal=True,
                examples=_examples(below),
            )
        )
    if not {"name", "student_number", "id_number"} & {field.name for field in fields}:
        place.fail(_said("nobody"))
    return tuple(sorted(fields, key=lambda field: PERSON.index(field.name))), frozenset(several)


def _column(name: str, place: Place) -> tuple[Field, frozenset[str]]:
    if name in PERSON:
        place.fail(_said("about_the_person"))
    if re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name) is None:
        place.fail(_said("column_name"))
    place.object(("label",), ("kind", "headings", "required", "words", "absent", "examples", "least", "most"))
    label = place.named("label").both()
    kind = COLUMN_KINDS[place.named("kind").one_of(tuple(COLUMN_KINDS))] if place.given("kind") else Kind.TEXT
    if (kind is Kind.CHOICE) != place.given("words"):
        place.fail(_said("words"))
    table = None
    if kind is Kind.CHOICE:
        choices = tuple(_word(code, below) for code, below in place.named("words").names())
        table = CodeTable(name, label, "1", "", choices)
    bound = place.named("most").whole(0, 1_000_000) if place.given("most") else 0
    return Field(
        name,
        label,
        kind,
        aliases=_headings(place),
        required=place.named("required").flag(),
        table=table,
        least=place.named("least").whole(0, 1_000_000) if place.given("least") else 0,
        most=bound or (1_000_000 if kind is Kind.INTEGER else 0),
        examples=_examples(place),
    ), frozenset(place.named("absent").each(lambda one: one.text().strip(), 20))


def _word(code: str, place: Place) -> Choice:
    place.object(("zh", "en"), ("also",))
    said = place.named("also").each(lambda one: one.text().strip(), 40)
    return Choice(code, Text(place.named("zh").text(), place.named("en").text()), said)


def _source(fact: str, place: Place, known: Mapping[str, Field]) -> Source:
    place.object((), ("is", "column", "days", "place"))
    if sum(place.given(one) for one in ("is", "column", "place")) != 1:
        place.fail(_said("source"))
    if place.given("is"):
        return Source(fact, constant=place.named("is").text())
    if place.given("column"):
        column = place.named("column").one_of(tuple(known))
        if place.given("days") and known[column].kind is not Kind.DATE:
            place.named("days").fail(_said("days"))
        return Source(fact, column=column, days=place.named("days").whole(0, 1000) if place.given("days") else 0)
    team = place.named("place").object(("alone", "first", "other"))

    def values(name: str) -> tuple[str, ...]:
        return team.named(name).each(lambda one: one.text(), 10)

    return Source(fact, alone=values("alone"), first=values("first"), other=values("other"))


def _condition(place: Place, known: Mapping[str, Field]) -> Condition:
    place.object(("column",), ("at_least", "one_of"))
    column = place.named("column").one_of(tuple(known))
    if place.given("at_least") == place.given("one_of"):
        place.fail(_said("condition"))
    if place.given("at_least"):
        if known[column].kind is not Kind.INTEGER:
            place.named("at_least").fail(_said("least"))
        return Condition(column, at_least=place.named("at_least").whole(0, 1_000_000))
    codes = place.named("one_of").each(lambda one: one.text(), 40)
    table = known[column].table
    if table is None or not set(codes) <= {choice.code for choice in table.choices}:
        place.named("one_of").fail(_said("no_codes", column=column))
    return Condition(column, one_of=codes)


def title_of(kind: ListKind, said: Mapping[str, str]) -> str:
    """The outcome's title: the mapping's text with the words of the line in its places."""
    title = _TITLE_PLACE.sub(lambda found: said.get(found[1], ""), kind.title)
    return " ".join(title.split())[:120]
