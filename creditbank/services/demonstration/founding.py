"""Founds what a simulated college stands on: centre, institution, rules and kinds of outcome."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from creditbank.domain.masterdata.sets import data_set_named
from creditbank.domain.values import Text
from creditbank.gateways.clock import day_in, new_id
from creditbank.queries.institutions import all_institutions
from creditbank.queries.outcome_types import outcome_type_of
from creditbank.queries.rules import version_in_force
from creditbank.records.catalogue import OutcomeType
from creditbank.records.institutions import Institution
from creditbank.records.scope import acting_for
from creditbank.services.bank import found_institution
from creditbank.services.demonstration.places import OUTCOME_TYPES, Pack
from creditbank.services.masterdata.existing import take_existing
from creditbank.services.masterdata.facts import set_source
from creditbank.services.rules import publish_rule_version

RULES = "transfer-courses"
_KEEPERS = {
    "教务处": ("years", "terms", "majors", "classes", "courses"),
    "人事处": ("colleges", "staff"),
    "学生工作处": ("students", "changes"),
    "继续教育学院": ("providers", "resources", "offerings"),
}


def found_college(code: str, name: Text, pack: Pack, *, since: date, at: datetime) -> Institution:
    """The institution of that code under the bank's centre, both founded where they are missing.

    The rules that give results and outcomes their credit are put in force at the centre where no version of them is,
    from ``since``, and the kinds of outcome with them.
    """
    known = all_institutions()
    centre = known[0].id if known else found_institution(
        institution_id=new_id(),
        kind=Institution.Kind("centre"),
        code="centre",
        name="学分银行管理中心",
        name_en="Credit Bank Centre",
    ).id  # fmt: skip
    made = found_institution(
        institution_id=new_id(),
        kind=Institution.Kind("institution"),
        code=code,
        name=name.zh,
        name_en=name.en,
        parent=centre,
    )
    _put_in_force(RULES, made.id, centre, pack, since, at)
    for code_, zh, en, rules, evidence in OUTCOME_TYPES:
        _put_in_force(rules, made.id, centre, pack, since, at)
        with acting_for(institution=made.id, purpose="demo") as scope:
            known_type = outcome_type_of(scope, made.id, code_, day_in(at, made.zone))
        if known_type is None:
            with acting_for(institution=centre, purpose="demo") as scope:
                scope.rows(OutcomeType).create(
                    id=new_id(), institution_id=centre, code=code_, name=zh, name_en=en, rule_set_code=rules,
                    evidence_required=evidence,
                )  # fmt: skip
    with acting_for(institution=centre, purpose="demo") as scope:
        take_existing(scope=scope, actor=centre, at=at)
    return made


def name_keepers(institution: UUID, at: datetime) -> None:
    """Say which department keeps each data set, and how often it refreshes it."""
    with acting_for(institution=institution, purpose="demo") as scope:
        for owner, codes in _KEEPERS.items():
            for code in codes:
                data_set = data_set_named(code)
                assert data_set is not None
                set_source(
                    scope=scope,
                    data_set=data_set,
                    owner=owner,
                    contact="",
                    every_days=180,
                    note="",
                    actor=institution,
                    at=at,
                )


def _put_in_force(rules: str, institution: UUID, centre: UUID, pack: Pack, since: date, at: datetime) -> None:
    """Publish a rule set at the centre from a day, unless one of that code is in force for the institution."""
    with acting_for(institution=institution, purpose="demo") as scope:
        if version_in_force(scope, institution=institution, code=rules, on=since) is not None:
            return
    with acting_for(institution=centre, purpose="demo") as scope:
        publish_rule_version(scope=scope, document=pack(rules), effective_from=since, actor=centre, at=at)
