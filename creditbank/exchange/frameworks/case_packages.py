"""Writes a framework as a CASE 1.1 package (1EdTech Competencies and Academic Standards Exchange)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from creditbank.domain.frameworks.model import Crosswalk, Dimension, Framework, Level, Match
from creditbank.domain.frameworks.write import number
from creditbank.domain.values import Text
from creditbank.gateways.clock import id_of

EXTENSION = "creditbank"
"""Under this name of ``extensions`` stands what CASE has no place for: both languages, ordinals, confidence."""
VERSION = "1.1"
LEVEL_TYPE = "Level"
TYPES = {Dimension.KNOWLEDGE: "Knowledge", Dimension.SKILL: "Skill", Dimension.COMPETENCE: "Competence"}
"""By dimension the type of the item that holds a level's descriptor."""
_DESCRIBED = {
    LEVEL_TYPE: "A level of a qualification framework.",
    "Knowledge": "What a level asks for in knowledge.",
    "Skill": "What a level asks for in skills.",
    "Competence": "What a level asks for in competence, autonomy and responsibility.",
}
_SPACE = UUID("d527ad00-6d24-5b60-ba8f-abd0310598ae")
"""Identifiers are made of content within this one, which never changes."""


def document_id(framework: Framework) -> UUID:
    """The identifier of a framework: the same for the same code and edition, in every bank."""
    return id_of(_SPACE, f"framework/{framework.code}/{framework.edition}")


def level_id(framework: Framework, level: str) -> UUID:
    """The identifier of a level of a framework."""
    return id_of(document_id(framework), f"level/{level}")


def case_package(
    framework: Framework,
    *,
    creator: str,
    at: datetime,
    crosswalks: Iterable[Crosswalk] = (),
    others: Iterable[Framework] = (),
) -> dict[str, Any]:
    """A framework as a CFPackage, JSON data without floating point.

    Args:
        framework: what is written.
        creator: the organisation that answers for it, which CASE asks for.
        at: the moment of its last change, with a zone.
        crosswalks: those that begin at this framework become associations.
        others: the frameworks that these lead to; a row to one that is not given is left out, since its items
            have no known identifier.
    """
    english = bool(framework.name.en) and all(level.name.en for level in framework.levels)
    made = _Package(framework, "en" if english else "zh-Hans", at.isoformat(timespec="seconds"))
    items, associations = made.tree()
    known = {one.code: one for one in others}
    for crosswalk in crosswalks:
        if crosswalk.from_framework == framework.code and crosswalk.to_framework in known:
            associations += made.crosswalk(crosswalk, known[crosswalk.to_framework])
    return {
        "CFDocument": made.document(creator),
        "CFItems": items,
        "CFAssociations": associations,
        "CFDefinitions": {"CFItemTypes": made.types()},
    }


class _Package:
    """The parts of one package, which share its language and its moment."""

    def __init__(self, framework: Framework, language: str, changed: str) -> None:
        self.framework = framework
        self.language = language
        self.changed = changed
        self.id = document_id(framework)

    def said(self, text: Text) -> str:
        return text.said_in(self.language)

    def head(self, identifier: UUID) -> dict[str, Any]:
        return {
            "identifier": str(identifier),
            "uri": identifier.urn,
            "lastChangeDateTime": self.changed,
        }

    def document(self, creator: str) -> dict[str, Any]:
        one = self.framework
        extension = {
            "code": one.code,
            "edition": one.edition,
            "title": _both(one.name),
            "source": _both(one.source),
            **({"unit": one.unit} if one.unit else {}),
        }
        return {
            **self.head(self.id),
            "caseVersion": VERSION,
            "frameworkType": "Qualification framework",
            "creator": creator,
            "title": self.said(one.name),
            "language": self.language,
            "version": one.edition,
            "notes": self.said(one.source),
            "extensions": {EXTENSION: extension},
        }

    def tree(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        items: list[dict[str, Any]] = []
        associations: list[dict[str, Any]] = []
        whole = (self.said(self.framework.name), self.id)
        for place, level in enumerate(self.framework.levels, start=1):
            own = (self.said(level.name), level_id(self.framework, level.code))
            items.append(self.level(level, own[1], place))
            associations.append(self.association("isChildOf", own, whole, place))
            for below, (dimension, words) in enumerate(self.described(level), start=1):
                part = (TYPES[dimension], id_of(own[1], dimension.value))
                items.append(self.descriptor(level, dimension, words, part[1]))
                associations.append(self.association("isChildOf", part, own, below))
        return items, associations

    def described(self, level: Level) -> list[tuple[Dimension, Text]]:
        return [(one, level.descriptors[one]) for one in Dimension if one in level.descriptors]

    def level(self, level: Level, identifier: UUID, place: int) -> dict[str, Any]:
        extension = {
            "code": level.code,
            "ordinal": number(level.ordinal),
            "name": _both(level.name),
            **({"hours": _both(level.hours)} if level.hours is not None else {}),
        }
        return {
            **self.head(identifier),
            "fullStatement": self.said(level.name),
            "humanCodingScheme": level.code,
            "listEnumeration": str(place),
            "language": self.language,
            **self.typed(LEVEL_TYPE),
            "extensions": {EXTENSION: extension},
        }

    def descriptor(self, level: Level, dimension: Dimension, words: Text, identifier: UUID) -> dict[str, Any]:
        return {
            **self.head(identifier),
            "fullStatement": self.said(words),
            "humanCodingScheme": f"{level.code}.{dimension.value}",
            "language": self.language,
            **self.typed(TYPES[dimension]),
            "extensions": {EXTENSION: {"dimension": dimension.value, "statement": _both(words)}},
        }

    def typed(self, title: str) -> dict[str, Any]:
        identifier = self.type_id(title)
        return {"CFItemType": title, "CFItemTypeURI": _link(title, identifier)}

    def type_id(self, title: str) -> UUID:
        return id_of(_SPACE, f"type/{title}")

    def types(self) -> list[dict[str, Any]]:
        return [
            {
                **self.head(self.type_id(title)),
                "title": title,
                "description": said,
                "hierarchyCode": str(place),
                "typeCode": title,
            }
            for place, (title, said) in enumerate(_DESCRIBED.items(), start=1)
        ]

    def association(
        self, kind: str, origin: tuple[str, UUID], destination: tuple[str, UUID], place: int | None = None
    ) -> dict[str, Any]:
        return {
            **self.head(id_of(origin[1], f"{kind}/{destination[1]}")),
            "associationType": kind,
            **({} if place is None else {"sequenceNumber": place}),
            "originNodeURI": _link(*origin),
            "destinationNodeURI": _link(*destination),
        }

    def crosswalk(self, crosswalk: Crosswalk, other: Framework) -> list[dict[str, Any]]:
        """Rows as associations: CASE knows equal and related, and nothing of broader, narrower and confidence."""
        found = []
        for row in crosswalk.rows:
            mine, theirs = self.framework.level(row.from_level), other.level(row.to_level)
            if mine is None or theirs is None:
                continue
            kind = "exactMatchOf" if row.match is Match.EXACT else "isRelatedTo"
            origin = (self.said(mine.name), level_id(self.framework, mine.code))
            destination = (self.said(theirs.name), level_id(other, theirs.code))
            made = self.association(kind, origin, destination)
            made |= self.head(id_of(UUID(made["identifier"]), crosswalk.code))
            extension = {
                "crosswalk": crosswalk.code,
                "source": _both(crosswalk.source),
                "to_framework": other.code,
                "to_level": theirs.code,
                "match": row.match.value,
                **({} if row.confidence is None else {"confidence": row.confidence}),
            }
            found.append(made | ({"notes": row.note} if row.note else {}) | {"extensions": {EXTENSION: extension}})
        return found


def _link(title: str, identifier: UUID) -> dict[str, str]:
    return {"title": title, "identifier": str(identifier), "uri": identifier.urn}


def _both(text: Text) -> Mapping[str, str]:
    return {"zh": text.zh, **({"en": text.en} if text.en else {})}
