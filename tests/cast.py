"""One cast for all tests: who they are, where they belong, and the bank they meet in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

from creditbank.domain.access import Actor, Role
from creditbank.exchange.documents import read_document
from creditbank.gateways.clock import new_id
from creditbank.records.catalogue import OutcomeType
from creditbank.records.institutions import AcademicYear, Institution, Term
from creditbank.records.scope import acting_for
from creditbank.services.bank import found_institution
from creditbank.services.people import enrol_learner, give_role, open_account
from creditbank.services.rules import publish_rule_version

PACKS = Path(__file__).parents[1] / "creditbank" / "packs"
PASSWORD = "a long enough password"
AT = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
"""Ten in the morning of 18 November 2026 in Shanghai."""
ON = date(2026, 11, 18)


@dataclass(frozen=True)
class Cast:
    """The people and places; ``actor`` values are what the access table sees."""

    centre: UUID
    college: UUID  # a vocational college, the institution
    software: UUID  # its college of software
    design: UUID  # its college of design
    university: UUID  # another institution
    lin: Actor  # learner in software
    mei: Actor  # learner in design, same institution
    wei: Actor  # learner of the university
    zhao: Actor  # registrar of the vocational college
    chen: Actor  # reviewer of the vocational college
    qian: Actor  # reviewer of its college of design only
    sun: Actor  # registrar of the university
    stranger: Actor  # an account without anything


def gather_cast() -> Cast:
    """Found the institutions and bring everybody in, through the services."""
    at = AT
    centre = found_institution(
        institution_id=new_id(), kind=Institution.Kind.CENTRE, code="centre", name="学分银行管理中心", name_en="Centre"
    ).id
    places = {}
    for code, name, name_en in (
        ("svc", "示范职业学院", "Model Vocational College"),
        ("dou", "示范开放大学", "Model Open University"),
    ):
        places[code] = found_institution(
            institution_id=new_id(),
            kind=Institution.Kind.INSTITUTION,
            code=code,
            name=name,
            name_en=name_en,
            parent=centre,
        ).id
    for code, name, name_en in (("svc-sw", "软件学院", "Software"), ("svc-de", "设计学院", "Design")):
        places[code] = found_institution(
            institution_id=new_id(),
            kind=Institution.Kind.COLLEGE,
            code=code,
            name=name,
            name_en=name_en,
            parent=places["svc"],
        ).id
    with acting_for(institution=centre, purpose="test") as scope:
        for pack in ("cn-innovation", "example-limits"):
            document = read_document((PACKS / f"{pack}.yaml").read_bytes(), name=pack)
            publish_rule_version(scope=scope, document=document, effective_from=date(2020, 1, 1), actor=centre, at=at)
        for code, name, rules in (
            ("innovation", "创新实践", "cn-innovation"),
            ("practice", "实践与证书", "example-limits"),
        ):
            scope.rows(OutcomeType).create(
                id=new_id(),
                institution_id=centre,
                code=code,
                name=name,
                name_en=code,
                rule_set_code=rules,
                evidence_required=code == "innovation",
            )
    ids = {}
    for name, zh in (
        ("lin", "林晓"), ("mei", "梅雨"), ("wei", "魏然"), ("zhao", "赵老师"), ("chen", "陈老师"),
        ("qian", "钱老师"), ("sun", "孙老师"), ("stranger", "路人"),
    ):  # fmt: skip
        with acting_for(institution=places["svc"], purpose="test") as scope:
            ids[name] = open_account(
                scope=scope, sign_in=name, name=zh, name_en=name.title(), password=PASSWORD, at=at
            ).id
    for code in ("svc", "dou"):
        with acting_for(institution=places[code], purpose="test") as scope:
            year = scope.rows(AcademicYear).create(
                id=new_id(),
                institution_id=places[code],
                code="2026-2027",
                starts_on=date(2026, 9, 1),
                ends_on=date(2027, 8, 31),
            )
            scope.rows(Term).create(
                id=new_id(), institution_id=places[code], academic_year=year, code="2026-2027-1", name="秋季学期",
                starts_on=date(2026, 9, 1), ends_on=date(2027, 1, 31),
            )  # fmt: skip
    for who, place, college, number in (
        ("lin", "svc", "svc-sw", "2023040117"), ("mei", "svc", "svc-de", "2023050101"), ("wei", "dou", None, "K20230001"),
    ):  # fmt: skip
        with acting_for(institution=places[place], purpose="test") as scope:
            enrol_learner(
                scope=scope, learner_id=ids[who], student_number=number, name=who, at=at, cohort=2023,
                college=places[college] if college else None,
            )  # fmt: skip
    staff = {}
    for who, place, college, role in (
        ("zhao", "svc", None, Role.REGISTRAR), ("chen", "svc", None, Role.REVIEWER),
        ("qian", "svc", "svc-de", Role.REVIEWER), ("sun", "dou", None, Role.REGISTRAR),
    ):  # fmt: skip
        below = places[college] if college else None
        with acting_for(institution=places[place], purpose="test") as scope:
            give_role(scope=scope, account=ids[who], role=role, since=date(2020, 1, 1), college=below)
        staff[who] = Actor(ids[who], places[place], below, frozenset({role}))
    return Cast(
        centre=centre, college=places["svc"], software=places["svc-sw"], design=places["svc-de"], university=places["dou"],
        **{name: Actor(ids[name]) for name in ("lin", "mei", "wei", "stranger")}, **staff,
    )  # fmt: skip
