"""The places of the demonstration beside its college: a centre, two institutions, calendars, staff."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.access import Role
from creditbank.domain.frameworks.read import Document
from creditbank.gateways.clock import day_in, new_id
from creditbank.records.catalogue import OutcomeType
from creditbank.records.institutions import AcademicYear, Institution, Term
from creditbank.records.scope import acting_for
from creditbank.services.bank import found_institution
from creditbank.services.frameworks import store_documents
from creditbank.services.people import give_role, open_account
from creditbank.services.programmes import publish_programme
from creditbank.services.rules import publish_rule_version

Pack = Callable[[str], Mapping[str, Any]]
"""Reads a shipped document by name, for instance ``cn-innovation`` or ``programmes/demo-award-60``."""

COLLEGE = "nmc"
"""The code of the invented college, which comes in by its sheets."""
PLACES = (
    ("centre", "centre", "", "学分银行管理中心", "Credit Bank Centre"),
    ("dou", "institution", "centre", "示范开放大学", "Model Open University"),
    ("tco", "institution", "centre", "示范科技公司培训中心", "Model Technology Training"),
)
OUTCOME_TYPES = (
    ("innovation", "创新实践成果", "Innovation and practice", "cn-innovation", True),
    ("practice", "实践、论文与技能证书", "Practice, papers and skill certificates", "example-limits", False),
    ("language", "外语水平考试", "Language tests", "example-language", True),
)
RULES = ("cn-innovation", "example-limits", "example-language", "transfer-courses")
CONVERSIONS = ("conversion/cn-conversion-a", "conversion/cn-course-certificate", "conversion/cn-electives")
"""Rules for conversion, which stand on a list of their own."""
PROGRAMMES = ("demo-award-60", "demo-certificate-120", "demo-levels-360")
STAFF = (
    ("zhao", "赵明", COLLEGE, "", Role.REGISTRAR),
    ("liu", "刘芳", COLLEGE, "", Role.REGISTRAR),
    ("chen", "陈静", COLLEGE, "", Role.REVIEWER),
    ("qian", "钱进", COLLEGE, f"{COLLEGE}-xx", Role.REVIEWER),
    ("sun", "孙丽", "dou", "", Role.REGISTRAR),
    ("li", "李强", "dou", "", Role.REVIEWER),
    ("wu", "吴敏", "tco", "", Role.REGISTRAR),
    ("zheng", "郑华", "centre", "", Role.AUDITOR),
    ("wang", "王工", "centre", "", Role.OPERATOR),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the cast: how they sign in, who they are, where and as what."""

    id: UUID
    sign_in: str
    name: str
    place: str
    role: str


def found_places() -> dict[str, UUID]:
    """Found the centre and the institutions under it; those that exist are kept."""
    ids: dict[str, UUID] = {}
    for code, kind, above, name, name_en in PLACES:
        ids[code] = found_institution(
            institution_id=new_id(),
            kind=Institution.Kind(kind),
            code=code,
            name=name,
            name_en=name_en,
            parent=ids[above] if above else None,
        ).id
    return ids


def open_calendars(places: Mapping[str, UUID], first: int, last: int) -> None:
    """Give each institution academic years from 1 September, of two terms, for years of entry ``first`` to ``last``."""
    for code in ("dou", "tco"):
        with acting_for(institution=places[code], purpose="demo") as scope:
            for year in range(first, last + 1):
                made = scope.rows(AcademicYear).create(
                    id=new_id(),
                    institution_id=places[code],
                    code=f"{year}-{year + 1}",
                    starts_on=date(year, 9, 1),
                    ends_on=date(year + 1, 8, 31),
                )
                for number, name, name_en, starts_on, ends_on in (
                    (1, "秋季学期", "Autumn", date(year, 9, 1), date(year + 1, 1, 31)),
                    (2, "春季学期", "Spring", date(year + 1, 2, 1), date(year + 1, 8, 31)),
                ):
                    scope.rows(Term).create(
                        id=new_id(),
                        institution_id=places[code],
                        academic_year=made,
                        code=f"{made.code}-{number}",
                        name=name,
                        name_en=name_en,
                        starts_on=starts_on,
                        ends_on=ends_on,
                    )


def publish_catalogue(places: Mapping[str, UUID], pack: Pack, actor: UUID, at: datetime) -> None:
    """Put the rule packs, outcome types and programmes in force; schools inherit what the centre publishes."""
    centre = places["centre"]
    with acting_for(institution=centre, purpose="demo") as scope:
        for name in (*RULES, *CONVERSIONS):
            publish_rule_version(scope=scope, document=pack(name), effective_from=date(2010, 1, 1), actor=actor, at=at)
        for code, zh, en, rules, evidence in OUTCOME_TYPES:
            scope.rows(OutcomeType).create(
                id=new_id(),
                institution_id=centre,
                code=code,
                name=zh,
                name_en=en,
                rule_set_code=rules,
                evidence_required=evidence,
            )
    with acting_for(institution=places["dou"], purpose="demo") as scope:
        for name in PROGRAMMES:
            publish_programme(scope=scope, document=pack(f"programmes/{name}"), actor=actor, at=at, invented=True)


def publish_frameworks(institution: UUID, documents: Sequence[Document], at: datetime) -> None:
    """State frameworks, crosswalks and units as an institution's own, shown to everybody."""
    with acting_for(institution=institution, purpose="demo") as scope:
        zone = scope.rows(Institution).values_list("zone", flat=True).get(pk=institution)
        store_documents(
            scope=scope, documents=documents, published=True, as_of=day_in(at, zone), actor=institution, at=at
        )


def college_places(institution: UUID) -> dict[str, UUID]:
    """The college and its units by their codes in the bank."""
    with acting_for(institution=institution, purpose="demo") as scope:
        below = {place.code: place.id for place in scope.rows(Institution).filter(parent_id=institution)}
    return {COLLEGE: institution, **below}


def hire_staff(
    places: Mapping[str, UUID], password: Callable[[str], str], romanised: Callable[[str], str], at: datetime
) -> list[Person]:
    """Open the accounts of the staff, each with one role."""
    hired = []
    for sign_in, name, place, college, role in STAFF:
        with acting_for(institution=places[place], purpose="demo") as scope:
            account = open_account(
                scope=scope,
                sign_in=sign_in,
                name=name,
                name_en=romanised(name),
                password=password(sign_in),
                at=at,
            )
            below = places[college] if college else None
            give_role(scope=scope, account=account.id, role=role, since=date(2020, 1, 1), college=below)
        hired.append(Person(account.id, sign_in, name, college or place, role.value))
    return hired
