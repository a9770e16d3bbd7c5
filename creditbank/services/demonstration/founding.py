"""Founds what a simulated college stands on: centre, institution, and the rule for its results."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from creditbank.domain.masterdata.sets import data_set_named
from creditbank.domain.values import Text
from creditbank.gateways.clock import new_id
from creditbank.queries.institutions import all_institutions
from creditbank.queries.rules import version_in_force
from creditbank.records.institutions import Institution
from creditbank.records.scope import acting_for
from creditbank.services.bank import found_institution
from creditbank.services.demonstration.places import Pack
from creditbank.services.masterdata.facts import set_source
from creditbank.services.rules import publish_rule_version

RULES = "transfer-courses"
_KEEPERS = {
    "教务处": ("years", "terms", "majors", "classes", "courses"),
    "人事处": ("colleges", "staff"),
    "学生工作处": ("students", "changes"),
}


def found_college(code: str, name: Text, pack: Pack, *, since: date, at: datetime) -> Institution:
    """The institution of that code under the bank's centre, both founded where they are missing.

    The rule that gives results their credit is put in force at the centre where no version of it is, from ``since``.
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
    if not _in_force(made.id, since):
        with acting_for(institution=centre, purpose="demo") as scope:
            publish_rule_version(scope=scope, document=pack(RULES), effective_from=since, actor=centre, at=at)
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


def _in_force(institution: UUID, on: date) -> bool:
    with acting_for(institution=institution, purpose="demo") as scope:
        return version_in_force(scope, institution=institution, code=RULES, on=on) is not None
