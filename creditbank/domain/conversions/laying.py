"""Overlays laid on the conversion rules they inherit, once for the same documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from creditbank.domain.conversions.compile import MOST_KEPT
from creditbank.domain.conversions.composition import ComposedConversions, compose_conversions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from creditbank.domain.conversions.model import ConversionRules
    from creditbank.domain.rules.composition import Conflict
    from creditbank.domain.rules.overlay import Overlay
    from creditbank.domain.values import Text

_PARTS = ("closed", "exclude", "prerequisite", "cap", "validity")


@dataclass(frozen=True, slots=True)
class LaidConversions:
    """Conversion rules with overlays laid on them, from the top down.

    ``own`` says of the clause of each part that an overlay added or tightened which overlay that was; ``conflicts`` are
    by overlay the items that do not hold.
    """

    rules: ConversionRules
    own: Mapping[Text, int]
    conflicts: tuple[tuple[Conflict, ...], ...]


_KEPT: dict[tuple[str, ...], LaidConversions] = {}


def conversions_laid_before(hashes: tuple[str, ...]) -> LaidConversions | None:
    """What was laid of documents with these hashes, the base first, where this process has done it already."""
    return _KEPT.get(hashes)


def lay_conversions(base: ConversionRules, overlays: Sequence[Overlay], hashes: tuple[str, ...]) -> LaidConversions:
    """The rules with overlays laid on them, made once per process for the same hashes."""
    known = _KEPT.get(hashes)
    if known is not None:
        return known
    rules = base
    own: dict[Text, int] = {}
    conflicts: list[tuple[Conflict, ...]] = []
    for number, overlay in enumerate(overlays):
        composed = compose_conversions(rules, overlay)
        conflicts.append(composed.conflicts)
        own |= dict.fromkeys(_clauses(composed), number)
        rules = composed.rules
    while len(_KEPT) >= MOST_KEPT:
        _KEPT.pop(next(iter(_KEPT)), None)
    _KEPT[hashes] = found = LaidConversions(rules, own, tuple(conflicts))
    return found


def _clauses(composed: ComposedConversions) -> list[Text]:
    rules = composed.rules
    parts = [("rules", row.id, row.clause) for row in rules.rows]
    parts += [(name, part.id, part.clause) for name in _PARTS for part in getattr(rules, name)]
    parts += [("standings", one.value, clause) for one, clause in rules.standing_clauses.items()]
    return [clause for name, key, clause in parts if (name, key) in composed.own]
