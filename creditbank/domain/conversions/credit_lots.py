"""A credit lot as conversion rules look at it: what its credit is of, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from creditbank.domain.conversions.model import CATEGORY, CERTIFICATE, COURSE, INSTITUTION, OUTCOME, Item
from creditbank.domain.rules.facts import read_known

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from creditbank.domain.conversions.model import ConversionRules
    from creditbank.domain.values import Hundredths, Text

_COURSES = frozenset({"course"})
"""Types of outcome whose code is that of a course."""


@dataclass(frozen=True, slots=True)
class Lot:
    """Credit with what is known of its outcome by the names that rules may ask for.

    ``credit`` is what can be used of it, or what could when it was used. ``claimed`` are the answers of its claim.
    ``of`` tells by kind of carrier what its credit is of, what says it best first.
    """

    id: str
    title: Text
    credit: Hundredths
    expires_on: date | None
    known: Mapping[str, Any]
    claimed: Mapping[str, Any]
    of: Mapping[str, tuple[str, ...]]


def carried(
    *, outcome_type: str, code: str, category: str, institution: str, made: bool = False
) -> dict[str, tuple[str, ...]]:
    """By kind of carrier the codes under which a rule's fact may name credit.

    Args:
        outcome_type: the kind of outcome.
        code: of the course where it is one, else of the certificate or outcome in the catalogue; may be empty.
        category: under which it is held; of credit that has none, the type of outcome says it.
        institution: the code of the one that gave it.
        made: it came out of a conversion, and its code is that of the course it became.
    """
    of = {CATEGORY: (category, outcome_type), INSTITUTION: (institution,), OUTCOME: (outcome_type,)}
    if code and (made or outcome_type in _COURSES):
        of[COURSE] = (code,)
    elif code:
        of |= {CERTIFICATE: (code,), OUTCOME: (code, outcome_type)}
    return {kind: tuple(value for value in values if value) for kind, values in of.items()}


def item_of(rules: ConversionRules, lot: Lot) -> Item:
    """A lot as these rules look at it; what they cannot read of it is unknown to them, and serves nowhere."""
    told = {fact: lot.of.get(kind, ()) for kind, fact in rules.carriers.items()}
    # What its credit is of comes first: a claim under other rules may have called something else by the same name.
    offered = {
        fact.name: (*told.get(fact.name, ()), lot.claimed.get(fact.name), lot.known.get(fact.name))
        for fact in rules.facts
    }
    return Item(lot.id, lot.title, read_known(rules.facts, offered), lot.credit, lot.expires_on)
