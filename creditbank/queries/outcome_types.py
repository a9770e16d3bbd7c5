"""The types of outcome an institution takes on a day: handed down, tightened by it, or its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from creditbank.domain.masterdata.inheritance import Inherited, inherit, lay
from creditbank.domain.masterdata.sets import OUTCOME_TYPES
from creditbank.domain.values import Text
from creditbank.gateways.clock import today
from creditbank.queries.masterdata.inheritance import levels_of, outcome_types_as_they_stand
from creditbank.records.institutions import Institution
from creditbank.records.recognition import Claim
from creditbank.records.scope import Scope, acting_for

_TAKERS = (Institution.Kind.CENTRE, Institution.Kind.INSTITUTION)


@dataclass(frozen=True, slots=True)
class OutcomeType:
    """A type of outcome as it holds at an institution on a day."""

    code: str
    name: Text
    rule_set_code: str
    evidence_required: bool
    is_open: bool
    """Whether it is still taken; a closed one is only called by its name."""


def outcome_types_of(scope: Scope, institution: UUID, on: date) -> Mapping[str, OutcomeType]:
    """Every type of outcome of an institution on a day by code, also the closed ones; anybody may read them."""
    kind = OUTCOME_TYPES.code
    levels = levels_of(scope, kind, institution=institution)[kind]
    if not levels:
        return {}
    above = inherit(kind, levels[:-1], on)
    own = outcome_types_as_they_stand(scope, [institution]).get(institution, {})
    settled = lay(kind, above, own, levels[-1].name).rows
    return {code: _read(code, row) for code, row in sorted(settled.items())}


def outcome_types_by_rules(*, on: date) -> Mapping[str, tuple[Text, ...]]:
    """The names of the open outcome types that each rule set recognises anywhere on a day, by the rule set's code."""
    found: dict[str, dict[str, Text]] = {}
    with acting_for(purpose="public") as scope:
        for place in scope.rows(Institution).filter(kind__in=_TAKERS).values_list("id", flat=True):
            for one in outcome_types_of(scope, place, on).values():
                if one.is_open and one.rule_set_code:
                    found.setdefault(one.rule_set_code, {}).setdefault(one.name.zh, one.name)
    return {code: tuple(names.values()) for code, names in found.items()}


def outcome_type_of(scope: Scope, institution: UUID, code: str, on: date) -> OutcomeType | None:
    """A type of outcome that is open at an institution on a day."""
    found = outcome_types_of(scope, institution, on).get(code)
    return found if found is not None and found.is_open else None


def outcome_type_of_claim(scope: Scope, claim: Claim) -> OutcomeType | None:
    """The type of a claim as on the day of its submission, like its rules; of a draft, as it is today."""
    on = claim.submitted_at.date() if claim.submitted_at else today_at(scope, claim.institution_id)
    return outcome_types_of(scope, claim.institution_id, on).get(claim.outcome_type)


def today_at(scope: Scope, institution: UUID) -> date:
    """Today as an institution counts days."""
    return today(scope.rows(Institution).values_list("zone", flat=True).get(pk=institution))


def _read(code: str, row: Inherited) -> OutcomeType:
    said = row.content
    return OutcomeType(
        code,
        Text(str(said.get("name") or code), str(said.get("name_en") or "")),
        str(said.get("rule_set") or ""),
        evidence_required=said.get("evidence") is True,
        is_open=not row.retired,
    )
