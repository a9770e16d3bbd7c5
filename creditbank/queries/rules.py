"""Rule versions in force: looked up by day, compiled once per content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from creditbank.domain.rules.compile import Compiled, compile_rules, compiled_before
from creditbank.domain.rules.read import read_rule_set
from creditbank.records.institutions import Institution
from creditbank.records.rules import RuleVersion
from creditbank.records.scope import Scope


@dataclass(frozen=True, slots=True)
class InForce:
    """A version in force and its compiled rules."""

    version_id: UUID
    number: int
    effective_from: date
    compiled: Compiled


def version_in_force(scope: Scope, *, institution: UUID, code: str, on: date) -> InForce | None:
    """The version of a rule set in force on a day: the institution's own, else the one it inherits."""
    place: UUID | None = institution
    while place is not None:
        version = (
            scope.rows(RuleVersion)
            .filter(institution_id=place, rule_set__code=code, effective_from__lte=on)
            .exclude(effective_until__lt=on)
            .order_by("-effective_from", "-number")
            .first()
        )
        if version is not None:
            return in_force(version)
        place = scope.rows(Institution).filter(pk=place).values_list("parent_id", flat=True).first()
    return None


def in_force(version: RuleVersion) -> InForce:
    """A stored version with its rules compiled."""
    compiled = compiled_before(version.content_hash) or compile_rules(read_rule_set(version.content))
    return InForce(version.id, version.number, version.effective_from, compiled)
