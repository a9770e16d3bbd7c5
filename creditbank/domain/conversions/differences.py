"""What changed between two versions of conversion rules, in words a registrar reads."""

from __future__ import annotations

from typing import Any

from creditbank.domain.conversions.model import ConversionRules
from creditbank.domain.conversions.overlay import ADDED, CHANGES, conversion_overlay_data
from creditbank.domain.conversions.write import conversion_rules_data
from creditbank.domain.explanation import Explanation
from creditbank.domain.rules.differences import listed, values
from creditbank.domain.rules.model import Ruling
from creditbank.domain.rules.overlay import Overlay

_LISTS = ("categories", "facts", "rules", "closed", "exclude", "prerequisite", "cap", "validity")


def conversion_differences(before: ConversionRules, after: ConversionRules) -> Explanation:
    """Every difference between two sets of conversion rules; empty exactly if their hashes are equal."""
    old, new = conversion_rules_data(before), conversion_rules_data(after)
    said = [*values(old, new, without=(*_LISTS, "standings"))]
    if any("ruling" in row for row in (*old["rules"], *new["rules"])):
        # What is granted is not written down; where one of both says otherwise, that is said.
        for data in (old, new):
            data["rules"] = [{"ruling": Ruling.RECOGNISE.value, **row} for row in data["rules"]]
    for name in _LISTS:
        said += listed(name, old.get(name, ()), new.get(name, ()))
    said += listed("standings", _standings(before), _standings(after))
    return tuple(said)


def _standings(rules: ConversionRules) -> list[dict[str, Any]]:
    """What every standing leads to, also where a document leaves it as it is everywhere."""
    return [
        {"id": standing.value, "ruling": ruling.value}
        | ({"clause": {"zh": clause.zh, "en": clause.en}} if (clause := rules.standing_clauses.get(standing)) else {})
        for standing, ruling in rules.standings.items()
    ]


def conversion_overlay_differences(before: Overlay, after: Overlay) -> Explanation:
    """Every difference between two versions of an overlay as they are written; empty if their hashes are equal."""
    old, new = conversion_overlay_data(before), conversion_overlay_data(after)
    said = [*values(old, new, without=("add", "tighten"))]
    for half, names in (("tighten", CHANGES), ("add", ADDED)):
        for name in names:
            said += listed(name, old[half].get(name, ()), new[half].get(name, ()))
    return tuple(said)
