"""Conversion rules by who sends and who receives: every approved version, for everybody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from creditbank.domain.conversions.model import INSTITUTION, ConversionRules
from creditbank.domain.conversions.offered import not_offered
from creditbank.domain.conversions.read import KIND
from creditbank.domain.explanation import Explanation
from creditbank.domain.rule_documents import read_rules
from creditbank.domain.rules.model import OneOf
from creditbank.domain.values import Text
from creditbank.queries.courses import course_library
from creditbank.queries.overlays import standing_of
from creditbank.queries.rule_sets import Version, list_versions, public_versions
from creditbank.records.institutions import Institution
from creditbank.records.rules import RuleVersion
from creditbank.records.scope import Scope, acting_for


@dataclass(frozen=True, slots=True)
class Place:
    """An institution by its code and name; one that is not in this bank is named as the rules name it."""

    code: str
    name: Text


@dataclass(frozen=True, slots=True)
class Passage:
    """A version of conversion rules with whose credit it takes and at whose institutions it holds.

    Without ``senders`` it takes credit from anywhere; ``anywhere`` says that some of its rows do.
    """

    version: Version
    senders: tuple[Place, ...]
    anywhere: bool
    receivers: tuple[Place, ...]

    def serves(self, sender: str, receiver: str) -> bool:
        """Whether credit may go this way; an empty code is any institution."""
        sends = not sender or self.anywhere or any(one.code == sender for one in self.senders)
        return sends and (not receiver or any(one.code == receiver for one in self.receivers))


def passages(*, on: date) -> tuple[Passage, ...]:
    """Every approved version of conversion rules with the ways it opens, by rule set, the newest first."""
    versions = public_versions(kind=KIND, on=on)
    with acting_for(purpose="public") as scope:
        places = list(scope.rows(Institution).order_by("code"))
        names = {place.code: Text(place.name, place.name_en) for place in places}
        rules = _as_laid(scope, versions, on)
    return tuple(_passage(one, rules[one.version_id], places, names) for one in versions if one.version_id in rules)


def _as_laid(scope: Scope, versions: Iterable[Version], on: date) -> dict[UUID, ConversionRules]:
    """What versions say, an overlay as it is laid on its first day or now; without those that are laid on nothing."""
    known = {one.version_id: one for one in versions}
    found: dict[UUID, ConversionRules] = {}
    for key, content in scope.rows(RuleVersion).filter(pk__in=list(known)).values_list("id", "content"):
        one = known[key]
        day = max(on, one.effective_from or on)
        rules = standing_of(scope, read_rules(content), institution=one.institution_id, on=day).rules
        if isinstance(rules, ConversionRules):
            found[key] = rules
    return found


def sending(rules: ConversionRules) -> tuple[frozenset[str], bool]:
    """The institutions whose credit the rows name, and whether some row takes it from anywhere.

    Institutions are named by the fact that ``carriers`` calls ``institution``.
    """
    fact = rules.carriers.get(INSTITUTION)
    named: set[str] = set()
    anywhere = False
    for row in rules.rows:
        for source in (source for group in row.groups for source in group.sources):
            cells = [cell.accept for cell in source.when if cell.fact == fact and isinstance(cell.accept, OneOf)]
            named |= {str(value) for accept in cells for value in accept.values}
            anywhere = anywhere or not cells
    return frozenset(named), anywhere


@dataclass(frozen=True, slots=True)
class NotOffered:
    """A version that decides here or will, and the targets of it that the institution does not offer.

    Where its course library is ``empty`` no target could be looked up.
    """

    version: Version
    targets: Explanation
    empty: bool


def targets_not_offered(scope: Scope, *, on: date) -> tuple[NotOffered, ...]:
    """The conversion rules in force at the scope's institution or on their way to it that name what it does not offer.

    Nothing at a place that is no institution of learners: a centre has rules and no courses.
    """
    place = scope.rows(Institution).filter(pk=scope.institution).first()
    if place is None or place.kind != Institution.Kind.INSTITUTION:
        return ()
    versions = [one for one in list_versions(scope, kind=KIND, on=on) if one.state != "past"]
    # Rules of one's own under the same code decide instead of those that are inherited.
    own = {one.code for one in versions if (one.institution_id, one.state) == (place.id, "in_force")}
    versions = [one for one in versions if one.institution_id == place.id or one.code not in own]
    library = course_library(scope, place.id, on)
    rules = _as_laid(scope, versions, on)
    found = (
        NotOffered(one, not_offered(rules[one.version_id], library), not library)
        for one in versions
        if one.version_id in rules
    )
    return tuple(one for one in found if one.targets)


def _passage(version: Version, rules: ConversionRules, places: Iterable[Any], names: dict[str, Text]) -> Passage:
    named, anywhere = sending(rules)
    choices = {choice.code: choice.label for fact in rules.facts for choice in fact.choices}
    senders = tuple(Place(code, names.get(code) or choices.get(code) or Text(code, code)) for code in sorted(named))
    return Passage(version, senders, anywhere, tuple(_receivers(version.institution_id, places)))


def _receivers(publisher: UUID, places: Iterable[Any]) -> list[Place]:
    """The publisher where it is an institution, and the institutions below it, which inherit its rules."""
    known = list(places)
    inside = {publisher}
    while more := {place.id for place in known if place.parent_id in inside} - inside:
        inside |= more
    return [
        Place(place.code, Text(place.name, place.name_en))
        for place in known
        if place.id in inside and place.kind == Institution.Kind.INSTITUTION
    ]
