"""What changed between two versions of conversion rules, in words a registrar reads."""

from __future__ import annotations

from creditbank.domain.conversions.model import ConversionRules
from creditbank.domain.conversions.write import conversion_rules_data
from creditbank.domain.explanation import Explanation
from creditbank.domain.rules.differences import listed, values

_LISTS = ("categories", "facts", "rules", "closed", "exclude", "prerequisite", "cap", "validity")


def conversion_differences(before: ConversionRules, after: ConversionRules) -> Explanation:
    """Every difference between two sets of conversion rules; empty exactly if their hashes are equal."""
    old, new = conversion_rules_data(before), conversion_rules_data(after)
    said = [*values(old, new, without=_LISTS)]
    for name in _LISTS:
        said += listed(name, old.get(name, ()), new.get(name, ()))
    return tuple(said)
