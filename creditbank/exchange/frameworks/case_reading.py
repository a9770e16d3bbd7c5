"""Reads a CASE 1.1 package as a framework; what does not fit is refused, or left out and named."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any
from uuid import UUID

from creditbank.domain.explanation import Fact, Line, Verdict
from creditbank.domain.frameworks.model import (
    MOST_CONFIDENCE,
    Correspondence,
    Crosswalk,
    Dimension,
    Framework,
    Level,
    Match,
)
from creditbank.domain.frameworks.read import MOST_LEVELS
from creditbank.domain.rules.places import Place, Problem, UnreadableError
from creditbank.domain.values import Text
from creditbank.exchange.frameworks.case_packages import EXTENSION

MESSAGES: dict[str, str] = {
    "case.unknown_key": "{place} is no part of a CASE package and was left out.",
    "case.left_part": "{place} was left out: a framework has no place for it.",
    "case.other_association": "{count} associations of the kind {kind} were left out: a framework has no place for "
    "them.",
    "case.unknown_association": "{count} associations have the kind {kind}, which CASE does not know. They were left "
    "out.",
    "case.elsewhere": "{count} associations lead to items that are not in the package and that this bank does not "
    "know. They were left out.",
    "case.several_parents": "{item} stands under several items; the first of them counts.",
    "case.no_dimension": "{item} is of the type {kind}, which is no knowledge, skill or competence. It was left out.",
    "case.too_deep": "{item} stands deeper than the descriptors of a level. It was left out.",
    "case.loose": "{item} stands under nothing and was left out.",
    "case.code": "{item} has no code that can be kept; it is called {name} here.",
    "case.ordinal": "The package does not say in numbers how the levels are ordered; their places were taken.",
}
"""What was left out of a package, or said otherwise than it stands there."""

MOST_ITEMS = 5_000
MOST_ASSOCIATIONS = 20_000
_KEYS = {"CFDocument", "CFItems", "CFAssociations", "CFDefinitions", "CFRubrics", "extensions"}
_KINDS = {
    "isChildOf", "isPeerOf", "isPartOf", "exactMatchOf", "precedes", "isRelatedTo", "replacedBy", "exemplar",
    "hasSkillLevel", "isTranslationOf",
}  # fmt: skip
_MATCHES = {"exactMatchOf": Match.EXACT, "isRelatedTo": Match.RELATED}
_WORDS = {
    Dimension.KNOWLEDGE: ("knowledge", "知识"),
    Dimension.SKILL: ("skill", "技能"),
    Dimension.COMPETENCE: ("competence", "competency", "autonomy", "responsibility", "能力", "责任"),
}
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
_NOT_CODE = re.compile(r"[^A-Za-z0-9_.:-]+")
_NUMBER = re.compile(r"\d{1,4}(?:\.\d{1,2})?")


@dataclass(frozen=True, slots=True)
class CaseReading:
    """What a package holds: the framework, the crosswalks that begin at it, and what was left out."""

    framework: Framework
    crosswalks: tuple[Crosswalk, ...]
    remarks: tuple[Line, ...]


@dataclass(slots=True)
class _Item:
    place: Place
    identifier: str
    statement: str
    parent: str = ""
    order: int = 0
    below: list[_Item] = field(default_factory=list)

    @property
    def said(self) -> str:
        """What it is called in remarks: its path, and its code where it has one."""
        code = self.place.value.get("humanCodingScheme")
        return f"{self.place.path} ({code})" if isinstance(code, str) and code else self.place.path


def is_case(data: Mapping[str, Any]) -> bool:
    """Whether a document looks like a CASE package."""
    return "CFDocument" in data


def read_case(data: Mapping[str, Any]) -> CaseReading:
    """The framework of a CFPackage.

    Levels are the items directly under the document, descriptors the items under a level whose type is knowledge,
    skill or competence.

    Raises:
        UnreadableError: the package is none, has too many items, an identifier twice, a circle of children, an
            association to an item that is not there, or texts that are too long; each with its path.
    """
    return _Reader(Place(data)).read()


class _Reader:
    def __init__(self, place: Place) -> None:
        self.place = place
        self.remarks: list[Line] = []

    def note(self, code: str, **facts: Fact) -> None:
        self.remarks.append(Line(code, Verdict.NOTE, facts))

    def read(self) -> CaseReading:
        if not isinstance(self.place.value, dict):
            self.place.fail("expected a CASE package: an object with CFDocument and CFItems")
        for name in self.place.value:
            if name not in _KEYS:
                self.note("case.unknown_key", place=str(name)[:80])
        if self.place.given("CFRubrics"):
            self.note("case.left_part", place="CFRubrics")
        whole = self.place.named("CFDocument")
        if not isinstance(whole.value, dict):
            whole.fail("expected the CFDocument of the package")
        root = _identifier(whole)
        title = whole.named("title").text()
        items = self.items(root)
        others = self.associations(items, root)
        top = self.tree(items, root)
        if not top:
            self.place.named("CFItems").fail("no item stands under the document, so that there is no level")
        if len(top) > MOST_LEVELS:
            self.place.named("CFItems").fail(f"{len(top)} items stand under the document; at most {MOST_LEVELS} levels")
        own = _extension(whole)
        code = _own_code(own.named("code")) or _slug(title) or f"case-{root[:8]}"
        levels = self.levels(top)
        by_id = {item.identifier: level.code for item, level in zip(top, levels, strict=True)}
        framework = Framework(
            code=code,
            name=_both(own.named("title")) or Text(title, title if _latin(title) else ""),
            edition=_first(own.named("edition"), whole.named("version")) or "—",
            source=_both(own.named("source")) or _source(whole),
            levels=tuple(sorted(levels, key=lambda one: one.ordinal)),
            unit=_own_code(own.named("unit")),
        )
        return CaseReading(framework, self.crosswalks(code, by_id, others), tuple(self.remarks))

    def items(self, root: str) -> dict[str, _Item]:
        found: dict[str, _Item] = {}
        problems: list[Problem] = []
        listed = self.place.named("CFItems")
        for place in listed.items(MOST_ITEMS) if listed.value is not None else ():
            if not isinstance(place.value, dict):
                place.fail("expected an item")
            one = _Item(place, _identifier(place), place.named("fullStatement").text())
            if one.identifier == root or one.identifier in found:
                first = "CFDocument" if one.identifier == root else found[one.identifier].place.path
                problems.append(Problem(f"{place.path}.identifier", f"{first} has this identifier already"))
            found.setdefault(one.identifier, one)
        if problems:
            raise UnreadableError(tuple(problems))
        return found

    def associations(self, items: Mapping[str, _Item], root: str) -> list[tuple[Place, str, str]]:
        """Puts children under their parents; the associations to other frameworks, with both identifiers."""
        listed = self.place.named("CFAssociations")
        if listed.value is None:
            for order, one in enumerate(items.values()):
                one.parent, one.order = root, order
            return []
        matches: list[tuple[Place, str, str]] = []
        seen: dict[str, str] = {}
        left: Counter[tuple[str, str]] = Counter()
        problems: list[Problem] = []
        for position, place in enumerate(listed.items(MOST_ASSOCIATIONS)):
            if not isinstance(place.value, dict):
                place.fail("expected an association")
            identifier = _identifier(place)
            if identifier in seen:
                problems.append(Problem(f"{place.path}.identifier", f"{seen[identifier]} has this identifier already"))
            seen.setdefault(identifier, place.path)
            kind = place.named("associationType").text()
            origin, target = _node(place.named("originNodeURI")), _node(place.named("destinationNodeURI"))
            if kind == "isChildOf":
                problems += self.child(items, root, place, origin, target, position)
            elif kind in _MATCHES and origin in items:
                matches.append((place, origin, target))
            else:
                left["case.other_association" if kind in _KINDS else "case.unknown_association", kind[:80]] += 1
        if problems:
            raise UnreadableError(tuple(problems))
        for (code, kind), count in sorted(left.items()):
            self.note(code, count=count, kind=kind)
        return matches

    def child(
        self, items: Mapping[str, _Item], root: str, place: Place, origin: str, target: str, position: int
    ) -> Iterable[Problem]:
        one = items.get(origin)
        if one is None:
            return (Problem(f"{place.path}.originNodeURI", f"there is no item {origin} in the package"),)
        if target != root and target not in items:
            return (Problem(f"{place.path}.destinationNodeURI", f"there is no item {target} in the package"),)
        if one.parent:
            self.note("case.several_parents", item=one.said)
            return ()
        number = place.value.get("sequenceNumber")
        one.parent = target
        one.order = number if isinstance(number, int) and not isinstance(number, bool) else position
        return ()

    def tree(self, items: Mapping[str, _Item], root: str) -> list[_Item]:
        """The items under the document, in order, each with those below it; a circle is refused."""
        safe: set[str] = {root}
        for one in items.values():
            way: dict[str, None] = {}
            here = one.identifier
            while here and here not in safe:
                if here in way:
                    circle = [items[name].place.path for name in list(way)[list(way).index(here) :]]
                    items[here].place.fail(f"stands under itself: {' → '.join([*circle, circle[0]][:12])}")
                way[here] = None
                here = items[here].parent
            safe.update(way)
        top: list[_Item] = []
        for one in items.values():
            if one.parent == root:
                top.append(one)
            elif one.parent:
                items[one.parent].below.append(one)
            else:
                self.note("case.loose", item=one.said)
        for one in items.values():
            one.below.sort(key=lambda below: below.order)
        return sorted(top, key=lambda one: one.order)

    def levels(self, top: list[_Item]) -> list[Level]:
        ordinals = [_ordinal(one) for one in top]
        if any(one is None for one in ordinals):
            self.note("case.ordinal")
            ordinals = [Fraction(place) for place in range(1, len(top) + 1)]
        taken: set[str] = set()
        made = []
        for place, (one, ordinal) in enumerate(zip(top, ordinals, strict=True), start=1):
            assert ordinal is not None
            made.append(self.level(one, ordinal, place, taken))
        return made

    def level(self, one: _Item, ordinal: Fraction, place: int, taken: set[str]) -> Level:
        own = _extension(one.place)
        written = one.place.value.get("humanCodingScheme")
        code = _own_code(own.named("code")) or (written if isinstance(written, str) else "")
        if not _CODE.fullmatch(code) or code in taken:
            code = next(name for name in (f"L{place}", f"L{place}-{one.identifier[:8]}") if name not in taken)
            self.note("case.code", item=one.said, name=code)
        taken.add(code)
        descriptors: dict[Dimension, Text] = {}
        for below in one.below:
            dimension = _dimension(below)
            if dimension is None or dimension in descriptors:
                self.note("case.no_dimension", item=below.said, kind=_type_of(below) or "—")
                continue
            said = _both(_extension(below.place).named("statement"))
            descriptors[dimension] = said or Text(below.statement, below.statement if _latin(below.statement) else "")
            for deeper in below.below:
                self.note("case.too_deep", item=deeper.said)
        return Level(
            code=code,
            ordinal=ordinal,
            name=_both(own.named("name")) or Text(one.statement, one.statement if _latin(one.statement) else ""),
            descriptors={one: descriptors[one] for one in Dimension if one in descriptors},
            hours=_both(own.named("hours")),
        )

    def crosswalks(
        self, framework: str, levels: Mapping[str, str], matches: Iterable[tuple[Place, str, str]]
    ) -> tuple[Crosswalk, ...]:
        found: dict[tuple[str, str], list[Correspondence]] = {}
        sources: dict[tuple[str, str], Text] = {}
        elsewhere = 0
        for place, origin, _target in matches:
            own = _extension(place)
            other, level = _own_code(own.named("to_framework")), _own_code(own.named("to_level"))
            if origin not in levels or not other or not level or other == framework:
                elsewhere += 1
                continue
            key = (_own_code(own.named("crosswalk")) or f"{framework}-{other}", other)
            rows = found.setdefault(key, [])
            if any((row.from_level, row.to_level) == (levels[origin], level) for row in rows):
                elsewhere += 1
                continue
            confidence = own.named("confidence")
            stated = confidence.value
            match = own.value.get("match")
            rows.append(
                Correspondence(
                    from_level=levels[origin],
                    to_level=level,
                    match=Match(match)
                    if isinstance(match, str) and match in set(Match)
                    else _MATCHES[place.value["associationType"]],
                    confidence=None if stated is None else confidence.whole(0, MOST_CONFIDENCE),
                    note=place.named("notes").text() if place.given("notes") else "",
                )
            )
            sources.setdefault(key, _both(own.named("source")) or Text("CASE", "CASE"))
        if elsewhere:
            self.note("case.elsewhere", count=elsewhere)
        return tuple(
            Crosswalk(code, framework, other, sources[code, other], tuple(rows))
            for (code, other), rows in sorted(found.items())
        )


def _identifier(place: Place) -> str:
    value = place.named("identifier").value
    try:
        if isinstance(value, str) and len(value) <= 64:
            return str(UUID(value))
    except ValueError:
        pass
    return place.named("identifier").fail("expected a UUID")


def _node(place: Place) -> str:
    if not isinstance(place.value, dict):
        place.fail("expected an object with identifier, title and uri")
    return _identifier(place)


def _extension(place: Place) -> Place:
    """This project's own extension of an object, or an empty object."""
    below = place.value.get("extensions")
    own = below.get(EXTENSION) if isinstance(below, dict) else None
    return Place(own if isinstance(own, dict) else {}, f"{place.path}.extensions.{EXTENSION}")


def _both(place: Place) -> Text | None:
    if place.value is None:
        return None
    place.object(("zh",), ("en",))
    return Text(place.named("zh").text(), place.named("en").text() if place.given("en") else "")


def _own_code(place: Place) -> str:
    return "" if place.value is None else place.code()


def _first(*places: Place) -> str:
    return next((place.text() for place in places if place.value not in (None, "")), "")


def _source(whole: Place) -> Text:
    said = _first(whole.named("notes"), whole.named("officialSourceURL"), whole.named("creator")) or "CASE"
    return Text(said, said if _latin(said) else "")


def _ordinal(one: _Item) -> Fraction | None:
    stated = _extension(one.place).named("ordinal")
    if stated.value is not None:
        return stated.factor()
    code = one.place.value.get("humanCodingScheme")
    return Fraction(code) if isinstance(code, str) and _NUMBER.fullmatch(code) else None


def _type_of(one: _Item) -> str:
    value = one.place.value.get("CFItemType")
    return value[:80] if isinstance(value, str) else ""


def _dimension(one: _Item) -> Dimension | None:
    stated = _extension(one.place).value.get("dimension")
    if isinstance(stated, str) and stated in set(Dimension):
        return Dimension(stated)
    kind = _type_of(one).casefold()
    return next((name for name, words in _WORDS.items() if any(word in kind for word in words)), None)


def _slug(title: str) -> str:
    made = _NOT_CODE.sub("-", title.lower()).strip("-.:_")[:40].strip("-.:_")
    return made if _CODE.fullmatch(made) else ""


def _latin(text: str) -> bool:
    """Whether a text has no Chinese in it, so that it also serves as the English one."""
    return not re.search("[\u3400-\u9fff]", text)
