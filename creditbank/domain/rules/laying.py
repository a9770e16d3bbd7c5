"""Overlays laid on the rules they inherit and compiled, once for the same documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from creditbank.domain.explanation import Explanation, Line, Verdict
from creditbank.domain.rules.compile import MOST_KEPT, Compiled, compile_rules
from creditbank.domain.rules.composition import Composed, Conflict, compose
from creditbank.domain.rules.model import RuleSet
from creditbank.domain.rules.overlay import Overlay
from creditbank.domain.values import Text

MESSAGES: dict[str, str] = {
    "overlay.rule_of": "This is a rule of {publisher}.",
    "overlay.left_out": "{count} parts of the overlay of {publisher} do not hold with the rules it inherits.",
    "overlay.no_base": "No rule set {code} is inherited here on {day}, so there is nothing to lay this on.",
}


@dataclass(frozen=True, slots=True)
class Laid:
    """Compiled rules with overlays laid on them, from the top down.

    ``own`` says of the clause of each part that an overlay added or tightened which overlay that was; ``conflicts`` are
    by overlay the items that do not hold.
    """

    compiled: Compiled
    own: Mapping[Text, int]
    conflicts: tuple[tuple[Conflict, ...], ...]


_KEPT: dict[tuple[str, ...], Laid] = {}


def laid_before(hashes: tuple[str, ...]) -> Laid | None:
    """What was laid of documents with these hashes, the base first, where this process has done it already."""
    return _KEPT.get(hashes)


def lay(base: RuleSet, overlays: Sequence[Overlay], hashes: tuple[str, ...]) -> Laid:
    """The rules with overlays laid on them, made once per process for the same hashes."""
    known = _KEPT.get(hashes)
    if known is not None:
        return known
    rules, own = base, dict[Text, int]()
    conflicts = []
    for number, overlay in enumerate(overlays):
        composed = compose(rules, overlay)
        conflicts.append(composed.conflicts)
        own |= dict.fromkeys(_clauses(composed), number)
        rules = composed.rules
    while len(_KEPT) >= MOST_KEPT:
        _KEPT.pop(next(iter(_KEPT)), None)
    _KEPT[hashes] = found = Laid(compile_rules(rules), own, tuple(conflicts))
    return found


def attributed(explanation: Explanation, base: Text, own: Mapping[Text, Text]) -> Explanation:
    """An explanation whose lines say under each clause whose rule it is.

    Args:
        explanation: of a decision by rules with overlays laid on them.
        base: who publishes the rules beneath.
        own: by the clause of what an overlay added or tightened, who publishes that.
    """
    return tuple(_attributed(line, base, own) for line in explanation)


def _attributed(line: Line, base: Text, own: Mapping[Text, Text]) -> Line:
    lines = tuple(_attributed(one, base, own) for one in line.lines)
    if line.clause is not None:
        lines += (Line("overlay.rule_of", Verdict.NOTE, {"publisher": own.get(line.clause, base)}),)
    return replace(line, lines=lines)


def _clauses(composed: Composed) -> list[Text]:
    rules = composed.rules
    parts = [("rows", row) for table in rules.tables for row in table.rows]
    for name in ("cap", "validity", "exclude", "prerequisite"):
        parts += [(name, part) for part in getattr(rules, name)]
    return [part.clause for name, part in parts if (name, part.id) in composed.own]
