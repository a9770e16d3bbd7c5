"""What everybody may know: who takes part, which rules are in force."""

from __future__ import annotations

from dataclasses import dataclass

from creditbank.domain.rules.read import KIND
from creditbank.domain.values import Text
from creditbank.records.institutions import Institution
from creditbank.records.rules import RuleVersion
from creditbank.records.scope import acting_for


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule version in force, as the first page names it."""

    name: Text
    owner: Text
    number: int
    since: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class Glance:
    """The institutions of the bank and the rules in force."""

    institutions: tuple[Text, ...]
    rules: tuple[Rule, ...]


def bank_at_a_glance() -> Glance:
    """What the public first page shows, of rules those for recognition; nothing of it belongs to a person."""
    with acting_for(purpose="public") as scope:
        places = scope.rows(Institution).filter(kind=Institution.Kind.INSTITUTION).order_by("code")
        versions = (
            scope.rows(RuleVersion)
            .filter(state="scheduled", effective_from__isnull=False, effective_until__isnull=True, kind=KIND)
            .select_related("rule_set", "institution")
            .order_by("rule_set__code")
        )
        return Glance(
            institutions=tuple(Text(place.name, place.name_en) for place in places),
            rules=tuple(
                Rule(
                    name=Text(version.rule_set.name, version.rule_set.name_en),
                    owner=Text(version.institution.name, version.institution.name_en),
                    number=version.number,
                    since=version.effective_from.isoformat(),
                    content_hash=version.content_hash,
                )
                for version in versions
            ),
        )
